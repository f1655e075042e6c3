"""A network to diagnose: an inventory as the AWS CLI saves it, and flow logs of what passed in it.

One VPC with six subnets, and a peered one of another account, whose answers are saved only where a case asks
for them (``World.with_peer_account``). A case changes what it needs, and everything is written as files: what
is tested reads them as it reads those of a person.
"""

from __future__ import annotations

import gzip
import json
import os
from copy import deepcopy
from datetime import UTC, datetime, timedelta

ACCOUNT, PEER_ACCOUNT = "718293645501", "560417283905"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""When the records of a case begin, if it does not say otherwise."""
SAVED = NOON + timedelta(days=2)
"""When the inventory was saved."""
NOW = NOON + timedelta(days=9)

VPC, PEER_VPC = "vpc-0c4d7e1f2a3b5968d", "vpc-06b8a9d0c1e2f3745"
PEERING, GONE_PEERING = "pcx-0f1e2d3c4b5a69788", "pcx-09a8b7c6d5e4f3021"
EDGE, APP, DATA = "subnet-01aa3c5e7f9b2d4f6", "subnet-02bb4d6f8a0c3e5a7", "subnet-03cc5e7a9b1d4f6b8"
DATA_B, PODS, LOCKED = "subnet-04dd6f8b0c2e5a7c9", "subnet-05ee7a9c1d3f6b8d0", "subnet-06ff8b0d2e4a7c9e1"
TRANSIT, MIXED, FAR = "subnet-07a09c1e3f5b8d0f2", "subnet-08b1ad2f4a6c9e1a3", "subnet-09c2be3a5b7d0f2b4"

SG_WEB, SG_API, SG_DB = "sg-0a10b21c32d43e54f", "sg-0b21c32d43e54f65a", "sg-0c32d43e54f65a76b"
SG_STREAM, SG_TOOLS, SG_NODE = "sg-0d43e54f65a76b87c", "sg-0e54f65a76b87c98d", "sg-0f65a76b87c98da9e"
SG_ALB, SG_ENDPOINT, SG_FAR = "sg-0176b87c98da9ebaf", "sg-0287c98da9ebafcb0", "sg-0398da9ebafcb0dc1"
SG_GONE, SG_POD = "sg-04a9ebafcb0dc1ed2", "sg-05bafcb0dc1ed2fe3"

ACL, ACL_APP, ACL_MIXED = "acl-0ab1cd2ef3a4b5c6d", "acl-0bc2de3fa4b5c6d7e", "acl-0cd3ef4ab5c6d7e8f"
ACL_FAR = "acl-0de4fa5bc6d7e8f90"
RTB, RTB_APP, RTB_LOCKED = "rtb-0a9b8c7d6e5f40312", "rtb-0b8c7d6e5f4031229", "rtb-0c7d6e5f403122938"
RTB_FAR = "rtb-0d6e5f40312293847"
OFFICE, SERVICE_LIST = "pl-0a2b4c6d8e0f1a3b5", "pl-6da54004"
LOG, PEER_LOG = "fl-0a1b2c3d4e5f60718", "fl-0b2c3d4e5f6071829"

WEB, WEB_B, API = "eni-0a1b2c3d4e5f60718", "eni-0b2c3d4e5f6071829", "eni-0c3d4e5f607182930"
CACHE, DB, DB_B = "eni-0d4e5f60718293041", "eni-0e5f6071829304152", "eni-0f607182930415263"
STREAM, LOCK, NAT = "eni-01718293041526374", "eni-02829304152637485", "eni-03930415263748596"
FW_OUT, FW_IN = "eni-040415263748596a7", "eni-0515263748596a7b8"
NODE, NODE_B, POD = "eni-06263748596a7b8c9", "eni-073748596a7b8c9da", "eni-0848596a7b8c9daeb"
ALB, NLB, ENDPOINT = "eni-09596a7b8c9daebfc", "eni-0a6a7b8c9daebfc0d", "eni-0b7b8c9daebfc0d1e"
TGW, TGW_MIXED, MIX, PEER = (
    *("eni-0c8c9daebfc0d1e2f", "eni-0d9daebfc0d1e2f30"),
    *("eni-0eaebfc0d1e2f3041", "eni-0fbfc0d1e2f304152"),
)
STRANGER = "eni-00000dead0000beef"
"""An interface that no inventory has."""

WEB_IP, WEB_SECOND, WEB_PUBLIC, WEB_SIX = (
    "172.20.4.25",
    "172.20.4.26",
    "52.18.77.140",
    "2600:1f18:4a2b:7c04::19",
)
WEB_B_IP, API_IP, CACHE_IP, DB_IP, DB_B_IP = (
    *("172.20.4.212", "172.20.17.40", "172.20.17.41"),
    *("172.20.32.75", "172.20.33.75"),
)
STREAM_IP, LOCK_IP, NAT_IP, NAT_PUBLIC = "172.20.32.90", "172.20.48.20", "172.20.4.250", "52.18.90.7"
STREAM_SIX = "2600:1f18:4a2b:7c20::5a"
FW_OUT_IP, FW_IN_IP = "172.20.4.60", "172.20.32.60"
NODE_IP, NODE_B_IP, POD_A, POD_B, POD_FAR = (
    *("172.20.64.10", "172.20.65.10", "172.20.64.11"),
    *("172.20.64.12", "172.20.65.11"),
)
POD_PREFIX, POD_PREFIX_IP, POD_OWN_IP = "172.20.70.16/28", "172.20.70.18", "172.20.64.99"
ALB_IP, NLB_IP, ENDPOINT_IP = "172.20.4.130", "172.20.4.140", "172.20.32.200"
TGW_IP, TGW_MIXED_IP, MIX_IP, PEER_IP = "172.20.50.5", "172.20.52.5", "172.20.52.30", "172.28.8.15"
CLIENT, OTHER_CLIENT, HOST, OFFICE_IP = "45.83.64.9", "91.198.174.3", "151.101.1.140", "198.51.100.70"
ON_PREMISE = "192.168.40.12"

ANY, ANY_SIX = "0.0.0.0/0", "::/0"


# -- parts of answers ----------------------------------------------------------------------------------------


def allow(protocol, ports=None, *others):
    """A permission of a security group: CIDR blocks, ``pl-…`` and ``sg-…`` ids, or pairs as dictionaries."""
    found = {
        "IpProtocol": protocol,
        "UserIdGroupPairs": [
            _pair(other) for other in others if isinstance(other, dict) or other[:3] == "sg-"
        ],
        "IpRanges": [{"CidrIp": other} for other in others if _is_block(other, ".")],
        "Ipv6Ranges": [{"CidrIpv6": other} for other in others if _is_block(other, ":")],
        "PrefixListIds": [{"PrefixListId": other} for other in others if other[:3] == "pl-"]
        if all(isinstance(other, str) for other in others)
        else [],
    }
    if ports is not None:
        found["FromPort"], found["ToPort"] = ports if isinstance(ports, tuple) else (ports, ports)
    return found


def _is_block(other, sign):
    return isinstance(other, str) and "/" in other and sign in other


def _pair(other):
    return other if isinstance(other, dict) else {"GroupId": other, "UserId": ACCOUNT}


def peered(group=SG_FAR, status="active", **changes):
    """A reference to a group on the other side of the peering."""
    pair = {"GroupId": group, "UserId": PEER_ACCOUNT, "VpcId": PEER_VPC, "VpcPeeringConnectionId": PEERING}
    found = pair | {"PeeringStatus": status} | changes
    return {key: value for key, value in found.items() if value is not None}


def group(name, ingress=(), egress=None, vpc=VPC, owner=ACCOUNT, called=""):
    """An item of ``SecurityGroups``; without ``egress`` it lets everything out over IPv4."""
    return {
        "GroupId": name,
        "GroupName": called or f"called-{name[3:7]}",
        "Description": "made by hand",
        "VpcId": vpc,
        "OwnerId": owner,
        "IpPermissions": list(ingress),
        "IpPermissionsEgress": [allow("-1", None, ANY)] if egress is None else list(egress),
        "Tags": [],
    }


def entry(number, action, side, protocol="-1", block=ANY, ports=None, icmp=None):
    """An item of an ACL's ``Entries``; ``side`` is ``in`` or ``out``."""
    found = {
        "RuleNumber": number,
        "Egress": side == "out",
        "RuleAction": action,
        "Protocol": protocol,
        "Ipv6CidrBlock" if ":" in block else "CidrBlock": block,
    }
    if ports is not None:
        low, high = ports if isinstance(ports, tuple) else (ports, ports)
        found["PortRange"] = {"From": low, "To": high}
    if icmp is not None:
        found["IcmpTypeCode"] = {"Type": icmp[0], "Code": icmp[1]}
    return found


