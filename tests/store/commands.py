"""Commands in processes of their own, and file systems of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 60

# Many small steps, each of which may be the last one.
SMALL_STEPS = """
import loaders.load, loaders.store.keeper
loaders.load._FIRST_BATCH = loaders.load._LARGEST_BATCH = {batch}
loaders.store.keeper._FEW, loaders.store.keeper._LARGEST = 3, {merged}
"""
WHEN_TOLD = """
import sys
import polars, loaders.formats, tui.commands.store
loaders.formats.formats()
print("ready", flush=True)
sys.stdin.readline()
"""
MAIN = """
from tui.cli import main
main()
"""


def small_steps(batch: int = 3000, merged: int = 300) -> str:
    """Code that makes a command work in small steps."""
    return SMALL_STEPS.format(batch=batch, merged=merged)


class Command:
    """A command in a process of its own.

    Its code can be told to prepare itself and wait (``WHEN_TOLD``), so that what is measured or interrupted
    is its work and not its start.
    """

    def __init__(self, *arguments: object, code: str = "", limits: Callable[[], None] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", code + MAIN, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            preexec_fn=limits,
        )

    def ready(self) -> Command:
        """Wait until it is ready to begin."""
        assert self._process.stdout.readline() == b"ready\n"
        return self

    def go(self) -> None:
        """Let it begin."""
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def kill(self) -> int:
        """Kill it as the kernel does; its exit status, which is another one where it had ended before."""
        self._process.kill()
        self.communicate()
        return self._process.returncode

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def communicate(self, status: int | None = None) -> tuple[str, str]:
        """Wait for its end; what it wrote to standard output and to standard error."""
        out, err = (stream.decode() for stream in self._process.communicate(timeout=PATIENCE))
        assert "Traceback" not in err, err
        assert "Exception" not in err, err
        assert status in {None, self._process.returncode}, err
        return out, err


def flowtui(
    *arguments: object,
    status: int | None = 0,
    limits: Callable[[], None] | None = None,
    **environment: str,
) -> tuple[str, str]:
    """Run a command to its end; what it wrote to standard output and to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        check=False,
        preexec_fn=limits,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert status in {None, done.returncode}, err
    return out, err


def answers_of(root: Path, *more: str, **options: Any) -> list[str]:
    """What commands answer about a directory."""
    query = "stats count(*) as n, sum(bytes) as b by srcAddr, action | sort srcAddr, action | limit any"
    asked = (("query", root, query), ("check", root))
    return [flowtui(*one, "--format", "ndjson", *more, status=None, **options)[0] for one in asked]


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody whom modes stop, who root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def mounted(folder: Path, size: str = "64m") -> Iterator[Callable[[str], None]]:
    """Mount a small file system on a folder; gives a function that mounts it again in another way."""
    folder.mkdir(parents=True, exist_ok=True)

    def mount(*arguments: str) -> None:
        done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, check=False)
        if done.returncode:
            raise OSError(done.stderr.decode())

    try:
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    except OSError:
        pytest.skip("mounting is not permitted here")
    try:
        yield lambda how: mount("-o", f"remount,{how}")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
