"""Rules that allow more than anybody used: narrower blocks and ports, and what those would have lost.

A proposal is made of all that was seen, so that it loses none of it. How far that can be trusted shows a
second one, made without the last day: it is told how much of that day it would have lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log2
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.blocks import Block, Ip, ip_of
from diagnose.fixes import rule_options
from diagnose.model import HAVE_PORTS, GroupReference
from diagnose.packet import protocol_name
from diagnose.rule_removal import revoke
from diagnose.security_groups import whom
from diagnose.spans import cover, ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.lookup import Lookup
    from diagnose.model import GroupRule
    from diagnose.rules import Usage

MOST_BLOCKS = 5
"""A proposal names so many blocks at most, and so many ranges of ports of a protocol."""
HELD_OUT = 86_400
"""Seconds that the check leaves out."""
OPEN: dict[str, pl.DataType] = {
    "number": pl.UInt32(),
    "group": pl.String(),
    "rule": pl.String(),
    "direction": pl.String(),
    "allows": pl.String(),
    "proposed": pl.String(),
    "blocks": pl.List(pl.String()),
    "reference": pl.String(),
    "ports": pl.List(pl.String()),
    "narrower": pl.Float64(),
    "hits": pl.UInt32(),
    "held": pl.UInt32(),
    "lost": pl.UInt32(),
    "command": pl.String(),
    "reason": pl.String(),
    "filter": pl.String(),
}
"""A rule that is wider than what used it. ``blocks`` (empty where the rule's own source stays or
``reference``, a group that all peers have, takes their place) and ``ports`` (``tcp/443``) are what is
proposed; ``narrower`` is how many times as much the rule allows, as a power of two; ``held`` counts the
hits of the last day, ``lost`` those of them that a proposal made without that day refuses, null where
there is too little to check."""
# A block of the internet's that is broader than this is nobody's in particular.
_BROAD = {4: 8, 6: 32}


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a narrower rule would allow.

    Attributes:
        sources: Blocks or a group in place of the rule's source; empty where that stays.
        ports: By protocol, the ranges of ports; empty where all ports of it stay.
    """

    sources: tuple[Block | GroupReference, ...]
    ports: dict[int, tuple[tuple[int, int], ...]]

    def refuses(self, lookup: Lookup, hits: pl.DataFrame, vpc: str | None) -> pl.Expr:
        """Which of some hits it would not let in (Boolean)."""
        strangers = [peer for peer in hits["peer"].unique() if not self._knows(lookup, peer, vpc)]
        pairs = hits.select("protocol", "rport").unique().iter_rows()
        closed = [(protocol, port) for protocol, port in pairs if not self._has(protocol, port)]
        refused = pl.col("peer").is_in(strangers) if self.sources else pl.lit(value=False)
        for protocol, port in closed:
            refused |= (pl.col("protocol") == protocol) & pl.col("rport").eq_missing(port)
        return refused

    def _knows(self, lookup: Lookup, peer: str, vpc: str | None) -> bool:
        address = ip_of(peer)
        return address is not None and any(
            address in one
            if isinstance(one, Block)
            else any(one.group in (owner.groups or ()) for owner in lookup.owners(address, vpc))
            for one in self.sources
        )

    def _has(self, protocol: int, port: int | None) -> bool:
        if protocol not in self.ports:
            return False
        spans = self.ports[protocol]
        return not spans or (port is not None and any(low <= port <= high for low, high in spans))


def too_open(used: Usage, lookup: Lookup) -> pl.DataFrame:
    """Find the rules that are wider than what used them.

    Args:
        used: What used them (``rules.usage``).
        lookup: The inventory.

    Returns:
        A row each (columns: ``OPEN``): those whose proposal lost least of the last day first, then those that
        it narrows most.
    """
    numbered = {number: rule for rule, number in used.book.rules.items()}
    known = {row["number"]: row for row in used.rules.filter(pl.col("hits") > 0).iter_rows(named=True)}
    until = used.loaded.last
    rows: list[dict[str, Any]] = []
    for (number,), hits in used.hits.partition_by("number", as_dict=True).items():
        rule, row = numbered[number], known[number]
        vpc = lookup.inventory.groups[rule.group].vpc
        narrow = _narrow(rule, hits, lookup, vpc)
        if narrow is None:
            continue
        held, lost = _check(rule, hits, lookup, vpc, until)
        lacks = used.lacks(rule.group)
        rows.append(
            {name: row[name] for name in ("number", "group", "rule", "direction", "hits", "filter")}
            | _told(rule, narrow)
            | {"narrower": _times(rule, narrow), "held": held, "lost": lost}
            | {"command": None if lacks else _command(rule, narrow), "reason": "; ".join(lacks)}
        )
    order = ["lost", "narrower", "number"]
    return pl.DataFrame(rows, schema=OPEN, orient="row").sort(
        order, descending=[False, True, False], nulls_last=True
    )


def _check(
    rule: GroupRule, hits: pl.DataFrame, lookup: Lookup, vpc: str | None, until: int | None
) -> tuple[int, int | None]:
    """How many hits the last day has, and how many a rule made of those before would have lost."""
    if until is None:
        return 0, None
    is_held = (pl.col("first") > until - HELD_OUT).fill_null(value=False)
    held, before = hits.filter(is_held), hits.filter(~is_held)
    if not held.height or not before.height:
        return held.height, None
    narrow = _narrow(rule, before, lookup, vpc)
    return held.height, held.filter(narrow.refuses(lookup, held, vpc)).height if narrow is not None else 0


