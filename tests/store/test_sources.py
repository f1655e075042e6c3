"""What happens to the logs between two readings with a store: every answer is the one without it."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import ExitStack

import pytest

from loaders import discover
from loaders import load as loading
from tests.loaders.files import HEADER, delivery, packed, put, record, reports, text
from tests.store.commands import nobody
from tests.store.sameness import again, answers, logs, opened, read, rest, same_as_without


@pytest.fixture(params=["opened anew", "refreshed", "opened anew while another one writes"])
def after(request, root, monkeypatch):
    """Read with a store, change something, and read again in one of the ways in which one can.

    Gives a function that takes the change; what it gives back has been held against a reading without.
    """
    how = request.param
    # What was just written is kept at once; all that follows takes longer than the clock's steps.
    monkeypatch.setattr(discover, "_HOT_NS", 0)

    def after(change, **options):
        with opened(root, **options) as library:
            same_as_without(library.dataset, root, **options)
            if how == "refreshed":
                change()
                again(library)
                same_as_without(library.dataset, root, **options)
        if how != "refreshed":
            change()
        if how == "opened anew while another one writes":
            with opened(root, **options), opened(root, **options) as second:
                same_as_without(second.dataset, root, **options)
                assert not second._keeper.writes
        dataset = read(root, **options)
        for _ in range(2):  # the second time all of it comes from the store
            same_as_without(dataset, root, **options)
            assert answers(dataset) == answers(read(root, store=False, **options))
            dataset = read(root, **options)
        return dataset

    return after


def in_place(path, data):
    """Write over a file: it stays the same file, and tells the time that it told before."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return path.stat()


def test_nothing_is_opened_again_where_nothing_has_changed(root, looked_into):
    logs(root)
    put(root, "a.log", text(HEADER, record(), "bogus"))
    put(root, "readme.txt", b"hello")
    rest()
    before = read(root)
    looked_into.clear()
    dataset = read(root)
    assert looked_into == []
    assert dataset.height == before.height == 13
    same_as_without(dataset, root)


def test_a_file_that_grows_is_read_anew(root, after):
    logs(root)
    path = put(root, "a.log", text(HEADER, record(srcport=1)))

    def change():
        with path.open("ab") as file:
            file.write(text(record(srcport=2)))

    assert reports(after(change))["a.log"].records == 2


def test_a_file_that_shrinks_is_read_anew(root, after):
    path = put(root, "a.log", text(HEADER, record(srcport=1), record(srcport=2)))
    dataset = after(lambda: path.write_bytes(text(HEADER, record(srcport=3))))
    assert reports(dataset)["a.log"].records == 1


def test_a_file_that_is_replaced_by_another_of_the_same_size_and_time_is_read_anew(root, after):
    path = put(root, "a.log", text(HEADER, record(srcport=11111)))
    logs(root, 1)

    def change():
        other = put(root.parent, "other", text(HEADER, record(srcport=22222)))
        assert other.stat().st_size == path.stat().st_size
        shutil.copystat(path, other)
        other.replace(path)

    assert 22222 in after(change).lazy().collect()["srcport"]


def test_a_file_that_is_written_over_in_place_is_read_anew_though_size_and_time_stay(root, after):
    path = put(root, "a.log", text(HEADER, record(srcport=11111)))
    before = path.stat()

    def change():
        now = in_place(path, text(HEADER, record(srcport=22222)))
        same = ("st_size", "st_mtime_ns", "st_ino")
        assert [getattr(now, name) for name in same] == [getattr(before, name) for name in same]

    assert after(change).lazy().collect()["srcport"].to_list() == [22222]


def test_a_file_that_is_written_over_just_after_it_was_read_is_read_anew(root, monkeypatch):
    """Clocks of file systems tick slowly: a second writing can leave all times as they were."""
    fingerprint = discover._fingerprint

    def by_a_slow_clock(found):
        size, _, inode, _ = fingerprint(found)
        return size, 7, inode, 7

    path = put(root, "a.log", text(HEADER, record(srcport=11111)))
    with monkeypatch.context() as patch:
        patch.setattr(discover, "_fingerprint", by_a_slow_clock)
        patch.setattr(discover, "_HOT_NS", 60_000_000_000)
        for port in (22222, 33333):
            read(root)
            path.write_bytes(text(HEADER, record(srcport=port)))
            same_as_without(read(root), root)


