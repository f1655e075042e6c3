"""What a scope's flow logs do not show: windows without data, records that were skipped, gaps, late files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import MILLISECONDS
from loaders.schema import FILE, FLOW_LOG, GROUP, TIMESTAMP
from query.answer import answer
from query.parse import parse_query
from query.reach import inside
from query.remembered import MB, Memory, size_of

if TYPE_CHECKING:
    from loaders.dataset import Dataset
    from loaders.parts import Part
    from loaders.run import Ticket
    from query.scope import Scope

GAP = timedelta(minutes=20)
"""A log group without any record for longer than this has a gap.

An interface without traffic gives a NODATA record each aggregation interval, and none of those is longer than
ten minutes (AWS: the maximum aggregation interval of a flow log); records begin anywhere in theirs.
"""
LATE = timedelta(minutes=15)
"""A record that ended so long before its file's five minutes was delivered late; ten minutes are usual."""
_MOST_GAPS = 3
# What was late in a part, a row for each scope and part.
_LATE: Memory[pl.DataFrame] = Memory(MB, size_of)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that the logs do not show.

    Attributes:
        what: ``nodata``, ``skipdata``, ``gap`` or ``late``.
        amount: How many records (of ``gap`` how many seconds).
        scope: The records that tell of it, or those around it.
        group: The log group that a gap is in; empty otherwise.
    """

    what: str
    amount: int
    scope: Scope
    group: str = ""


def coverage(dataset: Dataset, scope: Scope, ticket: Ticket | None = None) -> list[Lack]:
    """Find what the flow logs of a scope do not show; the longest gaps first, no more than three.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants it any more.
    """
    parts = [part for part in dataset.parts if part.kind == FLOW_LOG and inside(part, scope) is not None]
    if not parts:
        return []
    lacks = [
        Lack(name, amount, scope.also(f'logStatus = "{name.upper()}"'))
        for name in ("nodata", "skipdata")
        if "log_status" in dataset.columns
        for amount in [_count(dataset, scope, name.upper(), ticket)]
    ]
    lacks += _gaps(dataset, scope, ticket)
    if ticket:
        ticket.check()
    late = _late(dataset, parts, scope)
    return [*lacks, *([late] if late is not None else [])]


def _count(dataset: Dataset, scope: Scope, status: str, ticket: Ticket | None) -> int:
    query = parse_query(f'filter logStatus = "{status}" | stats count(*) as records')
    return int(answer(dataset, query, scope, ticket).frame["records"].sum())


def _gaps(dataset: Dataset, scope: Scope, ticket: Ticket | None) -> list[Lack]:
    """The longest stretches of time in which a log group has no record at all."""
    known = f"ispresent(interfaceId) | stats count(*) as records by bin(1m) as minute, {GROUP} | limit any"
    found = answer(dataset, parse_query(f"filter {known}"), replace(scope, filter=""), ticket).frame
    plan = (
        found.lazy()
        .filter(pl.col("minute").is_not_null())
        .sort(GROUP, "minute")
        .with_columns(before=pl.col("minute").shift(1).over(GROUP))
        .with_columns(length=pl.col("minute") - pl.col("before"))
        .filter(pl.col("length") > GAP)
        .sort("length", descending=True)
        .head(_MOST_GAPS)
        .select(GROUP, "before", "minute", "length")
    )
    return [
        Lack(
            "gap",
            int(length.total_seconds()),
            replace(scope, group=group, stream=None, since=before, until=minute + timedelta(minutes=1)),
            group,
        )
        for group, before, minute, length in plan.collect().iter_rows()
    ]


def _late(dataset: Dataset, parts: list[Part], scope: Scope) -> Lack | None:
    """The records that ended long before the five minutes that their file is named after."""
    times = {
        number: report.source.place.time
        for number, report in dataset.files.items()
        if report.source.place.time is not None and report.format is not None
    }
    if not times:
        return None
    known = {part: _LATE.known(scope.unordered, (part,))[0] for part in parts}
    new = [part for part, pieces in known.items() if not pieces]
    named = pl.DataFrame(
        {FILE: list(times), "_named": [int(time.timestamp()) for time in times.values()]},
        schema={FILE: pl.UInt32, "_named": pl.Int64},
    ).lazy()
    found = run.collect_all([_late_plan(part, scope, named) for part in new])
    frames = [pieces[0].value for pieces in known.values() if pieces]
    # A file's number and what its path says of its time are its own, and last as long as the part.
    frames += [
        _LATE.keep(scope.unordered, (part,), frame).value for part, frame in zip(new, found, strict=True)
    ]
    rows = [frame.row(0) for frame in frames if frame["records"][0]]
    if not rows:
        return Lack("late", 0, scope)
    firsts = [first for _, first, _ in rows if isinstance(first, datetime)]
    lasts = [last for _, _, last in rows if isinstance(last, datetime)]
    here = scope
    if firsts and lasts:
        here = replace(scope, since=min(firsts), until=max(lasts) + timedelta(milliseconds=MILLISECONDS))
    return Lack("late", sum(count for count, _, _ in rows), here)


def _late_plan(part: Part, scope: Scope, named: pl.LazyFrame) -> pl.LazyFrame:
    """How many records of a part were delivered late, and from when to when they are."""
    ends = pl.col("end") if "end" in part.schema else pl.col(TIMESTAMP).dt.epoch("s")
    return (
        part.counted_plan()
        .filter(scope.predicate(part.schema, part.addresses))
        .select(FILE, TIMESTAMP, ends.alias("_ends"))
        .join(named, on=FILE)
        .filter(pl.col("_ends") < pl.col("_named") - int(LATE.total_seconds()))
        .select(pl.len().alias("records"), first=pl.col(TIMESTAMP).min(), last=pl.col(TIMESTAMP).max())
    )
