"""Conversations that several interfaces saw: one row each, its interfaces in order, and where it stopped."""

from __future__ import annotations

import random

import polars as pl
import pytest
from click.testing import CliRunner

from diagnose.diagnosis import Diagnosis, Question
from diagnose.inventory import read_inventory
from diagnose.lookup import Lookup
from diagnose.model import Inventory
from diagnose.records import of_conversation
from diagnose.vantages import VANTAGES, merged
from loaders.load import Library
from query.scope import Scope
from query.view import look
from tests.diagnose import world as w
from tests.diagnose.world import World, entry, record, write_records
from tui.cli import cli

SYN, SYN_ACK, RST = 2, 18, 4
NO = "REJECT"
ASKS, ANSWERS = (w.WEB_IP, 41_330), (w.DB_IP, 3306)


@pytest.fixture
def diagnosis(tmp_path):
    """Makes a diagnosis of records in the network of ``world``."""

    def make(*records, version=5, change=None, inventory=True):
        write_records(tmp_path / "logs" / "records.log", records, version)
        world = World()
        if change is not None:
            change(world)
        world.write(tmp_path / "inventory")
        known = read_inventory([tmp_path / "inventory"]) if inventory else Inventory()
        return Diagnosis(Library((str(tmp_path / "logs"),)).read_all(), known, w.NOW)

    return make


def both(at, source, target, back=SYN_ACK, **more):
    """Both directions at one interface."""
    return record(at, source, target, flags=SYN, **more), record(at, target, source, flags=back, **more)


def talks_of(diagnosis, text=""):
    return diagnosis.conversations(Scope(filter=text), whole=True).rows(named=True)


def one(diagnosis):
    (talk,) = talks_of(diagnosis)
    return talk


def way_of(verdict):
    return [(stage.name, stage.state) for stage in verdict.path]


# -- one conversation, several interfaces --------------------------------------------------------------------


def test_two_interfaces_of_a_vpc_are_one_line_from_the_client_to_the_server(diagnosis):
    talk = one(diagnosis(*both(w.DB, ASKS, ANSWERS), *both(w.WEB, ASKS, ANSWERS)))
    assert talk["passes"] == [w.WEB, w.DB]
    assert (talk["state"], talk["stopped"], talk["probable"]) == ("established", None, False)
    assert (talk["interface"], talk["way"]) == (w.WEB, "egress"), "the nearest to the initiator tells of it"
    assert (talk["packets_out"], talk["packets_back"]) == (3, 3), "both saw the same packets"
    assert (talk["records"], talk["accepted"], talk["rejected"]) == (4, 4, 0)


def test_the_record_to_explain_is_the_request_wherever_it_stands(diagnosis):
    asked, answered = both(w.WEB, ASKS, ANSWERS)
    for number, records in enumerate([(asked, answered), (answered, asked)]):
        found = diagnosis(*records)
        talk = one(found)
        assert (talk["code"], talk["_line"]) == ("A-OK", number + 2)


def test_security_groups_are_not_asked_about_a_reply(diagnosis):
    asked, answered = both(w.WEB, ASKS, ANSWERS)
    said = {}
    for verdict in diagnosis(asked, answered).of(Question(interface=w.WEB, source=None)):
        (said[verdict.direction],) = [
            stage.detail for stage in verdict.path if stage.name == "security groups"
        ]
    assert said["ingress"] == "let every reply pass"
    assert said["egress"] != said["ingress"]


def test_a_rejection_anywhere_is_what_became_of_it(diagnosis):
    asked = diagnosis(
        record(w.WEB, ASKS, ANSWERS, flags=SYN), record(w.DB, ASKS, ANSWERS, NO, flags=SYN, after=3)
    )
    talk = one(asked)
    assert (talk["state"], talk["stopped"], talk["interface"]) == ("rejected-request", w.DB, w.DB)
    assert (talk["code"], talk["_line"]) == ("R-SG-IN", 3), "the record to explain is the rejected one"
    assert (talk["accepted"], talk["rejected"]) == (1, 1)


def test_a_reply_that_is_rejected_on_the_way_back_outranks_what_the_server_saw(diagnosis):
    talk = one(
        diagnosis(
            *both(w.DB, ASKS, ANSWERS),
            record(w.WEB, ASKS, ANSWERS, flags=SYN),
            record(w.WEB, ANSWERS, ASKS, NO, flags=SYN_ACK),
        )
    )
    assert (talk["state"], talk["stopped"], talk["passes"]) == ("rejected-reply", w.WEB, [w.WEB, w.DB])


