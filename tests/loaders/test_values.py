"""Single values: what is absent, what is odd, what is large; the same in both ways of reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.loaders.files import (
    ENI,
    HEADER,
    NAMES,
    START,
    delivery,
    load,
    nodata,
    only,
    packed,
    problems,
    put,
    record,
    records,
)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_no_data_and_skipped_data_are_records_with_nulls(load_lines, status):
    dataset = load_lines(HEADER, nodata(status))
    assert records(dataset, "log_status", "srcaddr", "dstport", "bytes", "action") == [
        (status, None, None, None, None)
    ]
    assert records(dataset, "timestamp", "log_stream") == [(at(START), ENI)]
    assert not problems(dataset)


def test_a_status_beside_real_data_is_kept_as_it_is(load_lines):
    dataset = load_lines(HEADER, record(log_status="SKIPDATA"), record(protocol="-", srcport="-"))
    assert records(dataset, "action", "log_status", "protocol", "bytes") == [
        ("ACCEPT", "SKIPDATA", 6, 180),
        ("ACCEPT", "OK", None, 180),
    ]


def test_every_value_of_a_line_may_be_absent(load_lines):
    dataset = load_lines(HEADER, record(), " ".join("-" * len(NAMES)))
    assert records(dataset, "line", "version", "log_status") == [(2, 2, "OK"), (3, None, None)]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "names", [["srcaddr", "dstport", "action"], ["action", "dstport", "srcaddr"], ["dstport", "bytes"]]
)
def test_the_first_and_the_last_value_may_be_absent(load_lines, names):
    dataset = load_lines(" ".join(names), " ".join("-" * len(names)))
    columns = [name.replace("-", "_") for name in names]
    assert records(dataset, *columns) == [(None,) * len(names)]


def test_nothing_between_two_blanks_is_an_absent_value(load_lines):
    dataset = load_lines(HEADER, record(srcport="", account_id=""))
    assert records(dataset, "account_id", "srcport", "dstport", "log_status") == [(None, None, 443, "OK")]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "address", ["2001:db8::1", "::", "2001:DB8:0:0::1", "::ffff:10.0.0.1", "fe80::1%eth0"]
)
def test_addresses_of_version_six_are_kept_as_they_are_written(load_lines, address):
    dataset = load_lines(HEADER, record(srcaddr=address, protocol=58, srcport=0, dstport=0))
    assert records(dataset, "srcaddr", "dstaddr", "protocol", "srcport") == [(address, "10.0.1.10", 58, 0)]


@pytest.mark.parametrize("account", ["12345678901", "000000000012", "unknown", "0"])
def test_account_ids_are_text(load_lines, account):
    assert records(load_lines(HEADER, record(account_id=account)), "account_id") == [account]


@pytest.mark.parametrize("value", [2**31, 2**32 + 1, 2**53 + 1, 2**63 - 1])
def test_counters_may_be_large(load_lines, value):
    dataset = load_lines(HEADER, record(bytes=value, packets=value))
    assert records(dataset, "bytes", "packets") == [(value, value)]


def test_protocols_and_ports_up_to_their_largest(load_lines):
    dataset = load_lines(HEADER, record(protocol=255, srcport=65535, dstport=0))
    assert records(dataset, "protocol", "srcport", "dstport") == [(255, 65535, 0)]


def test_a_letter_that_only_looks_latin_is_kept(load_lines):
    interface = "eni-0123456789\N{CYRILLIC SMALL LETTER A}bcdef0"
    dataset = load_lines(HEADER, record(interface_id=interface))
    assert records(dataset, "interface_id", "log_stream") == [(interface, interface)]


def test_a_quote_is_a_character_like_any_other(load_lines):
    dataset = load_lines(HEADER, record(account_id='"'), record(account_id='a"b'), record())
    assert records(dataset, "account_id") == ['"', 'a"b', "123456789012"]


def test_a_nul_is_a_character_like_any_other(load_lines):
    assert records(load_lines(HEADER, record(account_id="a\0b")), "account_id") == ["a\0b"]


def test_a_no_break_space_is_a_character_like_any_other(load_lines):
    assert records(load_lines(HEADER, record(account_id="a\u00a0b")), "account_id") == ["a\u00a0b"]


def test_bytes_that_are_no_text_are_spelt_out_and_their_line_is_kept(tmp_path):
    put(
        tmp_path,
        "a.log",
        f"{HEADER}\n{record()}\n{record(account_id='x')}\n".encode().replace(b" x ", b" \xff\xfe "),
    )
    dataset = load(tmp_path)
    assert records(dataset, "line", "account_id") == [(2, "123456789012"), (3, r"\xff\xfe")]
    assert not problems(dataset)


# Time


def test_the_time_of_a_record_is_its_start(load_lines):
    assert records(load_lines(HEADER, record()), "timestamp", "start") == [(at(START), START)]


@pytest.mark.parametrize("factor", [1_000, 1_000_000, 1_000_000_000])
def test_epochs_in_smaller_units_become_seconds(load_lines, factor):
    dataset = load_lines(HEADER, record(start=START * factor + 7, end=(START + 59) * factor))
    assert records(dataset, "start", "end", "timestamp") == [(START, START + 59, at(START))]


def test_an_epoch_of_nine_digits_is_a_time_of_1975(load_lines):
    dataset = load_lines(HEADER, record(start=164000066))
    assert records(dataset, "start", "timestamp") == [
        (164000066, datetime(1975, 3, 14, 3, 34, 26, tzinfo=UTC))
    ]


def test_without_a_start_the_end_tells_the_time(load_lines):
    assert records(load_lines(HEADER, record(start="-")), "timestamp") == [at(START + 59)]


def test_without_start_and_end_the_name_of_the_file_tells_the_time(load_lines):
    dataset = load_lines(HEADER, record(start="-", end="-"), name=delivery("20260115T1005Z"))
    assert records(dataset, "timestamp", "start") == [(datetime(2026, 1, 15, 10, 5, tzinfo=UTC), None)]


def test_a_format_without_times_takes_them_from_the_name_of_the_file(tmp_path):
    put(tmp_path, delivery("20260115T1005Z"), packed("srcaddr dstport", "10.0.0.1 80"))
    put(tmp_path, "plain.log", packed("srcaddr dstport", "10.0.0.1 80"))
    assert records(load(tmp_path), "timestamp") == [datetime(2026, 1, 15, 10, 5, tzinfo=UTC), None]


def test_a_record_without_interface_belongs_to_the_stream_that_its_file_is(load_lines):
    assert records(load_lines(HEADER, record(interface_id="-")), "log_stream", "interface_id") == [
        ("a.log", None)
    ]


def test_the_version_column_chooses_nothing(load_lines):
    dataset = load_lines("version vpc-id flow-direction reject-reason", "2 vpc-1 egress BPA")
    assert records(dataset, "version", "flow_direction", "reject_reason") == [(2, "egress", "BPA")]


def test_percent_encoded_tags_are_left_alone(load_lines):
    dataset = load_lines("interface-id instance-tag interface-tag", "eni-1 my%2Dapp -")
    assert records(dataset, "instance_tag", "interface_tag") == [("my%2Dapp", None)]


def test_what_is_right_is_complete(load_lines):
    report = only(load_lines(HEADER, record(), nodata()))
    assert (report.format, report.state, report.reason, report.records) == ("flow-log", "complete", None, 2)
    assert report.sound
