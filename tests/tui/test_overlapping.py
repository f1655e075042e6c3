"""Flow logs that hold the same records: the explorer says so, and counts them once when asked."""

from __future__ import annotations

import pytest

from tests.tui.conftest import (
    NARROW,
    WIDE,
    explorer_on,
    line,
    press,
    seen,
    settled,
    title,
    until,
)

FIRST, SECOND = "fl-00000000000000001", "fl-00000000000000002"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_records_of_two_flow_logs_are_told_of_and_counted_once_at_a_key(logs, size):
    rows = [line(srcaddr=f"10.0.0.{number}") for number in range(6)]
    logs.deliver(*rows, flow_log=FIRST)
    logs.deliver(*rows[:4], flow_log=SECOND)
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        explorer = await settled(pilot)
        await until("the overlap is known", lambda: explorer.state.overlaps)
        await settled(pilot)
        await seen(app, "flow logs overlap (o)")
        assert explorer.state.view.height == 10
        await press(pilot, "o")
        assert explorer.state.view.height == 6
        assert size == NARROW or "6 of 10" in title(app, "records")
        await seen(app, "counted once")
        await press(pilot, "o")
        assert explorer.state.view.height == 10


async def test_without_an_overlap_the_key_only_says_so(logs):
    logs.deliver(line())
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "o")
        await seen(app, "No record is in two flow logs.")
        assert explorer.state.scope.filter == ""
