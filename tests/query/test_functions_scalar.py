from __future__ import annotations

import math
from datetime import UTC, datetime

import polars as pl
import pytest

from query.functions import FUNCTIONS
from tests.query import calls
from tests.query.calls import call

WEDNESDAY = datetime(2026, 1, 7, 10, 7, 31, 250_000, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Numbers


def test_whole_numbers_stay_whole():
    assert call("abs", [-5, 5, None]) == [5, 5, None]
    assert call("abs", [-5], dtype=pl.Int32) == [5]
    assert call("abs", [-1.5, None]) == [1.5, None]
    assert call("abs", ["-2", "x", None]) == [2.0, None, None]
    big = 2**53 + 1
    assert (
        call("ceil", [big, None]) == call("floor", [big, None]) == call("round", [big, None]) == [big, None]
    )
    assert call("toNumber", [big]) == call("toInt", [big]) == call("toLong", [str(big)]) == [big]


def test_fractions_are_rounded_to_whole_numbers_if_those_fit():
    assert call("ceil", [1.2, -1.2, 1e300, None]) == [2, -1, None, None]
    assert call("floor", [1.8, -1.2, 1e300, None]) == [1, -2, None, None]
    assert call("round", [2.5, -2.5, 2.4, 1e300, None]) == [3, -3, 2, None, None]
    assert all(isinstance(item, int) for item in call("ceil", [1.2, 3.0]))


def test_numbers_are_rounded_to_decimals_a_half_away_from_0():
    assert call("round", [123.456, -0.125, 7.0, 1e300, None], 2) == [123.46, -0.13, 7.0, 1e300, None]
    assert call("round", [1234, -1250], -2) == [1200.0, -1300.0]
    assert call("round", [0.1], 400) == [0.1]
    assert call("round", [5], -400) == [0.0]


def test_roots_and_logarithms_that_do_not_exist_are_null():
    assert call("sqrt", [16, 0, -1, None]) == [4.0, 0.0, None, None]
    assert call("log", [math.e, 1, 0, -1, None]) == [1.0, 0.0, None, None, None]


def test_the_greatest_and_the_least_leave_out_what_is_not_there():
    assert call("greatest", [1, None, None], [2, 3, None], 2) == [2, 3, 2]
    assert call("least", [1, None, None], [2, 3, None], 2) == [1, 2, 2]
    assert call("greatest", [1, None], [None, None]) == [1, None]
    assert call("greatest", [1], [1.5]) == [1.5]
    assert call("least", [WEDNESDAY], [calls.NOW], dtype=calls.MILLISECONDS) == [WEDNESDAY]


def test_the_greatest_of_texts_is_that_of_their_numbers():
    assert call("greatest", ["9", "x"], ["10", "3"]) == [10.0, 3.0]


def test_texts_become_numbers():
    assert call("isNumeric", ["1e3", " ", "nan", "inf", "10.0.0.1", None]) == [True] + [False] * 5
    assert call("isNumeric", [1, None]) == [True, False]
    assert call("toNumber", ["2.5", "", None]) == [2.5, None, None]
    assert call("toDouble", ["2", None]) == call("toDouble", [2, None]) == [2.0, None]
    assert isinstance(call("toDouble", [2])[0], float)
    assert call("toInt", ["-2.7", "2.7", "x", None, "1e99"]) == [-2, 2, None, None, None]
    assert call("toLong", [-2.7, 1e300]) == [-2, None]
    assert call("toInt", [True, False]) == [1, 0]


# Times


@pytest.mark.parametrize(
    ("period", "floor", "ceil"),
    [
        ("100ms", "2026-01-07 10:07:31.200", "2026-01-07 10:07:31.300"),
        ("300s", "2026-01-07 10:07:00", "2026-01-07 10:08:00"),
        ("5m", "2026-01-07 10:05:00", "2026-01-07 10:10:00"),
        ("1h", "2026-01-07 10:00:00", "2026-01-07 11:00:00"),
        ("1d", "2026-01-07", "2026-01-08"),
        ("1w", "2026-01-05", "2026-01-12"),
        ("1mo", "2026-01-01", "2026-02-01"),
        ("1q", "2026-01-01", "2026-04-01"),
        ("1y", "2026-01-01", "2027-01-01"),
    ],
)
def test_times_are_rounded_to_periods_and_weeks_begin_on_monday(period: str, floor: str, ceil: str):
    times = [WEDNESDAY, None]
    assert call("bin", period, time=times) == [moment(floor), None]
    assert call("datefloor", times, period, dtype=calls.MILLISECONDS) == [moment(floor), None]
    assert call("dateceil", times, period, dtype=calls.MILLISECONDS) == [moment(ceil), None]
    begin = [moment(floor)]
    assert call("dateceil", begin, period, dtype=calls.MILLISECONDS) == begin


def test_times_and_milliseconds_become_one_another():
    assert call("toMillis", [WEDNESDAY, None], dtype=calls.MILLISECONDS) == [1_767_780_451_250, None]
    assert call("fromMillis", [1_767_780_451_250, None]) == [WEDNESDAY, None]
    assert call("fromMillis", ["1767780451250", "x"]) == [WEDNESDAY, None]
    assert call("fromMillis", [0, -1]) == [moment("1970-01-01"), moment("1969-12-31 23:59:59.999")]


def test_a_time_that_no_calendar_has_is_null():
    assert call("fromMillis", [2**62, -(2**62)]) == [None, None]
    assert call("fromMillis", [1e300]) == [None]


def test_now_is_in_seconds():
    assert call("now") == int(calls.NOW.timestamp())


@pytest.mark.parametrize("name", ["formatDate", "strftime"])
def test_times_are_written_as_asked(name: str):
    times = [WEDNESDAY, None]
    assert call(name, times, "%d.%m.%Y %H", dtype=calls.MILLISECONDS) == ["07.01.2026 10", None]
    with pytest.raises(ValueError, match="Write the parts of a time"):
        call(name, times, "%Q", dtype=calls.MILLISECONDS)


# Values of any type


def test_presence_is_that_of_a_value():
    assert call("ispresent", ["", "a", None]) == [True, True, False]
    assert call("ispresent", [0, None]) == [True, False]


def test_the_first_value_that_is_there_is_taken():
    assert call("coalesce", [None, 1, None], [2, 2, None]) == [2, 1, None]
    assert call("coalesce", [None, "a"], "b") == ["b", "a"]
    assert call("coalesce", [None, "a"], 1) == ["1", "a"]
    assert call("coalesce", [None, 2], 1.5) == [1.5, 2.0]
    assert call("coalesce", None, [3, None]) == [3, None]
    assert call("coalesce", None, None) is None


def test_a_time_beside_other_values_is_text():
    assert call("coalesce", [None, WEDNESDAY], WEDNESDAY, dtype=calls.MILLISECONDS) == [WEDNESDAY] * 2
    assert call("coalesce", [None, WEDNESDAY], "none", dtype=calls.MILLISECONDS) == [
        "none",
        "2026-01-07 10:07:31.250",
    ]


def test_a_choice_takes_the_third_value_where_the_condition_does_not_hold():
    assert call("if", [True, False, None], "yes", "no") == ["yes", "no", "no"]
    assert call("if", [1, 0, None], 1, [10, 20, 30]) == [1, 20, 30]
    assert call("if", [True, False], 1, "none") == ["1", "none"]
    assert call("if", [True, False], 1, None) == [1, None]


def test_a_case_takes_the_value_of_the_first_condition_that_holds():
    small, even = [True, False, False, None], [True, True, False, None]
    assert call("case", small, "small", even, "even", "other") == ["small", "even", "other", "other"]
    assert call("case", small, 1, even, 2.5) == [1.0, 2.5, None, None]
    assert call("case", [3, 0, None], "some") == ["some", None, None]


# JSON


def test_json_is_an_object_or_a_list_and_nothing_else():
    texts = ['{"a": [1, 2]}', " [ ]", "5", '"a"', "{", "[1]x", "", None]
    assert call("jsonParse", texts) == ['{"a":[1,2]}', "[]", *[None] * 6]
    assert call("jsonStringify", texts) == call("jsonParse", texts)


def test_json_is_not_parsed_twice():
    parsed = FUNCTIONS["jsonstringify"].build
    from query.values import Type, Value

    assert pl.select(parsed(Value(pl.lit("[1]"), Type.JSON))).item() == "[1]"


def test_lists_know_their_size_and_their_items():
    texts = ['[1, "a", {"b": [2]}, true]', "[]", '{"a":1}', "x", None]
    assert call("jsonArraySize", texts) == [4, 0, None, None, None]
    assert call("jsonArrayContains", texts, "a") == [True, False, None, None, None]
    assert call("jsonArrayContains", texts, 1)[0] is True
    assert call("jsonArrayContains", ["[true]"], 1) == [False]
    assert call("jsonArrayContains", ["[1]"], "1") == [False]
    with pytest.raises(ValueError, match="Write the item out"):
        call("jsonArrayContains", texts, texts)


# Addresses


ADDRESSES = [
    "10.1.2.3",
    "2001:db8::1",
    "fd00::1",
    "8.8.8.8",
    "127.0.0.1",
    "100.64.0.1",
    "-",
    "10.0.0.256",
    None,
]


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("isValidIp", {"10.1.2.3", "2001:db8::1", "fd00::1", "8.8.8.8", "127.0.0.1", "100.64.0.1"}),
        ("isValidIpV4", {"10.1.2.3", "8.8.8.8", "127.0.0.1", "100.64.0.1"}),
        ("isValidIpV6", {"2001:db8::1", "fd00::1"}),
        ("isPrivateIP", {"10.1.2.3", "fd00::1"}),
        ("isReservedIP", {"2001:db8::1", "127.0.0.1", "100.64.0.1"}),
        ("isPublicIP", {"8.8.8.8"}),
    ],
)
def test_every_address_is_of_its_kind_and_other_text_of_none(name: str, holds: set[str]):
    found = call(name, ADDRESSES)
    assert {address for address, yes in zip(ADDRESSES, found, strict=True) if yes} == holds


