"""Records in the order of a column, found range by range: the order that sorting all of them would give."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.dataset import Dataset
from loaders.parts import MemoryPart
from loaders.run import Cancelled, Ticket
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, STREAM, TIME, TIMESTAMP
from loaders.store.part import StoredPart
from loaders.store.store import Store
from query import ranked, view
from query.scope import Scope
from query.view import look

SETTINGS = settings(max_examples=80, deadline=None, derandomize=True)
ADDRESSES = st.sampled_from(
    [None, "10.0.0.2", "10.0.0.10", "9.9.9.9", "192.0.2.1", "2001:db8::1", "2001:db8::a", "FE80::1", "word"]
)
# Few values, so that many records share one.
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 12)), ADDRESSES, st.sampled_from([None, "ACCEPT", "REJECT"])
    ),
    max_size=40,
)
PARTS = st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("ranked") / "store", ["x"])


@pytest.fixture(params=["at once", "in ranges"], autouse=True)
def ranges(request, monkeypatch):
    if request.param == "in ranges":
        monkeypatch.setattr(ranked, "_RANGE", 6)
        monkeypatch.setattr(ranked, "_STEP", 2)
        monkeypatch.setattr(ranked, "_PARTS", 2)


def frame_of(rows, file):
    count = len(rows)
    return pl.DataFrame(
        {
            "bytes": pl.Series([row[0] for row in rows], dtype=pl.Int64),
            "srcaddr": pl.Series([row[1] for row in rows], dtype=pl.String),
            "action": pl.Series([row[2] for row in rows], dtype=pl.String).cast(pl.Categorical()),
            FILE: pl.repeat(file, count, dtype=pl.UInt32(), eager=True),
            LINE: pl.int_range(1, count + 1, dtype=pl.UInt32(), eager=True),
            GROUP: pl.repeat("g", count, eager=True).cast(pl.Categorical()),
            STREAM: pl.repeat("s", count, eager=True).cast(pl.Categorical()),
            TIMESTAMP: pl.repeat(None, count, dtype=TIME, eager=True),
        }
    )


def dataset_of(store, drawn):
    parts = []
    for file, (rows, stored) in enumerate(drawn):
        frame = frame_of(rows, file)
        part = MemoryPart.of(FLOW_LOG, frame)
        if stored and rows:
            segment = store._write(FLOW_LOG, frame, {file: 0.0}, ())
            part = StoredPart(segment, store._path(segment))
        parts.append(part)
    return Dataset(tuple(parts))


def rank(value):
    """What a value is sorted by; nothing comes last, and of addresses also what is none."""
    if not isinstance(value, str) or value in {"ACCEPT", "REJECT"}:
        return value
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return (address.version, int(address)) if str(address) == value else None


def by_sorting(drawn, column, *, descending):
    """File and line of each record."""
    rows = [
        (rank(row[column]), file, line)
        for file, (rows, _) in enumerate(drawn)
        for line, row in enumerate(rows, 1)
    ]
    some = [row for row in rows if row[0] is not None]
    none = [row for row in rows if row[0] is None]
    return [row[1:] for row in [*sorted(some, key=lambda row: row[0], reverse=descending), *none]]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("name", "column"), [("bytes", 0), ("srcaddr", 1), ("action", 2)])
@given(PARTS)
@SETTINGS
def test_the_order_is_that_of_the_values(store, name, column, descending, drawn):
    dataset = dataset_of(store, drawn)
    found = look(dataset, Scope(sort=name, descending=descending))
    assert found.complete
    seen = [(row[FILE], row[LINE]) for row in found.records(0, 1000)]
    assert seen == by_sorting(drawn, column, descending=descending)


def test_what_comes_first_is_shown_before_the_rest_is_found(store, monkeypatch):
    monkeypatch.setattr(view, "_NEWS_SECONDS", -1.0)
    drawn = [([(number % 40, None, None) for number in range(60)], stored) for stored in (True, False)]
    dataset, early = dataset_of(store, drawn), []
    whole = look(dataset, Scope(sort="bytes"), None, early.append)
    heights = [one.height for one in early]
    assert heights == sorted(heights)
    assert not any(one.complete for one in early)
    for one in early:
        assert one.order.slice(0, 200).to_list() == whole.order.slice(0, one.height).to_list()


def test_nobody_waits_for_what_is_no_longer_wanted(store):
    dataset, ticket = dataset_of(store, [([(1, None, None)], True)]), Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        look(dataset, Scope(sort="bytes"), ticket)


def test_a_view_has_the_columns_of_those_parts_alone_that_have_records_in_it(store):
    one = frame_of([(5, None, None)], 0)
    other = frame_of([(7, None, None)], 1).with_columns(extra=pl.lit("x"))
    dataset = Dataset((MemoryPart.of(FLOW_LOG, one), MemoryPart.of(FLOW_LOG, other)))
    assert "extra" not in look(dataset, Scope(sort="bytes", filter="bytes < 6")).columns
    assert "extra" in look(dataset, Scope(sort="bytes")).columns
