"""The order of a view without a list of all records is the one that sorting all of them would give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.parts import MemoryPart, minute
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, STREAM, TIME, TIMESTAMP
from loaders.store.store import Store
from query.order import NUMBER, ByTime, found_plan, found_run, whole

BEGIN = datetime(2026, 1, 15, 10, tzinfo=UTC)
# Few seconds, so that many records share one, over some minutes; and records without a time.
TIMES = st.lists(st.one_of(st.none(), st.integers(0, 200)), max_size=40)
PARTS = st.lists(st.tuples(TIMES, st.booleans()), min_size=1, max_size=5)
SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("order") / "store", ["x"])


def frame_of(seconds, file):
    times = [None if second is None else BEGIN + timedelta(seconds=second) for second in seconds]
    columns = {
        "bytes": pl.Series([number % 3 for number in range(len(seconds))], dtype=pl.Int64),
        FILE: pl.repeat(file, len(seconds), dtype=pl.UInt32(), eager=True),
        LINE: pl.int_range(1, len(seconds) + 1, dtype=pl.UInt32(), eager=True),
        GROUP: pl.repeat("g", len(seconds), eager=True).cast(pl.Categorical()),
        STREAM: pl.repeat("s", len(seconds), eager=True).cast(pl.Categorical()),
        TIMESTAMP: pl.Series(times, dtype=TIME),
    }
    return pl.DataFrame(columns)


def laid_out(store, drawn):
    """Parts in memory and in a store, with the number of the first row of each, and all rows as one frame."""
    parts, frames, first = [], [], 0
    for file, (seconds, stored) in enumerate(drawn):
        frame = frame_of(seconds, file)
        part = MemoryPart.of(FLOW_LOG, frame)
        if stored and frame.height:
            segment = store._write(FLOW_LOG, frame, {file: 0.0}, ())
            from loaders.store.part import StoredPart

            part = StoredPart(segment, store._path(segment))
        parts.append((first, part))
        frames.append(part.lazy().collect().with_row_index(NUMBER, offset=first))
        first += frame.height
    return parts, pl.concat(frames)


def by_sorting(frame, *, descending):
    found = frame.sort(TIMESTAMP, descending=descending, nulls_last=True, maintain_order=True)
    return found[NUMBER].to_list()


def order_of(parts, predicate, *, descending):
    runs = []
    for first, part in parts:
        if predicate is None and part.minutes is not None:
            runs.append((first, whole(part)))
        else:
            keep = pl.lit(value=True) if predicate is None else predicate
            runs.append((first, found_run(part, found_plan(part, keep).collect())))
    return ByTime(runs, descending=descending)


@SETTINGS
@given(drawn=PARTS, descending=st.booleans(), filtered=st.booleans(), data=st.data())
def test_it_is_that_of_sorting_by_time_with_the_parts_in_their_order(
    store, drawn, descending, filtered, data
):
    parts, frame = laid_out(store, drawn)
    predicate = pl.col("bytes") == 0 if filtered else None
    order = order_of(parts, predicate, descending=descending)
    expected = by_sorting(frame if predicate is None else frame.filter(predicate), descending=descending)
    assert order.height == len(expected)
    assert order.slice(0, order.height + 5).to_list() == expected
    offset = data.draw(st.integers(0, max(0, len(expected) - 1)))
    assert order.slice(offset, 7).to_list() == expected[offset : offset + 7]
    if expected:
        assert order.index(expected[offset]) == offset
    left_out = set(range(frame.height)) - set(expected)
    assert all(order.index(number) is None for number in sorted(left_out)[:3])


@SETTINGS
@given(drawn=PARTS, descending=st.booleans(), second=st.integers(-5, 210), half=st.booleans())
def test_a_time_is_where_the_first_record_stands_that_is_not_before_it(
    store, drawn, descending, second, half
):
    parts, frame = laid_out(store, drawn)
    order = order_of(parts, None, descending=descending)
    moment = BEGIN + timedelta(seconds=second, milliseconds=500 * half)
    place = order.place_at(int(moment.timestamp() * 1000))
    ordered = frame.sort(TIMESTAMP, descending=descending, nulls_last=True, maintain_order=True)[TIMESTAMP]
    times = [time for time in ordered.to_list() if time is not None]
    before = [time > moment if descending else time < moment for time in times].count(True)
    assert place == max(0, min(before, frame.height - 1))


def test_few_of_many_are_listed_and_many_are_marked(store):
    parts, _ = laid_out(store, [([0] * 100, True)])
    part = parts[0][1]
    few = found_run(part, found_plan(part, pl.col(LINE) == 7).collect())
    many = found_run(part, found_plan(part, pl.col("bytes") == 0).collect())
    assert (few.rows.dtype, few.rows.len()) == (pl.UInt32, 1)
    assert (many.rows.dtype, many.rows.len()) == (pl.Boolean, 100)
    assert (few.height, many.height) == (1, 34)


def test_a_minute_is_counted_from_1970(store):
    frame = frame_of([0, None], 0)
    assert frame.select(minute().alias("m"))["m"].to_list() == [int(BEGIN.timestamp()) // 60, None]
