"""``stats``: one row for each group, with aggregates. Only the polars back end imports this."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from query import functions, tree
from query.check_commands import is_bin
from query.folds import folded
from query.table import Table
from query.to_polars import call, value_of
from query.values import DTYPES, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from query import commands
    from query.folds import Fold, Folded
    from query.functions import Context
    from query.periods import Period


@dataclass
class _Aggregates:
    """The aggregates of a ``stats`` command, each worked out once.

    Attributes:
        table: The rows; aggregates of a constant add it as a column.
        tag: What the names of new columns begin with.
        context: What functions know beside their arguments.
        by_order: Whether any of them depends on the order of rows, as where several are the earliest.
        exprs: What makes the columns.
        found: The value of each one's column, by a name that no query can write.
        folded: Each one in two steps, if it can be done so.
    """

    table: Table
    tag: str
    context: Context
    by_order: bool = False
    exprs: list[pl.Expr] = field(default_factory=list)
    found: dict[str, Value] = field(default_factory=dict)
    folded: list[Folded | None] = field(default_factory=list)

    def lifted(self, node: tree.Expr) -> tree.Expr:
        """The expression with a field in the place of each aggregate."""
        if isinstance(node, tree.Call) and is_aggregate(node):
            # Names of the query may differ in their spelling alone, so that equal nodes are not enough.
            names = [part.written for part in tree.walk(node) if isinstance(part, tree.Field)]
            key = f"\0{tree.to_text(node)} {names}"
            if key not in self.found:
                self._add(node, key)
            return tree.Field(key, span=node.span)
        return tree.with_children(node, tuple(map(self.lifted, tree.children(node))))

    def _add(self, node: tree.Call, key: str) -> None:
        function = functions.find(node.name)
        arguments = tuple(
            argument
            if function is None or _is_plain(argument) or function.takes_at(place).is_written_out
            else self._column(argument, place)
            for place, argument in enumerate(node.arguments)
        )
        self.by_order = self.by_order or (function is not None and function.contextual)
        value = call(replace(node, arguments=arguments), self.table.env, self.context)
        given = value_of(arguments[0], self.table.env) if _is_given(arguments) else None
        self.folded.append(folded(node.name, value, given))
        column = f"{self.tag}.aggregate.{len(self.found)}"
        self.exprs.append(value.expr.cast(DTYPES[value.type]).alias(column))
        self.found[key] = Value(pl.col(column), value.type, value.is_address)

    def _column(self, argument: tree.Expr, place: int) -> tree.Expr:
        """A field with the argument worked out.

        An aggregate takes a constant for a single row, and may name what it is given more than once.
        """
        name = f"\0{self.tag}.{len(self.found)}.{place}"
        self.table = self.table.computing({name: value_of(argument, self.table.env)}, name)
        return tree.Field(name, span=argument.span)


def is_aggregate(node: tree.Call) -> bool:
    """Whether a call makes one value of many rows."""
    function = functions.find(node.name)
    return function is not None and function.aggregate


@dataclass(frozen=True)
class Grouping:
    """A ``stats`` command over some rows: in one step, or in two, where piles of rows are counted before.

    Attributes:
        command: The command.
        tag: What the names of new columns begin with.
        keys: The values that are grouped by, by their names.
        aggregates: What is worked out of each group, and the rows with the keys as columns.
        lifted: The items of the command, with fields in the place of aggregates.
    """

    command: commands.Stats
    tag: str
    keys: Mapping[str, Value]
    aggregates: _Aggregates
    lifted: tuple[tree.Expr, ...]

    @property
    def folds(self) -> bool:
        """Whether it can be done in two steps."""
        has_any = bool(self.keys or self.aggregates.found)
        return has_any and None not in self.aggregates.folded

    def plan(self) -> pl.LazyFrame:
        """The groups in the order of their keys; labels, and addresses that were numbers, as text."""
        aggregates, keys = self.aggregates, list(self.keys.values())
        plan = aggregates.table.plan
        if not keys:
            # Without an aggregate there is one row all the same.
            return plan.select(*aggregates.exprs, pl.len().alias(f"{self.tag}.len"))
        rows = plan.group_by(_columns(keys), maintain_order=aggregates.by_order).agg(aggregates.exprs)
        return self._sorted(rows.with_columns(_texts(keys)))

    def pile(self) -> pl.LazyFrame:
        """What ``of_piles`` needs to know of these rows: a row for each group, in no order."""
        plan, keys = self.aggregates.table.plan, list(self.keys.values())
        made = [expr.alias(name) for name, (expr, _) in self._folding().items()]
        if not keys:
            return plan.select(made)
        return (
            plan.group_by(_columns(keys))
            .agg(made)
            .with_columns(_texts(keys))
            .select(*self._names, *self._folding())
        )

    def joined(self, piles: Sequence[pl.DataFrame]) -> pl.LazyFrame:
        """One pile out of several."""
        plan = pl.concat(piles).lazy() if len(piles) > 1 else piles[0].lazy()
        if len(piles) == 1:
            return plan
        made = [fold(pl.col(name)).alias(name) for name, (_, fold) in self._folding().items()]
        return plan.group_by(self._names).agg(made) if self.keys else plan.select(made)

    def of_piles(self, piles: Sequence[pl.DataFrame]) -> pl.LazyFrame:
        """What ``plan`` gives, of rows that were counted in piles; at least one."""
        made = []
        for place, (fold, value) in enumerate(self._folded()):
            columns = [pl.col(self._fold(place, number)) for number in range(len(fold.columns))]
            made.append(fold.whole(*columns).cast(DTYPES[value.type]).alias(value.expr.meta.output_name()))
        return self._sorted(self.joined(piles).select(*self._names, *made))

    def done(self, plan: pl.LazyFrame) -> Table:
        """What the command makes of the groups.

        Args:
            plan: From ``plan`` or ``of_piles``.
        """
        command, env = self.command, self.aggregates.table.env
        named = {
            name: replace(key, expr=pl.col(_column(key)), type=_AS_TEXT.get(key.type, key.type), numbers=None)
            for name, key in self.keys.items()
        }
        written = {
            item.expr.written: named[item.name] for item in command.by if isinstance(item.expr, tree.Field)
        }
        computed = {**written, **named, **self.aggregates.found}
        env = replace(env, schema={}, addresses={}, carried=None, computed=computed, known={})
        done = Table(plan, env, of_records=False, ordered=True)
        for place, (item, expr) in enumerate(zip(command.items, self.lifted, strict=True)):
            done = done.computing({item.name: value_of(expr, done.env)}, f"{self.tag}.{place}")
        left = [item.name for item in (*command.by, *command.items)]
        computed = {name: done.env.computed[name] for name in left}
        exprs = {item.expr: computed[item.name] for item in (*command.by, *command.items)}
        return replace(done, env=replace(done.env, computed=computed, known=exprs))

    @property
    def _names(self) -> list[str]:
        """The columns of the keys, once they are as the result has them."""
        return [_column(key) for key in self.keys.values()]

    def _sorted(self, plan: pl.LazyFrame) -> pl.LazyFrame:
        return plan.sort(self._names, nulls_last=False) if self.keys else plan

    def _folded(self) -> Iterator[tuple[Folded, Value]]:
        for fold, value in zip(self.aggregates.folded, self.aggregates.found.values(), strict=True):
            if fold is None:
                raise ValueError("this cannot be counted in piles")
            yield fold, value

    def _folding(self) -> dict[str, tuple[pl.Expr, Fold]]:
        """The columns of a pile beside the keys: what makes them, and what makes one of several."""
        return {
            self._fold(place, number): column
            for place, (fold, _) in enumerate(self._folded())
            for number, column in enumerate(fold.columns)
        }

    def _fold(self, place: int, number: int) -> str:
        return f"{self.tag}.pile.{place}.{number}"


def grouping(command: commands.Stats, table: Table, tag: str) -> Grouping:
    """Prepare a ``stats`` command.

    Args:
        command: The command.
        table: The rows.
        tag: What the names of new columns begin with.

    Raises:
        QueryError: If it cannot be done.
    """
    context = table.env.context(bin_of(command))
    # Each key can use those before it.
    for place, item in enumerate(command.by):
        table = table.computing({item.name: value_of(item.expr, table.env, context)}, f"{tag}.key.{place}")
    keys = {item.name: table.env.computed[item.name] for item in command.by}
    aggregates = _Aggregates(table, tag, context)
    lifted = tuple(aggregates.lifted(item.expr) for item in command.items)
    return Grouping(command, tag, keys, aggregates, lifted)


def group(command: commands.Stats, table: Table, tag: str) -> Table:
    """Do a ``stats`` command: a row for each group, in the order of the groups' keys."""
    found = grouping(command, table, tag)
    return found.done(found.plan())


