"""Queries to a public hosted zone of Route 53."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import Line, address_kind
from tui.kinds.base import Outcome, Telling, column, having, others, said, when
from tui.kinds.dns import asked_for, rcode_meaning, rcode_outcome, type_meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOLD = frozenset(
    {
        *("query_name", "query_type", "rcode", "transport", "edge_location", "resolver_ip"),
        *("edns_client_subnet", "hosted_zone_id", "version"),
    }
)


def _outcome(record: Mapping[str, Any]) -> Outcome:
    return rcode_outcome(said(record, "rcode"))


def _headline(record: Mapping[str, Any]) -> str:
    rcode, edge, subnet = (said(record, name) for name in ("rcode", "edge_location", "edns_client_subnet"))
    name = asked_for(said(record, "query_name"), said(record, "query_type"))
    who = f"resolver {said(record, 'resolver_ip') or '?'}{f' at {edge}' if edge else ''}"
    whom = f" for {subnet}" if subnet else ""
    ended = "answered" if rcode == "NOERROR" else rcode_meaning(rcode)
    told = ", ".join(part for part in (rcode, ended) if part) or "no answer is logged"
    return f"{who} asked{whom} for {name}: {told}."


def _explain(record: Mapping[str, Any]) -> list[Line]:
    rcode, asked, resolver = (said(record, name) for name in ("rcode", "query_type", "resolver_ip"))
    lines = [
        when(record),
        Line("name", said(record, "query_name")),
        Line("type", asked, type_meaning(asked)),
        Line("rcode", str(rcode_outcome(rcode)), rcode_meaning(rcode)),
        Line("zone", said(record, "hosted_zone_id"), "hosted zone that was asked"),
        Line("edge", said(record, "edge_location"), "Route 53 location that answered, by its airport"),
        Line("resolver", resolver, address_kind(resolver)),
        Line("client", said(record, "edns_client_subnet"), "network that the resolver asked for"),
        Line("transport", said(record, "transport")),
        *others(record, _TOLD),
    ]
    return [line for line in lines if line.value]


TELLING = Telling(
    having(
        column("rcode", (10, 10), 0, "rcode", text=lambda r: str(_outcome(r)), toned=True),
        column("name", (20, 36), 0, "query_name", grow=True),
        column("type", (5, 6), 1, "query_type"),
        column("edge", (5, 9), 3, "edge_location"),
        column("resolver", (12, 39), 2, "resolver_ip"),
    ),
    _outcome,
    _headline,
    _explain,
)
