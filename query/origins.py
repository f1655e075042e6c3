"""Which records a row of an answer stands for, as a scope whose filter is QL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from query import commands, tree
from query.check_commands import is_bin

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
    """

    known: dict[str, tree.Expr | None] = field(default_factory=dict)
    conditions: list[tree.Expr] = field(default_factory=list)

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

    def name(self, items: tuple[commands.Item, ...]) -> None:
        for item in items:
            if item.alias or not isinstance(item.expr, tree.Field):
                self.known[item.name] = self.traced(item.expr)


def behind(query: commands.Query, scope: Scope, values: Mapping[str, object]) -> Scope | None:
    """The records behind a row of the last ``stats``, or those that passed the filters if there is none.

    Args:
        query: The query.
        scope: What it was asked of.
        values: The row's values by the names of the columns.

    Returns:
        The scope; None where the groups come from something that no filter can say.
    """
    origins, keys = _walk(query)
    conditions = list(origins.conditions)
    for name, expr in keys.items():
        if expr is None or name not in values:
            return None
        value = values[name]
        if is_bin(expr) and isinstance(value, datetime):
            scope = _within(scope, expr, value)
        else:
            conditions.append(_equal(expr, value))
    terms = [
        tree.to_text(condition) if len(conditions) + bool(scope.filter.strip()) == 1 else _in_and(condition)
        for condition in conditions
    ]
    if scope.filter.strip():
        terms.insert(0, f"({scope.filter.strip()})" if terms else scope.filter)
    return replace(scope, filter=" and ".join(dict.fromkeys(terms)))


def _walk(query: commands.Query) -> tuple[_Origins, dict[str, tree.Expr | None]]:
    """What names and groups stand for at the end of a query."""
    origins, keys = _Origins(), dict[str, tree.Expr | None]()
    grouped = False
    for command in query.commands:
        match command:
            case commands.Filter(condition) if not grouped:
                traced = origins.traced(condition)
                if traced is not None:
                    origins.conditions.append(traced)
            case commands.Fields(items) | commands.Display(items):
                origins.name(items)
            case commands.Parse(names=names):
                origins.known |= dict.fromkeys(names)
            case commands.Unnest(name=name):
                origins.known[name] = None
            case commands.CidrLookup(outputs=outputs):
                origins.known |= {name: None for _, name in outputs}
            case commands.Stats(items, by):
                keys = {item.name: origins.traced(item.expr) for item in by}
                made: dict[str, tree.Expr | None] = {item.name: None for item in items}
                origins.known = keys | made
                grouped = True
            case commands.Pattern():
                keys, grouped = {"@pattern": None}, True
                origins.known = dict(keys)
    return origins, keys


def _equal(expr: tree.Expr, value: object) -> tree.Expr:
    if value is None:
        return tree.Not(tree.Call("ispresent", (expr,)))
    if isinstance(value, datetime):
        value = (value - _EPOCH) // _MILLISECOND
    return tree.Compare(expr, "=", tree.Literal(value if isinstance(value, (int, float)) else str(value)))


def _within(scope: Scope, expr: tree.Expr, begin: datetime) -> Scope:
    """The part of a scope that lies in a bin."""
    import polars as pl

    argument = tree.children(expr)[0]
    if not isinstance(argument, tree.Duration):
        return scope
    until = pl.Series([begin]).dt.offset_by(argument.period.capped.polars).item()
    since = begin if scope.since is None else max(begin, scope.since)
    return replace(scope, since=since, until=until if scope.until is None else min(until, scope.until))


def _in_and(condition: tree.Expr) -> str:
    text = tree.to_text(condition)
    return f"({text})" if isinstance(condition, tree.Or) else text
