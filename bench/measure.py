"""What every measurement needs: data and folders to work in, processes to time, and turns to take."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generate import SMALL_FILE, generate, generate_small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")
THREADS = 2
FLOWTUI = (sys.executable, "-m", "tui.cli")
MILLION = 1_000_000
MB = 1e6
GIB = 2**30 / MB
# A process begins with the peak of the one it was forked from, so the one that forks has to be a small one.
_LAUNCHER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
said = process.stderr.read()
_, status, used = os.wait4(process.pid, 0)
seconds = time.perf_counter() - began
with open(sys.argv[1], "w") as file:
    json.dump([seconds, used.ru_maxrss * 1024, os.waitstatus_to_exitcode(status), said.decode()], file)
"""


@dataclass(frozen=True, slots=True)
class Data:
    """Logs that are measured.

    Attributes:
        name: Their folder.
        title: What the table calls them.
        files: How many files there are.
        records: How many records there are in all.
    """

    name: str
    title: str
    files: int
    records: int

    def write(self, folder: Path) -> None:
        """Make them."""
        if self is SMALL:
            generate_small(folder, self.files)
        else:
            generate(folder, self.records)


TEN = Data("10m", "10 M", 100, 10 * MILLION)
HUNDRED = Data("100m", "100 M", 1000, 100 * MILLION)
SMALL = Data("small", "100,000 files", 100_000, 100_000 * SMALL_FILE)
ALL_DATA = (TEN, HUNDRED, SMALL)


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that has ended: the seconds it took and the most memory it had, in MB."""

    seconds: float
    peak: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are measured, and how often.

    Attributes:
        folder: Where the data lie, each in a folder of its own, and the stores that are kept.
        runs: How often each thing is measured.
    """

    folder: Path
    runs: int
    _ready: set[str] = field(default_factory=set)

    def logs(self, data: Data) -> Path:
        """The folder of some data, which are made if they are not there."""
        folder = self.folder / data.name
        if self._first(data.name) and sum(1 for _ in _packed(folder)) != data.files:
            say(f"generating {data.title} into {folder}")
            shutil.rmtree(folder, ignore_errors=True)
            data.write(folder)
        return folder

    def packed_size(self, data: Data) -> int:
        """The bytes of the files of some data."""
        return sum(path.stat().st_size for path in _packed(self.logs(data)))

    def stored(self, data: Data) -> dict[str, str]:
        """Variables under which the store of some data is there and whole."""
        logs, variables = self.logs(data), self.usual
        if self._first(f"store of {data.name}"):
            say(f"making sure of the store of {data.title}")
            launch([*FLOWTUI, "store", "build", str(logs)], variables)
        return variables

    def _first(self, what: str) -> bool:
        """Whether this is the first time that something is asked for."""
        known = what in self._ready
        self._ready.add(what)
        return not known

    def variables(self, cache: Path) -> dict[str, str]:
        """Variables for a process that keeps its stores in a folder, and knows nothing of its user.

        Modules are compiled once, as they are where a package is installed: neither side pays for that again
        with each start.
        """
        nothing = self.folder / "nothing"
        settings = self.folder / "config" / "flowtui"
        settings.mkdir(parents=True, exist_ok=True)
        # The summary would come up between the keys that are timed; a part of its own times it.
        (settings / "config.toml").write_text("summary = false\n", encoding="utf-8")
        mine = {"CONFIG": settings.parent, "DATA": nothing, "STATE": nothing, "CACHE": cache}
        compiled = {"PYTHONPYCACHEPREFIX": str(self.folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
        return os.environ | compiled | {f"XDG_{name}_HOME": str(folder) for name, folder in mine.items()}

    @property
    def usual(self) -> dict[str, str]:
        """Variables under which stores stay for the next time."""
        return self.variables(self.folder / "cache")

    @contextmanager
    def fresh(self) -> Iterator[dict[str, str]]:
        """Variables under which nothing is stored."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="cache-") as cache:
            yield self.variables(Path(cache))


def _packed(folder: Path) -> Iterator[Path]:
    return folder.rglob("*.gz")


def launch(command: Sequence[str], variables: dict[str, str]) -> Ran:
    """Run a command to its end; what it prints is thrown away.

    Raises:
        RuntimeError: It failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(told), *command]
        subprocess.run(launcher, env=variables, check=True)
        seconds, peak, code, said = json.loads(told.read_text(encoding="utf-8"))
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {said}")
    return Ran(seconds, peak / MB)


def timed(work: Callable[[], object]) -> float:
    """The seconds that something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(runs: int, *sides: Callable[[], _T]) -> list[list[_T]]:
    """Do things in turn, A B A B …: what each of them gave, in the order of the runs."""
    rounds = [[side() for side in sides] for _ in range(runs)]
    return [list(column) for column in zip(*rounds, strict=True)]


def median_of(runs: Sequence[Ran]) -> float:
    """The median of the seconds."""
    return statistics.median(run.seconds for run in runs)


def peak_of(runs: Sequence[Ran]) -> float:
    """The most memory that any of them had."""
    return max(run.peak for run in runs)


def say(what: str) -> None:
    """Tell on standard error what goes on."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)
