"""What a library does with its store: take from it, add to it, tidy it up, and go on without it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from loaders.dataset import FileReport, Kept
from loaders.discover import SourceFile
from loaders.layouts import place as place_of
from loaders.schema import FILE
from loaders.store.all_stores import LARGEST, make_room
from loaders.store.part import StoredPart
from loaders.store.store import Store, StoreError, place, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from pathlib import Path

    from loaders.parts import Part
    from loaders.run import Ticket
    from loaders.store.manifest import StoredFile

T = TypeVar("T")

# Segments below so many rows are merged once there are a few of them, into one of at most so many.
_SMALL, _FEW, _LARGEST = 500_000, 8, 1_500_000


def open_keeper(
    roots: Sequence[str], *, follow_links: bool = False, largest: int | None = None, patient: bool = False
) -> Keeper:
    """Open the store of some roots; where that is not possible, everything goes on without it.

    Args:
        roots: The paths of the logs, which are there.
        follow_links: Whether links below them are followed.
        largest: The bytes that all stores together may take; ``None`` if nobody has set a limit.
        patient: Wait until no other process writes to it.
    """
    try:
        folder = place(roots, follow_links=follow_links)
        return Keeper(Store(folder, roots, patient=patient), largest=largest, folder=folder)
    except StoreError as error:
        return Keeper(None, str(error))


class Keeper:
    """The store of a library, or none."""

    def __init__(
        self,
        store: Store | None,
        trouble: str | None = None,
        *,
        largest: int | None = None,
        folder: Path | None = None,
    ) -> None:
        """Keep things in a store, or nowhere.

        Args:
            store: The store.
            trouble: Why there is none, though there should be.
            largest: The bytes that it may grow to; ``None`` if nobody has set a limit.
            folder: Where it lies, if that follows from the paths of the logs.
        """
        self._store, self._largest = store, LARGEST if largest is None else largest
        self._folder = folder
        self._writing = store is not None and store.writable
        self._trouble = trouble
        self._is_all_asked = True

    def close(self) -> None:
        """Let others write to the store."""
        self._writing = False
        if self._store is not None:
            self._store.close()

    @property
    def writes(self) -> bool:
        """Whether what is read is kept."""
        return self._writing

    @property
    def kept(self) -> Kept:
        """Where things are kept, and what is wrong with that."""
        found = self._asked(lambda store: (store.folder, store.size))
        return Kept(*found, self._trouble) if found is not None else Kept(trouble=self._trouble)

    @property
    def first_number(self) -> int:
        """The number of the first file that is read."""
        return self._asked(lambda store: store.first_number) or 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read before."""
        return self._asked(lambda store: store.is_empty) is not False

    def at_once(self) -> tuple[list[StoredPart], Mapping[int, FileReport]]:
        """What was read before, whether it is still as it was or not."""

        def ask(store: Store) -> tuple[list[StoredPart], Mapping[int, FileReport]]:
            with store.at_one_moment():
                gone = store.forgotten()
                parts = [part.forgetting(gone.get(part.segment.number, ())) for part in store.parts()]
            return [part for part in parts if part is not None], _Reports(store)

        return self._asked(ask) or ([], {})

    def _asked(self, question: Callable[[Store], T]) -> T | None:
        """What the store says; ``None`` where there is none, or its manifest is damaged."""
        if self._store is None:
            return None
        try:
            return question(self._store)
        except sqlite3.Error as error:
            self._trouble = f"its manifest is damaged ({error}); `flowtui store clear` throws it away"
            self._do_without()
            return None

    def known(
        self, found: Mapping[str, SourceFile], there: Iterable[str]
    ) -> tuple[dict[int, FileReport], list[Part], pl.DataFrame | None]:
        """What was read before and is still as it was: files, their records, and events delivered.

        Args:
            found: The files in question, by their paths.
            there: The paths of all files that there are, also those that are not in question.
        """

        def ask(
            store: Store,
        ) -> tuple[dict[bytes, StoredFile], list[StoredPart], pl.DataFrame | None]:
            with store.at_one_moment():
                lost = store.lost_files()
                files = {path: file for path, file in store.files().items() if file.number not in lost}
                return files, store.parts(), store.events()

        known = self._asked(ask)
        if known is None:
            return {}, [], None
        stored, parts, events = known
        if events is not None and events.height and len(found) < len(set(there)):
            # Which events are new depends on all files; of a part of them the store knows too much.
            self._do_without()
            return {}, [], None
        reports: dict[int, FileReport] = {}
        every = {os.fsencode(path) for path in there}
        for path, source in found.items():
            file = stored.get(os.fsencode(path))
            if file is not None and (file.fingerprint, file.skip) == (source.fingerprint, source.skip):
                reports[file.number] = _report(file, source)
        asked = {os.fsencode(path) for path in found}
        self._is_all_asked = asked == every
        gone = {
            file.number
            for path, file in stored.items()
            if path not in every or (path in asked and file.number not in reports)
        }
        if gone:
            # What had been left out because one of these had delivered it comes from elsewhere now.
            again = {number for number, report in reports.items() if report.repeated}
            reports = {number: report for number, report in reports.items() if number not in again}
            gone |= again
            self.forget(gone)
            events = None if events is None else events.filter(~pl.col(FILE).is_in(sorted(gone)))
        left = (part.forgetting(part.segment.files.keys() - reports.keys()) for part in parts)
        return reports, [part for part in left if part is not None], events

    def check_names(self, roots: Sequence[str], *, follow_links: bool) -> None:
        """Write no more once log groups have other names: those are for another store."""
        if self._writing and self._folder not in {None, place(roots, follow_links=follow_links)}:
            self._give_up(StoreError("log groups have other names now, which count from the next start on"))

    def keep(
        self,
        frames: Sequence[tuple[str, pl.DataFrame]],
        reports: Mapping[int, FileReport],
        events: pl.DataFrame,
    ) -> list[Part] | None:
        """Write what was read to the store; ``None`` if it has to stay in memory."""
        if self._store is None or not self._writing:
            return None
        if self._store.size > self._largest:
            self._give_up(StoreError("it has grown to its limit; `store_size` in config.toml raises it"))
            return None
        try:
            return list(self._store.add([item for item in frames if item[1].height], reports, events))
        except StoreError as error:
            self._give_up(error)
            return None

    def forget(self, files: Iterable[int]) -> None:
        """Forget files that changed or vanished."""
        if self._store is None or not self._writing:
            return
        try:
            self._store.forget(files)
        except StoreError as error:
            self._give_up(error)

    def tidied(self, parts: Sequence[Part], ticket: Ticket | None) -> Iterator[tuple[Part, ...]]:
        """Make room, merge what is small, leave out what no longer counts; yields the parts after each step.

        Raises:
            Cancelled: The ticket was cancelled.
        """
        if self._store is not None and self._writing:
            make_room(self._largest, self._store.folder)
        left = list(parts)
        for some in _worth_merging(left):
            # Files of another time than the one asked for are left out of parts, too, and still count.
            if self._store is None or not self._writing or not self._is_all_asked:
                return
            if ticket:
                ticket.check()
            try:
                merged = self._store.merge(some)
            except StoreError as error:
                self._give_up(error)
                return
            place = left.index(some[0])
            left = [part for part in left if part not in some]
            left.insert(place, merged)
            yield tuple(left)

    def _do_without(self) -> None:
        """Go on as if there was no store."""
        self.close()
        self._store = None

    def _give_up(self, error: StoreError) -> None:
        """Go on without writing; what is in the store stays of use."""
        self._writing = False
        self._trouble = str(error)


