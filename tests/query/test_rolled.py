"""Questions that counts by minute answer: the same answers, and no record is looked at for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loaders.load import Library
from loaders.store.keeper import Keeper
from loaders.store.part import StoredPart
from loaders.store.store import Store
from query import pieces, rolled
from query.answer import answer
from query.parse import parse_query
from query.scope import Scope
from tests.loaders.files import ENI, HEADER, START, delivery, nodata, packed, put, record, text

BEGIN = datetime.fromtimestamp(START, UTC)
OTHER = "eni-0fedcba9876543210"
COUNTED = (
    "stats count(*)",
    'filter action = "REJECT" | stats count(*) as n',
    "stats sum(bytes), sum(packets), count(*) by bin(5m), action",
    "stats sum(bytes) / count(*) as each, count(*) by bin(5m), interfaceId | sort bin(5m) desc, interfaceId",
    f'filter interfaceId = "{ENI}" | stats sum(bytes) as b by logStatus',
    'filter logStatus = "NODATA" or action like /J/ | stats count(*) by @log, @logStream',
    "filter not ispresent(action) | filter ispresent(interfaceId) | stats count(1) by bin(1h)",
    "stats count(*) by bin(1mo), toupper(action) | limit 3",
    "stats count(*) as n by bin(1m) | fillmissing with 0 for n",
    "stats 7 + sum(bytes) by action | stats count(*)",
    'filter interfaceId = "nowhere" | stats count(*), sum(bytes)',
    'filter interfaceId = "nowhere" | stats count(*) by action',
)
LOOKED_UP = (
    "stats count(*) by srcAddr",
    "stats count(*) by bin(30s)",
    "stats count(bytes)",
    "stats avg(bytes)",
    "stats sum(bytes + 1)",
    "stats count_distinct(action)",
    "filter bytes > 1 | stats count(*)",
    "filter @timestamp > 0 | stats count(*)",
    "fields bytes | stats count(*)",
    "limit 5 | stats count(*)",
    "stats max(bytes) by action",
    "stats earliest(action)",
    "fields action",
)
SCOPES = {
    "all": Scope(),
    "a time": Scope(since=BEGIN + timedelta(seconds=90), until=BEGIN + timedelta(seconds=1000)),
    "a minute": Scope(since=BEGIN + timedelta(minutes=2), until=BEGIN + timedelta(minutes=3)),
    "a stream": Scope(stream=OTHER),
    "a filter": Scope(filter="accept"),
    "another filter": Scope(filter="bytes > 500"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Records at odd seconds over half an hour, in three formats, one of which lacks bytes and another action."""
    folder = tmp_path_factory.mktemp("logs")
    rows = [
        record(
            start=START + 7 * n,
            end=START + 7 * n + 5,
            bytes="-" if n % 11 == 0 else n * 31 % 2000,
            action=("ACCEPT", "REJECT", "-")[n % 3],
            interface_id=(ENI, OTHER)[n % 5 == 0],
        )
        for n in range(250)
    ]
    put(folder, delivery(), packed(HEADER, *rows[:150], nodata(), nodata("SKIPDATA")))
    put(folder, delivery(code="2"), packed(HEADER, *rows[150:]))
    few = ["interface-id", "srcaddr", "start", "action"]
    put(folder, "few/a.log", text(" ".join(few), *(record(few, start=START + n) for n in range(20))))
    fewer = ["interface-id", "srcaddr", "start", "bytes"]
    put(folder, "few/b.log", text(" ".join(fewer), *(record(fewer, start=START + n) for n in range(20))))
    return folder


@pytest.fixture(scope="module")
def read(folder):
    return Library([str(folder)]).read_all()


@pytest.fixture(scope="module")
def stored(folder, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store") / "store", [str(folder)])
    return Library([str(folder)], keeper=Keeper(store)).read_all()


@pytest.fixture
def looked_at(monkeypatch):
    """The parts whose rows are looked at, of which nothing is known yet."""
    pieces.PILES.clear()
    seen = []
    plan_of = StoredPart.plan_of

    def spy(part, family):
        seen.append(part)
        return plan_of(part, family)

    monkeypatch.setattr(StoredPart, "plan_of", spy)
    return seen


def rows_of(dataset, text, scope):
    found = answer(dataset, parse_query(text), scope)
    return found.frame.select(found.columns)


@pytest.mark.parametrize("scope", SCOPES.values(), ids=list(SCOPES))
@pytest.mark.parametrize("text", COUNTED)
def test_the_answer_is_that_of_the_records(read, stored, text, scope):
    one, other = rows_of(read, text, scope), rows_of(stored, text, scope)
    assert one.schema == other.schema
    assert one.rows() == other.rows()


@pytest.mark.parametrize("text", COUNTED)
def test_no_record_is_looked_at(stored, looked_at, text):
    rows_of(stored, text, Scope())
    assert looked_at == []


def test_of_a_part_that_reaches_out_of_the_time_records_are_looked_at(stored, looked_at):
    rows_of(stored, "stats count(*)", SCOPES["a time"])
    assert 0 < len(looked_at) <= len(stored.parts)


@pytest.mark.parametrize("text", LOOKED_UP)
def test_whatever_needs_records_gets_them(read, stored, looked_at, text):
    query = parse_query(text)
    place = pieces.place_of_stats(query.commands)
    assert place is None or not rolled.can_answer(query, place, Scope())
    assert rows_of(read, text, Scope()).height == rows_of(stored, text, Scope()).height
    assert looked_at


def test_a_sum_that_64_bits_are_too_few_for_is_not_made_of_wrong_ones(tmp_path):
    most = 2**63 - 1
    put(
        tmp_path,
        "a.log",
        text(HEADER, record(bytes=most), record(bytes=most), record(bytes=5, start=START + 900)),
    )
    store = Store(tmp_path / "store", [str(tmp_path / "a.log")])
    dataset = Library([str(tmp_path / "a.log")], keeper=Keeper(store)).read_all()
    assert dataset.parts[0].rollup is None
    assert rows_of(dataset, "stats sum(bytes)", Scope()).rows() == [(None,)]
    assert rows_of(dataset, "stats sum(bytes) as b by bin(10m)", Scope())["b"].to_list() == [None, 5]


def test_other_logs_beside_them_have_the_records_looked_at(folder, tmp_path):
    for path in folder.rglob("*"):
        if path.is_file():
            put(tmp_path, f"logs/{path.relative_to(folder)}", path.read_bytes())
    put(tmp_path, "logs/app.jsonl", text(*['{"timestamp": "2026-01-15T10:00:00Z", "action": "REJECT"}'] * 3))
    root = str(tmp_path / "logs")
    stored = Library([root], keeper=Keeper(Store(tmp_path / "store", [root]))).read_all()
    read = Library([root]).read_all()
    for text_ in COUNTED[:4]:
        assert rows_of(read, text_, Scope()).rows() == rows_of(stored, text_, Scope()).rows()
