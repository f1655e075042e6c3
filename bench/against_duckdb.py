"""Answers and the building of the store, beside what DuckDB takes for the same."""

from __future__ import annotations

import csv
import io
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
from generate import BEGIN
from measure import (
    FLOWTUI,
    GIB,
    HUNDRED,
    MB,
    TEN,
    THREADS,
    Bench,
    Data,
    Ran,
    in_turn,
    launch,
    median_of,
    peak_of,
    say,
    timed,
)
from report import Row

from loaders.load import Library
from loaders.store.keeper import open_keeper
from loaders.store.part import StoredPart
from query.answer import answer
from query.parse import parse_query
from query.pieces import PILES
from query.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loaders.dataset import Dataset

_COLD_QUERY = 'filter action = "REJECT" | stats count(*) by srcAddr | limit any'
_READ = "read_csv('{logs}/**/*.gz', delim=' ', header=true, nullstr='-')"
_COLD_SQL = f"select srcaddr, count(*) from {_READ} where action='REJECT' group by 1"
_DUCKDB = """
import sys, duckdb
base = duckdb.connect(sys.argv[1])
base.execute(f"set threads={sys.argv[2]}")
base.execute(sys.argv[3]).fetchall()
base.close()
"""
_INFLATE = """
import pathlib, sys, zlib
from concurrent.futures import ThreadPoolExecutor
def inflate(path):
    return len(zlib.decompress(path.read_bytes(), 31))
with ThreadPoolExecutor(int(sys.argv[2])) as pool:
    print(sum(pool.map(inflate, pathlib.Path(sys.argv[1]).rglob("*.gz"))))
"""


_EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Question:
    """The same question for both.

    Attributes:
        what: What the table calls it.
        query: As flowtui is asked.
        sql: As DuckDB is asked, of the table ``flows``.
        scope: The records it is asked of.
    """

    what: str
    query: str
    sql: str
    scope: Scope = _EVERYTHING


# Ten minutes in the midst of the data.
_SINCE = datetime.fromtimestamp(BEGIN, UTC) + timedelta(hours=4)
_UNTIL = _SINCE + timedelta(minutes=10)
_INTERFACE = "eni-00000000000000007"
QUESTIONS = (
    Question(
        "count of rejects",
        'filter action = "REJECT" | stats count(*)',
        "select count(*) from flows where action = 'REJECT'",
    ),
    Question(
        "the 20 sources with the most rejects",
        'filter action = "REJECT" | stats count(*) as n by srcAddr | sort n desc | limit 20',
        "select srcaddr, count(*) from flows where action = 'REJECT' group by 1 order by 2 desc limit 20",
    ),
    Question(
        "bytes by 5 minutes and action",
        "stats sum(bytes) by bin(5m), action",
        "select epoch_ms(timestamp) // 300000, action, sum(bytes) from flows group by 1, 2",
    ),
    Question(
        "count of a CIDR filter",
        'filter isIpv4InSubnet(srcAddr, "10.0.0.0/8") | stats count(*)',
        "select count(*) from flows where srcaddr between 10 * 16777216 and 11 * 16777216 - 1",
    ),
    Question(
        "one interface, count and bytes",
        f'filter interfaceId = "{_INTERFACE}" | stats count(*), sum(bytes)',
        f"select count(*), sum(bytes) from flows where interface_id = '{_INTERFACE}'",
    ),
    Question(
        "ten minutes, count and bytes",
        "stats count(*), sum(bytes)",
        f"select count(*), sum(bytes) from flows where timestamp >= '{_SINCE}' and timestamp < '{_UNTIL}'",
        Scope(since=_SINCE, until=_UNTIL),
    ),
)


def cold_answers(bench: Bench) -> list[Row]:
    """Rejects by source out of the packed files, each in a process of its own."""
    logs, variables = bench.logs(TEN), bench.usual
    ours = [*FLOWTUI, "query", str(logs), _COLD_QUERY, "--no-store", "--format", "csv"]
    theirs = _duckdb(":memory:", _COLD_SQL.format(logs=logs))
    inflate = [sys.executable, "-c", _INFLATE, str(logs), str(THREADS)]
    _check_cold(ours, _COLD_SQL.format(logs=logs), variables)
    flowtui, duck, bare = in_turn(
        bench.runs,
        lambda: launch(ours, variables),
        lambda: launch(theirs, variables),
        lambda: launch(inflate, variables),
    )
    what = f"cold answer, {TEN.title} records from .gz"
    took = median_of(flowtui)
    return [
        Row(what, took, other=median_of(duck), name="DuckDB", bound=0.75),
        Row(what, took, other=median_of(bare), name="to inflate alone", bound=2.0),
        Row(f"{what}: peak memory", peak_of(flowtui), "MB", peak_of(duck), "DuckDB"),
    ]


