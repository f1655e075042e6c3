"""The explorer's state: where we are, how we came here, and how a condition or an order is added."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loaders.overlap import Overlap
from query.parse import parse_filter
from query.scope import Scope
from tui.state import State


@pytest.fixture
def state():
    return State(Scope(), following=False)


def test_back_and_forward_walk_the_way_that_was_gone(state):
    first, second, third = Scope(), Scope(group="a"), Scope(group="a", stream="b")
    assert state.go(second)
    assert state.go(third)
    walked = []
    for step in (state.back, state.back, state.back, state.forward, state.forward, state.forward):
        walked.append((step(), state.scope))
    assert walked == [
        (True, second),
        (True, first),
        (False, first),
        (True, second),
        (True, third),
        (False, third),
    ]


def test_going_where_we_are_is_no_step(state):
    assert not state.go(Scope())
    assert not state.back()


def test_going_elsewhere_from_the_middle_forgets_the_way_ahead(state):
    state.go(Scope(group="a"))
    state.back()
    state.go(Scope(group="b"))
    assert not state.forward()
    assert state.back()
    assert state.scope == Scope()


def test_sorting_begins_with_the_largest_and_turns_round_from_then_on(state):
    orders = []
    for column in ("bytes", "bytes", "bytes", "packets", "bytes"):
        assert state.sort_by(column)
        orders.append((state.scope.sort, state.scope.descending))
    assert orders == [("bytes", True), ("bytes", False), ("bytes", True), ("packets", True), ("bytes", True)]


def test_sorting_by_time_again_turns_to_the_oldest_first(state):
    state.sort_by("timestamp")
    assert (state.scope.sort, state.scope.descending) == ("timestamp", False)


@pytest.mark.parametrize(
    ("before", "keep", "after"),
    [
        ("", True, "dstPort = 80"),
        ("", False, "not dstPort = 80"),
        ("reject", True, "reject and dstPort = 80"),
        ("  reject  ", True, "reject and dstPort = 80"),
        ("reject or accept", True, "(reject or accept) and dstPort = 80"),
    ],
)
def test_a_condition_joins_the_filter_without_changing_its_meaning(state, before, keep, after):
    state.go(Scope(filter=before))
    assert state.narrow("dstport", 80, keep=keep)
    assert parse_filter(state.scope.filter) == parse_filter(after)


def test_the_same_condition_twice_is_one(state):
    state.narrow("dstport", 80, keep=True)
    assert not state.narrow("dstport", 80, keep=True)
    assert parse_filter(state.scope.filter) == parse_filter("dstPort = 80")


def test_a_condition_keeps_group_times_and_order(state):
    scope = Scope(group="g", stream="s", sort="bytes", descending=False)
    state.go(scope)
    state.narrow("action", "REJECT", keep=True)
    assert replace(state.scope, filter="") == scope


@pytest.mark.parametrize(
    "value", ['say "x" and (y) or z', "back\\slash", "it's", " and ", "%", "日本", "a\x00b", "[/x]"]
)
def test_any_value_makes_a_filter_that_parses(state, value):
    state.go(Scope(filter="reject"))
    assert state.narrow("srcaddr", value, keep=True)
    assert state.narrow("srcaddr", value, keep=False)
    assert parse_filter(state.scope.filter)


def test_an_or_inside_a_text_or_a_name_is_no_or(state):
    state.go(Scope(filter='flowDirection = "x or y"'))
    state.narrow("dstport", 80, keep=True)
    assert parse_filter(state.scope.filter) == parse_filter('flowDirection = "x or y" and dstPort = 80')


@pytest.mark.parametrize(
    "before",
    ["reject OR accept", "reject or\taccept", "reject\tor\taccept", "(reject)or(accept)", "reject  or  :80"],
)
def test_an_or_is_known_however_it_is_written(state, before):
    state.go(Scope(filter=before))
    state.narrow("dstport", 80, keep=True)
    assert parse_filter(state.scope.filter) == parse_filter(f"({before}) and dstPort = 80")


OVERLAP = Overlap("a", "b", ("eni-1", "eni-2"), 7)


@pytest.mark.parametrize("before", ["", 'action = "REJECT"', "srcPort = 1 or srcPort = 2"])
def test_records_of_two_flow_logs_are_counted_once_and_again_all(before):
    state = State(Scope(filter=before), following=False)
    assert not state.count_once()
    state.overlaps = (OVERLAP,)
    assert not state.counts_once
    assert state.count_once()
    assert state.counts_once
    assert "eni-2" in state.scope.filter
    state.narrow("dstport", 443, keep=True)
    assert state.counts_once
    assert state.count_once()
    assert not state.counts_once
    assert "eni-2" not in state.scope.filter
    assert "443" in state.scope.filter
    if before:
        assert before.split()[0] in state.scope.filter
