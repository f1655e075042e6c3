"""Files that come, grow, are rotated and go while somebody looks: every record once, at every moment."""

from __future__ import annotations

import gzip
import os
import shutil
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import content, live
from loaders.live import Live
from loaders.store.keeper import open_keeper
from tests.loaders.files import HEADER, add, delivery, numbered, packed, put, record, records, reports, text

SOON = 20


class Watched:
    """A directory, and a library that is told where something changed."""

    def __init__(self, root, **options):
        self.root = root
        root.mkdir(exist_ok=True)
        self.library = Live([str(root)], **options)
        self.look(None)

    def look(self, *names):
        """Look at some paths; how many records there were at each moment."""
        paths = None if names == (None,) else {str(self.root / name) for name in names}
        return [dataset.height for dataset in self.library.refresh(paths=paths)]

    def until(self, height):
        """Look at what waits until there are so many records; how many there were at each moment."""
        seen, end = [], time.monotonic() + SOON
        while self.dataset.height != height or self.library._patience.paths:
            assert time.monotonic() < end, (self.dataset.height, self.library._patience.paths)
            time.sleep(self.library.wait or 0)
            seen += self.look()
        return seen

    @property
    def dataset(self):
        return self.library.dataset

    def ports(self):
        return sorted(records(self.dataset, "srcport")) if self.dataset.height else []


@pytest.fixture
def watched(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "_CUT_SECONDS", 0.2)
    monkeypatch.setattr(live, "_FRESH_SECONDS", 0.05)
    return Watched(tmp_path / "logs")


@pytest.fixture
def bytes_read(monkeypatch):
    """How many bytes of lines are read."""
    read = []
    blocks = content.Blocks.__iter__

    def spy(self):
        for block in blocks(self):
            read.append(len(block.data))
            yield block

    monkeypatch.setattr(content.Blocks, "__iter__", spy)
    return read


# -- what grows ----------------------------------------------------------------------------------------------


def test_of_a_file_that_grows_only_what_is_new_is_read(watched, bytes_read):
    path = put(watched.root, "app.log", text(HEADER, *numbered(*range(1000))))
    watched.look("app.log")
    watched.until(1000)
    bytes_read.clear()
    for count in range(1000, 1010):
        add(path, *numbered(count))
        watched.look("app.log")
        assert watched.dataset.height == count + 1
    assert sum(bytes_read) == len(text(*numbered(*range(1000, 1010))))
    assert watched.ports() == list(range(1010))
    assert sorted(records(watched.dataset, "line")) == list(range(2, 1012))


def test_a_file_that_was_there_before_is_read_once_more_when_it_grows_and_then_no_more(tmp_path, bytes_read):
    path = put(tmp_path, "logs/app.log", text(HEADER, *numbered(*range(100))))
    watched = Watched(tmp_path / "logs")
    for count in (100, 101, 102):
        bytes_read.clear()
        add(path, *numbered(count))
        watched.look("app.log")
        watched.until(count + 1)
    assert sum(bytes_read) == len(text(*numbered(102)))
    assert watched.ports() == list(range(103))


@pytest.mark.parametrize(
    ("lines", "more", "kind"),
    [
        ([HEADER, record()], [record()], "flow-log"),
        ([record()], [record()], "flow-log"),
        (['{"time":"2026-01-15T10:00:00Z","a":1}'] * 2, ['{"time":"2026-01-15T10:00:01Z","a":2}'], "json"),
        (["2026-01-15 10:00:00 up", "2026-01-15 10:00:01 on"], ["  at a", "2026-01-15 10:00:02 off"], "text"),
    ],
)
def test_all_that_stands_in_lines_is_gone_on_with_as_if_it_was_read_at_once(watched, lines, more, kind):
    path = put(watched.root, "app.log", text(*lines))
    watched.look("app.log")
    watched.until(len([line for line in lines if line != HEADER]))
    assert watched.library._growing.state_of(str(path)) is not None
    before = set(watched.dataset.files)
    add(path, *more)
    watched.look("app.log")
    assert set(watched.dataset.files) == before, "it is the same file"
    anew = Watched(watched.root)
    for name in ("line", "timestamp", "log_group", "log_stream"):
        assert records(watched.dataset, name) == records(anew.dataset, name)
    assert {part.kind for part in watched.dataset.parts} == {kind}
    assert reports(watched.dataset)["app.log"].records == reports(anew.dataset)["app.log"].records


