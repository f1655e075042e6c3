"""The rows of the groups pane: totals, shares, folding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loaders.parts import SUMMARY_COLUMNS
from tui.groups import GroupSource, Place


def moment(hour):
    return datetime(2026, 1, 15, hour, tzinfo=UTC)


ROWS = [
    ("a", "eni-1", "flow-log", 100, 90, 10, 0, 0, 1000, moment(1), moment(5)),
    ("a", "eni-2", "flow-log", 50, 0, 50, 0, 2, 500, moment(2), moment(6)),
    ("a", "eni-2", "json", 5, 5, 0, 0, 1, 5, moment(7), moment(8)),
    ("b", "eni-3", "flow-log", 7, 0, 0, 7, 0, 0, moment(1), moment(1)),
]


def source(*unfolded, rows=ROWS):
    return GroupSource([dict(zip(SUMMARY_COLUMNS, row, strict=True)) for row in rows], unfolded)


def cells(groups, number):
    row = groups.window(number, 1)[0]
    return dict(zip((column.key for column in groups.columns), row.cells, strict=True))


def test_folded_groups_are_a_row_each_with_the_totals_of_their_streams():
    groups = source()
    assert groups.height == 2
    assert [row.record["place"] for row in groups.window(0, 10)] == [Place("a"), Place("b")]
    total = cells(groups, 0)
    assert (total["records"], total["rejected"], total["bytes"]) == ("155", "✗ 39%", "1.5 kB")
    assert total["last"] == "01-15 08:00:00"
    assert total["gaps"] == "3"


def test_an_unfolded_group_lists_its_streams_once_each_whatever_their_formats():
    groups = source("a")
    assert [row.record["place"] for row in groups.window(0, 10)] == [
        Place("a"),
        Place("a", "eni-1"),
        Place("a", "eni-2"),
        Place("b"),
    ]
    assert groups.streams == 3
    both = cells(groups, 2)
    assert (both["records"], both["last"]) == ("55", "01-15 08:00:00")


def test_folded_and_unfolded_are_told_apart_by_a_sign():
    groups = source("a")
    assert [cells(groups, number)["name"][0] for number in (0, 1, 3)] == ["▾", " ", "▸"]


def test_a_place_is_found_only_where_it_is_listed():
    assert source("a").index(Place("a", "eni-2")) == 2
    assert source().index(Place("a", "eni-2")) is None
    assert source().index(Place("b")) == 1


@pytest.mark.parametrize(
    ("accepted", "rejected", "share", "bar"),
    [
        (0, 0, "", ""),
        (10, 0, "✗ 0%", ""),
        (0, 10, "✗ 100%", "████████"),
        (1, 1, "✗ 50%", "████"),
        (10**6, 1, "✗ <1%", "▏"),
        (1, 10**6, "✗ >99%", "████████"),
    ],
)
def test_the_bar_is_as_long_as_the_share_of_rejects_and_a_single_one_shows(accepted, rejected, share, bar):
    rows = [("a", "s", "flow-log", accepted + rejected, accepted, rejected, 0, 0, 0, moment(1), moment(1))]
    shown = cells(source(rows=rows), 0)
    assert (shown["rejected"], shown["bar"]) == (share, bar)


CALLS = ("c", "trail", "cloudtrail", 3, 0, 0, 0, 0, 0, moment(1), moment(2))


def test_what_is_no_flow_log_says_what_it_is_and_has_neither_share_nor_bytes():
    shown = cells(source("c", rows=[CALLS]), 0)
    assert shown["name"] == "▾ c · cloudtrail"
    assert (shown["records"], shown["rejected"], shown["bar"], shown["bytes"]) == ("3", "", "", "")
    assert cells(source("c", rows=[CALLS]), 1)["name"] == "    trail", "the group says it for all its streams"


def test_a_group_of_several_kinds_counts_them_and_each_stream_that_differs_names_its_own():
    flows = ("c", "eni-1", "flow-log", 5, 5, 0, 0, 0, 0, moment(1), moment(2))
    groups = source("c", rows=[CALLS, flows])
    names = [cells(groups, number)["name"] for number in range(3)]
    assert names == ["▾ c · 2 kinds", "    trail · cloudtrail", "    eni-1"]
    assert cells(groups, 2)["bytes"] == "0 B", "a flow log without bytes has none, and says so"


def test_flow_logs_are_not_told_to_be_flow_logs():
    assert cells(source(rows=ROWS[3:]), 0)["name"] == "▸ b"


def test_windows_are_cut_where_they_are_asked_for():
    groups = source("a", "b")
    everything = groups.window(0, groups.height)
    assert len(everything) == groups.height == 5
    assert groups.window(2, 2) == everything[2:4]
    assert groups.window(4, 10) == everything[4:]


def test_names_from_the_logs_are_made_safe():
    rows = [("\x1b[31m[/x]", "\u202e", "flow-log", 1, 1, 0, 0, 0, 0, moment(1), moment(1))]
    groups = source("\x1b[31m[/x]", rows=rows)
    assert cells(groups, 0)["name"] == "▾ ␛[31m[/x]"
    assert "<U+202E>" in cells(groups, 1)["name"]
    assert groups.window(0, 1)[0].record["place"] == Place("\x1b[31m[/x]"), (
        "what is copied is the name itself"
    )


def test_nothing_read_yet_is_no_row():
    groups = source(rows=[])
    assert (groups.height, groups.streams, groups.window(0, 10)) == (0, 0, [])


def test_flow_logs_stand_before_what_lies_beside_them():
    trail = ("a", *CALLS[1:])
    assert list(source(rows=[trail, *ROWS]).groups) == ["a", "b"], "a group of both kinds is one of flow logs"
    only = ("0", *CALLS[1:])
    assert list(source(rows=[only, *ROWS]).groups) == ["a", "b", "0"]
