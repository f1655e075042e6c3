from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from query.functions import FUNCTIONS, Context
from query.values import Type, Value
from tests.query import calls
from tests.query.calls import call

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
NOTHING: list[None] = [None, None]


def seconds(*after: int) -> list[datetime]:
    return [START + timedelta(seconds=second) for second in after]


# Numbers


def test_records_are_counted_and_values_where_they_are():
    assert call("count", time=seconds(0, 1, 2)) == 3
    assert call("count", ["a", None, ""]) == 2
    assert call("count", "a", time=seconds(0, 1)) == 2
    assert call("count", NOTHING, dtype=pl.String) == 0
    assert call("count", [], dtype=pl.Int64) == 0


@pytest.mark.parametrize("name", ["count_distinct", "countDistinct"])
def test_different_values_are_counted_without_null(name: str):
    assert call(name, ["a", "b", "a", None]) == 2
    assert call(name, [1, 1, None]) == 1
    assert call(name, NOTHING, dtype=pl.String) == 0


def test_sums_are_of_64_bits_and_null_where_there_is_nothing():
    assert call("sum", [2**31 - 1, 2**31 - 1], dtype=pl.Int32) == 2**32 - 2
    assert call("sum", [0.5, None, 1.5]) == 2.0
    assert call("sum", ["1.5", "x", "2"]) == 3.5
    assert call("sum", [True, True, False]) == 2
    assert call("sum", NOTHING, dtype=pl.Int64) is None
    assert call("sum", [], dtype=pl.Int64) is None


def test_a_constant_is_summed_for_every_record():
    assert call("sum", 2, time=seconds(0, 1, 2)) == 6
    assert call("stddev", 2, time=seconds(0, 1, 2)) == 0.0
    assert call("sum", None, time=seconds(0, 1, 2)) is None


def test_means_and_deviations_leave_out_null():
    assert call("avg", [1, 2, None]) == 1.5
    assert call("variance", [1, 3, None]) == 2.0
    assert call("stddev", [1, 3, None]) == pytest.approx(2**0.5)
    for name in ("avg", "variance", "stddev"):
        assert call(name, NOTHING, dtype=pl.Int64) is None
        assert call(name, [], dtype=pl.Int64) is None
    assert call("stddev", [1]) is None


def test_percentiles_lie_between_the_numbers():
    assert call("pct", [10, 20, None], 50) == 15.0
    assert call("pct", [10, 20], 0) == 10.0
    assert call("pct", [10, 20], 99.5) == 19.95
    assert call("pct", NOTHING, 50, dtype=pl.Int64) is None
    with pytest.raises(ValueError, match="from 0 to 100"):
        call("pct", [10, 20], 101)


def test_a_rate_is_over_the_bin_or_the_time_between_the_records():
    times = seconds(0, 30, 60)
    assert call("rate", [100, 200, 300], "1s", time=times) == 10.0
    assert call("rate", [100, 200, 300], "1s", time=times, group="2m") == 5.0
    assert call("rate", [100, 200, 300], "1m", time=times, group="10m") == 60.0
    assert call("rate", [28], "1d", time=[datetime(2026, 2, 3, tzinfo=UTC)], group="1mo") == 1.0


def test_a_rate_over_no_time_is_null():
    assert call("rate", [100], "1s", time=seconds(0)) is None
    assert call("rate", NOTHING, "1s", time=seconds(0, 9), dtype=pl.Int64) is None
    with pytest.raises(ValueError, match="differ in length"):
        call("rate", [100], "1mo", time=seconds(0))


# Values


def test_numbers_and_times_have_a_least_and_a_greatest():
    assert (call("min", [3, 1, None]), call("max", [3, 1, None])) == (1, 3)
    assert (call("min", [0.5, -1.5]), call("max", [0.5, -1.5])) == (-1.5, 0.5)
    times = seconds(9, 0, 5)
    assert call("min", times, dtype=calls.MILLISECONDS) == times[1]
    assert call("max", times, dtype=calls.MILLISECONDS) == times[0]
    assert call("max", [True, False]) == 1


def test_texts_are_compared_as_numbers_if_all_of_them_are():
    assert (call("min", ["9", "10", None]), call("max", ["9", "10", None])) == ("9", "10")
    assert (call("min", ["9", "10", "x"]), call("max", ["9", "10", "x"])) == ("10", "x")
    assert call("max", ["REJECT", "ACCEPT"], dtype=pl.Categorical) == "REJECT"


