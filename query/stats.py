"""``stats``: one row for each group, with aggregates. Only the polars back end imports this."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from query import functions, tree
from query.check_commands import is_bin
from query.environment import Environment
from query.table import Table
from query.to_polars import call, value_of
from query.values import DTYPES, Type, Value

if TYPE_CHECKING:
    from query import commands
    from query.functions import Context
    from query.periods import Period


@dataclass
class _Aggregates:
    """The aggregates of a ``stats`` command, each worked out once.

    Attributes:
        table: The rows; aggregates of a constant add it as a column.
        tag: What the names of new columns begin with.
        context: What functions know beside their arguments.
        found: Each aggregate and the value of its column.
    """

    table: Table
    tag: str
    context: Context
    exprs: list[pl.Expr] = field(default_factory=list)
    found: dict[tree.Call, Value] = field(default_factory=dict)

    def lifted(self, node: tree.Expr) -> tree.Expr:
        """The expression with a field in the place of each aggregate."""
        if isinstance(node, tree.Call) and is_aggregate(node):
            if node not in self.found:
                self._add(node)
            return tree.Field(self._name(node), span=node.span)
        return tree.with_children(node, tuple(map(self.lifted, tree.children(node))))

    @property
    def named(self) -> dict[str, Value]:
        """The aggregates' values by the names that stand for them."""
        return {self._name(node): value for node, value in self.found.items()}

    def _name(self, node: tree.Call) -> str:
        return f"\0{list(self.found).index(node)}"

    def _add(self, node: tree.Call) -> None:
        function = functions.find(node.name)
        arguments = tuple(
            self._column(argument, place)
            if function is not None and not _is_written_out(function, place) and _is_constant(argument)
            else argument
            for place, argument in enumerate(node.arguments)
        )
        value = call(replace(node, arguments=arguments), self.table.env, self.context)
        column = f"{self.tag}.aggregate.{len(self.found)}"
        self.exprs.append(value.expr.cast(DTYPES[value.type]).alias(column))
        self.found[node] = Value(pl.col(column), value.type, value.is_address)

    def _column(self, argument: tree.Expr, place: int) -> tree.Expr:
        """A field with a constant in every row, which an aggregate would else take for a single one."""
        name = f"\0{self.tag}.{len(self.found)}.{place}"
        self.table = self.table.computing({name: value_of(argument, self.table.env)}, name)
        return tree.Field(name, span=argument.span)


def is_aggregate(node: tree.Call) -> bool:
    """Whether a call makes one value of many rows."""
    function = functions.find(node.name)
    return function is not None and function.aggregate


def group(command: commands.Stats, table: Table, tag: str) -> Table:
    """Do a ``stats`` command: a row for each group, in the order of the groups' keys."""
    context = table.env.context(bin=bin_of(command))
    keys = {item.name: value_of(item.expr, table.env, context) for item in command.by}
    table = table.computing(keys, f"{tag}.key")
    aggregates = _Aggregates(table, tag, context)
    lifted = [(item.name, aggregates.lifted(item.expr)) for item in command.items]
    table = aggregates.table
    named = {name: table.env.computed[name] for name in keys}
    by = [f"{tag}.key.{place}" for place in range(len(keys))]
    plan = table.plan.group_by(by).agg(aggregates.exprs) if by else table.plan.select(aggregates.exprs)
    labels = [name for name, value in zip(by, named.values(), strict=True) if value.type is Type.LABEL]
    if by:
        plan = plan.with_columns(pl.col(labels).cast(pl.String)).sort(by, nulls_last=False)
    named = {
        name: replace(value, type=Type.TEXT) if value.type is Type.LABEL else value
        for name, value in named.items()
    }
    hidden = aggregates.named
    env = Environment(
        {}, {**named, **hidden}, now=table.env.now, since=table.env.since, until=table.env.until
    )
    done = Table(plan, env, of_records=False, ordered=True)
    for place, (name, expr) in enumerate(lifted):
        done = done.computing({name: value_of(expr, done.env)}, f"{tag}.{place}")
    computed = {name: value for name, value in done.env.computed.items() if name not in hidden}
    return replace(done, env=replace(done.env, computed=computed))


def bin_of(command: commands.Stats) -> Period | None:
    """The period of the ``bin()`` that a command groups by, if it does."""
    for item in command.by:
        if isinstance(item.expr, tree.Call) and is_bin(item.expr):
            argument = item.expr.arguments[0]
            if isinstance(argument, tree.Duration):
                return argument.period.capped
    return None


def _is_constant(node: tree.Expr) -> bool:
    return not any(isinstance(part, (tree.Field, tree.Star)) for part in tree.walk(node))


def _is_written_out(function: functions.Function, place: int) -> bool:
    return function.takes_at(place).is_written_out
