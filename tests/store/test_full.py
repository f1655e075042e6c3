"""No room in the cache: all is answered from the logs, and kept once there is room again."""

from __future__ import annotations

import re

import pytest

from loaders import discover
from tests.loaders.files import HEADER, put, record, text
from tests.store.commands import answers_of, flowtui, mounted
from tests.store.sameness import answers, logs, opened, read, rest, same_as_without


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch):
    """A file that was just written is believed to stay as it is."""
    monkeypatch.setattr(discover, "_HOT_NS", 0)


@pytest.fixture
def many(root):
    """Logs that take more than a little room."""
    logs(root, 30, rows=300)
    return root


def fill(folder, leave):
    """Take the room of a file system but for some bytes."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(max(file.tell() - leave, 0))
    return folder / "filler"


@pytest.mark.usefixtures("in_small_steps")
@pytest.mark.parametrize("room", [0, 16, 64, 128, 300])
def test_a_cache_that_is_full_at_some_point_is_done_without_and_completed_later(
    many, cache, room, looked_into
):
    without = read(many, store=False)
    with mounted(cache, "8m"):
        filler = fill(cache, 1024 * room)
        for _ in range(2):
            dataset = read(many)
            same_as_without(dataset, many)
            assert answers(dataset) == answers(without)
            assert dataset.kept.trouble is None or "\n" not in dataset.kept.trouble
        filler.unlink()
        dataset = read(many)
        same_as_without(dataset, many)
        assert dataset.kept.trouble is None
        looked_into.clear()
        same_as_without(read(many), many)
        assert len(looked_into) == 30, "only the reading without a store opens them"


def test_a_cache_that_fills_up_while_logs_are_followed_is_done_without(root, cache):
    with mounted(cache, "2m"):
        logs(root, 2)
        with opened(root) as library:
            filler = fill(cache, 0)
            for number in range(3):
                put(root, f"{number}.log", text(HEADER, *[record(srcport=number)] * 500))
                (root / f"{number - 1}.log").unlink(missing_ok=True)
                for _ in library.refresh():
                    pass
                same_as_without(library.dataset, root)
            assert library.dataset.kept.trouble
        same_as_without(read(root), root)
        filler.unlink()
        for _ in range(2):
            dataset = read(root)
            same_as_without(dataset, root)
            assert dataset.kept.trouble is None


def test_commands_say_one_sentence_at_most_where_the_cache_is_full(many, cache):
    with mounted(cache, "1m"):
        filler = fill(cache, 100_000)
        assert answers_of(many) == answers_of(many, "--no-store")
        _, err = flowtui("store", "build", many, status=1)
        assert re.fullmatch(r"flowtui: Not all of it could be kept: [^\n]+\.\n", err)
        flowtui("store", "status", many)
        filler.unlink()
        out, err = flowtui("store", "build", many, "--format", "ndjson")
        assert err == ""
        assert '"left": 0' in out


@pytest.mark.parametrize("most", [0, 1000, 20_000, 60_000])
def test_commands_whose_files_may_not_grow_large_answer_all_the_same(many, most):
    """A quota would do the same: what is written fails beyond some size."""
    rest()
    wanted = answers_of(many, "--no-store")
    assert answers_of(many, largest_file=most) == wanted
    _, err = flowtui("store", "build", many, status=None, largest_file=most)
    assert re.fullmatch(r"(flowtui: Not all of it could be kept: [^\n]+\.\n)?", err)
    flowtui("store", "build", many)
    assert answers_of(many) == wanted
    with opened(many) as library:
        assert library.missing() == 0
