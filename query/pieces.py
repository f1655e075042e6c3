"""``stats`` over logs that grow: what was counted of some parts is kept, and only new ones are looked at.

Where each aggregate can be made of what is known of piles of records (``query.folds``), the groups of some
parts are a pile. At first all parts together are one; parts that come later are looked at by themselves. What
is a pile of counts (``query.rolled``) and what is one of records makes no difference here. Only the polars
back end imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import MINUTE
from loaders.schema import TIMESTAMP
from query import commands, functions, row_commands, stats, tree
from query.check_commands import is_bin
from query.parse import parse_filter
from query.remembered import MB, Memory, Piece, size_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from loaders.parts import Part
    from loaders.run import Ticket
    from query.scope import Scope
    from query.table import Table

Rows = Callable[["Scope", Collection["Part"]], "Table"]
# Once a question has been asked, new parts are looked at one by one, or in so many piles: one of them may
# soon be replaced, or be too old for a period that moves on, and what is known of the others should stay.
_MOST_PILES = 8
# More pieces than this become one, but for the youngest: what came last is what is replaced most often.
_MOST_PIECES, _YOUNG = 24, 12
PILES: Memory[pl.DataFrame] = Memory(64 * MB, size_of)
"""The groups of a question in some parts, for the questions that were asked last."""
_TIMED: Memory[bool] = Memory(MB, lambda _: 1)


@dataclass(frozen=True, slots=True)
class Source:
    """What a ``stats`` command is asked of.

    Attributes:
        command: The command.
        tag: What the names of new columns begin with.
        question: All that its groups depend on, beside the parts and the scope.
        nothing: What ``rows`` gives of no part.
        rows: The rows in a scope of some parts.
    """

    command: commands.Stats
    tag: str
    question: Hashable
    nothing: Table
    rows: Rows


def place_of_stats(found: Sequence[commands.Command]) -> int | None:
    """Where the first ``stats`` stands, if all before it look at one row at a time."""
    for place, command in enumerate(found):
        if isinstance(command, commands.Stats):
            return place
        if not isinstance(command, row_commands.ROW_COMMANDS):
            return None
    return None


def is_lasting(query: commands.Query, place: int, scope: Scope) -> bool:
    """Whether the ``stats`` at a place depends on nothing but the records and the scope.

    It does not where it asks for the time of asking, the queried time, or a table in a file.
    """
    before = query.commands[: place + 1]
    exprs = [expr for command in before for expr in commands.expressions(command)]
    if scope.filter.strip():
        exprs.append(parse_filter(scope.filter))
    return not any(isinstance(command, commands.CidrLookup) for command in before) and not any(
        map(_is_contextual, (node for expr in exprs for node in tree.walk(expr)))
    )


def _is_contextual(node: tree.Expr) -> bool:
    function = functions.find(node.name) if isinstance(node, tree.Call) else None
    return function is not None and function.contextual and not is_bin(node)


def spelled(found: Sequence[commands.Command]) -> Hashable:
    """Commands, with what does not count when they are compared: spellings of fields, which JSON may know."""
    written = tuple(
        node.written
        for command in found
        for expr in commands.expressions(command)
        for node in tree.walk(expr)
        if isinstance(node, tree.Field)
    )
    aliases = tuple(
        item.alias
        for command in found
        if isinstance(command, (commands.Fields, commands.Display, commands.Stats))
        for item in command.items
    )
    return tuple(found), written, aliases


def grouped(source: Source, parts: Sequence[Part], scope: Scope, ticket: Ticket | None) -> Table | None:
    """Do a ``stats`` command on parts, some of which it may be known of.

    Args:
        source: What it is asked of.
        parts: The parts that hold records in scope.
        scope: Which of their records it is asked of.
        ticket: Checked before the work.

    Returns:
        The groups as ``stats.group`` gives them; ``None`` where they cannot be made of piles.

    Raises:
        Cancelled: Nobody wants them any more.
    """
    grouping = stats.grouping(source.command, source.nothing, source.tag)
    if not grouping.folds:
        return None
    piles: list[pl.DataFrame] = []
    for here, some in _by_time(parts, scope):
        piles += _piles(source, grouping, here, some, ticket)
    return grouping.done(grouping.of_piles(piles))


def _by_time(parts: Sequence[Part], scope: Scope) -> Iterator[tuple[Scope, list[Part]]]:
    """Parts all of whose records are of the scope's times, which then may move on; and the other ones."""
    within = [part for part in parts if _is_within(part, scope)]
    if within:
        yield replace(scope, since=None, until=None), within
    inside = frozenset(within)
    across = [part for part in parts if part not in inside]
    if across:
        yield scope, across


def _is_within(part: Part, scope: Scope) -> bool:
    """Whether all records of a part are of the scope's times."""
    if not (scope.since or scope.until):
        return True
    if part.span is None:
        return False
    first, last = part.span
    if (scope.since and first < scope.since) or (scope.until and last >= scope.until):
        return False
    return _TIMED.of(part, None, lambda: _all_timed(part))


def _all_timed(part: Part) -> bool:
    if part.minutes is not None:
        return not part.minutes[MINUTE].null_count()
    untimed = run.collect(part.plan().select(pl.col(TIMESTAMP).null_count()))
    return not int(untimed.item())


def _piles(
    source: Source, grouping: stats.Grouping, scope: Scope, parts: list[Part], ticket: Ticket | None
) -> list[pl.DataFrame]:
    """What is known of the groups in some parts, and what is found in those of which nothing is."""
    question = (source.question, source.tag, scope.unordered)
    again = PILES.was_asked(question)
    known, new = PILES.known(question, parts)
    some = _cut(new, _MOST_PILES if again else 1)
    if ticket:
        ticket.check()
    tables = [source.rows(scope, frozenset(pile)) for pile in some]
    plans = [stats.grouping(source.command, table, source.tag).pile() for table in tables]
    frames = run.collect_all(plans) if len(plans) > 1 else [run.collect(plan) for plan in plans]
    found = [PILES.keep(question, pile, frame) for pile, frame in zip(some, frames, strict=True)]
    every: list[Piece[pl.DataFrame]] = [*known, *found]
    if len(every) > _MOST_PIECES:
        old, young = every[:-_YOUNG], every[-_YOUNG:]
        joined = run.collect(grouping.joined([piece.value for piece in old]))
        every = [PILES.keep(question, (), joined, instead_of=old), *young]
    return [piece.value for piece in every]


def _cut(parts: list[Part], most: int) -> list[list[Part]]:
    """Parts in so many piles at most, of about the same size."""
    size = max(1, -(-len(parts) // most))
    return [parts[begin : begin + size] for begin in range(0, len(parts), size)]
