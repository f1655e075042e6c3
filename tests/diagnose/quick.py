"""Cases that notice, in about a second, whether the engine still judges as it should.

Nothing of ``diagnose`` is imported before a check runs: it is to be whatever is in its place then.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders.load import Library
from query.scope import Scope
from tests.diagnose.naive import acl_allows, groups_allow
from tests.diagnose.network import (
    ANYTHING,
    Answers,
    acl,
    answers,
    entry,
    group,
    interface,
    permission,
    subnet,
)
from tests.diagnose.shell import applied

if TYPE_CHECKING:
    from pathlib import Path

    from loaders.dataset import Dataset

T = 1_800_000_000


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(T + seconds, UTC)


# -- a network with something of everything ------------------------------------------------------------------


def network() -> Answers:
    raw = answers()
    pair = {
        "GroupId": "sg-afar",
        "UserId": "777788889999",
        "VpcId": "vpc-c",
        "VpcPeeringConnectionId": "pcx-1",
    }
    rules = permission("tcp", (9092, 9092))
    peered = [
        {**rules, "UserIdGroupPairs": [{**pair, "PeeringStatus": "active"}]},
        {
            **rules,
            "FromPort": 9093,
            "ToPort": 9093,
            "UserIdGroupPairs": [{**pair, "PeeringStatus": "deleted"}],
        },
        {
            **rules,
            "FromPort": 9094,
            "ToPort": 9094,
            "UserIdGroupPairs": [{key: value for key, value in pair.items() if key != "UserId"}],
        },
        {
            **rules,
            "FromPort": 9095,
            "ToPort": 9095,
            "UserIdGroupPairs": [
                {
                    "GroupId": "sg-beyond",
                    "UserId": "444455556666",
                    "VpcId": "vpc-b",
                    "VpcPeeringConnectionId": "pcx-2",
                    "PeeringStatus": "active",
                }
            ],
        },
    ]
    for name, into, out in (
        (
            "sg-shop",
            [
                permission("tcp", (443, 443), v4=["0.0.0.0/0"], v6=["::/0"]),
                permission("tcp", (8000, 8010), v4=["10.40.2.0/24"]),
                permission("udp", (8100, 8100), v4=["10.40.0.0/17"]),
                permission("icmp", (8, -1), v4=["10.0.0.0/8"]),
                permission("tcp", (9000, 9000), v4=["10.99.0.0/16"]),
                permission("tcp", (9000, 9000), v4=["10.40.4.0/24"]),
                *peered,
            ],
            [ANYTHING],
        ),
        (
            "sg-store",
            [
                permission("tcp", (5432, 5432), groups=["sg-shop"]),
                permission("tcp", (80, 80), v4=["0.0.0.0/0"]),
                permission("udp", (53, 54), lists=["pl-desks"]),
                permission("tcp", (7000, 7000), lists=["pl-unread"]),
                permission("47", v4=["10.50.0.0/16"]),
                permission("icmp", (-1, -1), v4=["10.40.1.0/24"]),
                permission("icmp", (8, 0), v4=["192.0.2.0/24"]),
                permission("icmpv6", (-1, -1), v6=["2001:db8:40:1::/64"]),
                permission("tcp", (0, 65_535), v4=["10.40.9.9/32"]),
                permission("tcp", (6000, 6000), groups=["sg-unknown"]),
            ],
            [
                permission("tcp", (443, 443), v4=["0.0.0.0/0"]),
                permission("tcp", (25, 25), v4=["0.0.0.0/0"]),
                permission("tcp", (5000, 5000), groups=["sg-store"]),
            ],
        ),
        ("sg-afar", [], []),
        ("sg-closed", [], []),
    ):
        raw["SecurityGroups"] = [one for one in raw["SecurityGroups"] if one["GroupId"] != name]
        if name != "sg-afar":
            raw["SecurityGroups"].append(group(name, into, out))
    raw["Subnets"] += [subnet("subnet-hub", "10.40.3.0/24"), subnet("subnet-edge", "10.40.4.0/24")]
    raw["NetworkAcls"] = [
        acl(
            "acl-usual",
            [],
            [
                entry(100, "allow", "0.0.0.0/0"),
                entry(100, "allow", "0.0.0.0/0", egress=True),
                entry(101, "allow", "::/0"),
            ],
            default=True,
        ),
        acl("acl-beyond", [], [entry(7, "deny", "0.0.0.0/0")], default=True, vpc="vpc-b"),
        acl(
            "acl-store",
            ["subnet-store"],
            [
                entry(120, "allow", "0.0.0.0/0", 6, (32_768, 60_999)),
                entry(100, "allow", "0.0.0.0/0", 6, (0, 1023)),
                entry(90, "deny", "192.0.2.0/24", 6, (80, 81)),
                entry(110, "allow", "10.40.0.0/16", 6, (5432, 5432)),
                entry(130, "deny", "0.0.0.0/0", 1, icmp=(3, 4)),
                entry(140, "allow", "10.40.0.0/16", 1, icmp=(-1, -1)),
                entry(150, "allow", "10.50.0.0/16", 47),
                entry(160, "allow", "2001:db8:40::/48", 58, icmp=(-1, -1)),
                entry(170, "allow", "0.0.0.0/0", 17, (53, 53)),
                entry(180, "allow", "192.0.2.0/24", 1, icmp=(8, 0)),
                entry(100, "allow", "0.0.0.0/0", 6, (443, 443), egress=True),
                entry(110, "allow", "0.0.0.0/0", 6, (32_768, 60_999), egress=True),
                entry(113, "allow", "2001:db8:77::/48", 6, (1, 1), egress=True),
                entry(115, "deny", "198.18.9.9/32", 6, (5000, 5000), egress=True),
                entry(118, "allow", "198.18.9.9/32", 6, (5000, 5001), egress=True),
                entry(119, "deny", "198.18.9.9/32", "-1", egress=True),
                entry(125, "allow", "198.18.9.9/32", 6, (25, 25), egress=True),
            ],
        ),
    ]
    raw["NetworkInterfaces"] += [
        interface(
            "eni-pods",
            "subnet-shop",
            ["sg-shop"],
            "10.40.1.50",
            Ipv4Prefixes=[{"Ipv4Prefix": "10.40.1.64/28"}],
        ),
        interface("eni-mystery", "subnet-shop", ["sg-gone", "sg-closed"], "10.40.1.80", "2001:db8:40:1::80"),
        interface(
            "eni-closed", "subnet-edge", ["sg-closed"], "10.40.4.5", Attachment={"InstanceId": "i-two"}
        ),
        interface(
            "eni-closed2", "subnet-edge", ["sg-closed"], "10.40.4.6", Attachment={"InstanceId": "i-two"}
        ),
        interface("eni-hub", "subnet-hub", [], "10.40.3.4", InterfaceType="transit_gateway"),
        interface("eni-beside", "subnet-hub", ["sg-shop"], "10.40.3.9"),
        interface("eni-bare", "subnet-hub", [], "10.40.3.10"),
        interface("eni-twin", "subnet-beyond", ["sg-afar"], "10.40.1.11", vpc="vpc-b"),
        interface("eni-lb", "subnet-hub", [], "10.40.3.20", InterfaceType="network_load_balancer"),
        interface("eni-end", "subnet-edge", ["sg-closed"], "10.40.4.20", InterfaceType="vpc_endpoint"),
    ]
    del raw["NetworkInterfaces"][-4]["Groups"]
    find(raw, "eni-shop")["PrivateIpAddresses"].append({"PrivateIpAddress": "10.40.1.111", "Primary": False})
    find(raw, "eni-store")["ConnectionTrackingConfiguration"] = {"TcpEstablishedTimeout": 350}
    raw["RouteTables"] = [
        {
            "RouteTableId": "rtb-main",
            "VpcId": "vpc-a",
            "Associations": [{"Main": True}],
            "Routes": [{"DestinationCidrBlock": "10.40.0.0/16", "GatewayId": "local", "State": "active"}],
        },
        {
            "RouteTableId": "rtb-store",
            "VpcId": "vpc-a",
            "Associations": [{"Main": False, "SubnetId": "subnet-store"}],
            "Routes": [
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
                {"DestinationCidrBlock": "10.40.0.0/16", "GatewayId": "local", "State": "active"},
                {
                    "DestinationCidrBlock": "10.60.0.0/16",
                    "VpcPeeringConnectionId": "pcx-9",
                    "State": "blackhole",
                },
                {"DestinationCidrBlock": "10.60.7.0/24", "TransitGatewayId": "tgw-1", "State": "active"},
                {"DestinationPrefixListId": "pl-desks", "GatewayId": "vpce-1", "State": "active"},
                {"DestinationPrefixListId": "pl-unread", "GatewayId": "vpce-2", "State": "active"},
            ],
        },
        {
            "RouteTableId": "rtb-edge",
            "VpcId": "vpc-a",
            "Associations": [{"Main": False, "SubnetId": "subnet-edge"}],
            "Routes": [{"DestinationPrefixListId": "pl-unread", "GatewayId": "vpce-2", "State": "active"}],
        },
    ]
    log = {
        "FlowLogStatus": "ACTIVE",
        "TrafficType": "ALL",
        "DeliverLogsStatus": "SUCCESS",
        "MaxAggregationInterval": 60,
        "CreationTime": at(-86_400).isoformat(),
    }
    raw["FlowLogs"] = [
        {"FlowLogId": "fl-store", "ResourceId": "subnet-store", **log},
        {"FlowLogId": "fl-shop", "ResourceId": "eni-shop", **log, "TrafficType": "REJECT"},
        {"FlowLogId": "fl-many", "ResourceId": "eni-many", **log, "DeliverLogsStatus": "FAILED"},
        {"FlowLogId": "fl-hub", "ResourceId": "subnet-hub", **log},
        {"FlowLogId": "fl-given", "ResourceId": "eni-given", **log, "CreationTime": at(5000).isoformat()},
    ]
    return raw


def find(raw: Answers, name: str) -> dict[str, Any]:
    return next(one for one in raw["NetworkInterfaces"] if one["NetworkInterfaceId"] == name)


# -- packets, and what is said of them independently ---------------------------------------------------------

HOSTS = {
    "eni-shop": ("10.40.1.11", "2001:db8:40:1::11"),
    "eni-many": ("10.40.1.13", None),
    "eni-store": ("10.40.2.21", "2001:db8:40:2::21"),
    "eni-mystery": ("10.40.1.80", None),
    "eni-beside": ("10.40.3.9", None),
    "eni-hub": ("10.40.3.4", None),
    "eni-bare": ("10.40.3.10", None),
    "eni-beyond": ("10.50.1.31", None),
    "eni-closed": ("10.40.4.5", None),
}
PEERS = (
    *("10.40.1.11", "10.40.1.111", "10.40.1.13", "10.40.1.14", "10.40.1.70", "10.40.1.80", "10.40.1.200"),
    *("10.40.2.22", "10.40.3.10", "10.40.9.9", "10.40.127.255", "10.40.128.0", "10.50.1.31", "10.50.9.9"),
    *("10.77.0.9", "10.99.1.1", "198.18.0.15", "198.18.7.15", "198.18.7.16", "192.0.2.9", "198.18.9.9"),
    *("192.0.3.0", "2001:db8:40:1::11", "2001:db8:40:1:8000::1", "2001:db8:ffff::9"),
)
TCP_PORTS = (
    *(
        None,
        0,
        25,
        79,
        80,
        81,
        82,
        443,
        444,
        1023,
        1024,
        5000,
        5001,
        5432,
        6000,
        7000,
        7999,
        8000,
        8010,
        8011,
    ),
    *(9092, 9093, 9094, 9095, 32_767, 32_768, 60_999, 61_000, 65_535),
)
PACKETS = [
    *product((6,), TCP_PORTS),
    *product((17,), (52, 53, 54, 55, 80, 8099, 8100, 8101)),
    *((protocol, None) for protocol in (1, 58, 47, 50)),
]


@dataclass
class Ready:
    """What is made once: files of answers, records, and what is expected of each packet."""

    folder: Path
    dataset: Dataset
    expected: list[tuple[tuple[Any, ...], str, tuple[str, str]]]

    def inventory(self, name: str = "all") -> Any:
        from diagnose.inventory import read_inventory

        return read_inventory(sorted(self.folder.glob(f"{name}*.json")))


def ready(folder: Path) -> Ready:
    raw = network()
    variants: dict[str, dict[str, Any]] = {
        "all": raw,
        "partial": {**raw, "NextToken": "more"},
        "less": {**raw, "NetworkInterfaces": [find(raw, "eni-store"), find(raw, "eni-bare")]},
        "few": {key: items for key, items in raw.items() if key != "NetworkInterfaces"},
        "few-interfaces": {"NetworkInterfaces": [find(raw, "eni-store")], "NextToken": "more"},
    }
    for name, content in variants.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    expected = []
    for (name, own), egress, peer, (protocol, port) in product(HOSTS.items(), (False, True), PEERS, PACKETS):
        near = own[":" in peer]
        if near is None or protocol == (1 if ":" in peer else 58):
            continue
        kind = (name, egress, protocol, near, peer, port)
        # Every third where it is about groups that others have too: enough of each, and quick.
        if name not in {"eni-store", "eni-shop"} and len(expected) % 3 and protocol == 6 and port != 9092:
            expected.append((kind, "", ("", "")))
            continue
        groups = groups_allow(raw, name, egress, protocol, peer, port)
        expected.append((kind, groups, acl_allows(raw, name, egress, protocol, near, peer, port)))
    expected = [one for one in expected if one[1]]
    return Ready(folder, _logs(folder / "logs"), expected)


def packets(made: Ready) -> None:
    """Every packet of a grid is judged as the slow and simple judge says."""
    from diagnose import network_acls, security_groups
    from diagnose.blocks import ip_of
    from diagnose.lookup import Lookup
    from diagnose.packet import Packet

    lookup = Lookup(made.inventory())
    for (name, egress, protocol, own, peer, port), groups, by_acl in made.expected:
        near, far = ip_of(own), ip_of(peer)
        ends = (near, far) if egress else (far, near)
        packet = Packet(egress, protocol, *ends, 50_000, port)
        one = lookup.interface(name)
        says = network_acls.judge(lookup, one, packet)
        kind = (name, egress, protocol, own, peer, port)
        assert (says.allowed.value, says.rule if says.acl else "") == by_acl, kind
        said = security_groups.judge(lookup, one, packet)
        assert said.allowed.value == groups, kind
        assert bool(said.unknown) == (groups == "unknown")


# -- records and their codes ---------------------------------------------------------------------------------

HEAD = (
    "version interface-id srcaddr srcport dstaddr dstport protocol packets bytes start end action log-status"
    " tcp-flags reject-reason"
)
Line = tuple[str, str, int, str, int, int, str, int, int, str]


def _line(
    name: str, ends: str, action: str, flags: int = 2, when: int = 0, reason: str = "-", protocol: int = 6
) -> Line:
    """``ends`` is ``address/port address/port``."""
    source, target = (end.rsplit("/", 1) for end in ends.split())
    return (name, source[0], int(source[1]), target[0], int(target[1]), protocol, action, flags, when, reason)


YES, NO = "ACCEPT", "REJECT"
SHOP, STORE, GIVEN = "10.40.1.11", "10.40.2.21", "10.40.1.14"
# Each conversation has ports of its own; what is expected of a record stands behind it.
RECORDS: list[tuple[Line, str, str]] = [
    (_line("eni-store", f"{GIVEN}/40001 {STORE}/22", NO), "R-SG-IN", "high"),
    (_line("eni-store", f"192.0.2.9/40002 {STORE}/80", NO), "R-NACL-IN", "high"),
    (_line("eni-store", f"192.0.2.9/40902 {STORE}/7000", NO), "R-NACL-IN", "medium"),
    (_line("eni-store", f"{GIVEN}/40003 {STORE}/5433", NO), "R-BOTH-IN", "high"),
    (_line("eni-store", f"{STORE}/40004 192.0.2.9/22", NO), "R-BOTH-OUT", "high"),
    (_line("eni-store", f"{STORE}/40005 192.0.2.9/25", NO), "R-NACL-OUT", "high"),
    (_line("eni-store", f"{STORE}/40006 192.0.2.8/33000", NO), "R-SG-OUT", "high"),
    (_line("eni-store", f"{GIVEN}/40007 {STORE}/22", NO, reason="BPA"), "R-BPA", "high"),
    (_line("eni-store", f"{GIVEN}/40008 {STORE}/22", NO, reason="EC"), "R-EC", "high"),
    (_line("eni-store", f"198.51.100.20/40009 {STORE}/80", NO), "R-STALE", "medium"),
    (_line("eni-gone", f"198.51.100.20/40010 {STORE}/80", NO), "R-UNKNOWN-IN", "low"),
    # A request was let in, and its reply is refused by the ACL.
    (_line("eni-store", f"{SHOP}/61011 {STORE}/5432", YES), "A-REPLY-REJECTED", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/61011", NO, 18), "R-NACL-RETURN-OUT", "high"),
    # The same, and the ACL lets the reply through.
    (_line("eni-store", f"{SHOP}/40012 {STORE}/5432", YES), "A-REPLY-REJECTED", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40012", NO, 18), "R-LATE", "medium"),
    # Closed, and something more.
    (_line("eni-store", f"{SHOP}/40013 {STORE}/5432", YES, 3), "A-OK", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40013", YES, 19, 1), "A-OK", "high"),
    (_line("eni-store", f"{SHOP}/40013 {STORE}/5432", NO, 0, 300), "R-LATE", "high"),
    # Silent for less than the timeout of the interface, and for as long.
    (_line("eni-store", f"{SHOP}/40014 {STORE}/5432", YES), "A-OK", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40014", YES, 18, 1), "A-OK", "high"),
    (_line("eni-store", f"{SHOP}/40014 {STORE}/5432", NO, 0, 359), "R-LATE", "medium"),
    (_line("eni-store", f"{SHOP}/40015 {STORE}/5432", YES), "A-OK", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40015", YES, 18, 1), "A-OK", "high"),
    (_line("eni-store", f"{SHOP}/40015 {STORE}/5432", NO, 0, 360), "R-LATE", "high"),
    # Rules have changed.
    (_line("eni-store", f"{GIVEN}/40016 {STORE}/22", YES), "A-NOREPLY-HOST", "high"),
    (_line("eni-store", f"{GIVEN}/40016 {STORE}/22", NO, 2, 60), "R-CHANGED-SG", "high"),
    (_line("eni-store", f"{GIVEN}/40017 {STORE}/5433", YES), "A-NOREPLY-HOST", "high"),
    (_line("eni-store", f"{GIVEN}/40017 {STORE}/5433", NO, 0, 60), "R-CHANGED-NACL", "medium"),
    (_line("eni-store", f"{GIVEN}/40018 {STORE}/22", NO, 0, 0), "R-SG-IN", "high"),
    (_line("eni-store", f"{GIVEN}/40018 {STORE}/22", YES, 2, 60), "A-NOREPLY-HOST", "high"),
    # Answers to what was never asked here.
    (_line("eni-store", f"198.51.100.9/443 {STORE}/40019", NO, 18), "R-BACKSCATTER", "medium"),
    (_line("eni-store2", f"{STORE}/40020 198.51.100.9/443", YES), "A-NOREPLY-REMOTE", "medium"),
    (_line("eni-store", f"198.51.100.9/443 {STORE}/40020", NO, 18), "R-ASYM", "high"),
    # Accepted, and what came of it.
    (_line("eni-store", f"{SHOP}/40021 {STORE}/5432", YES), "A-REFUSED", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40021", YES, 4), "A-REFUSED", "high"),
    (_line("eni-store", f"{SHOP}/40022 {STORE}/5432", YES), "A-OK", "high"),
    (_line("eni-store", f"{STORE}/5432 {SHOP}/40022", YES, 22), "A-OK", "high"),
    (_line("eni-store", f"{STORE}/40023 203.0.113.7/443", YES), "A-NOREPLY-REMOTE", "medium"),
    (_line("eni-store", f"{STORE}/40024 10.60.1.1/443", YES), "A-BLACKHOLE", "high"),
    (_line("eni-store", f"{STORE}/40025 10.60.7.1/443", YES), "A-NOREPLY-REMOTE", "medium"),
    (_line("eni-shop", f"{SHOP}/40026 10.60.1.1/443", YES), "A-NOROUTE", "high"),
    (_line("eni-store", f"{STORE}/40027 203.0.113.8/443", YES, 0, protocol=17), "A-ICMP-ANSWER", "medium"),
    (_line("eni-store", f"203.0.113.8/0 {STORE}/0", YES, 0, 120, protocol=1), "A-NOREPLY-HOST", "high"),
    (_line("eni-store", f"{STORE}/40028 203.0.113.9/443", YES, 0, protocol=17), "A-NOREPLY-REMOTE", "medium"),
    (_line("eni-store", f"203.0.113.9/0 {STORE}/0", YES, 0, 121, protocol=1), "A-NOREPLY-HOST", "high"),
    (_line("eni-closed", "203.0.113.30/40029 10.40.4.5/443", YES), "A-ASYM", "high"),
    (_line("eni-closed2", "10.40.4.5/443 203.0.113.30/40029", YES, 18), "A-ASYM", "high"),
    (_line("eni-shop", f"{SHOP}/40030 {STORE}/22", YES), "A-REMOTE-R-SG-IN", "medium"),
    (_line("eni-store", f"{SHOP}/40030 {STORE}/22", NO), "R-SG-IN", "high"),
    (_line("eni-shop", f"{SHOP}/40031 {STORE}/5432", YES), "A-REMOTE-A-NOREPLY-HOST", "medium"),
    (_line("eni-store", f"{SHOP}/40031 {STORE}/5432", YES), "A-NOREPLY-HOST", "high"),
    # With itself: only the ports tell the two directions apart.
    (_line("eni-given", f"{GIVEN}/40040 {GIVEN}/443", YES), "A-OK", "medium"),
    (_line("eni-given", f"{GIVEN}/443 {GIVEN}/40040", YES, 18), "A-OK", "medium"),
    # Noise: from the internet, refused at three places; two are none, and neither is what is inside.
    *(
        (_line("eni-store", f"198.51.100.66/40032 {STORE}/{port}", NO), "R-SG-IN!", "high")
        for port in (21, 22, 23)
    ),
    *(
        (_line("eni-store", f"198.51.100.67/40033 {STORE}/{port}", NO), "R-SG-IN", "high")
        for port in (21, 22)
    ),
    *(
        (_line("eni-store", f"10.99.1.1/40034 {STORE}/{port}", NO), "R-SG-IN", "high")
        for port in (21, 22, 23)
    ),
]


def _logs(folder: Path) -> Dataset:
    day = folder / "AWSLogs" / "444455556666" / "vpcflowlogs" / "eu-west-1" / "2027" / "01" / "15"
    day.mkdir(parents=True)
    lines = [HEAD]
    for (name, source, sport, target, dport, protocol, action, flags, when, reason), _, _ in RECORDS:
        ends = f"{source} {sport} {target} {dport} {protocol} 1 60 {T + when} {T + when + 9}"
        shown = flags if protocol == 6 else "-"
        lines.append(f"8 {name} {ends} {action} OK {shown} {reason}")
    skipped = f"8 eni-given - - - - - - - {T + 7000} {T + 7060} - SKIPDATA - -"
    # 2027-01-15 08:00 is when records begin.
    name = "444455556666_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20270115T0800Z_1a2b3c4d.log.gz"
    (day / name).write_bytes(gzip.compress("\n".join([*lines, skipped, ""]).encode()))
    dataset = Library((str(folder),)).read_all()
    assert dataset.height == len(RECORDS) + 1
    return dataset


def records(made: Ready) -> None:
    """Every record has its code, and is as sure as it should be."""
    from diagnose import facts, judging
    from diagnose.diagnosis import Diagnosis, Question
    from diagnose.initiator import listeners, with_initiator
    from diagnose.records import flows as flows_of

    diagnosis = Diagnosis(made.dataset, made.inventory(), at(9000))
    found = {one.record["_line"]: one for one in diagnosis.of(Question())}
    for place, (line, code, confidence) in enumerate(RECORDS):
        verdict = found[place + 2]
        said = verdict.code + ("!" if verdict.noise and code != "R-BACKSCATTER" else "")
        assert (said, verdict.confidence) == (code, confidence), line
        stem = code.removesuffix("-IN").removesuffix("-OUT")
        mended = {"R-SG", "R-NACL", "R-BOTH", "R-NACL-RETURN", "R-CHANGED-SG", "R-CHANGED-NACL"}
        assert bool(verdict.fixes) == (stem in mended and (stem, confidence) != ("R-NACL", "medium")), line
        began = line[3] if line[2] in {443, 5432} or line[7] in {18, 19, 22} else line[1]
        assert line[5] == 1 or verdict.initiator == began, line
        out = "egress" if line[1] in {STORE, SHOP} and line[0] in {"eni-store", "eni-shop"} else "ingress"
        out = "egress" if line[1] == STORE else "ingress" if line[0] == "eni-store" else out
        out = "egress" if line[0] == "eni-closed2" else out
        assert verdict.direction == (None if line[1] == line[3] else out), line
    flows = diagnosis._found(everything := flows_of(made.dataset, Scope()), everything, Scope())[1].flows
    known = facts.facts(flows, facts.Around(flows, facts.refusals(flows)))
    began = with_initiator(known, listeners(flows.lazy()))
    noise = judging.coded(judging.judged(began, diagnosis.lookup), diagnosis.lookup, {})
    assert noise.filter("noise", source="10.99.1.1").is_empty(), "it is not of the internet"
    counts = dict(facts.refusals(flows).iter_rows())
    assert (counts["198.51.100.66"], counts["198.51.100.67"], STORE in counts) == (3, 2, False)
    reach = {place + 2: [fix.also_allows for fix in found[place + 2].fixes] for place in range(len(RECORDS))}
    assert reach[2] == [2], "22 from 10.40.1.14: twice more"


def cases(_: Ready) -> None:
    """The order of decisions, case by case."""
    from diagnose.decide import Case, decide
    from diagnose.tri import Tri

    yes, no, unknown = Tri.YES, Tri.NO, Tri.UNKNOWN
    reply = {"is_reply": True, "other_accepted": True}
    before = {"same_accepted": True, "accepted_before": True}
    refused: list[tuple[dict[str, Any], str]] = [
        ({"reason": "BPA", **before, "groups": no}, "R-BPA"),
        ({"reason": "EC", "answers": True}, "R-EC"),
        ({"reason": "other", "groups": no, "acl": yes}, "R-SG-IN"),
        ({"answers": True, "groups": no, "acl": no}, "R-BACKSCATTER"),
        ({"answers": True, "asked_elsewhere": True, "groups": no}, "R-ASYM"),
        ({"answers": True, "other_accepted": True, "groups": no, "acl": yes}, "R-SG-IN"),
        ({"answers": True, "leaves": None, "groups": no, "acl": yes}, "R-SG-IN"),
        ({"answers": True, "leaves": True, "groups": no, "acl": yes}, "R-SG-OUT"),
        ({"asked_elsewhere": True, "groups": no, "acl": yes}, "R-SG-IN"),
        ({**reply, "acl": no, "groups": no}, "R-NACL-RETURN-IN"),
        ({**reply, "acl": unknown, "leaves": True}, "R-NACL-RETURN-OUT"),
        ({**reply, "acl": yes, "groups": no}, "R-LATE"),
        ({**reply, "answers": True, "acl": no}, "R-NACL-RETURN-IN"),
        ({**reply, **before, "acl": no}, "R-CHANGED-NACL"),
        ({"is_reply": True, "acl": no, "groups": yes}, "R-NACL-IN"),
        ({"other_accepted": True, "acl": no, "groups": yes}, "R-NACL-IN"),
        ({**reply, "same_accepted": True, "acl": no, "groups": yes}, "R-NACL-IN"),
        ({**before, "acl": no, "groups": no}, "R-CHANGED-NACL"),
        ({**before, "acl": unknown, "groups": no}, "R-LATE"),
        ({**before, "acl": yes, "groups": yes}, "R-LATE"),
        ({**before, "asks": True, "acl": no, "groups": no}, "R-CHANGED-SG"),
        ({**before, "asks": True, "acl": no, "groups": yes}, "R-NACL-IN"),
        ({**before, "asks": True, "acl": yes, "groups": yes}, "R-STALE"),
        ({"same_accepted": True, "acl": no, "groups": no}, "R-BOTH-IN"),
        ({"groups": no, "acl": no, "leaves": True}, "R-BOTH-OUT"),
        ({"groups": no, "acl": unknown}, "R-SG-IN"),
        ({"groups": unknown, "acl": no}, "R-NACL-IN"),
        ({"groups": unknown, "acl": yes, "leaves": True}, "R-UNKNOWN-OUT"),
        ({"groups": yes, "acl": unknown}, "R-UNKNOWN-IN"),
        ({"groups": yes, "acl": yes}, "R-STALE"),
    ]
    accepted: list[tuple[dict[str, Any], str]] = [
        ({"other_rejected": True}, "A-REPLY-REJECTED"),
        ({"other_rejected": True, "other_accepted": True}, "A-OK"),
        ({"other_accepted": True, "reset": True, "icmp_back": True}, "A-REFUSED"),
        ({"reset": True}, "A-NOREPLY-HOST"),
        ({"icmp_back": True, "reply_elsewhere": True}, "A-ICMP-ANSWER"),
        ({"reply_elsewhere": True, "leaves": None}, "A-ASYM"),
        ({"leaves": None, "far": "A-OK"}, "A-NOREPLY-UNKNOWN"),
        ({"far": "A-OK"}, "A-NOREPLY-HOST"),
        ({"leaves": True, "far": "R-SG-IN", "routed": no}, "A-REMOTE-R-SG-IN"),
        ({"leaves": True, "routed": no, "blackhole": True}, "A-NOROUTE"),
        ({"leaves": True, "routed": yes, "blackhole": True}, "A-BLACKHOLE"),
        ({"leaves": True, "routed": unknown}, "A-NOREPLY-REMOTE"),
        ({"leaves": True, "routed": yes}, "A-NOREPLY-REMOTE"),
    ]
    for accepts, rows in ((False, refused), (True, accepted)):
        for given, code in rows:
            assert decide(Case(**{"accepted": accepts, "leaves": False} | given)) == code, given


def initiators(_: Ready) -> None:
    """Who began, and by what that is known."""
    from diagnose.initiator import has_syn, listeners, with_initiator

    flags = pl.DataFrame({"flags": [0, 1, 2, 3, 4, 16, 18, 19, 22]})
    assert flags.filter(has_syn(pl.col("flags")))["flags"].to_list() == [2, 3]

    columns = (
        "protocol",
        "srcport",
        "dstport",
        "same_flags",
        "other_flags",
        "same_syn",
        "other_syn",
        "same_first",
        "other_first",
    )
    rows = [
        ((6, 40_000, 40_001, 18, 2, False, True, 5, 1), False, "TCP flags"),
        ((6, 443, 40_001, 2, 18, True, False, 5, 1), True, "TCP flags"),
        ((6, 443, 40_001, 2, 0, True, False, 5, 1), True, "TCP flags"),
        ((6, 40_000, 443, 0, 2, False, True, 5, 1), False, "TCP flags"),
        ((6, 40_000, 443, 18, 18, False, False, 5, 1), True, "ports of services"),
        ((6, 40_000, 443, 2, 2, True, True, 5, 1), True, "ports of services"),
        ((17, 40_000, 443, 18, None, False, False, 5, 1), True, "ports of services"),
        ((6, 443, 40_000, 0, 0, False, False, 5, 1), False, "ports of services"),
        ((6, 1023, 1024, 0, 0, False, False, 5, 1), False, "ports of services"),
        ((6, 40_000, 5432, 0, 0, False, False, 5, 1), True, "ports of services"),
        ((6, 40_000, 30_500, 0, 0, False, False, 5, 1), True, "a port that several peers ask"),
        ((6, 30_500, 443, 0, 0, False, False, 5, 9), False, "a port that several peers ask"),
        ((17, 30_500, 40_000, 0, 0, False, False, 5, 9), True, "who was seen first"),
        ((6, 40_000, 40_001, 0, None, False, False, 5, None), True, "the only record there is"),
        ((6, 40_001, 40_000, 0, 0, False, False, 5, 6), True, "who was seen first"),
        ((6, 40_000, 40_001, 0, 0, False, False, 6, 5), False, "who was seen first"),
        ((6, 40_000, 40_001, 0, 0, False, False, 5, 5), False, "the lower port"),
        ((6, 40_001, 40_001, 0, 0, False, False, 5, 5), True, "the lower port"),
        ((6, 40_002, 40_001, 0, 0, False, False, 5, 5), True, "the lower port"),
        ((1, 0, 0, None, 0, False, False, 5, 5), True, "the lower port"),
        ((6, 0, 5432, 0, 0, False, False, 5, 1), True, "ports of services"),
    ]
    schema = {"source": pl.String, "target": pl.String} | dict.fromkeys(columns, pl.Int32)
    schema |= {"same_syn": pl.Boolean, "other_syn": pl.Boolean}
    ends = [("10.0.0.1", "10.0.0.2") if row[1] != 30_500 else ("10.0.0.2", "10.0.0.1") for row, _, _ in rows]
    facts = pl.DataFrame(
        [(*end, *row) for end, (row, _, _) in zip(ends, rows, strict=True)], schema=schema, orient="row"
    )
    heard = pl.DataFrame(
        {"address": ["10.0.0.2"], "port": [30_500], "protocol": [6]},
        schema_overrides={"port": pl.Int32, "protocol": pl.Int32},
    )
    found = with_initiator(facts, heard).select("source_began", "began_by").rows()
    for (row, began, by), said in zip(rows, found, strict=True):
        assert said == (began, by), row
    peers = [("10.0.0.1", 50_001, "10.0.0.9", 9, 6, False), ("10.0.0.1", 50_002, "10.0.0.9", 9, 6, False)]
    more = [("10.0.0.3", 50_002, "10.0.0.9", 9, 6, False), ("10.0.0.9", 9, "10.0.0.4", 1, 6, True)]
    back = [("10.0.0.9", 9, f"10.0.0.{last}", 1, 6, False) for last in (5, 6, 7)]
    names = {"source": pl.String, "srcport": pl.Int32, "target": pl.String, "dstport": pl.Int32}
    names |= {"protocol": pl.Int32, "accepted": pl.Boolean}
    for asks, number in (
        (peers, 0), ([*peers, peers[0]], 0), ([*peers, more[0]], 1), ([*peers, more[1]], 1), ([*peers, *back], 0),
        ([(*one[:3], 0, *one[4:]) for one in (*peers, more[0])], 0),
    ):  # fmt: skip
        assert listeners(pl.LazyFrame(asks, schema=names, orient="row")).height == number, asks


def directions(made: Ready) -> None:
    """Which way a record went, and by what that is known."""
    from diagnose.direction import own_addresses, with_direction
    from diagnose.lookup import Lookup

    lookup = Lookup(made.inventory())
    pairs = [
        ("eni-a", "10.0.0.1", "10.0.0.2"), ("eni-a", "10.0.0.3", "10.0.0.1"),
        ("eni-b", "192.0.2.1", "10.0.0.7"), ("eni-b", "10.0.0.7", "192.0.2.1"),
        ("eni-c", "10.0.0.1", "10.0.0.5"), ("eni-d", "192.0.2.1", "192.0.2.2"),
        ("eni-e", "192.0.2.1", "192.0.2.2"), ("eni-e", "192.0.2.3", "192.0.2.4"), ("eni-f", "10.0.0.8", "10.0.0.9"),
    ]  # fmt: skip
    names = dict.fromkeys(("interface", "srcaddr", "dstaddr"), pl.String)
    own = own_addresses(pl.DataFrame(pairs, schema=names, orient="row"), lookup)
    known = {row[0]: row[1] for row in own.iter_rows()}
    assert known == {
        "eni-a": "10.0.0.1",
        "eni-b": "10.0.0.7",
        "eni-c": "10.0.0.5",
        "eni-d": None,
        "eni-f": None,
    }
    rows = [
        (("eni-shop", "10.40.1.11", "10.0.0.2", "ingress"), "ingress"),
        (("eni-a", "10.0.0.1", "10.0.0.2", None), "egress"),
        (("eni-a", "10.0.0.3", "10.0.0.1", None), "ingress"),
        (("eni-a", "10.0.0.1", "10.0.0.2", "ingress"), "ingress"),
        (("eni-a", "10.0.0.1", "10.0.0.2", "sideways"), "egress"),
        (("eni-a", "10.0.0.1", "10.0.0.1", None), None),
        (("eni-d", "192.0.2.1", "192.0.2.2", None), None),
        (("eni-shop", "10.40.1.111", "10.0.0.2", None), "egress"),
        (("eni-shop", "10.0.0.2", "2001:db8:40:1::11", None), "ingress"),
        (("eni-shop", "10.40.1.11", "10.40.1.111", None), None),
        (("eni-pods", "10.40.1.79", "10.0.0.2", None), "egress"),
        (("eni-pods", "10.40.1.80", "10.0.0.2", None), None),
    ]
    flows = pl.DataFrame([row for row, _ in rows], schema={**names, "direction": pl.String}, orient="row")
    found = with_direction(flows, own, lookup)["way"].to_list()
    for (row, way), said in zip(rows, found, strict=True):
        assert said == way, row


def ways(made: Ready) -> None:
    """Routes by the longest prefix, and what is not known."""
    from diagnose.blocks import ip_of
    from diagnose.lookup import Lookup
    from diagnose.routes import route

    lookup = Lookup(made.inventory())
    for name, to, found, target, gone in (
        ("eni-store", "192.0.2.1", "yes", "igw-1", False),
        ("eni-store", "10.40.1.1", "yes", "local", False),
        ("eni-store", "10.60.1.1", "yes", "pcx-9", True),
        ("eni-store", "10.60.7.1", "yes", "tgw-1", False),
        ("eni-store", "198.18.7.1", "yes", "vpce-1", False),
        ("eni-store", "2001:db8::1", "unknown", "", False),
        ("eni-shop", "10.40.2.1", "yes", "local", False),
        ("eni-shop", "192.0.2.1", "no", "", False),
        ("eni-closed", "192.0.2.1", "unknown", "", False),
        ("eni-beyond", "192.0.2.1", "unknown", "", False),
    ):
        says = route(lookup, lookup.interface(name), ip_of(to))
        assert (says.found.value, says.target, says.is_blackhole) == (found, target, gone), (name, to)
        assert bool(says.unknown) == (found == "unknown")
    assert route(lookup, None, ip_of("192.0.2.1")).found.value == "unknown"
    partial = Lookup(made.inventory("partial"))
    assert route(partial, partial.interface("eni-shop"), ip_of("10.40.2.1")).found.value == "unknown"


def missing(made: Ready) -> None:
    """What is not there is not known, and never a no."""
    from diagnose import network_acls, security_groups
    from diagnose.blocks import ip_of
    from diagnose.lookup import Lookup
    from diagnose.packet import Packet

    def said(
        name: str, host: str, peer: str, port: int | None, *, egress: bool = False, protocol: int = 6
    ) -> tuple[str, str]:
        lookup = Lookup(made.inventory(name))
        ends = (ip_of("10.40.2.21"), ip_of(peer)) if egress else (ip_of(peer), ip_of("10.40.2.21"))
        packet = Packet(egress, protocol, *ends, 50_000, port)
        one = lookup.interface(host)
        return (
            security_groups.judge(lookup, one, packet).allowed.value,
            network_acls.judge(lookup, one, packet).allowed.value,
        )

    assert said("all", "eni-none", "192.0.2.9", 80) == ("unknown", "unknown")
    assert said("partial", "eni-store", "192.0.2.9", 22) == ("unknown", "yes")
    assert said("partial", "eni-store", "192.0.2.9", 80) == ("yes", "no")
    assert said("partial", "eni-shop", "192.0.2.9", 22) == ("unknown", "unknown"), "which ACL it is"
    assert said("partial", "eni-store", "10.40.1.200", 5432) == ("unknown", "yes")
    assert said("less", "eni-store", "10.40.1.11", 5432) == ("no", "yes")
    assert said("few", "eni-store", "10.40.1.200", 5432) == ("unknown", "yes"), "who is in sg-shop"
    lookup = Lookup(made.inventory())
    store = lookup.interface("eni-store")
    passing = Packet(False, 6, ip_of("10.40.2.22"), ip_of("192.0.2.9"), 50_000, 2000)
    assert network_acls.judge(lookup, store, passing).allowed.value == "no", "it goes on to elsewhere"
    bare = replace(lookup.inventory.acls["acl-store"], entries=())
    says = network_acls.through(bare, passing)
    assert (says.allowed.value, says.rule, says.acl) == ("no", "*", bare)
    for text, public in (
        ("10.40.1.1", False),
        ("192.0.2.1", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
    ):
        assert lookup.is_public(ip_of(text)) is public
    assert lookup.behind(ip_of("198.18.0.15")).id == "eni-seen"
    assert lookup.owner(ip_of("10.40.1.11"), "vpc-b").id == "eni-twin"
    assert lookup.owner(ip_of("10.40.1.11"), "vpc-a").id == "eni-shop"
    assert lookup.owner(ip_of("10.40.1.72")).id == "eni-pods"
    assert {log.id for log in lookup.flow_logs_of(lookup.interface("eni-store"))} == {"fl-store"}


def nearest(made: Ready) -> None:
    """Of rules that do not allow a packet, the one that fits best comes first."""
    from diagnose import network_acls, security_groups
    from diagnose.blocks import ip_of
    from diagnose.lookup import Lookup
    from diagnose.packet import Packet

    lookup = Lookup(made.inventory())
    shop, store = lookup.interface("eni-shop"), lookup.interface("eni-store")

    def near(peer: str, port: int, protocol: int = 6) -> list[tuple[Any, Any, tuple[str, ...]]]:
        packet = Packet(False, protocol, ip_of(peer), ip_of("10.40.1.11"), 50_000, port)
        return [
            (one.rule.protocol, one.rule.low, one.fails)
            for one in security_groups.judge(lookup, shop, packet).nearest
        ]

    assert near("10.40.2.9", 8011)[:2] == [(6, 8000, ("port",)), (6, 443, ("port",))]
    assert near("10.40.2.9", 500)[0] == (6, 443, ("port",))
    assert near("10.40.3.9", 8005)[0] == (6, 8000, ("source",))
    assert near("10.40.9.9", 8100)[0] == (17, 8100, ("protocol",))
    packet = Packet(False, 6, ip_of("10.40.5.1"), ip_of("10.40.1.11"), 50_000, 9000)
    assert security_groups.judge(lookup, shop, packet).nearest[0].rule.other.text == "10.40.4.0/24"
    assert near("2001:db8::1", 444)[0] == (6, 443, ("port",))
    assert [fails for *_, fails in near("192.0.2.9", 8100, 17)[:1]] == [("source",)]
    packet = Packet(True, 6, ip_of("10.40.2.21"), ip_of("198.18.9.9"), 50_000, 5000)
    says = network_acls.judge(lookup, store, packet)
    assert (says.rule, says.later.number) == ("115", 118)
    packet = Packet(True, 6, ip_of("10.40.2.21"), ip_of("198.18.9.9"), 50_000, 24)
    says = network_acls.judge(lookup, store, packet)
    assert (says.rule, says.later) == ("119", None)
    packet = Packet(True, 6, ip_of("10.40.2.21"), ip_of("198.18.9.9"), 50_000, 5001)
    says = network_acls.judge(lookup, store, packet)
    assert (says.rule, says.allowed.value, says.later) == ("118", "yes", None)


def classes(made: Ready) -> None:
    """What any rule tells apart is of different classes."""
    from ipaddress import ip_address

    from diagnose.classes import Classes

    inventory = made.inventory()
    found = Classes(inventory)
    blocks = [
        rule.other for one in inventory.groups.values() for rule in one.rules if hasattr(rule.other, "first")
    ]
    blocks += [entry.block for one in inventory.acls.values() for entry in one.entries]
    blocks += [
        route.to for one in inventory.tables.values() for route in one.routes if hasattr(route.to, "first")
    ]
    blocks += [block for one in inventory.subnets.values() for block in one.blocks]
    blocks += [
        block for some in (*inventory.vpcs.values(), *inventory.prefix_lists.values()) for block in some
    ]
    assert len(blocks) > 60
    for block in blocks:
        if block.is_everything:
            continue
        kind = type(ip_address(block.text.partition("/")[0]))
        ends = [block.first - 1, block.first, block.last, block.last + 1]
        before, first, last, after = found.of_addresses(pl.Series([str(kind(end)) for end in ends]))
        assert before != first, block
        assert last != after, block
    four, six, none, wrong = found.of_addresses(pl.Series(["255.255.255.255", "::", None, "x"]))
    assert len({four, six, none}) == 3
    assert none == wrong == -1
    for low, high in ((8000, 8010), (5432, 5432), (0, 1023), (32_768, 60_999), (53, 54), (80, 81)):
        before, first, last, after = found.of_ports(pl.Series([low - 1, low, high, high + 1], dtype=pl.Int32))
        assert last != after, high
        assert before != first or low == 0, low
    assert found.of_ports(pl.Series([None, 0], dtype=pl.Int32)).null_count() == 1


def words(made: Ready) -> None:
    """How rules and packets are told of."""
    from diagnose import network_acls, security_groups
    from diagnose.blocks import block_of, ip_of
    from diagnose.packet import Packet

    inventory = made.inventory()
    assert [security_groups.describe(rule) for rule in inventory.groups["sg-shop"].rules[:6]] == [
        "a rule of sg-shop: tcp/443 from 0.0.0.0/0",
        "a rule of sg-shop: tcp/443 from ::/0",
        "a rule of sg-shop: tcp/8000-8010 from 10.40.2.0/24",
        "a rule of sg-shop: udp/8100 from 10.40.0.0/17",
        "a rule of sg-shop: icmp type 8 from 10.0.0.0/8",
        "a rule of sg-shop: tcp/9000 from 10.99.0.0/16",
    ]
    entries = {(one.number, one.egress): one for one in inventory.acls["acl-store"].entries}
    for key, text in {
        (90, False): "rule 90 denies tcp/80-81 from 192.0.2.0/24",
        (110, False): "rule 110 allows tcp/5432 from 10.40.0.0/16",
        (130, False): "rule 130 denies icmp type 3 from 0.0.0.0/0",
        (140, False): "rule 140 allows icmp from 10.40.0.0/16",
        (119, True): "rule 119 denies all traffic to 198.18.9.9/32",
        (32_767, True): "rule * denies all traffic to 0.0.0.0/0",
    }.items():
        assert network_acls.describe(entries[key]) == text
    ends = ip_of("10.0.0.1"), ip_of("10.0.0.2")
    assert str(Packet(False, 6, *ends, 1, 22)) == "tcp/22 from 10.0.0.1"
    assert str(Packet(True, 1, *ends)) == "icmp to 10.0.0.2"
    assert block_of("2001:db8::/32").shared_bits(ip_of("2001:db9::")) == 31
    assert block_of("10.0.0.0/8").shared_bits(ip_of("11.0.0.0")) == 7
    assert block_of("10.0.0.0/8").shared_bits(ip_of("::")) == -1
    assert block_of("10.0.0.0/8").size == 1 << 24


FIXES = [
    # host, peer, protocol, port, egress, reply, what the commands say, in parts
    (
        "eni-store",
        GIVEN,
        6,
        22,
        False,
        False,
        [("ingress", "sg-store", "10.40.1.14/32", '"FromPort":22,"ToPort":22')],
    ),
    ("eni-store", "10.40.1.12", 6, 22, False, False, [("ingress", "sg-store", '"GroupId":"sg-shop"')]),
    ("eni-store", "10.40.1.13", 6, 22, False, False, [("ingress", "10.40.1.13/32")]),
    ("eni-store", "10.50.1.31", 6, 22, False, False, [("ingress", "10.50.1.31/32")]),
    ("eni-shop", "198.18.7.9", 6, 22, False, False, [("ingress", "sg-shop", "pl-desks")]),
    ("eni-shop", "198.18.7.9", 6, 23, False, False, [("ingress", "198.18.7.9/32")]),
    ("eni-shop", "198.18.7.9", 17, 53, False, False, [("ingress", "pl-desks")]),
    ("eni-shop", "198.18.7.9", 17, 54, False, False, [("ingress", "pl-desks")]),
    ("eni-shop", "198.18.7.9", 17, 55, False, False, [("ingress", "198.18.7.9/32")]),
    ("eni-shop", "198.18.7.9", 50, None, False, False, [("ingress", '"IpProtocol":"50","IpRanges"')]),
    (
        "eni-shop",
        "2001:db8:ffff::9",
        58,
        None,
        False,
        False,
        [("ingress", '"IpProtocol":"icmpv6","FromPort":-1,"ToPort":-1')],
    ),
    (
        "eni-store",
        "192.0.2.9",
        6,
        80,
        False,
        False,
        [("create", "number 50 ", "192.0.2.9/32", "From=80,To=80")],
    ),
    (
        "eni-store",
        "192.0.2.9",
        6,
        5433,
        False,
        False,
        [("ingress", "5433"), ("create", "number 190 ", "--ingress")],
    ),
    ("eni-store", "192.0.2.9", 6, 25, True, False, [("create", "number 130 ", "--egress")]),
    (
        "eni-store",
        "198.18.9.9",
        6,
        25,
        True,
        False,
        [("replace", "number 119 ")],
    ),
    ("eni-store", "192.0.2.9", 6, 61_000, True, True, [("create", "number 130 ", "From=49152,To=65535")]),
    ("eni-store", "198.18.9.9", 6, 5000, True, True, [("create", "From=1024,To=65535", "number 112 ")]),
    ("eni-store", "192.0.2.9", 6, 1023, True, True, [("create", "From=1023,To=1023")]),
    ("eni-store", "192.0.2.9", 6, 7000, False, False, []),
    ("eni-store", "192.0.2.9", 6, None, False, False, []),
    ("eni-store", "2001:db8:ffff::9", 58, None, False, False, [("icmpv6",), ("create", "Type=-1,Code=-1")]),
    (
        "eni-store",
        "10.40.1.12",
        1,
        None,
        True,
        False,
        [("egress",), ("create", "Type=-1,Code=-1", "--egress")],
    ),
    ("eni-closed", "192.0.2.9", 6, None, False, False, []),
    ("eni-mystery", "192.0.2.9", 6, 22, False, False, []),
    ("eni-store", "198.51.100.9", 6, 80, False, False, []),
]


def mends(made: Ready) -> None:
    """What would let a packet through, by the words of its commands."""
    from diagnose.blocks import ip_of
    from diagnose.fixes import fixes, passes
    from diagnose.lookup import Lookup
    from diagnose.packet import Packet

    raw, lookup = network(), Lookup(made.inventory())
    for name, peer, protocol, port, egress, reply, expected in FIXES:
        host = lookup.interface(name)
        near, far = ip_of(HOSTS[name][":" in peer]), ip_of(peer)
        packet = Packet(egress, protocol, *((near, far) if egress else (far, near)), 50_000, port)
        found = fixes(lookup, host, packet, reply=reply)
        assert len(found) == len(expected), (name, peer, port)
        changed = raw
        for fix, parts in zip(found, expected, strict=True):
            assert all(part in fix.command for part in parts), fix.command
            after = applied(changed, fix.command)
            undone = applied(after, fix.undo)
            assert json.dumps(_ordered(undone)) == json.dumps(_ordered(changed))
            changed = after
        if found:
            assert passes(Lookup(found[-1].inventory), host, packet, reply=reply)
            groups = "yes" if reply else groups_allow(changed, name, egress, protocol, peer, port)
            acl_says, _ = acl_allows(changed, name, egress, protocol, str(near), peer, port)
            assert (groups, acl_says) == ("yes", "yes")


def _ordered(raw: Answers) -> list[Any]:
    for one in (copied := json.loads(json.dumps(raw)))["NetworkAcls"]:
        one["Entries"].sort(key=lambda entry: json.dumps(entry, sort_keys=True))
        one["Entries"] = [dict(sorted(entry.items())) for entry in one["Entries"]]
    return [copied["NetworkAcls"], copied["SecurityGroups"]]


ABSENT = [
    ({"source": SHOP, "target": "169.254.169.254"}, "N-EXCLUDED"),
    ({"source": "169.254.7.7", "target": SHOP}, "N-EXCLUDED"),
    ({"source": SHOP, "target": "10.40.0.2", "dport": 53}, "N-EXCLUDED"),
    ({"source": SHOP, "target": "10.40.0.2", "dport": 54}, "N-LAG?"),
    ({"source": SHOP, "target": "10.40.9.1", "sport": 68, "dport": 67}, "N-EXCLUDED"),
    ({"source": SHOP, "target": "10.40.9.1", "sport": 68, "dport": 67, "protocol": 6}, "N-TRAFFICTYPE"),
    ({"source": SHOP, "target": "10.40.2.1"}, "N-EXCLUDED"),
    ({"source": SHOP, "target": "10.40.2.0"}, "N-RESERVED"),
    ({"source": SHOP, "target": "10.40.2.3"}, "N-RESERVED"),
    ({"source": SHOP, "target": "10.40.2.4"}, "N-TRAFFICTYPE"),
    ({"source": SHOP, "target": "10.40.2.255"}, "N-RESERVED"),
    ({"source": SHOP, "target": "10.40.2.254"}, "N-TRAFFICTYPE"),
    ({"source": "10.40.3.20", "target": "10.40.4.20"}, "N-EXCLUDED"),
    ({"source": "10.40.4.5", "target": "10.40.4.6"}, "N-SAMEHOST"),
    ({"source": "192.0.2.1", "target": "10.40.4.5"}, "N-NOFLOWLOG"),
    ({"source": "192.0.2.1", "target": "10.40.1.13"}, "N-DELIVERY"),
    ({"source": "192.0.2.1", "target": GIVEN, "since": 0, "until": 5000}, "N-BEFORE"),
    ({"source": "192.0.2.1", "target": GIVEN, "since": 6900, "until": 7001}, "N-SKIPDATA"),
    ({"source": "192.0.2.1", "target": GIVEN, "since": 7060, "until": 7100}, "N-SKIPDATA"),
    ({"source": "192.0.2.1", "target": GIVEN, "since": 7061, "until": 7070}, "N-GAP"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": 0, "until": 8340}, "N-UPSTREAM"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": 0, "until": 8341}, "N-LAG"),
    ({"source": "10.40.1.111", "target": "10.40.3.9"}, "N-REWRITTEN"),
    ({"source": "192.0.2.1", "target": "198.18.0.15"}, "N-NOFLOWLOG N-REWRITTEN"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": -7200, "until": -3600}, "N-UPSTREAM"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": -7200, "until": -3601}, "N-GAP"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": 299, "until": 360}, "N-UPSTREAM"),
    ({"source": "192.0.2.1", "target": STORE, "dport": 9, "since": 300, "until": 360}, "N-GAP"),
    ({"source": "10.40.3.9", "target": "192.0.2.1"}, "N-NOROUTE"),
    ({"source": STORE, "target": "10.60.9.9"}, "N-BLACKHOLE"),
    ({"source": "192.0.2.1", "target": "192.0.2.2"}, "N-NOTOURS"),
    ({"source": "192.0.2.1", "target": "10.40.2.22"}, "N-UPSTREAM"),
]  # fmt: skip


def absences(made: Ready) -> None:
    """Why there is no record of something."""
    from diagnose.absence import Absence
    from diagnose.diagnosis import Question
    from diagnose.lookup import Lookup
    from diagnose.model import Inventory

    lookup = Lookup(made.inventory())
    for given, code in ABSENT:
        times = {name: at(given[name]) for name in ("since", "until") if name in given}
        verdicts = Absence(lookup, made.dataset, Question(**{**given, **times}), at(9000)).verdicts()
        said = [one.code for one in verdicts]
        if code.endswith("?"):
            assert said[0] != "N-EXCLUDED", given
        else:
            assert said[0] == code.split()[0], given
            assert set(code.split()) <= set(said), given
        assert all(one.evidence for one in verdicts)
        lags = given.get("until", 0) > 8340
        assert ("N-LAG" in said) == lags, given
    again = Absence(lookup, made.dataset, Question("10.40.1.111", STORE), at(9000)).verdicts()
    assert [one.confidence for one in again if one.code == "N-REWRITTEN"] == ["high"], "records tell so"
    bare = Absence(Lookup(Inventory()), made.dataset, Question(SHOP, STORE), at(9000)).verdicts()
    assert [(one.code, one.confidence) for one in bare] == [("N-UPSTREAM", "low")]


CHECKS = (
    cases,
    classes,
    words,
    ways,
    missing,
    nearest,
    initiators,
    directions,
    mends,
    absences,
    packets,
    records,
)
