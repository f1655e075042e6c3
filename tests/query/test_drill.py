"""From a row of an answer to the records behind it: a scope whose filter is QL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from query.parse import parse_filter
from query.scope import Scope
from query.tree import to_text
from query.view import look
from tests.loaders.files import START, nodata, record
from tests.query.asking import BEGIN, MINUTE, ask, at, flow_log, json_log, read

# What a web log holds in the place of a name: quotes, signs of QL, signs for nothing, line ends.
NOTES = (
    "plain",
    'say "x" \\ \\"y\\"',
    "it's # no comment",
    "a\nb\tc",
    "-",
    "",
    " ",
    "404",
    "0404",
    "nan",
    "ünï/(?i)",
    None,
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Flow logs with gaps beside JSON messages of the same fields."""
    folder = tmp_path_factory.mktemp("logs")
    lines = [
        record(
            srcaddr=f"10.0.0.{minute % 3}" if minute % 4 else "2001:db8::1",
            dstport=(22, 443, 8080)[minute % 3],
            bytes=minute * 70 % 400,
            packets=minute % 5,
            action="REJECT" if minute % 2 else "ACCEPT",
            start=START + 60 * minute,
        )
        for minute in range(12)
    ]
    flow_log(folder / "flows", *lines, nodata(), nodata("SKIPDATA"))
    messages = [{"note": note, "user": {"name": note}, "ratio": 1.5} for note in (*NOTES, *NOTES[:4])]
    json_log(
        folder / "app",
        *messages,
        {"bytes": 70, "action": "REJECT"},
        {"srcAddr": "10.0.0.1", "tags": ["x", "y"]},
    )
    return read(folder)


def drilled(dataset, query, row=0, scope=None):
    found = ask(dataset, query, scope or Scope()).drill(row)
    return found.scope if found else None


GROUPS = (
    "by srcAddr",
    "by action, dstPort",
    "by bytes",
    "by srcAddr as source, packets as p",
    "by note",
    "by user.name, action",
    "by `note` as text, ratio",
    "by bin(1m)",
    "by bin(300s)",
    "by bin(5m) as t, action",
    "by bin(1w), bin(1mo)",
    "by @timestamp",
    "by datefloor(@timestamp, 5m)",
    "by @log, @logStream",
    "by @message",
    "by bytes / 3",
    "by bytes * packets - 1",
    "by bytes ^ 2, packets % 2",
    "by floor(bytes / 100) as hundreds",
    "by bytes > 100",
    "by not bytes > 100 as small",
    "by bytes > 100 and action = 'REJECT' or dstPort = 22",
    "by srcAddr like '10.'",
    "by srcAddr like /^2001/ as isV6, isempty(srcAddr)",
    "by dstPort in [22, 443]",
    "by ispresent(note)",
    "by isIpInSubnet(srcAddr, '10.0.0.0/30')",
    "by concat(srcAddr, ':', dstPort) as place",
    "by coalesce(srcAddr, note)",
    "by toupper(note)",
    "by case(bytes > 200, 'large', bytes > 50, 'middle') as size",
    "by protocolName, dstService",
    "by nosuch",
    "",
)


@pytest.mark.parametrize("groups", GROUPS)
def test_a_group_leads_to_exactly_its_records(dataset, groups: str):
    found = ask(dataset, f"stats count(*) as n {groups}")
    assert found.frame["n"].sum() == dataset.height
    for row, count in enumerate(found.frame["n"]):
        drill = found.drill(row)
        assert drill is not None
        assert drill.record is None
        assert look(dataset, drill.scope).height == count, drill.scope.filter
        if drill.scope.filter:
            assert to_text(parse_filter(drill.scope.filter)) == drill.scope.filter


