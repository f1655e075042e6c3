"""Text without a header: what ``zcat | grep`` leaves, and the export tasks of CloudWatch."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import polars as pl
import pytest

from loaders import kinds, orders
from loaders.schema import FILE, GROUP, LINE, MESSAGE, column_names
from tests.loaders.files import (
    ENI,
    HEADER,
    NAMES,
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
DEFAULT = column_names(NAMES)
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
def test_what_is_no_flow_log_is_not_taken_for_one(tmp_path, data):
    put(tmp_path, "notes", data)
    assert not (only(load(tmp_path)).format or "").startswith("flow-log")


def test_an_inventory_of_aws_is_called_by_its_name(tmp_path):
    put(tmp_path, "sg.json", b'{\n  "SecurityGroups": []}')
    assert only(load(tmp_path)).reason == "AWS inventory (SecurityGroups)"


# Other orders

V5 = orders.known_orders()[3]
V5_BY_NAME = tuple(sorted(V5))
TGW = orders.tgw_order()
OTHER = {
    "resource-type": "TransitGateway",
    "tgw-id": "tgw-0123456789abcdef0",
    "tgw-attachment-id": "tgw-attach-0123456789abcdef0",
    "flow-direction": "ingress",
    "region": "eu-west-1",
    "az-id": "euw1-az2",
    "type": "IPv4",
}


def ordered(names, **values):
    return record(names, **{name.replace("-", "_"): value for name, value in OTHER.items()}, **values)


def without_data(names, status="NODATA"):
    """A record of a window in which there was nothing to see."""
    kept = {"version", "account-id", "interface-id", "start", "end", "tgw-id", "resource-type"}
    cells = dict(zip(names, ordered(names, log_status=status).split(), strict=True))
    return " ".join(cells[name] if name in kept | {"log-status"} else "-" for name in names)


each_order = pytest.mark.parametrize(
    "names", orders.known_orders(), ids=lambda names: f"{len(names)} {names[0]}"
)


@each_order
@pytest.mark.parametrize("make", [text, packed])
def test_lines_in_every_order_of_aws_need_no_header(tmp_path, names, make, careful_readings):
    put(tmp_path, "a.log", make(ordered(names), without_data(names), ordered(names, srcport=1, version=5)))
    dataset = load(tmp_path)
    assert only(dataset).format == "flow-log-headerless"
    assert records(dataset, "line", "version", "account_id", "srcport", "bytes", "log_status") == [
        (1, 2, "123456789012", 51515, 180, "OK"),
        (2, 2, "123456789012", None, None, "NODATA"),
        (3, 5, "123456789012", 1, 180, "OK"),
    ]
    assert not problems(dataset)
    assert not careful_readings


@each_order
def test_a_file_of_nothing_but_windows_without_data_is_a_flow_log(tmp_path, names):
    put(tmp_path, "a.log", text(*[without_data(names)] * 3, without_data(names, "SKIPDATA")))
    dataset = load(tmp_path)
    assert records(dataset, "log_status") == ["NODATA", "NODATA", "NODATA", "SKIPDATA"]
    assert not problems(dataset)


def test_transit_gateway_records_go_by_their_attachment(tmp_path):
    put(tmp_path, "a.log", text(ordered(TGW, tgw_src_eni=ENI)))
    assert records(load(tmp_path), "log_stream", "tgw_src_eni") == [(OTHER["tgw-attachment-id"], ENI)]


def test_a_header_holds_whatever_order_would_be_looked_for(tmp_path):
    """A real order of transit gateway logs that is no default: ``start`` and ``end`` come after the losses."""
    lost = [name for name in TGW if name.startswith("packets-lost")]
    names = [name for name in TGW if name not in {*lost, "resource-type", "type", "region"}]
    at = names.index("start")
    names = [*names[:at], *lost, *names[at:], "type", "region"]
    put(tmp_path, "a.log", text(" ".join(names), ordered(names, packets_lost_mtu_exceeded=3)))
    dataset = load(tmp_path)
    assert only(dataset).format == "flow-log"
    assert records(dataset, "packets_lost_mtu_exceeded", "start", "region") == [(3, START, "eu-west-1")]


def test_records_of_several_kinds_of_windows_and_bad_lines_are_told_apart(tmp_path):
    lines = ["bogus", without_data(V5), ordered(V5), "a b", ordered(V5, tcp_flags="x"), ordered(V5, bytes=1)]
    put(tmp_path, "a.log", text(*lines))
    dataset = load(tmp_path)
    assert records(dataset, "line", "bytes") == [(2, None), (3, 180), (6, 1)]
    assert problems(dataset) == [
        ("a.log", 1, "1 field where 29 are expected"),
        ("a.log", 4, "2 fields where 29 are expected"),
        ("a.log", 5, "tcp-flags is not a number: x"),
    ]


def test_below_a_header_that_is_not_at_the_top_its_own_order_holds(tmp_path):
    put(tmp_path, "a.log", text("bogus", "log-status srcaddr bytes", "OK 10.0.0.1 7"))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcaddr", "bytes") == [(3, "10.0.0.1", 7)]
    assert problems(dataset) == [("a.log", 1, "1 field where 3 are expected")]


@pytest.mark.parametrize(
    "line",
    [
        "on that day the quick brown fox jumped over the lazy dog once more",
        record(list(reversed(orders.known_orders()[0]))),
        record([*orders.known_orders()[0][1:], "version"]),
    ],
)
def test_fourteen_words_in_no_known_order_are_no_flow_log(tmp_path, line):
    put(tmp_path, "a.log", text(*[line] * 3))
    assert not (only(load(tmp_path)).format or "").startswith("flow-log")


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


@pytest.mark.parametrize("names", [V5, V5_BY_NAME, TGW], ids=["v5", "v5 by name", "transit gateway"])
def test_an_export_may_be_in_any_order_of_aws(tmp_path, names, careful_readings):
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*export(ordered(names), without_data(names))))
    dataset = load(tmp_path)
    assert only(dataset).format == "flow-log-export"
    assert records(dataset, "line", "region", "timestamp") == [
        (1, "eu-west-1", datetime(2026, 1, 15, 10, tzinfo=UTC)),
        (2, None, datetime(2026, 1, 15, 10, tzinfo=UTC)),
    ]
    assert not careful_readings


@pytest.mark.parametrize("names", [orders.known_orders()[0], V5_BY_NAME], ids=["default", "v5 by name"])
def test_the_time_before_a_record_may_count_milliseconds(tmp_path, names):
    line = ordered(names)
    lines = [f"{START * 1000 + 7} {line}", f"  {START * 1000}\t{line}\r", "", f"{EVENT} {line}"]
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed(*lines))
    dataset = load(tmp_path)
    assert only(dataset).format == "flow-log-export"
    first = datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert records(dataset, "line", "timestamp", "srcport", "log_stream") == [
        (1, first.replace(microsecond=7_000), 51515, f"{ENI}-all"),
        (2, first, 51515, f"{ENI}-all"),
        (4, first, 51515, f"{ENI}-all"),
    ]
    assert not problems(dataset)
    assert dataset.raw(next(iter(dataset.files)), 1) == lines[0]


def test_a_header_behind_a_time_is_passed_over(tmp_path):
    names = sorted(NAMES)
    put(tmp_path, "a.log", text(*export(" ".join(names), record(names), record(names, srcport=1))))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(2, 51515), (3, 1)]
    assert not problems(dataset)


def test_bad_lines_among_times_in_milliseconds_are_named(tmp_path):
    good = f"{START * 1000} {record()}"
    bad = ["yesterday", f"2026-13-01T10:00:00Z {record()}", f"{START * 1000} bogus", f"12 {record()}"]
    put(tmp_path, f"{TASK}/{ENI}-all/000000.gz", packed("# a comment", good, *bad, good))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 7]
    assert [(line, what) for _, line, what in problems(dataset)] == [
        (3, "timestamp is not a time: yesterday"),
        (4, "timestamp is not a time: 2026-13-01T10:00:00Z"),
        (5, "1 field where 14 are expected"),
        (6, "timestamp is not a time: 12"),
    ]


@pytest.mark.parametrize("half", ["17684", f"{START * 1000} 2 123456789012 eni-"])
def test_a_last_line_still_being_written_leaves_the_file_incomplete(tmp_path, half):
    put(tmp_path, "a.log", text(f"{START * 1000} {record()}") + half.encode())
    report = only(load(tmp_path))
    assert (report.state, report.reason, report.records) == ("incomplete", "the last line is not finished", 1)


def test_an_export_in_milliseconds_that_was_cut_off_keeps_what_is_whole(tmp_path):
    whole = packed(*[f"{START * 1000} {record(srcport=port)}" for port in range(2000)])
    put(tmp_path, "a.gz", whole[: len(whole) // 2])
    report = only(load(tmp_path))
    assert (report.state, report.format) == ("incomplete", "flow-log-export")
    assert report.records > 100
    assert not report.problems.height


def test_the_export_of_another_group_is_no_flow_log(tmp_path):
    put(tmp_path, f"{TASK}/2026-01-15-[$LATEST]abc/000000.gz", packed(f"{EVENT} START RequestId: 1"))
    assert not (only(load(tmp_path)).format or "").startswith("flow-log")


# Messages


def parse(*messages, detail=None):
    """What becomes of the messages of one log group: the records' kind, and the frames."""
    events = pl.DataFrame(
        {FILE: [0] * len(messages), LINE: range(1, len(messages) + 1), MESSAGE: messages},
        schema={FILE: pl.UInt32(), LINE: pl.UInt32(), MESSAGE: pl.String()},
    ).with_columns(pl.lit("group").alias(GROUP))
    (parsed,) = kinds.parse(events, "flow-log" if detail else None, detail or ())
    return parsed


