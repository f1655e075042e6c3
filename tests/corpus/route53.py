"""(j): query logs of Route 53: the resolver's as JSON, those of public zones as words."""

from __future__ import annotations

import json
from typing import Any

from tests.corpus.flows import ACCOUNT, START, text, words, zipped
from tests.corpus.model import Builder, case
from tests.corpus.subscriptions import clock, envelope, event, object_name

VPC = "vpc-0f00d00f0f00d00f0"
INSTANCE = "i-0c0ffee0c0ffee000"


def query(**changes: Any) -> dict[str, Any]:
    """A query as the resolver logs it; what is ``...`` is left out."""
    content = {
        "version": "1.100000",
        "account_id": ACCOUNT,
        "region": "eu-west-2",
        "vpc_id": VPC,
        "query_timestamp": "2026-01-15T10:00:00Z",
        "query_name": "example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [{"Rdata": "203.0.113.9", "Type": "A", "Class": "IN"}],
        "srcaddr": "10.1.2.3",
        "srcport": "56067",
        "transport": "UDP",
        "srcids": {"instance": INSTANCE},
    } | changes
    return {name: value for name, value in content.items() if value is not ...}


def columns(content: dict[str, Any]) -> dict[str, Any]:
    """What a query says, in columns."""
    plain = words("version account_id vpc_id query_name query_type query_class rcode srcaddr transport")
    port = content.get("srcport")
    found = {name: content.get(name) for name in plain} | {"srcport": None if port is None else int(port)}
    return found | {"srcids.instance": (content.get("srcids") or {}).get("instance")}


ORDINARY = [
    query(),
    query(
        rcode="NXDOMAIN",
        answers=...,
        query_name="nothing.example.",
        query_timestamp="2026-01-15T10:00:01Z",
        firewall_rule_action="BLOCK",
    ),
    query(answers=[], srcids={}, srcport=5353, query_timestamp="2026-01-15T10:00:02Z"),
    query(answers={"Rdata": "x"}, srcids=..., query_timestamp="2026-01-15T10:00:03Z"),
]


def expect(b: Builder, file: str, group: str = ".", stream: str | None = VPC) -> None:
    for number, content in enumerate(ORDINARY):
        time = f"2026-01-15T10:00:0{number}"
        b.row(file, number + 1, "resolver-query", time, columns(content), group=group, stream=stream)


@case("j-resolver-to-s3")
def resolver_s3(b: Builder) -> None:
    name = f"{VPC}_vpcdnsquerylogs_{ACCOUNT}_20260115T1005Z_{b.code}.log.gz"
    folder = f"AWSLogs/{ACCOUNT}/vpcdnsquerylogs/{VPC}/2026/01/15"
    data = zipped(text(*(json.dumps(content, separators=(",", ":")) for content in ORDINARY)))
    expect(b, b.file(f"{folder}/{name}", data, "resolver-query-log", "s3"), f"{ACCOUNT}/vpcdnsquerylogs")


@case("j-resolver-second-copy")
def resolver_copy(b: Builder) -> None:
    name = f"{VPC}_vpcdnsquerylogs_{ACCOUNT}_20260115T1005Z_{b.code}.log.gz"
    data = zipped(text(*map(json.dumps, ORDINARY)))
    expect(b, b.file(f"a/{name}", data, "resolver-query-log", "s3"), f"{ACCOUNT}/vpcdnsquerylogs")
    b.file(f"b/{name}", data, None, "s3", reason="copy")


@case("j-resolver-plain")
def resolver_plain(b: Builder) -> None:
    data = text(*map(json.dumps, ORDINARY))
    expect(b, b.file("dns.log", data, "resolver-query-log"), stream="dns.log")