def test_a_line_that_is_still_written_waits_and_is_then_a_record_once(watched):
    path = put(watched.root, "app.log", text(HEADER, *numbered(1)))
    watched.look("app.log")
    watched.until(1)
    line = record(srcport=2)
    add(path, line[:40], end="")
    watched.look("app.log")
    assert watched.dataset.height == 1
    assert reports(watched.dataset)["app.log"].reason == "the last line is not finished"
    add(path, line[40:])
    watched.look("app.log")
    assert watched.ports() == [1, 2]
    assert reports(watched.dataset)["app.log"].sound


def test_a_last_line_that_never_ends_is_a_record_after_a_while_and_once_when_more_comes(watched):
    path = put(watched.root, "app.log", text(HEADER, *numbered(1)) + record(srcport=2).encode())
    watched.look("app.log")
    watched.until(2)
    assert watched.ports() == [1, 2]
    add(path, "", *numbered(3))
    watched.look("app.log")
    watched.until(3)
    assert watched.ports() == [1, 2, 3]


def test_lines_that_are_no_records_are_told_with_their_numbers(watched):
    path = put(watched.root, "app.log", text(HEADER, *numbered(1)))
    watched.look("app.log")
    watched.until(1)
    add(path, "bogus", *numbered(2))
    watched.look("app.log")
    report = reports(watched.dataset)["app.log"]
    assert (report.problems["line"].to_list(), report.records) == ([3], 2)


# -- rotation ------------------------------------------------------------------------------------------------


@pytest.fixture
def rotated(watched):
    """A file that has grown while somebody looked."""
    path = put(watched.root, "app.log", text(HEADER, *numbered(1, 2)))
    watched.look("app.log")
    watched.until(2)
    add(path, *numbered(3))
    watched.look("app.log")
    assert watched.dataset.height == 3
    return path


def test_a_file_that_is_renamed_and_begun_anew(watched, rotated):
    rotated.rename(watched.root / "app.log.1")
    put(watched.root, "app.log", text(HEADER, *numbered(4)))
    seen = watched.look("app.log", "app.log.1") + watched.until(4)
    assert watched.ports() == [1, 2, 3, 4]
    assert max(seen) == 4


def test_what_is_written_to_a_file_after_it_was_renamed_is_not_lost(watched, rotated):
    with rotated.open("ab") as writer:
        rotated.rename(watched.root / "app.log.1")
        watched.look("app.log", "app.log.1")
        watched.until(3)
        writer.write(text(*numbered(4)))
        writer.flush()
        watched.look("app.log.1")
        watched.until(4)
    assert watched.ports() == [1, 2, 3, 4]


def test_a_file_that_is_emptied_and_begun_anew(watched, rotated):
    rotated.write_bytes(b"")
    watched.look("app.log")
    add(rotated, HEADER, *numbered(4))
    watched.look("app.log")
    watched.until(1)
    assert watched.ports() == [4]


def test_a_file_that_is_emptied_and_longer_again_before_anybody_looks(watched, rotated):
    rotated.write_bytes(text(HEADER, *numbered(*range(10, 20))))
    watched.look("app.log")
    watched.until(10)
    assert watched.ports() == list(range(10, 20))


def test_a_file_that_is_copied_and_emptied_is_never_there_twice(watched, rotated):
    whole = rotated.read_bytes()
    copy = put(watched.root, "app.log.1", whole[:50])
    seen = watched.look("app.log.1")
    copy.write_bytes(whole)
    for _ in range(3):
        seen += watched.look("app.log.1")
        time.sleep(0.1)
    assert set(seen) <= {3}
    rotated.write_bytes(b"")
    seen = watched.look("app.log")
    add(rotated, HEADER, *numbered(4))
    seen += watched.look("app.log") + watched.until(4)
    assert watched.ports() == [1, 2, 3, 4]
    assert max(seen) == 4


