"""Deliveries that arrive, change and vanish while the explorer is open; and leaving it, loading or not."""

from __future__ import annotations

import threading
import time

import pytest

from loaders.load import Library
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
    picture,
    press,
    screen_text,
    settled,
    sources,
    title,
    until,
)
from tui.widgets.record_table import RecordSource

LATER = BEGIN + 86_400


def bring_news(logs, *addresses, **fields):
    """Deliver newer records, in a folder of a day that was not there before."""
    lines = [line(srcaddr=a, start=LATER + n, **fields) for n, a in enumerate(addresses)]
    return logs.deliver(*lines, end=LATER + 300)


async def arrived(pilot, records):
    """Wait until the explorer knows of so many records."""
    explorer = pilot.app.explorer
    await until(f"{records} records are known", lambda: explorer.state.dataset.height == records)
    return await settled(pilot)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_a_reader_keeps_the_row_under_the_cursor_and_is_told_how_many_came(logs, size):
    logs.deliver(*(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number) for number in range(100)))
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "j", "j")
        before, place = explorer.records.row, explorer.records.cursor - explorer.records.top
        bring_news(logs, "192.0.2.1", "192.0.2.2", "192.0.2.3")
        await arrived(pilot, 103)
        after = explorer.records.row
        assert (after.identity, after.record["srcaddr"]) == (before.identity, "10.0.0.97")
        assert explorer.records.cursor - explorer.records.top == place, "not even its line on the screen"
        assert "192.0.2." not in screen_text(app)
        assert explorer.state.unseen == 3
        assert "↑ 3 new" in title(app, "records")

        bring_news(logs, "192.0.2.4")
        await arrived(pilot, 104)
        assert "↑ 4 new" in title(app, "records")

        await press(pilot, "g")
        assert sources(explorer)[0] in {"192.0.2.3", "192.0.2.4"}
        assert "new" not in title(app, "records"), "they have been seen"


async def test_the_place_is_kept_while_rows_are_still_on_their_way(logs, monkeypatch):
    logs.deliver(*(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number) for number in range(100)))
    async with explorer_on(logs).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, *["j"] * 20)
        before = explorer.records.row
        fetch = RecordSource.window
        slow = threading.Event()

        def slowly(self, offset, amount):
            slow.wait(5)
            return fetch(self, offset, amount)

        monkeypatch.setattr(RecordSource, "window", slowly)
        for number in range(3):
            bring_news(logs, f"192.0.2.{number}")
            seen = 101 + number
            await until(f"{seen} are shown", lambda seen=seen: explorer.state.view.height == seen)
            assert explorer.records.row is None, "its rows are not here yet"
        slow.set()
        await settled(pilot)
        assert explorer.records.row.identity == before.identity


