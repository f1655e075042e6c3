"""CloudTrail: documents as they are delivered, and events as lines."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from loaders.formats.cloudtrail import KIND
from tests.loaders.files import load, only, problems, put, records, reports, text

ACCOUNT = "123456789012"
GROUP = f"{ACCOUNT}/us-east-1/CloudTrail"


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/jo",
            "accountId": ACCOUNT,
            "userName": "jo",
        },
        "eventTime": f"2026-01-15T09:58:{number:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli/2",
        "requestParameters": {"bucketName": "b"},
        "responseElements": None,
        "readOnly": True,
        "eventID": f"0a1b2c3d-0000-4000-8000-{number:012d}",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    } | changes


def document(*events: object) -> bytes:
    return json.dumps({"Records": events}, separators=(",", ":")).encode()


def raw_document(*events: str) -> bytes:
    return ('{"Records":[' + ",".join(events) + "]}").encode()


def delivery(
    time: str = "20260115T1000Z", code: str = "aB3dE6gH9jK2mN5p", service: str = "CloudTrail"
) -> str:
    return f"{ACCOUNT}_{service}_us-east-1_{time}_{code}.json.gz"


def test_a_delivery_gives_what_every_event_has_a_column_and_keeps_the_event(tmp_path):
    denied = event(errorCode="AccessDenied", errorMessage="no")
    put(tmp_path, delivery(), gzip.compress(document(denied)))
    dataset = load(tmp_path)
    assert (only(dataset).format, only(dataset).state) == ("cloudtrail", "complete")
    (record,) = dataset.parts[0].frame.drop("_file").to_dicts()
    assert json.loads(record.pop("message")) == denied
    assert record == {
        "_line": 1,
        "eventName": "GetObject",
        "eventSource": "s3.amazonaws.com",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli/2",
        "userIdentity.type": "IAMUser",
        "userIdentity.arn": f"arn:aws:iam::{ACCOUNT}:user/jo",
        "userIdentity.userName": "jo",
        "userIdentity.accountId": ACCOUNT,
        "errorCode": "AccessDenied",
        "errorMessage": "no",
        "eventID": "0a1b2c3d-0000-4000-8000-000000000001",
        "eventType": "AwsApiCall",
        "readOnly": "true",
        "recipientAccountId": ACCOUNT,
        "log_group": GROUP,
        "log_stream": f"{ACCOUNT}_CloudTrail_us-east-1",
        "timestamp": datetime(2026, 1, 15, 9, 58, 1, tzinfo=UTC),
    }


def test_parameters_may_differ_from_event_to_event(tmp_path):
    shapes = [None, "text", {"a": {"b": [1, None]}}, {"a": "text"}, [1]]
    put(tmp_path, "t.json", document(*(event(n, requestParameters=shape) for n, shape in enumerate(shapes))))
    kept = [json.loads(message)["requestParameters"] for message in records(load(tmp_path), "message")]
    assert kept == shapes


def test_an_identity_that_is_none_or_text_has_no_parts(tmp_path):
    put(tmp_path, "t.json", document(event(1, userIdentity=None), event(2, userIdentity="root"), event(3)))
    assert records(load(tmp_path), "userIdentity.type") == [None, None, "IAMUser"]


@pytest.mark.parametrize(
    "content", [b'{"Records":[]}', b'{"Records": null}\n', b'\xef\xbb\xbf{ "Records" : [ ] }']
)
def test_a_document_without_events_is_complete(tmp_path, content):
    put(tmp_path, delivery(), gzip.compress(content))
    report = only(load(tmp_path))
    assert (report.format, report.state, report.records) == ("cloudtrail", "complete", 0)


@pytest.mark.parametrize(
    ("after", "left"),
    [
        ('{"Records":', 0),
        ('"eventTime"', 0),
        ('"recipientAccountId":"123456789012"', 0),
        ("}", 0),
        ("},{", 1),
        ("]", 2),
    ],
)
def test_a_document_that_is_cut_off_gives_its_whole_events(tmp_path, after, left):
    whole = document(event(1), event(2))
    end = (whole.rindex if after == "]" else whole.index)(after.encode()) + len(after)
    put(tmp_path, "t.json", whole[:end])
    report = only(load(tmp_path))
    assert (report.state, report.records) == ("incomplete", left)
    assert report.reason == "the JSON ends too early: the file is not complete"


def test_a_delivery_whose_packing_is_cut_off_gives_its_whole_events(tmp_path):
    packed = gzip.compress(document(*(event(n % 60, eventID=f"{n:036}") for n in range(300))))
    put(tmp_path, delivery(), packed[: len(packed) // 2])
    report = only(load(tmp_path))
    assert (report.state, report.reason) == (
        "incomplete",
        "the gzip data ends too early: the file is not complete",
    )
    assert 50 < report.records < 300


def test_an_event_that_is_no_json_is_named_and_the_next_ones_are_read(tmp_path):
    first, last = json.dumps(event(1)), json.dumps(event(2))
    put(tmp_path, "t.json", raw_document(first, '{"a": bad, "b": "]}\\"{"}', "5", "null", last))
    dataset = load(tmp_path)
    assert only(dataset).state == "complete"
    assert problems(dataset) == [
        ("t.json", 2, "not valid JSON"),
        ("t.json", 3, "not a JSON object"),
        ("t.json", 4, "not a JSON object"),
    ]
    assert records(dataset, "line", "timestamp") == [
        (1, datetime(2026, 1, 15, 9, 58, 1, tzinfo=UTC)),
        (5, datetime(2026, 1, 15, 9, 58, 2, tzinfo=UTC)),
    ]


def test_json_that_no_reader_likes_harms_no_other_event(tmp_path):
    first, last = json.dumps(event(1)), json.dumps(event(9))
    deep = '{"x":' * 10_000 + "1" + "}" * 10_000
    less_deep = '{"x":' * 200 + "1" + "}" * 200
    half = json.dumps(event(2)).replace("GetObject", r"Get\ud800Object")
    twice = json.dumps(event(3)).replace('"GetObject"', '"First", "eventName": "Last"')
    put(tmp_path, "t.json", raw_document(first, deep, less_deep, '{"x": NaN}', half, twice, last))
    dataset = load(tmp_path)
    assert problems(dataset) == [
        ("t.json", 2, "nested too deeply to be read"),
        ("t.json", 3, "nested too deeply to be read"),
    ]
    assert records(dataset, "line", "eventName") == [
        (1, "GetObject"),
        (4, None),
        (5, r"Get\ud800Object"),
        (6, "Last"),
        (7, "GetObject"),
    ]


@pytest.mark.parametrize("number", ["9" * 30, "9" * 300, "9" * 6000, "1e999", "NaN", "-Infinity"])
def test_a_number_that_no_column_can_hold_is_kept_as_text(tmp_path, number):
    put(
        tmp_path,
        "t.json",
        raw_document(json.dumps(event(1, size=0)).replace('"size": 0', f'"size": {number}')),
    )
    dataset = load(tmp_path)
    assert records(dataset, "eventName") == ["GetObject"]
    assert json.loads(records(dataset, "message")[0])["size"] == number
    assert f'"size": {number}' in dataset.raw(0, 1)


def test_bytes_that_are_no_text_harm_no_event(tmp_path):
    put(tmp_path, "t.json", document(event()).replace(b"aws-cli/2", b"aws\xff\xfe"))
    assert records(load(tmp_path), "userAgent") == [r"aws\xff\xfe"]


def test_documents_one_after_another_count_their_events_through(tmp_path):
    put(tmp_path, "all.json", document(event(1), event(2)) + b"\n" + document() + document(event(3)))
    dataset = load(tmp_path)
    assert only(dataset).state == "complete"
    assert records(dataset, "line") == [1, 2, 3]


def test_a_document_with_more_than_the_list_is_read(tmp_path):
    put(tmp_path, "t.json", b'{"Records":[%s],"more":{"x":[1,"]}"]}}' % json.dumps(event()).encode())
    assert (only(load(tmp_path)).state, only(load(tmp_path)).records) == ("complete", 1)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (b"xyz", "something that is not a list of events follows the events"),
        (b'{"Another":1}', "something that is not a list of events follows the events"),
        (b'{"Records":[nothing]}', "what follows the events is not valid JSON"),
    ],
)
def test_what_follows_the_events_is_not_passed_over_in_silence(tmp_path, after, reason):
    put(tmp_path, "t.json", document(event()) + after)
    report = only(load(tmp_path))
    assert (report.state, report.reason, report.records) == ("incomplete", reason, 1)


def test_an_event_can_be_fetched_as_it_stands_in_the_file(tmp_path):
    put(tmp_path, "t.json", json.dumps({"Records": [event(1), event(2, eventName="Ü")]}, indent=1).encode())
    dataset = load(tmp_path)
    (number,) = dataset.files
    raw = dataset.raw(number, 2)
    assert raw
    assert json.loads(raw) == event(2, eventName="Ü")
    assert dataset.raw(number, 3) is None


def test_an_event_that_two_files_deliver_is_one_record(tmp_path):
    put(tmp_path, delivery(), gzip.compress(document(event(1), event(2))))
    put(tmp_path, delivery("20260115T0955Z", "b"), gzip.compress(document(event(2), event(3))))
    dataset = load(tmp_path)
    assert dataset.height == 3
    assert sum(report.repeated for report in dataset.files.values()) == 1


def test_events_of_one_made_up_id_are_all_records(tmp_path):
    made_up = "11111111-1111-1111-1111-111111111111"
    put(tmp_path, "t.json", document(event(1, eventID=made_up), event(2, eventID=made_up)))
    put(tmp_path, "u.json", document(*[event(1, eventID="1")] * 2))
    assert load(tmp_path).height == 4


@pytest.mark.parametrize(
    "service", ["CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"]
)
def test_the_kin_of_a_trail_is_read_as_a_trail(tmp_path, service):
    put(tmp_path, delivery(service=service), gzip.compress(document(event())))
    dataset = load(tmp_path)
    assert only(dataset).format == "cloudtrail"
    assert records(dataset, "log_group") == [f"{ACCOUNT}/us-east-1/{service}"]


def test_an_insight_names_its_source_further_down_and_is_an_event_all_the_same(tmp_path):
    insight = {
        "eventVersion": "1.07",
        "eventTime": "2026-01-15T09:58:00Z",
        "eventType": "AwsCloudTrailInsight",
        "insightDetails": {"eventName": "RunInstances"},
    }
    put(tmp_path, "insight.json", document(insight))
    put(tmp_path, "insight.jsonl", text(json.dumps(insight)))
    found = reports(load(tmp_path))
    assert {name: report.format for name, report in found.items()} == {
        "insight.json": "cloudtrail",
        "insight.jsonl": "cloudtrail-lines",
    }


def test_events_as_lines_are_read_and_broken_ones_named(tmp_path):
    whole = json.dumps(event(1))
    put(tmp_path, "trail.jsonl", text(whole, whole[:80], json.dumps(event(2))))
    dataset = load(tmp_path)
    assert only(dataset).format == "cloudtrail-lines"
    assert problems(dataset) == [("trail.jsonl", 2, "not valid JSON")]
    assert records(dataset, "line", "log_stream") == [(1, "trail.jsonl"), (3, "trail.jsonl")]


@pytest.mark.parametrize("source", ["aws:s3", "aws:dynamodb"])
def test_what_s3_or_a_table_tells_a_function_is_no_event(tmp_path, source):
    told = event(eventSource=source)
    put(tmp_path, "t.json", document(told))
    assert only(load(tmp_path)).format != "cloudtrail"
    assert KIND.fit([json.dumps(told)]) is None
    assert KIND.fit([json.dumps(event())]) == ()


@pytest.mark.parametrize(
    "content", [b'{"Records":5}', b'{"Records":[1]}', b'{"Records":[{"a":1}]}', b'{"Records":{}}']
)
def test_records_of_something_else_are_no_trail(tmp_path, content):
    put(tmp_path, "t.json", content)
    assert only(load(tmp_path)).format != "cloudtrail"


def test_a_first_event_longer_than_what_is_looked_at_is_still_an_event(tmp_path):
    put(tmp_path, "t.json", document(event(requestParameters={"x": "y" * 100_000})))
    assert (only(load(tmp_path)).format, only(load(tmp_path)).records) == ("cloudtrail", 1)
