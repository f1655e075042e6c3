"""Other names of groups, other ways to the same logs, a part of the time: each asks of the store its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.loaders.files import HEADER, delivery, packed, put, record, text
from tests.store.sameness import again, logs, opened, read, rest, same_as_without

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)

# -- groups that are called otherwise ------------------------------------------------------------------------


def named(root, name):
    return put(root, "flowtui.toml", f'[groups]\n"*" = "{name}"\n'.encode())


def test_groups_that_are_called_otherwise_are_so_at_once_and_back_again(root):
    logs(root)
    put(root, "a.log", text(HEADER, record()))
    rest()
    for name in (None, "production", "staging", None, "production"):
        if name is None:
            (root / "flowtui.toml").unlink(missing_ok=True)
        else:
            named(root, name)
        dataset = read(root)
        same_as_without(dataset, root)
        assert name is None or set(dataset.summary()["log_group"]) == {name}


def test_fields_that_are_named_otherwise_are_so_at_once(root):
    put(root, "day/a.log", text(*["10.0.0.1 10.0.0.2 1768471200 5"] * 3))
    rest()
    for fields in ("srcaddr dstaddr start bytes", "dstaddr srcaddr start packets"):
        put(root, "flowtui.toml", f'[fields]\n"day" = "{fields}"\n'.encode())
        same_as_without(read(root), root)


def test_what_is_read_under_other_names_of_groups_is_not_kept_under_the_old_ones(root):
    put(root, "a.log", text(HEADER, record(srcport=1)))
    named(root, "before")
    rest()
    with opened(root) as library:
        named(root, "behind")
        put(root, "b.log", text(HEADER, record(srcport=2)))
        rest()
        again(library)
    named(root, "before")
    same_as_without(read(root), root)


# -- where a root leads ---------------------------------------------------------------------------------------


def test_a_file_that_is_opened_by_two_names_is_what_each_of_them_says(root):
    path = put(root.parent, f"elsewhere/{delivery()}", packed(HEADER, record()))
    (root / "plain.log").symlink_to(path)
    rest()
    for opened_as in (path, root / "plain.log", path):
        same_as_without(read(opened_as), opened_as)


def test_links_are_followed_or_not_as_each_reading_asks(root):
    put(root.parent, "elsewhere/day/b.log", text(HEADER, record(srcport=2)))
    put(root, "a.log", text(HEADER, record(srcport=1)))
    (root / "link").symlink_to(root.parent / "elsewhere")
    rest()
    for follow in (True, False, True, False):
        dataset = read(root, follow_links=follow)
        same_as_without(dataset, root, follow_links=follow)
        assert dataset.height == 1 + follow


def test_directories_that_are_opened_together_have_a_store_of_their_own(root):
    one, two = root / "one", root / "two"
    for number, folder in enumerate((one, two)):
        put(folder, "a.log", text(HEADER, record(srcport=number)))
    rest()
    for roots in ((one,), (one, two), (two, one), (root,), (one,)):
        same_as_without(read(*roots), *roots)
    put(one, "b.log", text(HEADER, record(srcport=7)))
    for roots in ((one,), (one, two), (two, one), (root,), (one,)):
        same_as_without(read(*roots), *roots)


# -- a part of the time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{"since": NOON}, {"until": NOON}, {"since": NOON, "until": NOON}])
def test_a_part_of_the_time_and_all_of_it_in_turn(root, limits):
    paths = [path for hour in (4, 8, 12, 16) for path in logs(root / str(hour), 2, hour=hour)]
    put(root, "a.log", text(HEADER, record()))
    rest()
    heights = set()
    for change in (
        lambda: None,
        paths[0].unlink,
        paths[-1].unlink,
        lambda: paths[1].write_bytes(packed(HEADER)),
    ):
        for options in (limits, {}, limits):
            dataset = read(root, **options)
            same_as_without(dataset, root, **options)
            heights.add(dataset.height)
        change()
    assert len(heights) > 2


@pytest.mark.usefixtures("in_small_steps")
def test_merging_for_a_part_of_the_time_loses_nothing_of_the_rest(root):
    for hour in (4, 8, 12, 16):
        logs(root / str(hour), 4, hour=hour)
    rest()
    evening = {"since": NOON + timedelta(hours=5)}
    for options in (evening, {}, evening, {}, {"until": NOON - timedelta(hours=9)}, {}):
        with opened(root, **options) as library:
            same_as_without(library.dataset, root, **options)
            assert library._keeper.kept.trouble is None