LAST = [
    *(entry(32_767, "deny", side) for side in ("in", "out")),
    *(entry(32_768, "deny", side, block=ANY_SIX) for side in ("in", "out")),
]
"""The ``*`` entries that every ACL ends with."""
OPEN = [
    *(entry(100, "allow", side) for side in ("in", "out")),
    *(entry(101, "allow", side, block=ANY_SIX) for side in ("in", "out")),
]


def acl(name, entries, subnets=(), vpc=VPC, *, default=False):
    """An item of ``NetworkAcls``."""
    associations = [
        {"NetworkAclAssociationId": f"aclassoc-0{subnet[8:24]}", "NetworkAclId": name, "SubnetId": subnet}
        for subnet in subnets
    ]
    return {
        "NetworkAclId": name,
        "VpcId": vpc,
        "OwnerId": ACCOUNT,
        "IsDefault": default,
        "Associations": associations,
        "Entries": [*entries, *LAST],
        "Tags": [],
    }


def interface(name, subnet, address, groups, **more):
    """An item of ``NetworkInterfaces``.

    Args:
        name: Its id.
        subnet: Its subnet.
        address: Its primary address.
        groups: The ids of its groups.
        more: ``second`` (addresses), ``six`` (an address), ``public`` (an address), ``kind``, ``instance``,
            ``prefixes`` (blocks), ``timeouts``, ``vpc``, ``owner``.
    """
    public = more.get("public")
    outside = {"Association": {"PublicIp": public, "IpOwnerId": ACCOUNT}} if public else {}
    instance, kind = more.get("instance"), more.get("kind", "interface")
    found = {
        "NetworkInterfaceId": name,
        "AvailabilityZone": "eu-west-1a",
        "Description": "",
        "OwnerId": more.get("owner", ACCOUNT),
        "SubnetId": subnet,
        "VpcId": more.get("vpc", VPC),
        "Groups": [{"GroupId": each, "GroupName": f"called-{each[3:7]}"} for each in groups],
        "InterfaceType": kind,
        "RequesterManaged": instance is None,
        "SourceDestCheck": True,
        "Status": "in-use",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [
            {"Primary": True, "PrivateIpAddress": address, **outside},
            *({"Primary": False, "PrivateIpAddress": each} for each in more.get("second", ())),
        ],
        "Ipv6Addresses": [{"Ipv6Address": more["six"]}] if "six" in more else [],
        "TagSet": [],
        **outside,
    }
    if "prefixes" in more:
        found["Ipv4Prefixes"] = [{"Ipv4Prefix": each} for each in more["prefixes"]]
    if instance:
        found["Attachment"] = {"InstanceId": instance, "DeviceIndex": 0, "Status": "attached"}
    if "timeouts" in more:
        found["ConnectionTrackingConfiguration"] = more["timeouts"]
    return found


