"""Walk directories: which files there are, and which are passed over with what reason.

Links are followed only if asked, and only regular files are ever opened: a FIFO would hang, a device would do
worse.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.layouts import Place, place
from loaders.naming import FILE_NAME, NO_NAMES, GroupNames, NamingError, group_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

# What `aws s3 sync` calls a file until it is whole: its name, a dot, and eight hexadecimal digits. Eight
# decimal ones are taken for the date of a rotated log instead.
_TRANSFER = re.compile(r".+\.(?![0-9]{8}\Z)[0-9A-Fa-f]{8}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Files that are passed over by their names.

    Attributes:
        name: What all of the name has to match.
        example: A name, or how such names are.
        reason: Why they are passed over.
    """

    name: re.Pattern[str]
    example: str
    reason: str


SKIPPED: tuple[Skipped, ...] = (
    Skipped(re.compile(r"[._].*", re.DOTALL), "`.DS_Store`, `_SUCCESS`", "hidden or a marker"),
    Skipped(_TRANSFER, "`name.gz.8A3b2C1d`", "a transfer that has not finished"),
    Skipped(
        re.compile("aws-logs-write-test"), "`aws-logs-write-test`", "permission check of a CloudWatch export"
    ),
    Skipped(
        re.compile("[0-9]+_CloudTrail-Digest_.*", re.DOTALL),
        "`…_CloudTrail-Digest_…`",
        "a digest of CloudTrail, which holds no events",
    ),
    Skipped(re.compile(r".*\.metadata", re.DOTALL), "`….csv.metadata`", "result metadata of Athena"),
    Skipped(re.compile(r".*\.crc", re.DOTALL), "`….crc`", "checksum of another file"),
    Skipped(re.compile(r"Thumbs\.db"), "`Thumbs.db`", "not a log"),
    Skipped(re.compile(re.escape(FILE_NAME)), f"`{FILE_NAME}`", "names of log groups and fields"),
)
"""Every rule by which a file is passed over for its name alone; the first that fits counts."""

