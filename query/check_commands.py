"""What can be wrong with the commands of a query: what they name, and what may follow what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from query import commands, functions, names, tree
from query.check_values import QueryWarning, check_expression, check_pattern
from query.errors import QueryError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_PATTERN_COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
# AWS stops at ten.
_MOST_STATS = 10
# More than any person writes, and few enough for a plan that is made at once.
_MOST_COMMANDS = 200


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known where a command stands.

    Attributes:
        columns: The columns of the logs and the fields of their messages.
        named: What commands have named so far.
        holders: Those of them that can hold maps or lists, whose inside nobody knows.
        grouped: Whether only what was named is left of the records.
    """

    columns: Collection[str]
    named: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    grouped: bool = False

    def with_names(self, *given: str) -> _Known:
        return replace(self, named=self.named | set(given))

    def has(self, node: tree.Field) -> bool:
        if node.written in self.named:
            return True
        if any(node.written.startswith(f"{name}.") for name in self.holders):
            return True
        return self.grouped and names.column_of(node.written, self.named) is not None


@dataclass
class _Walk:
    """A walk through the commands of a query."""

    known: _Known
    stats: int = 0
    previous: commands.Command | None = field(default=None)


def check_commands(query: commands.Query, columns: Collection[str]) -> Iterator[QueryWarning]:
    """Check command after command, as ``query.check.check_query`` says."""
    walk = _Walk(_Known(columns))
    if len(query.commands) > _MOST_COMMANDS:
        place = query.commands[_MOST_COMMANDS].span
        raise QueryError.at(place, f"A query has at most {_MOST_COMMANDS} commands.")
    for command in query.commands:
        _refuse_order(command, walk)
        yield from _expressions(command, walk)
        walk.known = _after(command, walk.known)
        walk.previous = command


def named_by(query: commands.Query) -> tuple[tuple[str, ...], bool]:
    """The names that a query has made, and whether nothing else is left of the records."""
    known = _Known(())
    for command in query.commands:
        known = _after(command, known)
    return tuple(sorted(known.named)), known.grouped


def _refuse_order(command: commands.Command, walk: _Walk) -> None:
    """Refuse a command that cannot stand behind the one before."""
    if isinstance(walk.previous, commands.Dedup) and not isinstance(
        command, (commands.Limit, commands.Chart)
    ):
        raise QueryError.at(
            command.span, "Only limit may follow dedup.", "Put dedup behind the other commands."
        )
    if isinstance(command, commands.Diff) and not isinstance(walk.previous, commands.Pattern):
        raise QueryError.at(command.span, "diff compares patterns.", "Write it behind pattern @message.")
    if isinstance(command, commands.Stats):
        walk.stats += 1
        if walk.stats > _MOST_STATS:
            raise QueryError.at(command.span, f"A query has at most {_MOST_STATS} stats commands.")
    if isinstance(command, commands.FillMissing) and not _is_binned(walk.previous):
        raise QueryError.at(
            command.span, "fillmissing fills the bins of stats.", "Write it behind stats … by bin(5m)."
        )
    if isinstance(command, commands.Parse) and isinstance(command.pattern, tree.Regex):
        check_pattern(command.pattern)


def _is_binned(command: commands.Command | None) -> bool:
    return isinstance(command, commands.Stats) and any(is_bin(item.expr) for item in command.by)


def is_bin(expr: tree.Expr) -> bool:
    """Whether an expression is a call of ``bin``."""
    return isinstance(expr, tree.Call) and expr.name == "bin"


def _expressions(command: commands.Command, walk: _Walk) -> Iterator[QueryWarning]:
    known = walk.known
    aggregated = {id(item.expr) for item in command.items} if isinstance(command, commands.Stats) else set()
    for expr, name in _in_order(command):
        yield from _fields(expr, known, wants_value=isinstance(command, commands.Filter) or None)
        if id(expr) not in aggregated:
            _refuse_aggregates(expr)
        # Values of one command can use those before them.
        known = known.with_names(name) if name else known
    if isinstance(command, commands.Stats):
        _check_stats(command)
    if isinstance(command, (commands.Dedup, commands.Pattern, commands.Sort)):
        for expr in commands.expressions(command):
            if isinstance(expr, tree.Field) and expr.written in known.holders:
                message = f"{expr.written} holds a map or a list, which cannot be used here."
                raise QueryError.at(expr.span, message, f"Name what is inside it, as in {expr.written}.name.")