def test_a_file_that_vanishes_takes_its_rows_with_it(root, after):
    path, *_ = logs(root)
    assert len(after(path.unlink).files) == 2


def test_all_files_but_one_vanish(root, after):
    paths = logs(root, 8)
    assert len(after(lambda: [path.unlink() for path in paths[1:]]).files) == 1


def test_a_file_that_vanishes_and_comes_back_is_there_once(root):
    path, *_ = logs(root)
    rest()
    read(root)
    away = path.rename(root.parent / "away")
    same_as_without(read(root), root)
    away.rename(path)
    same_as_without(read(root), root)


def test_a_directory_that_is_moved_away_while_it_is_read_and_comes_back_is_read(root, monkeypatch):
    """The files in it are what they were, to the nanosecond: only the reading went wrong."""
    put(root, "day/a.log", text(HEADER, record(srcport=1)))
    put(root, "b.log", text(HEADER, record(srcport=2)))
    rest()
    recognise = loading.recognise

    def too_late(file):
        shape = recognise(file)
        if file.name == "day/a.log":
            (root / "day").rename(root.parent / "away")
        return shape

    with monkeypatch.context() as patch:
        patch.setattr(loading, "recognise", too_late)
        assert reports(read(root))["day/a.log"].records == 0
    (root.parent / "away").rename(root / "day")
    same_as_without(read(root), root)


def test_a_cut_delivery_is_whole_once_it_is(root, after):
    whole = packed(HEADER, *[record(srcport=port, bytes=port * port) for port in range(200)])
    path = put(root, delivery(), whole[:400])
    logs(root, 1)
    dataset = after(lambda: path.write_bytes(whole))
    assert (reports(dataset)[delivery()].state, dataset.height) == ("complete", 204)


def test_a_delivery_that_is_still_transferred_arrives_under_its_name(root, after):
    path = put(root, f"{delivery()}.8A3b2C1d", packed(HEADER, record()))
    logs(root, 1)
    assert after(lambda: path.rename(root / delivery())).height == 5


def test_a_file_that_is_renamed_is_known_by_its_new_name(root, after):
    path = put(root, "a.log", text(HEADER, record()))
    assert set(reports(after(lambda: path.rename(root / "z.log")))) == {"z.log"}


def test_two_files_that_change_their_names_change_their_rows(root, after):
    one = put(root, "a.log", text(HEADER, record(srcport=11111)))
    two = put(root, "b.log", text(HEADER, record(srcport=22222)))

    def change():
        one.rename(root / "c")
        two.rename(one)
        (root / "c").rename(two)

    after(change)


def test_a_directory_that_is_renamed_names_another_group(root, after):
    for number in range(3):
        put(root, f"before/{number}.log", text(HEADER, record(srcport=number)))
    dataset = after(lambda: (root / "before").rename(root / "behind"))
    assert dataset.summary()["log_group"].to_list() == ["behind"]


def test_two_directories_that_change_their_names_change_their_groups(root, after):
    """Of the files in them nothing changes at all, only of what is above them."""
    put(root, "a/x.log", text(HEADER, record(srcport=11111)))
    put(root, "b/x.log", text(HEADER, record(srcport=22222)))

    def change():
        (root / "a").rename(root / "c")
        (root / "b").rename(root / "a")
        (root / "c").rename(root / "b")

    after(change)


def test_the_whole_directory_is_renamed(root):
    logs(root)
    put(root, "a.log", text(HEADER, record()))
    rest()
    read(root)
    moved = root.rename(root.parent / "moved")
    same_as_without(read(moved), moved)
    logs(root, 1)
    same_as_without(read(root), root)
    same_as_without(read(moved), moved)


def test_a_file_that_may_not_be_read_for_a_while_is_there_again_when_it_may(of_all):
    root = of_all / "logs"
    path, *_ = logs(root)
    put(root, "day/a.log", text(HEADER, record(srcport=7)))
    rest()
    with nobody(), opened(root) as library:
        assert library.dataset.height == 13
        for mode, height in ((0, 9), (0o644, 13), (0, 9)):
            _chmod(path, mode)
            assert again(library).height == height
            same_as_without(library.dataset, root)
    for mode in (0, 0o644, 0, 0, 0o644, 0o644):
        _chmod(path, mode)
        with nobody():
            same_as_without(read(root), root)
    for mode in (0o755, 0, 0, 0o755):
        _chmod(root / "day", mode)
        with nobody():
            same_as_without(read(root), root)


