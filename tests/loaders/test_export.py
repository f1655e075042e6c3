"""Files that export tasks of CloudWatch write, of messages that are no flow logs."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from tests.loaders.files import START, load, only, problems, put, record, records

TASK = "exportedlogs/cda45419-90ea-4db5-9833-aade86253e66"
STREAM = "2026-01-15-[$LATEST]0123456789abcdef"


@pytest.fixture
def read(tmp_path):
    def read(*lines, name=f"{TASK}/{STREAM}/000000.gz", end="\n"):
        data = (end.join(lines) + end).encode()
        put(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data)
        return load(tmp_path)

    return read


def at(second=0):
    return f"2026-01-15T10:00:{second:02d}.250Z"


def time(second=0):
    return datetime.fromtimestamp(START + second + 0.25, UTC)


def test_the_time_is_stripped_and_folders_name_group_and_stream(read):
    dataset = read(f"{at(5)} START RequestId: 1", f"{at()} END RequestId: 1")
    assert only(dataset).format == "cloudwatch-export"
    assert records(dataset, "line", "timestamp", "log_group", "log_stream", "message") == [
        (1, time(5), TASK, STREAM, "START RequestId: 1"),
        (2, time(), TASK, STREAM, "END RequestId: 1"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_without_a_time_continue_the_event_above_them(read, end):
    dataset = read(f"{at()} Traceback:", "", "  File", "ValueError", "", "", f"{at(1)} next", "", end=end)
    assert records(dataset, "line", "message") == [(1, "Traceback:\n\n  File\nValueError"), (7, "next")]
    assert not problems(dataset)


def test_blank_lines_above_the_first_event_are_passed_over(read):
    assert records(read("", "", f"{at()} x"), "line", "message") == [(3, "x")]


def test_an_event_without_a_message_is_an_event(read):
    dataset = read(f"{at()} ", at(1), "second line", f"{at(2)} x")
    assert records(dataset, "line", "message") == [(1, ""), (2, "second line"), (4, "x")]


def test_times_in_milliseconds(read):
    dataset = read(f"{START}250 one", " more", f"{START + 1}250 two")
    assert records(dataset, "line", "timestamp", "message") == [
        (1, time(), "one\n more"),
        (3, time(1), "two"),
    ]


def test_the_raw_record_is_the_message(read):
    dataset = read(f"{at()} one", "more", f"{at(1)} two")
    (number,) = dataset.files
    assert [dataset.raw(number, line) for line in (1, 2, 3)] == ["one\nmore", None, "two"]


def test_a_time_that_is_none_is_a_problem(read):
    dataset = read(f"{at()} one", "2026-02-30T10:00:00.000Z two")
    assert records(dataset, "line") == [1]
    assert [problem[1:] for problem in problems(dataset)] == [
        (2, "timestamp is not a time: 2026-02-30T10:00:00.000Z")
    ]


def test_a_file_called_as_an_export_is_one_wherever_it_lies(read):
    dataset = read(f"{at()} one", " more", name="web/000001")
    assert only(dataset).format == "cloudwatch-export"
    assert records(dataset, "log_group", "log_stream", "message") == [("web", "000001", "one\n more")]


def test_a_text_log_whose_lines_begin_with_times_is_none(read):
    dataset = read(f"{at()} INFO one", f"{at(1)} INFO two", name="web/app.log")
    assert only(dataset).format != "cloudwatch-export"


def test_a_file_whose_first_line_has_no_time_keeps_its_lines_whole(read):
    dataset = read("one", f"{at()} two")
    assert only(dataset).format != "cloudwatch-export"


def test_flow_logs_are_read_as_such(read):
    dataset = read(f"{at()} {record()}")
    assert only(dataset).format == "flow-log-export"
    assert records(dataset, "dstport") == [443]


def test_a_cut_off_export_keeps_its_whole_lines(tmp_path):
    lines = f"{at()} one\n more\n{at(1)} two\n{at(2)} three\n".encode()
    data = gzip.compress(lines, mtime=0)
    whole = ["one\n more", "two", "three"]
    for size in range(20, len(data)):
        put(tmp_path, f"{TASK}/web/000000.gz", data[:size])
        dataset = load(tmp_path)
        assert only(dataset).state == "incomplete"
        found = records(dataset, "message") if dataset.height else []
        assert found == whole[: len(found)] or found == ["one"], size