def subnet(name, block, six=None, vpc=VPC):
    """An item of ``Subnets``."""
    more = [{"Ipv6CidrBlock": six, "Ipv6CidrBlockState": {"State": "associated"}}] if six else []
    return {
        "SubnetId": name,
        "VpcId": vpc,
        "CidrBlock": block,
        "Ipv6CidrBlockAssociationSet": more,
        "AvailabilityZoneId": "euw1-az1",
        "State": "available",
    }


def route(to, target, state="active"):
    """An item of a table's ``Routes``; what it leads to is told by the target's id."""
    keys = {"nat": "NatGatewayId", "tgw": "TransitGatewayId", "pcx": "VpcPeeringConnectionId"}
    where = "DestinationPrefixListId" if to[:3] == "pl-" else "DestinationCidrBlock"
    return {
        "DestinationIpv6CidrBlock" if ":" in to else where: to,
        keys.get(target[:3], "GatewayId"): target,
        "State": state,
        "Origin": "CreateRoute",
    }


def table(name, routes, subnets=(), vpc=VPC, *, main=False):
    """An item of ``RouteTables``."""
    return {
        "RouteTableId": name,
        "VpcId": vpc,
        "Associations": [{"Main": True}] if main else [{"Main": False, "SubnetId": each} for each in subnets],
        "Routes": list(routes),
        "PropagatingVgws": [],
    }


