"""Several at once on one directory: one writes, the others read, and nobody sees anything but the logs."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack

import pytest

from loaders import discover, watch
from loaders.live import Live
from loaders.load import Library
from loaders.store.keeper import open_keeper
from loaders.store.store import Store, place
from loaders.watch import Follower
from tests.loaders.files import HEADER, packed, put, record
from tests.store.commands import WHEN_TOLD, Command, answers_of, flowtui, small_steps
from tests.store.sameness import again, answers, assert_same, logs, opened, read, rest, same_as_without

SOON = 20


@pytest.fixture
def kept_at_once(monkeypatch):
    """A file that was just written is believed to stay as it is."""
    monkeypatch.setattr(discover, "_HOT_NS", 0)


def at_once(*commands, code=WHEN_TOLD):
    """Start commands at the same moment; what each wrote to standard output and to standard error."""
    children = [Command(*command, code=code).ready() for command in commands]
    for child in children:
        child.go()
    return [child.communicate(0) for child in children]


def segments(root):
    return sorted((place([str(root)]) / "segments").iterdir())


def test_two_who_build_at_once_build_one_store(root, looked_into):
    logs(root, 40)
    rest()
    told = at_once(*[("store", "build", root, "--format", "ndjson")] * 2, code=WHEN_TOLD + small_steps())
    for out, err in told:
        row = json.loads(out)
        assert (row["records"], row["files"], row["left"], err) == (160, 40, 0, "")
    dataset = read(root)
    assert looked_into == []
    same_as_without(dataset, root)


def test_two_who_ask_at_once_are_answered_the_same(root):
    logs(root, 40)
    rest()
    query = ("query", root, "stats sum(bytes) by srcAddr | sort srcAddr | limit any", "--format", "ndjson")
    wanted, _ = flowtui(*query, "--no-store")
    for _ in range(2):
        for out, err in at_once(*[query] * 3, code=WHEN_TOLD + small_steps()):
            assert (out, err) == (wanted, "")
        put(root, "a.log", packed(HEADER, *[record(bytes=7)] * 3))
        wanted, _ = flowtui(*query, "--no-store")


def test_one_who_follows_and_builds_does_not_disturb_those_who_ask(root, monkeypatch):
    monkeypatch.setattr(watch, "_WAKE_MS", 200)
    monkeypatch.setattr(watch, "_DEBOUNCE_MS", 50)
    logs(root, 20)
    heard, failed = [], []
    keeper = open_keeper([str(root)])
    follower = Follower(lambda: Live([str(root)], keeper=keeper), [str(root)], heard.append, failed.append)
    follower.start()
    try:
        for number in range(3):
            paths = logs(root / str(number), 3, hour=11 + number)
            paths[0].unlink()
            assert answers_of(root) == answers_of(root, "--no-store")
            _until(lambda number=number: heard and heard[-1].height == 80 + 8 * (number + 1))
        _, err = flowtui("store", "clear", root, status=1)
        assert err.endswith("is in use by another flowtui. Leave that one first.\n")
        same_as_without(heard[-1], root)
    finally:
        follower.stop()
        follower._thread.join(SOON)
        keeper.close()
    assert not failed
    flowtui("store", "clear", root)
    same_as_without(read(root), root)


def _until(condition):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.usefixtures("kept_at_once", "in_small_steps")
def test_what_is_merged_away_stays_for_those_who_still_read_it(root, monkeypatch):
    monkeypatch.setattr("loaders.store.keeper._FEW", 1000)
    logs(root, 12)
    read(root)
    before = segments(root)
    assert len(before) > 3
    monkeypatch.setattr("loaders.store.keeper._FEW", 3)
    with ExitStack() as stack:
        # Whoever comes second while another one writes only reads, and stays when that one leaves.
        writer = stack.enter_context(ExitStack())
        writing = writer.enter_context(opened(root))
        reader = stack.enter_context(opened(root))
        assert not reader._keeper.writes
        for _ in range(2):
            again(writing)
            writer.close()
            writing = writer.enter_context(opened(root))
            assert set(before) <= set(segments(root))
            assert writing.dataset.height == 48
        writer.close()
        put(root, "more/a.log", packed(HEADER, record()))
        read(root)
        assert set(before) <= set(segments(root))
        same_as_without(again(reader), root)
    same_as_without(read(root), root)
    assert not set(before) & set(segments(root)), "what nobody reads any more is removed"


@pytest.mark.usefixtures("kept_at_once", "in_small_steps")
def test_those_who_come_while_another_one_writes_and_merges_read_all_of_it(root):
    logs(root, 6)
    read(root)
    done = threading.Event()
    trouble = []

    def write():
        try:
            number = 0
            while not done.is_set():
                number += 1
                with opened(root) as library:
                    for turn in range(3):
                        (root / f"{number}-{turn}.log").write_bytes(packed(HEADER, record(srcport=turn)))
                        again(library)
                        (root / f"{number}-{turn}.log").unlink()
                        again(library)
        except Exception as error:
            trouble.append(error)
            raise

    thread = threading.Thread(target=write)
    thread.start()
    try:
        wanted = None
        end = time.monotonic() + 3
        while time.monotonic() < end and not trouble:
            dataset = read(root)
            files = {r.source.name: r.records for r in dataset.files.values() if "/" in r.source.name}
            rows = dataset.lazy().collect().height
            wanted = wanted or files
            assert files == wanted
            assert rows == dataset.height == sum(report.records for report in dataset.files.values())
    finally:
        done.set()
        thread.join(SOON)
    assert not trouble


@pytest.mark.usefixtures("kept_at_once", "in_small_steps")
def test_segments_that_are_merged_while_they_are_listed_are_all_of_the_same_moment(root, monkeypatch):
    """What is read of the manifest takes several questions; between them another one may write."""
    monkeypatch.setattr("loaders.store.keeper._FEW", 1000)
    paths = logs(root, 12)
    with opened(root) as writing:
        store = writing._keeper._store
        reader = open_keeper([str(root)])
        base = reader._store._manifest._base

        parts = list(writing.dataset.parts)
        assert len(parts) > 1

        class Interrupted:
            """Lets the other one go on between two questions."""

            in_transaction = False

            def execute(self, question, *given):
                if parts and "FROM segment ORDER" in question:
                    store.merge(parts)
                    parts.clear()
                return base.execute(question, *given)

        reader._store._manifest._base = Interrupted()
        library = Library([str(root)], keeper=reader)
        monkeypatch.setattr(reader, "at_once", lambda: ([], {}))
        try:
            dataset = again(library)
            reader._store._manifest._base = base
            same_as_without(dataset, root)
            paths[0].unlink()
            same_as_without(again(library), root)
        finally:
            reader._store._manifest._base = base
            reader.close()


@pytest.mark.usefixtures("kept_at_once")
def test_the_second_one_only_reads_and_the_third_one_writes_again(root):
    logs(root, 3)
    with opened(root) as first:
        put(root, "a.log", packed(HEADER, record()))
        with opened(root) as second:
            assert (first._keeper.writes, second._keeper.writes) == (True, False)
            same_as_without(second.dataset, root)
            put(root, "b.log", packed(HEADER, record()))
            same_as_without(again(second), root)
            same_as_without(again(first), root)
    with opened(root) as third:
        assert third._keeper.writes
        same_as_without(third.dataset, root)


@pytest.mark.usefixtures("kept_at_once")
def test_what_is_shown_before_the_directories_are_walked_is_of_files_that_are_known(root):
    """A file that was read anew is not there twice, though its old rows still lie in a segment."""
    paths = logs(root, 3)
    read(root)
    for port in range(3):
        paths[0].write_bytes(packed(HEADER, record(srcport=port)))
        read(root)
        keeper = open_keeper([str(root)])
        shown = next(Library([str(root)], keeper=keeper).refresh())
        try:
            assert shown.progress is not None
            assert_same(shown, read(root, store=False))
            assert answers(shown) == answers(read(root, store=False))
        finally:
            keeper.close()


@pytest.mark.usefixtures("kept_at_once")
def test_a_store_that_is_cleared_while_somebody_waits_for_it_is_made_anew(root, monkeypatch):
    logs(root, 3)
    read(root)
    opening = Store._prepare

    def clearing(store, roots):
        monkeypatch.setattr(Store, "_prepare", opening)
        _, err = flowtui("store", "clear", root, status=1)
        assert "is in use" in err
        opening(store, roots)

    monkeypatch.setattr(Store, "_prepare", clearing)
    same_as_without(read(root), root)
