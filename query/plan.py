"""From a query to one polars plan over a data set. Only the polars back end imports this.

Commands that look at one row are done on each part of the data; the first that looks at all rows brings the
parts together. A query without an order of its own is cut to its limit as soon as no filter follows, so that
the rest of it is only worked out for the rows that are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import layouts, together
from loaders.schema import FILE, LINE, TIME, TIMESTAMP
from query import commands, patterns, pieces, rolled, row_commands, shifts, stats, tree, whole_commands
from query.environment import Environment
from query.errors import QueryError
from query.reach import inside
from query.shown import shown_by, wanted
from query.stats import bin_of
from query.table import Table, joined, looks_at_rows, types_of
from query.values import DTYPES, Type, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from loaders.addresses import Address
    from loaders.dataset import Dataset
    from loaders.parts import Part, Together
    from loaders.run import Ticket
    from query.scope import Scope

_EMPTY: dict[str, pl.DataType] = {TIMESTAMP: TIME, FILE: pl.UInt32(), LINE: pl.UInt32()}
# What rows are neither made nor left out by, so that a limit may be drawn before it.
_KEEPS_ROWS = (commands.Fields, commands.Display, commands.Parse, commands.CidrLookup, commands.Chart)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it gives.

    Attributes:
        plan: The result: ``columns``, then ``FILE`` and ``LINE`` where each row is a record.
        columns: What is shown, in order.
        cap: How many rows to show at most, where the query has no limit of its own; the plan gives one more
            if there is one.
        totals: How many rows with totals stand behind them: one, or none.
        of_records: Whether each row is a record.
    """

    plan: pl.LazyFrame
    columns: tuple[str, ...]
    cap: int | None
    totals: int
    of_records: bool


