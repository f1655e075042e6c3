"""What the query screen says: what is wrong with a query, what came out of it, and why there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.units import duration, whole
from tui.wording import Toned, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from loaders.dataset import Dataset
    from query.answer import Answer
    from query.check import QueryWarning
    from query.commands import Query
    from query.errors import QueryError
    from query.scope import Scope
    from tui.querying.workers import Asked

_QUOTES = ('"', "'", "`")
RUNNING: Toned = ("running …", "accent")
NOTHING_YET = (
    "The result will stand here.\nType a query and press Enter; ^o lists queries that are ready to run."
)
EMPTY: Toned = (
    "fields  filter  stats  sort  limit …  Tab completes, ^o lists ready-made ones",
    "dim",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say about the text of a query.

    Attributes:
        told: A sentence and its tone; empty if all is well.
        fault: The first character that is wrong and the one behind the last, or ``None``.
        query: What it means, or ``None`` when it cannot be run.
    """

    told: Toned = ("", "dim")
    fault: tuple[int, int] | None = None
    query: Query | None = None


def judge(text: str, place: int | None, fields: Collection[str]) -> Judgement:
    """Say what is wrong with a query.

    Args:
        text: What stands in the editor.
        place: How many characters stand before the cursor while somebody types: what is wrong there may only
            be unfinished. ``None`` when the query is to be run as it is.
        fields: The columns of the logs, and the fields of their messages.
    """
    from query.check import check_query
    from query.errors import QueryError
    from query.parse import parse_query

    if not text.strip():
        return Judgement(EMPTY)
    try:
        query = parse_query(text)
        warnings = check_query(query, fields)
    except QueryError as error:
        fault = _fault(text, error)
        if place is not None and _is_unfinished(text, place, fault):
            return Judgement((str(error), "dim"))
        return Judgement((f"✗ {error}", "reject"), fault)
    return Judgement(_warned(warnings), query=query)


def _fault(text: str, error: QueryError) -> tuple[int, int]:
    """Where an error is, in characters from the beginning."""
    lines = text.split("\n")[: error.line - 1]
    start = sum(len(line) + 1 for line in lines) + error.column - 1
    return start, start + max(1, error.length)


def _is_unfinished(text: str, place: int, fault: tuple[int, int]) -> bool:
    """Whether what is wrong is what is being typed, or what is still to come."""
    end = len(text.rstrip())
    is_open = text[fault[0] : fault[0] + 1] in _QUOTES
    at_end = place >= end and (fault[1] >= end or is_open)
    return at_end or fault[0] <= place <= fault[1]


def _warned(warnings: Sequence[QueryWarning]) -> Toned:
    more = f" ({len(warnings) - 1} more)" if len(warnings) > 1 else ""
    return (f"! {warnings[0].message}{more}", "warn") if warnings else ("", "dim")


def about_answer(answer: Answer, records: int | None) -> Toned:
    """What came out, of how much, and how long it took.

    Args:
        answer: What came out.
        records: How many records the query looked at, or ``None`` when that is not known.
    """
    rows = plural(answer.frame.height, "row")
    said = [rows if records is None else f"{rows} of {plural(records, 'record')}", duration(answer.seconds)]
    warned, tone = _warned(answer.warnings)
    if answer.capped:
        said, tone = [f"{rows}, more were cut: add | limit any", said[-1]], "warn"
    return " · ".join([*([warned] if warned else []), *said]), tone


def why_stale(asked: Asked, dataset: Dataset | None, scope: Scope, keys: str) -> str:
    """Why a result is not the one that the query would have now; empty if it is.

    Args:
        asked: What it is the result of.
        dataset: The records that there are now.
        scope: Which of them are looked at now.
        keys: What to press to run it again.
    """
    if asked.scope != scope:
        return f"This is the result for what was looked at before. Press {keys} to run it here."
    if asked.dataset is dataset:
        return ""
    if asked.dataset.progress is not None:
        return f"Not all was read when this was asked. Press {keys} to run it again."
    return f"More records have come. Press {keys} to run it again."


def about_copy(scope: Scope) -> str:
    """What was copied for Logs Insights, and what has to be chosen there."""
    chosen = ["the log group"] * bool(scope.group) + ["the time range"] * bool(scope.since or scope.until)
    filtered = " with the filter" * bool(scope.filter.strip())
    rest = f"; choose {' and '.join(chosen)} there" if chosen else ""
    return f"Copied the query{filtered} for Logs Insights{rest}."


def about_rows(height: int, on_screen: tuple[int, int, int]) -> str:
    """How many rows there are, and which columns are on the screen when not all are."""
    first, last, all_columns = on_screen
    rows = plural(height, "row")
    if last - first + 1 >= all_columns:
        return rows
    arrows = f"{'←' * (first > 1)}{'→' * (last < all_columns)}"
    return f"{rows} · columns {first} to {last} of {whole(all_columns)} {arrows}"


def why_no_rows(scope: Scope, records: int | None) -> str:
    """Why a result is empty, and what to do.

    Args:
        scope: What was looked at.
        records: How many records that are, or ``None`` when that is not known.
    """
    those = "None of the records" if records is None else f"None of {plural(records, 'record')}"
    if records == 0:
        return "There are no records here to ask.\nEsc goes back, where more can be looked at."
    narrow = bool(scope.filter or scope.group)
    wider = "\nEsc goes back, where more can be looked at." if narrow else ""
    return f"{those}{' that are looked at' * narrow} answers this query.\nPress e to change it.{wider}"


def about_parameters(pairs: Sequence[tuple[str, str]], *, from_record: bool) -> Toned:
    """What to do with the values that a ready-made query was given.

    Args:
        pairs: The names of what was asked for, and the values that stand for it.
        from_record: Whether they are those of the record under the cursor.
    """
    names = " and ".join(name for name, _ in pairs)
    values = " and ".join(value for _, value in pairs)
    if from_record:
        return f"The {names} of the record under the cursor: {values}. Enter runs it.", "accent"
    return f"Put your {names} in place of {values}, then Enter.", "accent"
