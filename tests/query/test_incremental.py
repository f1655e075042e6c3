"""With a delivery only what is new is looked at, and every answer is that of all records."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loaders.dataset import Dataset
from loaders.load import Library
from loaders.parts import MemoryPart
from loaders.schema import FILE
from loaders.store.keeper import Keeper
from loaders.store.part import StoredPart
from loaders.store.store import Store
from query import pieces
from query.answer import answer
from query.coverage import coverage
from query.parse import parse_query
from query.periods import parse
from query.plan import Planner
from query.remembered import Memory
from query.scope import Scope
from query.timeline import timeline
from query.view import look, summarise
from tests.loaders.files import HEADER, START, delivery, nodata, packed, put, record
from tui.dashboards.alarms import measured
from tui.dashboards.definition import NUMBER, SPAN, Alarm, shipped
from tui.dashboards.filling import fill

BEGIN = datetime.fromtimestamp(START, UTC)
MINUTE = timedelta(minutes=1)
# So many that all records fit into bars of the same length.
BARS = 2000
EVERYTHING, REJECTS = Scope(), Scope(filter="reject and dstPort in [22, 443]")
ALARM = Alarm("n", 'filter action = "REJECT" | stats count(*) as n', 1.0, above=True, period=parse("5m"))
TILES = {
    f"{name}: {tile.title}": tile
    for name in ("flow", "summary")
    for tile in shipped(name).tiles
    if tile.kind != SPAN
}
ASKED = {
    "view": lambda dataset: look(dataset, REJECTS),
    "counts": lambda dataset: summarise(dataset, REJECTS),
    "bars": lambda dataset: timeline(dataset, EVERYTHING, BARS),
    "bars of a filter": lambda dataset: timeline(dataset, REJECTS, BARS),
    "coverage": lambda dataset: coverage(dataset, EVERYTHING),
    "coverage of a filter": lambda dataset: coverage(dataset, REJECTS),
    **{
        name: lambda dataset, tile=tile: fill(tile, dataset, EVERYTHING, BARS) for name, tile in TILES.items()
    },
}
QUERIES = (
    "stats count(*), count(bytes), count(srcAddr), sum(bytes), avg(bytes), min(bytes), max(packets)",
    "stats min(@timestamp), max(@timestamp), min(bytes > 200), sum(bytes) / count(*) by action",
    "stats sum(bytes) by srcAddr, dstPort | sort srcAddr",
    "filter bytes > 200 | fields bytes * 2 as double | stats sum(double) as d by bin(1m), interfaceId",
    "stats avg(dstPort) as mean by datefloor(@timestamp, 5m), logStatus | sort mean desc | limit 3",
    "parse @message '* * *' as version, account, interface | stats count(*) by interface",
    "stats count(*) as n by bin(1m) | fillmissing with 0 for n | stats max(n)",
)
# What cannot be made of pieces; each is answered as ever.
WHOLE = (
    "stats pct(bytes, 50), count(*) by action",
    "stats values(dstPort) by action",
    "stats count_distinct(srcAddr)",
    "stats earliest(srcAddr) by action",
    "stats max(srcAddr)",
    "stats sum(missing), count(missing) by action",
    "stats count(*) by now() > 0",
    "sort bytes | limit 5 | stats sum(bytes)",
)


def lines(number: int) -> list[str]:
    """The records of a delivery; each begins a minute after the one before."""
    begin = START + 60 * number
    rows = [
        record(
            start=begin + n,
            end=begin + n + 30,
            srcaddr="-" if n == 7 else f"10.0.{number}.{n % 5}" if n % 4 else "2001:db8::1",
            dstport=(22, 443, 80)[n % 3],
            bytes="-" if n == 3 else 100 * n + number,
            action=("ACCEPT", "REJECT", "-")[n % 3],
        )
        for n in range(20)
    ]
    return [*rows, nodata().replace(str(START), str(begin))]


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Twelve deliveries, each as a part in memory, and the reports of the files."""
    folder = tmp_path_factory.mktemp("logs")
    for number in range(12):
        put(
            folder,
            delivery(time=f"20260115T10{number:02}Z", code=str(number)),
            packed(HEADER, *lines(number)),
        )
    dataset = Library([str(folder)]).read_all()
    frame = pl.concat([part.frame for part in dataset.parts]).sort("timestamp")
    return frame.partition_by(FILE, maintain_order=True), dataset.files


@pytest.fixture
def deliveries(read):
    """The deliveries as new parts, of which nothing can be known."""
    frames, files = read
    parts = [MemoryPart.of("flow-log", frame) for frame in frames]
    return lambda *numbers: Dataset(tuple(parts[number] for number in numbers), files)


@pytest.fixture
def looked_at(monkeypatch):
    """The parts whose rows are looked at."""
    seen = []
    plan = MemoryPart.plan

    def spy(part):
        seen.append(part)
        return plan(part)

    monkeypatch.setattr(MemoryPart, "plan", spy)
    return seen


