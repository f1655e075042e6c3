"""How much rules are used: against a plain loop over the same traffic and the raw JSON of the rules."""

from __future__ import annotations

import ipaddress
import json
import random
import shlex
from collections import Counter, defaultdict
from datetime import UTC, datetime

import polars as pl
import pytest

from diagnose.diagnosis import Diagnosis
from diagnose.inventory import read_inventory
from diagnose.rule_entries import ENTRIES
from diagnose.rules import RULES, usage
from diagnose.spans import cover, ranges
from diagnose.too_open import HELD_OUT, OPEN, too_open
from diagnose.too_tight import TIGHT, too_tight
from loaders.load import Library
from query.parse import parse_filter
from query.scope import Scope
from query.view import look

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status tcp-flags flow-direction"
)
BEGIN = 1_768_435_200  # 2026-01-15 00:00 UTC
DAY = 86_400
VPC, NEAR, FAR = "vpc-0aaa", "subnet-0near", "subnet-0far"
WEB, WEB2, DB = "eni-0web1", "eni-0web2", "eni-0db"
OWN = {WEB: ("10.0.1.10", "2001:db8:1::10"), WEB2: ("10.0.1.11", None), DB: ("10.0.2.30", None)}
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1}


def rule(name, group, protocol, low, high, *, egress=False, **other):
    return {
        "SecurityGroupRuleId": name,
        "GroupId": group,
        "IsEgress": egress,
        "IpProtocol": protocol,
        "FromPort": low,
        "ToPort": high,
        **other,
    }


def group_of(name):
    return {"ReferencedGroupInfo": {"GroupId": name, "UserId": "123456789012"}}


RULES_ = [
    rule("sgr-443", "sg-web", "tcp", 443, 443, CidrIpv4="0.0.0.0/0"),
    rule("sgr-443-6", "sg-web", "tcp", 443, 443, CidrIpv6="::/0"),
    rule("sgr-range", "sg-web", "tcp", 400, 500, CidrIpv4="10.0.0.0/8"),
    rule("sgr-ssh", "sg-web", "tcp", 22, 22, CidrIpv4="203.0.113.10/32"),
    rule("sgr-list", "sg-web", "udp", 53, 53, PrefixListId="pl-0offices"),
    rule("sgr-out", "sg-web", "-1", -1, -1, egress=True, CidrIpv4="10.0.0.0/16"),
    rule("sgr-unused", "sg-web", "tcp", 8443, 8443, CidrIpv4="10.9.0.0/16"),
    rule("sgr-5432", "sg-db", "tcp", 5432, 5432, **group_of("sg-web")),
    rule("sgr-all", "sg-db", "tcp", 0, 65535, CidrIpv4="10.0.0.0/8"),
    rule("sgr-ping", "sg-db", "icmp", 8, -1, CidrIpv4="10.0.0.0/8"),
]
LIST = ["192.0.2.0/24", "198.51.100.128/25"]


def entry(number, action, *, egress=False, protocol="-1", ports=None, block="0.0.0.0/0"):
    key = "CidrBlock" if ":" not in block else "Ipv6CidrBlock"
    found = {"RuleNumber": number, "RuleAction": action, "Egress": egress, "Protocol": protocol, key: block}
    return found | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


OPEN_ACL = [
    entry(50, "deny", protocol="6", ports=(22, 22), block="203.0.113.0/25"),
    entry(60, "deny", protocol="6", ports=(8080, 8080), block="192.0.0.0/2"),
    entry(100, "allow"),
    entry(110, "allow", block="::/0"),
    entry(100, "allow", egress=True),
    entry(110, "allow", egress=True, block="::/0"),
]


