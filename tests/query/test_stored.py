"""Whatever is asked of the sample directory, its store gives the answer that the files themselves give."""

from __future__ import annotations

import pytest

from loaders.load import Library
from loaders.store.keeper import Keeper
from loaders.store.part import StoredPart
from loaders.store.store import Store
from query.answer import answer
from query.library import read_library
from query.parse import parse_query
from query.scope import Scope
from query.view import look, summarise
from tests.query.aws_samples import SAMPLES
from tests.query.sample_table import SAMPLE_LOGS, as_set

ROOTS = (str(SAMPLE_LOGS),)
SHIPPED = {query.name: query.text for query in read_library()[0] if not query.parameters}
QUERIES = {**SAMPLES, **SHIPPED}
FILTERS = (
    "",
    "reject",
    "reject and dstPort = 80",
    "10.0.0.0/8",
    "not isIpv4InSubnet(srcAddr, '10.0.0.0/16')",
    "srcAddr = '2001:db8::1' or pktSrcAddr like '10.0.1.'",
    "not ispresent(srcAddr)",
    "srcAddr != dstAddr",
    "eventName like /Create/",
    "bytes > 1000 and start < 9999999999",
)


@pytest.fixture(scope="module")
def read():
    return Library(ROOTS).read_all()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Read from a store that was built before."""
    folder = tmp_path_factory.mktemp("stored") / "store"
    first = Keeper(Store(folder, ROOTS))
    Library(ROOTS, keeper=first).read_all()
    first.close()
    dataset = Library(ROOTS, keeper=Keeper(Store(folder, ROOTS))).read_all()
    assert all(isinstance(part, StoredPart) for part in dataset.parts)
    return dataset


def names_of(dataset):
    return {number: report.source.name for number, report in dataset.files.items()}


@pytest.mark.parametrize("name", QUERIES)
def test_queries_have_the_same_answers(read, stored, name):
    query = parse_query(QUERIES[name])
    one, other = (answer(dataset, query, Scope()) for dataset in (read, stored))
    assert one.frame.select(one.columns).schema == other.frame.select(other.columns).schema
    assert as_set(one.frame.select(one.columns).rows()) == as_set(other.frame.select(other.columns).rows())


@pytest.mark.parametrize("sort", ["timestamp", "bytes", "srcaddr", "eventName"])
@pytest.mark.parametrize("text", FILTERS)
def test_views_have_the_same_records(read, stored, text, sort):
    found = []
    for dataset in (read, stored):
        view = look(dataset, Scope(filter=text, sort=sort))
        names = names_of(dataset)
        records = view.records(0, view.height)
        found.append([record | {"_file": names[record["_file"]]} for record in records])
    by_place = [{(record["_file"], record["_line"]): record for record in records} for records in found]
    assert by_place[0] == by_place[1]
    assert len(by_place[0]) == len(found[0]) == len(found[1])
    assert [row.get(sort) for row in found[0]] == [row.get(sort) for row in found[1]]


@pytest.mark.parametrize("text", FILTERS)
def test_groups_have_the_same_counts(read, stored, text):
    scope = Scope(filter=text)
    assert summarise(read, scope).rows() == summarise(stored, scope).rows()


def test_records_are_found_by_file_and_line(stored):
    view = look(stored, Scope(filter="reject"))
    for place in (0, 7, view.height // 2, view.height - 1):
        (record,) = view.records(place, 1)
        assert view.place_of(record["_file"], record["_line"]) == place
        assert stored.raw(record["_file"], record["_line"])


def test_a_store_knows_the_fields_of_messages(read, stored):
    assert set(stored.fields) >= {"eventName", "userIdentity.type", "srcaddr"}
    assert stored.columns == read.columns
