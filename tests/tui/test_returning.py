"""From records back to the screen that led to them, as it was."""

from __future__ import annotations

import re

from tests.tui.conftest import BEGIN, NARROW, WIDE, explorer_on, line, picture, press, settled, until
from tests.tui.test_dashboards import dashboard, filled
from tests.tui.test_findings_screen import exposed, found, on_finding  # noqa: F401 - a fixture
from tests.tui.test_query_screen import run
from tests.tui.test_values_screen import open_values
from tests.tui.test_why_screens import listed, refused, verdict  # noqa: F401 - a fixture
from tui.screens.conversations import ConversationsScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.verdict import VerdictScreen


async def returned(pilot, screen):
    """Press esc among the records, and wait for the screen that led there."""
    await pilot.press("escape")
    await until("it is open again", lambda: pilot.app.screen is screen)
    await pilot.pause()


async def test_conversations_are_opened_one_after_the_other(refused):  # noqa: F811
    app = explorer_on(refused, filter="tcp")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        before = app.explorer.state.scope
        for step in (1, 2):
            await pilot.press("j", "enter")
            explorer = await settled(pilot)
            assert explorer.state.scope != before
            await returned(pilot, screen)
            assert screen._table.cursor == step
            assert app.explorer.state.scope == before
        await pilot.press("escape")
        explorer = await settled(pilot)
        assert app.screen is explorer
        assert explorer.state.view.scope == before
        assert explorer.state.forward(), "the records can be gone to again"


async def test_every_screen_on_the_way_is_there_again(refused):  # noqa: F811
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        conversations = await listed(pilot, ConversationsScreen)
        await pilot.press("j", "j", "d")
        why = await verdict(pilot)
        place = next(
            place
            for place, row in enumerate(why._table.source.window(0, why._table.source.height))
            if row.record.get("record") is not None
        )
        why._table.move_to(place)
        await pilot.pause()
        await pilot.press("enter")
        await settled(pilot)
        await returned(pilot, why)
        assert why._table.cursor == place
        await pilot.press("escape")
        await until("the list is below it", lambda: app.screen is conversations)
        assert conversations._table.cursor == 2
        await pilot.press("escape")
        await until("it is closed", lambda: app.screen is app.explorer)


async def test_values_can_be_gone_through(refused):  # noqa: F811
    app = explorer_on(refused)
    async with app.run_test(size=NARROW) as pilot:
        screen = await open_values(pilot, "dstport")
        await pilot.press("j", "enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter
        await returned(pilot, screen)
        assert not explorer.state.scope.filter
        assert screen._table.cursor == 1


async def test_findings_deliveries_and_queries_are_there_again(exposed):  # noqa: F811
    app = explorer_on(exposed)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        findings = await found(pilot)
        await on_finding(pilot, findings, "exposed-ports")
        await pilot.press("enter")
        await settled(pilot)
        await returned(pilot, findings)
        await pilot.press("escape", "L")
        deliveries = await listed(pilot, DeliveriesScreen)
        await pilot.press("enter")
        await settled(pilot)
        await returned(pilot, deliveries)
        await pilot.press("escape")
        await until("it is closed", lambda: app.screen is app.explorer)
        query = await run(pilot, "stats count(*) as n by dstPort")
        await pilot.press("enter")
        await settled(pilot)
        await returned(pilot, query)
        assert query._table.answered is not None


async def test_a_dashboard_shows_what_came_meanwhile(logs):
    logs.deliver(*(line(srcport=port, action="REJECT") for port in range(5)))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        screen = await dashboard(pilot, "S")
        await pilot.press(*["tab"] * 5)
        await pilot.press("enter")
        await until("the records are there", lambda: app.screen is app.explorer)
        explorer = await settled(pilot)
        logs.deliver(*(line(srcport=port, start=BEGIN + 60) for port in range(7)))
        await until("they are known", lambda: explorer.state.dataset.height == 12)
        await returned(pilot, screen)
        await filled(pilot)
        await until("they are counted", lambda: re.search(r"^12 +5 ", picture(app)[2]))


async def test_it_leads_back_once_and_from_those_records_only(refused):  # noqa: F811
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        await pilot.press("enter")
        explorer = await settled(pilot)
        await press(pilot, "f")
        await press(pilot, "right", "right", "plus")
        narrowed = explorer.state.scope
        await press(pilot, "escape")
        assert app.screen is explorer, "these are other records"
        assert explorer.pane == "groups"
        assert explorer.state.scope == narrowed
        await press(pilot, "tab", "left_square_bracket")
        await returned(pilot, screen)
        await pilot.press("escape")
        await settled(pilot)
        await press(pilot, "right_square_bracket")
        await press(pilot, "escape")
        assert app.screen is explorer
        assert explorer.pane == "groups", "not in a circle"


async def test_only_the_last_screens_are_kept(refused):  # noqa: F811
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        left = []
        for _ in range(3):
            await pilot.press("c")
            left.append(await listed(pilot, ConversationsScreen))
            await pilot.press("enter")
            await settled(pilot)
            await pilot.press("left_square_bracket")
            await settled(pilot)
        await until(
            "those before are gone", lambda: [one.is_attached for one in left] == [False, False, True]
        )
        assert sum(isinstance(one, ConversationsScreen) for one in app._installed_screens.values()) == 1
        assert not any(isinstance(one, VerdictScreen) for one in app._installed_screens.values())
