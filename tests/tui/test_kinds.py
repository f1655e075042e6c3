"""How every kind of record is shown: columns, sentence, fields; and that no message stops the pane."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from loaders.dataset import Dataset
from loaders.parts import MemoryPart
from loaders.schema import TIME
from query.scope import Scope
from query.view import look
from tests.tui.conftest import BEGIN, WIDE, explorer_on, lines_in, settled
from tui.kinds import telling
from tui.kinds.base import time_column
from tui.kinds.documents import flatten, parse
from tui.widgets.record_pane import RecordPane
from tui.widgets.record_table import RecordSource

AT = datetime.fromtimestamp(BEGIN, UTC)
ENVELOPE = {"log_group": "g", "log_stream": "s", "timestamp": AT}
LOST = ("no_route", "blackhole", "mtu_exceeded", "ttl_expired")


def part(kind, *rows, **dtypes):
    """A part of a data set made by hand."""
    whole = [{"_file": 0, "_line": number} | row | ENVELOPE for number, row in enumerate(rows, 1)]
    labels = {"log_group": pl.Categorical(), "log_stream": pl.Categorical(), "timestamp": TIME}
    numbers = {"_file": pl.UInt32(), "_line": pl.UInt32()}
    return MemoryPart.of(kind, pl.DataFrame(whole, schema_overrides=labels | numbers | dtypes))


def source(*parts, **scope):
    return RecordSource(look(Dataset(parts=tuple(parts)), Scope(**scope)))


def cells(records, number=0):
    """A row of a table by the titles of its columns."""
    row = records.window(number, 1)[0]
    return dict(zip((column.key for column in records.columns), row.cells, strict=True))


def told(row):
    """The explanation by label: value and note."""
    lines = telling(row["format"]).explain(row)
    assert all(line.value for line in lines), "nothing empty is said"
    return {line.label: (line.value, line.note) for line in lines}


def headline(row):
    return telling(row["format"]).headline(row)


def outcome(row):
    return str(telling(row["format"]).outcome(row))


def query(**fields):
    """A query to a resolver, as its loader has it."""
    row = {
        "version": "1.100000",
        "account_id": "111122223333",
        "region": "us-east-1",
        "vpc_id": "vpc-1",
        "query_name": "example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": '[{"Rdata":"203.0.113.9","Type":"A","Class":"IN"}]',
        "answer": "203.0.113.9",
        "srcaddr": "10.0.1.10",
        "srcport": 56067,
        "transport": "UDP",
        "srcids.instance": "i-0abc",
        "firewall_rule_action": None,
        "message": '{"query_name":"example.com.","srcids":{"instance":"i-0abc","resolver_endpoint":"rslvr-in-1"}}',
    }
    return row | {"format": "resolver-query"} | ENVELOPE | fields


def call(**fields):
    """A CloudTrail event, as its loader has it."""
    row = {
        "eventName": "UpdateFunctionCode",
        "eventSource": "lambda.amazonaws.com",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli/2.13.0",
        "userIdentity.type": "IAMUser",
        "userIdentity.arn": "arn:aws:iam::111122223333:user/john",
        "userIdentity.userName": "john",
        "userIdentity.accountId": "111122223333",
        "errorCode": None,
        "errorMessage": None,
        "eventID": "e-1",
        "eventType": "AwsApiCall",
        "readOnly": "false",
        "recipientAccountId": "111122223333",
        "message": '{"eventName":"UpdateFunctionCode","requestParameters":{"functionName":"shop"}}',
    }
    return row | {"format": "cloudtrail"} | ENVELOPE | fields


def of_kind(kind, message):
    return {"message": message, "format": kind} | ENVELOPE


# -- resolver queries ----------------------------------------------------------------------------------------


def test_a_query_that_found_nothing_says_who_asked_for_what_and_what_the_code_means():
    row = query(query_name="nope.example.com.", rcode="NXDOMAIN", answers="[]", answer=None)
    assert headline(row) == "vpc-1's i-0abc asked for nope.example.com (A): NXDOMAIN, no such name."
    assert outcome(row) == "✗ NXDOMAIN"
    assert told(row)["rcode"] == ("✗ NXDOMAIN", "no such name")
    assert "answer" not in told(row)


def test_a_query_that_was_answered_says_what_the_answer_was():
    assert headline(query()) == "vpc-1's i-0abc asked for example.com (A): 203.0.113.9."
    assert outcome(query()) == "✓ NOERROR"
    said = told(query())
    assert said["type"] == ("A", "IPv4 address")
    assert said["answer"] == ("203.0.113.9", "A")
    assert said["asked from"] == ("10.0.1.10:56067", "private")
    assert said["srcids.resolver_endpoint"][0] == "rslvr-in-1", "what has no column is told from the message"
    assert "srcids.instance" not in said
    assert "class" not in said, "the internet's class goes without saying"


def test_a_name_without_such_a_record_is_not_a_name_that_is_missing():
    row = query(query_type="AAAA", answers="[]", answer=None)
    assert headline(row).endswith("example.com (AAAA): NOERROR, but no record of this type.")
    assert told(row)["answer"][0] == "none"


@pytest.mark.parametrize(
    ("action", "rcode", "shown", "meaning"),
    [
        ("BLOCK", "NODATA", "✗ BLOCK", "blocked"),
        ("ALERT", "NOERROR", "! ALERT", "let it pass"),
        ("ALLOW", "NOERROR", "✓ NOERROR", "let it pass"),
    ],
)
def test_what_the_firewall_did_is_seen_at_once(action, rcode, shown, meaning):
    row = query(firewall_rule_action=action, rcode=rcode)
    assert outcome(row) == shown
    assert meaning in told(row)["firewall"][1]
    assert ("blocked by the DNS firewall" in headline(row)) == (action == "BLOCK")


def test_many_answers_are_counted_and_not_all_listed():
    answers = json.dumps([{"rdata": f"203.0.113.{number}", "answer_type": "A"} for number in range(30)])
    row = query(answers=answers)
    assert headline(row).endswith("203.0.113.0 and 29 more.")
    values = [line.value for line in telling("resolver-query").explain(row)]
    assert "… 10 more answers" in values


@pytest.mark.parametrize(
    "answers", ["", "null", "{}", '{"Rdata":"203.0.113.9"}', "[1,null]", "nonsense", "[" * 9999]
)
def test_answers_of_any_shape_are_told_without_a_fault(answers):
    row = query(answers=answers)
    assert "203.0.113.9" in headline(row), "the loader's own answer stands in"
    assert told(row)["answer"][0] == "203.0.113.9"


def test_a_resolver_s_table_shows_outcome_name_type_answer_source_instance():
    records = source(part("resolver-query", query(), query(firewall_rule_action="BLOCK")))
    assert cells(records) == {
        "time": "10:00:00",
        "outcome": "✓ NOERROR",
        "name": "example.com.",
        "type": "A",
        "answer": "203.0.113.9",
        "source": "10.0.1.10",
        "instance": "i-0abc",
    }
    assert [row.tone for row in records.window(0, 2)] == ["accept", "reject"]


# -- public zones --------------------------------------------------------------------------------------------


def asked(**fields):
    row = {
        "version": "1.0",
        "hosted_zone_id": "Z1",
        "query_name": "example.com",
        "query_type": "AAAA",
        "rcode": "NOERROR",
        "transport": "TCP",
        "edge_location": "IAD12",
        "resolver_ip": "192.168.3.1",
        "edns_client_subnet": "192.168.222.0/24",
    }
    return row | {"format": "public-zone-query"} | ENVELOPE | fields


def test_a_query_to_a_public_zone_is_told_in_words():
    assert headline(asked()) == (
        "resolver 192.168.3.1 at IAD12 asked for 192.168.222.0/24 for example.com (AAAA): NOERROR, answered."
    )
    assert headline(asked(rcode="REFUSED", edns_client_subnet=None, edge_location=None)) == (
        "resolver 192.168.3.1 asked for example.com (AAAA): REFUSED, the server would not answer."
    )
    assert told(asked())["edge"][0] == "IAD12"
    assert cells(source(part("public-zone-query", asked(rcode="NXDOMAIN")))) == {
        "time": "10:00:00",
        "rcode": "✗ NXDOMAIN",
        "name": "example.com",
        "type": "AAAA",
        "edge": "IAD12",
        "resolver": "192.168.3.1",
    }


# -- CloudTrail ----------------------------------------------------------------------------------------------


def test_a_call_that_was_refused_says_who_called_what_from_where():
    row = call(errorCode="AccessDenied", errorMessage="not authorized")
    assert headline(row) == "john called lambda:UpdateFunctionCode from 203.0.113.9: AccessDenied."
    assert outcome(row) == "✗ AccessDenied"
    said = told(row)
    assert said["error"][0] == "✗ AccessDenied: not authorized"
    assert said["event"] == ("UpdateFunctionCode", "may change something")
    assert said["requestParameters.functionName"][0] == "shop"


def test_a_call_that_went_well_says_so():
    assert headline(call()) == "john called lambda:UpdateFunctionCode from 203.0.113.9."
    assert outcome(call()) == "✓ ok"
    assert outcome(call(errorMessage="Failed authentication")) == "✗ failed"


@pytest.mark.parametrize(
    ("name", "arn", "sort", "who"),
    [
        ("john", "arn:aws:iam::1:user/john", "IAMUser", "john"),
        (None, "arn:aws:sts::1:assumed-role/deploy/session-1", "AssumedRole", "session-1"),
        (None, "arn:aws:iam::1:root", "Root", "root"),
        (None, None, "AWSService", "AWSService"),
        (None, None, None, "Somebody"),
    ],
)
def test_who_called_is_known_by_name_else_by_arn_else_by_sort(name, arn, sort, who):
    row = call(**{"userIdentity.userName": name, "userIdentity.arn": arn, "userIdentity.type": sort})
    assert headline(row).startswith(f"{who} called ")


def test_cloudtrail_s_table_shows_outcome_event_service_who_from_region():
    assert cells(source(part("cloudtrail", call(errorCode="AccessDenied")))) == {
        "time": "10:00:00",
        "outcome": "✗ AccessDenied",
        "event": "UpdateFunctionCode",
        "service": "lambda",
        "who": "john",
        "from": "203.0.113.9",
        "region": "us-east-1",
    }


def test_a_column_of_several_fields_filters_by_the_one_that_is_shown():
    row = call(**{"userIdentity.userName": None})
    who = next(column for column in source(part("cloudtrail", row)).records if column.column.key == "who")
    assert who.field_of(call()) == "userIdentity.userName"
    assert who.field_of(row) == "userIdentity.arn"
    assert who.field == "userIdentity.userName", "it sorts by the first"


# -- JSON and text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "level", "summary"),
    [
        ('{"level":"error","msg":"no\\nroute"}', "✗ error", "no route"),
        ('{"severity":"WARNING","message":"slow"}', "! WARNING", "slow"),
        ('{"level":"info","message":{"a":1}}', "  info", '{"level":"info","message":{"a":1}}'),
        ('{"log":{"level":"fatal"},"message":" "}', "✗ fatal", '{"log":{"level":"fatal"},"message":" "}'),
        ('{"level":{},"a":1}', "", '{"level":{},"a":1}'),
        ("START RequestId: 1", "", "START RequestId: 1"),
        ("[1]", "", "[1]"),
    ],
)
def test_json_is_summed_up_by_what_the_program_says(message, level, summary):
    shown = cells(source(part("json", of_kind("json", message))))
    assert (shown["level"], shown["message"]) == (level, summary)


def test_the_level_of_json_is_a_field_to_filter_and_to_sort_by():
    messages = ('{"level":"warn"}', '{"level":"error","a":1}', '{"severity":"b"}', '{"log":{"level":"c"}}')
    records = source(part("json", *(of_kind("json", message) for message in messages)), sort="level")
    level = next(column for column in records.records if column.column.key == "level")
    rows = [row.record for row in records.window(0, 4)]
    assert rows[0]["message"] == messages[0], "from the last in the alphabet"
    assert records.sorted_by == ("level", True)
    inside = [level.inside(row) for row in rows]
    assert inside == [("level", "warn"), ("level", "error"), ("severity", "b"), ("log.level", "c")]
    for name, word in inside:
        assert source(*records.view.dataset.parts, filter=f'{name} = "{word}"').height == 1


def test_the_fields_of_json_are_told_by_their_dotted_paths():
    message = '{"a":{"b":[{"c":1.50},null,true]},"empty":{},"big":123456789012345678901234567890,"s":""}'
    assert {
        label: value for label, (value, _) in told(of_kind("json", message)).items() if label != "time"
    } == {
        "a.b.0.c": "1.50",
        "a.b.1": "null",
        "a.b.2": "true",
        "empty": "{}",
        "big": "123456789012345678901234567890",
        "s": '""',
    }


def test_of_very_many_fields_two_hundred_lines_are_told_and_the_rest_is_counted():
    lines = telling("json").explain(
        of_kind("json", json.dumps({f"k{number}": number for number in range(500)}))
    )
    assert len(lines) == 1 + 200
    assert (lines[-1].label, lines[-1].value) == ("…", "301 more fields")


HOSTILE_JSON = {
    "deep": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "nested as far as it goes": '{"a":' * 400 + "1" + "}" * 400,
    "cut off": '{"a": [1, 2',
    "lone surrogate": '{"a":"\\ud800"}',
    "escapes": '{"\\u001b[2J":"\\u001b]52;c;x\\u0007"}',
    "markup": '{"[/x]":"[red]","[@click=app.quit]":1}',
    "not a number": '{"a":NaN,"b":-Infinity}',
    "a huge number": '{"a":' + "9" * 10_000 + "}",
    "twice": '{"a":1,"a":2}',
    "long": '{"a":"' + "x" * 300_000 + '"}',
    "wide": "日本語" * 1_000,
    "nothing": "",
    "scalar": "1",
}


@pytest.mark.parametrize("message", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
@pytest.mark.parametrize("kind", ["json", "text", "cloudtrail", "resolver-query", "results", "unheard of"])
def test_no_message_stops_the_explanation(kind, message):
    row = of_kind(kind, message)
    shown = telling(kind)
    assert shown.headline(row)
    assert len(shown.explain(row)) <= 202
    assert all(isinstance(column.text(row), str) for column in shown.columns(["message"]))


def test_of_a_key_that_is_there_twice_the_last_counts():
    assert list(flatten(parse('{"a":1,"a":2}'))) == [("a", "2")]


def test_a_long_text_is_told_to_a_bound_and_what_is_missing_is_counted():
    lines = {line.label: line for line in telling("text").explain(of_kind("text", "x" * 100_000))}
    assert len(lines["message"].value) == 65_536
    assert "34,464 more characters" in lines["message"].note


def test_a_text_that_its_headline_says_in_full_is_not_said_twice():
    assert told(of_kind("text", "short")).keys() == {"time"}
    assert told(of_kind("text", "first\nsecond")).keys() == {"time", "message"}


# -- results, several kinds, transit gateways -----------------------------------------------------------------


def test_results_show_their_own_columns_in_their_own_order():
    row = {"zone": "b", "hits": "12", "a": "x", "_ptr": "p", "format": "results"} | ENVELOPE
    del row["format"]
    records = source(part("results", row))
    assert list(cells(records)) == ["time", "zone", "hits", "a"]
    row["format"] = "results"
    assert headline(row) == "zone b, hits 12, a x"
    assert told(row).keys() == {"time", "zone", "hits", "a"}


def test_records_of_several_kinds_stand_in_one_table_with_a_sentence_each():
    """Their columns of one name hold different things: a number here, a text there."""
    flow = {"version": 2, "srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "action": "REJECT"}
    records = source(part("flow-log", flow, version=pl.Int32()), part("resolver-query", query()))
    first, second = cells(records, 0), cells(records, 1)
    assert list(first) == ["time", "kind", "", "what"]
    assert (first["kind"], first[""]) == ("flow-log", "✗")
    assert first["what"] == "Traffic from 10.0.0.1 to 10.0.0.2 was refused."
    assert (second["kind"], second[""]) == ("resolver-query", "✓")
    assert [row.record["version"] for row in records.window(0, 2)] == [2, "1.100000"]


def test_a_view_of_one_kind_among_several_has_that_kind_s_columns():
    flow = part("flow-log", {"srcaddr": "10.0.0.1", "action": "ACCEPT"}, srcaddr=pl.String())
    records = source(flow, part("text", of_kind("text", "hello")), filter='srcaddr = "10.0.0.1"')
    assert "source" in [column.key for column in records.columns]
    assert "kind" not in [column.key for column in records.columns]


def transit(**fields):
    row = {
        "tgw_attachment_id": "tgw-attach-1",
        "tgw_src_vpc_id": "vpc-a",
        "tgw_dst_vpc_id": "vpc-b",
        "srcaddr": "10.1.0.5",
        "dstaddr": "10.2.0.9",
        "srcport": 44321,
        "dstport": 443,
        "protocol": 6,
        "bytes": 4096,
        "log_status": "OK",
    }
    return row | {f"packets_lost_{why}": 0 for why in LOST} | fields


def test_a_transit_gateway_shows_what_it_lost_where_an_action_would_stand():
    rows = (
        transit(),
        transit(packets_lost_blackhole=11, packets_lost_no_route=1),
        transit(log_status="NODATA"),
    )
    records = source(part("flow-log", *rows))
    shown = cells(records, 1)
    assert "action" not in shown
    assert shown["attachment"] == "tgw-attach-1"
    assert (shown["source VPC"], shown["target VPC"], shown["bytes"]) == ("vpc-a", "vpc-b", "4.1 kB")
    assert [cells(records, number)["lost"].strip() for number in range(3)] == ["0", "✗ 12", "· NODATA"]
    assert [row.tone for row in records.window(0, 3)] == ["", "reject", "dim"]


def test_a_transit_gateway_says_why_it_lost_packets():
    row = transit(packets_lost_blackhole=11, packets_lost_no_route=1) | ENVELOPE | {"format": "flow-log"}
    assert headline(row).endswith("was seen. 12 packets were lost: no route, a blackhole route.")
    assert outcome(row) == "✗ LOST"
    assert "lost" not in headline(transit() | {"format": "flow-log"})


# -- the pane ------------------------------------------------------------------------------------------------


async def test_the_pane_shows_messages_whole_with_their_own_lines_and_harmless(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        pane = explorer.query_one(RecordPane)
        pane.explain(of_kind("text", "first [/x]\n\tsecond \x1b[2J\n" + "word " * 30 + "end"), "f:1")
        await pilot.pause()
        shown = lines_in(app, pane)
        assert shown[0].startswith("first [/x] second ␛[2J word")
        assert "second ␛[2J" in shown
        assert any(row.startswith("word") and row.endswith("end") for row in shown[3:]), shown
        assert not any(row.startswith("raw") for row in shown), "it has been shown"


async def test_the_pane_quotes_a_message_as_it_was_logged_and_breaks_long_labels(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        pane = explorer.query_one(RecordPane)
        label = ".".join(["deeper"] * 9)
        message = json.dumps({"deeper": parse('{"deeper":' * 8 + '"bottom"' + "}" * 8), "x": "y"})
        pane.explain(of_kind("json", message), "f:1")
        await pilot.pause()
        shown = lines_in(app, pane)
        at = shown.index(label)
        assert shown[at + 1] == "bottom"
        assert any(row.startswith("raw") and '{"deeper"' in row for row in shown)


def test_times_carry_as_much_of_the_date_as_the_records_differ_in():
    moment = datetime(2026, 1, 15, 10, 2, 11, tzinfo=UTC)
    shown = [
        time_column(dated=dated, years=years).text({"timestamp": moment})
        for dated, years in ((False, False), (True, False), (True, True))
    ]
    assert shown == ["10:02:11", "01-15 10:02:11", "2026-01-15 10:02:11"]
