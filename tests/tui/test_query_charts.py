"""The chart in the query screen: it takes the place of the table, and its bars lead back to records."""

from __future__ import annotations

import pytest

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    explorer_on,
    line,
    lines_in,
    press,
    screen_text,
    seen,
    settled,
    until,
)
from tests.tui.test_query_screen import answered, assert_harmless, open_query, rows, told
from tui.charts.chart import BARS, COLUMNS, LINES
from tui.charts.paper import on_paper

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
BY_MINUTE = "stats count(*) as n by bin(1m), action"
BY_PORT = "stats count(*) as n by dstPort, action"
# Minute, source, port, action; minute 3 has no record.
ROWS = [
    (minute, number, (22, 443, 8080)[(minute + number) % 3], "REJECT" if number % 3 == 0 else "ACCEPT")
    for minute in (0, 1, 2, 4, 5)
    for number in range(minute + 3)
]


@pytest.fixture
def app(logs):
    """An app on flow logs of six minutes."""
    logs.deliver(
        *(
            line(srcaddr=f"10.0.0.{number}", dstport=port, action=action, start=BEGIN + 60 * minute + number)
            for minute, number, port, action in ROWS
        )
    )
    return explorer_on(logs)


async def run(pilot, text):
    """Run a query without typing it letter by letter."""
    screen = await open_query(pilot)
    screen.begin(text)
    return await answered(pilot, screen)


async def charted(pilot, screen):
    """Wait until the chart is drawn as it is to be."""
    view = screen._chart
    await until("the chart is there", lambda: screen.has_class("-charted"))
    await drawn(pilot, view)
    return view


async def drawn(pilot, view):
    """Wait until what is on the screen is the chart that is to be shown."""
    seen = []
    await until("nothing is being drawn", lambda: seen.append(view.picture) or _rests(view, seen))
    await pilot.pause()


def _rests(view, seen):
    return view.picture is not None and len(seen) > 5 and len({id(one) for one in seen[-6:]}) == 1


async def chart(pilot, text):
    """Run a query and show its result as a chart."""
    screen = await run(pilot, text)
    await pilot.press("g")
    return await charted(pilot, screen)


def at_cursor(app, view):
    """The line with the exact values."""
    return lines_in(app, view)[0]


# -- to the chart and back -----------------------------------------------------------------------------------


@SIZES
async def test_g_shows_the_chart_then_the_other_kind_then_the_table_again(app, size):
    async with app.run_test(size=size) as pilot:
        screen = await run(pilot, BY_MINUTE)
        await pilot.press("g")
        view = await charted(pilot, screen)
        assert (view.chart.kind, screen.pane, app.focused) == (COLUMNS, "chart", view)
        assert not screen._table.display
        await seen(app, "█")
        await seen(app, "01-15 10:00")

        await pilot.press("g")
        await until("it is lines", lambda: view.chart.kind == LINES)
        await drawn(pilot, view)
        assert any("\u2801" <= sign <= "\u28ff" for sign in screen_text(app))

        await pilot.press("g")
        await pilot.pause()
        assert (screen.pane, app.focused) == ("result", screen._table)
        assert not view.display
        assert rows(screen)[0] == ["bin(1m)", "action", "n"]


async def test_bars_have_no_other_kind_so_g_goes_back_at_once(app):
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, BY_PORT)
        assert view.chart.kind == BARS
        await pilot.press("g")
        await pilot.pause()
        assert app.screen.pane == "result"
        await pilot.press("g")
        await charted(pilot, app.screen)
        assert app.screen.pane == "chart"


async def test_the_column_under_the_cursor_is_the_one_that_is_drawn(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, "stats count(*) as n, sum(bytes) as sent by dstPort")
        await pilot.press("l", "l", "g")
        view = await charted(pilot, screen)
        assert view.chart.measure == "sent"


