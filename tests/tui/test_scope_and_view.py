"""A scope and its view: which records, in which order, and where one of them stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from loaders.load import Library
from loaders.run import Cancelled, Ticket
from query.errors import QueryError
from query.scope import Scope
from query.view import look, summarise
from tests.tui.conftest import BEGIN, ENI, GROUP, HEADER, line


def at(seconds):
    return datetime.fromtimestamp(BEGIN + seconds, UTC)


@pytest.fixture
def dataset(two_streams):
    """The ten records of one group, and one of another, with a file of a second format beside them."""
    two_streams.deliver(
        line(srcaddr="10.7.7.7", start=BEGIN + 5) + " extra", header=HEADER + " my-field", name="w/x.log"
    )
    return Library([str(two_streams.root)]).read_all()


def shown(view, column="srcaddr"):
    return view.window(0, view.height)[column].to_list()


NEWEST_FIRST = ["10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.6", "10.0.0.5"]


def test_the_newest_comes_first_over_files_and_formats(dataset):
    view = look(dataset, Scope())
    assert view.height == 12
    times = view.window(0, 12)["timestamp"].to_list()
    assert times == sorted(times, reverse=True)
    assert set(shown(view)[:6]) == {*NEWEST_FIRST, "10.7.7.7"}
    assert shown(view)[-1] == "10.9.9.9"


def test_a_group_and_a_stream_narrow_it(dataset):
    assert look(dataset, Scope(group=GROUP)).height == 10
    assert shown(look(dataset, Scope(group=GROUP, stream=ENI))) == [
        f"10.0.0.{number}" for number in (9, 8, 7, 6, 5, 4)
    ]
    assert look(dataset, Scope(group="no such group")).height == 0


def test_a_time_range_takes_its_beginning_and_leaves_its_end(dataset):
    scope = Scope(group=GROUP, since=at(2), until=at(5))
    assert shown(look(dataset, scope)) == ["10.0.0.4", "10.0.0.3", "10.0.0.2"]


def test_a_filter_joins_group_and_times(dataset):
    scope = Scope(group=GROUP, since=at(4), filter="reject")
    assert shown(look(dataset, scope)) == ["10.0.0.6"]


def test_a_filter_on_a_field_that_only_one_format_has_finds_it_there(dataset):
    assert shown(look(dataset, Scope(filter='my_field = "extra"'))) == ["10.7.7.7"]


@pytest.mark.parametrize("descending", [True, False])
def test_sorting_goes_by_the_column_with_nothing_last(dataset, descending):
    view = look(dataset, Scope(sort="packets", descending=descending))
    packets = shown(view, "packets")
    assert packets == sorted(packets, reverse=descending)
    extra = look(dataset, Scope(sort="my_field", descending=descending))
    assert shown(extra)[0] == "10.7.7.7", "records without a value come last either way"


def test_sorting_keeps_every_record_once(dataset):
    whole = sorted(look(dataset, Scope()).order.slice(0, 10**9).to_list())
    assert whole == list(range(12))
    for column in ("bytes", "srcaddr", "action", "dstport", "timestamp", "no_such_column"):
        assert sorted(look(dataset, Scope(sort=column)).order.slice(0, 10**9).to_list()) == whole


def test_windows_are_pieces_of_the_whole(dataset):
    view = look(dataset, Scope())
    whole = shown(view)
    for offset, amount in ((0, 3), (3, 5), (10, 50), (12, 5), (99, 1)):
        window = view.window(offset, amount)
        found = window["srcaddr"].to_list() if window.height else []
        assert found == whole[offset : offset + amount]


def test_every_record_is_found_again_by_its_file_and_line(dataset):
    view = look(dataset, Scope(sort="bytes"))
    for place, row in enumerate(view.window(0, view.height).iter_rows(named=True)):
        assert view.place_of(row["_file"], row["_line"]) == place


def test_a_record_out_of_scope_has_no_place(dataset):
    row = look(dataset, Scope(filter="reject")).window(0, 1).row(0, named=True)
    assert look(dataset, Scope(filter="accept")).place_of(row["_file"], row["_line"]) is None
    assert look(dataset, Scope()).place_of(999, 1) is None


def test_going_up_leaves_stream_then_group_and_keeps_the_rest():
    scope = Scope(
        group="g", stream="s", since=at(0), until=at(9), filter="reject", sort="bytes", descending=False
    )
    assert scope.up == replace(scope, stream=None)
    assert scope.up.up == replace(scope, stream=None, group=None)
    assert scope.up.up.up == scope.up.up


def test_a_filter_that_is_none_raises_its_own_error(dataset):
    with pytest.raises(QueryError):
        look(dataset, Scope(filter="dstPort ="))


def test_looking_stops_when_nobody_waits_any_more(dataset):
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        look(dataset, Scope(), ticket)
    with pytest.raises(Cancelled):
        summarise(dataset, Scope(), ticket)


def test_nothing_read_yet_is_an_empty_view():
    from loaders.dataset import Dataset

    view = look(Dataset(), Scope(filter="reject"))
    assert (view.height, view.window(0, 10).height, view.place_of(0, 1)) == (0, 0, None)


def test_counts_hold_to_the_scope(dataset):
    def counted(**scope):
        rows = summarise(dataset, Scope(**scope)).to_dicts()
        return {(row["log_group"], row["log_stream"]): (row["records"], row["rejected"]) for row in rows}

    second = "eni-0fedcba9876543210"
    assert counted(group=GROUP) == {(GROUP, ENI): (6, 1), (GROUP, second): (4, 1)}
    assert counted(group=GROUP, since=at(5)) == {(GROUP, ENI): (5, 1)}
    assert counted(filter="reject") == {(GROUP, ENI): (1, 1), (GROUP, second): (1, 1)}
    assert sum(records for records, _ in counted().values()) == 12


@pytest.mark.parametrize("descending", [True, False])
def test_what_has_been_found_so_far_is_told_before_all_is(dataset, monkeypatch, descending):
    for name, value in (("_NEWS_SECONDS", 0.0), ("_SCREENFUL", 1), ("_AT_ONCE", 1)):
        monkeypatch.setattr(f"query.view.{name}", value)
    told = []
    whole = look(dataset, Scope(filter="bytes > 0", descending=descending), early=told.append)
    assert len(told) == len(dataset.parts) - 1 > 0
    assert whole.complete
    assert not any(view.complete for view in told)
    heights = [view.height for view in (*told, whole)]
    assert heights == sorted(heights)
    assert set(shown(told[0])) <= set(shown(whole))
    assert shown(told[0])[0] == shown(whole)[0], "the parts that come first in time are looked at first"


def test_what_takes_no_time_is_told_once(dataset):
    assert look(dataset, Scope(filter="reject"), early=lambda _: pytest.fail("too early")).complete
