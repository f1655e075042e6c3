"""A small network as raw answers of EC2, for tests to change: it is read as files are."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from diagnose.inventory import read_inventory

if TYPE_CHECKING:
    from pathlib import Path

    from diagnose.model import Inventory

Answers = dict[str, list[dict[str, Any]]]

ACCOUNT = "444455556666"
PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}


def permission(protocol: int | str, ports: tuple[int, int] | None = None, **sources: Any) -> dict[str, Any]:
    """A permission; ``v4``, ``v6``, ``lists``, ``groups`` name whom it allows, each a list of texts."""
    found: dict[str, Any] = {"IpProtocol": str(protocol)}
    if ports is not None:
        found |= {"FromPort": ports[0], "ToPort": ports[1]}
    found["IpRanges"] = [{"CidrIp": text} for text in sources.get("v4", ())]
    found["Ipv6Ranges"] = [{"CidrIpv6": text} for text in sources.get("v6", ())]
    found["PrefixListIds"] = [{"PrefixListId": text} for text in sources.get("lists", ())]
    found["UserIdGroupPairs"] = [{"GroupId": text, "UserId": ACCOUNT} for text in sources.get("groups", ())]
    return found


ANYTHING = permission("-1", v4=["0.0.0.0/0"], v6=["::/0"])


def group(name: str, into: Any = (), out: Any = (), *, vpc: str = "vpc-a", title: str = "") -> dict[str, Any]:
    return {
        "GroupId": name,
        "GroupName": title or name,
        "VpcId": vpc,
        "OwnerId": ACCOUNT,
        "IpPermissions": list(into),
        "IpPermissionsEgress": list(out),
    }


def entry(
    number: int,
    action: str,
    block: str,
    protocol: int | str = "-1",
    ports: tuple[int, int] | None = None,
    *,
    egress: bool = False,
    icmp: tuple[int, int] | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "RuleNumber": number,
        "Egress": egress,
        "RuleAction": action,
        "Protocol": str(protocol),
        "Ipv6CidrBlock" if ":" in block else "CidrBlock": block,
    }
    if ports is not None:
        found["PortRange"] = {"From": ports[0], "To": ports[1]}
    if icmp is not None:
        found["IcmpTypeCode"] = {"Type": icmp[0], "Code": icmp[1]}
    return found


def both_ways(number: int, action: str, protocol: int | str = "-1", **more: Any) -> list[dict[str, Any]]:
    """The same for both directions and both families: four entries, two numbers."""
    return [
        entry(number + place, action, block, protocol, egress=egress, **more)
        for place, block in enumerate(("0.0.0.0/0", "::/0"))
        for egress in (False, True)
    ]


def acl(
    name: str, subnets: list[str], entries: list[dict[str, Any]], *, default: bool = False, vpc: str = "vpc-a"
) -> dict[str, Any]:
    return {
        "NetworkAclId": name,
        "VpcId": vpc,
        "IsDefault": default,
        "Associations": [{"SubnetId": subnet} for subnet in subnets],
        "Entries": [*both_ways(32_767, "deny"), *entries],
    }


def interface(
    name: str, subnet: str, groups: list[str], *addresses: str, vpc: str = "vpc-a", **more: Any
) -> dict[str, Any]:
    four = [address for address in addresses if ":" not in address]
    return {
        "NetworkInterfaceId": name,
        "SubnetId": subnet,
        "VpcId": vpc,
        "OwnerId": ACCOUNT,
        "Groups": [{"GroupId": one, "GroupName": one} for one in groups],
        "PrivateIpAddress": four[0],
        "PrivateIpAddresses": [
            {"PrivateIpAddress": one, "Primary": place == 0} for place, one in enumerate(four)
        ],
        "Ipv6Addresses": [{"Ipv6Address": one} for one in addresses if ":" in one],
        "InterfaceType": "interface",
        **more,
    }


def subnet(name: str, block: str, six: str | None = None, *, vpc: str = "vpc-a") -> dict[str, Any]:
    state = {"Ipv6CidrBlockState": {"State": "associated"}}
    return {
        "SubnetId": name,
        "VpcId": vpc,
        "CidrBlock": block,
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": six, **state}] if six else [],
    }


_ANSWERS: Answers = {
    "SecurityGroups": [
        group("sg-shop", out=[ANYTHING]),
        group("sg-store"),
        group("sg-more", out=[ANYTHING]),
        group("sg-jump", [permission("tcp", (22, 22), lists=["pl-desks", "pl-world"])], [ANYTHING]),
        group("sg-given", [permission("-1", groups=["sg-given"])], [ANYTHING], title="default"),
        group("sg-beyond", out=[ANYTHING], vpc="vpc-b"),
    ],
    "PrefixLists": [
        {"PrefixListId": "pl-desks", "Cidrs": ["198.18.7.0/28", "10.77.0.0/24"]},
        {"PrefixListId": "pl-world", "Cidrs": ["0.0.0.0/0"]},
    ],
    "Vpcs": [
        {"VpcId": "vpc-a", "CidrBlock": "10.40.0.0/16"},
        {"VpcId": "vpc-b", "CidrBlock": "10.50.0.0/16"},
    ],
    "Subnets": [
        subnet("subnet-shop", "10.40.1.0/24", "2001:db8:40:1::/64"),
        subnet("subnet-store", "10.40.2.0/24", "2001:db8:40:2::/64"),
        subnet("subnet-beyond", "10.50.1.0/24", vpc="vpc-b"),
    ],
    "NetworkAcls": [
        acl("acl-usual", [], both_ways(100, "allow"), default=True),
        acl("acl-store", ["subnet-store"], both_ways(100, "allow")),
        acl("acl-beyond", [], both_ways(100, "allow"), default=True, vpc="vpc-b"),
    ],
    "NetworkInterfaces": [
        interface("eni-shop", "subnet-shop", ["sg-shop"], "10.40.1.11", "2001:db8:40:1::11"),
        interface("eni-shop2", "subnet-shop", ["sg-shop"], "10.40.1.12"),
        interface("eni-many", "subnet-shop", ["sg-shop", "sg-more"], "10.40.1.13"),
        interface("eni-given", "subnet-shop", ["sg-given"], "10.40.1.14"),
        interface(
            "eni-seen", "subnet-shop", ["sg-shop"], "10.40.1.15", Association={"PublicIp": "198.18.0.15"}
        ),
        interface("eni-store", "subnet-store", ["sg-store"], "10.40.2.21", "2001:db8:40:2::21"),
        interface("eni-store2", "subnet-store", ["sg-store"], "10.40.2.22"),
        interface("eni-beyond", "subnet-beyond", ["sg-beyond"], "10.50.1.31", vpc="vpc-b"),
    ],
}


def answers() -> Answers:
    """A copy to change."""
    return copy.deepcopy(_ANSWERS)


def named(raw: Answers, key: str, name: str) -> dict[str, Any]:
    """One item of an answer, by any of its ids."""
    return next(item for item in raw[key] if name in item.values())


def read(raw: Answers, folder: Path, **more: Any) -> Inventory:
    """What is read of answers that are saved in one file."""
    path = folder / "answers.json"
    path.write_text(json.dumps({**raw, **more}))
    found = read_inventory([path])
    assert not found.refused
    return found
