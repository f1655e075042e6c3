"""What a file holds, unpacked: its beginning, its lines block by block, or all of it.

This is the one place where files are opened for reading, other than by polars itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders import bombs
from loaders.packing import Unpacked, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

PARQUET = b"PAR1"
HEAD_BYTES = 64 * 1024
BLOCK_BYTES = 16 * 1024**2
LONGEST_LINE = bombs.LONGEST_LINE
TOO_LONG = f"longer than {LONGEST_LINE // 1024**2} MiB"
"""What is said of a line that is longer."""
UNFINISHED = "the last line is not finished"
"""What is said of a file whose last line may still be written to."""
LARGEST_DOCUMENT = 256 * 1024**2
"""What is read whole may unpack to so many bytes."""

# Only where lines are shorter than this it is worth to look for such a run of blanks.
_SHORTEST_LINE = 8
_GAP = re.compile(rb"(?<![ \t\r\n])[ \t\r\n]{4096,}+")


@dataclass(frozen=True, slots=True)
class Head:
    """How a file begins.

    Attributes:
        container: ``gzip``, ``parquet``, ``zstd`` or ``none``: what the first bytes say.
        layers: How many times it is compressed, with gzip or zstd.
        text: The first bytes, unpacked; cut anywhere.
        whole: Whether ``text`` is all there is.
        broken: Why unpacking stopped early, or ``None``.
        path: The file.
    """

    container: str
    layers: int
    text: bytes
    whole: bool
    broken: str | None
    path: str = ""

    @property
    def strict(self) -> bool:
        """Whether polars may scan the file by itself, which unpacks all of it without a limit.

        Only asked about a file that a strict scan is meant for: of large files more than the head is read.

        Raises:
            OSError: It cannot be read.
        """
        return self.layers < 2 and bombs.is_tame(self.path, self.container)


@dataclass(frozen=True, slots=True)
class Saved:
    """All that could be read of a file.

    Attributes:
        data: Its bytes, unpacked.
        packed: Whether it is compressed: what ends too early then cannot be a line still being written.
        broken: Why not all of it could be unpacked, or ``None``.
        cut: Whether ``data`` stops somewhere in the middle.
    """

    data: bytes
    packed: bool
    broken: str | None
    cut: bool


def read_head(path: str) -> Head:
    """Read how a file begins.

    Raises:
        OSError: It cannot be opened or read, or is no regular file.
    """
    with opened(path) as file:
        unpacked = Unpacked(file)
        text, whole = bytearray(), True
        for piece in unpacked:
            text += piece
            if len(text) >= HEAD_BYTES:
                whole = False
                break
        if not unpacked.layers and text.startswith(PARQUET):
            return Head("parquet", 0, b"", whole=False, broken=None, path=path)
        whole = whole and unpacked.broken is None
        start = bytes(text[:HEAD_BYTES])
        return Head(unpacked.container, unpacked.layers, start, whole, unpacked.broken, path)


def save(path: str) -> Saved:
    """Read a file to its end, or as far as it goes, through all its layers of compression.

    It is for documents that only make sense as a whole; lines come from ``Blocks``, in any number.

    Raises:
        OSError: It cannot be opened or read, or is no regular file.
    """
    with opened(path) as file:
        unpacked = Unpacked(file)
        pieces, left = [], LARGEST_DOCUMENT
        for piece in unpacked:
            if len(piece) > left:
                pieces.append(piece[:left])
                broken = f"more than {LARGEST_DOCUMENT // 1024**2} MiB unpacked; the rest was not read"
                return Saved(b"".join(pieces), unpacked.layers > 0, broken, cut=True)
            pieces.append(piece)
            left -= len(piece)
        return Saved(b"".join(pieces), unpacked.layers > 0, unpacked.broken, unpacked.cut)


def is_packed(path: str) -> bool:
    """Whether a file is compressed.

    Raises:
        OSError: It cannot be opened or read, or is no regular file.
    """
    with opened(path) as file:
        return Unpacked(file).layers > 0


def piece(path: str, offset: int, size: int) -> bytes:
    """Some bytes of a file, unpacked; fewer only at its end, or where it cannot be unpacked any further.

    Raises:
        OSError: It cannot be opened or read, or is no regular file.
    """
    with opened(path) as file:
        unpacked = Unpacked(file)
        unpacked.skip(offset)
        found = bytearray()
        for some in unpacked:
            found += some
            if len(found) >= size:
                break
        return bytes(found[:size])


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file.

    Attributes:
        data: The lines with their ends; only the last line of the file may lack its own.
        line: The number of the first one, from 1.
        long: The numbers of those that were longer than ``LONGEST_LINE`` and have been cut to it.
    """

    data: bytes
    line: int
    long: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """Where a line of a file begins.

    Attributes:
        offset: How many bytes stand before it, unpacked.
        line: Its number, from 1.
    """

    offset: int = 0
    line: int = 1


