"""The data set as a value: windows of rows, single lines, counts by group and stream."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from loaders.dataset import Dataset, Progress
from loaders.load import Library
from loaders.parts import SUMMARY_COLUMNS
from loaders.run import Cancelled, Ticket
from tests.loaders.files import (
    ENI,
    HEADER,
    START,
    delivery,
    load,
    nodata,
    packed,
    parquet,
    put,
    record,
    records,
    reports,
    text,
)

CUSTOM = ["dstport", "srcaddr", "bytes", "foo-bar"]


@pytest.fixture
def dataset(tmp_path):
    """Three parts: 40 records in the default format, 20 in a custom one, 10 in Parquet."""
    put(tmp_path, "a.log", text(HEADER, *[record(srcport=port) for port in range(40)]))
    put(tmp_path, "b.log", text(" ".join(CUSTOM), *[record(CUSTOM, dstport=port) for port in range(20)]))
    put(
        tmp_path,
        "c.parquet",
        parquet({"version": [2] * 10, "srcaddr": ["x"] * 10, "end": range(START, START + 10)}),
    )
    return load(tmp_path)


def numbers(*values):
    return pl.Series(values, dtype=pl.UInt32)


def file_of(dataset, name):
    return next(number for number, report in dataset.files.items() if report.source.name == name)


# Windows


def test_rows_come_in_the_order_they_are_asked_for(dataset):
    asked = [69, 0, 5, 39, 40, 68, 3, 41, 5]
    rows = dataset.rows(numbers(*asked))
    everything = dataset.rows(numbers(*range(dataset.height)))
    assert rows.select("_file", "_line").rows() == everything.select("_file", "_line")[asked].rows()
    assert rows.height == 9


def test_rows_have_the_columns_of_those_records_and_their_kind(dataset):
    (first,) = (index for index, part in enumerate(dataset.parts) if "foo_bar" in part.schema)
    row = dataset.rows(numbers(dataset.offsets[first]))
    assert "foo_bar" in row.columns
    assert "srcport" not in row.columns
    mixed = dataset.rows(numbers(*(dataset.offsets[:-1])))
    assert set(mixed["format"]) == {"flow-log"}
    assert {"foo_bar", "srcport", "end"} <= set(mixed.columns)


def test_no_rows_and_rows_beyond_the_end_are_no_error(dataset):
    assert dataset.rows(numbers()).height == 0
    assert dataset.rows(numbers(70, 4_000_000_000)).height == 0
    assert dataset.rows(numbers(70, 0)).height == 1


def test_offsets_count_the_records_of_all_parts(dataset):
    assert dataset.offsets[0] == 0
    assert dataset.offsets[-1] == dataset.height == 70
    assert len(dataset.offsets) == len(dataset.parts) + 1


def test_the_number_of_a_line_leads_back_to_it(dataset):
    for number in (0, 17, 39, 40, 59, 60, 69):
        row = dataset.rows(numbers(number))
        assert dataset.number_of(row["_file"][0], row["_line"][0]) == number


def test_a_line_that_is_no_record_has_no_number(dataset):
    file = file_of(dataset, "a.log")
    assert dataset.number_of(file, 2) is not None
    assert dataset.number_of(file, 1) is None
    assert dataset.number_of(file, 10_000) is None
    assert dataset.number_of(99, 2) is None


def test_all_records_in_one_plan_have_the_columns_of_all(dataset):
    frame = dataset.lazy().collect()
    assert frame.height == 70
    assert set(frame.columns) == dataset.columns
    assert frame["foo_bar"].null_count() == 70


def test_a_data_set_of_nothing_answers_all_the_same():
    empty = Dataset()
    assert empty.lazy().collect().height == 0
    assert empty.rows(numbers(0)).height == 0
    assert empty.summary().columns == list(SUMMARY_COLUMNS)
    assert (empty.height, empty.offsets, empty.columns, empty.problem_count) == (0, [0], frozenset(), 0)
    assert empty.number_of(0, 2) is None
    assert empty.raw(0, 2) is None


def test_progress_of_nothing_is_done():
    assert Progress(0, 0, 0, 0).share == 1.0


# Raw lines


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("make", [text, packed])
def test_the_raw_line_is_exactly_the_line(tmp_path, make, lines):
    source = [HEADER, *[record(srcport=port).replace(" 443 ", "  443\t") + "  " for port in range(lines)]]
    put(tmp_path, "a", make(*source))
    dataset = load(tmp_path)
    for line in range(1, lines + 2):
        assert dataset.raw(0, line) == source[line - 1]


def test_the_raw_line_of_every_record_is_its_own(tmp_path):
    lines = [
        HEADER,
        "",
        "bogus",
        record(srcport=4),
        "# five",
        HEADER,
        record(srcport=7) + " # seven",
        record(srcport=8),
    ]
    put(tmp_path, "a.gz", packed(*lines))
    dataset = load(tmp_path)
    assert [dataset.raw(0, line) for line in records(dataset, "line")] == [lines[3], lines[6], lines[7]]
    assert dataset.raw(0, 3) == "bogus"


def test_the_raw_line_has_no_line_end_and_its_bytes_are_spelt_out(tmp_path):
    put(
        tmp_path,
        "a.log",
        f"{HEADER}\r\n{record()}\r\n".encode() + record(account_id="x").encode().replace(b" x ", b" \xff "),
    )
    dataset = load(tmp_path)
    assert dataset.raw(0, 2) == record()
    assert dataset.raw(0, 3) == record(account_id=r"\xff")


def test_the_raw_line_of_an_export_has_its_time(tmp_path):
    line = f"2026-01-15T10:00:00.000Z {record()}"
    put(tmp_path, f"task/{ENI}-all/000000.gz", packed(line))
    assert load(tmp_path).raw(0, 1) == line


def test_the_raw_line_of_a_damaged_file_is_there(tmp_path):
    put(tmp_path, "a.gz", packed(HEADER, record(), record())[:-4])
    assert load(tmp_path).raw(0, 3) == record()


def test_the_raw_row_of_parquet_is_written_as_text(dataset):
    assert dataset.raw(file_of(dataset, "c.parquet"), 3) == f"2 x {START + 2}"


@pytest.mark.parametrize("line", [0, 42, 10_000])
def test_there_is_no_raw_line_beyond_the_end(dataset, line):
    if line:
        assert not dataset.raw(file_of(dataset, "a.log"), line)
    assert not dataset.raw(file_of(dataset, "c.parquet"), line + 1 if line else 11)


def test_there_is_no_raw_line_of_a_file_that_is_gone_or_unknown(dataset, tmp_path):
    (tmp_path / "a.log").unlink()
    assert dataset.raw(file_of(dataset, "a.log"), 2) is None
    assert dataset.raw(99, 2) is None


def test_there_is_no_raw_line_of_a_file_that_has_changed(dataset, tmp_path):
    put(tmp_path, "a.log", text(HEADER, "another line"))
    assert dataset.raw(file_of(dataset, "a.log"), 2) is None


def test_there_is_no_raw_line_of_a_file_that_holds_no_records(tmp_path):
    put(tmp_path, "readme.txt", b"hello\n")
    assert load(tmp_path).raw(0, 1) is None


# Counts


def test_the_summary_counts_by_group_stream_and_format(tmp_path):
    name = delivery()
    lines = [
        record(),
        record(action="REJECT", bytes=40, start=START - 60),
        record(interface_id="eni-2"),
        nodata(),
        nodata("SKIPDATA"),
    ]
    put(tmp_path, name, packed(HEADER, *lines))
    group = "123456789012/us-east-1/fl-0123456789abcdef0"

    def at(seconds):
        return datetime.fromtimestamp(START + seconds, UTC)

    assert load(tmp_path).summary().rows() == [
        (group, ENI, "flow-log", 4, 1, 1, 1, 1, 220, at(-60), at(0)),
        (group, "eni-2", "flow-log", 1, 1, 0, 0, 0, 180, at(0), at(0)),
    ]


def test_the_summary_has_the_same_types_whatever_is_in_it(dataset):
    assert dataset.summary().schema == Dataset().summary().schema
    assert {str(dtype) for dtype in dataset.summary().dtypes[3:9]} == {"Int64"}


def test_the_summary_of_a_format_without_action_or_bytes_counts_records(tmp_path):
    put(tmp_path, "a.log", text("srcaddr dstport", "10.0.0.1 80"))
    (row,) = load(tmp_path).summary().rows(named=True)
    assert (row["records"], row["accepted"], row["bytes"], row["first"]) == (1, 0, 0, None)


def test_the_summary_of_several_parts_is_one(tmp_path):
    put(tmp_path, delivery(code="1"), packed(HEADER, record()))
    put(
        tmp_path,
        delivery(code="2"),
        packed(HEADER.replace("version ", "vpc-id "), record().replace("2 ", "vpc-1 ", 1)),
    )
    dataset = load(tmp_path)
    assert len(dataset.parts) == 2
    assert dataset.summary()["records"].to_list() == [2]


def test_the_summary_counts_what_a_predicate_keeps(dataset):
    def counted(part):
        return part.counted(pl.col("srcport") < 10) if "srcport" in part.schema else None

    assert dataset.summary(counted)["records"].to_list() == [10]


def test_the_summary_stops_when_nobody_wants_it(dataset):
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        dataset.summary(ticket=ticket)


def test_problems_are_counted_with_the_files_that_are_not_whole(tmp_path):
    put(tmp_path, "a.log", text(HEADER, "bogus", record(), "bogus"))
    put(tmp_path, "b.gz", packed(HEADER, record())[:-8])
    put(tmp_path, "c.txt", b"hello")
    dataset = load(tmp_path)
    assert dataset.problem_count == 3
    assert {name: report.sound for name, report in reports(dataset).items()} == {
        "a.log": False,
        "b.gz": False,
        "c.txt": True,
    }


def test_reading_at_once_is_reading_bit_by_bit(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record()))
    assert Library([str(tmp_path)]).read_all().height == load(tmp_path).height == 1
