"""Why it was rejected, on the screen: verdicts, rejects by reason, conversations, and what is missing."""

from __future__ import annotations

import json

import pytest

from diagnose.records import of_conversation
from tests.tui.conftest import (
    BEGIN,
    ENI,
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    picture,
    settled,
    sources,
    title,
    until,
)
from tests.tui.test_query_screen import assert_harmless
from tui.screens.conversations import ConversationsScreen
from tui.screens.reasons import ReasonsScreen
from tui.screens.verdict import VerdictScreen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
OWN, CLIENT = "10.0.1.10", "10.0.2.30"
FORWARD = {"srcaddr": CLIENT, "dstaddr": OWN, "srcport": 45_000}
BACK = {"srcaddr": OWN, "dstaddr": CLIENT, "dstport": 45_000}
QUIET = f"2 123456789012 {ENI} - - - - - - - {BEGIN + 99} {BEGIN + 99} - NODATA"


def inventory(root, *, hostile=""):
    """An ACL that denies port 80 and replies to high ports, and a group that allows 443 and 80."""
    answers = {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": ENI,
                "SubnetId": "subnet-0aaa",
                "VpcId": "vpc-0aaa",
                "PrivateIpAddress": OWN,
                "Groups": [{"GroupId": "sg-0web"}],
                "InterfaceType": "interface",
            }
        ],
        "SecurityGroups": [
            {
                "GroupId": "sg-0web",
                "GroupName": f"web{hostile}",
                "VpcId": "vpc-0aaa",
                "IpPermissions": [
                    {
                        "IpProtocol": "tcp",
                        "FromPort": port,
                        "ToPort": port,
                        "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": f"all{hostile}"}],
                    }
                    for port in (80, 443)
                ],
                "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            }
        ],
        "NetworkAcls": [
            {
                "NetworkAclId": f"acl-0pub{hostile}",
                "VpcId": "vpc-0aaa",
                "Associations": [{"SubnetId": "subnet-0aaa"}],
                "Entries": [
                    entry(90, "deny", egress=False, ports=(80, 80)),
                    entry(100, "allow", egress=False),
                    entry(100, "allow", egress=True, ports=(1, 1023)),
                ],
            }
        ],
        "Subnets": [{"SubnetId": "subnet-0aaa", "VpcId": "vpc-0aaa", "CidrBlock": "10.0.1.0/24"}],
    }
    folder = root / "inventory"
    folder.mkdir()
    for key, items in answers.items():
        (folder / f"{key}.json").write_text(json.dumps({key: items}))


def entry(number, action, *, egress, ports=None):
    found = {
        "RuleNumber": number,
        "RuleAction": action,
        "Egress": egress,
        "Protocol": "6" if ports else "-1",
        "CidrBlock": "0.0.0.0/0",
    }
    return found | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


@pytest.fixture
def refused(logs):
    """Newest first: nothing, port 22 and 80 refused, a reply refused, what it answers, one that was fine."""
    logs.deliver(
        line(srcaddr="10.0.2.31", dstaddr=OWN, srcport=45_001, dstport=443, start=BEGIN),
        line(srcaddr=OWN, dstaddr="10.0.2.31", srcport=443, dstport=45_001, start=BEGIN + 1),
        line(**FORWARD, dstport=443, start=BEGIN + 10),
        line(**BACK, srcport=443, start=BEGIN + 11, action="REJECT"),
        line(**FORWARD, dstport=80, start=BEGIN + 20, action="REJECT"),
        line(**FORWARD, dstport=22, start=BEGIN + 30, action="REJECT"),
        QUIET,
    )
    inventory(logs.root)
    return logs


async def why(pilot, row):
    """Open the verdict on a record by its place in the list."""
    explorer = await in_records(pilot)
    explorer.records.move_to(row)
    await settled(pilot)
    await pilot.press("d")
    return await verdict(pilot)


async def verdict(pilot):
    screen = await shown(pilot, VerdictScreen)
    await until("the verdict is there", lambda: screen.verdicts and screen._table.row is not None)
    await pilot.pause()
    return screen


async def shown(pilot, kind):
    await until(f"{kind.__name__} is there", lambda: isinstance(pilot.app.screen, kind))
    return pilot.app.screen


