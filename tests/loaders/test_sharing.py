"""What grows for days and must not take memory for it: shared mappings, and values that are let go."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from loaders import layered, recent
from loaders.layered import joined
from loaders.recent import Recent

ENTRIES = st.dictionaries(st.integers(0, 40), st.integers())


@given(st.lists(ENTRIES))
def test_joined_mappings_are_what_copies_would_be_and_never_change(steps):
    before = layered._MOST
    layered._MOST = 8
    try:
        states, copies = [{}], [{}]
        for step in steps:
            states.append(joined(states[-1], step))
            copies.append({**copies[-1], **step})
        for state, copy in zip(states, copies, strict=True):
            assert dict(state) == copy
            assert len(state) == len(copy)
            assert list(state) == list(copy), "in the order in which they came"
            assert all(key in state for key in copy)
            assert -1 not in state
    finally:
        layered._MOST = before


def test_what_is_joined_shares_what_there_was():
    first = joined(dict.fromkeys(range(5000), 0), {5000: 1})
    second = joined(first, {5001: 1})
    assert first._base is second._base


class Thing:
    """Something that values are made of."""


def test_a_value_is_made_once_and_let_go_when_nobody_has_asked_for_it(monkeypatch):
    now, made = [0.0], []
    monkeypatch.setattr(recent.time, "monotonic", lambda: now[0])
    kept, one, other = Recent(20.0), Thing(), Thing()
    for now[0] in (0.0, 15.0, 30.0):
        assert kept.of(one, lambda: made.append(one) or "value") == "value"
    assert made == [one]
    now[0] = 51.0
    kept.of(other, lambda: made.append(other))
    assert list(kept._kept) == [other]
    kept.of(one, lambda: made.append(one))
    assert made == [one, other, one]


def test_a_value_goes_with_what_it_was_made_of():
    kept, thing = Recent(20.0), Thing()
    kept.of(thing, lambda: "value")
    del thing
    gc.collect()
    assert not kept._kept
