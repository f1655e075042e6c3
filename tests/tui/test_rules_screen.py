"""How much rules are used, on the screen: the lists side by side, their records, and what is copied."""

from __future__ import annotations

import json

import pytest

from query.parse import parse_filter
from tests.tui.conftest import (
    BEGIN,
    NARROW,
    WIDE,
    explorer_on,
    line,
    lines_in,
    picture,
    settled,
    sources,
    title,
    until,
)
from tests.tui.test_query_screen import assert_harmless
from tests.tui.test_why_screens import CLIENT, OWN, inventory, rows, verdict
from tui.rule_lists import LISTS
from tui.screens.reasons import RejectSource
from tui.screens.rules import RulesScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])


def traffic(logs):
    """Three requests by 443 that are answered, two to port 80 that the ACL refuses, one to port 22."""
    for number in range(3):
        ends = {"srcaddr": f"10.0.2.{30 + number}", "dstaddr": OWN, "srcport": 45_000, "dstport": 443}
        back = {"srcaddr": OWN, "dstaddr": f"10.0.2.{30 + number}", "srcport": 443, "dstport": 45_000}
        logs.deliver(line(**ends, start=BEGIN + number), line(**back, start=BEGIN + number + 1))
    logs.deliver(
        line(srcaddr=CLIENT, dstaddr=OWN, srcport=45_001, dstport=80, action="REJECT", start=BEGIN + 20),
        line(srcaddr=CLIENT, dstaddr=OWN, srcport=45_002, dstport=80, action="REJECT", start=BEGIN + 21),
        line(srcaddr=CLIENT, dstaddr=OWN, srcport=45_003, dstport=22, action="REJECT", start=BEGIN + 30),
    )


@pytest.fixture
def used(logs):
    traffic(logs)
    inventory(logs.root)
    return logs


async def opened(pilot):
    """Open the lists, and wait until rules were counted."""
    await settled(pilot)
    await pilot.press("R")
    await until("the screen is there", lambda: isinstance(pilot.app.screen, RulesScreen))
    screen = pilot.app.screen
    await until("the rules are counted", lambda: screen._found is not None)
    await pilot.pause()
    return screen


async def to_list(pilot, screen, name):
    """Go to a list by the keys."""
    while screen._table.source.name != name:
        before = screen._table.source
        await pilot.press("right")
        await until("another list is there", lambda before=before: screen._table.source is not before)
    await pilot.pause()


def said(screen):
    return " ".join(lines_in(screen.app, screen._told))


@SIZES
async def test_the_lists_stand_side_by_side(used, size):
    app = explorer_on(used)
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        assert "6 conversations, 3 rules" in title(app, "rules")
        tabs = picture(app)[2].split()
        assert tabs == [
            "used",
            "1",
            "unused",
            "2",
            "too",
            "open",
            "1",
            "too",
            "tight",
            "2",
            "ACL",
            "entries",
            "5",
        ]
        assert [row[:3] for row in rows(screen)] == [("3", "3", "tcp/443 from 0.0.0.0/0")]
        for name in (*LISTS[1:], LISTS[0]):
            await pilot.press("right")
            await until(f"{name} is there", lambda name=name: screen._table.source.name == name)
            await pilot.pause()
            assert_harmless(app)
            header = lines_in(app, screen._table)[0]
            assert not header.endswith("…")
        await pilot.press("left")
        await until("the last one follows on the left", lambda: screen._table.source.name == LISTS[-1])
        await pilot.press("escape")
        await settled(pilot)


async def test_a_used_rule_leads_to_its_records(used):
    app = explorer_on(used)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot)
        text = screen._table.row.record["filter"]
        parse_filter(text)
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter == text
        assert sorted(sources(explorer)) == ["10.0.2.30", "10.0.2.31", "10.0.2.32"]


async def test_an_unused_rule_says_why_it_is_not_taken_away_and_has_no_records(used):
    app = explorer_on(used)
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "unused")
        assert [(row[0], row[1]) for row in rows(screen)] == [
            ("unused", "tcp/80 from 0.0.0.0/0"),
            ("unused", "all to 0.0.0.0/0"),
        ]
        told = said(screen)
        assert "30 days are the least" in told
        assert "Never logged" in told
        await pilot.press("y")
        assert app.clipboard.startswith("unused  tcp/80 from 0.0.0.0/0")
        await pilot.press("enter")
        await until("it says so", lambda: "no record behind it" in said(screen))
        assert app.screen is screen