def answers(rules=RULES_, entries=OPEN_ACL, logged=(WEB, WEB2, DB)):
    """The answers of AWS, by their top-level keys."""
    members = {WEB: "sg-web", WEB2: "sg-web", DB: "sg-db"}
    return {
        "SecurityGroups": [
            {"GroupId": name, "GroupName": name.removeprefix("sg-"), "VpcId": VPC, "OwnerId": "123456789012"}
            for name in ("sg-web", "sg-db", "sg-idle")
        ],
        "SecurityGroupRules": [*rules, rule("sgr-idle", "sg-idle", "tcp", 1, 1, CidrIpv4="10.0.0.0/8")],
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": name,
                "SubnetId": FAR if name == DB else NEAR,
                "VpcId": VPC,
                "PrivateIpAddress": four,
                "Ipv6Addresses": [{"Ipv6Address": six}] if six else [],
                "Groups": [{"GroupId": members[name]}],
                "InterfaceType": "interface",
            }
            for name, (four, six) in OWN.items()
        ],
        "Subnets": [
            {"SubnetId": NEAR, "VpcId": VPC, "CidrBlock": "10.0.1.0/24"},
            {"SubnetId": FAR, "VpcId": VPC, "CidrBlock": "10.0.2.0/24"},
        ],
        "NetworkAcls": [
            {
                "NetworkAclId": "acl-0",
                "VpcId": VPC,
                "Associations": [{"SubnetId": NEAR}, {"SubnetId": FAR}],
                "Entries": entries,
            }
        ],
        "FlowLogs": [
            {
                "FlowLogId": f"fl-{name}",
                "ResourceId": name,
                "TrafficType": "ALL",
                "FlowLogStatus": "ACTIVE",
                "DeliverLogsStatus": "SUCCESS",
                "CreationTime": "2025-01-01T00:00:00Z",
            }
            for name in logged
        ],
    }


def write(root, lines, found=None):
    """Write a log, and an inventory beside it; give back what asks about both."""
    root.mkdir(exist_ok=True)
    (root / "a.log").write_text("\n".join([HEADER, *lines, ""]))
    folder = root / "inventory"
    folder.mkdir(exist_ok=True)
    for key, items in (found or answers()).items():
        (folder / f"{key}.json").write_text(json.dumps({key: items}))
    (folder / "prefix-list.pl-0offices.json").write_text(json.dumps({"Entries": [{"Cidr": c} for c in LIST]}))
    return Diagnosis(Library((str(root / "a.log"),)).read_all(), read_inventory([folder]))


def talk(eni, way, protocol, peer, port, at, *, client=40_000, action="ACCEPT", answered=True):
    """A conversation as its interface logs it, and what an oracle has to know of it."""
    own = OWN[eni][1 if ":" in peer else 0]
    number = NUMBERS[protocol]
    ends = (own, peer) if way == "egress" else (peer, own)
    ports = (client, port) if number != 1 else (0, 0)
    flags = (2, 18) if number == 6 else (0, 0)
    back = "ingress" if way == "egress" else "egress"
    head = f"2 123456789012 {eni}"
    lines = [
        f"{head} {ends[0]} {ends[1]} {ports[0]} {ports[1]} {number} 3 300 {at} {at + 5} {action} OK {flags[0]} {way}"
    ]
    if answered and action == "ACCEPT":
        lines.append(
            f"{head} {ends[1]} {ends[0]} {ports[1]} {ports[0]} {number} 5 700 {at + 1} {at + 6} ACCEPT OK "
            f"{flags[1]} {back}"
        )
    fact = {
        "eni": eni,
        "way": way,
        "protocol": protocol,
        "peer": peer,
        "port": port if number != 1 else None,
        "at": at,
        "let_in": action == "ACCEPT",
        "bytes": 1000 if answered and action == "ACCEPT" else 300,
    }
    return lines, fact


PEERS = (
    *("10.0.1.11", "10.0.1.10", "10.0.2.30", "10.0.7.7", "10.9.9.9", "172.16.3.4"),
    *("203.0.113.10", "203.0.113.200", "192.0.2.77", "198.51.100.200", "198.51.100.5", "2001:db8:9::1"),
)