class Blocks:
    """The lines of a file, in blocks that fit into memory, however large the file or a line of it is.

    Where the file cannot be unpacked to its end, the half line at which it stops is left out.

    Attributes:
        path: The file.
        begin: Where the first line begins.
        packed: Whether the file is compressed.
        broken: Why not all of it could be unpacked, or ``None``; known when the blocks have come to an end.
        unfinished: Whether the last line may still be written to; known then, too.
        end: Where the first line begins that is not among the blocks; known then, too. ``None`` where a line
            was too long to be counted.
    """

    def __init__(self, path: str, begin: Position | None = None) -> None:
        """Open nothing yet.

        Args:
            path: The file.
            begin: Where to begin; a last line without an end is left for the next time then.
        """
        self.path, self.begin = path, begin or Position()
        self._goes_on = begin is not None
        self.packed = False
        self.broken: str | None = None
        self.unfinished = False
        self.end: Position | None = None

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks; there is always one.

        Raises:
            OSError: The file cannot be opened or read, or is no regular file.
        """
        begin = self.begin
        with opened(self.path) as file:
            unpacked = Unpacked(file)
            self.packed = unpacked.layers > 0
            unpacked.skip(begin.offset)
            offset, line, is_exact = begin.offset, begin.line, True
            for data, is_last in _whole_lines(unpacked):
                is_half = not self.packed and not data.endswith(b"\n")
                if is_last and is_half and self._goes_on:
                    self.unfinished = len(data) > 0
                    data = data[: data.rfind(b"\n") + 1]  # noqa: PLW2901 - the rest is not wanted yet
                elif is_last:
                    self.unfinished = is_half
                for part, above in _without_gaps(data, is_last=is_last):
                    block = _block(part, line + above)
                    is_exact = is_exact and not block.long
                    yield block
                line += data.count(b"\n")
                offset += len(data)
            self.broken = unpacked.broken
            self.end = Position(offset, line) if is_exact else None


def _without_gaps(data: bytes, *, is_last: bool) -> Iterator[tuple[bytes, int]]:
    """Leave out long runs of blank lines, each of which costs as much as a record.

    Yields:
        What is left, with how many lines stand above it; of the last lines always something.
    """
    at = above = 0
    if data.count(b"\n") * _SHORTEST_LINE > len(data):
        for gap in _GAP.finditer(data):
            begin, end = data.find(b"\n", *gap.span()) + 1, data.rfind(b"\n", *gap.span()) + 1
            if end > begin:
                if gap.start() > at:
                    yield data[at:begin], above
                above += data.count(b"\n", at, end)
                at = end
    if at < len(data) or is_last:
        yield data[at:], above


def _whole_lines(unpacked: Unpacked) -> Iterator[tuple[bytes, bool]]:
    """Put pieces together to whole lines, and say which are the last ones.

    Of a line that is too long only a little more than is wanted of it is kept.
    """
    held, size, too_long = [b""], 0, False
    for piece in unpacked:
        rest = piece
        if too_long:
            end = piece.find(b"\n")
            if end < 0:
                continue
            rest, too_long = piece[end:], False
        held.append(rest)
        size += len(rest)
        if size < BLOCK_BYTES:
            continue
        data = b"".join(held)
        end = data.rfind(b"\n") + 1
        if end:
            yield data[:end], False
        too_long = len(data) - end > LONGEST_LINE
        held = [data[end : end + LONGEST_LINE + 1] if too_long else data[end:]]
        size = len(held[0])
    data = b"".join(held)
    if unpacked.cut:
        data = data[: data.rfind(b"\n") + 1]
    yield data, True


def _block(data: bytes, line: int) -> Block:
    """Find the lines that are too long, and cut them."""
    at, kept, long = 0, [], []
    first = at
    while len(data) - at > LONGEST_LINE:
        end = data.rfind(b"\n", at, at + LONGEST_LINE + 1) + 1
        if not end:
            long.append(line + data.count(b"\n", 0, at))
            kept.append(data[first : at + LONGEST_LINE])
            first = data.find(b"\n", at + LONGEST_LINE)
            first = end = len(data) if first < 0 else first
            end += 1
        at = end
    if not long:
        return Block(data, line)
    kept.append(data[first:])
    return Block(b"".join(kept), line, tuple(long))
