"""What detections find, on the screen: findings, thresholds that are turned, the records behind."""

from __future__ import annotations

import pytest

from diagnose.detections import detections
from tests.tui.conftest import BEGIN, NARROW, WIDE, explorer_on, line, picture, settled, title, until
from tests.tui.test_query_screen import assert_harmless
from tui.screens.findings import FindingsScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
SERVER, CLIENT = "10.0.1.10", "203.0.113.10"


@pytest.fixture
def exposed(logs):
    """Two connections from the internet to ssh, each answered."""
    for number in range(2):
        there = {"srcaddr": CLIENT, "dstaddr": SERVER, "srcport": 50_000 + number, "dstport": 22}
        back = {"srcaddr": SERVER, "dstaddr": CLIENT, "srcport": 22, "dstport": 50_000 + number}
        start = BEGIN + 60 * number
        logs.deliver(line(**there, start=start), line(**back, start=start + 1))
    return logs


async def found(pilot):
    """Open the list, and wait until every detection has told."""
    await settled(pilot)
    await pilot.press("X")
    await until("the list is there", lambda: isinstance(pilot.app.screen, FindingsScreen))
    screen = pilot.app.screen
    await until("all have told", lambda: len(screen._found) == len(detections()))
    await pilot.pause()
    return screen


def findings(screen):
    source = screen._table.source
    return [row.record["finding"] for row in source.window(0, source.height) if "finding" in row.record]


async def on_finding(pilot, screen, name):
    source = screen._table.source
    rows = source.window(0, source.height)
    place = next(number for number, row in enumerate(rows) if row.identity == (name, 0))
    screen._table.move_to(place)
    await pilot.pause()


@SIZES
async def test_every_detection_is_listed_with_what_it_found(exposed, size):
    app = explorer_on(exposed)
    async with app.run_test(size=size) as pilot:
        screen = await found(pilot)
        source = screen._table.source
        heads = [row.cells[2] for row in source.window(0, source.height) if "finding" not in row.record]
        assert len(heads) == len(detections())
        assert sum(head.endswith(": 1 finding") for head in heads) == 1
        assert "ssh" in findings(screen)[0]["what"]
        assert title(app, "findings").startswith("findings · 1 finding") or "1 finding" in title(
            app, "findings"
        )
        assert_harmless(app)


async def test_a_finding_opens_its_records(exposed):
    app = explorer_on(exposed)
    async with app.run_test(size=WIDE) as pilot:
        screen = await found(pilot)
        await on_finding(pilot, screen, "exposed-ports")
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.view.height == 4
        assert explorer.records.row.record["dstport"] in {22, 50_000, 50_001}


async def test_a_threshold_is_turned_and_only_its_detection_asked_again(exposed):
    app = explorer_on(exposed)
    async with app.run_test(size=WIDE) as pilot:
        screen = await found(pilot)
        await on_finding(pilot, screen, "exposed-ports")
        assert "▸ conversations 1 " in "\n".join(picture(app))
        await pilot.press("plus")
        await until("two are asked for", lambda: "▸ conversations 2 " in "\n".join(picture(app)))
        await until("it still finds them", lambda: len(findings(screen)) == 1)
        await pilot.press("plus")
        await until("nothing is found any more", lambda: not findings(screen))
        await pilot.press("minus")
        await until("it is found again", lambda: len(findings(screen)) == 1)


async def test_another_threshold_is_chosen(exposed):
    app = explorer_on(exposed)
    async with app.run_test(size=WIDE) as pilot:
        screen = await found(pilot)
        await on_finding(pilot, screen, "exposed-ports")
        await pilot.press("tab", "plus")
        await until("two sources are asked for", lambda: "▸ sources 2 " in "\n".join(picture(app)))
        await until("nothing is found any more", lambda: not findings(screen))
        await pilot.press("escape")
        await settled(pilot)