def _chmod(path, mode):
    """Change a mode; that is for its owner to do."""
    who = os.geteuid()
    if who != os.getuid():
        os.seteuid(os.getuid())
    path.chmod(mode)
    if who != os.geteuid():
        os.seteuid(who)


def test_a_file_that_is_only_touched_stays_what_it_is(root, after):
    path, *_ = logs(root)
    after(path.touch)


def test_a_file_with_other_columns_in_its_place(root, after):
    path = put(root, "a.log", text(HEADER, record()))
    put(root, "b.log", text(HEADER, record()))
    after(lambda: path.write_bytes(text("dstport region bytes", "80 eu-west-1 5")))


def test_a_file_that_becomes_no_log_and_one_that_becomes_a_log(root, after):
    log, other = put(root, "a.log", text(HEADER, record())), put(root, "b.log", b"\0hello")
    put(root, "c.log", text(HEADER, record()))

    def change():
        log.write_bytes(b"\0hello")
        other.write_bytes(text(HEADER, record(srcport=7)))

    after(change)


def test_a_file_that_is_mended_loses_its_problems(root, after):
    path = put(root, "a.log", text(HEADER, record(), "bogus", "more of it"))
    put(root, "b.log", text(HEADER, "bogus here too"))
    after(lambda: path.write_bytes(text(HEADER, record())))


def test_a_second_copy_of_a_delivery_counts_once_whichever_of_them_goes(root, after):
    data = packed(HEADER, record(), record())
    one, two = put(root, f"a/{delivery()}", data), put(root, f"b/{delivery()}", data)

    def change():
        one.unlink()
        put(root, f"c/{delivery()}", data)

    dataset = after(change)
    assert {name: report.records for name, report in reports(dataset).items()} == {
        f"b/{delivery()}": 2,
        f"c/{delivery()}": 0,
    }
    assert two.exists()


def test_files_of_a_time_that_no_clock_shows_are_kept_or_read_and_do_no_harm(root, after):
    """Some file systems tell of years that do not fit into 63 bits of nanoseconds, or of none."""
    late, early = (
        put(root, "late.log", text(HEADER, record())),
        put(root, "early.log", text(HEADER, record())),
    )
    os.utime(late, (10_000_000_000, 10_000_000_000))
    os.utime(early, (-10_000_000_000, -10_000_000_000))
    after(lambda: logs(root, 2))


def test_a_link_that_leads_elsewhere_now_brings_what_is_there(root, after):
    for name in "ab":
        put(root.parent, f"elsewhere/{name}/x.log", text(HEADER, record(srcaddr=f"10.0.0.{ord(name)}")))
    link = root / "link"
    link.symlink_to(root.parent / "elsewhere/a")
    put(root, "a.log", text(HEADER, record()))

    def change():
        link.unlink()
        link.symlink_to(root.parent / "elsewhere/b")

    after(change, follow_links=True)


# -- all of it together ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_small_steps")
def test_whatever_happens_to_the_files_the_store_says_what_they_say(root):
    chance = random.Random(11)
    for _ in range(16):
        with ExitStack() as stack:
            library = None
            for _ in range(chance.randrange(1, 5)):
                _change_something(root, chance)
                if chance.random() < 0.5:
                    rest()
                if library is None:
                    library = stack.enter_context(opened(root))
                same_as_without(again(library), root)


def _change_something(root, chance):
    for _ in range(chance.randrange(1, 4)):
        path = root / chance.choice(["a.log", "b.log", "c/d.gz", "c/e.log", "f.log", delivery()])
        if path.exists() and chance.random() < 0.4:
            path.unlink()
            continue
        names = chance.choice([HEADER, "srcport srcaddr start"])
        lines = [record(names.split(), srcport=chance.randrange(9)) for _ in range(chance.randrange(5))]
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(["", "bogus", record(names.split())]))
        data = chance.choice([text, packed])(names, *lines) + chance.choice([b"", b"", b"half"])
        put(root, str(path.relative_to(root)), data)