async def listed(pilot, kind):
    """Wait until a list is there, and give back its screen."""
    screen = await shown(pilot, kind)
    await until("the list is there", lambda: screen._table.row is not None)
    await pilot.pause()
    return screen


def rows(screen):
    source = screen._table.source
    return [row.cells for row in source.window(0, source.height)]


async def on_line(pilot, screen, text):
    """Put the cursor on the line of a verdict that begins so."""
    place = next(number for number, (_, line_) in enumerate(rows(screen)) if line_.startswith(text))
    screen._table.move_to(place)
    await pilot.pause()
    await pilot.pause()


@SIZES
async def test_the_verdict_draws_the_way_and_names_the_rule(refused, size):
    app = explorer_on(refused)
    async with app.run_test(size=size) as pilot:
        screen = await why(pilot, 2)
        assert screen.verdicts[0].code == "R-NACL-IN"
        assert "why · R-NACL-IN · confidence high" in picture(app)[1]
        way = [text for _, text in rows(screen) if text[:1] in "✓✗·?"]
        assert [text[0] for text in way] == ["✓", "✗", "·", "·", "·"]
        assert way[1].startswith("✗ network ACL  acl-0pub: rule 90 denies tcp/80 from")
        assert_harmless(app)
        await pilot.press("escape")
        assert (await settled(pilot)).records.cursor == 2


async def test_the_way_of_a_refused_reply_goes_there_and_back(refused):
    async with explorer_on(refused).run_test(size=WIDE) as pilot:
        screen = await why(pilot, 3)
        assert screen.verdicts[0].code == "R-NACL-RETURN-OUT"
        way = [text for _, text in rows(screen) if text[:1] in "✓✗·?"]
        assert [text[0] for text in way] == ["✓", "✓", "✓", "✓", "✓", "✗", "·"]
        assert "↩" not in way[3]
        assert all("↩" in text for text in way[4:])


async def test_what_is_under_the_cursor_is_shown_copied_and_gone_to(refused):
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        screen = await why(pilot, 2)
        await on_line(pilot, screen, "acl-0pub: rule 90")
        assert "NetworkAcls.json: NetworkAcls[0].Entries[0]" in "\n".join(picture(app))
        assert '"RuleNumber": 90' in "\n".join(picture(app))
        await on_line(pilot, screen, "aws ec2 create-network-acl-entry")
        await pilot.press("y")
        fix = screen.verdicts[0].fixes[0]
        assert app.clipboard == fix.command
        await on_line(pilot, screen, "REJECT tcp")
        assert f" {CLIENT} {OWN} 45000 80 " in "\n".join(picture(app)), "its line as it was logged"
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter == f"{CLIENT} and {OWN}"
        assert explorer.records.row.record["dstport"] == 80


async def test_evidence_leads_to_another_record(refused):
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        screen = await why(pilot, 3)
        await on_line(pilot, screen, "It answers a request that was accepted")
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.records.row.record["srcaddr"] == CLIENT
        assert explorer.records.row.record["timestamp"].second == 10


async def test_what_is_of_no_traffic_has_no_verdict(refused):
    app = explorer_on(refused)
    async with app.run_test(size=NARROW) as pilot:
        await in_records(pilot)
        await pilot.press("d")
        screen = await shown(pilot, VerdictScreen)
        await until("it says so", lambda: "nothing to say" in picture(app)[1])
        assert screen.verdicts == []


async def test_what_is_no_flow_log_has_no_verdict(logs):
    logs.deliver('{"a": 1}', '{"a": 2}', header='{"a": 0}', name="app/app.log")
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        await pilot.press("d")
        await pilot.pause()
        assert app.screen is explorer
        assert "Only records of flow logs" in "\n".join(picture(app))


