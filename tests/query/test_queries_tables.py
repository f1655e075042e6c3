"""Commands that make rows of lists, take columns from tables, and compare messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from query.errors import QueryError
from query.scope import Scope
from tests.loaders.files import put, text
from tests.query.asking import ask, json_log, read, rows, six_flows


@pytest.fixture
def flows(tmp_path):
    return six_flows(tmp_path)


# -- unnest --------------------------------------------------------------------------------------------------


@pytest.fixture
def lists(tmp_path):
    return read(
        json_log(
            tmp_path,
            {"id": 1, "tags": ["x", "y, z"], "deep": {"list": [[1, 2], [3]]}},
            {"id": 2, "tags": [{"name": "n", "in": [1, {"a": 2}]}, {"name": "m"}]},
            {"id": 3, "tags": [7, -2.5, True, None, "7"]},
            {"id": 4, "tags": []},
            {"id": 5, "tags": "no list"},
            {"id": 6},
        )
    )


def test_unnest_makes_a_row_for_each_item_of_a_list_and_none_of_what_is_no_list(lists):
    query = "fields jsonParse(@message) as js | unnest js.tags into tag | sort id | display id, tag"
    assert rows(lists, query) == [
        ("1", "x"),
        ("1", "y, z"),
        ("2", '{"name":"n","in":[1,{"a":2}]}'),
        ("2", '{"name":"m"}'),
        ("3", "7"),
        ("3", "-2.5"),
        ("3", "true"),
        ("3", None),
        ("3", "7"),
    ]


def test_what_is_inside_an_item_has_names(lists):
    query = "fields jsonParse(@message) as js | unnest js.tags into tag | filter tag.name like /[mn]/"
    assert rows(lists, f"{query} | display tag.name, tag.in[0], tag.in[1].a") == [
        ("n", "1", "2"),
        ("m", None, None),
    ]
    nested = "unnest deep.list into row | unnest row into number | display number"
    assert rows(lists, nested) == ["1", "2", "3"]


def test_an_item_that_is_a_plain_value_is_a_value_like_any_other(lists):
    assert rows(lists, "unnest tags into tag | filter tag = 'x' or tag like /z$/ | display tag") == [
        "x",
        "y, z",
    ]
    assert rows(lists, "unnest tags into tag | filter tag > 5 | display tag, tag + 1") == [("7", 8.0)] * 2
    assert rows(lists, "unnest tags into tag | filter tag in ['x', 7] | stats count(*)") == [3]


def test_a_map_can_have_another_name_and_so_can_what_is_inside_it(lists):
    query = "fields jsonParse(@message) as js, js as all, js.deep as d | filter id = 1"
    assert rows(lists, f"{query} | display all.id, d.list[0][1], js.deep.list[1][0]") == [("1", "2", "3")]
    assert rows(lists, "unnest tags into tag | fields tag as t | filter t.name = 'm' | stats count(*)") == [1]


def test_items_can_be_counted(lists):
    query = "fields jsonParse(@message) as js | unnest js.tags into tag | stats count(*) as n by tag"
    assert ("7", 2) in rows(lists, query)
    assert rows(lists, "unnest tags into tag | stats sum(tag)") == [7 + 7 - 2.5]


# -- cidrlookup ----------------------------------------------------------------------------------------------


@pytest.fixture
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lookup")
    put(
        folder,
        "nets.csv",
        b"cidr,owner,zone\n10.0.0.0/24,web,a\n10.0.0.10/32,database,b\n2001:db8::/64,six,c\n",
    )
    return (folder,)


def test_cidrlookup_takes_columns_of_the_narrowest_network(flows, tables):
    query = "sort bytes | cidrlookup nets srcAddr OUTPUT owner, zone as where | display srcAddr, owner, where"
    assert rows(flows, query, folders=tables) == [
        (None, None, None),
        ("10.0.0.9", "web", "a"),
        ("2001:db8::1", "six", "c"),
        ("10.0.0.9", "web", "a"),
        ("10.0.0.9", "web", "a"),
        ("10.0.0.10", "database", "b"),
    ]


def test_output_replaces_values_and_outputnew_only_fills_gaps(flows, tables):
    look_up = "fields case(bytes < 50, 'small') as owner | cidrlookup nets srcAddr {} owner | sort bytes desc"
    shown = f"{look_up} | limit 3 | display owner"
    assert rows(flows, shown.format("OUTPUT"), folders=tables) == ["database", "web", "web"]
    last = f"{look_up} | filter bytes < 50 | display owner"
    assert rows(flows, last.format("OUTPUT"), folders=tables) == ["six", "web"]
    assert rows(flows, last.format("OUTPUTNEW"), folders=tables) == ["small", "small"]


def test_cidrlookup_works_on_groups_too(flows, tables):
    query = "stats sum(bytes) as b by srcAddr | cidrlookup nets srcAddr as cidr OUTPUT owner | stats sum(b) by owner"
    assert rows(flows, query, folders=tables) == [(None, None), ("database", 900), ("six", 20), ("web", 405)]


def test_a_table_or_a_column_that_is_not_there_is_named(flows, tables):
    with pytest.raises(QueryError, match="no lookup table 'nots'"):
        ask(flows, "cidrlookup nots srcAddr OUTPUT owner", folders=tables)
    with pytest.raises(QueryError, match=r"nets has no column 'owne'\. It has cidr, owner, zone\."):
        ask(flows, "cidrlookup nets srcAddr OUTPUT owne", folders=tables)


# -- pattern, diff -------------------------------------------------------------------------------------------


def test_pattern_counts_messages_by_their_shape(tmp_path):
    users = [f"2026-01-15T10:0{minute}:00Z user {name} logged in" for minute, name in enumerate("123456")]
    put(tmp_path, "app.log", text(*users, "2026-01-15T10:09:00Z ERROR disk 7 is full"))
    found = ask(read(tmp_path), "pattern @message").frame
    assert found["@sampleCount"].to_list() == [6, 1]
    assert found["@severityLabel"].to_list()[1] == "Error"
    assert "user <Number-2> logged in" in found["@pattern"][0]
    query = "filter @message like /user/ | parse '* user * logged' as t, name | pattern name | display @sampleCount"
    assert rows(read(tmp_path), query) == [6]


DIFFERENCES = {
    # shift: (so many days before, what happened then)
    "": (1, "disk sda1 is full"),
    "previousDay": (1, "disk sda1 is full"),
    "previousWeek": (7, "connection refused"),
    "previousMonth": (31, "the cat sat down"),
}


@pytest.mark.parametrize("shift", DIFFERENCES)
def test_diff_compares_with_an_earlier_time_of_the_same_length(tmp_path, shift: str):
    today = datetime(2026, 1, 31, 10, tzinfo=UTC)
    for days, word in ((0, "new key made"), *dict(DIFFERENCES.values()).items()):
        moment = (today - timedelta(days=days)).isoformat()
        put(tmp_path, f"{word}.log", text(f"{moment} {word}", f"{moment} always these very words"))
    scope = Scope(since=datetime(2026, 1, 31, tzinfo=UTC), until=datetime(2026, 2, 1, tzinfo=UTC))
    found = ask(read(tmp_path), f"pattern @message | diff {shift}", scope).frame
    by_word = {
        word: (now, before)
        for pattern, now, before in found.select("@pattern", "@sampleCount", "@baselineSampleCount").rows()
        for word in ("key", "disk", "connection", "cat", "always")
        if word in pattern
    }
    earlier = next(word for word in ("disk", "connection", "cat") if word in DIFFERENCES[shift][1])
    assert by_word == {"key": (1, 0), earlier: (0, 1), "always": (1, 1)}


def test_diff_needs_a_beginning(flows):
    with pytest.raises(QueryError, match=r"none is chosen\. Open the logs with --since"):
        ask(flows, "pattern @message | diff")