def flow_log(name=LOG, resource=VPC, traffic="ALL", **changes):
    """An item of ``FlowLogs``."""
    return {
        "FlowLogId": name,
        "ResourceId": resource,
        "TrafficType": traffic,
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "CreationTime": "2026-02-01T08:15:00.000Z",
        "MaxAggregationInterval": 60,
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::traffic-of-718293645501",
        **changes,
    }


# -- the inventory -------------------------------------------------------------------------------------------


def _answers():
    """What is saved of the account, by top-level key."""
    local = [route("172.20.0.0/16", "local"), route("2600:1f18:4a2b:7c00::/56", "local")]
    out = [route(ANY, "igw-0a1b2c3d4e5f60718"), route(ANY_SIX, "igw-0a1b2c3d4e5f60718")]
    everything = [allow("-1", None, ANY, ANY_SIX)]
    return {
        "Vpcs": [
            {
                "VpcId": VPC,
                "CidrBlock": "172.20.0.0/16",
                "CidrBlockAssociationSet": [
                    {"CidrBlock": "172.20.0.0/16", "CidrBlockState": {"State": "associated"}}
                ],
                "Ipv6CidrBlockAssociationSet": [
                    {
                        "Ipv6CidrBlock": "2600:1f18:4a2b:7c00::/56",
                        "Ipv6CidrBlockState": {"State": "associated"},
                    }
                ],
                "IsDefault": False,
            }
        ],
        "Subnets": [
            subnet(EDGE, "172.20.4.0/24", "2600:1f18:4a2b:7c04::/64"),
            subnet(APP, "172.20.16.0/22"),
            subnet(DATA, "172.20.32.0/24", "2600:1f18:4a2b:7c20::/64"),
            subnet(DATA_B, "172.20.33.0/24"),
            subnet(PODS, "172.20.64.0/20"),
            subnet(LOCKED, "172.20.48.0/26"),
            subnet(TRANSIT, "172.20.50.0/28"),
            subnet(MIXED, "172.20.52.0/24"),
        ],
        "SecurityGroups": [
            group(
                SG_WEB,
                [
                    allow("tcp", 443, ANY, ANY_SIX),
                    allow("tcp", 22, OFFICE),
                    allow("icmp", (8, -1), "172.16.0.0/12"),
                ],
                everything,
            ),
            group(
                SG_API,
                [allow("tcp", (9000, 9010), SG_WEB)],
                [allow("tcp", 443, ANY), allow("tcp", 3306, SG_DB)],
            ),
            group(SG_DB, [allow("tcp", 3306, SG_API)], []),
            group(
                SG_STREAM,
                [
                    allow("tcp", 9094, peered()),
                    allow("tcp", 9095, peered(status="deleted")),
                    allow("tcp", 9096, peered(UserId=None, PeeringStatus=None)),
                ],
            ),
            group(SG_TOOLS, [allow("tcp", 443, "172.20.0.0/16"), allow("47", None, "10.200.0.0/16")]),
            group(SG_NODE, [allow("-1", None, SG_NODE), allow("tcp", (30_000, 32_767), SG_ALB)]),
            group(
                SG_ALB,
                [allow("tcp", 443, ANY), allow("tcp", 80, ANY)],
                [allow("tcp", (30_000, 32_767), SG_NODE)],
            ),
            group(SG_ENDPOINT, [allow("tcp", 443, "172.20.0.0/16")], []),
            group(SG_POD, [allow("tcp", 8080, SG_NODE)]),
        ],
        "NetworkAcls": [
            acl(ACL, OPEN, default=True),
            # Not in the order of their numbers, as no answer promises it.
            acl(
                ACL_APP,
                [
                    entry(200, "allow", "in", "6", "172.20.0.0/16", (9000, 9010)),
                    entry(100, "deny", "in", "6", "172.20.4.128/25", 9000),
                    entry(300, "allow", "in", "6", ANY, (32_768, 65_535)),
                    entry(120, "allow", "out", "6", ANY, (49_152, 65_535)),
                    entry(100, "allow", "out", "6", ANY, 443),
                    entry(110, "allow", "out", "6", "172.20.32.0/24", 3306),
                ],
                [APP],
            ),
            acl(ACL_MIXED, [entry(100, "allow", "out", block="172.20.0.0/16")], [MIXED]),
        ],
        "NetworkInterfaces": [
            interface(
                WEB,
                EDGE,
                WEB_IP,
                [SG_WEB],
                second=[WEB_SECOND],
                six=WEB_SIX,
                public=WEB_PUBLIC,
                instance="i-0a1b2c3d4e5f60718",
            ),
            interface(WEB_B, EDGE, WEB_B_IP, [SG_WEB], instance="i-0b2c3d4e5f6071829"),
            interface(API, APP, API_IP, [SG_API], instance="i-0c3d4e5f607182930"),
            interface(CACHE, APP, CACHE_IP, [SG_DB], instance="i-0d4e5f60718293041"),
            interface(DB, DATA, DB_IP, [SG_DB]),
            interface(DB_B, DATA_B, DB_B_IP, [SG_DB]),
            interface(
                STREAM,
                DATA,
                STREAM_IP,
                [SG_STREAM],
                six=STREAM_SIX,
                instance="i-0e5f6071829304152",
                timeouts={"TcpEstablishedTimeout": 350, "UdpStreamTimeout": 180, "UdpTimeout": 30},
            ),
            interface(LOCK, LOCKED, LOCK_IP, [SG_TOOLS], instance="i-0f607182930415263"),
            interface(NAT, EDGE, NAT_IP, [], kind="natGateway", public=NAT_PUBLIC),
            interface(FW_OUT, EDGE, FW_OUT_IP, [SG_TOOLS], instance="i-01718293041526374"),
            interface(FW_IN, DATA, FW_IN_IP, [SG_TOOLS], instance="i-01718293041526374"),
            interface(
                NODE,
                PODS,
                NODE_IP,
                [SG_NODE],
                second=[POD_A, POD_B],
                prefixes=[POD_PREFIX],
                instance="i-02829304152637485",
            ),
            interface(NODE_B, PODS, NODE_B_IP, [SG_NODE], second=[POD_FAR], instance="i-03930415263748596"),
            interface(POD, PODS, POD_OWN_IP, [SG_POD], kind="branch"),
            interface(ALB, EDGE, ALB_IP, [SG_ALB], kind="load_balancer"),
            interface(NLB, EDGE, NLB_IP, [], kind="network_load_balancer"),
            interface(ENDPOINT, DATA, ENDPOINT_IP, [SG_ENDPOINT], kind="vpc_endpoint"),
            interface(TGW, TRANSIT, TGW_IP, [], kind="transit_gateway"),
            interface(TGW_MIXED, MIXED, TGW_MIXED_IP, [], kind="transit_gateway"),
            interface(MIX, MIXED, MIX_IP, [SG_TOOLS], instance="i-040415263748596a7"),
        ],
        "RouteTables": [
            table(RTB, [*local, *out, route("172.28.0.0/16", PEERING)], main=True),
            table(
                RTB_APP,
                [
                    *local,
                    route(ANY, "nat-0a1b2c3d4e5f60718"),
                    route("192.168.0.0/16", "tgw-0a1b2c3d4e5f60718"),
                ],
                [APP],
            ),
            table(
                RTB_LOCKED,
                [
                    *local,
                    route("10.66.0.0/16", GONE_PEERING, "blackhole"),
                    route("10.66.7.0/24", "tgw-0a1b2c3d4e5f60718"),
                    route("10.77.0.0/16", "tgw-0a1b2c3d4e5f60718"),
                    route("10.77.9.0/24", GONE_PEERING, "blackhole"),
                ],
                [LOCKED],
            ),
        ],
        "FlowLogs": [flow_log()],
    }


