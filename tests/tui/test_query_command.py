"""``flowtui query`` as scripts use it: standard output, standard error, files and exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.forked import Command
from tests.tui.conftest import BEGIN, HOSTILE, REPOSITORY, Logs, line

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
BY_PORT = "filter ispresent(action) | stats count(*) as n, avg(bytes), max(@timestamp) as last by dstPort"


def query(*arguments, status=0, binary=False):
    """Run ``flowtui query``; what it wrote to standard output and to standard error."""
    out, err = Command("query", *arguments).bytes(status)
    return (out if binary else out.decode()), err


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Four records, one of them of the day before, and one without traffic."""
    root = tmp_path_factory.mktemp("x") / "logs"
    root.mkdir()
    found = Logs(root)
    empty = f"2 123456789012 eni-0123456789abcdef0 - - - - - - - {BEGIN} {BEGIN + 9} - NODATA"
    found.deliver(
        line(dstport=22, bytes=100, action="REJECT"),
        line(dstport=443, bytes=250, start=BEGIN + 60),
        line(dstport=443, bytes=1000, start=BEGIN + 120, srcaddr="10.9.9.9"),
        empty,
    )
    yesterday = BEGIN - 86_400
    found.deliver(line(dstport=22, bytes=7, start=yesterday), end=yesterday + 300)
    return root


def test_a_table_is_for_people(logs):
    out, err = query(logs, BY_PORT)
    assert out.splitlines() == [
        "dstPort  n  avg(bytes)  last",
        "     22  2        53.5  2026-01-15T10:00:00.000Z",
        "    443  2         625  2026-01-15T10:02:00.000Z",
    ]
    assert err == ""


def test_json_is_a_list_of_objects_with_keys_in_the_order_of_the_columns(logs):
    out, _ = query(
        logs,
        "sort @timestamp desc | fields @timestamp, dstPort, bytes > 500 as big, nosuch",
        "--format",
        "json",
    )
    rows = json.loads(out)
    assert [list(row) for row in rows] == [["@timestamp", "dstPort", "big", "nosuch"]] * 5
    assert rows[0] == {"@timestamp": "2026-01-15T10:02:00.000Z", "dstPort": 443, "big": 1, "nosuch": None}
    assert {"dstPort": None}.items() <= next(row for row in rows if row["dstPort"] is None).items()


def test_ndjson_is_an_object_a_line(logs):
    out, _ = query(logs, "stats count(*) by action", "--format", "ndjson")
    assert [json.loads(text) for text in out.splitlines()] == [
        {"action": None, "count(*)": 1},
        {"action": "ACCEPT", "count(*)": 3},
        {"action": "REJECT", "count(*)": 1},
    ]


def test_csv_has_a_header_and_nothing_for_null(logs):
    out, _ = query(logs, "stats count(*), sum(bytes) by action", "--format", "csv")
    assert list(csv.reader(io.StringIO(out))) == [
        ["action", "count(*)", "sum(bytes)"],
        ["", "1", ""],
        ["ACCEPT", "3", "1257"],
        ["REJECT", "1", "100"],
    ]


def test_parquet_keeps_the_types_in_a_file_and_in_a_pipe(logs, tmp_path):
    path = tmp_path / "answer.parquet"
    assert query(logs, BY_PORT, "--output", path) == ("", "")
    out, _ = query(logs, BY_PORT, "--format", "parquet", binary=True)
    for frame in (pl.read_parquet(path), pl.read_parquet(io.BytesIO(out))):
        assert frame.schema == {
            "dstPort": pl.Int64,
            "n": pl.Int64,
            "avg(bytes)": pl.Float64,
            "last": pl.Datetime("ms", "UTC"),
        }
        assert frame["n"].to_list() == [2, 2]


@pytest.mark.parametrize("form", ["csv", "json", "ndjson"])
def test_the_ending_of_the_file_names_the_form(logs, tmp_path, form):
    path = tmp_path / f"answer.{form.upper()}"
    path.write_text("what was there before")
    assert query(logs, "stats count(*)", "--output", path) == ("", "")
    printed, _ = query(logs, "stats count(*)", "--format", form)
    assert path.read_text() == printed
    assert os.listdir(tmp_path) == [path.name]


