"""Rejects that a rule might have to let through: those of one kind are a line, which is one candidate rule.

Noise, late packets and backscatter are left out, and so is what security groups and ACL refused at once: no
single rule mends that (the list of rejects by reason has it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import fixes, network_acls
from diagnose.blocks import Block, ip_of
from diagnose.lookup import Lookup
from diagnose.model import HAVE_PORTS
from diagnose.network_acls import CLIENT_PORTS
from diagnose.packet import packet_of, protocol_name
from diagnose.spans import tight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.blocks import Ip
    from diagnose.diagnosis import Diagnosis
    from diagnose.fixes import Fix
    from loaders.run import Ticket
    from query.scope import Scope

MOST_LINES = 100
"""So many lines have commands: each is tried on the inventory, which takes a while."""
_TRIED = 200
_WINDOW = 600
_TIME = pl.Datetime("ms", "UTC")
TIGHT: dict[str, pl.DataType] = {
    "line": pl.UInt32(),
    "code": pl.String(),
    "groups": pl.String(),
    "acl": pl.String(),
    "direction": pl.String(),
    "protocol": pl.String(),
    "port": pl.String(),
    "peer": pl.String(),
    "block": pl.String(),
    "rejects": pl.UInt32(),
    "private": pl.Float64(),
    "windows": pl.UInt32(),
    "peers": pl.UInt32(),
    "first": _TIME,
    "last": _TIME,
    "command": pl.String(),
    "undo": pl.String(),
    "reason": pl.String(),
}
"""Rejects of one kind. ``groups`` are those of the interface, ``acl`` the entry that denies (null where
the groups refuse), ``peer`` the group or the block that all peers belong to, ``block`` the smallest one
around them; ``private`` is the share of the rejects whose peer is not public, ``windows`` in how many
stretches of ten minutes there were any. ``command`` lets all of them through, and was tried; null where no
single one does, and ``reason`` says why (a clause)."""
# Peers of the internet are one line together where their addresses share so many bits.
_NEAR = {4: 24, 6: 48}
_KEYS = ["code", "members", "acl", "way", "protocol", "port", "peer_"]


def too_tight(
    diagnosis: Diagnosis, scope: Scope, ticket: Ticket | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Group the rejects of a scope by the rule that would let them through.

    Returns:
        The lines (columns: ``TIGHT``), first what looks most like a rule that is missing: by the share of
        private peers, then by windows, then by peers; and the rejects (``judging.coded``), newest first, with
        ``line`` (UInt32).

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants them any more.
    """
    lookup = diagnosis.lookup
    rejects = diagnosis.rejects(scope, ticket)
    stem = pl.col("code").str.replace(r"-(IN|OUT)$", "")
    kept = rejects.filter(stem.is_in(["R-SG", "R-NACL", "R-NACL-RETURN"]) & ~pl.col("noise"))
    known = _with_keys(kept, lookup)
    lines = _ranked(known)
    known = known.join(
        lines.select(*_KEYS, "line"), on=_KEYS, how="left", nulls_equal=True, maintain_order="left"
    )
    if ticket:
        ticket.check()
    tried = known.filter(pl.col("line") < MOST_LINES)
    samples = {
        line: some for (line,), some in tried.partition_by("line", as_dict=True, maintain_order=True).items()
    }
    rows = [_line(row, samples.get(row["line"]), lookup) for row in lines.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=TIGHT, orient="row"), known.drop(
        "acl", "port", "peer_", "far", "private"
    )


