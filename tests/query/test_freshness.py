"""How fresh logs are: last deliveries, lag, gaps, windows that are missing, streams that fell silent."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from loaders.dataset import Dataset
from loaders.load import Library
from query.freshness import (
    CLOCK_SLACK,
    LONG_WINDOW,
    SHORT_WINDOW,
    Deliveries,
    is_ahead,
    silent_after,
)
from tests.query.test_coverage import empty
from tests.tui.conftest import BEGIN, ENI, GROUP, Logs, line

LATER = datetime.fromtimestamp(BEGIN, UTC) + timedelta(days=1)
OTHER = "eni-0fedcba9876543210"


@pytest.fixture
def logs(tmp_path):
    root = tmp_path / "logs"
    root.mkdir()
    return Logs(root)


def read(logs):
    return Library([str(logs.root)]).read_all()


def looked(logs, now=LATER):
    return Deliveries().look(read(logs), now)


def at(minutes):
    return datetime.fromtimestamp(BEGIN, UTC) + timedelta(minutes=minutes)


def deliver(logs, *minutes, eni=ENI, length=60, **fields):
    """A file for each of some minutes, with a record that ends then."""
    for minute in minutes:
        end = BEGIN + minute * 60
        logs.deliver(line(interface_id=eni, start=end - length, end=end), end=end, **fields)


def test_the_last_delivery_is_the_newest_time_in_a_name_and_the_lag_that_of_the_newest_end(logs):
    deliver(logs, 0, 5, 10)
    (one,) = looked(logs)
    assert (one.group, one.files, one.delivered, one.newest) == (GROUP, 3, at(10), at(10))
    assert one.lag(at(12)) == timedelta(minutes=2)
    assert one.usual == timedelta(minutes=5)
    assert not one.gaps
    assert not one.silent


def test_a_file_without_a_time_in_its_name_counts_by_when_it_was_written(logs):
    path = logs.deliver(line(), name="web/today.log")
    os.utime(path, (BEGIN + 60, BEGIN + 60))
    (one,) = looked(logs)
    assert one.delivered == at(1)
    assert not one.gaps, "when a file was written last does not say when others were"


def test_a_gap_is_a_time_without_a_delivery_that_is_far_longer_than_usual(logs):
    deliver(logs, 0, 5, 10, 55, 60, 80)
    (one,) = looked(logs)
    assert [(gap.since, gap.until) for gap in one.gaps] == [(at(10), at(55)), (at(60), at(80))]
    assert one.gaps[0].length == timedelta(minutes=45)


def test_what_is_usual_is_seen_from_the_names(logs):
    deliver(logs, *range(0, 241, 60))
    (one,) = looked(logs)
    assert one.usual == timedelta(hours=1)
    assert not one.gaps


def test_windows_are_missing_once_the_usual_delay_is_over(logs):
    deliver(logs, 0, 5, 10)
    (one,) = looked(logs)
    assert one.window == SHORT_WINDOW
    assert one.missing(at(20)) == 0
    assert one.missing(at(23)) == 3


def test_windows_of_ten_minutes_are_told_by_their_records(logs):
    deliver(logs, 0, 10, 20, length=600)
    (one,) = looked(logs)
    assert one.window == LONG_WINDOW
    assert one.missing(at(39)) == 0
    assert one.missing(at(40)) == 1
    assert not one.has_stopped(at(40))
    assert one.has_stopped(at(1461))


def test_a_stream_fell_silent_when_its_flow_log_went_on_without_it(logs):
    deliver(logs, *range(0, 61, 5))
    deliver(logs, 0, 5, 10, eni=OTHER)
    (one,) = looked(logs)
    assert [(stretch.stream, stretch.since, stretch.until) for stretch in one.silent] == [
        (OTHER, at(10), at(60))
    ]


def test_a_window_without_data_is_a_sign_of_life(logs):
    deliver(logs, *range(0, 61, 5))
    deliver(logs, 0, 5, 10, eni=OTHER)
    logs.deliver(empty("NODATA", BEGIN + 50 * 60).replace(ENI, OTHER), end=BEGIN + 3000)
    assert not looked(logs)[0].silent


def test_no_stream_is_silent_when_its_whole_flow_log_is(logs):
    deliver(logs, 0, 5)
    deliver(logs, *range(0, 600, 5), flow_log="fl-0fffffffffffffff0")
    assert [one.silent for one in looked(logs)] == [(), ()]


def test_records_of_one_minute_are_missed_sooner_than_those_of_ten():
    assert silent_after(SHORT_WINDOW) == timedelta(minutes=20)
    assert silent_after(LONG_WINDOW) == timedelta(minutes=30)


def test_a_clock_that_was_set_back_makes_no_window_missing_and_is_told(logs):
    deliver(logs, 0, 5, 10)
    (one,) = looked(logs)
    assert one.missing(at(-600)) == 0
    assert one.lag(at(0)) < timedelta()
    assert is_ahead(one.newest, at(0))
    assert not is_ahead(one.newest, one.newest - CLOCK_SLACK)


def test_a_record_and_a_delivery_from_the_future_make_no_gap_and_no_silence(logs):
    deliver(logs, 0, 5, 10)
    deliver(logs, 5000, eni=OTHER)
    (one,) = looked(logs, now=at(15))
    assert (one.gaps, one.silent) == ((), ())
    (back,) = looked(logs, now=at(-9000))
    assert back.missing(at(-9000)) == 0


def test_the_worst_comes_first(logs):
    deliver(logs, 0, 5, 10, 15, 20, flow_log="fl-0aaaaaaaaaaaaaaa0")
    deliver(logs, 0, 5, 10, 60, flow_log="fl-0bbbbbbbbbbbbbbb0")
    deliver(logs, 0, 5, 10, 90, flow_log="fl-0ccccccccccccccc0")
    assert [one.group[-2] for one in looked(logs)] == ["c", "b", "a"]


def test_only_what_is_new_is_learnt_and_what_is_gone_forgotten(logs):
    deliver(logs, 0, 5, 10)
    library = Library([str(logs.root)])
    deliveries = Deliveries()
    before = library.read_all()
    assert deliveries.learn(before) == at(10)
    frame = deliveries._files
    assert deliveries.learn(before) == at(10)
    assert deliveries._files is frame, "nothing has changed"

    deliver(logs, 15)
    *_, now = library.refresh()
    assert deliveries.learn(now) == at(15)
    assert deliveries._files.height == 4
    next(logs.root.rglob("*T1015Z*")).unlink()
    *_, now = library.refresh()
    assert deliveries.learn(now) == at(10)
    assert deliveries._files.height == 3


def test_a_file_belongs_to_the_group_that_its_records_name(logs):
    events = [{"id": "1", "timestamp": BEGIN * 1000, "message": line()}]
    told = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "vpc/prod",
        "logStream": f"{ENI}-all",
        "logEvents": events,
    }
    logs.deliver(
        name="subscribed/one.gz", header=json.dumps(told | {"owner": "1", "subscriptionFilters": []})
    )
    assert [(one.group, one.files) for one in looked(logs)] == [("vpc/prod", 1)]


def test_nothing_is_as_fresh_as_nothing():
    assert Deliveries().learn(Dataset()) is None
    assert Deliveries().look(Dataset(), LATER) == []