def test_what_one_interface_alone_saw_stays_as_it_was(diagnosis):
    asked = diagnosis(*both(w.WEB, ASKS, ANSWERS), record(w.DB, (w.CLIENT, 50_000), ANSWERS, NO, flags=SYN))
    alone, whole = (asked.conversations(Scope(), whole=flag) for flag in (False, True))
    assert whole.select(alone.columns).equals(alone)
    assert whole["passes"].to_list() == [[name] for name in alone["interface"]]
    assert set(whole["stopped"]) == {None, w.DB}


def test_over_a_peering(diagnosis):
    far = (w.PEER_IP, 8443)
    talk = one(
        diagnosis(
            *both(w.PEER, ASKS, far),
            *both(w.WEB, ASKS, far, after=40),
            change=lambda world: world.with_peer_account(),
        )
    )
    assert talk["passes"] == [w.WEB, w.PEER]


@pytest.mark.parametrize("inventory", [True, False], ids=["inventory", "none"])
def test_through_a_transit_gateway_the_hops_are_between_the_ends(diagnosis, inventory):
    far = (w.MIX_IP, 443)
    records = (
        *both(w.MIX, ASKS, far),
        record(w.TGW_MIXED, (w.TGW_MIXED_IP, 41_330), far, flags=SYN, pkt_srcaddr=w.WEB_IP),
        record(w.TGW, ASKS, (w.TGW_IP, 443), flags=SYN, pkt_dstaddr=w.MIX_IP),
        *both(w.WEB, ASKS, far),
    )
    logged = [one | {"flow-direction": way} for one, way in zip(records, _WAYS, strict=True)]
    talk = one(diagnosis(*logged, inventory=inventory))
    assert talk["passes"] == [w.WEB, w.TGW, w.TGW_MIXED, w.MIX]
    assert talk["state"] == "established", "a hop that saw half of it knows less"


_WAYS = ("ingress", "egress", "egress", "ingress", "egress", "ingress")


def test_ipv6(diagnosis):
    ends = (w.WEB_SIX, 41_330), (w.STREAM_SIX, 9000)
    talk = one(diagnosis(*both(w.STREAM, *ends), *both(w.WEB, *ends)))
    assert (talk["passes"], talk["initiator"]) == ([w.WEB, w.STREAM], w.WEB_SIX)


def test_a_pod_on_a_delegated_prefix_is_its_nodes_and_not_behind_a_hop(diagnosis):
    ends = (w.POD_PREFIX_IP, 41_330), (w.NODE_B_IP, 10_250)
    seen = diagnosis(
        *both(w.NODE_B, *ends),
        record(w.NODE, (w.NODE_IP, 41_330), ends[1], flags=SYN, pkt_srcaddr=w.POD_PREFIX_IP),
    )
    assert one(seen)["passes"] == [w.NODE, w.NODE_B]


def test_ports_used_again_are_two_conversations_at_both_interfaces(diagnosis):
    records = [
        part for at in (w.WEB, w.DB) for after in (0, 4000) for part in both(at, ASKS, ANSWERS, after=after)
    ]
    talks = talks_of(diagnosis(*records))
    assert [talk["passes"] for talk in talks] == [[w.WEB, w.DB]] * 2
    assert talks[0]["first"] - talks[1]["first"] == 4000


def test_ports_used_again_at_once_belong_to_what_is_next_to_them(diagnosis):
    def closed(at, after):
        return (
            record(at, ASKS, ANSWERS, flags=3, after=after, lasts=20),
            record(at, ANSWERS, ASKS, flags=19, after=after, lasts=20),
        )

    talks = talks_of(diagnosis(*closed(w.WEB, 0), *closed(w.WEB, 60), *closed(w.DB, 1), *closed(w.DB, 61)))
    assert [(talk["passes"], talk["records"]) for talk in talks] == [([w.WEB, w.DB], 4)] * 2


def test_the_same_ends_at_another_time_are_another_conversation(diagnosis):
    talks = talks_of(diagnosis(*both(w.WEB, ASKS, ANSWERS), *both(w.DB, ASKS, ANSWERS, after=300)))
    assert [talk["passes"] for talk in talks] == [[w.DB], [w.WEB]]


