"""S3 deliveries as text: default and custom formats, where they lie, and what group and stream that makes."""

from __future__ import annotations

import gzip

import pytest

from loaders.load import Library
from tests.loaders.files import (
    ENI,
    HEADER,
    NAMES,
    delivery,
    load,
    only,
    packed,
    problems,
    put,
    record,
    records,
    reports,
    text,
)

FLOW_LOG = "123456789012/us-east-1/fl-0123456789abcdef0"


def test_a_default_delivery_gives_every_field_its_type(tmp_path):
    put(tmp_path, delivery(), packed(HEADER, record()))
    frame = load(tmp_path).parts[0].frame
    assert {name: str(dtype) for name, dtype in frame.schema.items()} == {
        "version": "Int32",
        "account_id": "Categorical",
        "interface_id": "Categorical",
        "srcaddr": "String",
        "dstaddr": "String",
        "srcport": "Int32",
        "dstport": "Int32",
        "protocol": "Int32",
        "packets": "Int64",
        "bytes": "Int64",
        "start": "Int64",
        "end": "Int64",
        "action": "Categorical",
        "log_status": "Categorical",
        "_line": "UInt32",
        "_file": "UInt32",
        "log_group": "Categorical",
        "log_stream": "Categorical",
        "timestamp": "Datetime(time_unit='ms', time_zone='UTC')",
    }
    assert frame.select("srcaddr", "dstport", "bytes", "action", "log_status").row(0) == (
        "203.0.113.9",
        443,
        180,
        "ACCEPT",
        "OK",
    )


def test_the_group_is_account_region_and_flow_log_and_the_stream_is_the_interface(tmp_path):
    put(
        tmp_path,
        f"AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/{delivery()}",
        packed(HEADER, record()),
    )
    dataset = load(tmp_path)
    assert records(dataset, "log_group", "log_stream") == [(FLOW_LOG, ENI)]
    assert only(dataset).source.place.layout == "s3"


@pytest.mark.parametrize("service", ["aws-service", "service"])
@pytest.mark.parametrize("equals", ["=", "%3D"])
def test_hive_folders_add_no_columns_and_change_no_group(tmp_path, service, equals):
    folders = f"AWSLogs/aws-account-id=123456789012/{service}=vpcflowlogs/aws-region=us-east-1/year=2026"
    put(tmp_path, f"{folders.replace('=', equals)}/{delivery()}", packed(HEADER, record()))
    dataset = load(tmp_path)
    assert only(dataset).source.place.layout == "s3-hive"
    assert records(dataset, "log_group") == [FLOW_LOG]
    assert not dataset.columns & {"year", "month", "day", "aws_region", "region"}


@pytest.mark.parametrize("below", ["", "15/", "us-east-1/2026/01/15/", "o-abc123/123456789012/x/"])
def test_a_sync_cut_at_any_level_keeps_its_group(tmp_path, below):
    put(tmp_path, f"{below}{delivery()}", packed(HEADER, record()))
    assert records(load(tmp_path), "log_group") == [FLOW_LOG]


def test_header_names_in_any_order_name_their_values(tmp_path):
    names = sorted(NAMES)
    put(tmp_path, delivery(), packed(" ".join(names), record(names)))
    dataset = load(tmp_path)
    assert records(dataset, "account_id", "dstport", "start", "version") == [
        ("123456789012", 443, 1768471200, 2)
    ]
    assert dataset.parts[0].frame.columns[:3] == ["account_id", "action", "bytes"]


@pytest.mark.parametrize(
    "names",
    [
        "version account_id interface_id srcaddr dstaddr",
        "VERSION ACCOUNT-ID INTERFACE-ID SRCADDR DSTADDR",
        "version accountId interfaceId srcAddr dstAddr",
    ],
)
def test_header_names_may_be_spelt_as_athena_and_insights_do(tmp_path, names):
    put(tmp_path, delivery(), packed(names, "2 123456789012 eni-1 10.0.0.1 10.0.0.2"))
    assert load(tmp_path).parts[0].frame.columns[:5] == [
        "version",
        "account_id",
        "interface_id",
        "srcaddr",
        "dstaddr",
    ]