def test_the_form_that_is_named_counts_more_than_the_ending(logs, tmp_path):
    query(logs, "stats count(*) as n", "--output", tmp_path / "answer.csv", "--format", "json")
    assert json.loads((tmp_path / "answer.csv").read_text()) == [{"n": 5}]
    query(logs, "stats count(*) as n", "--output", tmp_path / "answer.txt")
    assert (tmp_path / "answer.txt").read_text() == "n\n5\n"


def test_a_file_that_cannot_be_written_is_one_sentence(logs, tmp_path):
    missing = tmp_path / "nowhere" / "answer.json"
    out, err = query(logs, "stats count(*)", "--output", missing, status=1)
    assert (out, err) == ("", f"flowtui: {missing} cannot be written: No such file or directory.\n")
    _, err = query(logs, "stats count(*)", "--output", tmp_path, status=1)
    assert err == f"flowtui: {tmp_path} cannot be written: Is a directory.\n"
    assert os.listdir(tmp_path) == []


def test_a_failed_query_leaves_the_file_as_it_was(logs, tmp_path):
    path = tmp_path / "answer.json"
    path.write_text("dear")
    query(logs, "stats coun(*)", "--output", path, status=2)
    query(logs, "pattern @message | diff", "--output", path, status=2)
    assert path.read_text() == "dear"
    assert os.listdir(tmp_path) == [path.name]


def test_the_time_range_is_that_of_since_and_until(logs):
    count = "stats count(*) as n"
    for options, n in (
        (("--since", "2026-01-15T10:01Z"), 2),
        (("--until", "2026-01-15"), 1),
        (("--since", str(BEGIN + 60), "--until", str(BEGIN + 120)), 1),
    ):
        out, _ = query(logs, count, *options, "--format", "json")
        assert json.loads(out) == [{"n": n}], options


def test_diff_reads_the_earlier_time_too(logs):
    times = ("--since", "2026-01-15", "--until", "2026-01-16")
    out, _ = query(
        logs, "filter dstPort = 22 | pattern action | diff previousDay", *times, "--format", "json"
    )
    found = {row["@pattern"]: (row["@sampleCount"], row["@baselineSampleCount"]) for row in json.loads(out)}
    assert found == {"REJECT": (1, 0), "ACCEPT": (0, 1)}


def test_explain_says_what_is_read_and_done_and_prints_no_rows(logs):
    out, err = query(logs, "filter reject | stats count(*) as n by srcAddr", "--explain")
    first, second, third, plan, *rest = out.splitlines()
    assert first.split(maxsplit=1) == ["reads", "5 records of 2 files"]
    assert second.split(maxsplit=1) == ["gives", "srcAddr String, n Int64"]
    assert third.endswith(
        'takes this query written out: filter action = "REJECT" | stats count(*) as n by srcAddr'
    )
    assert plan == "plan"
    assert rest
    assert "10.0.0.1" not in out
    assert err == ""
    assert "takes this query as it is." in query(logs, "fields srcAddr", "--explain")[0]
    assert (
        "would refuse it: AWS has no command 'chart'."
        in query(logs, "fields srcAddr | chart bar", "--explain")[0]
    )


