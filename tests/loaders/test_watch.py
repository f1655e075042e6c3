"""Following directories with real files: what is delivered arrives, wherever it lands, and nothing twice."""

from __future__ import annotations

import shutil
import time
from queue import Empty, Queue

import pytest

from loaders import watch
from loaders.dataset import Dataset
from loaders.discover import NoLogsError
from loaders.live import Live
from loaders.watch import Follower
from tests.loaders.files import HEADER, delivery, packed, put, record, records, text

SOON = 20
WHILE = 1.0


class Reader:
    """Whoever follows: hears of data sets and of trouble."""

    def __init__(self, root):
        self._heard = Queue()
        self.latest = Dataset()
        self.follower = Follower(lambda: Live([str(root)]), [str(root)], self._heard.put, self._heard.put)
        self.follower.start()

    def until(self, wanted):
        """Wait for a data set that is as wanted."""
        end = time.monotonic() + SOON
        while not wanted(self.latest):
            heard = self._heard.get(timeout=max(end - time.monotonic(), 0.01))
            assert isinstance(heard, Dataset), heard
            self.latest = heard
        return self.latest

    def trouble(self):
        """Wait for an error."""
        end = time.monotonic() + SOON
        while True:
            heard = self._heard.get(timeout=max(end - time.monotonic(), 0.01))
            if isinstance(heard, Exception):
                return heard
            self.latest = heard

    def heard_for_a_while(self):
        heard = []
        end = time.monotonic() + WHILE
        while (left := end - time.monotonic()) > 0:
            try:
                heard.append(self._heard.get(timeout=left))
            except Empty:
                break
        return heard


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(watch, "_WAKE_MS", 200)
    monkeypatch.setattr(watch, "_DEBOUNCE_MS", 50)


@pytest.fixture
def follow(tmp_path):
    """Follow a directory that holds one record."""
    readers = []

    def follow(root=tmp_path / "logs"):
        readers.append(Reader(root))
        return readers[-1]

    put(tmp_path, "logs/a.log", text(HEADER, record()))
    yield follow
    for reader in readers:
        reader.follower.stop()
        reader.follower._thread.join(SOON)
        assert not reader.follower._thread.is_alive()


def of(height):
    return lambda dataset: dataset.height == height and dataset.progress is None


def test_what_is_there_arrives_first(follow):
    assert follow().until(of(1)).height == 1


def test_a_new_delivery_arrives(follow, tmp_path):
    reader = follow()
    reader.until(of(1))
    put(tmp_path, f"logs/{delivery()}", packed(HEADER, record(), record()))
    reader.until(of(3))


def test_a_delivery_that_comes_while_the_first_look_is_taken_arrives(tmp_path):
    """Between the first look and the first watch nobody tells of changes."""
    root = tmp_path / "logs"
    put(root, "a.log", text(HEADER, record()))
    heard = Queue()

    def arrived(dataset):
        heard.put(dataset)
        if dataset.height == 1:
            put(root, "b.log", text(HEADER, record()))

    follower = Follower(lambda: Live([str(root)]), [str(root)], arrived, heard.put)
    follower.start()
    try:
        assert heard.get(timeout=SOON).height == 1
        assert heard.get(timeout=SOON).height == 2
    finally:
        follower.stop()


def test_a_tree_that_is_made_and_filled_at_once_arrives_whole(follow, tmp_path):
    reader = follow()
    reader.until(of(1))
    for number in range(40):
        folder = f"logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/{number % 5:02}"
        put(tmp_path, f"{folder}/{delivery(code=f'{number:08x}')}", packed(HEADER, record(srcport=number)))
    dataset = reader.until(of(41))
    assert sorted(records(dataset, "srcport")) == sorted([*range(40), 51515])


def test_what_comes_unannounced_after_a_change_is_seen_by_a_second_look(follow, tmp_path, monkeypatch):
    """A directory that has just appeared is not watched yet, and what is put there then is told by nobody."""

    def tell(*_, stop_event, **__):
        yield set()
        (tmp_path / "logs/day").mkdir()
        yield {("added", str(tmp_path / "logs/day"))}
        put(tmp_path, "logs/day/b.log", text(HEADER, record()))
        while not stop_event.wait(0.01):
            yield set()

    monkeypatch.setattr("watchfiles.watch", tell)
    follow().until(of(2))


def test_a_file_that_grows_arrives_once(follow, tmp_path):
    reader = follow()
    reader.until(of(1))
    for count in range(2, 7):
        with (tmp_path / "logs/a.log").open("ab") as file:
            file.write(text(record(srcport=count)))
        reader.until(of(count))
    assert records(reader.latest, "srcport") == [51515, 2, 3, 4, 5, 6]


def test_a_file_that_is_deleted_goes(follow, tmp_path):
    put(tmp_path, "logs/b.log", text(HEADER, record(srcport=2)))
    reader = follow()
    reader.until(of(2))
    (tmp_path / "logs/a.log").unlink()
    assert records(reader.until(of(1)), "srcport") == [2]


def test_a_directory_that_is_deleted_goes(follow, tmp_path):
    put(tmp_path, "logs/day/b.log", text(HEADER, record()))
    reader = follow()
    reader.until(of(2))
    shutil.rmtree(tmp_path / "logs/day")
    reader.until(of(1))


