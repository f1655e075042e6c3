from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.discovered import discover
from loaders.schema import MESSAGE
from query import names, tree
from query.check import check_filter
from query.errors import QueryError
from query.parse import parse_filter
from query.to_polars import predicate
from tests.query.trees import NAMES, conditions

EVENTS = [
    {
        "userIdentity": {"type": "Root", "sessionContext": {"mfa": True}},
        "requestParameters": {"bucketName": "logs"},
        "answers": [{"Rdata": "10.0.0.1"}, {"Rdata": "203.0.113.9"}],
        "status": 500,
        "took": "12.5",
    },
    {
        "userIdentity": {"type": "IAMUser"},
        "requestParameters": None,
        "answers": [],
        "status": 200,
        "x-y": {"z": "nested"},
        "log.level": "ERROR",
        "http": {"response.status": 404},
        "account": "main",
        "srcAddr": "2001:DB8::0:1",
        "it's": 1,
        "2": {"0": "keys"},
    },
    {
        "requestParameters": "text",
        "x-y.z": "flat",
        "log": {"level": "INFO"},
        "dstaddr": "10.0.0.1",
        "file": "a",
    },
]
CUT = '{"userIdentity":{"type":"Root"},"status":5'
LINES = [*map(json.dumps, EVENTS), CUT, "START RequestId: 1 ERROR", None]


def found(text, frame=None):
    """The numbers of the messages that a filter keeps."""
    frame = pl.DataFrame({"message": LINES}, schema={"message": pl.String}) if frame is None else frame
    kept = frame.with_row_index("n").filter(predicate(parse_filter(text), frame.schema))
    return kept["n"].to_list()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('userIdentity.type = "Root"', [0]),
        ('userIdentity.type != "Root"', [1]),
        ('userIdentity.type in ["Root", "IAMUser"]', [0, 1]),
        ('userIdentity.type not in ["Root"]', [1]),
        ("userIdentity.sessionContext.mfa = 'true'", [0]),
        ("answers.0.Rdata like /^10/", [0]),
        ("answers.1.Rdata like '203.'", [0]),
        ("answers.2.Rdata like /./", []),
        ('requestParameters.bucketName = "logs"', [0]),
        ("ispresent(requestParameters)", [0, 2]),
        ("requestParameters = 'text'", [2]),
        ("status = 500", [0]),
        ("status = '500'", [0]),
        ("status >= 200 and status < 500", [1]),
        ("status in [200, 404]", [1]),
        ("took > 12", [0]),
        ("strlen(userIdentity.type) = 4", [0]),
        ("not (userIdentity.type = 'Root')", [1, 2, 3, 4, 5]),
        ("userIdentity.type = '-'", [2, 3, 4, 5]),
        ("nothing.at.all = 1", []),
        ("nothing.at.all.so.deep.down = 1", []),
        ("userIdentity.type = took", []),
        ("userIdentity.Type = 'Root'", []),
    ],
)
def test_dots_lead_into_the_json_of_a_message(text, rows):
    assert found(text) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("`x-y.z` = 'nested'", [1]),
        ("`x-y`.z = 'nested'", [1]),
        ("`x-y.z` = 'flat'", [2]),
        ("ispresent(`x-y.z`)", [1, 2]),
        ("log.level = 'ERROR'", [1]),
        ("log.level = 'INFO'", [2]),
        ("http.response.status = 404", [1]),
        ("http.`response.status` = 404", [1]),
        ("`it's` = 1", [1]),
        ("`2`.0 = 'keys'", [1]),
    ],
)
def test_keys_with_dots_and_odd_characters_are_found(text, rows):
    assert found(text) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("account = 'main'", [1]),
        ("srcAddr = '2001:db8::1'", [1]),
        ("isIpInSubnet(srcaddr, '2001:db8::/32')", [1]),
        ("dstAddr = '10.0.0.1'", [2]),
        ("10.0.0.1", [2]),
        ("file = 'a'", [2]),
    ],
)
def test_names_of_flow_logs_are_looked_up_as_they_were_written_and_as_aws_spells_them(text, rows):
    assert found(text) == rows


@pytest.mark.parametrize("name", ["message", "@message"])
def test_the_message_itself_is_text(name):
    assert found(f"{name} like /ERROR/") == [1, 4]
    assert found(f"{name} like 'Root'") == [0, 3]


@pytest.mark.parametrize("operator", ["<", ">", "=", "!="])
def test_words_for_what_is_no_number_are_not_numbers(operator):
    frame = pl.DataFrame({"message": [json.dumps({"x": word}) for word in ("nan", "inf", "-inf", "NaN")]})
    assert found(f"x {operator} 5", frame) == ([0, 1, 2, 3] if operator == "!=" else [])


def test_a_column_with_dots_in_its_name_wins():
    frame = pl.DataFrame({"message": ['{"srcids":{"instance":"b"}}'], "srcids.instance": ["a"]})
    assert found("srcids.instance = 'a'", frame) == [0]
    assert found("srcids.instance = 'b'", frame) == []


def test_without_messages_an_unknown_field_is_empty_as_ever():
    frame = pl.DataFrame({"srcaddr": ["10.0.0.1"]})
    assert found("userIdentity.type = 'Root'", frame) == []
    assert found("userIdentity.type = '-'", frame) == [0]


