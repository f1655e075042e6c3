from __future__ import annotations

import random
import re

import polars as pl
import pytest

from query.check import check_filter
from query.errors import QueryError, did_you_mean
from query.parse import parse_filter
from query.to_polars import predicate
from query.tree import to_text

EMPTY = 'The filter is empty. Write a condition, as in action = "REJECT".'
ALONE = 'alone is not a condition. Compare it with a field, as in action = "REJECT".'
CHAINED = "Only two values can be compared at a time. Write 'and' between the comparisons."
LARGE = "This number is too large. The largest is 9223372036854775807."
QUOTES = 'Write straight quotes: "…".'

# text: (sentence, column, length), all in line 1.
ERRORS = {
    "": (EMPTY, 1, 1),
    "  # nothing": (EMPTY, 1, 1),
    # Something is missing.
    "a =": ("Expected a value after '='.", 4, 1),
    "a >=  ": ("Expected a value after '>='.", 5, 1),
    "a = and b = 1": ("Expected a value after '='.", 5, 3),
    "a like": ("Expected a text in quotes or a /pattern/ after 'like'.", 7, 1),
    "a not   like 5": ("Expected a text in quotes or a /pattern/ after 'not like'.", 14, 1),
    "a =~ 'x'": ("Expected a /pattern/ after '=~'.", 6, 3),
    "a in (1)": ("Expected a list after 'in', as in [22, 443].", 6, 1),
    "a in [1,": ("Expected a value after ','.", 9, 1),
    "a in [b]": ("Expected a text or a number after '['.", 7, 1),
    "a = 1 and": ("Expected a condition after 'and'.", 10, 1),
    "a = 1 or )": ("Expected a condition after 'or'.", 10, 1),
    "not": ("Expected a condition after 'not'.", 4, 1),
    "()": ("Expected a condition after '('.", 2, 1),
    "and a = 1": ("Expected a condition before 'and'.", 1, 3),
    "= 1": ("Expected a value before '='.", 1, 1),
    "in [1]": ("Expected a value before 'in'.", 1, 2),
    "a = -": ("Expected a number after '-'.", 6, 1),
    "a = 2 *": ("Expected a number after '*'.", 8, 1),
    "* 2 > 5": ("Expected a number before '*'.", 1, 1),
    "a = 5m": ("A time such as '5m' stands in a function, as in bin(5m).", 5, 2),
    # Something is not closed, or closes nothing.
    'a = "xyz': ("The string that starts here is not closed.", 5, 1),
    "a = 'x' or b = 'y": ("The string that starts here is not closed.", 16, 1),
    "`a = 1": ("The name that starts here is not closed.", 1, 1),
    "a like /x": ("The pattern that starts here is not closed.", 8, 1),
    "(a = 1 or (b = 1)": ("The parenthesis that starts here is not closed.", 1, 1),
    "a in [1, 2": ("The list that starts here is not closed.", 6, 1),
    "a = 1)": ("This ')' closes nothing.", 6, 1),
    "a = 1]": ("This ']' closes nothing.", 6, 1),
    "a in [1 2]": ("Expected ',' or ']' before '2'.", 9, 1),
    # Habits from other languages.
    "a == 1": ("Write one '=' to compare.", 3, 2),
    "a <> 1": ("Write '!=' for 'is not'.", 3, 2),
    "a => 1": ("Write '>=' for 'at least'.", 3, 2),
    "a=1 && b=1": ("Write 'and' for '&'.", 5, 1),
    "a=1 || b=1": ("Write 'or' for '||'; a filter ends before a '|'.", 5, 1),
    "!tcp": ("Write 'not' for '!', or '!=' to compare.", 1, 1),
    "a = “x”": (QUOTES, 5, 1),
    "1 < a < 5": (CHAINED, 7, 3),
    "a = b > 5": (CHAINED, 7, 3),
    "a < 5 = 1": (CHAINED, 7, 1),
    "a = [1]": ("Expected a value after '='.", 5, 1),
    "[1]": ("A list comes after 'in', as in dstPort in [22, 443].", 1, 1),
    "/x/": ("A /pattern/ comes after 'like' or '=~'.", 1, 3),
    "a, b": ("A ',' stands in a list or between the values of a function.", 2, 1),
    "$a = 1": ("'$' means nothing here.", 1, 1),
    "a = \x00": ("'U+0000' means nothing here.", 5, 1),
    # Numbers and addresses.
    "a = 10tcp": ("'10tcp' is neither a number nor an address.", 5, 5),
    "a = 10.0.0": ("'10.0.0' is neither a number nor an address. Write srcAddr like \"10.0.0\".", 5, 6),
    "10.0.0.300": ("'10.0.0.300' is not an address.", 1, 10),
    "10.0.0.0/33": ("'10.0.0.0/33' is not a network. Write one like 10.0.0.0/8 or 2001:db8::/32.", 1, 11),
    "srcaddr = 10.0.0.0/8": (
        "'10.0.0.0/8' is a network, not one address. Write isIpInSubnet(srcAddr, \"10.0.0.0/8\").",
        11,
        10,
    ),
    "a = 9223372036854775808": (LARGE, 5, 19),
    "a = 1e300": (LARGE, 5, 5),
    "a = " + "9" * 5000: (LARGE, 5, 5000),
    ":70000": ("'70000' is not a port. Ports go up to 65535.", 1, 6),
    ":sssh": ("'sssh' is not a known service. Did you mean ':ssh'?", 1, 5),
    ":": ("Expected a port or a service after ':', as in :22 or :ssh.", 1, 1),
    # Words.
    "rejct": ("'rejct' is not a field, a function or a shorthand. Did you mean 'reject'?", 1, 5),
    "dst_prt": ("'dst_prt' is not a field, a function or a shorthand. Did you mean 'dstPort'?", 1, 7),
    "tcp and isemty": ("'isemty' is not a field, a function or a shorthand. Did you mean 'isempty'?", 9, 6),
    "ssh": ("'ssh' is not a field, a function or a shorthand. Did you mean ':ssh'?", 1, 3),
    "qqq": ("'qqq' is not a field, a function or a shorthand.", 1, 3),
    "filter action = 'x'": ("'filter' is not part of a condition. Leave it out.", 1, 6),
    "dstPort": ("'dstPort' needs a comparison, as in dstPort > 0.", 1, 7),
    "action 'REJECT'": ("'action' needs a comparison, as in action = \"ACCEPT\".", 1, 6),
    "`my field`": ("'my field' needs a comparison, as in `my field` = \"…\".", 1, 10),
    "'REJECT'": (f"A text {ALONE}", 1, 8),
    "5": (f"A number {ALONE}", 1, 1),
    "strlen(a)": ("strlen gives a number, which is not a condition. Compare it with something.", 1, 9),
    "(:22) = 5": ("':22' is a condition and cannot be compared.", 1, 5),
    # Functions.
    "isempti(a)": ("'isempti' is not a function. Did you mean 'isempty'?", 1, 7),
    "isIpInSubnet(a)": (
        'isIpInSubnet takes two values, not 1. Write it like isIpInSubnet(srcAddr, "10.0.0.0/8").',
        1,
        15,
    ),
    "isempty()": ("isempty takes one value, not 0. Write it like isempty(srcAddr).", 1, 9),
    # Damaged text.
    "a = '\ud800'": ("This character is damaged.", 6, 1),
}


