"""The real command in terminals of its own: killed, twice on one directory, on one that goes away."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from tests.live.traffic import Source
from tests.store.sameness import read, same_as_without
from tests.store.test_killed import stored

pytestmark = pytest.mark.slow
COMMAND = f"{sys.executable} -m tui.cli"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where the stores of one test lie."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def explore(tmux, source):
    """Opens the explorer in a terminal, in its records."""

    def explore(command=COMMAND):
        terminal = tmux(f"exec {command} {shlex.quote(str(source.root))}")
        terminal.wait_for_text("1 group")
        terminal.type("Tab")
        terminal.wait_for_text("records · ")
        return terminal

    return explore


def counts(terminal, source):
    """Wait until the explorer tells that there are as many records as there are."""
    terminal.wait_for_text(f"records · {len(source.numbers):,} ")


class Stream:
    """Deliveries that come for a while, from a thread."""

    def __init__(self, source, files, pause):
        self._source, self._files, self._pause = source, files, pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self):
        for _ in range(self._files):
            self._source.deliver(20)
            if self._stop.wait(self._pause):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def end(self):
        """Wait until all have come."""
        self._thread.join()


def test_killed_while_files_arrive_and_opened_again_it_has_every_record_once(explore, source):
    with Stream(source, 150, 0.04) as stream:
        for _ in range(2):
            terminal = explore()
            before = len(source.numbers)
            terminal.wait_for(lambda lines, n=before: _shown(lines) >= n, f"{before} records")
            os.kill(terminal.pid, signal.SIGKILL)
        stream.end()
    terminal = explore()
    counts(terminal, source)
    source.deliver()
    counts(terminal, source)
    terminal.type("q")
    assert sorted(_numbers(read(source.root))) == sorted(source.numbers)
    same_as_without(read(source.root), source.root)


def _shown(lines):
    """How many records the screen tells of; none if it does not tell."""
    told = next((line.split("records · ")[1].split()[0] for line in lines if "records · " in line), "0")
    return int(told.replace(",", "")) if told.replace(",", "").isdigit() else 0


def _numbers(dataset):
    return dataset.lazy().select("packets").collect()["packets"].to_list()


def test_two_at_once_on_one_directory_both_show_everything(explore, source):
    first, second = explore(), explore()
    for _ in range(3):
        for _ in range(20):
            source.deliver()
        counts(first, source)
        counts(second, source)
    assert stored(source.root) > 0, "one of them keeps what it reads"
    os.kill(first.pid, signal.SIGKILL)
    source.deliver()
    counts(second, source)
    third = explore()
    source.deliver()
    for terminal in (second, third):
        counts(terminal, source)
    same_as_without(read(source.root), source.root)


def test_a_directory_that_goes_away_and_comes_back_is_shown_again(explore, source):
    terminal = explore()
    counts(terminal, source)
    shutil.rmtree(source.root)
    terminal.wait_for_text("There is no ")
    fresh = Source(source.root, begin=100)
    fresh.deliver(7)
    counts(terminal, fresh)
    fresh.deliver(7)
    counts(terminal, fresh)


def test_without_watches_left_it_shows_what_comes_all_the_same(explore, source):
    """In a user namespace of its own, where there are fewer than there are directories."""
    limited = "echo 3 > /proc/sys/user/max_inotify_watches"
    tried = subprocess.run(["unshare", "-Ur", "sh", "-c", limited], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("limits may not be set here, not even for oneself")
    script = f'{limited}; exec {COMMAND} "$0"'
    terminal = explore(f"unshare -Ur sh -c {shlex.quote(script)}")
    counts(terminal, source)
    for _ in range(3):
        source.deliver()
        counts(terminal, source)
