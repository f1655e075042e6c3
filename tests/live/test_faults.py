"""What goes wrong while a directory is followed for days: nothing of it loses a record or shows one twice."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from loaders.discover import NoLogsError
from tests.live.traffic import BEGIN, Source, body, key, lines
from tests.loaders.files import HEADER, text
from tests.store.commands import mounted, nobody
from tests.store.sameness import read, same_as_without
from tests.store.test_full import fill

pytestmark = pytest.mark.usefixtures("in_a_hurry")
LONG_AGO, MUCH_LATER = 86_400, 4_070_908_800  # in 1970, and in 2099
HOUR_NS = 3_600 * 10**9


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where the stores of one test lie."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "flowtui" / "stores"


@pytest.fixture(params=[False, True], ids=["in memory", "with a store"])
def reader(request, source, follow):
    """Whoever follows, and has read what was there."""
    reader = follow(store=request.param)
    reader.until(source.numbers)
    return reader


# -- files that do not stay as they are ----------------------------------------------------------------------


def test_files_that_are_replaced_cut_deleted_or_late_are_as_they_are_now(reader, source):
    paths = [source.deliver(4) for _ in range(4)]
    reader.until(source.numbers)

    other = source.root / "new"
    other.write_bytes(body(source.take(5)))
    other.rename(paths[0])
    source.forget(range(3, 7))
    reader.until(source.numbers)

    paths[1].write_bytes(b"")
    source.forget(range(7, 11))
    reader.until(source.numbers)

    paths[2].unlink()
    source.forget(range(11, 15))
    reader.until(source.numbers)

    source.deliver(2, name=key(-4000))
    source.deliver(2, name=key(4000))
    reader.until(source.numbers)


def test_a_plain_file_that_is_cut_and_written_anew_is_read_anew(reader, source):
    path = source.root / "app.log"
    path.write_bytes(text(HEADER, *lines(source.take(50))))
    reader.until(source.numbers)
    with path.open("r+b") as file:
        file.truncate(0)
    source.forget(range(3, 53))
    reader.until(source.numbers)
    path.write_bytes(text(HEADER, *lines(source.take(50))))
    reader.until(source.numbers)


def test_a_delivery_that_is_there_under_two_names_counts_once(reader, source):
    """As when a bucket is synchronised a second time, to another place."""
    path = source.deliver(4)
    reader.until(source.numbers)
    copy = source.root / "copy" / path.name
    copy.parent.mkdir()
    shutil.copyfile(path, copy)
    source.deliver()
    reader.until(source.numbers)
    path.unlink()
    source.deliver()
    reader.until(source.numbers)


# -- clocks --------------------------------------------------------------------------------------------------


def test_times_of_files_in_the_past_and_in_the_future_decide_nothing(reader, source):
    for moment in (LONG_AGO, MUCH_LATER, BEGIN, MUCH_LATER):
        os.utime(source.deliver(), (moment, moment))
        reader.until(source.numbers)


def test_a_file_that_is_written_again_with_an_older_time_is_read_again(reader, source):
    path = source.deliver(3)
    reader.until(source.numbers)
    for _ in range(2):
        before = path.stat()
        source.forget(source.numbers[-3:])
        taken = [1000 + number for number in source.numbers[-3:]]
        path.write_bytes(body(taken))
        os.utime(path, ns=(before.st_mtime_ns - HOUR_NS, before.st_mtime_ns - HOUR_NS))
        source.numbers += taken
        reader.until(source.numbers)


def test_a_clock_that_was_set_back_costs_nothing_but_care(source, follow, monkeypatch):
    """All files seem to be written in the future then."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() - HOUR_NS)
    reader = follow()
    reader.until(source.numbers)
    for _ in range(3):
        source.deliver()
        reader.until(source.numbers)
    reader.is_quiet()


# -- directories ---------------------------------------------------------------------------------------------


def test_a_day_that_is_deleted_and_comes_back_is_followed_again(reader, source):
    day = source.deliver(name=key(300)).parent
    reader.until(source.numbers)
    for number in (301, 302):
        shutil.rmtree(day)
        source.forget(source.numbers[3:])
        reader.until(source.numbers)
        source.deliver(name=key(number))
        reader.until(source.numbers)
        source.deliver(name=key(number + 10))
        reader.until(source.numbers)