def test_a_custom_format_without_interface_or_time_is_read(tmp_path):
    put(tmp_path, delivery(), packed("resource-id instance-id srcaddr", "nat-1 i-1 10.0.0.1", "- - 10.0.0.2"))
    dataset = load(tmp_path)
    assert records(dataset, "resource_id", "instance_id", "srcaddr") == [
        ("nat-1", "i-1", "10.0.0.1"),
        (None, None, "10.0.0.2"),
    ]
    assert records(dataset, "log_stream") == ["nat-1", "(no interface)"]


@pytest.mark.parametrize("names", [["bytes"], ["srcaddr"], ["srcaddr", "dstport"], ["dstport", "srcaddr"]])
def test_a_format_of_one_or_two_fields_is_read(tmp_path, names):
    put(tmp_path, delivery(), packed(" ".join(names), record(names), record(names)))
    dataset = load(tmp_path)
    assert dataset.height == 2
    assert not problems(dataset)


def test_several_flow_logs_in_one_directory_keep_their_own_columns_and_groups(tmp_path):
    custom = ["interface-id", "bytes", "region", "pkt-srcaddr", "start"]
    put(tmp_path, delivery(flow_log="fl-0a"), packed(HEADER, record()))
    put(tmp_path, delivery(flow_log="fl-0b"), packed(" ".join(custom), record(custom, region="us-east-1")))
    put(tmp_path, delivery(flow_log="fl-0c", end="log"), text(HEADER, record(), record()))
    dataset = load(tmp_path)
    assert [row[:4] for row in dataset.summary().rows()] == [
        ("123456789012/us-east-1/fl-0a", ENI, "flow-log", 1),
        ("123456789012/us-east-1/fl-0b", ENI, "flow-log", 1),
        ("123456789012/us-east-1/fl-0c", ENI, "flow-log", 2),
    ]
    assert records(dataset, "region", "dstport") == [
        (None, 443),
        ("us-east-1", None),
        (None, 443),
        (None, 443),
    ]


def test_a_transit_gateway_log_has_the_attachment_as_its_stream(tmp_path):
    names = ["version", "resource-type", "account-id", "tgw-id", "tgw-attachment-id", "start", "log-status"]
    put(
        tmp_path,
        delivery(),
        packed(" ".join(names), record(names, version=6, tgw_id="tgw-1", tgw_attachment_id="tgw-attach-1")),
    )
    assert records(load(tmp_path), "log_stream") == ["tgw-attach-1"]


def test_unknown_fields_are_kept_as_text_under_their_own_name(load_lines):
    dataset = load_lines("version interface-id srcaddr foo-bar Later", "12 eni-1 10.0.0.1 42 -")
    assert records(dataset, "foo_bar", "Later") == [("42", None)]


@pytest.mark.parametrize("name", ["time", "what", "line", "group", "stream", "file", "number", "place"])
def test_an_unknown_field_may_be_called_like_something_of_ours(load_lines, name):
    dataset = load_lines(f"version interface-id srcaddr {name}", "2 eni-1 10.0.0.1 x", "2 eni-1 10.0.0.2 -")
    assert dataset.lazy().collect()[name].to_list() == ["x", None]
    assert records(dataset, "_line", "log_stream") == [(2, "eni-1"), (3, "eni-1")]


@pytest.mark.parametrize(
    "name", ["*", "^a$", "_path", "_line", "timestamp", "message", "format", "@log", "é", "a|b", "--"]
)
def test_no_name_in_a_header_takes_a_column_away(load_lines, name):
    dataset = load_lines(f"version interface-id srcaddr {name} dstport", "2 eni-1 10.0.0.1 x 443")
    own = dataset.parts[0].frame.columns[:5]
    assert own[:3] + own[4:] == ["version", "interface_id", "srcaddr", "dstport"]
    assert dataset.parts[0].frame[own[3]].to_list() == ["x"]
    assert records(dataset, "_line", "version", "dstport") == [(2, 2, 443)]


def test_a_name_that_stands_twice_makes_two_columns(load_lines):
    dataset = load_lines("version interface-id srcaddr srcaddr bytes bytes", "2 eni-1 10.0.0.1 10.0.0.2 5 6")
    assert records(dataset, "srcaddr", "srcaddr_", "bytes", "bytes_") == [("10.0.0.1", "10.0.0.2", 5, "6")]


