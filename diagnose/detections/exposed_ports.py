"""Ports for administration and of databases that somebody from the internet was let in at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import ADMIN, DATABASES, port_text
from diagnose.detections.telling import Where, findings, summed
from diagnose.model import HAVE_PORTS
from diagnose.said import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "exposed-ports"


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    refused = pl.col("state") == "rejected-request"
    found = (
        context.talks.lazy()
        .filter(
            pl.col("rport").is_in([*ADMIN, *DATABASES])
            & pl.col("protocol").is_in(list(HAVE_PORTS))
            & pl.col("from_public")
            & pl.col("to_inside")
            & ~refused
            & ~pl.col("responder").is_in(list(context.gateways))
        )
        .group_by(target="responder", port="rport", protocol="protocol")
        .agg(
            *summed(),
            pl.col("initiator").n_unique().alias("sources"),
            pl.col("initiator").first().alias("one"),
            (pl.col("state") == "established").sum().alias("answered"),
        )
        .filter((pl.col("sources") >= given["sources"]) & (pl.col("talks") >= given["conversations"]))
        .with_columns(source=pl.when(pl.col("sources") == 1).then("one"))
        .sort("answered", "sources", "target", "port", descending=[True, True, False, False])
        .collect()
    )

    def say(row: Row) -> tuple[str, str]:
        kind = "administration" if row["port"] in ADMIN else "a database"
        who = row["source"] or f"{row['sources']:,} public addresses"
        answered = f"{row['answered']:,} answered" if row["answered"] else "none answered"
        text = (
            f"{row['target']} lets the internet in at {port_text(row['port'], row['protocol'])}, a port for "
            f"{kind}: {plural(row['talks'], 'accepted conversation')} from {who}, {answered} "
            f"(at least {given['conversations']:g} from {given['sources']:g})"
        )
        return ("high" if row["answered"] else "low"), text

    def select(row: Row) -> str:
        return where.talk(row, more=['action = "ACCEPT"'])

    return findings(_NAME, found, context, say, select)


register(
    Detection(
        name=_NAME,
        title="Administration or database ports open to the internet",
        means="A public address was let in at a port that should be reached from inside or through a VPN "
        "only. That is a matter of configuration: one accepted conversation is enough, and each host and "
        "port is told once.",
        wrong="The port is open on purpose (a bastion, a honeypot); another service listens at this number; "
        "without TCP flags an odd client port may be taken for the server's. NAT gateways log as accepted "
        "what they drop: they are left out where the inventory names them, and what never answers is told as "
        "low.",
        thresholds=(
            Threshold("conversations", 1, "conversations", 1, "so many accepted from the internet"),
            Threshold("sources", 1, "addresses", 1, "by so many different public addresses"),
        ),
        finder=_find,
        rank=10,
    )
)
