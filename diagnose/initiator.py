"""Who started a conversation, and how sure that is.

The first of these that answers: TCP flags, a port that several peers ask, ports of services, who was seen
first, the lower port. Which side has the higher port comes last: it misleads with containers, old clients and
services on high ports.
"""

from __future__ import annotations

import polars as pl

from diagnose.model import TCP
from diagnose.records import SYN, SYN_ACK
from loaders import run
from query.services import SERVICES

LISTENS = 3
"""Whoever so many different peers ask at one port listens there."""

_SERVICE_PORTS = sorted({service.port for service in SERVICES})
_WELL_KNOWN = 1024
BY_FLAGS, BY_FAN_IN, BY_PORTS = "TCP flags", "a port that several peers ask", "ports of services"
BY_TIME, BY_ALONE, BY_LOWER = "who was seen first", "the only record there is", "the lower port"
SURE = {BY_FLAGS: 0.95, BY_FAN_IN: 0.85, BY_PORTS: 0.75, BY_ALONE: 0.6, BY_TIME: 0.55, BY_LOWER: 0.5}
"""How sure each of them is, from 0 to 1; estimates, not measurements."""


ENDPOINT = ["address", "port", "protocol"]
"""The columns of a frame of endpoints: String, Int32, Int32."""


def endpoints(flows: pl.DataFrame) -> pl.DataFrame:
    """Both ends of flows (columns: ``ENDPOINT``)."""
    return pl.concat(
        [
            flows.select(address=pl.col(side), port=pl.col(port), protocol=pl.col("protocol"))
            for side, port in (("source", "srcport"), ("target", "dstport"))
        ]
    ).unique()


def listeners(flows: pl.LazyFrame, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """Find who listens: an address and a port that at least ``LISTENS`` different peers are seen with.

    What an endpoint sent and was refused does not count for it: a scanner that always asks from one port does
    not listen there.

    Args:
        flows: Flows, of as many records as there are.
        among: Endpoints (``ENDPOINT``): others do not matter.

    Returns:
        Those that listen (columns: ``ENDPOINT``).
    """
    asked = flows.select("protocol", **_ends("target", "dstport", "source", "srcport"))
    answered = flows.filter(pl.col("accepted")).select(
        "protocol", **_ends("source", "srcport", "target", "dstport")
    )
    seen = [plan.filter(pl.col("port") > 0) for plan in (asked, answered)]
    if among is not None:
        seen = [plan.join(among.lazy(), on=ENDPOINT, how="semi") for plan in seen]
    return run.collect(
        pl.concat(seen)
        .unique()
        .group_by(ENDPOINT)
        .len("peers")
        .filter(pl.col("peers") >= LISTENS)
        .drop("peers")
    )


def _ends(address: str, port: str, peer: str, peer_port: str) -> dict[str, pl.Expr]:
    names = {"address": address, "port": port, "peer": peer, "peer_port": peer_port}
    return {name: pl.col(column) for name, column in names.items()}


def with_initiator(facts: pl.DataFrame, listening: pl.DataFrame) -> pl.DataFrame:
    """Add ``source_began`` (Boolean, never null) and ``began_by`` (String, a key of ``SURE``).

    Args:
        facts: Flows with ``same_flags``, ``other_flags`` (Int32: all bits seen in the record's own direction
            and in the other one, null for none), ``same_syn``, ``other_syn`` (Boolean: whether a SYN without
            an ACK was seen), ``same_first`` and ``other_first`` (Int64: when each was seen first).
        listening: As ``listeners`` returns it.
    """
    marked = listening.with_columns(listens=pl.lit(value=True))
    for side, port in (("source", "srcport"), ("target", "dstport")):
        facts = facts.join(
            marked.rename({"address": side, "port": port, "listens": f"{side}_listens"}),
            on=[side, port, "protocol"],
            how="left",
            maintain_order="left",
        )
    source, target = (pl.col(f"{side}_listens").fill_null(value=False) for side in ("source", "target"))
    no, yes = pl.lit(value=False), pl.lit(value=True)
    by_flags = told_by_flags()
    by_fan_in = pl.when(target & ~source).then(yes).when(source & ~target).then(no)
    from_service, to_service = _is_service("srcport"), _is_service("dstport")
    by_ports = pl.when(to_service & ~from_service).then(yes).when(from_service & ~to_service).then(no)
    alone = pl.when(pl.col("other_first").is_null()).then(yes)
    gap = pl.col("other_first") - pl.col("same_first")
    by_time = pl.when(gap > 0).then(yes).when(gap < 0).then(no)
    by_lower = pl.when(pl.col("srcport") < pl.col("dstport")).then(no).otherwise(yes)
    ways = {
        BY_FLAGS: by_flags,
        BY_FAN_IN: by_fan_in,
        BY_PORTS: by_ports,
        BY_ALONE: alone,
        BY_TIME: by_time,
        BY_LOWER: by_lower,
    }
    return facts.with_columns(
        source_began=pl.coalesce(*ways.values()),
        began_by=pl.coalesce(*(pl.when(way.is_not_null()).then(pl.lit(name)) for name, way in ways.items())),
    ).drop("source_listens", "target_listens")


def told_by_flags() -> pl.Expr:
    """Whether the record's source started it, as far as TCP flags tell; null where they do not."""
    no, yes = pl.lit(value=False), pl.lit(value=True)
    tcp = pl.col("protocol") == TCP
    answers_here = tcp & (pl.col("same_flags").fill_null(0) & SYN_ACK > 0)
    answers_there = tcp & (pl.col("other_flags").fill_null(0) & SYN_ACK > 0)
    return (
        pl.when(answers_here & ~answers_there)
        .then(no)
        .when(answers_there & ~answers_here)
        .then(yes)
        .when(tcp & pl.col("same_syn") & ~pl.col("other_syn"))
        .then(yes)
        .when(tcp & pl.col("other_syn") & ~pl.col("same_syn"))
        .then(no)
    )


def _is_service(column: str) -> pl.Expr:
    port = pl.col(column)
    return (port.is_between(1, _WELL_KNOWN - 1) | port.is_in(_SERVICE_PORTS)).fill_null(value=False)


def has_syn(flags: pl.Expr) -> pl.Expr:
    """Whether flags are those of whoever asks: a SYN, and no SYN-ACK."""
    return (flags & SYN > 0) & (flags & SYN_ACK == 0)
