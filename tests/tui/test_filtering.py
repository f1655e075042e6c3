"""Filtering, sorting and copying: what is typed, what a cell offers, and what ends up on the clipboard."""

from __future__ import annotations

import base64
import re
import time

import pytest
from textual.color import Color
from textual.widgets import Input

from loaders.dataset import Dataset
from tests.tui.conftest import (
    BEGIN,
    ENI,
    GROUP,
    NARROW,
    WIDE,
    enter_filter,
    explorer_on,
    in_records,
    line,
    lines_in,
    press,
    quoted,
    screen_text,
    settled,
    sources,
    title,
    type_filter,
    until,
)

ALL = [f"10.0.0.{number}" for number in reversed(range(10))] + ["10.9.9.9"]


def typed(explorer):
    return explorer.bar.query_one(Input)


def verdict(explorer):
    """The colour of the filter as it is drawn: the name of the theme's colour, and nothing else."""
    region = typed(explorer).region
    strip = explorer.app.screen._compositor.render_strips()[region.y].crop(region.x, region.x + 1)
    drawn = Color.from_rich_color(next(iter(strip)).style.color)
    names = ("accept", "reject")
    return next(
        (n for n in names if Color.parse(explorer.app.theme_variables[f"flow-{n}"]) == drawn), "plain"
    )


def told(explorer):
    return lines_in(explorer.app, explorer.bar.query_one("#filter-told"))[0]


async def to_column(pilot, field):
    """Move the cursor to the column that shows a field."""
    explorer = pilot.app.explorer
    await pilot.press(*["h"] * len(explorer.records.source.columns))
    while explorer.records.source.field(explorer.records.column) != field:
        before = explorer.records.column
        await pilot.press("l")
        assert explorer.records.column != before, f"{field} is not on the screen"
    return await settled(pilot)


