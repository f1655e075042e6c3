"""Results of queries: CSV of Insights and Athena, JSON of the CLI and of the console."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loaders.files import ENI, START, load, nodata, only, problems, put, record, records, text

TIME = "2026-01-15 10:00:00.123"
WHEN = datetime(2026, 1, 15, 10, 0, 0, 123000, tzinfo=UTC)
FIELDS = ["srcAddr", "dstAddr", "srcPort", "bytes", "action"]
ROW = ["203.0.113.9", "10.0.1.10", "51515", "180", "ACCEPT"]
OWN = ("srcaddr", "dstaddr", "srcport", "bytes", "action")
TYPED = ("203.0.113.9", "10.0.1.10", 51515, 180, "ACCEPT")


def quoted(*rows):
    """Rows as Athena writes them: everything in quotes, and nothing at all for NULL."""
    lines = (
        ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
    )
    return text(*lines)


def plain(*rows):
    """Rows as Insights writes them: quotes only where they are needed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def answer(*rows, status="Complete", **more):
    """What ``get-query-results`` prints; a row is a dict."""
    cells = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
    return json.dumps(
        {"results": cells, "statistics": {"recordsMatched": 2.0}, "status": status} | more
    ).encode()


def only_kind(dataset):
    return set(dataset.summary()["format"])


# Messages


def test_messages_in_csv_are_records_of_their_own_kind(tmp_path):
    header = ["@timestamp", "@message", "@log", "@logStream", "@ptr"]
    row = [TIME, record(srcport=7), "123456789012:/aws/vpc/flow", f"{ENI}-all", "CmEKJ"]
    put(tmp_path, "a.csv", plain(header, row))
    dataset = load(tmp_path)
    assert only(dataset).format == "insights-csv"
    assert records(dataset, "line", "srcport", "timestamp", "log_group", "log_stream") == [
        (2, 7, WHEN, "/aws/vpc/flow", f"{ENI}-all")
    ]
    assert only_kind(dataset) == {"flow-log"}
    assert dataset.raw(0, 2) == ",".join(row)


def test_messages_of_different_groups_have_different_kinds(tmp_path):
    rows = [[TIME, record(), "flows"], [TIME, "something else went wrong", "app"]]
    put(tmp_path, "a.csv", plain(["@timestamp", "@message", "@log"], *rows))
    assert set(load(tmp_path).summary().select("log_group", "format").rows()) == {
        ("flows", "flow-log"),
        ("app", "text"),
    }


def test_a_message_may_go_on_over_lines_and_the_next_row_has_its_own_line(tmp_path):
    rows = [[TIME, 'first "quoted", then\n\nmore'], [TIME, "second"]]
    put(tmp_path, "a.csv", plain(["@timestamp", "@message"], *rows))
    dataset = load(tmp_path)
    assert records(dataset, "line", "message") == [(2, rows[0][1]), (5, "second")]
    assert dataset.raw(0, 2) == plain(rows[0]).decode().rstrip("\n")


def test_a_message_without_a_time_that_can_be_read_is_kept_and_named(tmp_path):
    rows = [["yesterday", record()], ["", record()], [TIME, ""]]
    put(tmp_path, "a.csv", plain(["@timestamp", "@message"], *rows))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 3]
    assert problems(dataset) == [
        ("a.csv", 2, "@timestamp is not a time: yesterday"),
        ("a.csv", 4, "it has no @message"),
    ]


@pytest.mark.parametrize(
    "written", [TIME, "2026-01-15T10:00:00.123Z", "2026-01-15 10:00:00.123 UTC", "1768471200123"]
)
def test_a_time_is_read_however_it_is_written(tmp_path, written):
    put(tmp_path, "a.csv", plain(["@timestamp", "@message"], [written, "x"]))
    assert records(load(tmp_path), "timestamp") == [WHEN]


# Fields


@pytest.mark.parametrize(
    ("write", "name"), [(plain, "insights-csv"), (quoted, "athena-csv")], ids=["Insights", "Athena"]
)
def test_fields_in_csv_have_the_names_and_types_of_a_flow_log(tmp_path, write, name):
    put(tmp_path, "a", write(FIELDS, ROW))
    dataset = load(tmp_path)
    assert only(dataset).format == name
    assert records(dataset, "line", *OWN) == [(2, *TYPED)]
    assert only_kind(dataset) == {"flow-log"}
    assert dataset.parts[0].frame.schema["srcport"] == pl.Int32()


