"""How fresh logs are: when each flow log was last delivered, what is still to come, and what fell silent.

Deliveries are known by the times in their names (S3), else by when their files were last written; what
records say is known by their ends. Nothing here asks what time it is: that is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.schema import FILE, FLOW_LOG, GROUP, STREAM, TIMESTAMP
from query.coverage import GAP
from query.remembered import MB, Memory, size_of

if TYPE_CHECKING:
    from loaders.dataset import Dataset, FileReport
    from loaders.parts import Part
    from loaders.run import Ticket

CADENCE = timedelta(minutes=5)
"""Flow logs are delivered to S3 every five minutes (AWS: "Flow log files")."""
USUAL_DELAY = timedelta(minutes=10)
"""Records usually arrive within ten minutes in S3, within five in CloudWatch; AWS promises neither."""
LONG_WINDOW, SHORT_WINDOW = timedelta(minutes=10), timedelta(minutes=1)
"""The two aggregation intervals of AWS: ten minutes by default, one if asked for and on Nitro always."""
EMPTY_TICKS = 3
"""So many usual intervals without a delivery are a gap: a window of ten minutes leaves one of five empty, and
a delivery that is somewhat late another."""
STOPPED = timedelta(days=1)
"""A flow log with nothing newer has stopped, or is an archive: counting what is missing would say nothing."""
CLOCK_SLACK = timedelta(minutes=2)
"""Clocks differ by less than this; what is further ahead means that one of them is wrong."""

_EMPTY_FILES = {
    "number": pl.UInt32(),
    "group": pl.String(),
    "time": pl.Datetime("ms", "UTC"),
    "named": pl.Boolean(),
}
_EMPTY_ENDS = {
    GROUP: pl.String(),
    STREAM: pl.String(),
    "end": pl.Datetime("ms", "UTC"),
    "window": pl.Duration("ms"),
}
_EMPTY_GROUPS = {"number": pl.UInt32(), GROUP: pl.String()}
# What parts were asked for.
_TOLD: Memory[tuple[pl.DataFrame, pl.DataFrame]] = Memory(64 * MB, lambda told: size_of(*told))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which something is missing.

    Attributes:
        since: What came last before it.
        until: What came first after it; of a stream that fell silent, the newest record of its flow log.
        stream: The stream that was silent; empty where no delivery came at all.
    """

    since: datetime
    until: datetime
    stream: str = ""

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a flow log or another log group is.

    Attributes:
        group: Its name.
        files: How many files it has.
        delivered: The newest delivery, or ``None`` where no file of it is known by its group.
        newest: The end of its newest record, ``None`` where no record has a time.
        usual: How long it usually is from one delivery to the next.
        window: The longest aggregation interval that its records show; ``None`` where they are no flow log's.
        gaps: Times without a delivery, the longest first.
        silent: Streams that fell silent, the longest first.
    """

    group: str
    files: int
    delivered: datetime | None
    newest: datetime | None
    usual: timedelta
    window: timedelta | None
    gaps: tuple[Stretch, ...] = ()
    silent: tuple[Stretch, ...] = ()

    def lag(self, now: datetime) -> timedelta | None:
        """How far its newest record is behind the clock; negative where the clock is behind the records."""
        return None if self.newest is None else now - self.newest

    def missing(self, now: datetime) -> int:
        """How many aggregation windows should have come by now, given the usual delay, and have not."""
        if self.window is None or self.newest is None:
            return 0
        return max(0, (now - USUAL_DELAY - self.newest) // self.window)

    def has_stopped(self, now: datetime) -> bool:
        """Whether it is a flow log that nothing has come of for a day."""
        return self.window is not None and self.newest is not None and now - self.newest > STOPPED

    @property
    def badness(self) -> tuple[timedelta, int, int]:
        """What the worst come first by: the longest stretch, then how many there are."""
        lengths = [stretch.length for stretch in (*self.gaps, *self.silent)]
        return max(lengths, default=timedelta()), len(self.silent), len(self.gaps)


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a time lies so far in the future that a clock must be wrong."""
    return moment > now + CLOCK_SLACK


