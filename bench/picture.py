"""What a program in a terminal shows: enough of a terminal to read the text on the screen."""

from __future__ import annotations

import codecs
import re
import time
from typing import TYPE_CHECKING

from explorer import PATIENCE, Terminal
from measure import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A move or another control sequence, a string for the terminal, a shorter escape, a line end, or text.
_TOKEN = re.compile(
    rb"\x1b\[([0-9;?<>=]*)[ -/]*([@-~])|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]"
    rb"|\x1b[^\[\]P_()]|[\r\n]|[^\x1b\r\n]+"
)
_MOVE = b"H"
# The end of what was read may be the beginning of a sequence.
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*|[\]P_][^\x07\x1b]*\x1b?|[()])?\Z")


class Picture:
    """The text on a screen, without its colours; each letter takes one cell."""

    def __init__(self, width: int, height: int) -> None:
        """Begin with nothing."""
        self._cells = [[" "] * width for _ in range(height)]
        self._width, self._row, self._column = width, 0, 0
        self._left = b""
        self._letters = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, written: bytes) -> None:
        """Draw what was written."""
        written = self._left + written
        unfinished = _UNFINISHED.search(written)
        whole = unfinished.start() if unfinished else len(written)
        written, self._left = written[:whole], written[whole:]
        for token in _TOKEN.finditer(written):
            if token[2] == _MOVE:
                row, column = [*(int(part or 1) for part in token[1].split(b";")), 1][:2]
                self._row, self._column = row - 1, column - 1
            elif token[0] == b"\r":
                self._column = 0
            elif token[0] == b"\n":
                self._row += 1
            elif not token[0].startswith(b"\x1b"):
                self._put(self._letters.decode(token[0]))

    def _put(self, text: str) -> None:
        if self._row < len(self._cells):
            shown = text[: max(0, self._width - self._column)]
            self._cells[self._row][self._column : self._column + len(shown)] = shown
        self._column += len(text)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return ["".join(row) for row in self._cells]

    @property
    def text(self) -> str:
        """All of them."""
        return "\n".join(self.lines)


class Watched(Terminal):
    """A program in a pseudo terminal, and the picture that it shows."""

    def __init__(self, command: Sequence[str], size: tuple[int, int], variables: dict[str, str]) -> None:
        """Start a program."""
        self.picture, self.received = Picture(*size), 0
        """What is shown, and how many bytes were written for it."""
        super().__init__(list(command), *size, variables)

    def read(self, seconds: float) -> bytes:
        """Take what is written within a time into the picture."""
        piece = super().read(seconds)
        self.picture.feed(piece)
        self.received += len(piece)
        self.written = b""
        return piece

    def until_seen(self, seen: Callable[[Picture], bool]) -> float:
        """Wait until something is on the screen; the moment when it was.

        Raises:
            TimeoutError: It does not come.
        """
        end = time.perf_counter() + PATIENCE
        while not seen(self.picture):
            if time.perf_counter() > end:
                raise TimeoutError(f"what was waited for did not come; there is\n{self.picture.text}")
            self.read(0.05)
        return time.perf_counter()

    def press(self, keys: bytes, seen: Callable[[Picture], bool]) -> float:
        """Press keys and wait until something is on the screen; the ms that it took."""
        pressed = time.perf_counter()
        self.type(keys)
        return (self.until_seen(seen) - pressed) * 1000

    @property
    def peak(self) -> float:
        """The largest resident memory so far, in MB."""
        return self.peak_mb() * 2**20 / MB
