"""The view of a scope: which records are in it, in order, fetched a window at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import run
from loaders.dataset import FORMAT
from loaders.schema import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from loaders.dataset import Dataset, Part
    from loaders.run import Ticket
    from query.scope import Scope

_NUMBER = "_number"
_KEY = "_key"


@dataclass(frozen=True, slots=True)
class View:
    """The records of a scope.

    Attributes:
        dataset: Where they are.
        scope: What was asked for.
        order: The numbers of the records in scope, in the scope's order (UInt32).
        columns: The columns that any of the parts they come from has.
        kinds: The kinds of the records.
        span: The earliest and the latest time in those parts; ``None`` where no record has a time.
        seconds: How long it took to find them.
    """

    dataset: Dataset
    scope: Scope
    order: pl.Series
    columns: frozenset[str]
    kinds: frozenset[str]
    span: tuple[datetime, datetime] | None
    seconds: float

    @property
    def height(self) -> int:
        """How many records are in scope."""
        return self.order.len()

    def window(self, offset: int, count: int) -> pl.DataFrame:
        """Fetch some records: every column that any of them has, and ``format``."""
        return self.dataset.rows(self.order.slice(offset, count))

    def records(self, offset: int, count: int) -> list[dict[str, Any]]:
        """Fetch some records, each with the columns of its own part, and ``format``.

        Records of several kinds may have columns of one name that hold different things, so no frame holds
        them all.
        """
        numbers = self.order.slice(offset, count)
        found: list[dict[str, Any]] = [{}] * numbers.len()
        for part, first in zip(self.dataset.parts, self.dataset.offsets, strict=False):
            places = numbers.is_between(first, first + part.frame.height, closed="left").arg_true()
            if places.len():
                rows = part.frame[numbers.gather(places) - first].iter_rows(named=True)
                for place, row in zip(places, rows, strict=True):
                    found[place] = row | {FORMAT: part.kind}
        return found

    def place_of(self, file: int, line: int) -> int | None:
        """Find where in the order the record of a line stands, or ``None`` when it is not in scope."""
        number = self.dataset.number_of(file, line)
        if number is None:
            return None
        places = self.order.eq(number).arg_true()
        return int(places[0]) if places.len() else None


def look(dataset: Dataset, scope: Scope, ticket: Ticket | None = None) -> View:
    """Find the records of a scope.

    Args:
        dataset: Where to look.
        scope: What to look for.
        ticket: Checked between the parts of the data set.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants the answer any more.
    """
    began = time.perf_counter()
    found = [pl.DataFrame(schema={_NUMBER: pl.UInt32()})]
    parts: list[Part] = []
    for part, first in zip(dataset.parts, dataset.offsets, strict=False):
        if ticket:
            ticket.check()
        schema = part.frame.schema
        key = _sort_key(scope.sort, schema)
        plan = (
            part.frame.lazy()
            .with_row_index(_NUMBER, offset=first)
            .filter(scope.predicate(schema))
            .select(pl.col(_NUMBER).cast(pl.UInt32()), key.alias(_KEY))
        )
        found.append(run.collect(plan))
        if found[-1].height:
            parts.append(part)
    order = (
        pl.concat(found, how="diagonal_relaxed")
        .lazy()
        .sort(_KEY, descending=scope.descending, nulls_last=True, maintain_order=True)
        .select(_NUMBER)
        if len(found) > 1
        else found[0].lazy()
    )
    numbers = run.collect(order)[_NUMBER]
    columns = frozenset(name for part in parts for name in part.frame.columns)
    kinds = frozenset(part.kind for part in parts)
    return View(dataset, scope, numbers, columns, kinds, _span(parts), time.perf_counter() - began)


def _sort_key(name: str, schema: pl.Schema) -> pl.Expr:
    """What records are sorted by: a column, else the field of that name in their messages."""
    if name in schema:
        return pl.col(name)
    found = None
    if schema.get(MESSAGE) == pl.String():
        from query.json_fields import lookup

        found = lookup((name,), pl.col(MESSAGE))
    return pl.lit(None) if found is None else found


def _span(parts: Sequence[Part]) -> tuple[datetime, datetime] | None:
    times = pl.concat([part.summary.select("first", "last") for part in parts]) if parts else None
    if times is None or times["first"].null_count() == times.height:
        return None
    first, last = times.select(pl.col("first").min(), pl.col("last").max()).row(0)
    return first, last


def summarise(dataset: Dataset, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
    """Count the records of a scope by log group and stream (columns: ``loaders.dataset.SUMMARY_COLUMNS``).

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants the answer any more.
    """
    if scope.filter or scope.since or scope.until or scope.group or scope.stream:
        predicates = {index: scope.predicate(part.frame.schema) for index, part in enumerate(dataset.parts)}
        return dataset.summary(predicates, ticket)
    return dataset.summary(None, ticket)
