"""The list of problems: a row for each file with something wrong, what that is, and files passed over."""

from __future__ import annotations

import time

import polars as pl
import pytest

from loaders.dataset import Dataset, FileReport
from loaders.discover import SourceFile
from loaders.layouts import place
from tests.tui.conftest import (
    BEGIN,
    HOSTILE,
    NARROW,
    WIDE,
    explorer_on,
    line,
    lines_in,
    picture,
    settled,
    strips,
    title,
    until,
)
from tui.screens.problems import ProblemSource


def report(name, state="complete", reason=None, lines=(), records=0, format_="flow-log"):
    """What became of a file."""
    problems = pl.DataFrame(
        {"line": list(lines), "what": [f"bad {number}" for number in lines]},
        schema={"line": pl.UInt32(), "what": pl.String()},
    )
    file = SourceFile(name, name, place(name, "root"), (1, 1, 1))
    return FileReport(file, format_, state, reason, records, problems)


def source(*reports):
    return ProblemSource(Dataset(files=dict(enumerate(reports))))


def texts(rows):
    """Rows as a person reads them: the cells that are not empty."""
    return [[cell.strip() for cell in row.cells if cell] for row in rows]


EVERYTHING = (
    report("z/skipped.bin", "skipped", "empty", format_=None),
    report("b/bad.log", lines=(3, 1200), records=7),
    report("a/fine.log", records=9),
    report("c/cut.log.gz", "incomplete", "cut off", lines=(5,), records=2),
    report("d/locked.log", "unreadable", "Permission denied", format_=None),
)


def test_each_file_has_a_row_with_its_state_and_counts_and_below_it_what_is_wrong():
    problems = source(*EVERYTHING)
    assert texts(problems.window(0, problems.height)) == [
        ["b/bad.log", "complete", "plain", "flow-log", "7", "2"],
        ["3", "bad 3"],
        ["1,200", "bad 1200"],
        ["c/cut.log.gz", "incomplete", "plain", "flow-log", "2", "2"],
        ["cut off"],
        ["5", "bad 5"],
        ["d/locked.log", "unreadable", "plain", "0", "1"],
        ["Permission denied"],
        ["z/skipped.bin", "skipped", "plain"],
        ["empty"],
    ]


def test_what_is_counted_is_what_the_explorer_counts():
    problems = source(*EVERYTHING)
    assert (problems.files, problems.passed_over) == (3, 1)
    assert problems.problems == Dataset(files=dict(enumerate(EVERYTHING))).problem_count == 5


def test_files_stand_out_and_those_passed_over_step_back():
    problems = source(*EVERYTHING)
    tones = [row.tone for row in problems.window(0, problems.height)]
    assert tones == ["strong", "", "", "strong", "", "", "strong", "", "dim", "dim"]


def test_any_window_is_cut_from_the_same_list():
    problems = source(*EVERYTHING)
    everything = problems.window(0, problems.height)
    assert len(everything) == problems.height
    for offset in range(problems.height):
        for amount in range(problems.height - offset + 2):
            assert problems.window(offset, amount) == everything[offset : offset + amount]


def test_nothing_wrong_and_nothing_passed_over_is_no_row():
    problems = source(report("a.log", records=1))
    assert (problems.height, problems.files, problems.passed_over) == (0, 0, 0)
    assert problems.window(0, 10) == []


def test_a_window_in_a_hundred_thousand_files_costs_no_more_than_its_rows():
    skipped = report("x", "skipped", "empty", format_=None)
    problems = ProblemSource(Dataset(files=dict.fromkeys(range(100_000), skipped)))
    began = time.perf_counter()
    rows = problems.window(problems.height - 50, 50)
    assert len(rows) == 50
    assert time.perf_counter() - began < 0.2


@pytest.fixture
def with_problems(logs):
    """A file with a bad line, one that was cut off, and one that is no log."""
    logs.deliver(line(), "what is [/x] \x1b[2J this", name="a/first.log.gz")
    cut = logs.deliver(
        *(line(start=BEGIN + number, srcport=number) for number in range(500)), name="c/cut.log.gz"
    )
    cut.write_bytes(cut.read_bytes()[:-2000])
    (logs.root / "nothing.log").touch()
    return logs


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
async def test_the_screen_lists_files_and_shows_what_is_under_the_cursor(with_problems, size):
    app = explorer_on(with_problems)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("p")
        await until("the list is there", lambda: "problems" in picture(app)[0])
        await pilot.pause()
        assert title(app, "problems") == "problems · 2 problems in 2 files, 1 file passed over"
        pane = app.screen.query_one("RecordPane")
        listed = lines_in(app, app.screen.query_one("#problem-table"))
        assert listed[1].startswith("a/first.log.gz")
        assert "complete" in listed[1]
        assert listed[2].startswith("3 ")
        await until("the file is told", lambda: lines_in(app, pane)[0] == "a/first.log.gz")
        assert lines_in(app, pane)[1] == "complete, plain, flow-log, 1 record, 1 problem"
        await pilot.press("j")
        await until("the line is quoted", lambda: lines_in(app, pane)[0] == "what is [/x] ␛[2J this")
        await pilot.press("j")
        await until("the next file is told", lambda: lines_in(app, pane)[0] == "c/cut.log.gz")
        assert "too early" in lines_in(app, pane)[2]
        await pilot.press("G")
        await until("the last file is told", lambda: lines_in(app, pane)[0] == "nothing.log")
        assert lines_in(app, pane)[2] == "empty"
        assert not any(HOSTILE.search(segment.text) for strip in strips(app) for segment in strip)
        await pilot.press("y")
        assert app.clipboard == "empty"
