"""Pictures of the summary, the dashboard and an alarm; look at them before ``--snapshot-update`` takes new ones."""

from __future__ import annotations

import pytest

from query.scope import Scope
from tests.tui.conftest import NARROW, WIDE, picture, settled, until
from tests.tui.test_alarms import dashboard as watched
from tests.tui.test_dashboards import filled
from tui.app import FlowtuiApp

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
THEMES = pytest.mark.parametrize("theme", ["dark", "sixteen", "monochrome"])


@pytest.fixture
def looks_as_before(snap_compare, sample, utc, monkeypatch, size, theme):
    """Compares a picture of a dashboard, taken after some keys, with the one that was kept."""
    monkeypatch.chdir(sample.parent)

    def compare(*keys, dashboard=None, after=None):
        async def walk(pilot):
            if dashboard is None:
                await settled(pilot)
                await pilot.press(keys[0])
            await filled(pilot)
            await pilot.press(*keys[dashboard is None :])
            if after is not None:
                await until("it is said", lambda: after in picture(pilot.app)[0])
            await pilot.pause()

        app = FlowtuiApp(["sample_logs"], Scope(), theme=theme, dashboard=dashboard)
        return snap_compare(app, run_before=walk, terminal_size=size)

    return compare


@SIZES
@THEMES
def test_the_summary(looks_as_before):
    assert looks_as_before("S", "tab", "tab", "tab", "tab")


@SIZES
@THEMES
def test_the_dashboard_of_flow_logs(looks_as_before):
    assert looks_as_before("D", "tab", "left", "left")


@SIZES
@THEMES
def test_an_alarm(looks_as_before, folder):
    text = '[[tile]]\nkind = "timeline"\ntitle = "Rejects"\nquery = "filter action = \'REJECT\'"\n'
    mine = watched(folder)
    path = folder / "watch.toml"
    path.write_text('title = "Edge"\n' + text + path.read_text())
    from tui.dashboards.definition import read_dashboard

    assert mine.alarms
    assert looks_as_before(dashboard=read_dashboard(path), after="alarm rejects")
