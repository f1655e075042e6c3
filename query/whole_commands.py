"""The commands that look at all rows together, but for ``stats``. Only the polars back end imports this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.schema import TIMESTAMP
from query import commands, natural, tree
from query.check_commands import is_bin
from query.errors import QueryError
from query.stats import bin_of, group
from query.table import Table
from query.to_polars import value_of
from query.values import DTYPES, Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS = frozenset({Type.INTEGER, Type.DECIMAL})
# More bins than any screen or spreadsheet shows, and few enough to be made at once.
_MOST_BINS = 100_000


def do(command: commands.Command, table: Table, tag: str, shown: Mapping[str, tree.Field]) -> Table:
    """Do a command.

    Args:
        command: A command that is not among ``query.row_commands``, ``pattern`` or ``diff``.
        table: The rows.
        tag: What the names of new columns begin with.
        shown: What is shown so far, by the columns' names.

    Raises:
        QueryError: If it cannot be done.
    """
    match command:
        case commands.Stats():
            return group(command, table, tag)
        case commands.Sort(keys):
            return _sort(keys, table)
        case commands.Limit(count):
            table = table.newest_first()
            return table if count is None else replace(table, plan=table.plan.head(count))
        case commands.Dedup(fields):
            return _dedup(fields, table.newest_first())
        case commands.AddTotals():
            return _add_totals(command, table, tag, shown)
        case _:
            return table


def _sort(keys: tuple[commands.SortKey, ...], table: Table) -> Table:
    """Natural order; where it leaves a choice, records stand newest first."""
    found: list[natural.SortKey] = []
    for key in keys:
        value = value_of(key.expr, table.env)
        if value.type is not Type.NOTHING and value.constant is None:
            found += natural.sort_keys(value.expr, DTYPES[value.type], key.descending)
    if table.of_records and not table.ordered:
        found.append((pl.col(TIMESTAMP), True, True))
    if not found:
        return replace(table, ordered=True)
    exprs, descending, nulls_last = map(list, zip(*found, strict=True))
    plan = table.plan.sort(exprs, descending=descending, nulls_last=nulls_last, maintain_order=True)
    return replace(table, plan=plan, ordered=True)


def _dedup(fields: tuple[tree.Field, ...], table: Table) -> Table:
    values = [table.env.look_up(field).expr.alias(str(place)) for place, field in enumerate(fields)]
    lacking = pl.any_horizontal(value.is_null() for value in values)
    return replace(table, plan=table.plan.filter(lacking | pl.struct(values).is_first_distinct()))


def _add_totals(
    command: commands.AddTotals, table: Table, tag: str, shown: Mapping[str, tree.Field]
) -> Table:
    """Totals of the numbers of each row in a new column, and of each column in a last row."""
    columns = {name: table.env.look_up(field) for name, field in shown.items()}
    if command.fields:
        wanted = {field.written: table.env.look_up(field) for field in command.fields}
        numbers = {name: Value(value.number(), _kind(value)) for name, value in wanted.items()}
    else:
        numbers = {name: value for name, value in columns.items() if value.type in _NUMBERS}
    if command.row:
        kind = Type.INTEGER if all(value.type is Type.INTEGER for value in numbers.values()) else Type.DECIMAL
        exprs = [value.expr for value in numbers.values()]
        total = pl.sum_horizontal(exprs) if exprs else pl.lit(0)
        table = table.computing({command.title: Value(total.cast(DTYPES[kind]), kind)}, tag)
        columns[command.title] = numbers[command.title] = table.env.computed[command.title]
    if not command.col:
        return table
    table = table.newest_first()
    # The last row has no record behind it, so rows stop being records.
    rows = table.plan.select(
        value.expr.cast(DTYPES[value.type]).alias(name) for name, value in columns.items()
    )
    sums = [
        (columns[name].expr.sum() if name in numbers else pl.lit(None)).cast(DTYPES[value.type]).alias(name)
        for name, value in columns.items()
    ]
    plan = pl.concat([rows, table.plan.select(sums)], how="vertical")
    computed = {name: replace(value, expr=pl.col(name), constant=None) for name, value in columns.items()}
    env = replace(table.env, schema={}, carried=None, computed=computed)
    return Table(plan, env, of_records=False, ordered=True)


def _kind(value: Value) -> Type:
    return Type.INTEGER if value.type in {Type.INTEGER, Type.TIME, Type.TRUTH} else Type.DECIMAL


def fill_missing(
    command: commands.FillMissing, stats: commands.Stats, table: Table, tag: str, bins: pl.Series
) -> Table:
    """Rows for the bins that a group has none for.

    Args:
        command: The command.
        stats: The ``stats`` before it.
        table: Its rows.
        tag: What the names of new columns begin with.
        bins: The bins that there are (Datetime).

    Raises:
        QueryError: If there would be too many of them.
    """
    period = bin_of(stats)
    first, last = bins.min(), bins.max()
    if period is None or not (isinstance(first, datetime) and isinstance(last, datetime)):
        return table
    length = period.milliseconds
    if length and (last - first) // timedelta(milliseconds=length) > _MOST_BINS:
        raise QueryError.at(
            command.span, f"There would be more than {_MOST_BINS:,} bins.", "Choose a longer period."
        )
    keys = {item.name: table.env.computed[item.name].expr for item in stats.by}
    binned = next(item.name for item in stats.by if is_bin(item.expr))
    every = pl.datetime_range(first, last, period.polars, time_unit="ms", eager=True).rename(f"{tag}.bin")
    wanted = every.to_frame().lazy()
    others = [expr.alias(f"{tag}.{name}") for name, expr in keys.items() if name != binned]
    if others:
        wanted = wanted.join(table.plan.select(others).unique(), how="cross")
    on_left = [pl.col(f"{tag}.bin" if name == binned else f"{tag}.{name}") for name in keys]
    on_right = list(keys.values())
    here = f"{tag}.here"
    plan = wanted.join(
        table.plan.with_columns(pl.lit(value=True).alias(here)),
        left_on=on_left,
        right_on=on_right,
        how="left",
        nulls_equal=True,
        coalesce=False,
    ).sort(on_left)
    found = {
        name: replace(table.env.computed[name], expr=expr) for name, expr in zip(keys, on_left, strict=True)
    }
    for constant, field in command.values:
        value = table.env.look_up(field)
        filling = value_of(tree.Literal(constant), table.env)
        fits = filling.number() if value.type in _NUMBERS else filling.text()
        filled = pl.when(pl.col(here)).then(value.expr).otherwise(fits.cast(DTYPES[value.type], strict=False))
        found[field.written] = replace(value, expr=filled)
    return replace(table, plan=plan).computing(found, f"{tag}.filled")
