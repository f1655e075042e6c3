"""The records pane: each kind of record has its own columns (``tui.kinds``), filtered on by their fields."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from tui.keymap import RECORDS
from tui.kinds import mixed, telling
from tui.kinds.base import OURS, time_column
from tui.sanitise import clean
from tui.units import iso
from tui.widgets.frame_table import FrameTable
from tui.widgets.table_layout import Row

if TYPE_CHECKING:
    from rich.style import Style

    from query.view import View
    from tui.kinds.base import RecordColumn
    from tui.newcomers import Newcomers
    from tui.widgets.table_layout import Column, RowSource
    from tui.workers import Identity

MARK = "+"
"""What a record carries that has just arrived: told without colour, in any terminal."""


def record_columns(view: View) -> tuple[RecordColumn, ...]:
    """The columns that these records have something to show in; times carry the date where days differ."""
    first, last = view.span or (None, None)
    dated = first is not None and last is not None and first.date() != last.date()
    years = first is not None and last is not None and first.year != last.year
    time = time_column(dated=dated, years=years)
    parts = view.dataset.parts
    # A view of nothing keeps its titles.
    kinds = view.kinds or {part.kind for part in parts}
    have = view.columns or view.dataset.columns
    if len(kinds) > 1:
        return time, *mixed.COLUMNS
    # In the order of the data: results of queries are shown as they were asked for.
    names = dict.fromkeys(name for part in parts if part.kind in kinds for name in part.schema)
    shown = telling(next(iter(kinds), "")).columns([name for name in names if name in have])
    return time, *shown


class RecordSource:
    """The records of a view, as the table asks for them."""

    instant = False

    def __init__(self, view: View, newcomers: Newcomers | None = None) -> None:
        """Show a view; ``newcomers`` knows which of its records are marked, if any are."""
        self.view, self._newcomers = view, newcomers
        self.records = record_columns(view)
        self.columns = tuple(record.column for record in self.records)
        self.height = view.height
        keys = {name: record.column.key for record in self.records for name in record.fields}
        self.sorted_by = keys.get(view.scope.sort, ""), view.scope.descending

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows; runs in a worker's thread."""
        rows = []
        for record in self.view.records(offset, amount):
            cells = tuple(clean(column.text(record)) for column in self.records)
            tone = telling(record["format"]).outcome(record).tone
            identity = record["_file"], record["_line"]
            fresh = self._newcomers is not None and self._newcomers.has(*identity)
            rows.append(Row(identity, cells, tone, record, fresh=fresh))
        return rows

    def field(self, column: int) -> str:
        """The column of the data behind a column of the table."""
        return self.records[column].field


class RecordTable(FrameTable):
    """The records pane."""

    DEFAULT_CSS = ""

    def __init__(self) -> None:
        """Make an empty pane."""
        super().__init__(RECORDS)
        self._marking = True

    def show(self, source: RowSource, *, more: bool = False, cursor: int = 0, top: int | None = None) -> None:
        """Show another source, as ``FrameTable`` does, with marks on what has just arrived."""
        self._marking = True
        super().show(source, more=more, cursor=cursor, top=top)

    def calm(self) -> None:
        """Take the marks away; only the lines that carry one are drawn again."""
        self._marking = False
        for y in range(self._header, self.page + self._header):
            row = self._row_at(self._top + y - self._header)
            if row is not None and row.fresh:
                self.refresh(Region(0, y, self.size.width, 1))

    def _draw(self, row: Row, columns: tuple[Column, ...], width: int, base: Style, *, under: bool) -> Strip:
        strip = super()._draw(row, columns, width, base, under=under)
        if not (row.fresh and self._marking and self._layout.fit):
            return strip
        # Between the first two columns is a blank for it, so that nothing has to move.
        place = self._layout.fit[0][1]
        styles = [segment.style for segment in strip.crop(place, place + 1)]
        mark = Strip([Segment(MARK, styles[0] if styles else base)], len(MARK))
        return Strip.join([strip.crop(0, place), mark, strip.crop(place + 1)]).simplify()

    @property
    def field(self) -> str | None:
        """The field under the cursor; of several, the one that the record has a value in."""
        return self._meant[0] or None

    @property
    def fields(self) -> list[str]:
        """The fields of all columns but the time, as the record under the cursor has them, then others."""
        if not isinstance(self.source, RecordSource):
            return []
        record = self.row.record if self.row is not None else {}
        named = [column.inside(record) or (column.field_of(record), None) for column in self.source.records]
        names = dict.fromkeys([*(name for name, _ in named), *record])
        return [name for name in names if name and name not in OURS and not name.startswith("_")]

    @property
    def value(self) -> object:
        """The value under the cursor, as the data have it."""
        return self._meant[1]

    @property
    def _meant(self) -> tuple[str, object]:
        if not isinstance(self.source, RecordSource):
            return "", None
        column = self.source.records[self.column]
        record = self.row.record if self.row is not None else {}
        field = column.field_of(record)
        return column.inside(record) or (field, record.get(field))

    @property
    def text(self) -> str:
        """The value under the cursor as text to copy."""
        value = self.value
        return iso(value) if isinstance(value, datetime) else "" if value is None else str(value)


def identity(row: Row) -> Identity:
    """What a record's row is known by."""
    return row.record["_file"], row.record["_line"]
