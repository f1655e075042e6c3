"""Read directories into a data set, newest files first, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.dataset import Dataset, FileReport, Progress
from loaders.discover import NoLogsError, SourceFile, check_roots, discover
from loaders.parts import MemoryPart, Part
from loaders.read import Delivered, load
from loaders.recognise import Unrecognised, recognise
from loaders.sources import first_copies, is_other, newest_first
from loaders.store.keeper import Keeper, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from loaders.formats import Shape
    from loaders.need import Need
    from loaders.run import Ticket

# The first batch is small, so that something is on the screen at once; later ones are large, for speed.
_FIRST_BATCH = 1_000_000
_LARGEST_BATCH = 24_000_000
_NARROW_BATCH, _LARGEST_NARROW_BATCH = 16_000_000, 256_000_000
_MOST_FILES = 4096
# Before the directories are walked, so many files are looked for, and a few of the newest of them are read.
_MANY_FILES, _FEW_FILES = 250, 20
# Parts below this many records grow when more of their kind arrive, else every delivery would be a part.
_GROW_BELOW = 500_000
# A delivery's name tells when its records END, and real ones are up to an hour off (layouts: S3 deliveries).
_MARGIN = timedelta(hours=2)
# What is shown before it is known how much there is to read.
_LOOKING = Progress(0, 0, 0, 0)


class Library:
    """The logs below some directories, and the data set made of them so far."""

    def __init__(
        self,
        roots: Sequence[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        follow_links: bool = False,
        keeper: Keeper | None = None,
        need: Need | None = None,
    ) -> None:
        """Look at the roots, open nothing.

        Args:
            roots: Directories or files.
            since: Files whose names show that they only hold older records are not opened.
            until: The same for newer records.
            follow_links: Whether links are followed, also out of the roots.
            keeper: The store to take from and to add to; without it everything is read, and kept in memory.
            need: What is asked of flow logs, if not all; reports only count what was looked at then.

        Raises:
            NoLogsError: A root is missing or may not be read.
        """
        check_roots(roots)
        self._roots, self._follow_links = tuple(roots), follow_links
        self._since, self._until = since, until
        self._keeper, self._need = keeper or Keeper(None), need
        self._numbers: dict[str, int] = {}
        self._next = self._keeper.first_number
        self._looked = False
        self._delivered = Delivered()
        self.dataset = Dataset()

    def refresh(self, ticket: Ticket | None = None, *, at_once: bool = True) -> Iterator[Dataset]:
        """Read what is new, changed or gone since the last time.

        Args:
            ticket: Checked between the batches.
            at_once: Whether somebody looks at something before the directories have been walked.

        Yields:
            The data set after each batch, the last one without ``progress``; nothing when nothing changed,
            but always something the first time.

        Raises:
            NoLogsError: A root has vanished.
            Cancelled: The ticket was cancelled; what was read until then stays in ``dataset``.
        """
        check_roots(self._roots)
        self._keeper.check_names(self._roots, follow_links=self._follow_links)
        first = not self._looked
        if first and at_once and not self.dataset.files:
            yield from self._at_once()
            yield from self._first_look()
        done = [] if not first else [report.source for report in self.dataset.files.values()]
        fresh, gone = self._changes(self._walk())
        self._forget(gone)
        every = [*done, *fresh]
        progress = Progress(0, len(every), 0, sum(file.size for file in every)).after(
            done, self.dataset.height if done else 0
        )
        if first and self.dataset.parts and fresh:
            self.dataset = replace(self.dataset, progress=progress, kept=self._keeper.kept)
            yield self.dataset
        # Of files of which little is needed, many fit into memory.
        sizes = () if self._need is None else (_NARROW_BATCH, _LARGEST_NARROW_BATCH)
        for loaded in self._loading(_batches(fresh, *sizes), ticket):
            before = self.dataset.height
            self._take(loaded)
            progress = progress.after(loaded.files.values(), self.dataset.height - before)
            self.dataset = replace(self.dataset, progress=progress, kept=self._keeper.kept)
            if progress.files < progress.files_total:
                yield self.dataset
        if fresh or gone or first:
            self._looked = True
            self.dataset = replace(self.dataset, progress=None, kept=self._keeper.kept)
            yield self.dataset
            for parts in self._keeper.tidied(self.dataset.parts, ticket):
                self.dataset = replace(self.dataset, parts=parts, kept=self._keeper.kept)
                yield self.dataset

    def close(self) -> None:
        """Let others write to the store."""
        self._keeper.close()

    def read_all(
        self,
        *,
        any_file: bool = False,
        or_nothing: bool = False,
        told: Callable[[Progress], None] | None = None,
    ) -> Dataset:
        """Read everything at once.

        Args:
            any_file: Be content with files of which none is a log.
            or_nothing: Be content with nothing at all.
            told: Called after each batch but the last.

        Raises:
            NoLogsError: There is no log below the roots.
        """
        for dataset in self.refresh(at_once=False):
            if told is not None and dataset.progress is not None:
                told(dataset.progress)
        if not (or_nothing or (any_file and self.dataset.files)):
            require_logs(self.dataset, self._roots)
        return self.dataset

    def missing(self) -> int:
        """Find out how many files are still to be read, and read none of them."""
        fresh, gone = self._changes(self._walk())
        self._forget(gone)
        return len(fresh)

    def tidy(self) -> None:
        """Have the store forget what changed or vanished, and read nothing."""
        self.missing()
        for parts in self._keeper.tidied(self.dataset.parts, None):
            self.dataset = replace(self.dataset, parts=parts)

    def _walk(self) -> Iterator[SourceFile]:
        return discover(self._roots, follow_links=self._follow_links)

    def _forget(self, gone: set[int]) -> None:
        if gone:
            self._keeper.forget(gone)
            self.dataset = _without(self.dataset, gone)

    def _at_once(self) -> Iterator[Dataset]:
        """What was read before: something to look at while the directories are walked."""
        parts, reports = self._keeper.at_once()
        if parts:
            yield Dataset(in_order(parts), reports, _LOOKING, self._keeper.kept)

    def _first_look(self) -> Iterator[Dataset]:
        """Where nothing was read before: some files, likely of the newest, before anything else is done."""
        if not self._keeper.is_empty:
            return
        some = discover(self._roots, follow_links=self._follow_links, most=_MANY_FILES)
        files = first_copies(file for file in islice(some, _MANY_FILES) if self._in_range(file))
        likely = [file for file in files if not file.skip and not file.error]
        batch = next(_batches(newest_first(likely)[:_FEW_FILES]), [])
        if len(batch) == len(likely):
            return  # all of it comes as soon
        loaded = self._load(self._recognised(batch))
        # To be looked at before it is written to the store.
        parts: list[Part] = []
        for kind, frame in loaded.frames:
            _append(parts, kind, frame)
        yield Dataset(tuple(parts), loaded.reports, _LOOKING, self._keeper.kept)
        self._take(loaded)

    def _changes(self, walk: Iterable[SourceFile]) -> tuple[list[SourceFile], set[int]]:
        """Compare the directories with what was read: files to read, newest first, and numbers to forget."""
        there = list(first_copies(walk))
        found = {file.path: file for file in there if self._in_range(file)}
        if not self._looked and not self._numbers:
            reports, parts, events = self._keeper.known(found, [file.path for file in there])
            self.dataset = Dataset(in_order(parts), reports)
            self._delivered = Delivered(events)
            self._numbers = {report.source.path: number for number, report in reports.items()}
        files = self.dataset.files
        gone = {
            number
            for path, number in self._numbers.items()
            if path not in found or is_other(files[number].source, found[path])
        }
        if gone:
            # What had been left out because one of these had delivered it comes from elsewhere now.
            gone |= {number for number, report in files.items() if report.repeated}
            self._delivered.forget(gone)
        self._numbers = {path: number for path, number in self._numbers.items() if number not in gone}
        fresh = [file for path, file in found.items() if path not in self._numbers]
        return newest_first(fresh), gone

    def _in_range(self, file: SourceFile) -> bool:
        time = file.place.time
        if time is None:
            return True
        return (self._since is None or time >= self._since - _MARGIN) and (
            self._until is None or time <= self._until + _MARGIN
        )

    def _loading(self, batches: Iterable[list[SourceFile]], ticket: Ticket | None) -> Iterator[_Loaded]:
        """Read batches; while one is taken in and kept, the next one is already being read.

        Raises:
            Cancelled: The ticket was cancelled.
        """

        def recognised() -> Iterator[_Recognised]:
            for batch in batches:
                yield self._recognised(batch)

        def load_all() -> Iterator[_Loaded]:
            for batch in run.ahead(recognised()):
                run.give_way(ticket)
                yield self._load(batch)

        begun = self._next
        try:
            for loaded in run.ahead(load_all()):
                if ticket:
                    ticket.check()
                yield loaded
        finally:
            # What was read and not taken in any more will be read again, and its events are new then.
            self._delivered.forget(set(range(begun, self._next)) - self.dataset.files.keys())

    def _recognised(self, batch: Sequence[SourceFile]) -> _Recognised:
        """Give files their numbers, and find out what they are."""
        found = _Recognised(dict(enumerate(batch, self._next)))
        self._next += len(batch)
        for number, file in found.files.items():
            what = recognise(file)
            if isinstance(what, Unrecognised):
                found.reports[number] = FileReport(file, None, what.state, what.reason)
            else:
                found.by_shape.setdefault(what, []).append(number)
        return found

    def _load(self, batch: _Recognised) -> _Loaded:
        """Read files, whatever they are."""
        files = batch.files
        loaded = _Loaded(files, reports=batch.reports)
        known = self._delivered.count
        for shape, numbers in batch.by_shape.items():
            some = load(shape, {number: files[number] for number in numbers}, self._delivered, self._need)
            loaded.reports.update(some.reports)
            loaded.frames += some.frames
        loaded.events = self._delivered.since(known)
        return loaded

    def _take(self, loaded: _Loaded) -> None:
        """Add what was read to the data set, and keep it."""
        kept = self._keeper.keep(loaded.frames, loaded.reports, loaded.events)
        parts = list(self.dataset.parts)
        if kept is None:
            for kind, frame in loaded.frames:
                _append(parts, kind, frame)
        else:
            parts = list(in_order([*parts, *kept]))
        self.dataset = Dataset(tuple(parts), {**self.dataset.files, **loaded.reports})
        self._numbers |= {file.path: number for number, file in loaded.files.items()}


@dataclass(slots=True)
class _Recognised:
    """Files that are to be read.

    Attributes:
        files: The files, by the numbers they were given.
        by_shape: The numbers of those that can be read.
        reports: What became of the others.
    """

    files: dict[int, SourceFile]
    by_shape: dict[Shape, list[int]] = field(default_factory=dict)
    reports: dict[int, FileReport] = field(default_factory=dict)


@dataclass(slots=True)
class _Loaded:
    """What was read of some files.

    Attributes:
        files: The files, by the numbers they were given.
        frames: Their records, and the kinds of those.
        reports: What became of each file.
        events: The events that they delivered.
    """

    files: dict[int, SourceFile]
    frames: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    reports: dict[int, FileReport] = field(default_factory=dict)
    events: pl.DataFrame = field(default_factory=pl.DataFrame)


def require_logs(dataset: Dataset, roots: Sequence[str]) -> None:
    """Insist that something was found.

    Raises:
        NoLogsError: Nothing below the roots is a log; the message says what was there instead.
    """
    if any(report.format for report in dataset.files.values()):
        return
    where = ", ".join(f"'{root}'" for root in roots)
    unreadable = [report for report in dataset.files.values() if report.state == "unreadable"]
    if unreadable:
        reason = (unreadable[0].reason or "").lower()
        raise NoLogsError(f"No log below {where} can be read: {reason}. Check owner and mode of the files.")
    known = {report.source.path for report in dataset.files.values()}
    if any(file.path not in known for file in discover(roots, follow_links=True)):
        return  # there are deliveries, but of another time than the one asked for
    if not dataset.files:
        raise NoLogsError(f"{where} is empty. Fill it with `aws s3 sync s3://BUCKET/AWSLogs/ DIRECTORY`.")
    raise NoLogsError(
        f"None of the files below {where} is a log that flowtui knows. `flowtui check` says what each one is."
    )


def _batches(
    files: Sequence[SourceFile], first: int | None = None, largest: int | None = None
) -> Iterator[list[SourceFile]]:
    limit, size = first or _FIRST_BATCH, 0
    largest = largest or _LARGEST_BATCH
    batch: list[SourceFile] = []
    for file in files:
        if batch and (size + file.size > limit or len(batch) >= _MOST_FILES):
            yield batch
            batch, size, limit = [], 0, min(limit * 4, largest)
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _without(dataset: Dataset, gone: set[int]) -> Dataset:
    """Forget files and their records."""
    parts = (part.forgetting(gone) for part in dataset.parts)
    return Dataset(
        tuple(part for part in parts if part is not None),
        {number: report for number, report in dataset.files.items() if number not in gone},
    )


def _append(parts: list[Part], kind: str, frame: pl.DataFrame) -> None:
    """Add records to the last part of their kind if it is small, else as a part of their own."""
    if not frame.height:
        return
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, MemoryPart) and part.kind == kind and part.schema == frame.schema:
            if part.height + frame.height <= _GROW_BELOW:
                parts[index] = MemoryPart.of(kind, pl.concat([part.frame, frame], rechunk=True))
                return
            break
    parts.append(MemoryPart.of(kind, frame))