def building(bench: Bench) -> list[Row]:
    """All packed files into the store, and into a table of DuckDB's."""
    logs = bench.logs(TEN)
    sizes: list[int] = []
    create = f"create table flows as select * from {_READ.format(logs=logs)}"

    def build() -> Ran:
        with bench.fresh() as variables:
            ran = launch([*FLOWTUI, "store", "build", str(logs)], variables)
            sizes.append(_stored_size(Path(variables["XDG_CACHE_HOME"])))
            return ran

    def in_file() -> Ran:
        with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
            return launch(_duckdb(f"{folder}/flows.duckdb", create), bench.usual)

    flowtui, memory, file = in_turn(
        bench.runs, build, lambda: launch(_duckdb(":memory:", create), bench.usual), in_file
    )
    what, took, packed = f"building the store, {TEN.title}", median_of(flowtui), bench.packed_size(TEN)
    return [
        Row(what, took, other=median_of(memory), name="DuckDB, table in memory", bound=1.0),
        Row(what, took, other=median_of(file), name="DuckDB, table in a file"),
        Row(f"{what}: peak memory", peak_of(flowtui), "MB", bound=1.5 * GIB),
        Row("DuckDB's peak memory for that", peak_of(memory), "MB", note="in memory"),
        Row("size of the store", max(sizes) / MB, "MB", packed / MB, "the .gz", bound=0.8),
    ]


def warm_answers(bench: Bench) -> list[Row]:
    """Questions to the store in the process, and to DuckDB of the same segments."""
    return [row for data in (TEN, HUNDRED) for row in _warm_answers(bench, data)]


def _warm_answers(bench: Bench, data: Data) -> list[Row]:
    rows = []
    with opened(bench, data) as dataset, _connected(dataset) as base:
        for question in QUESTIONS:
            ours, theirs = _asker(dataset, question), _sql_asker(base, question)
            _check(question, ours(), theirs())
            took, duck = in_turn(bench.runs, lambda: timed(ours), lambda: timed(theirs))  # noqa: B023
            figures = statistics.median(took) * 1000, "ms", statistics.median(duck) * 1000
            rows.append(Row(f"{data.title} stored: {question.what}", *figures, "DuckDB", bound=1.3))
    mean = statistics.geometric_mean(row.judged for row in rows)
    return [*rows, Row(f"{data.title} stored: geometric mean of the ratios", mean, "", bound=1.0)]


@contextmanager
def opened(bench: Bench, data: Data) -> Iterator[Dataset]:
    """The records of some data, from their store."""
    variables = bench.stored(data)
    path = str(bench.logs(data))
    with patch.dict("os.environ", variables):
        keeper = open_keeper((path,))
        try:
            dataset = Library((path,), keeper=keeper).read_all()
            if not all(isinstance(part, StoredPart) for part in dataset.parts):
                raise RuntimeError(f"{path} is not in its store")
            yield dataset
        finally:
            keeper.close()


@contextmanager
def _connected(dataset: Dataset) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the segments as the table ``flows``; like flowtui it may remember what is in which file."""
    paths = [part.path for part in dataset.parts if isinstance(part, StoredPart)]
    with duckdb.connect() as base:
        base.execute(f"set threads={THREADS}")
        base.execute("set parquet_metadata_cache=true")
        base.execute("set timezone='UTC'")
        base.execute(f"create view flows as select * from read_parquet({paths})")
        yield base


def _asker(dataset: Dataset, question: Question) -> Callable[[], list[tuple[Any, ...]]]:
    query = parse_query(question.query)

    def ask() -> list[tuple[Any, ...]]:
        PILES.clear()  # asked for the first time, each time
        found = answer(dataset, query, question.scope)
        return found.frame.select(found.columns).rows()

    return ask


def _sql_asker(base: duckdb.DuckDBPyConnection, question: Question) -> Callable[[], list[tuple[Any, ...]]]:
    return lambda: base.execute(question.sql).fetchall()


def _check(question: Question, ours: Sequence[tuple[Any, ...]], theirs: Sequence[tuple[Any, ...]]) -> None:
    """Insist that both give the same.

    Raises:
        RuntimeError: They do not.
    """
    if sorted(map(_plain, ours)) != sorted(map(_plain, theirs)):
        raise RuntimeError(f"{question.what}: flowtui has {ours[:3]} …, DuckDB {theirs[:3]} …")


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(_value, row))


def _value(value: object) -> object:
    """A value as DuckDB has it: addresses are numbers there, and times numbers of five minutes."""
    if isinstance(value, datetime):
        return int(value.replace(tzinfo=UTC).timestamp()) // 300
    if isinstance(value, str) and value.count(".") == 3:
        return int(IPv4Address(value))
    return value


def _check_cold(ours: list[str], sql: str, variables: dict[str, str]) -> None:
    say("comparing the cold answers")
    printed = subprocess.run(ours, env=variables, check=True, capture_output=True, text=True).stdout
    found = {(address, int(count)) for address, count in list(csv.reader(io.StringIO(printed)))[1:]}
    with duckdb.connect() as base:
        if found != set(base.execute(sql).fetchall()):
            raise RuntimeError("flowtui's cold answer is not DuckDB's")


def _duckdb(base: str, sql: str) -> list[str]:
    return [sys.executable, "-c", _DUCKDB, base, str(THREADS), sql]


def _stored_size(cache: Path) -> int:
    return sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
