"""Which records a row of an answer stands for, as a scope whose filter is QL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from query import commands, tree
from query.check_commands import is_bin
from query.literals import LARGEST, NO_VALUE
from query.parse import parse_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from query.scope import Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass
class _Origins:
    """What names stand for, in fields of the records.

    Attributes:
        known: The names that commands gave, each with an expression of the records' own fields; None where
            there is none, as for what ``parse`` took out of a text.
        conditions: The filters that rows have passed, in the records' own fields.
        is_partial: Whether rows were left out, or made, by what no condition says.
        keys: What the last ``stats`` groups by, by the columns' names; None for a column that no longer
            holds the group's value.
        grouped: Whether rows are groups.
        leaves_groups: Whether groups were left out, which matters once groups are grouped again.
        has_total: Whether a last row with totals stands among the groups.
    """

    known: dict[str, tree.Expr | None] = field(default_factory=dict)
    conditions: list[tree.Expr] = field(default_factory=list)
    is_partial: bool = False
    keys: dict[str, tree.Expr | None] = field(default_factory=dict)
    grouped: bool = False
    leaves_groups: bool = False
    has_total: bool = False

    def traced(self, node: tree.Expr) -> tree.Expr | None:
        """An expression in the records' own fields, or None if it has something else in it."""
        if isinstance(node, tree.Field):
            return self.known[node.written] if node.written in self.known else self._unnamed(node)
        below = [self.traced(child) for child in tree.children(node)]
        found = tuple(child for child in below if child is not None)
        return tree.with_children(node, found) if len(found) == len(below) else None

    def _unnamed(self, node: tree.Field) -> tree.Expr | None:
        inside = any(node.written.startswith(f"{name}.") for name in self.known)
        return None if inside else node

    def keep(self, condition: tree.Expr) -> None:
        """Note a filter of records."""
        traced = self.traced(condition)
        if traced is None:
            self.is_partial = True
        else:
            self.conditions.append(traced)

    def name(self, items: tuple[commands.Item, ...]) -> None:
        """Note what values are called."""
        for item in items:
            if item.alias or not isinstance(item.expr, tree.Field):
                self.give(item.name, self.traced(item.expr))

    def give(self, name: str, expr: tree.Expr | None = None) -> None:
        """Note that a name now stands for something else."""
        self.known[name] = expr
        if name in self.keys:
            self.keys[name] = None

    def group(self, items: tuple[commands.Item, ...], by: tuple[commands.Item, ...]) -> None:
        """Note what a ``stats`` makes."""
        self.keys = {item.name: self.traced(item.expr) for item in by}
        self.known = dict(self.keys)
        for item in items:
            self.give(item.name)
        self.grouped = True


def behind(
    query: commands.Query, scope: Scope, values: Mapping[str, object], *, partly: bool = False
) -> Scope | None:
    """The records behind a row of the last ``stats``, or those that passed the filters if there is none.

    Args:
        query: The query.
        scope: What it was asked of.
        values: The row's values by the names of the columns.
        partly: Whether some of what the groups have in common may be missing: it can be anything then.

    Returns:
        The scope; None where the groups come from something that no filter can say.
    """
    origins = _walk(query)
    if origins.grouped and origins.is_partial:
        return None
    if origins.has_total and origins.keys and all(values.get(name) is None for name in origins.keys):
        return None
    conditions = [parse_filter(scope.filter)] if scope.filter.strip() else []
    conditions += origins.conditions
    for name, expr in origins.keys.items():
        if partly and name not in values:
            continue
        if expr is None or name not in values:
            return None
        value = values[name]
        if is_bin(expr) and isinstance(value, datetime):
            scope = _within(scope, expr, value)
        elif isinstance(value, float) and abs(value) > LARGEST:
            return None  # no query can write such a number
        else:
            conditions.append(_equal(expr, value))
    if not conditions:
        return replace(scope, filter="")
    if len(conditions) == 1 and scope.filter.strip():
        return scope
    different = tuple(dict.fromkeys(conditions))
    return replace(scope, filter=tree.to_text(tree.And(different) if len(different) > 1 else different[0]))


def _walk(query: commands.Query) -> _Origins:
    """What names and groups stand for at the end of a query."""
    origins = _Origins()
    for command in query.commands:
        match command:
            case commands.Filter(condition) if not origins.grouped:
                origins.keep(condition)
            case commands.Limit(int()) | commands.Dedup() | commands.Unnest() if not origins.grouped:
                origins.is_partial = True
            case commands.Filter() | commands.Limit(int()) | commands.Dedup():
                origins.leaves_groups = True
            case commands.Stats() if origins.leaves_groups:
                origins.is_partial = True
            case commands.AddTotals(col=True):
                origins.has_total = True
        _name(command, origins)
    return origins


def _name(command: commands.Command, origins: _Origins) -> None:
    """Note what a command names."""
    match command:
        case commands.Fields(items) | commands.Display(items):
            origins.name(items)
        case commands.Parse(names=names):
            for name in names:
                origins.give(name)
        case commands.Unnest(name=name):
            origins.give(name)
        case commands.CidrLookup(outputs=outputs):
            for _, name in outputs:
                origins.give(name)
        case commands.AddTotals(title=title, row=True):
            origins.give(title)
        case commands.Stats(items, by):
            origins.group(items, by)
        case commands.Pattern():
            origins.keys, origins.grouped = {"@pattern": None}, True
            origins.known = dict(origins.keys)


def _equal(expr: tree.Expr, value: object) -> tree.Expr:
    if value is None:
        return tree.Not(tree.Call("ispresent", (expr,)))
    if isinstance(value, datetime):
        value = (value - _EPOCH) // _MILLISECOND
    found = tree.Compare(expr, "=", tree.Literal(value if isinstance(value, (int, float)) else str(value)))
    # Compared with "-", what is empty is equal too.
    return tree.And((found, tree.Call("ispresent", (expr,)))) if value == NO_VALUE else found


def _within(scope: Scope, expr: tree.Expr, begin: datetime) -> Scope:
    """The part of a scope that lies in a bin."""
    import polars as pl

    argument = tree.children(expr)[0]
    if not isinstance(argument, tree.Duration):
        return scope
    until = pl.Series([begin]).dt.offset_by(argument.period.capped.polars).item()
    since = begin if scope.since is None else max(begin, scope.since)
    return replace(scope, since=since, until=until if scope.until is None else min(until, scope.until))
