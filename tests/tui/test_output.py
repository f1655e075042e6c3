"""Results on standard output: tables, CSV, JSON and NDJSON of the same rows."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.tui.conftest import REPOSITORY, line
from tui.output import FORMATS, write
from tui.sanitise import clean

COLUMNS = ("name", "records", "last", "problems")
ROWS = [
    {
        "name": 'a "quoted", name',
        "records": 12,
        "last": datetime(2026, 1, 1, tzinfo=UTC),
        "problems": [{"line": 3, "what": "bad"}, {"line": None, "what": "worse"}],
        "not asked for": 1,
    },
    {"name": "b", "records": None, "last": None, "problems": []},
]


def written(form, rows=ROWS, columns=COLUMNS):
    out = io.StringIO()
    write(rows, columns, form, out)
    return out.getvalue()


def test_json_keeps_types_order_and_nulls():
    text = written("json")
    assert text.endswith("]\n")
    found = json.loads(text)
    assert [list(row) for row in found] == [list(COLUMNS)] * 2
    assert found[0]["records"] == 12
    assert found[0]["last"] == "2026-01-01T00:00:00.000Z"
    assert found[0]["problems"] == [{"line": 3, "what": "bad"}, {"line": None, "what": "worse"}]
    assert (found[1]["records"], found[1]["last"], found[1]["problems"]) == (None, None, [])


def test_ndjson_is_the_same_an_object_a_line():
    lines = written("ndjson").splitlines()
    assert [json.loads(line) for line in lines] == json.loads(written("json"))


def test_csv_has_a_header_and_quotes_what_needs_it():
    rows = list(csv.reader(io.StringIO(written("csv"))))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == ['a "quoted", name', "12", "2026-01-01T00:00:00.000Z", "3 bad;  worse"]
    assert rows[2] == ["b", "", "", ""]


def test_a_table_lines_its_columns_up_and_sets_numbers_to_the_right():
    text = written(
        "table", [{"name": "a", "records": 7}, {"name": "longer", "records": 1234}], ("name", "records")
    )
    assert text.splitlines() == ["name    records", "a             7", "longer     1234"]


def test_a_table_shows_hostile_values_harmless_and_on_one_line():
    text = written("table", [{"name": "\x1b[31m\nx"}], ("name",))
    assert text == "name\n␛[31m␊x\n"


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_are_written_too(form):
    text = written(form, [])
    assert text == {"json": "[]\n", "ndjson": "", "csv": "name,records,last,problems\n"}.get(form, text)
    if form == "table":
        assert text.split() == list(COLUMNS)


# Data written by strangers

NASTY = [
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m\x9d0;evil\x9c",
    "bell\x07\x08\x7f",
    "\u202a\u202b\u202c\u202d\u202eevil",
    "\u2066\u2067\u2068\u2069evil",
    "zero\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180ewidth",
    "lone \ud800 surrogate \udc9b",
    "nul\x00l",
    "new\nline\rreturn\ttab\x0b\x0c\x85\u2028\u2029",
    "filler \u3164\u115f\uffa0 \U000e0041",
    *map(chr, [*range(0x20), *range(0x7F, 0xA0)]),
]
STEERS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_nothing_in_a_value_or_a_heading_steers_the_terminal(form, text):
    out = written(form, [{text: text, "n": [{"what": text}]}], (text, "n"))
    assert not STEERS.search(out)
    out.encode()
    if form in {"table", "csv", "ndjson"}:
        assert out.count("\n") == (1 if form == "ndjson" else 2)


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_json_is_exact_all_the_same(text):
    for form in ("json", "ndjson"):
        found = json.loads(written(form, [{"name": text}], ("name",)))
        assert (found[0] if form == "json" else found) == {"name": text}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+cmd", "'+cmd"),
        ("-1+cmd", "'-1+cmd"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'␉=1"),
        ("\r=1", "'␍=1"),
        ("\n=1", "'␊=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-12.5", "-12.5"),
        ("+7", "+7"),
        ("1=1", "1=1"),
        ("eni-0123", "eni-0123"),
        (-7, "-7"),
        ("", ""),
    ],
)
def test_csv_holds_no_formula(text, shown):
    rows = list(csv.reader(io.StringIO(written("csv", [{"name": text, "n": 0}], ("name", "n")))))
    assert rows == [["name", "n"], [shown, "0"]]


def test_a_heading_of_csv_is_no_formula_either():
    assert written("csv", [], ("=name", "n")) == "'=name,n\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("soft\u00adhyphen", "soft\\xadhyphen"),
        ("\u3164", "<U+3164>"),
        ("a" + "\u05b0" * 50, "a\u05b0\u05b0\ufffd"),
        ("❤\ufe0f", "❤\ufe0f"),
    ],
)
def test_what_takes_no_room_is_made_visible(text, shown):
    assert clean(text) == shown


@pytest.fixture(scope="module")
def hostile_logs(tmp_path_factory):
    """File names, folders, interfaces, a header and bad lines with all that is nasty in them."""
    root = tmp_path_factory.mktemp("hostile")
    header = "account-id interface-id srcaddr dstaddr action log-status bytes"
    for number, text in enumerate(NASTY):
        name = (
            "".join(text.split("\x00"))
            .replace("/", "_")
            .encode("utf-8", "surrogateescape" if "\ud800" not in text else "surrogatepass")
        )
        folder = os.fsencode(root) + b"/" + str(number).encode() + name
        os.makedirs(folder, exist_ok=True)
        word = "".join(text.split())
        lines = [
            f"{header} x{word}",
            f"1 eni-{word} 10.0.0.1 10.0.0.2 ACCEPT OK 5 {word}-",
            f"1 eni-1 10.0.0.1 10.0.0.2 ACCEPT OK {word} {word}-",
            line(),
            text,
        ]
        with open(folder + b"/" + name + b"=.log", "wb") as file:
            file.write("\n".join(lines).encode("utf-8", "surrogatepass"))
        with open(folder + b"/b.json", "wb") as file:
            file.write(json.dumps({"time": text, "message": text}).encode() + b"\n")
    return root


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", ["groups", "check"])
def test_no_byte_that_steers_leaves_the_commands(hostile_logs, command, form):
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", command, str(hostile_logs), "--format", form],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    assert len(done.stdout) > 1000
    for stream in (done.stdout, done.stderr):
        assert not STEERS.search(stream.decode("utf-8"))


def test_a_path_that_is_not_there_is_named_without_harm(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "check", str(tmp_path / "\x1b]0;evil\x07\u202e")],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"There is no" in done.stderr
    assert not STEERS.search(done.stderr.decode())


@pytest.mark.parametrize("command", ["groups", "check"])
def test_a_pipe_that_is_given_as_path_is_refused_at_once(tmp_path, command):
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", command, str(tmp_path / "pipe")],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert b"neither a directory nor a file" in done.stderr
