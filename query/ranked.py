"""The records of a scope in another order than that of time, found a range of values after the other.

To sort a hundred million values at once takes gigabytes and many seconds in which nothing can be shown. A
sample of the values tells where to cut them into ranges of a few million. Each range is looked for by itself,
the one that comes first before the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.addresses import sort_key
from loaders.fields import ADDRESSES
from loaders.schema import MESSAGE
from query.order import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loaders.parts import Part
    from loaders.run import Ticket

_KEY = "_key"
# So many records are sorted at once, and of so many one is looked at to know where to cut.
_RANGE, _STEP = 4_000_000, 1000
# So many parts are looked at in one go.
_PARTS = 8


def ranked(
    parts: Sequence[tuple[Part, int, pl.Expr]],
    name: str,
    *,
    descending: bool,
    ticket: Ticket | None = None,
) -> Iterator[tuple[pl.Series, set[int]]]:
    """Put records in the order of a column; what has no value comes last, and equal ones keep their order.

    Args:
        parts: The parts, the number of the first row of each, and which of its rows are in scope.
        name: The column, or a field of messages.
        descending: Whether the largest come first.
        ticket: Checked between the steps.

    Yields:
        The numbers of some records (UInt32), those that come next, and the places of the parts that have any.

    Raises:
        Cancelled: Nobody wants them any more.
    """
    kept = [part.addresses.get(name) for part, _, _ in parts if name in part.schema]
    wide = any(address is None or address.v6 is not None for address in kept)
    plans = [
        part.numbered(NUMBER)
        .filter(predicate)
        .select((pl.col(NUMBER) + first).cast(pl.UInt32), _key(name, part, wide=wide).alias(_KEY))
        for part, first, predicate in parts
    ]
    dtype = _common(plans)
    plans = [plan.with_columns(pl.col(_KEY).cast(dtype)) for plan in plans]
    ranges = [pl.col(_KEY).is_not_null()]
    if sum(part.rows for part, _, _ in parts) > _RANGE:
        ranges = list(_ranges(plans, ticket))
    for is_in_range in reversed(ranges) if descending else ranges:
        found, having = _found(plans, is_in_range, ticket)
        yield found.sort(_KEY, descending=descending, maintain_order=True)[NUMBER], having
    found, having = _found(plans, pl.col(_KEY).is_null(), ticket)
    yield found[NUMBER], having


def _key(name: str, part: Part, *, wide: bool) -> pl.Expr:
    """What records are sorted by: a column, else the field of that name in their messages."""
    if name in ADDRESSES and part.schema.get(name) == pl.String():
        return sort_key(name, part.addresses.get(name), wide=wide)
    if name in part.schema:
        is_code = isinstance(part.schema[name], pl.Categorical)
        return pl.col(name).cast(pl.String) if is_code else pl.col(name)
    found = None
    if part.schema.get(MESSAGE) == pl.String():
        from query.json_fields import lookup

        found = lookup((name,), pl.col(MESSAGE))
    return pl.lit(None) if found is None else found


def _common(plans: Sequence[pl.LazyFrame]) -> pl.DataType:
    """A dtype for the keys of all parts: records of several kinds may have columns of one name."""
    empty = [pl.LazyFrame(schema={_KEY: plan.collect_schema()[_KEY]}) for plan in plans]
    return pl.concat(empty, how="vertical_relaxed").collect_schema()[_KEY]


def _ranges(plans: Sequence[pl.LazyFrame], ticket: Ticket | None) -> Iterator[pl.Expr]:
    """Cut the values into ranges with some millions of records each, the lowest first.

    A value that so many records have is a range of its own, however many those are.
    """
    samples = _collected([plan.select(pl.col(_KEY).gather_every(_STEP)) for plan in plans], ticket)
    values = pl.concat(samples)[_KEY].drop_nulls().sort()
    size = max(1, _RANGE // _STEP)
    cuts = values.gather_every(size, offset=size).rle().struct.unnest()
    key, above = pl.col(_KEY), pl.col(_KEY).is_not_null()
    for count, value in cuts.iter_rows():
        cut = pl.lit(value, values.dtype)
        yield above & (key < cut)
        above = key >= cut
        if count > 1:
            yield key == cut
            above = key > cut
    yield above


def _found(
    plans: Sequence[pl.LazyFrame], predicate: pl.Expr, ticket: Ticket | None
) -> tuple[pl.DataFrame, set[int]]:
    frames = _collected([plan.filter(predicate) for plan in plans], ticket)
    return pl.concat(frames), {place for place, frame in enumerate(frames) if frame.height}


def _collected(plans: Sequence[pl.LazyFrame], ticket: Ticket | None) -> list[pl.DataFrame]:
    frames: list[pl.DataFrame] = []
    for begin in range(0, len(plans), _PARTS):
        if ticket:
            ticket.check()
        frames += run.collect_all(plans[begin : begin + _PARTS])
    return frames
