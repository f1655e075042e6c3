"""Time the explorer as a person meets it: the real command in a terminal of its own.

    python bench/explorer.py [DIR] [--records 1000000] [--size 80x24]

Without DIR the records are generated into a temporary directory. Printed are: the first paint (the frame of
the explorer is on the screen), an empty Textual app that imports polars for comparison, the time until all is
read, Enter to the filtered table, the longest time without a new picture while page-down is held (30 a
second), and the largest resident memory.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generate import generate

if TYPE_CHECKING:
    from collections.abc import Iterator

EMPTY_APP = """
import polars
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("empty app")
Empty().run()
"""
PAGE_DOWN = b"\x1b[6~"
KEYS_A_SECOND = 30
HOLD_SECONDS = 6.0
PATIENCE = 120.0


class Terminal:
    """A program in a pseudo terminal, and what it has written there."""

    def __init__(
        self, command: list[str], width: int, height: int, variables: dict[str, str] | None = None
    ) -> None:
        """Start a program, with some variables of its environment set."""
        self.began = time.perf_counter()
        self.written = b""
        self.pid, self._fd = pty.fork()
        if not self.pid:
            os.environ.update(variables or {})
            os.environ.update(TERM="xterm-256color", COLUMNS=str(width), LINES=str(height))
            os.execvp(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> bytes:
        """Take what is written within a time; returns at once when something is."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return b""
        try:
            piece = os.read(self._fd, 1 << 16)
        except OSError:
            return b""
        self.written += piece
        return piece

    def until(self, text: str, *, gone: bool = False) -> float:
        """Wait until a text appears (or is no longer in what is drawn); the seconds since the start."""
        end = time.perf_counter() + PATIENCE
        wanted, quiet = text.encode(), 0
        while time.perf_counter() < end:
            piece = self.read(0.05)
            if not gone and wanted in self.written:
                return time.perf_counter() - self.began
            if gone and wanted in piece:
                quiet = 0
            elif gone and not piece:
                quiet += 1
                if quiet > 10:
                    return time.perf_counter() - self.began - quiet * 0.05
        raise TimeoutError(f"{text!r} did not {'go' if gone else 'come'}")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._fd, keys)

    def settle(self) -> None:
        """Wait until nothing is written for a while."""
        while self.read(0.4):
            pass

    def peak_mb(self) -> float:
        """The largest resident memory so far."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


def first_paint(command: list[str], mark: str, size: tuple[int, int]) -> float:
    """Start a program and time its first picture."""
    terminal = Terminal(command, *size)
    try:
        return terminal.until(mark)
    finally:
        terminal.close()


def hold_page_down(terminal: Terminal) -> float:
    """Hold page-down; the longest time, in ms, from a key to the next picture."""
    longest, pressed = 0.0, None
    end = time.perf_counter() + HOLD_SECONDS
    following = time.perf_counter()
    while time.perf_counter() < end:
        now = time.perf_counter()
        if now >= following:
            terminal.type(PAGE_DOWN)
            pressed = pressed or now
            following += 1 / KEYS_A_SECOND
        if terminal.read(max(0.0, following - time.perf_counter())) and pressed:
            longest = max(longest, time.perf_counter() - pressed)
            pressed = None
    return longest * 1000


def filtering(terminal: Terminal, text: str) -> float:
    """Type a filter; the ms from Enter to the title that tells its count."""
    terminal.type(b"/" + text.encode())
    terminal.settle()
    terminal.written = b""
    pressed = time.perf_counter()
    terminal.type(b"\r")
    end = pressed + PATIENCE
    while b" of " not in terminal.written and time.perf_counter() < end:
        terminal.read(0.01)
    return (time.perf_counter() - pressed) * 1000


def measure(folder: Path, size: tuple[int, int], runs: int) -> list[tuple[str, str]]:
    """Run everything; the rows to print."""
    flowtui = [sys.executable, "-m", "tui.cli", str(folder)]
    empty = [sys.executable, "-c", EMPTY_APP]
    paints = [first_paint(flowtui, "groups", size) for _ in range(runs)]
    bare = [first_paint(empty, "empty app", size) for _ in range(runs)]
    ratio = statistics.median(paints) / statistics.median(bare)
    terminal = Terminal(flowtui, *size)
    try:
        terminal.until("groups")
        read = terminal.until("reading", gone=True)
        terminal.type(b"\t")
        terminal.settle()
        longest = hold_page_down(terminal)
        terminal.settle()
        filtered = [filtering(terminal, "reject and dstPort = 80"), filtering(terminal, " and bytes > 1kB")]
        peak = terminal.peak_mb()
    finally:
        terminal.close()
    return [
        ("first paint", f"{statistics.median(paints):.2f} s (median of {runs})"),
        ("an empty Textual app that imports polars", f"{statistics.median(bare):.2f} s: ratio {ratio:.2f}"),
        ("all records read", f"{read:.1f} s"),
        ("page-down held, longest from key to picture", f"{longest:.0f} ms"),
        ("filter, Enter to the new table", f"{max(filtered):.0f} ms"),
        ("largest resident memory", f"{peak:.0f} MB"),
    ]


@contextmanager
def measured(about: str) -> Iterator[tuple[Path, tuple[int, int], int]]:
    """Read the command line: where the logs are, made if need be, the size of the terminal, the runs."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--size", default="80x24")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        if given.folder is None:
            generate(folder, given.records)
        yield folder, (width, height), given.runs


def main() -> None:
    """Run from the command line."""
    with measured(__doc__ or "") as (folder, size, runs):
        found = subprocess.run(
            [sys.executable, "-m", "tui.cli", "groups", str(folder), "--format", "ndjson"],
            capture_output=True,
            check=True,
            text=True,
        )
        streams = len(found.stdout.splitlines())
        print(f"{streams} streams, terminal {size[0]}x{size[1]}, {os.cpu_count()} cores")
        for what, figure in measure(folder, size, runs):
            print(f"{what:<46} {figure}")


if __name__ == "__main__":
    main()
