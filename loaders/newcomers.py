"""Only what comes: a library that passes over all that is there, and gives each record that is new once.

What has been given cannot be taken back. So a file that is renamed, touched, copied or packed by a rotation
is known again, and of one that has to be read anew only those lines are given that were not before.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders.dataset import FileReport
from loaders.growing import agrees, packed_of, position_at, state_at
from loaders.live import Live
from loaders.schema import FILE, LINE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from loaders.batch import Loaded
    from loaders.discover import SourceFile
    from loaders.growing import State
    from loaders.parts import Part

# What was written to so long ago is hardly written to again, and not looked into.
_OLD_SECONDS = 2 * 86_400
_MOST_LEFT = 10_000
_PASSED_OVER = "it was there before"
_SECOND_NS = 10**9


class Newcomers(Live):
    """Gives the records that come; the first refresh passes over everything."""

    def __init__(self, roots: Sequence[str], *, follow_links: bool = False) -> None:
        """Look at the roots, open nothing.

        Args:
            roots: Directories or files.
            follow_links: Whether links are followed, also out of the roots.

        Raises:
            NoLogsError: A root is missing or may not be read.
        """
        super().__init__(roots, follow_links=follow_links)
        # By the paths of files: what tells the content, which line comes next, from where one is read anew.
        self._digests: dict[str, bytes] = {}
        self._next_lines: dict[str, int] = {}
        self._resumed: dict[str, int] = {}
        # The files that were gone last, by their inodes.
        self._left: dict[int, SourceFile] = {}

    def take(self) -> list[Part]:
        """The records that have come since the last time."""
        parts = list(self.dataset.parts)
        self.dataset = replace(self.dataset, parts=())
        return parts

    def _changes(self, paths: Collection[str] | None) -> tuple[list[SourceFile], set[int]]:
        fresh, gone = super()._changes(paths)
        if not self._looked:
            self._pass_over(fresh)
            for file in fresh:
                self._remember(file)
            return [], gone
        for number in gone:
            was = self.dataset.files[number].source
            self._left.pop(was.fingerprint[2], None)
            self._left[was.fingerprint[2]] = was
        while len(self._left) > _MOST_LEFT:
            del self._left[next(iter(self._left))]
        return [file for file in fresh if not self._is_known(file)], gone

    def _pass_over(self, files: Sequence[SourceFile]) -> None:
        """Give none of what files hold."""
        numbers = dict(enumerate(files, self._next))
        self._next += len(files)
        self._numbers |= {file.path: number for number, file in numbers.items()}
        self._put(
            {
                number: FileReport(file, None, "skipped", file.skip or file.error or _PASSED_OVER)
                for number, file in numbers.items()
            }
        )

    def _put(self, reports: Mapping[int, FileReport]) -> None:
        self.dataset = replace(self.dataset, files={**self.dataset.files, **reports})

    def _remember(self, file: SourceFile) -> None:
        """Note how a file begins that may be rotated."""
        is_young = time.time() - file.fingerprint[1] / _SECOND_NS < _OLD_SECONDS
        if is_young and not file.skip and not file.error and packed_of(file.path) is None:
            with suppress(OSError):  # it is told when it is read
                self._growing.put(state_at(file, position_at(file.path, file.size)))

    # -- what is known again ----------------------------------------------------------------------------

    def _is_gone(self, number: int) -> bool:
        before = self.dataset.files[number]
        path = before.source.path
        now = self._sources.files.get(path)
        if now is not None and self._is_touched(before.source, now):
            self._put({number: replace(before, source=now)})
            return False
        state = self._growing.state_of(path) or self._growing.former(path)
        if not super()._is_gone(number):
            return False
        if now is not None and state is not None and agrees(state, path):
            self._resumed[path] = self._next_lines.get(path, state.begin.line)
        else:
            self._forget_lines(path)
        return True

    def _forget_lines(self, path: str) -> None:
        for known in (self._resumed, self._next_lines, self._digests):
            known.pop(path, None)

    def _is_touched(self, before: SourceFile, now: SourceFile) -> bool:
        """Whether a file has other times only."""
        if before.fingerprint == now.fingerprint or before.size != now.size or before.skip != now.skip:
            return False
        known = self._digests.get(now.path)
        if known is None:
            return before.fingerprint[2] == now.fingerprint[2]
        return _digest(now.path) == known

    def _goes_on(self, number: int, file: SourceFile) -> bool:
        report = self.dataset.files[number]
        before = report.source
        is_longer = before.fingerprint[2] == file.fingerprint[2] and file.size > before.size
        passed = report.reason == _PASSED_OVER and packed_of(file.path) is None
        if is_longer and passed and self._growing.state_of(file.path) is None:
            with suppress(OSError):
                self._growing.put(state_at(file, position_at(file.path, before.size)))
        return super()._goes_on(number, file)

    def _start_over(self, path: str) -> None:
        state = self._growing.state_of(path)
        if state is not None:
            self._resumed[path] = state.begin.line
        super()._start_over(path)

    def _is_known(self, file: SourceFile) -> bool:
        """Whether what a file holds was given, or passed over, under another name."""
        if file.skip or file.error:
            return False
        was = self._left.get(file.fingerprint[2])
        if was is not None and was.path != file.path and self._is_renamed(was, file):
            return True
        state = self._growing.copied(file)
        if state is not None and self._is_adopted(file, state):
            return True
        stem = packed_of(file.path)
        if stem is None:
            return False
        gone = (was for was in self._left.values() if was.path == stem)
        original = self._sources.files.get(stem) or next(gone, None)
        if original is None:
            return False
        if original.fingerprint[1] // _SECOND_NS != file.fingerprint[1] // _SECOND_NS:
            return False  # gzip and zstd keep the time of what they pack
        self._pass_over([file])
        return True

    def _is_renamed(self, was: SourceFile, file: SourceFile) -> bool:
        """Whether a file has another name only, and maybe more lines."""
        if was.skip or was.error or was.size > file.size:
            return False
        state = self._growing.former(was.path)
        if state is not None:
            return self._is_adopted(file, state)
        if was.size != file.size or was.fingerprint[1] != file.fingerprint[1]:
            return False
        self._pass_over([file])
        return True

    def _is_adopted(self, file: SourceFile, state: State) -> bool:
        """Whether a file begins with what was read of another one: it is gone on with from there."""
        if not agrees(state, file.path):
            return False
        self._pass_over([file])
        self._growing.put(replace(state, path=file.path, inode=file.fingerprint[2]))
        self._next_lines[file.path] = state.begin.line
        self._more.append((self._numbers[file.path], file))
        return True

    # -- what is given ----------------------------------------------------------------------------------

    def _take(self, loaded: Loaded) -> None:
        for number, report in loaded.reports.items():
            path = report.source.path
            begin = self._resumed.pop(path, None)
            if begin is not None:
                is_new = (pl.col(FILE) != number) | (pl.col(LINE) >= begin)
                loaded.frames = [(kind, frame.filter(is_new)) for kind, frame in loaded.frames]
            if self._growing.state_of(path) is None and (digest := _digest(path)) is not None:
                self._digests[path] = digest
        for _, frame in loaded.frames:
            for number, last in frame.group_by(FILE).agg(pl.col(LINE).max()).iter_rows():
                self._next_lines[loaded.files[number].path] = last + 1
        super()._take(loaded)


def _digest(path: str) -> bytes | None:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError:
        return None
