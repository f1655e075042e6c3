"""Commands that would let a packet through, least privilege first, and each tried before it is shown.

A fix is applied to the inventory in memory and the same packet is judged again: only if what was refused is
allowed then is it shown. The forms of the commands are those of the AWS CLI (``aws ec2``, version 1.46).
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import network_acls, security_groups
from diagnose.blocks import Block, alone
from diagnose.classes import Classes
from diagnose.lookup import Lookup
from diagnose.model import (
    HAVE_PORTS,
    LAST_OWN_RULE,
    AclEntry,
    GroupReference,
    GroupRule,
    Inventory,
    NetworkAcl,
    PrefixListReference,
    Where,
)
from diagnose.network_acls import CLIENT_PORTS
from diagnose.packet import Packet, packet_of, protocol_name
from diagnose.tri import Tri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model import Interface

_HERE = Where("", "a rule that is proposed here")
_STEP = 10


@dataclass(frozen=True, slots=True)
class Fix:
    """A command, and what takes it back.

    Attributes:
        command: What to run; one line for a shell.
        undo: What takes it back.
        inventory: The inventory as it would be then.
        interface: The interface whose traffic it lets through.
        also_allows: How many other refused conversations of the records it would let through too.
    """

    command: str
    undo: str
    inventory: Inventory
    interface: str
    also_allows: int = 0


def fixes(
    lookup: Lookup,
    interface: Interface | None,
    packet: Packet,
    *,
    reply: bool,
    peers: Block | None = None,
) -> tuple[Fix, ...]:
    """What would let a packet through, tried; nothing where no single set of rules does.

    Args:
        lookup: The inventory.
        interface: The interface that refused it.
        packet: The packet that was refused.
        reply: Whether it answers an accepted request, so that only the ACL judges it.
        peers: Let in all of this block, which the packet's peer is of, and not that peer alone.
    """
    # Without its port a rule would have to be for all ports.
    if interface is None or (packet.has_ports and packet.dport is None):
        return ()
    found: list[Fix] = []
    now = lookup
    if not reply and security_groups.judge(now, interface, packet).allowed is Tri.NO:
        fix = _for_groups(now, interface, packet, peers)
        if fix is None:
            return ()
        found.append(fix)
        now = Lookup(fix.inventory)
    if network_acls.judge(now, interface, packet).allowed is Tri.NO:
        fix = _for_acl(now, interface, packet, peers or alone(packet.peer), reply=reply)
        if fix is None:
            return ()
        found.append(fix)
        now = Lookup(fix.inventory)
    return tuple(found) if found and passes(now, interface, packet, reply=reply) else ()


def passes(lookup: Lookup, interface: Interface, packet: Packet, *, reply: bool) -> bool:
    """Whether rules let a packet through, for certain."""
    groups = Tri.YES if reply else security_groups.judge(lookup, interface, packet).allowed
    return groups is Tri.YES and network_acls.judge(lookup, interface, packet).allowed is Tri.YES


_KIND = ["interface", "way", "protocol", "reply", "_from", "_to", "_port"]
CONVERSATION = ["source", "srcport", "target", "dstport", "protocol"]


def let_through(refused: pl.DataFrame, now: Lookup, fix: Fix) -> pl.DataFrame:
    """The refused conversations that a fix would let through: how far it reaches.

    Args:
        refused: What was refused, each once: ``interface``, ``way``, ``srcaddr``, ``dstaddr``,
            ``CONVERSATION``, and ``reply`` (Boolean): whether it answers an accepted request.
        now: The inventory as it is without it.
        fix: The fix.

    Returns:
        Their ``CONVERSATION``, each once.
    """
    then = Lookup(fix.inventory)
    touched = [name for name in fix.inventory.interfaces if _judged_by(now, name) != _judged_by(then, name)]
    mine = refused.filter(pl.col("interface").is_in(touched))
    # Of what both inventories name, because a fix may take the place of a rule.
    classes = Classes(now.inventory, fix.inventory)
    keyed = mine.with_columns(
        classes.of_addresses(mine["srcaddr"]).alias("_from"),
        classes.of_addresses(mine["dstaddr"]).alias("_to"),
        classes.of_ports(mine["dstport"]).alias("_port"),
    )
    kinds = keyed.unique(_KIND, keep="first", maintain_order=True)
    changes = [_changes(row, now, then) for row in kinds.iter_rows(named=True)]
    let = kinds.filter(pl.Series(changes, dtype=pl.Boolean))
    return keyed.join(let, on=_KIND, how="semi", nulls_equal=True).select(CONVERSATION).unique()


def _judged_by(lookup: Lookup, name: str) -> tuple[object, ...]:
    """The groups and the ACL that judge what passes an interface."""
    interface = lookup.inventory.interfaces[name]
    groups = [lookup.inventory.groups.get(group) for group in interface.groups or ()]
    return (*groups, lookup.acl_of(interface.subnet, interface.vpc))


def _changes(row: dict[str, Any], now: Lookup, then: Lookup) -> bool:
    packet, interface = packet_of(row), now.interface(row["interface"])
    if packet is None or interface is None:
        return False
    reply = row["reply"]
    return passes(then, interface, packet, reply=reply) and not passes(now, interface, packet, reply=reply)


# -- security groups -----------------------------------------------------------------------------------------


def _for_groups(lookup: Lookup, interface: Interface, packet: Packet, peers: Block | None) -> Fix | None:
    """One more rule, in the first group of the interface that is not the default one."""
    group = _group_of(lookup, interface.groups or ())
    if group is None:
        return None
    low, high = (packet.dport, packet.dport) if packet.has_ports else (None, None)
    for source in (peers,) if peers is not None else _sources(lookup, interface, packet):
        rule = GroupRule(group, packet.egress, packet.protocol, low, high, source, _HERE)
        changed = _with_rule(lookup.inventory, rule)
        if security_groups.judge(Lookup(changed), interface, packet).allowed is Tri.YES:
            verb = "egress" if packet.egress else "ingress"
            options = rule_options(group, [rule])
            return Fix(
                f"aws ec2 authorize-security-group-{verb} {options}",
                f"aws ec2 revoke-security-group-{verb} {options}",
                changed,
                interface.id,
            )
    return None


def _group_of(lookup: Lookup, groups: Iterable[str]) -> str | None:
    known = [group for group in groups if group in lookup.inventory.groups]
    own = [group for group in known if lookup.inventory.groups[group].name != "default"]
    return next(iter([*own, *known]), None)


def _sources(
    lookup: Lookup, interface: Interface, packet: Packet
) -> Iterable[GroupReference | PrefixListReference | Block]:
    """Whom a new rule could allow, least privilege first."""
    owner = lookup.owner(packet.peer, interface.vpc)
    if owner is not None and owner.vpc == interface.vpc and len(owner.groups or ()) == 1:
        group = (owner.groups or ("",))[0]
        known = lookup.inventory.groups.get(group)
        if known is not None and known.name != "default":
            yield GroupReference(group, known.owner or owner.owner)
    yield from _lists(lookup, packet)
    yield alone(packet.peer)


def _lists(lookup: Lookup, packet: Packet) -> list[PrefixListReference]:
    """Prefix lists that rules already name for the packet's port, the smallest first."""
    used = {
        rule.other
        for group in lookup.inventory.groups.values()
        for rule in group.rules
        if isinstance(rule.other, PrefixListReference)
        and rule.egress == packet.egress
        and _is_for(rule, packet)
    }
    sizes = {
        one: sum(block.size for block in blocks)
        for one in used
        if (blocks := lookup.inventory.prefix_lists.get(one.list)) is not None
        and not any(block.is_everything for block in blocks)
    }
    return sorted(sizes, key=lambda one: (sizes[one], one.list))


