"""An engine that is broken in one place is noticed: single changes, each in a copy of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.diagnose import quick
from tests.diagnose.broken import ENGINE, engine_with

if TYPE_CHECKING:
    from tests.diagnose.quick import Ready

# Module, what stands there, what is put in its place.
CHANGES = [
    ("decide", 'case.reason in {"BPA", "EC"}', 'case.reason in {"BPA"}'),
    ("decide", "case.answers and case.leaves is False", "case.answers and not case.leaves"),
    ("decide", "leaves is False and not case.other_accepted", "leaves is False"),
    ("decide", '"R-ASYM" if case.asked_elsewhere', '"R-ASYM" if not case.asked_elsewhere'),
    ("decide", "case.is_reply and case.other_accepted", "case.is_reply or case.other_accepted"),
    ("decide", "other_accepted and not case.same_accepted", "other_accepted"),
    ("decide", '"R-LATE" if case.acl is Tri.YES', '"R-LATE" if case.acl is not Tri.NO'),
    ("decide", "case.accepted_before and not case.asks", "case.accepted_before"),
    ("decide", '"R-CHANGED-NACL" if case.acl is Tri.NO', '"R-CHANGED-NACL" if case.acl is not Tri.YES'),
    ("decide", "    if case.accepted_before and case.groups is Tri.NO:", "    if case.groups is Tri.NO:"),
    ("decide", "case.groups is Tri.YES and case.acl is Tri.YES", "case.groups is Tri.YES or case.acl is Tri.YES"),
    ("decide", "case.other_rejected and not case.other_accepted", "case.other_rejected"),
    ("decide", "    if case.routed is Tri.NO:", "    if case.routed is not Tri.YES:"),
    ("security_groups", "low <= packet.dport <= high", "low < packet.dport <= high"),
    ("security_groups", "low <= packet.dport <= high", "low <= packet.dport < high"),
    ("security_groups", "rule.egress == packet.egress", "rule.egress != packet.egress"),
    ("security_groups", "for group in interface.groups if group not in known", "for group in ()"),
    ("security_groups", "rule.protocol is None or rule.protocol == packet.protocol", "rule.protocol is None"),
    ("security_groups", "return Tri.UNKNOWN, f\"the entries", "return Tri.NO, f\"the entries"),
    ("security_groups", "return Tri.UNKNOWN, f\"it is for ICMP", "return Tri.NO, f\"it is for ICMP"),
    ("security_groups", "if group in lookup.inventory.unsure", "if group not in interface.groups"),
    ("security_groups", "-_likeness(one.rule, packet)", "_likeness(one.rule, packet)"),
    ("security_groups", "max(rule.low - packet.dport, packet.dport - high, 0)", "0"),
    ("network_acls", "packet.own in subnet and packet.peer in subnet", "packet.peer in subnet"),
    ("network_acls", "packet.own in subnet and packet.peer in subnet", "False"),
    ("network_acls", "not packet.egress and _comes_by_gateway", "_comes_by_gateway"),
    ("network_acls", "            doubtful.append(entry)\n", ""),
    ("network_acls", "one.allows != allows", "one.allows == allows"),
    ("network_acls", "entry.low <= packet.dport <=", "entry.low < packet.dport <="),
    ("network_acls", "entry.icmp[0] == -1", "entry.icmp[0] != 3"),
    ("network_acls", "entry.egress == packet.egress and packet.peer in entry.block", "packet.peer in entry.block"),
    ("network_acls", "if one.allows and _fits", "if _fits"),
    ("routes", "block.prefix > best[0].prefix", "block.prefix < best[0].prefix"),
    ("routes", "unread.append(one.to.list)", "pass"),
    ("routes", "    if unread:\n", "    if best:\n"),
    ("lookup", "return at_home or found", "return found"),
    ("lookup", "acl.is_default and acl.vpc == vpc and vpc", "acl.is_default"),
    ("lookup", 'found is None and self.inventory.kind("NetworkAcls").is_whole', "found is None"),
    ("lookup", "table.main and table.vpc == vpc and vpc", "table.main"),
    ("lookup", "        if self.is_public(address):\n            return Tri.NO", "        if False:\n            return Tri.NO"),
    ("lookup", "if reference.is_stale:", "if False:"),
    ("lookup", "return Tri.UNKNOWN, f\"the groups of", "return Tri.NO, f\"the groups of"),
    ("lookup", "return Tri.UNKNOWN, f\"{group} is not", "return Tri.NO, f\"{group} is not"),
    ("lookup", "return Tri.UNKNOWN, f\"the members", "return Tri.NO, f\"the members"),
    ("lookup", "reference.vpc if reference.peering else near", "near"),
    ("model", "self.status not in {None, \"active\"}", "False"),
    ("model", "bool(self.files) and not self.partial", "bool(self.files)"),
    ("facts", "ANSWERED_BY_ICMP = 120", "ANSWERED_BY_ICMP = 119"),
    ("facts", "ANSWERED_BY_ICMP = 120", "ANSWERED_BY_ICMP = 121"),
    ("facts", "(sport > dport)", "(sport < 0)"),
    ("facts", 'pl.col("start").filter(ok).min().alias("first_accepted")', 'pl.col("start").min().alias("first_accepted")'),
    ("facts", "(FIN | RST) > 0", "RST > 0"),
    ("facts", "mine = mine.with_columns(~", "mine = mine.with_columns("),
    ("initiator", "LISTENS = 3", "LISTENS = 4"),
    ("initiator", "LISTENS = 3", "LISTENS = 2"),
    ("initiator", "_WELL_KNOWN - 1", "_WELL_KNOWN"),
    ("initiator", "answers_here & ~answers_there", "answers_here"),
    ("initiator", 'pl.when(gap > 0).then(yes)', 'pl.when(gap > 1).then(yes)'),
    ("initiator", "        BY_FAN_IN: by_fan_in,\n        BY_PORTS: by_ports,", "        BY_PORTS: by_ports,\n        BY_FAN_IN: by_fan_in,"),
    ("initiator", '.filter(pl.col("accepted"))', '.filter(pl.lit(True))'),
    ("initiator", "(flags & SYN_ACK == 0)", "(flags & SYN_ACK >= 0)"),
    ("direction", "BY_FIELD: logged, BY_INVENTORY: by_inventory", "BY_INVENTORY: by_inventory, BY_FIELD: logged"),
    ("direction", ".fill_null(value=False)", ".fill_null(value=True)"),
    ("direction", "pl.when(out & ~into)", "pl.when(out)"),
    ("direction", "& neither", "& ~neither"),
    ("direction", "if len(inside) == 1:", "if inside:"),
    ("direction", "if text not in certain", "if text in certain"),
    ("judging", "_NOISE = 3", "_NOISE = 2"),
    ("judging", "_NOISE = 3", "_NOISE = 4"),
    ("judging", ' & texts["peer"].is_in(list(public))', ""),
    ("judging", "(answer_flags & SYN_ACK == 0)", "(answer_flags & SYN_ACK >= 0)"),
    ("judging", 'pl.col("same_first_accepted") <= pl.col("start")', 'pl.col("same_first_accepted") > 0'),
    ("judging", "others = [place for place in places or () if place != here]", "others = []"),
    ("judging", '"interface", "way", "protocol", "_from", "_to", "_port"', '"interface", "way", "protocol", "_from", "_to"'),
    ("classes", "block.first, block.last + 1", "block.first, block.last"),
    ("classes", "None if high is None else high + 1", "high"),
    ("classes", "yield from (route.to for route in table.routes if isinstance(route.to, Block))", "pass"),
    ("fixes", 'known.name != "default"', "True"),
    ("fixes", "len(owner.groups or ()) == 1", "owner.groups"),
    ("fixes", "owner.vpc == interface.vpc and", ""),
    ("fixes", "    yield alone(packet.peer)\n", ""),
    ("fixes", "rule.protocol in HAVE_PORTS and low <= packet.dport <= high", "True"),
    ("fixes", 'verb = "egress" if packet.egress else "ingress"', 'verb = "ingress" if packet.egress else "egress"'),
    ("fixes", "max((one for one in family if one < min(before, LAST_OWN_RULE + 1)), default=0)", "0"),
    ("fixes", "if one not in taken]", "]"),
    ("fixes", "if low <= packet.dport <= high:\n                return low, high", "if True:\n                return low, high"),
    ("fixes", 'aws ec2 delete-network-acl-entry', 'aws ec2 create-network-acl-entry'),
    ("fixes", "(packet.has_ports and packet.dport is None)", "False"),
    ("fixes", "return passes(then, interface, packet, reply=reply) and not", "return not"),
    ("absence", "if self._now < due:", "if self._now <= due:"),
    ("absence", "place in {0, 2, 3}", "place in {0, 2}"),
    ("absence", "_SPAN = timedelta(minutes=5)", "_SPAN = timedelta(minutes=0)"),
    ("absence", "place == 1:", "place == 2:"),
    ("absence", "or int(address) == block.last", ""),
    ("absence", "until <= min(created)", "until < min(created)"),
    ("absence", 'in ({"ACCEPT"}, {"REJECT"})', 'in ({"ACCEPT"},)'),
    ("absence", "if len(failed) == len(logs):", "if len(failed) != len(logs):"),
    ("absence", "one.instance == other.instance", "one.instance != other.instance"),
    ("absence", "elif way.is_blackhole and", "elif not way.is_blackhole and"),
    ("absence", "last >= since.timestamp()", "last > since.timestamp() + 60"),
    ("absence", "            *self._same_host(),\n", ""),
    ("absence", "address != interface.primary", "address == interface.primary"),
    ("absence", "(not ports or _DNS in ports)", "True"),
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Ready:
    return quick.ready(tmp_path_factory.mktemp("network"))


def noticed(made: Ready, module: str, source: str) -> str | None:
    """Which check notices that a module has another source."""
    with engine_with(module, source):
        for check in quick.CHECKS:
            try:
                check(made)
            except Exception:  # noqa: BLE001 - an engine that stops working is noticed too
                return check.__name__
    return None


@pytest.mark.parametrize("check", quick.CHECKS, ids=lambda check: check.__name__)
def test_the_whole_engine_is_as_it_should_be(check, made):
    check(made)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(len(CHANGES)), ids=lambda place: f"{CHANGES[place][0]}-{place}")
def test_a_broken_engine_is_noticed(place, made):
    module, right, wrong = CHANGES[place]
    source = (ENGINE / f"{module}.py").read_text()
    assert right in source, "what is to be changed is there"
    assert noticed(made, module, source.replace(right, wrong, 1)), f"{right!r} became {wrong!r}"


def test_the_same_source_is_not_noticed(made):
    assert noticed(made, "decide", (ENGINE / "decide.py").read_text()) is None