def test_a_header_alone_is_a_complete_file_without_records(tmp_path):
    put(tmp_path, delivery(), packed(HEADER))
    put(tmp_path, "bare.log", HEADER.encode())
    dataset = load(tmp_path)
    assert [(report.format, report.state, report.records) for report in dataset.files.values()] == [
        ("flow-log", "complete", 0)
    ] * 2
    assert dataset.height == 0


def test_a_record_of_a_plain_file_is_grouped_by_its_folder(tmp_path):
    put(tmp_path, "from/bob/grep.log", text(HEADER, record()))
    put(tmp_path, "top.log", text(HEADER, record()))
    assert records(load(tmp_path), "log_group", "log_stream") == [("from/bob", ENI), (tmp_path.name, ENI)]


def test_a_single_file_is_grouped_by_the_folder_it_lies_in(tmp_path):
    path = put(tmp_path, "bob/grep.log", text(HEADER, record()))
    dataset = load(path)
    assert records(dataset, "log_group") == ["bob"]
    assert only(dataset).source.name == "grep.log"


def test_two_directories_are_told_apart_by_their_names(tmp_path):
    put(tmp_path, "one/a.log", text(HEADER, record()))
    put(tmp_path, "two/a.log", text(HEADER, record()))
    dataset = load(tmp_path / "one", tmp_path / "two")
    assert set(reports(dataset)) == {"one/a.log", "two/a.log"}
    assert records(dataset, "log_group") == ["one", "two"]


@pytest.mark.parametrize("name", ["x.log.gz", "x.log", "x", "x.parquet", "x.txt"])
def test_the_first_bytes_say_what_is_packed_and_the_name_does_not(tmp_path, name):
    put(tmp_path, f"packed/{name}", packed(HEADER, record()))
    put(tmp_path, f"plain/{name}", text(HEADER, record()))
    dataset = load(tmp_path)
    assert dataset.height == 2
    assert [report.state for report in dataset.files.values()] == ["complete"] * 2


def test_packed_twice_or_thrice_is_unpacked(tmp_path):
    twice = gzip.compress(packed(HEADER, record(), record()))
    put(tmp_path, "twice.gz", twice)
    put(tmp_path, "thrice.gz", gzip.compress(twice))
    dataset = load(tmp_path)
    assert {report.records for report in dataset.files.values()} == {2}
    assert records(dataset, "line") == [2, 3, 2, 3]


def test_packed_four_times_is_left_alone(tmp_path):
    data = packed(HEADER, record())
    for _ in range(3):
        data = gzip.compress(data)
    put(tmp_path, "deep.gz", data)
    assert only(load(tmp_path)).state == "skipped"


def test_a_second_copy_of_a_delivery_is_passed_over_until_the_first_is_gone(tmp_path):
    put(tmp_path, f"one/{delivery()}", packed(HEADER, record()))
    put(tmp_path, f"two/{delivery()}", packed(HEADER, record()))
    put(tmp_path, f"two/{delivery(code='99999999')}", packed(HEADER, record()))
    library = Library([str(tmp_path)])
    states = {
        report.source.name: (report.state, report.reason) for report in library.read_all().files.values()
    }
    assert states.pop(f"two/{delivery()}") == ("skipped", f"a copy of one/{delivery()}")
    assert set(states.values()) == {("complete", None)}
    assert library.dataset.height == 2
    (tmp_path / "one" / delivery()).unlink()
    *_, dataset = library.refresh()
    assert dataset.height == 2
    assert {report.state for report in dataset.files.values()} == {"complete"}


def test_files_of_one_name_but_other_sizes_or_without_a_delivery_s_name_are_all_read(tmp_path):
    put(tmp_path, f"one/{delivery()}", packed(HEADER, record()))
    put(tmp_path, f"two/{delivery()}", packed(HEADER, record(), record(srcport=2)))
    put(tmp_path, "one/a.log", text(HEADER, record()))
    put(tmp_path, "two/a.log", text(HEADER, record()))
    assert load(tmp_path).height == 5