def some_traffic(number=500, seed=7):
    """Conversations at random: over rules and past them, some refused."""
    chance = random.Random(seed)
    lines, facts = [], []
    for place in range(number):
        eni = chance.choice([WEB, WEB2, DB])
        peer = chance.choice([one for one in PEERS if one not in OWN[eni] and (eni == WEB or ":" not in one)])
        protocol = chance.choice(["tcp"] * 6 + ["udp", "icmp"])
        ports = (5432, 5432, 6379, 8080) if eni == DB else (22, 443, 443, 450, 8080)
        port = chance.choice(ports) if protocol == "tcp" else 53
        if protocol == "icmp" and ":" in peer:
            continue
        action = "REJECT" if chance.random() < 0.2 else "ACCEPT"
        more, fact = talk(
            eni,
            chance.choice(["ingress", "ingress", "egress"]),
            protocol,
            peer,
            port,
            BEGIN + place * 700,
            client=33_000 + place,
            action=action,
            answered=chance.random() < 0.8,
        )
        lines += more
        facts.append(fact)
    return lines, facts


# -- the oracle: what the JSON says, packet by packet ----------------------------------------------------------


def inside(peer, block):
    network = ipaddress.ip_network(block)
    address = ipaddress.ip_address(peer)
    return address.version == network.version and address in network


def ported(fact, protocol, low, high):
    if protocol == "-1":
        return True
    if protocol != fact["protocol"]:
        return False
    if protocol == "icmp":
        return low == -1
    return low <= fact["port"] <= high


def allows(raw, fact):
    """Whether a rule of the JSON allows the packet that opened a conversation."""
    if raw["GroupId"] != ("sg-db" if fact["eni"] == DB else "sg-web"):
        return False
    if raw["IsEgress"] != (fact["way"] == "egress"):
        return False
    if not ported(fact, raw["IpProtocol"], raw["FromPort"], raw["ToPort"]):
        return False
    for key in ("CidrIpv4", "CidrIpv6"):
        if key in raw:
            return inside(fact["peer"], raw[key])
    if "PrefixListId" in raw:
        return any(inside(fact["peer"], block) for block in LIST)
    wanted = raw["ReferencedGroupInfo"]["GroupId"]
    return any(
        fact["peer"] in own for eni, own in OWN.items() if ("sg-db" if eni == DB else "sg-web") == wanted
    )


def expected(facts, rules=RULES_):
    hits, sole, peers, volume, times = Counter(), Counter(), defaultdict(set), Counter(), defaultdict(list)
    for fact in facts:
        by = [raw["SecurityGroupRuleId"] for raw in rules if fact["let_in"] and allows(raw, fact)]
        for name in by:
            hits[name] += 1
            sole[name] += len(by) == 1
            peers[name].add(fact["peer"])
            volume[name] += fact["bytes"]
            times[name].append(fact["at"])
    return hits, sole, peers, volume, times


@pytest.fixture(scope="module", params=[7, 8, 9])
def traffic(tmp_path_factory, request):
    lines, facts = some_traffic(seed=request.param)
    diagnosis = write(tmp_path_factory.mktemp("usage") / "logs", lines)
    return diagnosis, facts, usage(diagnosis, Scope())


def by_id(used):
    return {row["rule"]: row for row in used.rules.iter_rows(named=True)}


def test_hits_are_those_of_a_plain_loop(traffic):
    _, facts, used = traffic
    hits, sole, peers, volume, times = expected(facts)
    assert used.rules.schema == pl.Schema(RULES)
    assert used.rules.height == len(RULES_) + 1, "a row for every rule"
    assert used.talks == len(facts)
    found = by_id(used)
    for raw in RULES_:
        name = raw["SecurityGroupRuleId"]
        row = found[name]
        assert (name, row["hits"], row["sole"]) == (name, hits[name], sole[name])
        assert (name, row["peers"], row["bytes"]) == (name, len(peers[name]), volume[name])
        if hits[name]:
            assert row["first"] == datetime.fromtimestamp(min(times[name]), UTC)
            assert int(row["last"].timestamp()) in {max(times[name]) + 5, max(times[name]) + 6}
    assert sum(hits.values()) > 100, "the traffic is worth counting"
    free = [fact for fact in facts if fact["let_in"] and not any(allows(raw, fact) for raw in RULES_)]
    sure = [fact for fact in free if fact["protocol"] == "tcp"]
    assert len(sure) <= used.unmatched <= len(free), "what is not sure may be another rule's"