def test_addresses_lie_in_networks():
    assert call("isIpInSubnet", ADDRESSES, "10.0.0.0/8")[:2] == [True, False]
    assert call("isIpv4InSubnet", ADDRESSES, "8.0.0.0/8")[3:5] == [True, False]
    assert call("isIpv6InSubnet", ADDRESSES, "fc00::/7")[1:4] == [False, True, False]


def test_ipv4_addresses_are_numbers():
    texts = ["0.0.0.1", "10.0.1.2", "255.255.255.255", "::1", "1.2.3", "-", None]
    assert call("ipv4ToNumber", texts) == [1, 167_772_418, 2**32 - 1, None, None, None, None]


# Texts


def test_empty_and_blank_are_told_apart():
    assert call("isempty", ["", " ", "a", None]) == [True, False, False, True]
    assert call("isblank", ["", " \t", "a", None]) == [True, True, False, True]


def test_texts_hold_begin_and_end_with_other_texts():
    texts = ["eni-1", "ENI-1", "", None]
    assert call("strcontains", texts, "ni") == [True, False, False, None]
    assert call("startsWith", texts, "eni") == [True, False, False, None]
    assert call("endsWith", texts, "-1") == [True, True, False, None]
    assert call("startsWith", texts, texts) == [True, True, True, None]
    assert call("strcontains", ["a.c"], ".") == [True]