def test_a_root_that_is_deleted_and_comes_back_is_followed_again(reader, source):
    for _ in range(2):
        shutil.rmtree(source.root)
        assert isinstance(reader.trouble(), NoLogsError)
        source.forget(source.numbers)
        source.deliver(5)
        reader.until(source.numbers)
        source.deliver(5)
        reader.until(source.numbers)


def test_a_root_that_is_swapped_for_another_one_is_followed(reader, source):
    """Nobody sees that it was gone."""
    other = Source(source.root.with_name("other"), begin=100)
    other.deliver(5)
    source.root.rename(source.root.with_name("old"))
    other.root.rename(source.root)
    reader.until(other.numbers)
    other.root = source.root
    for _ in range(2):
        other.deliver()
        reader.until(other.numbers)


# -- permissions ---------------------------------------------------------------------------------------------


@pytest.fixture
def open_to_all(monkeypatch):
    """A folder that whoever is nobody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="flowtui-live-"))
    folder.chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(("place", "mode"), [(None, 0o644), ("parent", 0o755)], ids=["a file", "a day"])
def test_permissions_that_are_taken_away_and_given_back_lose_nothing(open_to_all, follow, place, mode):
    with nobody():
        source = Source(open_to_all / "logs")
        source.deliver()
        reader = follow(source.root)
        reader.until(source.numbers)
        path = source.deliver()
        reader.until(source.numbers)
        where = path.parent if place else path

        where.chmod(0)
        last = source.take(1)[0]
        (source.root / "elsewhere.log").write_bytes(text(HEADER, *lines([last])))
        reader.until_so(lambda: last in reader.seen, lambda: "what came elsewhere")
        where.chmod(mode)
        reader.until(source.numbers)


def test_a_root_that_may_not_be_read_for_a_while_is_read_again(open_to_all, follow):
    with nobody():
        source = Source(open_to_all / "logs")
        source.deliver()
        reader = follow(source.root)
        reader.until(source.numbers)
        source.root.chmod(0)
        assert "ermission denied" in str(reader.trouble())
        source.root.chmod(0o755)
        source.deliver()
        reader.until(source.numbers)


# -- no room -------------------------------------------------------------------------------------------------


def test_a_cache_that_is_full_for_a_while_leaves_nothing_out(source, follow, cache):
    with mounted(cache, "1m"):
        reader = follow(store=True)
        reader.until(source.numbers)
        filler = fill(cache, 0)
        for _ in range(3):
            source.deliver(500)
            reader.until(source.numbers)
        reader.until_so(lambda: reader.latest.kept.trouble, lambda: "that it is told")
        filler.unlink()
        source.deliver(500)
        reader.until(source.numbers)
        reader.stop()
        same_as_without(read(source.root), source.root)


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_a_file_that_had_no_room_and_is_completed_later_arrives_once(source, follow, packed):
    root = source.root.with_name("small")
    with mounted(root, "1m"):
        small = Source(root)
        small.deliver()
        reader = follow(root, store=True)
        reader.until(small.numbers)
        numbers = small.take(3000)
        data = body(numbers) if packed else text(HEADER, *lines(numbers))

        filler = fill(root, len(data) // 2 // 4096 * 4096)
        path = root / (key(1) if packed else "app.log")
        written = 0
        with _made(path).open("wb", buffering=0) as file, suppress(OSError):
            while written < len(data):
                written += file.write(data[written : written + 4096])
        assert 0 < written < len(data), "there was room for all of it"
        # What could be read of it may be there, and is there once.
        reader.until_so(lambda: len(reader.latest.files) > 2, lambda: "the cut file")
        assert set(reader.seen) <= set(small.numbers)
        filler.unlink()
        with path.open("ab") as file:
            file.write(data[written:])
        reader.until(small.numbers)
        reader.stop()


def _made(path):
    """A path whose folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


# -- nothing can be watched ----------------------------------------------------------------------------------


def test_exhausted_watches_are_told_once_and_survived(source, follow, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("watchfiles.watch", refuse)
    reader = follow()
    reader.until(source.numbers)
    for number in (1, 2, 300):
        source.deliver(name=key(number))
        reader.until(source.numbers)
    assert len(reader.troubles) == 1