_PEER_ACCOUNT = {
    "Vpcs": [{"VpcId": PEER_VPC, "CidrBlock": "172.28.0.0/16"}],
    "Subnets": [subnet(FAR, "172.28.8.0/24", vpc=PEER_VPC)],
    "SecurityGroups": [
        group(SG_FAR, [allow("tcp", 8443, "172.20.0.0/16")], vpc=PEER_VPC, owner=PEER_ACCOUNT),
        group(SG_GONE, [], vpc=PEER_VPC, owner=PEER_ACCOUNT),
    ],
    "NetworkAcls": [acl(ACL_FAR, OPEN, vpc=PEER_VPC, default=True)],
    "NetworkInterfaces": [
        interface(PEER, FAR, PEER_IP, [SG_FAR], vpc=PEER_VPC, owner=PEER_ACCOUNT),
        interface(STRANGER, FAR, "172.28.8.16", [SG_GONE], vpc=PEER_VPC, owner=PEER_ACCOUNT),
    ],
    "RouteTables": [
        table(
            RTB_FAR,
            [route("172.28.0.0/16", "local"), route("172.20.0.0/16", PEERING)],
            vpc=PEER_VPC,
            main=True,
        )
    ],
    "FlowLogs": [flow_log(PEER_LOG, PEER_VPC)],
}

