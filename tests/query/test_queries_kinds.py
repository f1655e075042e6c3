"""Queries over records of several kinds, in a scope, of nothing, and over values that bite."""

from __future__ import annotations

import json

import polars as pl
import pytest

from loaders.run import Cancelled, Ticket
from query.scope import Scope
from tests.loaders.files import NAMES, nodata, put, record, text
from tests.query.asking import BEGIN, MINUTE, ask, at, flow_log, json_log, read, rows, six_flows


@pytest.fixture
def flows(tmp_path):
    return six_flows(tmp_path)


# -- records of several kinds --------------------------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path):
    """Flow logs of two formats, CloudTrail and JSON, which name things alike."""
    flow_log(tmp_path / "flows", record(bytes=100), record(bytes=2_000, action="REJECT"), nodata())
    longer = [*NAMES, "tcp-flags", "pkt-srcaddr"]
    flow_log(
        tmp_path / "more",
        record(longer, bytes=30, tcp_flags=2, pkt_srcaddr="10.9.9.9"),
        header=" ".join(longer),
    )
    event = {
        "eventVersion": "1.08",
        "eventTime": "2026-01-15T10:00:30Z",
        "eventName": "RunInstances",
        "eventSource": "ec2.amazonaws.com",
        "awsRegion": "us-east-1",
        "requestParameters": {"count": 3},
    }
    put(
        tmp_path,
        "trail/123456789012_CloudTrail_us-east-1_20260115T1000Z_abcdefgh.json",
        json.dumps({"Records": [event]}).encode(),
    )
    json_log(
        tmp_path / "app", {"bytes": 7, "action": "REJECT"}, {"status": 200}, {"bytes": 1.5, "tcpFlags": "2"}
    )
    return tmp_path


def test_no_record_of_any_kind_is_lost(mixed):
    dataset = read(mixed)
    assert rows(dataset, "stats count(*)") == [8]
    assert len(rows(dataset, "fields @message")) == 8
    assert sum(count for _, count in rows(dataset, "stats count(*) by @log")) == 8


def test_a_field_means_the_same_in_all_kinds_and_numbers_stay_numbers(mixed):
    dataset = read(mixed)
    assert rows(dataset, "stats sum(bytes), count(bytes)") == [(100 + 2_000 + 30 + 7 + 1.5, 5)]
    assert rows(dataset, "filter bytes > 20 | sort bytes | display bytes") == [30, 100, 2_000]
    assert rows(dataset, "filter action = 'REJECT' | stats count(*)") == [2]
    assert rows(dataset, "filter tcpFlags = 2 | stats count(*)") == [2]
    assert rows(dataset, "stats count(*) as n by eventName") == [(None, 7), ("RunInstances", 1)]
    assert rows(dataset, "filter requestParameters.count >= 3 | stats count(*)") == [1]
    assert rows(dataset, "fields bytes * 2 as twice | stats max(twice)") == [4_000]


def test_whole_numbers_of_flow_logs_stay_whole_where_messages_spell_none_but_whole_ones(mixed):
    for name in ("app.jsonl",):
        (mixed / "app" / name).unlink()
    json_log(mixed / "app", {"bytes": 7, "action": "REJECT"}, {"status": 200})
    frame = ask(read(mixed), "fields bytes | sort bytes desc").frame
    assert frame["bytes"].dtype == pl.Int64
    assert frame["bytes"].drop_nulls().to_list() == [2_000, 100, 30, 7]


def test_where_a_message_holds_other_text_all_values_are_text_and_still_count(mixed):
    json_log(mixed / "other", {"bytes": "a lot"}, name="other.jsonl")
    dataset = read(mixed)
    found = rows(dataset, "sort bytes | display bytes")
    assert found == [None] * 3 + ["a lot", "1.5", "7", "30", "100", "2000"]
    assert rows(dataset, "stats sum(bytes), max(strlen(bytes))") == [(2138.5, 5)]


# -- scope ---------------------------------------------------------------------------------------------------


