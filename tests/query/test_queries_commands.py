"""What each command does, on small real files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from query.errors import QueryError
from tests.loaders.files import HEADER, START, nodata, packed, put, record, text
from tests.query.asking import BEGIN, ask, at, flow_log, json_log, read, rows, six_flows


@pytest.fixture
def flows(tmp_path):
    return six_flows(tmp_path)


# -- what is shown -------------------------------------------------------------------------------------------

SHOWN = {
    "filter bytes > 1": ("@timestamp", "@message"),
    "sort bytes | limit 1": ("@timestamp", "@message"),
    "fields srcAddr": ("srcAddr",),
    "fields srcAddr | fields bytes * 2 as twice, srcAddr": ("srcAddr", "twice"),
    "parse @message '* *' as a, b": ("@timestamp", "@message", "a", "b"),
    "fields bytes | parse @message '* *' as a, b": ("bytes", "a", "b"),
    "parse @message '* *' as a, b | fields bytes": ("a", "b", "bytes"),
    "fields bytes | display srcAddr": ("srcAddr",),
    "display srcAddr | display bytes, action": ("bytes", "action"),
    "display srcAddr | fields bytes | parse @message '* *' as a, b": ("srcAddr",),
    "unnest path into part": ("@timestamp", "@message", "part"),
    "fields jsonParse(@message) as js | unnest js.a into b": ("js", "b"),
    "fields bytes | stats count(*)": ("count(*)",),
    "stats max(bytes), count(*) as n by action, bin(5m)": ("action", "bin(5m)", "max(bytes)", "n"),
    "stats count(*) as n by action | fields n * 2": ("action", "n", "n * 2"),
    "stats count(*) as n by action | display n": ("n",),
    "stats count(*) as n by action | stats max(n)": ("max(n)",),
    "display action | stats count(*) as n by srcAddr": ("srcAddr", "n"),
    "stats count(*) as n by action | addtotals": ("action", "n", "Total"),
    "stats count(*) as n by action | addtotals row=false col=true": ("action", "n"),
    "pattern @message": ("@pattern", "@ratio", "@sampleCount", "@severityLabel"),
    "fields srcAddr | sort bytes | limit 1 | chart bar": ("srcAddr",),
}


@pytest.mark.parametrize("text", SHOWN)
def test_which_columns_are_shown(flows, text: str):
    found = ask(flows, text)
    assert found.columns == SHOWN[text]
    assert set(found.columns) <= set(found.frame.columns)


def test_a_row_that_is_a_record_says_which(flows):
    for query in ("fields srcAddr", "limit 3", "sort bytes desc | dedup action"):
        assert {"_file", "_line"} < set(ask(flows, query).frame.columns)
    for query in ("stats count(*)", "pattern @message", "fields bytes | addtotals col=true"):
        assert ask(flows, query).frame.columns == list(ask(flows, query).columns)


def test_the_message_of_a_flow_log_is_the_line_as_it_was_logged(tmp_path):
    custom = "version srcaddr x-note bytes start end action"
    lines = [
        f'5 10.0.0.1 say"x\\y 7 {START} {START + 9} ACCEPT',
        f"5 - - - {START} {START + 9} -",
        f"5 10.0.0.2 - 0 {START} {START + 9} REJECT",
    ]
    flow_log(tmp_path, *lines, name="custom.log", header=custom)
    standard = [record(bytes=0), nodata(), nodata("SKIPDATA")]
    flow_log(tmp_path, *standard, name="standard.log")
    assert sorted(rows(read(tmp_path), "fields @message")) == sorted(lines + standard)


def test_the_message_of_a_text_log_is_its_line(tmp_path):
    put(
        tmp_path,
        "app.log",
        text("2026-01-15T10:00:00Z ERROR  two  spaces", "2026-01-15T10:01:00Z\tand a tab"),
    )
    assert set(rows(read(tmp_path), "display @message")) == {
        "2026-01-15T10:00:00Z ERROR  two  spaces",
        "2026-01-15T10:01:00Z\tand a tab",
    }


# -- order and limits ----------------------------------------------------------------------------------------


def test_records_stand_newest_first_unless_a_query_says_otherwise(flows):
    assert rows(flows, "display @timestamp") == [at(minute) for minute in (5, 4, 3, 2, 1, 0)]
    assert rows(flows, "sort @timestamp | display @timestamp")[0] == at(0)


def test_records_of_one_time_stay_in_the_order_of_their_files(tmp_path):
    dataset = read(flow_log(tmp_path, *(record(srcport=port) for port in (5, 3, 9, 1))))
    assert rows(dataset, "display srcPort") == [5, 3, 9, 1]
    assert rows(dataset, "sort @timestamp desc | display srcPort") == [5, 3, 9, 1]


def test_where_a_sort_leaves_a_choice_the_newest_stands_first(flows):
    assert rows(flows, "sort action desc | display action, bytes") == [
        ("REJECT", 5),
        ("REJECT", 900),
        ("ACCEPT", 20),
        ("ACCEPT", 300),
        ("ACCEPT", 100),
        (None, None),
    ]


def test_a_sort_is_natural_with_nulls_before_everything(flows):
    order = [None, "10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.10", "2001:db8::1"]
    assert rows(flows, "sort srcAddr | display srcAddr") == order
    assert rows(flows, "sort srcAddr desc | display srcAddr") == order[::-1]
    assert rows(flows, "sort bytes asc | display bytes") == [None, 5, 20, 100, 300, 900]


def test_groups_stand_in_the_order_of_their_keys(flows):
    assert rows(flows, "stats count(*) as n by dstPort, action") == [
        (None, None, 1),
        (22, "REJECT", 2),
        (443, "ACCEPT", 2),
        (8080, "ACCEPT", 1),
    ]


def test_without_a_limit_ten_thousand_rows_are_given_and_the_cut_is_told(tmp_path):
    lines = [record(srcport=number % 65_536, start=START + number) for number in range(10_001)]
    folder = tmp_path / "logs"
    put(folder, "flow.log.gz", packed(HEADER, *lines))
    dataset = read(folder)
    for query in ("fields srcPort", "sort bytes", "stats count(*) by @timestamp", "filter bytes > 1"):
        found = ask(dataset, query)
        assert (found.frame.height, found.capped, found.records) == (10_000, True, 10_001), query
    for query, height in (("limit any", 10_001), ("limit 10001", 10_001), ("limit 10000", 10_000)):
        found = ask(dataset, f"fields srcPort | {query}")
        assert (found.frame.height, found.capped) == (height, False), query
    # The newest are kept, and exactly as many as the default are no cut.
    assert rows(dataset, "display @timestamp")[0] == BEGIN + timedelta(seconds=10_000)
    exactly = ask(dataset, "filter srcPort < 10000")
    assert (exactly.frame.height, exactly.capped) == (10_000, False)


def test_a_limit_stands_where_it_is_written(flows):
    assert rows(flows, "limit 2 | sort bytes | display bytes") == [None, 5]
    assert rows(flows, "sort bytes desc | limit 2 | display bytes") == [900, 300]
    assert rows(flows, "limit 4 | filter action = 'REJECT' | display bytes") == [5]
    assert rows(flows, "filter action = 'REJECT' | limit 1 | display bytes") == [5]
    assert rows(flows, "limit 4 | stats count(*)") == [4]
    assert rows(flows, "limit 3 | limit 5 | display bytes") == [None, 5, 20]


# -- dedup ---------------------------------------------------------------------------------------------------


def test_dedup_keeps_the_first_of_the_order_and_every_row_that_lacks_a_key(flows):
    assert rows(flows, "display srcAddr, bytes | dedup srcAddr") == [
        (None, None),
        ("10.0.0.9", 5),
        ("2001:db8::1", 20),
        ("10.0.0.10", 900),
    ]
    assert rows(flows, "display action, bytes | sort bytes desc | dedup action") == [
        ("REJECT", 900),
        ("ACCEPT", 300),
        (None, None),
    ]
    assert rows(flows, "display bytes | dedup srcAddr, dstPort | limit 3") == [None, 5, 20]


def test_dedup_leaves_all_rows_without_any_of_the_fields(tmp_path):
    dataset = read(json_log(tmp_path, {"a": 1, "b": 1}, {"a": 1}, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}))
    assert rows(dataset, "display a, b | dedup a, b") == [
        ("1", "1"),
        (None, "1"),
        ("1", None),
        ("1", None),
    ]


# -- fields, parse -------------------------------------------------------------------------------------------


def test_a_value_can_use_those_before_it(flows):
    query = (
        "filter dstPort = 443 | fields bytes * 2 as b, b + 1 as c | fields c - b as one | display b, c, one"
    )
    assert rows(flows, query) == [(600, 601, 1), (200, 201, 1)]


def test_conditions_are_shown_as_one_and_zero(flows):
    found = rows(flows, "fields bytes > 50 as big, not isempty(srcAddr) | limit 3")
    assert found == [(0, 0), (0, 1), (0, 1)]
    assert all(type(value) is int for row in found for value in row)


def test_an_unknown_field_is_empty_and_never_equal(flows):
    found = ask(flows, "fields nosuch | filter nosuch = 1 or nosuch != 1 or nosuch like ''")
    assert found.frame.height == 0
    assert [warning.message for warning in found.warnings] == [
        "nosuch is not among the fields of these logs, so it counts as empty."
    ]
    assert rows(flows, "filter not nosuch = 1 | stats count(*)") == [6]


def test_an_alias_hides_the_field_of_its_name(flows):
    assert rows(flows, "fields action as srcAddr | filter srcAddr = 'REJECT' | stats count(*)") == [2]
    assert rows(flows, "fields 5 as bytes | stats sum(bytes)") == [30]


@pytest.mark.parametrize("name", ["_file", "_line", "timestamp", "log_group", "message", "bytes", "0.0"])
def test_a_column_can_have_any_name(flows, name: str):
    assert rows(flows, f"fields action as `{name}` | display `{name}` | limit 2") == [None, "REJECT"]
    assert rows(flows, f"stats count(*) as `{name}` by action | display `{name}`") == [1, 3, 2]


def test_parse_takes_pieces_by_glob_or_by_named_groups_and_keeps_rows_without(tmp_path):
    put(
        tmp_path,
        "app.log",
        text(
            "2026-01-15T10:00:00Z [ERROR] user=ann, took (5) ms",
            "2026-01-15T10:01:00Z no user at all",
            "2026-01-15T10:02:00Z [INFO] user=bob, took (12) ms",
        ),
    )
    dataset = read(tmp_path)
    found = [("INFO", "bob", "12"), (None, None, None), ("ERROR", "ann", "5")]
    assert (
        rows(dataset, "parse '[*] user=*, took (*) ms' as level, user, ms | display level, user, ms") == found
    )
    pattern = r"/\[(?<level>[A-Z]+)\] user=(?<user>\w+), took \((?P<ms>\d+)\)/"
    assert rows(dataset, f"parse @message {pattern} | display level, user, ms") == found
    assert rows(dataset, "parse '(*)' as ms | stats sum(ms), max(ms)") == [(17.0, "12")]
    assert rows(dataset, "parse 'user=*,' as user | filter ispresent(user) | stats count(*)") == [2]


def test_a_star_of_a_glob_is_as_short_as_can_be_and_one_at_the_end_takes_the_rest(tmp_path):
    put(tmp_path, "app.log", text("2026-01-15T10:00:00Z a.b.c+(d) e f"))
    assert rows(read(tmp_path), "parse 'Z *.*' as x, y | display x, y") == [("a", "b.c+(d) e f")]
    assert rows(read(tmp_path), "parse '*+(*) ' as x, y | display y") == ["d"]


# -- stats ---------------------------------------------------------------------------------------------------


def test_stats_without_groups_is_one_row_even_of_nothing(flows):
    assert rows(flows, "stats count(*), count(bytes), sum(bytes), avg(bytes)") == [(6, 5, 1325, 265.0)]
    query = "filter bytes > 10000 | stats count(*), sum(bytes), max(bytes), min(srcAddr), avg(bytes)"
    assert rows(flows, query) == [(0, None, None, None, None)]
    assert rows(flows, "filter bytes > 10000 | stats count(*) by action") == []


def test_nulls_are_a_group_of_their_own(flows):
    assert rows(flows, "stats count(*) as n, sum(bytes) by action") == [
        (None, 1, None),
        ("ACCEPT", 3, 420),
        ("REJECT", 2, 905),
    ]


def test_a_value_of_stats_can_use_aliases_before_it_and_arithmetic(flows):
    query = "stats sum(bytes) as b, b / count(*) as each, each * 2, max(bytes) - min(bytes) as span by action"
    assert rows(flows, f"{query} | filter ispresent(action)") == [
        ("ACCEPT", 420, 140.0, 280.0, 280),
        ("REJECT", 905, 452.5, 905.0, 895),
    ]


def test_a_group_key_can_be_used_among_the_values_in_any_spelling(flows):
    query = "stats srcaddr, count(*) as n by srcAddr | sort n desc | limit 1"
    assert rows(flows, query) == [("10.0.0.9", "10.0.0.9", 3)]


def test_stats_after_stats_sees_only_what_the_first_one_made(flows):
    query = "stats count(*) as n by srcAddr, action | stats max(n) as most, count(*) as sources by action"
    assert rows(flows, query) == [(None, 1, 1), ("ACCEPT", 2, 2), ("REJECT", 1, 2)]
    assert rows(flows, "stats count(*) as n by srcAddr | stats sum(bytes), sum(n)") == [(None, 6)]


def test_a_filter_and_a_sort_can_follow_stats(flows):
    query = "stats count(*) as n by srcAddr | filter n > 1 or srcAddr like '::' | sort n desc | limit 5"
    assert rows(flows, query) == [("10.0.0.9", 3), ("2001:db8::1", 1)]


BINS = {
    "bin(1m)": 6,
    # Of a unit no more counts than the next one has: 300s are 60s, and 100m are 60m.
    "bin(300s)": 6,
    "bin(120 seconds)": 6,
    "bin(5000ms)": 6,
    "bin(2m)": 3,
    "bin(5 min)": 2,
    "bin(100m)": 1,
    "BIN(30h)": 1,
    "bin(1mo)": 1,
}


@pytest.mark.parametrize("period", BINS)
def test_bin_floors_the_time_of_the_record_and_caps_its_period(flows, period: str):
    found = rows(flows, f"stats count(*) as n by {period} as t")
    assert len(found) == BINS[period]
    assert sum(count for _, count in found) == 6


def test_the_bin_of_a_record_begins_at_a_whole_period(flows):
    assert rows(flows, "stats count(*) by bin(2m)") == [(at(0), 2), (at(2), 2), (at(4), 2)]
    assert rows(flows, "stats count(*) by bin(1d)") == [(datetime(2026, 1, 15, tzinfo=UTC), 6)]
    assert rows(flows, "stats count(*) by bin(1mo)") == [(datetime(2026, 1, 1, tzinfo=UTC), 6)]


# -- addtotals, fillmissing ----------------------------------------------------------------------------------


def test_addtotals_adds_up_each_row_and_with_col_each_column(flows):
    groups = "filter ispresent(action) | stats sum(bytes) as b, count(*) as n by action"
    assert rows(flows, f"{groups} | addtotals") == [("ACCEPT", 420, 3, 423), ("REJECT", 905, 2, 907)]
    assert rows(flows, f"{groups} | addtotals row=false col=true") == [
        ("ACCEPT", 420, 3),
        ("REJECT", 905, 2),
        (None, 1325, 5),
    ]
    assert rows(flows, f"{groups} | addtotals col=true fieldname=all n")[-1] == (None, None, 5, 5)
    assert rows(flows, f"{groups} | sort n | addtotals col=true row=false | limit 1") == [("REJECT", 905, 2)]


def test_fillmissing_makes_a_row_for_every_empty_bin_of_every_group(tmp_path):
    times = {"ACCEPT": (0, 3), "REJECT": (1, 1)}
    lines = [
        record(action=action, dstport=22 if action == "REJECT" else 443, start=START + 60 * minute)
        for action, minutes in times.items()
        for minute in minutes
    ]
    dataset = read(flow_log(tmp_path, *lines))
    assert rows(dataset, "stats count(*) as n by bin(1m) | fillmissing with 0 for n") == [
        (at(0), 1),
        (at(1), 2),
        (at(2), 0),
        (at(3), 1),
    ]
    query = "stats count(*) as n, max(dstPort) as port by action, bin(1m) as t | fillmissing with 0 for n"
    assert rows(dataset, query) == [
        ("ACCEPT", at(0), 1, 443),
        ("ACCEPT", at(1), 0, None),
        ("ACCEPT", at(2), 0, None),
        ("ACCEPT", at(3), 1, 443),
        ("REJECT", at(0), 0, None),
        ("REJECT", at(1), 2, 22),
        ("REJECT", at(2), 0, None),
        ("REJECT", at(3), 0, None),
    ]
    only_pairs_that_are_there = "stats count(*) as n by bin(1m), action, dstPort | fillmissing with 0 for n"
    assert len(rows(dataset, only_pairs_that_are_there)) == 8


def test_fillmissing_refuses_more_rows_than_anyone_reads(tmp_path):
    dataset = read(flow_log(tmp_path, record(start=START), record(start=START + 2_000_000)))
    with pytest.raises(QueryError, match=r"There would be 2,000,001 rows.* Choose a longer period"):
        ask(dataset, "stats count(*) by bin(1s) | fillmissing")


def test_an_expression_of_stats_means_nothing_after_totals(flows):
    query = "stats count(*) as n by bin(5m) as t | sort bin(5m) desc | addtotals col=true row=false"
    assert rows(flows, query) == [(at(5), 1), (at(0), 5), (None, 6)]
    assert rows(flows, f"{query} | fields bin(5m) as again | display again") == [None, None, None]


def test_two_stats_can_say_the_same_and_mean_their_own(flows):
    query = "stats sum(bytes) as b, b / 2 by action | stats max(b) as b, b / 2"
    assert rows(flows, query) == [(905, 452.5)]