def test_absent_values_are_null_in_whichever_way_they_are_absent(tmp_path):
    put(tmp_path, "a.csv", quoted(FIELDS, [None, "-", "", "-", None]))
    dataset = load(tmp_path)
    assert records(dataset, *OWN) == [(None,) * 5]
    assert not problems(dataset)


def test_time_group_and_stream_come_from_the_columns_that_say_so(tmp_path):
    header = ["@timestamp", *FIELDS, "@log", "@logStream", "team"]
    put(tmp_path, "a.csv", plain(header, [TIME, *ROW, "123456789012:flows", "s", "red"]))
    assert records(load(tmp_path), "timestamp", "log_group", "log_stream", "team") == [
        (WHEN, "flows", "s", "red")
    ]


def test_times_in_seconds_and_as_text_are_both_seconds(tmp_path):
    header = ["srcaddr", "dstaddr", "start", "end"]
    rows = [["a", "b", str(START), "2026-01-15 10:00:59.000"], ["a", "b", f"{START}.0", f"{START}000"]]
    put(tmp_path, "a.csv", quoted(header, *rows))
    assert records(load(tmp_path), "start", "end") == [(START, START + 59), (START, START)]


def test_a_value_that_is_no_number_is_a_problem_of_its_row(tmp_path):
    rows = [ROW, [*ROW[:2], "http", *ROW[3:]], [*ROW[:3], "1.5", "ACCEPT"], [*ROW[:2], "80.0", *ROW[3:]]]
    put(tmp_path, "a.csv", plain(FIELDS, *rows))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(2, 51515), (5, 80)]
    assert problems(dataset) == [
        ("a.csv", 3, "srcport is not a number: http"),
        ("a.csv", 4, "bytes is not a number: 1.5"),
    ]


def test_rows_with_too_few_or_too_many_fields_are_named_by_the_line_they_begin_on(tmp_path):
    data = plain(FIELDS, ['a\n"b', *ROW[1:]], ROW[:1], [*ROW, "x"], [], ROW)
    put(tmp_path, "a.csv", data)
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 7]
    assert problems(dataset) == [
        ("a.csv", 4, "1 field where 5 are expected"),
        ("a.csv", 5, "6 fields where 5 are expected"),
    ]


def test_byte_order_mark_carriage_returns_and_blank_lines_change_nothing(tmp_path):
    data = b"\xef\xbb\xbf\r\n" + plain(FIELDS, ROW, ROW).replace(b"\n", b"\r\n") + b"\r\n"
    put(tmp_path, "a.csv", data)
    dataset = load(tmp_path)
    assert records(dataset, "line", *OWN) == [(3, *TYPED), (4, *TYPED)]
    assert not problems(dataset)


def test_a_header_that_comes_again_is_passed_over(tmp_path):
    put(tmp_path, "a.csv", plain(FIELDS, ROW, FIELDS, ROW))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 4]
    assert not problems(dataset)


def test_quotes_that_are_never_closed_cost_only_what_follows(tmp_path):
    put(tmp_path, "a.csv", plain(FIELDS, ROW) + b'"203.0.113.9\n' + plain(ROW))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2]
    assert (only(dataset).state, only(dataset).reason) == (
        "incomplete",
        "the quotes opened on line 3 are never closed",
    )


def test_a_quote_in_the_middle_of_a_value_mixes_nothing_up(tmp_path):
    put(tmp_path, "a.csv", text(",".join(FIELDS), 'a "b" c,d,1,2,ACCEPT', 'x,5" to 6",3,4,REJECT'))
    assert records(load(tmp_path), "dstaddr", "srcport", "action") == [
        ("d", 1, "ACCEPT"),
        ('5" to 6"', 3, "REJECT"),
    ]


