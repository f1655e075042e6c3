"""How fresh logs are, of deliveries that are made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loaders.load import Library
from query.freshness import CADENCE, USUAL_DELAY, Hole, freshness
from tests.loaders.files import HEADER, packed, put, record

BEGIN = datetime(2026, 1, 15, 10, tzinfo=UTC)
OTHER = "eni-0000000000000000b"
NODATA = "2 123456789012 {eni} - - - - - - - {start} {end} - NODATA"


def name(time, flow_log="fl-0123456789abcdef0"):
    return f"123456789012_vpcflowlogs_us-east-1_{flow_log}_{time:%Y%m%dT%H%MZ}_{time:%H%M}0000.log.gz"


def at(time, **fields):
    return record(start=int(time.timestamp()), end=int(time.timestamp()) + 59, **fields)


@pytest.fixture
def deliver(tmp_path):
    def deliver(minutes, *lines):
        time = BEGIN + timedelta(minutes=minutes)
        put(tmp_path, f"logs/{name(time)}", packed(HEADER, *(lines or [at(time)])))

    return deliver


@pytest.fixture
def look(tmp_path):
    def look(minutes):
        dataset = Library([str(tmp_path / "logs")]).read_all()
        return freshness(dataset, BEGIN + timedelta(minutes=minutes))

    return look


def test_a_group_that_is_delivered_as_usual_lacks_nothing(deliver, look):
    for minutes in range(0, 30, 5):
        deliver(minutes)
    (found,) = look(30)
    assert (found.files, found.interval, found.missing) == (6, CADENCE, 0)
    assert (found.gaps, found.silent) == ((), ())
    assert found.newest == BEGIN + timedelta(minutes=25)
    assert found.arrived is not None


def test_what_is_overdue_is_counted_once_it_is_later_than_usual(deliver, look):
    for minutes in range(0, 30, 5):
        deliver(minutes)
    late = 25 + USUAL_DELAY.total_seconds() / 60
    assert [look(late + after)[0].missing for after in (4, 5, 10, 21)] == [0, 1, 2, 4]


def test_a_clock_before_the_records_makes_nothing_overdue(deliver, look):
    for minutes in range(0, 30, 5):
        deliver(minutes)
    assert look(-600)[0].missing == 0


def test_where_deliveries_are_missing_between_others_is_a_gap(deliver, look):
    for minutes in (0, 5, 10, 15, 40, 45, 50, 65):
        deliver(minutes)
    (found,) = look(65)
    gaps = [((gap.since - BEGIN).seconds // 60, (gap.until - BEGIN).seconds // 60) for gap in found.gaps]
    assert gaps == [(15, 40), (50, 65)]
    assert found.gaps[0].seconds(BEGIN) == 25 * 60


def test_a_log_stream_whose_group_goes_on_without_it_is_silent(deliver, look):
    for minutes in range(0, 60, 5):
        time = BEGIN + timedelta(minutes=minutes)
        deliver(minutes, at(time), *([at(time, interface_id=OTHER)] if minutes < 20 else []))
    (found,) = look(60)
    assert found.silent == (Hole(OTHER, BEGIN + timedelta(minutes=15), None),)


def test_nodata_is_no_silence(deliver, look):
    for minutes in range(0, 60, 5):
        time = BEGIN + timedelta(minutes=minutes)
        start = int(time.timestamp())
        quiet = NODATA.format(eni=OTHER, start=start, end=start + 59)
        deliver(minutes, at(time), quiet if minutes else at(time, interface_id=OTHER))
    assert look(60)[0].silent == ()


def test_logs_without_times_in_their_names_are_told_by_their_records(tmp_path, look):
    put(tmp_path, "logs/app.log", b"2026-01-15 10:00:00 up\n")
    (found,) = look(5)
    assert (found.interval, found.missing, found.gaps) == (None, 0, ())
    assert found.newest == BEGIN