_COMMANDS = {
    "Vpcs": "vpcs",
    "Subnets": "subnets",
    "SecurityGroups": "security-groups",
    "SecurityGroupRules": "security-group-rules",
    "NetworkAcls": "network-acls",
    "NetworkInterfaces": "network-interfaces",
    "RouteTables": "route-tables",
    "FlowLogs": "flow-logs",
}
_IDS = {
    "Subnets": "SubnetId",
    "SecurityGroups": "GroupId",
    "NetworkAcls": "NetworkAclId",
    "NetworkInterfaces": "NetworkInterfaceId",
    "RouteTables": "RouteTableId",
    "FlowLogs": "FlowLogId",
}


class World:
    """What is saved of the network; each method changes it and returns it."""

    def __init__(self):
        self.answers = _answers()
        self.lists = {OFFICE: ["198.51.100.64/26", "2001:db8:77::/48"]}
        self.files = {}
        self.partial = set()
        self.packed = False

    def item(self, key, name):
        """One item of an answer."""
        return next(item for item in self.answers[key] if item[_IDS[key]] == name)

    def forget(self, *keys):
        """Leave answers out."""
        for key in keys:
            del self.answers[key]
        return self

    def forget_items(self, key, *names):
        """Leave items of an answer out."""
        self.answers[key] = [item for item in self.answers[key] if item[_IDS[key]] not in names]
        return self

    def forget_list(self, name=OFFICE):
        """Leave a prefix list's entries out."""
        del self.lists[name]
        return self

    def first_pages_of(self, *keys):
        """Let answers end with a ``NextToken``."""
        self.partial |= set(keys)
        return self

    def edit(self, key, name, **values):
        """Set keys of an item; ``None`` removes one."""
        item = self.item(key, name)
        for each, value in values.items():
            if value is None:
                item.pop(each, None)
            else:
                item[each] = deepcopy(value)
        return self

    def add(self, key, *items):
        """More items of an answer."""
        self.answers.setdefault(key, []).extend(deepcopy(items))
        return self

    def permit(self, name, *permissions, egress=False):
        """More permissions of a group."""
        self.item("SecurityGroups", name)["IpPermissionsEgress" if egress else "IpPermissions"] += permissions
        return self

    def entries(self, name, *entries):
        """More entries of an ACL."""
        self.item("NetworkAcls", name)["Entries"] += entries
        return self

    def routes(self, name, *routes):
        """More routes of a table."""
        self.item("RouteTables", name)["Routes"] += routes
        return self

    def logged_by(self, *logs):
        """Other flow logs."""
        self.answers["FlowLogs"] = list(logs)
        return self

    def with_peer_account(self, *keys):
        """Save the answers of the peered VPC's account too, as files of their own; only some, if told so."""
        for key in keys or _PEER_ACCOUNT:
            name = f"{PEER_ACCOUNT}/describe-{_COMMANDS[key]}.json"
            self.files[name] = {key: deepcopy(_PEER_ACCOUNT[key])}
        return self

    def in_pages(self, key, size):
        """Save an answer in several files."""
        items = self.answers.pop(key)
        for place in range(0, len(items), size):
            self.files[f"{_COMMANDS[key]}-page-{place // size}.json"] = {key: items[place : place + size]}
        return self

    def with_rule_ids(self):
        """Save ``describe-security-group-rules`` in place of ``describe-security-groups``."""
        rules = []
        for item in self.answers.pop("SecurityGroups"):
            for side in ("IpPermissions", "IpPermissionsEgress"):
                for permission in item[side]:
                    rules += _single(item, permission, side.endswith("Egress"), len(rules))
        self.answers["SecurityGroupRules"] = rules
        return self

    def as_gz(self):
        """Pack every file."""
        self.packed = True
        return self

    def write(self, folder):
        """Write all files."""
        folder.mkdir(parents=True, exist_ok=True)
        documents = {
            f"describe-{_COMMANDS[key]}.json": {key: items}
            | ({"NextToken": "eyJOZXh0VG9rZW4iOiBudWxsfQ=="} if key in self.partial else {})
            for key, items in self.answers.items()
        }
        for name, blocks in self.lists.items():
            documents[f"prefix-list.{name}.json"] = {
                "Entries": [{"Cidr": block, "Description": ""} for block in blocks]
            }
        for name, document in {**documents, **self.files}.items():
            path = folder / (f"{name}.gz" if self.packed else name)
            path.parent.mkdir(exist_ok=True)
            data = json.dumps(document).encode()
            path.write_bytes(gzip.compress(data) if self.packed else data)
            os.utime(path, (SAVED.timestamp(), SAVED.timestamp()))
        return folder


