"""What the sample logs tell: which ACL blocks port 80, who is noise, and what the commands print of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnose.diagnosis import Diagnosis, Question
from diagnose.grouped import GROUP_COLUMNS, grouped, with_skipped
from diagnose.inventory import read_inventory
from diagnose.model import Inventory
from loaders.load import Library
from query.scope import Scope

SAMPLE = Path(__file__).resolve().parents[2] / "sample_logs"


@pytest.fixture(scope="module")
def sample():
    return Library((str(SAMPLE),)).read_all()


@pytest.fixture(scope="module")
def inventory():
    return read_inventory([SAMPLE / "inventory"])


def test_all_rejects_are_counted_by_what_refused_them(sample, inventory):
    groups = grouped(Diagnosis(sample, inventory).rejects(Scope()))
    assert groups.columns == [*GROUP_COLUMNS, "group"]
    assert groups["records"].sum() == 2342, "every reject is in one group"
    said = dict(zip(groups["code"], groups["what"], strict=True))
    assert said["R-NACL-IN"] == "acl-00879aa698ced65e2 rule 90 denies tcp/80 coming in"
    assert said["R-NACL-RETURN-OUT"] == "acl-00879aa698ced65e2 rule * denies replies going out"
    assert groups.filter(code="noise")["noise"].to_list() == [True]
    assert groups.height <= 6, "ten thousand rejects become a few lines"


def test_without_an_inventory_signatures_tell_what_they_can(sample):
    groups = grouped(Diagnosis(sample, Inventory()).rejects(Scope()))
    codes = set(groups["code"])
    assert codes <= {"R-UNKNOWN-IN", "R-UNKNOWN-OUT", "R-NACL-RETURN-OUT", "noise"}
    assert "R-NACL-RETURN-OUT" in codes, "an ACL alone refuses replies"


def test_one_reject_has_its_rule_what_is_nearest_and_a_fix(sample, inventory):
    question = Question("10.0.1.10", "10.0.2.30", dport=5432, interface="eni-04aab42c933419f09")
    verdict = next(one for one in Diagnosis(sample, inventory).of(question) if not one.record["accepted"])
    assert (verdict.code, verdict.confidence, verdict.direction) == ("R-SG-IN", "high", "ingress")
    texts = [one.text for one in verdict.evidence]
    assert any(text.startswith("None of 1 ingress rule of sg-097bf66bda9e27d32 allows") for text in texts)
    assert any(text.startswith("Nearest: sgr-0ccd30a1bd0b9b232") for text in texts)
    assert len(verdict.fixes) == 1
    assert "UserIdGroupPairs" in verdict.fixes[0].command, "a group rather than an address"


def test_what_was_not_recorded_stands_behind_the_rejects(sample, inventory):
    diagnosis = Diagnosis(sample, inventory)
    last = with_skipped(diagnosis, Scope(filter='action = "REJECT"')).tail(1).row(0, named=True)
    assert last["code"] == "N-SKIPDATA"
    assert "eni-07e5f423e988a402f" in last["what"], "though the filter is for rejects alone"
    late = Scope(since=last["last"].replace(hour=15))
    assert "N-SKIPDATA" not in set(with_skipped(diagnosis, late)["code"])


def test_the_interface_that_received_a_packet_is_told_where_it_is_logged(tmp_path):
    header = "interface-id srcaddr dstaddr srcport dstport protocol start end action flow-direction next-hop-interface-id"
    line = "eni-0a 10.0.0.1 10.9.0.1 40000 443 6 1768471200 1768471201 ACCEPT egress eni-0b"
    (tmp_path / "flow.log").write_text(f"{header}\n{line}\n")
    dataset = Library((str(tmp_path),)).read_all()
    verdict = next(Diagnosis(dataset, Inventory()).of(Question("10.0.0.1", "10.9.0.1")))
    assert verdict.code == "A-NOREPLY-REMOTE"
    assert "next-hop-interface-id says that eni-0b received it" in [one.text for one in verdict.evidence]
