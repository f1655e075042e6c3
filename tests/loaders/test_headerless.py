"""Text without a header: what ``zcat | grep`` leaves, and the export tasks of CloudWatch."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from tests.loaders.files import (
    ENI,
    HEADER,
    START,
    load,
    nodata,
    only,
    packed,
    problems,
    put,
    record,
    records,
    text,
)

TASK = "exportedlogs/c5e37efa-0596-46f3-8ab2-832ccf9d420c"
EVENT = "2026-01-15T10:00:00.000Z"


@pytest.mark.parametrize("make", [text, packed])
def test_lines_in_the_default_order_need_no_header(tmp_path, make, careful_readings):
    put(tmp_path, "found.txt", make(record(), nodata(), record(srcport=1)))
    dataset = load(tmp_path)
    assert only(dataset).format == "flow-log-headerless"
    assert records(dataset, "line", "srcport", "log_stream") == [(1, 51515, ENI), (2, None, ENI), (3, 1, ENI)]
    assert not careful_readings


@pytest.mark.parametrize(
    "line",
    [
        nodata(),
        nodata("SKIPDATA"),
        record(srcaddr="2001:db8::1", dstaddr="::", protocol=58, srcport=0, dstport=0),
        record(account_id="unknown"),
        record(interface_id="-", action="REJECT"),
        record().replace(" ", "  "),
        record().replace(" ", "\t"),
        record() + "\r",
        "\ufeff" + record(),
    ],
)
def test_one_line_is_enough(tmp_path, line):
    put(tmp_path, "a.txt", text(line))
    dataset = load(tmp_path)
    assert (only(dataset).format, records(dataset, "line")) == ("flow-log-headerless", [1])
    assert not problems(dataset)


def test_bad_lines_before_the_first_record_are_named(tmp_path):
    put(tmp_path, "a.txt", text("# grep REJECT", "", "bogus", record(), "bogus line", record()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [4, 6]
    assert problems(dataset) == [
        ("a.txt", 3, "1 field where 14 are expected"),
        ("a.txt", 5, "2 fields where 14 are expected"),
    ]


def test_a_header_below_the_first_line_holds_from_there(tmp_path):
    put(
        tmp_path,
        "glued.txt",
        text(record(), "srcaddr dstport region", "10.0.0.1 80 eu-west-1", HEADER, record()),
    )
    dataset = load(tmp_path)
    assert records(dataset, "line", "dstport", "region") == [
        (1, 443, None),
        (3, 80, "eu-west-1"),
        (5, 443, None),
    ]
    assert not problems(dataset)


def test_a_byte_order_mark_in_the_middle_is_passed_over(tmp_path):
    put(
        tmp_path,
        "glued.txt",
        text(record()) + text("\ufeff" + record()) + text("\ufeff", "\ufeff" + HEADER, record()),
    )
    dataset = load(tmp_path)
    assert records(dataset, "line", "version") == [(1, 2), (2, 2), (5, 2)]
    assert not problems(dataset)


def test_packed_twice_is_unpacked(tmp_path):
    put(tmp_path, "a.gz", gzip.compress(packed(record(), record())))
    assert records(load(tmp_path), "line") == [1, 2]


@pytest.mark.parametrize(
    "data",
    [
        b"a plain text of some words\n",
        b"level=info msg=hello\n" * 50,
        b'{"Records":[]}',
        b"srcaddr,dstaddr\n10.0.0.1,10.0.0.2\n",
        b"\x00\x01\x02\x03" * 100,
        bytes(range(256)),
        b"\xff" * 300,
        text(record().replace(" ", ",")),
        text("2 123456789012 eni-1 10.0.0.1 10.0.0.2 80 443 6"),
        b"PARxxx",
        b"\n" * 70_000 + text(HEADER, record()),
    ],
)
def test_what_is_no_flow_log_is_skipped_with_a_reason(tmp_path, data):
    put(tmp_path, "a.txt", data)
    report = only(load(tmp_path))
    assert (report.format, report.state, report.reason) == (None, "skipped", "not a log that flowtui knows")


def test_an_inventory_of_aws_is_called_by_its_name(tmp_path):
    put(tmp_path, "sg.json", b'{\n  "SecurityGroups": []}')
    assert only(load(tmp_path)).reason == "AWS inventory (SecurityGroups)"


def test_what_is_packed_with_zstd_is_said(tmp_path):
    put(tmp_path, "a.zst", b"\x28\xb5\x2f\xfd\0\0\0")
    assert only(load(tmp_path)).reason == "compressed with zstd, which flowtui does not read"


# Exports


def export(*lines: str) -> list[str]:
    return [f"{EVENT} {line}" for line in lines]


def test_an_export_is_grouped_by_its_task_and_streamed_by_its_folder(tmp_path, careful_readings):
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*export(record(), nodata())))
    put(tmp_path, f"{TASK}/{ENI}-all/000001.gz", packed(*export(record())))
    put(tmp_path, f"{TASK}/web-prod/000000.gz", packed(*export(record())))
    put(tmp_path, "exportedlogs/aws-logs-write-test", b"Permission Check Successful")
    dataset = load(tmp_path)
    assert [row[:4] for row in dataset.summary().rows()] == [
        (TASK, f"{ENI}-all", "flow-log", 3),
        (TASK, "web-prod", "flow-log", 1),
    ]
    assert not careful_readings


@pytest.mark.parametrize("root", ["exportedlogs", TASK])
def test_an_export_may_be_opened_at_any_level(tmp_path, root):
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*export(record())))
    assert records(load(tmp_path / root), "log_stream") == [f"{ENI}-all"]


def test_the_time_of_an_event_is_the_one_before_the_line(tmp_path):
    lines = [f"2026-01-15T10:00:00.{ms:03}Z {record(start=START + 5)}" for ms in (0, 7, 999)]
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*lines, f"2026-01-15T11:00:00Z {record()}"))
    first = datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert records(load(tmp_path), "timestamp") == [
        first,
        first.replace(microsecond=7_000),
        first.replace(microsecond=999_000),
        first.replace(hour=11),
    ]


def test_a_blank_line_after_an_event_is_passed_over(tmp_path):
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*export(record()), "", *export(record())))
    dataset = load(tmp_path)
    assert records(dataset, "line", "timestamp") == [
        (1, datetime(2026, 1, 15, 10, tzinfo=UTC)),
        (3, datetime(2026, 1, 15, 10, tzinfo=UTC)),
    ]
    assert not problems(dataset)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (record(), "14 fields where 15 are expected"),
        ("yesterday " + record(), "timestamp is not a time: yesterday"),
        (f"{EVENT} START RequestId: 1", "4 fields where 15 are expected"),
        (f"2026-02-30T10:00:00.000Z {record()}", "timestamp is not a time: 2026-02-30T10:00:00.000Z"),
        (f"{EVENT} {record(srcport='x')}", "srcport is not a number: x"),
    ],
)
def test_a_bad_line_of_an_export_is_named(tmp_path, line, what):
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*export(record()), line, *export(record())))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3]
    assert problems(dataset) == [(f"{TASK}/{ENI}-all/000000.gz", 2, what)]


def test_the_export_of_another_group_is_skipped(tmp_path):
    put(tmp_path, f"{TASK}/2026-01-15-[$LATEST]abc/000000.gz", packed(f"{EVENT} START RequestId: 1"))
    assert only(load(tmp_path)).state == "skipped"
