"""The rows of an answer as a table shows them: laid out, sorted and copied; any number of columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from loaders.run import Ticket
from query.answer import Answer
from query.commands import Query
from query.scope import Scope
from tui.querying.answers import AnswerSource, as_json, as_text, sorted_source
from tui.widgets.answer_layout import AnswerLayout
from tui.widgets.table_layout import Column, Row

TEN = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)
TIME = pl.Datetime("ms", "UTC")


def answer(data, columns=None, schema=None):
    """An answer that holds these rows."""
    frame = pl.DataFrame(data, schema_overrides=schema)
    return Answer(Query(()), Scope(), frame, tuple(columns or frame.columns), frame.height, 0.01)


def cells(source):
    return [row.cells for row in source.window(0, source.height)]


def sort(source, name, *, descending=False):
    return sorted_source(source, name, descending=descending, ticket=Ticket())


def test_numbers_and_times_stand_to_the_right_and_text_to_the_left():
    source = AnswerSource(answer({"n": [1], "t": [TEN], "x": ["a"]}, schema={"t": TIME}))
    assert [column.right for column in source.columns] == [True, True, False]


def test_null_is_empty_a_condition_is_one_or_zero_and_a_fraction_has_four_digits():
    source = AnswerSource(answer({"a": [None, 1], "b": [True, False], "c": [1 / 3, 2.0], "d": [1e-7, 1e20]}))
    assert cells(source) == [("", "1", "0.3333", "1e-07"), ("1", "0", "2", "1e+20")]


def test_times_carry_a_date_where_days_differ_and_milliseconds_where_any_has_some():
    later = TEN.replace(day=16, microsecond=250_000)
    data = {"one": [TEN, None], "days": [TEN, later]}
    source = AnswerSource(answer(data, schema={"one": TIME, "days": TIME}))
    assert cells(source) == [("10:00:00", "01-15 10:00:00.000"), ("", "01-16 10:00:00.250")]


def test_only_the_columns_that_the_query_shows_are_shown():
    source = AnswerSource(answer({"a": [1], "_file": [2], "_line": [3]}, ["a"]))
    assert [column.title for column in source.columns] == ["a"]
    assert source.window(0, 1)[0].record == {"a": 1}
    assert source.frame().columns == ["a"]


def test_what_was_refused_stands_out_by_its_action():
    source = AnswerSource(answer({"Action": ["ACCEPT", "REJECT", None]}))
    assert [row.tone for row in source.window(0, 3)] == ["accept", "reject", ""]
    assert source.columns[0].toned


def test_nothing_in_a_cell_or_a_title_steers_the_terminal():
    source = AnswerSource(answer({"\x1b[2Jn": ["a\x1b]0;x\x07\nb[/x]\u202e"]}))
    assert source.columns[0].title == "␛[2Jn"
    assert cells(source) == [("a␛]0;x␇␊b[/x]<U+202E>",)]


def test_a_window_is_made_of_the_rows_that_are_asked_for():
    source = AnswerSource(answer({"n": list(range(100_000))}))
    assert [row.cells for row in source.window(99_998, 50)] == [("99998",), ("99999",)]
    assert [row.identity for row in source.window(99_998, 50)] == [99_998, 99_999]


def test_a_result_is_sorted_in_natural_order_and_knows_its_rows_by_their_old_numbers():
    source = AnswerSource(answer({"address": ["10.0.0.10", "10.0.0.9", None, "-"]}))
    up = sort(source, "address")
    assert [cell for (cell,) in cells(up)] == ["", "-", "10.0.0.9", "10.0.0.10"]
    assert [up.number(place) for place in range(4)] == [2, 3, 1, 0]
    assert up.sorted_by == ("address", False)
    down = sort(up, "address", descending=True)
    assert [cell for (cell,) in cells(down)] == ["10.0.0.10", "10.0.0.9", "-", ""]
    assert down.frame()["address"].to_list() == ["10.0.0.10", "10.0.0.9", "-", None]


def test_rows_that_are_equal_keep_their_order_when_sorted():
    source = AnswerSource(answer({"row": [1, 2, 3, 4], "_number": ["b", "a", "b", "a"]}))
    assert [row for row, _ in cells(sort(source, "_number"))] == ["2", "4", "1", "3"]


def test_a_row_is_copied_as_json_and_a_cell_as_it_is():
    record = {"t": TEN, "n": 1, "x": 'a"\x1b', "none": None}
    assert json.loads(as_json(record)) == {**record, "t": "2026-01-15T10:00:00.000Z"}
    assert "\x1b" not in as_json(record)
    assert [as_text(value) for value in (TEN, True, None, 1.5)] == [
        "2026-01-15T10:00:00.000Z",
        "1",
        "",
        "1.5",
    ]


# -- columns that share the width ----------------------------------------------------------------------------


def laid_out(widths, space, *, cursor=0):
    """The columns on the screen, with their widths, when the cursor is on one of them."""
    columns = [Column(str(index), "", 1, 400) for index in range(len(widths))]
    layout = AnswerLayout()
    layout.measure(columns, [Row(0, tuple("x" * width for width in widths))], space)
    layout.show(cursor, columns, space)
    return layout.fit


def test_columns_have_the_width_of_what_they_hold():
    assert laid_out([8, 3, 12], 80) == [(0, 8), (1, 3), (2, 12)]


def test_a_long_text_gives_way_to_the_columns_beside_it():
    assert laid_out([300, 5, 5], 80) == [(0, 68), (1, 5), (2, 5)]


def test_the_last_column_takes_what_is_left():
    assert laid_out([8, 300], 80) == [(0, 8), (1, 71)]


@pytest.mark.parametrize("cursor", range(12))
def test_every_column_can_be_reached_and_none_is_wider_than_the_screen(cursor):
    fit = laid_out([10, 300, 5, 40, 1, 7, 90, 20, 20, 20, 20, 300], 60, cursor=cursor)
    assert cursor in dict(fit)
    assert sum(width for _, width in fit) + len(fit) - 1 <= 60
    assert all(width > 0 for _, width in fit)
    assert [index for index, _ in fit] == list(range(fit[0][0], fit[-1][0] + 1))


def test_going_back_brings_the_first_columns_back():
    columns = [Column(str(index), "", 1, 400) for index in range(10)]
    layout = AnswerLayout()
    layout.measure(columns, [Row(0, ("x" * 20,) * 10)], 80)
    layout.show(9, columns, 80)
    assert layout.first > 0
    layout.show(0, columns, 80)
    assert layout.first == 0


def test_a_wider_screen_shows_columns_again_that_had_gone():
    columns = [Column(str(index), "", 1, 400) for index in range(10)]
    row = Row(0, ("x" * 20,) * 10)
    layout = AnswerLayout()
    layout.measure(columns, [row], 80)
    layout.show(9, columns, 80)
    layout.measure(columns, [row], 130)
    assert [index for index, _ in layout.fit] == [4, 5, 6, 7, 8, 9]
    layout.measure(columns, [row], 300)
    assert len(layout.fit) == 10