@dataclass
class Planner:
    """Plans one query.

    Attributes:
        dataset: Where the records are.
        query: What is asked.
        scope: Which of the records it is asked of.
        ticket: Checked before work that a plan needs done first.
        folders: Where tables for ``cidrlookup`` are.
        now: When it is asked.
        remembering: Whether what was found in parts is kept for the next time; the work that takes is done
            while it is planned.
    """

    dataset: Dataset
    query: commands.Query
    scope: Scope
    ticket: Ticket | None = None
    folders: Sequence[Path] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    remembering: bool = False

    def plan(self) -> Planned:
        """The plan of the whole query.

        Raises:
            QueryError: The query or the scope's filter cannot be planned.
        """
        shown = shown_by(self.query.commands)
        table = self._joined(self._done(len(self.query.commands)), len(self.query.commands), shown)
        limited = any(isinstance(command, commands.Limit) for command in self.query.commands)
        cap = None if limited else commands.DEFAULT_LIMIT
        totals = int(any(isinstance(one, commands.AddTotals) and one.col for one in self.query.commands))
        table = table.newest_first()
        if cap is not None:
            table = replace(table, plan=table.plan.head(cap + 1 + totals))
        exprs = [_output(table.env.look_up(node)).alias(name) for name, node in shown.items()]
        hidden = [name for name in (FILE, LINE) if table.of_records and name not in shown]
        return Planned(
            table.plan.select(*exprs, *hidden),
            tuple(shown),
            cap,
            totals,
            table.of_records and len(hidden) == 2,
        )

    def _done(self, end: int) -> list[Table]:
        """The tables after the first ``end`` commands: one for each part until they are brought together."""
        begin, tables = self._begun(end)
        shown = shown_by(self.query.commands)
        cut = self._cut()
        for place, command in enumerate(self.query.commands[begin:end], begin):
            if place == cut:
                tables = [self._newest(self._joined(tables, place, shown))]
            if isinstance(command, row_commands.ROW_COMMANDS):
                tag = str(place)
                tables = [row_commands.do(command, table, tag, self.folders) for table in tables]
            else:
                tables = [self._whole(command, place, self._joined(tables, place, shown))]
        return tables

    def _begun(self, end: int) -> tuple[int, list[Table]]:
        """The tables to begin with, and the command to go on with: those before it are done already."""
        parts = list(self._parts())
        place = pieces.place_of_stats(self.query.commands)
        if place is not None and place < end:
            table = self._grouped(place, parts)
            if table is not None:
                return place + 1, [table]
        return 0, list(map(self._table, together(parts))) or [self._of_nothing()]

    def _grouped(self, place: int, parts: list[Part]) -> Table | None:
        """The first ``stats``, where counts answer it or something may be known of its groups."""
        command = self.query.commands[place]
        if not isinstance(command, commands.Stats) or not parts:
            return None
        if rolled.is_of_use(self.query, place, self.scope, parts):
            return self._by_counts(command, place, parts)
        if not self._can_remember(place):
            return None
        laid_out = list(layouts(parts))
        tables = self.before(place, [layout.together(()) for layout in laid_out])
        fields = list(wanted(self.query.commands[place:], {}))
        if looks_at_rows(tables, fields):
            return None
        nothing = self._joined(tables, place, {})

        def rows(scope: Scope, only: Collection[Part]) -> Table:
            plans = [layout.together(only) for layout in laid_out]
            return self._joined(replace(self, scope=scope).before(place, plans), place, {})

        question = (self._spelled(place), types_of(nothing, fields))
        source = pieces.Source(command, str(place), question, nothing, rows)
        return pieces.grouped(source, parts, self.scope, self.ticket)

    def _by_counts(self, command: commands.Stats, place: int, parts: list[Part]) -> Table:
        """The first ``stats`` from counts by minute, as far as there are any."""

        def rows(scope: Scope, only: Collection[Part]) -> Table:
            return rolled.rows(self.query, place, scope, only, self._environment({}))

        asked, table = rolled.by_counts(command), None
        if self._can_remember(place):
            question = (self._spelled(place), "counts")
            source = pieces.Source(asked, str(place), question, rows(self.scope, ()), rows)
            table = pieces.grouped(source, parts, self.scope, self.ticket)
        table = table or stats.group(asked, rows(self.scope, parts), str(place))
        known = {item.expr: table.env.computed[item.name] for item in (*command.by, *command.items)}
        return replace(table, env=replace(table.env, known=known))

    def _can_remember(self, place: int) -> bool:
        return self.remembering and pieces.is_lasting(self.query, place, self.scope)

    def _spelled(self, place: int) -> Hashable:
        return pieces.spelled(self.query.commands[: place + 1])

    def before(self, place: int, parts: Iterable[Together]) -> list[Table]:
        """The tables of parts after the commands before a place, all of which look at one row."""
        tables = list(map(self._table, parts))
        for at, command in enumerate(self.query.commands[:place]):
            if isinstance(command, row_commands.ROW_COMMANDS):
                tables = [row_commands.do(command, table, str(at), self.folders) for table in tables]
        return tables

    def _whole(self, command: commands.Command, place: int, table: Table) -> Table:
        """Do a command that looks at all rows."""
        before = self.query.commands[place - 1] if place else None
        match command:
            case commands.Pattern():
                after = self.query.commands[place + 1 : place + 2]
                return table if after and isinstance(after[0], commands.Diff) else self._patterns(place)
            case commands.Diff(shift):
                return self._patterns(place - 1, shifts.earlier(self.scope, shift, command.span))
            case commands.FillMissing() if isinstance(before, commands.Stats) and bin_of(before):
                keys = [table.env.computed[item.name].expr.alias(item.name) for item in before.by]
                groups = self._collected(table.plan.select(keys))
                return whole_commands.fill_missing(command, before, table, str(place), groups)
        shown = shown_by(self.query.commands[:place])
        return whole_commands.do(command, table, str(place), shown)

    def _patterns(self, place: int, earlier: Scope | None = None) -> Table:
        """What the messages before a ``pattern`` have in common, also compared with those of another time."""
        texts = self.texts(place)
        if earlier is None:
            found = patterns.find_patterns(texts)
        else:
            found = patterns.compare_patterns(texts, replace(self, scope=earlier).texts(place))
        env = self._environment({})
        computed = {
            name: Value(pl.col(name), _TYPES.get(dtype, Type.TEXT)) for name, dtype in found.schema.items()
        }
        return Table(found.lazy(), replace(env, computed=computed), of_records=False, ordered=True)

    def texts(self, place: int) -> pl.Series:
        """The texts that a ``pattern`` looks at."""
        command = self.query.commands[place]
        if not isinstance(command, commands.Pattern):
            raise QueryError.at(command.span, "diff compares patterns.", "Write it behind pattern @message.")
        table = self._joined(self._done(place), place, {})
        text = table.env.look_up(command.source).text()
        return self._collected(table.plan.select(text.alias("text")))["text"]

    def _collected(self, plan: pl.LazyFrame) -> pl.DataFrame:
        if self.ticket:
            self.ticket.check()
        return run.collect(plan)

    def _parts(self) -> Iterator[Part]:
        """The parts that can hold records in scope."""
        return (part for part in self.dataset.parts if part.height and inside(part, self.scope) is not None)

    def _table(self, parts: Together) -> Table:
        predicate = self.scope.predicate(parts.schema, parts.addresses)
        return Table(parts.plan.filter(predicate), self._environment(parts.schema, parts.addresses))

    def _of_nothing(self) -> Table:
        """No rows at all, where no part can hold any."""
        return Table(pl.LazyFrame(schema=_EMPTY), self._environment(_EMPTY))

    def _environment(
        self, schema: Mapping[str, pl.DataType], addresses: Mapping[str, Address] | None = None
    ) -> Environment:
        return Environment(
            schema, addresses or {}, now=self.now, since=self.scope.since, until=self.scope.until
        )

    def _joined(self, tables: list[Table], place: int, shown: Mapping[str, tree.Field]) -> Table:
        """Bring tables together before the command at a place."""
        return joined(tables, wanted(self.query.commands[place:], shown))

    def _cut(self) -> int | None:
        """Before which command a query that has no order of its own can be cut to its limit."""
        rest = len(self.query.commands)
        while rest and isinstance(self.query.commands[rest - 1], (*_KEEPS_ROWS, commands.Limit)):
            rest -= 1
        rows = (*_KEEPS_ROWS, commands.Filter)
        return rest if all(isinstance(command, rows) for command in self.query.commands[:rest]) else None

    def _newest(self, table: Table) -> Table:
        counts = [command.count for command in self.query.commands if isinstance(command, commands.Limit)]
        limit = counts[0] if counts else commands.DEFAULT_LIMIT + 1
        table = table.newest_first()
        return table if limit is None else replace(table, plan=table.plan.head(limit))


_TYPES: dict[pl.DataType, Type] = {dtype: kind for kind, dtype in DTYPES.items() if kind is not Type.JSON}
_TYPES[pl.String()] = Type.TEXT


def _output(value: Value) -> pl.Expr:
    """A value as the result has it: labels as text, a condition as 1 or 0."""
    if value.type is Type.LABEL:
        return value.expr.cast(pl.String)
    return value.expr.cast(pl.Int64() if value.type is Type.TRUTH else DTYPES[value.type])
