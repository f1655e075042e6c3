"""Numbers beside charts, and the signs that a terminal has for them."""

from __future__ import annotations

import pytest

from tui.charts.glyphs import ASCII, BLOCKS, glyphs
from tui.charts.numbers import full, short, ticks, top_of


@pytest.mark.parametrize("largest", [1, 7, 12, 99, 101, 1234, 0.003, 6e11])
def test_a_round_top_is_not_far_above_the_largest_value(largest):
    assert largest * (1 - 1e-9) <= top_of(largest, exact=False) <= largest * 1.5
    assert top_of(largest, exact=True) == largest


@pytest.mark.parametrize(("variable", "found"), [("linux", ASCII), ("xterm-256color", BLOCKS)])
def test_the_terminal_decides_about_the_signs(monkeypatch, variable, found):
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "UTF-8")
    monkeypatch.setenv("TERM", variable)
    assert glyphs() is found
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "ANSI_X3.4-1968")
    assert glyphs() is ASCII


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (7, "7"), (999, "999"), (999.6, "1k"), (12_345, "12.3k"), (0.25, "0.25"), (-4200, "-4.2k"), (1e30, "1e+30")],
)  # fmt: skip
def test_numbers_of_a_scale_are_short(value, text):
    assert short(value) == text


def test_numbers_at_the_cursor_are_exact():
    assert full(1_234_567) == "1,234,567"
    assert full(1 / 6) == "0.1667"
    assert full(None) == "-"
    assert full(1_234_567, is_bytes=True) == "1,234,567 (1.2 MB)"


def test_a_scale_has_numbers_where_they_are_round_and_room_for_them():
    assert ticks(8, 12, log=False) == [(0, 8), (3, 6), (6, 4), (9, 2)]
    assert ticks(8, 6, log=False) == [(0, 8), (3, 4)]
    assert ticks(8, 5, log=False) == [(0, 8)]
    assert [round(value) for _, value in ticks(9999, 12, log=True)] == [9999, 999, 99, 9]
