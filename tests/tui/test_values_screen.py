"""The values of a field on the screen: each with its count, its share and a bar; to include or to exclude."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.tui.conftest import (
    BEGIN,
    ENI,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    lines_in,
    picture,
    press,
    settled,
    title,
    until,
)
from tests.tui.test_query_screen import assert_harmless
from tui.screens.values import ValuesScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
SOURCES = [f"10.0.0.{(9, 10, 100, 9, 2, 9)[number % 6]}" for number in range(40)]
QUIET = f"2 123456789012 {ENI} - - - - - - - {BEGIN} {BEGIN + 9} - NODATA"


@pytest.fixture
def app(logs):
    logs.deliver(
        *(
            line(srcaddr=source, dstport=443 + number % 2, start=BEGIN + number)
            for number, source in enumerate(SOURCES)
        ),
        QUIET,
    )
    return explorer_on(logs)


async def open_values(pilot, field="srcaddr"):
    """Move to a column of the records and list its values."""
    explorer = await in_records(pilot)
    await press(pilot, *["left"] * explorer.records.column)
    for _ in range(20):
        if explorer.records.field == field:
            break
        await press(pilot, "right")
    assert explorer.records.field == field
    await pilot.press("v")
    await until("the list is there", lambda: isinstance(pilot.app.screen, ValuesScreen))
    return await listed(pilot, field)


async def listed(pilot, field):
    """Wait until the values of a field are on the screen."""
    screen = pilot.app.screen
    await until(
        f"the values of {field} are there",
        lambda: (
            screen.source is not None and screen.source.values.name == field and screen._table.row is not None
        ),
    )
    await pilot.pause()
    return screen


def shown(screen):
    """The rows as they stand there: value, records, share and the length of the bar in eighths."""
    found = []
    for text in filter(None, lines_in(screen.app, screen._table)[1:]):
        value, records, share, *bar = text.rsplit(maxsplit=3)
        found.append((value, int(records), share, sum(" ▏▎▍▌▋▊▉█".index(sign) for sign in "".join(bar))))
    return found


@SIZES
async def test_each_value_has_its_count_its_share_and_a_bar(app, size):
    async with app.run_test(size=size) as pilot:
        screen = await open_values(pilot)
        expected = Counter(SOURCES) + Counter({"(no value)": 1})
        rows = shown(screen)
        assert {value: records for value, records, _, _ in rows} == expected
        top = max(expected.values())
        for _, records, share, length in rows:
            assert share == f"{100 * records / 41:.0f}%"
            assert length == max(1, round(records / top * 24 * 8))
        assert [row[1] for row in rows] == sorted(expected.values(), reverse=True)


async def test_the_title_says_how_many_and_the_line_below_it_from_where_to_where(app):
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_values(pilot)
        assert title(app, "values") == "values · srcaddr · 4 values in 41 records, 1 without"
        assert lines_in(app, screen._told) == ["from 10.0.0.2 to 10.0.0.100"], "addresses by number"


@pytest.mark.parametrize(
    ("key", "filter_", "keep"),
    [
        ("enter", "srcAddr = '10.0.0.10'", True),
        ("exclamation_mark", "not (srcAddr = '10.0.0.10')", False),
    ],
)
async def test_a_value_is_included_or_excluded(app, key, filter_, keep):
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_values(pilot)
        await pilot.press("j")
        assert screen._table.row.record["value"] == "10.0.0.10"
        await pilot.press(key)
        explorer = await settled(pilot)
        assert app.screen is explorer
        assert explorer.state.scope.filter.replace('"', "'") == filter_
        with_it = SOURCES.count("10.0.0.10")
        assert explorer.state.view.height == (with_it if keep else 41 - with_it)
        await press(pilot, "left_square_bracket")
        assert explorer.state.view.height == 41


@pytest.mark.parametrize(("key", "height"), [("enter", 1), ("exclamation_mark", 40)])
async def test_records_without_a_value_are_included_or_excluded(app, key, height):
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_values(pilot)
        await pilot.press("G")
        assert screen._table.row.record["value"] is None
        await pilot.press(key)
        explorer = await settled(pilot)
        assert explorer.state.view.height == height


async def test_values_are_those_of_what_is_looked_at(app):
    async with app.run_test(size=WIDE) as pilot:
        await open_values(pilot, "dstport")
        await pilot.press("enter")
        await settled(pilot)
        screen = await open_values(pilot)
        port = 443
        assert {value: records for value, records, _, _ in shown(screen)} == Counter(
            source for number, source in enumerate(SOURCES) if 443 + number % 2 == port
        )
        assert f"dstPort = {port}" in picture(app)[0]


async def test_the_fields_beside_it_are_a_key_away_and_go_round(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_values(pilot)
        fields = screen._fields
        assert fields[0] != "timestamp"
        place = fields.index("srcaddr")
        await pilot.press("right")
        await listed(pilot, fields[place + 1])
        await pilot.press("l", "left", "h")
        await listed(pilot, "srcaddr")
        for _ in range(place):
            await pilot.press("left")
        await listed(pilot, fields[0])
        await pilot.press("left")
        await listed(pilot, fields[-1])
        assert title(app, "values").startswith(f"values · {fields[-1]} · ".replace("_", "-"))
        await pilot.press("right")
        await listed(pilot, fields[0])


async def test_enter_never_takes_a_value_of_the_field_before(app):
    async with app.run_test(size=WIDE) as pilot:
        screen = await open_values(pilot)
        screen._field = "dstaddr"
        await pilot.press("enter")
        assert app.screen is screen
        assert app.explorer.state.scope.filter == ""


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_the_list_is_closed_and_nothing_has_changed(app, key):
    async with app.run_test(size=NARROW) as pilot:
        await open_values(pilot)
        await pilot.press("j", key)
        explorer = await settled(pilot)
        assert app.screen is explorer
        assert (explorer.state.scope.filter, explorer.state.view.height) == ("", 41)


async def test_a_value_is_copied(app):
    async with app.run_test(size=NARROW) as pilot:
        await open_values(pilot)
        await pilot.press("j", "y")
        assert app.clipboard == "10.0.0.10"
        await pilot.press("G", "y")
        assert app.clipboard == "10.0.0.10", "there is nothing to copy where there is no value"


async def test_times_are_looked_at_in_the_bars_and_it_is_said(app):
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "v")
        assert app.screen is explorer
        await until("it is said", lambda: any("bars show the times (b)" in row for row in picture(app)))


NASTY = (
    "\x1b[2Jevil",
    "[/x][red]evil",
    "\u202eevil",
    "ev\x9b31mil",
    "e\x00v\x07il",
    "日本語" * 20,
    "e" + "\u0301" * 40,
)


@SIZES
async def test_no_value_steers_the_terminal(logs, size):
    logs.deliver(
        *(line(interface_id=nasty, start=BEGIN + number) for number, nasty in enumerate(NASTY)),
        name="g/n.log",
    )
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        await in_records(pilot)
        screen = await open_values(pilot)
        screen._field = "interface_id"
        screen._count()
        await listed(pilot, "interface_id")
        for key in ("j", "y", "j", "j", "G", "g"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)
        assert screen.source.values.distinct == len(NASTY)
        value = screen._table.row.record["value"]
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert_harmless(app)
        assert explorer.state.view.height == 1, value