class _Reports(Mapping[int, FileReport]):
    """What became of files that were read before, made when it is asked for."""

    def __init__(self, store: Store) -> None:
        """Ask nothing yet."""
        self._store = store

    def __getitem__(self, number: int) -> FileReport:
        try:
            found = self._store.file(number)
        except sqlite3.Error:
            found = None  # what is damaged is told by whoever reads all of it
        if found is None:
            raise KeyError(number)
        path, file = found
        fingerprint = file.fingerprint
        source = SourceFile(os.fsdecode(path), file.name, place_of(file.name, ""), fingerprint)
        return _report(file, source)

    def __iter__(self) -> Iterator[int]:
        return iter(self._store.numbers())

    def __len__(self) -> int:
        return len(self._store.numbers())


def _report(file: StoredFile, source: SourceFile) -> FileReport:
    """What became of a file when it was read."""
    return FileReport(
        source, file.format, file.state, file.reason, file.records, problems_of(file), file.repeated
    )


def in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts with the segments of the newest files first, as they would be after a new start."""
    return tuple(
        sorted(
            parts,
            key=lambda part: part.segment.newness if isinstance(part, StoredPart) else float("-inf"),
            reverse=True,
        )
    )


def _worth_merging(parts: Sequence[Part]) -> Iterator[list[StoredPart]]:
    families: dict[Hashable, list[StoredPart]] = {}
    for part in parts:
        if isinstance(part, StoredPart) and (part.height < _SMALL or 2 * part.height < part.rows):
            families.setdefault((part.kind, tuple(part.schema.items())), []).append(part)
    for family in families.values():
        piles: list[list[StoredPart]] = [[]]
        for part in family:
            if sum(one.height for one in piles[-1]) + part.height > _LARGEST:
                piles.append([])
            piles[-1].append(part)
        yield from (
            pile for pile in piles if len(pile) >= _FEW or any(2 * part.height < part.rows for part in pile)
        )
