"""A library that is looked at again and again while its files come, grow and go.

Only finished files are read: what has just been written waits a moment, what is cut waits until nothing has
happened to it for a while, and a copy that a rotation makes waits until the original is gone. Files that grow
line by line are read from where they had been read to. What comes is kept in memory first, and in the store
after a while: a segment for every delivery would be too many.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from loaders.batch import Loaded
from loaders.formats import GoesOn, by_name
from loaders.growing import Growing, joined, packed_of, read_on
from loaders.load import Library
from loaders.parts import MemoryPart
from loaders.patience import Patience
from loaders.recognise import Unrecognised, recognise
from loaders.schema import FILE
from loaders.store.keeper import in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from loaders.batch import Recognised
    from loaders.dataset import Dataset
    from loaders.discover import SourceFile
    from loaders.growing import State
    from loaders.parts import Part
    from loaders.run import Ticket
    from loaders.store.keeper import Keeper

# A file that somebody still writes to is read after so long all the same.
_FRESH_SECONDS = 0.3
# What is cut is read as far as it goes once nothing has happened to it for so long.
_CUT_SECONDS = 2.0
# What seems to become a copy is a file of its own once nothing has happened to it for so long.
_COPY_SECONDS = 30.0
# What waits is looked at again after so long.
_AGAIN_SECONDS = 0.1
# So long, and so many of them, records stay in memory before they go to the store.
_KEEP_SECONDS, _KEEP_ROWS = 30.0, 100_000
# So many new files are read so that they can be gone on with; more of them are read together.
_FEW = 20
# A last line without an end is read with all of its file again, unless that is larger.
_LARGE = 64 * 1024**2


class Live(Library):
    """A library whose files change while it is open."""

    def __init__(
        self,
        roots: Sequence[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        follow_links: bool = False,
        keeper: Keeper | None = None,
    ) -> None:
        """Begin as ``Library`` does.

        Raises:
            NoLogsError: A root is missing or may not be read.
        """
        super().__init__(roots, since=since, until=until, follow_links=follow_links, keeper=keeper)
        self._growing, self._patience = Growing(), Patience()
        self._more: list[tuple[int, SourceFile]] = []
        # What is cut, as it was when that was found; and files that are read without being gone on with.
        self._cut: dict[str, tuple[int, int, int, int]] = {}
        self._final: set[str] = set()
        self._unkept: set[int] = set()
        self._unkept_since = 0.0
        self._tidied = False

    @property
    def wait(self) -> float | None:
        """After how many seconds something is to be done though nothing happens; ``None`` if nothing is."""
        if self._patience.paths:
            return _AGAIN_SECONDS
        if self._unkept and self._keeper.writes:
            return max(0.0, self._unkept_since + _KEEP_SECONDS - time.monotonic())
        return None

    # -- which files are read ---------------------------------------------------------------------------

    def _changes(self, paths: Collection[str] | None) -> tuple[list[SourceFile], set[int]]:
        self._more.clear()
        fresh, gone = super()._changes(None if paths is None else {*paths, *self._patience.paths})
        self._patience.keep(self._sources.files)
        self._unkept -= gone
        return fresh, gone

    def _asked(self, paths: set[str]) -> set[str]:
        return paths | self._patience.paths

    def _is_gone(self, number: int) -> bool:
        path = self.dataset.files[number].source.path
        if super()._is_gone(number):
            file = self._sources.files.get(path)
            if file is not None and self._in_range(file) and not self._may_read(file):
                return False  # what was read of it counts until it can be read anew
        elif not self._ends_without_end(path):
            return False
        self._growing.end(path)
        return True

    def _ends_without_end(self, path: str) -> bool:
        """Whether the last line of a file has no end and will have none: it is read as it is then."""
        state, file = self._growing.state_of(path), self._sources.files[path]
        if state is None or not state.unfinished or file.size > _LARGE:
            self._patience.end(path)
            return False
        if self._patience.quiet(file) < _CUT_SECONDS:
            return False
        self._final.add(path)
        return True

    def _goes_on(self, number: int, file: SourceFile) -> bool:
        if file.skip or file.error or not self._growing.goes_on(file):
            return False
        self._more.append((number, file))
        return True

    def _may_read(self, file: SourceFile) -> bool:
        if not self._looked or file.skip or file.error:
            return True
        if file.is_hot and self._patience.waited(file) < _FRESH_SECONDS:
            return False
        if self._cut.get(file.path) == file.fingerprint and self._patience.quiet(file) < _CUT_SECONDS:
            return False
        if self._is_copy(file) and self._patience.quiet(file) < _COPY_SECONDS:
            return False
        self._patience.end(file.path)
        return True

    def _is_copy(self, file: SourceFile) -> bool:
        """Whether a rotation seems to be making a copy of a file that is still there."""
        if packed_of(file.path) in self._sources.files:
            return True
        state = self._growing.copied(file)
        original = self._sources.files.get(state.path) if state else None
        if state is None or original is None or self._growing.state_of(state.path) is not state:
            return False
        return original.fingerprint[2] == state.inode and original.size >= state.begin.offset

    # -- how they are read ------------------------------------------------------------------------------

    def _load(self, batch: Recognised) -> Loaded:
        if not self._looked:
            return super()._load(batch)
        loaded, known = Loaded(batch.files), self._delivered.count
        if len(batch.files) <= _FEW:
            self._load_growing(batch, loaded)
        rest = super()._load(batch)
        loaded.frames += rest.frames
        loaded.reports |= rest.reports
        loaded.events = self._delivered.since(known)
        self._hold_back(loaded)
        return loaded

    def _load_growing(self, batch: Recognised, loaded: Loaded) -> None:
        """Read those files of a batch that can be gone on with, and take them out of it."""
        for shape, numbers in batch.by_shape.items():
            for number in list(numbers) if isinstance(by_name(shape.format), GoesOn) else ():
                file = batch.files[number]
                if file.path in self._final:
                    continue
                found = read_on(number, file, shape, None, self._delivered)
                if found is not None:
                    some, state = found
                    numbers.remove(number)
                    self._note(file, state)
                    loaded.frames += some.frames
                    loaded.reports |= some.reports
        batch.by_shape = {shape: numbers for shape, numbers in batch.by_shape.items() if numbers}

    def _note(self, file: SourceFile, state: State) -> None:
        """Remember how far a file has been read; a line without an end is waited for."""
        self._growing.put(state)
        if state.unfinished:
            self._patience.quiet(file)

    def _hold_back(self, loaded: Loaded) -> None:
        """Leave out what is cut, until nothing has happened to it for a while."""
        held = set()
        for number, report in loaded.reports.items():
            file = report.source
            if report.state != "incomplete" or self._growing.state_of(file.path) or file.path in self._final:
                self._final.discard(file.path)
                self._cut.pop(file.path, None)
            elif self._cut.get(file.path) != file.fingerprint:
                self._cut[file.path] = file.fingerprint
                self._patience.quiet(file)
                held.add(number)
        if held:
            counts = ~pl.col(FILE).is_in(sorted(held))
            loaded.frames = [(kind, frame.filter(counts)) for kind, frame in loaded.frames]
            loaded.events = loaded.events.filter(counts) if loaded.events.height else loaded.events
            loaded.reports = {number: it for number, it in loaded.reports.items() if number not in held}
            self._delivered.forget(held)

    def _go_on(self) -> bool:
        for number, file in self._more:
            self._read_more(number, file)
        return bool(self._more)

    def _read_more(self, number: int, file: SourceFile) -> None:
        known, shape = self._delivered.count, recognise(file)
        found = None
        if not isinstance(shape, Unrecognised):
            found = read_on(number, file, shape, self._growing.state_of(file.path), self._delivered)
        if found is None:
            self._start_over(file.path)
            del self._numbers[file.path]
            self._forget({number})
            self._take(self._load(self._recognised([file])))
            return
        more, state = found
        self._note(file, state)
        report = joined(self.dataset.files[number], more.reports[number])
        self._take(Loaded({number: file}, more.frames, {number: report}, self._delivered.since(known)))

    def _start_over(self, path: str) -> None:
        """A file cannot be gone on with, and is read from its beginning."""
        self._growing.end(path)

    # -- where it is kept -------------------------------------------------------------------------------

    def _kept(self, loaded: Loaded) -> list[Part] | None:
        if not self._looked:
            return super()._kept(loaded)
        if not self._unkept:
            self._unkept_since = time.monotonic()
        self._unkept |= loaded.reports.keys()
        return None

    def _settled(self, ticket: Ticket | None) -> Iterator[Dataset]:
        moved = self._keep()
        if moved:
            self.dataset = replace(self.dataset, kept=self._keeper.kept)
            yield self.dataset
        if moved or not self._tidied:
            self._tidied = True
            yield from super()._settled(ticket)

    def _keep(self) -> bool:
        """Move what is in memory to the store, once there is enough of it or it has been there for long."""
        if not self._unkept or not self._keeper.writes:
            return False
        recent = [part for part in self.dataset.parts if isinstance(part, MemoryPart)]
        is_due = time.monotonic() - self._unkept_since >= _KEEP_SECONDS
        if not is_due and sum(part.height for part in recent) < _KEEP_ROWS:
            return False
        numbers = self._unkept & self.dataset.files.keys()
        reports = {number: self.dataset.files[number] for number in numbers}
        frames = [(part.kind, part.frame) for part in recent]
        kept = self._keeper.keep(frames, reports, self._delivered.of(numbers))
        self._unkept.clear()
        if kept is None:
            return False
        stored = [part for part in self.dataset.parts if not isinstance(part, MemoryPart)]
        self.dataset = replace(self.dataset, parts=in_order([*stored, *kept]))
        return True
