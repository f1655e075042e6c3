"""(k): CloudTrail, delivered to S3 and as lines."""

from __future__ import annotations

import json
from typing import Any

from tests.corpus.flows import ACCOUNT, REGION, text, zipped
from tests.corpus.model import Builder, case


def event(b: Builder, number: int, **changes: Any) -> dict[str, Any]:
    """An event; its number is its second, and makes its id its own."""
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/john",
            "accountId": ACCOUNT,
            "userName": "john",
        },
        "eventTime": f"2026-01-15T09:58:{number:02d}Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": "UpdateFunctionCode20150331v2",
        "awsRegion": REGION,
        "sourceIPAddress": "203.0.113.77",
        "userAgent": "aws-cli/2.0",
        "requestParameters": {"functionName": "f", "nested": {"deep": [1, None]}},
        "responseElements": None,
        "eventID": f"{b.code}-0000-4000-8000-{number:012d}",
        "eventType": "AwsApiCall",
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
    } | changes


def columns(content: dict[str, Any]) -> dict[str, Any]:
    """What an event says, in columns."""
    names = (
        "eventName eventSource awsRegion sourceIPAddress userAgent errorCode errorMessage eventID eventType"
    )
    found = {name: content.get(name) for name in [*names.split(), "recipientAccountId"]}
    who = content.get("userIdentity") or {}
    return found | {
        f"userIdentity.{name}": who.get(name) for name in ("type", "arn", "userName", "accountId")
    }


def ordinary(b: Builder) -> list[dict[str, Any]]:
    """Events that are not sorted, and whose free parts differ from one to the next."""
    return [
        event(b, 30),
        event(b, 5, errorCode="AccessDenied", errorMessage="no", requestParameters=None),
        event(
            b, 41, requestParameters="text", responseElements={"x": "y"}, userIdentity={"type": "AWSService"}
        ),
        event(b, 12, requestParameters={"functionName": {"other": 1}}),
    ]


def delivery(b: Builder, data: bytes, service: str = "CloudTrail", above: str = "", **options: Any) -> str:
    """Write a delivery."""
    folder = f"{above}AWSLogs/{ACCOUNT}/{service}/{REGION}/2026/01/15"
    name = f"{ACCOUNT}_{service}_{REGION}_20260115T1000Z_{b.code}abcdEFGH.json.gz"
    return b.file(f"{folder}/{name}", data, "cloudtrail", "s3", **options)


def expect(b: Builder, file: str, events: list[dict[str, Any]], service: str = "CloudTrail") -> None:
    for number, content in enumerate(events, 1):
        b.row(
            file,
            number,
            "cloudtrail",
            content["eventTime"].rstrip("Z"),
            columns(content),
            group=f"{ACCOUNT}/{REGION}/{service}",
            stream=f"{ACCOUNT}_{service}_{REGION}",
        )


def records(events: list[dict[str, Any]] | None) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":")).encode()


@case("k-delivery")
def delivered(b: Builder) -> None:
    expect(b, delivery(b, zipped(records(ordinary(b)))), ordinary(b))


@case("k-organisation")
def organisation(b: Builder) -> None:
    data = zipped(records(ordinary(b)))
    folder = f"p/AWSLogs/o-abc123/{ACCOUNT}/CloudTrail/{REGION}/2026/01/15"
    name = f"{ACCOUNT}_CloudTrail_{REGION}_20260115T1000Z_{b.code}abcdEFGH.json.gz"
    expect(b, b.file(f"{folder}/{name}", data, "cloudtrail", "s3"), ordinary(b))


@case("k-insight")
def insight(b: Builder) -> None:
    events = [event(b, 1, eventType="AwsCloudTrailInsight", userIdentity=None)]
    file = delivery(b, zipped(records(events)), "CloudTrail-Insight")
    expect(b, file, events, "CloudTrail-Insight")


@case("k-network-activity")
def network_activity(b: Builder) -> None:
    file = delivery(b, zipped(records(ordinary(b))), "CloudTrail-NetworkActivity")
    expect(b, file, ordinary(b), "CloudTrail-NetworkActivity")


@case("k-digest-is-passed-over")
def digest(b: Builder) -> None:
    expect(b, delivery(b, zipped(records(ordinary(b)))), ordinary(b))
    content = json.dumps({"awsAccountId": ACCOUNT, "digestStartTime": "2026-01-15T09:00:00Z", "logFiles": []})
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_20260115T100000Z.json.gz"
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/01/15"
    b.file(f"{folder}/{name}", zipped(content.encode()), None, "s3", reason="igest")


@case("C-cloudtrail-no-records")
def no_records(b: Builder) -> None:
    delivery(b, zipped(records([])))


@case("C-cloudtrail-records-null")
def records_null(b: Builder) -> None:
    delivery(b, zipped(records(None)))


@case("C-cloudtrail-cut-off")
def cut_off(b: Builder) -> None:
    data = records(ordinary(b))
    end = data.index(b'"AccessDenied"')
    expect(b, delivery(b, zipped(data[:end]), state="incomplete"), ordinary(b)[:1])


@case("k-second-copy")
def second_copy(b: Builder) -> None:
    data = zipped(records(ordinary(b)))
    expect(b, delivery(b, data, above="a/"), ordinary(b))
    name = f"z/{ACCOUNT}_CloudTrail_{REGION}_20260115T1000Z_{b.code}abcdEFGH.json.gz"
    b.file(name, data, None, "s3", reason="copy")


@case("k-the-same-events-in-two-files")
def same_events(b: Builder) -> None:
    expect(b, delivery(b, zipped(records(ordinary(b)))), ordinary(b))
    name = f"older/{ACCOUNT}_CloudTrail_{REGION}_20260115T0955Z_{b.code}ABCDefgh.json.gz"
    b.file(name, zipped(records(ordinary(b)[:2])), "cloudtrail", "s3")


@case("k-lines")
def lines(b: Builder) -> None:
    file = b.file("trail.json", text(*map(json.dumps, ordinary(b))), "cloudtrail-lines")
    for number, content in enumerate(ordinary(b), 1):
        b.row(file, number, "cloudtrail", content["eventTime"].rstrip("Z"), columns(content))


@case("k-set-out")
def set_out(b: Builder) -> None:
    data = json.dumps({"Records": ordinary(b)}, indent=2).encode() + b"\n"
    file = b.file("trail.json", data, "cloudtrail")
    for number, content in enumerate(ordinary(b), 1):
        b.row(file, number, "cloudtrail", content["eventTime"].rstrip("Z"), columns(content))
