"""Going to a time: ``t``, a time, and the records of that time are on the screen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    Logs,
    enter_filter,
    explorer_on,
    in_records,
    line,
    lines_in,
    press,
    settled,
    until,
)

HOUR = 3_600


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A record every ten seconds from 10:00 on, for ten hours; record n has n packets."""
    logs = Logs(tmp_path_factory.mktemp("day"))
    logs.deliver(*(line(packets=n, start=BEGIN + 10 * n, end=BEGIN + 10 * n + 1) for n in range(HOUR)))
    return logs


def told(explorer):
    return lines_in(explorer.app, explorer.bar.query_one("#filter-told"))[0]


async def go_to(pilot, text):
    explorer = await in_records(pilot)
    before = explorer.records.cursor
    await pilot.press("t", *text, "enter")
    await until("the cursor has moved", lambda: explorer.records.cursor != before)
    return await settled(pilot)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12:30", 2.5 * HOUR),
        ("12:30:14", 2.5 * HOUR + 10),
        ("2026-01-15 11:00", HOUR),
        ("2026-01-15T13:00+02:00", HOUR),
        (str(BEGIN + 4 * HOUR + 5), 4 * HOUR),
        ("2020-01-01", 0),
    ],
)
async def test_the_first_record_on_screen_is_the_last_up_to_that_time(day, text, seconds):
    async with explorer_on(day).run_test(size=NARROW) as pilot:
        explorer = await go_to(pilot, text)
        row = explorer.records.row.record
        assert row["timestamp"] == datetime.fromtimestamp(BEGIN + seconds, UTC)
        assert explorer.records.top == min(explorer.records.cursor, HOUR - explorer.records.page)


async def test_it_is_found_among_what_a_filter_left_and_from_the_other_end(day):
    async with explorer_on(day).run_test(size=NARROW) as pilot:
        await enter_filter(pilot, "packets > 1000 and packets < 3000")
        explorer = await go_to(pilot, "15:00")
        assert explorer.records.row.record["packets"] == 5 * HOUR // 10
        await press(pilot, "s")  # the other way round
        assert not explorer.state.scope.descending
        explorer = await go_to(pilot, "14:00:01")
        assert explorer.records.row.record["packets"] == 4 * HOUR // 10 + 1


async def test_the_filter_is_there_again_when_the_time_has_been_given_or_not(day):
    async with explorer_on(day, filter="packets > 9").run_test(size=NARROW) as pilot:
        explorer = await go_to(pilot, "12:00")
        label, typed = explorer.bar.query_one("#filter-label"), explorer.bar.query_one("Input")
        assert (lines_in(pilot.app, label)[0].strip(), typed.value) == ("filter", "packets > 9")
        await pilot.press("t", "1")
        assert lines_in(pilot.app, label)[0].strip() == "time"
        await press(pilot, "escape")
        assert (lines_in(pilot.app, label)[0].strip(), typed.value) == ("filter", "packets > 9")
        assert explorer.state.scope.filter == "packets > 9"


async def test_what_is_no_time_is_said_and_stays_to_be_mended(day):
    async with explorer_on(day).run_test(size=(160, 24)) as pilot:
        explorer = await in_records(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert told(explorer).startswith("10:30")
        await pilot.press(*"noon", "enter")
        await pilot.pause()
        assert "'noon' is not a time. Write 10:30" in told(explorer)
        assert explorer.bar.typing
        await pilot.press("ctrl+a", "ctrl+k", *"12:00")
        await pilot.pause()
        assert told(explorer).strip() == "= 2026-01-15 12:00:00 UTC"


async def test_in_another_order_and_without_records_it_says_why_not(day):
    async with explorer_on(day, sort="bytes").run_test(size=(160, 24)) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "t")
        assert not explorer.bar.typing
        assert "Sort by time first" in told(explorer)
    async with explorer_on(day, filter="packets < 0").run_test(size=(160, 24)) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "t")
        assert "no record" in told(explorer)
