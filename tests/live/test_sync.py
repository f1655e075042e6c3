"""``aws s3 sync``, as it is, into a directory that is followed: every record arrives once, whole files only."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time

import pytest

from tests.live.buckets import Bucket, ended, looking, serving
from tests.live.traffic import SOON, Source, body, key, numbers_of
from tests.tui.conftest import NARROW, explorer_on, settled, title, until

pytestmark = pytest.mark.slow
# Each takes seconds of the slow line.
MANY = 30_000
SLOW = "2MB/s"


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


@pytest.fixture
def bucket(address, tmp_path):
    return Bucket(address, tmp_path.name.replace("_", "-").lower(), tmp_path / "aws.config")


class Shelf(Source):
    """Deliveries that go to a bucket; what belongs to each name is known."""

    def __init__(self, root, bucket, *, begin):
        super().__init__(root, begin=begin)
        self._bucket, self.counts = bucket, {}

    def fill(self, *numbers, count=3, **options):
        """Put the deliveries of some numbers into the bucket."""
        for number in numbers:
            taken = self.take(count)
            self._bucket.put(key(number), body(taken, **options))
            self.counts[key(number).rpartition("/")[2]] = count


@pytest.fixture
def shelf(source, bucket):
    """A bucket beside the directory that is followed, whose records have other numbers than those there."""
    shelf = Shelf(source.root, bucket, begin=len(source.numbers))
    shelf.numbers += source.numbers
    return shelf


def whole(shelf):
    """Look at a data set: numbers of records, after it is sure that every delivery is there wholly or not."""

    def look(dataset):
        numbers = numbers_of(dataset)
        if dataset.height:
            counted = dict(dataset.lazy().group_by("_file").len().collect().iter_rows())
            for number, report in dataset.files.items():
                name = report.source.name.rpartition("/")[2]
                wanted = shelf.counts.get(name)
                if wanted is not None:
                    assert counted.get(number, 0) == wanted, f"a part of {name}"
        return numbers

    return look


async def synced(bucket, root, **options):
    """The same as ``Bucket.synced`` while an app in this process goes on."""
    return await asyncio.to_thread(bucket.synced, root, **options)


@pytest.mark.parametrize("store", [False, True], ids=["in memory", "with a store"])
def test_what_a_sync_brings_arrives_once_and_never_in_part(shelf, bucket, follow, store):
    shelf.fill(1, 2, 3)
    shelf.fill(4, count=MANY, level=0)
    reader = follow(store=store, look=whole(shelf))
    reader.until(range(3))
    temporary = bucket.synced(shelf.root, bandwidth=SLOW)
    assert any(name.startswith(key(4).rpartition("/")[2]) for name in temporary), "it was never half there"
    reader.until(shelf.numbers)

    shelf.fill(300, 301, 302)  # the day after
    shelf.fill(600, count=MANY, level=0)
    bucket.synced(shelf.root, bandwidth=SLOW)
    reader.until(shelf.numbers)
    assert reader.troubles == []


def test_a_sync_that_is_killed_and_begun_again_leaves_nothing_out(shelf, bucket, follow):
    shelf.fill(1)
    shelf.fill(2, count=MANY, level=0)
    reader = follow(look=whole(shelf))
    found = set()
    with ended(bucket.sync(shelf.root, bandwidth=SLOW)), looking(shelf.root, found):
        reader.until_so(lambda: reader.seen == [0, 1, 2, 3, 4, 5], lambda: "the small one")
        end = time.monotonic() + SOON
        while not found:
            assert time.monotonic() < end, "the large one was never half there"
            time.sleep(0.01)
    bucket.synced(shelf.root)
    reader.until(shelf.numbers)


def test_an_object_that_was_replaced_comes_in_place_of_what_it_was(shelf, bucket, follow):
    shelf.fill(1, count=3)
    bucket.synced(shelf.root)
    reader = follow(store=True)
    reader.until(shelf.numbers)
    shelf.forget([3, 4, 5])
    shelf.numbers += [100, 101, 102, 103]
    bucket.put(key(1), body([100, 101, 102, 103]))
    bucket.synced(shelf.root)
    reader.until(shelf.numbers)


async def test_the_explorer_has_every_record_of_several_syncs_once(shelf, bucket):
    app = explorer_on(shelf.root)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        for days, count in ((0, 40), (1, 5), (3, 60)):
            shelf.fill(*(1 + 288 * days + number for number in range(count)))
            shelf.fill(288 * days + 100, count=2000, level=0)
            await synced(bucket, shelf.root)
            await until(
                f"{len(shelf.numbers)} records are known",
                lambda: app.explorer.state.dataset.height == len(shelf.numbers),
            )
            explorer = await settled(pilot)
            assert numbers_of(explorer.state.dataset) == sorted(shelf.numbers)
        explorer.records.focus()
        await settled(pilot)
        assert f"{len(shelf.numbers):,}" in title(app, "records")


def test_the_command_in_a_terminal_has_every_record_of_two_syncs_once(shelf, bucket, tmux):
    terminal = tmux(f"exec {sys.executable} -m tui.cli {shlex.quote(str(shelf.root))}")
    terminal.wait_for_text("1 group")
    terminal.type("Tab")
    terminal.wait_for_text("records · 3 ")
    for days in (0, 1):
        shelf.fill(*(1 + 288 * days + number for number in range(20)))
        shelf.fill(288 * days + 100, count=2000, level=0)
        bucket.synced(shelf.root)
        terminal.wait_for_text(f"records · {len(shelf.numbers):,} ")