@each_order
def test_messages_may_be_in_every_order_of_aws(names):
    parsed = parse(ordered(names), without_data(names), ordered(names, srcport=1))
    assert parsed.kind == "flow-log"
    assert parsed.frame.select(LINE, "srcport").rows() == [(1, 51515), (2, None), (3, 1)]
    assert not parsed.problems.height


def test_white_space_around_a_message_is_no_part_of_it():
    parsed = parse(f"\n  {record()}\r\n", f"{record()}\n", " \n", f"\ufeff{record()}")
    assert parsed.frame.select(LINE, "version", "log_status").rows() == [
        (1, 2, "OK"),
        (2, 2, "OK"),
        (4, 2, "OK"),
    ]
    assert not parsed.problems.height


def test_a_header_among_messages_is_passed_over():
    parsed = parse(HEADER, record(), f"{HEADER}\n", record())
    assert parsed.frame[LINE].to_list() == [2, 4]
    assert not parsed.problems.height


def test_below_a_header_among_messages_its_own_order_holds():
    parsed = parse("bytes something-new srcaddr end", f"1 x 10.0.0.1 {START}", f"2 y 10.0.0.2 {START}")
    assert parsed.frame.select("bytes", "something_new", "srcaddr").rows() == [
        (1, "x", "10.0.0.1"),
        (2, "y", "10.0.0.2"),
    ]


