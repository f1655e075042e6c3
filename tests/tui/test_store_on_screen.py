"""The store as the explorer shows it: old records at once, what it takes, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loaders.dataset import Kept, Progress
from loaders.load import Library
from loaders.store.keeper import open_keeper
from tests.tui.conftest import (
    NARROW,
    WIDE,
    explorer_on,
    in_records,
    line,
    screen_text,
    seen,
    settled,
    sources,
    title,
    until,
)
from tui.keymap import RECORDS
from tui.wording import about_store, reading
from tui.workers import Looked


async def test_what_was_read_before_is_shown_while_the_directories_are_still_walked(two_streams, monkeypatch):
    keeper = open_keeper([str(two_streams.root)])
    Library([str(two_streams.root)], keeper=keeper).read_all()
    keeper.close()
    two_streams.deliver(line(srcaddr="10.8.8.8", start=1_768_479_999), end=1_768_480_000)
    walked = []

    def never_yet(library, walk):
        walked.append(1)
        if len(walked) == 1:
            raise OSError("not yet")
        return changes(library, walk)

    changes = Library._changes
    monkeypatch.setattr(Library, "_changes", never_yet)
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = pilot.app.explorer
        await until("records are there", lambda: explorer.state.view and explorer.state.view.height == 11)
        await until("they are drawn", lambda: sources(explorer)[:2] == ["10.0.0.9", "10.0.0.8"])
        assert explorer.state.dataset.progress is not None
        name = next(iter(explorer.state.dataset.files.values())).source.name
        assert "_vpcflowlogs_" in name
        await until("new records came", lambda: "10.8.8.8" in sources(explorer))


async def test_its_place_and_size_are_told_beside_the_problems(two_streams):
    async with explorer_on(two_streams).run_test(size=WIDE) as pilot:
        explorer = await settled(pilot)
        kept = explorer.state.dataset.kept
        assert kept.folder.is_dir()
        assert not kept.trouble
        await pilot.press("p")
        await until("it is told", lambda: about_store(kept)[:20] in screen_text(pilot.app))


async def test_that_it_cannot_be_used_is_news(two_streams, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await settled(pilot)
        assert explorer.state.view.height == 11
        await seen(pilot.app, "no store (p)")
        await pilot.press("p")
        await until("it is told why", lambda: "not used: not a directory" in screen_text(pilot.app))


async def test_a_long_search_shows_what_it_has_found_so_far_and_keeps_ones_place(two_streams):
    async with explorer_on(two_streams).run_test(size=NARROW) as pilot:
        explorer = await in_records(pilot)
        whole = explorer.state.view
        explorer.post_message(Looked(replace(whole, complete=False), ()))
        await until("it is told", lambda: "11 so far, of 11" in title(pilot.app, RECORDS))
        explorer.records.move_to(4)
        await until(
            "the cursor is there",
            lambda: sources(explorer)[4:5] == ["10.0.0.5"] and explorer.records.row is not None,
        )
        explorer.post_message(Looked(whole, ()))
        await until("all is told", lambda: "so far" not in title(pilot.app, RECORDS))
        await settled(pilot)
        assert explorer.records.row.record["srcaddr"] == "10.0.0.5"


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (Kept(), "switched off"),
        (Kept(trouble="no space left"), "not used: no space left"),
        (Kept("/var/x", 1_500_000), "1.5 MB in /var/x"),
        (Kept("/var/x", 1, "no space left"), "1 B in /var/x; not written to any more: no space left"),
        (Kept(trouble="a \x1b[2J"), "not used: a ␛[2J"),
    ],
)
def test_what_is_said_of_it(kept, told):
    assert about_store(kept) == told


def test_a_folder_below_the_home_directory_is_told_from_there(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert about_store(Kept(tmp_path / "a" / "b", 7)) == "7 B in ~/a/b"


def test_progress_says_how_fast_and_how_long(monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: 110.0)
    assert reading(Progress(0, 0, 0, 0)) == "looking for new files"
    assert reading(Progress(0, 4, 0, 100)) == "reading 0%, 0 of 4 files"
    done = Progress(1, 4, 25, 100, 5_000_000, 100.0)
    assert reading(done) == "reading 25%, 1 of 4 files, 500k/s, 30 s left"
