"""Every layout of the corpus: each file, stream and record is exactly what was written."""

from __future__ import annotations

import polars as pl
import pytest

from tests.corpus import CASES, build, build_case
from tests.corpus.model import tally
from tests.loaders.files import load, reports


def rows_of(dataset):
    """Every record by file name and line: its kind and its columns."""
    names = {number: report.source.name for number, report in dataset.files.items()}
    found = {}
    for part in dataset.parts:
        for row in part.frame.to_dicts():
            key = names[row["_file"]], row["_line"]
            assert key not in found, f"two records of one line: {key}"
            found[key] = part.kind, row
    return found


def summary_of(dataset):
    """The counts of every stream by group, stream and kind."""
    rows = dataset.summary().to_dicts()
    keys = ("log_group", "log_stream", "format")
    found = {tuple(row.pop(key) for key in keys): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Build and read a case when it is first asked for."""
    root = tmp_path_factory.mktemp("corpus")
    built, loaded = {}, {}

    def read(name):
        if name not in built:
            built[name] = build_case(name, root)
        if name not in loaded:
            loaded[name] = load(built[name].folder)
        return built[name], loaded[name]

    return read


@pytest.mark.parametrize("name", CASES)
def test_every_file_is_told_for_what_it_is(cases, name):
    expected, dataset = cases(name)
    found = reports(dataset)
    assert {file: (r.format, r.source.place.layout, r.state, r.records) for file, r in found.items()} == {
        file.name: (file.format, file.layout, file.state, expected.records(file.name))
        for file in expected.files
    }
    for file in expected.files:
        assert file.reason in (found[file.name].reason or ""), (file.name, found[file.name].reason)


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_named_with_its_line(cases, name):
    expected, dataset = cases(name)
    found = {
        file: report.problems.rows() for file, report in reports(dataset).items() if report.problems.height
    }
    assert {file: [line for line, _ in rows] for file, rows in found.items()} == {
        file.name: [line for line, _ in file.problems] for file in expected.files if file.problems
    }, found
    for file in expected.files:
        for (_, said), (_, part) in zip(found.get(file.name, []), file.problems, strict=True):
            assert part in said


@pytest.mark.parametrize("name", CASES)
def test_every_stream_is_counted(cases, name):
    expected, dataset = cases(name)
    assert summary_of(dataset) == tally([expected])


@pytest.mark.parametrize("name", CASES)
def test_every_record_has_its_values(cases, name):
    expected, dataset = cases(name)
    found = rows_of(dataset)
    assert sorted(found) == sorted((row.file, row.line) for row in expected.rows)
    for row in expected.rows:
        kind, columns = found[row.file, row.line]
        place = {
            "log_group": expected.group(row, above=False),
            "log_stream": row.stream,
            "timestamp": row.time,
        }
        wanted = {"kind": row.kind, **place, **row.values}
        had = {"kind": kind, **columns}
        assert {column: had.get(column) for column in wanted} == wanted, (row.file, row.line)


def test_all_layouts_in_one_directory_are_what_each_is_alone(tmp_path):
    expected = build(tmp_path)
    dataset = load(tmp_path)
    assert {file: (r.format, r.state, r.records) for file, r in reports(dataset).items()} == {
        f"{case.name}/{file.name}": (file.format, file.state, case.records(file.name))
        for case in expected
        for file in case.files
    }
    assert summary_of(dataset) == tally(expected, above=True)


def test_records_of_every_kind_can_be_fetched_together(tmp_path):
    for name in (
        "h-default-order",
        "j-resolver-plain",
        "j-public-zone",
        "k-lines",
        "h-json-lines",
        "h-plain-text-with-times",
    ):
        build_case(name, tmp_path)
    dataset = load(tmp_path)
    assert dataset.lazy().collect().height == dataset.height
    backwards = pl.Series(range(dataset.height), dtype=pl.UInt32).reverse()
    assert dataset.rows(backwards).height == dataset.height