def test_a_last_row_that_is_not_finished_makes_the_file_incomplete(tmp_path):
    put(tmp_path, "a.csv", plain(FIELDS, ROW, ROW)[:-20])
    assert (only(load(tmp_path)).state, only(load(tmp_path)).reason) == (
        "incomplete",
        "the last line is not finished",
    )


def test_names_that_would_harm_are_made_harmless(tmp_path):
    header = [*FIELDS, "srcaddr", "_level", "timestamp", "a.b(c)", "^x$"]
    put(tmp_path, "a.csv", plain(header, [*ROW, "1", "2", "3", "4", "5"]))
    assert records(load(tmp_path), "srcaddr", "srcaddr_", "level", "timestamp_", "a_b_c_", "x_") == [
        ("203.0.113.9", "1", "2", "3", "4", "5")
    ]


def test_a_row_without_a_time_that_can_be_read_is_kept_and_named(tmp_path):
    put(tmp_path, "a.csv", plain(["@timestamp", *FIELDS], ["Jan 15", *ROW]))
    dataset = load(tmp_path)
    assert records(dataset, *OWN) == [TYPED]
    assert problems(dataset) == [("a.csv", 2, "@timestamp is not a time: Jan 15")]


# Other results


def test_a_count_is_a_result_with_its_own_columns(tmp_path):
    put(tmp_path, "a.csv", plain(["srcAddr", "count(*)"], ["10.0.0.1", "12"]))
    dataset = load(tmp_path)
    assert only_kind(dataset) == {"results"}
    assert records(dataset, "srcAddr", "count___") == [("10.0.0.1", "12")]


def test_the_columns_of_a_result_are_text_under_their_own_names(tmp_path):
    put(tmp_path, "a.csv", plain(["@timestamp", "bytes", "Start", "count(*)"], [TIME, "1.5 GB", "noon", "-"]))
    dataset = load(tmp_path)
    assert records(dataset, "timestamp", "bytes", "Start", "count___") == [(WHEN, "1.5 GB", "noon", None)]
    assert not problems(dataset)


@pytest.mark.parametrize("header", [["@timestamp", "level"], ["bin(5m)", "sum(bytes)"], ["dstport", "_col1"]])
def test_what_a_query_made_of_the_fields_is_a_result(tmp_path, header):
    put(tmp_path, "a.csv", plain(header, [TIME, "12"] if header[0] != "dstport" else ["443", "12"]))
    assert only_kind(load(tmp_path)) == {"results"}


@pytest.mark.parametrize(
    "data",
    [
        b"name,age\nx,1\n",
        b"protocol,name\n6,tcp\n",
        b"@message\nx\n",
        b"srcaddr,dstaddr,10.0.0.1\na,b,c\n",
        b"srcaddr,dstaddr\na,b\n",
        b"Hello, world. This is @message, and more\n",
        b'"',
        b",,,\n",
    ],
)
def test_another_csv_is_not_taken(tmp_path, data):
    put(tmp_path, "a.csv", data)
    assert only(load(tmp_path)).format not in {"insights-csv", "athena-csv"}


def test_a_header_of_flow_logs_stays_a_flow_log(tmp_path):
    put(tmp_path, "a.csv", text("srcaddr dstaddr srcport", "10.0.0.1 10.0.0.2 5"))
    assert only(load(tmp_path)).format == "flow-log"


# JSON


def test_an_answer_of_the_cli_with_messages(tmp_path):
    rows = [{"@timestamp": TIME, "@message": record(srcport=n), "@ptr": "x"} for n in (1, 2)]
    put(tmp_path, "a.json", answer(*rows, {"@message": nodata(), "@log": "1:g"}))
    dataset = load(tmp_path)
    assert only(dataset).format == "query-results"
    assert records(dataset, "line", "srcport", "log_status") == [
        (1, 1, "OK"),
        (2, 2, "OK"),
        (3, None, "NODATA"),
    ]
    assert json.loads(dataset.raw(0, 2)) == rows[1]


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("console", [False, True], ids=["CLI", "console"])
def test_an_answer_with_fields(tmp_path, indent, console):
    row = dict(zip(FIELDS, ROW, strict=True))
    rows = [row | {"@timestamp": TIME}, {"srcAddr": "10.0.0.9", "team": "red"}]
    data = rows if console else json.loads(answer(*rows))
    put(tmp_path, "a.json", json.dumps(data, indent=indent).encode())
    dataset = load(tmp_path)
    assert only(dataset).format == "query-results"
    assert only_kind(dataset) == {"flow-log"}
    assert records(dataset, "line", *OWN, "team")[0] == (1, *TYPED, None)
    assert records(dataset, "line", *OWN, "team")[1] == (2, "10.0.0.9", None, None, None, None, "red")
    assert records(dataset, "timestamp")[0] == WHEN