KEYS = st.lists(
    st.sampled_from([group.removeprefix("by ").partition(" as ")[0] for group in GROUPS if group]),
    min_size=1,
    max_size=3,
    unique=True,
)
FILTERS = st.sampled_from(
    ("", "action = 'REJECT' or bytes > 100", "not bytes > 100", "reject # only these", "note like 'a'")
)
TIMES = st.sampled_from((None, BEGIN + MINUTE, BEGIN + timedelta(seconds=270), at(7)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS, before=FILTERS, typed=FILTERS, since=TIMES, until=TIMES)
def test_whatever_is_grouped_filtered_and_looked_at_each_row_leads_to_its_records(
    dataset, keys, before, typed, since, until
):
    scope = Scope(filter=typed, since=since, until=until)
    query = f"stats count(*) as n by {', '.join(keys)}"
    found = ask(dataset, f"filter {before}\n| {query}" if before else query, scope)
    for row, count in enumerate(found.frame["n"]):
        drill = found.drill(row)
        assert drill is not None
        assert look(dataset, drill.scope).height == count, drill.scope


WORDS = {
    "stats count(*) by srcAddr | sort srcAddr desc": 'srcAddr = "2001:db8::1"',
    "stats count(*) by dstPort | sort dstPort desc": "dstPort = 8080",
    "stats count(*) by note | filter note like 'say'": r'note = "say \"x\" \\ \\\"y\\\""',
    "stats count(*) by note | filter isempty(note)": "not ispresent(note)",
    "stats count(*) by bytes > 100": "(bytes > 100) = 0",
    "stats count(*) by bytes * 2 as twice | sort twice desc": "bytes * 2 = 740",
    "filter action = 'REJECT' | stats count(*) by dstPort | sort dstPort desc": (
        'action = "REJECT" and dstPort = 8080'
    ),
    "filter reject or :22 | stats count(*) by bytes | sort bytes desc": (
        '(action = "REJECT" or srcPort = 22 or dstPort = 22) and bytes = 370'
    ),
    # Aliases are said in the records' own fields.
    "fields bytes * 2 as b | filter b > 100 | stats count(*) by b as twice | sort twice": (
        "bytes * 2 > 100 and bytes * 2 = 140"
    ),
    "fields srcAddr as s | stats count(*) by s | sort s desc": 'srcAddr = "2001:db8::1"',
    "fields action as srcAddr | stats count(*) by srcAddr | sort srcAddr desc": 'action = "REJECT"',
    # Only the keys of the last of two stats are left, and they are those of the records.
    "stats count(*) as n by srcAddr, action | stats sum(n) by action | sort action desc": 'action = "REJECT"',
    # What comes after stats changes no group.
    "stats count(*) as n by action | filter n > 1 | fields n * 2 as m, action as a | sort action desc": (
        'action = "REJECT"'
    ),
}


@pytest.mark.parametrize("query", WORDS)
def test_the_filter_is_ql_that_names_the_group(dataset, query: str):
    scope = drilled(dataset, query)
    assert scope is not None
    assert scope.filter == WORDS[query]


def test_a_bin_becomes_the_time_of_the_scope(dataset):
    scope = drilled(dataset, "stats count(*) by bin(5m) as t", row=1)
    assert (scope.since, scope.until, scope.filter) == (at(5), at(10), "")
    narrow = Scope(since=at(6), until=at(8))
    scope = drilled(dataset, "stats count(*) by bin(5m) as t", scope=narrow)
    assert (scope.since, scope.until) == (at(6), at(8))


def test_the_scope_stays_as_narrow_as_it_was(dataset):
    looked_at = Scope(
        group="flows", stream="eni-0123456789abcdef0", filter="reject or :22 # both", since=at(1)
    )
    scope = drilled(dataset, "stats count(*) as n by action", scope=looked_at)
    assert (scope.group, scope.stream, scope.since, scope.until) == ("flows", looked_at.stream, at(1), None)
    assert scope.filter == ('(action = "REJECT" or srcPort = 22 or dstPort = 22) and action = "ACCEPT"')
    assert (
        look(dataset, scope).height == ask(dataset, "stats count(*) as n by action", looked_at).frame["n"][0]
    )
    # Without a group of its own a row leads to the filter as it was typed.
    assert drilled(dataset, "stats count(*)", scope=looked_at).filter == looked_at.filter


UNTRACEABLE = {
    "what parse found": "parse @message '* *' as a, b | stats count(*) by a",
    "a filter of what parse found": "parse @message '* *' as a, b | filter a = '2' | stats count(*) by srcAddr",
    "what is inside a map": "fields jsonParse(@message) as js | stats count(*) by js.note",
    "an item of a list": "fields jsonParse(@message) as js | unnest js.tags into tag | stats count(*) by action",
    "a limit": "limit 5 | stats count(*) by srcAddr",
    "a number that stats made": "stats count(*) as n by srcAddr | stats count(*) by n",
    "a column that is not there any more": "stats count(*) as n by srcAddr | display n",
    "a column that means something else now": "stats count(*) as n by action | fields 'x' as action",
    "totals": "filter ispresent(srcAddr) | stats count(*) as n by srcAddr | addtotals col=true | sort n desc",
    "a pattern": "pattern @message",
}


@pytest.mark.parametrize("what", UNTRACEABLE)
def test_what_no_filter_can_say_leads_nowhere(dataset, what: str):
    found = ask(dataset, UNTRACEABLE[what])
    assert found.drill(0) is None


def test_the_other_rows_of_totals_lead_to_their_groups(dataset):
    query = "filter ispresent(srcAddr) | stats count(*) as n by srcAddr | addtotals col=true"
    found = ask(dataset, query)
    for row in range(found.frame.height - 1):
        assert look(dataset, found.drill(row).scope).height == found.frame["n"][row]


ROWS = {
    "filter action = 'REJECT' | fields srcAddr": 'action = "REJECT"',
    "fields bytes as b | filter b > 100 | sort b | limit 3": "bytes > 100",
    "filter bytes > 100 | display srcAddr | dedup srcAddr": "bytes > 100",
    "parse @message '* *' as a, b | filter a = '2' and ispresent(b) | filter bytes > 1": "bytes > 1",
    "limit 5": "",
}


@pytest.mark.parametrize("query", ROWS)
def test_a_row_that_is_a_record_leads_to_it_among_those_that_pass_the_filters(dataset, query: str):
    found = ask(dataset, query)
    for row in range(found.frame.height):
        drill = found.drill(row)
        assert drill.scope.filter == ROWS[query]
        assert drill.record == found.frame.select("_file", "_line").row(row)
        assert look(dataset, drill.scope).place_of(*drill.record) is not None
