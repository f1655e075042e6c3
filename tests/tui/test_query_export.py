"""A result in a file: its ending says in which form; nothing is replaced unasked or left half-written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from tui.export import ExistsError, ExportError, export

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"t": [TEN, None], "n": [1, 2], "yes": [True, None], "x": ["=1+1", "a\x1b[2J\n"]},
    schema_overrides={"t": pl.Datetime("ms", "UTC")},
)


def test_csv_is_safe_to_open_in_a_spreadsheet(tmp_path):
    path = export(FRAME, str(tmp_path / "a.csv"), replace=False)
    assert path.read_text().splitlines() == [
        "t,n,yes,x",
        "2026-01-15T10:00:00.000Z,1,1,'=1+1",
        ",2,,a␛[2J␊",
    ]


@pytest.mark.parametrize("ending", ["json", "ndjson", "NDJSON"])
def test_json_is_exact(tmp_path, ending):
    path = export(FRAME, str(tmp_path / f"a.{ending}"), replace=False)
    text = path.read_text()
    rows = json.loads(text) if ending == "json" else list(map(json.loads, text.splitlines()))
    assert rows == [
        {"t": "2026-01-15T10:00:00.000Z", "n": 1, "yes": 1, "x": "=1+1"},
        {"t": None, "n": 2, "yes": None, "x": "a\x1b[2J\n"},
    ]


def test_parquet_keeps_the_types(tmp_path):
    path = export(FRAME, str(tmp_path / "a.parquet"), replace=False)
    back = pl.read_parquet(path)
    assert back.schema["t"] == pl.Datetime("ms", "UTC")
    assert back["x"].to_list() == FRAME["x"].to_list()


def test_a_file_is_replaced_only_when_that_was_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("dear")
    with pytest.raises(ExistsError, match=r"a\.csv is there already\."):
        export(FRAME, str(path), replace=False)
    assert path.read_text() == "dear"
    export(FRAME, str(path), replace=True)
    assert path.read_text().startswith("t,n")


def test_a_home_directory_and_blanks_around_the_name_are_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert export(FRAME, " ~/a.csv ", replace=False) == tmp_path / "a.csv"


@pytest.mark.parametrize("name", ["", "a", "a.xlsx", ".csv", "a.csv.gz"])
def test_a_name_whose_ending_says_nothing_is_refused_with_those_that_do(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match=r"\.csv, \.json, \.ndjson, \.parquet"):
        export(FRAME, name, replace=False)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(ExportError, match="cannot be written: No such file or directory"):
        export(FRAME, str(tmp_path / "none" / "a.csv"), replace=False)
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(ExportError, match="cannot be written"):
        export(FRAME, str(tmp_path / "a.csv"), replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