def test_values_of_the_console_may_be_numbers_or_null(tmp_path):
    rows = [{"srcAddr": "a", "dstAddr": None, "bytes": 180, "dstPort": 443.0}]
    put(tmp_path, "a.json", json.dumps(rows).encode())
    assert records(load(tmp_path), "srcaddr", "bytes", "dstport") == [("a", 180, 443)]


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({"a": [1]}, '{"a": [1]}'),
        ("\ud800", r"\ud800"),
        (float("nan"), "NaN"),
        (10**30, str(10**30)),
        (True, "true"),
    ],
)
def test_values_that_polars_does_not_take_are_text(tmp_path, found, shown):
    rows = [{"srcAddr": "a", "dstAddr": "b", "bytes": "1", "odd": found}]
    put(tmp_path, "a.json", json.dumps(rows).encode())
    dataset = load(tmp_path)
    assert records(dataset, "bytes") == [1]
    assert records(dataset, "odd")[0].startswith(shown[:1])
    assert only(dataset).state == "complete"


def test_a_value_that_is_no_number_is_a_problem_with_the_number_of_its_row(tmp_path):
    row = dict(zip(FIELDS, ROW, strict=True))
    put(tmp_path, "a.json", answer(row, row | {"bytes": "many"}, row))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3]
    assert problems(dataset) == [("a.json", 2, "bytes is not a number: many")]


@pytest.mark.parametrize("status", ["Running", "Scheduled", "Failed", "Timeout"])
def test_an_answer_of_a_query_that_had_not_finished_is_incomplete(tmp_path, status):
    put(tmp_path, "a.json", answer(dict(zip(FIELDS, ROW, strict=True)), status=status))
    dataset = load(tmp_path)
    assert (only(dataset).state, only(dataset).reason) == (
        "incomplete",
        f"the query had not finished: {status}",
    )
    assert dataset.height == 1


def test_an_answer_without_rows_is_complete(tmp_path):
    put(tmp_path, "a.json", answer())
    assert (only(load(tmp_path)).format, only(load(tmp_path)).state) == ("query-results", "complete")


def test_an_answer_of_counts_is_a_result(tmp_path):
    put(tmp_path, "a.json", answer({"dstPort": "443", "count(*)": "9"}, queryLanguage="CWLI"))
    dataset = load(tmp_path)
    assert only_kind(dataset) == {"results"}
    assert records(dataset, "dstPort", "count___") == [("443", "9")]


def test_answers_after_one_another_are_all_read(tmp_path):
    row = dict(zip(FIELDS, ROW, strict=True))
    put(tmp_path, "a.json", answer(row) + b"\n" + answer(row | {"bytes": "7"}))
    assert records(load(tmp_path), "line", "bytes") == [(1, 180), (2, 7)]


@pytest.mark.parametrize("console", [False, True], ids=["CLI", "console"])
def test_cut_off_anywhere_whole_rows_are_kept_and_the_file_is_incomplete(tmp_path, console):
    row = dict(zip(FIELDS, ROW, strict=True))
    data = json.dumps([row, row, row]).encode() if console else answer(row, row, row)
    second = data.index(b"203.0.113.9", data.index(b"ACCEPT"))
    for size in range(second, len(data), 5):
        put(tmp_path, f"{size:05}.json", data[:size])
    dataset = load(tmp_path)
    heights = [
        report.records for report in sorted(dataset.files.values(), key=lambda report: report.source.name)
    ]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (1, 3 if not console else heights[-1])
    assert {(report.state, report.reason) for report in dataset.files.values()} == {
        ("incomplete", "the JSON ends too early: the file is not complete")
    }