def test_states_tell_what_is_used_redundant_unused_and_unknown(traffic):
    found = by_id(traffic[2])
    assert found["sgr-443"]["state"] == "used"
    assert (found["sgr-5432"]["state"], found["sgr-5432"]["beside"]) == ("redundant", ["sgr-all"])
    assert "sgr-all" in found["sgr-5432"]["reason"]
    assert found["sgr-unused"]["state"] == "unused"
    assert found["sgr-idle"]["state"] == "unused"
    assert found["sgr-idle"]["reason"] == "No interface has the group"
    assert (found["sgr-ping"]["state"], found["sgr-ping"]["hits"]) == ("unknown", 0)
    assert found["sgr-ping"]["maybe"] > 0, "no log tells the type of ICMP"


def test_entries_count_opening_packets_what_they_denied_and_answers(traffic):
    _, facts, used = traffic
    assert used.entries.schema == pl.Schema(ENTRIES)
    found = {(row["direction"], row["number"]): row for row in used.entries.iter_rows(named=True)}
    home = {WEB: "10.0.1.0/24", WEB2: "10.0.1.0/24", DB: "10.0.2.0/24"}
    asked = [
        fact
        for fact in facts
        if fact["way"] == "ingress"
        and not (":" not in fact["peer"] and inside(fact["peer"], home[fact["eni"]]))
    ]
    ssh = [
        f for f in asked if f["protocol"] == "tcp" and f["port"] == 22 and inside(f["peer"], "203.0.113.0/25")
    ]
    proxy = [f for f in asked if f["port"] == 8080 and inside(f["peer"], "192.0.0.0/2")]
    for number, those in ((50, ssh), (60, proxy)):
        assert found["ingress", number]["hits"] == len(those) > 0
        assert found["ingress", number]["denied"] == sum(not fact["let_in"] for fact in those)
    assert found["ingress", 60]["denied"] > 0
    four = [fact for fact in asked if ":" not in fact["peer"] and fact not in ssh and fact not in proxy]
    assert (found["ingress", 100]["hits"], found["ingress", 100]["denied"]) == (len(four), 0)
    assert found["egress", 100]["answers"] > 0, "answers are judged by ACLs"
    assert (found["ingress", 32_767]["rule"], found["ingress", 32_767]["state"]) == ("*", "unused")


def test_filters_find_the_records_behind_a_line(traffic):
    diagnosis, facts, used = traffic
    for row in used.rules.filter(pl.col("hits") > 0).iter_rows(named=True):
        parse_filter(row["filter"])
        view = look(diagnosis.dataset, Scope(filter=row["filter"]))
        assert view.height >= 1, row["filter"]
        raw = next(one for one in RULES_ if one["SecurityGroupRuleId"] == row["rule"])
        opened = {(fact["peer"], fact["at"]) for fact in facts if fact["let_in"] and allows(raw, fact)}
        far = "dstaddr" if raw["IsEgress"] else "srcaddr"
        seen = {
            (record[far], int(record["timestamp"].timestamp())) for record in view.records(0, view.height)
        }
        assert opened <= seen, row["filter"]
    for row in used.entries.iter_rows(named=True):
        assert bool(row["filter"]) == (row["hits"] > 0)
        if row["filter"]:
            parse_filter(row["filter"])


# -- coverage --------------------------------------------------------------------------------------------------


def month(days, *more):
    lines = []
    for day in range(days + 1):
        lines += talk(WEB, "ingress", "tcp", "203.0.113.9", 443, BEGIN + day * DAY, client=40_000 + day)[0]
    return [*lines, *more]


SKIPPED = f"2 123456789012 {WEB2} - - - - - - - {BEGIN + 9} {BEGIN + 69} - SKIPDATA - -"


