"""The commands that look at all rows together, but for ``stats``. Only the polars back end imports this."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.schema import TIMESTAMP
from query import commands, natural, tree
from query.check_commands import is_bin
from query.conversions import as_number
from query.errors import QueryError
from query.stats import bin_of, group
from query.table import Table
from query.to_polars import value_of
from query.values import DTYPES, Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBERS = frozenset({Type.INTEGER, Type.DECIMAL})
# More rows than any screen or spreadsheet shows, and few enough to be made at once.
_MOST_ROWS = 1_000_000


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
        numbers = {name: as_number(value) for name, value in wanted.items()}
    else:
        numbers = {name: value for name, value in columns.items() if value.type in _NUMBERS}
    if command.row:
        table = table.computing({command.title: _total_of(list(numbers.values()))}, tag)
        columns[command.title] = numbers[command.title] = table.env.computed[command.title]
    if not command.col:
        return table
    table = table.newest_first()
    rows = [value.expr.cast(DTYPES[value.type]).alias(name) for name, value in columns.items()]
    sums = [
        (_summed(numbers[name]) if name in numbers else pl.lit(None)).cast(DTYPES[value.type]).alias(name)
        for name, value in columns.items()
    ]
    # Like any result without a limit, this one will be cut; the totals are those of all rows.
    cut = table.plan.head(commands.DEFAULT_LIMIT + 1)
    plan = pl.concat([cut.select(rows), table.plan.select(sums)], how="vertical")
    computed = {name: replace(value, expr=pl.col(name), constant=None) for name, value in columns.items()}
    env = replace(table.env, schema={}, addresses={}, carried=None, computed=computed, known={})
    # The last row has no record behind it, so rows stop being records.
    return Table(plan, env, of_records=False, ordered=True)


def _total_of(numbers: Sequence[Value]) -> Value:
    """The total of the numbers of a row, those that are not there left out."""
    if all(value.type is Type.INTEGER for value in numbers):
        total = pl.sum_horizontal([value.expr.cast(pl.Int128) for value in numbers] or [pl.lit(0)])
        return Value(total.cast(pl.Int64, strict=False), Type.INTEGER)
    return Value(pl.sum_horizontal([value.expr.cast(pl.Float64) for value in numbers]), Type.DECIMAL)


def _summed(value: Value) -> pl.Expr:
    """The total of a column, null where it holds no number."""
    is_whole = value.type is Type.INTEGER
    total = (value.expr.cast(pl.Int128) if is_whole else value.expr).sum()
    found = pl.when(value.expr.count() > 0).then(total)
    return found.cast(pl.Int64, strict=False) if is_whole else found


def fill_missing(
    command: commands.FillMissing, stats: commands.Stats, table: Table, tag: str, groups: pl.DataFrame
) -> Table:
    """Rows for the bins that a group has none for.

    Args:
        command: The command.
        stats: The ``stats`` before it.
        table: Its rows.
        tag: What the names of new columns begin with.
        groups: The keys of its rows, a column for each in their order.

    Raises:
        QueryError: If there would be too many rows.
    """
    period = bin_of(stats)
    binned = next(place for place, item in enumerate(stats.by) if is_bin(item.expr))
    names = [f"{tag}.key.{place}" for place in range(len(stats.by))]
    groups.columns = names
    bins = groups[names[binned]]
    first, last = bins.min(), bins.max()
    if period is None or not (isinstance(first, datetime) and isinstance(last, datetime)):
        return table
    others = groups.select(name for name in names if name != names[binned]).unique()
    _refuse_too_many(command, (last - first, period.milliseconds), max(others.height, 1))
    every = pl.datetime_range(first, last, period.polars, time_unit="ms", eager=True)
    wanted = every.alias(names[binned]).to_frame().lazy()
    if others.width:
        wanted = wanted.join(others.lazy(), how="cross")
    keys = {item.name: table.env.computed[item.name] for item in stats.by}
    here = f"{tag}.here"
    plan = wanted.join(
        table.plan.with_columns(pl.lit(value=True).alias(here)),
        left_on=names,
        right_on=[value.expr for value in keys.values()],
        how="left",
        nulls_equal=True,
        coalesce=False,
    ).sort(names)
    found = {
        name: replace(value, expr=pl.col(column))
        for (name, value), column in zip(keys.items(), names, strict=True)
    }
    for constant, field in command.values:
        found[field.written] = _filled(table, field, constant, pl.col(here))
    return replace(table, plan=plan).computing(found, f"{tag}.filled")


def _refuse_too_many(
    command: commands.FillMissing, length: tuple[timedelta, int | None], groups: int
) -> None:
    span, bin_length = length
    bins = span // timedelta(milliseconds=bin_length) + 1 if bin_length else 1
    if bins * groups > _MOST_ROWS:
        message = f"There would be {bins * groups:,} rows: {bins:,} bins for each of {groups:,} groups."
        raise QueryError.at(command.span, message, "Choose a longer period, or group by less.")


def _filled(table: Table, field: tree.Field, constant: str | float, is_here: pl.Expr) -> Value:
    """A column with a constant in the rows that were not there."""
    value = table.env.look_up(field)
    filling = value_of(tree.Literal(constant), table.env)
    fits = filling.number() if value.type in _NUMBERS else filling.text()
    dtype = DTYPES[value.type]
    return replace(value, expr=pl.when(is_here).then(value.expr).otherwise(fits.cast(dtype, strict=False)))
