"""Deliveries of numbered records, and whoever follows them and lets nothing pass that is there twice."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue

from loaders.live import Live
from loaders.store.keeper import open_keeper
from loaders.watch import Follower
from tests.loaders.files import HEADER, delivery, record

SOON = 20
QUIET = 1.0
BEGIN = 1768471200  # 2026-01-15T10:00:00Z
EVERY = 300


def key(number, *, region="us-east-1"):
    """Where AWS puts the delivery of a number: one every five minutes, folders by the day."""
    moment = datetime.fromtimestamp(BEGIN + number * EVERY, UTC)
    name = delivery(f"{moment:%Y%m%dT%H%MZ}", region=region, code=f"{number:08x}")
    return f"AWSLogs/123456789012/vpcflowlogs/{region}/{moment:%Y/%m/%d}/{name}"


def lines(numbers):
    """Records of which each has its number, as packets, and a time of its own."""
    return [record(packets=number, start=BEGIN + number % 86_400) for number in numbers]


def body(numbers, *, level=6):
    """A delivery of records with these numbers."""
    return gzip.compress("\n".join([HEADER, *lines(numbers), ""]).encode(), level, mtime=0)


class Source:
    """Numbers that are given out, and the directory that records with them go to."""

    def __init__(self, root, *, begin=0):
        self.root = Path(root)
        self.numbers, self.files, self._given = [], 0, begin

    def take(self, count):
        """Numbers that nobody has had."""
        taken = range(self._given, self._given + count)
        self._given += count
        self.numbers += taken
        return taken

    def deliver(self, count=3, *, name=None):
        """Write a delivery as ``aws s3 sync`` does, under another name until it is whole."""
        path = self.root / (name or key(self.files))
        self.files += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.0A1b2C3d")
        data = body(self.take(count))
        with temporary.open("wb", buffering=0) as file:
            file.write(data[: len(data) // 2])
            file.write(data[len(data) // 2 :])
        temporary.rename(path)
        return path

    def forget(self, numbers):
        """Records with these numbers are there no more."""
        gone = set(numbers)
        self.numbers = [number for number in self.numbers if number not in gone]


def numbers_of(dataset):
    """The numbers of the records in a data set, in their order; none of them is there twice."""
    if not dataset.height:
        return []
    frame = dataset.lazy().select("packets", "_file", "_line").collect()
    assert frame.height == dataset.height
    assert frame.select("_file", "_line").is_unique().all(), "a line is there twice"
    found = sorted(frame["packets"])
    assert len(set(found)) == len(found), "a record is there twice"
    return found


class Reader:
    """Whoever follows a directory: each data set is looked through when it arrives."""

    def __init__(self, root, *, store=False, look=numbers_of):
        self.root, self._store, self._look = str(root), store, look
        self._heard = Queue()
        self.seen, self.latest, self.troubles = [], None, []
        self.follower = Follower(self._open, [self.root], self._arrived, self._heard.put)
        self.follower.start()

    def _open(self):
        return Live([self.root], keeper=open_keeper([self.root]) if self._store else None)

    def _arrived(self, dataset):
        try:
            self._heard.put((dataset, self._look(dataset)))
        except BaseException as error:  # noqa: BLE001 - told by the test, not by the thread
            self._heard.put(AssertionError(f"a data set that arrived: {error}"))

    def _take(self, heard):
        if isinstance(heard, AssertionError):
            raise heard
        if isinstance(heard, Exception):
            self.troubles.append(heard)
        else:
            self.latest, self.seen = heard

    def until(self, numbers):
        """Wait until exactly these records are there, and nothing is left to read."""
        wanted = sorted(numbers)
        self.until_so(
            lambda: self.latest is not None and self.latest.progress is None and self.seen == wanted,
            lambda: f"{len(wanted)} records; there are {len(self.seen)}, {self._odd(wanted)}",
        )
        return self.latest

    def _odd(self, wanted):
        return f"lacking {sorted(set(wanted) - set(self.seen))[:9]}, odd {sorted(set(self.seen) - set(wanted))[:9]}"

    def until_so(self, condition, what):
        """Wait until something holds."""
        end = time.monotonic() + SOON
        while not condition():
            try:
                self._take(self._heard.get(timeout=max(end - time.monotonic(), 0.01)))
            except Empty:
                raise AssertionError(f"waited in vain for {what()}") from None

    def trouble(self):
        """Wait until something fails that had not been told before."""
        before = len(self.troubles)
        self.until_so(lambda: len(self.troubles) > before, lambda: "trouble")
        return self.troubles[-1]

    def is_quiet(self):
        """Insist that nothing is told for a while."""
        end = time.monotonic() + QUIET
        told = []
        while (left := end - time.monotonic()) > 0:
            try:
                told.append(self._heard.get(timeout=left))
            except Empty:
                break
        assert told == []

    def stop(self):
        """Leave."""
        self.follower.stop()
        self.follower.join()
