"""Rows on their way through a query: a plan, and what names mean in it.

A table is a value; each command of ``query.row_commands`` and ``query.whole_commands`` makes a new one. Only
the polars back end imports this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.fields import BY_COLUMN
from loaders.schema import FILE, LINE, TIME, TIMESTAMP
from query.conversions import unified
from query.environment import Environment, carried_key
from query.values import DTYPES, Type, Value, address

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from loaders.addresses import Address
    from query import tree

_ORIGIN = (FILE, LINE)
_TEXTS = frozenset({Type.TEXT, Type.ITEM})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows on their way.

    Attributes:
        plan: The rows.
        env: What names mean.
        of_records: Whether each row is still a record, or an item of one, with ``FILE`` and ``LINE``.
        ordered: Whether the rows are in an order that a person asked for or that is ours to keep.
    """

    plan: pl.LazyFrame
    env: Environment
    of_records: bool = True
    ordered: bool = False

    def computing(self, found: Mapping[str, Value], tag: str) -> Table:
        """Work values out as columns, and give them names.

        Args:
            found: The values by name.
            tag: What the columns' own names begin with; unique in the query.
        """
        columns, named = [], {}
        for place, (name, value) in enumerate(found.items()):
            column = f"{tag}.{place}"
            if value.numbers is not None:
                numbers = value.numbers.under(column)
                pairs = zip(value.numbers.columns, numbers.columns, strict=True)
                columns += [pl.col(there).alias(here) for there, here in pairs]
                named[name] = address(numbers)
                continue
            columns.append(value.expr.cast(DTYPES[value.type]).alias(column))
            named[name] = Value(pl.col(column), value.type, value.is_address)
        return replace(self, plan=self.plan.with_columns(columns), env=self.env.with_computed(named))

    def newest_first(self) -> Table:
        """The same rows in the order that Insights gives records without being asked, unless there is one."""
        if self.ordered or not self.of_records:
            return self
        plan = self.plan.sort(TIMESTAMP, descending=True, nulls_last=True, maintain_order=True)
        return replace(self, plan=plan, ordered=True)


def joined(tables: Sequence[Table], wanted: Iterable[tree.Field]) -> Table:
    """One table of the rows of several.

    Args:
        tables: Tables on which the same commands have been done; at least one.
        wanted: The fields that later commands and the result name: where the tables differ in their columns,
            each is brought to one type.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    if all(_alike(first, table) for table in tables):
        return replace(first, plan=pl.concat([table.plan for table in tables], how="vertical"))
    fields = _carried(first, wanted)
    carried = {key: [table.env.look_up(node) for table in tables] for key, node in fields.items()}
    computed = {name: [table.env.computed[name] for table in tables] for name in first.env.computed}
    columns: list[list[pl.Expr]] = [[] for _ in tables]
    made: list[dict[str, Value]] = []
    for tag, group in (("field", carried), ("named", computed)):
        made.append({})
        for place, (key, values) in enumerate(group.items()):
            number = _spelled(tables, values) if tag == "field" and _is_number(fields[key].name) else None
            kind, exprs = _one_type(values, number)
            name = f"{tag}.{place}"
            made[-1][key] = Value(pl.col(name), kind, any(value.is_address for value in values))
            for table_columns, expr in zip(columns, exprs, strict=True):
                table_columns.append(expr.alias(name))
    plans = [table.plan.select(*own, TIMESTAMP, *_ORIGIN) for table, own in zip(tables, columns, strict=True)]
    env = replace(first.env, schema={TIMESTAMP: TIME}, addresses={}, carried=made[0], computed=made[1])
    return replace(first, plan=pl.concat(plans, how="vertical"), env=env)


def looks_at_rows(tables: Sequence[Table], wanted: Iterable[tree.Field]) -> bool:
    """Whether ``joined`` has to look at the rows to know the type of a field."""
    if len(tables) == 1 or all(_alike(tables[0], table) for table in tables):
        return False
    numbers = [node for node in _carried(tables[0], wanted).values() if _is_number(node.name)]
    return any(table.env.look_up(node).type in _TEXTS for table in tables for node in numbers)


def types_of(table: Table, wanted: Iterable[tree.Field]) -> Hashable:
    """What the values of a table are for later commands, however they are kept: a label is a text, for one.

    Rows of the same records hold the same values where this is the same.
    """
    found = {carried_key(node): table.env.look_up(node) for node in wanted}
    return tuple(
        (name, Type.TEXT if value.type is Type.LABEL else value.type, value.is_address)
        for values in (found, table.env.computed)
        for name, value in values.items()
    )


def _carried(table: Table, wanted: Iterable[tree.Field]) -> dict[str, tree.Field]:
    """The fields that are not yet what commands made, by ``carried_key``."""
    return {
        carried_key(node): node
        for node in wanted
        if node.written not in table.env.computed and table.env.inside_json(node.written) is None
    }


def _alike(first: Table, table: Table) -> bool:
    """Whether two tables have the same columns, of the same types, in the same order."""
    return (
        list(first.env.schema.items()) == list(table.env.schema.items())
        and first.env.addresses == table.env.addresses
        and _types(first) == _types(table)
    )


def _types(table: Table) -> list[tuple[str, Type, Address | None]]:
    return [(name, value.type, value.numbers) for name, value in table.env.computed.items()]


def _is_number(name: str) -> bool:
    """Whether a field of flow logs holds numbers."""
    field = BY_COLUMN.get(name)
    return field is not None and field.kind.is_number


def _spelled(tables: Sequence[Table], values: Sequence[Value]) -> Type | None:
    """The numbers that all text among values, as JSON messages hold it, spells; None if some spells none.

    This looks at the rows, so that fields of flow logs stay numbers beside other logs, and nothing is lost.
    """
    if {value.type for value in values} - {Type.NOTHING, *_TEXTS} != {Type.INTEGER}:
        return None
    found = Type.INTEGER
    for table, value in zip(tables, values, strict=True):
        if value.type in _TEXTS:
            is_text = value.expr.is_not_null()
            is_whole = value.expr.cast(pl.Int64, strict=False).is_not_null()
            other = (is_text & ~is_whole).any(), (is_text & value.number().is_null()).any()
            decimals, words = run.collect(table.plan.select(decimals=other[0], words=other[1])).row(0)
            if words:
                return None
            found = Type.DECIMAL if decimals else found
    return found


def _one_type(values: Sequence[Value], number: Type | None) -> tuple[Type, list[pl.Expr]]:
    """Bring the values of one name in several tables to one type: numbers to numbers, all else to text.

    Args:
        values: The values.
        number: What they all are or spell, if that is known to be a number.
    """
    kinds = {value.type for value in values} - {Type.NOTHING}
    if number is not None:
        return number, [value.number().cast(DTYPES[number], strict=False) for value in values]
    if len(kinds) <= 1:
        kind = next(iter(kinds), Type.NOTHING)
        return kind, [value.expr.cast(DTYPES[kind]) for value in values]
    # Where some hold maps and others do not, the maps are text.
    plain = [replace(value, type=Type.TEXT) if value.type is Type.JSON else value for value in values]
    exprs, kind = unified(plain)
    return kind, [expr.cast(DTYPES[kind]) for expr in exprs]
