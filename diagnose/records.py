"""Flow-log records in the one shape that everything here works on, from whatever columns they have.

The columns of a flow frame (``COLUMNS``):

- where a record came from: ``_file``, ``_line`` (UInt32), ``interface`` (String);
- what it is about: ``srcaddr``, ``dstaddr`` (String) as the interface saw them, ``source``, ``target``
  (String) as the ends of the conversation, that is ``pkt-srcaddr`` and ``pkt-dstaddr`` where they are logged,
  ``srcport``, ``dstport``, ``protocol`` (Int32);
- how much and when: ``packets``, ``bytes`` (Int64), ``start``, ``end`` (Int64, epoch seconds);
- what became of it: ``accepted`` (Boolean), ``flags`` (Int32, null where they are not logged);
- what else tells something, null where it is not logged: ``direction``, ``reason``, ``instance``,
  ``service``, ``next_hop`` (String; the last is ``next-hop-interface-id``), ``path`` (Int32); ``has_reason``
  (Boolean): whether the format has ``reject-reason``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.blocks import ip_of
from loaders import run
from loaders.parts import together
from loaders.schema import FILE, FLOW_LOG, LINE
from query.shorthand import condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope

FIN, SYN, RST, SYN_ACK = 1, 2, 4, 16
"""Bits of ``flags``: an ACK is only logged as part of a SYN-ACK, so its bit stands for that."""

_TEXTS = {
    "interface": "interface_id",
    "srcaddr": "srcaddr",
    "dstaddr": "dstaddr",
    "pkt_srcaddr": "pkt_srcaddr",
    "pkt_dstaddr": "pkt_dstaddr",
    "direction": "flow_direction",
    "reason": "reject_reason",
    "instance": "instance_id",
    "action": "action",
    "service": "pkt_dst_aws_service",
    "next_hop": "next_hop_interface_id",
}
_NUMBERS = {
    "srcport": ("srcport", pl.Int32()),
    "dstport": ("dstport", pl.Int32()),
    "protocol": ("protocol", pl.Int32()),
    "packets": ("packets", pl.Int64()),
    "bytes": ("bytes", pl.Int64()),
    "start": ("start", pl.Int64()),
    "end": ("end", pl.Int64()),
    "flags": ("tcp_flags", pl.Int32()),
    "path": ("traffic_path", pl.Int32()),
}
COLUMNS: dict[str, pl.DataType] = {
    FILE: pl.UInt32(),
    LINE: pl.UInt32(),
    "interface": pl.String(),
    "srcaddr": pl.String(),
    "dstaddr": pl.String(),
    "source": pl.String(),
    "target": pl.String(),
    **{name: dtype for name, (_, dtype) in _NUMBERS.items()},
    "accepted": pl.Boolean(),
    "direction": pl.String(),
    "reason": pl.String(),
    "has_reason": pl.Boolean(),
    "instance": pl.String(),
    "service": pl.String(),
    "next_hop": pl.String(),
}


def flows(dataset: Dataset, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
    """The records of a scope that were accepted or rejected, by time (columns: ``COLUMNS``).

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants them any more.
    """
    plans = list(_plans(dataset, scope))
    if ticket:
        ticket.check()
    frames = run.collect_all(plans)
    found = pl.concat([pl.DataFrame(schema=COLUMNS), *frames])
    return found.sort("start", "interface", "accepted", FILE, LINE, nulls_last=True, maintain_order=True)


def lazy_flows(dataset: Dataset, scope: Scope) -> pl.LazyFrame:
    """The same as a plan, in no order, for what needs but a few columns of many records."""
    return pl.concat([pl.LazyFrame(schema=COLUMNS), *_plans(dataset, scope)])


def _plans(dataset: Dataset, scope: Scope) -> Iterable[pl.LazyFrame]:
    for together_ in together(part for part in dataset.parts if part.kind == FLOW_LOG):
        schema, addresses = together_.schema, together_.addresses
        if "action" not in schema:
            continue
        texts = {
            name: (addresses[column].text if column in addresses else pl.col(column).cast(pl.String))
            if column in schema
            else pl.lit(None, pl.String())
            for name, column in _TEXTS.items()
        }
        numbers = {
            name: pl.col(column).cast(dtype, strict=False) if column in schema else pl.lit(None, dtype)
            for name, (column, dtype) in _NUMBERS.items()
        }
        yield (
            together_.plan.filter(
                scope.predicate(schema, addresses) & pl.col("action").is_in(["ACCEPT", "REJECT"])
            )
            .select(
                FILE,
                LINE,
                **texts,
                **numbers,
                has_reason=pl.lit("reject_reason" in schema),
            )
            .with_columns(
                source=pl.coalesce("pkt_srcaddr", "srcaddr"),
                target=pl.coalesce("pkt_dstaddr", "dstaddr"),
                accepted=pl.col("action") == "ACCEPT",
            )
            .select(list(COLUMNS))
        )


ENDS = ["source", "srcport", "target", "dstport", "protocol"]
"""The columns that say between whom a flow was."""
TURNED = ["target", "dstport", "source", "srcport", "protocol"]
"""The same for the other direction."""


def both_ways(picked: pl.DataFrame, names: Sequence[str] = ENDS) -> pl.DataFrame:
    """Between whom flows were, each once in either direction; the columns are called by ``names``."""
    ways = (picked.select(**dict(zip(names, order, strict=True))) for order in (ENDS, TURNED))
    return pl.concat(ways).unique()


def between(one: str, other: str) -> str:
    """The filter for records between two addresses, either way, whatever the interface showed for them."""
    there = f"{_is('srcaddr', one)} and {_is('dstaddr', other)}"
    back = f"{_is('srcaddr', other)} and {_is('dstaddr', one)}"
    return f"(({there}) or ({back}))"


def from_to(source: str | None, target: str | None) -> str:
    """The filter for records from one address to another; ``None`` for any."""
    terms = [_is(side, address) for side, address in (("srcaddr", source), ("dstaddr", target)) if address]
    return " and ".join(terms)


def touching(address: str) -> str:
    """The filter for records from or to an address."""
    return f"({_is('srcaddr', address)} or {_is('dstaddr', address)})"


def of_conversation(talk: Mapping[str, Any], *, plain: bool = False) -> str:
    """The filter for the records of a conversation at all its interfaces, whatever its times.

    Args:
        talk: The conversation (``conversations.CONVERSATION``, or ``vantages.VANTAGES``).
        plain: Whether no record has ``pkt-srcaddr``: short forms say it then.
    """
    terms = [_of_ends(talk, plain=plain)]
    if legs := talk.get("legs"):
        either = " or ".join(f"({_of_ends(ends, plain=plain)})" for ends in (talk, *legs))
        terms = [f"({either})"]
    if talk["protocol"] is not None:
        terms.append(condition("protocol", talk["protocol"], keep=True))
    if talk["interface"] is not None and len(talk.get("passes") or ()) <= 1:
        terms.append(at_interface(talk["interface"]))
    return " and ".join(terms)


def _of_ends(talk: Mapping[str, Any], *, plain: bool) -> str:
    ends = talk["initiator"], talk["responder"]
    is_short = plain and all(ip_of(end) is not None for end in ends)
    terms = list(ends) if is_short else [between(*ends)]
    return " and ".join([*terms, *(f":{port}" for port in (talk["iport"], talk["rport"]) if port)])


def at_interface(name: str) -> str:
    """The filter for records of an interface."""
    return condition("interface_id", name, keep=True)


def _is(side: str, address: str) -> str:
    return f"({condition(side, address, keep=True)} or {condition(f'pkt_{side}', address, keep=True)})"


FEW = 50
"""So many addresses are named in a filter; more are looked for among all records."""


def any_of(values: Sequence[str] | pl.Series, term: Callable[[str], str]) -> str:
    """The filter for records that fit one of some values; empty where there are none or more than ``FEW``.

    Args:
        values: The values.
        term: Makes the filter for one of them.
    """
    return " or ".join(map(term, values)) if 0 < len(values) <= FEW else ""
