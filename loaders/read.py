"""Read files of one shape: strictly together where they are as they should be, else carefully.

Where the strict scan fails, the batch is halved again and again, and a file that fails alone is read
carefully: only files with something wrong pay for it. Messages that formats only unpack are pooled, so that
those of many files are parsed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import delimited, kinds, narrow, run
from loaders.content import UNFINISHED
from loaders.dataset import FileReport
from loaders.delimited import DOUBT, PATH
from loaders.formats import GoesOn, Shape, by_name
from loaders.kinds import APART, EVENT_ID, FIELDS, Events, no_problems
from loaders.recognise import GONE
from loaders.schema import FILE, GROUP, LINE, MESSAGE, STREAM, TIME, TIMESTAMP, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from loaders.careful import Reading
    from loaders.content import Blocks
    from loaders.discover import SourceFile
    from loaders.need import Need

_DELIVERY = "_delivery"
# Formats that can be read for one question alone, and whether their files begin with a header.
_HEADERS = {"flow-log": True, "flow-log-headerless": False}


class _NeverStrictError(Exception):
    """Files of this shape have no strict scan."""


class Delivered:
    """Which events have been delivered, so that one that is delivered again is left out."""

    def __init__(self, known: pl.DataFrame | None = None) -> None:
        """Begin with those that are known: ``FILE`` and what tells an event from others (UInt64)."""
        empty = pl.DataFrame(schema={FILE: pl.UInt32(), _DELIVERY: pl.UInt64()})
        self._events = empty if known is None else known

    @property
    def count(self) -> int:
        """How many there are."""
        return self._events.height

    def since(self, count: int) -> pl.DataFrame:
        """Those that have been delivered since there were so many."""
        return self._events.slice(count)

    def only_new(self, events: pl.DataFrame) -> pl.DataFrame:
        """Keep the events that are new, and remember them; events without ``EVENT_ID`` are always new."""
        if EVENT_ID not in events.columns:
            return events
        who = [name for name in (GROUP, STREAM, EVENT_ID) if name in events.columns]
        events = events.with_columns(
            pl.when(pl.col(EVENT_ID).is_not_null()).then(pl.struct(who).hash()).alias(_DELIVERY)
        )
        given = pl.col(_DELIVERY).is_not_null()
        known = pl.col(_DELIVERY).is_in(self._events[_DELIVERY].implode())
        events = events.filter(
            ~given | (pl.col(_DELIVERY).is_first_distinct() & ~known.fill_null(value=False))
        )
        self._events = pl.concat([self._events, events.filter(given).select(FILE, _DELIVERY)])
        return events.drop(_DELIVERY, EVENT_ID)

    def of(self, files: set[int]) -> pl.DataFrame:
        """Those of some files."""
        return self._events.filter(pl.col(FILE).is_in(sorted(files)))

    def forget(self, files: set[int]) -> None:
        """Forget the events of some files."""
        self._events = self._events.filter(~pl.col(FILE).is_in(sorted(files)))


@dataclass(slots=True)
class Loaded:
    """What became of files.

    Attributes:
        frames: Records with their envelope, and the kind they are of.
        reports: What became of each file, by its number.
    """

    frames: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    reports: dict[int, FileReport] = field(default_factory=dict)


@dataclass(slots=True)
class _Pile:
    """What careful readings gave, before it is put together."""

    frames: dict[tuple[str, tuple[str, ...]], list[pl.DataFrame]] = field(default_factory=dict)
    problems: list[pl.DataFrame] = field(default_factory=list)
    readings: dict[int, Reading | Events] = field(default_factory=dict)
    reports: dict[int, FileReport] = field(default_factory=dict)

    def add(self, kind: str, frame: pl.DataFrame) -> None:
        if frame.height:
            self.frames.setdefault((kind, tuple(_own(frame))), []).append(frame)


def go_on(
    shape: Shape,
    number: int,
    file: SourceFile,
    blocks: Blocks,
    delivered: Delivered,
    above: datetime | None = None,
) -> tuple[Loaded, bool]:
    """Read a file from a place on, or all of it so that it can be gone on with.

    Args:
        shape: Its shape.
        number: Its number.
        file: The file.
        blocks: The lines to read.
        delivered: The events that files have delivered.
        above: The time of the record above those lines, which holds for lines that begin with none.

    Returns:
        What was found, and whether it is what reading all of the file would find there: not so where columns
        change on the way, or where a time is wanted that is not known.
    """
    format_ = by_name(shape.format)
    assert isinstance(format_, GoesOn)  # noqa: S101 - whoever asks has seen to that

    def read(_: SourceFile) -> Reading | Events:
        return format_.go_on(shape, blocks)

    loaded, pile = _read_carefully(shape, {number: file}, delivered, read)
    frames = [frame for pieces in pile.frames.values() for frame in pieces]
    alike = len({tuple(_own(frame)) for frame in frames}) <= 1
    if blocks.begin.offset and any(frame.select(_lacks_time(frame).any()).item() for frame in frames):
        if above is None or file.place.time is not None:
            return loaded, False
        told = pl.lit(above, TIME)
        loaded.frames = [
            (
                kind,
                frame.with_columns(
                    pl.when(_lacks_time(frame)).then(told).otherwise(TIMESTAMP).alias(TIMESTAMP)
                ),
            )
            for kind, frame in loaded.frames
        ]
    return loaded, alike


def _lacks_time(frame: pl.DataFrame) -> pl.Expr:
    """Which records have no time and take it from above: lines that are no JSON objects."""
    if MESSAGE not in frame.columns or TIMESTAMP not in frame.columns:
        return pl.lit(value=False)
    is_object = pl.col(MESSAGE).str.contains(r"^\s*\{").fill_null(value=False)
    return pl.col(TIMESTAMP).is_null() & ~is_object


def load(
    shape: Shape, files: Mapping[int, SourceFile], delivered: Delivered, need: Need | None = None
) -> Loaded:
    """Read files of one shape.

    Args:
        shape: Their shape.
        files: The files by the numbers they have in ``FILE``.
        delivered: The events that other files have delivered.
        need: What is needed of them, if that is not all.
    """
    try:
        frame, doubtful = _scan_together(shape, files, need)
    except _NeverStrictError:
        frame, doubtful = None, list(files)
    loaded = Loaded()
    if frame is not None:
        loaded.frames.append((shape.kind or "", frame))
        records = heights(frame)
        careful = set(doubtful)
        for number, file in files.items():
            if number not in careful:
                count = records.get(number, 0)
                loaded.reports[number] = FileReport(file, shape.format, "complete", records=count)
    if doubtful:
        some = {number: files[number] for number in doubtful}
        more, _ = _read_carefully(
            shape, some, delivered, lambda file: by_name(shape.format).read(shape, file.path)
        )
        loaded.frames += more.frames
        loaded.reports |= more.reports
    return loaded


def heights(frame: pl.DataFrame) -> dict[int, int]:
    """How many records a frame has of each file; those of one mostly stand together."""
    runs = frame[FILE].rle().struct.unnest().group_by("value").agg(pl.col("len").cast(pl.Int64).sum())
    return dict(zip(runs["value"].to_list(), runs["len"].to_list(), strict=True))


def _scan_together(
    shape: Shape, files: Mapping[int, SourceFile], need: Need | None
) -> tuple[pl.DataFrame | None, list[int]]:
    """Scan strictly; the numbers returned are files that need a careful reading.

    A batch that fails is halved until the files at fault stand alone.
    """
    frame = _scan_strictly(shape, files, need)
    if frame is None:
        if len(files) == 1:
            return None, list(files)
        numbers = list(files)
        half = len(numbers) // 2
        halves = [
            _scan_together(shape, {number: files[number] for number in some}, need)
            for some in (numbers[:half], numbers[half:])
        ]
        frames = [frame for frame, _ in halves if frame is not None]
        return (pl.concat(frames) if frames else None), [number for _, some in halves for number in some]
    doubtful = frame.filter(pl.col(DOUBT))[FILE].unique(maintain_order=True).to_list()
    frame = frame.drop(DOUBT)
    return (frame.filter(~pl.col(FILE).is_in(doubtful)) if doubtful else frame), doubtful


def _scan_strictly(shape: Shape, files: Mapping[int, SourceFile], need: Need | None) -> pl.DataFrame | None:
    """Scan files that should all be as their shape says; ``None`` when one of them is not.

    Raises:
        _NeverStrictError: Files of this shape can only be read carefully.
    """
    paths = [file.path for file in files.values()]
    try:
        for path in paths:
            path.encode()  # a name that is not UTF-8 cannot be handed to polars
        header = _HEADERS.get(shape.format)
        if need is not None and header is not None and not shape.detail:
            frame = narrow.scan(paths, shape.columns, need, header=header)
        else:
            plan = by_name(shape.format).scan(shape, paths)
            if plan is None:
                raise _NeverStrictError
            frame = delimited.lines_of_each(run.collect(plan))
        frame = _numbered(frame, dict(zip(paths, files, strict=True)))
        return normalise(frame, shape.kind, _places(files))
    except (pl.exceptions.PolarsError, OSError, UnicodeEncodeError):
        return None


def _numbered(frame: pl.DataFrame, numbers: Mapping[str, int]) -> pl.DataFrame:
    """A scan with ``FILE`` in place of ``PATH``."""
    runs = frame[PATH].rle().struct.unnest().rows()
    files = [pl.repeat(numbers[path], count, dtype=pl.UInt32(), eager=True) for count, path in runs]
    found = pl.concat(files) if files else pl.Series(dtype=pl.UInt32())
    return frame.drop(PATH).with_columns(found.alias(FILE))


def _read_carefully(
    shape: Shape,
    files: Mapping[int, SourceFile],
    delivered: Delivered,
    read: Callable[[SourceFile], Reading | Events],
) -> tuple[Loaded, _Pile]:
    pile, pool = _Pile(), []
    for number, file in files.items():
        reading = _read_one(shape, file, read)
        if isinstance(reading, FileReport):
            pile.reports[number] = reading
            continue
        pile.readings[number] = reading
        pile.problems.append(reading.problems.with_columns(pl.lit(number, dtype=pl.UInt32()).alias(FILE)))
        if isinstance(reading, Events):
            pool.append(_pooled(reading.frame, number, file))
        else:
            for frame in reading.frames:
                pile.add(shape.kind or "", _tagged(frame, number))
    repeated = _parse(shape, pool, pile, delivered) if pool else {}
    frames = [
        (kind, normalise(pl.concat(pieces), kind, _places(files)))
        for (kind, _), pieces in pile.frames.items()
    ]
    return Loaded(frames, pile.reports | _reports(shape, files, pile, repeated)), pile


def _parse(shape: Shape, pool: list[pl.DataFrame], pile: _Pile, delivered: Delivered) -> dict[int, int]:
    """Parse the messages of all files at once; how many of each file had been delivered before."""
    events = pl.concat(pool, how="diagonal")
    fresh = delivered.only_new(events)
    for parsed in kinds.parse(fresh, shape.kind, shape.detail):
        pile.add(parsed.kind, parsed.frame)
        pile.problems.append(parsed.problems.select("line", "what", FILE))
    if fresh.height == events.height:
        return {}
    left = heights(fresh)
    return {number: height - left.get(number, 0) for number, height in heights(events).items()}


def _reports(
    shape: Shape, files: Mapping[int, SourceFile], pile: _Pile, repeated: Mapping[int, int]
) -> dict[int, FileReport]:
    records: dict[int, int] = {}
    for pieces in pile.frames.values():
        for piece in pieces:
            for number, height in heights(piece).items():
                records[number] = records.get(number, 0) + height
    problems = (
        pl.concat([kinds.no_failures(), *pile.problems])
        .sort("line")
        .partition_by(FILE, as_dict=True, include_key=False)
    )
    reports = {}
    for number, reading in pile.readings.items():
        found = problems.get((number,), no_problems())
        broken = reading.broken
        if isinstance(reading, Events) and reading.unfinished and found.height and reading.frame.height:
            last_is_bad = found["line"][-1] == reading.frame[LINE][-1]
            broken = broken or (UNFINISHED if last_is_bad else None)
        reports[number] = FileReport(
            files[number],
            shape.format,
            "incomplete" if broken else "complete",
            broken,
            records.get(number, 0),
            found,
            repeated.get(number, 0),
        )
    return reports


def _read_one(
    shape: Shape, file: SourceFile, read: Callable[[SourceFile], Reading | Events]
) -> Reading | Events | FileReport:
    try:
        return read(file)
    except FileNotFoundError:
        return FileReport(file, None, "skipped", GONE[1])
    except OSError as error:
        state = "unreadable" if error.errno else "incomplete"
        return FileReport(file, shape.format, state, error.strerror or str(error))
    except pl.exceptions.PolarsError as error:
        return FileReport(file, shape.format, "incomplete", f"it is damaged ({str(error).splitlines()[0]})")


def _tagged(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    return frame.select(*_own(frame), LINE, pl.lit(number, dtype=pl.UInt32()).alias(FILE))


def _pooled(frame: pl.DataFrame, number: int, file: SourceFile) -> pl.DataFrame:
    """Events with their file, and with the log group they belong to under the name that the user gave it."""
    frame = frame.with_columns(pl.lit(number, dtype=pl.UInt32()).alias(FILE))
    told = " ".join(file.place.fields) or None
    if GROUP not in frame.columns:
        frame = frame.with_columns(pl.lit(file.place.group).alias(GROUP), pl.col(FILE).alias(APART))
        return frame.with_columns(pl.lit(told).alias(FIELDS)) if told else frame
    given = frame[GROUP].drop_nulls().unique().to_list()
    names = {group: file.names.of(group) for group in given}
    if file.names.fields:
        # By the names that the groups had before they were given others, hence before the next step.
        fields = {group: " ".join(file.names.fields_of(group) or ()) or None for group in given}
        there = pl.when(pl.col(GROUP).is_null()).then(pl.lit(told))
        own = pl.col(GROUP).replace_strict(fields, default=None, return_dtype=pl.String())
        frame = frame.with_columns(there.otherwise(own).alias(FIELDS))
    return frame.with_columns(pl.col(GROUP).replace(names).fill_null(file.place.group))


def _own(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in {LINE, FILE}]


def _places(files: Mapping[int, SourceFile]) -> pl.DataFrame:
    """What ``normalise`` wants to know of the files."""
    places = [file.place for file in files.values()]
    columns: dict[str, list[Any]] = {
        FILE: list(files),
        "_group": [place.group for place in places],
        "_name": [place.stream or "(no interface)" for place in places],
        "_time": [place.time for place in places],
    }
    dtypes = {FILE: pl.UInt32(), "_group": pl.Categorical(), "_name": pl.Categorical(), "_time": TIME}
    # Only an export's folder names the stream; others go by their interface.
    exported = [place.stream if place.layout == "cloudwatch-export" else None for place in places]
    if any(exported):
        columns |= {"_stream": exported}
        dtypes |= {"_stream": pl.Categorical()}
    return pl.DataFrame(columns, schema=dtypes)