async def test_a_reader_at_the_newest_record_stays_on_it_unless_following(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        bring_news(two_streams, "192.0.2.1")
        await arrived(pilot, 12)
        assert explorer.records.row.record["srcaddr"] == "10.0.0.9"
        assert "↑ 1 new" in title(pilot.app, "records")


async def test_following_keeps_the_newest_record_in_view(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "G", "f")
        assert sources(explorer)[0] == "10.0.0.9", "f goes to the newest"
        assert "following" in picture(app)[0]
        bring_news(two_streams, "192.0.2.1", "192.0.2.2")
        await arrived(pilot, 13)
        assert explorer.records.row.record["srcaddr"] == "192.0.2.2"
        assert sources(explorer)[:3] == ["192.0.2.2", "192.0.2.1", "10.0.0.9"]
        assert "new" not in title(app, "records")
        await press(pilot, "f")
        assert "following" not in picture(app)[0]


async def test_moving_away_from_the_newest_record_ends_the_following(two_streams):
    app = explorer_on(two_streams, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "j")
        assert not explorer.state.following
        assert "following" not in picture(app)[0]


async def test_following_holds_to_the_filter_and_the_group(two_streams):
    async with explorer_on(two_streams, group=GROUP, following=True).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await enter_filter(pilot, "reject")
        bring_news(two_streams, "192.0.2.1", "192.0.2.2")
        bring_news(two_streams, "192.0.2.3", action="REJECT")
        await arrived(pilot, 14)
        assert sources(explorer) == ["192.0.2.3", "10.0.0.6", "10.0.0.3"]


async def test_a_delivery_while_sorted_otherwise_takes_its_place_in_the_order(two_streams):
    async with explorer_on(two_streams, sort="packets").run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await press(pilot, "j")
        assert explorer.records.row.record["packets"] == 10
        bring_news(two_streams, "192.0.2.1", packets=5)
        bring_news(two_streams, "192.0.2.2", packets=99)
        await arrived(pilot, 13)
        assert explorer.records.row.record["packets"] == 10
        await press(pilot, "g")
        assert sources(explorer)[0] == "192.0.2.2"


async def test_a_new_group_and_stream_appear_and_the_cursor_stays_on_its_group(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "G")
        last = explorer.groups.row.identity
        two_streams.deliver(line(start=LATER), end=LATER, flow_log="fl-00000000000000001")
        await arrived(pilot, 12)
        assert title(pilot.app, "groups").endswith("3 groups, 4 streams")
        assert explorer.groups.row.identity == last


async def test_a_file_that_grows_is_read_again_and_nothing_is_doubled(logs):
    path = logs.deliver(
        line(srcaddr="10.0.0.1"), line(srcaddr="10.0.0.2", start=BEGIN + 1), name="web/today.log"
    )
    async with explorer_on(logs).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        assert sources(explorer) == ["10.0.0.2", "10.0.0.1"]
        with path.open("a") as file:
            file.write(line(srcaddr="10.0.0.3", start=BEGIN + 2) + "\n")
        await arrived(pilot, 3)
        assert sources(explorer)[-2:] == ["10.0.0.2", "10.0.0.1"]
        await press(pilot, "g")
        assert sources(explorer) == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]


async def test_a_file_deleted_while_open_takes_its_records_along(two_streams):
    path = bring_news(two_streams, "192.0.2.1", "192.0.2.2")
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        assert explorer.records.row.record["srcaddr"] == "192.0.2.2"
        path.unlink()
        await arrived(pilot, 11)
        assert sources(explorer)[0] == "10.0.0.9"
        assert "192.0.2." not in screen_text(app)
        assert explorer.records.row.record["srcaddr"].startswith("10.0.0."), (
            "the cursor is on a record that is"
        )


