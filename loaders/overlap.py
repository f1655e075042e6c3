"""Records that several flow logs hold: an interface can be covered by its own, its subnet's and its VPC's.

Each flow log then delivers the same records, and a total over all of them counts the traffic twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import MINUTE, minute
from loaders.schema import FLOW_LOG, GROUP, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loaders.dataset import Dataset
    from loaders.parts import Part
    from loaders.run import Ticket

_INTERFACE = "interface_id"
# Two records that agree in all of these were made of the same packets.
_SAME = (
    _INTERFACE,
    "start",
    "end",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "action",
    "log_status",
)
# Without these a record does not say enough to be told from another one.
_NEEDED = frozenset(_SAME[:5])
# So many records, or a minute of them, are compared at once.
_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two log groups that hold the same records.

    Attributes:
        kept: The log group that holds more of these interfaces' records.
        other: The log group that repeats some of them.
        interfaces: The interfaces that both cover.
        records: How many records of ``kept`` are in ``other`` as well.
    """

    kept: str
    other: str
    interfaces: tuple[str, ...]
    records: int


def overlaps(dataset: Dataset, ticket: Ticket | None = None) -> tuple[Overlap, ...]:
    """Find log groups that hold the same flow-log records, those with most of them first.

    Rows are only looked at for interfaces that more than one log group names.

    Raises:
        Cancelled: Nobody wants the answer any more.
    """
    interfaces = _candidates(dataset)
    parts = [part for part in dataset.parts if part.kind == FLOW_LOG and set(part.schema) >= _NEEDED]
    if not interfaces or not parts:
        return ()
    twice, sizes = [], []
    for first, last in _windows(parts):
        found = []
        for part in parts:
            if ticket:
                ticket.check()
            if _reaches(part, first, last):
                found.append(run.collect(_keys(part.lazy(), interfaces, first, last)))
        keys = pl.concat(found)
        sizes.append(keys.group_by(GROUP, _INTERFACE).len("size"))
        twice.append(keys.filter(pl.col("key").is_duplicated()))
    return _pairs(pl.concat(twice), pl.concat(sizes))


def _windows(parts: Sequence[Part]) -> Iterator[tuple[int | None, int | None]]:
    """Stretches of time, in minutes and with their last one, that have not too many records each.

    What two log groups hold of one packet has the same time, so that stretches can be looked at one by one.
    The records without a time have one of their own: ``None``.
    """
    every = pl.concat([_minutes(part) for part in parts])
    minutes = every.group_by(MINUTE).agg(pl.col("records").sum()).sort(MINUTE, nulls_last=True)
    cut = minutes.with_columns(
        number=pl.when(pl.col(MINUTE).is_not_null()).then(pl.col("records").cum_sum() // _AT_ONCE)
    )
    yield from (
        cut.group_by("number", maintain_order=True)
        .agg(pl.col(MINUTE).min().alias("first"), pl.col(MINUTE).max().alias("last"))
        .select("first", "last")
        .iter_rows()
    )


def _minutes(part: Part) -> pl.DataFrame:
    """How many records each minute has, as ``Part.minutes`` tells it where it is known."""
    if part.minutes is not None:
        return part.minutes
    counts = part.lazy().group_by(minute().alias(MINUTE)).agg(pl.len().cast(pl.Int64).alias("records"))
    return run.collect(counts)


def _reaches(part: Part, first: int | None, last: int | None) -> bool:
    """Whether a part can have records of a stretch of time."""
    if part.minutes is None:
        return True
    within = pl.col(MINUTE).is_between(first, last) if first is not None else pl.col(MINUTE).is_null()
    return bool(part.minutes.select(within.any()).item())


def _candidates(dataset: Dataset) -> list[str]:
    """The interfaces that more than one log group of flow logs names; an export's stream is ``eni-…-all``."""
    interface = pl.col(STREAM).str.extract(r"^(eni-[0-9a-f]+)")
    plan = (
        dataset.summary()
        .lazy()
        .filter(pl.col("format") == FLOW_LOG)
        .select(interface.alias(_INTERFACE), GROUP)
        .drop_nulls()
        .group_by(_INTERFACE)
        .agg(pl.col(GROUP).n_unique())
        .filter(pl.col(GROUP) > 1)
    )
    return run.collect(plan)[_INTERFACE].sort().to_list()


def _keys(plan: pl.LazyFrame, interfaces: Sequence[str], first: int | None, last: int | None) -> pl.LazyFrame:
    """Group, interface and a number that stands for all that makes a record the same."""
    schema = plan.collect_schema()
    same = [_hash(name, schema[name], place) for place, name in enumerate(_SAME) if name in schema]
    time = pl.col(TIMESTAMP)
    within = time.is_null()
    if first is not None and last is not None:
        within = (time >= _moment(first)) & (time < _moment(last + 1))
    return plan.filter(within, pl.col(_INTERFACE).cast(pl.String()).is_in(interfaces)).select(
        pl.col(GROUP).cast(pl.String()),
        pl.col(_INTERFACE).cast(pl.String()),
        pl.sum_horizontal(same).alias("key"),
    )


def _hash(name: str, kind: pl.DataType, place: int) -> pl.Expr:
    """A share of the number; a column that is not there counts as one without values."""
    value = pl.col(name).cast(pl.Int64() if kind.is_integer() else pl.String())
    return (
        pl.when(value.is_not_null()).then(value.hash(place) // len(_SAME)).otherwise(pl.lit(0, pl.UInt64()))
    )


def _moment(minute: int) -> pl.Expr:
    return pl.lit(minute * 60_000).cast(pl.Datetime("ms", "UTC"))


def _pairs(keys: pl.DataFrame, every: pl.DataFrame) -> tuple[Overlap, ...]:
    """Pairs of log groups, from what more than one record has the key of, and how many records there are."""
    per_group = keys.group_by(_INTERFACE, "key", GROUP).len()
    both = per_group.join(per_group, on=[_INTERFACE, "key"], suffix="_other").filter(
        pl.col(GROUP) != pl.col(f"{GROUP}_other")
    )
    shared = pl.col(_INTERFACE).is_in(both[_INTERFACE].unique().implode())
    sizes = every.filter(shared).group_by(GROUP).agg(pl.col("size").sum())
    pairs = (
        both.group_by(GROUP, f"{GROUP}_other")
        .agg(pl.col(_INTERFACE).unique().sort(), pl.col("len").sum())
        .join(sizes, on=GROUP)
        .join(sizes, left_on=f"{GROUP}_other", right_on=GROUP, suffix="_other")
        # Each pair stands here both ways round; of two of one size the name decides.
        .filter(
            (pl.col("size") > pl.col("size_other"))
            | ((pl.col("size") == pl.col("size_other")) & (pl.col(GROUP) < pl.col(f"{GROUP}_other")))
        )
        .sort("len", GROUP, descending=[True, False])
    )
    rows = pairs.select(GROUP, f"{GROUP}_other", _INTERFACE, "len").iter_rows()
    return tuple(Overlap(kept, other, tuple(shared), records) for kept, other, shared, records in rows)
