"""What can be wrong with a filter or a query that the grammar accepts.

An error is raised for what has no meaning; a warning is returned for what has one but cannot be what the
person wants, such as a search for traffic that AWS never logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.check_commands import check_commands
from query.check_values import QueryWarning, check_expression, check_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from query import commands, tree

__all__ = ["QueryWarning", "check_filter", "check_pattern", "check_query"]


def check_filter(condition: tree.Expr, columns: Collection[str] = ()) -> tuple[QueryWarning, ...]:
    """Check what a filter says against what is known of the fields.

    Args:
        condition: A tree from ``parse_filter``.
        columns: The columns of the loaded logs and the fields seen in their messages; with none, nothing is
            said about fields that they lack.

    Returns:
        Warnings in the order of the text, each sentence once.

    Raises:
        QueryError: If a field exists nowhere and no message can hold it, a number is compared with text that
            is none, a network is none, or a pattern is no regular expression.
    """
    return _each_once(check_expression(condition, columns, wants_value=True, strict=True))


def check_query(query: commands.Query, columns: Collection[str] = ()) -> tuple[QueryWarning, ...]:
    """Check what a query says against what is known of the fields and of its own commands.

    Args:
        query: A query from ``parse_query``.
        columns: As for ``check_filter``.

    Returns:
        Warnings in the order of the text, each sentence once. A field that exists nowhere is among them: AWS
        takes it for empty.

    Raises:
        QueryError: As for ``check_filter``, and where commands do not fit together: an aggregate outside
            ``stats``, ``diff`` without ``pattern``, a command after ``dedup`` other than ``limit``.
    """
    return _each_once(check_commands(query, columns))


def _each_once(found: Iterable[QueryWarning]) -> tuple[QueryWarning, ...]:
    return tuple({warning.message: warning for warning in found}.values())