def shown(dataset, text, scope=EVERYTHING):
    found = answer(dataset, parse_query(text), scope)
    return found.frame.select(found.columns)


def plain(dataset, text, scope=EVERYTHING):
    planned = Planner(dataset, parse_query(text), scope).plan()
    return planned.plan.collect().select(planned.columns)


@pytest.mark.parametrize("ask", ASKED.values(), ids=list(ASKED))
def test_after_a_delivery_only_the_new_part_is_looked_at(deliveries, looked_at, ask):
    ask(deliveries(*range(8)))
    for newest in range(8, 12):
        looked_at.clear()
        dataset = deliveries(*range(newest + 1))
        ask(dataset)
        assert set(looked_at) == {dataset.parts[newest]}


@pytest.mark.parametrize("ask", ASKED.values(), ids=list(ASKED))
def test_nothing_is_looked_at_twice(deliveries, looked_at, ask):
    ask(deliveries(0, 1, 2))
    looked_at.clear()
    ask(deliveries(0, 1, 2))
    assert looked_at == []


def test_the_place_of_a_record_is_found_again_without_a_look(deliveries, looked_at):
    before, after = (look(deliveries(*range(end)), EVERYTHING) for end in (6, 7))
    row = before.window(30, 1).row(0, named=True)
    identity = row["_file"], row["_line"]
    assert before.place_of(*identity) == 30
    looked_at.clear()
    assert after.place_of(*identity) == 30 + after.height - before.height
    assert looked_at == []
    assert before.place_of(99, 1) is None


def test_of_a_dashboard_each_tile_looks_at_the_new_part_alone(deliveries, looked_at):
    tiles = [tile for tile in TILES.values() if tile.kind == NUMBER]
    for dataset in (deliveries(*range(6)), deliveries(*range(7))):
        looked_at.clear()
        doors = [fill(tile, dataset, EVERYTHING, BARS).doors[0] for tile in tiles]
        assert doors == [fill(tile, fresh(dataset), EVERYTHING, BARS).doors[0] for tile in tiles]
        looked_at[:] = [part for part in looked_at if part in dataset.parts]
    assert set(looked_at) == {dataset.parts[-1]}


def test_an_alarm_looks_at_what_is_new_and_at_what_its_period_begins_in(deliveries, looked_at):
    measured(ALARM, deliveries(*range(7)))
    measured(ALARM, deliveries(*range(8)))
    for newest in range(8, 12):
        looked_at.clear()
        dataset = deliveries(*range(newest + 1))
        found = measured(ALARM, dataset)
        assert found.value == measured(ALARM, fresh(dataset)).value
        old = set(looked_at) & set(dataset.parts[:-1])
        assert dataset.parts[-1] in looked_at
        assert all(part.span[0] < found.since <= part.span[1] for part in old)


def fresh(dataset):
    """The same records in parts of which nothing is known."""
    parts = tuple(MemoryPart.of(part.kind, part.frame) for part in dataset.parts)
    return Dataset(parts, dataset.files)


@pytest.mark.parametrize("text", [*QUERIES, *WHOLE])
@pytest.mark.parametrize(
    "scope",
    [
        EVERYTHING,
        Scope(since=BEGIN + timedelta(seconds=130), until=BEGIN + 7 * MINUTE),
        Scope(filter="bytes > 300"),
        Scope(stream="nowhere"),
    ],
    ids=["all", "a time", "a filter", "nothing"],
)
def test_answers_are_those_of_the_plain_plan(deliveries, text, scope):
    # Parts come, are replaced, and vanish.
    for numbers in ((0, 1, 2), (0, 1, 2, 3), (0, 2, 3, 4), (5,), (3, 0), range(12), range(4, 12)):
        dataset = deliveries(*numbers)
        found, wanted = shown(dataset, text, scope), plain(dataset, text, scope)
        assert found.schema == wanted.schema
        assert found.rows() == wanted.rows()


@pytest.mark.parametrize("text", WHOLE)
def test_what_cannot_be_made_of_pieces_is_not(deliveries, looked_at, text):
    shown(deliveries(0, 1), text)
    looked_at.clear()
    dataset = deliveries(0, 1, 2)
    shown(dataset, text)
    assert set(looked_at) == set(dataset.parts)


def test_questions_that_differ_in_spelling_alone_are_kept_apart(tmp_path):
    """JSON knows fields by their very spelling."""
    put(tmp_path, "a.jsonl", b'{"timestamp": "2026-01-15T10:00:00Z", "srcAddr": "a", "srcaddr": "b"}\n')
    dataset = Library([str(tmp_path)]).read_all()
    assert shown(dataset, "stats count(*) by srcAddr as a").rows() == [("a", 1)]
    assert shown(dataset, "stats count(*) by srcaddr as a").rows() == [("b", 1)]


