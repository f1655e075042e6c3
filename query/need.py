"""What a query needs of flow logs: which columns, and what must stand on a line that matters.

A script that asks one question of a directory need not have every number of every line read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loaders.fields import ADDRESSES, BY_COLUMN, ENVELOPE, STREAM_COLUMNS, Kind
from loaders.need import Need
from query import commands, tree
from query.literals import NO_VALUE
from query.names import spelling
from query.shown import shown_by, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENVELOPE = frozenset(field.column for field in ENVELOPE)
# What the time of a record is made of.
_TIMES = frozenset({"start", "end"})


def need_of(query: commands.Query) -> Need | None:
    """What a query needs; ``None`` if that may be anything.

    Args:
        query: A query that has been checked.
    """
    named = {
        item.name
        for command in query.commands
        for item in _items(command)
        if item.alias or not isinstance(item.expr, tree.Field)
    }
    columns = set(_TIMES)
    for field in wanted(query.commands, shown_by(query.commands)):
        column = spelling(field.name)
        if column in BY_COLUMN:
            columns |= set(STREAM_COLUMNS) if column in _ENVELOPE else {column}
        elif field.written not in named:
            return None
    return Need(frozenset(columns), next(_words(query), ()))


def _items(command: commands.Command) -> tuple[commands.Item, ...]:
    match command:
        case commands.Fields(items) | commands.Display(items):
            return items
        case commands.Stats(items, by):
            return (*items, *by)
        case _:
            return ()


def _words(query: commands.Query) -> Iterator[tuple[str, ...]]:
    """For each condition that all records have to pass and that can be told from their lines: its words."""
    for command in query.commands:
        if not isinstance(command, commands.Filter):
            return
        condition = command.condition
        terms = condition.terms if isinstance(condition, tree.And) else (condition,)
        for term in terms:
            match term:
                case tree.Compare(tree.Field() as field, "=", tree.Literal(value)):
                    texts = [value]
                case tree.In(tree.Field() as field, tree.ListLiteral(items), negated=False):
                    texts = [item.value for item in items]
                case _:
                    continue
            words = tuple(text for text in texts if isinstance(text, str) and _is_word(text))
            if words and len(words) == len(texts) and _stands_as_it_is(field):
                yield words


def _stands_as_it_is(field: tree.Field) -> bool:
    """Whether values of a field stand on a line as they are compared: text that has one spelling."""
    known = BY_COLUMN.get(spelling(field.name))
    return known is not None and known.kind is Kind.LABEL and known.column not in _ENVELOPE | ADDRESSES


def _is_word(text: str) -> bool:
    return text.isascii() and text.isprintable() and text.split() == [text] and text != NO_VALUE