def _in_order(command: commands.Command) -> Iterator[tuple[tree.Expr, str]]:
    """The expressions of a command as they are worked out, each with the name that it gets."""
    match command:
        case commands.Fields(items) | commands.Display(items):
            yield from ((item.expr, item.name if item.alias else "") for item in items)
        case commands.Stats(items, by):
            yield from ((item.expr, item.name) for item in (*by, *items))
        case _:
            yield from ((expr, "") for expr in commands.expressions(command))


def _fields(expr: tree.Expr, known: _Known, *, wants_value: bool | None) -> Iterator[QueryWarning]:
    """Check an expression; what the query itself has named is no question of the logs' columns."""
    named = {node.written for node in tree.walk(expr) if isinstance(node, tree.Field) and known.has(node)}
    columns = known.columns if not known.grouped else known.named
    seen = [*columns, *named] if columns or known.grouped else ()
    if not seen and named:
        return
    yield from check_expression(expr, seen, wants_value=wants_value, strict=False)


def _refuse_aggregates(expr: tree.Expr) -> None:
    for node in tree.walk(expr):
        function = functions.find(node.name) if isinstance(node, tree.Call) else None
        if function is not None and function.aggregate:
            raise QueryError.at(
                node.span, f"{function.name} counts over many records, which only stats does."
            )


def _check_stats(command: commands.Stats) -> None:
    """Every value of ``stats`` is an aggregate, or made of aggregates, group keys and earlier values."""
    known = {item.name for item in command.by}
    known |= {item.expr.written for item in command.by if isinstance(item.expr, tree.Field)}
    for item in command.items:
        for node in _outside_aggregates(item.expr):
            if isinstance(node, tree.Field) and node.written not in known:
                hint = did_you_mean(node.written, known) or f"Write it like max({node.written})."
                message = f"{node.written} is neither counted nor grouped by."
                raise QueryError.at(node.span, message, hint)
        known.add(item.name)


def _outside_aggregates(expr: tree.Expr) -> Iterator[tree.Expr]:
    function = functions.find(expr.name) if isinstance(expr, tree.Call) else None
    if function is not None and function.aggregate:
        for argument in tree.children(expr):
            _refuse_aggregates(argument)
        return
    yield expr
    for child in tree.children(expr):
        yield from _outside_aggregates(child)


def _after(command: commands.Command, known: _Known) -> _Known:
    """What is known behind a command."""
    match command:
        case commands.Fields(items) | commands.Display(items):
            given = [item for item in items if item.alias or not isinstance(item.expr, tree.Field)]
            makers = {item.name for item in given if _makes_json(item.expr)}
            return replace(known.with_names(*(item.name for item in given)), holders=known.holders | makers)
        case commands.Parse(names=given_names):
            return known.with_names(*given_names)
        case commands.Unnest(name=name):
            return replace(known.with_names(name), holders=known.holders | {name})
        case commands.Stats(items, by):
            return replace(
                known, named=frozenset(item.name for item in (*by, *items)), holders=frozenset(), grouped=True
            )
        case commands.Pattern():
            return replace(known, named=frozenset(_PATTERN_COLUMNS), holders=frozenset(), grouped=True)
        case commands.Diff():
            return known.with_names("@baselineSampleCount", "@differenceRatio")
        case commands.AddTotals(title=title, row=row):
            return known.with_names(title) if row else known
        case commands.CidrLookup(outputs=outputs):
            return known.with_names(*(name for _, name in outputs))
    return known


def _makes_json(expr: tree.Expr) -> bool:
    function = functions.find(expr.name) if isinstance(expr, tree.Call) else None
    return function is not None and function.gives is functions.Gives.JSON
