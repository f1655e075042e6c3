"""The queries that were run: each once, the newest last, kept in a file that may be missing or broken."""

from __future__ import annotations

import json
import time

import pytest

from tui.querying.history import QueryHistory, history_path, read, write


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "history.jsonl"


def remembered(path, *texts):
    """A history of queries that were run one after the other."""
    history = QueryHistory(path)
    for text in texts:
        history.add(text)
    return history


def kept(path, count):
    """What the file holds once it holds so much; writing goes on in the background."""
    limit = time.monotonic() + 10
    while len(read(path)) != count:
        assert time.monotonic() < limit, read(path)
        time.sleep(0.005)
    return read(path)


def test_the_file_lies_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_path() == tmp_path / "flowtui" / "history.jsonl"


def test_a_query_is_there_in_the_next_run(path):
    remembered(path, "fields a", 'filter b = "\x1b[2J"\n| limit 5')
    assert kept(path, 2) == ["fields a", 'filter b = "\x1b[2J"\n| limit 5']
    assert QueryHistory(path).older("") == 'filter b = "\x1b[2J"\n| limit 5'


def test_a_query_that_is_run_again_moves_to_the_end(path):
    assert remembered(path, "a", "b", "a").texts == ("b", "a")
    assert kept(path, 2) == ["b", "a"]


def test_the_newest_five_hundred_are_kept(path):
    history = QueryHistory(path)
    for number in range(510):
        history.add(f"limit {number}")
    assert kept(path, 500)[0] == "limit 10"
    assert history.texts[-1] == "limit 509"


def test_two_explorers_keep_the_queries_of_both(path):
    one, other = QueryHistory(path), QueryHistory(path)
    one.add("one")
    kept(path, 1)
    other.add("other")
    assert kept(path, 2) == ["one", "other"]


def test_the_way_back_leads_to_the_first_query_and_the_way_forward_to_what_was_being_typed(path):
    history = remembered(path, "first", "second")
    assert history.older("draft") == "second"
    assert history.older("second") == "first"
    assert history.older("first") is None
    assert history.newer("first") == "second"
    assert history.newer("second") == "draft"
    assert history.newer("draft") is None


def test_who_changes_a_query_of_the_past_walks_back_from_the_newest_again(path):
    history = remembered(path, "first", "second", "third")
    history.older("")
    assert history.older("third") == "second"
    assert history.newer("second and more") is None
    assert history.older("second and more") == "third"


def test_what_stands_there_already_is_not_offered_again(path):
    history = remembered(path, "first", "second")
    assert history.older("second") == "first"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]\n3\nnull\n",
        b'{"query": 3}\n{"other": "x"}\n',
        b"[" * 100_000,
    ],
)
def test_a_broken_file_is_no_error_and_what_is_whole_in_it_is_read(path, data):
    path.parent.mkdir()
    path.write_bytes(data + b"\n" + json.dumps({"query": "fields a"}).encode())
    assert QueryHistory(path).texts == ("fields a",)


def test_a_file_that_cannot_be_written_is_no_error(path):
    path.mkdir(parents=True)
    history = remembered(path, "fields a")
    assert history.older("") == "fields a"
    assert path.is_dir()


def test_nothing_half_written_stays_behind(path):
    path.mkdir(parents=True)
    write(path, ["fields a"])
    assert list(path.parent.iterdir()) == [path]
