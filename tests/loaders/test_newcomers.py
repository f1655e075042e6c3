"""What comes while somebody watches is given once, whatever becomes of its file; what was there is not."""

from __future__ import annotations

import gzip
import os
import shutil
import time

import pytest

from loaders import live
from loaders.newcomers import Newcomers
from tests.loaders.files import HEADER, add, delivery, numbered, packed, put, record, text

SOON = 20


class Given:
    """What has been given, and a directory that it comes from."""

    def __init__(self, root):
        self.root, self.ports = root, []
        self.library = Newcomers([str(root)])
        self.look(None)

    def look(self, *names):
        """Look at some paths, and take what there is."""
        paths = None if names == (None,) else {str(self.root / name) for name in names}
        for _ in self.library.refresh(paths=paths):
            for part in self.library.take():
                self.ports += part.lazy().collect()["srcport"].to_list()

    def until(self, *ports):
        """Look at what waits until all of that was given, and nothing waits any more."""
        end = time.monotonic() + SOON
        while sorted(self.ports) != sorted(ports) or self.library._patience.paths:
            assert time.monotonic() < end, (self.ports, self.library._patience.paths)
            time.sleep(self.library.wait or 0)
            self.look()

    def everything(self, *ports):
        """The same, looking everywhere."""
        self.look(None)
        self.until(*ports)
        self.look(None)
        assert sorted(self.ports) == sorted(ports)


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A log of two lines and a delivery of one, and what comes after."""
    for name, seconds in (("_CUT_SECONDS", 0.2), ("_FRESH_SECONDS", 0.05), ("_COPY_SECONDS", 0.3)):
        monkeypatch.setattr(live, name, seconds)
    put(tmp_path, "logs/app.log", text(HEADER, *numbered(1, 2)))
    put(tmp_path, f"logs/{delivery(code='00000000')}", packed(HEADER, *numbered(3)))
    return Given(tmp_path / "logs")


def test_what_was_there_is_not_given(given):
    given.everything()


def test_a_delivery_is_given(given):
    put(given.root, delivery(), packed(HEADER, *numbered(4, 5)))
    given.look(delivery())
    given.everything(4, 5)


def test_what_a_file_has_more_is_given(given):
    add(given.root / "app.log", *numbered(4))
    given.look("app.log")
    given.until(4)
    add(given.root / "app.log", *numbered(5), record(srcport=6)[:30], end="")
    given.look("app.log")
    given.until(4, 5)
    add(given.root / "app.log", record(srcport=6)[30:])
    given.look("app.log")
    given.everything(4, 5, 6)


def test_a_last_line_without_an_end_is_given_after_a_while_and_once(given):
    put(given.root, "new.log", text(HEADER, *numbered(4)) + record(srcport=5).encode())
    given.look("new.log")
    given.until(4, 5)
    add(given.root / "new.log", "", *numbered(6))
    given.look("new.log")
    given.everything(4, 5, 6)


@pytest.mark.parametrize("grown", [False, True])
def test_a_log_that_is_renamed_and_begun_anew(given, grown):
    path, expected = given.root / "app.log", []
    if grown:
        add(path, *numbered(4))
        given.look("app.log")
        given.until(4)
        expected = [4]
    with path.open("ab") as writer:
        path.rename(given.root / "app.log.1")
        writer.write(text(*numbered(5)))
    put(given.root, "app.log", text(HEADER, *numbered(6)))
    given.look("app.log", "app.log.1")
    given.everything(*expected, 5, 6)


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("looks", [False, True])
def test_a_log_that_is_copied_and_emptied(given, grown, looks):
    path, expected = given.root / "app.log", []
    if grown:
        add(path, *numbered(4))
        given.look("app.log")
        given.until(4)
        expected = [4]
    add(path, *numbered(5))
    shutil.copy(path, given.root / "app.log.1")
    if looks:
        given.look("app.log.1", "app.log")
        given.until(*expected, 5)
    path.write_bytes(b"")
    given.look("app.log", "app.log.1")
    add(path, HEADER, *numbered(6))
    given.look("app.log")
    given.everything(*expected, 5, 6)


@pytest.mark.parametrize("looks", [False, True])
def test_a_log_that_is_renamed_and_packed(given, looks):
    path = given.root / "app.log"
    add(path, *numbered(4))
    given.look("app.log")
    given.until(4)
    path.rename(given.root / "app.log.1")
    given.look("app.log", "app.log.1")
    if looks:
        given.until(4)
    put(given.root, "app.log.1.gz", gzip.compress((given.root / "app.log.1").read_bytes()))
    if looks:
        given.look("app.log.1.gz")
    (given.root / "app.log.1").unlink()
    given.look("app.log.1", "app.log.1.gz")
    given.everything(4)


def test_a_log_of_long_ago_that_is_packed(tmp_path, monkeypatch):
    path = put(tmp_path, "logs/old.log", text(HEADER, *numbered(1)))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    given = Given(tmp_path / "logs")
    new = put(given.root, "old.log.gz", gzip.compress(path.read_bytes()))
    os.utime(new, (1_700_000_000, 1_700_000_000))
    path.unlink()
    given.look("old.log", "old.log.gz")
    given.everything()


def test_a_log_of_long_ago_that_goes_on(tmp_path):
    path = put(tmp_path, "logs/old.log", text(HEADER, *numbered(1)))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    given = Given(tmp_path / "logs")
    add(path, *numbered(2))
    given.look("old.log")
    given.everything(2)


def test_what_is_touched_or_moved_is_not_given_again(given):
    name = delivery(code="00000001")
    put(given.root, name, packed(HEADER, *numbered(4)))
    given.look(name)
    given.until(4)
    for path in given.root.iterdir():
        path.touch()
    given.look(*(path.name for path in given.root.iterdir()))
    (given.root / "day").mkdir()
    names = [path.name for path in given.root.iterdir() if path.is_file()]
    for moved in names:
        (given.root / moved).rename(given.root / "day" / moved)
    given.look(*names, "day")
    given.everything(4)


def test_a_delivery_that_is_fetched_again_is_not_given_again(given):
    data = packed(HEADER, *numbered(4))
    path = put(given.root, delivery(), data)
    given.look(path.name)
    given.until(4)
    put(given.root, f"{path.name}.8A3b2C1d", data).rename(path)
    given.look(path.name)
    given.everything(4)


def test_what_replaces_a_log_is_given(given):
    new = put(given.root, "app.tmp", text(HEADER, *numbered(7, 8)))
    new.rename(given.root / "app.log")
    given.look("app.log", "app.tmp")
    given.everything(7, 8)


def test_a_delivery_that_is_cut_is_given_once_it_is_whole(given):
    whole = packed(HEADER, *numbered(*range(100, 3100)))
    path = put(given.root, delivery(), whole[: len(whole) // 2])
    given.look(path.name)
    given.look(path.name)
    path.write_bytes(whole)
    given.look(path.name)
    given.everything(*range(100, 3100))