def test_items_that_are_no_rows_are_named(tmp_path):
    row = dict(zip(FIELDS, ROW, strict=True))
    put(tmp_path, "a.json", json.dumps([row, 5, None, row]).encode())
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 4]
    assert problems(dataset) == [("a.json", n, "not a row of fields and values") for n in (2, 3)]


@pytest.mark.parametrize(
    "data",
    [
        b'{"events":[]}',
        b'{"Records":[{"a":1}]}',
        b'{"messageType":"DATA_MESSAGE","logEvents":[]}',
        b'[{"a":1,"b":2,"bytes":3}]',
        b'{"results":[{"name":"x"}]}',
        b'{"results":[]}',
        b"[]",
        b"[{",
        b"[" * 60000,
        b'{"results":' + b"[" * 60000,
    ],
)
def test_other_json_is_not_taken(tmp_path, data):
    put(tmp_path, "a.json", data)
    assert only(load(tmp_path)).format != "query-results"


def test_nesting_without_end_is_survived(tmp_path):
    row = '{"srcAddr":"a","dstAddr":"b","bytes":"1"}'
    put(tmp_path, "a.json", f'[{row},{{"x":{"[" * 100_000}'.encode())
    assert (only(load(tmp_path)).state, only(load(tmp_path)).records) == ("incomplete", 1)


def test_a_thousand_columns_and_no_more(tmp_path):
    row = dict(zip(FIELDS, ROW, strict=True)) | {f"f{number}": "x" for number in range(2000)}
    put(tmp_path, "a.json", answer(row))
    report = only(load(tmp_path))
    assert (report.state, report.records) == ("incomplete", 1)
    assert report.reason == "only the first 1000 of 2005 fields are read"


def test_gzip_changes_nothing(tmp_path):
    put(tmp_path, "a.json", gzip.compress(answer(dict(zip(FIELDS, ROW, strict=True)))))
    put(tmp_path, "b.csv", gzip.compress(gzip.compress(plain(FIELDS, ROW))))
    assert records(load(tmp_path), *OWN) == [TYPED] * 2


_CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_CELLS, min_size=2, max_size=2), min_size=1, max_size=6))
def test_whatever_csv_can_say_comes_back(rows):
    whole = [[TIME, *row] for row in rows]
    with TemporaryDirectory() as folder:
        put(Path(folder), "a.csv", plain(["@timestamp", "note", "remark"], *whole))
        found = records(load(Path(folder)), "note", "remark")
    assert found == [tuple(None if cell.strip() in {"", "-"} else cell for cell in row) for row in rows]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([plain(FIELDS, ROW), answer({"@message": "x", "bytes": "1"})]))
def test_no_bytes_make_it_fail(noise, data):
    with TemporaryDirectory() as folder:
        put(Path(folder), "a", data + noise)
        put(Path(folder), "b", data[: len(data) // 2] + noise + data[len(data) // 2 :])
        assert load(Path(folder)).files


@pytest.mark.parametrize("console", [False, True], ids=["CLI", "console"])
@pytest.mark.parametrize("indent", [None, 2])
def test_rows_before_and_behind_a_damaged_one_are_kept(tmp_path, console, indent):
    row = dict(zip(FIELDS, ROW, strict=True))
    rows = [row, row | {"bytes": "damaged"}, row]
    data = json.dumps(rows if console else json.loads(answer(*rows)), indent=indent).encode()
    put(tmp_path, "a.json", data.replace(b'"damaged"', b"damaged"))
    dataset = load(tmp_path)
    assert records(dataset, "line", "bytes") == [(1, 180), (3, 180)]
    assert problems(dataset) == [("a.json", 2, "not valid JSON")]


def test_results_may_name_columns_as_flow_logs_do(tmp_path):
    put(tmp_path, "a.csv", b'"@timestamp","start","bytes","count(*)"\n"","10:00","1.5 GB","3"\n')
    dataset = load(tmp_path)
    assert [part.kind for part in dataset.parts] == ["results"]
    assert dataset.parts[0].frame.select("start", "bytes").rows() == [("10:00", "1.5 GB")]
    assert dataset.summary().select("log_stream", "bytes").rows() == [("a.csv", 0)]