def _columns(keys: Iterable[Value]) -> list[str]:
    """The columns that keys are grouped by."""
    return [name for key in keys for name in ([_column(key)] if key.numbers is None else key.numbers.columns)]


def _texts(keys: Iterable[Value]) -> list[pl.Expr]:
    """The keys that become text once they are grouped by."""
    return [key.text().alias(_column(key)) for key in keys if key.type is Type.LABEL or key.numbers]


def _column(key: Value) -> str:
    """The name of the column that a key has, or will have as text."""
    return key.expr.meta.output_name() if key.numbers is None else key.numbers.v4


def bin_of(command: commands.Stats) -> Period | None:
    """The period of the ``bin()`` that a command groups by, if it does."""
    for item in command.by:
        if isinstance(item.expr, tree.Call) and is_bin(item.expr):
            argument = item.expr.arguments[0]
            if isinstance(argument, tree.Duration):
                return argument.period.capped
    return None


def _is_given(arguments: Sequence[tree.Expr]) -> bool:
    """Whether a call has a value of each record as its first argument."""
    return bool(arguments) and isinstance(arguments[0], tree.Field)


def _is_plain(node: tree.Expr) -> bool:
    """Whether an argument is a column already."""
    return isinstance(node, (tree.Field, tree.Star))


# What keys become once they are grouped by.
_AS_TEXT = {Type.LABEL: Type.TEXT}