@SIZES
async def test_rejects_are_counted_by_reason_and_open_one_after_the_other(refused, size):
    app = explorer_on(refused)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("W")
        screen = await listed(pilot, ReasonsScreen)
        assert [(row[0], row[2]) for row in rows(screen)] == [
            ("1", "acl-0pub rule 90 denies tcp/80 coming in"),
            ("1", "acl-0pub rule * denies replies going out"),
            ("1", "sg-0web does not allow tcp/22 coming in"),
        ]
        assert "3 rejects, 3 reasons" in title(app, "reasons")
        await pilot.press("j", "enter")
        await until("its rejects are listed", lambda: screen._table.source is not screen._groups)
        assert "1 reject" in title(app, "reasons")
        await pilot.press("enter")
        found = await verdict(pilot)
        assert found.verdicts[0].code.startswith("R-")
        await pilot.press("escape")
        await listed(pilot, ReasonsScreen)
        await pilot.press("escape")
        await until("the reasons are back", lambda: screen._table.source is screen._groups)
        assert screen._table.cursor == 1, "where one was"
        assert_harmless(app)
        await pilot.press("escape")
        await settled(pilot)


async def test_only_what_is_looked_at_is_counted(refused):
    app = explorer_on(refused, filter="dstPort = 22")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("W")
        screen = await listed(pilot, ReasonsScreen)
        assert "1 reject, 1 reason" in title(app, "reasons")
        assert "dstPort = 22" in picture(app)[0]
        assert screen._diagnosing.is_informed


async def test_without_an_inventory_it_says_what_saves_one(logs):
    logs.deliver(line(**FORWARD, dstport=22, action="REJECT"))
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("W")
        await listed(pilot, ReasonsScreen)
        assert "flowtui snapshot" in picture(app)[2]


async def test_without_rejects_the_list_says_so(logs):
    logs.deliver(line())
    app = explorer_on(logs)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("W")
        await until("it says so", lambda: "No reject is among" in "\n".join(picture(app)))


@SIZES
async def test_conversations_join_both_directions(refused, size):
    app = explorer_on(refused)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        found = [(row[1], row[2], row[4]) for row in rows(screen)]
        assert found == [
            (f"{CLIENT}:45000", f"{OWN}:22", "rejected-request"),
            (f"{CLIENT}:45000", f"{OWN}:80", "rejected-request"),
            (f"{CLIENT}:45000", f"{OWN}:443", "rejected-reply"),
            ("10.0.2.31:45001", f"{OWN}:443", "established"),
        ]
        assert [row[8] for row in rows(screen)] == ["R-SG-IN", "R-NACL-IN", "R-NACL-RETURN-OUT", "A-OK"]
        assert_harmless(app)


async def test_a_conversation_leads_to_its_records_and_to_its_verdict(refused):
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        await pilot.press("j", "j", "d")
        assert (await verdict(pilot)).verdicts[0].code == "R-NACL-RETURN-OUT"
        await pilot.press("escape")
        await listed(pilot, ConversationsScreen)
        talk = screen._table.row.record
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert explorer.state.scope.filter == of_conversation(talk, plain=True)
        assert sources(explorer) == [OWN, CLIENT]


NAT, INSIDE, FAR = "eni-0feedbeef01234567", "10.0.2.40", "198.51.100.61"


@pytest.fixture
def behind_nat(logs):
    """A client's request, which the subnet of its NAT gateway refuses under other addresses."""
    logs.deliver(
        line(srcaddr=INSIDE, dstaddr=FAR, srcport=40_000, dstport=80, start=BEGIN),
        line(
            srcaddr=INSIDE,
            dstaddr=OWN,
            srcport=40_000,
            dstport=80,
            start=BEGIN + 1,
            action="REJECT",
            interface_id=NAT,
        ),
    )
    inventory(logs.root)
    path = logs.root / "inventory" / "NetworkInterfaces.json"
    answers = json.loads(path.read_text())
    (mine,) = answers["NetworkInterfaces"]
    mine |= {"NetworkInterfaceId": NAT, "InterfaceType": "nat_gateway", "Groups": []}
    answers["NetworkInterfaces"].append(
        mine | {"NetworkInterfaceId": ENI, "PrivateIpAddress": INSIDE, "InterfaceType": "interface"}
    )
    path.write_text(json.dumps(answers))
    return logs


