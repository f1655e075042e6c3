"""A store that is damaged, of another version, or not to be had: the answers are those of the logs."""

from __future__ import annotations

import os
import shutil
import sqlite3

import pytest

from loaders import discover
from loaders.store.keeper import open_keeper
from loaders.store.store import MANIFEST, READERS, WRITER
from tests.loaders.files import HEADER, put, record, text
from tests.store.commands import answers_of, flowtui, mounted, nobody
from tests.store.sameness import logs, opened, read, same_as_without


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch):
    """A file that was just written is believed to stay as it is."""
    monkeypatch.setattr(discover, "_HOT_NS", 0)


@pytest.fixture
def kept(root, cache):
    """The folder of a store with a few segments."""
    for number, hour in enumerate((4, 8, 12)):
        logs(root / str(hour), 2, hour=hour)
        put(root, f"{number}.log", text(HEADER, record(srcport=number), "bogus"))
        read(root)
    (folder,) = cache.iterdir()
    assert len(segments(folder)) == 6
    return folder


def segments(folder):
    return sorted((folder / "segments").iterdir())


def mended(root, looked_into):
    """Read twice; what is wrong with the store is known once only."""
    for _ in range(2):
        looked_into.clear()
        dataset = read(root)
        same_as_without(dataset, root)
    looked_into.clear()
    dataset = read(root)
    assert looked_into == [], "the store is of no use"
    assert dataset.kept.trouble is None


def base(folder):
    return sqlite3.connect(folder / MANIFEST, isolation_level=None)


# -- segments -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 2, 5])
def test_a_segment_that_is_gone_is_read_again(kept, root, looked_into, which):
    segments(kept)[which].unlink()
    mended(root, looked_into)


@pytest.mark.parametrize("size", [0, 4, 100, -1])
def test_a_segment_that_is_cut_is_read_again(kept, root, looked_into, size):
    (path, *_) = segments(kept)
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    mended(root, looked_into)


def test_a_segment_that_grew_is_read_again(kept, root, looked_into):
    with segments(kept)[0].open("ab") as file:
        file.write(b"more")
    mended(root, looked_into)


def test_all_segments_are_gone(kept, root, looked_into):
    shutil.rmtree(kept / "segments")
    mended(root, looked_into)


def test_segments_that_nobody_knows_are_removed(kept, root, looked_into):
    before = segments(kept)
    put(kept, "segments/0123456789abcdef.parquet", b"PAR1 half of it")
    mended(root, looked_into)
    assert segments(kept) == before


def test_one_who_only_reads_misses_no_segment_that_is_gone_or_cut(kept, root):
    """The writer opened the store before, so nobody has looked whether the segments are whole."""
    one, two, *_ = segments(kept)
    with opened(root):
        one.unlink()
        os.truncate(two, 100)
        with opened(root) as reader:
            assert not reader._keeper.writes
            same_as_without(reader.dataset, root)


# -- the manifest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 8192, 20_000, -1])
def test_a_manifest_that_is_cut_is_begun_anew(kept, root, looked_into, size):
    path = kept / MANIFEST
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    mended(root, looked_into)


@pytest.mark.parametrize(
    "data",
    [b"garbage", b"garbage" * 10_000, b"SQLite format 3\0", b"SQLite format 3\0" * 999],
    ids=["short", "long", "a beginning", "beginnings"],
)
def test_a_manifest_that_is_none_is_begun_anew(kept, root, looked_into, data):
    (kept / MANIFEST).write_bytes(data)
    mended(root, looked_into)


