"""``flowtui store``, and what the other commands do with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.conftest import BEGIN, Logs, line
from tests.tui.test_cli import flowtui

COUNT = "stats count(*) as n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "flowtui" / "stores"


@pytest.fixture
def logs(tmp_path, cache):
    """Two deliveries with three records, written some time ago."""
    logs = Logs(tmp_path / "logs")
    logs.root.mkdir()
    logs.deliver(line(), line(srcaddr="10.0.0.2"))
    logs.deliver(line(start=BEGIN + 600), end=BEGIN + 700)
    return logs


@pytest.fixture
def other(tmp_path, cache):
    """Other logs, of one record."""
    logs = Logs(tmp_path / "other")
    logs.root.mkdir()
    logs.deliver(line())
    return logs


def records(*arguments):
    out, _ = flowtui("query", *arguments, COUNT, "--format", "json")
    return json.loads(out)[0]["n"]


def status(*arguments):
    out, _ = flowtui("store", "status", *arguments, "--format", "json")
    return json.loads(out)


def segments(cache):
    return sorted(cache.glob("*/segments/*.parquet"))


def test_what_a_command_reads_is_kept_and_told_of(logs, cache):
    (before,) = status(logs.root)
    assert (before["store"], before["size"], before["files"], before["left"]) == (None, 0, 0, 2)
    assert records(logs.root) == 3
    (after,) = status(logs.root)
    assert (after["records"], after["files"], after["left"]) == (3, 2, 0)
    assert Path(after["store"]).parent == cache
    assert after["size"] >= sum(path.stat().st_size for path in segments(cache))
    assert after["path"] == str(logs.root)
    assert segments(cache)


def test_what_is_kept_is_not_read_again(logs, cache, tmp_path):
    flowtui("store", "build", logs.root)
    kept = segments(cache)
    flowtui("store", "build", logs.root)
    assert records(logs.root) == 3
    assert segments(cache) == kept


def test_no_store_keeps_nothing(logs, cache):
    assert records(logs.root, "--no-store") == 3
    flowtui("groups", logs.root, "--no-store")
    flowtui("check", logs.root, "--no-store")
    assert not cache.exists()


def test_build_tells_what_it_has_built(logs, cache):
    out, err = flowtui("store", "build", logs.root, "--format", "json")
    (row,) = json.loads(out)
    assert (row["records"], row["left"], err) == (3, 0, "")
    table, _ = flowtui("store", "build", logs.root)
    assert table.splitlines()[0].split() == ["path", "store", "size", "records", "files", "left", "used"]


def test_clear_throws_it_away_and_leaves_the_logs(logs, cache):
    flowtui("store", "build", logs.root)
    _, err = flowtui("store", "clear", logs.root)
    assert err.endswith(" freed.\n")
    assert not list(cache.iterdir())
    _, err = flowtui("store", "clear", logs.root)
    assert err == "Nothing is kept of these logs.\n"
    assert records(logs.root) == 3


def test_clear_all_clears_every_one(logs, other):
    flowtui("store", "build", logs.root)
    flowtui("store", "build", other.root)
    assert {row["path"] for row in status("--all")} == {str(logs.root), str(other.root)}
    flowtui("store", "clear", "--all")
    assert status("--all") == []


def test_prune_forgets_files_that_are_gone_and_stores_whose_logs_are(logs, other, cache):
    flowtui("store", "build", other.root)
    flowtui("store", "build", logs.root)
    before = sum(path.stat().st_size for path in segments(cache))
    for gone in (*other.root.rglob("*.gz"), max(logs.root.rglob("*.gz"))):
        gone.unlink()
    for folder in sorted(other.root.rglob("*"), reverse=True):
        folder.rmdir()
    other.root.rmdir()
    _, err = flowtui("store", "prune", logs.root)
    assert "1 store of other logs removed" in err
    assert [row["path"] for row in status("--all")] == [str(logs.root)]
    (row,) = status(logs.root)
    assert (row["records"], row["files"]) == (2, 1)
    assert sum(path.stat().st_size for path in segments(cache)) < before
    assert records(logs.root) == records(logs.root, "--no-store") == 2


def test_a_limit_is_kept_and_what_does_not_fit_is_read_from_the_logs(logs, other, tmp_path, monkeypatch):
    config = tmp_path / "config" / "flowtui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text('store_size = "1 kB"')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
    assert records(logs.root) == 3
    logs.deliver(line(start=BEGIN + 1200), end=BEGIN + 1300)
    assert records(logs.root) == 4
    _, err = flowtui("store", "build", logs.root, status=1)
    assert "it has grown to its limit; `store_size` in config.toml raises it" in err
    assert records(other.root) == 1
    assert [row["path"] for row in status("--all")] == [str(other.root)], (
        "the one unused for longest made room"
    )


@pytest.mark.parametrize("command", ["build", "status"])
def test_logs_that_are_not_there_are_said(tmp_path, cache, command):
    _, err = flowtui("store", command, tmp_path / "nowhere", status=1)
    assert "There is no" in err
    assert not cache.exists()


def test_a_store_in_use_is_not_cleared(logs, cache):
    from loaders.store.keeper import open_keeper

    keeper = open_keeper([str(logs.root)])
    try:
        _, err = flowtui("store", "clear", logs.root, status=1)
        assert "is in use by another flowtui. Leave that one first." in err
    finally:
        keeper.close()
    flowtui("store", "clear", logs.root)


def test_on_a_terminal_a_long_reading_says_how_far_it_is(logs, terminal):
    code = (
        "import time, loaders.batch as batch, tui.commands.shared as shared\n"
        "shared.ProgressLine._PATIENCE = 0.0\n"
        "batch._FIRST_BATCH = batch._LARGEST_BATCH = 1\n"
        "from tui.cli import main\n"
        f"import sys; sys.argv[1:] = ['store', 'build', {str(logs.root)!r}, '--format', 'ndjson']\n"
        "main()\n"
    )
    shown = terminal(code=code)
    assert shown.ended() == 0
    assert "reading " in shown.text
    assert "1 of 2 files" in shown.text
    assert shown.text.rstrip().splitlines()[-1].lstrip("\r ").startswith('{"path"')
