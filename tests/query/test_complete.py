"""What is offered while a query is being typed. ``│`` is where the cursor stands."""

from __future__ import annotations

import pytest

from query import commands, functions
from query.complete import complete, values_of, wanted_column
from tests.loaders.files import record
from tests.query.asking import flow_log, json_log, read
from tests.query.aws_samples import SAMPLES

FLOWS = ("timestamp", "log_group", "srcaddr", "dstaddr", "dstport", "bytes", "packets", "action", "_file")
JSON = (*FLOWS, "message", "detail-type", "user.name")


def offered(text, fields=FLOWS, values=()):
    """What is offered at the sign, and what of the text it replaces."""
    offset = text.index("│")
    text = text.replace("│", "")
    found = complete(text, offset, fields, values)
    return found.choices, text[found.start : offset]


def words(text, kind=None, **more):
    choices, _ = offered(text, **more)
    return [choice.text for choice in choices if kind in (None, choice.kind)]


def test_a_query_begins_with_a_command_and_so_does_what_stands_behind_a_pipe():
    for text in ("│", "fields a | │", "fields a # , b\n  | │", "# | limit 5\n│", "pattern @message | │"):
        assert words(text) == list(commands.MEANINGS)
        assert {choice.kind for choice in offered(text)[0]} == {"command"}


def test_a_choice_replaces_the_word_that_has_begun():
    assert offered("fields a | fi│")[1] == "fi"
    assert words("fields a | fi│") == ["fields", "filter", "filterIndex", "fillmissing"]
    assert words("STA│") == ["stats"]
    assert offered("fields srcA│")[1] == "srcA"
    assert words("fields srcA│ | limit 5") == ["srcAddr"]
    assert offered('filter action = "RE│')[1] == '"RE'
    assert offered("fields a\n│")[1] == ""


def test_words_that_begin_so_stand_before_words_that_hold_it():
    assert words("fields addr│") == ["dstAddr", "srcAddr"]
    found = words("fields date│")
    assert found[:2] == ["datefloor(", "dateceil("]
    assert "formatDate(" in found[2:]


FIELD_PLACES = (
    "fields │",
    "fields a, │",
    "display a as b, │",
    "filter │",
    "filter a = 1 and │",
    "filter not (│",
    "filter a = │",
    "stats sum(│) by a",
    "stats count(*) by │",
    "stats count(*) by a, │",
    "sort │",
    "sort a desc, │",
    "dedup │",
    "dedup a, │",
    "parse │",
    "pattern │",
    "unnest │",
    "addtotals │",
    "fillmissing with 0 for │",
    "cidrlookup nets │",
    "fields strlen(│",
    "fields a + │",
)


@pytest.mark.parametrize("text", FIELD_PLACES)
def test_fields_are_offered_wherever_one_can_stand(text: str):
    found = words(text, "field")
    assert {"srcAddr", "@timestamp", "@log", "bytes", "@message"} <= set(found)
    # Columns of our own are no fields.
    assert "_file" not in found


NOTHING = (
    "fields a as │",
    "fields a as x│",
    "stats count(*) as │",
    "unnest a into │",
    "parse @message '* *' as │",
    "parse @message '* *' as a, │",
    "cidrlookup nets a as │",
    "cidrlookup nets a OUTPUT │",
    "cidrlookup nets a OUTPUTNEW b, │",
    "cidrlookup │",
    "filter a like │",
    "filter a like 'x│",
    "filter a like /x│",
    "parse @message 'a* │",
    "limit 5│",
    "# fields │",
    "fields a # and │",
    "filtr a = │",
    "fields ) │",
)


@pytest.mark.parametrize("text", NOTHING)
def test_where_a_person_makes_something_up_nothing_is_offered(text: str):
    assert words(text) == []


def test_fields_have_a_meaning_and_stand_in_backticks_where_ql_wants_them():
    choices, _ = offered("fields bytes│")
    assert [(choice.text, choice.kind) for choice in choices] == [("bytes", "field")]
    assert choices[0].meaning
    assert words("fields det│", fields=JSON) == ["`detail-type`"]
    assert words("fields `det│", fields=JSON) == ["`detail-type`"]
    assert offered("fields `det│", fields=JSON)[1] == "`det"
    assert words("fields user│", fields=JSON) == ["user.name"]
    assert words("fields `src│") == ["srcAddr", "srcService"]


def test_a_sign_of_cloudwatch_offers_its_own_fields():
    assert sorted(words("fields @│")) == ["@log", "@message", "@timestamp"]


def test_aliases_are_offered_first_and_after_stats_nothing_else():
    assert words("fields bytes * 2 as twice | sort │")[0] == "twice"
    assert words("fields bytes * 2 as twice | sort tw│") == ["twice"]
    assert words("parse @message '* *' as first, second | filter │", "field")[:2] == ["first", "second"]
    grouped = "stats count(*) as n, max(bytes) by srcAddr as source | {}│"
    assert words(grouped.format("sort "), "field") == ["`max(bytes)`", "n", "source"]
    assert words(grouped.format("stats sum("), "field") == ["`max(bytes)`", "n", "source"]
    assert words("pattern @message | sort @s│") == ["@sampleCount", "@severityLabel"]


def test_aggregates_are_offered_where_stats_counts_and_nowhere_else():
    aggregates = {f"{function.name}(" for function in functions.FUNCTIONS.values() if function.aggregate}
    for text in ("stats │", "stats count(*), │", "stats sum(bytes) / │", "stats abs(│"):
        assert aggregates <= set(words(text, "function"))
    for text in (
        "fields │",
        "filter │",
        "sort │",
        "stats count(*) by │",
        "stats count(*) by abs(│",
        "stats max(│",
        "stats max(abs(│",
    ):
        found = set(words(text, "function"))
        assert not aggregates & found
        assert "strlen(" in found


