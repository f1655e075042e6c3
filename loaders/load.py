"""Read directories into a data set, newest files first, a batch at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from loaders import run
from loaders.batch import Loaded, Recognised, append, batches, without
from loaders.dataset import Dataset, FileReport, Progress
from loaders.discover import NoLogsError, SourceFile, check_roots, discover
from loaders.layered import joined
from loaders.read import Delivered, load
from loaders.recognise import Unrecognised, recognise
from loaders.sources import Sources, first_copies, is_other, newest_first
from loaders.store.keeper import Keeper, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from loaders.need import Need
    from loaders.parts import Part
    from loaders.run import Ticket

_NARROW_BATCH, _LARGEST_NARROW_BATCH = 16_000_000, 256_000_000
# Before the directories are walked, so many files are looked for, and a few of the newest of them are read.
_MANY_FILES, _FEW_FILES = 250, 20
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
        self._sources = Sources(self._roots, follow_links=follow_links)
        self._numbers: dict[str, int] = {}
        self._next = self._keeper.first_number
        self._looked = False
        self._delivered = Delivered()
        self.dataset = Dataset()

    def refresh(
        self, ticket: Ticket | None = None, *, at_once: bool = True, paths: Collection[str] | None = None
    ) -> Iterator[Dataset]:
        """Read what is new, changed or gone since the last time.

        Args:
            ticket: Checked between the batches.
            at_once: Whether somebody looks at something before the directories have been walked.
            paths: Where something may have changed since the last time, as ``Sources.look`` takes them;
                ``None`` for everywhere.

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
        fresh, gone = self._changes(None if first else paths)
        self._forget(gone)
        more = self._go_on()
        every = [*done, *fresh]
        progress = Progress(0, len(every), 0, sum(file.size for file in every)).after(
            done, self.dataset.height if done else 0
        )
        if first and self.dataset.parts and fresh:
            self.dataset = replace(self.dataset, progress=progress, kept=self._keeper.kept)
            yield self.dataset
        # Of files of which little is needed, many fit into memory.
        sizes = () if self._need is None else (_NARROW_BATCH, _LARGEST_NARROW_BATCH)
        for loaded in self._loading(batches(fresh, *sizes), ticket):
            before = self.dataset.height
            self._take(loaded)
            progress = progress.after(loaded.files.values(), self.dataset.height - before)
            self.dataset = replace(self.dataset, progress=progress, kept=self._keeper.kept)
            if progress.files < progress.files_total:
                yield self.dataset
        if fresh or gone or more or first:
            self._looked = True
            self.dataset = replace(self.dataset, progress=None, kept=self._keeper.kept)
            yield self.dataset
        yield from self._settled(ticket)

    @property
    def there(self) -> Mapping[str, SourceFile]:
        """The files that were there at the last look, by their paths, read or not."""
        return self._sources.files

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
        fresh, gone = self._changes(None)
        self._forget(gone)
        return len(fresh)

    def tidy(self) -> None:
        """Have the store forget what changed or vanished, and read nothing."""
        self.missing()
        for parts in self._keeper.tidied(self.dataset.parts, None):
            self.dataset = replace(self.dataset, parts=parts)

    def _settled(self, ticket: Ticket | None) -> Iterator[Dataset]:
        """Bring the store in order; yields the data set after each step."""
        for parts in self._keeper.tidied(self.dataset.parts, ticket):
            self.dataset = replace(self.dataset, parts=parts, kept=self._keeper.kept)
            yield self.dataset

    def _walk(self) -> Iterator[SourceFile]:
        return discover(self._roots, follow_links=self._follow_links, known=self._sources.files)

    def _forget(self, gone: set[int]) -> None:
        if gone:
            self._keeper.forget(gone)
            self.dataset = without(self.dataset, gone)

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
        batch = next(batches(newest_first(likely)[:_FEW_FILES]), [])
        if len(batch) == len(likely):
            return  # all of it comes as soon
        loaded = self._load(self._recognised(batch))
        # To be looked at before it is written to the store.
        parts: list[Part] = []
        for kind, frame in loaded.frames:
            append(parts, kind, frame)
        yield Dataset(tuple(parts), loaded.reports, _LOOKING, self._keeper.kept)
        self._take(loaded)

    def _changes(self, paths: Collection[str] | None) -> tuple[list[SourceFile], set[int]]:
        """Compare the directories with what was read: files to read, newest first, and numbers to forget."""
        changed = None
        if paths is None:
            self._sources.look_everywhere(self._walk())
        else:
            changed = self._sources.look(paths)
        there = self._sources.files
        if not self._looked and not self._numbers:
            found = {path: file for path, file in there.items() if self._in_range(file)}
            reports, parts, events = self._keeper.known(found, list(there))
            self.dataset = Dataset(in_order(parts), reports)
            self._delivered = Delivered(events)
            self._numbers = {report.source.path: number for number, report in reports.items()}
        asked = self._asked(there.keys() | self._numbers.keys() if changed is None else changed)
        gone = {
            number
            for path in asked
            if (number := self._numbers.get(path)) is not None and self._is_gone(number)
        }
        files = self.dataset.files
        if any(files[number].records for number in gone):
            # What had been left out because one of these had delivered it comes from elsewhere now.
            again = {number for number, report in files.items() if report.repeated}
            gone |= again
            asked = asked | {files[number].source.path for number in again}
            self._delivered.forget(gone)
        for number in gone:
            del self._numbers[files[number].source.path]
        fresh = [there[path] for path in asked if path in there and path not in self._numbers]
        return newest_first(file for file in fresh if self._in_range(file) and self._may_read(file)), gone

    def _is_gone(self, number: int) -> bool:
        """Whether a file is not there any more as it was read."""
        before = self.dataset.files[number].source
        now = self._sources.files.get(before.path)
        if now is None or not self._in_range(now):
            return True
        return is_other(before, now) and not self._goes_on(number, now)

    def _asked(self, paths: set[str]) -> set[str]:
        """The paths to compare."""
        return paths

    def _goes_on(self, number: int, file: SourceFile) -> bool:  # noqa: ARG002 - for who follows
        """Whether a file is what it was, and more."""
        return False

    def _go_on(self) -> bool:
        """Read what files have more than they had; whether there was any."""
        return False

    def _may_read(self, file: SourceFile) -> bool:  # noqa: ARG002 - for who follows
        """Whether a file is finished."""
        return True

    def _in_range(self, file: SourceFile) -> bool:
        time = file.place.time
        if time is None:
            return True
        return (self._since is None or time >= self._since - _MARGIN) and (
            self._until is None or time <= self._until + _MARGIN
        )

    def _loading(self, batches: Iterable[list[SourceFile]], ticket: Ticket | None) -> Iterator[Loaded]:
        """Read batches; while one is taken in and kept, the next one is already being read.

        Raises:
            Cancelled: The ticket was cancelled.
        """

        def recognised() -> Iterator[Recognised]:
            for batch in batches:
                yield self._recognised(batch)

        def load_all() -> Iterator[Loaded]:
            for batch in run.ahead(recognised()):
                if not self._looked:
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

    def _recognised(self, batch: Sequence[SourceFile]) -> Recognised:
        """Give files their numbers, and find out what they are."""
        found = Recognised(dict(enumerate(batch, self._next)))
        self._next += len(batch)
        for number, file in found.files.items():
            what = recognise(file)
            if isinstance(what, Unrecognised):
                found.reports[number] = FileReport(file, None, what.state, what.reason)
            else:
                found.by_shape.setdefault(what, []).append(number)
        return found

    def _load(self, batch: Recognised) -> Loaded:
        """Read files, whatever they are."""
        files = batch.files
        loaded = Loaded(files, reports=batch.reports)
        known = self._delivered.count
        for shape, numbers in batch.by_shape.items():
            some = load(shape, {number: files[number] for number in numbers}, self._delivered, self._need)
            loaded.reports.update(some.reports)
            loaded.frames += some.frames
        loaded.events = self._delivered.since(known)
        return loaded

    def _take(self, loaded: Loaded) -> None:
        """Add what was read to the data set, and keep it."""
        kept = self._kept(loaded)
        parts = list(self.dataset.parts)
        if kept is None:
            for kind, frame in loaded.frames:
                append(parts, kind, frame)
        else:
            parts = list(in_order([*parts, *kept]))
        self.dataset = Dataset(tuple(parts), joined(self.dataset.files, loaded.reports))
        self._numbers |= {loaded.files[number].path: number for number in loaded.reports}

    def _kept(self, loaded: Loaded) -> list[Part] | None:
        """What was read, out of the store; ``None`` if it stays in memory."""
        return self._keeper.keep(loaded.frames, loaded.reports, loaded.events)


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
