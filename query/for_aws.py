"""A query as it is sent to AWS: short forms written out, and what only flowtui has refused with a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from query import commands, functions, local, tree
from query.check_commands import in_order, named_by
from query.errors import QueryError, Span

if TYPE_CHECKING:
    from collections.abc import Collection

_PLAIN_NUMBER = re.compile(r"\(*-?\s*[0-9]*\.?[0-9]+\)*")


def for_aws(query: commands.Query) -> str:
    """The text of a query as AWS takes it: as it was typed, but that short forms are written out.

    Raises:
        QueryError: If the query uses what only flowtui has; it says what to write instead.
    """
    changes: dict[Span, str] = {}
    for place, command in enumerate(query.commands):
        if isinstance(command, commands.Chart):
            raise QueryError.at(
                command.span, "AWS has no command 'chart'.", "Leave it out: the console draws by itself."
            )
        if command == commands.Limit(None):
            raise QueryError.at(command.span, "AWS wants a number behind 'limit any'.", "Write limit 10000.")
        _refuse_hyphens(command, query.text)
        given = set(named_by(commands.Query(query.commands[:place]))[0])
        for expr, name in in_order(command):
            _refuse_local(expr, given)
            changes |= _changes(expr, given, query.text)
            given |= {name} - {""}
    text = query.text
    for span, new in sorted(changes.items(), key=lambda change: change[0].start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def _changes(expr: tree.Expr, given: Collection[str], text: str) -> dict[Span, str]:
    """What AWS has to get for an expression, by the stretches of text that it replaces."""
    if _is_short(expr, text):
        return {expr.span: tree.to_text(expr)}
    return {
        node.span: _spelled(node, given, text)
        for node in tree.walk(expr)
        if isinstance(node, tree.Field) and "-" in node.written and "`" not in _source(node, text)
    }


def _spelled(node: tree.Field, given: Collection[str], text: str) -> str:
    """A field with a hyphen: a name of the query in its backticks, another as Insights has it."""
    quoted = f"`{node.written}`"
    return quoted if node.written in given and quoted in text else tree.field_text(node.name)


def _is_short(expr: tree.Expr, text: str) -> bool:
    """Whether an expression is written in a way that AWS does not know."""
    for node in tree.walk(expr):
        if isinstance(node, tree.Literal):
            source = _source(node, text)
            if isinstance(node.value, str) and source[:1] not in {'"', "'"}:
                return True
            if not isinstance(node.value, str) and not _PLAIN_NUMBER.fullmatch(source):
                return True
        if isinstance(node, tree.And):
            pairs = zip(node.terms, node.terms[1:], strict=False)
            if any("and" not in _between(left, right, text) for left, right in pairs):
                return True
    return False


def _between(left: tree.Expr, right: tree.Expr, text: str) -> str:
    """What stands between two terms, without comments, in small letters."""
    return re.sub(r"#[^\n]*", "", text[left.span.end : right.span.start]).lower()


def _source(node: tree.Expr, text: str) -> str:
    return text[node.span.start : node.span.end]


def _refuse_hyphens(command: commands.Command, text: str) -> None:
    """Refuse a new name that AWS would read as a subtraction."""
    if isinstance(command, (commands.Fields, commands.Display, commands.Stats)):
        for item in (*command.items, *(command.by if isinstance(command, commands.Stats) else ())):
            if item.alias and "-" in item.name and f"`{item.name}`" not in text:
                message = f"AWS reads the '-' in the name {item.name} as minus."
                raise QueryError.at(item.span, message, f"Write as `{item.name}`.")


def _refuse_local(expr: tree.Expr, given: Collection[str]) -> None:
    for node in tree.walk(expr):
        if isinstance(node, tree.Field) and node.written not in given and (ours := local.find(node.name)):
            raise QueryError.at(
                node.span, f"{ours.name} is an addition of flowtui.", f"For AWS {ours.instead}."
            )
        if isinstance(node, tree.Call) and (function := functions.find(node.name)) and function.local:
            raise QueryError.at(node.span, f"{function.name} is an addition of flowtui.", function.local)
