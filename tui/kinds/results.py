"""Results of queries, and whatever else has columns of its own: they are shown as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import Line
from tui.kinds.base import Outcome, RecordColumn, Telling, column, in_a_cell, others, said, when

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_OURS = frozenset({"timestamp", "log_group", "log_stream", "format"})
# More columns than these do not fit on any screen.
_MOST_COLUMNS = 40
_TOLD_AT_MOST = 4
# What grows, if the results have it.
_LONG = ("message", "@message")


def _own(names: Collection[str]) -> list[str]:
    return [name for name in names if name not in _OURS and not name.startswith("_")]


def _columns(have: Collection[str]) -> tuple[RecordColumn, ...]:
    names = _own(have)[:_MOST_COLUMNS]
    grows = next((name for name in _LONG if name in names), names[-1] if names else "")
    return tuple(
        column(
            name,
            (6, 40),
            number if name != grows else 0,
            name,
            text=_cell(name),
            grow=name == grows,
        )
        for number, name in enumerate(names)
    )


def _cell(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda record: in_a_cell(said(record, name))


def _headline(record: Mapping[str, Any]) -> str:
    told = [f"{name} {in_a_cell(str(record[name]))}" for name in _own(record) if record[name] is not None]
    more = f" and {len(told) - _TOLD_AT_MOST} more" if len(told) > _TOLD_AT_MOST else ""
    return ", ".join(told[:_TOLD_AT_MOST]) + more or "A row without values."


def _explain(record: Mapping[str, Any]) -> list[Line]:
    message = [Line("message", said(record, "message"), verse=True)] if record.get("message") else []
    return [when(record), *others(record, ()), *message]


TELLING = Telling(_columns, lambda _: Outcome(), _headline, _explain)
