"""A record in plain words: what is said of every kind of record that AWS writes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.tui.conftest import BEGIN
from tui.explain import (
    address_kind,
    endpoint,
    explain,
    flags_text,
    headline,
    mark,
    outcome,
    protocol_text,
    service,
)

AT = datetime.fromtimestamp(BEGIN, UTC)


def record(**fields):
    """A record as a data set's row; ``None`` leaves a field empty."""
    whole = {
        "version": 2,
        "account_id": "123456789012",
        "interface_id": "eni-0a4798cd2b3f17c9c",
        "srcaddr": "203.0.113.9",
        "dstaddr": "10.0.1.10",
        "srcport": 51515,
        "dstport": 80,
        "protocol": 6,
        "packets": 3,
        "bytes": 180,
        "start": BEGIN,
        "end": BEGIN + 24,
        "action": "REJECT",
        "log_status": "OK",
        "log_group": "g",
        "log_stream": "s",
        "timestamp": AT,
        "format": "flow-log",
        "_file": 0,
        "_line": 2,
    }
    return whole | fields


def nothing(**fields):
    """A record that has nothing but what every record has."""
    empty = dict.fromkeys(record())
    return (
        empty
        | {"timestamp": AT, "log_group": "g", "log_stream": "s", "format": "f", "_file": 0, "_line": 2}
        | fields
    )


def told(row):
    """The explanation by label: value and note."""
    lines = explain(row)
    assert len({line.label for line in lines}) == len(lines), "nothing is said twice"
    assert all(line.value for line in lines), "nothing empty is said"
    return {line.label: (line.value, line.note) for line in lines}


def test_a_reject_says_who_to_whom_and_why_it_can_be():
    row = record()
    assert (outcome(row), mark(row)) == ("REJECT", "✗")
    assert headline(row) == "tcp (http) from 203.0.113.9:51515 to 10.0.1.10:80 was refused."
    said = told(row)
    assert said["action"][0] == "✗ REJECT"
    assert "refused by a security group or a network ACL" in said["action"][1]
    assert said["source"] == ("203.0.113.9:51515", "public")
    assert said["destination"] == ("10.0.1.10:80", "private, port 80 is http")
    assert said["time"][0] == "2026-01-15 10:00:00 UTC"
    assert said["until"] == ("2026-01-15 10:00:24 UTC", "24 s from first to last packet")
    assert said["traffic"] == ("3 packets, 180 B", "60 B a packet, 8 B a second")


def test_an_accept_was_let_through():
    row = record(action="ACCEPT")
    assert (outcome(row), mark(row)) == ("ACCEPT", "✓")
    assert headline(row).endswith("was let through.")
    assert told(row)["action"][0] == "✓ ACCEPT"


def test_nodata_says_that_there_was_no_traffic():
    row = nothing(log_status="NODATA", interface_id="eni-1", start=BEGIN, end=BEGIN + 60)
    assert (outcome(row), mark(row)) == ("NODATA", "·")
    assert headline(row) == "No traffic at this interface in this interval."
    said = told(row)
    assert said["log-status"][0] == "· NODATA"
    assert not {"source", "destination", "traffic", "protocol", "action"} & said.keys()


def test_skipdata_says_that_flows_are_missing():
    row = nothing(log_status="SKIPDATA", interface_id="eni-1")
    assert (outcome(row), mark(row)) == ("SKIPDATA", "!")
    assert "missing" in headline(row)
    assert told(row)["log-status"][0] == "! SKIPDATA"


def test_a_record_that_skipped_others_is_still_its_own_flow():
    row = record(log_status="SKIPDATA")
    assert outcome(row) == "REJECT"
    assert headline(row).endswith("was refused.")
    assert "SKIPDATA" in told(row)["log-status"][0]


def test_ipv6_addresses_stand_in_brackets_before_a_port():
    row = record(srcaddr="2001:db8::1", dstaddr="fe80::2", srcport=1, dstport=443)
    assert "[2001:db8::1]:1 to [fe80::2]:443" in headline(row)
    said = told(row)
    assert said["source"] == ("[2001:db8::1]:1", "public")
    assert said["destination"][1].startswith("link-local")


@pytest.mark.parametrize("protocol", [1, 58])
def test_icmp_has_no_ports_and_says_why(protocol):
    row = record(protocol=protocol, srcport=0, dstport=0)
    assert "from 203.0.113.9 to 10.0.1.10 was" in headline(row)
    said = told(row)
    assert said["source"][0] == "203.0.113.9"
    assert "not logged" in said["protocol"][1]


@pytest.mark.parametrize(
    ("flags", "names", "story"),
    [
        (2, "SYN", "opening only"),
        (18, "SYN+ACK", "the answer"),
        (3, "FIN+SYN", "opened and closed"),
        (4, "RST", "reset"),
        (0, "none", "middle of a connection"),
        (63, "FIN+SYN+RST+PSH+ACK+URG", ""),
    ],
)
def test_tcp_flags_are_named_and_told_as_a_story(flags, names, story):
    assert flags_text(flags) == names
    value, note = told(record(tcp_flags=flags))["tcp-flags"]
    assert value == f"{names} ({flags})"
    assert story in note