def _is_for(rule: GroupRule, packet: Packet) -> bool:
    """Whether a rule is for what the packet is about; TCP and UDP share their ports' meanings."""
    if rule.protocol is None or packet.dport is None or not packet.has_ports:
        return rule.protocol in {None, packet.protocol}
    low, high = rule.low or 0, 65_535 if rule.high is None else rule.high
    return rule.protocol in HAVE_PORTS and low <= packet.dport <= high


def _with_rule(inventory: Inventory, rule: GroupRule) -> Inventory:
    group = inventory.groups[rule.group]
    return replace(
        inventory, groups={**inventory.groups, rule.group: replace(group, rules=(*group.rules, rule))}
    )


def rule_options(group: str, rules: Iterable[GroupRule]) -> str:
    """The options that name a group and its rules, as authorizing and revoking take them."""
    permissions = json.dumps([_permission(rule) for rule in rules], separators=(",", ":"))
    return _shell({"group-id": group, "ip-permissions": permissions})


def _permission(rule: GroupRule) -> dict[str, Any]:
    """A rule as ``--ip-permissions`` takes it."""
    found: dict[str, Any] = {"IpProtocol": protocol_name(rule.protocol)}
    if rule.low is not None:
        found |= {"FromPort": rule.low, "ToPort": rule.high}
    elif protocol_name(rule.protocol).startswith("icmp"):
        found |= {"FromPort": -1, "ToPort": -1}
    other = rule.other
    if isinstance(other, Block):
        key, inner = ("IpRanges", "CidrIp") if other.version == 4 else ("Ipv6Ranges", "CidrIpv6")
        found[key] = [{inner: other.text}]
    elif isinstance(other, PrefixListReference):
        found["PrefixListIds"] = [{"PrefixListId": other.list}]
    else:
        pair = {"GroupId": other.group}
        found["UserIdGroupPairs"] = [pair | ({"UserId": other.owner} if other.owner else {})]
    return found


