"""What is proposed as a fix: by the words of its command it works, is no more than needed, and can be undone."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from itertools import product
from time import perf_counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from diagnose import diagnosis as diagnosis_module
from diagnose import network_acls, security_groups
from diagnose.blocks import ip_of
from diagnose.diagnosis import Diagnosis, Question
from diagnose.fixes import fixes, let_through
from diagnose.lookup import Lookup
from diagnose.model import Inventory
from diagnose.packet import Packet
from diagnose.tri import Tri
from loaders.load import Library
from tests.diagnose.network import (
    ANYTHING,
    Answers,
    acl,
    answers,
    both_ways,
    entry,
    group,
    named,
    permission,
    read,
)
from tests.diagnose.shell import Cli, applied, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORE = {4: "10.40.2.21", 6: "2001:db8:40:2::21"}
PEERS = {
    "one group": ("10.40.1.11", "group"),
    "one group, IPv6": ("2001:db8:40:1::11", "group"),
    "several groups": ("10.40.1.13", "address"),
    "the default group": ("10.40.1.14", "address"),
    "another VPC": ("10.50.1.31", "address"),
    "the public address of ours": ("198.18.0.15", "address"),
    "a stranger": ("192.0.2.99", "address"),
    "a stranger, IPv6": ("2001:db8:ffff::9", "address"),
    "in a prefix list": ("198.18.7.5", "list"),
}
LISTED = (6, 22)
KINDS = (LISTED, (6, 5432), (17, 5353), (1, None), (58, None), (47, None))


def _open(raw: Answers) -> None:
    """Nothing but security groups refuses."""


def _star(raw: Answers) -> None:
    """Nothing allows it, so that the last rule denies it."""
    named(raw, "NetworkAcls", "acl-store").update(
        acl("acl-store", ["subnet-store"], both_ways(60, "allow", 6, ports=(9, 9)))
    )


def _room(raw: Answers) -> None:
    """A rule denies it, and there are numbers before it."""
    deny = [*both_ways(60, "allow", 6, ports=(9, 9)), *both_ways(105, "deny"), *both_ways(200, "allow")]
    named(raw, "NetworkAcls", "acl-store").update(acl("acl-store", ["subnet-store"], deny))


def _narrow(raw: Answers) -> None:
    """A rule denies it, and there is one number before it, not a round one."""
    deny = [*both_ways(61, "allow", 6, ports=(9, 9)), *both_ways(64, "deny")]
    named(raw, "NetworkAcls", "acl-store").update(acl("acl-store", ["subnet-store"], deny))


def _full(raw: Answers) -> None:
    """A rule denies it, and no number is left before it."""
    deny = [*both_ways(61, "allow", 6, ports=(9, 9)), *both_ways(63, "deny"), *both_ways(300, "allow")]
    # The numbers of one family alone: 61 and 63 are IPv4's, 62 and 64 are IPv6's.
    named(raw, "NetworkAcls", "acl-store").update(acl("acl-store", ["subnet-store"], deny))


def _first(raw: Answers) -> None:
    """The first number there is denies it, by protocol."""
    deny = [
        entry(1 + place, "deny", block, protocol, egress=egress, **more)
        for egress in (False, True)
        for place, (block, protocol, more) in enumerate(
            [
                ("0.0.0.0/0", 6, {"ports": (0, 65_535)}),
                ("0.0.0.0/0", 17, {"ports": (0, 65_535)}),
                ("0.0.0.0/0", 1, {"icmp": (-1, -1)}),
                ("0.0.0.0/0", 47, {}),
                ("::/0", 6, {"ports": (0, 65_535)}),
                ("::/0", 17, {"ports": (0, 65_535)}),
                ("::/0", 58, {"icmp": (-1, -1)}),
                ("::/0", 47, {}),
            ]
        )
    ]
    named(raw, "NetworkAcls", "acl-store").update(
        acl("acl-store", ["subnet-store"], [*deny, *both_ways(100, "allow")])
    )


def _groups_allow(raw: Answers) -> None:
    named(raw, "SecurityGroups", "sg-store").update(group("sg-store", [ANYTHING], [ANYTHING]))


ACLS = {"open": _open, "star": _star, "room": _room, "narrow": _narrow, "full": _full, "first": _first}


@dataclass(frozen=True)
class Refused:
    """A packet at ``eni-store``, and the answers that refuse it."""

    raw: Answers
    packet: Packet
    acl: str
    source: str
    reply: bool = False
    name: str = ""
    steps: tuple[str, ...] = field(default=())


def packet(
    peer: str, protocol: int, port: int | None, *, egress: bool = False, own: str | None = None
) -> Packet:
    far = ip_of(peer)
    near = ip_of(own or STORE[far.version])
    source, target = (near, far) if egress else (far, near)
    return Packet(egress, protocol, source, target, None if port is None else 40_000, port)


def _refused() -> Iterator[Refused]:
    turn = 0
    for (who, (peer, source)), egress, way, allow in product(
        PEERS.items(), (False, True), ACLS, (True, False)
    ):
        if way == "open" and allow:
            continue
        turn += 1
        for protocol, port in (KINDS[turn % len(KINDS)], KINDS[(turn + 1) % len(KINDS)]):
            if protocol == (1 if ":" in peer else 58):
                continue
            raw = answers()
            ACLS[way](raw)
            if allow:
                _groups_allow(raw)
            whom = source if source != "list" or ((protocol, port) == LISTED and not egress) else "address"
            steps = (*(() if allow else ("group",)), *(("acl",) if way != "open" else ()))
            what = packet(peer, protocol, port, egress=egress)
            side = "to" if egress else "from"
            yield Refused(raw, what, way, whom, False, f"{way}: {what.what} {side} {who}, {steps}", steps)
    for peer, port, way in product(
        ("10.40.1.11", "192.0.2.99", "2001:db8:ffff::9"), (40_000, 62_000, 700), ACLS
    ):
        if way == "open":
            continue
        for egress in (False, True):
            raw = answers()
            ACLS[way](raw)
            what = packet(peer, 6, port, egress=egress)
            yield Refused(raw, what, way, "", True, f"{way}: reply {what}", ("acl",))


REFUSED = {one.name: one for one in _refused()}
CASES = pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)


def judged(raw: Answers, case: Refused, folder: Path, what: Packet | None = None) -> tuple[Tri, Tri]:
    """What security groups and the ACL say, by what is read of raw answers."""
    lookup = Lookup(read(raw, folder))
    store = lookup.interface("eni-store")
    what = what or case.packet
    groups = Tri.YES if case.reply else security_groups.judge(lookup, store, what).allowed
    return groups, network_acls.judge(lookup, store, what).allowed


def proposed(case: Refused, folder: Path) -> Any:
    lookup = Lookup(read(case.raw, folder))
    return fixes(lookup, lookup.interface("eni-store"), case.packet, reply=case.reply)


def test_there_are_enough_of_them():
    assert len(REFUSED) >= 200
    kinds = {(one.steps, one.acl, one.packet.egress, one.packet.peer.version) for one in REFUSED.values()}
    assert len(kinds) >= 40


@CASES
def test_what_the_commands_say_lets_it_through_and_what_their_undo_says_takes_that_back(case, tmp_path):
    before = judged(case.raw, case, tmp_path)
    assert before == (Tri.of("group" not in case.steps), Tri.of("acl" not in case.steps))
    found = proposed(case, tmp_path)
    kinds = tuple("group" if "security-group" in fix.command else "acl" for fix in found)
    assert kinds == case.steps, "one command for each of what refuses it, and no more"
    states = [case.raw]
    for fix in found:
        assert judged(states[-1], case, tmp_path) != (Tri.YES, Tri.YES), "each is needed"
        states.append(applied(states[-1], fix.command))
        store = Lookup(fix.inventory).interface("eni-store")
        says = (
            Tri.YES
            if case.reply
            else security_groups.judge(Lookup(fix.inventory), store, case.packet).allowed,
            network_acls.judge(Lookup(fix.inventory), store, case.packet).allowed,
        )
        assert says == judged(states[-1], case, tmp_path), "the inventory is as the command leaves it"
    assert judged(states[-1], case, tmp_path) == (Tri.YES, Tri.YES)
    for place in range(len(found) - 1, -1, -1):
        undone = applied(states[place + 1], found[place].undo)
        assert judged(undone, case, tmp_path) == judged(states[place], case, tmp_path)
        assert _sorted(undone) == _sorted(states[place]), "all is as it was"
    if len(found) > 1:
        alone = applied(states[-1], found[0].undo)
        assert judged(alone, case, tmp_path) == (Tri.NO, Tri.YES), "either is undone by itself"


def _sorted(raw: Answers) -> Any:
    """Answers without the order of what has none."""
    for one in (raw := json.loads(json.dumps(raw)))["NetworkAcls"]:
        one["Entries"].sort(key=lambda entry: (entry["RuleNumber"], entry["Egress"]))
    return raw


@CASES
def test_no_more_is_allowed_than_the_packet_needs(case, tmp_path):
    for fix in proposed(case, tmp_path):
        assert not any(text in fix.command for text in ("0.0.0.0/0", "::/0"))
        _, asked = meant(fix.command)
        if "IpPermissions" in asked:
            _check_permission(asked, case)
        else:
            _check_entry(fix, asked, case)


def _check_permission(asked: dict[str, Any], case: Refused) -> None:
    assert asked["GroupId"] == "sg-store"
    (one,) = asked["IpPermissions"]
    peer, what = case.packet.peer, case.packet
    expected: dict[str, Any] = {
        "group": {"UserIdGroupPairs": [{"GroupId": "sg-shop", "UserId": "444455556666"}]},
        "list": {"PrefixListIds": [{"PrefixListId": "pl-desks"}]},
        "address": {"IpRanges": [{"CidrIp": f"{peer}/32"}]}
        if peer.version == 4
        else {"Ipv6Ranges": [{"CidrIpv6": f"{peer}/128"}]},
    }[case.source]
    names = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}
    expected["IpProtocol"] = names.get(what.protocol, str(what.protocol))
    if what.protocol in {6, 17}:
        expected |= {"FromPort": what.dport, "ToPort": what.dport}
    elif what.protocol in {1, 58}:
        expected |= {"FromPort": -1, "ToPort": -1}
    assert one == expected


def _check_entry(fix: Any, asked: dict[str, Any], case: Refused) -> None:
    what = case.packet
    six = what.peer.version == 6
    key = "Ipv6CidrBlock" if six else "CidrBlock"
    assert (asked[key], asked["RuleAction"]) == (f"{what.peer}/{128 if six else 32}", "allow")
    assert (asked["Egress"], asked["Protocol"]) == (what.egress, str(what.protocol))
    ranges = {40_000: (32_768, 60_999), 62_000: (49_152, 65_535)} if case.reply else {}
    if what.protocol in {6, 17}:
        low, high = ranges.get(what.dport, (what.dport, what.dport))
        assert asked["PortRange"] == {"From": low, "To": high}
    number = asked["RuleNumber"]
    if case.acl == "first":
        order = [(4, 6), (4, 17), (4, 1), (4, 47), (6, 6), (6, 17), (6, 58), (6, 47)]
        place = 1 + order.index((what.peer.version, what.protocol))
        assert (number, "replace-network-acl-entry" in fix.command) == (place, True)
        assert "replace-network-acl-entry" in fix.undo
        return
    # Numbers are shared by the families: those of IPv4 come first, and IPv6's are one higher.
    wanted = {"star": 70, "room": 80, "narrow": 63, "full": None}[case.acl]
    if wanted is None:
        own = 64 if six else 63
        assert (number, "replace-network-acl-entry" in fix.command) == (own, True)
        assert f"--rule-number {own} " in fix.undo
        assert "replace-network-acl-entry" in fix.undo
    else:
        assert "create-network-acl-entry" in fix.command
        assert fix.undo.startswith("aws ec2 delete-network-acl-entry")
        assert case.acl == "room" or number == wanted
        assert case.acl != "room" or (61 < number < 105 and number % 10 == 0), "a round one"


# An entry in another's place changes what that one was for.
BESIDE = {name: one for name, one in REFUSED.items() if one.acl not in {"full", "first"}}


@pytest.mark.parametrize("case", BESIDE.values(), ids=BESIDE)
def test_what_is_next_to_it_stays_refused(case, tmp_path):
    """Another port, another address: nothing else than the packet passes that did not before."""
    raw, what = case.raw, case.packet
    for fix in proposed(case, tmp_path):
        raw = applied(raw, fix.command)
    beside = type(what.peer)(int(what.peer) ^ 0x4000)
    port = None if what.dport is None else what.dport + 1
    others = [packet(str(beside), what.protocol, what.dport, egress=what.egress)]
    others += [packet(str(what.peer), what.protocol, port, egress=what.egress)] * (
        port is not None and not case.reply
    )
    others += [packet(str(what.peer), 132, None, egress=what.egress)]
    others += [packet(str(what.peer), what.protocol, what.dport, egress=not what.egress)]
    for other in others:
        before, after = (judged(one, case, tmp_path, other) for one in (case.raw, raw))
        assert (after == (Tri.YES, Tri.YES)) == (before == (Tri.YES, Tri.YES)), other


# -- the AWS CLI ---------------------------------------------------------------------------------------------


@pytest.fixture
def cli(monkeypatch, tmp_path):
    for name, value in (
        *(
            ("AWS_ACCESS_KEY_ID", "none"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
        ),
        *((f"AWS_{name}_FILE", str(tmp_path / name)) for name in ("CONFIG", "SHARED_CREDENTIALS")),
    ):
        monkeypatch.setenv(name, value)
    return Cli()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("way", [*ACLS, "replies"])
def test_the_aws_cli_takes_every_command_and_asks_for_what_is_meant(way, cli, tmp_path, capsys):
    cases = [one for one in REFUSED.values() if ("replies" if one.reply else one.acl) == way]
    found = [fix for case in cases for fix in proposed(case, tmp_path)]
    commands = dict.fromkeys(text for fix in found for text in (fix.command, fix.undo))
    assert commands
    for command in commands:
        assert cli.run(command) == (0, [meant(command)]), command
    capsys.readouterr()


WRONG = {
    "--rule-number 70": "--rule-number seventy",
    "--protocol 6": "",
    "--port-range From=5432,To=5432": "--port-range From=low,To=high",
    "--ingress": "--inwards",
    "create-network-acl-entry": "add-network-acl-entry",
    "--cidr-block": "--cidr-range",
    "authorize-security-group-ingress": "allow-security-group-ingress",
    '"FromPort":5432': '"FromPort":"5432"',
    '"IpProtocol"': '"Protocol"',
    "}]": "}",
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("right", WRONG)
def test_the_aws_cli_refuses_what_is_wrong(right, cli, tmp_path, capsys):
    raw = answers()
    _star(raw)
    case = Refused(raw, packet("192.0.2.99", 6, 5432), "star", "address")
    command = next(fix.command for fix in proposed(case, tmp_path) if right in fix.command)
    status, asked = cli.run(command.replace(right, WRONG[right]))
    capsys.readouterr()
    assert (status == 0, asked == [meant(command)]) == (False, False)


# -- where nothing is proposed, and what is chosen -----------------------------------------------------------


def one_fix(raw: Answers, what: Packet, folder: Path, *, name: str = "eni-store", reply: bool = False) -> Any:
    lookup = Lookup(read(raw, folder))
    return fixes(lookup, lookup.interface(name), what, reply=reply)


def _no_groups(raw: Answers) -> None:
    del raw["SecurityGroups"]


def _one_group_missing(raw: Answers) -> None:
    named(raw, "NetworkInterfaces", "eni-store")["Groups"].append({"GroupId": "sg-elsewhere"})


def _groups_not_said(raw: Answers) -> None:
    del named(raw, "NetworkInterfaces", "eni-store")["Groups"]


def _no_acls(raw: Answers) -> None:
    del raw["NetworkAcls"]


def _list_unread(raw: Answers) -> None:
    rules = named(raw, "SecurityGroups", "sg-store")["IpPermissions"]
    rules.append(permission("tcp", (5432, 5432), lists=["pl-unread"]))


def _one_page(raw: Answers) -> None:
    raw["NextToken"] = "more"


def _no_interface(raw: Answers) -> None:
    raw["NetworkInterfaces"] = [one for one in raw["NetworkInterfaces"] if one["SubnetId"] != "subnet-store"]


@pytest.mark.parametrize(
    "spoil",
    [_no_groups, _one_group_missing, _groups_not_said, _no_acls, _list_unread, _one_page, _no_interface],
)
def test_nothing_is_proposed_where_rules_are_not_known(spoil: Callable[[Answers], None], tmp_path):
    raw = answers()
    what = packet("192.0.2.99", 6, 5432)
    assert one_fix(raw, what, tmp_path)
    spoil(raw)
    assert not one_fix(raw, what, tmp_path)


def test_nothing_is_proposed_without_an_inventory_or_a_port():
    lookup = Lookup(Inventory())
    assert fixes(lookup, None, packet("192.0.2.99", 6, 5432), reply=False) == ()


def test_nothing_is_proposed_for_a_port_that_is_not_logged(tmp_path):
    what = packet("192.0.2.99", 6, None)
    assert not one_fix(answers(), what, tmp_path), "it would have to be all ports"
    raw = answers()
    _star(raw)
    assert not one_fix(raw, what, tmp_path, reply=True)


def test_nothing_is_proposed_where_nothing_is_refused(tmp_path):
    raw = answers()
    _groups_allow(raw)
    assert not one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)


def test_nothing_is_proposed_behind_the_last_number(tmp_path):
    raw = answers()
    _groups_allow(raw)
    last = [entry(32_766, "allow", "0.0.0.0/0", 6, (9, 9))]
    named(raw, "NetworkAcls", "acl-store").update(acl("acl-store", ["subnet-store"], last))
    assert not one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)
    last[0]["RuleNumber"] = 32_765
    (fix,) = one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)
    assert "--rule-number 32766 " in fix.command
    last[0]["RuleNumber"] = 32_750
    (fix,) = one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)
    assert "--rule-number 32760 " in fix.command


def test_a_list_that_is_used_for_another_port_is_not_proposed(tmp_path):
    (fix,) = one_fix(answers(), packet("198.18.7.5", 6, 23), tmp_path)
    assert "198.18.7.5/32" in fix.command
    (fix,) = one_fix(answers(), packet("198.18.7.5", 17, 22), tmp_path)
    assert "pl-desks" in fix.command, "the same port of the other protocol that has ports"


def test_of_two_lists_the_smaller_one_is_proposed_and_one_of_everybody_never(tmp_path):
    raw = answers()
    raw["PrefixLists"].append({"PrefixListId": "pl-a-campus", "Cidrs": ["198.18.0.0/16"]})
    rules = named(raw, "SecurityGroups", "sg-jump")["IpPermissions"]
    rules.append(permission("tcp", (20, 30), lists=["pl-a-campus"]))
    (fix,) = one_fix(raw, packet("198.18.7.5", 6, 22), tmp_path)
    assert "pl-desks" in fix.command
    (fix,) = one_fix(raw, packet("198.18.99.5", 6, 22), tmp_path)
    assert "pl-a-campus" in fix.command
    (fix,) = one_fix(raw, packet("192.0.2.99", 6, 22), tmp_path)
    assert "192.0.2.99/32" in fix.command, "pl-world would do, and is everybody"


def test_a_group_outranks_a_list_and_a_list_an_address(tmp_path):
    raw = answers()
    raw["PrefixLists"][0]["Cidrs"].append("10.40.1.0/24")
    (fix,) = one_fix(raw, packet("10.40.1.11", 6, 22), tmp_path)
    assert "sg-shop" in fix.command
    (fix,) = one_fix(raw, packet("10.40.1.13", 6, 22), tmp_path)
    assert "pl-desks" in fix.command


def test_the_rule_goes_to_a_group_that_is_not_the_default_one(tmp_path):
    raw = answers()
    named(raw, "NetworkInterfaces", "eni-store")["Groups"].insert(0, {"GroupId": "sg-given"})
    (fix,) = one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)
    assert "--group-id sg-store " in fix.command
    named(raw, "NetworkInterfaces", "eni-store")["Groups"].pop()
    (fix,) = one_fix(raw, packet("192.0.2.99", 6, 5432), tmp_path)
    assert "--group-id sg-given " in fix.command


def test_commands_are_one_line_for_a_shell(tmp_path):
    for case in list(REFUSED.values())[::7]:
        for fix in proposed(case, tmp_path):
            assert "\n" not in fix.command + fix.undo
            assert shlex.join(shlex.split(fix.command)).replace("'", "") == fix.command.replace("'", "")


# -- how far a fix reaches -----------------------------------------------------------------------------------

HEAD = (
    "version interface-id srcaddr srcport dstaddr dstport protocol packets bytes start end action log-status"
    " tcp-flags reject-reason"
)


def line(
    name: str, source: str, target: str, port: int, *, sport: int = 40_000, protocol: int = 6, action: str = "REJECT",
    flags: int = 2, reason: str = "-", at: int = 1_800_000_000,
) -> str:  # fmt: skip
    ends = f"{source} {sport} {target} {port} {protocol} 1 60 {at} {at + 9}"
    return f"8 {name} {ends} {action} OK {flags} {reason}"


def asked(raw: Answers, lines: list[str], folder: Path, question: Question | None = None) -> Any:
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "flows.log").write_text("\n".join([HEAD, *lines, ""]))
    dataset = Library((str(logs),)).read_all()
    assert dataset.height == len(lines)
    return Diagnosis(dataset, read(raw, folder)), question or Question(source="10.40.1.11")


def reach(raw: Answers, lines: list[str], folder: Path) -> list[int]:
    """The numbers beside the fixes of the first line."""
    found, question = asked(raw, lines, folder)
    verdict = next(one for one in found.of(question) if one.record["_line"] == 2)
    return [fix.also_allows for fix in verdict.fixes]


FIRST = line("eni-store", "10.40.1.11", "10.40.2.21", 5432)
OTHERS = {
    "none": ([], 0),
    "itself again": ([line("eni-store", "10.40.1.11", "10.40.2.21", 5432, at=1_800_000_600)], 0),
    "from another port": ([line("eni-store", "10.40.1.11", "10.40.2.21", 5432, sport=40_001)], 1),
    "from others of the group": (
        [line("eni-store", f"10.40.1.1{last}", "10.40.2.21", 5432) for last in (2, 3, 4, 5)],
        3,
    ),
    "to others of the group": ([line("eni-store2", "10.40.1.12", "10.40.2.22", 5432)], 1),
    "to another port": ([line("eni-store", "10.40.1.12", "10.40.2.21", 5433)], 0),
    "by another protocol": ([line("eni-store", "10.40.1.12", "10.40.2.21", 5432, protocol=17)], 0),
    "from elsewhere": ([line("eni-store", "192.0.2.99", "10.40.2.21", 5432)], 0),
    "outwards": ([line("eni-store", "10.40.2.21", "10.40.1.12", 5432)], 0),
    "to another group": ([line("eni-given", "10.40.1.12", "10.40.1.14", 5432)], 0),
    "refused by no rule": ([line("eni-store", "10.40.1.12", "10.40.2.21", 5432, reason="BPA")], 0),
    "accepted": ([line("eni-store", "10.40.1.12", "10.40.2.21", 5432, action="ACCEPT")], 0),
    "at an interface that is not known": ([line("eni-gone", "10.40.1.12", "10.40.2.21", 5432)], 0),
    "one conversation at two times": (
        [line("eni-store", "10.40.1.12", "10.40.2.21", 5432, at=1_800_000_000 + 600 * n) for n in (1, 2)],
        1,
    ),
}


@pytest.mark.parametrize("others", OTHERS)
def test_a_fix_says_how_many_others_it_lets_through(others, tmp_path):
    lines, number = OTHERS[others]
    assert reach(answers(), [FIRST, *lines], tmp_path) == [number]


def test_two_fixes_say_what_the_second_lets_through_after_the_first(tmp_path):
    raw = answers()
    named(raw, "SecurityGroups", "sg-store").update(group("sg-store"))
    store = named(raw, "NetworkAcls", "acl-store")
    store.update(acl("acl-store", ["subnet-store"], [entry(50, "allow", "10.40.1.12/32")]))
    lines = [
        FIRST,
        line("eni-store", "10.40.1.12", "10.40.2.21", 5432),
        line("eni-store", "10.40.1.11", "10.40.2.21", 5432, sport=41_000),
        line("eni-store2", "10.40.1.11", "10.40.2.22", 5432),
    ]
    assert reach(raw, lines, tmp_path) == [1, 2], "the ACL already let 10.40.1.12 in; the others need both"


def test_a_fix_in_another_rules_place_says_what_that_rule_had_kept_out(tmp_path):
    raw = answers()
    _groups_allow(raw)
    _first(raw)
    lines = [FIRST, *(line("eni-store", f"192.0.2.{last}", "10.40.2.21", 80) for last in range(1, 8))]
    assert reach(raw, lines, tmp_path) == [7], "the rule behind it allows them all"


def test_replies_are_let_through_by_the_acl_alone(tmp_path):
    raw = answers()
    store = named(raw, "NetworkAcls", "acl-store")
    store["Entries"] = [one for one in store["Entries"] if not (one["Egress"] and one["RuleNumber"] < 200)]
    named(raw, "SecurityGroups", "sg-store").update(group("sg-store", [ANYTHING]))

    def exchange(port: int, at: int) -> list[str]:
        return [
            line("eni-store", "10.40.2.21", "10.40.1.11", port, sport=5432, flags=18, at=at),
            line("eni-store", "10.40.1.11", "10.40.2.21", 5432, sport=port, action="ACCEPT", at=at),
        ]

    stray = line("eni-store", "10.40.2.21", "10.40.1.11", 40_009, sport=9, flags=2)
    found, _ = asked(raw, [*exchange(40_000, 0), *exchange(40_001, 5), *exchange(61_000, 9), stray], tmp_path)
    verdicts = {one.record["_line"]: one for one in found.of(Question(target="10.40.1.11"))}
    assert verdicts[2].code == "R-NACL-RETURN-OUT"
    assert [fix.also_allows for fix in verdicts[2].fixes] == [1], (
        "61000 is not Linux's; groups refuse the stray"
    )


def test_the_reach_is_computed_once_for_a_command_and_only_where_there_is_one(tmp_path, monkeypatch):
    calls = []

    def counted(*given: Any) -> pl.DataFrame:
        calls.append(given)
        return let_through(*given)

    monkeypatch.setattr(diagnosis_module, "let_through", counted)
    lines = [line("eni-store", "10.40.1.11", "10.40.2.21", 5432, sport=40_000 + n) for n in range(20)]
    lines.append(line("eni-store", "10.40.1.11", "10.40.2.21", 5432, sport=9, reason="BPA"))
    found, question = asked(answers(), lines, tmp_path)
    verdicts = list(found.of(question))
    assert [fix.also_allows for one in verdicts for fix in one.fixes] == [19] * 20
    assert len(calls) == 1
    found, _ = asked(answers(), lines, tmp_path)
    calls.clear()
    assert [one.fixes for one in found.of(Question(source="10.40.1.11", sport=9))] == [()]
    assert not calls
    assert "_refused" not in vars(found), "nothing is looked for that nobody asked for"


def test_no_fix_is_for_noise(tmp_path):
    lines = [line("eni-store", "192.0.2.99", "10.40.2.21", port) for port in (22, 23, 3389)]
    found, _ = asked(answers(), lines, tmp_path)
    for count, noise in ((3, True), (2, False)):
        found, _ = asked(answers(), lines[:count], tmp_path)
        verdicts = list(found.of(Question(source="192.0.2.99")))
        assert {(one.noise, bool(one.fixes)) for one in verdicts} == {(noise, not noise)}


def test_a_reply_that_the_acl_has_come_to_refuse_needs_no_group(tmp_path):
    raw = answers()
    named(raw, "SecurityGroups", "sg-store").update(group("sg-store", [ANYTHING]))
    store = named(raw, "NetworkAcls", "acl-store")
    store["Entries"] = [one for one in store["Entries"] if not (one["Egress"] and one["RuleNumber"] < 200)]
    lines = [
        line("eni-store", "10.40.1.11", "10.40.2.21", 5432, action="ACCEPT"),
        line("eni-store", "10.40.2.21", "10.40.1.11", 40_000, sport=5432, flags=18, action="ACCEPT"),
        line("eni-store", "10.40.2.21", "10.40.1.11", 40_000, sport=5432, flags=0, at=1_800_000_600),
    ]
    found, _ = asked(raw, lines, tmp_path)
    verdict = next(one for one in found.of(Question(target="10.40.1.11")) if one.record["_line"] == 4)
    assert verdict.code == "R-CHANGED-NACL"
    assert ["network-acl-entry" in fix.command for fix in verdict.fixes] == [True]


def test_a_hundred_thousand_rejects_are_weighed_in_well_under_a_second(tmp_path):
    lookup = Lookup(read(answers(), tmp_path))
    what = packet("10.40.1.11", 6, 5432)
    (fix,) = fixes(lookup, lookup.interface("eni-store"), what, reply=False)
    number = pl.int_range(100_000, eager=True)
    sources = [f"10.40.{one % 250}.{one // 250 % 250}" for one in range(100_000)]
    refused = pl.DataFrame(
        {
            "interface": "eni-store",
            "way": "ingress",
            "srcaddr": sources,
            "dstaddr": "10.40.2.21",
            "source": sources,
            "srcport": number % 60_000,
            "target": "10.40.2.21",
            "dstport": 5400 + number % 100,
            "protocol": 6,
            "reply": False,
        },
        schema_overrides={"srcport": pl.Int32, "dstport": pl.Int32, "protocol": pl.Int32},
    )
    before = perf_counter()
    let = let_through(refused, lookup, fix)
    took = perf_counter() - before
    members = {"10.40.1.11", "10.40.1.12", "10.40.1.13", "10.40.1.15"}
    expected = refused.filter(pl.col("source").is_in(members) & (pl.col("dstport") == 5432))
    assert let.height == expected.select("source", "srcport").unique().height
    assert took < 1, "0.1 s where nothing else runs"