@SIZES
async def test_what_several_interfaces_saw_is_one_line(behind_nat, size):
    app = explorer_on(behind_nat)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        ((_, who, whom, _, state, *_, code, at),) = rows(screen)
        assert (who, whom) == (f"{INSIDE}:40000", f"{FAR}:80")
        assert (state, code) == ("rejected-request", "R-NACL-IN")
        assert at == "eni-01234567…bcdef0 → ✗ eni-0feedbee…234567 ?"
        told = "\n".join(picture(app))
        assert f"probably seen at 2 interfaces, rejected at {NAT}" in told
        assert_harmless(app)


async def test_a_conversation_of_several_interfaces_leads_to_all_its_records(behind_nat):
    app = explorer_on(behind_nat)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        await listed(pilot, ConversationsScreen)
        await pilot.press("d")
        found = (await verdict(pilot)).verdicts[0]
        assert (found.code, found.record["interface"]) == ("R-NACL-IN", NAT), "the record that was rejected"
        await pilot.press("escape")
        await listed(pilot, ConversationsScreen)
        await pilot.press("enter")
        explorer = await settled(pilot)
        assert sources(explorer) == [INSIDE, INSIDE]


@SIZES
async def test_a_silent_clients_verdict_shows_where_on_the_way_it_was_refused(behind_nat, size):
    app = explorer_on(behind_nat)
    async with app.run_test(size=size) as pilot:
        screen = await why(pilot, 1)
        assert (screen.verdicts[0].code, screen.verdicts[0].confidence) == ("A-REMOTE-R-NACL-IN", "low")
        drawn = [text for _, text in rows(screen)]
        assert any(text.startswith(f"✗ NAT gateway  {NAT}: probably refused by acl-0pub") for text in drawn)
        assert f"· far side  {FAR}:80" in drawn
        assert_harmless(app)


async def test_a_filter_takes_whole_conversations(refused):
    app = explorer_on(refused, filter="reject")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        assert [row[4] for row in rows(screen)] == ["rejected-request", "rejected-request", "rejected-reply"]
        assert rows(screen)[2][8] == "R-NACL-RETURN-OUT", (
            "the request that was accepted counts, though it is hidden"
        )


async def test_conversations_are_sorted_in_turn(refused):
    app = explorer_on(refused)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("c")
        screen = await listed(pilot, ConversationsScreen)
        for said in ("by bytes", "rejected first", "longest first", "newest first"):
            await pilot.press("s")
            await until(f"it is sorted {said}", lambda said=said: said in title(app, "conversations"))
            ported = [row[2] for row in rows(screen)]
            if said == "rejected first":
                assert ported[3] == f"{OWN}:443"


async def ask(pilot, text):
    await pilot.press("m")
    await pilot.press(*("space" if sign == " " else "colon" if sign == ":" else sign for sign in text))


async def test_what_is_missing_is_asked_for_in_a_line(refused):
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("m")
        for sign in f"{CLIENT} 169.254.169.123 udp/123":
            await pilot.press({" ": "space", "/": "slash", ".": "full_stop"}.get(sign, sign))
        await until("it says how it is read", lambda: "udp port 123" in "\n".join(picture(app)))
        await pilot.press("enter")
        screen = await verdict(pilot)
        assert screen.verdicts[0].code == "N-EXCLUDED"
        assert "N-EXCLUDED" in picture(app)[1]


async def test_traffic_that_is_there_has_its_verdicts(refused):
    app = explorer_on(refused)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("m")
        for sign in f"{CLIENT} {OWN} tcp/80":
            await pilot.press({" ": "space", "/": "slash", ".": "full_stop"}.get(sign, sign))
        await pilot.press("enter")
        assert [one.code for one in (await verdict(pilot)).verdicts] == ["R-NACL-IN"]


@SIZES
async def test_no_inventory_steers_the_terminal(logs, size):
    nasty = "\x1b]0;owned\x07\x1b[31m\u202e[bold]"
    logs.deliver(line(**FORWARD, dstport=80, action="REJECT"))
    inventory(logs.root, hostile=nasty)
    app = explorer_on(logs)
    async with app.run_test(size=size) as pilot:
        screen = await why(pilot, 0)
        assert_harmless(app)
        for _ in range(screen._table.source.height):
            await pilot.press("j")
            assert_harmless(app)
        await pilot.press("escape", "W")
        await listed(pilot, ReasonsScreen)
        assert_harmless(app)
