"""(f): subscriptions that Firehose puts into a bucket: JSON objects glued together, packed once or twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.corpus.flows import ACCOUNT, ENI, OTHER_ENI, START, TGW, V5, empty, flow, later, line, text, zipped
from tests.corpus.model import Builder, case

if TYPE_CHECKING:
    from collections.abc import Sequence

VPC = "/aws/vpc/flowlogs"


def object_name(b: Builder) -> str:
    """The name of an object of Firehose."""
    return f"fh/2026/01/15/10/stream-1-2026-01-15-10-05-22-{b.code}-0000-4000-8000-000000000000"


def event(ident: object, message: str, second: int = 0) -> dict[str, Any]:
    """An event of an envelope."""
    return {"id": str(ident), "timestamp": (START + second) * 1000 + 7, "message": message}


def clock(second: int = 0) -> str:
    """The time of an event."""
    return f"2026-01-15T10:{second // 60:02d}:{second % 60:02d}.007"


def envelope(
    group: str,
    stream: str,
    events: Sequence[dict[str, Any]],
    kind: str = "DATA_MESSAGE",
    *,
    owner_first: bool = False,
) -> bytes:
    """An envelope as a subscription sends it, without a newline."""
    head = {"messageType": kind, "owner": ACCOUNT}
    if owner_first:
        head = dict(reversed(head.items()))
    content = {
        **head,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["f"],
        "logEvents": events,
    }
    return json.dumps(content, separators=(",", ":")).encode()


CONTROL = envelope(
    "", "", [event(0, "CWL CONTROL MESSAGE: Checking health of destination Firehose.")], "CONTROL_MESSAGE"
)


def ordinary(b: Builder, names: Sequence[str] | None = None) -> tuple[list[bytes], list[dict[str, str]]]:
    """Three envelopes, one of them of control, and the records in the others."""
    chosen = {"names": names} if names else {}
    rows = [flow(**chosen), later(60, **chosen), empty(start=START + 120, end=START + 150, **chosen)]
    events = [event(f"{b.code}{n}", line(row), 60 * n) for n, row in enumerate(rows)]
    group = f"{VPC}/{b.name}"
    parts = [
        envelope(group, f"{ENI}-all", events[:2]),
        CONTROL,
        envelope(group, f"{ENI}-all", events[2:], owner_first=True),
    ]
    return parts, rows


def expect(b: Builder, data: bytes, rows: Sequence[dict[str, str]], name: str = "") -> None:
    """Write the envelopes and expect their records."""
    file = b.file(name or object_name(b), data, "subscription", "plain" if name else "firehose")
    for n, row in enumerate(rows):
        b.flow(file, n + 1, row, group=f"{VPC}/{b.name}", stream=f"{ENI}-all", time=clock(60 * n))


@case("f-glued")
def glued(b: Builder) -> None:
    parts, rows = ordinary(b)
    expect(b, zipped(b"".join(parts)), rows)


@case("f-a-member-for-each-object")
def members(b: Builder) -> None:
    parts, rows = ordinary(b)
    expect(b, b"".join(zipped(part) for part in parts), rows)


@case("f-gzip-in-gzip")
def twice(b: Builder) -> None:
    parts, rows = ordinary(b)
    expect(b, zipped(b"".join(zipped(part) for part in parts)), rows)


@case("f-not-packed-a-line-for-each-object")
def lines(b: Builder) -> None:
    parts, rows = ordinary(b)
    expect(b, b"\n".join(parts) + b"\n", rows, "flows.json")


@case("f-29-fields")
def longer(b: Builder) -> None:
    parts, rows = ordinary(b, V5)
    expect(b, zipped(b"".join(parts)), rows)


@case("f-control-messages-only")
def control(b: Builder) -> None:
    b.file(object_name(b), zipped(CONTROL * 2), "subscription", "firehose")


@case("f-delivered-twice")
def delivered_twice(b: Builder) -> None:
    parts, rows = ordinary(b)
    expect(b, zipped(b"".join([*parts, parts[0]])), rows)


@case("f-mixed-groups")
def mixed(b: Builder) -> None:
    flows_group, app, zone = (f"{name}/{b.name}" for name in (VPC, "/app", "/aws/route53"))
    spoken = json.dumps({"level": "error", "requestId": "r-1"})
    query = "1.0 2026-01-15T09:59:59.000Z Z123412341234 example.com A NXDOMAIN TCP LHR50-C1 192.0.2.53 -"
    parts = [
        envelope(flows_group, f"{ENI}-all", [event(f"{b.code}1", line(flow()))]),
        envelope(app, "a", [event(f"{b.code}2", spoken, 1), event(f"{b.code}3", '{"level": "in', 2)]),
        envelope(zone, "Z123412341234/LHR50-C1", [event(f"{b.code}4", query, 3)]),
        envelope("/text/" + b.name, "t", [event(f"{b.code}5", "Task timed out\n  after 3.00 seconds", 4)]),
    ]
    file = b.file(object_name(b), zipped(b"".join(parts)), "subscription", "firehose")
    b.flow(file, 1, flow(), group=flows_group, stream=f"{ENI}-all", time=clock())
    for number, message in ((2, spoken), (3, '{"level": "in')):
        b.row(file, number, "json", clock(number - 1), {"message": message}, group=app, stream="a")
    values = {"rcode": "NXDOMAIN", "query_name": "example.com"}
    b.row(file, 4, "public-zone-query", clock(3), values, group=zone, stream="Z123412341234/LHR50-C1")
    told = {"message": "Task timed out\n  after 3.00 seconds"}
    b.row(file, 5, "text", clock(4), told, group="/text/" + b.name, stream="t")


@case("f-cloudtrail")
def cloudtrail(b: Builder) -> None:
    content = {
        "eventVersion": "1.08",
        "eventTime": "2026-01-15T09:58:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventID": b.code,
        "awsRegion": "eu-west-2",
        "sourceIPAddress": "203.0.113.77",
        "requestParameters": None,
        "userIdentity": {"type": "Root"},
    }
    part = envelope("trail/" + b.name, "s", [event(f"{b.code}1", json.dumps(content))])
    file = b.file(object_name(b), zipped(part), "subscription", "firehose")
    values = {"eventName": "GetObject", "userIdentity.type": "Root", "sourceIPAddress": "203.0.113.77"}
    b.row(file, 1, "cloudtrail", clock(), values, group="trail/" + b.name, stream="s")


@case("f-bad-flow-log-messages")
def bad_messages(b: Builder) -> None:
    events = [
        event(f"{b.code}1", line(flow())),
        event(f"{b.code}2", line(flow(packets="none"))),
        event(f"{b.code}3", line(later(9)), 9),
    ]
    part = envelope(f"{VPC}/{b.name}", f"{ENI}-all", events)
    problems = ((2, "packets is not a number: none"),)
    file = b.file(object_name(b), zipped(part), "subscription", "firehose", problems=problems)
    for number, row, second in ((1, flow(), 0), (3, later(9), 9)):
        b.flow(file, number, row, group=f"{VPC}/{b.name}", stream=f"{ENI}-all", time=clock(second))


@case("f-messages-extracted")
def extracted(b: Builder) -> None:
    rows = [flow(), later(3, interface_id=OTHER_ENI), empty()]
    file = b.file(object_name(b), zipped(text(*map(line, rows))), "flow-log-headerless", "firehose")
    b.flows(file, rows, group="./fh")


@case("f-wrapped-lines")
def wrapped(b: Builder) -> None:
    rows = [flow(), later(3, interface_id=OTHER_ENI), empty()]
    lines = [json.dumps({"message": line(row)}) for row in rows]
    file = b.file(object_name(b), zipped(text(*lines)), "wrapped-lines", "firehose")
    b.flows(file, rows, group="./fh")


@case("B-wrapped-in-body")
def body(b: Builder) -> None:
    rows = [flow(), later(3)]
    file = b.file("bulk.json", text(*(json.dumps({"body": line(row)}) for row in rows)), "wrapped-lines")
    b.flows(file, rows)


@case("f-wrapped-and-glued")
def wrapped_glued(b: Builder) -> None:
    rows = [flow(), later(3), empty()]
    data = "".join(json.dumps({"message": line(row)}) for row in rows).encode()
    file = b.file(object_name(b), zipped(data), "wrapped-lines", "firehose")
    b.flows(file, rows, group="./fh")


@case("f-transit-gateway")
def transit_gateway(b: Builder) -> None:
    rows = [flow(TGW, version=6), empty(names=TGW, version=6)]
    events = [event(f"{b.code}{n}", line(row), 60 * n) for n, row in enumerate(rows)]
    expect(b, zipped(envelope(f"{VPC}/{b.name}", f"{ENI}-all", events)), rows)


@case("f-one-id-in-two-groups")
def one_id(b: Builder) -> None:
    groups = [f"{VPC}/{b.name}/{n}" for n in range(2)]
    data = b"".join(envelope(group, "s", [event(b.code, line(flow()))]) for group in groups)
    file = b.file(object_name(b), zipped(data), "subscription", "firehose")
    for number, group in enumerate(groups, 1):
        b.flow(file, number, flow(), group=group, stream="s", time=clock())


@case("C-message-that-is-cut-off-json")
def cut_off_message(b: Builder) -> None:
    said = '{"level": "info", "text": "and so o'
    data = envelope(f"app/{b.name}", "s", [event(b.code, said)])
    file = b.file(object_name(b), zipped(data), "subscription", "firehose")
    b.row(file, 1, "text", clock(), {"message": said}, group=f"app/{b.name}", stream="s")


@case("f-lambda-of-json-and-text")
def lambda_mixed(b: Builder) -> None:
    said = [
        "START RequestId: 1 Version: $LATEST\n",
        '{"level":"info"}\n',
        '{"level":"warn"}\n',
        '{"a":1}\n',
        "END 1\n",
    ]
    events = [event(f"{b.code}{n}", one, n) for n, one in enumerate(said)]
    data = envelope(f"/aws/lambda/{b.name}", "s", events)
    file = b.file(object_name(b), zipped(data), "subscription", "firehose")
    for n in range(len(said)):
        b.row(file, n + 1, "json", clock(n), {}, group=f"/aws/lambda/{b.name}", stream="s")
