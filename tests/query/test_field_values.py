"""The values of a field: counted as the records have them, in an order that people expect."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from query.errors import QueryError
from query.field_values import field_values
from query.scope import Scope
from tests.loaders.files import START, nodata, record
from tests.query.asking import BEGIN, flow_log, json_log, read

# Source, port, bytes, action; a minute apart. As text, 10.0.0.10 stands before 10.0.0.9 and 9 behind 10000.
ROWS = [
    (
        f"10.0.0.{(9, 10, 100, 9, 2)[minute % 5]}",
        (9, 10_000, 443)[minute % 3],
        minute * 7 % 10,
        "AR"[minute % 4 == 0],
    )
    for minute in range(23)
]
NAMES = {"A": "ACCEPT", "R": "REJECT"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    lines = [
        record(srcaddr=source, dstport=port, bytes=size, action=NAMES[action], start=START + 60 * minute)
        for minute, (source, port, size, action) in enumerate(ROWS)
    ]
    return read(flow_log(tmp_path_factory.mktemp("x"), *lines, nodata(), nodata()))


def counted(found):
    return dict(found.counts.rows())


@pytest.mark.parametrize(("name", "place"), [("srcaddr", 0), ("dstport", 1), ("bytes", 2)])
def test_every_value_is_counted_and_so_are_the_records_without_one(dataset, name, place):
    found = field_values(dataset, Scope(), name)
    expected = Counter(row[place] for row in ROWS)
    assert counted(found) == {**expected, None: 2}
    assert (found.distinct, found.records, found.missing) == (len(expected), len(ROWS) + 2, 2)
    numbers = found.counts["records"].to_list()
    assert numbers == sorted(numbers, reverse=True), "the most frequent first"


def test_addresses_and_numbers_have_their_ends_by_number(dataset):
    found = {name: field_values(dataset, Scope(), name) for name in ("srcaddr", "dstport", "bytes")}
    assert (found["srcaddr"].least, found["srcaddr"].greatest) == ("10.0.0.2", "10.0.0.100")
    assert (found["dstport"].least, found["dstport"].greatest) == (9, 10_000)
    assert (found["bytes"].least, found["bytes"].greatest) == (0, 9)


BETWEEN = Scope(since=BEGIN + timedelta(minutes=3), until=BEGIN + timedelta(minutes=9))
SCOPES = {
    "a filter": (Scope(filter="reject"), [row for row in ROWS if row[3] == "R"]),
    "two": (
        Scope(filter="dstPort = 443 and bytes > 3"),
        [row for row in ROWS if row[1] == 443 and row[2] > 3],
    ),
    "times": (BETWEEN, ROWS[3:9]),
}


@pytest.mark.parametrize(("scope", "inside"), SCOPES.values(), ids=SCOPES)
def test_only_the_records_that_are_looked_at_count(dataset, scope, inside):
    found = field_values(dataset, scope, "srcaddr")
    assert inside
    assert (counted(found), found.missing) == (Counter(row[0] for row in inside), 0)


def test_values_that_are_as_frequent_stand_in_order(dataset):
    found = field_values(dataset, Scope(filter="dstPort = 9"), "bytes")
    rows = found.counts.rows()
    assert rows == sorted(rows, key=lambda row: (-row[1], row[0]))
    assert len({number for _, number in rows}) < len(rows)


def test_fields_inside_messages_are_counted_too(tmp_path):
    messages = [{"user": {"name": name}} for name in ("ann", "bob", "ann")] + [{"user": {}}]
    found = field_values(read(json_log(tmp_path, *messages)), Scope(), "user.name")
    assert counted(found) == {"ann": 2, "bob": 1, None: 1}
    assert (found.least, found.greatest) == ("ann", "bob")


def test_a_field_whose_name_is_no_plain_word_is_counted(tmp_path):
    found = field_values(read(json_log(tmp_path, {"two words": 1}, {"two words": 2})), Scope(), "two words")
    assert found.distinct == 2


def test_a_field_that_no_record_has_is_missing_everywhere(dataset):
    found = field_values(dataset, Scope(), "nosuch")
    assert (found.distinct, found.missing, found.least, found.greatest) == (0, len(ROWS) + 2, None, None)


def test_nothing_at_all_has_no_values(dataset):
    found = field_values(dataset, Scope(filter="bytes > 1000000"), "srcaddr")
    assert (found.distinct, found.records, found.missing, found.least) == (0, 0, 0, None)


def test_more_values_than_a_query_gives_without_a_limit_are_all_there(tmp_path):
    many = read(flow_log(tmp_path, *(record(srcport=number, bytes=number) for number in range(10_500))))
    found = field_values(many, Scope(), "bytes")
    assert (found.distinct, found.least, found.greatest) == (10_500, 0, 10_499)


def test_a_filter_that_is_none_is_refused(dataset):
    with pytest.raises(QueryError):
        field_values(dataset, Scope(filter="bytes >"), "srcaddr")
