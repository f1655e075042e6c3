"""The natural order, against a comparator in plain Python."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cmp_to_key
from itertools import groupby

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from query.natural import natural_key, sort_keys

_words = st.text("019ab-.:é\U0001f600", max_size=12)
_v4 = st.ip_addresses(v=4).map(str)
_numbers = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(str)
_any = _words | _v4 | _numbers | st.sampled_from(["nan", "inf", "-inf", "-", "", "1e3", "1e999", " 5", "5 "])


def _is_digit(char: str) -> bool:
    return "0" <= char <= "9"


def _compare_words(left: str, right: str) -> int:
    """Runs of digits by length, then value; all else a character at a time."""

    def units(text: str) -> list[str]:
        return [
            unit
            for digits, run in groupby(text, _is_digit)
            for unit in (["".join(run)] if digits else list(run))
        ]

    for one, other in zip(units(left), units(right), strict=False):
        if one == other:
            continue
        if _is_digit(one[0]) and _is_digit(other[0]) and len(one) != len(other):
            return -1 if len(one) < len(other) else 1
        return -1 if one < other else 1
    return len(units(left)) - len(units(right))


def _value(text: str) -> float | None:
    number = pl.Series([text]).cast(pl.Float64, strict=False).item()
    return number if number is not None and math.isfinite(number) else None


def _compare(left: str | None, right: str | None) -> int:
    """Null, then words, then numbers; what spells the same number is equal."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    one, other = _value(left), _value(right)
    if one is None and other is None:
        return _compare_words(left, right)
    if one is None or other is None:
        return -1 if one is None else 1
    return (one > other) - (one < other)


def _sorted(values: pl.Series, *, descending: bool = False) -> list:
    keys, orders, nulls = zip(*sort_keys(pl.col("a"), values.dtype, descending), strict=True)
    frame = values.alias("a").to_frame()
    ordered = frame.sort(keys, descending=list(orders), nulls_last=list(nulls), maintain_order=True)
    return ordered["a"].to_list()


@settings(max_examples=400, deadline=None)
@given(st.lists(_any | st.none(), max_size=12))
@example(["a-", "a1", "a", "a10", "a9", "a09", "aé", "ab"])
def test_text_is_sorted_as_the_plain_comparator_sorts_it(texts: list[str | None]):
    values = pl.Series(texts, dtype=pl.String)
    expected = sorted(texts, key=cmp_to_key(_compare))
    assert _sorted(values) == expected
    assert _sorted(values, descending=True) == sorted(texts, key=cmp_to_key(_compare), reverse=True)
    assert _sorted(values.cast(pl.Categorical)) == expected


@settings(max_examples=200, deadline=None)
@given(_words, _words)
def test_keys_of_words_compare_as_the_words_do(left: str, right: str):
    one, other = pl.select(natural_key(pl.Series([left, right]))).to_series()
    expected = _compare_words(left, right)
    assert (one > other) - (one < other) == (expected > 0) - (expected < 0)


def test_addresses_are_sorted_by_their_parts():
    texts = ["10.0.10.1", "10.0.9.1", "9.1.1.1", "-", "100.0.0.1", "10.0.9.20", "10.0.9.3"]
    assert _sorted(pl.Series(texts)) == [
        "-", "9.1.1.1", "10.0.9.1", "10.0.9.3", "10.0.9.20", "10.0.10.1", "100.0.0.1",
    ]  # fmt: skip


def test_words_stand_before_numbers_and_null_before_words():
    assert _sorted(pl.Series(["10", "9.5", "-3", "web", None, "-", "1e3"])) == [
        None, "-", "web", "-3", "9.5", "10", "1e3",
    ]  # fmt: skip


def test_a_run_of_digits_of_any_length_counts_as_one():
    runs = ["x" + "9" * 9, "x" + "1" * 10, "x" + "9" * 99_999, "x" + "1" * 100_000, "x" + "0" * 100_001]
    assert _sorted(pl.Series(runs[::-1])) == runs


_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dtype", "ordered"),
    [
        (pl.Int32(), [-2, 3, 10]),
        (pl.Float64(), [-0.5, 2.0, 10.0]),
        (pl.Boolean(), [False, True]),
        (pl.Datetime("ms", "UTC"), [_NOON, _NOON + timedelta(hours=1)]),
        (pl.Enum(["z", "a10", "a9"]), ["a9", "a10", "z"]),
    ],
)
def test_other_types_have_their_own_order_with_null_before_everything(dtype: pl.DataType, ordered: list):
    values = pl.Series([*ordered[::-1], None], dtype=dtype)
    assert _sorted(values) == [None, *ordered]
    assert _sorted(values, descending=True) == [*ordered[::-1], None]


def test_a_number_that_is_none_counts_as_null():
    assert _sorted(pl.Series([1.0, math.nan, -1.0]))[1:] == [-1.0, 1.0]
    assert _sorted(pl.Series([-1.0, math.nan, 1.0]), descending=True)[:2] == [1.0, -1.0]


def test_what_has_no_order_can_still_be_sorted():
    assert _sorted(pl.Series([[2], None, [1]]))[0] is None
    assert _sorted(pl.Series([{"a": 1}, {"a": 0}]), descending=True)[0] is not None
    assert _sorted(pl.Series([None, None])) == [None, None]
