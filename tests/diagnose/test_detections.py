"""Each detection: what it finds, what is just not enough, the wrong direction, replies, and false friends."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from diagnose.inventory import read_inventory
from diagnose.model import Interface, Inventory, Where
from tests.diagnose.traffic import (
    BARE,
    BEGIN,
    ENI,
    HEADER,
    OTHER,
    UDP,
    World,
    asked,
    nodata,
    record,
    refused,
    skipped,
)

HOST, PEER, CLIENT = "10.0.1.10", "10.0.1.20", "203.0.113.9"
HOUR = 3600


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "logs")


def interface(name, address, kind="interface", description=""):
    return Interface(
        name,
        *(None, None, None, ipaddress.ip_address(address), frozenset({ipaddress.ip_address(address)})),
        *((), {}, kind, None, False, description, {}, None, {}, Where("x.json", "x")),
    )


def inventory_of(*interfaces):
    return Inventory(interfaces={one.id: one for one in interfaces})


def only(found):
    assert len(found) == 1, found
    return found[0]


# -- exposed ports -------------------------------------------------------------------------------------------


def test_a_database_that_lets_the_internet_in(world):
    world.write([*asked(CLIENT, HOST, 5432), *asked("198.51.100.7", HOST, 5432, start=BEGIN + 90)])
    found = only(world.find("exposed-ports"))
    assert (found["severity"], found["target"], found["port"], found["records"]) == ("high", HOST, 5432, 4)
    assert found["source"] is None, "there are two"
    assert "2 accepted conversations from 2 public addresses, 2 answered" in found["what"]
    assert found["bytes"] == 4000


def test_an_open_port_that_never_answers_is_told_as_less(world):
    found = only(world.write(asked(CLIENT, HOST, 22, back=0)).find("exposed-ports"))
    assert (found["severity"], found["source"]) == ("low", CLIENT)


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (refused(CLIENT, HOST, 22), "it was rejected"),
        (asked(HOST, CLIENT, 22), "our client called outside"),
        (asked(PEER, HOST, 22), "from inside"),
        (asked("100.64.3.4", HOST, 22), "shared address space is not the internet"),
        (asked(CLIENT, HOST, 443), "not such a port"),
        (asked(CLIENT, "198.51.100.1", 22), "neither end is inside"),
        ([record(CLIENT, HOST, srcport=22, dstport=40000, tcp_flags=18)], "the reply of a server outside"),
    ],
)
def test_what_is_no_exposed_port(world, records, why):
    assert world.write(records).find("exposed-ports") == [], why


def test_how_many_sources_expose_a_port_can_be_changed(world):
    world.write([*asked(CLIENT, HOST, 22), *asked("198.51.100.7", HOST, 22)])
    assert only(world.find("exposed-ports", sources=2))
    assert world.find("exposed-ports", sources=3) == []
    assert world.find("exposed-ports", conversations=3) == []


def test_a_nat_gateway_accepts_what_it_drops(world):
    world.write(asked(CLIENT, HOST, 22, back=0))
    for kind in ("natGateway", "nat_gateway"):
        world.inventory = inventory_of(interface(ENI, HOST, kind))
        assert world.find("exposed-ports") == []


def test_the_real_address_behind_a_load_balancer_counts(world):
    world.write(asked("10.0.9.9", HOST, 22, pkt_srcaddr=CLIENT)[:1])
    assert only(world.find("exposed-ports"))["source"] == CLIENT


# -- scan, then success --------------------------------------------------------------------------------------


def scan(source, number, target=HOST, start=BEGIN, first=1000, **fields):
    return [
        one
        for port in range(first, first + number)
        for one in refused(
            source, target, port, start=start + port - first, sport=50000 + port - first, **fields
        )
    ]


def test_a_scanner_that_got_in_at_a_port_it_had_tried(world):
    world.write([*scan(CLIENT, 10, first=3380), *asked(CLIENT, HOST, 3389, start=BEGIN + 600)])
    found = only(world.find("scan-then-success"))
    assert (found["severity"], found["source"], found["port"]) == ("high", CLIENT, 3389)
    assert "tried 10 addresses and ports" in found["what"]
    assert "20 packets" in found["what"]


def test_a_scanner_that_reads_the_public_website_is_told_as_little(world):
    world.write([*scan(CLIENT, 10), *asked(CLIENT, HOST, 443, start=BEGIN + 600)])
    assert only(world.find("scan-then-success"))["severity"] == "low"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([*scan(CLIENT, 9), *asked(CLIENT, HOST, 1003, start=BEGIN + 600)], "nine tries are too few"),
        ([*scan(CLIENT, 10), *asked(CLIENT, HOST, 1003, start=BEGIN - 600)], "it came before"),
        (
            [*scan(CLIENT, 10), *asked(CLIENT, HOST, 1003, start=BEGIN + 600, packets=5, back=5)],
            "ten packets are not more than ten",
        ),
        ([*scan(CLIENT, 10), *asked("203.0.113.8", HOST, 1003, start=BEGIN + 600)], "somebody else"),
        ([*scan(CLIENT, 10), *asked(HOST, CLIENT, 1003, start=BEGIN + 600)], "the other way"),
        (
            [*scan(CLIENT, 10), *asked(CLIENT, HOST, 1003, start=BEGIN + 26 * HOUR)],
            "more than a day later",
        ),
    ],
)
def test_what_is_no_success_of_a_scan(world, records, why):
    assert world.write(records).find("scan-then-success") == [], why


def test_thresholds_of_a_scan_that_succeeds(world):
    world.write([*scan(CLIENT, 4), *asked(CLIENT, HOST, 1003, start=BEGIN + 600)])
    assert world.find("scan-then-success") == []
    assert only(world.find("scan-then-success", probes=4))
    assert world.find("scan-then-success", probes=4, packets=20) == []


# -- vertical scan -------------------------------------------------------------------------------------------


def test_one_of_ours_that_tries_many_ports(world):
    found = only(world.write(scan(PEER, 15)).find("vertical-scan"))
    assert (found["source"], found["target"], found["port"]) == (PEER, HOST, None)
    assert "15 tcp ports" in found["what"]
    assert "at least 15" in found["what"]
    assert found["severity"] == "high"


def test_a_scan_over_hours_is_not_within_minutes(world):
    slow = [
        one
        for place in range(30)
        for one in refused(PEER, HOST, 1000 + place, start=BEGIN + place * 120, sport=50000 + place)
    ]
    world.write(slow)
    assert world.find("vertical-scan") == []
    assert only(world.find("vertical-scan", minutes=60))


def test_one_port_less_is_no_scan_but_the_threshold_can_be_lower(world):
    world.write(scan(PEER, 14))
    assert world.find("vertical-scan") == []
    assert only(world.find("vertical-scan", ports=14))["records"] == 14


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (scan(CLIENT, 40), "from the internet"),
        (
            [one for p in range(40) for one in asked(PEER, HOST, 30000 + p, sport=50000 + p)],
            "passive FTP speaks at each of its ports",
        ),
        (
            [one for p in range(40) for one in asked(CLIENT, HOST, 443, sport=50000 + p)],
            "replies go to forty ports of the client",
        ),
        (
            [
                record(HOST, CLIENT, srcport=443, dstport=50000 + p, packets=1, tcp_flags=18)
                for p in range(40)
            ],
            "replies alone, the requests are not logged",
        ),
        (
            [
                record(HOST, PEER, srcport=443, dstport=50000 + p, packets=1, tcp_flags=1, action="REJECT")
                for p in range(40)
            ],
            "what comes after connections were closed",
        ),
        (
            [
                record(CLIENT, HOST, srcport=80, dstport=50000 + p, packets=1, tcp_flags=18, action="REJECT")
                for p in range(40)
            ],
            "backscatter: nobody of ours began it",
        ),
        (
            [one for p in range(40) for one in refused(PEER, f"10.0.2.{p}", 1000 + p, sport=50000 + p)],
            "one port each of many addresses",
        ),
    ],
)
def test_what_is_no_scan_from_inside(world, records, why):
    assert world.write(records).find("vertical-scan") == [], why


def test_replies_in_logs_without_flags_are_no_scan(world):
    replies = [one for p in range(40) for one in asked(PEER, HOST, 8081, sport=50000 + p, packets=1, back=1)]
    assert world.write(replies, header=BARE).find("vertical-scan") == []


def test_packets_of_closed_connections_are_no_scan(world):
    late = [one for p in range(40) for one in refused(PEER, HOST, 1000 + p, sport=50000 + p, flags=1)]
    assert world.write(late).find("vertical-scan") == []


def test_answers_nobody_asked_for_are_no_scan(world):
    """Somebody forges the address of ours, and who is attacked answers it from many ports."""
    answers = [
        record(CLIENT, HOST, srcport=1000 + p, dstport=50000, packets=1, tcp_flags=18, action="REJECT")
        for p in range(40)
    ]
    assert world.write(answers).find("vertical-scan") == []


def test_without_flags_what_was_accepted_before_at_the_same_ports_is_late(world):
    before = [one for p in range(40) for one in asked(PEER, HOST, 1000 + p, sport=50000 + p)]
    after = [
        one
        for p in range(40)
        for one in refused(PEER, HOST, 1000 + p, sport=50000 + p, start=BEGIN + 2 * HOUR)
    ]
    assert world.write([*before, *after], header=BARE).find("vertical-scan") == []


def test_a_scan_seen_at_two_interfaces_is_told_once(world):
    there = scan(PEER, 15, action="ACCEPT")
    here = scan(PEER, 15, interface_id=OTHER)
    found = only(world.write([*there, *here]).find("vertical-scan"))
    assert "15 rejected" in found["what"]
    assert "15 conversations" in found["what"]


def test_open_ports_count_among_those_tried(world):
    quick = [
        one
        for p in range(15)
        for one in asked(PEER, HOST, 1000 + p, sport=50000 + p, packets=3, back=2, start=BEGIN + p)
    ]
    world.write(quick)
    assert only(world.find("vertical-scan"))
    assert world.find("vertical-scan", packets=2) == []


# -- sweep ---------------------------------------------------------------------------------------------------


def sweep(number, silent, **fields):
    found = []
    for place in range(number):
        to, when = f"10.0.2.{place}", BEGIN + place * 4
        if place < silent:
            found += refused(PEER, to, 445, start=when, sport=50000 + place, **fields)
        else:
            found += asked(PEER, to, 445, start=when, sport=50000 + place, **fields)
    return found


def test_one_of_ours_that_looks_for_machines(world):
    found = only(world.write(sweep(50, 40)).find("sweep"))
    assert (found["source"], found["target"], found["port"]) == (PEER, None, 445)
    assert "50 addresses" in found["what"]
    assert "40 of them, 80 %" in found["what"]


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (sweep(49, 49), "one address less"),
        (sweep(60, 40), "monitoring is answered"),
        ([one for p in range(60) for one in refused(CLIENT, f"10.0.2.{p}", 445)], "from the internet"),
        (
            [one for p in range(60) for one in asked(f"10.0.2.{p}", PEER, 445, sport=50000, back=3)],
            "a server that sixty clients ask from one port",
        ),
    ],
)
def test_what_is_no_sweep(world, records, why):
    assert world.write(records).find("sweep") == [], why


def test_thresholds_of_a_sweep(world):
    world.write(sweep(60, 40))
    assert only(world.find("sweep", unanswered=60))
    assert world.find("sweep", unanswered=60, targets=61) == []
    assert world.find("sweep", unanswered=60, minutes=1) == []


def test_load_balancers_may_ask_everybody(world):
    world.write(sweep(60, 60))
    assert only(world.find("sweep"))
    world.inventory = inventory_of(interface(ENI, PEER, description="ELB app/web/50dc6c495c0c9188"))
    assert world.find("sweep") == []


# -- large egress --------------------------------------------------------------------------------------------

MEGA = 1_000_000


def upload(total, parts=10, every=300, target=CLIENT, **fields):
    return [
        record(
            HOST,
            target,
            srcport=40000,
            dstport=443,
            bytes=total // parts,
            start=BEGIN + place * every,
            **fields,
        )
        for place in range(parts)
    ]


def test_much_that_was_sent_to_one_address(world):
    found = only(world.write(upload(500 * MEGA)).find("large-egress"))
    assert (found["source"], found["target"], found["bytes"]) == (HOST, CLIENT, 500 * MEGA)
    assert "500.0 MB" in found["what"]
    assert "at least 500 MB" in found["what"]
    assert (found["records"], found["severity"]) == (10, "medium")


def test_ten_times_the_threshold_is_grave(world):
    world.write(upload(500 * MEGA))
    assert only(world.find("large-egress", megabytes=50))["severity"] == "high"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (upload(499 * MEGA), "one MB less"),
        (upload(2000 * MEGA, parts=10, every=HOUR), "no more than 200 MB in any hour"),
        (upload(500 * MEGA, target=PEER), "to one of ours"),
        (upload(500 * MEGA, pkt_dst_aws_service="S3"), "to a service of AWS"),
        (upload(500 * MEGA, action="REJECT"), "it never got out"),
        (
            [
                *asked(HOST, CLIENT, 443, back=1, bytes=1000),
                record(CLIENT, HOST, srcport=443, dstport=40000, bytes=900 * MEGA, tcp_flags=0),
            ],
            "a download",
        ),
        (
            [
                *asked(CLIENT, HOST, 443, back=1, bytes=1000),
                record(HOST, CLIENT, srcport=443, dstport=40000, bytes=900 * MEGA, tcp_flags=0),
            ],
            "a web server answers",
        ),
    ],
)
def test_what_is_no_large_egress(world, records, why):
    assert world.write(records).find("large-egress") == [], why


def test_addresses_of_ec2_are_anybodys(world):
    assert only(world.write(upload(500 * MEGA, pkt_dst_aws_service="EC2")).find("large-egress"))


def test_what_a_nat_gateway_passes_on_is_told_of_whoever_sent_it(world):
    gateway = "10.0.0.5"
    passed = [
        one | {"interface_id": OTHER, "srcaddr": gateway, "pkt_srcaddr": gateway}
        for one in upload(500 * MEGA)
    ]
    world.write([*upload(500 * MEGA), *passed])
    world.inventory = inventory_of(interface(OTHER, gateway, "nat_gateway"))
    assert only(world.find("large-egress"))["source"] == HOST


def test_a_copy_of_each_record_by_another_flow_log_counts_once(world):
    rows = upload(600 * MEGA, parts=2, every=2 * HOUR)
    world.write(rows).write(rows)
    assert world.find("large-egress") == []


def test_hours_overlap_so_that_midway_bursts_are_seen(world):
    burst = upload(600 * MEGA, parts=2, every=40 * 60)
    world.write([one | {"start": one["start"] + 1800, "end": one["end"] + 1800} for one in burst])
    assert only(world.find("large-egress"))["bytes"] == 600 * MEGA


# -- new pairs for administration ----------------------------------------------------------------------------


def always(*pairs):
    """Twelve hours of other traffic, so that there is something to compare with."""
    return [
        one
        for h in range(13)
        for one in asked("10.0.9.1", "10.0.9.2", 443, start=BEGIN + h * HOUR, sport=41000 + h)
    ]


def test_a_pair_that_was_never_there_before(world):
    world.write([*always(), *asked(PEER, HOST, 22, start=BEGIN + 8 * HOUR)])
    found = only(world.find("new-admin-pairs"))
    assert (found["source"], found["target"], found["port"], found["severity"]) == (PEER, HOST, 22, "info")
    assert "none in the 6 hours before" in found["what"]


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (asked(PEER, HOST, 22, start=BEGIN + 2 * HOUR), "it was in the first half"),
        (
            [*asked(PEER, HOST, 22, start=BEGIN), *asked(PEER, HOST, 22, start=BEGIN + 8 * HOUR, sport=1)],
            "it was there before",
        ),
        (asked(CLIENT, HOST, 22, start=BEGIN + 8 * HOUR), "from the internet"),
        (asked(HOST, CLIENT, 22, start=BEGIN + 8 * HOUR), "to the internet"),
        (asked(PEER, HOST, 443, start=BEGIN + 8 * HOUR), "not such a port"),
        (refused(PEER, HOST, 22, start=BEGIN + 8 * HOUR), "it was refused"),
        (
            [
                record(HOST, PEER, srcport=22, dstport=40000, tcp_flags=18, start=BEGIN + 2 * HOUR),
                *asked(PEER, HOST, 22, start=BEGIN + 8 * HOUR),
            ],
            "its reply was there before",
        ),
    ],
)
def test_what_is_no_new_pair(world, records, why):
    assert world.write([*always(), *records]).find("new-admin-pairs") == [], why


def test_how_much_is_compared_with_can_be_changed(world):
    world.write([*always(), *asked(PEER, HOST, 22, start=BEGIN + 2 * HOUR)])
    assert only(world.find("new-admin-pairs", baseline=10))
    assert world.find("new-admin-pairs", baseline=10, hours=2) == []


def test_too_short_a_time_is_said(world):
    from diagnose.detections import by_name

    world.write([*asked(PEER, HOST, 443), *asked(PEER, HOST, 22, start=BEGIN + HOUR)])
    assert world.find("new-admin-pairs") == []
    detection = by_name("new-admin-pairs")
    assert "too short" in only(detection.notes(world.context, detection.given()))


# -- DNS by others -------------------------------------------------------------------------------------------


def test_a_resolver_of_the_internet(world):
    found = only(world.write(asked(HOST, "8.8.8.8", 53, protocol=UDP, flags=0)).find("other-resolvers"))
    assert (found["severity"], found["source"], found["target"]) == ("medium", HOST, "8.8.8.8")
    assert found["protocol"] == UDP


def test_a_resolver_inside_is_told_as_less_and_a_refused_one_as_least(world):
    world.write([*asked(HOST, PEER, 53, protocol=UDP, flags=0), *refused(HOST, "1.1.1.1", 853, sport=50000)])
    severities = {one["target"]: one["severity"] for one in world.find("other-resolvers")}
    assert severities == {PEER: "low", "1.1.1.1": "info"}


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (asked(CLIENT, HOST, 53, protocol=UDP, flags=0), "the internet asks ours"),
        (asked(HOST, "8.8.8.8", 443), "not such a port"),
        (asked(HOST, CLIENT, 40001, sport=53, protocol=UDP, flags=0)[1:], "an answer of a server of ours"),
        ([record(HOST, "224.0.0.251", dstport=5353, protocol=UDP)], "multicast is nobody's address"),
    ],
)
def test_what_is_no_other_resolver(world, records, why):
    assert world.write(records).find("other-resolvers") == [], why


def test_listed_resolvers_may_be_asked_and_may_ask(world):
    world.write(
        [
            *asked(HOST, PEER, 53, protocol=UDP, flags=0),
            *asked(PEER, "8.8.8.8", 53, protocol=UDP, flags=0, sport=50001),
        ]
    )
    assert len(world.find("other-resolvers")) == 2
    assert world.find("other-resolvers", allowed=f"192.0.2.1, {PEER}/32") == []
    assert world.find("other-resolvers", conversations=2) == []


def test_to_allow_the_resolver_that_is_never_logged_is_said_to_be_no_use(world):
    from diagnose.detections import by_name

    world.write(asked(HOST, PEER, 53))
    detection = by_name("other-resolvers")
    given = detection.given(allowed="169.254.169.253, 8.8.8.8")
    assert "never match" in only(detection.notes(world.context, given))
    assert detection.notes(world.context, detection.given(allowed="8.8.8.8")) == ()


# -- config drift --------------------------------------------------------------------------------------------


def test_requests_that_were_accepted_before(world):
    world.write([*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, sport=40001, start=BEGIN + 900)])
    found = only(world.find("config-drift"))
    assert (found["source"], found["target"], found["port"]) == (PEER, HOST, 5432)
    assert (found["severity"], found["records"]) == ("medium", 1)
    assert "never accepted since" in found["what"]


def test_what_is_accepted_again_is_told_as_less(world):
    world.write(
        [
            *asked(PEER, HOST, 5432),
            *refused(PEER, HOST, 5432, sport=40001, start=BEGIN + 900),
            *asked(PEER, HOST, 5432, sport=40002, start=BEGIN + 1800),
        ]
    )
    assert only(world.find("config-drift"))["severity"] == "low"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (
            [*refused(PEER, HOST, 5432), *asked(PEER, HOST, 5432, sport=40001, start=BEGIN + 900)],
            "it was opened, not closed",
        ),
        (
            [*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, start=BEGIN + 90, flags=1)],
            "a FIN after the end is late",
        ),
        (
            [*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, start=BEGIN + 9000, flags=0)],
            "packets of a forgotten connection are late",
        ),
        ([*asked(PEER, HOST, 5432), *refused(HOST, PEER, 5432, start=BEGIN + 90)], "the other way"),
        ([*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5433, start=BEGIN + 90)], "another port"),
        ([*asked(PEER, HOST, 5432), *refused("10.0.1.21", HOST, 5432, start=BEGIN + 90)], "another source"),
        (
            [
                *asked(PEER, HOST, 5432),
                *asked(PEER, HOST, 5432, sport=40001, start=BEGIN + 90, back=0),
                record(
                    HOST, PEER, srcport=5432, dstport=40001, action="REJECT", tcp_flags=18, start=BEGIN + 90
                ),
            ],
            "a reply was refused",
        ),
    ],
)
def test_what_is_no_drift(world, records, why):
    assert world.write(records).find("config-drift") == [], why


def test_without_flags_only_other_ports_tell(world):
    late = [*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, start=BEGIN + 9000)]
    assert world.write(late, header=BARE).find("config-drift") == []
    world.write(refused(PEER, HOST, 5432, sport=40001, start=BEGIN + 9000), header=BARE)
    assert only(world.find("config-drift"))["records"] == 1


def test_how_many_rejects_are_a_drift_can_be_changed(world):
    world.write([*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, sport=40001, start=BEGIN + 900)])
    assert world.find("config-drift", rejects=2) == []


def test_the_rule_that_refuses_it_is_named(world, tmp_path):
    import json

    folder = tmp_path / "inventory"
    folder.mkdir()
    answers = {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": ENI,
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "Groups": [{"GroupId": "sg-1"}],
                "PrivateIpAddress": HOST,
                "PrivateIpAddresses": [{"PrivateIpAddress": HOST, "Primary": True}],
            }
        ],
        "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "x", "VpcId": "vpc-1", "IpPermissions": []}],
    }
    for key, value in answers.items():
        (folder / f"{key}.json").write_text(json.dumps({key: value}))
    world.inventory = read_inventory([folder])
    world.write([*asked(PEER, HOST, 5432), *refused(PEER, HOST, 5432, sport=40001, start=BEGIN + 900)])
    found = only(world.find("config-drift"))
    assert "sg-1 (R-CHANGED-SG)" in found["what"]
    assert found["severity"] == "high"


def test_an_acl_that_cuts_a_connection_is_a_drift_though_nobody_asks_anew(world, tmp_path):
    import json

    far = "10.0.3.20"
    rule = {"RuleNumber": 90, "Egress": False, "RuleAction": "deny", "Protocol": "6"}
    rule |= {"CidrBlock": "0.0.0.0/0", "PortRange": {"From": 5432, "To": 5432}}
    answers = {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": ENI,
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "PrivateIpAddress": HOST,
                "PrivateIpAddresses": [{"PrivateIpAddress": HOST, "Primary": True}],
            }
        ],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}],
        "NetworkAcls": [
            {
                "NetworkAclId": "acl-1",
                "VpcId": "vpc-1",
                "IsDefault": False,
                "Associations": [{"SubnetId": "subnet-1"}],
                "Entries": [rule],
            }
        ],
    }
    folder = tmp_path / "inventory"
    folder.mkdir()
    for key, value in answers.items():
        (folder / f"{key}.json").write_text(json.dumps({key: value}))
    world.write([*asked(far, HOST, 5432), *refused(far, HOST, 5432, start=BEGIN + 90, flags=0)])
    assert world.find("config-drift") == [], "without rules it is late"
    world.inventory = read_inventory([folder])
    assert "acl-1 rule 90 (R-CHANGED-NACL)" in only(world.find("config-drift"))["what"]


# -- log health ----------------------------------------------------------------------------------------------


def steady(hours=1, interface=ENI):
    return [
        one
        for minute in range(0, hours * 60, 5)
        for one in asked(
            PEER, HOST, 443, start=BEGIN + minute * 60, sport=30000 + minute, interface_id=interface
        )
    ]


def test_sound_logs_have_nothing_to_tell(world):
    assert world.write(steady()).find("log-health") == []


def test_skipped_records_are_told_by_interface(world):
    world.write([*steady(), *skipped(BEGIN + 600), *skipped(BEGIN + 660)])
    found = only(world.find("log-health"))
    assert ENI in found["what"]
    assert "for 3.3 % of the hour" in found["what"]
    assert (found["records"], found["severity"], found["filter"]) == (
        2,
        "low",
        f'interfaceId = "{ENI}" and logStatus = "SKIPDATA"',
    )
    assert world.find("log-health", skipped=4) == []


def test_ten_minutes_that_were_skipped_are_worse(world):
    world.write([*steady(), *skipped(BEGIN + 600, length=600)])
    assert only(world.find("log-health"))["severity"] == "medium"


def test_an_interface_without_traffic(world):
    world.write([*steady(), *(one for m in range(60) for one in nodata(BEGIN + m * 60, interface=OTHER))])
    found = only(world.find("log-health"))
    assert (found["severity"], found["records"]) == ("info", 60)
    assert OTHER in found["what"]


def test_a_gap_is_told_with_the_records_around_it(world):
    later = [one | {"start": one["start"] + 5 * HOUR, "end": one["end"] + 5 * HOUR} for one in steady()]
    world.write([*steady(), *later])
    found = only(world.find("log-health"))
    assert "4 hours" in found["what"]
    assert found["severity"] == "medium"
    assert world.find("log-health", gap=300) == []


def test_formats_that_differ_within_a_log_group(world):
    world.write(steady()).write(steady(), header=BARE)
    found = only(world.find("log-health"))
    assert "2 formats" in found["what"]
    assert "tcp-flags" in found["what"]


# -- scanners ------------------------------------------------------------------------------------------------


def test_all_scanners_of_the_internet_are_one_line(world):
    many = [one for p in range(30) for one in scan(f"203.0.113.{p}", 3)]
    found = only(world.write([*many, *scan("198.51.100.1", 2)]).find("internet-scans"))
    assert found["severity"] == "info"
    assert "30 public addresses were refused at 3 or more" in found["what"]
    assert found["records"] == 90


@pytest.mark.parametrize(
    "records",
    [scan(PEER, 9), scan(CLIENT, 2), [*scan(CLIENT, 9), *asked(CLIENT, HOST, 443)]],
    ids=["from inside", "too few", "let in somewhere"],
)
def test_what_is_no_scanner(world, records):
    assert world.write(records).find("internet-scans") == []


# -- what all share ------------------------------------------------------------------------------------------


def test_a_finding_says_that_records_were_skipped_meanwhile(world):
    world.write(
        [*scan(PEER, 15), *skipped(BEGIN), *skipped(BEGIN + 9 * HOUR), *skipped(BEGIN, interface=OTHER)]
    )
    found = only(world.find("vertical-scan"))
    assert "SKIPDATA) in 1 window of its interfaces between 2026-01-15 10:00:00" in found["what"]


def test_bytes_that_block_public_access_refused_are_not_known(world):
    world.write(scan(PEER, 15, reject_reason="BPA", packets="-", bytes="-"))
    assert only(world.find("vertical-scan"))["bytes"] is None


def test_own_ipv6_addresses_are_inside_though_their_block_is_public(world):
    ours, theirs = "2001:db8:1::10", "2001:db8:2::99"
    world.write(asked(theirs, ours, 22, flow_direction="ingress")[:1])
    assert only(world.find("exposed-ports"))["target"] == ours


def test_blocks_of_the_vpc_are_inside(world):
    from diagnose.blocks import block_of

    world.write(asked("198.51.100.7", HOST, 22))
    assert only(world.find("exposed-ports"))
    world.inventory = replace(Inventory(), vpcs={"vpc-1": (block_of("198.51.100.0/24"),)})
    assert world.find("exposed-ports") == []


def test_header_names_are_those_of_records():
    assert {name.replace("-", "_") for name in [*HEADER, *BARE]} <= set(record("a", "b"))
