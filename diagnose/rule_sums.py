"""What is counted of a rule, whatever kind of rule it is, and how a rule is said in words."""

from __future__ import annotations

from typing import Any

import polars as pl

from diagnose.model import HAVE_PORTS, AclEntry, GroupRule
from diagnose.packet import protocol_name
from diagnose.rule_filters import MOST_NAMED, SEEN
from diagnose.security_groups import whom

USED, REDUNDANT, UNUSED, UNKNOWN = "used", "redundant", "unused", "unknown"
TIME = pl.Datetime("ms", "UTC")
COUNTS: dict[str, pl.DataType] = {
    "hits": pl.UInt32(),
    "peers": pl.UInt32(),
    "bytes": pl.Int64(),
    "first": TIME,
    "last": TIME,
}


def summed(frame: pl.DataFrame, by: str, *more: pl.Expr) -> dict[int, dict[str, Any]]:
    """Count conversations by the number of what let them in."""
    named = {"interfaces_": "interface", "protocols_": "protocol", "ports_": "rport", "peers_": "peer"}
    moments = {name: pl.from_epoch(pl.col(name), "s").cast(TIME) for name in ("first", "last")}
    found = (
        frame.lazy()
        .group_by(by)
        .agg(
            pl.len().cast(pl.UInt32).alias("hits"),
            pl.col("peer").n_unique().cast(pl.UInt32).alias("peers"),
            (pl.col("bytes_out").fill_null(0) + pl.col("bytes_back").fill_null(0)).sum().alias("bytes"),
            moments["first"].min(),
            moments["last"].max(),
            *more,
            *(
                pl.col(named[name]).drop_nulls().unique().sort().head(MOST_NAMED + 1).alias(name)
                for name in SEEN
            ),
        )
        .collect()
    )
    return {row[by]: row for row in found.iter_rows(named=True)}


NONE: dict[str, Any] = {"hits": 0, "peers": 0, "bytes": 0, "first": None, "last": None, "sole": 0}


def described(rule: GroupRule | AclEntry) -> dict[str, str]:
    """A rule's ``direction``, ``protocol``, ``ports`` and ``other`` in words."""
    low, high = rule.low, rule.high if rule.high is not None else rule.low
    ports = "all" if low is None else str(low) if low == high else f"{low}-{high}"
    if isinstance(rule, AclEntry):
        kind = rule.icmp[0] if rule.icmp is not None and rule.icmp[0] != -1 else None
        other = rule.block.text
    else:
        kind = low if rule.protocol is not None and rule.protocol not in HAVE_PORTS else None
        other = whom(rule)
    if rule.protocol is not None and rule.protocol not in HAVE_PORTS:
        ports = "all" if kind is None else f"type {kind}"
    return {
        "direction": "egress" if rule.egress else "ingress",
        "protocol": protocol_name(rule.protocol),
        "ports": ports,
        "other": other,
    }
