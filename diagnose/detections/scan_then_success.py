"""Somebody who tried many ports in vain, and then got through at one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import ADMIN, DATABASES, port_text
from diagnose.detections.telling import Where, findings, summed
from diagnose.model import HAVE_PORTS
from diagnose.said import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "scan-then-success"
# What asks once more does not send more packets than this.
_ASKS = 3
_HOUR = 3600


def _entered(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    """Who got through where, after how many tries."""
    talks = context.talks.lazy().filter(pl.col("to_inside") & pl.col("protocol").is_in(list(HAVE_PORTS)))
    silent = (pl.col("state") == "half-open") & (pl.col("packets_out") <= _ASKS)
    probes = (
        talks.filter(pl.col("state").is_in(["rejected-request", "refused"]) | silent)
        .group_by("initiator", "responder", "rport", "protocol")
        .agg(pl.col("first").min(), pl.col("first").max().alias("last"))
        .collect()
    )
    scanners = (
        probes.lazy()
        .group_by("initiator")
        .agg(
            pl.len().alias("probes"),
            pl.col("first").min().alias("began"),
            pl.col("last").max().alias("ended"),
        )
        .filter(pl.col("probes") >= given["probes"])
        .collect()
    )
    tried = (
        probes.join(scanners, on="initiator", how="semi")
        .group_by("initiator", "rport", "protocol")
        .agg(pl.col("first").min().alias("tried"))
    )
    return (
        talks.filter(
            (pl.col("state") == "established")
            & (pl.col("packets_out") + pl.col("packets_back") > given["packets"])
        )
        .join(scanners.lazy(), on="initiator")
        .join(tried.lazy(), on=["initiator", "rport", "protocol"], how="left")
        .filter(
            (pl.col("first") > pl.col("began"))
            & (pl.col("first") - pl.col("ended") <= float(given["hours"]) * _HOUR)
        )
        .with_columns(in_vain=(pl.col("tried") < pl.col("first")).fill_null(value=False))
        .group_by(source="initiator", target="responder", port="rport", protocol="protocol")
        .agg(
            *summed(),
            (pl.col("packets_out") + pl.col("packets_back")).max().alias("packets"),
            pl.col("probes", "began").first(),
            pl.col("from_public").first(),
            pl.col("in_vain").any(),
            pl.col("first").min().alias("entered"),
        )
        .sort("in_vain", "probes", "source", "target", "port", descending=[True, True, False, False, False])
        .collect()
    )


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)

    def say(row: Row) -> tuple[str, str]:
        grave = row["port"] in {*ADMIN, *DATABASES} or not row["from_public"]
        before = "that it had tried in vain before" if row["in_vain"] else "that was open all the time"
        text = (
            f"{row['source']} tried {row['probes']:,} addresses and ports in vain from {clock(row['began'])} "
            f"(at least {given['probes']:g}), and at {clock(row['entered'])} got through to {row['target']} "
            f"at {port_text(row['port'], row['protocol'])}, {before}: {row['packets']:,} packets in a "
            f"conversation (more than {given['packets']:g})"
        )
        return ("high" if grave else "medium" if row["in_vain"] else "low"), text

    return findings(_NAME, _entered(context, given), context, say, where.talk)


register(
    Detection(
        name=_NAME,
        title="A scan that got through",
        means="An address was refused or never answered at many addresses and ports, and after the first of "
        "them had a real conversation with one of ours. Whoever scans is noise until then. It is worse where "
        "the same port had been tried in vain: something opened it.",
        wrong="Many people share the address (a carrier's NAT, a VPN, a research scanner); monitoring that "
        "tries everything and speaks to what is there; a port that is meant to be public, such as 443.",
        thresholds=(
            Threshold("probes", 10, "addresses and ports", 5, "so many were tried in vain"),
            Threshold("packets", 10, "packets", 5, "the conversation that came about has more", 0),
            Threshold("hours", 24, "hours", 1, "it came about no later than this after the last try", 0),
        ),
        finder=_find,
        rank=20,
    )
)