def _single(item, permission, egress, number):
    """The items of ``SecurityGroupRules`` that a permission stands for."""
    sources = [
        *({"CidrIpv4": each["CidrIp"]} for each in permission["IpRanges"]),
        *({"CidrIpv6": each["CidrIpv6"]} for each in permission["Ipv6Ranges"]),
        *({"PrefixListId": each["PrefixListId"]} for each in permission["PrefixListIds"]),
        *({"ReferencedGroupInfo": each} for each in permission["UserIdGroupPairs"]),
    ]
    return [
        {
            "SecurityGroupRuleId": f"sgr-{number + place:017x}",
            "GroupId": item["GroupId"],
            "GroupOwnerId": item["OwnerId"],
            "IsEgress": egress,
            "IpProtocol": permission["IpProtocol"],
            "FromPort": permission.get("FromPort", -1),
            "ToPort": permission.get("ToPort", -1),
            **source,
            "Tags": [],
        }
        for place, source in enumerate(sources)
    ]


# -- flow logs -----------------------------------------------------------------------------------------------

_V2 = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
    *("packets", "bytes", "start", "end", "action", "log-status"),
)
_NEW = {
    3: (
        *("vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"),
        # So that each version has what came with it.
    ),
    4: ("region", "az-id", "sublocation-type", "sublocation-id"),
    5: ("pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path"),
    7: ("ecs-cluster-name", "ecs-service-name"),
    8: ("reject-reason",),
    9: ("resource-id",),
    10: ("encryption-status",),
}


