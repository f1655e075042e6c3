"""Every layout of the corpus: what comes from the store is what comes from the files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from loaders import discover
from tests.corpus import CASES, build, build_case
from tests.store.sameness import assert_same, opened, read

SAMPLE = Path(__file__).resolve().parents[2] / "sample_logs"


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch):
    """A file that was just written is believed to stay as it is."""
    monkeypatch.setattr(discover, "_HOT_NS", 0)


def first_and_again(*roots, looked_into):
    """Read with a store twice; the second time nothing is opened."""
    without = read(*roots, store=False)
    looked_into.clear()
    for turn in range(2):
        with opened(*roots) as library:
            assert_same(library.dataset, without)
            assert without.fields
            assert set(library.dataset.fields) == set(without.fields)
            assert library.dataset.problem_count == without.problem_count
        assert bool(looked_into) == (turn == 0), looked_into
        looked_into.clear()


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_the_same_from_the_store(name, tmp_path, looked_into):
    folder = build_case(name, tmp_path / "corpus").folder
    without = read(folder, store=False)
    for turn in range(2):
        assert_same(read(folder), without)
        assert bool(looked_into) == (turn == 0) or not without.files
        looked_into.clear()


def test_all_cases_together_are_the_same_from_the_store(tmp_path, looked_into):
    build(tmp_path / "corpus")
    first_and_again(tmp_path / "corpus", looked_into=looked_into)


@pytest.mark.usefixtures("in_small_steps")
def test_all_cases_read_one_by_one_and_merged_are_the_same(tmp_path, looked_into):
    build(tmp_path / "corpus")
    first_and_again(tmp_path / "corpus", looked_into=looked_into)


def test_the_sample_logs_are_the_same_from_the_store(looked_into):
    first_and_again(SAMPLE, looked_into=looked_into)


@pytest.mark.parametrize("folder", sorted(path.name for path in SAMPLE.iterdir() if path.is_dir()))
def test_each_folder_of_the_sample_logs_is_the_same_from_the_store(folder, looked_into):
    without = read(SAMPLE / folder, store=False)
    for _ in range(2):
        assert_same(read(SAMPLE / folder), without)


def test_rows_are_found_by_their_lines_and_quoted(tmp_path):
    root = tmp_path / "corpus"
    for name in ("f-glued", "h-default-order", "j-public-zone", "k-lines", "h-json-lines", "f-29-fields"):
        build_case(name, root)
    read(root)
    dataset, without = read(root), read(root, store=False)
    files = {report.source.name: number for number, report in without.files.items()}
    rows = 0
    for number, report in dataset.files.items():
        there = files[report.source.name]
        for line in range(1, 4):
            here = dataset.number_of(number, line)
            assert (here is None) == (without.number_of(there, line) is None)
            assert dataset.raw(number, line) == without.raw(there, line)
            if here is not None:
                found = dataset.rows(pl.Series([here], dtype=pl.UInt32))
                assert found.select("_file", "_line").row(0) == (number, line)
                rows += 1
    assert rows >= 6
