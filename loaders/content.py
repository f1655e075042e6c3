"""The bytes of a file: how they are compressed, their beginning, and all that can be saved of them.

Magic bytes decide, never the extension: HTTP layers unpack a ``.gz`` on the way, Firehose writes gzip
without any extension, and some pipelines compress twice.
"""

from __future__ import annotations

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
# Twice is real, three times is thinkable, more is an attack.
_MAX_LAYERS = 3
_GZIP_WBITS = 31
_PADDING = b"\0"


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
    """

    data: bytes
    packed: bool
    broken: str | None


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
    layers, broken, whole = 0, None, len(raw) < HEAD_BYTES
    while raw.startswith(GZIP) and layers < _MAX_LAYERS:
        raw, broken = _unpack_head(raw)
        layers += 1
        whole = whole and broken is None and len(raw) < HEAD_BYTES
    return Head("gzip" if layers else "none", layers, raw, whole, broken)


def _unpack_head(raw: bytes) -> tuple[bytes, str | None]:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    try:
        return unpacker.decompress(raw, HEAD_BYTES), None
    except zlib.error as error:
        return b"", f"the gzip data is damaged ({error})"


def save(path: str) -> Saved:
    """Read a file to its end, or as far as it goes, through all its layers of gzip.

    Raises:
        OSError: It cannot be opened or read.
    """
    data, packed, broken = Path(path).read_bytes(), False, None
    for _ in range(_MAX_LAYERS):
        if not data.startswith(GZIP):
            break
        pieces: list[bytes] = []
        packed, inner = True, None
        for piece in _unpack(data):
            if isinstance(piece, str):
                inner = piece
            else:
                pieces.append(piece)
        data, broken = b"".join(pieces), broken or inner
    return Saved(data, packed, broken)


def _unpack(data: bytes) -> Iterator[bytes | str]:
    """Unpack gzip members one after the other; a last ``str`` says why it could not go on."""
    rest = data
    while rest:
        if not rest.startswith(GZIP):
            yield "something that is not gzip follows the gzip data"
            return
        unpacker = zlib.decompressobj(_GZIP_WBITS)
        offset = 0
        while offset < len(rest) and not unpacker.eof:
            chunk = rest[offset : offset + _CHUNK]
            before = unpacker.copy()
            try:
                yield unpacker.decompress(chunk)
            except zlib.error as error:
                yield from _unpack_bytewise(before, chunk)
                yield f"the gzip data is damaged ({error})"
                return
            offset += _CHUNK
        if not unpacker.eof:
            yield "the gzip data ends too early: the file is not complete"
            return
        # Padding with zero bytes is ordinary (tapes, some copy tools), and nothing is lost by it.
        rest = (unpacker.unused_data + rest[offset:]).lstrip(_PADDING)


def _unpack_bytewise(unpacker: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """Unpack up to the damaged byte: an error takes with it whatever its call had unpacked so far."""
    for index in range(len(chunk)):
        try:
            yield unpacker.decompress(chunk[index : index + 1])
        except zlib.error:
            return