async def test_what_cannot_be_drawn_says_why_and_the_table_stays(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await run(pilot, "fields srcAddr, bytes")
        await pilot.press("g")
        await until("it is said", lambda: told(screen).startswith("✗ Only groups can be drawn"))
        assert screen.pane == "result"
        assert not screen.has_class("-charted")


@pytest.mark.parametrize(("word", "kind"), [("line", LINES), ("bar", COLUMNS)])
async def test_a_query_that_says_chart_opens_as_one(app, word, kind):
    async with app.run_test(size=NARROW) as pilot:
        screen = await run(pilot, f"stats count(*) as n by bin(1m) | chart {word}")
        view = await charted(pilot, screen)
        assert (view.chart.kind, screen.pane) == (kind, "chart")


async def test_a_query_that_says_table_stays_one_even_after_a_chart(app):
    async with app.run_test(size=NARROW) as pilot:
        await chart(pilot, BY_MINUTE)
        await pilot.press("e", *" | chart table", "enter")
        screen = await answered(pilot, app.screen)
        assert screen.pane == "result"
        assert not screen.has_class("-charted")


async def test_a_new_query_is_charted_as_the_one_before_was(app):
    async with app.run_test(size=NARROW) as pilot:
        await chart(pilot, "stats count(*) as n by dstPort")
        await pilot.press("e", *", bin(1m)", "enter")
        screen = await answered(pilot, app.screen)
        view = await charted(pilot, screen)
        await until("it is the new one", lambda: view.chart.kind == COLUMNS)
        assert screen.pane == "chart"
        assert {series.name for series in view.chart.series} == {"22", "443", "8080"}


async def test_a_new_query_that_cannot_be_drawn_is_a_table_and_says_why(app):
    async with app.run_test(size=WIDE) as pilot:
        await chart(pilot, "stats count(*) as n by dstPort")
        await pilot.press("e", "ctrl+u", *"fields srcAddr", "enter")
        screen = await answered(pilot, app.screen)
        await until("it is said", lambda: told(screen).startswith("✗ Only groups can be drawn"))
        assert rows(screen)[0] == ["srcAddr"]
        assert screen.pane == "result"


# -- moving --------------------------------------------------------------------------------------------------


async def test_the_cursor_goes_to_the_sides_and_the_line_above_says_the_values_exactly(app):
    async with app.run_test(size=WIDE) as pilot:
        view = await chart(pilot, BY_MINUTE)
        for keys, minute in (
            ((), 5),
            (("home",), 0),
            (("right",), 1),
            (("l", "right"), 3),
            (("left",), 2),
            (("end",), 5),
            (("home",), 0),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            here = [row for row in ROWS if row[0] == minute]
            shown = at_cursor(app, view)
            assert view.place == minute
            assert shown.startswith(f"01-15 10:0{minute}–10:0{minute + 1}")
            assert shown.endswith(f"total {len(here)}")
            for action in ("REJECT", "ACCEPT"):
                number = sum(row[3] == action for row in here)
                assert (f"{action} {number}" in shown) == bool(number)
            axis = view.picture.axis + 1
            assert lines_in(app, view)[axis].count("▲") == 1
            assert view.render_line(axis).text.index("▲") == view.picture.cell_of(minute)
        await pilot.press("left")
        assert view.place == 0, "there is nothing before the first"


async def test_up_and_down_pick_a_series_and_go_round_by_way_of_all(app):
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, BY_MINUTE)
        seen = []
        for key in ("up", "k", "up", "down", "j"):
            await pilot.press(key)
            seen.append(view.picked)
        assert seen == [0, 1, None, 1, 0]


async def test_bars_are_moved_in_up_and_down_and_the_list_follows(logs):
    logs.deliver(
        *(line(srcport=number, start=BEGIN + place) for number in range(60) for place in range(60 - number))
    )
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, "stats count(*) as n by srcPort")
        assert at_cursor(app, view).split() == ["0", "█", "60"]
        await pilot.press("down", "j", "up")
        assert view.place == 1
        await pilot.press("end")
        await drawn(pilot, view)
        assert at_cursor(app, view).split() == ["59", "█", "1"]
        assert lines_in(app, view)[-1].split()[:2] == ["59", "1"]
        await pilot.press("pageup", "home")
        await drawn(pilot, view)
        assert lines_in(app, view)[1].split()[:2] == ["0", "60"]


