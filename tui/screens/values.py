"""The values of a field, the most frequent first: each with its share and a bar, to include or to exclude."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.charts.draw import Look, stacked
from tui.charts.glyphs import Glyphs, glyphs
from tui.keymap import VALUES, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import iso, percent, stamp, whole
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.table_layout import Column, Row
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from query.field_values import FieldValues
    from tui.state import State

_BAR = 24
_NONE = "(no value)"
_COLUMNS = (
    Column("value", "value", 16, 200, grow=True),
    Column("records", "records", 9, 14, right=True),
    Column("share", "share", 6, 6, right=True),
    Column("bar", "", _BAR, _BAR, fold=2),
)


class ValueSource:
    """The values of a field as a table shows them."""

    instant = True

    def __init__(self, values: FieldValues) -> None:
        """Show values."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self.values = values
        self.height = values.counts.height
        first = values.counts["records"][0] if self.height else 0
        self._top, self._look = float(first), Look(glyphs())

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for place, (value, records) in enumerate(self.values.counts.slice(offset, amount).iter_rows()):
            share = percent(records, self.values.records)
            cells = (shown(value), whole(records), share, self._bar(records))
            rows.append(Row(offset + place, cells, "" if value is not None else "dim", {"value": value}))
        return rows

    def _bar(self, records: int) -> str:
        signs: Glyphs = self._look.glyphs
        cells = stacked([records], self._top, _BAR, self._look)
        return "".join(signs.right[filled] for filled, _, _ in cells)


def shown(value: object) -> str:
    """A value as it is read."""
    if value is None:
        return _NONE
    return stamp(value) if isinstance(value, datetime) else clean(str(value))


class ValuesScreen(Listing):
    """Lists the values of a field; the keys to the sides go to the fields beside it."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(VALUES)
    pane = VALUES

    class _Counted(Message):
        def __init__(self, source: ValueSource) -> None:
            super().__init__()
            self.source = source

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        fields: Sequence[str],
        name: str,
        narrow: Callable[[str, Any, bool], None],
    ) -> None:
        """Begin with a field.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            fields: The fields that can be looked at, in order.
            name: The one to begin with.
            narrow: Keeps a value of a field, or leaves it out (``False``); the screen is closed then.
        """
        super().__init__(state, roots, keys, FrameTable("value-table", cells=False))
        self._fields, self._field, self._narrow = list(fields), name, narrow
        self._told = Static("", id="values-told", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield TopLine()
        yield PaneTitle(VALUES)
        yield self._told
        yield self._table
        yield KeyBar()

    def on_mount(self) -> None:
        """Count the values of the first field."""
        self._frame()
        self._count()

    def _count(self) -> None:
        from query.field_values import field_values

        dataset, scope, name = self._state.dataset, self._state.scope, self._field
        self._say("counting …", "")
        if dataset is None:
            return
        self._do(lambda ticket: self._Counted(ValueSource(field_values(dataset, scope, name, ticket))))

    def on_values_screen__counted(self, message: _Counted) -> None:
        """Show the values, unless another field is wanted by now."""
        values = message.source.values
        if values.name != self._field:
            return
        told = [f"{plural(values.distinct, 'value')} in {plural(values.records, 'record')}"]
        if values.missing:
            told.append(f"{whole(values.missing)} without")
        ends = ""
        if values.least is not None:
            ends = f"from {shown(values.least)} to {shown(values.greatest)}"
        self._say(", ".join(told), ends)
        self._table.show(message.source)

    def _say_failed(self, error: Exception) -> None:
        self._say(f"✗ {error}", "")

    def _say(self, counts: str, ends: str) -> None:
        title = self.query_one(PaneTitle)
        title.show(f"{self._field.replace('_', '-')} · {clean(counts)}", focused=True)
        self._told.update(Content(f" {clean(ends)}"))

    @property
    def source(self) -> ValueSource | None:
        """The values that are listed."""
        return self._table.source if isinstance(self._table.source, ValueSource) else None

    def action_field_left(self) -> None:
        """Look at the field before this one."""
        self._turn(-1)

    def action_field_right(self) -> None:
        """Look at the field after this one."""
        self._turn(1)

    def _turn(self, by: int) -> None:
        place = self._fields.index(self._field) if self._field in self._fields else 0
        self._field = self._fields[(place + by) % len(self._fields)]
        self._count()

    def action_keep_value(self) -> None:
        """Keep only records with the value under the cursor."""
        self._choose(keep=True)

    def action_drop_value(self) -> None:
        """Leave out records with the value under the cursor."""
        self._choose(keep=False)

    def _choose(self, *, keep: bool) -> None:
        row = self._table.row
        if row is None or self.source is None or self.source.values.name != self._field:
            return
        self._narrow(self._field, row.record["value"], keep)

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_keep_value()

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor."""
        row = self._table.row
        if row is not None and row.record["value"] is not None:
            value = row.record["value"]
            self.app.copy_to_clipboard(iso(value) if isinstance(value, datetime) else str(value))
