"""The rows of an answer as a table shows them, in the answer's order or in one of a person's own."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from loaders import run
from loaders.fields import resolve
from tui.sanitise import clean
from tui.units import clock, decimal, iso
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from loaders.run import Ticket
    from query.answer import Answer

# No cell is wider than a screen.
_LONGEST_CELL = 400
_TONES = {"ACCEPT": "accept", "REJECT": "reject"}


class AnswerSource:
    """The rows of an answer, in an order of one's own; a row is made when it is on the screen."""

    instant = True

    def __init__(
        self, answer: Answer, order: pl.Series | None = None, sorted_by: tuple[str, bool] | None = None
    ) -> None:
        """Look at the columns; numbers and times are laid out by what they hold.

        Args:
            answer: What came out.
            order: The numbers of the rows in the order to show, or ``None`` for that of the answer.
            sorted_by: The column that this order is by, and whether it descends.
        """
        self.answer, self.order, self.sorted_by = answer, order, sorted_by
        self.names = tuple(dict.fromkeys(answer.columns))
        self.height = answer.frame.height
        schema = answer.frame.schema
        self._texts = [_teller(answer.frame[name]) for name in self.names]
        self._action = next((name for name in self.names if _is_action(name)), None)
        by = sorted_by[0] if sorted_by else None
        self.columns = tuple(
            Column(
                name,
                clean(name),
                cell_len(clean(name)) + (name == by),  # the column that is sorted by has an arrow
                _LONGEST_CELL,
                right=schema[name].is_numeric() or schema[name].is_temporal(),
                tail=0,
                toned=name == self._action,
            )
            for name in self.names
        )

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        frame, rows = self.answer.frame, []
        piece = frame.slice(offset, amount) if self.order is None else frame[self.order.slice(offset, amount)]
        for place, record in enumerate(piece.select(self.names).iter_rows(named=True)):
            cells = tuple(text(record[name]) for name, text in zip(self.names, self._texts, strict=True))
            tone = _TONES.get(str(record[self._action]), "") if self._action else ""
            rows.append(Row(offset + place, cells, tone, record))
        return rows

    def number(self, place: int) -> int:
        """The number that the row at a place of the screen has in the answer."""
        return place if self.order is None else int(self.order[place])

    def frame(self) -> pl.DataFrame:
        """The columns that are shown, in the order that is shown."""
        shown = self.answer.frame.select(self.names)
        return shown if self.order is None else shown[self.order]


def sorted_source(source: AnswerSource, name: str, *, descending: bool, ticket: Ticket) -> AnswerSource:
    """The same rows in the natural order of a column, as ``sort`` of a query has it.

    Raises:
        Cancelled: Nobody wants it any more.
    """
    import polars as pl

    from query.natural import sort_keys

    frame = source.answer.frame
    keys = sort_keys(pl.col(name), frame.schema[name], descending)
    names = [f"key{index}" for index in range(len(keys))]
    plan = (
        frame.lazy()
        .select(key.alias(alias) for alias, (key, _, _) in zip(names, keys, strict=True))
        .with_row_index("row")
        .sort(
            names,
            descending=[down for _, down, _ in keys],
            nulls_last=[last for _, _, last in keys],
            maintain_order=True,
        )
        .select("row")
    )
    order = run.collect(plan)["row"]
    ticket.check()
    return AnswerSource(source.answer, order, (name, descending))


def _is_action(name: str) -> bool:
    field = resolve(name)
    return field is not None and field.column == "action"


def _teller(column: pl.Series) -> Callable[[Any], str]:
    """How the values of a column are shown."""
    if not column.dtype.is_temporal():
        return _text
    first, last = column.min(), column.max()
    if not (isinstance(first, datetime) and isinstance(last, datetime)):
        return _text
    parts = bool((column.dt.millisecond() != 0).any())
    return partial(_time, dated=first.date() != last.date(), years=first.year != last.year, parts=parts)


def _time(moment: datetime | None, *, dated: bool, years: bool, parts: bool) -> str:
    if moment is None:
        return ""
    return clock(moment, dated=dated, years=years) + f".{moment.microsecond // 1000:03d}" * parts


def _text(value: object) -> str:
    """A value in a cell; a condition is 1 or 0, as Insights has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return decimal(value)
    return clean(str(value)[:_LONGEST_CELL])


def as_json(record: Mapping[str, Any]) -> str:
    """A row as one line of JSON; times as programs write them."""
    return json.dumps(dict(record), default=_plain, ensure_ascii=True)


def _plain(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


def as_text(value: object) -> str:
    """A value as it is copied: whole, times as programs write them."""
    if isinstance(value, datetime):
        return iso(value)
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)