async def test_a_logarithmic_scale_is_a_key_away(app):
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, BY_MINUTE)
        even = lines_in(app, view)
        await pilot.press("L")
        await until("it is drawn", lambda: lines_in(app, view)[1:] != even[1:])
        assert "(log scale)" in at_cursor(app, view)
        await pilot.press("L")
        await until("it is even again", lambda: lines_in(app, view) == even)


# -- to the records ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minute", "picked"), [(0, 1), (2, None), (5, 0)])
async def test_enter_goes_to_as_many_records_as_the_column_says(app, minute, picked):
    async with app.run_test(size=WIDE) as pilot:
        view = await chart(pilot, BY_MINUTE)
        await pilot.press("home", *["right"] * minute, *["up"] * (0 if picked is None else picked + 1))
        values = view.picture.slots.values[view.cursor]
        value = sum(values) if picked is None else values[picked]
        action = None if picked is None else view.chart.series[picked].name
        assert value == sum(row[0] == minute and action in {None, row[3]} for row in ROWS)
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert app.screen is explorer
        assert explorer.state.view.height == value
        assert app.focused is explorer.records


@pytest.mark.parametrize("picked", [None, 0])
async def test_enter_goes_to_as_many_records_as_the_bar_says(app, picked):
    async with app.run_test(size=WIDE) as pilot:
        view = await chart(pilot, BY_PORT)
        await pilot.press("down", *["right"] * (0 if picked is None else picked + 1))
        port = view.chart.keys[1]["dstPort"]
        action = None if picked is None else view.chart.series[picked].name
        await pilot.press("enter")
        explorer = await settled(pilot)
        found = sum(row[2] == port and action in {None, row[3]} for row in ROWS)
        assert explorer.state.view.height == found
        await press(pilot, "left_square_bracket")
        assert explorer.state.view.height == len(ROWS)


async def test_enter_on_the_others_does_not_go_to_records_that_are_not_theirs(app):
    async with app.run_test(size=WIDE) as pilot:
        view = await chart(pilot, "stats count(*) as n by bin(10m), srcAddr")
        assert view.chart.series[-1].name == "3 others"
        await pilot.press("down")
        assert view.picked == 5
        await pilot.press("enter")
        await pilot.pause()
        assert told(app.screen) == "No filter can say which records stand behind this."


async def test_a_click_moves_and_a_second_one_opens(app):
    async with app.run_test(size=WIDE) as pilot:
        view = await chart(pilot, BY_MINUTE)
        cell = view.picture.cell_of(4)
        await pilot.click(view, offset=(cell, 5))
        assert view.place == 4
        await pilot.click(view, offset=(cell, 5), times=2)
        explorer = await settled(pilot)
        assert explorer.state.view.height == sum(row[0] == 4 for row in ROWS)


async def test_a_click_on_a_bar_goes_to_it(app):
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, BY_PORT)
        await pilot.click(view, offset=(30, 3))
        assert view.place == 2
        await pilot.click(view, offset=(2, 0))
        assert view.place == 2, "the line above the bars is none of them"


# -- copying, and what strangers wrote -----------------------------------------------------------------------


async def test_y_copies_the_chart_as_the_command_prints_it(app):
    async with app.run_test(size=NARROW) as pilot:
        view = await chart(pilot, BY_PORT)
        await pilot.press("y")
        assert app.clipboard == on_paper(view.chart, 80)
        assert app.clipboard.startswith("n  █ REJECT  ▒ ACCEPT\n")
        assert told(app.screen) == "Copied the chart as text."


async def test_no_name_of_the_logs_steers_the_terminal(logs):
    nasty = ("\x1b[2Jevil", "\u202eevil", "ev\x9b31mil", "e\x00v\x07il", "日本語" * 9)
    logs.deliver(
        *(line(interface_id=name, start=BEGIN + place) for place, name in enumerate(nasty)), name="g/n.log"
    )
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        for text in ("stats count(*) as n by interfaceId", "stats count(*) as n by bin(1s), interfaceId"):
            view = await chart(pilot, text)
            for key in ("right", "down", "L", "end"):
                await pilot.press(key)
                await drawn(pilot, view)
                assert_harmless(app)
            await pilot.press("g", "g", "e", "ctrl+u")
            await pilot.press("escape", "escape")