def test_a_header_that_no_sample_saw_holds_for_what_follows_it():
    parsed = parse(record(), "bytes srcaddr dstaddr", "1 10.0.0.1 10.0.0.2", "x", detail=DEFAULT)
    assert parsed.frame.select(LINE, "bytes", "srcaddr", "dstport").rows() == [
        (1, 180, "203.0.113.9", 443),
        (3, 1, "10.0.0.1", None),
    ]
    assert parsed.problems.select("line", "what").rows() == [(4, "1 field where 3 are expected")]


def test_a_header_in_one_file_says_nothing_about_another():
    events = pl.DataFrame(
        {
            FILE: [0, 1, 0],
            LINE: [1, 1, 2],
            MESSAGE: ["bytes srcaddr dstaddr", record(), "1 10.0.0.1 10.0.0.2"],
        },
        schema={FILE: pl.UInt32(), LINE: pl.UInt32(), MESSAGE: pl.String()},
    ).with_columns(pl.lit("group").alias(GROUP))
    (parsed,) = kinds.parse(events, "flow-log", DEFAULT)
    assert parsed.frame.select(FILE, "bytes").sort(FILE).rows() == [(0, 1), (1, 180)]
    assert not parsed.problems.height


def test_messages_that_are_no_records_are_named():
    parsed = parse(record(), "bogus", record(bytes="x"), record())
    assert parsed.frame[LINE].to_list() == [1, 4]
    assert parsed.problems.select("line", "what").rows() == [
        (2, "1 field where 14 are expected"),
        (3, "bytes is not a number: x"),
    ]
