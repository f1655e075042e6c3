"""Read directories into a data set, newest files first, a batch at a time.

Files of one shape are scanned together and strictly. Where that fails, the batch is halved
again and again, and a file that fails alone is read line by line: only files with something wrong pay for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.dataset import Dataset, FileReport, Part, Progress
from loaders.delimited import DOUBT, PATH
from loaders.discover import NoLogsError, SourceFile, check_roots, discover
from loaders.formats import Shape, by_name
from loaders.recognise import Unrecognised, recognise
from loaders.schema import FILE, LINE, TIME, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from loaders.careful import Reading
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
        self, roots: Sequence[str], *, since: datetime | None = None, until: datetime | None = None
    ) -> None:
        """Look at the roots, open nothing.

        Args:
            roots: Directories or files.
            since: Files whose names show that they only hold older records are not opened.
            until: The same for newer records.

        Raises:
            NoLogsError: A root is missing or may not be read.
        """
        check_roots(roots)
        self._roots = tuple(roots)
        self._since, self._until = since, until
        self._numbers: dict[str, int] = {}
        self._next = 0
        self._looked = False
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

    def read_all(self) -> Dataset:
        """Read everything at once.

        Raises:
            NoLogsError: There is no log below the roots.
        """
        for _ in self.refresh():
            pass
        require_logs(self.dataset, self._roots)
        return self.dataset

    def _changes(self) -> tuple[list[SourceFile], set[int]]:
        """Compare the directories with what was read: files to read, newest first, and numbers to forget."""
        found = {file.path: file for file in discover(self._roots) if self._in_range(file)}
        files = self.dataset.files
        gone = {
            number
            for path, number in self._numbers.items()
            if path not in found or files[number].source.fingerprint != found[path].fingerprint
        }
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
            frames, reports = _load(shape, {number: files[number].source for number in numbers})
            files.update(reports)
            for frame in frames:
                _append(parts, shape.format, frame)
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
    if any(file.path not in known for file in discover(roots)):
        return  # there are deliveries, but of another time than the one asked for
    if not dataset.files:
        raise NoLogsError(f"{where} is empty. Fill it with `aws s3 sync s3://BUCKET/AWSLogs/ DIRECTORY`.")
    raise NoLogsError(
        f"None of the files below {where} is a log that flowtui knows. `flowtui check` says what each one is."
    )


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
            parts.append(Part.of(part.format, frame))
    return Dataset(
        tuple(parts), {number: report for number, report in dataset.files.items() if number not in gone}
    )


def _append(parts: list[Part], format_: str, frame: pl.DataFrame) -> None:
    """Add records to the last part of their kind if it is small, else as a part of their own."""
    if not frame.height:
        return
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if part.format == format_ and part.frame.schema == frame.schema:
            if part.frame.height + frame.height <= _GROW_BELOW:
                parts[index] = Part.of(format_, pl.concat([part.frame, frame], rechunk=True))
                return
            break
    parts.append(Part.of(format_, frame))


def _load(shape: Shape, files: dict[int, SourceFile]) -> tuple[list[pl.DataFrame], dict[int, FileReport]]:
    """Read files of one shape: their records, and what became of each file."""
    frame, doubtful = _scan_together(shape, files)
    loose: dict[tuple[str, ...], list[pl.DataFrame]] = {}
    frames = [] if frame is None else [frame]
    records = {} if frame is None else _heights(frame)
    reports = {
        number: FileReport(file, shape.format, "complete", records=records.get(number, 0))
        for number, file in files.items()
        if number not in set(doubtful)
    }
    for number in doubtful:
        more, reports[number] = _read_carefully(shape, number, files[number])
        for piece in more:
            loose.setdefault(tuple(_own(piece)), []).append(piece)
    places = _places(files)
    frames += [
        run.collect(normalise(pl.concat(pieces).lazy(), columns, places)) for columns, pieces in loose.items()
    ]
    return frames, reports


def _heights(frame: pl.DataFrame) -> dict[int, int]:
    counted = frame.group_by(FILE).len()
    return dict(zip(counted[FILE].to_list(), counted["len"].to_list(), strict=True))


def _scan_together(shape: Shape, files: dict[int, SourceFile]) -> tuple[pl.DataFrame | None, list[int]]:
    """Scan strictly; the numbers returned are files that need a careful reading.

    A batch that fails is halved until the files at fault stand alone.
    """
    frame = _scan_strictly(shape, files)
    if frame is None:
        if len(files) == 1:
            return None, list(files)
        numbers = list(files)
        half = len(numbers) // 2
        halves = [
            _scan_together(shape, {number: files[number] for number in some})
            for some in (numbers[:half], numbers[half:])
        ]
        frames = [frame for frame, _ in halves if frame is not None]
        return (pl.concat(frames) if frames else None), [number for _, some in halves for number in some]
    doubtful = frame.filter(pl.col(DOUBT))[FILE].unique(maintain_order=True).to_list()
    frame = frame.drop(DOUBT)
    return (frame.filter(~pl.col(FILE).is_in(doubtful)) if doubtful else frame), doubtful


def _scan_strictly(shape: Shape, files: dict[int, SourceFile]) -> pl.DataFrame | None:
    """Scan files that should all be as their shape says; ``None`` when one of them is not."""
    paths = [file.path for file in files.values()]
    try:
        for path in paths:
            path.encode()  # a name that is not UTF-8 cannot be handed to polars
        plan = by_name(shape.format).scan(shape, paths)
        if plan is None:
            return None
        numbers = pl.LazyFrame({PATH: paths, FILE: list(files)}, schema_overrides={FILE: pl.UInt32()})
        plan = plan.join(numbers, on=PATH, how="left", maintain_order="left").drop(PATH)
        return run.collect(normalise(plan, shape.columns, _places(files)))
    except (pl.exceptions.PolarsError, OSError, UnicodeEncodeError):
        return None


def _read_carefully(shape: Shape, number: int, file: SourceFile) -> tuple[list[pl.DataFrame], FileReport]:
    try:
        reading: Reading = by_name(shape.format).read(shape, file.path)
    except FileNotFoundError:
        return [], FileReport(file, None, "skipped", "gone before it could be read")
    except OSError as error:
        return [], FileReport(file, shape.format, "unreadable", error.strerror or str(error))
    except pl.exceptions.PolarsError as error:
        return [], FileReport(
            file, shape.format, "incomplete", f"it is damaged ({str(error).splitlines()[0]})"
        )
    frames = [_tagged(frame, number) for frame in reading.frames if frame.height]
    return frames, FileReport(
        file,
        shape.format,
        "incomplete" if reading.broken else "complete",
        reading.broken,
        sum(frame.height for frame in frames),
        reading.problems,
    )


def _tagged(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    return frame.select(*_own(frame), LINE, pl.lit(number, dtype=pl.UInt32()).alias(FILE))


def _own(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in {LINE, FILE}]


def _places(files: dict[int, SourceFile]) -> pl.LazyFrame:
    places = [file.place for file in files.values()]
    return pl.LazyFrame(
        {
            FILE: list(files),
            "_group": [place.group for place in places],
            "_stream": [place.stream if place.layout == "cloudwatch-export" else None for place in places],
            "_time": [place.time for place in places],
        },
        schema={FILE: pl.UInt32(), "_group": pl.Categorical(), "_stream": pl.Categorical(), "_time": TIME},
    )
