"""Moving about: arrows and vim keys, pages, both ends of 200,000 records, and screens of any size."""

from __future__ import annotations

import pytest
from textual.events import Resize

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    Logs,
    explorer_on,
    in_records,
    line,
    lines_in,
    press,
    quoted,
    screen_text,
    settled,
    sources,
    until,
)
from tui.widgets.record_table import RecordSource

MANY = 200_000
# What a table may ask for at once, in pages: the one on screen, and some on either side.
FEW_PAGES = 8


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """200,000 records a second apart in four files; the newest first, record n has n packets."""
    logs = Logs(tmp_path_factory.mktemp("many"))
    for quarter in range(4):
        numbers = range(quarter, MANY, 4)  # every file reaches over the whole time: order needs a real sort
        logs.deliver(*(line(packets=MANY - 1 - n, start=BEGIN + n, end=BEGIN + n + 1) for n in numbers))
    return logs


@pytest.fixture
def asked(monkeypatch):
    """The windows that the table asked of its records."""
    windows = []
    fetch = RecordSource.window

    def window(self, offset, amount):
        windows.append((offset, amount))
        return fetch(self, offset, amount)

    monkeypatch.setattr(RecordSource, "window", window)
    return windows


def assert_at(explorer, number):
    """The cursor is on a row, the row is the right one, and it is on the screen."""
    table = explorer.records
    assert table.cursor == number
    assert table.row.record["packets"] == number
    assert 0 <= table.cursor - table.top < table.page
    drawn = lines_in(explorer.app, table)[1 + table.cursor - table.top]
    assert drawn.startswith(table.row.cells[0]), "the line under the cursor is that row's"
    style = list(table.render_line(1 + table.cursor - table.top))[-1].style
    assert style.bgcolor.name == explorer.app.theme_variables["flow-cursor"].lower()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_every_movement_lands_on_its_row_and_never_fetches_more_than_a_few_pages(many, asked, size):
    async with explorer_on(many).run_test(size=size) as pilot:
        explorer = await in_records(pilot)
        page = explorer.records.page
        assert_at(explorer, 0)
        journey = [
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("pagedown", page),
            ("ctrl+f", 2 * page),
            ("pageup", page),
            ("ctrl+b", 0),
            ("ctrl+d", page // 2),
            ("ctrl+u", 0),
            ("G", MANY - 1),
            ("down", MANY - 1),
            ("g", 0),
            ("end", MANY - 1),
            ("pagedown", MANY - 1),
            ("pageup", MANY - 1 - page),
            ("home", 0),
        ]
        for key, number in journey:
            await press(pilot, key)
            assert_at(explorer, number)
        assert asked
        assert max(amount for _, amount in asked) <= FEW_PAGES * page


async def test_a_burst_of_keys_ends_at_the_right_row(many, asked):
    async with explorer_on(many).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        page = explorer.records.page
        await pilot.press(*["pagedown"] * 25, *["j"] * 5)
        await settled(pilot)
        assert_at(explorer, 25 * page + 5)
        assert max(amount for _, amount in asked) <= FEW_PAGES * page


async def test_columns_that_grow_while_paging_are_drawn_in_line_on_every_row(logs):
    wide = {number: f"2001:db8:1234:5678:9abc:def0:1234:{number:04x}" for number in range(200, 300)}
    logs.deliver(
        *(
            line(srcaddr=wide.get(number, f"10.0.0.{number % 250}"), start=BEGIN - number)
            for number in range(400)
        )
    )
    async with explorer_on(logs).run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        for key in ["pagedown", "j", "j"] * 4 + ["G", "k", "g", "j"]:
            await press(pilot, key)
            table = explorer.records
            due = [table.render_line(y).text.strip() for y in range(table.size.height)]
            assert lines_in(pilot.app, table) == due, f"after {key} the screen shows old lines"


async def test_the_wheel_scrolls_and_takes_the_cursor_along(many):
    from textual.events import MouseScrollDown

    async with explorer_on(many).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        for _ in range(5):
            table = explorer.records
            table.post_message(MouseScrollDown(table, 5, 5, 0, 1, 0, shift=False, meta=False, ctrl=False))
            await settled(pilot)
        assert explorer.records.top > 0
        assert_at(explorer, explorer.records.cursor)


async def test_a_click_moves_the_cursor_and_a_double_click_opens(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        await pilot.click("#records", offset=(5, 4))
        await settled(pilot)
        assert (explorer.pane, explorer.records.cursor) == ("records", 3)
        await pilot.click("#records", offset=(5, 2), times=2)
        await settled(pilot)
        assert (explorer.pane, explorer.records.row.record["srcaddr"]) == ("record", "10.0.0.8")


async def test_left_and_right_and_h_and_l_walk_the_columns_on_screen(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        table = explorer.records
        walked = [table.column]
        for key in ("l", "right", "h", "left", "left"):
            await pilot.press(key)
            walked.append(table.column)
        assert walked == [0, 1, 2, 1, 0, 0]
        await pilot.press(*["l"] * 12)
        shown = [index for index, _ in table._layout.fit]
        assert table.column == shown[-1]


async def test_the_record_pane_scrolls_with_the_same_keys(two_streams):
    async with explorer_on(two_streams).run_test(size=(80, 12)) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "enter")
        await quoted(pilot)
        pane = explorer.record
        end = pane.max_scroll_y
        assert end > 1, "the record is longer than the pane"
        at = []
        for key in ("j", "down", "k", "G", "up", "end", "g", "pagedown", "home"):
            await press(pilot, key)
            at.append(pane.scroll_offset.y)
        page = min(end, pane.container_size.height)
        assert at[:7] == [1, 2, 1, end, end - 1, end, 0]
        assert at[7] in range(1, page + 1)
        assert at[8] == 0


async def test_the_groups_move_with_the_same_keys(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        at = []
        for key in ("j", "down", "k", "G", "home"):
            await press(pilot, key)
            at.append(explorer.groups.cursor)
        assert at == [1, 1, 0, 1, 0]


async def test_resizing_keeps_the_row_and_folds_and_unfolds_the_groups(many):
    app = explorer_on(many)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, *["pagedown"] * 3)
        number = explorer.records.cursor
        await pilot.resize_terminal(*NARROW)
        await until("the groups have made room", lambda: not explorer.groups.region)
        await settled(pilot)
        assert_at(explorer, number)
        narrow = screen_text(app).split("\n")
        assert (len(narrow), {len(row) for row in narrow}) == (24, {80})
        await pilot.resize_terminal(*WIDE)
        await until("the groups are back", lambda: explorer.groups.region)
        await settled(pilot)
        assert_at(explorer, number)


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (10, 3), (200, 4), (12, 60)], ids=str)
async def test_a_tiny_terminal_is_survived_and_usable_again_when_it_grows(two_streams, size):
    app = explorer_on(two_streams)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press(
            "enter", "enter", "j", "enter", "escape", "slash", "r", "escape", "p", "escape", "question_mark"
        )
        screen_text(app)
        await pilot.press("escape")
        await pilot.resize_terminal(*NARROW)
        explorer = await in_records(pilot)
        await until("the records are back", lambda: sources(explorer)[:1] == ["10.0.0.9"])


async def test_paging_on_fetches_what_lies_ahead_once(many, asked):
    async with explorer_on(many).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        page = explorer.records.page
        for number in range(1, 12):
            await press(pilot, "pagedown")
            await until("its row is here", lambda: explorer.records.row is not None)
            assert_at(explorer, number * page)
        await until("the rest is here", lambda: sum(amount for _, amount in asked) >= 14 * page)
        rows = [row for offset, amount in asked for row in range(offset, offset + amount)]
        ahead = [row for row in rows if row >= 2 * page]
        assert len(ahead) == len(set(ahead))
        assert max(rows) < 16 * page


async def test_a_table_fills_its_room_though_nobody_told_it_of_its_size(many, monkeypatch):
    """Textual tells of no new size where a region is asked for before the layout: see ``tui.widgets.sized``."""
    async with explorer_on(many).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        assert explorer.records.page == 1, "groups come first where there is room for one pane"
        post = explorer.records.post_message
        untold = lambda message: not isinstance(message, Resize) and post(message)  # noqa: E731
        monkeypatch.setattr(explorer.records, "post_message", untold)
        await in_records(pilot)
        assert explorer.records.page > 1
