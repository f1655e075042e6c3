"""Compressed bytes, unpacked as a stream: gzip and zstd, one inside the other, damaged or not.

Magic bytes decide, never the extension: HTTP layers unpack a ``.gz`` on the way, Firehose writes gzip
without any extension, and some pipelines compress twice. Nothing is ever held but the piece at hand, however
much a file unpacks to, and reading stops where no honest log would have gone on.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import zlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
# Frames that unpack to nothing; some compressors write one in front of all others.
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_MAGIC_BYTES = 4

PIECE = 64 * 1024
"""Bytes read at once; gzip also hands over no more than this at once, zstd at most twice as much."""
FREE_BYTES = 1024**3
"""So much any file may unpack to."""
LARGEST_RATIO = 200
"""Whatever is larger may unpack to so many times its own size."""
# Twice is real, three times is thinkable, more is an attack.
_MAX_LAYERS = 3
_GZIP_WBITS = 31
# A zstd block that is one byte many times; of any other kind as many bytes follow as its header says.
_RLE_BLOCK = 1
# Padding with zero bytes is ordinary (tapes, some copy tools), and nothing is lost by it.
_NOT_PADDING = re.compile(rb"[^\0]")


class _FlawError(Exception):
    """Packed data cannot be unpacked any further; the message says why."""

    def __init__(self, why: str, *, cut: bool = True) -> None:
        super().__init__(why)
        self.cut = cut


@contextmanager
def opened(path: str) -> Iterator[FileIO]:
    """Open a regular file, and never wait for anything else to be written to.

    Raises:
        OSError: It cannot be opened, or is no regular file (any more).
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - it is open already
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        yield file


