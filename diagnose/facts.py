"""What is known about records from the records around them: the facts that a verdict rests on.

All in one go over a frame, so that a hundred thousand rejects cost little more than one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from diagnose.initiator import has_syn
from diagnose.model import ICMP, ICMP6
from diagnose.records import FIN, RST
from diagnose.vantages import VANTAGES

if TYPE_CHECKING:
    from diagnose.lookup import Lookup

ANSWERED_BY_ICMP = 120
"""Seconds within which an ICMP packet the other way counts as an answer."""


@dataclass(frozen=True, slots=True)
class Around:
    """The records around those in question, and what was found in more of them.

    Attributes:
        flows: Flows with directions: all that share the endpoints of those in question, at any interface.
        refused: ``peer`` (String) and ``refused_at`` (UInt32): at how many addresses and ports of ours each
            was refused.
        views: The conversations of those in question that several interfaces saw (``vantages.VANTAGES``);
            none where nobody asks about single records.
    """

    flows: pl.DataFrame
    refused: pl.DataFrame
    views: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VANTAGES))


def instances(flows: pl.DataFrame, lookup: Lookup) -> dict[str, str]:
    """The instance of each interface: the inventory's word outranks what is logged, which is best effort."""
    logged = flows.select("interface", "instance").drop_nulls().unique()
    known = {one.id: one.instance for one in lookup.inventory.interfaces.values() if one.instance}
    return {**dict(logged.iter_rows()), **known}


def refusals(flows: pl.DataFrame) -> pl.DataFrame:
    """At how many addresses and ports each peer was refused, as ``Around.refused`` has it."""
    return (
        flows.lazy()
        .filter(~pl.col("accepted") & pl.col("way").ne_missing(pl.lit("egress")))
        .select(peer="source", address="target", port="dstport")
        .unique()
        .group_by("peer")
        .len("refused_at")
        .collect()
    )


def facts(picked: pl.DataFrame, around: Around) -> pl.DataFrame:
    """Add to flows what is known about their conversations.

    Args:
        picked: Flows with directions, those in question.
        around: The records around them.

    Returns:
        The same rows in the same order with, of the record's own direction (``same_``) and of the other one
        (``other_``) at this interface: ``accepted`` and ``rejected`` (UInt32 counts), ``flags`` (Int32, all
        bits), ``syn`` (Boolean: a SYN without an ACK), ``first`` (Int64), ``first_accepted``, ``first_close``
        (Int64: when the first FIN or RST was seen), ``packets``, ``bytes``; ``same_at`` and ``other_at``
        (lists of String: the interfaces, this one too, that saw each), ``other_syn_at`` (those that saw a SYN
        the other way); ``icmp_back`` (Boolean); ``refused_at`` (UInt32).
    """
    sides = _sides(around.flows)
    found = _keyed(picked.with_row_index("_row"))
    places = _places(around.flows)
    for name in ("same", "other"):
        for table, on, columns in (
            (sides, ["interface", *_KEY, "_side"], _MEASURES),
            (places, [*_KEY, "_side"], ("at", "syn_at")),
        ):
            mine = table.rename({column: f"{name}_{column}" for column in columns})
            if name == "other":
                mine = mine.with_columns(~pl.col("_side"))
            found = found.join(mine, on=on, how="left", nulls_equal=True, maintain_order="left")
    counts = [f"{name}_{what}" for name in ("same", "other") for what in ("accepted", "rejected")]
    truths = [f"{name}_syn" for name in ("same", "other")]
    found = found.with_columns(pl.col(counts).fill_null(0), pl.col(truths).fill_null(value=False))
    found = _with_icmp(found, around.flows)
    peer = pl.when(pl.col("way") == "egress").then("target").otherwise("source")
    found = found.with_columns(peer=peer).join(around.refused, on="peer", how="left", maintain_order="left")
    return found.with_columns(pl.col("refused_at").fill_null(0)).drop("_row", *_KEY, "_side", "peer")


_KEY = ["_low", "_low_port", "_high", "_high_port", "protocol_"]
_MEASURES = (
    *("accepted", "rejected", "flags", "syn", "first", "first_accepted", "first_close"),
    *("packets", "bytes"),
)


def _keyed(flows: pl.DataFrame) -> pl.DataFrame:
    """Add a key that both directions of a conversation share, and which of the two a record is."""
    source, target = pl.col("source"), pl.col("target")
    sport, dport = pl.col("srcport").fill_null(0), pl.col("dstport").fill_null(0)
    side = (source > target) | ((source == target) & (sport > dport))
    return flows.with_columns(
        _side=side,
        _low=pl.when(side).then(target).otherwise(source),
        _high=pl.when(side).then(source).otherwise(target),
        _low_port=pl.when(side).then(dport).otherwise(sport),
        _high_port=pl.when(side).then(sport).otherwise(dport),
        protocol_=pl.col("protocol"),
    )


def _sides(flows: pl.DataFrame) -> pl.DataFrame:
    """Each direction of each conversation at each interface, with ``_MEASURES``."""
    ok = pl.col("accepted")
    closes = pl.col("flags") & (FIN | RST) > 0
    return (
        _keyed(flows)
        .lazy()
        .group_by("interface", *_KEY, "_side")
        .agg(
            ok.sum().cast(pl.UInt32).alias("accepted"),
            (~ok).sum().cast(pl.UInt32).alias("rejected"),
            pl.col("flags").bitwise_or(),
            has_syn(pl.col("flags")).any().alias("syn"),
            pl.col("start").min().alias("first"),
            pl.col("start").filter(ok).min().alias("first_accepted"),
            pl.col("start").filter(closes).min().alias("first_close"),
            pl.col("packets").sum(),
            pl.col("bytes").sum(),
        )
        .collect()
    )


def _places(flows: pl.DataFrame) -> pl.DataFrame:
    """Each direction of each conversation, and the interfaces that saw it."""
    return (
        _keyed(flows)
        .lazy()
        .group_by(*_KEY, "_side")
        .agg(
            pl.col("interface").unique().sort().alias("at"),
            pl.col("interface").filter(has_syn(pl.col("flags"))).unique().sort().alias("syn_at"),
        )
        .collect()
    )


def _with_icmp(found: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """Add ``icmp_back``: whether an ICMP packet went the other way at about the same time."""
    answers = flows.filter(pl.col("protocol").is_in([ICMP, ICMP6])).select(
        source="target", target="source", icmp_at="start"
    )
    if not answers.height:
        return found.with_columns(icmp_back=pl.lit(value=False))
    near = (
        found.select("_row", "source", "target", "start", "protocol")
        .join(answers, on=["source", "target"])
        .filter(
            ~pl.col("protocol").is_in([ICMP, ICMP6])
            & ((pl.col("icmp_at") - pl.col("start")).abs() <= ANSWERED_BY_ICMP)
        )
    )
    return found.with_columns(icmp_back=pl.col("_row").is_in(near["_row"].unique().implode()))
