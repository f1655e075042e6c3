"""Results on standard output: tables, CSV, JSON and NDJSON of the same rows."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from tui.output import FORMATS, write

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
