"""Numbers, sizes, times and names as people read them: every form keeps to the width that it promises."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.units import clock, count, decimal, duration, iso, percent, shorten, size, stamp, whole

COUNTS = st.integers(min_value=0, max_value=2**63 - 1)
MOMENTS = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001


@given(COUNTS)
def test_a_count_takes_at_most_five_characters(number):
    assert re.fullmatch(r"\d{1,3}|\d{1,3}[kMGTPE]|\d\.\d[kMGTPE]", count(number))
    assert len(count(number)) <= 5


@given(COUNTS)
def test_a_size_takes_at_most_seven_characters(number):
    assert re.fullmatch(r"(\d{1,3}|\d\.\d) [kMGTPE]?B", size(number))
    assert len(size(number)) <= 7


@given(COUNTS)
def test_a_count_is_within_five_per_cent_of_the_truth(number):
    shown, scale = count(number), dict(zip("kMGTPE", (1000**power for power in range(1, 7)), strict=True))
    value = float(shown.rstrip("kMGTPE")) * scale.get(shown[-1], 1)
    assert value == number if number < 1000 else abs(value - number) <= 0.055 * number


@given(COUNTS, COUNTS)
def test_a_larger_count_never_looks_smaller(one, other):
    def shown(number):
        text = count(number)
        return float(text.rstrip("kMGTPE")) * 1000 ** " kMGTPE".index(text[-1] if text[-1].isalpha() else " ")

    assert (shown(one) <= shown(other)) or one > other


@pytest.mark.parametrize(
    ("number", "counted", "sized"),
    [
        (0, "0", "0 B"),
        (999, "999", "999 B"),
        (1000, "1.0k", "1.0 kB"),
        (1234, "1.2k", "1.2 kB"),
        (9949, "9.9k", "9.9 kB"),
        (9950, "10k", "10 kB"),
        (12_345, "12k", "12 kB"),
        (999_499, "999k", "999 kB"),
        (999_500, "1.0M", "1.0 MB"),
        (1_200_000, "1.2M", "1.2 MB"),
        (2**63 - 1, "9.2E", "9.2 EB"),
    ],
)
def test_counts_and_sizes_change_their_unit_in_time(number, counted, sized):
    assert (count(number), size(number)) == (counted, sized)


def test_a_negative_count_keeps_its_sign():
    assert count(-1234) == "-1.2k"


def test_no_size_is_nothing():
    assert size(None) == ""


def test_a_whole_number_has_its_thousands_apart():
    assert [whole(n) for n in (0, 999, 1000, 1_234_567)] == ["0", "999", "1,000", "1,234,567"]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.0, "0"),
        (1 / 6, "0.1667"),
        (-2.5, "-2.5"),
        (1234.0, "1,234"),
        (0.0001, "0.0001"),
        (0.00004, "4e-05"),
        (1e20, "1e+20"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_decimal_is_short_and_never_nothing_where_there_is_something(number, shown):
    assert decimal(number, ",") == shown


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_share_is_none_or_all_only_when_it_truly_is(part, rest):
    shown, total = percent(part, part + rest), part + rest
    if not total:
        assert shown == ""
        return
    assert len(shown) <= 4
    assert (shown == "0%") == (part == 0)
    assert (shown == "100%") == (rest == 0)


@pytest.mark.parametrize(
    ("part", "total", "shown"),
    [(1, 7, "14%"), (1, 1000, "<1%"), (999, 1000, ">99%"), (1, 2, "50%"), (0, 0, "")],
)
def test_shares(part, total, shown):
    assert percent(part, total) == shown


@given(st.floats(min_value=0, max_value=10**9, allow_nan=False))
def test_a_duration_is_short_and_never_rounds_up_to_a_full_unit(seconds):
    shown = duration(seconds)
    assert len(shown) <= 12
    assert re.fullmatch(r"\d+ (ms|s|min|h|d)|\d+ h \d+ min|\d+ d \d+ h", shown)
    for unit, limit in (("ms", 1000), ("s", 99), ("min", 59)):
        if found := re.search(rf"(\d+) {unit}\b", shown):
            assert int(found[1]) <= limit
    if found := re.search(r" d (\d+) h", shown):
        assert int(found[1]) < 24


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.031, "31 ms"),
        (58, "58 s"),
        (99, "99 s"),
        (600, "10 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (86_400 * 3 + 3600 * 4, "3 d 4 h"),
        (86_400 * 3, "3 d"),
    ],
)
def test_durations(seconds, shown):
    assert duration(seconds) == shown


@given(MOMENTS)
def test_a_time_has_one_width(moment):
    assert re.fullmatch(r"\d\d:\d\d:\d\d", clock(moment, dated=False))
    assert re.fullmatch(r"\d\d-\d\d \d\d:\d\d:\d\d", clock(moment, dated=True))


@given(MOMENTS.filter(lambda moment: moment.year >= 1000))
def test_a_time_for_programs_reads_back_to_the_millisecond(moment):
    shown = iso(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown)
    assert moment - datetime.fromisoformat(shown) < timedelta(milliseconds=1)


def test_times_are_told_in_utc_wherever_they_were_taken():
    moment = datetime(2026, 1, 15, 12, 2, 11, 5000, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(moment) == "2026-01-15 10:02:11 UTC"
    assert iso(moment) == "2026-01-15T10:02:11.005Z"


def test_no_time_is_nothing():
    assert clock(None, dated=True) == ""


@given(st.text(), st.integers(0, 60), st.integers(0, 60))
def test_a_shortened_name_never_takes_more_than_its_room(text, width, tail):
    shown = shorten(text, width, tail)
    assert len(shown) <= width or shown == text == ""
    if len(text) <= width:
        assert shown == text
    elif width > 4:
        assert shown.count("…") >= 1
        head, _, end = shown.partition("…") if "…" not in text else (text[:1], "…", text[-1:])
        assert text.startswith(head)
        assert text.endswith(end)
        assert head
        assert end


@pytest.mark.parametrize(
    ("width", "tail", "shown"),
    [
        (21, None, "eni-0a4798cd2b3f17c9c"),
        (13, None, "eni-0a47…7c9c"),
        (13, 8, "eni-…b3f17c9c"),
        (13, 0, "eni-0a4798cd…"),
        (4, None, "eni-"),
        (0, None, ""),
    ],
)
def test_a_shortened_name_keeps_both_ends_and_a_sentence_its_beginning(width, tail, shown):
    found = shorten("eni-0a4798cd2b3f17c9c", width, tail)
    assert len(found) == min(width, 21)
    assert found == shown
