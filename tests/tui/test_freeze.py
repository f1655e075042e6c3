"""A screen that is frozen while records arrive, and the marks of records that have just come."""

from __future__ import annotations

import pytest

from tests.tui.conftest import (
    BEGIN,
    NARROW,
    enter_filter,
    explorer_on,
    in_records,
    line,
    lines_in,
    picture,
    press,
    settled,
    sources,
    title,
    until,
)
from tests.tui.test_following import arrived, bring_news
from tui.newcomers import Newcomers
from tui.widgets.record_table import MARK


async def frozen(pilot):
    """Freeze the screen, with the focus on the records."""
    explorer = await in_records(pilot)
    await press(pilot, "space")
    assert explorer.state.frozen
    return explorer


async def held(pilot, number):
    """Wait until so many records more have arrived."""
    state = pilot.app.explorer.state
    await until(lambda: f"{number} are held, not {state.held_back}", lambda: state.held_back == number)
    await pilot.pause()


async def test_a_frozen_screen_stays_as_it_is_and_says_how_many_are_new(two_streams):
    app = explorer_on(two_streams, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        assert "❚❚ frozen" in picture(app)[0]
        before = picture(app)[1:]
        bring_news(two_streams, "192.0.2.1", "192.0.2.2")
        await held(pilot, 2)
        assert "❚❚ frozen, 2 new" in picture(app)[0]
        assert picture(app)[1:] == before, "counts, bars and records are those from before"
        first = explorer.state.held
        bring_news(two_streams, "192.0.2.3")
        await held(pilot, 3)
        assert "❚❚ frozen, 3 new" in picture(app)[0]
        assert explorer.state.held is not first, "only the newest is kept"

        await press(pilot, "space")
        await arrived(pilot, 14)
        assert {*sources(explorer)[:3]} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
        assert "frozen" not in picture(app)[0]
        assert explorer.state.held is None
        assert explorer.state.following, "it goes on as before"


async def test_whoever_is_at_the_newest_is_shown_at_once_what_has_come(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        bring_news(two_streams, "192.0.2.1")
        await held(pilot, 1)
        await press(pilot, "space")
        assert sources(explorer)[0] == "192.0.2.1"


async def test_whoever_reads_further_down_keeps_the_row_and_is_told(logs):
    logs.deliver(*(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number) for number in range(100)))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        await press(pilot, "pagedown", "pagedown")
        before = explorer.records.row.identity
        bring_news(logs, "192.0.2.1")
        await held(pilot, 1)
        await press(pilot, "space")
        assert explorer.records.row.identity == before
        assert "↑ 1 new" in title(app, "records")


async def test_filters_and_orders_work_on_the_frozen_records(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        bring_news(two_streams, "192.0.2.1", action="REJECT")
        await held(pilot, 1)
        await enter_filter(pilot, "reject")
        assert sources(explorer) == ["10.0.0.6", "10.0.0.3"]
        assert explorer.state.frozen
        await press(pilot, "space")
        assert sources(explorer)[0] == "192.0.2.1"


async def test_f_thaws_and_follows(two_streams):
    app = explorer_on(two_streams, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        await press(pilot, "j", "j")
        assert explorer.state.following, "moving about in what stands still is no going away"
        bring_news(two_streams, "192.0.2.1")
        await held(pilot, 1)
        await press(pilot, "f")
        assert not explorer.state.frozen
        assert explorer.state.following
        assert sources(explorer)[0] == "192.0.2.1"


async def test_alarms_go_on_while_the_screen_is_frozen(two_streams, monkeypatch):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await frozen(pilot)
        looked = []
        monkeypatch.setattr(
            explorer._dashboards, "look_at_alarms", lambda dataset: looked.append(dataset.height)
        )
        bring_news(two_streams, "192.0.2.1")
        await held(pilot, 1)
        assert looked == [12]


async def test_space_still_folds_groups_and_marks_ranges(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        await press(pilot, "space")
        assert not explorer.state.frozen
        await in_records(pilot)
        await press(pilot, "b", "space")
        assert explorer.bars.mark is not None
        assert not explorer.state.frozen


# -- marks ---------------------------------------------------------------------------------------------------


def marked_rows(explorer):
    """The sources of the records on the screen that carry a mark."""
    table = explorer.records
    rows = [table._row_at(number) for number in range(table.top, table.top + table.page)]
    return [row.record["srcaddr"] for row in rows if row is not None and row.fresh]


@pytest.mark.parametrize("theme", ["dark", "monochrome"])
async def test_what_has_just_come_is_marked_for_a_moment(two_streams, monkeypatch, theme):
    monkeypatch.setattr("tui.screens.living._MARKED", 3600.0)
    app = explorer_on(two_streams, following=True, theme=theme)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        assert not marked_rows(explorer), "nothing is new at first"
        bring_news(two_streams, "192.0.2.1", "192.0.2.2")
        await arrived(pilot, 13)
        assert marked_rows(explorer) == ["192.0.2.2", "192.0.2.1"]
        assert sum(MARK in row for row in lines_in(app, explorer.records)) == 2
        drawn = []
        monkeypatch.setattr(explorer.records, "refresh", lambda *regions, **_: drawn.extend(regions))
        explorer._calm()
        assert [region.y for region in drawn] == [1, 2], "only the lines that change are drawn again"
        monkeypatch.undo()
        explorer.records.refresh()
        await pilot.pause()
        assert not any(MARK in row for row in lines_in(app, explorer.records))


async def test_the_marks_go_by_themselves(two_streams, monkeypatch):
    monkeypatch.setattr("tui.screens.living._MARKED", 0.3)
    app = explorer_on(two_streams, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        bring_news(two_streams, "192.0.2.1")
        await arrived(pilot, 12)
        await until("the marks are gone", lambda: not explorer.records._marking)
        await pilot.pause()
        assert not any(MARK in row for row in lines_in(app, explorer.records))
        assert not explorer._before, "and nothing old is kept for them"


async def test_of_a_file_that_grows_only_what_it_grew_by_is_marked(logs, monkeypatch):
    monkeypatch.setattr("tui.screens.living._MARKED", 3600.0)
    path = logs.deliver(line(srcaddr="10.0.0.1"), line(srcaddr="10.0.0.2", start=BEGIN + 1), name="web/a.log")
    app = explorer_on(logs, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        for number in (3, 4):
            with path.open("a") as file:
                file.write(line(srcaddr=f"10.0.0.{number}", start=BEGIN + number) + "\n")
            await arrived(pilot, number)
        assert set(marked_rows(explorer)) <= {"10.0.0.3", "10.0.0.4"}
        assert "10.0.0.4" in marked_rows(explorer)


async def test_moving_does_not_draw_the_marks_anew(two_streams, monkeypatch):
    monkeypatch.setattr("tui.screens.living._MARKED", 3600.0)
    app = explorer_on(two_streams, following=True)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        bring_news(two_streams, "192.0.2.1", "192.0.2.2")
        await arrived(pilot, 13)
        drawn = []
        refresh = explorer.records.refresh
        monkeypatch.setattr(
            explorer.records,
            "refresh",
            lambda *regions, **more: (drawn.extend(regions), refresh(*regions, **more)),
        )
        await press(pilot, "j")
        assert len(drawn) == 2, "the line that the cursor left, and the one it reached"


async def test_all_is_new_to_nothing_and_nothing_to_itself(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        dataset, row = explorer.state.dataset, explorer.records.row
        assert not Newcomers(dataset, dataset).has(*row.identity)
        assert Newcomers(type(dataset)(), dataset).has(*row.identity)
