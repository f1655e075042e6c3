"""Which files polars may be let loose on: those that do not unpack to far more than they seem.

Polars unpacks a file by itself and without a limit, and holds a line several times over. Everything else is
read by ``loaders.careful``, in bounded memory. The question must cost next to nothing for an honest file.
"""

from __future__ import annotations

import os
import secrets
import zlib
from typing import TYPE_CHECKING

from loaders.packing import Unpacked, opened

if TYPE_CHECKING:
    from io import FileIO

LONGEST_LINE = 1024**2
"""Bytes of a line; what stands beyond them is not read."""

# Deflate cannot do better than 1032:1, so gzip of this size is never large.
_ALWAYS_TAME = 64 * 1024
# Deliveries are smaller. What is not is unpacked to see, for its lines may be as long as it is.
_NEVER_SURE = 128 * 1024**2
# Honest deflate does not shrink when it is compressed again; that of a bomb, being a pattern, does.
_WINDOW = 1024
_GZIP_STRIDE = 128 * 1024
_SHRUNK = 0.8
_TEXT_STRIDE = 8 * 1024**2
_TEXT_WINDOW = 64 * 1024


def is_tame(path: str, container: str) -> bool:
    """Whether a file unpacks to no more than it may, into lines that are no longer than they may be.

    Args:
        path: The file.
        container: ``gzip``, ``zstd`` or ``none``.

    Raises:
        OSError: It cannot be opened or read, or is no regular file.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if container == "none":
            return _has_lines(file, size)
        if container == "gzip" and (
            size <= _ALWAYS_TAME or (size <= _NEVER_SURE and not _is_suspicious(file, size))
        ):
            return True
        return _unpacks_to_lines(file)


def _has_lines(file: FileIO, size: int) -> bool:
    """Look for the end of a line every so often."""
    return all(
        b"\n" in os.pread(file.fileno(), _TEXT_WINDOW, at)
        for at in range(_TEXT_STRIDE, size - _TEXT_WINDOW, _TEXT_STRIDE)
    )


def _is_suspicious(file: FileIO, size: int) -> bool:
    """Whether the compressed bytes shrink anywhere, at places that nobody can know beforehand."""
    for at in range(0, size, _GZIP_STRIDE):
        last = min(_GZIP_STRIDE, size - at) - _WINDOW
        window = os.pread(file.fileno(), _WINDOW, at + (secrets.randbelow(last) if last > 0 else 0))
        if len(zlib.compress(window, 1)) < _SHRUNK * len(window):
            return True
    return False


def _unpacks_to_lines(file: FileIO) -> bool:
    """Unpack all of it, and keep nothing."""
    unpacked = Unpacked(file)
    since_end = 0
    for piece in unpacked:
        first = piece.find(b"\n")
        if since_end + (first if first >= 0 else len(piece)) > LONGEST_LINE:
            return False
        since_end = len(piece) - 1 - piece.rfind(b"\n") if first >= 0 else since_end + len(piece)
    return unpacked.broken is None