def test_copies_of_a_record_are_no_vantages(diagnosis):
    talk = one(
        diagnosis(*both(w.WEB, ASKS, ANSWERS), *both(w.WEB, ASKS, ANSWERS), *both(w.DB, ASKS, ANSWERS))
    )
    assert (talk["passes"], talk["records"], talk["packets_out"]) == ([w.WEB, w.DB], 4, 3)


def test_a_request_that_is_repeated_is_no_other_conversation(diagnosis):
    asked = [
        record(at, ASKS, ANSWERS, flags=SYN, after=after) for at in (w.WEB, w.DB) for after in (0, 60, 120)
    ]
    talk = one(diagnosis(*asked))
    assert (talk["passes"], talk["records"], talk["packets_out"]) == ([w.WEB, w.DB], 6, 9)


def test_whoever_knows_best_says_who_began(diagnosis):
    ends = (w.WEB_IP, 8080), (w.DB_IP, 40_000)
    talk = one(
        diagnosis(
            record(w.DB, ends[1], ends[0], flags=0),
            record(w.WEB, ends[1], ends[0], flags=0),
            record(w.WEB, ends[0], ends[1], flags=SYN),
        )
    )
    assert (talk["initiator"], talk["began_by"], talk["passes"]) == (w.WEB_IP, "TCP flags", [w.WEB, w.DB])


def test_the_next_hop_puts_interfaces_in_order_without_an_inventory(tmp_path):
    fields = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    rows = [
        ("eni-d", "ingress", "eni-b"),
        ("eni-b", "egress", "eni-d"),
        ("eni-c", "ingress", "eni-a"),
        ("eni-a", "egress", "eni-c"),
    ]
    lines = [
        f"{name} 10.0.0.1 10.9.0.1 40000 443 6 3 180 1768471200 1768471250 ACCEPT {way} {hop}"
        for name, way, hop in rows
    ]
    (tmp_path / "flow.log").write_text(
        "\n".join([f"{fields} flow-direction next-hop-interface-id", *lines]) + "\n"
    )
    talk = one(Diagnosis(Library((str(tmp_path),)).read_all(), Inventory()))
    names = talk["passes"]
    assert names.index("eni-a") < names.index("eni-c")
    assert names.index("eni-b") < names.index("eni-d")
    assert names[0] == "eni-a"


# -- NAT gateways --------------------------------------------------------------------------------------------

CLIENT, REMOTE = (w.API_IP, 51_330), (w.HOST, 443)
INNER, OUTER = (w.NAT_IP, 443), (w.NAT_IP, 20_990)


def refused_at_nat(world):
    return world.entries(w.ACL, entry(60, "deny", "in", block="172.20.16.0/22"))


def through_nat(after=0, client=CLIENT, outer=OUTER, remote=REMOTE, **more):
    """All that is logged of a conversation through a NAT gateway, in version 2 if nothing else is given."""
    gateway = (w.NAT_IP, remote[1])
    return tuple(
        record(at, *ends, after=after, **more)
        for at, one, two in (
            (w.API, client, remote),
            (w.NAT, client, gateway),
            (w.NAT, outer, remote),
        )
        for ends in ((one, two), (two, one))
    )


def test_a_nat_gateway_that_logs_the_packets_ends_is_a_hop(diagnosis):
    talk, *rest = talks_of(
        diagnosis(
            *both(w.API, CLIENT, REMOTE),
            record(w.NAT, CLIENT, INNER, flags=SYN, pkt_dstaddr=w.HOST),
            record(w.NAT, INNER, CLIENT, flags=SYN_ACK, pkt_srcaddr=w.HOST),
        )
    )
    assert not rest
    assert (talk["passes"], talk["probable"], talk["legs"]) == ([w.API, w.NAT], False, [])


def test_beyond_a_nat_gateway_the_port_is_another_so_that_is_probable(diagnosis):
    talk = one(
        diagnosis(
            *both(w.API, CLIENT, REMOTE),
            record(w.NAT, CLIENT, INNER, flags=SYN, pkt_dstaddr=w.HOST),
            record(w.NAT, INNER, CLIENT, flags=SYN_ACK, pkt_srcaddr=w.HOST),
            *both(w.NAT, OUTER, REMOTE),
        )
    )
    assert (talk["passes"], talk["probable"], len(talk["legs"])) == ([w.API, w.NAT], True, 1)