@case("j-resolver-answers-and-blank-in-time")
def resolver_answers(b: Builder) -> None:
    contents = [
        query(query_timestamp="2026-01-15 10:00:00"),
        query(
            answers=[{"rdata": "192.0.2.1", "answer_type": "A"}], query_timestamp="2026-01-15 10:00:01.500000"
        ),
        query(srcids={"resolver_endpoint": "rslvr-in-1"}, answers=...),
    ]
    file = b.file("dns.log", text(*map(json.dumps, contents)), "resolver-query-log")
    told = [
        ("2026-01-15T10:00:00", {"answer": "203.0.113.9"}),
        ("2026-01-15T10:00:01.500", {"answer": "192.0.2.1"}),
        ("2026-01-15T10:00:00", {"answer": None, "srcids.resolver_endpoint": "rslvr-in-1"}),
    ]
    for number, (time, more) in enumerate(told):
        values = columns(contents[number]) | more
        b.row(file, number + 1, "resolver-query", time, values)


@case("j-resolver-broken-line")
def resolver_broken(b: Builder) -> None:
    whole = json.dumps(query())
    problems = ((2, "not valid JSON"),)
    file = b.file("dns.log", text(whole, whole[:70], whole), "resolver-query-log", problems=problems)
    for number in (1, 3):
        b.row(file, number, "resolver-query", "2026-01-15T10:00:00", columns(query()))


@case("j-resolver-in-a-subscription")
def resolver_subscription(b: Builder) -> None:
    part = envelope("dns/" + b.name, "s", [event(f"{b.code}1", json.dumps(query()))])
    file = b.file(object_name(b), zipped(part), "subscription", "firehose")
    b.row(file, 1, "resolver-query", clock(), columns(query()), group="dns/" + b.name, stream="s")


LINES = [
    "1.0 2026-01-15T10:00:00.235Z Z123412341234 example.com AAAA NOERROR TCP IAD12 192.168.3.1 192.168.222.0/24",
    "1.0 2026-01-15T10:00:01.001Z Z123412341234 \\052.example.com A NXDOMAIN UDP LHR50-C1 2001:db8::53 -",
]


def zone_values(said: str) -> dict[str, Any]:
    names = "version hosted_zone_id query_name query_type rcode transport edge_location resolver_ip edns_client_subnet"
    values = said.split()
    del values[1]
    return {name: None if value == "-" else value for name, value in zip(words(names), values, strict=True)}


@case("j-public-zone")
def public_zone(b: Builder) -> None:
    file = b.file("zone.log", text(*LINES), "public-zone-query-log")
    for number, (said, time) in enumerate(zip(LINES, ("10:00:00.235", "10:00:01.001"), strict=True), 1):
        values = zone_values(said)
        b.row(
            file,
            number,
            "public-zone-query",
            f"2026-01-15T{time}",
            values,
            stream=f"{values['hosted_zone_id']}/{values['edge_location']}",
        )


@case("j-public-zone-bad-line")
def public_zone_bad(b: Builder) -> None:
    lines = [LINES[0], "1.0 2026-01-15T10:00:00.235Z Z123412341234 example.com", LINES[1]]
    file = b.file("zone.log", text(*lines), "public-zone-query-log", problems=((2, "fields"),))
    for number, time in ((1, "10:00:00.235"), (3, "10:00:01.001")):
        values = zone_values(lines[number - 1])
        stream = f"{values['hosted_zone_id']}/{values['edge_location']}"
        b.row(file, number, "public-zone-query", f"2026-01-15T{time}", values, stream=stream)


@case("j-public-zone-get-log-events")
def public_zone_events(b: Builder) -> None:
    told = [{"timestamp": START * 1000, "message": LINES[0], "ingestionTime": START * 1000}]
    document = {"events": told, "nextForwardToken": "f"}
    file = b.file("zone.json", json.dumps(document).encode(), "get-log-events")
    values = zone_values(LINES[0])
    stream = "Z123412341234/IAD12"
    b.row(file, 1, "public-zone-query", "2026-01-15T10:00:00", values, stream=stream)
