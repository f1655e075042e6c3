"""Read directories into a data set, newest files first, a batch at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.dataset import Dataset, FileReport, Part, Progress
from loaders.discover import NoLogsError, SourceFile, check_roots, discover
from loaders.read import Delivered, load
from loaders.recognise import Unrecognised, recognise
from loaders.schema import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from loaders.formats import Shape
    from loaders.run import Ticket

# The first batch is small, so that something is on the screen at once; later ones are large, for speed.
_FIRST_BATCH = 1_000_000
_LARGEST_BATCH = 24_000_000
_MOST_FILES = 4096
# Parts below this many records grow when more of their kind arrive, else every delivery would be a part.
_GROW_BELOW = 500_000
# A delivery's name tells when its records END, and real ones are up to an hour off (layouts: S3 deliveries).
_MARGIN = timedelta(hours=2)


class Library:
    """The logs below some directories, and the data set made of them so far."""

    def __init__(
        self,
        roots: Sequence[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        follow_links: bool = False,
    ) -> None:
        """Look at the roots, open nothing.

        Args:
            roots: Directories or files.
            since: Files whose names show that they only hold older records are not opened.
            until: The same for newer records.
            follow_links: Whether links are followed, also out of the roots.

        Raises:
            NoLogsError: A root is missing or may not be read.
        """
        check_roots(roots)
        self._roots, self._follow_links = tuple(roots), follow_links
        self._since, self._until = since, until
        self._numbers: dict[str, int] = {}
        self._next = 0
        self._looked = False
        self._delivered = Delivered()
        self.dataset = Dataset()

    def refresh(self, ticket: Ticket | None = None) -> Iterator[Dataset]:
        """Read what is new, changed or gone since the last time.

        Yields:
            The data set after each batch; the last one has no ``progress``. Nothing when nothing changed
            since the last time, but always something the first time.

        Raises:
            NoLogsError: A root has vanished.
            Cancelled: The ticket was cancelled; what was read until then stays in ``dataset``.
        """
        check_roots(self._roots)
        fresh, gone = self._changes()
        if gone:
            self.dataset = _without(self.dataset, gone)
        total = Progress(0, len(fresh), 0, sum(file.size for file in fresh))
        done = total
        for batch in _batches(fresh):
            if ticket:
                ticket.check()
            self._read(batch)
            done = Progress(
                done.files + len(batch),
                total.files_total,
                done.bytes + sum(f.size for f in batch),
                total.bytes_total,
            )
            self.dataset = Dataset(self.dataset.parts, self.dataset.files, done)
            if done.files < done.files_total:
                yield self.dataset
        if fresh or gone or not self._looked:
            self._looked = True
            self.dataset = Dataset(self.dataset.parts, self.dataset.files)
            yield self.dataset

    def read_all(self, *, any_file: bool = False) -> Dataset:
        """Read everything at once.

        Args:
            any_file: Be content with files of which none is a log.

        Raises:
            NoLogsError: There is no log below the roots.
        """
        for _ in self.refresh():
            pass
        if not (any_file and self.dataset.files):
            require_logs(self.dataset, self._roots)
        return self.dataset

    def _changes(self) -> tuple[list[SourceFile], set[int]]:
        """Compare the directories with what was read: files to read, newest first, and numbers to forget."""
        found = {
            file.path: file
            for file in _first_copies(discover(self._roots, follow_links=self._follow_links))
            if self._in_range(file)
        }
        files = self.dataset.files
        gone = {
            number
            for path, number in self._numbers.items()
            if path not in found or _is_other(files[number].source, found[path])
        }
        if gone:
            # What had been left out because one of these had delivered it comes from elsewhere now.
            gone |= {number for number, report in files.items() if report.repeated}
            self._delivered.forget(gone)
        self._numbers = {path: number for path, number in self._numbers.items() if number not in gone}
        fresh = [file for path, file in found.items() if path not in self._numbers]
        return sorted(fresh, key=lambda file: (file.newness, file.name), reverse=True), gone

    def _in_range(self, file: SourceFile) -> bool:
        time = file.place.time
        if time is None:
            return True
        return (self._since is None or time >= self._since - _MARGIN) and (
            self._until is None or time <= self._until + _MARGIN
        )

    def _read(self, batch: Sequence[SourceFile]) -> None:
        files = dict(self.dataset.files)
        parts = list(self.dataset.parts)
        by_shape: dict[Shape, list[int]] = {}
        numbered = dict(enumerate(batch, self._next))
        for number, file in numbered.items():
            what = recognise(file)
            if isinstance(what, Unrecognised):
                files[number] = FileReport(file, None, what.state, what.reason)
            else:
                files[number] = FileReport(file, what.format, "complete")
                by_shape.setdefault(what, []).append(number)
        for shape, numbers in by_shape.items():
            loaded = load(shape, {number: files[number].source for number in numbers}, self._delivered)
            files.update(loaded.reports)
            for kind, frame in loaded.frames:
                _append(parts, kind, frame)
        self.dataset = Dataset(tuple(parts), files)
        self._numbers |= {file.path: number for number, file in numbered.items()}
        self._next += len(numbered)


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


def _is_other(before: SourceFile, now: SourceFile) -> bool:
    """Whether a file has to be read again: its content is another, or it was passed over and is no more."""
    return (before.fingerprint, before.skip) != (now.fingerprint, now.skip)


def _first_copies(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Pass over second copies of a delivery: two syncs of one bucket, or of one under two prefixes.

    AWS makes the name of what it delivers unique, so the same name and size are the same records.
    """
    first: dict[tuple[str, int], str] = {}
    for file in sorted(files, key=lambda file: file.name):
        if not file.place.delivery or file.skip or file.error:
            yield file
            continue
        name = file.name.rpartition("/")[2]
        original = first.setdefault((name, file.size), file.name)
        yield file if original == file.name else replace(file, skip=f"a copy of {original}")


def _batches(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    limit, size = _FIRST_BATCH, 0
    batch: list[SourceFile] = []
    for file in files:
        if batch and (size + file.size > limit or len(batch) >= _MOST_FILES):
            yield batch
            batch, size, limit = [], 0, min(limit * 4, _LARGEST_BATCH)
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _without(dataset: Dataset, gone: set[int]) -> Dataset:
    """Forget files and their records."""
    keep = ~pl.col(FILE).is_in(sorted(gone))
    parts = []
    for part in dataset.parts:
        frame = part.frame.filter(keep)
        if frame.height == part.frame.height:
            parts.append(part)
        elif frame.height:
            parts.append(Part.of(part.kind, frame))
    return Dataset(
        tuple(parts), {number: report for number, report in dataset.files.items() if number not in gone}
    )


def _append(parts: list[Part], kind: str, frame: pl.DataFrame) -> None:
    """Add records to the last part of their kind if it is small, else as a part of their own."""
    if not frame.height:
        return
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if part.kind == kind and part.frame.schema == frame.schema:
            if part.frame.height + frame.height <= _GROW_BELOW:
                parts[index] = Part.of(kind, pl.concat([part.frame, frame], rechunk=True))
                return
            break
    parts.append(Part.of(kind, frame))