@pytest.mark.parametrize(
    ("days", "more", "logged", "scope", "why"),
    [
        (31, (), (WEB, WEB2, DB), Scope(), ""),
        (20, (), (WEB, WEB2, DB), Scope(), "only 20 days of records"),
        (31, (), (WEB, DB), Scope(), "50% of its interfaces are logged"),
        (31, (SKIPPED,), (WEB, WEB2, DB), Scope(), "records were skipped in 1 window"),
        (31, (), (WEB, WEB2, DB), Scope(filter="dstPort = 443"), "only what the filter keeps"),
    ],
    ids=["all is known", "too few days", "half is logged", "skipped", "filtered"],
)
def test_taking_a_rule_away_needs_all_of_its_traffic(tmp_path, days, more, logged, scope, why):
    diagnosis = write(tmp_path / "logs", month(days, *more), answers(logged=logged))
    row = by_id(usage(diagnosis, scope))["sgr-unused"]
    assert (row["hits"], row["state"]) == (0, "unused")
    assert (row["command"] is None) == bool(why)
    assert why in row["reason"]
    if not why:
        words = shlex.split(row["command"])
        assert words[:3] == ["aws", "ec2", "revoke-security-group-ingress"]
        assert json.loads(words[-1])[0]["IpRanges"] == [{"CidrIp": "10.9.0.0/16"}]


def test_a_day_without_records_is_not_loaded(tmp_path):
    lines = [
        line
        for day in (0, 31)
        for line in month(0)[:0] + talk(WEB, "ingress", "tcp", "203.0.113.9", 443, BEGIN + day * DAY)[0]
    ]
    row = by_id(usage(write(tmp_path / "logs", lines), Scope()))["sgr-unused"]
    assert (row["days"], row["command"]) == (2.0, None)


def test_flow_logs_that_leave_out_what_was_accepted_or_are_young_cover_nothing_or_less(tmp_path):
    found = answers()
    found["FlowLogs"][0]["TrafficType"] = "REJECT"
    row = by_id(usage(write(tmp_path / "one", month(31), found), Scope()))["sgr-unused"]
    assert (row["covered"], row["command"]) == (0.5, None)
    found = answers()
    found["FlowLogs"][1]["CreationTime"] = datetime.fromtimestamp(BEGIN + 30 * DAY, UTC).isoformat()
    row = by_id(usage(write(tmp_path / "other", month(31), found), Scope()))["sgr-unused"]
    assert (row["covered"], round(row["days"], 2), row["command"]) == (1.0, 1.0, None)


def test_without_flow_logs_in_the_inventory_coverage_is_not_known(tmp_path):
    found = answers()
    del found["FlowLogs"]
    row = by_id(usage(write(tmp_path / "logs", month(31), found), Scope()))["sgr-unused"]
    assert (row["covered"], row["command"]) == (None, None)
    assert "describe-flow-logs" in row["reason"]


def test_what_is_never_logged_is_no_reason_to_take_a_rule_away(tmp_path):
    rules = [*RULES_, rule("sgr-dns", "sg-web", "udp", 53, 53, egress=True, CidrIpv4="10.1.0.0/16")]
    rules.append(rule("sgr-imds", "sg-web", "tcp", 80, 80, egress=True, CidrIpv4="169.254.169.254/32"))
    found = by_id(usage(write(tmp_path / "logs", month(31), answers(rules)), Scope()))
    assert "resolver is never logged" in found["sgr-dns"]["reason"]
    assert "link-local addresses" in found["sgr-imds"]["reason"]
    assert (found["sgr-dns"]["command"], found["sgr-imds"]["command"]) == (None, None)


def test_an_inventory_without_interfaces_leaves_everything_unknown(tmp_path):
    found = answers()
    del found["NetworkInterfaces"]
    used = usage(write(tmp_path / "logs", month(1), found), Scope())
    assert set(used.rules["state"]) == {"unknown"}
    assert used.unjudged == used.talks == 2


def test_where_it_is_not_clear_who_began_the_other_way_round_may_count(tmp_path):
    lines = [
        f"2 123456789012 {WEB} 10.0.7.7 10.0.1.10 0 0 1 3 300 {BEGIN} {BEGIN + 5} ACCEPT OK 0 ingress",
        f"2 123456789012 {WEB} 10.0.1.10 10.0.7.7 0 0 1 3 300 {BEGIN} {BEGIN + 5} ACCEPT OK 0 egress",
    ]
    rules = [
        rule("sgr-in", "sg-web", "icmp", -1, -1, CidrIpv4="10.0.0.0/8"),
        rule("sgr-out", "sg-web", "icmp", -1, -1, egress=True, CidrIpv4="10.0.0.0/8"),
    ]
    found = by_id(usage(write(tmp_path / "logs", lines, answers(rules)), Scope()))
    assert sorted(found[name]["state"] for name in ("sgr-in", "sgr-out")) == ["unknown", "used"]


