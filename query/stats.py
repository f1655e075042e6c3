"""``stats``: one row for each group, with aggregates. Only the polars back end imports this."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from query import functions, tree
from query.check_commands import is_bin
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
        by_order: Whether any of them depends on the order of rows, as where several are the earliest.
        exprs: What makes the columns.
        found: The value of each one's column, by a name that no query can write.
    """

    table: Table
    tag: str
    context: Context
    by_order: bool = False
    exprs: list[pl.Expr] = field(default_factory=list)
    found: dict[str, Value] = field(default_factory=dict)

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


def group(command: commands.Stats, table: Table, tag: str) -> Table:
    """Do a ``stats`` command: a row for each group, in the order of the groups' keys."""
    context = table.env.context(bin_of(command))
    # Each key can use those before it.
    for place, item in enumerate(command.by):
        table = table.computing({item.name: value_of(item.expr, table.env, context)}, f"{tag}.key.{place}")
    keys = {item.name: table.env.computed[item.name] for item in command.by}
    aggregates = _Aggregates(table, tag, context)
    lifted = [aggregates.lifted(item.expr) for item in command.items]
    plan = _grouped(aggregates, list(keys.values()))
    named = {
        name: replace(key, expr=pl.col(_column(key)), type=_AS_TEXT.get(key.type, key.type), numbers=None)
        for name, key in keys.items()
    }
    written = {
        item.expr.written: named[item.name] for item in command.by if isinstance(item.expr, tree.Field)
    }
    computed = {**written, **named, **aggregates.found}
    env = replace(table.env, schema={}, addresses={}, carried=None, computed=computed, known={})
    done = Table(plan, env, of_records=False, ordered=True)
    for place, (item, expr) in enumerate(zip(command.items, lifted, strict=True)):
        done = done.computing({item.name: value_of(expr, done.env)}, f"{tag}.{place}")
    left = [item.name for item in (*command.by, *command.items)]
    computed = {name: done.env.computed[name] for name in left}
    exprs = {item.expr: computed[item.name] for item in (*command.by, *command.items)}
    return replace(done, env=replace(done.env, computed=computed, known=exprs))


def _grouped(aggregates: _Aggregates, keys: list[Value]) -> pl.LazyFrame:
    """The groups in the order of their keys; labels, and addresses that were numbers, as text."""
    plan = aggregates.table.plan
    if not keys:
        # Without an aggregate there is one row all the same.
        return plan.select(*aggregates.exprs, pl.len().alias(f"{aggregates.tag}.len"))
    by = [name for key in keys for name in ([_column(key)] if key.numbers is None else key.numbers.columns)]
    rows = plan.group_by(by, maintain_order=aggregates.by_order).agg(aggregates.exprs)
    texts = [key.text().alias(_column(key)) for key in keys if key.type is Type.LABEL or key.numbers]
    return rows.with_columns(texts).sort([_column(key) for key in keys], nulls_last=False)


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


def _is_plain(node: tree.Expr) -> bool:
    """Whether an argument is a column already."""
    return isinstance(node, (tree.Field, tree.Star))


# What keys become once they are grouped by.
_AS_TEXT = {Type.LABEL: Type.TEXT}