def test_scopes_are_kept_apart(deliveries):
    dataset, text = deliveries(*range(6)), "stats count(*), sum(bytes) by action"
    group = dataset.parts[0].summary["log_group"][0]
    for scope in (
        EVERYTHING,
        REJECTS,
        Scope(group=group, filter="bytes > 300"),
        Scope(group="nowhere"),
        Scope(since=BEGIN + 2 * MINUTE),
        Scope(since=BEGIN + timedelta(seconds=130)),
        Scope(since=BEGIN + timedelta(seconds=135)),
        Scope(until=BEGIN + timedelta(seconds=135)),
        Scope(sort="bytes", filter="bytes > 300"),
    ):
        assert shown(dataset, text, scope).rows() == plain(dataset, text, scope).rows()
        assert summarise(dataset, scope).rows() == summarise(fresh(dataset), scope).rows()
        assert look(dataset, scope).height == look(fresh(dataset), scope).height


def test_a_number_beside_text_that_may_spell_one_is_typed_by_the_rows(tmp_path):
    put(tmp_path, delivery(), packed(HEADER, *lines(0)))
    put(tmp_path, "a.jsonl", b'{"timestamp": "2026-01-15T10:00:00Z", "bytes": "7"}\n')
    library = Library([str(tmp_path)])
    text = "stats count(*), sum(bytes) by dstPort"
    for more in (b'{"timestamp": "2026-01-15T10:00:00Z", "dstPort": "12"}\n', b'{"dstPort": "twelve"}\n'):
        dataset = library.read_all()
        assert shown(dataset, text).rows() == plain(dataset, text).rows()
        put(tmp_path, "b.jsonl", more)


@pytest.mark.parametrize(
    "text", [*QUERIES, *(tile.query for tile in TILES.values() if "stats" in tile.query)]
)
def test_what_is_stored_is_not_looked_at_when_records_come_in_memory(read, tmp_path, monkeypatch, text):
    frames, files = read
    put(tmp_path, "logs/" + delivery(), packed(HEADER, *lines(1)))
    roots = [str(tmp_path / "logs")]
    stored = Library(roots, keeper=Keeper(Store(tmp_path / "store", roots))).read_all()
    shown(stored, text)
    both = Dataset((*stored.parts, MemoryPart.of("flow-log", frames[0])), {**files, **stored.files})
    wanted = plain(both, text)
    monkeypatch.setattr(StoredPart, "plan_of", None)
    found = shown(both, text)
    assert found.schema == wanted.schema
    assert found.rows() == wanted.rows()


def test_many_small_pieces_become_few(deliveries, read):
    frames, files = read
    parts = [MemoryPart.of("flow-log", frames[0][n : n + 1]) for n in range(20)] * 3
    parts = [MemoryPart.of("flow-log", part.frame) for part in parts]
    text = "stats sum(bytes), max(bytes) by dstPort"
    for end in range(1, len(parts) + 1):
        dataset = Dataset(tuple(parts[:end]), files)
        assert shown(dataset, text).rows() == plain(dataset, text).rows()
    assert deliveries(0).parts


def test_what_is_known_goes_with_its_parts(deliveries):
    dataset = deliveries(0, 1, 2)
    for ask in ASKED.values():
        ask(dataset)
    before = pieces.PILES.bytes
    going = [weakref.ref(part) for part in dataset.parts]
    assert before
    # The fixture holds them too, by the name of its function.
    del dataset
    deliveries.__closure__[-1].cell_contents.clear()
    gc.collect()
    assert [part() for part in going] == [None] * 3
    assert pieces.PILES.bytes < before


class Thing:
    """What a memory takes for a part."""


def test_a_memory_is_bounded():
    memory = Memory(100, len)
    things = [Thing() for _ in range(50)]
    for thing in things:
        memory.of(thing, "question", lambda: "x" * 9)
    assert memory.bytes <= 100
    for question in range(50):
        memory.of(things[0], question, lambda: "x" * 9)
    assert memory.bytes <= 100
    assert memory.of(things[0], 49, lambda: "other") == "x" * 9
    assert memory.of(things[0], 0, lambda: "other") == "other"
    memory.keep("large", things[:1], "x" * 26)
    assert memory.known("large", things[:1]) == ([], things[:1])


def test_pieces_hold_for_their_parts_and_no_others():
    memory = Memory(1000, len)
    a, b, c, d = things = [Thing() for _ in range(4)]
    memory.keep("q", (a, b), "ab")
    memory.keep("q", (c,), "c")
    assert [piece.value for piece in memory.known("q", things)[0]] == ["ab", "c"]
    assert memory.known("q", things)[1] == [d]
    assert memory.known("q", (a, c, d)) == (memory.known("q", (c,))[0], [a, d])
    memory.keep("q", (d,), "abd", instead_of=memory.known("q", (a, b))[0])
    assert [piece.value for piece in memory.known("q", things)[0]] == ["c", "abd"]
    assert memory.known("q", (a, b)) == ([], [a, b])
    assert memory.known("p", things) == ([], things)
    del a, things
    assert memory.known("q", (b, d)) == ([], [b, d])
    assert memory.bytes == 1
