"""Deliveries as Parquet: what AWS writes, and what rewriting makes of it."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.loaders.files import (
    ENI,
    NAMES,
    START,
    VALUES,
    delivery,
    load,
    only,
    packed,
    parquet,
    problems,
    put,
    record,
    records,
    reports,
    text,
)

COLUMNS = [name.replace("-", "_") for name in NAMES]
INT32 = {"version", "srcport", "dstport", "protocol", "tcp_flags", "traffic_path"}
INT64 = {"packets", "bytes", "start", "end"}
NAME = delivery(end="log.parquet")


def dtype(column):
    return pl.Int32 if column in INT32 else pl.Int64 if column in INT64 else pl.String


def table(*rows, rename=lambda name: name, **dtypes):
    """A delivery as AWS writes it, but for the dtypes named; a row holds what differs from a plain record."""
    plain = {name.replace("-", "_"): value for name, value in VALUES.items()}
    columns = {}
    for column in COLUMNS:
        values = pl.Series([(plain | row)[column] for row in rows], dtype=dtype(column))
        columns[rename(column)] = values.cast(dtypes.get(column, dtype(column)))
    return parquet(columns)


ABSENT = {column: (None if dtype(column) != pl.String else "-") for column in COLUMNS}
NODATA = ABSENT | {"interface_id": ENI, "start": START, "end": START + 59, "log_status": "NODATA"}


def test_a_delivery_gives_the_same_columns_as_text_does(tmp_path):
    put(tmp_path, f"p/{NAME}", table({}, {"srcport": 1}))
    put(tmp_path, f"t/{delivery()}", packed(" ".join(NAMES), record(), record(srcport=1)))
    dataset = load(tmp_path)
    (part,) = dataset.parts
    one, other = (frame.drop("_file") for frame in part.frame.partition_by("_file"))
    assert one.drop("_line").equals(other.drop("_line"))
    assert {report.format for report in dataset.files.values()} == {"flow-log", "flow-log-parquet"}


def test_the_line_of_a_record_is_its_row(tmp_path):
    for number in range(5):
        put(tmp_path, f"{number}.parquet", table(*({"srcport": row} for row in range(1, 20 * number + 2))))
    dataset = load(tmp_path)
    assert all(line == port for line, port in records(dataset, "line", "srcport"))
    assert [report.records for _, report in sorted(reports(dataset).items())] == [1, 21, 41, 61, 81]


def test_a_row_without_data_has_nulls_for_numbers_and_for_text(tmp_path):
    put(tmp_path, NAME, table({}, NODATA))
    dataset = load(tmp_path)
    assert records(dataset, "srcaddr", "srcport", "bytes", "action", "log_status", "account_id")[1] == (
        None,
        None,
        None,
        None,
        "NODATA",
        None,
    )
    assert records(dataset, "timestamp", "log_stream")[1] == (datetime(2026, 1, 15, 10, tzinfo=UTC), ENI)
    assert not problems(dataset)


def test_group_and_time_come_from_the_name(tmp_path):
    put(tmp_path, NAME, table(NODATA | {"start": None, "end": None}))
    assert records(load(tmp_path), "log_group", "timestamp") == [
        ("123456789012/us-east-1/fl-0123456789abcdef0", datetime(2026, 1, 15, 10, tzinfo=UTC))
    ]


def test_hive_folders_add_no_columns(tmp_path):
    put(tmp_path, f"aws-region=us-east-1/region=x/year=2026/srcaddr=nobody/{NAME}", table({}))
    dataset = load(tmp_path)
    assert not dataset.columns & {"aws_region", "year", "region"}
    assert records(dataset, "srcaddr") == ["203.0.113.9"]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "zstd", "uncompressed"])
def test_every_codec_inside_is_read(tmp_path, codec):
    buffer = io.BytesIO()
    pl.read_parquet(table({})).write_parquet(buffer, compression=codec)
    put(tmp_path, NAME, buffer.getvalue())
    assert load(tmp_path).height == 1


def test_wider_numbers_are_narrowed(tmp_path):
    put(tmp_path, "aws.parquet", table({}))
    put(tmp_path, "rewritten.parquet", table({}, **dict.fromkeys(INT32 & set(COLUMNS), pl.Int64)))
    dataset = load(tmp_path)
    assert len(dataset.parts) == 1
    assert records(dataset, "dstport", "protocol", "version") == [(443, 6, 2)] * 2


def test_a_number_that_is_too_large_is_null_and_named(tmp_path):
    columns = {"version": [2, 2, 2], "srcaddr": ["a", "b", "c"], "srcport": [1, 2**31, 3]}
    put(tmp_path, "a.parquet", parquet(columns))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(1, 1), (2, None), (3, 3)]
    assert problems(dataset) == [("a.parquet", 2, "srcport is not a number: 2147483648")]


@pytest.mark.parametrize("rename", [lambda name: name.replace("_", "-"), str.upper])
def test_names_with_hyphens_or_in_capitals_are_the_same_fields(tmp_path, rename):
    put(tmp_path, "a.parquet", table({}, rename=rename))
    assert records(load(tmp_path), "interface_id", "log_status") == [(ENI, "OK")]


def test_numbers_written_as_text_are_numbers(tmp_path):
    texts = dict.fromkeys([*INT32 & set(COLUMNS), *INT64], pl.String)
    put(tmp_path, "a.parquet", table({}, {"srcport": None}, **texts))
    dataset = load(tmp_path)
    assert records(dataset, "srcport", "bytes", "start") == [(51515, 180, START), (None, 180, START)]
    assert not problems(dataset)


def test_text_that_is_no_number_is_null_and_named_and_the_row_is_kept(
    tmp_path,
):
    columns = {"version": ["2", "-", "two"], "srcaddr": ["a", "b", "c"], "bytes": ["1", "many", "x"]}
    put(tmp_path, "a.parquet", parquet(columns))
    put(tmp_path, "b.parquet", parquet(columns | {"version": ["2"] * 3, "bytes": ["1"] * 3}))
    dataset = load(tmp_path)
    assert records(dataset, "file", "version", "bytes")[:3] == [
        ("a.parquet", 2, 1),
        ("a.parquet", None, None),
        ("a.parquet", None, None),
    ]
    assert problems(dataset) == [
        ("a.parquet", 2, "bytes is not a number: many"),
        ("a.parquet", 3, "version is not a number: two"),
    ]
    assert dataset.height == 6


def test_numbers_written_as_floats_are_numbers(tmp_path):
    put(tmp_path, "a.parquet", table({}, {"dstport": None}, dstport=pl.Float64))
    dataset = load(tmp_path)
    assert records(dataset, "dstport") == [443, None]
    assert not problems(dataset)


@pytest.mark.parametrize("value", [443.5, float("nan"), float("inf"), 1e30])
def test_a_float_that_is_no_whole_number_is_null_and_named(tmp_path, value):
    put(tmp_path, "a.parquet", parquet({"version": [2], "srcaddr": ["a"], "dstport": [value]}))
    dataset = load(tmp_path)
    assert records(dataset, "dstport") == [None]
    assert [(file, line) for file, line, _ in problems(dataset)] == [("a.parquet", 1)]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Binary, pl.Enum(["-", "ACCEPT", "REJECT"])])
def test_text_of_another_kind_has_its_hyphen_for_null_too(tmp_path, dtype):
    put(tmp_path, "a.parquet", table({"action": "ACCEPT"}, {"action": "-"}, {"action": None}, action=dtype))
    assert records(load(tmp_path), "action") == ["ACCEPT", None, None]


def test_times_written_as_times_are_times(tmp_path):
    when = datetime(2026, 1, 15, 10, tzinfo=UTC)
    for unit in ("ms", "us", "ns"):
        start = pl.Series([when], dtype=pl.Datetime(unit, "UTC"))
        put(tmp_path, f"{unit}.parquet", parquet({"version": [2], "srcaddr": ["a"], "start": start}))
    assert records(load(tmp_path), "timestamp", "start") == [(when, START)] * 3


def test_unknown_columns_are_kept_as_text_whatever_they_hold(tmp_path):
    columns = {
        "version": [2],
        "srcaddr": ["10.0.0.1"],
        "start": [START],
        "score": [1.5],
        "tags": [["a", "b"]],
        "owner": [{"team": "x"}],
        "seen": [True],
    }
    put(tmp_path, "a.parquet", parquet(columns))
    dataset = load(tmp_path)
    assert records(dataset, "score", "tags", "owner", "seen") == [
        ("1.5", '{"tags":["a","b"]}', '{"owner":{"team":"x"}}', "true")
    ]
    assert not problems(dataset)


def test_columns_with_strange_names_take_nothing_away(tmp_path):
    names = ["*", "^a$", "", "timestamp", "message", "_line", "_file", "_path", "_index", "x y"]
    columns = {"version": [2], "srcaddr": ["a"], "dstport": [443]} | {name: ["v"] for name in names}
    put(tmp_path, "a.parquet", parquet(columns))
    dataset = load(tmp_path)
    assert records(dataset, "line", "version", "srcaddr", "dstport") == [(1, 2, "a", 443)]
    assert dataset.parts[0].frame.row(0).count("v") == len(names)


def test_a_name_that_is_no_utf8_is_read_all_the_same(tmp_path):
    put(tmp_path, os.fsdecode(b"\xff.parquet"), table({}, {"srcport": 1}))
    dataset = load(tmp_path)
    assert records(dataset, "file", "line", "srcport") == [
        (r"\xff.parquet", 1, 51515),
        (r"\xff.parquet", 2, 1),
    ]
    assert dataset.raw(0, 2) == record(srcport=1)


def test_no_rows_is_a_complete_file_without_records(tmp_path):
    put(tmp_path, NAME, table())
    assert (only(load(tmp_path)).state, only(load(tmp_path)).records) == ("complete", 0)


def test_another_table_is_skipped(tmp_path):
    put(tmp_path, "a.parquet", parquet({"a": [1], "b": [2], "bytes": [3]}))
    report = only(load(tmp_path))
    assert (report.state, report.reason) == ("skipped", "Parquet without the fields of a flow log")


def test_cut_at_any_byte_a_file_is_incomplete(tmp_path):
    whole = table({}, NODATA)
    for size in range(4, len(whole), 7):
        put(tmp_path, f"{size:05}.parquet", whole[:size])
    put(tmp_path, "whole.parquet", whole)
    dataset = load(tmp_path)
    states = {name: report.state for name, report in reports(dataset).items()}
    assert states.pop("whole.parquet") == "complete"
    assert set(states.values()) == {"incomplete"}
    assert {report.reason for report in dataset.files.values()} == {
        None,
        "the Parquet footer is missing or damaged: the file is not complete",
    }
    assert dataset.height == 2


def test_damaged_pages_make_the_file_incomplete_and_cost_no_other(tmp_path, capfd):
    whole = bytearray(table({}, NODATA))
    whole[4:60] = bytes(56)
    put(tmp_path, "damaged.parquet", bytes(whole))
    put(tmp_path, "whole.parquet", table({}))
    dataset = load(tmp_path)
    assert {name: report.state for name, report in reports(dataset).items()} == {
        "damaged.parquet": "incomplete",
        "whole.parquet": "complete",
    }
    assert reports(dataset)["damaged.parquet"].reason.startswith("it is damaged")
    assert dataset.height == 1


def test_text_and_parquet_of_one_flow_log_are_one_group(tmp_path):
    put(tmp_path, delivery(code="00000001", end="log"), text(" ".join(NAMES), record()))
    put(tmp_path, delivery(code="00000002", end="log.parquet"), table({}))
    summary = load(tmp_path).summary()
    assert summary["log_group"].n_unique() == 1
    assert summary["records"].sum() == 2


@pytest.mark.parametrize("order", [sorted(COLUMNS), COLUMNS[::-1]], ids=["alphabetical", "reversed"])
def test_columns_may_stand_in_any_order_all_be_wide_and_have_hyphens(tmp_path, order):
    wide = pl.read_parquet(table({}, NODATA)).select(order).with_columns(pl.col(pl.Int32).cast(pl.Int64))
    put(tmp_path, "a.parquet", parquet(wide.rename(lambda name: name.replace("_", "-")).to_dict()))
    dataset = load(tmp_path)
    assert records(dataset, *COLUMNS)[0] == tuple(VALUES.values())
    assert records(dataset, "log_status", "srcport")[1] == ("NODATA", None)
    assert not problems(dataset)


@pytest.mark.parametrize(
    "options",
    [
        {"row_group_size": 100},
        {"data_page_size": 64},
        {"statistics": "full"},
        {"compression": "zstd", "compression_level": 22},
        {"use_pyarrow": False, "row_group_size": 1, "statistics": False},
    ],
)
@pytest.mark.parametrize("height", [0, 1, 1000])
def test_the_pages_of_honest_files_are_believed(tmp_path, options, height):
    rows = [{"srcport": number, "srcaddr": "x" * (number % 50)} for number in range(height)]
    frame = pl.read_parquet(table(*rows)).with_columns(
        owner=pl.struct("srcport", tags=pl.concat_list("srcaddr"))
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **options)
    put(tmp_path, "a.parquet", buffer.getvalue())
    report = only(load(tmp_path))
    assert (report.state, report.reason, report.records) == ("complete", None, height)


def test_a_million_equal_rows_in_a_few_bytes_are_believed(tmp_path):
    frame = pl.read_parquet(table({})).select(pl.all().repeat_by(2_000_000).explode())
    put(tmp_path, "a.parquet", parquet(frame.to_dict()))
    assert only(load(tmp_path)).records == 2_000_000


# Loads mutations of a file one after the other; what is at fault is the last number it wrote.
_LOAD_ALL = """
import os, sys
from pathlib import Path
from tests.loaders.files import load
for path in sorted(Path(sys.argv[1]).iterdir()):
    os.write(1, path.name.encode() + b" ")
    (report,) = load(path).files.values()
    assert report.state in {"complete", "incomplete", "skipped"}, report
    assert report.records <= 3001