async def test_a_filter_leaves_the_records_that_match_and_the_title_counts_them(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await enter_filter(pilot, "reject")
        assert explorer.pane == "records", "Enter shows what was found"
        assert sources(explorer) == ["10.0.0.6", "10.0.0.3"]
        assert title(app, "records").startswith("records · 2 of 11")
        assert "reject" in lines_in(app, explorer.bar)[0], "the filter stays in sight"


async def test_the_text_is_green_while_it_is_a_filter_and_red_while_it_is_not(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await pilot.press("slash")
        seen = {}
        for key in "dstPort = 80":
            await pilot.press("space" if key == " " else key)
            seen[typed(explorer).value] = verdict(explorer)
        assert seen["d"] == seen["dstPort ="] == "reject"
        assert seen["dstPort = 8"] == seen["dstPort = 80"] == "accept"
        await pilot.press("backspace", "backspace")
        assert verdict(explorer) == "reject"


async def test_what_is_wrong_is_said_and_enter_then_changes_nothing(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await type_filter(pilot, "dstProt = 80")
        assert told(explorer).startswith("✗ ")
        assert "dstProt" in told(explorer)
        await press(pilot, "enter")
        assert explorer.bar.typing, "there is something to mend first"
        assert explorer.state.scope.filter == ""
        assert explorer.state.view.height == 11


async def test_a_short_form_is_spelt_out_while_it_is_typed(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        await type_filter(pilot, ":80")
        assert told(explorer) == "= (srcPort = 80 or dstPort = 80)" or "srcPort = 80" in told(explorer)
        assert "dstPort = 80" in told(explorer)


async def test_a_filter_that_can_never_match_earns_a_warning_but_is_allowed(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        await type_filter(pilot, "169.254.169.254")
        assert told(explorer).startswith("! ")
        assert "never" in told(explorer)
        await press(pilot, "enter")
        assert explorer.state.scope.filter == "169.254.169.254"
        assert explorer.state.view.height == 0


async def test_escape_leaves_the_old_filter(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await enter_filter(pilot, "reject")
        for other in ("accept", "dstPort ="):
            await type_filter(pilot, other)
            await press(pilot, "escape")
            assert (typed(explorer).value, verdict(explorer)) == ("reject", "plain")
            assert explorer.state.view.height == 2
            assert explorer.pane == "records"
            assert not explorer.bar.typing


async def test_keys_that_edit_the_text_do_not_reach_the_panes(two_streams):
    async with explorer_on(two_streams, group=GROUP).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "j", "slash")
        await pilot.press(
            *"jGs?q", "home", "x", "right", "delete", "end", "left", "left", "backspace", "up", "pagedown"
        )
        assert typed(explorer).value == "xj?q"
        await pilot.press("ctrl+u", *"reject and s", "ctrl+w", "escape")
        assert explorer.bar.typing is False
        await settled(pilot)
        assert (explorer.records.cursor, explorer.state.scope.sort, explorer.state.view.height) == (
            1,
            "timestamp",
            10,
        )
        assert not pilot.app._exit


async def test_an_empty_filter_shows_all(two_streams):
    async with explorer_on(two_streams, filter="reject").run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        assert explorer.state.view.height == 2
        await enter_filter(pilot, "")
        assert sources(explorer) == ALL[: explorer.records.page]
        assert explorer.state.view.height == 11


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_a_filter_without_a_match_says_so_and_what_to_press(two_streams, size):
    app = explorer_on(two_streams)
    async with app.run_test(size=size) as pilot:
        explorer = await settled(pilot)
        await enter_filter(pilot, "203.0.113.1")
        shown = " ".join(lines_in(app, explorer.records))
        assert "No record matches the filter." in shown
        assert "Press /" in shown
        assert "records · 0 of 11" in title(app, "records")
        await press(pilot, "j", "G", "pagedown", "y", "Y", "plus", "s", "enter", "escape")
        assert "10.0.0.9" not in screen_text(app), "no record of the view before is left"


async def test_a_filter_holds_in_every_group_until_it_is_taken_off(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await enter_filter(pilot, "accept")
        await press(pilot, "escape", "home", "enter", "enter")
        assert explorer.state.scope.filter == "accept"
        assert sources(explorer) == ["10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.5", "10.0.0.4"]


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("action", ["10.0.0.6", "10.0.0.3"]),
        ("srcaddr", ["10.0.0.6"]),
        ("dstport", ["10.0.0.6", "10.0.0.3"]),
        ("bytes", ["10.0.0.6"]),
        (
            "interface_id",
            ["10.0.0.9", "10.0.0.8", "10.0.0.7", "10.0.0.6", "10.0.0.5", "10.0.0.4", "10.9.9.9"],
        ),
    ],
)
async def test_plus_keeps_and_minus_leaves_out_the_value_under_the_cursor(two_streams, field, shown):
    app = explorer_on(two_streams)
    async with app.run_test(size=(220, 30)) as pilot:
        explorer = await in_records(pilot)
        explorer.records.move_to(3)
        await to_column(pilot, field)
        await press(pilot, "plus")
        assert sources(explorer) == shown
        assert typed(explorer).value == explorer.state.scope.filter != ""
        await press(pilot, "left_square_bracket")
        assert explorer.state.scope.filter == ""
        explorer.records.move_to(3)
        await settled(pilot)
        await press(pilot, "minus")
        assert sources(explorer) == [address for address in ALL if address not in shown]


async def test_conditions_from_cells_add_up_and_respect_an_or(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await enter_filter(pilot, "reject or 10.0.0.9")
        assert sources(explorer) == ["10.0.0.9", "10.0.0.6", "10.0.0.3"]
        await to_column(pilot, "srcaddr")
        await press(pilot, "minus")
        assert sources(explorer) == ["10.0.0.6", "10.0.0.3"]
        await press(pilot, "minus")
        assert sources(explorer) == ["10.0.0.3"]


async def test_a_time_cannot_be_included_and_the_screen_says_what_to_do(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "plus")
        assert explorer.state.scope.filter == ""
        assert "--since" in told(explorer)


async def test_a_record_without_an_action_is_included_by_its_log_status(logs):
    nodata = f"2 123456789012 {ENI} - - - - - - - {BEGIN} {BEGIN + 60} - NODATA"
    logs.deliver(line(start=BEGIN - 1), nodata, nodata.replace("NODATA", "SKIPDATA"))
    async with explorer_on(logs).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await enter_filter(pilot, "nodata")
        await to_column(pilot, "action")
        await enter_filter(pilot, "")
        row = explorer.records.row.record["log_status"]
        await press(pilot, "plus")
        assert row in ("NODATA", "SKIPDATA")
        assert explorer.state.view.height == 1
        assert explorer.records.row.record["log_status"] == row


async def test_sorting_by_a_column_puts_the_largest_first_and_again_turns_it_round(two_streams):
    app = explorer_on(two_streams, group=GROUP)
    by_bytes = [
        "10.0.0.7",
        "10.0.0.4",
        "10.0.0.1",
        "10.0.0.8",
        "10.0.0.5",
        "10.0.0.2",
        "10.0.0.9",
        "10.0.0.6",
    ]
    by_bytes += ["10.0.0.3", "10.0.0.0"]
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        header = lines_in(app, explorer.records)[0]
        assert "▼" not in header.split("action")[1]
        await to_column(pilot, "bytes")
        await press(pilot, "s")
        assert sources(explorer) == by_bytes
        assert "bytes▼" in lines_in(app, explorer.records)[0]
        await press(pilot, "s")
        assert sources(explorer) == by_bytes[::-1]
        assert "bytes▲" in lines_in(app, explorer.records)[0]
        await press(pilot, "left_square_bracket", "left_square_bracket")
        assert sources(explorer) == ALL[:-1], "and the way back is remembered"


async def test_sorting_by_text_goes_by_the_alphabet(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await to_column(pilot, "action")
        await press(pilot, "s")
        assert set(sources(explorer)[:2]) == {"10.0.0.3", "10.0.0.6"}, "REJECT before ACCEPT"


async def test_the_time_a_filter_took_is_shown(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert not re.search(r"\d m?s$", title(app, "records"))
        await enter_filter(pilot, "reject")
        assert re.search(r"· \d+ (ms|s)$", title(app, "records"))


# -- the clipboard -------------------------------------------------------------------------------------------


@pytest.fixture
def clipboard(monkeypatch):
    """What is sent to the terminal's clipboard by OSC 52, decoded, in order."""
    from textual.drivers.headless_driver import HeadlessDriver

    copied = []

    def write(self, data):
        if found := re.fullmatch("\x1b\\]52;c;([A-Za-z0-9+/=]*)\x07", data):
            copied.append(base64.b64decode(found[1]).decode())

    monkeypatch.setattr(HeadlessDriver, "write", write)
    return copied


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("srcaddr", "10.0.0.9"),
        ("dstport", "443"),
        ("bytes", "400"),
        ("action", "ACCEPT"),
        ("interface_id", ENI),
        ("timestamp", "2026-01-15T10:00:09.000Z"),
        ("protocol", "6"),
    ],
)
async def test_y_copies_exactly_the_value_under_the_cursor(two_streams, clipboard, field, value):
    async with explorer_on(two_streams).run_test(size=(220, 30)) as pilot:
        explorer = await in_records(pilot)
        await to_column(pilot, field)
        await press(pilot, "y")
        assert clipboard == [value]
        assert value in told(explorer)


async def test_y_copies_the_name_of_a_group_or_stream(two_streams, clipboard):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "y", "space", "down", "y")
        assert clipboard == [GROUP, ENI]


@pytest.mark.parametrize("opened", [False, True], ids=["from the table", "from the open record"])
async def test_capital_y_copies_the_line_exactly_as_it_stands_in_its_file(logs, clipboard, opened):
    raw = line(srcaddr="10.0.0.5", start=BEGIN + 50, packets="007")
    logs.deliver(line(), raw, line(start=BEGIN + 1))
    async with explorer_on(logs).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        if opened:
            await press(pilot, "enter")
        await press(pilot, "Y")
        await until("the line is copied", lambda: clipboard)
        assert clipboard == [raw], "007 and all"
        assert "Copied" in told(explorer)


async def test_a_line_that_is_not_there_any_more_is_not_copied(two_streams, clipboard, monkeypatch):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        monkeypatch.setattr("loaders.dataset.Dataset.raw", lambda *_: None)
        await press(pilot, "Y")
        await until("something is said", lambda: told(explorer))
        assert not clipboard, "what was copied would be pasted as if it were a record"


async def test_copying_a_line_is_not_undone_by_the_record_pane_fetching_it_too(
    two_streams, clipboard, monkeypatch
):
    monkeypatch.setattr("tui.screens.explorer._REST", 0.15)
    fetch = Dataset.raw

    def slowly(self, file, number):
        time.sleep(0.4)
        return fetch(self, file, number)

    monkeypatch.setattr(Dataset, "raw", slowly)
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await pilot.press("j", "Y")
        await quoted(pilot)
        await until("the line is copied", lambda: clipboard, patience=5)
        assert clipboard == [explorer.record._raw]
