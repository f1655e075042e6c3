"""What can be wrong with the commands of a query: what they name, and what may follow what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from query import commands, functions, names, tree
from query.check_values import QueryWarning, check_expression, check_pattern
from query.errors import QueryError, did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

# AWS stops at ten.
_MOST_STATS = 10
# More than any person writes, and few enough for a plan that is made at once.
_MOST_COMMANDS = 200
_AFTER_DEDUP = (commands.Limit, commands.Chart)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known where a command stands.

    Attributes:
        columns: The columns of the logs and the fields of their messages.
        named: What commands have named so far.
        holders: Those of them that can hold maps or lists, whose inside nobody knows.
        maps: Those of them that hold nothing else.
        grouped: Whether only what was named is left of the records.
    """

    columns: Collection[str]
    named: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    maps: frozenset[str] = frozenset()
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
    """A walk through the commands of a query.

    Attributes:
        known: What is known where the walk has come to.
        stats: How many ``stats`` there were.
        totals: How many ``addtotals`` there were that add a last row.
        previous: The command before; a ``dedup`` stays the one before whatever may follow it.
    """

    known: _Known
    stats: int = 0
    totals: int = 0
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
        if not (isinstance(walk.previous, commands.Dedup) and isinstance(command, _AFTER_DEDUP)):
            walk.previous = command


def named_by(query: commands.Query) -> tuple[tuple[str, ...], bool]:
    """The names that a query has made, and whether nothing else is left of the records."""
    known = _Known(())
    for command in query.commands:
        known = _after(command, known)
    return tuple(sorted(known.named)), known.grouped


def _refuse_order(command: commands.Command, walk: _Walk) -> None:
    """Refuse a command that cannot stand behind the one before."""
    if isinstance(walk.previous, commands.Dedup) and not isinstance(command, _AFTER_DEDUP):
        raise QueryError.at(
            command.span, "Only limit may follow dedup.", "Put dedup behind the other commands."
        )
    if isinstance(command, commands.Diff) and not isinstance(walk.previous, commands.Pattern):
        raise QueryError.at(command.span, "diff compares patterns.", "Write it behind pattern @message.")
    if isinstance(command, commands.AddTotals) and command.col:
        walk.totals += 1
        if walk.totals > 1:
            raise QueryError.at(command.span, "One addtotals col=true is enough.", "Leave the others out.")
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
    for expr, name in in_order(command):
        yield from _fields(expr, known, wants_value=isinstance(command, commands.Filter) or None)
        if id(expr) not in aggregated:
            _refuse_aggregates(expr, grouped=known.grouped)
        # Values of one command can use those before them.
        known = _naming(known, name, expr) if name else known
    if isinstance(command, commands.Stats):
        _check_stats(command)
    if isinstance(command, (commands.Dedup, commands.Pattern, commands.Sort, commands.Stats)):
        for expr in commands.expressions(command):
            if isinstance(expr, tree.Field) and expr.written in walk.known.maps:
                message = f"{expr.written} holds a map or a list, which cannot be used here."
                raise QueryError.at(expr.span, message, f"Name what is inside it, as in {expr.written}.name.")


def in_order(command: commands.Command) -> Iterator[tuple[tree.Expr, str]]:
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
    found = check_expression(expr, seen, wants_value=wants_value, strict=False)
    if not known.grouped:
        yield from found
        return
    gone = {
        node.span: QueryWarning(_gone(node, known), node.span)
        for node in tree.walk(expr)
        if isinstance(node, tree.Field) and not known.has(node)
    }
    others = [warning for warning in found if warning.span not in gone]
    yield from sorted([*gone.values(), *others], key=lambda warning: warning.span.start)


def _gone(node: tree.Field, known: _Known) -> str:
    """Say that a field is not among what is left of the records."""
    hint = did_you_mean(node.written, known.named)
    return f"{node.written} is not among the columns that are left, so it counts as empty. {hint}".rstrip()


def _refuse_aggregates(expr: tree.Expr, *, grouped: bool = False) -> None:
    for node in tree.walk(expr):
        function = functions.find(node.name) if isinstance(node, tree.Call) else None
        if function is not None and function.aggregate:
            message = f"{function.name} counts over many records, which only stats does."
            hint = f"Give it a name there, as in {function.example} as total." if grouped else ""
            raise QueryError.at(node.span, message, hint)


def _check_stats(command: commands.Stats) -> None:
    """Every value of ``stats`` is an aggregate, or made of aggregates, group keys and earlier values."""
    _refuse_twins(command)
    known = {item.name for item in command.by}
    known |= {item.expr.written for item in command.by if isinstance(item.expr, tree.Field)}
    for item in command.items:
        for node in _outside_aggregates(item.expr):
            if isinstance(node, tree.Field) and names.column_of(node.written, known) is None:
                hint = did_you_mean(node.written, known) or f"Write it like max({node.written})."
                message = f"{node.written} is neither counted nor grouped by."
                raise QueryError.at(node.span, message, hint)
        known.add(item.name)


def _refuse_twins(command: commands.Stats) -> None:
    """Refuse two columns of one name that hold different things: one would hide the other."""
    seen: dict[str, tree.Expr] = {}
    for item in (*command.by, *command.items):
        if seen.setdefault(item.name, item.expr) != item.expr:
            hint = f"Give it another name, as in as {item.name}2."
            raise QueryError.at(item.span, f"Two columns would be called {quoted(item.name)}.", hint)


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
            for item in items:
                if item.alias or not isinstance(item.expr, tree.Field):
                    known = _naming(known, item.name, item.expr)
            return known
        case commands.Parse(names=given_names):
            return known.with_names(*given_names)
        case commands.Unnest(name=name):
            return replace(known.with_names(name), holders=known.holders | {name}, maps=known.maps - {name})
        case commands.Stats(items, by):
            return _grouped(item.name for item in (*by, *items))
        case commands.Pattern():
            return _grouped(commands.PATTERN_COLUMNS)
        case commands.Diff():
            return known.with_names(*commands.DIFF_COLUMNS)
        case commands.AddTotals(title=title, row=row):
            return known.with_names(title) if row else known
        case commands.CidrLookup(outputs=outputs):
            return known.with_names(*(name for _, name in outputs))
    return known


def _grouped(given: Iterable[str]) -> _Known:
    """What is known where only these columns are left of the records."""
    return _Known((), frozenset(given), grouped=True)


def _naming(known: _Known, name: str, expr: tree.Expr) -> _Known:
    """What is known after an expression has got a name."""
    holds, is_map = _holds_json(expr, known.holders), _is_map(expr, known.maps)
    return replace(
        known.with_names(name),
        holders=known.holders | {name} if holds else known.holders - {name},
        maps=known.maps | {name} if is_map else known.maps - {name},
    )


def _is_map(expr: tree.Expr, maps: frozenset[str]) -> bool:
    """Whether an expression is a map or a list and nothing else."""
    if isinstance(expr, tree.Field):
        return expr.written in maps
    function = functions.find(expr.name) if isinstance(expr, tree.Call) else None
    return function is not None and function.gives is functions.Gives.JSON


def _holds_json(expr: tree.Expr, holders: frozenset[str]) -> bool:
    """Whether an expression can be a map or a list."""
    if isinstance(expr, tree.Field):
        return expr.written in holders or expr.written.startswith(tuple(f"{name}." for name in holders))
    return _is_map(expr, frozenset())
