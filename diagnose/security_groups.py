"""What the security groups of an interface say about a packet that opens a flow.

Security groups only allow: all rules of all groups are one set, their order means nothing, and what none of
them allows is refused. Replies are never judged, because connections are tracked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose.blocks import Block
from diagnose.model import ICMP, ICMP6, GroupRule, PrefixListReference
from diagnose.packet import protocol_name
from diagnose.tri import Tri, both, either

if TYPE_CHECKING:
    from diagnose.lookup import Lookup
    from diagnose.model import Interface
    from diagnose.packet import Packet

NOT_FILTERED = frozenset(
    {
        *("nat_gateway", "transit_gateway", "network_load_balancer"),
        *("gateway_load_balancer", "gateway_load_balancer_endpoint"),
    }
)
"""Kinds of interfaces that may have no security groups, and then nothing is refused there."""


@dataclass(frozen=True, slots=True)
class Near:
    """A rule that does not allow a packet, and what of it does not fit.

    Attributes:
        rule: The rule.
        fails: Of ``protocol``, ``port`` and ``source``, those that do not fit.
    """

    rule: GroupRule
    fails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupsSay:
    """What security groups say.

    Attributes:
        allowed: Whether they allow it.
        by: The rules that do.
        unknown: Why it cannot be told, where it cannot (one clause each).
        considered: How many rules of this direction there are.
        groups: The groups they belong to.
        nearest: Rules that do not allow it, the one that fits best first.
    """

    allowed: Tri
    by: tuple[GroupRule, ...] = ()
    unknown: tuple[str, ...] = ()
    considered: int = 0
    groups: tuple[str, ...] = ()
    nearest: tuple[Near, ...] = ()


def judge(lookup: Lookup, interface: Interface | None, packet: Packet) -> GroupsSay:
    """Judge a packet by the groups of an interface.

    Args:
        lookup: The inventory.
        interface: The interface; ``None`` where the inventory does not have it.
        packet: A packet that opens a flow: its destination port is what rules are about.
    """
    if interface is None:
        return GroupsSay(Tri.UNKNOWN, unknown=("the interface is not in the inventory",))
    if not interface.groups:
        if interface.groups is not None and interface.kind in NOT_FILTERED:
            return GroupsSay(Tri.YES)
        return GroupsSay(Tri.UNKNOWN, unknown=(f"the security groups of {interface.id} are not known",))
    known = lookup.inventory.groups
    rules = [
        rule
        for group in interface.groups
        if group in known
        for rule in known[group].rules
        if rule.egress == packet.egress
    ]
    judged = [(rule, *_fits(lookup, interface, rule, packet)) for rule in rules]
    missing = [f"{group} is not in the inventory" for group in interface.groups if group not in known]
    unsure = [group for group in interface.groups if group in lookup.inventory.unsure]
    missing += [f"the rules of {group} are not all in the inventory" for group in unsure]
    allowed = either([*(fits for _, fits, _, _ in judged), *(Tri.UNKNOWN for _ in missing)])
    why = [f"{_named(rule)}: {why}" for rule, fits, _, why in judged if fits is Tri.UNKNOWN]
    near = [Near(rule, fails) for rule, fits, fails, _ in judged if fits is Tri.NO]
    near.sort(
        key=lambda one: (len(one.fails), _port_distance(one.rule, packet), -_likeness(one.rule, packet))
    )
    return GroupsSay(
        allowed,
        tuple(rule for rule, fits, _, _ in judged if fits is Tri.YES),
        (*missing, *why) if allowed is Tri.UNKNOWN else (),
        len(rules),
        interface.groups,
        tuple(near),
    )


def each(lookup: Lookup, interface: Interface, packet: Packet) -> list[tuple[GroupRule, Tri]]:
    """The rules of an interface's groups for a packet's direction, and whether each allows it."""
    known = lookup.inventory.groups
    return [
        (rule, _fits(lookup, interface, rule, packet)[0])
        for group in interface.groups or ()
        if group in known
        for rule in known[group].rules
        if rule.egress == packet.egress
    ]


def _named(rule: GroupRule) -> str:
    return rule.id or f"a rule of {rule.group}"


def _fits(
    lookup: Lookup, interface: Interface, rule: GroupRule, packet: Packet
) -> tuple[Tri, tuple[str, ...], str]:
    """Whether a rule allows a packet, what of it does not fit, and why that cannot be told."""
    protocol = Tri.of(rule.protocol is None or rule.protocol == packet.protocol)
    port, why_port = _port_fits(rule, packet)
    source, why_source = _source_fits(lookup, interface, rule, packet)
    parts = {"protocol": protocol, "port": port, "source": source}
    fails = tuple(name for name, fits in parts.items() if fits is Tri.NO)
    return both(parts.values()), fails, why_port if port is Tri.UNKNOWN else why_source


def _port_fits(rule: GroupRule, packet: Packet) -> tuple[Tri, str]:
    if packet.is_icmp and rule.protocol in {ICMP, ICMP6}:
        if rule.low is None:
            return Tri.YES, ""
        return Tri.UNKNOWN, f"it is for ICMP type {rule.low}, and flow logs do not tell types"
    if not packet.has_ports or rule.protocol is None:
        return Tri.YES, ""
    if packet.dport is None:
        return Tri.of(None if rule.low is not None else True), "the record has no port"
    low, high = rule.low or 0, 65_535 if rule.high is None else rule.high
    return Tri.of(low <= packet.dport <= high), ""


def _source_fits(lookup: Lookup, interface: Interface, rule: GroupRule, packet: Packet) -> tuple[Tri, str]:
    other = rule.other
    if isinstance(other, Block):
        return Tri.of(packet.peer in other), ""
    if isinstance(other, PrefixListReference):
        entries = lookup.inventory.prefix_lists.get(other.list)
        if entries is None:
            return Tri.UNKNOWN, f"the entries of {other.list} are not in the inventory"
        return Tri.of(any(packet.peer in block for block in entries)), ""
    return lookup.is_member(packet.peer, other, interface.vpc)


def _port_distance(rule: GroupRule, packet: Packet) -> int:
    if not packet.has_ports or packet.dport is None or rule.low is None:
        return 0
    high = rule.low if rule.high is None else rule.high
    return max(rule.low - packet.dport, packet.dport - high, 0)


def _likeness(rule: GroupRule, packet: Packet) -> int:
    return rule.other.shared_bits(packet.peer) if isinstance(rule.other, Block) else -1


def whom(rule: GroupRule) -> str:
    """Whom a rule allows: a block, or the id of a prefix list or a group."""
    other = rule.other
    if isinstance(other, Block):
        return other.text
    return other.list if isinstance(other, PrefixListReference) else other.group


def describe(rule: GroupRule) -> str:
    """A rule in words: ``sgr-… of sg-…: tcp/5432 from 10.0.3.0/24``."""
    ports = ""
    if rule.low is not None and rule.protocol in {ICMP, ICMP6}:
        ports = f" type {rule.low}" + (f" code {rule.high}" if rule.high is not None else "")
    elif rule.low is not None:
        ports = f"/{rule.low}" if rule.low == rule.high else f"/{rule.low}-{rule.high}"
    elif rule.protocol is not None:
        ports = " on all ports" if rule.protocol not in {ICMP, ICMP6} else ""
    name = f"{rule.id} of {rule.group}" if rule.id else f"a rule of {rule.group}"
    what = "all traffic" if rule.protocol is None else f"{protocol_name(rule.protocol)}{ports}"
    return f"{name}: {what} {'to' if rule.egress else 'from'} {whom(rule)}"