def test_our_own_columns_do_not_hide_fields_that_are_called_alike():
    frame = pl.DataFrame({"message": ['{"line": 7}'], "_line": [1]})
    assert found("line = 7", frame) == [0]
    assert found("_line = 1", frame) == [0]


@settings(deadline=None)
@given(st.one_of(NAMES, st.text(".0a'\"\\`[]$é\n", min_size=1, max_size=12)))
def test_no_name_raises(name):
    frame = pl.DataFrame({"message": LINES}, schema={"message": pl.String})
    kept = predicate(tree.Compare(tree.Field(name), "=", tree.Literal("x")), frame.schema)
    assert frame.select(kept.alias("kept"))["kept"].null_count() == 0


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_conditions_over_messages_are_never_null(condition):
    frame = pl.DataFrame({"message": LINES}, schema={"message": pl.String})
    try:
        kept = predicate(condition, frame.schema)
    except QueryError:
        return
    assert frame.with_columns(kept.alias("kept"))["kept"].null_count() == 0


KEYS = st.text("ab-0@ é`", min_size=1, max_size=4) | st.sampled_from(["a.b", "0.0", ".", "a-b.c"])


@settings(deadline=None)
@given(st.dictionaries(KEYS, st.integers(1, 9) | st.just([{"k": 3}]), min_size=1))
def test_every_discovered_field_can_be_asked_for(event):
    message = json.dumps(event)
    frame = pl.DataFrame({"message": [message]})
    for name in discover(frame["message"]):
        assert found(f"ispresent({name})", frame) == [0], name


# What is said of them


def said(text, columns):
    return [warning.message for warning in check_filter(parse_filter(text), columns)]


FLOWS, JSON = (
    ("srcaddr", "bytes", "action"),
    ("message", "timestamp", "userIdentity.type", "`x-y`.z", "status"),
)


def test_without_messages_an_unknown_field_is_an_error():
    with pytest.raises(QueryError, match=r"'userIdentity\.type' is not a field"):
        check_filter(parse_filter("userIdentity.type = 'Root'"), FLOWS)


@pytest.mark.parametrize(
    "text", ["userIdentity.type = 'Root'", "`x-y`.z = 1", "`x-y.z` = 1", "@message like /x/", "status = 1"]
)
def test_nothing_is_said_of_fields_that_were_seen(text):
    assert said(text, JSON) == []


def test_a_field_that_was_not_seen_counts_as_empty():
    sentence = (
        "userIdentity.arn is not among the fields of these logs, so it counts as empty. "
        "Did you mean 'userIdentity.type'?"
    )
    assert said("userIdentity.arn = 'x'", FLOWS + JSON) == [sentence]
    assert said("userIdentity.arn = 'x'", JSON) == [sentence]


def test_a_key_of_json_that_is_called_like_a_number_of_flow_logs_may_hold_text():
    assert said("start = 'yesterday'", JSON) == ["start is not in these logs, so this matches nothing."]
    assert said("start = 'yesterday'", (*JSON, "start")) == ["start is a number, and 'yesterday' is not."]


def test_two_fields_of_a_message_may_be_compared():
    assert said("status = userIdentity.type", JSON) == []
    with pytest.raises(QueryError, match='Text stands in quotes: "REJECT"'):
        said("action = REJECT", FLOWS + JSON)


def test_the_name_of_the_message_column_is_that_of_the_loaders():
    assert names.MESSAGE == MESSAGE


# Discovery


def test_fields_are_discovered_in_the_order_in_which_they_are_met_the_outer_ones_first():
    first = {"b": {"d": 1, "c": [{"x": 1}, 2]}, "a": 1}
    messages = pl.Series(
        [json.dumps(first), "START", None, '{"cut', json.dumps({"z": 1, "a": 2, "b": {"y": None}})]
    )
    assert discover(messages) == ("a", "z", "b.d", "b.y", "b.c.1", "b.c.0.x")


def test_odd_names_are_discovered_in_backticks():
    event = {"a.b": 1, "x-y": {"z": 1}, "`": 2, "7": 3, "t": {"7": 4}, "@c": 5, "\ud800": 6}
    names = discover(pl.Series([json.dumps(event)]))
    assert names == ("`a.b`", "````", "`7`", "@c", r"`\ud800`", "`x-y`.z", "t.7")


def test_so_many_fields_are_enough():
    messages = pl.Series([json.dumps({f"k{n}_{m}": 1 for m in range(100)}) for n in range(50)])
    assert len(discover(messages)) == 1000
    assert len(discover(messages, 7)) == 7
    assert len(discover(pl.Series([json.dumps({"a": list(range(10_000))})]))) == 200


def test_discovery_looks_at_the_whole_log():
    messages = pl.Series(['{"a":1}'] * 5000 + ['{"b":1}'] * 5000)
    assert discover(messages) == ("a", "b")


@pytest.mark.parametrize(
    "message",
    ['{"a":' * 10_000, '{"a":' * 900 + "1" + "}" * 900, '{"a":NaN}', '{"":1}', "[1]", "{" + "9" * 5000],
)
def test_no_message_is_too_odd_to_look_into(message):
    assert len(discover(pl.Series([message]))) < 2