# -- network ACLs --------------------------------------------------------------------------------------------


def _for_acl(
    lookup: Lookup, interface: Interface, packet: Packet, peers: Block, *, reply: bool
) -> Fix | None:
    """One more entry before the one that denies; in its place where there is no number left."""
    says = network_acls.judge(lookup, interface, packet)
    if says.acl is None:
        return None
    low, high = _ports(packet, reply=reply)
    is_icmp6 = packet.peer.version == 6 and packet.protocol == 58
    icmp = (-1, -1) if packet.protocol == 1 or is_icmp6 else None
    same_way = [entry for entry in says.acl.entries if entry.egress == packet.egress]
    taken = {entry.number for entry in same_way}
    before = says.entry.number if says.entry is not None else LAST_OWN_RULE + 1
    # Entries of the other family use up numbers, and are otherwise not in the way.
    family = {one.number for one in same_way if one.block.version == packet.peer.version}
    after = max((one for one in family if one < min(before, LAST_OWN_RULE + 1)), default=0)
    number = _number_before(before, after, taken)
    entry = AclEntry(
        number or before,
        packet.egress,
        allows=True,
        protocol=packet.protocol,
        low=low,
        high=high,
        block=peers,
        where=_HERE,
        icmp=icmp,
    )
    replaced = says.entry if number is None else None
    if number is None and (replaced is None or replaced.number > LAST_OWN_RULE):
        return None
    changed = _with_entry(lookup.inventory, says.acl, entry)
    if network_acls.judge(Lookup(changed), interface, packet).allowed is not Tri.YES:
        return None
    verb = "replace" if replaced else "create"
    key = {"network-acl-id": says.acl.id, "rule-number": str(entry.number)}
    side = "--egress" if packet.egress else "--ingress"
    undo = (
        f"aws ec2 replace-network-acl-entry {_entry_options(says.acl, replaced)}"
        if replaced
        else f"aws ec2 delete-network-acl-entry {_shell(key)} {side}"
    )
    command = f"aws ec2 {verb}-network-acl-entry {_entry_options(says.acl, entry)}"
    return Fix(command, undo, changed, interface.id)


def _ports(packet: Packet, *, reply: bool) -> tuple[int | None, int | None]:
    """The packet's port; for a reply the range that clients such as this one ask from."""
    if not packet.has_ports or packet.dport is None:
        return None, None
    if reply:
        for _, low, high in CLIENT_PORTS:
            if low <= packet.dport <= high:
                return low, high
    return packet.dport, packet.dport


def _number_before(before: int, after: int, taken: set[int]) -> int | None:
    """A free number between two entries, a round one if there is one; behind the last one the next."""
    if before > LAST_OWN_RULE:
        rounds = range((after // _STEP + 1) * _STEP, LAST_OWN_RULE + 1, _STEP)
        if (number := next((one for one in rounds if one not in taken), None)) is not None:
            return number
    free = [one for one in range(after + 1, min(before, LAST_OWN_RULE + 1)) if one not in taken]
    chosen = [one for one in free if one % _STEP == 0] or free
    return chosen[len(chosen) // 2] if chosen else None


def _with_entry(inventory: Inventory, acl: NetworkAcl, entry: AclEntry) -> Inventory:
    kept = [one for one in acl.entries if (one.number, one.egress) != (entry.number, entry.egress)]
    entries = tuple(sorted([*kept, entry], key=lambda one: (one.number, one.egress)))
    return replace(inventory, acls={**inventory.acls, acl.id: replace(acl, entries=entries)})


def _entry_options(acl: NetworkAcl, entry: AclEntry) -> str:
    options = {
        "network-acl-id": acl.id,
        "rule-number": str(entry.number),
        "protocol": "-1" if entry.protocol is None else str(entry.protocol),
        "rule-action": "allow" if entry.allows else "deny",
        "cidr-block" if entry.block.version == 4 else "ipv6-cidr-block": entry.block.text,
    }
    if entry.low is not None:
        options["port-range"] = f"From={entry.low},To={entry.high}"
    if entry.icmp is not None:
        options["icmp-type-code"] = f"Type={entry.icmp[0]},Code={entry.icmp[1]}"
    return f"{_shell(options)} {'--egress' if entry.egress else '--ingress'}"


def _shell(options: dict[str, str]) -> str:
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())