def fields_of(version):
    """The fields of a flow log that has all of a version."""
    return (*_V2, *(field for since, fields in _NEW.items() if since <= version for field in fields))


def record(at, source, target, action="ACCEPT", protocol=6, flags=None, after=0, lasts=50, **more):
    """A flow-log record.

    Args:
        at: The interface.
        source: Address, or address and port as a pair.
        target: The same.
        action: ``ACCEPT`` or ``REJECT``.
        protocol: Its number.
        flags: The TCP flags; ``None`` for none.
        after: How many seconds after ``NOON`` its window begins.
        lasts: The seconds of its window.
        more: Other fields, with ``_`` for ``-``.
    """
    (source, sport), (target, dport) = (
        end if isinstance(end, tuple) else (end, 0) for end in (source, target)
    )
    start = int(NOON.timestamp()) + after
    found = {
        "account-id": ACCOUNT,
        "interface-id": at,
        "srcaddr": source,
        "dstaddr": target,
        "srcport": sport,
        "dstport": dport,
        "protocol": protocol,
        "packets": 3,
        "bytes": 180,
        "start": start,
        "end": start + lasts,
        "action": action,
        "log-status": "OK",
    }
    if flags is not None:
        found["tcp-flags"] = flags
    return found | {name.replace("_", "-"): value for name, value in more.items()}


def empty_window(at, status, after=0, lasts=60):
    """A window of which nothing is recorded: ``NODATA`` or ``SKIPDATA``."""
    start = int(NOON.timestamp()) + after
    found = {"account-id": ACCOUNT, "interface-id": at, "start": start, "end": start + lasts}
    return found | {"log-status": status}


def write_records(path, records, version=5):
    """Write records with their header; the pkt-addresses are those of the interface where none are told."""
    fields = fields_of(version)
    lines = [" ".join(fields)]
    for one in records:
        usual = {"version": version}
        if "srcaddr" in one:
            usual |= {"pkt-srcaddr": one["srcaddr"], "pkt-dstaddr": one["dstaddr"]}
        told = usual | one
        unknown = set(one) - set(fields)
        assert not unknown, f"version {version} has no {unknown}"
        lines.append(" ".join(str(told.get(field, "-")) for field in fields))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def delivery_name(moment, number=0):
    """The name of a file as it is delivered to S3, with its folders."""
    folder = f"AWSLogs/{ACCOUNT}/vpcflowlogs/eu-west-1/{moment:%Y/%m/%d}"
    return (
        f"{folder}/{ACCOUNT}_vpcflowlogs_eu-west-1_{LOG}_{moment:%Y%m%dT%H%MZ}_{number + 0x5D3E9078:08x}.log"
    )
