"""Much that one of ours sent to one address of the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.telling import Where, findings, megabytes
from diagnose.detections.windows import densest, within
from diagnose.said import clock, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "large-egress"
_BY = ["source", "target"]
_MEGA = 1_000_000
# Anybody's machines are in this range of AWS.
_ANYBODY = "EC2"


def _records(context: Context, least: float) -> pl.DataFrame:
    """What ours sent to public addresses that were sent enough in all."""
    aws = pl.col("service").is_not_null() & (pl.col("service") != _ANYBODY)
    # With the real addresses logged, what a NAT gateway passes on is told under whoever sent it.
    passed_on = list(context.middle) if context.has("pkt_srcaddr") else []
    sent = context.talks.lazy().filter(
        pl.col("from_inside")
        & pl.col("to_public")
        & ~pl.col("initiator").is_in(passed_on)
        & ~aws
        & (pl.col("state") != "rejected-request")
    )
    candidates = (
        sent.group_by("initiator", "responder")
        .agg(pl.col("bytes_out").sum())
        .filter(pl.col("bytes_out") >= least)
    )
    keys = ["interface", "source", "srcport", "target", "dstport", "protocol"]
    talks = (
        sent.join(candidates, on=["initiator", "responder"], how="semi")
        .select(
            "interface", "protocol", source="initiator", srcport="iport", target="responder", dstport="rport"
        )
        .unique()
    )
    what = [
        "interface",
        "source",
        "target",
        "bytes",
        "packets",
        "start",
        "end",
        "srcport",
        "dstport",
        "protocol",
    ]
    return (
        context.flows.lazy()
        .filter("accepted")
        .with_columns(pl.col("srcport", "dstport").fill_null(0))
        .join(talks, on=keys, how="semi", nulls_equal=True)
        .select(what)
        # Overlapping flow logs deliver a record more than once.
        .unique()
        .rename({"start": "first"})
        .collect()
    )


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    least, minutes = float(given["megabytes"]) * _MEGA, float(given["minutes"])
    records = _records(context, least)
    windows = densest(records, _BY, pl.col("bytes").sum(), minutes).filter(pl.col("amount") >= least)
    found = (
        within(records, windows, _BY)
        .group_by(_BY)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("bytes").sum(),
            pl.col("first").min(),
            pl.col("end").max().alias("last"),
            pl.col("interface").unique().sort().alias("interfaces"),
            pl.when(pl.col("dstport").n_unique() == 1).then(pl.col("dstport").first()).alias("port"),
            pl.when(pl.col("protocol").n_unique() == 1).then(pl.col("protocol").first()).alias("protocol"),
        )
        .sort("bytes", "source", "target", descending=[True, False, False])
    )

    def say(row: Row) -> tuple[str, str]:
        text = (
            f"{row['source']} sent {megabytes(row['bytes'])} to {row['target']} within {minutes:g} minutes "
            f"from {clock(row['first'])} (at least {given['megabytes']:g} MB), in "
            f"{plural(row['records'], 'record')}"
        )
        return ("high" if row["bytes"] >= _MUCH * least else "medium"), text

    return findings(_NAME, found, context, say, lambda row: where.talk(row, replies=False))


_MUCH = 10
"""So many times the threshold is grave."""


def _notes(context: Context, given: Mapping[str, Value]) -> tuple[str, ...]:
    del given
    if context.has("pkt_dst_aws_service") or context.span is None:
        return ()
    return ("these logs have no pkt-dst-aws-service: what goes to services of AWS counts too",)


register(
    Detection(
        name=_NAME,
        title="Large transfers to the internet",
        means="A private address began conversations with one public address and sent it very much within an "
        "hour. Addresses of AWS's own services do not count where the log names them; those of EC2 do, for "
        "anybody can have one.",
        wrong="Backups, log shipping and mirrors to other clouds. Downloads are the other way and never "
        "count, nor does what a server of yours answers to clients.",
        thresholds=(
            Threshold("megabytes", 500, "MB", 100, "so much was sent to one address", 0.001),
            Threshold("minutes", 60, "minutes", 10, "within this time"),
        ),
        finder=_find,
        rank=50,
        notes=_notes,
    )
)