def test_the_scope_applies_before_the_query(mixed):
    dataset = read(mixed)
    count = "stats count(*)"
    assert rows(dataset, count, Scope(group="flows")) == [3]
    assert rows(dataset, count, Scope(group="app", stream="app.jsonl")) == [3]
    assert rows(dataset, count, Scope(stream="nosuch")) == [0]
    assert rows(dataset, count, Scope(since=at(0) + MINUTE / 2)) == [3]
    assert rows(dataset, count, Scope(until=at(1))) == [6]
    assert rows(dataset, count, Scope(since=at(1), until=at(2))) == [1]
    assert rows(dataset, count, Scope(filter="reject")) == [2]
    assert rows(dataset, count, Scope(group="flows", filter="reject or bytes = 100")) == [2]
    assert rows(dataset, f"filter bytes < 1000 | {count}", Scope(filter="reject # only these")) == [1]


EMPTY = {
    "fields srcAddr, bytes": [],
    "stats count(*), sum(bytes), min(srcAddr)": [(0, None, None)],
    "stats count(*), max(bytes) by srcAddr, bin(5m)": [],
    "stats count(*) as n by bin(5m) | fillmissing with 0 for n": [],
    "stats count(*) as n by action | addtotals col=true": [(None, None, None)],
    "sort bytes desc | dedup srcAddr": [],
    "parse @message '* *' as a, b | stats count(*) by a": [],
    "fields jsonParse(@message) as js | unnest js.a into b | display b": [],
    "pattern @message": [],
    "stats count(*) as n by action | stats max(n)": [None],
}


@pytest.mark.parametrize("text", EMPTY)
def test_of_no_records_there_is_an_answer_too(mixed, text: str):
    dataset = read(mixed)
    for scope in (Scope(group="nosuch"), Scope(filter="bytes < 0"), Scope(until=BEGIN - MINUTE)):
        assert rows(dataset, text, scope) == EMPTY[text]


def test_nobody_waits_for_an_answer_that_is_not_wanted_any_more(flows):
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        ask(flows, "stats count(*)", ticket=ticket)


# -- values that bite ----------------------------------------------------------------------------------------

HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07",
    "'; drop table logs; --",
    'say "x" \\ and \\n',
    "=cmd|'/c calc'!A0",
    "\u202eright to left\u2069",
    "nan",
    "inf",
    "1e999",
    "[bold]markup[/]",
    "",
    " ",
    "🤖" * 300,
    "line\nbreak\ttab",
)


def test_hostile_values_are_values_like_any_other(tmp_path):
    dataset = read(json_log(tmp_path, *({"note": note} for note in HOSTILE)))
    assert set(rows(dataset, "display note")) == set(HOSTILE)
    assert dict(rows(dataset, "stats count(*) by note")) == dict.fromkeys(HOSTILE, 1)
    assert len(rows(dataset, "dedup note")) == len(HOSTILE)
    assert rows(dataset, "stats sum(note), avg(note)") == [(None, None)]
    assert len(rows(dataset, "sort note desc | parse note '* *' as a, b")) == len(HOSTILE)


def test_paths_reach_into_maps_and_lists_of_messages(tmp_path):
    put(
        tmp_path,
        "app.jsonl",
        text(
            '{"timestamp": "2026-01-15T10:00:00Z", "a": {"b": [1, {"c": 2}]}}',
            '{"timestamp": "2026-01-15T10:02:00Z", "a": "\\ud800"}',
        ),
    )
    dataset = read(tmp_path)
    assert rows(dataset, "fields a.b[1].c as c | stats sum(c), count(c)") == [(2, 1)]
    assert rows(dataset, "filter a.b.0 = 1 | stats count(*)") == [1]
    assert rows(dataset, "stats count(*)") == [2]


def test_arithmetic_without_a_result_is_null(flows):
    query = "limit 1 | fields 1 / 0 as a, 1 % 0 as b, 9223372036854775807 + 1 as c, 10 ^ 1000 as d, (0 - 4) ^ 0.5 as e"
    assert rows(flows, f"{query} | display a, b, c, d, e") == [(None, None, None, None, None)]


def test_the_fields_of_flowtui_are_worked_out_of_flow_logs_and_in_messages_are_keys_like_any_other(tmp_path):
    answer = record(srcaddr="10.0.0.1", dstaddr="8.8.8.8", srcport=443, dstport=50_000)
    dataset = read(flow_log(tmp_path / "flows", answer), json_log(tmp_path / "app", {"direction": "up"}))
    query = "fields protocolName, srcService, dstService, direction, isReply"
    assert rows(dataset, query, Scope(group="flows")) == [("tcp", "https", None, "egress", 1)]
    assert rows(dataset, query, Scope(group="app")) == [(None, None, None, "up", None)]
    assert rows(dataset, query, Scope(group="nosuch")) == []
