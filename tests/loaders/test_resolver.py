"""Query logs of the Route 53 resolver."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from loaders import kinds
from loaders.formats.resolver_query_log import KIND
from tests.loaders.files import load, only, problems, put, records, text

ACCOUNT, VPC = "123456789012", "vpc-0123456789abcdef0"


def query(**changes: Any) -> dict[str, Any]:
    return {
        "version": "1.100000",
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "vpc_id": VPC,
        "query_timestamp": "2026-01-15T10:00:05Z",
        "query_name": "example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [
            {"Rdata": "203.0.113.9", "Type": "A", "Class": "IN"},
            {"Rdata": "203.0.113.10", "Type": "A", "Class": "IN"},
        ],
        "srcaddr": "10.0.1.10",
        "srcport": "56067",
        "transport": "UDP",
        "srcids": {"instance": "i-0123456789abcdef0"},
    } | changes


def lines(*queries: object) -> bytes:
    return text(*(json.dumps(each) for each in queries))


def test_a_delivery_gives_every_field_a_column(tmp_path):
    name = f"{VPC}_vpcdnsquerylogs_{ACCOUNT}_20260115T1005Z_0a1b2c3d.log.gz"
    blocked = query(
        firewall_rule_action="BLOCK",
        firewall_rule_group_id="rslvr-frg-1",
        firewall_domain_list_id="rslvr-fdl-1",
    )
    put(tmp_path, name, gzip.compress(lines(blocked)))
    dataset = load(tmp_path)
    assert (only(dataset).format, only(dataset).state) == ("resolver-query-log", "complete")
    (record,) = dataset.parts[0].frame.drop("_file", "_line").to_dicts()
    assert json.loads(record.pop("message")) == blocked
    assert json.loads(record.pop("answers")) == blocked["answers"]
    assert record == {
        "version": "1.100000",
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "vpc_id": VPC,
        "query_name": "example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answer": "203.0.113.9",
        "srcaddr": "10.0.1.10",
        "srcport": 56067,
        "transport": "UDP",
        "srcids.instance": "i-0123456789abcdef0",
        "srcids.resolver_endpoint": None,
        "firewall_rule_action": "BLOCK",
        "firewall_rule_group_id": "rslvr-frg-1",
        "firewall_domain_list_id": "rslvr-fdl-1",
        "log_group": f"{ACCOUNT}/vpcdnsquerylogs",
        "log_stream": VPC,
        "timestamp": datetime(2026, 1, 15, 10, 0, 5, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([], None),
        (None, None),
        ([{"rdata": "192.0.2.1", "answer_type": "A"}], "192.0.2.1"),
        ({"Rdata": "192.0.2.2", "Type": "A"}, "192.0.2.2"),
        ({"rdata": "192.0.2.3"}, "192.0.2.3"),
        ("none", None),
        (float("nan"), None),
        (10**400, None),
        ([{"Rdata": 10**30}], str(10**30)),
        ([{"Type": "A"}], None),
    ],
)
def test_the_first_answer_is_found_however_answers_are_written(tmp_path, answers, expected):
    put(tmp_path, "dns.log", lines(query(answers=answers)))
    assert records(load(tmp_path), "answer") == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-01-15T10:00:05Z", "10:00:05.000"),
        ("2026-01-15 10:00:05", "10:00:05.000"),
        ("2026-01-15 10:00:05.123456", "10:00:05.123"),
        ("2026-01-15T12:00:05.5+02:00", "10:00:05.500"),
        ("2026-01-15 05:30:05 -0430", "10:00:05.000"),
        (1768471205, "10:00:05.000"),
        (1768471205123, "10:00:05.123"),
    ],
)
def test_a_time_is_read_however_it_is_written(tmp_path, written, expected):
    put(tmp_path, "dns.log", lines(query(query_timestamp=written)))
    (time,) = records(load(tmp_path), "timestamp")
    assert time.isoformat(timespec="milliseconds") == f"2026-01-15T{expected}+00:00"


@pytest.mark.parametrize("port", ["53", 53])
def test_a_port_is_a_number_whether_it_is_written_as_one_or_as_text(tmp_path, port):
    put(tmp_path, "dns.log", lines(query(srcport=port)))
    assert records(load(tmp_path), "srcport") == [53]


def test_values_of_another_shape_are_null_and_the_message_keeps_them(tmp_path):
    odd = query(srcport="none", srcids="i-1", query_timestamp="never", query_name={"a": 1})
    put(tmp_path, "dns.log", lines(query(), odd))
    dataset = load(tmp_path)
    columns = ("srcport", "srcids.instance", "timestamp", "query_name")
    assert records(dataset, *columns)[1] == (None, None, None, '{"a":1}')
    assert json.loads(records(dataset, "message")[1]) == odd


def test_a_file_lying_about_is_a_stream_by_its_name(tmp_path):
    put(tmp_path, "dns.log", lines(query()))
    assert records(load(tmp_path), "log_stream") == ["dns.log"]


def test_lines_that_are_no_objects_are_named_and_other_objects_kept(tmp_path):
    whole = json.dumps(query())
    put(tmp_path, "dns.log", text(whole, whole[:60], "", '{"another": "log"}', "[1]", "text", whole))
    dataset = load(tmp_path)
    assert problems(dataset) == [
        ("dns.log", 2, "not valid JSON"),
        ("dns.log", 5, "not a JSON object"),
        ("dns.log", 6, "not valid JSON"),
    ]
    assert records(dataset, "line", "rcode") == [(1, "NOERROR"), (4, None), (7, "NOERROR")]


def test_json_that_no_reader_likes_harms_no_other_line(tmp_path):
    whole = json.dumps(query())
    deep = '{"query_name": ' + "[" * 10_000 + "]" * 10_000 + "}"
    half = whole.replace("example.com.", r"x\ud800y\ud83d\ude00")
    huge = whole.replace('"56067"', "9" * 5000)
    twice = whole.replace('"rcode": "NOERROR"', '"rcode": "NOERROR", "rcode": "NXDOMAIN"')
    put(tmp_path, "dns.log", text(whole, deep, half, '{"rcode": NaN}', twice, huge))
    dataset = load(tmp_path)
    assert problems(dataset) == [
        ("dns.log", 2, "nested too deeply to be read"),
    ]
    assert records(dataset, "line", "query_name", "rcode") == [
        (1, "example.com.", "NOERROR"),
        (3, r"x\ud800y" + "\N{GRINNING FACE}", "NOERROR"),
        (4, None, "NaN"),
        (5, "example.com.", "NXDOMAIN"),
        (6, "example.com.", "NOERROR"),
    ]


def test_a_last_line_that_is_still_being_written_is_not_held_against_the_file(tmp_path):
    whole = json.dumps(query())
    put(tmp_path, "dns.log", f"{whole}\n{whole[:50]}".encode())
    report = only(load(tmp_path))
    assert (report.state, report.records) == ("incomplete", 1)


def test_the_packaging_says_what_time_and_stream_a_message_has():
    given = datetime(2026, 1, 15, 11, tzinfo=UTC)
    events = pl.DataFrame(
        {
            "_file": [0, 0],
            "_line": [1, 2],
            "message": [json.dumps(query())] * 2,
            "log_group": ["g", "g"],
            "log_stream": ["s", "s"],
            "timestamp": [given, None],
        },
        schema_overrides={"_file": pl.UInt32, "_line": pl.UInt32, "timestamp": pl.Datetime("ms", "UTC")},
    )
    (parsed,) = kinds.parse(events, None)
    assert parsed.kind == "resolver-query"
    assert parsed.frame["log_stream"].to_list() == ["s", "s"]
    assert parsed.frame["timestamp"].to_list() == [given, datetime(2026, 1, 15, 10, 0, 5, tzinfo=UTC)]


def test_other_json_and_text_about_queries_is_no_query_log():
    assert (
        KIND.fit(["query_timestamp query_name", '["query_timestamp", "query_name"]', '{"query_name": 1}'])
        is None
    )
    assert KIND.fit([json.dumps({"message": json.dumps(query())})]) is None