def test_a_transfer_arrives_when_it_has_its_name(follow, tmp_path):
    reader = follow()
    reader.until(of(1))
    growing = put(tmp_path, f"logs/{delivery()}.8A3b2C1d", packed(HEADER, record()))
    reader.until(lambda dataset: len(dataset.files) == 2)
    growing.rename(tmp_path / "logs" / delivery())
    reader.until(of(2))


def test_nothing_is_told_while_nothing_happens(follow):
    reader = follow()
    reader.until(of(1))
    assert reader.heard_for_a_while() == []


def test_links_in_a_circle_do_no_harm(follow, tmp_path):
    (tmp_path / "logs/loop").symlink_to(tmp_path / "logs")
    reader = follow()
    reader.until(of(1))
    put(tmp_path, "logs/b.log", text(HEADER, record()))
    reader.until(of(2))


def test_a_directory_that_is_not_there_is_told(follow, tmp_path):
    error = follow(tmp_path / "nowhere").trouble()
    assert isinstance(error, NoLogsError)
    assert "nowhere" in str(error)


def test_a_directory_that_goes_away_is_told_once_and_its_return_is_noticed(follow, tmp_path):
    reader = follow()
    reader.until(of(1))
    shutil.rmtree(tmp_path / "logs")
    errors = [reader.trouble()]
    errors += [heard for heard in reader.heard_for_a_while() if isinstance(heard, Exception)]
    assert [type(error) for error in errors] == [NoLogsError]
    put(tmp_path, "logs/b.log", text(HEADER, record(), record()))
    reader.until(of(2))
    put(tmp_path, "logs/c.log", text(HEADER, record()))
    reader.until(of(3))


def test_where_nothing_can_be_watched_it_is_told_once_and_looked_at_all_the_same(
    follow, tmp_path, monkeypatch
):
    def refuse(*_, **__):
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.watch", refuse)
    reader = follow()
    reader.until(of(1))
    assert str(reader.trouble()) == "OS file watch limit reached"
    put(tmp_path, "logs/b.log", text(HEADER, record()))
    reader.until(of(2))
    assert reader.heard_for_a_while() == []


def test_a_reading_that_fails_is_told_and_tried_again(follow, tmp_path, monkeypatch):
    reader = follow()
    reader.until(of(1))
    with monkeypatch.context() as patch:
        patch.setattr(Live, "_changes", lambda *_: 1 / 0)
        put(tmp_path, "logs/b.log", text(HEADER, record()))
        assert isinstance(reader.trouble(), ZeroDivisionError)
    reader.until(of(2))


def test_stopping_ends_the_thread(follow):
    reader = follow()
    reader.until(of(1))
    reader.follower.stop()
    reader.follower._thread.join(SOON)
    assert not reader.follower._thread.is_alive()


# -- where nothing is told -----------------------------------------------------------------------------------


def test_on_a_file_system_that_tells_nothing_everything_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "silent_file_system", lambda _: "nfs4")
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.2)
    monkeypatch.setattr("watchfiles.watch", lambda *_, **__: pytest.fail("it was watched"))
    root, heard, told = tmp_path / "logs", Queue(), []
    put(root, "a.log", text(HEADER, record()))
    follower = Follower(lambda: Live([str(root)]), [str(root)], heard.put, heard.put, told.append)
    follower.start()
    try:
        assert heard.get(timeout=SOON).height == 1
        put(root, f"day/{delivery()}", packed(HEADER, record()))
        assert heard.get(timeout=SOON).height == 2
        with (root / "a.log").open("ab") as log:
            log.write(text(record()))
        assert heard.get(timeout=SOON).height == 3
    finally:
        follower.stop()
        follower.join()
    assert told[0].startswith("nfs4 tells of no changes: looking every ")


def test_what_nobody_tells_of_is_found_and_from_then_on_looked_for(tmp_path, monkeypatch):
    def tell(*_, stop_event, **__):
        yield set()
        stop_event.wait()

    monkeypatch.setattr("watchfiles.watch", tell)
    for name, seconds in (("_FULL_LOOK_SECONDS", 0.3), ("_POLL_SECONDS", 0.2), ("_OLD_SECONDS", 0.0)):
        monkeypatch.setattr(watch, name, seconds)
    root, heard, told = tmp_path / "logs", Queue(), Queue()
    put(root, "a.log", text(HEADER, record()))
    follower = Follower(lambda: Live([str(root)]), [str(root)], heard.put, heard.put, told.put)
    follower.start()
    try:
        assert heard.get(timeout=SOON).height == 1
        put(root, "b.log", text(HEADER, record()))
        assert heard.get(timeout=SOON).height == 2
        assert told.get(timeout=SOON).startswith("changes came that were not told: looking every ")
        put(root, "c.log", text(HEADER, record()))
        assert heard.get(timeout=SOON).height == 3
    finally:
        follower.stop()
        follower.join()


def test_a_look_that_waits_for_a_file_goes_on_by_itself(follow, tmp_path):
    """Nobody tells that a file has not been written to for a while."""
    reader = follow()
    reader.until(of(1))
    whole = packed(HEADER, *[record(srcport=number) for number in range(3000)])
    put(tmp_path, f"logs/{delivery()}", whole[: len(whole) // 2])
    dataset = reader.until(lambda dataset: dataset.height > 1)
    assert [report.state for report in dataset.files.values()].count("incomplete") == 1
