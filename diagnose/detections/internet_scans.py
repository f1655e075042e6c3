"""Scanners of the internet that were refused everywhere: one line, for nobody has to do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import PRIVATE
from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.telling import Where, between, both, findings, summed
from diagnose.said import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "internet-scans"
# So many are named in the filter; of more it takes all that is refused and not private.
_FEW = 20


def _refused(context: Context, places: float) -> pl.DataFrame:
    """All such scanners together: one row, or none."""
    refused = context.talks.lazy().filter(
        (pl.col("state") == "rejected-request") & pl.col("from_public") & pl.col("to_inside")
    )
    scanners = (
        refused.select("initiator", "responder", "rport", "protocol")
        .unique()
        .group_by("initiator")
        .len("places")
        .filter(pl.col("places") >= places)
    )
    let_in = context.talks.lazy().filter(
        pl.col("from_public") & ~pl.col("state").is_in(["rejected-request", "rejected-reply"])
    )
    return (
        refused.join(scanners, on="initiator")
        .join(let_in, on="initiator", how="anti")
        .group_by(pl.lit(1).alias("one"))
        .agg(
            *summed(),
            pl.col("initiator").unique().sort().alias("sources"),
            pl.struct("responder", "rport", "protocol").n_unique().alias("places"),
            pl.col("initiator")
            .sort_by("places", "initiator", descending=[True, False])
            .first()
            .alias("worst"),
            pl.col("places").max().alias("most"),
        )
        .filter(pl.col("talks") > 0)
        .with_columns(source=pl.when(pl.col("sources").list.len() == 1).then("worst"))
        .collect()
    )


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)

    def say(row: Row) -> tuple[str, str]:
        number = len(row["sources"])
        who = "1 public address was" if number == 1 else f"{number:,} public addresses were"
        text = (
            f"{who} refused at {given['places']:g} or more addresses and ports each and let in "
            f"nowhere: {plural(row['talks'], 'request')} to {row['places']:,} addresses and ports, most by "
            f"{row['worst']} ({row['most']:,} places). Noise, nothing has to be done"
        )
        return "info", text

    def select(row: Row) -> str:
        names = row["sources"]
        if len(names) <= _FEW:
            ends = f"({' or '.join(where.end('srcaddr', name) for name in names)})"
        else:
            inside = " or ".join(f'isIpInSubnet(srcAddr, "{block.text}")' for block in PRIVATE)
            ends = "" if context.has("pkt_srcaddr") else f"not ({inside})"
        return both(ends, 'action = "REJECT"', between(row["first"], row["last"]))

    return findings(_NAME, _refused(context, float(given["places"])), context, say, select)


register(
    Detection(
        name=_NAME,
        title="Scanners from the internet, refused",
        means="Public addresses were refused at several addresses and ports and let in at none. All of them "
        "are one line, so that nobody has to read through them.",
        wrong="It is never an incident. Whoever scans and is then let in is told by scan-then-success.",
        thresholds=(Threshold("places", 3, "addresses and ports", 1, "each was refused at so many"),),
        finder=_find,
        rank=100,
    )
)
