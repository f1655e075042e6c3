"""One of ours that tries one port of many addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import port_text
from diagnose.detections.telling import Where, findings, summed
from diagnose.detections.windows import densest, within
from diagnose.model import HAVE_PORTS, ICMP, ICMP6
from diagnose.said import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "sweep"
_BY = ["initiator", "rport", "protocol"]
_PERCENT = 100


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    targets, minutes, share = (float(given[name]) for name in ("targets", "minutes", "unanswered"))
    asked = context.talks.lazy().filter(
        pl.col("from_inside")
        & ~pl.col("initiator").is_in(list(context.middle))
        & pl.col("protocol").is_in([*HAVE_PORTS, ICMP, ICMP6])
    )
    candidates = (
        asked.group_by(_BY).agg(pl.col("responder").n_unique()).filter(pl.col("responder") >= targets)
    )
    tried = (
        asked.join(candidates.select(_BY), on=_BY, how="semi", nulls_equal=True)
        .with_columns(silent=pl.col("state").is_in(["rejected-request", "refused", "half-open"]))
        .collect()
    )
    windows = densest(tried, _BY, pl.col("responder").n_unique(), minutes)
    found = (
        within(tried, windows.filter(pl.col("amount") >= targets), _BY)
        .group_by(source="initiator", port="rport", protocol="protocol")
        .agg(
            *summed(),
            pl.col("amount").first(),
            pl.col("responder").filter("silent").n_unique().alias("unanswered"),
            pl.col("to_inside").any(),
        )
        .filter(pl.col("unanswered") >= pl.col("amount") * share / _PERCENT)
        .sort("amount", "source", "port", descending=[True, False, False])
    )

    def say(row: Row) -> tuple[str, str]:
        part = round(_PERCENT * row["unanswered"] / row["amount"])
        text = (
            f"{row['source']} tried {port_text(row['port'], row['protocol'])} at {row['amount']:,} addresses "
            f"within {minutes:g} minutes from {clock(row['first'])} (at least {targets:g}), and "
            f"{row['unanswered']:,} of them, {part} %, refused it or kept silent (at least {share:g} %)"
        )
        return ("high" if row["to_inside"] else "medium"), text

    return findings(_NAME, found, context, say, where.talk)


register(
    Detection(
        name=_NAME,
        title="Sweep from inside",
        means="A private address asked one port of many addresses within minutes, and most refused it or "
        "kept silent: somebody looks for machines.",
        wrong="Monitoring, service discovery and health checks ask many too, but are answered; load "
        "balancers and NAT gateways are left out where the inventory names them. A network that is down "
        "keeps silent.",
        thresholds=(
            Threshold("targets", 50, "addresses", 10, "so many different addresses at one port", 2),
            Threshold("minutes", 10, "minutes", 5, "within this time"),
            Threshold("unanswered", 80, "%", 5, "so many of them refused it or kept silent", 0, 100),
        ),
        finder=_find,
        rank=40,
    )
)
