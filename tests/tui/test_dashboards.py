"""Dashboards: their files, what stands in the tiles, and the screen; the summary that opens by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loaders.load import Library
from query.scope import Scope
from query.view import look
from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    explorer_on,
    line,
    picture,
    screen_text,
    settled,
    title,
    until,
)
from tui.app import FlowtuiApp
from tui.dashboards.definition import DashboardError, Tile, read_dashboard, shipped
from tui.dashboards.filling import fill
from tui.screens.dashboard import DashboardScreen

TILE = '[[tile]]\nquery = "stats count(*) by srcAddr"\n'
ALARM = '[[alarm]]\nquery = "stats count(*)"\nabove = 1\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "cannot be read"),
        ("", "needs a [[tile]] or an [[alarm]]"),
        ("colour = 1\n" + TILE, "'colour' is nothing that a dashboard can have"),
        ("columns = 0\n" + TILE, "'columns' has to be a whole number from 1 to 8"),
        ("columns = true\n" + TILE, "'columns' has to be"),
        ("title = 3\n" + TILE, "'title' has to be text"),
        ("tile = 3", "has to be written as [[tile]]"),
        (TILE + 'kind = "pie"', "the kind of tile 1 has to be one of chart, number"),
        (TILE + "width = 3", "the width of tile 1 has to be a whole number from 1 to 2"),
        (TILE + "size = 3", "'size' is nothing that tile 1 can have"),
        ("[[tile]]\ntitle = 'x'", "tile 1 needs a query"),
        ('[[tile]]\nquery = "stats cuont(*)"', "the query of tile 1 is wrong"),
        (ALARM + "below = 2", "needs either 'above' or 'below'"),
        ('[[alarm]]\nquery = "stats count(*)"', "needs either 'above' or 'below'"),
        ('[[alarm]]\nquery = "stats count(*)"\nabove = "2"', "'above' of alarm 1 has to be a number"),
        (ALARM + 'period = "soon"', "the period of alarm 1"),
        (ALARM + 'period = "1mo"', "months differ"),
        (ALARM + 'command = "ls -l"', "a list of words"),
        (ALARM + "command = [1]", "a list of words"),
    ],
)
def test_a_file_that_is_no_dashboard_says_where_it_is_wrong(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(DashboardError) as error:
        read_dashboard(path)
    assert str(error.value).startswith(str(path))
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["summary", "flow"])
def test_every_tile_of_the_shipped_dashboards_fills(name, sample):
    dataset = Library([str(sample)]).read_all()
    for tile in shipped(name).tiles:
        filling = fill(tile, dataset, Scope(), 60)
        assert not filling.trouble, tile.title
        assert filling.chart is not None or filling.doors, tile.title


@pytest.mark.parametrize("name", ["summary", "flow"])
def test_every_bar_and_line_leads_to_as_many_records_as_it_says(name, sample):
    dataset = Library([str(sample)]).read_all()
    for tile in shipped(name).tiles:
        filling = fill(tile, dataset, Scope(), 20)
        if filling.chart is None or "count(*)" not in tile.query + "count(*)" * (tile.kind == "timeline"):
            continue
        slots = filling.chart.slots(20)
        for place, values in list(zip(slots.places, slots.values, strict=True))[:4]:
            for series, value in enumerate(values):
                scope = filling.behind(place, series)
                if value and scope is not None and filling.chart.series[series].tone != "series-1":
                    assert look(dataset, scope).height == value, (tile.title, place, series)


def test_a_tile_that_does_not_fit_the_logs_says_why(tmp_path):
    (tmp_path / "web.log").write_text("one\ntwo\n")
    dataset = Library([str(tmp_path)]).read_all()
    assert "no flow logs" in fill(Tile("c", "coverage"), dataset, Scope(), 60).trouble
    told = fill(Tile("t", query="fields @message"), dataset, Scope(), 60).trouble
    assert "Only groups can be drawn" in told
    assert fill(Tile("n", "number", "stats count(*)"), dataset, Scope(), 60).doors[0].text == "2"


# -- the screen ----------------------------------------------------------------------------------------------


async def dashboard(pilot, key):
    """Open the dashboards, and wait until every tile is filled."""
    await settled(pilot)
    await pilot.press(key)
    await filled(pilot)
    return pilot.app.screen


async def filled(pilot):
    app = pilot.app
    await until("it is open", lambda: isinstance(app.screen, DashboardScreen) and app.screen._tiles)
    await until("all tiles are filled", lambda: all(tile.filling for tile in app.screen._tiles))
    await until(
        "all charts are drawn",
        lambda: all(tile.body.picture for tile in app.screen._tiles if tile.filling.chart is not None),
    )
    await pilot.pause()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_the_summary_tells_what_there_is(sample, size):
    app = explorer_on(sample)
    async with app.run_test(size=size) as pilot:
        await dashboard(pilot, "S")
        text = screen_text(app)
        for said in (
            *("27,851", "2,342", "2.8 GB", "01-15, 6 h 4 min", "Accepted and rejected"),
            *("Top rejected sources", "203.0.113.66", "Top talkers", "10.0.2.30", "1.2 GB"),
            *("Busiest interfaces", "12,761", "Coverage", "NODATA", "536", "SKIPDATA", "late by"),
        ):
            assert said in text, said


async def test_enter_goes_to_the_records_behind_a_bar_and_the_way_leads_back(sample):
    app = explorer_on(sample)
    async with app.run_test(size=WIDE) as pilot:
        screen = await dashboard(pilot, "S")
        await pilot.press(*["tab"] * 5, "j", "j")
        await until("the cursor is there", lambda: screen.tile.body.cursor == 2)
        chart = screen.tile.filling.chart
        value = chart.slots(100).values[2][0]
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.view.height == value
        assert chart.labels[2] in explorer.state.scope.filter
        assert explorer.pane == "records"
        await pilot.press("left_square_bracket")
        await settled(pilot)
        assert explorer.state.view.height == 27_851


async def test_keys_go_from_tile_to_tile_switch_dashboards_and_close(sample):
    app = explorer_on(sample)
    async with app.run_test(size=WIDE) as pilot:
        screen = await dashboard(pilot, "D")
        assert screen.shown.title == "Flow logs"
        await pilot.press("tab")
        assert screen.tile.tile.title == "Bytes accepted and rejected"
        await pilot.press("shift+tab", "shift+tab")
        assert screen.tile.tile.title == "Receivers by bytes"
        await pilot.press("n")
        await until("the other one is shown", lambda: screen.shown.title == "Summary")
        await filled(pilot)
        await pilot.press("escape")
        await until("it is closed", lambda: app.screen is app.explorer)


async def test_new_records_change_the_numbers_while_it_is_open(logs):
    logs.deliver(*(line(srcport=port) for port in range(5)))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        screen = await dashboard(pilot, "S")
        await pilot.press("tab", "tab")
        logs.deliver(*(line(srcport=port, action="REJECT", start=BEGIN + 60) for port in range(7)))
        await until("they are counted", lambda: re.search(r"^12 +7 ", picture(app)[2]))
        assert screen.tile.tile.title == "Bytes"


async def test_a_file_of_ones_own_comes_first_and_a_broken_one_is_told(sample, tmp_path, monkeypatch):
    folder = tmp_path / "flowtui" / "dashboards"
    folder.mkdir(parents=True)
    (folder / "b.toml").write_text('title = "Mine"\n[[tile]]\nkind = "number"\nquery = "stats count(*)"\n')
    (folder / "a.toml").write_text("columns = 99")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    app = explorer_on(sample)
    async with app.run_test(size=WIDE) as pilot:
        screen = await dashboard(pilot, "D")
        assert screen.shown.title == "Mine"
        assert "a.toml: 'columns' has to be" in picture(app)[1]


def test_a_dashboard_on_the_command_line_that_is_none_is_wrong_usage(terminal, two_streams, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("columns = 99")
    shell = terminal(str(two_streams.root), "--dashboard", str(path))
    assert shell.ended() == 2
    assert "'columns' has to be a whole number" in " ".join(shell.text.split())


# -- the summary that opens by itself ------------------------------------------------------------------------


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr("tui.screens.asking.MANY", 5)


@pytest.mark.usefixtures("few_are_many")
async def test_many_records_are_summed_up_first_and_once(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await filled(pilot)
        assert app.screen.shown.name == "summary"
        await pilot.press("escape")
        await until("it is closed", lambda: app.screen is app.explorer)
        two_streams.deliver(line(start=BEGIN + 60))
        await until("it is read", lambda: app.explorer.state.dataset.height == 12)
        await settled(pilot)
        assert app.screen is app.explorer


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("asked", [{"filter": "reject"}, {"greets": False}], ids=str)
async def test_who_asks_for_something_is_not_greeted(two_streams, asked):
    scope = Scope(filter=asked.get("filter", ""))
    app = FlowtuiApp([str(two_streams.root)], scope, greets=asked.get("greets", True))
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.pause()
        assert app.screen is app.explorer


async def test_few_records_are_not_summed_up(two_streams):
    app = explorer_on(two_streams)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert title(app, "groups")
        assert app.screen is app.explorer


def test_the_documentation_shows_a_dashboard_that_is_one(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "charts.md").read_text()
    path = tmp_path / "edge.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    found = read_dashboard(path)
    assert (len(found.tiles), len(found.alarms)) == (1, 1)