async def test_what_is_too_open_says_how_far_it_can_be_trusted(used):
    app = explorer_on(used)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "too open")
        row = rows(screen)[0]
        assert row[:4] == ("3", "?", "tcp/443 from 0.0.0.0/0", "tcp/443 from 10.0.2.30/31, 10.0.2.32/32")
        assert "Not checked" in said(screen)
        await pilot.press("enter")
        assert len(sources(await settled(pilot))) == 3


async def test_what_is_too_tight_has_a_command_its_rejects_and_their_verdicts(used):
    app = explorer_on(used)
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "too tight")
        assert [(row[0], row[3], row[4]) for row in rows(screen)] == [
            ("2", f"tcp/80 from {CLIENT}/32", "acl-0pub rule 90"),
            ("1", f"tcp/22 from {CLIENT}/32", "sg-0web"),
        ]
        command = screen._table.row.record["command"]
        assert command.startswith("aws ec2 create-network-acl-entry")
        shown = "".join(text.rstrip() for text in lines_in(app, screen._told)).replace(" ", "")
        assert command.replace(" ", "") in shown, "all of it is on the screen"
        await pilot.press("y")
        assert app.clipboard == command
        await pilot.press("enter")
        await until("its rejects are listed", lambda: isinstance(screen._table.source, RejectSource))
        assert "2 rejects of tcp/80" in title(app, "rules")
        await pilot.press("right")
        await pilot.pause()
        assert isinstance(screen._table.source, RejectSource), "a list is left by esc"
        await pilot.press("enter")
        assert (await verdict(pilot)).verdicts[0].code == "R-NACL-IN"
        await pilot.press("escape")
        await until("the list is back", lambda: app.screen is screen)
        await pilot.press("escape")
        await until("the lines are back", lambda: screen._table.source is screen._sources["too tight"])
        assert screen._table.cursor == 0
        await pilot.press("escape")
        await settled(pilot)


async def test_entries_of_acls_tell_what_they_denied_and_lead_to_it(used):
    app = explorer_on(used)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "ACL entries")
        first = rows(screen)[0]
        assert first[:5] == ("2", "2", "0", "90", "in deny tcp/80 from 0.0.0.0/0")
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert sources(explorer) == [CLIENT, CLIENT]
        assert {explorer.records.row.record[name] for name in ("dstport", "action")} == {80, "REJECT"}


async def test_each_list_keeps_its_cursor(used):
    app = explorer_on(used)
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "unused")
        await pilot.press("j")
        await pilot.press("l", "h")
        await until("it is back", lambda: screen._table.source.name == "unused")
        assert screen._table.cursor == 1


async def test_only_what_is_looked_at_is_counted_and_that_is_said(used):
    app = explorer_on(used, filter="dstPort = 22")
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(pilot)
        assert "1 conversation, 3 rules, only what the filter keeps" in title(app, "rules")
        assert "dstPort = 22" in picture(app)[0]
        assert rows(screen) == []
        assert "Nothing is in this list." in "\n".join(picture(app))


@SIZES
async def test_without_an_inventory_it_says_what_saves_one(logs, size):
    traffic(logs)
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await until("it says so", lambda: "flowtui snapshot" in "\n".join(picture(app)))
        await pilot.press("y", "enter", "right", "escape")
        await settled(pilot)


@SIZES
async def test_no_inventory_steers_the_terminal(logs, size):
    traffic(logs)
    inventory(logs.root, hostile="\x1b]0;owned\x07\x1b[31m\u202e[bold]")
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot)
        for name in LISTS:
            await to_list(pilot, screen, name)
            for _ in range(screen._table.source.height):
                assert_harmless(app)
                await pilot.press("j")
                await pilot.pause()
            assert_harmless(app)


async def test_a_rule_for_no_interface_here_is_listed_as_unused(used):
    path = used.root / "inventory" / "SecurityGroups.json"
    groups = json.loads(path.read_text())
    idle = {"GroupId": "sg-0idle", "GroupName": "idle", "VpcId": "vpc-0aaa"}
    idle["IpPermissions"] = [
        {"IpProtocol": "udp", "FromPort": 1, "ToPort": 9, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ]
    groups["SecurityGroups"].append(idle)
    path.write_text(json.dumps(groups))
    app = explorer_on(used)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(pilot)
        await to_list(pilot, screen, "unused")
        assert rows(screen)[-1][:3] == ("unused", "udp/1-9 from 10.0.0.0/8", "idle")
        await pilot.press("G")
        await until("it says so", lambda: "No interface has the group" in said(screen))