# -- too open --------------------------------------------------------------------------------------------------


def within(row, fact):
    """Whether a proposal lets the opening packet of a conversation in."""
    wanted = fact["protocol"] if fact["port"] is None else f"{fact['protocol']}/{fact['port']}"
    spans = [text.partition("/") for text in row["ports"]]
    number = fact["port"]
    fits = wanted in row["ports"] or any(
        name == fact["protocol"]
        and number is not None
        and "-" in span
        and int(span.split("-")[0]) <= number <= int(span.split("-")[1])
        for name, _, span in spans
    )
    if row["reference"]:
        members = [
            own for eni, own in OWN.items() if ("sg-db" if eni == DB else "sg-web") == row["reference"]
        ]
        return fits and any(fact["peer"] in own for own in members)
    return fits and (not row["blocks"] or any(inside(fact["peer"], block) for block in row["blocks"]))


def test_no_proposal_loses_what_was_seen(traffic):
    diagnosis, facts, used = traffic
    found = too_open(used, diagnosis.lookup)
    assert found.schema == pl.Schema(OPEN)
    rows = {row["rule"]: row for row in found.iter_rows(named=True)}
    assert {"sgr-all", "sgr-out", "sgr-range"} <= rows.keys()
    assert "sgr-ssh" not in rows, "one address and one port are as narrow as can be"
    for name, row in rows.items():
        raw = next(one for one in RULES_ if one["SecurityGroupRuleId"] == name)
        mine = [fact for fact in facts if fact["let_in"] and allows(raw, fact)]
        assert mine
        assert [fact for fact in mine if not within(row, fact)] == [], name
        assert len(row["blocks"]) <= 5
        limit = max(fact["at"] for fact in facts) + 1 - HELD_OUT
        assert abs(row["held"] - sum(fact["at"] >= limit for fact in mine)) <= 1
    assert rows["sgr-all"]["ports"] == ["tcp/5432", "tcp/6379", "tcp/8080"]
    assert rows["sgr-all"]["command"] is None, "two days are not enough to narrow a rule"


def test_the_last_day_is_held_out_as_a_check(tmp_path):
    rules = [rule("sgr-wide", "sg-web", "tcp", 0, 65_535, CidrIpv4="10.0.0.0/8")]
    lines = []
    for day in range(40):
        lines += talk(WEB, "ingress", "tcp", "10.7.0.9", 443, BEGIN + day * DAY, client=40_000 + day)[0]
    lines += talk(WEB, "ingress", "tcp", "10.7.0.10", 443, BEGIN + 39 * DAY + 60, client=50_000)[0]
    lines += talk(WEB, "ingress", "tcp", "10.7.0.9", 8443, BEGIN + 39 * DAY + 90, client=50_001)[0]
    diagnosis = write(tmp_path / "logs", lines, answers(rules))
    row = too_open(usage(diagnosis, Scope()), diagnosis.lookup).row(0, named=True)
    assert (row["hits"], row["held"], row["lost"]) == (42, 3, 2)
    assert row["blocks"] == ["10.7.0.9/32", "10.7.0.10/32"]
    assert row["ports"] == ["tcp/443", "tcp/8443"]
    allow, away = (shlex.split(one) for one in row["command"].split(" && "))
    assert (allow[2], away[2]) == ("authorize-security-group-ingress", "revoke-security-group-ingress")
    asked = json.loads(allow[-1])
    assert {(one["FromPort"], one["IpRanges"][0]["CidrIp"]) for one in asked} == {
        (port, block) for port in (443, 8443) for block in row["blocks"]
    }


