"""The bytes of a file: how they are compressed, their beginning, and all that can be saved of them.

Magic bytes decide, never the extension: HTTP layers unpack a ``.gz`` on the way, Firehose writes gzip
without any extension, and some pipelines compress twice.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ZSTD = b"\x28\xb5\x2f\xfd"

HEAD_BYTES = 64 * 1024
_CHUNK = 64 * 1024
# A head is unpacked in small steps, so that a thousandfold compression is met after a few of them.
_HEAD_CHUNK = 4 * 1024
# Twice is real, three times is thinkable, more is an attack.
_MAX_LAYERS = 3
_GZIP_WBITS = 31
# Padding with zero bytes is ordinary (tapes, some copy tools), and nothing is lost by it.
_NOT_PADDING = re.compile(rb"[^\0]")

_CUT = "the gzip data ends too early: the file is not complete"
_FOLLOWED = "something that is not gzip follows the gzip data"


@dataclass(frozen=True, slots=True)
class Head:
    """How a file begins.

    Attributes:
        container: ``gzip``, ``parquet``, ``zstd`` or ``none``: what the first bytes say.
        layers: How many times it is compressed with gzip.
        text: The first bytes, unpacked; cut anywhere.
        whole: Whether ``text`` is all there is.
        broken: Why unpacking stopped early, or ``None``.
    """

    container: str
    layers: int
    text: bytes
    whole: bool
    broken: str | None


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
        OSError: It cannot be opened or read.
    """
    with Path(path).open("rb") as file:
        raw = file.read(HEAD_BYTES)
    if raw.startswith(PARQUET):
        return Head("parquet", 0, b"", whole=False, broken=None)
    if raw.startswith(ZSTD):
        return Head("zstd", 0, b"", whole=False, broken=None)
    if raw == GZIP[:1]:
        return Head("gzip", 1, b"", whole=False, broken=_CUT)
    layers, broken, whole = 0, None, len(raw) < HEAD_BYTES
    while raw.startswith(GZIP) and layers < _MAX_LAYERS:
        raw, flaw, ended = _unpack_head(raw)
        # What was only read in part ends too early by itself: that is no fault of the file.
        broken = broken or (flaw if whole or flaw != _CUT else None)
        whole = whole and ended and flaw is None
        layers += 1
    return Head("gzip" if layers else "none", layers, raw, whole, broken)


def _unpack_head(raw: bytes) -> tuple[bytes, str | None, bool]:
    """Unpack the first bytes: them, what is wrong with them, and whether that was all."""
    text = b""
    for piece in _unpack(raw, _HEAD_CHUNK):
        if isinstance(piece, str):
            return text, piece, True
        text += piece
        if len(text) >= HEAD_BYTES:
            return text[:HEAD_BYTES], None, False
    return text, None, True


def save(path: str) -> Saved:
    """Read a file to its end, or as far as it goes, through all its layers of gzip.

    Raises:
        OSError: It cannot be opened or read.
    """
    data, packed, broken, cut = Path(path).read_bytes(), False, None, False
    for _ in range(_MAX_LAYERS):
        if not data.startswith(GZIP):
            break
        pieces: list[bytes] = []
        packed, flaw = True, None
        for piece in _unpack(data, _CHUNK):
            if isinstance(piece, str):
                flaw = piece
            else:
                pieces.append(piece)
        data, broken, cut = b"".join(pieces), broken or flaw, cut or flaw not in {None, _FOLLOWED}
    return Saved(data, packed, broken, cut)


def _unpack(data: bytes, step: int) -> Iterator[bytes | str]:
    """Unpack gzip members one after the other; a last ``str`` says why it could not go on."""
    at = 0
    while at < len(data):
        if not data.startswith(GZIP, at):
            yield _FOLLOWED
            return
        unpacker = zlib.decompressobj(_GZIP_WBITS)
        while at < len(data) and not unpacker.eof:
            chunk = data[at : at + step]
            before = unpacker.copy()
            try:
                yield unpacker.decompress(chunk)
            except zlib.error as error:
                yield from _unpack_bytewise(before, chunk)
                yield f"the gzip data is damaged ({error})"
                return
            at += len(chunk) - len(unpacker.unused_data)
        if not unpacker.eof:
            yield _CUT
            return
        more = _NOT_PADDING.search(data, at)
        at = more.start() if more else len(data)


def _unpack_bytewise(unpacker: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """Unpack up to the damaged byte: an error takes with it whatever its call had unpacked so far."""
    for index in range(len(chunk)):
        try:
            yield unpacker.decompress(chunk[index : index + 1])
        except zlib.error:
            return
