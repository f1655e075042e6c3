"""Security groups and network ACLs of the sample VPC, as the ``aws ec2 describe-*`` commands print them.

These rules explain every REJECT of the sample, and ``tests/test_sample_logs.py`` holds them to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sample_vpc import (
    ACCOUNT,
    ICMP,
    ICMPV6,
    OFFICE,
    REGION,
    SUBNETS,
    TCP,
    UDP,
    VPC_CIDR,
    VPC_ID,
    VPN_CIDR,
    made_up_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, object]

ANY = "0.0.0.0/0"
ANY_IPV6 = "::/0"
ALL_PROTOCOLS = "-1"


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group; the peer is a CIDR or the name of another group."""

    group: str
    egress: bool
    protocol: str
    ports: tuple[int, int] | None
    peer: str
    description: str = ""

    @property
    def peer_is_group(self) -> bool:
        """Whether the rule names another group instead of addresses."""
        return self.peer in GROUPS


GROUPS = {
    "default": "default VPC security group",
    "web": "Web servers, open to the world",
    "app": "Application servers, called by the web servers",
    "database": "PostgreSQL, for the application only",
    "worker": "Batch workers, nothing comes in",
}

GROUP_RULES = (
    GroupRule("default", False, ALL_PROTOCOLS, None, "default"),
    GroupRule("default", True, ALL_PROTOCOLS, None, ANY),
    GroupRule("web", False, "tcp", (80, 80), ANY, "plain http, redirects to https"),
    GroupRule("web", False, "tcp", (443, 443), ANY, "https"),
    GroupRule("web", False, "tcp", (22, 22), f"{OFFICE}/32", "ssh from the office"),
    GroupRule("web", False, "icmp", (-1, -1), f"{OFFICE}/32", "ping from the office"),
    GroupRule("web", True, ALL_PROTOCOLS, None, ANY),
    GroupRule("app", False, "tcp", (8080, 8080), "web", "calls from the web servers"),
    GroupRule("app", True, "tcp", (5432, 5432), "database", "queries"),
    GroupRule("app", True, "tcp", (443, 443), ANY, "https to partners"),
    GroupRule("app", True, "udp", (123, 123), ANY, "time"),
    GroupRule("database", False, "tcp", (5432, 5432), "app", "queries"),
    GroupRule("database", True, ALL_PROTOCOLS, None, ANY),
    GroupRule("worker", True, ALL_PROTOCOLS, None, ANY),
    GroupRule("worker", True, "tcp", (443, 443), ANY_IPV6, "https"),
    GroupRule("worker", True, "icmpv6", (-1, -1), ANY_IPV6, "ping and path MTU"),
)


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One entry of a network ACL; the protocol is a number, -1 for all."""

    number: int
    egress: bool
    action: str
    protocol: int
    cidr: str
    ports: tuple[int, int] | None = None


IN, OUT = False, True

_CATCH_ALL = tuple(
    AclEntry(number, egress, "deny", -1, cidr)
    for egress in (IN, OUT)
    for number, cidr in ((32767, ANY), (32768, ANY_IPV6))
)

ACLS: dict[str, tuple[AclEntry, ...]] = {
    "default": (
        AclEntry(100, IN, "allow", -1, ANY),
        AclEntry(101, IN, "allow", -1, ANY_IPV6),
        AclEntry(100, OUT, "allow", -1, ANY),
        AclEntry(101, OUT, "allow", -1, ANY_IPV6),
    ),
    "public": (
        # Rule 90 is the fault that the sample is about: the security group allows port 80, this does not.
        AclEntry(90, IN, "deny", TCP, ANY, (80, 80)),
        AclEntry(100, IN, "allow", TCP, ANY, (443, 443)),
        AclEntry(110, IN, "allow", TCP, "203.0.113.0/24", (22, 22)),
        AclEntry(120, IN, "allow", ICMP, f"{OFFICE}/32"),
        AclEntry(130, IN, "allow", TCP, ANY, (1024, 65535)),
        AclEntry(140, IN, "allow", UDP, ANY, (1024, 65535)),
        AclEntry(150, IN, "allow", UDP, VPC_CIDR, (123, 123)),
        AclEntry(100, OUT, "allow", TCP, ANY, (443, 443)),
        AclEntry(105, OUT, "allow", TCP, "10.0.2.0/24", (8080, 8080)),
        AclEntry(106, OUT, "allow", TCP, "10.0.2.0/24", (5432, 5432)),
        AclEntry(110, OUT, "allow", UDP, ANY, (123, 123)),
        AclEntry(120, OUT, "allow", ICMP, f"{OFFICE}/32"),
        # Too narrow for clients with ports from 1024 on: their requests come in, no reply goes out.
        AclEntry(130, OUT, "allow", TCP, ANY, (32768, 65535)),
        AclEntry(140, OUT, "allow", UDP, VPC_CIDR, (32768, 65535)),
    ),
    "private": (
        AclEntry(100, IN, "allow", TCP, "10.0.1.0/24", (8080, 8080)),
        AclEntry(110, IN, "allow", TCP, "10.0.1.0/24", (5432, 5432)),
        AclEntry(115, IN, "allow", TCP, VPN_CIDR, (5432, 5432)),
        AclEntry(120, IN, "allow", TCP, ANY, (32768, 65535)),
        AclEntry(130, IN, "allow", UDP, ANY, (32768, 65535)),
        AclEntry(140, IN, "allow", TCP, ANY_IPV6, (32768, 65535)),
        AclEntry(150, IN, "allow", ICMPV6, ANY_IPV6),
        AclEntry(100, OUT, "allow", TCP, ANY, (443, 443)),
        AclEntry(110, OUT, "allow", TCP, ANY, (80, 80)),
        AclEntry(115, OUT, "allow", TCP, ANY, (587, 587)),
        AclEntry(120, OUT, "allow", UDP, ANY, (123, 123)),
        AclEntry(130, OUT, "allow", TCP, "10.0.1.0/24", (32768, 65535)),
        AclEntry(135, OUT, "allow", TCP, VPN_CIDR, (32768, 65535)),
        AclEntry(140, OUT, "allow", TCP, ANY_IPV6, (443, 443)),
        AclEntry(150, OUT, "allow", ICMPV6, ANY_IPV6),
    ),
}


def tags(name: str) -> list[Json]:
    """Give a resource its Name tag."""
    return [{"Key": "Name", "Value": name}]


def arn(resource: str, name: str) -> str:
    """Spell an EC2 resource of the account as an ARN."""
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{resource}/{name}"


def describe_security_groups() -> Json:
    """What ``aws ec2 describe-security-groups`` prints."""
    groups = [
        {
            "GroupId": made_up_id("sg", name),
            "IpPermissionsEgress": _permissions(name, egress=True),
            "Tags": [] if name == "default" else tags(name),
            "VpcId": VPC_ID,
            "SecurityGroupArn": arn("security-group", made_up_id("sg", name)),
            "OwnerId": ACCOUNT,
            "GroupName": name,
            "Description": description,
            "IpPermissions": _permissions(name, egress=False),
        }
        for name, description in GROUPS.items()
    ]
    return {"SecurityGroups": groups}


def _permissions(group: str, *, egress: bool) -> list[Json]:
    """Gather a group's rules as AWS does: one permission for each protocol and port range."""
    mine = [rule for rule in GROUP_RULES if rule.group == group and rule.egress == egress]
    return [
        _permission([rule for rule in mine if (rule.protocol, rule.ports) == key])
        for key in dict.fromkeys((rule.protocol, rule.ports) for rule in mine)
    ]