@pytest.mark.parametrize("text", ERRORS, ids=lambda text: repr(text[:30]))
def test_an_error_says_what_and_where(text: str):
    with pytest.raises(QueryError) as caught:
        parse_filter(text)
    error = caught.value
    assert (str(error), error.column, error.length) == ERRORS[text]
    assert error.line == 1


def test_an_error_keeps_sentence_and_hint_apart():
    with pytest.raises(QueryError) as caught:
        parse_filter("rejct")
    assert caught.value.message == "'rejct' is not a field, a function or a shorthand."
    assert caught.value.hint == "Did you mean 'reject'?"


def test_pretty_puts_carets_under_the_place():
    text = "action = 'REJECT' and\n\tdst_prt"
    with pytest.raises(QueryError) as caught:
        parse_filter(text)
    assert (caught.value.line, caught.value.column, caught.value.length) == (2, 2, 7)
    line, carets, sentence = caught.value.pretty(text).split("\n")
    assert line == "\tdst_prt"
    assert carets == "\t^^^^^^^"
    assert sentence == str(caught.value)


def test_pretty_counts_the_cells_of_wide_and_combining_characters():
    text = "a = '日本e\u0301' and qqq"
    with pytest.raises(QueryError) as caught:
        parse_filter(text)
    assert caught.value.pretty(text).split("\n")[1] == " " * (4 + 2 + 4 + 1 + 5) + "^^^"


