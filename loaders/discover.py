"""Walk directories: which files there are, and which are passed over with what reason.

Links are not followed, and only regular files are ever opened: a FIFO would hang, a device would do worse.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.layouts import Place, place
from loaders.naming import FILE_NAME, NO_NAMES, GroupNames, NamingError, group_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What `aws s3 sync` calls a file until it is whole: its name, a dot, and eight hexadecimal digits. Eight
# decimal ones are taken for the date of a rotated log instead.
_TRANSFER = re.compile(r".+\.(?![0-9]{8}\Z)[0-9A-Fa-f]{8}", re.DOTALL)
_NAMES = {
    "aws-logs-write-test": "permission check of a CloudWatch export",
    "Thumbs.db": "not a log",
    FILE_NAME: "names of log groups",
}
_NOT_ENTERED = {"_temporary"}
_SUFFIXES = {".metadata": "result metadata of Athena", ".crc": "checksum of another file"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as the walk found it.

    Attributes:
        path: Where to open it.
        name: Its path below the directory that was opened: what a person is shown, with bytes that are no
            text spelt out.
        place: What that name says.
        fingerprint: Size, modification time in ns and inode: another fingerprint is another content.
        names: What the user calls log groups that the file itself may name.
        skip: Why it is passed over unopened, or ``None``.
        error: Why the walk itself failed here, or ``None``.
    """

    path: str
    name: str
    place: Place
    fingerprint: tuple[int, int, int]
    names: GroupNames = NO_NAMES
    skip: str | None = None
    error: str | None = None

    @property
    def unchanged(self) -> bool:
        """Whether it is still there as the walk found it."""
        try:
            return _fingerprint(os.lstat(self.path)) == self.fingerprint
        except OSError:
            return False

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.fingerprint[0]

    @property
    def newness(self) -> float:
        """What newest-first order goes by: the time in the name, else when it was last written."""
        return self.place.time.timestamp() if self.place.time else self.fingerprint[1] / 1e9


class NoLogsError(Exception):
    """There is nothing to open; the message says what to do."""


def check_roots(roots: Sequence[str]) -> None:
    """Refuse paths that cannot be opened.

    Raises:
        NoLogsError: A path is missing or may not be read, or its groups are named in a way that says nothing.
    """
    for root in roots:
        path = Path(root)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            raise NoLogsError(
                f"There is no '{root}'. Name a directory of logs, as `aws s3 sync` left it."
            ) from None
        except OSError as error:
            raise NoLogsError(f"'{root}' cannot be read: {error.strerror}. Check its permissions.") from None
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise NoLogsError(f"'{root}' is neither a directory nor a file. Name a directory of logs.")
        if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
            raise NoLogsError(f"'{root}' cannot be read: permission denied. Check its owner and mode.")
        try:
            group_names(root)
        except NamingError as error:
            raise NoLogsError(str(error)) from None


def discover(roots: Sequence[str]) -> Iterator[SourceFile]:
    """Yield every file below the roots once, in no order that means anything.

    Raises:
        NamingError: A root's groups are named in a way that says nothing.
    """
    seen: set[tuple[int, int]] = set()
    for root in roots:
        names = group_names(root)
        for file in _below(root, seen, prefixed=len(roots) > 1):
            if names.names:
                named = replace(file.place, group=names.of(file.place.group))
                yield replace(file, place=named, names=names)
            else:
                yield file


def _below(root: str, seen: set[tuple[int, int]], *, prefixed: bool) -> Iterator[SourceFile]:
    whole = Path(root).resolve()
    if whole.is_file():
        yield from _look(str(whole), Path(root).name, whole.parent.name or "/", seen)
    else:
        yield from _walk(root, f"{whole.name}/" if prefixed else "", whole.name or "/", seen)


def _walk(folder: str, prefix: str, label: str, seen: set[tuple[int, int]]) -> Iterator[SourceFile]:
    pending = [(folder, prefix)]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                yield _source(folder, prefix.rstrip("/") or label, label, error=error.strerror or str(error))
            continue
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                name = f"{prefix}{entry.name}"
                if entry.name.startswith(".") or entry.name in _NOT_ENTERED:
                    yield _source(entry.path, name, label, skip="a hidden directory, which is not entered")
                else:
                    pending.append((entry.path, f"{name}/"))
            else:
                yield from _look(entry.path, f"{prefix}{entry.name}", label, seen)


def _look(path: str, name: str, label: str, seen: set[tuple[int, int]]) -> Iterable[SourceFile]:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return ()  # gone between listing and looking: a transfer was renamed
    except OSError as error:
        return (_source(path, name, label, error=error.strerror or str(error)),)
    if (found.st_dev, found.st_ino) in seen:
        return ()
    seen.add((found.st_dev, found.st_ino))
    return (_source(path, name, label, _fingerprint(found), skip=_reason(name, found)),)


def _fingerprint(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _source(
    path: str,
    name: str,
    label: str,
    fingerprint: tuple[int, int, int] = (0, 0, 0),
    *,
    skip: str | None = None,
    error: str | None = None,
) -> SourceFile:
    name, label = _printable(name), _printable(label)
    return SourceFile(path, name, place(name, label), fingerprint, skip=skip, error=error)


def _printable(name: str) -> str:
    """A name without the stand-ins for bytes that are no UTF-8: polars cannot hold them, nor can a screen."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _reason(name: str, found: os.stat_result) -> str | None:
    base = name.rsplit("/", 1)[-1]
    if stat.S_ISLNK(found.st_mode):
        return "a link, which is not followed"
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"
    if found.st_size == 0:
        return "empty"
    if base.startswith((".", "_")):
        return "hidden or a marker"
    if _TRANSFER.fullmatch(base):
        return "a transfer that has not finished"
    return _NAMES.get(base) or next((why for end, why in _SUFFIXES.items() if base.endswith(end)), None)
