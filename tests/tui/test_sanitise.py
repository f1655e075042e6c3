"""Text on its way to the terminal: whatever went in, only visible characters come out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tui.conftest import HOSTILE
from tui.sanitise import clean

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
CONTROLS = st.text(
    st.sampled_from(
        [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), *range(0x2000, 0x2070)]] + list("ab[]")
    )
)


@given(ANYTHING | CONTROLS)
@example("\x1b]52;c;ZXZpbA==\x07")
@example("\u202e\u2066\u200b\ufeff\U000e0041\u061c\u2028")
@example("\udcff\ud800")
def test_nothing_comes_out_that_controls_hides_or_turns_round(text):
    shown = clean(text)
    assert not HOSTILE.search(shown)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    shown.encode("utf-8")


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_stays_as_it_is(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    "text", ["日本語のログ", "Grüße", "Ελλάδα", "[/x]", "[red]", "$foreground", "naïve é"]
)
def test_letters_of_every_script_and_markup_stay_as_they_are(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "␛[31m"),
        ("a\x00b", "a␀b"),
        ("a\tb\nc", "a␉b␊c"),
        ("\x7f", "␡"),
        ("\x9b", "\\x9b"),
        ("\u202eevil", "<U+202E>evil"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_is_not_visible_is_made_visible(text, shown):
    assert clean(text) == shown


def test_marks_piled_on_one_letter_are_cut_down():
    assert len(clean("a" + "\u0301" * 100)) <= 4


def test_values_that_are_no_text_are_shown_as_text():
    assert [clean(value) for value in (80, None, True)] == ["80", "None", "True"]
