"""A tile of a dashboard: its title, and a chart or lines below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.containers import Vertical

from tui.charts.draw import SCALE
from tui.dashboards.definition import NUMBER, SPAN
from tui.sanitise import clean
from tui.widgets.chart_view import ChartView
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import PaneTitle
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from query.scope import Scope
    from tui.dashboards.definition import Tile
    from tui.dashboards.filling import Door, Filling

_COLUMNS = (
    Column("text", "", 8, 200, grow=True, tail=12),
    Column("amount", "", 1, 16, right=True, toned=True),
)


class DoorSource:
    """Lines that lead to records."""

    instant = True

    def __init__(self, doors: tuple[Door, ...]) -> None:
        """Show lines."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self.doors = doors
        self.height = len(doors)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        shown = self.doors[offset : offset + amount]
        return [
            Row(offset + place, (clean(door.text), door.amount), door.tone, {"door": door})
            for place, door in enumerate(shown)
        ]


class TileView(Vertical):
    """A tile; what has the focus is its chart or its lines."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")

    def __init__(self, tile: Tile, number: int) -> None:
        """Make an empty one.

        Args:
            tile: What it is to show.
            number: Its number on the screen, by which its widgets are told from those of others.
        """
        super().__init__(id=f"tile-{number}")
        self.tile = tile
        self.filling: Filling | None = None
        self._title = PaneTitle(f"tile-{number}", clean(tile.title))
        self._chart = ChartView(f"chart-{number}", quiet=True)
        self._lines = FrameTable(f"lines-{number}", cells=False, empty="reading …", headed=False)
        self.styles.width = f"{tile.width}fr"
        self.set_class(self.is_flat, "-flat")

    @property
    def is_flat(self) -> bool:
        """Whether one line is all it needs."""
        return self.tile.kind in {NUMBER, SPAN}

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self._title
        yield self._chart
        yield self._lines

    @property
    def body(self) -> ChartView | FrameTable:
        """What takes the focus."""
        return self._chart if self.has_class("-charted") else self._lines

    @property
    def room(self) -> int:
        """How many bars can stand side by side."""
        return max(10, self.size.width - SCALE - 1)

    def mark(self, *, focused: bool) -> None:
        """Show whether keys go here."""
        self._title.show("", focused=focused)

    def put(self, filling: Filling) -> None:
        """Show what was found."""
        before, self.filling = self.filling, filling
        had_focus = self.screen.focused is self.body
        self.set_class(filling.chart is not None, "-charted")
        if filling.chart is not None:
            keep = before is not None and before.chart is not None
            self._chart.show(filling.chart, keep=keep, hatched=filling.hatched, silent=filling.silent)
        else:
            self._lines.empty = filling.trouble
            self._lines.show(DoorSource(filling.doors), more=True, cursor=self._lines.cursor)
        if had_focus:
            self.screen.set_focus(self.body)

    @property
    def scope(self) -> Scope | None:
        """The records behind what is under the cursor."""
        filling = self.filling
        if filling is None:
            return None
        if filling.chart is not None:
            place = self._chart.place
            return filling.behind(place, self._chart.picked) if place is not None else None
        row = self._lines.row
        scope: Scope | None = row.record["door"].scope if row is not None else None
        return scope