def test_peers_of_one_group_are_named_by_it_and_the_internet_is_left_open(tmp_path):
    rules = [
        rule("sgr-vpc", "sg-db", "tcp", 5432, 5432, CidrIpv4="10.0.0.0/16"),
        rule("sgr-any", "sg-web", "tcp", 443, 443, CidrIpv4="0.0.0.0/0"),
    ]
    lines, chance = [], random.Random(3)
    for place in range(60):
        peer = ("10.0.1.10", "10.0.1.11")[place % 2]
        lines += talk(DB, "ingress", "tcp", peer, 5432, BEGIN + place * 60, client=40_000 + place)[0]
        far = f"{chance.randrange(11, 223)}.{chance.randrange(256)}.3.4"
        lines += talk(WEB, "ingress", "tcp", far, 443, BEGIN + place * 60, client=50_000 + place)[0]
    diagnosis = write(tmp_path / "logs", lines, answers(rules))
    rows = {
        row["rule"]: row
        for row in too_open(usage(diagnosis, Scope()), diagnosis.lookup).iter_rows(named=True)
    }
    assert rows.keys() == {"sgr-vpc"}, "five blocks around clients of the whole internet say nothing"
    assert (rows["sgr-vpc"]["reference"], rows["sgr-vpc"]["blocks"]) == ("sg-web", [])


def test_blocks_and_ranges_hold_everything_and_are_few():
    chance = random.Random(5)
    for count in (1, 2, 5, 6, 40, 400):
        addresses = [ipaddress.ip_address(chance.randrange(2**32)) for _ in range(count)]
        addresses += [ipaddress.ip_address("2001:db8::1") + chance.randrange(2**40) for _ in range(count)]
        blocks = cover(addresses, 5)
        assert len(blocks) <= 10
        networks = [ipaddress.ip_network(block.text) for block in blocks]
        for block, network in zip(blocks, networks, strict=True):
            assert (block.first, block.last) == (int(network[0]), int(network[-1]))
        assert all(any(one in network for network in networks) for one in addresses)
        if count <= 5:
            assert sum(block.size for block in blocks) == len(set(addresses)), "few are named one by one"
        numbers = [chance.randrange(65_536) for _ in range(count)]
        spans = ranges(numbers, 5)
        assert len(spans) <= 5
        assert all(any(low <= one <= high for low, high in spans) for one in numbers)


# -- too tight -------------------------------------------------------------------------------------------------


def refused(eni, peer, port, at, *, way="ingress", client=40_000, protocol="tcp"):
    return talk(eni, way, protocol, peer, port, at, client=client, action="REJECT")[0]


@pytest.fixture(scope="module")
def tight(tmp_path_factory):
    lines = []
    for place in range(6):  # the web servers ask a port of the database that no rule names
        peer = ("10.0.1.10", "10.0.1.11")[place % 2]
        lines += refused(DB, peer, 6379, BEGIN + place * 900, client=41_000 + place, protocol="udp")
    for place in range(3):  # so does a private stranger, in one window
        lines += refused(WEB, "172.16.5.5", 9000, BEGIN + place, client=42_000 + place)
    for place in range(9):  # neighbours on the internet, refused by the ACL, in nine windows
        peer = f"203.0.113.{10 + place}"
        lines += refused(WEB, peer, 22, BEGIN + place * 900, client=43_000 + place)
    for place in range(5):  # a scanner
        lines += refused(WEB, "198.51.100.66", 1000 + place, BEGIN + place, client=44_000)
    lines += talk(WEB, "ingress", "tcp", "192.0.2.9", 443, BEGIN, client=45_000)[0]
    lines += [  # late: it was accepted, and closed
        f"2 123456789012 {WEB} 192.0.2.9 10.0.1.10 45000 443 6 1 40 {BEGIN + 300} {BEGIN + 301} REJECT OK 0 ingress"
    ]
    rules = [one for one in RULES_ if one["SecurityGroupRuleId"] != "sgr-ssh"]
    rules.append(rule("sgr-ssh", "sg-web", "tcp", 22, 22, CidrIpv4="203.0.113.0/24"))
    found = answers(rules)
    diagnosis = write(tmp_path_factory.mktemp("tight") / "logs", lines, found)
    return found, diagnosis, *too_tight(diagnosis, Scope())


