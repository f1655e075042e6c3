"""The earlier time range that ``diff`` compares with."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from query import commands
from query.errors import QueryError

if TYPE_CHECKING:
    from query.commands import Shift
    from query.errors import Span
    from query.scope import Scope

_STEPS: dict[str, timedelta] = {"previousDay": timedelta(days=1), "previousWeek": timedelta(weeks=1)}


def earlier(scope: Scope, shift: Shift, span: Span) -> Scope:
    """The scope with an earlier time range of the same length.

    Args:
        scope: The scope; it has to say where its time range begins.
        shift: How much earlier; without one, the range that ends where this one begins.
        span: Where the ``diff`` stands, for the error.

    Raises:
        QueryError: The scope has no beginning.
    """
    if scope.since is None:
        message = "diff compares a time range with an earlier one, and none is chosen."
        raise QueryError.at(span, message, "Open the logs with --since -3h or the like.")
    until = scope.until or datetime.now(UTC)
    if shift == "previousMonth":
        return replace(scope, since=_month_before(scope.since), until=_month_before(until))
    step = _STEPS.get(shift) or until - scope.since
    return replace(scope, since=scope.since - step, until=until - step)


def look_back(query: commands.Query, scope: Scope) -> datetime | None:
    """Since when records have to be read for a query: earlier than the scope's beginning for ``diff``."""
    for command in query.commands:
        if isinstance(command, commands.Diff) and scope.since is not None:
            return earlier(scope, command.shift, command.span).since
    return scope.since


def _month_before(moment: datetime) -> datetime:
    year, month = (moment.year, moment.month - 1) if moment.month > 1 else (moment.year - 1, 12)
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
