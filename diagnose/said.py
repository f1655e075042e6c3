"""How evidence is worded: records in a line, what rules and routes say, times and spans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from diagnose import network_acls, routes, security_groups
from diagnose.inventory import COMMANDS
from diagnose.model import TCP, UDP
from diagnose.records import FIN, RST, SYN, SYN_ACK
from diagnose.tri import Tri
from diagnose.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from diagnose.lookup import Lookup
    from diagnose.model import Interface
    from diagnose.packet import Packet


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules of the inventory say about a record."""

    packet: Packet
    interface: Interface | None
    groups: security_groups.GroupsSay
    acl: network_acls.AclSays


def groups_say(rules: Rules | None) -> Iterator[Evidence]:
    """What the security groups say, the nearest rules if they refuse."""
    if rules is None:
        return
    groups, packet = rules.groups, rules.packet
    if groups.allowed is Tri.YES and groups.by:
        yield Evidence(f"Allowed by {security_groups.describe(groups.by[0])}", where=groups.by[0].where)
    elif groups.allowed is Tri.NO:
        side = "egress" if packet.egress else "ingress"
        names = " and ".join(groups.groups)
        yield Evidence(f"None of {plural(groups.considered, f'{side} rule')} of {names} allows {packet}")
        for near in groups.nearest[:2]:
            fails = " and ".join(near.fails)
            yield Evidence(
                f"Nearest: {security_groups.describe(near.rule)}; its {fails} {_do(near.fails)} not fit",
                where=near.rule.where,
            )
    for why in groups.unknown:
        yield Evidence(f"Security groups: {why}")


def _do(parts: Sequence[str]) -> str:
    return "does" if len(parts) == 1 else "do"


def acl_says_no(rules: Rules | None) -> str:
    """By which rule of the network ACL something is refused: `` by acl-0a rule 90``; empty if by none."""
    acl = rules.acl if rules is not None else None
    return f" by {acl.acl.id} rule {acl.rule}" if acl and acl.acl and acl.allowed is Tri.NO else ""


def acl_says(rules: Rules | None) -> Iterator[Evidence]:
    """What the network ACL says, and what would have allowed it later."""
    if rules is None:
        return
    acl = rules.acl
    if acl.passed_by:
        yield Evidence(f"No network ACL is asked: {acl.passed_by}")
    elif acl.acl is not None and acl.allowed is not Tri.UNKNOWN:
        where = acl.entry.where if acl.entry is not None else acl.acl.where
        yield Evidence(f"{acl.acl.id}: {network_acls.describe(acl.entry)}", where=where)
        if acl.later is not None:
            text = f"{network_acls.describe(acl.later)}, but rule {acl.rule} comes first"
            yield Evidence(f"{acl.acl.id}: {text}", where=acl.later.where)
    if acl.unknown:
        yield Evidence(f"Network ACL: {acl.unknown}")


def route_says(lookup: Lookup, rules: Rules) -> Evidence:
    """Where the route table sends it."""
    way = routes.route(lookup, rules.interface, rules.packet.destination)
    if way.table is None or way.found is Tri.UNKNOWN:
        return Evidence(f"Route: {way.unknown}")
    if way.route is None or way.block is None:
        return Evidence(f"{way.table.id} has no route to {rules.packet.destination}", where=way.table.where)
    state = ", a blackhole: that is gone" if way.is_blackhole else ""
    return Evidence(f"{way.table.id} sends {way.block.text} to {way.target}{state}", where=way.route.where)


def flag_names(flags: int) -> str:
    """TCP flags in words, as flow logs add them up: ``SYN+FIN``."""
    names = [name for bit, name in ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST")) if flags & bit]
    if flags & SYN_ACK:
        names = ["SYN-ACK", *(name for name in names if name != "SYN")]
    return "+".join(names) or "none"


def peer_of(row: Mapping[str, Any]) -> str:
    """The address on the far side of the interface."""
    return str(row["dstaddr"] if row["way"] == "egress" else row["srcaddr"])


def place_of(row: Mapping[str, Any]) -> tuple[int, int]:
    """The file's number and the line of a record."""
    return row["_file"], row["_line"]


def end_of(row: Mapping[str, Any], side: str) -> str:
    """One end of a record, with the real address of the packet where the interface showed another."""
    address, real = row[f"{side}addr"], row["source" if side == "src" else "target"]
    port = row[f"{side}port"]
    text = f"[{address}]" if ":" in str(address) and port else str(address)
    shown = f"{text}:{port}" if port and row["protocol"] in {TCP, UDP} else str(address)
    return shown if real == address else f"{shown} (packet: {real})"


def clock(seconds: int | None) -> str:
    """A time in UTC."""
    if seconds is None:
        return "at a time that is not logged"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            return plural(round(seconds / unit), name)
    return f"{round(seconds):,} s"


def plural(number: int, thing: str) -> str:
    """A number of things."""
    return f"{number:,} {thing}{'s' if number != 1 else ''}"


_NEEDED = ("NetworkInterfaces", "SecurityGroups", "NetworkAcls", "Subnets")


def would_settle(lookup: Lookup, row: Mapping[str, Any], rules: Rules | None) -> Iterator[str]:
    """What would tell what refused a record, in sentences."""
    if row["way"] is None:
        yield "flow-direction (version 5) or describe-network-interfaces would tell which way it went"
    lacking = [key for key in _NEEDED if not lookup.inventory.kind(key).is_there]
    if lacking:
        commands = ", ".join(f"aws ec2 {COMMANDS[key]}" for key in lacking)
        yield f"These would settle it: {commands} (`flowtui snapshot`)"
    partial = [key for key in _NEEDED if lookup.inventory.kind(key).partial]
    if partial:
        yield f"Only the first pages were saved of: {', '.join(COMMANDS[key] for key in partial)}"
    if rules is not None and rules.packet.is_icmp:
        yield "Flow logs do not tell the type of ICMP, which these rules are about"
