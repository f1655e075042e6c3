"""Which files there are, and which of them are read: the newest first, each delivery once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.discover import discover, discover_again

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from loaders.discover import SourceFile

Delivery = bytes
"""What AWS makes unique, in a few bytes: the name of a delivery below its directory, and its size."""


class Sources:
    """The files below some roots, as they were when somebody last looked.

    Attributes:
        files: All of them, by their paths.
    """

    def __init__(self, roots: Sequence[str], *, follow_links: bool = False) -> None:
        """Look at nothing yet.

        Args:
            roots: Directories or files.
            follow_links: Whether links below them are followed.
        """
        self._roots, self._follow_links = tuple(roots), follow_links
        self.files: dict[str, SourceFile] = {}
        self._first: dict[Delivery, str] = {}
        self._copied: set[Delivery] = set()
        self._inodes: dict[int, str] = {}

    def look(self, paths: Collection[str] | None = None) -> set[str] | None:
        """Look again.

        Args:
            paths: Where something may have changed: files, or directories with all below them. ``None`` for
                everywhere.

        Returns:
            The paths of the files that came, changed or vanished; ``None`` if it may be any of them.

        Raises:
            NamingError: A root's groups are named in a way that says nothing.
        """
        if paths is None or self._follow_links:
            self.look_everywhere(discover(self._roots, follow_links=self._follow_links, known=self.files))
            return None
        found = {file.path: file for file in discover_again(self._roots, paths, self.files)}
        gone = self._vanished(paths, found)
        other = [
            path for path, file in found.items() if path in self.files and is_other(self.files[path], file)
        ]
        if any(self._has_copies(self.files[path]) for path in (*gone, *other)):
            return self.look()  # what was passed over as a copy of one of these counts now
        for path in gone:
            self._forget(self.files.pop(path))
        changed = set(gone)
        for path in sorted(found):
            file = found[path]
            before = self.files.get(path)
            if self._is_second_name(file):
                continue
            if before is not None and not is_other(before, file):
                self.files[path] = file
                continue
            if before is not None:
                self._forget(before)
            self.files[path] = self._judged(file)
            changed.add(path)
        return changed

    def look_everywhere(self, walk: Iterable[SourceFile]) -> None:
        """Take what a walk has found in place of all that was known."""
        pairs = list(_counted(walk, self._first))
        files = [file for file, _ in pairs]
        self.files = {file.path: file for file in files}
        self._inodes = {file.fingerprint[2]: file.path for file in files}
        self._first = {key: file.name for file, key in pairs if key is not None}
        self._copied = {
            _key(file) for file in files if file.skip and file.place.delivery and file.skip.startswith(_COPY)
        }

    def _vanished(self, paths: Collection[str], found: Mapping[str, SourceFile]) -> set[str]:
        """The files that were at some paths, or below them, and are not any more."""
        missing = [path for path in paths if path not in found]
        gone = {path for path in missing if path in self.files}
        folders = tuple(f"{path}/" for path in missing if path not in self.files)
        if folders:
            gone |= {path for path in self.files if path.startswith(folders) and path not in found}
        return gone

    def _has_copies(self, file: SourceFile) -> bool:
        key = delivery_of(file)
        return key in self._copied and self._first.get(key) == file.name

    def _forget(self, file: SourceFile) -> None:
        key = delivery_of(file)
        if key is not None and self._first.get(key) == file.name:
            del self._first[key]

    def _is_second_name(self, file: SourceFile) -> bool:
        """Whether a file is known by another name, which it still has."""
        inode = file.fingerprint[2]
        path = self._inodes.setdefault(inode, file.path)
        if path == file.path or not inode:
            return False
        try:
            if path in self.files and Path(path).samefile(file.path):
                return True
        except OSError:
            pass  # it has been renamed
        self._inodes[inode] = file.path
        return False

    def _judged(self, file: SourceFile) -> SourceFile:
        """A file that is passed over if it is a copy of another one."""
        key = delivery_of(file)
        if key is None:
            return file
        original = self._first.setdefault(key, file.name)
        if original == file.name:
            return file
        self._copied.add(key)
        return replace(file, skip=f"{_COPY}{original}")


_COPY = "a copy of "


def newest_first(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Sort files, the newest first."""
    return sorted(files, key=lambda file: (file.newness, file.name), reverse=True)


def is_other(before: SourceFile, now: SourceFile) -> bool:
    """Whether a file has to be read again: its content is another, or it was passed over and is no more."""
    return (before.fingerprint, before.skip) != (now.fingerprint, now.skip)


def delivery_of(file: SourceFile) -> Delivery | None:
    """What tells a delivery from all others; ``None`` for what is none, or is not read."""
    if not file.place.delivery or file.skip or file.error:
        return None
    return _key(file)


def _key(file: SourceFile) -> Delivery:
    told = f"{file.size} {file.name.rpartition('/')[2]}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()


def first_copies(
    files: Iterable[SourceFile], before: Mapping[Delivery, str] | None = None
) -> Iterator[SourceFile]:
    """Pass over second copies of a delivery: two syncs of one bucket, or of one under two prefixes.

    AWS makes the name of what it delivers unique, so the same name and size are the same records.

    Args:
        files: The files.
        before: Which copy was the first one until now: it remains that for as long as it is there.
    """
    return (file for file, _ in _counted(files, before or {}))


def _counted(
    files: Iterable[SourceFile], before: Mapping[Delivery, str]
) -> Iterator[tuple[SourceFile, Delivery | None]]:
    """The same, each with what tells it from other deliveries, if it is one and no copy."""
    ordered = [(file, delivery_of(file)) for file in sorted(files, key=lambda file: file.name)]
    first = {key: file.name for file, key in ordered if key is not None and before.get(key) == file.name}
    for file, key in ordered:
        original = file.name if key is None else first.setdefault(key, file.name)
        if original == file.name:
            yield file, key
        else:
            yield replace(file, skip=f"{_COPY}{original}"), None
