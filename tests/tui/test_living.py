"""The screen while records come: frozen and going on, what is new marked, how fresh it is, and what is missing."""

from __future__ import annotations

import os
import time

import pytest

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    enter_filter,
    explorer_on,
    in_records,
    line,
    picture,
    press,
    seen,
    settled,
    sources,
    until,
)
from tui.screens import living
from tui.wording import ago

LATER = BEGIN + 3600


@pytest.fixture
def few(logs):
    logs.deliver(*(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number) for number in range(5)))
    return logs


def bring(logs, count, end=LATER):
    logs.deliver(*(line(srcaddr=f"192.0.2.{number}", start=end + number) for number in range(count)), end=end)


def top(app):
    return picture(app)[0]


# -- freezing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_a_frozen_screen_stays_and_counts_what_comes(few, size):
    app = explorer_on(few)
    async with app.run_test(size=size) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "space")
        await until("it says so", lambda: "❚❚ frozen, 0 new" in top(app))
        before = picture(app)[1:]
        bring(few, 3)
        await until("they are counted", lambda: "❚❚ frozen, 3 new" in top(app))
        bring(few, 2, end=LATER + 600)
        await until("they are counted, too", lambda: "❚❚ frozen, 5 new" in top(app))
        assert picture(app)[1:] == before
        assert explorer.state.dataset.height == 5
        await press(pilot, "space")
        await until("they are there", lambda: explorer.state.dataset.height == 10)
        await settled(pilot)
        assert "frozen" not in top(app)
        assert explorer.state.view.height == 10


async def test_while_frozen_one_filters_what_was_there(few):
    app = explorer_on(few)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "space")
        bring(few, 3)
        await until("they are counted", lambda: "3 new" in top(app))
        await enter_filter(pilot, "srcAddr like /192/")
        await until("none of them is there", lambda: explorer.state.view.height == 0)
        await press(pilot, "space")
        await until("all of them are", lambda: explorer.state.view.height == 3)


async def test_who_follows_does_not_stay_frozen(few):
    app = explorer_on(few)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "space")
        bring(few, 1)
        await until("it is counted", lambda: "1 new" in top(app))
        await press(pilot, "f")
        await until("it is there", lambda: explorer.state.view.height == 6)
        await settled(pilot)
        assert sources(explorer)[0] == "192.0.2.0"
        assert "● following" in top(app)


async def test_records_that_go_while_frozen_are_no_new_ones(few):
    app = explorer_on(few)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        bring(few, 3)
        await until("they are there", lambda: explorer.state.dataset.height == 8)
        await press(pilot, "space")
        max(few.root.rglob("*.gz")).unlink()
        await until("it is known", lambda: explorer.state.held.height == 5)
        assert "❚❚ frozen, 0 new" in top(app)


# -- what is new ---------------------------------------------------------------------------------------------


def marked(explorer):
    return explorer.records._marked


async def test_new_records_are_marked_for_a_moment(few, monkeypatch):
    monkeypatch.setattr(living, "_NEW_SECONDS", 0.6)
    app = explorer_on(few, following=True)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        assert not marked(explorer), "what is there at first is not new"
        bring(few, 2)
        await until("they are marked", lambda: marked(explorer) == {0, 1})
        await until("they are not any more", lambda: not marked(explorer))
        assert explorer._new == ()


async def test_of_a_log_that_grows_the_new_lines_are_marked(folder, monkeypatch):
    monkeypatch.setattr(living, "_NEW_SECONDS", 60)
    path = folder / "logs" / "app.log"
    path.parent.mkdir()
    path.write_text("2026-01-15 10:00:00 one\n")
    app = explorer_on(path.parent, following=True)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        for count in (2, 3):
            with path.open("a") as log:
                log.write(f"2026-01-15 10:00:0{count} more\n")
            await until("it is there", lambda count=count: explorer.state.view.height == count)
            await settled(pilot)
            assert 0 in marked(explorer)
        # The first growth reads all of the file anew, from then on only lines that are new are.
        assert explorer.state.dataset.news == {next(iter(explorer.state.dataset.news)): 3}


# -- how fresh it is -----------------------------------------------------------------------------------------


async def test_the_first_line_says_when_the_last_delivery_came(few, monkeypatch):
    monkeypatch.setattr("tui.wording._STALE_SECONDS", 86_400)
    monkeypatch.setattr(living, "_TELL_SECONDS", 0.05)
    app = explorer_on(few)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await in_records(pilot)
        await until("it does", lambda: "● live, last delivery just now" in top(app))
        now = time.time()
        monkeypatch.setattr("tui.wording.time.time", lambda: now + 130)
        await until("it counts on", lambda: "● live, last delivery 2 min ago" in top(app))
        monkeypatch.setattr("tui.wording.time.time", lambda: now + 100_000)
        await until("of old logs it does not", lambda: "delivery" not in top(app))
        explorer.post_message(living.Watched("nfs4 tells of no changes: looking every 2 s"))
        await until("how it watches is told", lambda: "looking every 2 s" in top(app))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (7300, "2 h 1 min ago"),
        (-30, "just now"),
        (-7200, "2 h ahead of the clock"),
    ],
)
def test_how_long_ago_something_was(seconds, told):
    assert ago(seconds).replace("60 s", "1 min") == told


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_deliveries_are_listed_with_what_is_missing_and_lead_to_its_records(logs, size):
    quiet = "eni-0000000000000000b"
    for number in (*range(5), *range(12, 20)):
        start = BEGIN + 300 * number
        lines = [line(start=start)] + ([line(start=start, interface_id=quiet)] if number < 4 else [])
        path = logs.deliver(*lines, end=start + 300)
        os.utime(path, (start + 400, start + 400))
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "A")
        await seen(app, "1 log group, 1 gap, 1 log stream silent")
        await seen(app, "no delivery for 40 min")
        await seen(app, f"{quiet} silent for")
        assert all(len(row.rstrip()) <= size[0] for row in picture(app))
        await press(pilot, "j", "j", "enter")
        await until("its records are there", lambda: explorer.state.scope.stream == quiet)
        await until("all of them", lambda: explorer.state.view.height == 4)
