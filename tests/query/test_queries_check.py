"""What is said of a query that can be read: refusals, and warnings with suggestions."""

from __future__ import annotations

import pytest

from query.check import check_query
from query.errors import QueryError
from query.parse import parse_query

FLOW_LOGS = ("timestamp", "srcaddr", "dstaddr", "srcport", "dstport", "bytes", "packets", "action")
JSON = ("timestamp", "message", "status", "path")


def check(text, columns=FLOW_LOGS):
    return check_query(parse_query(text), columns)


def said(text, columns=FLOW_LOGS):
    """The warnings, each with the words that it is about."""
    return [
        (warning.message, text[warning.span.start : warning.span.end]) for warning in check(text, columns)
    ]


def gone(name, hint=""):
    return f"{name} is not among the columns that are left, so it counts as empty. {hint}".rstrip()


def nowhere(name, hint=""):
    return f"{name} is not among the fields of these logs, so it counts as empty. {hint}".rstrip()


WARNINGS = {
    # A field that exists nowhere is empty, as for AWS, and a slip gets a suggestion.
    "fields srcAdr": [(nowhere("srcAdr", "Did you mean 'srcAddr'?"), "srcAdr")],
    "filter nosuch = 1": [(nowhere("nosuch"), "nosuch")],
    "stats count(*) by srcAdr": [(nowhere("srcAdr", "Did you mean 'srcAddr'?"), "srcAdr")],
    "sort nosuch | dedup other": [(nowhere("nosuch"), "nosuch"), (nowhere("other"), "other")],
    "cidrlookup nets nosuch OUTPUT owner": [(nowhere("nosuch"), "nosuch")],
    "filter tcpFlags = 2": [("tcp-flags is not in these logs, so this matches nothing.", "tcpFlags")],
    "fields tcpFlags": [("tcp-flags is not in these logs, so it counts as empty.", "tcpFlags")],
    # The same sentence is said once.
    "fields nosuch | filter nosuch = 1 | sort nosuch": [(nowhere("nosuch"), "nosuch")],
    # Names are known from where they are given.
    "fields bytes * 2 as b, b + 1 as c | filter c > 1 | sort b | display c": [],
    "fields c + 1 as d, 1 as c": [(nowhere("c"), "c")],
    "filter b > 1 | fields bytes as b": [(nowhere("b"), "b")],
    "parse @message '* *' as first, second | stats count(*) by first": [],
    "unnest path into part | display part": [(nowhere("path"), "path")],
    "cidrlookup nets srcAddr OUTPUT owner as who | stats count(*) by who": [],
    "stats sum(bytes) as b, count(*) as n, b / n as each, each * 2 as twice": [],
    "pattern @message | filter @ratio > 0.1 | sort @sampleCount": [],
    "pattern @message | diff | sort @differenceRatio": [],
    "stats count(*) as n by action | addtotals fieldname=all | sort all": [],
    "fields jsonParse(path) as js | filter js.a.b = 1 | sort js.list[0]": [(nowhere("path"), "path")],
    "fields jsonParse(action) as js, js as k, k.a as inner | sort k.b, inner.c": [],
    # After stats there is nothing but its columns, whatever the case they are written in.
    "stats count(*) as n by srcAddr | filter n > 1 | sort srcaddr": [],
    "stats count(*) as n by srcAddr | filter bytes > 1": [(gone("bytes"), "bytes")],
    "stats count(*) as hosts by srcAddr | sort host": [(gone("host", "Did you mean 'hosts'?"), "host")],
    "stats count(*) as n by srcAddr | filter @message like 'x'": [(gone("@message"), "@message")],
    "stats count(*) as n by srcAddr, action | stats max(n) by srcAddr | sort action": [
        (gone("action"), "action")
    ],
    "pattern @message | fields srcAddr": [(gone("srcAddr"), "srcAddr")],
    # What is odd about a comparison is odd in a query too.
    "filter action = 'reject'": [('Case counts: action is "REJECT", never "reject".', "'reject'")],
    # A value that every record could have.
    "fields @ptr, @message, @timestamp, protocolName, isReply": [],
}


@pytest.mark.parametrize("text", WARNINGS)
def test_what_can_hardly_be_wanted_is_a_warning_at_its_place(text: str):
    assert said(text) == WARNINGS[text]


def test_any_name_can_be_a_field_of_a_json_message():
    assert said("filter status = 404 | stats count(*) by path", JSON) == []
    inside = (*JSON, "user.name", "tags.0", "tags.1")
    assert said("fields user, user.name, tags | unnest tags into tag", inside) == []
    assert said("filter states = 404", JSON) == [(nowhere("states", "Did you mean 'status'?"), "states")]


AGGREGATE = "{} counts over many records, which only stats does."
NEITHER = "{0} is neither counted nor grouped by. Write it like max({0})."
DEDUP = "Only limit may follow dedup. Put dedup behind the other commands."
DIFF = "diff compares patterns. Write it behind pattern @message."
FILL = "fillmissing fills the bins of stats. Write it behind stats … by bin(5m)."
MAP = "js holds a map or a list, which cannot be used here. Name what is inside it, as in js.name."

