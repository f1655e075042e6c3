"""Killed at any moment while it writes: what is left behind says what the files say, no more and no less."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager

import pytest

from loaders.store.store import MANIFEST, WRITER, place
from tests.corpus.flows import flow, line, zipped
from tests.corpus.subscriptions import envelope, event
from tests.loaders.files import HEADER, packed, put, record, text
from tests.store.commands import WHEN_TOLD, Command, flowtui, small_steps
from tests.store.sameness import answers, assert_same, logs, read, rest

ROUNDS = 100
SEED = 20260115
# Most roundings end before this, however long a whole build takes on a busy machine.
LONGEST = 1.5


@contextmanager
def only_reading(root):
    """Let nobody write to the store, as if another process did: what was left behind stays as it is."""
    try:
        handle = os.open(place([str(root)]) / WRITER, os.O_RDWR | os.O_CREAT)
    except FileNotFoundError:
        yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield
    os.close(handle)


def stored(root):
    """How many files the store knows."""
    path = place([str(root)]) / MANIFEST
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as base:
        try:
            return base.execute("SELECT COUNT(*) FROM file").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


class Logs:
    """A directory of logs in which something changes now and then."""

    def __init__(self, root, chance):
        self._root, self._chance, self._count = root, chance, 0
        self.paths = logs(root, 45, rows=12)
        for number in range(2):
            self.paths.append(put(root, f"app/{number}.log", text(HEADER, record(srcport=number), "bogus")))
        self._without = None

    def change(self):
        """Change a few files in some way."""
        for _ in range(self._chance.randrange(1, 6)):
            self._count += 1
            self._chance.choice(
                [self._new, self._go, self._replace, self._grow, self._rename, self._events]
            )()
        self._without = None

    def without(self):
        """What a reading without a store finds."""
        if self._without is None:
            dataset = read(self._root, store=False)
            self._without = dataset, answers(dataset)
        return self._without

    def _new(self):
        name = f"new/{self._count}.log.gz"
        self.paths.append(put(self._root, name, packed(HEADER, record(srcport=self._count))))

    def _go(self):
        self.paths.pop(self._chance.randrange(len(self.paths))).unlink()

    def _replace(self):
        path = self._chance.choice(self.paths)
        path.write_bytes(packed(HEADER, *[record(bytes=self._count)] * self._chance.randrange(4)))

    def _grow(self):
        with self._chance.choice(self.paths).open("ab") as file:
            file.write(packed(record(bytes=self._count)))

    def _rename(self):
        where = self._chance.randrange(len(self.paths))
        self.paths[where] = self.paths[where].rename(self.paths[where].with_name(f"renamed-{self._count}"))

    def _events(self):
        """A delivery of Firehose whose events no other one has."""
        said = [event(f"{self._count}-{n}", line(flow(srcport=str(n))), n) for n in range(3)]
        name = f"fh/2026/01/15/10/s-1-2026-01-15-10-05-22-{self._count:08x}-0000-4000-8000-000000000000"
        data = zipped(envelope("/aws/vpc/flowlogs", "eni-1-all", said))
        self.paths.append(put(self._root, name, data))


@pytest.mark.slow
def test_killed_at_a_hundred_moments_it_answers_as_without_a_store(root, cache):
    chance = random.Random(SEED)
    found = Logs(root, chance)
    rest()
    # As many steps as there are with twice the files: what it can leave behind depends on them.
    begin = [WHEN_TOLD + small_steps(1500, 150), "store", "build", root]
    child = Command(*begin[1:], code=begin[0]).ready()
    began = time.monotonic()
    child.go()
    child.communicate(0)
    whole = min(time.monotonic() - began, LONGEST)
    partly = 0
    child = Command(*begin[1:], code=begin[0])
    try:
        for _ in range(ROUNDS):
            if chance.random() < 0.5:
                shutil.rmtree(cache)
            if chance.random() < 0.5:
                found.change()
            child.ready().go()
            time.sleep(chance.random() * whole)
            child.kill()
            child = Command(*begin[1:], code=begin[0])  # it gets ready while the answers are compared
            without, wanted = found.without()
            partly += 0 < stored(root) < len(without.files)
            with only_reading(root):
                dataset = read(root)
                assert_same(dataset, without)
                assert answers(dataset) == wanted
            if chance.random() < 0.3:
                dataset = read(root)
                assert_same(dataset, without)
                assert answers(dataset) == wanted
    finally:
        child.kill()
    assert partly >= ROUNDS // 10, "most of them were killed before or after all of the work"


STEPS = (
    ("manifest", "Manifest", "put_files", 0),
    ("manifest", "Manifest", "put_segment", 3),
    ("manifest", "Manifest", "forget_files", 0),
    ("manifest", "Manifest", "forget_files", 1),
    ("manifest", "Manifest", "drop_segments", 0),
    ("store", "Store", "_write", 2),
    ("store", "Store", "add", 0),
    ("store", "Store", "add", 3),
    ("store", "Store", "merge", 0),
    ("store", "Store", "_prepare", 0),
)
"""A call of which module, class and method it dies at, and how many of them it survives."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize(("module", "owner", "name", "count"), STEPS)
def test_killed_at_a_step_of_its_work_it_answers_as_without_a_store(root, module, owner, name, count, after):
    """Not by time: it kills itself before or behind a call."""
    paths = [
        put(root, f"{number}.log.gz", packed(HEADER, *[record(srcport=number)] * 3)) for number in range(9)
    ]
    if name == "forget_files":
        read(root)
        paths[0].unlink()
    rest()
    code = small_steps(1) + (
        f"import os, signal\nfrom loaders.store.{module} import {owner} as owner\n"
        f"whole, left = owner.{name}, [{count}]\n"
        "def killing(*given, **more):\n"
        f"    if {not after} and not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    made = whole(*given, **more)\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1\n"
        "    return made\n"
        f"owner.{name} = killing\n"
    )
    Command("store", "build", root, code=code).communicate(-9)
    without = read(root, store=False)
    with only_reading(root):
        assert_same(read(root), without)
    for _ in range(2):
        dataset = read(root)
        assert_same(dataset, without)
        assert answers(dataset) == answers(without)


def test_what_was_kept_before_it_was_killed_is_not_read_again(root):
    logs(root, 60, rows=20)
    rest()
    child = Command("store", "build", root, code=WHEN_TOLD + small_steps(1)).ready()
    child.go()
    end = time.monotonic() + 20
    while stored(root) < 5 and time.monotonic() < end:
        time.sleep(0.005)
    assert child.kill() == -9
    known = stored(root)
    assert 5 <= known < 60
    out, _ = flowtui("store", "status", root, "--format", "ndjson")
    assert f'"left": {60 - known}' in out