def test_pretty_survives_a_text_that_is_not_the_query():
    assert QueryError("No.", line=7, column=9, length=3).pretty("a = 1") == "\n^\nNo."


def test_an_error_at_the_end_has_its_caret_behind_the_last_token():
    with pytest.raises(QueryError) as caught:
        parse_filter("a = 1 and\n# more to come\n\n")
    assert (caught.value.line, caught.value.column) == (1, 10)


def test_long_words_are_shortened_in_sentences():
    with pytest.raises(QueryError) as caught:
        parse_filter("x" * 10_000)
    assert len(str(caught.value)) < 120


def test_short_words_get_no_far_fetched_suggestion():
    assert did_you_mean("a", ["ah", "action"]) == ""
    assert did_you_mean("srcadr", ["srcAddr"]) == "Did you mean 'srcAddr'?"
    assert did_you_mean("log_stats", ["logStatus"]) == "Did you mean 'logStatus'?"


CORPUS = (
    'action = "REJECT" and dstPort in [22, 3389] or not isIpInSubnet(srcAddr, "10.0.0.0/8")',
    "reject :22 10.0.0.0/8 >1MB",
    "(accept or reject) :ssh not tcp eni-0a4",
    "`flow-direction` not in ['a', 'b'] and pkt-srcaddr like /^10\\.(?<n>x)/ # comment\n bytes >= -1.5e3",
    "@timestamp > 1 and js.`user.id` =~ /a|b/ and strlen(tolower(x)) <= 5 and 2001:db8::1",
    "not (a = 1 or (b != 2 and not c < .5)) and strcontains(d, 'x\\'y') = 0",
    "protocol = \"-\" or isempty(tcpFlags) or type like 'IPv' or tolower(action) = 'reject'",
)
SCRAPS = (
    *"()[]{}'\"`/\\=!<>~,.:;#|&+-*%^$@_ \n\t\0\u00a0é日\ud800\U0001f600",
    *(
        " and ",
        " or ",
        "not ",
        " in ",
        " like ",
        " not in ",
        "=~",
        "1e9",
        "99999999999999999999",
        "::",
        "0x",
        "/*",
    ),
    *(
        "isIpInSubnet(",
        "10.0.0.0/8",
        ":22",
        ">5",
        "eni-",
        "1MB",
        "'",
        '"x"',
        "/a/",
        "[1,",
        "reject",
        "(?=",
        "a{9999}",
    ),
)


def mutated(dice: random.Random) -> str:
    text = dice.choice(CORPUS)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, to = sorted(dice.randrange(len(text) + 1) for _ in range(2))
        match dice.randrange(5):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:at] + dice.choice(SCRAPS) + text[at:]
            case 2:
                text = text[:at] + dice.choice(CORPUS)[to:]
            case 3:
                text = text[:at] + text[at:to] * 2 + text[to:]
            case _:
                text = text[:at] + text[to:]
    return text


def test_five_thousand_mutated_texts_raise_nothing_but_query_errors():
    dice = random.Random(20_260)
    frame = pl.DataFrame(
        {"action": ["REJECT", None], "bytes": [5, None], "srcaddr": ["10.0.0.1", "::1"]},
        schema_overrides={"action": pl.Categorical, "bytes": pl.Int64},
    )
    understood = 0
    refused: list[tuple[str, QueryError]] = []
    for _ in range(5_000):
        text = mutated(dice)
        try:
            condition = parse_filter(text)
            assert parse_filter(to_text(condition)) == condition, text
            check_filter(condition, [*frame.columns, "a", "b", "c", "d", "x", "js.user.id"])
            plan = predicate(condition, frame.schema)
            understood += 1
            if understood % 4 == 0:
                assert frame.filter(plan).height <= 2
        except QueryError as error:
            refused.append((text, error))
    for text, error in refused:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines), text
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1, text
        assert re.fullmatch(r"[^\n]+[.?]", str(error)), text
        assert error.pretty(text).endswith(str(error))
    assert 300 < understood < 4_700, understood
