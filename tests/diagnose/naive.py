"""What security groups and network ACLs mean, once more and slowly, on raw answers of EC2 alone.

Nothing of the engine is used: this is what it is compared with. Answers are ``yes``, ``no`` and ``unknown``.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.diagnose.network import Answers

NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7")


def _in(address: str, block: str) -> bool:
    network = ip_network(block, strict=False)
    return ip_address(address).version == network.version and ip_address(address) in network


def _blocks(subnet: dict[str, Any]) -> list[str]:
    return [
        subnet["CidrBlock"],
        *(item["Ipv6CidrBlock"] for item in subnet.get("Ipv6CidrBlockAssociationSet", ())),
    ]


def _is_public(raw: Answers, address: str) -> bool:
    own = [vpc["CidrBlock"] for vpc in raw["Vpcs"]]
    own += [block for subnet in raw["Subnets"] for block in _blocks(subnet)]
    return not any(_in(address, block) for block in [*own, *_PRIVATE])


def _owners(raw: Answers, address: str, vpc: str | None) -> list[dict[str, Any]]:
    found = []
    for one in raw["NetworkInterfaces"]:
        own = [item["PrivateIpAddress"] for item in one["PrivateIpAddresses"]]
        own += [item["Ipv6Address"] for item in one.get("Ipv6Addresses", ())]
        blocks = [item["Ipv4Prefix"] for item in one.get("Ipv4Prefixes", ())]
        if address in own or any(_in(address, block) for block in blocks):
            found.append(one)
    return [one for one in found if one["VpcId"] == vpc] or found


def _member(raw: Answers, pair: dict[str, Any], address: str, vpc: str) -> str:
    peering = pair.get("VpcPeeringConnectionId")
    if peering and ("UserId" not in pair or pair.get("PeeringStatus", "active") != "active"):
        return "no"
    owners = _owners(raw, address, pair.get("VpcId") if peering else vpc)
    groups = [[item["GroupId"] for item in one["Groups"]] if "Groups" in one else None for one in owners]
    if any(pair["GroupId"] in (names or ()) for names in groups):
        return "yes"
    if _is_public(raw, address):
        return "no"
    if owners:
        return "unknown" if None in groups else "no"
    if peering:
        own = [one["CidrBlock"] for one in raw.get("Vpcs", ()) if one["VpcId"] == vpc]
        here = own or [block for one in raw["Subnets"] if one["VpcId"] == vpc for block in _blocks(one)]
        return "no" if any(_in(address, block) for block in here) else "unknown"
    return "no" if any(one["GroupId"] == pair["GroupId"] for one in raw["SecurityGroups"]) else "unknown"


def _all(*parts: str) -> str:
    return "no" if "no" in parts else "unknown" if "unknown" in parts else "yes"


def _any(*parts: str) -> str:
    return "yes" if "yes" in parts else "unknown" if "unknown" in parts else "no"


def _says(holds: bool) -> str:
    return "yes" if holds else "no"


def groups_allow(raw: Answers, name: str, egress: bool, protocol: int, peer: str, port: int | None) -> str:
    """What the security groups of an interface say about a packet that opens a flow."""
    interface = next(one for one in raw["NetworkInterfaces"] if one["NetworkInterfaceId"] == name)
    if not interface.get("Groups"):
        return (
            "yes" if interface["InterfaceType"] == "transit_gateway" and "Groups" in interface else "unknown"
        )
    lists = {one["PrefixListId"]: one["Cidrs"] for one in raw["PrefixLists"]}
    said = []
    for item in interface["Groups"]:
        group = next((one for one in raw["SecurityGroups"] if one["GroupId"] == item["GroupId"]), None)
        if group is None:
            said.append("unknown")
            continue
        for rule in group["IpPermissionsEgress" if egress else "IpPermissions"]:
            number = NUMBERS.get(rule["IpProtocol"]) or int(rule["IpProtocol"])
            low, high = rule.get("FromPort", -1), rule.get("ToPort", -1)
            of = "yes"
            if number in {6, 17} and port is not None:
                of = _says((low == -1 or port >= low) and (high == -1 or port <= high))
            elif number in {6, 17} and protocol in {6, 17}:
                of = "yes" if low == -1 else "unknown"
            elif number in {1, 58} and low != -1:
                of = "unknown"
            whom = [_says(_in(peer, one["CidrIp"])) for one in rule["IpRanges"]]
            whom += [_says(_in(peer, one["CidrIpv6"])) for one in rule["Ipv6Ranges"]]
            for one in rule["PrefixListIds"]:
                blocks = lists.get(one["PrefixListId"])
                whom.append("unknown" if blocks is None else _says(any(_in(peer, block) for block in blocks)))
            whom += [_member(raw, pair, peer, interface["VpcId"]) for pair in rule["UserIdGroupPairs"]]
            said.append(_all(_says(number in {-1, protocol}), of, _any(*whom)))
    return _any(*said)


def acl_allows(
    raw: Answers, name: str, egress: bool, protocol: int, own: str, peer: str, port: int | None
) -> tuple[str, str]:
    """What the network ACL of an interface's subnet says, and the number of the rule that decides."""
    interface = next(one for one in raw["NetworkInterfaces"] if one["NetworkInterfaceId"] == name)
    subnet = next(one for one in raw["Subnets"] if one["SubnetId"] == interface["SubnetId"])
    if all(any(_in(end, block) for block in _blocks(subnet)) for end in (own, peer)):
        return "yes", ""
    gateways = [one for one in raw["NetworkInterfaces"] if one["InterfaceType"] == "transit_gateway"]
    vpc = next(one for one in raw["Vpcs"] if one["VpcId"] == interface["VpcId"])
    outside = not _in(peer, vpc["CidrBlock"]) and not _is_public(raw, peer)
    beside = any(one["SubnetId"] == interface["SubnetId"] for one in gateways)
    if not egress and outside and beside and interface not in gateways:
        return "yes", ""
    acl = next(
        (one for one in raw["NetworkAcls"] if {"SubnetId": interface["SubnetId"]} in one["Associations"]),
        None,
    ) or next(one for one in raw["NetworkAcls"] if one["IsDefault"] and one["VpcId"] == interface["VpcId"])
    doubts = set()
    entries = [one for one in acl["Entries"] if one["Egress"] == egress]
    for one in sorted(entries, key=lambda one: one["RuleNumber"]):
        if not _in(peer, one.get("CidrBlock") or one["Ipv6CidrBlock"]):
            continue
        number, ports, icmp = int(one["Protocol"]), one.get("PortRange"), one.get("IcmpTypeCode")
        if number not in {-1, protocol}:
            continue
        doubtful = number in {1, 58} and icmp is not None and icmp["Type"] != -1
        if number in {6, 17} and ports is not None:
            if port is None:
                doubtful = True
            elif not ports["From"] <= port <= ports["To"]:
                continue
        action = "yes" if one["RuleAction"] == "allow" else "no"
        if doubtful:
            doubts.add(action)
            continue
        name = "*" if one["RuleNumber"] > 32_766 else str(one["RuleNumber"])
        return ("unknown" if doubts - {action} else action), name
    return ("unknown" if doubts - {"no"} else "no"), "*"
