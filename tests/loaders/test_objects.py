"""The values of JSON texts, whole and damaged."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.objects import DEEP, INVALID, Values, closing

DEPTH = 10_000


def taken(text, **options):
    """Each value or what is wrong in its place, and whether the text ends within one."""
    values = Values(text, **options)
    return [found.what or found.value for found in values], values.cut


@pytest.mark.parametrize("between", ["", "\n", " \r\n\t"])
def test_values_one_after_another(between):
    values = [{"a": 1}, [1, "}{"], "x", {"b": {"a": "]"}}]
    assert taken(between.join(map(json.dumps, values))) == (values, False)


def test_a_list_ends_where_it_ends():
    text = '{"Records":[{"a":1}, {"a":2} ],"more":[3]}'
    values = Values(text, text.index("[") + 1, between=",", ends="]")
    assert [found.value for found in values] == [{"a": 1}, {"a": 2}]
    assert text[values.at :] == '],"more":[3]}'


def test_numbers_beyond_64_bits_are_text_and_control_characters_are_kept():
    assert taken(f'{{"a":{"9" * 30},"b":{2**63 - 1}}} "a\tb" {"8" * 9000}')[0] == [
        {"a": "9" * 30, "b": 2**63 - 1},
        "a\tb",
        "8" * 9000,
    ]


@pytest.mark.parametrize(
    ("damaged", "what"),
    [
        ('{"a":x}', INVALID),
        ('{"b":1,}', INVALID),
        ('{"a":"1"2"}', INVALID),
        ('{"a":"1}', INVALID),
        ('{"a":[1}', INVALID),
        ('{"a":1]', INVALID),
        ("nothing", INVALID),
        ('{"a":' * DEPTH + "1" + "}" * DEPTH, DEEP),
        ("[" * DEPTH + "]" * DEPTH, DEEP),
    ],
)
def test_behind_what_is_damaged_reading_goes_on(damaged, what):
    assert taken(f'{{"a":1}},{damaged},{{"a":2}}', between=",") == ([{"a": 1}, what, {"a": 2}], False)


def test_behind_what_is_damaged_other_values_count_one_by_one():
    assert taken('{"a":1},{"a":x},5,null,{"b":2}', between=",")[0] == [
        {"a": 1},
        INVALID,
        5,
        None,
        {"b": 2},
    ]


def test_an_object_that_is_not_closed_ends_where_one_begins_that_is_known():
    begins = re.compile(r'\{"(id|message)":')
    text = '{"id":{"x":1},"message":"cut{"message":"}{","id":{"id":2}}'
    assert taken(text, begins=begins) == ([INVALID, {"message": "}{", "id": {"id": 2}}], False)


@pytest.mark.parametrize(
    "text", ['[{"a":1},{"a":', '[{"a":1},{"a":"x', '[{"a":1},{"a":fal', r'[{"a":1},{"a":"\ud83d\ud']
)
def test_what_the_text_ends_within_is_cut_and_no_damage(text):
    assert taken(text, at=1, between=",", ends="]") == ([{"a": 1}], True)


@settings(deadline=None)
@given(st.text(st.sampled_from('{}[]",:\\ \na1x'), max_size=200), st.sampled_from(["", ",", ",[]\x1e"]))
def test_what_is_given_covers_the_text(text, between):
    at = 0
    values = Values(text, between=between)
    for found in values:
        assert at <= found.start < found.end
        assert not text[at : found.start].strip(f" \n\r\t{between}")
        at = found.end
    assert values.cut or not text[at:].strip(f" \n\r\t{between}")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[' * 200_000,
        '{"a":[\n' * 200_000,
        '{"a":"' * 200_000,
        '{"a":{"b" ' * 200_000,
        '{"a":x},{"b":[' * 100_000,
        "}" * 1_000_000,
        "x " * 500_000,
        '{"a":1}' + '{"b":"x"y,' * 100_000,
        "".join(f'\n{" " * (n % 500)}{{"a":"x"y' for n in range(10_000)),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_done_soon(text):
    begun = time.perf_counter()
    list(Values(text))
    assert time.perf_counter() - begun < 10


def test_brackets_are_closed_by_their_own_kind():
    assert closing('{"a":"}]"}x', 0) == 10
    assert closing("[}", 0) is None
    assert closing('1,"x":[2]} ', 0, open_="{") == 10
    assert closing('{"a', 0) is None
