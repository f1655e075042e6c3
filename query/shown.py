"""Which columns the result of a query has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query import commands, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# What Insights shows of records if nothing is said.
_RECORD = ("@timestamp", "@message")


def shown_by(found: Sequence[commands.Command]) -> dict[str, tree.Field]:
    """The columns that commands show, in order: each one's name, and the field that it shows.

    ``fields``, ``parse`` and ``unnest`` add columns, the last ``display`` leaves only its own, and ``stats``
    and ``pattern`` begin anew with what they make.
    """
    shown: dict[str, tree.Field] = {}
    asked, fixed, records = False, False, True

    def add(*names: str) -> None:
        if not fixed:
            shown.update((name, _field(name)) for name in names)

    for command in found:
        match command:
            case commands.Fields(items):
                asked = asked or records
                add(*(item.name for item in items))
            case commands.Display(items):
                asked, fixed = asked or records, False
                shown.clear()
                add(*(item.name for item in items))
                fixed = True
            case commands.Parse(names=names):
                add(*names)
            case commands.Unnest(name=name):
                add(name)
            case commands.CidrLookup(outputs=outputs):
                add(*(name for _, name in outputs))
            case commands.AddTotals(title=title, row=row) if row:
                add(title)
            case commands.Stats(items, by):
                shown.clear()
                fixed = records = False
                add(*(item.name for item in (*by, *items)))
            case commands.Pattern():
                shown.clear()
                fixed = records = False
                add(*commands.PATTERN_COLUMNS)
            case commands.Diff():
                add(*commands.DIFF_COLUMNS)
    if records and not asked:
        return {name: _field(name) for name in _RECORD} | shown
    return shown


def wanted(rest: Sequence[commands.Command], shown: Mapping[str, tree.Field]) -> Iterator[tree.Field]:
    """The fields that these commands name, up to one that leaves nothing of the records, or the result."""
    for command in rest:
        for expr in commands.expressions(command):
            yield from (node for node in tree.walk(expr) if isinstance(node, tree.Field))
        if isinstance(command, commands.CidrLookup):
            yield from (tree.Field(name) for _, name in command.outputs)
        if isinstance(command, (commands.Stats, commands.Pattern)):
            return
    yield from shown.values()


def _field(name: str) -> tree.Field:
    return tree.Field(name)