_ANY_SKIPPED = re.compile("|".join(f"(?:{skipped.name.pattern})" for skipped in SKIPPED), re.DOTALL)
# File systems tell times in steps of some milliseconds.
_HOT_NS = 100_000_000
_NOT_ENTERED = {"_temporary"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as the walk found it.

    Attributes:
        path: Where to open it.
        name: Its path below the directory that was opened: what a person is shown, with bytes that are no
            text spelt out.
        place: What that name says.
        fingerprint: Size, modification time in ns, inode, and the time in ns of the last change of any of
            them: another fingerprint is another content.
        is_hot: Whether it had just been written: it may be written again without another fingerprint.
        names: What the user calls log groups that the file itself may name.
        skip: Why it is passed over unopened, or ``None``.
        error: Why the walk itself failed here, or ``None``.
    """

    path: str
    name: str
    place: Place
    fingerprint: tuple[int, int, int, int]
    is_hot: bool = False
    names: GroupNames = NO_NAMES
    skip: str | None = None
    error: str | None = None

    @property
    def unchanged(self) -> bool:
        """Whether it is still there as the walk found it."""
        try:
            return _fingerprint(Path(self.path).stat()) == self.fingerprint
        except OSError:
            return False

    @property
    def is_plain(self) -> bool:
        """Whether nothing hinders it from being read, and it had not just been written."""
        return self.skip is None and self.error is None and not self.is_hot

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.fingerprint[0]

    @property
    def newness(self) -> float:
        """What newest-first order goes by: the time in the name, else when it was last written."""
        return self.place.time.timestamp() if self.place.time else self.fingerprint[1] / 1e9


@dataclass(slots=True)
class _Walk:
    """What a walk goes by.

    Attributes:
        label: What the log group of a file is called that no directory names.
        names: What the user calls log groups.
        known: Files that were found before, by their paths: what has not changed stays the same object.
        follow: Whether links are followed.
        most: Of so many entries of a directory at most, if not all are wanted.
        seen: The files that were met, if each is wanted once whatever its names.
    """

    label: str = ""
    names: GroupNames = NO_NAMES
    known: Mapping[str, SourceFile] = field(default_factory=dict)
    follow: bool = False
    most: int | None = None
    seen: set[tuple[int, int]] | None = None


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


def discover(
    roots: Sequence[str],
    *,
    follow_links: bool = False,
    most: int | None = None,
    known: Mapping[str, SourceFile] | None = None,
) -> Iterator[SourceFile]:
    """Yield every file below the roots once, in no order that means anything.

    Args:
        roots: Directories or files; they may be links themselves.
        follow_links: Whether links below them are followed, wherever they lead.
        most: Of so many entries of a directory at most, whichever those are, if not all are wanted.
        known: What was found before, by path, which saves work for all that is as it was.

    Raises:
        NamingError: A root's groups are named in a way that says nothing.
    """
    seen: set[tuple[int, int]] = set()
    for root, whole, prefix in _wholes(roots):
        walk = _Walk(names=group_names(root), known=known or {}, follow=follow_links, most=most, seen=seen)
        if whole.is_dir():
            walk.label = whole.name or "/"
            yield from _walk(str(whole), prefix, walk)
        else:
            walk.label = whole.parent.name or "/"
            yield from _look(str(whole), Path(root).name, replace(walk, follow=False))


def discover_again(
    roots: Sequence[str], paths: Collection[str], known: Mapping[str, SourceFile]
) -> Iterator[SourceFile]:
    """Yield the files at some paths, and below them where they are directories, as ``discover`` would.

    Links are not followed. Of a file that has two names each is yielded.

    Args:
        roots: Directories or files.
        paths: Absolute paths without links in them; what is not there any more yields nothing.
        known: As ``discover`` takes it.

    Raises:
        NamingError: A root's groups are named in a way that says nothing.
    """
    for root, whole, prefix in _wholes(roots):
        begin, is_file = str(whole), whole.is_file()
        label = (whole.parent.name if is_file else whole.name) or "/"
        walk = _Walk(label, group_names(root), known)
        entered: dict[str, bool] = {}
        for path in paths:
            if path == begin and is_file:
                yield from _look(path, Path(root).name, walk)
            elif path == begin:
                yield from _walk(path, prefix, walk)
            elif path.startswith(f"{begin}/".replace("//", "/")):
                name = prefix + path[len(begin) :].lstrip("/")
                if _is_entered(begin, path.rpartition("/")[0], entered):
                    yield from _at(path, name, walk)


def _wholes(roots: Sequence[str]) -> Iterator[tuple[str, Path, str]]:
    """Each root, where it really is, and what the names of its files begin with."""
    for root in roots:
        whole = Path(root).resolve()
        yield root, whole, f"{whole.name}/" if len(roots) > 1 else ""


def _is_entered(root: str, folder: str, entered: dict[str, bool]) -> bool:
    """Whether a walk would come to a directory."""
    if folder == root:
        return True
    if folder not in entered:
        above, _, base = folder.rpartition("/")
        closed = base.startswith(".") or base in _NOT_ENTERED
        entered[folder] = not closed and not _is_link(folder) and _is_entered(root, above, entered)
    return entered[folder]


def _is_link(path: str) -> bool:
    try:
        return Path(path).is_symlink()
    except OSError:
        return False


def _at(path: str, name: str, walk: _Walk) -> Iterator[SourceFile]:
    """The file at a path, or the files below it."""
    if _is_link(path) or not _is_directory(path):
        yield from _look(path, name, walk)
    elif closed := _closed(path, name, walk):
        yield closed
    else:
        yield from _walk(path, f"{name}/", walk)


def _walk(folder: str, prefix: str, walk: _Walk) -> Iterator[SourceFile]:
    pending, links, entered = [(folder, prefix)], deque[tuple[str, str]](), set()
    while pending or links:
        if not pending:
            # Last of all, so that what can be met without a link goes by its own name.
            path, name = links.popleft()
            if not _is_directory(path):
                yield from _look(path, name, walk, follow=True)
            elif closed := _closed(path, name, walk):
                yield closed
            else:
                pending.append((path, f"{name}/"))
            continue
        folder, prefix = pending.pop()
        try:
            known = _identity(Path(folder).stat())
            if known in entered:
                continue  # by way of a link a directory can be met many times, and even inside itself
            entered.add(known)
            with os.scandir(folder) as entries:
                listed = sorted(islice(entries, walk.most), key=lambda entry: entry.name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                name = prefix.rstrip("/") or walk.label
                yield _source(folder, name, walk, error=error.strerror or str(error))
            continue
        for entry in listed:
            name = f"{prefix}{entry.name}"
            if walk.follow and entry.is_symlink():
                links.append((entry.path, name))
            elif not entry.is_dir(follow_symlinks=False):
                yield from _look(entry.path, name, walk)
            elif closed := _closed(entry.path, name, walk):
                yield closed
            else:
                pending.append((entry.path, f"{name}/"))


def _closed(path: str, name: str, walk: _Walk) -> SourceFile | None:
    """A directory that is not entered."""
    base = name.rsplit("/", 1)[-1]
    if base.startswith(".") or base in _NOT_ENTERED:
        return _source(path, name, walk, skip="a hidden directory, which is not entered")
    return None


def _is_directory(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False  # looking at it will say why


def _look(path: str, name: str, walk: _Walk, *, follow: bool = False) -> Iterable[SourceFile]:
    try:
        found = os.lstat(path)
        if follow and stat.S_ISLNK(found.st_mode):
            found = Path(path).stat()
    except FileNotFoundError:
        if follow:
            return (_source(path, name, walk, skip="a link that leads nowhere"),)
        return ()  # gone between listing and looking: a transfer was renamed
    except OSError as error:
        return (_source(path, name, walk, error=error.strerror or str(error)),)
    if walk.seen is not None:
        if _identity(found) in walk.seen:
            return ()
        walk.seen.add(_identity(found))
    before, fingerprint = walk.known.get(path), _fingerprint(found)
    if before is not None and before.fingerprint == fingerprint and before.is_plain:
        return (before,)
    hot = time.time_ns() - found.st_ctime_ns < _HOT_NS
    return (_source(path, name, walk, fingerprint, hot=hot, skip=_reason(name, found)),)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _fingerprint(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def _source(
    path: str,
    name: str,
    walk: _Walk,
    fingerprint: tuple[int, int, int, int] = (0, 0, 0, 0),
    *,
    hot: bool = False,
    skip: str | None = None,
    error: str | None = None,
) -> SourceFile:
    name, names, before = _printable(name), walk.names, walk.known.get(path)
    if before is not None and (before.name, before.names) == (name, names):
        return SourceFile(before.path, before.name, before.place, fingerprint, hot, names, skip, error)
    at = place(name, _printable(walk.label))
    if names != NO_NAMES:
        at = replace(at, group=names.of(at.group), fields=names.fields_of(at.group) or ())
    return SourceFile(path, name, at, fingerprint, hot, names, skip, error)


def _printable(name: str) -> str:
    """A name without the stand-ins for bytes that are no UTF-8: polars cannot hold them, nor can a screen."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _reason(name: str, found: os.stat_result) -> str | None:
    base = name.rsplit("/", 1)[-1]
    if stat.S_ISLNK(found.st_mode):
        return "a link, which is not followed"
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"
    if found.st_size == 0:
        return "empty"
    if not _ANY_SKIPPED.fullmatch(base):
        return None
    return next((skipped.reason for skipped in SKIPPED if skipped.name.fullmatch(base)), None)
