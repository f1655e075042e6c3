from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import times
from loaders.schema import TIME

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
NEWEST = datetime(2026, 1, 20, tzinfo=UTC)

# line: the form, and milliseconds after ten o'clock
LINES = {
    "2026-01-15T10:00:00Z x": ("iso", 0),
    "2026-01-15T10:00:00.123Z x": ("iso", 123),
    "2026-01-15T10:00:00.123456789+00:00 x": ("iso", 123),
    "2026-01-15T11:00:00+01:00": ("iso", 0),
    "2026-01-15T04:30:00-0530": ("iso", 0),
    "2026-01-15 10:00:00,5 x": ("iso", 500),
    "2026-01-15 10:00:00 UTC [12] LOG:": ("iso", 0),
    "2026-01-15 11:00:00 GMT+01:00 x": ("iso", 0),
    "2026/01/15 10:00:00 main.go": ("iso", 0),
    "[2026-01-15T10:00:00Z] x": ("iso", 0),
    "[INFO] 2026-01-15T10:00:00.007Z 1-2-3 x": ("iso", 7),
    "[ERROR]\t2026-01-15T10:00:00.007Z\tid\tx": ("iso", 7),
    "WARN  2026-01-15 10:00:00 x": ("iso", 0),
    'time="2026-01-15T10:00:00Z" level=info': ("iso", 0),
    "level=info ts=2026-01-15T10:00:00.001Z caller=x": ("iso", 1),
    "<34>1 2026-01-15T10:00:00.003Z host app": ("iso", 3),
    "\x1b[32m2026-01-15T10:00:00Z\x1b[0m x": ("iso", 0),
    '10.0.0.1 - - [15/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5': ("access-log", 0),
    '10.0.0.1 - me [15/Jan/2026:12:00:00 +0200] "GET /" 200': ("access-log", 0),
    "[Thu Jan 15 10:00:00.250 2026] [core:error] x": ("ctime", 250),
    "Thu Jan 15 10:00:00 UTC 2026": ("ctime", 0),
    "Jan 15 10:00:00 host sshd[1]: x": ("syslog", 0),
    "<34>Jan 15 10:00:00 host x": ("syslog", 0),
    "I0115 10:00:00.123456       1 main.go:5] x": ("klog", 123),
    "1768471200 x": ("epoch", 0),
    "1768471200.25 x": ("epoch", 250),
    "[1768471200123] x": ("epoch", 123),
    "1768471200123456 x": ("epoch", 123),
    "1768471200123456789": ("epoch", 123),
}


@pytest.mark.parametrize("line", LINES)
def test_the_time_of_a_line_is_read(line):
    name, after = LINES[line]
    form, count = times.choose([line])
    assert (form.name, count) == (name, 1)
    assert times.read(pl.Series([line]), form, NEWEST).to_list() == [TEN + timedelta(milliseconds=after)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "it was 2026-01-15T10:00:00Z",
        "10:00:00 x",
        "2026-01-15 x",
        "176847120 x",
        "17684712001 x",
        "1768471200x",
        "Jan 15 x",
        "x" * 100 + "[15/Jan/2026:10:00:00 +0000]",
        "at java.lang.Thread",
    ],
)
def test_a_line_without_a_time_at_its_beginning_has_none(line):
    assert times.choose([line]) is None


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-30T10:00:00Z",
        "2026-01-15T25:00:00Z",
        "2026-13-01 10:00:00",
        "0000-00-00 00:00:00",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_a_time_that_cannot_be_is_none(line):
    assert times.read(pl.Series([line]), times.by_name("iso")).to_list() == [None]


def test_the_form_of_most_lines_is_chosen():
    sample = ["1768471200 x", *["Jan 15 10:00:00 h x"] * 2, "hello"]
    form, count = times.choose(sample)
    assert (form.name, count) == ("syslog", 2)


@pytest.mark.parametrize(
    ("line", "newest", "expected"),
    [
        ("Jan 20 23:00:00", NEWEST, datetime(2026, 1, 20, 23, tzinfo=UTC)),
        ("Jan 21 00:00:00", NEWEST, datetime(2026, 1, 21, tzinfo=UTC)),
        ("Jan 21 00:00:01", NEWEST, datetime(2025, 1, 21, 0, 0, 1, tzinfo=UTC)),
        ("Dec 31 10:00:00", NEWEST, datetime(2025, 12, 31, 10, tzinfo=UTC)),
        ("Feb 29 10:00:00", NEWEST, datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("Feb 29 10:00:00", datetime(2103, 5, 1, tzinfo=UTC), datetime(2096, 2, 29, 10, tzinfo=UTC)),
        ("Feb 30 10:00:00", NEWEST, None),
        ("Jan  1 10:00:00", datetime(2025, 12, 31, 20, tzinfo=UTC), datetime(2026, 1, 1, 10, tzinfo=UTC)),
    ],
)
def test_the_year_that_is_not_written_is_the_latest_that_can_be(line, newest, expected):
    # `newest` and a day more.
    assert times.read(pl.Series([line]), times.by_name("syslog"), newest).to_list() == [expected]


def test_without_evidence_the_year_is_not_in_the_future_by_more_than_a_day():
    now = datetime.now(UTC).replace(microsecond=0)
    asked = [now - timedelta(days=3), now, now + timedelta(hours=20)]
    lines = pl.Series([time.strftime("%b %d %H:%M:%S") for time in asked])
    assert times.read(lines, times.by_name("syslog")).to_list() == asked
    later = now + timedelta(days=2)
    found = times.read(pl.Series([later.strftime("%b %d %H:%M:%S")]), times.by_name("syslog"))[0]
    assert found is not None
    assert found < now


def test_a_log_over_new_year_has_two_years():
    lines = pl.Series(["Dec 31 23:59:59 h x", "  continued", "Jan  1 00:00:01 h x"])
    assert times.read(lines, times.by_name("syslog"), NEWEST).dt.year().to_list() == [2025, None, 2026]


def test_values_are_read_each_in_its_own_form():
    values = [
        "2026-01-15 10:00:00,000",
        "1768471200",
        "1768471200.0",
        "1768471200000",
        "15/Jan/2026:10:00:00 +0000",
    ]
    found = times.of_values(pl.Series([*values, "x", None, "", "2026-01-15", "10"]))
    assert found.dtype == TIME
    assert found.to_list() == [TEN] * 5 + [None] * 5
    assert times.of_values(pl.Series([], dtype=pl.String)).to_list() == []


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
        | st.from_regex(re.compile(times.FORMS[0].pattern), fullmatch=True)
    )
)
def test_no_text_raises(lines):
    series = pl.Series(lines, dtype=pl.String)
    for form in times.FORMS:
        assert times.read(series, form, NEWEST).len() == len(lines)
    assert times.of_values(series).len() == len(lines)
