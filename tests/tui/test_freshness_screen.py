"""How fresh the logs are: in the first line, and on the screen that lists deliveries, gaps and silent streams."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from query.scope import Scope
from tests.tui.conftest import (
    BEGIN,
    ENI,
    GROUP,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    picture,
    press,
    screen_text,
    seen,
    settled,
    until,
)
from tests.tui.test_following import arrived
from tui.freshness import CLOCK_BEHIND, ago, live_told, long
from tui.screens.deliveries import DeliveriesScreen
from tui.state import State

OTHER, SECOND = "eni-0fedcba9876543210", "123456789012/us-east-1/fl-0fffffffffffffff0"


def at(minutes):
    return datetime.fromtimestamp(BEGIN, UTC) + timedelta(minutes=minutes)


@pytest.fixture
def clock(monkeypatch):
    """A clock that shows what it is set to: 72 minutes after the first record to begin with."""
    shown = [at(72)]
    monkeypatch.setattr("tui.clock.now", lambda: shown[0])
    return lambda minutes: shown.__setitem__(0, at(minutes))


def deliver(logs, *minutes, eni=ENI, **fields):
    """A file for each of some minutes, with a record that ended then."""
    for minute in minutes:
        end = BEGIN + minute * 60
        logs.deliver(line(interface_id=eni, start=end - 60, end=end), end=end, **fields)


@pytest.fixture
def unsteady(logs):
    """A flow log that lost a stream, and one with a gap; the newest delivery is of minute 70."""
    deliver(logs, *range(0, 71, 5))
    deliver(logs, 0, 5, 10, eni=OTHER)
    deliver(logs, 0, 5, 10, 55, 60, flow_log=SECOND.rpartition("/")[2])
    return logs


async def listed(pilot):
    """Open the list of deliveries and wait until it is there."""
    await pilot.press("L")
    app = pilot.app
    await until("the screen is open", lambda: isinstance(app.screen, DeliveriesScreen))
    await until("the list is there", lambda: app.screen._table.row is not None)
    await pilot.pause()
    return app.screen


def rows(app):
    """The lines of the list, as words."""
    return [row.split() for row in picture(app)[3:-3] if row.strip()]


# -- the first line ------------------------------------------------------------------------------------------


async def test_the_first_line_says_when_the_last_delivery_was_and_goes_with_the_clock(
    unsteady, clock, monkeypatch
):
    app = explorer_on(unsteady)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        top = explorer.query_one("#top")
        assert "● live, 2 min ago" in picture(app)[0]
        drawn = []
        refresh = top.refresh
        monkeypatch.setattr(top, "refresh", lambda *given, **more: (drawn.append(1), refresh(*given, **more)))
        explorer._tick()
        assert not drawn, "nothing is drawn while nothing has changed"
        clock(74)
        explorer._tick()
        await seen(app, "● live, 4 min ago")
        assert len(drawn) == 1


async def test_what_is_delivered_later_is_told_with_the_next_look_at_the_clock(logs, clock):
    deliver(logs, 0, 5)
    app = explorer_on(logs, following=True)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        assert "● following, last delivery 1 h 7 min ago" in picture(app)[0]
        deliver(logs, 70)
        await arrived(pilot, 3)
        explorer._tick()
        await seen(app, "● following, last delivery 2 min ago")


async def test_a_clock_that_was_set_back_is_told(logs, clock):
    deliver(logs, 0, 5)
    clock(-600)
    app = explorer_on(logs)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert f"● live, {CLOCK_BEHIND}" in picture(app)[0]
        await listed(pilot)
        assert rows(app)[0][-2] == "clock?"
        assert CLOCK_BEHIND in screen_text(app)


def told(delivered, *, brief=False, watching="", following=False):
    state = State(Scope(), following=following)
    state.delivered, state.watching = delivered, watching
    return live_told(state, at(72), brief=brief)


def test_what_is_said_of_deliveries():
    assert told(at(70)) == "● live, last delivery 2 min ago"
    assert told(at(70), brief=True) == "● live, 2 min ago"
    assert told(at(72)) == "● live, last delivery just now"
    assert told(at(-3000)) == "last delivery 2026-01-13"
    assert told(at(-3000), brief=True) == ""
    assert told(at(-3000), following=True) == "● following, last delivery 2026-01-13"
    assert told(at(70), watching="polling every 5 s") == (
        "● live, polling every 5 s, last delivery 2 min ago"
    )
    assert told(None) == ""
    assert told(None, following=True) == "● following"


def test_lengths_are_told_to_the_minute():
    lengths = [long(timedelta(seconds=seconds)) for seconds in (0, 59, 60, 119, 120, 3600, 86_400 * 3)]
    assert lengths == ["< 1 min", "< 1 min", "1 min", "1 min", "2 min", "1 h", "3 d"]
    assert ago(at(0), at(0) + timedelta(hours=23)) == "23 h ago"


# -- the list ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_every_flow_log_has_a_line_and_below_it_what_is_missing(unsteady, clock, size):
    app = explorer_on(unsteady)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await listed(pilot)
        assert "2 log groups, 1 gap, 1 silent stream" in picture(app)[1]
        first, silent, second, gap = rows(app)
        assert first[0].endswith("fl-0123456789abcdef0")
        assert first[1:] == ["2026-01-15", "11:10", "2", "min", "18", "1"]
        assert silent == [OTHER, "2026-01-15", "10:10", "1", "h", "silent"]
        assert second[1:] == ["2026-01-15", "11:00", "12", "min", "5", "1", "2"]
        assert gap == ["no", "delivery", "2026-01-15", "10:10", "45", "min", "gap"]
        assert "usually one every 5 min" in screen_text(app)
        header = picture(app)[2]
        assert len({row.rindex("2026-01-15") for row in picture(app)[3:7]} | {header.index("last")}) == 1


async def test_a_line_leads_to_its_records(unsteady, clock):
    app = explorer_on(unsteady)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        for keys, scope in (
            ("", Scope(group=GROUP)),
            ("j", Scope(group=GROUP, stream=OTHER)),
            ("jj", Scope(group=SECOND)),
            ("jjj", Scope(group=SECOND, since=at(-5), until=at(60))),
        ):
            await listed(pilot)
            await press_there(pilot, keys)
            await until("back", lambda: app.screen is explorer)
            await settled(pilot)
            assert explorer.state.scope == scope
            assert explorer.state.view.height, "there are records to see"
            assert explorer.pane == "records"


async def press_there(pilot, keys):
    """Move in the list, then open what is under the cursor."""
    await pilot.press(*keys, "enter")


async def test_each_line_is_explained_in_plain_words(unsteady, clock):
    app = explorer_on(unsteady)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await listed(pilot)
        await seen(app, "Last delivery 2 min ago, usually one every 5 min.")
        await pilot.press("j")
        await seen(app, f"{OTHER} has had no record since 2026-01-15 10:10 UTC, not even NODATA")
        await pilot.press("j")
        await seen(app, "By now 2 windows of 1 min are missing.")
        await pilot.press("j")
        await seen(app, "No file is named for a time between 2026-01-15 10:10 and 2026-01-15 10:55 UTC")
        await pilot.press("escape")
        await until("the explorer is back", lambda: app.screen is app.explorer)


async def test_names_of_groups_and_streams_never_reach_the_terminal_raw(logs, clock):
    logs.deliver(line(), name="we\x1b[2Jb/today.log")
    os.utime(logs.root / "we\x1b[2Jb/today.log", (BEGIN, BEGIN))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await listed(pilot)
        assert "\x1b" not in screen_text(app)
        assert "we" in rows(app)[0][0]


async def test_a_frozen_screen_lists_what_it_shows(unsteady, clock):
    app = explorer_on(unsteady)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "space")
        deliver(unsteady, 71)
        await until("it is held", lambda: explorer.state.held_back)
        await listed(pilot)
        assert rows(app)[0][5] == "18"