def test_candidates_are_ranked_by_private_peers_windows_and_peers(tight):
    _, _, lines, rejects = tight
    assert lines.schema == pl.Schema(TIGHT)
    said = lines.select("code", "protocol", "port", "peer", "block", "rejects", "private", "windows", "peers")
    assert said.rows() == [
        ("R-SG-IN", "udp", "6379", "sg-web", "10.0.1.10/31", 6, 1.0, 6, 2),
        ("R-SG-IN", "tcp", "9000", "172.16.5.5/32", "172.16.5.5/32", 3, 1.0, 1, 1),
        ("R-NACL-IN", "tcp", "22", "203.0.113.0/24", "203.0.113.0/27", 9, 0.0, 9, 9),
    ]
    assert rejects.height == 18, "noise and what came late is left out"
    assert dict(rejects.group_by("line").len().iter_rows()) == {0: 6, 1: 3, 2: 9}


def applied(found, command):
    """The answers of AWS after a command, worked out from its text alone."""
    words = shlex.split(command)
    options = {}
    for place, word in enumerate(words[3:], 3):
        if word.startswith("--"):
            following = words[place + 1] if place + 1 < len(words) else "--"
            options[word[2:]] = following if not following.startswith("--") else True
    if words[2].startswith("authorize"):
        more = []
        for asked in json.loads(options["ip-permissions"]):
            other = (
                {"CidrIpv4": asked["IpRanges"][0]["CidrIp"]}
                if "IpRanges" in asked
                else group_of(asked["UserIdGroupPairs"][0]["GroupId"])
            )
            ports = asked.get("FromPort", -1), asked.get("ToPort", -1)
            egress = "egress" in words[2]
            more.append(
                rule("sgr-new", options["group-id"], asked["IpProtocol"], *ports, egress=egress, **other)
            )
        return found | {"SecurityGroupRules": [*found["SecurityGroupRules"], *more]}
    assert words[2] == "create-network-acl-entry"
    low, high = (int(part.split("=")[1]) for part in options["port-range"].split(","))
    new = entry(
        int(options["rule-number"]),
        options["rule-action"],
        egress="egress" in options,
        protocol=options["protocol"],
        ports=(low, high),
        block=options["cidr-block"],
    )
    acl = found["NetworkAcls"][0]
    return found | {"NetworkAcls": [acl | {"Entries": [*acl["Entries"], new]}]}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_command_of_a_line_lets_all_of_it_through(tight, tmp_path, place):
    found, diagnosis, lines, rejects = tight
    row = lines.row(place, named=True)
    assert row["command"], row["reason"]
    mine = rejects.filter(line=place)
    changed = write(tmp_path / "logs", [], applied(found, row["command"])).lookup.inventory
    codes = Diagnosis(diagnosis.dataset, changed).rejects(Scope())
    after = codes.join(mine.select("_file", "_line"), on=["_file", "_line"], how="semi")["code"]
    assert after.len() == mine.height
    assert set(after) == {"R-STALE"}, "the rules would allow it now"
    others = codes.join(mine.select("_file", "_line"), on=["_file", "_line"], how="anti")
    assert "R-STALE" not in set(others["code"]), "and nothing else that was refused"


def test_group_references_come_before_addresses(tight):
    command = tight[2]["command"][0]
    assert "UserIdGroupPairs" in command
    assert '"GroupId":"sg-web"' in command


def test_without_an_inventory_nothing_is_counted_and_nothing_proposed(traffic):
    from diagnose.model import Inventory

    diagnosis = Diagnosis(traffic[0].dataset, Inventory())
    used = usage(diagnosis, Scope())
    assert (used.rules.height, used.entries.height, used.unjudged) == (0, 0, used.talks)
    assert too_open(used, diagnosis.lookup).height == 0
    assert too_tight(diagnosis, Scope())[0].height == 0


def test_there_may_be_no_records_at_all(traffic):
    used = usage(traffic[0], Scope(until=datetime(2000, 1, 1, tzinfo=UTC)))
    assert (used.talks, used.rules["hits"].sum(), used.loaded.days) == (0, 0, 0.0)
    assert too_open(used, traffic[0].lookup).height == 0