def test_case_and_length_are_those_of_characters():
    assert call("tolower", ["ÄB", None]) == ["äb", None]
    assert call("toupper", ["äb", None]) == ["ÄB", None]
    assert call("strlen", ["äb", "", None]) == [2, 0, None]


def test_texts_are_joined_and_what_is_not_there_adds_nothing():
    assert call("concat", ["a", None], "-", [1, 2]) == ["a-1", "-2"]
    assert call("concat", [None, "a"]) == ["", "a"]
    assert call("concat", "a", "b") == "ab"


def test_a_part_of_a_text_is_counted_from_0():
    texts = ["häuser", "", None]
    assert call("substr", texts, 1, 2) == ["äu", "", None]
    assert call("substr", texts, 2) == ["user", "", None]
    assert call("substr", texts, 9) == ["", "", None]
    assert call("substr", texts, -3, -1) == ["", "", None]
    assert call("substr", ["abc", "abc", "abc"], [0, 1, None], 2) == ["ab", "bc", None]
    assert call("substr", "abc", 1) == "bc"


def test_every_occurrence_is_replaced_as_written():
    assert call("replace", ["a.b.c", "abc", None], ".", "$1") == ["a$1b$1c", "abc", None]
    assert call("replace", ["aa", "ab", "a"], ["a", "b", None], "-") == ["--", "a-", None]
    assert call("replace", ["ab", "ab"], "a", ["x", None]) == ["xb", None]
    assert call("replace", "ab", "a", ["x", "y", None]) == ["xb", "yb", None]
    assert call("replace", "ab", "a", "x") == "xb"
    assert call("replace", ["ab"], "", "-") == ["ab"]


def test_every_match_of_a_pattern_is_replaced():
    assert call("regexReplace", ["a1b22", None], "[0-9]+", "#") == ["a#b#", None]
    assert call("regexReplace", ["k=v"], "(?<key>k)=(v)", "$2=$1") == ["v=k"]
    assert call("regexReplace", ["a1", "a1"], "1", ["x", None]) == ["ax", None]


def test_ends_are_trimmed_of_space_or_of_the_characters_given():
    texts = [" ab ", "xabx", None]
    assert call("trim", texts) == ["ab", "xabx", None]
    assert call("ltrim", texts) == ["ab ", "xabx", None]
    assert call("rtrim", texts) == [" ab", "xabx", None]
    assert call("trim", texts, "x ") == ["ab", "ab", None]
    assert call("ltrim", texts, "x ") == ["ab ", "abx", None]
    assert call("rtrim", texts, "x ") == [" ab", "xab", None]
    assert call("trim", texts, "") == texts
