"""Pictures of what tells of time: the list of deliveries, a frozen screen, records that have just come.

Look at them before ``pytest --snapshot-update`` takes new ones.
"""

from __future__ import annotations

import pytest

from tests.tui import test_freshness_screen, test_snapshots
from tests.tui.conftest import in_records, until
from tests.tui.test_freshness_screen import at, deliver, listed

nothing_varies = test_snapshots._nothing_varies
looks_as_before = test_snapshots.looks_as_before
unsteady = test_freshness_screen.unsteady
SIZES = test_snapshots.SIZES
THEMES = pytest.mark.parametrize("theme", ["dark", "sixteen", "monochrome"])


@pytest.fixture
def logs(folder):
    root = folder / "sample_logs"
    root.mkdir()
    return test_snapshots.Logs(root)


@pytest.fixture
def sample(unsteady):
    """A flow log that lost a stream, and one with a gap, in place of the sample directory."""
    return unsteady.root


@pytest.fixture(autouse=True)
def _seventy_two_minutes_later(nothing_varies, monkeypatch):
    monkeypatch.setattr("tui.clock.now", lambda: at(72))


@SIZES
@THEMES
def test_deliveries(looks_as_before, theme):
    async def ask(pilot):
        await listed(pilot)
        await pilot.press("j")
        await pilot.pause()

    assert looks_as_before(after=ask, theme=theme)


@SIZES
@THEMES
def test_a_frozen_screen(looks_as_before, unsteady, theme):
    async def freeze(pilot):
        explorer = await in_records(pilot)
        await pilot.press("space")
        deliver(unsteady, 71)
        await until("it is held", lambda: explorer.state.held_back)
        explorer._tick()
        await until("the delivery is known", lambda: explorer.state.delivered == at(71))
        await pilot.pause()

    assert looks_as_before(after=freeze, theme=theme)