os.write(1, b"done")
"""


def _load_apart(folder):
    """Load each folder below one in a process of its own: damage must not end it."""
    return subprocess.run(
        [sys.executable, "-c", _LOAD_ALL, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _damaged(number, whole):
    """A file with one of the kinds of damage that counts and sizes can have."""
    data, rng = bytearray(whole), random.Random(number)
    at = rng.randrange(4, len(data) - 8)
    new = [b"\xff", b"\xfe\xff\xff\xff\x0f", b"\xff\xff\xff\x7f", bytes([rng.randrange(256)])][number % 4]
    data[at : at + len(new)] = new
    return bytes(data)


def test_no_byte_of_a_page_header_ends_the_process(tmp_path):
    rows = [{"srcport": number, "srcaddr": f"10.0.{number // 250}.{number % 250}"} for number in range(3000)]
    buffer = io.BytesIO()
    pl.read_parquet(table(*rows, NODATA)).write_parquet(buffer, compression="snappy")
    for at in range(16, 180):
        data = bytearray(buffer.getvalue())
        data[at] = 0xFF
        put(tmp_path, f"{at:05}/a.parquet", bytes(data))
    run = _load_apart(tmp_path)
    assert (run.returncode, run.stdout[-4:]) == (0, "done"), run.stdout[-20:] + run.stderr[-500:]


def test_no_damage_ends_the_process(tmp_path):
    whole = table(*[{}, {"srcport": 5}] * 20, NODATA)
    for number in range(500):
        put(tmp_path, f"{number:05}/a.parquet", _damaged(number, whole))
    run = _load_apart(tmp_path)
    assert (run.returncode, run.stdout[-4:]) == (0, "done"), run.stdout[-20:] + run.stderr[-500:]


def test_a_page_that_promises_too_much_is_named(tmp_path):
    whole = bytearray(table({}, {}, {}))
    reasons = set()
    for at in range(4, 200):
        data = whole.copy()
        data[at : at + 5] = b"\xfe\xff\xff\xff\x0f"
        put(tmp_path, f"{at}.parquet", bytes(data))
    for report in load(tmp_path).files.values():
        reasons.add((report.reason or "").partition(" (")[2])
    assert {
        "the size of a page cannot be right)",
        "the number of values of a page cannot be right)",
    } <= reasons


def test_branches_without_end_are_not_followed(tmp_path):
    deep = pl.Series([1])
    for _ in range(100):
        deep = pl.DataFrame({"a": deep}).to_struct()
    put(tmp_path, "a.parquet", parquet({"version": [2], "srcaddr": ["a"], "dstaddr": ["b"], "deep": deep}))
    assert only(load(tmp_path)).reason == "it is damaged (the depth of its branches cannot be right)"


def test_a_table_of_very_many_columns_is_another_table(tmp_path):
    columns = {"version": [2], "srcaddr": ["a"], "dstaddr": ["b"]} | {
        f"c{number}": [1] for number in range(2000)
    }
    put(tmp_path, "a.parquet", parquet(columns))
    assert only(load(tmp_path)).state == "skipped"