def test_functions_are_offered_only_where_a_value_can_stand():
    for text in ("dedup │", "pattern │", "unnest │", "parse │", "addtotals │", "limit │", "fields a │"):
        assert words(text, "function") == []
    (choice,) = offered("fields toup│")[0]
    assert (choice.text, choice.kind) == ("toupper(", "function")
    assert "toupper(" in choice.meaning


def test_periods_are_offered_where_a_function_takes_one():
    periods = ["1m", "5m", "10m", "1h", "1d"]
    assert words("stats count(*) by bin(│") == periods
    assert words("stats count(*) by bin(1│") == ["1m", "10m", "1h", "1d"]
    assert words("fields datefloor(@timestamp, │") == periods
    assert words("stats rate(bytes, │") == periods
    for text in ("fields datefloor(│", "fields abs(│", "fields if(a in [1, 2], │"):
        assert not set(periods) & set(words(text))


KEYWORDS = {
    "fields a │": ["as"],
    "stats count(*) │": ["as", "by"],
    "stats count(*) as n │": ["by"],
    "sort a │": ["asc", "desc"],
    "filter a │": ["like", "not like", "in", "not in"],
    "filter a = 1 │": ["and", "or"],
    "filter │": ["not"],
    "limit │": ["any"],
    "unnest a │": ["into"],
    "parse a 'x*' │": ["as"],
    "fillmissing │": ["with"],
    "fillmissing with 0 │": ["for"],
    "cidrlookup nets a │": ["as", "OUTPUT", "OUTPUTNEW"],
    "pattern a | diff │": ["previousDay", "previousWeek", "previousMonth"],
    "addtotals │": ["fieldname=", "row=", "col="],
    "chart │": list(commands.CHARTS),
}


@pytest.mark.parametrize("text", KEYWORDS)
def test_keywords_are_offered_where_the_grammar_has_them(text: str):
    assert set(KEYWORDS[text]) <= set(words(text, "keyword"))


def test_the_direction_is_the_likeliest_thing_behind_a_sort_key():
    assert words("sort bytes │")[:2] == ["asc", "desc"]


VALUE_PLACES = {
    "filter action = │": "action",
    "filter action != │": "action",
    "filter a = 1 and action = │": "action",
    "filter action = 'R│": "action",
    'filter action = "│': "action",
    "filter action in [│": "action",
    "filter action not in ['x', │": "action",
    "filter action in ['x', 'R│": "action",
    "fields action = │": "action",
    "filter srcAddr = │": "srcaddr",
    "filter flow-direction = │": "flow_direction",
    "filter `detail-type` = │": "detail-type",
    "filter `detail-type` in [│": "detail-type",
    "filter action │": None,
    "filter action like │": None,
    "filter 'x' = │": None,
    "filter action = 1 │": None,
    "│": None,
}


@pytest.mark.parametrize("text", VALUE_PLACES)
def test_values_are_wanted_where_a_field_is_compared(text: str):
    assert wanted_column(text.replace("│", ""), text.index("│")) == VALUE_PLACES[text]


def test_values_stand_in_quotes_unless_they_are_numbers():
    assert words("filter action = │", "value") == ['"ACCEPT"', '"REJECT"']
    assert words("filter action = r│", "value") == ['"REJECT"']
    assert words("filter action in ['x', \"re│", "value") == ['"REJECT"']
    assert words("filter dstPort = │", "value", values=["443", "22"]) == ["443", "22"]
    assert words("filter dstPort in [443, │", values=["443", "22"]) == ["443", "22"]
    assert words("filter `detail-type` = │", "value", values=['say "x"']) == [r'"say \"x\""']
    assert words("filter srcAddr = '10.0│", values=["10.0.0.1", "192.168.0.1"]) == ['"10.0.0.1"']
    assert offered("filter srcAddr = '10.0│")[1] == "'10.0"


def test_the_values_of_a_field_are_the_most_frequent_first(tmp_path):
    flow_log(
        tmp_path / "flows",
        *(record(dstport=port, bytes=size) for port, size in ((22, 1), (443, 2), (443, 3))),
    )
    json_log(
        tmp_path / "app", {"dstPort": 443, "detail-type": "x"}, {"detail-type": 'y"'}, {"detail-type": "x"}
    )
    dataset = read(tmp_path)
    assert values_of(dataset, "dstport") == ("443", "22")
    assert values_of(dataset, "detail-type") == ("x", 'y"')
    assert values_of(dataset, "nosuch") == ()


def test_nothing_that_is_typed_on_the_way_to_a_query_of_aws_goes_wrong():
    for text in SAMPLES.values():
        for offset in range(len(text) + 1):
            found = complete(text, offset, JSON, ["x"])
            assert 0 <= found.start <= offset


def test_every_word_of_a_query_is_offered_while_it_is_typed():
    text = 'filter action = "REJECT" | stats count(*) as n by srcAddr, bin(5m) | sort n desc | limit any'
    for word in (
        "filter",
        "action",
        "REJECT",
        "stats",
        "count(",
        "by",
        "srcAddr",
        "bin(",
        "5m",
        "sort",
        "desc",
    ):
        begin = text.index(f"{word}")
        found = [choice.text.strip('"') for choice in complete(text, begin + 1, FLOWS).choices]
        assert word in found, word


@pytest.mark.parametrize(
    "text", ["filter a = '\x00", "fields \ud800", "((((((" * 1000, "fields a |" * 500, "`", "/"]
)
def test_odd_text_is_no_reason_to_fail(text: str):
    assert complete(text, len(text), FLOWS).start <= len(text)