def silent_after(window: timedelta) -> timedelta:
    """After how long without any record, not even NODATA, a stream is silent.

    An interface without traffic gives a NODATA record each aggregation interval. One may be missing at either
    end, and what did come may be late by the usual delay; below twenty minutes (``coverage.GAP``) nothing is
    called a gap.

    Args:
        window: The stream's aggregation interval.
    """
    return max(2 * window + USUAL_DELAY, GAP)


class Deliveries:
    """Knows the files of a data set and the newest records of its streams; learns only what is new.

    Any thread may ask it; they take turns.
    """

    def __init__(self) -> None:
        """Begin without having seen a file."""
        self._lock = RLock()
        self._known: dict[int, FileReport] = {}
        self._files = pl.DataFrame(schema=_EMPTY_FILES)

    def learn(self, dataset: Dataset) -> datetime | None:
        """Look at the files that have come, changed or gone; the time of the last delivery.

        Files that are as they were cost a comparison each, no more.
        """
        with self._lock:
            known, files = self._known, dataset.files
            fresh = {number: report for number, report in files.items() if known.get(number) is not report}
            stale = [*(fresh.keys() & known.keys()), *(known.keys() - files.keys())]
            if fresh or stale:
                gone = pl.col("number").is_in(pl.Series(stale, dtype=pl.UInt32()).implode())
                kept = self._files.filter(~gone) if stale else self._files
                self._files = pl.concat([kept, _frame(fresh)]) if fresh else kept
                self._known = dict(files)
            last = self._files["time"].max()
            return last if isinstance(last, datetime) else None

    def look(self, dataset: Dataset, now: datetime, ticket: Ticket | None = None) -> list[Freshness]:
        """Say of each log group how fresh it is, the worst first.

        Args:
            dataset: All records, whatever is looked at: what a filter leaves out is no less delivered.
            now: The time by the clock: what is beyond it says nothing about what is missing before.
            ticket: Checked between the parts.

        Raises:
            Cancelled: Nobody wants it any more.
        """
        with self._lock:
            self.learn(dataset)
            ends, groups = self._records(dataset, ticket)
            named = self._files.join(groups, on="number", how="left")
        # What records name as their group counts; files without any are known by their paths.
        known = named.with_columns(pl.coalesce(GROUP, "group").alias("group"))
        files = {str(group): frame for (group,), frame in known.group_by("group")}
        streams = {str(group): frame for (group,), frame in ends.group_by(GROUP)}
        found = [
            _freshness(group, files.get(group, known.clear()), streams.get(group, ends.clear()), now)
            for group in sorted(files.keys() | streams.keys())
        ]
        return sorted(found, key=lambda one: one.badness, reverse=True)

    def _records(self, dataset: Dataset, ticket: Ticket | None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The newest end of each stream's records, NODATA among them; the groups of each file's records."""
        told = []
        for part in dataset.parts:
            if ticket:
                ticket.check()
            told.append(_TOLD.of(part, "deliveries", partial(_asked, part)))
        ends = pl.concat([pl.DataFrame(schema=_EMPTY_ENDS), *(ends for ends, _ in told)])
        groups = pl.concat([pl.DataFrame(schema=_EMPTY_GROUPS), *(groups for _, groups in told)])
        return ends.group_by(GROUP, STREAM).agg(pl.col("end", "window").max()), groups.unique()


def _frame(reports: dict[int, FileReport]) -> pl.DataFrame:
    """Files that hold records, with their groups and when they were delivered."""
    rows = [
        (number, report.source.place.group, _delivered(report), report.source.place.time is not None)
        for number, report in reports.items()
        if report.format is not None and report.state != "skipped"
    ]
    return pl.DataFrame(rows, schema=_EMPTY_FILES, orient="row")


def _delivered(report: FileReport) -> datetime:
    """When a file was delivered: by its name, else when it was last written."""
    named = report.source.place.time
    return named if named is not None else datetime.fromtimestamp(report.source.fingerprint[1] / 1e9, UTC)


def _newest(part: Part) -> pl.LazyFrame:
    """Of each stream in a part: ``_EMPTY_ENDS``."""
    ends = (
        pl.from_epoch(pl.col("end").cast(pl.Int64), "s").dt.replace_time_zone("UTC").cast(_EMPTY_ENDS["end"])
    )
    is_flow = part.kind == FLOW_LOG
    end = pl.coalesce(ends, TIMESTAMP) if is_flow and "end" in part.schema else pl.col(TIMESTAMP)
    window = pl.lit(LONG_WINDOW if is_flow else None, dtype=_EMPTY_ENDS["window"])
    if is_flow and "end" in part.schema:
        longest = (ends - pl.col(TIMESTAMP)).max()
        window = pl.when(longest <= SHORT_WINDOW).then(pl.lit(SHORT_WINDOW)).otherwise(pl.lit(LONG_WINDOW))
        window = window.cast(_EMPTY_ENDS["window"])
    found = part.counted_plan().group_by(GROUP, STREAM).agg(end.max().alias("end"), window.alias("window"))
    return found.with_columns(pl.col(GROUP, STREAM).cast(pl.String)).select(*_EMPTY_ENDS)


def _asked(part: Part) -> tuple[pl.DataFrame, pl.DataFrame]:
    ends, groups = run.collect_all([_newest(part), _groups(part)])
    return ends, groups


def _groups(part: Part) -> pl.LazyFrame:
    """The files of a part and the groups of their records: ``_EMPTY_GROUPS``."""
    return part.counted_plan().select(pl.col(FILE).alias("number"), pl.col(GROUP).cast(pl.String)).unique()


def _freshness(group: str, files: pl.DataFrame, streams: pl.DataFrame, now: datetime) -> Freshness:
    delivered, newest, window = files["time"].max(), streams["end"].max(), streams["window"].max()
    usual, gaps = _gaps(files, now)
    return Freshness(
        group,
        files.height,
        delivered if isinstance(delivered, datetime) else None,
        newest if isinstance(newest, datetime) else None,
        usual,
        window if isinstance(window, timedelta) else None,
        gaps,
        _silent(streams, now),
    )


def _believed(times: pl.Series, now: datetime) -> pl.Series:
    """Times that are not ahead of the clock; all of them where every one is, so that the clock is wrong."""
    past = times.filter(times <= now + CLOCK_SLACK)
    return past if past.len() else times


def _gaps(files: pl.DataFrame, now: datetime) -> tuple[timedelta, tuple[Stretch, ...]]:
    """How long it usually is between two deliveries, by the names of files, and when it was far longer."""
    times = _believed(files.filter("named")["time"], now).unique().sort()
    between = times.diff().drop_nulls()
    if not between.len():
        return CADENCE, ()
    median = between.median()
    usual = max(CADENCE, median) if isinstance(median, timedelta) else CADENCE
    pairs = pl.DataFrame({"since": times.head(-1), "until": times.tail(-1)}).with_columns(length=between)
    found = pairs.filter(pl.col("length") > EMPTY_TICKS * usual).sort("length", descending=True)
    return usual, tuple(Stretch(since, until) for since, until in found.select("since", "until").iter_rows())


def _silent(streams: pl.DataFrame, now: datetime) -> tuple[Stretch, ...]:
    """The streams of a flow log that have had nothing for long while others had."""
    flows = streams.filter(pl.col("window").is_not_null() & pl.col("end").is_not_null())
    newest = _believed(flows["end"], now).max()
    if not isinstance(newest, datetime):
        return ()
    stretches = (
        (Stretch(end, newest, stream or ""), window)
        for stream, end, window in flows.select(STREAM, "end", "window").iter_rows()
    )
    found = [stretch for stretch, window in stretches if stretch.length > silent_after(window)]
    return tuple(sorted(found, key=lambda stretch: stretch.length, reverse=True))
