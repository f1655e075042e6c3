"""What is said of the text of a query while it is typed, and how its parts are coloured."""

from __future__ import annotations

import pytest

from query.scope import Scope
from tui.querying.colours import stretches
from tui.querying.wording import about_parameters, about_rows, judge, why_no_rows

FIELDS = ("srcaddr", "dstaddr", "bytes", "action", "timestamp", "message")


def coloured(text):
    """The parts of a query that have a colour, with their kinds."""
    lines = text.split("\n")
    return [
        (lines[number][start:end], kind)
        for number, line in enumerate(stretches(text))
        for start, end, kind in line
    ]


def test_commands_functions_values_and_comments_have_their_colours():
    text = 'fields strlen(@message) as n # how "long"\n| filter n >= 10 and srcAddr like "10."'
    assert coloured(text) == [
        ("fields", "command"),
        ("strlen", "function"),
        ('# how "long"', "comment"),
        ("filter", "command"),
        ("10", "value"),
        ('"10."', "value"),
    ]


def test_a_pipe_inside_a_text_or_a_comment_begins_no_command():
    assert coloured('filter a = "x | sort b" # | limit 5\n| dedup c') == [
        ("filter", "command"),
        ('"x | sort b"', "value"),
        ("# | limit 5", "comment"),
        ("dedup", "command"),
    ]


def test_a_slash_divides_unless_a_pattern_is_due():
    assert coloured("filter a like /b|c/ and d / e / f > 1") == [
        ("filter", "command"),
        ("/b|c/", "value"),
        ("1", "value"),
    ]


@pytest.mark.parametrize("text", ['"', "'a", "`", "`a\n", "/", '"\\', "|||", "\x1b", "é(", "\n\n", "#"])
def test_what_is_no_query_can_be_coloured_too(text):
    assert len(stretches(text)) == text.count("\n") + 1


def test_a_query_that_holds_leaves_nothing_to_say():
    found = judge("stats sum(bytes) by srcAddr", None, FIELDS)
    assert found.told[0] == ""
    assert found.fault is None
    assert found.query is not None


def test_what_is_wrong_is_told_and_its_place_is_known_on_any_line():
    text = "fields srcAddr\n| sotr bytes desc"
    found = judge(text, 0, FIELDS)
    assert found.told[0].startswith("✗ 'sotr' is not a command.")
    assert found.told[1] == "reject"
    assert text[slice(*found.fault)] == "sotr"
    assert found.query is None


def test_a_word_that_is_still_being_typed_is_not_wrong_yet():
    found = judge("stats count(*) by srcAddr | sor", len("stats count(*) by srcAddr | sor"), FIELDS)
    assert found.told[1] == "dim"
    assert found.fault is None
    assert judge("stats count(*) by srcAddr | sor", 3, FIELDS).told[1] == "reject"


def test_what_is_still_to_come_is_not_wrong_yet():
    for text in ("filter action = ", 'filter action = "REJ', "fields strlen(", "fields `log"):
        assert judge(text, len(text), FIELDS).told[1] == "dim", text
        assert judge(text, None, FIELDS).told[1] == "reject", "it is to be run as it is"


def test_a_warning_is_told_and_the_query_can_be_run():
    found = judge('filter action = "reject"', None, FIELDS)
    assert found.told == ('! Case counts: action is "REJECT", never "reject".', "warn")
    assert found.query is not None


def test_an_empty_text_says_what_can_be_typed():
    assert "Tab completes" in judge("  \n", 0, FIELDS).told[0]


def test_the_columns_on_the_screen_are_told_when_not_all_are():
    assert about_rows(17, (1, 5, 5)) == "17 rows"
    assert about_rows(1, (1, 4, 9)) == "1 row · columns 1 to 4 of 9 →"
    assert about_rows(2, (3, 9, 9)) == "2 rows · columns 3 to 9 of 9 ←"
    assert about_rows(2, (3, 7, 9)) == "2 rows · columns 3 to 7 of 9 ←→"


def test_an_empty_result_says_of_how_much_and_what_to_press():
    assert why_no_rows(Scope(), 27_022) == "None of 27,022 records answers this query.\nPress e to change it."
    narrow = why_no_rows(Scope(filter="reject"), 12)
    assert "None of 12 records that are looked at" in narrow
    assert "Esc goes back" in narrow


def test_values_to_fill_in_are_asked_for_by_name():
    told, _ = about_parameters([("address", "10.0.1.10")], from_record=False)
    assert told == "Put your address in place of 10.0.1.10, then Enter."
    told, _ = about_parameters([("one", "10."), ("other", "11.")], from_record=True)
    assert told == "The one and other of the record under the cursor: 10. and 11.. Enter runs it."
