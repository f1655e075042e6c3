"""How fresh logs are: when a log group was last delivered, what is missing, which log streams fell silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.schema import FLOW_LOG, GROUP, STREAM
from query.coverage import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loaders.dataset import Dataset
    from loaders.run import Ticket

CADENCE = timedelta(minutes=5)
"""Flow logs are delivered to S3 so often, or a little less often (AWS: every five minutes)."""
USUAL_DELAY = timedelta(minutes=10)
"""A delivery comes so long after the time it is named after (AWS: within ten minutes, best effort)."""
SILENCE = GAP
"""A log stream is silent whose group went on so much longer: without traffic there is a NODATA record in each
aggregation interval, and none of those is longer than ten minutes."""
_MISSED = 2
_NS = 1e9
# More gaps of a group than this are not listed, the longest ones are.
_MOST_GAPS = 5
_FILES = {GROUP: pl.String(), "named": pl.Datetime("us", "UTC"), "arrived": pl.Float64()}


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of time in which something did not come.

    Attributes:
        stream: The log stream that fell silent; empty where the group itself was not delivered.
        since: When it began.
        until: When it ended; ``None`` if it goes on.
    """

    stream: str
    since: datetime
    until: datetime | None

    def seconds(self, now: datetime) -> float:
        """How long it is, up to a moment."""
        return max(0.0, ((self.until or now) - self.since).total_seconds())


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is known of a log group's deliveries.

    Attributes:
        group: The log group.
        files: How many files it came in.
        arrived: When the last of them was written; for a copy by ``aws s3 sync`` when AWS delivered it.
        newest: The time of its newest record.
        interval: How often it is delivered, told from the times in the names of its files; ``None`` if they
            have none.
        missing: How many deliveries should have come since the last one and have not.
        gaps: Where deliveries are missing between others, the longest first.
        silent: The log streams that fell silent, the longest first.
    """

    group: str
    files: int
    arrived: datetime | None
    newest: datetime | None
    interval: timedelta | None
    missing: int
    gaps: tuple[Hole, ...]
    silent: tuple[Hole, ...]


def freshness(dataset: Dataset, now: datetime, ticket: Ticket | None = None) -> list[Freshness]:
    """Say how fresh each log group is, the freshest first.

    Args:
        dataset: The records.
        now: What time it is. Where that is before the records, nothing is missing.
        ticket: Checked between the steps.

    Raises:
        Cancelled: Nobody wants it any more.
    """
    files = _files(dataset)
    if ticket:
        ticket.check()
    streams = dataset.summary(ticket=ticket)
    found = []
    for (group,), mine in streams.group_by(GROUP, maintain_order=True):
        own = files.filter(pl.col(GROUP) == str(group))
        named = own["named"].drop_nulls().unique().sort()
        interval = _interval(named)
        last = named[-1] if interval is not None and named.len() else None
        missing = 0
        if isinstance(last, datetime) and interval is not None:
            missing = max(0, int((now - last - USUAL_DELAY) / interval))
        newest = mine["last"].max()
        arrived = own["arrived"].max()
        found.append(
            Freshness(
                str(group),
                own.height,
                datetime.fromtimestamp(arrived, UTC) if isinstance(arrived, float) else None,
                newest if isinstance(newest, datetime) else None,
                interval,
                missing,
                _gaps(named, interval),
                _silent(mine, interval),
            )
        )
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: (one.newest or oldest, one.group), reverse=True)


def last_arrival(dataset: Dataset, numbers: Iterable[int]) -> float | None:
    """When the last of some files was written, in epoch seconds; ``None`` if none of them holds records."""
    reports = (dataset.files.get(number) for number in numbers)
    return max(
        (report.source.fingerprint[1] / _NS for report in reports if report and report.format), default=None
    )


def _files(dataset: Dataset) -> pl.DataFrame:
    """The files that hold records: their group, the time in their name, and when they were written."""
    sources = (report.source for report in dataset.files.values() if report.format is not None)
    rows = [(it.place.group, it.place.time, it.fingerprint[1] / _NS) for it in sources]
    return pl.DataFrame(rows, schema=_FILES, orient="row")


def _interval(named: pl.Series) -> timedelta | None:
    """How often files come: the middle one of the times between them, no less than AWS promises."""
    between = named.diff().drop_nulls()
    middle = between.median() if between.len() >= _MISSED else None
    return max(middle, CADENCE) if isinstance(middle, timedelta) else None


def _gaps(named: pl.Series, interval: timedelta | None) -> tuple[Hole, ...]:
    if interval is None:
        return ()
    plan = (
        pl.LazyFrame({"until": named})
        .with_columns(since=pl.col("until").shift(1))
        .with_columns(length=pl.col("until") - pl.col("since"))
        .filter(pl.col("length") > _MISSED * interval)
        .sort("length", descending=True)
        .head(_MOST_GAPS)
        .select("since", "until")
    )
    return tuple(Hole("", since, until) for since, until in plan.collect().iter_rows())


def _silent(streams: pl.DataFrame, interval: timedelta | None) -> tuple[Hole, ...]:
    """The interfaces whose records end long before those of their group."""
    longest = max(SILENCE, _MISSED * interval) if interval is not None else SILENCE
    flows = streams.filter(pl.col("format") == FLOW_LOG, pl.col("last").is_not_null())
    newest = flows["last"].max()
    if not isinstance(newest, datetime):
        return ()
    quiet = flows.filter(pl.col("last") < newest - longest).sort("last", STREAM)
    return tuple(Hole(stream, last, None) for stream, last in quiet.select(STREAM, "last").iter_rows())