@pytest.mark.parametrize("name", ["min", "max", "sortsFirst", "sortsLast"])
@pytest.mark.parametrize("dtype", [pl.Int64, pl.String, pl.Categorical, calls.MILLISECONDS])
def test_nothing_has_no_extremes(name: str, dtype: pl.DataType):
    assert call(name, NOTHING, dtype=dtype) is None
    assert call(name, [], dtype=dtype) is None


def test_the_value_of_the_earliest_and_of_the_latest_record_is_picked():
    times = [*seconds(5, 0, 9, 12), None]
    texts = ["b", None, "a", None, "c"]
    assert call("earliest", texts, time=times) == "b"
    assert call("latest", texts, time=times) == "a"
    assert call("earliest", texts, time=times, dtype=pl.Categorical) == "b"
    assert call("latest", [1, 2], time=seconds(3, 2)) == 1
    assert call("latest", NOTHING, time=seconds(0, 1), dtype=pl.Int64) is None
    assert call("latest", "a", time=seconds(0)) == "a"


def test_the_natural_order_has_words_before_numbers():
    assert call("sortsFirst", ["10", "9", "b", "a", None]) == "a"
    assert call("sortsLast", ["10", "9", "b", None]) == "10"
    assert call("sortsLast", ["10.0.9.1", "10.0.10.1"]) == "10.0.10.1"
    assert call("sortsFirst", ["10", "9"]) == "9"
    assert call("sortsFirst", [10, 9]) == 9
    assert call("sortsLast", ["REJECT", "-"], dtype=pl.Categorical) == "REJECT"


def test_an_address_stays_one_when_it_is_picked():
    value = Value(pl.col("a"), Type.TEXT, is_address=True)
    context = Context(pl.col("time"), calls.NOW)
    assert FUNCTIONS["earliest"].build(value, context=context).is_address
    assert FUNCTIONS["max"].build(value).is_address


def test_different_values_are_a_sorted_json_list():
    assert call("values", ["b", "a", "b", None]) == '["a","b"]'
    assert call("values", [10, 9, 10]) == "[9,10]"
    assert call("values", [0.5, None]) == "[0.5]"
    assert call("values", seconds(0), dtype=calls.MILLISECONDS) == '["2026-01-31 10:00:00.000"]'
    assert call("values", ["REJECT", "ACCEPT"], dtype=pl.Categorical) == '["ACCEPT","REJECT"]'
    assert call("values", NOTHING, dtype=pl.String) == "[]"
    assert json.loads(call("values", list(range(500)))) == list(range(100))


def test_the_most_frequent_values_come_first_and_equals_in_order():
    assert call("topk", 2, ["c", "b", "c", "a", "b", None, None, None]) == '["b","c"]'
    assert call("topk", 9, [7, 3, 7]) == "[7,3]"
    assert call("topk", 1, ["REJECT", "ACCEPT", "REJECT"], dtype=pl.Categorical) == '["REJECT"]'
    assert call("topk", 1, NOTHING, dtype=pl.Int64) == "[]"
    with pytest.raises(ValueError, match="how many values"):
        call("topk", 0, [1])


def test_lists_of_texts_are_valid_json():
    texts = ['a"b', "back\\slash", "line\nend", "\x00\x1f", "ä", ""]
    assert json.loads(call("values", texts)) == sorted(texts)


def test_groups_are_kept_apart():
    frame = pl.DataFrame({"g": ["x", "x", "y", "z"], "b": [1, 3, 5, None], "a": ["1", "2", "k", None]})
    number, text = Value(pl.col("b"), Type.INTEGER), Value(pl.col("a"), Type.TEXT)
    found = {
        "sum": FUNCTIONS["sum"].build(number).expr,
        "two": FUNCTIONS["sum"].build(Value(pl.lit(2), Type.INTEGER, constant=2)).expr,
        "max": FUNCTIONS["max"].build(text).expr,
        "last": FUNCTIONS["sortslast"].build(text).expr,
        "values": FUNCTIONS["values"].build(text),
        "topk": FUNCTIONS["topk"].build(1, number),
    }
    assert frame.lazy().group_by("g").agg(**found).sort("g").collect().rows() == [
        ("x", 4, 4, "2", "2", '["1","2"]', "[1]"),
        ("y", 5, 2, "k", "k", '["k"]', "[5]"),
        ("z", None, 2, None, None, "[]", "[]"),
    ]