def _narrow(rule: GroupRule, hits: pl.DataFrame, lookup: Lookup, vpc: str | None) -> Narrow | None:
    """The narrowest rule proposed here that lets some hits in; ``None`` where it is no narrower."""
    peers = [address for text in hits["peer"].unique().sort() if (address := ip_of(text)) is not None]
    sources = _sources(rule, peers, lookup, vpc)
    ports: dict[int, tuple[tuple[int, int], ...]] = {}
    for (protocol,), some in (
        hits.select("protocol", "rport").unique().partition_by("protocol", as_dict=True).items()
    ):
        numbers = some["rport"].drop_nulls().sort().to_list()
        ports[protocol] = ranges(numbers, MOST_BLOCKS) if protocol in HAVE_PORTS else ()
    ports = dict(sorted(ports.items()))
    same = rule.protocol is not None and (
        rule.protocol not in HAVE_PORTS or _count(ports[rule.protocol]) >= _allowed(rule)
    )
    return None if same and not sources else Narrow(sources, ports)


def _sources(
    rule: GroupRule, peers: Sequence[Ip], lookup: Lookup, vpc: str | None
) -> tuple[Block | GroupReference, ...]:
    if not isinstance(rule.other, Block):
        return ()
    blocks = cover(peers, MOST_BLOCKS)
    if sum(block.size for block in blocks) >= rule.other.size:
        return ()
    group = common_group(peers, lookup, vpc)
    if group is not None:
        return (group,)
    public = any(lookup.is_public(peer) for peer in peers)
    if public and any(block.prefix < _BROAD[block.version] for block in blocks):
        return ()
    return blocks


def common_group(peers: Iterable[Ip], lookup: Lookup, vpc: str | None) -> GroupReference | None:
    """The security group that all of some peers have, not the default one; the one with fewest members."""
    common: set[str] | None = None
    for peer in peers:
        owner = lookup.owner(peer, vpc)
        if owner is None or owner.vpc != vpc or lookup.is_public(peer):
            return None
        common = set(owner.groups or ()) if common is None else common & set(owner.groups or ())
    groups = lookup.inventory.groups
    known = [name for name in common or () if name in groups and groups[name].name != "default"]

    def members(name: str) -> tuple[int, str]:
        return sum(name in (one.groups or ()) for one in lookup.inventory.interfaces.values()), name

    name = min(known, key=members, default=None)
    return GroupReference(name, groups[name].owner) if name is not None else None


def _count(spans: Iterable[tuple[int, int]]) -> int:
    return sum(high - low + 1 for low, high in spans)


def _allowed(rule: GroupRule) -> int:
    """How many ports a rule allows."""
    low, high = rule.low or 0, 65_535 if rule.high is None else rule.high
    return high - low + 1


def _times(rule: GroupRule, narrow: Narrow) -> float:
    """How many times as much a rule allows than a narrower one, as a power of two."""
    kept = sum(_count(spans) if protocol in HAVE_PORTS else 1 for protocol, spans in narrow.ports.items())
    wide = float(
        _allowed(rule) if rule.protocol in HAVE_PORTS else 1 if rule.protocol is not None else 2 * 65_536
    )
    found = log2(wide / max(1, kept))
    if narrow.sources and isinstance(rule.other, Block):
        size = sum(one.size if isinstance(one, Block) else 1 for one in narrow.sources)
        found += log2(rule.other.size) - log2(size)
    return round(found, 1)


def _told(rule: GroupRule, narrow: Narrow) -> dict[str, Any]:
    ports = [
        f"{protocol_name(protocol)}{f'/{low}' if low == high else f'/{low}-{high}'}"
        for protocol, spans in narrow.ports.items()
        for low, high in spans
    ]
    ports += [protocol_name(protocol) for protocol, spans in narrow.ports.items() if not spans]
    blocks = [one.text for one in narrow.sources if isinstance(one, Block)]
    reference = next((one.group for one in narrow.sources if isinstance(one, GroupReference)), None)
    far = ", ".join(blocks) or reference or whom(rule)
    side = "to" if rule.egress else "from"
    now = "all" if rule.protocol is None else protocol_name(rule.protocol)
    if rule.low is not None:
        now += f"/{rule.low}" if rule.low == rule.high else f"/{rule.low}-{rule.high}"
    return {
        "allows": f"{now} {side} {whom(rule)}",
        "proposed": f"{', '.join(ports)} {side} {far}",
        "blocks": blocks,
        "reference": reference,
        "ports": ports,
    }


def _command(rule: GroupRule, narrow: Narrow) -> str:
    """The commands that put a narrower rule in the place of a rule: that first, then away with it."""
    rules = [
        replace(rule, protocol=protocol, low=low, high=high, other=other)
        for protocol, spans in narrow.ports.items()
        for low, high in spans or ((None, None),)
        for other in narrow.sources or (rule.other,)
    ]
    verb = "egress" if rule.egress else "ingress"
    allow = f"aws ec2 authorize-security-group-{verb} {rule_options(rule.group, rules)}"
    return f"{allow} && {revoke(rule)}"
