"""What ``groups`` and ``check`` print of every layout of the corpus, and the exit status they leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.corpus import CASES, build, build_case
from tests.corpus.model import tally
from tests.tui.conftest import REPOSITORY
from tui.cli import cli

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CHECK_KEYS = ["file", "layout", "format", "state", "records", "problems"]


def printed(time):
    """A time as it is printed."""
    return time and time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grouped(cases, *, above):
    """What ``groups`` should print, by group, stream and kind."""
    return {
        key: counts | {name: printed(counts[name]) for name in ("first", "last")}
        for key, counts in tally(cases, above=above).items()
    }


def checked(cases, *, above):
    """What ``check`` should print by file: layout, format, state, records, lines with a problem."""
    return {
        f"{case.name}/{file.name}" if above else file.name: (
            file.layout,
            file.format,
            file.state,
            case.records(file.name),
            [line for line, _ in file.problems],
        )
        for case in cases
        for file in case.files
    }


def as_groups(text):
    rows = json.loads(text)
    assert rows == sorted(rows, key=lambda row: (row["log_group"], row["log_stream"]))
    return {tuple(row.pop(key) for key in ("log_group", "log_stream", "format")): row for row in rows}


def as_check(text):
    rows = json.loads(text)
    assert all(list(row)[: len(CHECK_KEYS)] == CHECK_KEYS for row in rows)
    found = {}
    for row in rows:
        lines = [problem["line"] for problem in row["problems"]]
        whole = row["state"] not in {"incomplete", "unreadable"}
        assert lines.count(None) == (not whole), row
        said = [line for line in lines if line is not None]
        found[row["file"]] = (row["layout"], row["format"], row["state"], row["records"], said)
    return found


def sound(cases):
    """Whether nothing is wrong with any file."""
    return all(
        file.state in {"complete", "skipped"} and not file.problems for case in cases for file in case.files
    )


def flowtui(*arguments):
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    return root, build(root)


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Build a case when it is first asked for."""
    root, known = tmp_path_factory.mktemp("apart"), {}

    def built(name):
        if name not in known:
            known[name] = build_case(name, root)
        return known[name]

    return built


@pytest.mark.parametrize("name", CASES)
def test_check_says_what_every_file_is(apart, name):
    case = apart(name)
    done = CliRunner().invoke(cli, ["check", "--format", "json", str(case.folder)], catch_exceptions=False)
    assert as_check(done.stdout) == checked([case], above=False)
    logs = any(file.format for file in case.files)
    assert done.exit_code == (0 if logs and sound([case]) else 1), done.stderr


@pytest.mark.parametrize("name", CASES)
def test_groups_counts_every_stream(apart, name):
    case = apart(name)
    done = CliRunner().invoke(cli, ["groups", "--format", "json", str(case.folder)], catch_exceptions=False)
    if any(file.format for file in case.files):
        assert as_groups(done.stdout) == grouped([case], above=False)
        assert done.exit_code == 0, done.stderr
    else:
        assert done.exit_code == 1


@pytest.mark.parametrize(
    "name", ["h-default-order", "a-default-prefix", "f-mixed-groups", "k-delivery", "c-parquet"]
)
def test_a_file_alone_has_the_groups_that_its_folder_has(apart, name):
    case = apart(name)
    path = case.folder / case.files[0].name
    done = CliRunner().invoke(cli, ["groups", "--format", "json", str(path)], catch_exceptions=False)
    assert as_groups(done.stdout) == grouped([case], above=False)


def test_check_of_all_layouts_at_once(corpus):
    root, cases = corpus
    done = flowtui("check", "--format", "json", root)
    assert done.returncode == 1, done.stderr
    assert as_check(done.stdout) == checked(cases, above=True)


def test_groups_of_all_layouts_at_once(corpus):
    root, cases = corpus
    done = flowtui("groups", "--format", "json", root)
    assert done.returncode == 0, done.stderr
    assert as_groups(done.stdout) == grouped(cases, above=True)


@pytest.mark.parametrize("command", ["groups", "check"])
@pytest.mark.parametrize("form", ["table", "csv", "json", "ndjson"])
def test_nothing_in_a_log_reaches_the_terminal_as_an_order(corpus, command, form):
    done = CliRunner().invoke(cli, [command, "--format", form, str(corpus[0])], catch_exceptions=False)
    assert done.stdout
    assert not CONTROLS.findall(done.stdout + done.stderr)
