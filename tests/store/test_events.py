"""Events that several files deliver: each is there once, whichever files come, go and are looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loaders import discover
from tests.corpus.flows import flow, line, zipped
from tests.corpus.subscriptions import envelope, event
from tests.loaders.files import HEADER, put, record, reports, text
from tests.store.sameness import again, opened, read, same_as_without

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch):
    """A file that was just written is believed to stay as it is."""
    monkeypatch.setattr(discover, "_HOT_NS", 0)


def deliver(root, name, *events, hours=0):
    """Write a file of Firehose that was begun some hours after noon."""
    begun = f"{NOON + timedelta(hours=hours):%Y-%m-%d-%H-%M-%S}"
    full = f"fh/2026/01/15/12/stream-1-{begun}-{name * 8}-0000-4000-8000-000000000000"
    said = [event(number, line(flow(srcport=str(number))), number) for number in events]
    return put(root, full, zipped(envelope("/aws/vpc/flowlogs", "eni-1-all", said)))


def ports(dataset):
    """The events by a number that each has."""
    return sorted(dataset.lazy().collect()["srcport"].to_list())


def compared(root, **options):
    """Read with a store; each event has to be there as often as without, in whichever file."""
    dataset = read(root, **options)
    same_as_without(dataset, root, content_only=True, **options)
    return ports(dataset)


def test_an_event_that_was_delivered_twice_is_there_once_however_often_it_is_opened(root):
    deliver(root, "a", 1, 2, 3)
    deliver(root, "b", 3, 4, hours=1)
    for _ in range(3):
        assert compared(root) == [1, 2, 3, 4]


def test_an_event_that_is_delivered_again_later_is_there_once(root):
    for number, name in enumerate("abcd"):
        deliver(root, name, 1, number + 2, hours=number)
        for _ in range(2):
            assert compared(root) == list(range(1, number + 3))


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("together", [True, False])
def test_an_event_whose_first_deliverer_vanishes_comes_from_the_other_one(root, which, together):
    paths = [deliver(root, "a", 1, 2)]
    if not together:
        assert compared(root) == [1, 2]
    paths.append(deliver(root, "b", 2, 3, hours=1))
    assert compared(root) == [1, 2, 3]
    paths[which].unlink()
    for _ in range(3):
        assert compared(root) == [[2, 3], [1, 2]][which]


def test_an_event_whose_first_deliverer_vanishes_while_it_is_followed_comes_from_the_other_one(root):
    first = deliver(root, "a", 1, 2)
    with opened(root) as library:
        deliver(root, "b", 2, 3, hours=1)
        assert ports(again(library)) == [1, 2, 3]
        first.unlink()
        assert ports(again(library)) == [2, 3]
    for _ in range(2):
        assert compared(root) == [2, 3]


def test_an_event_whose_deliverer_vanished_long_ago_is_new_again(root):
    deliver(root, "a", 1)
    gone = deliver(root, "b", 2)
    assert compared(root) == [1, 2]
    gone.unlink()
    assert compared(root) == [1]
    deliver(root, "c", 2, 3)
    for _ in range(2):
        assert compared(root) == [1, 2, 3]


def test_an_event_of_a_file_that_was_read_anew_before_it_vanished_is_new_again(root):
    gone = deliver(root, "a", 1, 2, hours=1)
    deliver(root, "b", 2, 3)
    assert compared(root) == [1, 2, 3]
    gone.touch()
    assert compared(root) == [1, 2, 3]
    gone.unlink()
    for _ in range(2):
        assert compared(root) == [2, 3]


def test_when_all_files_were_gone_their_events_are_new_again(root):
    path = deliver(root, "a", 1, 2)
    put(root, "readme.txt", b"hello")
    assert compared(root) == [1, 2]
    path.unlink()
    (root / "readme.txt").unlink()
    assert read(root).height == 0
    deliver(root, "b", 1, 2)
    for _ in range(2):
        assert compared(root) == [1, 2]


def test_events_whose_segment_is_lost_are_read_again(root, cache):
    deliver(root, "a", 1, 2)
    assert compared(root) == [1, 2]
    (segment,) = cache.glob("*/segments/*")
    segment.unlink()
    for _ in range(2):
        assert compared(root) == [1, 2]


def test_events_of_two_files_are_all_there_when_one_of_two_segments_is_lost(root, cache):
    deliver(root, "a", 1, 2)
    assert compared(root) == [1, 2]
    (segment,) = cache.glob("*/segments/*")
    deliver(root, "b", 2, 3)
    assert compared(root) == [1, 2, 3]
    segment.unlink()
    for _ in range(2):
        assert compared(root) == [1, 2, 3]


def test_a_retry_that_is_out_of_the_time_asked_for_takes_no_event_away(root):
    """Firehose tries for a day: what it delivers late bears the late time in its name."""
    deliver(root, "a", 1, 2)
    deliver(root, "b", 2, 3, hours=9)
    until = NOON + timedelta(hours=1)
    for options in ({}, {"until": until}, {}):
        dataset = read(root, **options)
        same_as_without(dataset, root, content_only=True, **options)


def test_a_late_retry_that_is_new_takes_no_event_away_from_a_part_of_the_time(root):
    deliver(root, "a", 1, 2)
    since = NOON + timedelta(hours=5)
    assert compared(root) == [1, 2]
    deliver(root, "b", 2, 3, hours=9)
    for options in ({"since": since}, {}, {"since": since}):
        compared(root, **options)


@pytest.mark.parametrize("gone", ["early", "late"])
@pytest.mark.parametrize("looked_at", ["early", "late"])
def test_a_deliverer_that_vanishes_while_a_part_of_the_time_is_looked_at_takes_no_event_away(
    root, gone, looked_at
):
    """What had been left out because of it may be out of the part that is looked at."""
    names = {"early": ("a", [1, 2], 0), "late": ("b", [2, 3], 9)}
    put(root, "plain.log", text(HEADER, record(srcport=9)))
    paths = {}
    for which in (gone, *names.keys() - {gone}):
        name, events, hours = names[which]
        paths[which] = deliver(root, name, *events, hours=hours)
        compared(root)
    paths[gone].unlink()
    turn = NOON + timedelta(hours=5)
    compared(root, **({"until": turn} if looked_at == "early" else {"since": turn}))
    for _ in range(2):
        assert compared(root) == sorted([*names[(names.keys() - {gone}).pop()][1], 9])


def test_one_who_only_reads_knows_the_events_of_the_files_that_it_knows(root):
    """Between its first look into the store and its second one, another one may have written."""
    deliver(root, "a", 1, 2)
    with opened(root) as writer, opened(root) as reader:
        assert not reader._keeper.writes
        fresh = type(reader)([str(root)], keeper=reader._keeper)
        deliver(root, "b", 3, 4)
        again(writer)
        deliver(root, "c", 4, 5)
        assert ports(again(fresh)) == [1, 2, 3, 4, 5]


def test_the_first_of_several_deliverers_is_read_under_its_own_name(root):
    path = deliver(root, "a", 1, 2)
    deliver(root, "b", 2, 3)
    found = reports(read(root))
    counted = {name.split("-")[-5]: (report.records, report.repeated) for name, report in found.items()}
    assert sum(records for records, _ in counted.values()) == 3
    assert sum(repeated for _, repeated in counted.values()) == 1
    path.unlink()
    (left,) = reports(read(root)).values()
    assert (left.records, left.repeated) == (2, 0)
