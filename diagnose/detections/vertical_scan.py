"""One of ours that tries many ports of one address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.telling import Where, findings, summed
from diagnose.detections.windows import densest, within
from diagnose.model import HAVE_PORTS
from diagnose.packet import protocol_name
from diagnose.said import clock, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "vertical-scan"
_BY = ["initiator", "responder", "protocol"]


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    ports, minutes = float(given["ports"]), float(given["minutes"])
    few = pl.col("state").is_in(["half-open", "established", "rejected-reply"]) & (
        pl.col("packets_out") <= given["packets"]
    )
    probes = context.talks.lazy().filter(
        pl.col("from_inside")
        & pl.col("protocol").is_in(list(HAVE_PORTS))
        & (pl.col("state").is_in(["rejected-request", "refused"]) | few)
    )
    candidates = probes.group_by(_BY).agg(pl.col("rport").n_unique()).filter(pl.col("rport") >= ports)
    tried = probes.join(candidates.select(_BY), on=_BY, how="semi").collect()
    windows = densest(tried, _BY, pl.col("rport").n_unique(), minutes).filter(pl.col("amount") >= ports)
    found = (
        within(tried, windows, _BY)
        .group_by(source="initiator", target="responder", protocol="protocol")
        .agg(
            *summed(),
            pl.col("amount", "to_inside").first(),
            (pl.col("state") == "rejected-request").sum().alias("rejected"),
            (pl.col("state") == "refused").sum().alias("refused"),
        )
        .sort("amount", "source", "target", descending=[True, False, False])
    )

    def say(row: Row) -> tuple[str, str]:
        text = (
            f"{row['source']} tried {row['amount']:,} {protocol_name(row['protocol'])} ports of "
            f"{row['target']} within {minutes:g} minutes from {clock(row['first'])} (at least {ports:g}): "
            f"{plural(row['talks'], 'conversation')}, {row['rejected']:,} rejected, "
            f"{row['refused']:,} answered by a reset, the others of at most {given['packets']:g} packets"
        )
        return ("high" if row["to_inside"] else "medium"), text

    return findings(_NAME, found, context, say, lambda row: where.talk(row, replies=True))


register(
    Detection(
        name=_NAME,
        title="Port scan from inside",
        means="A private address asked many ports of one address within minutes and hardly spoke at any: "
        "somebody looks for what listens there.",
        wrong="Passive FTP, RPC and load tests open many ports, but speak there; vulnerability scanners of "
        "your own; traceroute over UDP. Replies to many client ports do not count: who began decides.",
        thresholds=(
            Threshold("ports", 15, "ports", 5, "so many different ports of one address", 2),
            Threshold("minutes", 10, "minutes", 5, "within this time"),
            Threshold("packets", 3, "packets", 1, "an accepted conversation counts up to so many sent", 0),
        ),
        finder=_find,
        rank=30,
    )
)