def test_both_legs_of_a_nat_gateway_are_found_without_the_packets_ends(diagnosis):
    seen = diagnosis(*through_nat(), version=2)
    talk = one(seen)
    assert (talk["passes"], talk["probable"]) == ([w.API, w.NAT], True)
    assert (talk["initiator"], talk["responder"]) == (w.API_IP, w.HOST)
    assert [(leg["initiator"], leg["iport"], leg["responder"]) for leg in talk["legs"]] == [
        (w.API_IP, 51_330, w.NAT_IP),
        (w.NAT_IP, 20_990, w.HOST),
    ]
    assert talk["packets_out"] == 3, "what the client sent, and not what the gateway sent on"
    found = look(seen.dataset, Scope(filter=of_conversation(talk, plain=True)))
    assert found.height == talk["records"] == 6, "the filter finds the records of all vantages"


def test_of_many_clients_each_has_the_legs_next_to_it_in_time_and_in_packets(diagnosis):
    records = []
    for place in range(6):
        # Two begin in the same second, and differ in packets.
        records += through_nat(
            after=place // 2 * 7,
            client=(w.API_IP, 50_000 + place),
            outer=(w.NAT_IP, 2000 + place),
            packets=10 + 5 * place,
        )
    talks = talks_of(diagnosis(*records, version=2))
    assert len(talks) == 6
    assert {(talk["iport"], *(leg["iport"] for leg in talk["legs"])) for talk in talks} == {
        (50_000 + place, 50_000 + place, 2000 + place) for place in range(6)
    }


def test_a_leg_that_fits_nothing_stays_alone(diagnosis):
    other = (w.CLIENT, 443)
    talks = talks_of(diagnosis(*through_nat(), *both(w.NAT, (w.NAT_IP, 3000), other), version=5))
    assert len(talks) == 2
    assert {tuple(talk["passes"]) for talk in talks} == {(w.API, w.NAT), (w.NAT,)}


def test_a_leg_at_another_time_is_of_another_conversation(diagnosis):
    here, there = through_nat()[:2], through_nat(after=900)[2:4]
    assert len(talks_of(diagnosis(*here, *there, version=2))) == 2


def test_a_filter_on_the_client_takes_the_legs_along_and_no_others(diagnosis):
    others = through_nat(client=(w.CACHE_IP, 51_331), outer=(w.NAT_IP, 20_991), after=20)
    seen = diagnosis(*through_nat(), *others, version=2)
    (talk,) = talks_of(seen, f'srcAddr = "{w.API_IP}" and dstAddr = "{w.HOST}"')
    assert (talk["passes"], talk["records"]) == ([w.API, w.NAT], 6)


def refused(diagnosis, **more):
    return diagnosis(
        record(w.API, CLIENT, REMOTE),
        record(w.NAT, CLIENT, INNER, NO, after=2),
        version=2,
        change=refused_at_nat,
        **more,
    )


def test_what_a_nat_gateways_subnet_refused_is_told_to_the_client_as_probable(diagnosis):
    verdict = next(refused(diagnosis).of(Question(w.API_IP, w.HOST)))
    assert (verdict.code, verdict.confidence) == ("A-REMOTE-R-NACL-IN", "low")
    texts = [one.text for one in verdict.evidence]
    assert f"It was probably refused at the NAT gateway's interface {w.NAT} by {w.ACL} rule 60" in texts
    assert ("NAT gateway", "stopped") in way_of(verdict)
    assert way_of(verdict)[-1] == ("far side", "unreached")


def test_the_next_hop_makes_a_nat_gateways_leg_certain(diagnosis, tmp_path):
    asked = refused(diagnosis)
    path = tmp_path / "logs" / "records.log"
    head, client, gateway = path.read_text().splitlines()
    path.write_text(f"{head} next-hop-interface-id\n{client} {w.NAT}\n{gateway} {w.API}\n")
    asked = Diagnosis(Library((str(tmp_path / "logs"),)).read_all(), asked.lookup.inventory, w.NOW)
    assert not one(asked)["probable"]
    verdict = next(asked.of(Question(w.API_IP, w.HOST)))
    assert (verdict.code, verdict.confidence) == ("A-REMOTE-R-NACL-IN", "medium")
    assert any(text.text.startswith("It was refused at the NAT") for text in verdict.evidence)


def test_without_an_inventory_no_interface_is_known_to_be_a_nat_gateways(diagnosis):
    asked = refused(diagnosis, inventory=False)
    assert len(talks_of(asked)) == 2
    assert next(asked.of(Question(w.API_IP, w.HOST))).code == "A-NOREPLY-REMOTE"