# text: (sentence, the words that the carets are under)
ERRORS = {
    # Aggregates belong into stats, one level deep.
    "fields max(bytes)": (AGGREGATE.format("max"), "max(bytes)"),
    "filter sum(bytes) > 5": (AGGREGATE.format("sum"), "sum(bytes)"),
    "sort count(*)": (AGGREGATE.format("count"), "count(*)"),
    "stats count(*) by sum(bytes)": (AGGREGATE.format("sum"), "sum(bytes)"),
    "stats count(*) by action | sort count(*) desc": (
        AGGREGATE.format("count") + " Give it a name there, as in count(*) as total.",
        "count(*)",
    ),
    "stats max(min(bytes))": (AGGREGATE.format("min"), "min(bytes)"),
    # In stats a field is counted or grouped by.
    "stats bytes by action": (NEITHER.format("bytes"), "bytes"),
    "stats sum(bytes) + packets": (NEITHER.format("packets"), "packets"),
    "stats b / count(*) as each, sum(bytes) as b": (NEITHER.format("b"), "b"),
    "stats srcAdr, count(*) by srcAddr": (
        "srcAdr is neither counted nor grouped by. Did you mean 'srcAddr'?",
        "srcAdr",
    ),
    # What may follow what.
    "dedup srcAddr | sort bytes": (DEDUP, "bytes"),
    "dedup srcAddr | limit 5 | sort bytes": (DEDUP, "bytes"),
    "dedup srcAddr | dedup dstAddr": (DEDUP, "dstAddr"),
    "diff": (DIFF, "diff"),
    "fields bytes | diff previousDay": (DIFF, "diff previousDay"),
    "pattern @message | limit 1 | diff": (DIFF, "diff"),
    "stats count(*) as n by action | fillmissing with 0 for n": (FILL, "fillmissing"),
    "stats count(*) as n by bin(5m) | sort n | fillmissing": (FILL, "fillmissing"),
    "stats count(*)" + " | stats sum(n)" * 10: ("A query has at most 10 stats commands.", "sum(n)"),
    "fields bytes" + " | limit 5" * 200: ("A query has at most 200 commands.", "5"),
    # Maps and lists have no order and are no keys.
    "fields jsonParse(@message) as js | sort js": (MAP, "js"),
    "fields jsonParse(@message) as js | dedup srcAddr, js": (MAP, "js"),
    "fields jsonParse(@message) as js | pattern js": (MAP, "js"),
    "fields jsonParse(@message) as js | stats count(*) by js": (MAP, "js"),
    # Values.
    "filter bytes = 'many'": ("bytes is a number, and 'many' is not.", "'many'"),
    "filter action = REJECT": ("'REJECT' is not a field. Text stands in quotes: \"REJECT\".", "REJECT"),
    "stats count(*) by action | filter action = REJECT": (
        "'REJECT' is not a field. Text stands in quotes: \"REJECT\".",
        "REJECT",
    ),
    "filter srcAddr like /(/": ("This pattern is not a valid regular expression.", "/(/"),
    "parse /(?<a>(/": ("This pattern is not a valid regular expression.", "/(?<a>(/"),
    "stats count(*) by isIpInSubnet(srcAddr, 'x')": (
        "'x' is not a network. Write one like \"10.0.0.0/8\".",
        "'x'",
    ),
    "fields foo-bar": ("A name with '-' needs backticks: `foo-bar`.", "foo-bar"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_what_has_no_meaning_is_refused_at_its_place(text: str):
    with pytest.raises(QueryError) as caught:
        check(text)
    error = caught.value
    sentence, words = ERRORS[text]
    assert str(error) == sentence
    assert text[error.column - 1 :][: error.length] == words


ACCEPTED = (
    "dedup srcAddr | limit 5",
    "sort bytes | dedup srcAddr | limit 5 | chart table",
    "stats count(*)" + " | stats count(*)" * 9,
    "fields bytes" + " | limit 5" * 199,
    "stats count(*) as n by bin(5m), action | fillmissing with 0 for n",
    "stats srcaddr, upper / 2, max(bytes) as top, top - min(bytes) by srcAddr, bytes * 2 as upper",
    "fields jsonParse(@message) as js | stats count(js), count(js.a) by js.b | limit 1",
    # An item of a list may well be a plain value.
    "fields jsonParse(@message) as js | unnest js.tags into tag | sort tag | dedup tag",
    # The name has got another meaning.
    "fields jsonParse(@message) as js | fields srcAddr as js | sort js",
    "filter dstPort - srcPort > 5 and bytes-packets > 1",
)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_has_a_meaning_passes(text: str):
    assert check(text) == ()


def test_without_columns_nothing_is_said_about_what_the_logs_lack():
    assert check("filter tcpFlags = 2 | stats count(*) by @logStream", ()) == ()


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(QueryError) as caught:
        check_query(parse_query("stats count(*) as action by action"))
    assert caught.value.message == "Two columns would be called 'action'."
    assert not check_query(parse_query("stats count(*), count(*) by action"))


def test_a_second_row_of_totals_is_refused():
    with pytest.raises(QueryError) as caught:
        check_query(parse_query("stats count(*) by action | addtotals col=true | addtotals col=true"))
    assert caught.value.message == "One addtotals col=true is enough."


def test_a_period_that_aws_cuts_short_is_told():
    text = "stats count(*) by bin(300s)"
    assert said(text) == [("300s counts as 60s, as in AWS. Write it in a larger unit.", "300s")]
    assert not said("stats count(*) by bin(5m), datefloor(@timestamp, 60s)")