def _permission(rules: list[GroupRule]) -> Json:
    first = rules[0]
    ports = dict(zip(("FromPort", "ToPort"), first.ports, strict=True)) if first.ports else {}
    addresses = [rule for rule in rules if not rule.peer_is_group]
    return {
        "IpProtocol": first.protocol,
        **ports,
        "UserIdGroupPairs": [
            {**_described(rule), "UserId": ACCOUNT, "GroupId": made_up_id("sg", rule.peer)}
            for rule in rules
            if rule.peer_is_group
        ],
        "IpRanges": [{**_described(rule), "CidrIp": rule.peer} for rule in addresses if ":" not in rule.peer],
        "Ipv6Ranges": [{**_described(rule), "CidrIpv6": rule.peer} for rule in addresses if ":" in rule.peer],
        "PrefixListIds": [],
    }


def _described(rule: GroupRule) -> Json:
    return {"Description": rule.description} if rule.description else {}


def describe_security_group_rules() -> Json:
    """What ``aws ec2 describe-security-group-rules`` prints."""
    return {"SecurityGroupRules": [_group_rule(rule) for rule in GROUP_RULES]}


def _group_rule(rule: GroupRule) -> Json:
    # Unlike a permission, a single rule has its ports even when they mean nothing.
    first, last = rule.ports or (-1, -1)
    rule_id = made_up_id("sgr", repr((rule.group, rule.egress, rule.protocol, rule.ports, rule.peer)))
    return {
        "SecurityGroupRuleId": rule_id,
        "GroupId": made_up_id("sg", rule.group),
        "GroupOwnerId": ACCOUNT,
        "IsEgress": rule.egress,
        "IpProtocol": rule.protocol,
        "FromPort": first,
        "ToPort": last,
        **_rule_peer(rule),
        **_described(rule),
        "Tags": [],
        "SecurityGroupRuleArn": arn("security-group-rule", rule_id),
    }


def _rule_peer(rule: GroupRule) -> Json:
    if rule.peer_is_group:
        return {"ReferencedGroupInfo": {"GroupId": made_up_id("sg", rule.peer), "UserId": ACCOUNT}}
    return {"CidrIpv6" if ":" in rule.peer else "CidrIpv4": rule.peer}


def describe_network_acls() -> Json:
    """What ``aws ec2 describe-network-acls`` prints."""
    return {"NetworkAcls": [_network_acl(name) for name in ACLS]}


def _network_acl(name: str) -> Json:
    acl_id = made_up_id("acl", name)
    entries = sorted(ACLS[name] + _CATCH_ALL, key=lambda entry: (not entry.egress, entry.number))
    return {
        "Associations": [
            {
                "NetworkAclAssociationId": made_up_id("aclassoc", subnet.name),
                "NetworkAclId": acl_id,
                "SubnetId": subnet.id,
            }
            for subnet in SUBNETS
            if subnet.name == name
        ],
        "Entries": [dict(_entry_items(entry)) for entry in entries],
        "IsDefault": name == "default",
        "NetworkAclId": acl_id,
        "Tags": [] if name == "default" else tags(name),
        "VpcId": VPC_ID,
        "OwnerId": ACCOUNT,
    }


def _entry_items(entry: AclEntry) -> Iterator[tuple[str, object]]:
    yield "Ipv6CidrBlock" if ":" in entry.cidr else "CidrBlock", entry.cidr
    yield "Egress", entry.egress
    if entry.protocol in (ICMP, ICMPV6):
        yield "IcmpTypeCode", {"Code": -1, "Type": -1}
    if entry.ports:
        yield "PortRange", {"From": entry.ports[0], "To": entry.ports[1]}
    yield "Protocol", str(entry.protocol)
    yield "RuleAction", entry.action
    yield "RuleNumber", entry.number