def test_a_manifest_with_a_page_of_garbage_does_no_harm(kept, root):
    whole = (kept / MANIFEST).read_bytes()
    other = kept.with_name("whole")
    shutil.copytree(kept, other)
    harm = {}
    for page in range(len(whole) // 4096):
        shutil.rmtree(kept)
        shutil.copytree(other, kept)
        damaged = bytearray(whole)
        damaged[4096 * page : 4096 * (page + 1)] = b"\xa5" * 4096
        (kept / MANIFEST).write_bytes(damaged)
        try:
            same_as_without(read(root), root)
        except Exception as error:  # noqa: BLE001 - all pages are looked at
            harm[page] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    assert harm == {}


def test_a_log_of_changes_that_is_garbage_does_no_harm(kept, root, looked_into):
    for name in ("wal", "shm"):
        (kept / f"{MANIFEST}-{name}").write_bytes(b"garbage" * 1000)
    mended(root, looked_into)


def test_a_manifest_that_is_a_directory_is_done_without(kept, root):
    (kept / MANIFEST).unlink()
    (kept / MANIFEST).mkdir()
    same_as_without(read(root), root)
    assert_commands_answer(root)


@pytest.mark.parametrize("version", ["0", "2 0.1.0", ""])
def test_a_store_of_another_version_is_begun_anew(kept, root, looked_into, version):
    before = segments(kept)
    with base(kept) as manifest:
        manifest.execute("UPDATE meta SET value = ? WHERE key = 'version'", (version,))
        manifest.execute("UPDATE file SET state = 'skipped', records = 7")
    manifest.close()
    mended(root, looked_into)
    assert not set(before) & set(segments(kept))


def test_a_store_of_another_version_with_other_tables_is_begun_anew(kept, root, looked_into):
    (kept / MANIFEST).unlink()
    with base(kept) as manifest:
        manifest.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        manifest.execute("INSERT INTO meta VALUES ('version', '99')")
        manifest.execute("CREATE TABLE file (a, b)")
        manifest.execute("CREATE TABLE segment (a, b)")
    manifest.close()
    mended(root, looked_into)


def test_a_store_of_another_version_that_is_in_use_is_left_alone(kept, root):
    keeper = open_keeper([str(root)])
    before = segments(kept)
    try:
        with base(kept) as manifest:
            manifest.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
        manifest.close()
        dataset = read(root)
        same_as_without(dataset, root)
        assert "another version" in dataset.kept.trouble
        assert segments(kept) == before
    finally:
        keeper.close()


def test_a_manifest_that_somebody_holds_for_long_is_waited_for_or_done_without(kept, root):
    """As a backup or an SQLite shell would."""
    other = base(kept)
    other.execute("BEGIN EXCLUSIVE")
    try:
        same_as_without(read(root), root)
    finally:
        other.close()
    same_as_without(read(root), root)


# -- a cache that cannot be had -------------------------------------------------------------------------------


def assert_commands_answer(root):
    """The commands answer as without a store, and say what is wrong in a sentence at most."""
    assert answers_of(root) == answers_of(root, "--no-store")
    for command in ("status", "build", "prune", "clear"):
        _, err = flowtui("store", command, root, status=None)
        assert len(err.splitlines()) <= 2, err


@pytest.fixture
def some(root):
    """A few logs."""
    logs(root)
    put(root, "a.log", text(HEADER, record(), "bogus"))
    return root


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_file_where_the_cache_should_be(some, cache, level):
    """The cache itself, flowtui's folder in it, that of all stores, or that of this one."""
    if level == 3:
        read(some)
        (place,) = cache.iterdir()
        shutil.rmtree(place)
    else:
        place = (cache.parent.parent, cache.parent, cache)[level]
        place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"in the way")
    dataset = read(some)
    same_as_without(dataset, some)
    assert dataset.kept.trouble
    if level in {0, 3}:
        assert_commands_answer(some)
    assert place.read_bytes() == b"in the way" or level == 3


def test_a_cache_that_leads_nowhere(some, cache):
    cache.parent.parent.parent.mkdir(exist_ok=True)
    cache.parent.parent.symlink_to("/proc/nowhere/at/all")
    same_as_without(read(some), some)
    flowtui("store", "status", some)
    cache.parent.parent.unlink()


@pytest.mark.parametrize("filled", [False, True])
def test_a_cache_that_may_only_be_read(some, cache, filled):
    with mounted(cache) as remount:
        if filled:
            read(some)
            put(some, "b.log", text(HEADER, record()))
        remount("ro")
        dataset = read(some)
        same_as_without(dataset, some)
        assert dataset.kept.trouble == "read-only file system"
        if filled:
            assert_commands_answer(some)
        remount("rw")
        dataset = read(some)
        same_as_without(dataset, some)
        assert dataset.kept.trouble is None


def test_the_place_of_a_lock_that_is_a_directory(kept, root):
    for name in (WRITER, READERS):
        (kept / name).unlink()
        (kept / name).mkdir()
        dataset = read(root)
        same_as_without(dataset, root)
        flowtui("store", "status", root)
        (kept / name).rmdir()
    same_as_without(read(root), root)


def test_a_folder_that_is_empty_is_filled_again(kept, root, looked_into):
    shutil.rmtree(kept)
    kept.mkdir()
    flowtui("store", "status", root)
    mended(root, looked_into)


def test_a_store_of_another_user_is_done_without(of_all, monkeypatch):
    root = of_all / "logs"
    logs(root)
    with nobody():
        read(root)
    for path in (of_all / "cache").rglob("*"):
        os.chmod(path, 0)
    with nobody():
        dataset = read(root)
        same_as_without(dataset, root)
        assert dataset.kept.trouble == "permission denied"
