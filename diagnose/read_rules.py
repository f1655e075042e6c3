"""From ``describe-*`` answers: security groups and their rules, network ACLs, route tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model import (
    HAVE_PORTS,
    ICMP,
    ICMP6,
    TCP,
    UDP,
    AclEntry,
    GroupReference,
    GroupRule,
    NetworkAcl,
    PrefixListReference,
    Route,
    RouteTable,
    SecurityGroup,
)
from diagnose.raw import Raw, block_in, inner, items, number_of, text_of, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.blocks import Block
    from diagnose.model import Where

_NAMED = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMP6}
_NUMBER = re.compile(r"[0-9]{1,3}")
_ALL = "-1"
# The key of a route's target; GatewayId also says "local" and names endpoints and virtual private gateways.
_TARGETS = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId"),
    *("InstanceId", "EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn"),
    "OdbNetworkArn",
)


def _protocol(raw: Raw, key: str) -> tuple[bool, int | None]:
    """Whether a protocol is understood, and its number; ``None`` for all."""
    text = str(raw.get(key, "")).lower()
    if text == _ALL:
        return True, None
    number = _NAMED.get(text, int(text) if _NUMBER.fullmatch(text) else None)
    return number is not None, number


def _range(low: int | None, high: int | None, protocol: int | None) -> tuple[int | None, int | None]:
    """Ports, or type and code; where a protocol has neither they are ignored, and -1 stands for all."""
    if protocol not in {*HAVE_PORTS, ICMP, ICMP6}:
        return None, None
    return (None if low in {None, -1} else low), (None if high in {None, -1} else high)


def security_group(raw: Raw, where: Where) -> SecurityGroup | None:
    """An item of ``SecurityGroups``."""
    name = text_of(raw, "GroupId")
    if name is None:
        return None
    rules = [
        rule
        for key, egress in (("IpPermissions", False), ("IpPermissionsEgress", True))
        for place, permission in enumerate(items(raw, key))
        for rule in _permission(permission, name, egress, where.inside(f"{key}[{place}]"))
    ]
    return SecurityGroup(
        name,
        text_of(raw, "GroupName") or name,
        text_of(raw, "VpcId"),
        text_of(raw, "OwnerId"),
        tuple(rules),
        where,
    )


def _permission(raw: Raw, group: str, egress: bool, where: Where) -> Iterator[GroupRule]:
    """The rules of one permission: one for each source it names."""
    known, protocol = _protocol(raw, "IpProtocol")
    if not known:
        return
    low, high = _range(number_of(raw, "FromPort"), number_of(raw, "ToPort"), protocol)
    sources: list[tuple[Block | PrefixListReference | GroupReference, Raw]] = []
    for key, block_key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        sources += [
            (block, item) for item in items(raw, key) if (block := block_in(item, block_key)) is not None
        ]
    for item in items(raw, "PrefixListIds"):
        if name := text_of(item, "PrefixListId"):
            sources.append((PrefixListReference(name), item))
    for item in items(raw, "UserIdGroupPairs"):
        if reference := _reference(item):
            sources.append((reference, item))
    for source, item in sources:
        words = text_of(item, "Description") or ""
        yield GroupRule(group, egress, protocol, low, high, source, where, description=words)


def _reference(raw: Raw) -> GroupReference | None:
    name = text_of(raw, "GroupId")
    if name is None:
        return None
    return GroupReference(
        name,
        text_of(raw, "UserId"),
        text_of(raw, "VpcId"),
        text_of(raw, "VpcPeeringConnectionId"),
        text_of(raw, "PeeringStatus"),
    )


def single_rule(raw: Raw, where: Where) -> GroupRule | None:
    """An item of ``SecurityGroupRules``: the only answer that knows the ids of rules."""
    group = text_of(raw, "GroupId")
    known, protocol = _protocol(raw, "IpProtocol")
    other: Block | PrefixListReference | GroupReference | None = block_in(raw, "CidrIpv4") or block_in(
        raw, "CidrIpv6"
    )
    if other is None and (name := text_of(raw, "PrefixListId")):
        other = PrefixListReference(name)
    other = other or _reference(inner(raw, "ReferencedGroupInfo"))
    if group is None or other is None or not known:
        return None
    low, high = _range(number_of(raw, "FromPort"), number_of(raw, "ToPort"), protocol)
    return GroupRule(
        group,
        truth_of(raw, "IsEgress"),
        protocol,
        low,
        high,
        other,
        where,
        text_of(raw, "SecurityGroupRuleId"),
        text_of(raw, "Description") or "",
    )


def with_single_rules(
    groups: dict[str, SecurityGroup], rules: Iterable[GroupRule]
) -> dict[str, SecurityGroup]:
    """Prefer the rules that have ids; a group of which there are any has no others."""
    by_group: dict[str, dict[object, GroupRule]] = {}
    for rule in rules:
        by_group.setdefault(rule.group, {})[rule.id or rule] = rule
    found = dict(groups)
    for name, own in by_group.items():
        first = next(iter(own.values()))
        group = groups.get(name) or SecurityGroup(name, name, None, None, (), first.where)
        found[name] = replace(group, rules=tuple(own.values()))
    return found


def network_acl(raw: Raw, where: Where) -> NetworkAcl | None:
    """An item of ``NetworkAcls``; the order of the entries in the answer means nothing."""
    name = text_of(raw, "NetworkAclId")
    if name is None:
        return None
    entries = [
        entry
        for place, item in enumerate(items(raw, "Entries"))
        if (entry := _entry(item, where.inside(f"Entries[{place}]"))) is not None
    ]
    subnets = [text_of(item, "SubnetId") for item in items(raw, "Associations")]
    return NetworkAcl(
        name,
        text_of(raw, "VpcId"),
        truth_of(raw, "IsDefault"),
        frozenset(subnet for subnet in subnets if subnet),
        tuple(sorted(entries, key=lambda entry: (entry.number, entry.egress))),
        where,
    )


def _entry(raw: Raw, where: Where) -> AclEntry | None:
    number, block = number_of(raw, "RuleNumber"), block_in(raw, "CidrBlock") or block_in(raw, "Ipv6CidrBlock")
    known, protocol = _protocol(raw, "Protocol")
    if number is None or block is None or not known:
        return None
    low = high = icmp = None
    if protocol in HAVE_PORTS:
        ports = inner(raw, "PortRange")
        low, high = _range(number_of(ports, "From"), number_of(ports, "To"), protocol)
    elif protocol == ICMP or (protocol == ICMP6 and block.version == 6):
        of = inner(raw, "IcmpTypeCode")
        kind, code = number_of(of, "Type"), number_of(of, "Code")
        icmp = (-1 if kind is None else kind, -1 if code is None else code)
    return AclEntry(
        number,
        truth_of(raw, "Egress"),
        raw.get("RuleAction") == "allow",
        protocol,
        low,
        high,
        block,
        where,
        icmp,
    )


def route_table(raw: Raw, where: Where) -> RouteTable | None:
    """An item of ``RouteTables``."""
    name = text_of(raw, "RouteTableId")
    if name is None:
        return None
    associations = list(items(raw, "Associations"))
    subnets = [text_of(item, "SubnetId") for item in associations]
    routes = [
        route
        for place, item in enumerate(items(raw, "Routes"))
        if (route := _route(item, where.inside(f"Routes[{place}]"))) is not None
    ]
    return RouteTable(
        name,
        text_of(raw, "VpcId"),
        any(truth_of(item, "Main") for item in associations),
        frozenset(subnet for subnet in subnets if subnet),
        tuple(routes),
        where,
    )


def _route(raw: Raw, where: Where) -> Route | None:
    to: Block | PrefixListReference | None = block_in(raw, "DestinationCidrBlock") or block_in(
        raw, "DestinationIpv6CidrBlock"
    )
    if to is None and (name := text_of(raw, "DestinationPrefixListId")):
        to = PrefixListReference(name)
    if to is None:
        return None
    target = next((text for key in _TARGETS if (text := text_of(raw, key))), "")
    return Route(to, target, text_of(raw, "State") == "blackhole", where)