def test_a_file_that_is_packed_is_never_there_twice(watched, rotated):
    rotated.rename(watched.root / "app.log.1")
    watched.look("app.log", "app.log.1")
    watched.until(3)
    whole = gzip.compress((watched.root / "app.log.1").read_bytes())
    packed_ = put(watched.root, "app.log.1.gz", whole[:40])
    seen = watched.look("app.log.1.gz")
    packed_.write_bytes(whole)
    for _ in range(3):
        seen += watched.look("app.log.1.gz")
        time.sleep(0.1)
    (watched.root / "app.log.1").unlink()
    seen += watched.look("app.log.1") + watched.until(3)
    assert watched.ports() == [1, 2, 3]
    assert max(seen, default=0) <= 3


def test_a_file_of_the_same_content_is_a_file_of_its_own_after_a_while(watched, rotated, monkeypatch):
    monkeypatch.setattr(live, "_COPY_SECONDS", 0.2)
    shutil.copy(rotated, watched.root / "app.log.bak")
    watched.look("app.log.bak")
    watched.until(6)


# -- deliveries ----------------------------------------------------------------------------------------------


def test_a_delivery_that_is_written_in_place_is_read_when_it_is_whole(watched):
    whole = packed(HEADER, *numbered(*range(500)))
    path = watched.root / delivery()
    seen = []
    for part in range(1, 6):
        path.write_bytes(whole[: len(whole) * part // 5])
        seen += watched.look(path.name)
        time.sleep(0.07)
        seen += watched.look(path.name)
    seen += watched.until(500)
    assert set(seen) <= {0, 500}, "never a part of it"


def test_what_stays_cut_is_read_as_far_as_it_goes_and_again_when_it_is_whole(watched):
    whole = packed(HEADER, *numbered(*range(5000)))
    path = put(watched.root, delivery(), whole[: len(whole) // 2])
    watched.look(path.name)
    end = time.monotonic() + SOON
    while not watched.dataset.height:
        assert time.monotonic() < end
        time.sleep(0.05)
        watched.look()
    assert 0 < watched.dataset.height < 5000
    assert reports(watched.dataset)[path.name].state == "incomplete"
    path.write_bytes(whole)
    watched.look(path.name)
    watched.until(5000)
    assert watched.ports() == list(range(5000))


def test_what_is_replaced_counts_until_what_replaces_it_is_read(watched):
    path = put(watched.root, delivery(), packed(HEADER, *numbered(1, 2)))
    watched.look(path.name)
    watched.until(2)
    new = put(watched.root, f"{delivery()}.8A3b2C1d", packed(HEADER, *numbered(3)))
    new.rename(path)
    seen = watched.look(path.name, new.name) + watched.until(1)
    assert set(seen) <= {1, 2}
    assert watched.ports() == [3]


def test_a_second_copy_of_a_delivery_counts_when_the_first_one_goes(watched):
    first = put(watched.root, f"a/{delivery()}", packed(HEADER, *numbered(1)))
    put(watched.root, f"b/{delivery()}", packed(HEADER, *numbered(1)))
    watched.look("a")
    watched.until(1)
    watched.look("b")
    watched.until(1)
    first.unlink()
    watched.look(f"a/{delivery()}")
    watched.until(1)
    assert [report.source.name for report in watched.dataset.files.values() if report.records] == [
        f"b/{delivery()}"
    ]


def test_a_file_with_two_names_counts_once(watched):
    path = put(watched.root, "app.log", text(HEADER, *numbered(1)))
    watched.look("app.log")
    watched.until(1)
    os.link(path, watched.root / "other.log")
    watched.look("other.log")
    assert watched.dataset.height == 1
    add(path, *numbered(2))
    watched.look("other.log", "app.log")
    watched.until(2)
    path.unlink()
    watched.look("app.log", "other.log")
    watched.until(2)


def test_of_a_directory_all_is_looked_at(watched):
    for number in range(3):
        put(watched.root, f"2026/01/{number}.log", text(HEADER, *numbered(number)))
    watched.look("2026")
    watched.until(3)
    shutil.rmtree(watched.root / "2026")
    watched.look("2026")
    assert watched.dataset.height == 0


def test_what_is_hidden_or_behind_a_link_is_left_alone(watched, tmp_path):
    put(watched.root, ".hidden/a.log", text(HEADER, *numbered(1)))
    put(tmp_path, "else/b.log", text(HEADER, *numbered(2)))
    (watched.root / "link").symlink_to(tmp_path / "else")
    watched.look(".hidden/a.log", "link/b.log", "../else/b.log")
    assert watched.dataset.height == 0


# -- the store -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [1, 3])
def test_what_came_goes_to_the_store_after_a_while_and_is_not_read_again(tmp_path, monkeypatch, rounds):
    monkeypatch.setattr(live, "_KEEP_SECONDS", 0.0)
    root = tmp_path / "logs"
    put(root, "app.log", text(HEADER, *numbered(0)))
    keeper = open_keeper([str(root)])
    watched = Watched(root, keeper=keeper)
    for number in range(1, rounds + 1):
        put(root, delivery(code=f"{number:08x}"), packed(HEADER, *numbered(number)))
        add(root / "app.log", *numbered(100 + number))
        watched.look(delivery(code=f"{number:08x}"), "app.log")
        watched.until(1 + 2 * number)
    expected = sorted([0, *range(1, rounds + 1), *range(101, 101 + rounds)])
    assert watched.ports() == expected
    keeper.close()
    time.sleep(0.2)  # what had just been written is read again, however it is kept
    keeper = open_keeper([str(root)])
    again = Watched(root, keeper=keeper)
    keeper.close()
    assert again.ports() == expected


def test_what_has_not_gone_to_the_store_is_read_again(tmp_path):
    root = tmp_path / "logs"
    keeper = open_keeper([str(root)])
    watched = Watched(root, keeper=keeper)
    put(root, delivery(), packed(HEADER, *numbered(1)))
    watched.look(delivery())
    watched.until(1)
    keeper.close()
    keeper = open_keeper([str(root)])
    assert Watched(root, keeper=keeper).ports() == [1]
    keeper.close()


# -- all of it -----------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["grow", "half", "end", "rename", "truncate", "copy", "pack", "delete", "deliver"]),
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_to_the_files_it_is_in_the_end_as_if_they_were_read_then(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("logs")
    watched, count = Watched(root), 0
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_CUT_SECONDS", "_FRESH_SECONDS", "_COPY_SECONDS"):
            patch.setattr(live, name, 0.0)
        for what, number, looks in steps:
            path, count = root / f"app{number}.log", count + 1
            _do(what, path, count)
            if looks:
                watched.look(*(entry.name for entry in root.iterdir()), path.name)
        watched.look(*(entry.name for entry in root.iterdir()), *(f"app{number}.log" for number in range(3)))
        watched.look()
        watched.look(None)
        watched.look(None)
    assert watched.ports() == Watched(root).ports()


def _do(what, path, count):
    begun = path.exists() and path.stat().st_size > 0
    if not begun and what in {"grow", "half", "end"}:
        add(path, HEADER)
    if what == "grow" or not path.exists():
        add(path, *([] if path.exists() else [HEADER]), *numbered(count, count + 1000))
    elif what == "half":
        add(path, record(srcport=count)[:30], end="")
    elif what == "end":
        add(path, "")
    elif what == "rename":
        path.rename(f"{path}.{count}")
    elif what == "truncate":
        path.write_bytes(b"")
    elif what == "copy":
        shutil.copy(path, f"{path}.{count}")
        path.write_bytes(b"")
    elif what == "pack":
        put(path.parent, f"{path.name}.{count}.gz", gzip.compress(path.read_bytes()))
        path.unlink()
    elif what == "delete":
        path.unlink()
    else:
        put(path.parent, delivery(code=f"{count:08x}"), packed(HEADER, *numbered(count)))
