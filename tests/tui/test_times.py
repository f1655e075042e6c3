"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.times import parse_time

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T10:00Z", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01T10:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01 10:00:05", datetime(2026, 1, 1, 10, 0, 5, tzinfo=UTC)),
        ("2026-01-01T10:00+02:00", datetime(2026, 1, 1, 8, tzinfo=UTC)),
        ("2026-01-01T10:00:00.250Z", datetime(2026, 1, 1, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600000", datetime(2026, 1, 1, tzinfo=UTC)),
        (" 2026-01-01 ", datetime(2026, 1, 1, tzinfo=UTC)),
        ("now", NOW),
        ("-3h", NOW - timedelta(hours=3)),
        ("-90m", NOW - timedelta(minutes=90)),
        ("-1.5h", NOW - timedelta(minutes=90)),
        ("-30s", NOW - timedelta(seconds=30)),
        ("-2d", NOW - timedelta(days=2)),
        ("-1w", NOW - timedelta(weeks=1)),
        ("-10 minutes", NOW - timedelta(minutes=10)),
        ("-3H", NOW - timedelta(hours=3)),
    ],
)
def test_times_that_are_understood(typed, moment):
    found = parse_time(typed, NOW)
    assert found == moment
    assert found.utcoffset() == timedelta()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "yesterday",
        "3h",
        "-3x",
        "-h",
        "2026-13-01",
        "2026-01-32",
        "12",
        "-999999w",
        "99999999999999",
        "2026-01-01T25:00",
        "[/x]",
    ],
)
def test_what_is_no_time_is_refused_with_what_would_be_one(typed):
    with pytest.raises(ValueError, match="Write -3h, 2026-01-01") as caught:
        parse_time(typed, NOW)
    assert f"'{typed}'" in str(caught.value)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_in_full_reads_back(moment):
    assert parse_time(moment.isoformat()) == moment


@given(st.integers(10**9, 4 * 10**9))
def test_epoch_seconds_and_milliseconds_are_one_moment(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert parse_time(str(seconds)) == parse_time(f"{seconds}000") == moment


@given(st.text())
def test_no_text_raises_anything_but_its_one_error(typed):
    try:
        assert parse_time(typed, NOW).tzinfo is UTC
    except ValueError as error:
        assert "is not a time" in str(error)  # noqa: PT017


def test_without_a_clock_it_counts_back_from_now():
    assert abs(datetime.now(UTC) - timedelta(hours=3) - parse_time("-3h")) < timedelta(seconds=30)