def test_flags_are_a_matter_of_tcp_alone():
    assert flags_text(None) == ""
    assert "tcp-flags" not in told(record(protocol=17, tcp_flags=0))
    assert "tcp-flags" not in told(record(protocol=17))


def test_a_rewritten_address_is_told_beside_the_one_seen():
    said = told(record(pkt_srcaddr="198.51.100.7", pkt_dstaddr="10.0.1.10"))
    assert "inside the packet: 198.51.100.7" in said["source"][1]
    assert "inside the packet" not in said["destination"][1], "the same address is not rewritten"


def test_fields_that_are_not_there_are_not_made_up():
    assert headline(nothing()) == "A record without addresses."
    assert told(nothing()).keys() == {"time"}
    assert (outcome(nothing()), mark(nothing())) == ("", " ")
    assert headline(record(action=None)).endswith("was seen.")
    assert headline(record(dstaddr=None)).endswith("to ? was refused.")
    assert headline(record(protocol=None, dstport=None, srcport=None)).startswith("Traffic from")


@pytest.mark.parametrize("missing", [key for key in record() if key not in {"timestamp", "_file", "_line"}])
def test_any_single_field_may_be_missing(missing):
    row = record(tcp_flags=2, flow_direction="ingress", **{missing: None})
    assert headline(row)
    assert told(row)
    del row[missing]
    assert headline(row)
    assert told(row)


def test_a_record_without_a_time_says_so():
    value, note = told(record(timestamp=None))["time"]
    assert value == "unknown"
    assert note


def test_an_end_before_the_start_is_pointed_out():
    said = told(record(end=BEGIN - 10))
    assert said["until"] == ("2026-01-15 09:59:50 UTC", "the end lies before the start")
    assert "a second" not in said["traffic"][1], "no rate over a negative time"


def test_a_single_moment_is_no_interval():
    said = told(record(end=BEGIN))
    assert said["until"][1] == "a single moment"
    assert "a second" not in said["traffic"][1]


@pytest.mark.parametrize("end", [2**62, -(2**62)])
def test_an_end_that_is_no_time_is_shown_as_the_number_it_is(end):
    assert told(record(end=end))["until"] == (str(end), "not a time that can be")


def test_one_packet_is_one_packet_and_none_divides_by_nothing():
    assert told(record(packets=1, bytes=60))["traffic"][0] == "1 packet, 60 B"
    assert told(record(packets=0, bytes=0))["traffic"] == ("0 packets, 0 B", "")
    assert told(record(packets=None))["traffic"][0] == "180 B"
    assert told(record(bytes=None))["traffic"][0] == "3 packets"


def test_codes_are_explained_and_unknown_fields_shown_as_they_are():
    said = told(record(flow_direction="ingress", traffic_path=8, my_field="x"))
    assert said["flow-direction"][0] == "ingress"
    assert said["traffic-path"][0] == "8"
    assert "internet gateway" in said["traffic-path"][1]
    assert said["my-field"] == ("x", "a field that this version of flowtui does not know")


def test_what_is_ours_is_not_told_as_if_it_were_the_records():
    assert not {"log-group", "log-stream", "timestamp", "format", "-file", "-line"} & told(record()).keys()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.32.0.1", "public"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared address space"),
        ("169.254.169.254", "link-local"),
        ("127.0.0.1", "loopback"),
        ("224.0.0.1", "multicast"),
        ("203.0.113.9", "public"),
        ("fd00::1", "private (unique local)"),
        ("fe80::1", "link-local"),
        ("::1", "loopback"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "public"),
        ("[/x]", "not an address"),
        ("", ""),
        (None, ""),
    ],
)
def test_addresses_are_sorted_into_kinds(address, kind):
    assert address_kind(address) == kind


@pytest.mark.parametrize(
    ("address", "port", "shown"),
    [
        ("10.0.0.1", 80, "10.0.0.1:80"),
        ("2001:db8::1", 80, "[2001:db8::1]:80"),
        ("10.0.0.1", 0, "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        (None, 80, ""),
    ],
)
def test_an_endpoint_is_an_address_and_its_port(address, port, shown):
    assert endpoint(address, port) == shown


def test_a_service_is_known_by_either_of_its_ports():
    assert service(record(srcport=443, dstport=51515)) == "https"
    assert service(record(srcport=51515, dstport=443)) == "https"
    assert service(record(srcport=51515, dstport=51516)) == ""
    assert protocol_text(record(protocol=253)) == "253" or protocol_text(record(protocol=253)).isalpha()
    assert protocol_text(record(protocol=None)) == ""


def test_tags_are_shown_as_they_were_given():
    lines = {line.label: line.value for line in explain(record(instance_tag="my%20app", asg_tag_2="a%2Db"))}
    assert (lines["instance-tag"], lines["asg-tag-2"]) == ("my app", "a-b")
