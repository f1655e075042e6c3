"""Traffic that was accepted and is rejected now: a rule has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose import judging
from diagnose.detections.context import ENDS
from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import port_text
from diagnose.detections.telling import Where, findings
from diagnose.initiator import has_syn
from diagnose.model import TCP
from diagnose.said import clock, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "config-drift"
_FLOW = ["source", "target", "dstport", "protocol"]
_SAME = [*_FLOW, "srcport"]


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    records = _records(context)
    counted = _counted(context, records)
    since = counted.group_by("interface", *_FLOW).agg(pl.col("start").min().alias("since"))
    good = (
        records.filter("accepted")
        .join(since, on=["interface", *_FLOW], nulls_equal=True)
        .group_by("interface", *_FLOW)
        .agg(
            pl.col("start").min().alias("good"),
            (pl.col("start") > pl.col("since")).sum().alias("again"),
            pl.len().alias("accepts"),
        )
    )
    found = (
        counted.group_by("interface", *_FLOW)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.when((pl.col("reason") == "BPA").any().not_()).then(pl.col("bytes").sum()).alias("bytes"),
            pl.col("start").min().alias("first"),
            pl.col("end").max().alias("last"),
            pl.col("by").drop_nulls().first(),
            pl.col("code").first(),
        )
        .join(good, on=["interface", *_FLOW], nulls_equal=True)
        .filter(pl.col("records") >= given["rejects"])
        .with_columns(interfaces=pl.concat_list("interface"), port="dstport")
        .sort("again", "records", *_FLOW, descending=[False, True, *[False] * 4])
    )

    def say(row: Row) -> tuple[str, str]:
        again = (
            f"accepted again {plural(row['again'], 'time')} since" if row["again"] else "never accepted since"
        )
        by = f"; the rules of the inventory refuse it: {row['by']} ({row['code']})" if row["by"] else ""
        text = (
            f"{row['source']} to {row['target']} at {port_text(row['port'], row['protocol'])} was accepted "
            f"from {clock(row['good'])} and is rejected from {clock(row['first'])}, {again}: "
            f"{plural(row['records'], 'reject')} (at least {given['rejects']:g}) at {row['interface']}{by}"
        )
        return ("low" if row["again"] else "high" if row["by"] else "medium"), text

    return findings(
        _NAME, found, context, say, lambda row: where.talk(row, replies=False, more=['action = "REJECT"'])
    )


def _records(context: Context) -> pl.DataFrame:
    """What initiators sent where some of it was accepted and some rejected, with directions."""
    mixed = (pl.col("rejected") > 0) & (pl.col("accepted") > 0) & (pl.col("state") != "rejected-reply")
    refused = pl.col("state") == "rejected-request"
    # Of all conversations: of those that look late, rules tell which are not.
    talks = context.every_talk.lazy()
    flow = ["initiator", "responder", "rport", "protocol"]
    both = (
        talks.filter(refused | mixed)
        .select(flow)
        .unique()
        .join(talks.filter(~refused), on=flow, how="semi", nulls_equal=True)
    )
    ends = (
        talks.join(both, on=flow, how="semi", nulls_equal=True)
        .select("interface", *ENDS)
        .unique()
        .rename({"initiator": "source", "iport": "srcport", "responder": "target", "rport": "dstport"})
    )
    return (
        context.flows.lazy()
        .with_columns(pl.col("srcport", "dstport").fill_null(0))
        .join(ends, on=["interface", *_SAME], how="semi", nulls_equal=True)
        .collect()
    )


def _counted(context: Context, records: pl.DataFrame) -> pl.DataFrame:
    """The rejects that a changed rule is behind, with ``code`` and ``by``: what refuses them now."""

    def first_accept(keys: list[str], name: str) -> pl.DataFrame:
        accepted = records.filter("accepted")
        return accepted.group_by("interface", *keys).agg(pl.col("start").min().alias(name))

    rejects = (
        records.filter(~pl.col("accepted"))
        .join(first_accept(_FLOW, "_flow"), on=["interface", *_FLOW], nulls_equal=True)
        .join(first_accept(_SAME, "_same"), on=["interface", *_SAME], how="left", nulls_equal=True)
        .filter(pl.col("_flow") < pl.col("start"))
    )
    judged = judging.judged(rejects, context.lookup)
    asks = (pl.col("protocol") == TCP) & has_syn(pl.col("flags").fill_null(0))
    flagged = (pl.col("protocol") == TCP) & pl.col("flags").is_not_null()
    fresh = ~flagged & ~(pl.col("_same") < pl.col("start")).fill_null(value=False)
    acl, groups = pl.col("acl") == "no", pl.col("groups") == "no"
    return judged.with_columns(
        by=pl.when(acl).then("rule").when(groups).then("members"),
        code=pl.when(acl).then(pl.lit("R-CHANGED-NACL")).when(groups).then(pl.lit("R-CHANGED-SG")),
    ).filter(
        # What is no request and came where the same was accepted is late, unless an ACL refuses it: ACLs
        # keep no connections in mind.
        asks | fresh | acl
    )


register(
    Detection(
        name=_NAME,
        title="Accepted before, rejected now",
        means="The same source was accepted at the same address and port earlier, and its requests are "
        "rejected now: a security group, a network ACL or whose address it is has changed. With an inventory "
        "the rule that refuses it is named.",
        wrong="The change was meant. Addresses of containers and functions go from one to another, and rules "
        "by group go with them. Packets after a connection was closed are left out; without TCP flags they "
        "are told by the same ports alone.",
        thresholds=(Threshold("rejects", 1, "rejects", 1, "so many rejected requests"),),
        finder=_find,
        rank=80,
    )
)
