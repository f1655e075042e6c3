"""The view of a scope: which records are in it, in order, fetched a window at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import run
from loaders.parts import FORMAT, span_of
from loaders.schema import TIMESTAMP
from query.order import NUMBER, ByTime, Listed, Order, Run, found_plan, found_run, nothing, whole
from query.ranked import ranked
from query.reach import inside
from query.remembered import MB, Memory, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from loaders.dataset import Dataset
    from loaders.parts import Part
    from loaders.run import Ticket
    from query.scope import Scope

# So many rows are looked at in one go: enough to keep every core busy, and few enough to stop soon.
_AT_ONCE = 4_000_000
# A view of what has been found so far is handed on once it fills a screen, and then every so many seconds.
_SCREENFUL = 100
_NEWS_SECONDS = 0.4
# What a ``Run`` has beside its part.
_Found = tuple[pl.DataFrame, int, pl.Series | None]
# Which row of a part came from a line: that on which the cursor is is asked for with each delivery.
_ROWS: Memory[int | None] = Memory(MB, lambda _: 1)
# What is in scope of parts, and how much of each group and stream, for the scopes that were looked at last.
_FOUND: Memory[_Found] = Memory(64 * MB, lambda found: size_of(found[0], found[2]))
_COUNTED: Memory[pl.DataFrame] = Memory(16 * MB, size_of)


@dataclass(frozen=True, slots=True)
class View:
    """The records of a scope.

    Attributes:
        dataset: Where they are.
        scope: What was asked for.
        order: Which record stands where.
        columns: The columns that any of the parts they come from has.
        kinds: The kinds of the records.
        span: The earliest and the latest time in those parts; ``None`` where no record has a time.
        seconds: How long it took to find them.
        complete: Whether all parts have been looked at; there may be more records otherwise.
    """

    dataset: Dataset
    scope: Scope
    order: Order
    columns: frozenset[str]
    kinds: frozenset[str]
    span: tuple[datetime, datetime] | None
    seconds: float
    complete: bool = True

    @property
    def height(self) -> int:
        """How many records are in scope, as far as is known."""
        return self.order.height

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
        for part, rows, places in self.dataset.sorted_out(numbers):
            for place, row in zip(places, part.take(rows).iter_rows(named=True), strict=True):
                found[place] = row | {FORMAT: part.kind}
        return found

    def place_at(self, moment: datetime) -> int | None:
        """Where in the order of time a moment stands; ``None`` when the records are in another order."""
        return self.order.place_at(int(moment.timestamp() * 1000)) if isinstance(self.order, ByTime) else None

    def place_of(self, file: int, line: int) -> int | None:
        """Find where in the order the record of a line stands, or ``None`` when it is not in scope."""
        number = self.dataset.number_of(file, line, _found_row)
        return None if number is None else self.order.index(number)


def _found_row(part: Part, file: int, line: int) -> int | None:
    return _ROWS.of(part, (file, line), lambda: part.find(file, line))


def look(
    dataset: Dataset,
    scope: Scope,
    ticket: Ticket | None = None,
    early: Callable[[View], None] | None = None,
) -> View:
    """Find the records of a scope.

    Args:
        dataset: Where to look.
        scope: What to look for.
        ticket: Checked between the parts of the data set.
        early: Called with what has been found so far, as soon as it fills a screen and now and then after.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants the answer any more.
    """
    began = time.perf_counter()
    if scope.sort != TIMESTAMP:
        return _sorted(dataset, scope, ticket, early)
    parts = list(zip(dataset.parts, dataset.offsets, strict=False))
    told, done = 0.0, dict[int, Run]()

    def view() -> View:
        runs = [(first, done[first]) for _, first in parts if first in done]
        found = [run_.part for _, run_ in runs if run_.height]
        order = ByTime(runs, descending=scope.descending)
        seconds = time.perf_counter() - began
        return _view(dataset, scope, order, found, seconds, complete=len(done) == len(parts))

    for some in _in_turn(parts, scope):
        if ticket:
            ticket.check()
        for (_, first), found in zip(some, _runs([part for part, _ in some], scope), strict=True):
            done[first] = found
        now = time.perf_counter()
        if early is not None and len(done) < len(parts) and now - told > _NEWS_SECONDS:
            enough = sum(found.height for found in done.values()) >= _SCREENFUL
            if told or enough:
                told = now
                early(view())
    return view()


def _view(
    dataset: Dataset, scope: Scope, order: Order, parts: Sequence[Part], seconds: float, *, complete: bool
) -> View:
    columns = frozenset(name for part in parts for name in part.schema)
    kinds = frozenset(part.kind for part in parts)
    return View(dataset, scope, order, columns, kinds, span_of(parts), seconds, complete)


def _in_turn(parts: Sequence[tuple[Part, int]], scope: Scope) -> Iterator[list[tuple[Part, int]]]:
    """The parts, those with the records that come first in time first, some of them at a time."""
    timed = [(part.span, part, first) for part, first in parts]
    known = [(span, part, first) for span, part, first in timed if span is not None]
    key = (lambda item: item[0][1]) if scope.descending else (lambda item: item[0][0])
    known.sort(key=key, reverse=scope.descending)
    batch: list[tuple[Part, int]] = []
    rows = most = 0
    for _, part, first in [*known, *(item for item in timed if item[0] is None)]:
        batch.append((part, first))
        rows += part.rows
        if rows >= most:
            yield batch
            batch, rows, most = [], 0, _AT_ONCE
    if batch:
        yield batch


def _runs(parts: Sequence[Part], scope: Scope) -> list[Run]:
    """What is in scope of some parts; only those are looked at of which it is not known yet."""
    question = scope.unordered
    found: dict[int, Run] = {}
    plans: dict[int, pl.LazyFrame] = {}
    for place, part in enumerate(parts):
        is_inside = inside(part, scope)
        if is_inside and part.minutes is not None:
            found[place] = whole(part)
        elif is_inside is None:
            found[place] = nothing(part)
        elif known := _FOUND.known(question, (part,))[0]:
            found[place] = Run(part, *known[0].value)
        else:
            plans[place] = found_plan(part, _predicate(part, scope))
    for (place, _), frame in zip(plans.items(), run.collect_all(list(plans.values())), strict=True):
        found[place] = run_ = found_run(parts[place], frame)
        _FOUND.keep(question, (run_.part,), (run_.counts, run_.height, run_.rows))
    return [found[place] for place in range(len(parts))]


def _predicate(part: Part, scope: Scope) -> pl.Expr:
    found = scope.predicate(part.schema, part.addresses)
    return found if part.counting is None else found & part.counting


def _sorted(
    dataset: Dataset,
    scope: Scope,
    ticket: Ticket | None,
    early: Callable[[View], None] | None,
) -> View:
    """The records of a scope in another order than that of time."""
    began = time.perf_counter()
    parts = [
        (part, first, _predicate(part, scope))
        for part, first in zip(dataset.parts, dataset.offsets, strict=False)
        if inside(part, scope) is not None
    ]
    pieces, having, told = [pl.Series(NUMBER, dtype=pl.UInt32)], set[int](), began

    def view(*, complete: bool) -> View:
        order = Listed(pl.concat(pieces, rechunk=False))
        found = [parts[place][0] for place in sorted(having)]
        return _view(dataset, scope, order, found, time.perf_counter() - began, complete=complete)

    if parts:
        for piece, places in ranked(parts, scope.sort, descending=scope.descending, ticket=ticket):
            pieces.append(piece)
            having |= places
            now = time.perf_counter()
            if early is not None and now - told > _NEWS_SECONDS and piece.len():
                told = now
                early(view(complete=False))
    return view(complete=True)


def summarise(dataset: Dataset, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
    """Count the records of a scope by log group and stream (columns: ``loaders.parts.SUMMARY_COLUMNS``).

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants the answer any more.
    """

    def counted(part: Part) -> pl.DataFrame | None:
        is_inside = inside(part, scope)
        if is_inside is None:
            return None
        if is_inside:
            return part.summary
        return _COUNTED.of(part, scope.unordered, lambda: part.counted(_predicate(part, scope)))

    return dataset.summary(counted, ticket)
