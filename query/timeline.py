"""How many records of a scope each stretch of time has, accepted and rejected, and what was not recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.parts import span_of
from query.answer import answer
from query.parse import parse_query

if TYPE_CHECKING:
    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# The lengths that bins can have. Records begin with the aggregation intervals of one or ten minutes: bins of
# four minutes, say, would have one interval or two by turns, and so waves that the traffic has not.
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LENGTHS = tuple(
    (amount * _SECONDS[unit], f"{amount}{unit}")
    for unit, amounts in (
        ("s", (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
        ("m", (1, 2, 5, 10, 20, 30)),
        ("h", (1, 2, 3, 4, 6, 8, 12)),
        ("d", (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 60, 90, 180, 365, 1000, 3650, 36_500)),
    )
    for amount in amounts
)
ACCEPTED, REJECTED, OTHERS, SKIPPED = "accepted", "rejected", "others", "skipped"
"""Columns of ``Timeline.bins``: ``others`` are records that say neither, ``skipped`` are SKIPDATA."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The records of a scope over time.

    Attributes:
        scope: What was looked at.
        begin: When the first bin begins.
        step: The length of a bin in seconds.
        height: How many bins there are.
        bins: A row for each bin that has any record: ``place`` (Int64, ascending), and ``accepted``,
            ``rejected``, ``others`` and ``skipped`` (Int64). A bin with none of these has NODATA only.
    """

    scope: Scope
    begin: datetime
    step: int
    height: int
    bins: pl.DataFrame

    def totals(self) -> dict[str, int]:
        """What all bins have together."""
        return {name: int(self.bins[name].sum()) for name in (ACCEPTED, REJECTED, OTHERS, SKIPPED)}

    def between(self, first: int, last: int) -> tuple[datetime, datetime]:
        """The time from the beginning of a bin to the end of another one."""
        first, last = min(first, last), max(first, last)
        return self.begin + first * self.step * _SECOND, self.begin + (last + 1) * self.step * _SECOND

    def place_at(self, moment: datetime) -> int:
        """The bin that a time lies in; the nearest one where it lies outside."""
        return max(0, min((moment - self.begin) // (self.step * _SECOND), self.height - 1))


def extent(dataset: Dataset, scope: Scope) -> tuple[datetime, datetime] | None:
    """From when to when there can be records of a scope's times; ``None`` where none has a time."""
    span = span_of(dataset.parts)
    if span is None:
        return None
    first, last = span
    return max(first, scope.since or first), min(last + _SECOND, scope.until or last + _SECOND)


def timeline(dataset: Dataset, scope: Scope, most: int, ticket: Ticket | None = None) -> Timeline | None:
    """Count the records of a scope by bins of time.

    Args:
        dataset: Where they are.
        scope: What to count; its group, stream, filter and times matter.
        most: How many bins there may be; their length follows from that.
        ticket: Checked before the work.

    Returns:
        The counts; ``None`` where no record has a time.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants them any more.
    """
    span = extent(dataset, scope)
    if span is None or span[0] >= span[1]:
        return None
    first, last = span
    begin, step, name = _bins_of(first, last, most)
    outcomes = [column for column in ("action", "log_status") if column in dataset.columns]
    by = "".join(f", {column}" for column in outcomes)
    query = parse_query(f"stats count(*) as records by bin({name}) as time{by} | limit any")
    found = answer(dataset, query, scope, ticket).frame.filter(pl.col("time").is_not_null())
    records = pl.col("records")
    action, status = (
        pl.col(column) if column in outcomes else pl.lit(None, pl.String)
        for column in ("action", "log_status")
    )
    begins = int((begin - _EPOCH) / _SECOND)
    plan = (
        found.lazy()
        .with_columns(place=(pl.col("time").dt.epoch("s") - begins) // step)
        .group_by("place")
        .agg(
            records.filter(action.eq_missing(pl.lit("ACCEPT"))).sum().alias(ACCEPTED),
            records.filter(action.eq_missing(pl.lit("REJECT"))).sum().alias(REJECTED),
            records.filter(action.is_null() & (status.is_null() | (status == "OK"))).sum().alias(OTHERS),
            records.filter(status.eq_missing(pl.lit("SKIPDATA"))).sum().alias(SKIPPED),
        )
        .sort("place")
    )
    height = -(-int((last - begin) / _SECOND) // step)
    return Timeline(scope, begin, step, max(1, height), plan.collect())


def _bins_of(first: datetime, last: datetime, most: int) -> tuple[datetime, int, str]:
    """The beginning of the first bin, the length of bins in seconds, and how a query writes it."""
    since, until = (first - _EPOCH) / _SECOND, (last - _EPOCH) / _SECOND
    for step, name in _LENGTHS:
        begins = since // step * step
        if (until - begins) / step <= most or (step, name) == _LENGTHS[-1]:
            return _EPOCH + begins * _SECOND, step, name
    raise AssertionError  # the last length is taken in any case
