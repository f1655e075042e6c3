"""The answer to a query: what polars gives for it, and what each row of it stands for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loaders import run
from loaders.schema import FILE, LINE
from query import commands, origins
from query.check import QueryWarning, check_query
from query.plan import Planner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope


@dataclass(frozen=True, slots=True)
class Drill:
    """What a row of an answer stands for.

    Attributes:
        scope: The records behind it.
        record: File and line of the record, where the row is one.
    """

    scope: Scope
    record: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query.

    Attributes:
        query: What was asked.
        scope: Of which records.
        frame: The rows, their columns named as the query names them: numbers Int64 or Float64, text String,
            times Datetime in ms, UTC, conditions 1 or 0. Where each row is a record, its ``_file`` and
            ``_line`` (UInt32) stand behind them.
        columns: What is shown, in order.
        records: How many records there are in all.
        seconds: How long it took.
        capped: Whether the limit that a query has without being asked cut rows off.
        warnings: What is odd about the query.
        chart: How it is best drawn, if the query says so.
    """

    query: commands.Query
    scope: Scope
    frame: pl.DataFrame
    columns: tuple[str, ...]
    records: int
    seconds: float
    capped: bool = False
    warnings: tuple[QueryWarning, ...] = ()
    chart: str | None = None

    def drill(self, row: int) -> Drill | None:
        """What a row stands for; None where that cannot be said as a filter."""
        values = self.frame.row(row, named=True)
        if FILE in values and LINE in values and not {FILE, LINE} & set(self.columns):
            scope = origins.behind(self.query, self.scope, {})
            return Drill(scope or self.scope, (values[FILE], values[LINE]))
        scope = origins.behind(self.query, self.scope, values)
        return None if scope is None else Drill(scope)

    def drill_to(self, values: Mapping[str, object]) -> Drill | None:
        """What all rows with these values stand for; None where that cannot be said as a filter."""
        scope = origins.behind(self.query, self.scope, values, partly=True)
        return None if scope is None else Drill(scope)


def answer(
    dataset: Dataset,
    query: commands.Query,
    scope: Scope,
    ticket: Ticket | None = None,
    *,
    folders: Sequence[Path] = (),
    now: datetime | None = None,
    once: bool = False,
) -> Answer:
    """Answer a query.

    Args:
        dataset: Where the records are.
        query: A query from ``parse_query``.
        scope: Which of the records it is asked of.
        ticket: Checked before each step of the work.
        folders: Where tables for ``cidrlookup`` are.
        now: When it is asked; the clock by default.
        once: Whether it will not be asked again, so that nothing that was found in parts need be kept.

    Raises:
        QueryError: The query or the scope's filter cannot be answered.
        Cancelled: Nobody wants the answer any more.
    """
    began = time.perf_counter()
    warnings = check_query(query, dataset.fields)
    moment = now or datetime.now(UTC)
    planned = Planner(dataset, query, scope, ticket, folders, moment, remembering=not once).plan()
    if ticket:
        ticket.check()
    frame = run.collect(planned.plan)
    capped = planned.cap is not None and frame.height > planned.cap + planned.totals
    if planned.cap is not None and capped:
        # The row with the totals is the last, however many are cut off before it.
        frame = frame.head(planned.cap).extend(frame.tail(planned.totals))
    charts = [command.kind for command in query.commands if isinstance(command, commands.Chart)]
    return Answer(
        query,
        scope,
        frame,
        planned.columns,
        dataset.height,
        time.perf_counter() - began,
        capped,
        warnings,
        charts[-1] if charts else None,
    )