def test_a_refused_reply_at_the_nat_gateway_is_evidence(diagnosis):
    asked = diagnosis(
        record(w.API, CLIENT, REMOTE),
        record(w.NAT, CLIENT, INNER),
        record(w.NAT, OUTER, REMOTE),
        record(w.NAT, REMOTE, OUTER, NO),
        version=2,
        change=lambda world: world.entries(w.ACL, entry(60, "deny", "in", "6", ports=(1024, 32_767))),
    )
    verdict = next(asked.of(Question(w.API_IP, w.HOST)))
    assert verdict.code == "A-NOREPLY-REMOTE"
    texts = [one.text for one in verdict.evidence]
    assert (
        f"Its reply was probably refused at the NAT gateway's interface {w.NAT} by {w.ACL} rule 60" in texts
    )


# -- verdicts ------------------------------------------------------------------------------------------------


def test_the_way_of_a_request_shows_the_interface_that_refused_it(diagnosis):
    asked = diagnosis(record(w.WEB, ASKS, ANSWERS, flags=SYN), record(w.DB, ASKS, ANSWERS, NO, flags=SYN))
    sent = next(asked.of(Question(w.WEB_IP, w.DB_IP, interface=w.WEB)))
    assert way_of(sent)[-2:] == [("interface", "stopped"), ("far side", "unreached")]
    came = next(asked.of(Question(w.WEB_IP, w.DB_IP, interface=w.DB)))
    assert way_of(came)[:2] == [("far side", "passed"), ("interface", "passed")]
    assert came.path[1].detail == w.WEB


def test_the_way_of_a_reply_is_turned_round(diagnosis):
    asked = diagnosis(*both(w.WEB, ASKS, ANSWERS), *both(w.DB, ASKS, ANSWERS))
    verdict = next(asked.of(Question(w.DB_IP, w.WEB_IP, interface=w.WEB)))
    assert [stage.detail for stage in verdict.path if stage.name == "interface"] == [w.DB, w.WEB]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_command_prints_the_way(diagnosis, tmp_path, form):
    refused(diagnosis)
    asks = ["--src", w.API_IP, "--dst", w.HOST, "--inventory", str(tmp_path / "inventory"), "--format", form]
    done = CliRunner().invoke(cli, ["diagnose", str(tmp_path / "logs"), *asks])
    assert done.exit_code == 0, done.output
    said = f"{w.NAT}: probably refused by {w.ACL} rule 60"
    assert said in done.stdout
    if form == "table":
        assert f"✗ NAT gateway  {said}" in done.stdout
        assert "way:  ✓ host" in done.stdout


# -- nothing is lost, and nothing is counted twice -----------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_each_conversation_is_part_of_exactly_one(diagnosis, seed):
    dice = random.Random(seed)
    addresses = [w.WEB_IP, w.DB_IP, w.API_IP, w.NAT_IP, w.HOST, w.CLIENT, w.WEB_SIX]
    places = [w.WEB, w.DB, w.API, w.NAT, w.TGW, w.STRANGER]
    records = [
        record(
            dice.choice(places),
            (dice.choice(addresses), dice.choice([80, 443, 50_000])),
            (dice.choice(addresses), dice.choice([80, 443, 50_000])),
            dice.choice(["ACCEPT", "ACCEPT", NO]),
            flags=dice.choice([None, SYN, SYN_ACK, 3, 0]),
            after=dice.randrange(0, 4000, 7),
            lasts=dice.randrange(60),
        )
        for _ in range(400)
    ]
    asked = diagnosis(*records, version=dice.choice([3, 5]))
    talks = asked.conversations(Scope(), judged=False)
    whole = merged(talks, asked.lookup)
    assert dict(whole.schema) == VANTAGES
    for name in ("records", "accepted", "rejected"):
        assert whole[name].sum() == talks[name].sum()
    assert (whole["passes"].list.len() == whole["passes"].list.n_unique()).all()
    assert whole["passes"].list.contains(whole["interface"]).all()
    explained = whole.select("_file", "_line")
    assert not explained.is_duplicated().any(), "no record explains two"
    assert explained.join(talks, on=["_file", "_line"], how="anti").is_empty()
    assert whole["packets_out"].sum() <= talks["packets_out"].sum() + talks["packets_back"].sum()
    assert merged(talks, asked.lookup).equals(whole)


def test_of_nothing_comes_nothing():
    empty = merged(pl.DataFrame(schema=VANTAGES).select(pl.all()), Lookup(Inventory()))
    assert empty.is_empty()
    assert dict(empty.schema) == VANTAGES
