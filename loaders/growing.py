"""Files that grow line by line: how far each has been read, and what becomes of it when it is rotated.

A file goes on where it was read to if it still begins as it did and still has the same bytes before that
place. Whatever else has become of it, it is another file, and read from its beginning. A copy of it, packed
or not, is known by the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loaders.content import UNFINISHED, Blocks, Position, is_packed, piece
from loaders.dataset import FileReport
from loaders.formats import GoesOn, by_name
from loaders.read import go_on
from loaders.schema import TIMESTAMP

if TYPE_CHECKING:
    from datetime import datetime

    from loaders.discover import SourceFile
    from loaders.formats import Shape
    from loaders.read import Delivered, Loaded

# So many bytes at the beginning of a file, and before the place it was read to, tell it from others.
_TELLING = 4096
# A file is rotated soon after it was written to, so few others have to be kept in mind.
_MOST_FORMER = 64
_COUNTED_AT_ONCE = 16 * 1024**2
_PACKED_ENDS = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class State:
    """How far a file has been read.

    Attributes:
        path: The file.
        inode: Its inode.
        begin: Where the next line begins.
        head: What tells how it begins.
        last: What tells which bytes stand before ``begin``.
        shape: What it was read as; ``None`` if nothing of it was read.
        unfinished: Whether a line has begun there.
        time: The time of the last record above.
    """

    path: str
    inode: int
    begin: Position
    head: bytes
    last: bytes
    shape: Shape | None = None
    unfinished: bool = False
    time: datetime | None = None


class Growing:
    """The files that have been read line by line, by their paths."""

    def __init__(self) -> None:
        """Know of none."""
        self._states: dict[str, State] = {}
        self._former: deque[State] = deque(maxlen=_MOST_FORMER)

    def state_of(self, path: str) -> State | None:
        """How far a file has been read, if it has been read so."""
        return self._states.get(path)

    def former(self, path: str) -> State | None:
        """How far a file had been read that is no more what it was."""
        return next((state for state in reversed(self._former) if state.path == path), None)

    def put(self, state: State) -> None:
        """Remember how far a file has been read."""
        self._states[state.path] = state

    def end(self, path: str) -> None:
        """A file is no more what it was; copies of it are still known for a while."""
        state = self._states.pop(path, None)
        if state is not None:
            self._former.append(state)

    def goes_on(self, file: SourceFile) -> bool:
        """Whether a file is what was read of it, and maybe more."""
        state = self._states.get(file.path)
        return state is not None and state.inode == file.fingerprint[2] and agrees(state, file.path)

    def copied(self, file: SourceFile) -> State | None:
        """What another file was read to, if this one is a copy of it, packed or not, whole or not yet."""
        for state in (*self._states.values(), *self._former):
            other = state.path != file.path or state.inode != file.fingerprint[2]
            if not other or not state.begin.offset or not _is_named_after(file.path, state.path):
                continue
            if agrees(state, file.path) or _is_part(state, file):
                return state
        return None


def packed_of(path: str) -> str | None:
    """The path of what a rotation makes a packed file of; ``None`` for what its name says is not packed."""
    return next((path.removesuffix(end) for end in _PACKED_ENDS if path.endswith(end)), None)


def position_at(path: str, size: int) -> Position:
    """Where the first line begins that is not finished within so many bytes.

    Raises:
        OSError: The file cannot be read.
    """
    offset, lines, at = 0, 0, 0
    while at < size:
        data = piece(path, at, min(_COUNTED_AT_ONCE, size - at))
        if not data:
            break
        lines += data.count(b"\n")
        end = data.rfind(b"\n") + 1
        offset = at + end if end else offset
        at += len(data)
    return Position(offset, lines + 1)


def state_at(file: SourceFile, begin: Position, shape: Shape | None = None) -> State:
    """What is to be remembered of a file that was read to a place.

    Raises:
        OSError: It cannot be read.
    """
    head, last = _telling(file.path, begin.offset)
    return State(file.path, file.fingerprint[2], begin, head, last, shape)


def read_on(
    number: int, file: SourceFile, shape: Shape, begin: State | None, delivered: Delivered
) -> tuple[Loaded, State] | None:
    """Read a file from where it was read to, or from its beginning so that it can be gone on with.

    Args:
        number: Its number.
        file: The file.
        shape: Its shape.
        begin: How far it has been read.
        delivered: The events that files have delivered.

    Returns:
        What was found, and how far it has been read now; ``None`` if it has to be read in another way, all of
        it.
    """
    if not isinstance(by_name(shape.format), GoesOn) or (begin and begin.shape not in {None, shape}):
        return None
    try:
        if begin is None and is_packed(file.path):
            return None
        blocks = Blocks(file.path, begin.begin if begin else Position())
        above = begin.time if begin else None
        loaded, is_same = go_on(shape, number, file, blocks, delivered, above)
        if is_same and blocks.end is not None:
            state = replace(
                state_at(file, blocks.end, shape),
                unfinished=blocks.unfinished,
                time=next((frame[TIMESTAMP][-1] for _, frame in loaded.frames if frame.height), above),
            )
            if blocks.unfinished:
                report = loaded.reports[number]
                loaded.reports[number] = replace(
                    report, state="incomplete", reason=report.reason or UNFINISHED
                )
            return loaded, state
    except OSError:
        pass  # it is told by whoever reads it in the other way
    delivered.forget({number})
    return None


def joined(before: FileReport, more: FileReport) -> FileReport:
    """What became of a file of which more has been read."""
    return FileReport(
        more.source,
        more.format,
        more.state,
        more.reason,
        before.records + more.records,
        before.problems.vstack(more.problems) if more.problems.height else before.problems,
        before.repeated + more.repeated,
    )


def agrees(state: State, path: str) -> bool:
    """Whether a file has the bytes that tell what was read, packed or not."""
    try:
        return _telling(path, state.begin.offset) == (state.head, state.last)
    except OSError:
        return False


def _is_named_after(path: str, original: str) -> bool:
    """Whether a rotation may have made one file of the other: ``app.log.1``, ``app-20260115.log.gz``."""
    stem, dot, _ = original.rpartition(".")
    stem = stem if dot and "/" not in original[len(stem) :] else original
    return path.startswith(stem) and path[len(stem) : len(stem) + 1] in {"", *"._-"}


def _telling(path: str, offset: int) -> tuple[bytes, bytes]:
    first = piece(path, 0, min(_TELLING, offset))
    begin = max(0, offset - _TELLING)
    return _digest(first), _digest(piece(path, begin, offset - begin))


def _is_part(state: State, file: SourceFile) -> bool:
    """Whether a file has only the first of the bytes that were read: it is still being copied.

    Of packed files it is not known how long they are; those that end early are not whole for another reason.
    """
    if state.path == file.path or not 0 < file.size < state.begin.offset:
        return False
    try:
        begins = piece(file.path, 0, _TELLING)
        return begins == piece(state.path, 0, len(begins)) and len(begins) == min(file.size, _TELLING)
    except OSError:
        return False


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
