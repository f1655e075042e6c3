"""The same question to flowtui and to DuckDB, and whether the answers are the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from query.answer import answer
from query.check import check_query
from query.parse import parse_query
from query.scope import Scope

if TYPE_CHECKING:
    import duckdb

    from loaders.dataset import Dataset

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Table:
    """A result: the names of its columns and its rows, values as plain Python.

    Times are epoch milliseconds and conditions 1 or 0 on either side.
    """

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Oracle:
    """The same records for both."""

    dataset: Dataset = field(repr=False)
    database: duckdb.DuckDBPyConnection = field(repr=False)

    def by_flowtui(self, text: str, scope: Scope | None = None) -> Table:
        """What flowtui answers to QL."""
        query = parse_query(text)
        check_query(query, self.dataset.fields)
        found = answer(self.dataset, query, scope or Scope())
        rows = found.frame.select(found.columns).rows()
        return Table(tuple(found.columns), [tuple(map(_plain, row)) for row in rows])

    def by_duckdb(self, sql: str) -> Table:
        """What DuckDB answers to SQL."""
        found = self.database.execute(sql)
        names = tuple(column[0] for column in found.description)
        return Table(names, [tuple(map(_plain, row)) for row in found.fetchall()])

    def check(self, text: str, sql: str, *, ordered: bool = False, scope: Scope | None = None) -> None:
        """Assert that both give the same columns and rows, in the same order if that is defined."""
        ours, theirs = self.by_flowtui(text, scope), self.by_duckdb(sql)
        assert ours.names == theirs.names
        assert len(ours.rows) == len(theirs.rows)
        if not ordered:
            ours, theirs = _sorted(ours, theirs), _sorted(theirs, ours)
        for number, (our_row, their_row) in enumerate(zip(ours.rows, theirs.rows, strict=True)):
            assert all(map(_is_same, our_row, their_row)), f"row {number}: {our_row} is not {their_row}"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, Decimal) else value


def _is_same(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) or isinstance(theirs, float):
        both = isinstance(ours, int | float) and isinstance(theirs, int | float)
        return both and math.isclose(ours, theirs, rel_tol=_TOLERANCE, abs_tol=1e-12)
    return type(ours) is type(theirs) and ours == theirs


def _sorted(table: Table, other: Table) -> Table:
    """The rows in an order in which those of two tables can be compared one by one.

    What may differ in its last digits comes last in the order, so that it decides as little as possible.
    """
    inexact = {place for rows in (table.rows, other.rows) for row in rows for place in _floats(row)}
    places = sorted(range(len(table.names)), key=lambda place: place in inexact)
    return Table(table.names, sorted(table.rows, key=lambda row: [_rank(row[place]) for place in places]))


def _floats(row: tuple[Any, ...]) -> list[int]:
    return [place for place, value in enumerate(row) if isinstance(value, float)]


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    return (1, value) if isinstance(value, int | float) else (2, str(value))
