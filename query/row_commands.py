"""The commands that look at one row at a time: ``fields``, ``filter``, ``parse``, ``unnest``, ``cidrlookup``.

They are done part by part, before records of several shapes are brought together, so that a filter meets the
columns as they were read.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from query import commands, lookups, tree
from query.errors import QueryError, quoted
from query.to_polars import predicate, value_of
from query.values import Type, Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from query.table import Table

ROW_COMMANDS = (
    commands.Fields,
    commands.Display,
    commands.Filter,
    commands.Parse,
    commands.Unnest,
    commands.CidrLookup,
)
RowCommand = (
    commands.Fields
    | commands.Display
    | commands.Filter
    | commands.Parse
    | commands.Unnest
    | commands.CidrLookup
)

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def do(command: RowCommand, table: Table, tag: str, folders: Sequence[Path]) -> Table:
    """Do a command.

    Args:
        command: The command.
        table: The rows.
        tag: What the names of new columns begin with.
        folders: Where tables for ``cidrlookup`` are.

    Raises:
        QueryError: If it cannot be done.
    """
    match command:
        case commands.Filter(condition):
            return replace(table, plan=table.plan.filter(predicate(condition, table.env)))
        case commands.Fields(items) | commands.Display(items):
            return _compute(items, table, tag)
        case commands.Parse():
            return _parse(command, table, tag)
        case commands.Unnest():
            return _unnest(command, table, tag)
        case commands.CidrLookup():
            return _look_up(command, table, tag, folders)


def _compute(items: Sequence[commands.Item], table: Table, tag: str) -> Table:
    """Name values; each can use those before it."""
    for place, item in enumerate(items):
        value = value_of(item.expr, table.env)
        if not isinstance(item.expr, tree.Field):
            table = table.computing({item.name: value}, f"{tag}.{place}")
        elif item.alias:
            table = replace(table, env=table.env.with_computed({item.name: value}))
    return table


def _parse(command: commands.Parse, table: Table, tag: str) -> Table:
    text = table.env.look_up(command.source).text()
    if isinstance(command.pattern, tree.Regex):
        pattern = re.sub(r"(?<!\\)\(\?P?<", "(?<", command.pattern.pattern)
        pieces = dict(zip(command.names, command.names, strict=True))
    else:
        pattern = glob_pattern(str(command.pattern.value))
        pieces = {name: str(place) for place, name in enumerate(command.names, 1)}
    groups = f"{tag}.groups"
    plan = table.plan.with_columns(text.str.extract_groups(pattern).alias(groups))
    found = {name: Value(pl.col(groups).struct.field(group), Type.TEXT) for name, group in pieces.items()}
    return replace(table, plan=plan).computing(found, tag)


def glob_pattern(glob: str) -> str:
    """The regular expression of a text with ``*``: each is as short as can be, one at the end takes all."""
    pieces = [_SPECIAL.sub(r"\\\g<0>", piece) for piece in glob.split("*")]
    body = "(.*?)".join(pieces[:-1]) if len(pieces) > 1 else ""
    last = "(.*)" if not pieces[-1] else "(.*?)"
    return f"(?s){body}{last}{pieces[-1]}" if len(pieces) > 1 else f"(?s){pieces[0]}"


def _unnest(command: commands.Unnest, table: Table, tag: str) -> Table:
    value = table.env.look_up(command.source)
    text = value.expr if value.type is Type.JSON else value.text()
    column = f"{tag}.items"
    plan = table.plan.with_columns(text.map_batches(_items, return_dtype=pl.List(pl.String)).alias(column))
    plan = plan.explode(column, empty_as_null=False, keep_nulls=False)
    return replace(table, plan=plan).computing({command.name: Value(pl.col(column), Type.ITEM)}, tag)


def _items(texts: pl.Series) -> pl.Series:
    """The items of JSON lists as text; of what is no list none. String to List(String).

    Each different text is looked at once: strings are as they are, an item that is null is null, all else is
    JSON.
    """
    different = texts.filter(texts.str.contains(r"^\s*\[")).unique()
    found = [_listed(text) for text in different]
    table = pl.DataFrame({"text": different, "items": pl.Series(found, dtype=pl.List(pl.String))})
    return texts.to_frame("text").join(table, on="text", how="left", maintain_order="left")["items"]


def _listed(text: str) -> list[str | None]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [
        item
        if item is None or isinstance(item, str)
        else json.dumps(item, separators=(",", ":"), ensure_ascii=False)
        for item in items
    ]


def _look_up(command: commands.CidrLookup, table: Table, tag: str, folders: Sequence[Path]) -> Table:
    try:
        rows = lookups.read_table(command.table, folders)
        networks = lookups.cidr_column(rows, command.column)
    except lookups.LookupTableError as error:
        raise QueryError.at(command.span, str(error)) from None
    for name, _ in command.outputs:
        if name not in rows.columns:
            message = f"Lookup table {command.table} has no column {quoted(name)}."
            raise QueryError.at(command.span, message, f"It has {', '.join(rows.columns)}.")
    row = lookups.matcher(table.env.look_up(command.source).text(), rows, networks)
    found = {}
    for name, new in command.outputs:
        value = row.replace_strict(range(rows.height), rows[name], default=None, return_dtype=pl.String)
        if command.only_new:
            value = pl.coalesce(table.env.look_up(tree.Field(new)).text(), value)
        found[new] = Value(value, Type.TEXT)
    return table.computing(found, tag)
