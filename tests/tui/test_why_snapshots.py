"""Pictures of what says why: a verdict, rejects by reason, conversations; in colours and in none.

Look at them before ``pytest --snapshot-update`` takes new ones.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from diagnose.explain import Explainer
from tests.tui import test_snapshots, test_why_screens
from tests.tui.conftest import BEGIN, in_records
from tests.tui.test_why_screens import listed, verdict
from tui.screens.conversations import ConversationsScreen
from tui.screens.reasons import ReasonsScreen

nothing_varies = test_snapshots._nothing_varies
looks_as_before = test_snapshots.looks_as_before
refused = test_why_screens.refused
SIZES = test_snapshots.SIZES
THEMES = pytest.mark.parametrize("theme", ["dark", "sixteen", "monochrome"])


@pytest.fixture
def logs(folder):
    root = folder / "sample_logs"
    root.mkdir()
    return test_snapshots.Logs(root)


@pytest.fixture
def sample(refused, monkeypatch):
    """A few refused packets and their rules in place of the sample directory; the rules are a day old."""
    saved = datetime.fromtimestamp(BEGIN + 7200, UTC)
    monkeypatch.setattr(Explainer, "_saved", property(lambda _: saved))
    now = datetime.fromtimestamp(BEGIN + 7200 + 86_400, UTC)
    begin = Explainer.__init__
    monkeypatch.setattr(Explainer, "__init__", lambda self, *given: begin(self, *given[:-1], now))
    return refused.root


@SIZES
@THEMES
def test_a_verdict(looks_as_before, theme):
    async def ask(pilot):
        explorer = await in_records(pilot)
        explorer.records.move_to(2)
        await in_records(pilot)
        await pilot.press("d")
        screen = await verdict(pilot)
        await pilot.press(*"jjjjjj")
        assert screen.verdicts[0].code == "R-NACL-IN"

    assert looks_as_before(after=ask, theme=theme)


@SIZES
@THEMES
def test_rejects_by_reason(looks_as_before, theme):
    async def ask(pilot):
        await pilot.press("W")
        await listed(pilot, ReasonsScreen)

    assert looks_as_before(after=ask, theme=theme)


@SIZES
@THEMES
def test_conversations(looks_as_before, theme):
    async def ask(pilot):
        await pilot.press("c")
        await listed(pilot, ConversationsScreen)

    assert looks_as_before(after=ask, theme=theme)