class Unpacked:
    """The bytes of a file, unpacked piece by piece as they are iterated.

    Attributes:
        container: ``gzip``, ``zstd`` or ``none``: what the first bytes say.
        layers: How many times it is compressed.
        broken: Why not all of it could be unpacked, or ``None``; known when the pieces have come to an end.
        cut: Whether the pieces then stop somewhere in the middle.
    """

    def __init__(self, file: FileIO) -> None:
        """Find out how a file is packed.

        Args:
            file: The file, at its beginning; it must stay open.

        Raises:
            OSError: It cannot be read.
        """
        self.container = "none"
        self.layers = 0
        self.broken: str | None = None
        self.cut = False
        self._allowed = max(FREE_BYTES, LARGEST_RATIO * os.fstat(file.fileno()).st_size)
        self._file = file
        source = _Source(iter(partial(file.read, PIECE), b""))
        while self.layers < _MAX_LAYERS and (packing := _packing(source.peek(_MAGIC_BYTES))):
            self.container = packing if self.layers == 0 else self.container
            self.layers += 1
            source = _Source(self._layer(source))
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces once.

        Raises:
            OSError: The file cannot be read.
        """
        while piece := self._source.piece():
            yield piece

    def skip(self, count: int) -> None:
        """Pass over some of the first bytes, before any piece is taken.

        Raises:
            OSError: The file cannot be read.
        """
        if self.layers:
            self._source.skip(count)
        elif count:
            self._file.seek(count)
            self._source = _Source(iter(partial(self._file.read, PIECE), b""))

    def _layer(self, source: _Source) -> Iterator[bytes]:
        """Unpack one layer, and remember what is wrong with it."""
        try:
            yield from _limited(_members(source), self._allowed)
        except _FlawError as flaw:
            # What is wrong inside may come from what is wrong outside, and that was met before.
            self.broken = self.broken or str(flaw)
            self.cut = self.cut or flaw.cut


class _Source:
    """Pieces as one run of bytes, of which no more is held than is needed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._at = 0

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer only at the end; they stay where they are."""
        if len(self._held) - self._at < count:
            parts = [self._held[self._at :]]
            missing = count - len(parts[0])
            while missing > 0 and (piece := next(self._pieces, None)) is not None:
                parts.append(piece)
                missing -= len(piece)
            self._held, self._at = b"".join(parts), 0
        return self._held[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        """The next bytes, fewer only at the end."""
        taken = self.peek(count)
        self._at += len(taken)
        return taken

    def piece(self) -> bytes:
        """Some of the next bytes; none at the end."""
        if self.peek(1):
            piece, self._held, self._at = self._held[self._at :], b"", 0
            return piece
        return b""

    def put_back(self, rest: bytes) -> None:
        """Give back the end of a piece."""
        self._held, self._at = rest, 0

    def skip(self, count: int) -> int:
        """Pass over bytes; how many there were."""
        left = count
        while left and (piece := self.piece()):
            if len(piece) > left:
                self.put_back(piece[left:])
            left -= min(len(piece), left)
        return count - left

    def skip_padding(self) -> None:
        """Pass over zero bytes."""
        while self.peek(1) == b"\0":
            found = _NOT_PADDING.search(self._held, self._at)
            self._at = found.start() if found else len(self._held)


def _packing(start: bytes) -> str | None:
    """How something is packed that begins so; what is too short to tell is taken for packed."""
    if start[:2] == GZIP or start == GZIP[:1]:
        return "gzip"
    if start == ZSTD or (len(start) > 1 and ZSTD.startswith(start)) or _SKIPPABLE.match(start):
        return "zstd"
    return None


def _limited(pieces: Iterator[bytes], allowed: int) -> Iterator[bytes]:
    """Stop where there is more than there may be."""
    for piece in pieces:
        yield piece[:allowed]
        allowed -= len(piece)
        if allowed < 0:
            raise _FlawError(f"it unpacks to more than {LARGEST_RATIO} times its size; the rest was not read")


def _members(source: _Source) -> Iterator[bytes]:
    """Unpack gzip members and zstd frames, one after the other."""
    before = ""
    while start := source.peek(_MAGIC_BYTES):
        packing = _packing(start)
        if packing == "gzip":
            yield from _gunzip(source)
        elif packing == "zstd":
            yield from _unzstd(source)
        else:
            raise _FlawError(f"something that is not {before} follows the {before} data", cut=False)
        before = packing
        source.skip_padding()


def _ends_too_early(packing: str) -> _FlawError:
    return _FlawError(f"the {packing} data ends too early: the file is not complete")


def _gunzip(source: _Source) -> Iterator[bytes]:
    """Unpack one gzip member."""
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    ended, packed, more = False, b"", False
    while not ended:
        if not more:
            packed = source.piece()
            if not packed:
                raise _ends_too_early("gzip")
        before = unpacker.copy()
        try:
            piece = unpacker.decompress(packed, PIECE)
        except zlib.error as error:
            yield from _unpack_bytewise(before, packed)
            raise _FlawError(f"the gzip data is damaged ({error})") from None
        yield piece
        ended, packed = unpacker.eof, unpacker.unconsumed_tail
        # A full piece may have left something inside.
        more = len(packed) > 0 or len(piece) == PIECE
    source.put_back(unpacker.unused_data)


def _unpack_bytewise(unpacker: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """Unpack up to the damaged byte: an error takes with it whatever its call had unpacked so far."""
    for index in range(len(packed)):
        try:
            yield unpacker.decompress(packed[index : index + 1])
        except zlib.error:
            return


def _unzstd(source: _Source) -> Iterator[bytes]:
    """Unpack one zstd frame block by block: an error costs its own block, and a block is never large."""
    if _SKIPPABLE.match(source.peek(_MAGIC_BYTES)):
        size = int.from_bytes(source.take(8)[4:], "little")
        if source.skip(size) < size:
            raise _ends_too_early("zstd")
        return
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    unpacker = zstd.ZstdDecompressor()
    try:
        for part in _zstd_parts(source):
            if part:
                yield unpacker.decompress(part)
    except (zstd.ZstdError, EOFError) as error:
        raise _FlawError(f"the zstd data is damaged ({error})") from None
    if not unpacker.eof:
        raise _ends_too_early("zstd")


def _zstd_parts(source: _Source) -> Iterator[bytes]:
    """Cut a frame into its header, its blocks (RFC 8878, 3.1.1) and its checksum, as far as it goes."""
    start = source.peek(_MAGIC_BYTES + 1)
    flags = start[-1] if len(start) > _MAGIC_BYTES else 0
    single = flags >> 5 & 1
    size = (single, 2, 4, 8)[flags >> 6] + (0, 1, 2, 4)[flags & 3] + (1 - single)
    yield source.take(_MAGIC_BYTES + 1 + size)
    last = 0
    while not last:
        header = source.take(3)
        # On its own, because what is wrong with it must not cost the block before.
        yield header
        if len(header) < 3:
            return
        bits = int.from_bytes(header, "little")
        last, kind, size = bits & 1, bits >> 1 & 3, bits >> 3
        yield source.take(1 if kind == _RLE_BLOCK else size)
    if flags >> 2 & 1:
        yield source.take(4)