def _with_keys(rejects: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Add what else makes rejects one line, ``acl``, ``port`` and ``peer_``, and ``private``."""
    far = pl.when(pl.col("way") == "egress").then("dstaddr").otherwise("srcaddr")
    found = rejects.with_columns(far=far, private=pl.lit(value=True))
    places = found.select("far", "interface", "code").unique().drop_nulls("far")
    rows = [_peer(lookup, row) for row in places.iter_rows(named=True)]
    schema = {"peer_": pl.String, "private": pl.Boolean}
    named = places.hstack(pl.DataFrame(rows, schema=schema, orient="row"))
    is_return = pl.col("code").str.starts_with("R-NACL-RETURN")
    has_ports = pl.col("protocol").is_in(list(HAVE_PORTS))
    clients = pl.coalesce(
        *(
            pl.when(pl.col("dstport").is_between(low, high)).then(pl.lit(f"{low}-{high}"))
            for _, low, high in CLIENT_PORTS
        ),
        pl.col("dstport").cast(pl.String),
    )
    return (
        found.drop("private")
        .join(named, on=["far", "interface", "code"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            acl=pl.when(pl.col("code").str.starts_with("R-NACL")).then("rule"),
            port=pl.when(has_ports & is_return)
            .then(clients)
            .when(has_ports)
            .then(pl.col("dstport").cast(pl.String))
            .otherwise(pl.lit("")),
        )
    )


def _peer(lookup: Lookup, row: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The group or the block that a peer counts under, and whether it is private."""
    address = ip_of(row["far"])
    if address is None:
        return row["far"], False
    if lookup.is_public(address):
        width = 32 if address.version == 4 else 128
        base = int(address) >> (width - _NEAR[address.version]) << (width - _NEAR[address.version])
        return tight(address.version, base, base + (1 << (width - _NEAR[address.version])) - 1).text, False
    interface = lookup.interface(row["interface"])
    owner = lookup.owner(address, interface.vpc if interface is not None else None)
    if row["code"].startswith("R-SG") and owner is not None and owner.groups:
        return " ".join(owner.groups), True
    return _home(lookup, address), True


def _home(lookup: Lookup, address: Ip) -> str:
    """The subnet's block that an address is of; the address alone where nobody here has it."""
    for subnet in lookup.inventory.subnets.values():
        for block in subnet.blocks:
            if address in block:
                return block.text
    return tight(address.version, int(address), int(address)).text


def _ranked(known: pl.DataFrame) -> pl.DataFrame:
    """One row for each kind of reject, numbered in their order."""
    moment = pl.from_epoch(pl.col("start"), "s").cast(_TIME)
    return (
        known.lazy()
        .group_by(_KEYS)
        .agg(
            pl.len().cast(pl.UInt32).alias("rejects"),
            pl.col("private").mean(),
            (pl.col("start") // _WINDOW).n_unique().cast(pl.UInt32).alias("windows"),
            pl.col("far").n_unique().cast(pl.UInt32).alias("peers"),
            moment.min().alias("first"),
            moment.max().alias("last"),
            pl.col("far").unique().alias("far_"),
        )
        .sort(
            "private", "windows", "peers", "rejects", *_KEYS, descending=[*[True] * 4, *[False] * len(_KEYS)]
        )
        .with_row_index("line")
        .collect()
    )


def _line(row: dict[str, Any], rejects: pl.DataFrame | None, lookup: Lookup) -> dict[str, Any]:
    peers = [address for text in row["far_"] if (address := ip_of(text)) is not None]
    numbers = sorted(map(int, peers))
    block = tight(peers[0].version, numbers[0], numbers[-1]) if peers else None
    found, why = (
        _fix(rejects, block, lookup) if rejects is not None else (None, "it is not among the first lines")
    )
    same = ("line", "code", "acl", "rejects", "private", "windows", "peers", "first", "last")
    return {name: row[name] for name in same} | {
        "groups": row["members"],
        "direction": row["way"],
        "protocol": protocol_name(row["protocol"]),
        "port": row["port"],
        "peer": row["peer_"],
        "block": block.text if block is not None else None,
        "command": found.command if found is not None else None,
        "undo": found.undo if found is not None else None,
        "reason": why,
    }


def _fix(rejects: pl.DataFrame, block: Block | None, lookup: Lookup) -> tuple[Fix | None, str]:
    """The command that lets all rejects of a line through, tried with each of its kinds of packet."""
    kinds = rejects.unique(["interface", "srcaddr", "dstaddr"], keep="first", maintain_order=True)
    first = kinds.row(0, named=True)
    interface, packet = lookup.interface(first["interface"]), packet_of(first)
    if interface is None or packet is None or block is None:
        return None, "its interface is not in the inventory"
    reply = first["code"].startswith("R-NACL-RETURN")
    # A group that the peer is in comes first; it lets in all of a line that is of one group.
    for peers in (None, block) if block.size > 1 else (None,):
        found = fixes.fixes(lookup, interface, packet, reply=reply, peers=peers)
        if len(found) == 1 and _lets_all(Lookup(found[0].inventory), kinds.head(_TRIED), reply=reply):
            return found[0], ""
    says = network_acls.judge(lookup, interface, packet)
    return None, says.unknown or "no single rule lets all of it through"


def _lets_all(lookup: Lookup, kinds: pl.DataFrame, *, reply: bool) -> bool:
    return all(_is_let(lookup, row, reply=reply) for row in kinds.iter_rows(named=True))


def _is_let(lookup: Lookup, row: Mapping[str, Any], *, reply: bool) -> bool:
    interface, packet = lookup.interface(row["interface"]), packet_of(row)
    return (
        interface is not None and packet is not None and fixes.passes(lookup, interface, packet, reply=reply)
    )