async def test_when_every_file_goes_the_screen_says_so_and_fills_again(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        for path in two_streams.root.rglob("*.gz"):
            path.unlink()
        await arrived(pilot, 0)
        shown = " ".join(lines_in(app, explorer.records))
        assert "no records yet" in shown
        assert "10.0.0.9" not in screen_text(app)
        bring_news(two_streams, "192.0.2.1")
        await arrived(pilot, 1)
        assert sources(explorer) == ["192.0.2.1"]


async def test_a_delivery_with_another_format_shows_its_columns(logs):
    logs.deliver(line())
    wider = (
        "version vpc-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    )
    app = explorer_on(logs)
    async with app.run_test(size=(200, 30)) as pilot:
        explorer = await in_records(pilot)
        assert "direction" not in lines_in(app, explorer.records)[0]
        row = f"5 vpc-0aa11bb22cc33dd44 {ENI} 192.0.2.9 10.0.1.10 1 443 6 1 60 {LATER} {LATER + 1} ACCEPT 2 ingress"
        logs.deliver(row, header=wider + " tcp-flags flow-direction", end=LATER)
        await arrived(pilot, 2)
        await press(pilot, "g")
        header, first, second = lines_in(app, explorer.records)[:3]
        assert "direction" in header
        assert "flags" in header
        assert "SYN" in first
        assert "ingress" in first
        assert first.index("10.0.1.10") == second.index("10.0.1.10") == header.index("destination")


async def test_columns_go_when_the_only_file_that_had_them_goes(logs):
    logs.deliver(*(line(start=BEGIN + number) for number in range(3)))
    wider = "version interface-id srcaddr dstaddr start end action tcp-flags flow-direction instance-id"
    row = f"5 {ENI} 192.0.2.9 10.0.1.10 {LATER} {LATER + 1} ACCEPT 2 ingress i-0123456789abcdef0"
    path = logs.deliver(row, header=wider, end=LATER)
    app = explorer_on(logs)
    async with app.run_test(size=(220, 30)) as pilot:
        explorer = await in_records(pilot)
        assert "direction" in lines_in(app, explorer.records)[0]
        path.unlink()
        await arrived(pilot, 3)
        header, first = lines_in(app, explorer.records)[:2]
        assert "direction" not in header
        assert first.index("10.0.1.10") == header.index("destination")


async def test_a_problem_that_arrives_is_told_in_the_first_line(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "problem" not in picture(app)[0]
        two_streams.deliver("this line is no record", line(start=LATER), end=LATER)
        await arrived(pilot, 12)
        assert "1 problem (p)" in picture(app)[0]


# -- while it loads, and leaving -----------------------------------------------------------------------------


@pytest.fixture
def stuck(monkeypatch):
    """Reading that does not go on before it is let go."""
    let_go, reading = threading.Event(), threading.Event()
    load = Library._load

    def wait(self, batch):
        reading.set()
        let_go.wait(30)
        return load(self, batch)

    monkeypatch.setattr(Library, "_load", wait)
    yield let_go, reading
    let_go.set()


async def test_while_it_reads_the_screen_says_so_and_keys_work(two_streams, stuck):
    let_go, reading = stuck
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await until("the reading has begun", reading.is_set)
        assert "reading" in picture(app)[0]
        await pilot.press("tab", "j", "G", "enter", "y", "Y", "p", "plus", "s", "f", "escape", "escape")
        await pilot.press("slash", *"reject", "enter", "question_mark")
        assert "help" in picture(app)[0]
        await pilot.press("escape")
        let_go.set()
        explorer = await settled(pilot)
        assert "reading" not in picture(app)[0]
        assert sources(explorer) == ["10.0.0.6", "10.0.0.3"], "the filter typed meanwhile holds"


async def test_quitting_does_not_wait_for_the_reading(two_streams, stuck):
    _, reading = stuck
    began = 0.0
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await until("the reading has begun", reading.is_set)
        began = time.monotonic()
        await pilot.press("q")
    assert time.monotonic() - began < 3
    assert not app.is_running
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
@pytest.mark.parametrize("pane", ["groups", "records", "record"])
async def test_q_leaves_from_every_pane(two_streams, key, pane):
    app = explorer_on(two_streams)
    async with app.run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        explorer.set_focus(explorer.query_one(f"#{pane}"))
        await pilot.press(key)
        await until("the app has left", lambda: app._exit)


async def test_records_of_the_newest_files_come_first_and_the_rest_joins_them(logs, monkeypatch):
    monkeypatch.setattr("loaders.batch._FIRST_BATCH", 1)
    monkeypatch.setattr("loaders.batch._LARGEST_BATCH", 1)
    for number in range(8):
        logs.deliver(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number * 300), end=BEGIN + number * 300)
    firsts = []
    app = explorer_on(logs)
    async with app.run_test(size=(80, 30)) as pilot:
        explorer = app.explorer
        arrive = explorer._dataset_arrived

        def spy(message):
            firsts.append((message.dataset.height, bool(message.dataset.progress)))
            return arrive(message)

        monkeypatch.setattr(explorer, "_dataset_arrived", spy)
        await in_records(pilot)
        assert sources(explorer) == [f"10.0.0.{number}" for number in reversed(range(8))]
        assert explorer.records.cursor == 0, "who has not moved stays at the newest"
