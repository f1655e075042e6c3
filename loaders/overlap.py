"""Records that several flow logs hold: an interface can be covered by its own, its subnet's and its VPC's.

Each flow log then delivers the same records, and a total over all of them counts the traffic twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.schema import FLOW_LOG, GROUP, STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.dataset import Dataset
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
    if not interfaces:
        return ()
    keys = []
    for part in dataset.parts:
        if ticket:
            ticket.check()
        if part.kind == FLOW_LOG and set(part.schema) >= _NEEDED:
            keys.append(run.collect(_keys(part.lazy(), interfaces)))
    if not keys:
        return ()
    if ticket:
        ticket.check()
    return _pairs(pl.concat(keys))


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


def _keys(plan: pl.LazyFrame, interfaces: Sequence[str]) -> pl.LazyFrame:
    """Group, interface and a number that stands for all that makes a record the same."""
    have = plan.collect_schema().names()
    same = [(pl.col(name) if name in have else pl.lit(None)).cast(pl.String()).alias(name) for name in _SAME]
    return plan.filter(pl.col(_INTERFACE).cast(pl.String()).is_in(interfaces)).select(
        pl.col(GROUP).cast(pl.String()),
        pl.col(_INTERFACE).cast(pl.String()),
        pl.struct(same).hash().alias("key"),
    )


def _pairs(keys: pl.DataFrame) -> tuple[Overlap, ...]:
    per_group = keys.group_by(_INTERFACE, "key", GROUP).len()
    both = per_group.join(per_group, on=[_INTERFACE, "key"], suffix="_other").filter(
        pl.col(GROUP) != pl.col(f"{GROUP}_other")
    )
    shared = pl.col(_INTERFACE).is_in(both[_INTERFACE].unique().implode())
    sizes = keys.filter(shared).group_by(GROUP).len("size")
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