WRONG = {
    "stats coun(*)": "stats coun(*)\n      ^^^^\n'coun' is not a function. Did you mean 'count'?\n",
    "fields a\n| filtr b": "| filtr b\n  ^^^^^\n'filtr' is not a command. Did you mean 'filter'?\n",
    "filter a like /(/": (
        "filter a like /(/\n              ^^^\nThis pattern is not a valid regular expression.\n"
    ),
    "dedup a | sort b": (
        "dedup a | sort b\n               ^\nOnly limit may follow dedup. Put dedup behind the other commands.\n"
    ),
    "join x": "join x\n^^^^\nflowtui does not have 'join': it joins the results of several queries, and flowtui runs one.\n",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_query_is_explained_with_a_caret_and_status_2(logs, text):
    assert query(logs, text, status=2) == ("", WRONG[text])


def test_wrong_usage_has_status_2_too(logs):
    assert "The query is missing" in query(logs, status=2)[1]
    assert "The query is empty." in query(status=2)[1]
    assert "'xml' is not one of" in query(logs, "limit 1", "--format", "xml", status=2)[1]
    assert "is not a time" in query(logs, "limit 1", "--since", "soonish", status=2)[1]


def test_logs_that_are_not_there_have_status_1(logs):
    out, err = query(logs / "nowhere", "limit 1", status=1)
    assert out == ""
    assert err.startswith("flowtui: ")
    assert err.count("\n") == 1


def test_what_is_odd_is_told_beside_the_answer(logs):
    out, err = query(logs, "fields srcAdr\n| filter nosuch = 1", "--format", "json")
    assert json.loads(out) == []
    assert err.splitlines() == [
        "Line 1: srcAdr is not among the fields of these logs, so it counts as empty. Did you mean 'srcAddr'?",
        "Line 2: nosuch is not among the fields of these logs, so it counts as empty.",
    ]


def test_without_a_limit_the_cut_at_ten_thousand_rows_is_told(logs, tmp_path):
    Logs(tmp_path).deliver(*(line(srcport=number, start=BEGIN + number) for number in range(10_001)))
    out, err = query(tmp_path, "fields srcPort", "--format", "csv")
    assert out.count("\n") == 10_001
    assert err == "Only the first 10,000 rows are here; for all of them add '| limit any'.\n"
    out, err = query(tmp_path, "fields srcPort | limit any", "--format", "csv")
    assert (out.count("\n"), err) == (10_002, "")


def test_a_lookup_table_beside_the_logs_is_found(logs, tmp_path):
    Logs(tmp_path).deliver(line(srcaddr="10.0.0.1"), line(srcaddr="10.9.9.9"))
    (tmp_path / "lookups").mkdir()
    (tmp_path / "lookups" / "nets.csv").write_text("cidr,owner\n10.0.0.0/16,web\n")
    text = "cidrlookup nets srcAddr OUTPUT owner | stats count(*) as n by owner"
    out, _ = query(tmp_path, text, "--format", "json")
    assert json.loads(out) == [{"owner": None, "n": 1}, {"owner": "web", "n": 1}]
    _, err = query(tmp_path, text.replace("nets", "nots"), status=2)
    assert "There is no lookup table 'nots'." in err


@pytest.mark.parametrize("form", ["table", "csv", "json", "ndjson", "parquet"])
def test_a_reader_that_leaves_early_hears_no_complaint(logs, form):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "query", str(logs), "fields @message", "--format", form],
        stdout=write_end,
        stderr=subprocess.PIPE,
        cwd=REPOSITORY,
        timeout=60,
        check=False,
    )
    os.close(write_end)
    assert b"Traceback" not in done.stderr, done.stderr.decode()


HOSTILE_VALUES = (
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe",
    "a\nb\rc\x9b2J",
    "=cmd|'/c calc'!A0",
    "\x00\x7f",
)


@pytest.mark.parametrize("form", ["table", "csv", "json", "ndjson"])
def test_hostile_values_and_names_never_steer_the_terminal(tmp_path, form):
    messages = [{"timestamp": "2026-01-15T10:00:00Z", "note": value} for value in HOSTILE_VALUES]
    (tmp_path / "app.jsonl").write_text("\n".join(map(json.dumps, messages)) + "\n")
    out, err = query(tmp_path, "fields note as `\x1b[2Jname`, nosuch as `x\x9b`", "--format", form)
    for text in (out, err):
        assert not HOSTILE.search(text.replace("\n", ""))
    if form in {"json", "ndjson"}:
        rows = json.loads(out) if form == "json" else [json.loads(text) for text in out.splitlines()]
        assert {row["\x1b[2Jname"] for row in rows} == set(HOSTILE_VALUES)
    if form == "csv":
        assert "'=cmd" in out


def test_a_hostile_query_never_steers_the_terminal_either(logs):
    for text in (
        "fields `\x1b[31m` | filtr a",
        "stats \x1b[2J",
        "fields '\x9b\u202e",
        "filter a = '\x07' b \x1b",
    ):
        _, err = query(logs, text, status=2)
        assert not HOSTILE.search(err.replace("\n", ""))
