from __future__ import annotations

import subprocess
import sys

import pytest

from query import functions, periods
from query.functions import FUNCTIONS, REFUSED, Function, Gives, Takes
from query.parse import parse_query
from tests.query import calls

# Every function of AWS's guide that flowtui has.
OF_AWS = """
    abs ceil floor greatest least log sqrt round toNumber toInt toLong toDouble isNumeric
    bin datefloor dateceil fromMillis toMillis now formatDate strftime
    ispresent coalesce if case
    jsonParse jsonStringify jsonArraySize jsonArrayContains
    isValidIp isValidIpV4 isValidIpV6 isIpInSubnet isIpv4InSubnet isIpv6InSubnet
    ipv4ToNumber isPrivateIP isPublicIP isReservedIP
    isempty isblank concat ltrim rtrim trim strlen toupper tolower substr replace strcontains
    regexReplace startsWith endsWith
    avg count count_distinct countDistinct max min pct stddev variance sum rate
    earliest latest sortsFirst sortsLast values topk
"""
# An argument of each kind that suits every function; lists are columns.
ARGUMENTS = {
    Takes.ADDRESS: ["10.0.0.1", None],
    Takes.VALUE: ["[1]", None],
    Takes.TEXT: ["10.0.0.1", None],
    Takes.NUMBER: [1, None],
    Takes.TIME: [calls.NOW, None],
    Takes.CONDITION: [True, False],
    Takes.PERIOD: "5m",
    Takes.COUNT: 1,
    Takes.CONSTANT: 1,
    Takes.PATTERN: "[0-9]",
    Takes.QUOTED: "%Y",
    Takes.NETWORK: "10.0.0.0/8",
    Takes.NETWORK4: "10.0.0.0/8",
    Takes.NETWORK6: "2001:db8::/32",
}


def test_the_functions_are_those_of_aws_and_those_marked_as_local():
    assert {function.name for function in FUNCTIONS.values() if not function.local} == set(OF_AWS.split())


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_function_has_a_meaning_an_example_and_a_body_that_runs(function: Function):
    assert function.meaning
    assert not function.meaning.endswith(".")
    parse_query(f"{'stats' if function.aggregate else 'fields'} {function.example} as x")
    item = 1 if function.name == "jsonArrayContains" else None
    arguments = [ARGUMENTS[kind] for kind in function.takes]
    calls.call(function.name, *arguments[:1], *([item] if item else arguments[1:]), time=[calls.NOW, None])


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_function_takes_constants_too(function: Function):
    arguments = [found[0] if isinstance(found := ARGUMENTS[kind], list) else found for kind in function.takes]
    calls.call(function.name, *arguments, time=[calls.NOW])


def test_a_function_is_found_in_any_case():
    assert functions.find("COUNT_DISTINCT") is FUNCTIONS["count_distinct"]
    assert functions.find("haversine") is None


def test_functions_of_aws_that_are_not_here_are_known_by_name():
    assert REFUSED["haversine"] == (
        "haversine",
        "is a function of CloudWatch that flowtui does not have.",
    )
    assert not set(REFUSED) & set(FUNCTIONS)
    assert all(key == name.lower() for key, (name, _) in REFUSED.items())


@pytest.mark.parametrize(
    ("name", "accepted", "counts"),
    [
        ("now", {0}, "no value"),
        ("abs", {1}, "one value"),
        ("strcontains", {2}, "two values"),
        ("substr", {2, 3}, "two or three values"),
        ("count", {0, 1}, "no or one value"),
        ("coalesce", {1, 2, 3, 4, 5, 6}, "at least one value"),
        ("case", {2, 3, 4, 5, 6}, "at least two values"),
    ],
)
def test_a_function_says_how_many_values_it_takes(name: str, accepted: set[int], counts: str):
    function = FUNCTIONS[name]
    assert {count for count in range(7) if function.accepts(count)} == accepted
    assert function.counts == counts


def test_several_arguments_can_be_optional():
    function = Function(
        "f", (Takes.TEXT, Takes.TEXT, Takes.TEXT), Gives.TEXT, "", lambda *_: None, optional=2
    )
    assert function.counts == "one to three values"
    assert function.example == 'f(srcAddr, "10.", "10.")'


def test_the_last_argument_of_a_function_may_be_repeated():
    assert FUNCTIONS["concat"].takes_at(7) is Takes.TEXT
    assert FUNCTIONS["substr"].takes_at(1) is Takes.NUMBER
    with pytest.raises(IndexError):
        FUNCTIONS["substr"].takes_at(3)


def test_the_registry_does_not_import_polars():
    code = "import sys, query.functions, query.periods; assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("5m", (5, "m")),
        ("30 sec", (30, "s")),
        ("1 hours", (1, "h")),
        ("1mo", (1, "mo")),
        ("2 Months", (2, "mo")),
        ("250msec", (250, "ms")),
        ("1qtr", (1, "q")),
        ("1yr", (1, "y")),
        ("2weeks", (2, "w")),
        (" 1d ", (1, "d")),
    ],
)
def test_a_period_is_an_amount_and_a_unit_in_any_spelling(text: str, period: tuple[int, str]):
    assert periods.parse(text) == periods.Period(*period)


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "1.5h", "5 parsecs", "2ds", "9" * 30 + "m"])
def test_what_is_no_period_is_refused_with_examples(text: str):
    with pytest.raises(ValueError, match=r"is not a period\. Write one like 5m"):
        periods.parse(text)


@pytest.mark.parametrize(
    ("text", "capped"),
    [
        ("5000ms", "1000ms"), ("300s", "60s"), ("90m", "60m"), ("48h", "24h"), ("60s", "60s"), ("400d", "400d"),
        ("500y", "100y"), ("999999999mo", "1200mo"),
    ],
)  # fmt: skip
def test_no_more_of_a_unit_counts_than_aws_honours(text: str, capped: str):
    assert periods.parse(text).capped.polars == capped


def test_months_quarters_and_years_have_no_length():
    assert [periods.parse(text).milliseconds for text in ("250ms", "1m", "2h", "1d", "1w")] == [
        250, 60_000, 7_200_000, 86_400_000, 604_800_000,
    ]  # fmt: skip
    assert [periods.parse(text).milliseconds for text in ("1mo", "1q", "1y")] == [None] * 3


def test_every_spelling_of_a_unit_is_listed_the_longest_first():
    assert set(periods.UNITS) >= {
        "ms",
        "msec",
        "msecs",
        "milliseconds",
        "s",
        "m",
        "mo",
        "mon",
        "months",
        "qtrs",
    }
    assert "ds" not in periods.UNITS
    assert list(map(len, periods.UNITS)) == sorted(map(len, periods.UNITS), reverse=True)
