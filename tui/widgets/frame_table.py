"""A table of any height: it fetches the rows that are on screen from a source, in a background thread.

The screen never waits: keys move an aim, and the picture follows when the rows have come. Until then the old
rows stay, so nothing flickers; in practice the rows around the cursor are already here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from loaders.run import Lane
from tui.widgets.sized import Sized
from tui.widgets.table_layout import GAP, Column, Layout, Row, RowSource, set_text, window_of

if TYPE_CHECKING:
    from textual import events

# Pages fetched beyond the one on screen, either way, as soon as there are fewer than so many: the next page
# is there before it is asked for, and no fetch takes long.
_AHEAD, _TOO_FEW = 3, 2


class FrameTable(Sized, ScrollView, can_focus=True):
    """A table that shows a window on a ``RowSource``."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "frame-table--header",
        "frame-table--cursor",
        "frame-table--cell",
        "frame-table--accept",
        "frame-table--reject",
        "frame-table--warn",
        "frame-table--dim",
        "frame-table--strong",
    }

    class Moved(Message):
        """The cursor is on another row, or its row has changed."""

        can_bubble = True

        def __init__(self, table: FrameTable, row: Row | None) -> None:
            """Tell about a row."""
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> FrameTable:
            """The table."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Only the newest position matters."""
            return isinstance(message, FrameTable.Moved) and message.table is self.table

    class Opened(Message):
        """A row was opened with the mouse."""

        def __init__(self, table: FrameTable) -> None:
            """Tell about the row under the cursor."""
            super().__init__()
            self.table = table

    class _Fetched(Message):
        def __init__(self, generation: int, offset: int, rows: list[Row]) -> None:
            super().__init__()
            self.generation, self.offset, self.rows = generation, offset, rows

    class Failed(Message):
        """Rows could not be fetched."""

        def __init__(self, error: Exception) -> None:
            """Tell why."""
            super().__init__()
            self.error = error

    def __init__(
        self,
        id: str,  # noqa: A002 - as Textual has it
        *,
        cells: bool = True,
        empty: str = "",
        headed: bool = True,
    ) -> None:
        """Make a table.

        Args:
            id: The widget's id.
            cells: Whether a single cell of the row under the cursor is marked, for actions on its value.
            empty: What stands in a table without rows: why, and what to press.
            headed: Whether the titles of the columns stand above them.
        """
        super().__init__(id=id)
        self.empty = empty
        self._cells, self._header = cells, int(headed)
        self.source: RowSource | None = None
        self.sorted_by: tuple[str, bool] | None = None
        self._lane = Lane(f"rows-{id}")
        self._generation = 0
        self._offset, self._rows = 0, list[Row]()
        self._asked: tuple[int, int] | None = None
        self._top = self._cursor = self._aim_top = self._aim = 0
        self._column = 0
        self._layout = Layout()
        self._settling, self._down = False, True
        self._stale = list[Row]()
        self._fresh = False
        """Whether a new source has not been drawn yet."""
        self._lacking = False
        """Whether rows that belong on the screen were not here the last time."""

    # -- what is shown ---------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """The number of the row that the cursor is on, or on its way to, from 0."""
        return self._aim

    @property
    def top(self) -> int:
        """The number of the row that is the first on screen, or will be."""
        return self._aim_top

    @property
    def page(self) -> int:
        """How many rows fit on the screen."""
        return max(1, self.size.height - self._header)

    @property
    def row(self) -> Row | None:
        """The row that the cursor is on, or ``None`` while it is being fetched."""
        return self._row_at(self._aim)

    @property
    def first_row(self) -> Row | None:
        """The first row on screen, or ``None`` while it is being fetched."""
        return self._row_at(self._aim_top)

    @property
    def column(self) -> int:
        """The index of the column under the cursor."""
        return self._column

    def show(self, source: RowSource, *, more: bool = False, cursor: int = 0, top: int | None = None) -> None:
        """Show another source; its rows replace those on screen as soon as they have come.

        Args:
            source: The rows.
            more: Whether it shows the same as before, only newer: columns then keep their widths.
            cursor: The row to put the cursor on.
            top: The first row on screen; near the cursor by default.
        """
        if not more:
            self._layout.forget()
        if self.source is None or [c.key for c in source.columns] != [c.key for c in self.source.columns]:
            self._column = min(self._column, len(source.columns) - 1)
            self._rows = []
        self.source, self._fresh = source, True
        self._measure()
        self._generation += 1
        self._asked = None
        # The old rows stay on the screen while the new ones are on their way.
        self._stale = self._rows[self._top - self._offset :][: self.page] if self._top >= self._offset else []
        self._offset, self._rows = 0, []
        self.virtual_size = Size(0, source.height + self._header)
        if not source.height:
            self._top = self._cursor = self._aim = self._aim_top = 0
            self._settle()
            return
        self._aim_at(cursor, top)

    def _row_at(self, number: int) -> Row | None:
        index = number - self._offset
        return self._rows[index] if 0 <= index < len(self._rows) else None

    # -- moving ----------------------------------------------------------------------------------------

    def move_to(self, number: int, *, top: int | None = None) -> None:
        """Put the cursor on a row; ``top`` is the first row on screen, near the cursor by default."""
        self._aim_at(number, top)

    def _aim_at(self, number: int, top: int | None = None) -> None:
        height = self.source.height if self.source else 0
        if not height:
            return
        number = max(0, min(number, height - 1))
        if number != self._aim:
            self._down = number > self._aim
        self._aim = number
        top = self._aim_top if top is None else top
        top = min(max(top, self._aim - self.page + 1), self._aim)
        self._aim_top = max(0, min(top, height - self.page))
        self._settle()

    def _aim_page(self, by: int) -> None:
        """Move the page and the cursor together, so that the cursor keeps its line on the screen."""
        self._aim_at(self._aim + by, self._aim_top + by)

    def _settle(self) -> None:
        """Show what is aimed at if its rows are here; ask for them, and for those around them, if not."""
        if self.source is None:
            return
        height, page = self.source.height, self.page
        last = min(self._aim_top + page, height)
        here = self._offset <= self._aim_top and last <= self._offset + len(self._rows)
        if here:
            self._commit()
        margin, near = page * _AHEAD, page * _TOO_FEW
        begin, end = self._offset, self._offset + len(self._rows)
        near_top = self._aim_top - near < begin and begin > 0
        near_end = last + near > end and end < height
        if not here:
            # What is on the screen comes first: rows that lie far apart take a while to fetch.
            self._lacking = True
            if not self._is_coming(self._aim_top, last):
                self._ask(self._aim_top, last - self._aim_top)
        elif near_top or near_end:
            # Those on one side at a time, where the way leads first.
            down = near_end and (self._down or not near_top)
            first, final = max(0, self._aim_top - margin), min(height, last + margin)
            offset = max(first, begin) if down else first
            self._ask(offset, (final if down else min(final, end)) - offset)

    def _is_coming(self, first: int, end: int) -> bool:
        """Whether some rows have been asked for: to ask anew would only lose what is under way."""
        offset, amount = self._asked or (0, 0)
        return offset <= first and end <= offset + amount

    def _ask(self, offset: int, amount: int) -> None:
        if self._asked == (offset, amount) or self.source is None or amount <= 0:
            return
        self._asked = (offset, amount)
        source, generation = self.source, self._generation
        if source.instant:
            self._take(offset, source.window(offset, amount))
            return

        begin, rows = self._offset, self._rows
        self._lane.submit(
            lambda _: window_of(source, offset, amount, begin, rows),
            lambda rows: self._tell(self._Fetched(generation, offset, rows)),
            lambda error: self._tell(self.Failed(error)),
        )

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_frame_table__fetched(self, message: _Fetched) -> None:
        """Take rows in, unless the source has changed meanwhile."""
        message.stop()
        if message.generation != self._generation:
            return
        self._take(message.offset, message.rows)

    def on_frame_table_failed(self) -> None:
        """Ask again when the rows are needed the next time."""
        self._asked = None

    def _take(self, offset: int, rows: list[Row]) -> None:
        self._offset, self._rows = offset, rows
        self._asked = None
        self._measure()
        self._settle()

    def _commit(self) -> None:
        moved = self._cursor != self._aim or self._fresh
        scrolled = self._top != self._aim_top or self._fresh or self._lacking
        if not moved and not scrolled:
            return  # rows beyond those on the screen have come
        before, self._stale, self._fresh, self._lacking = self._cursor, [], False, False
        self._cursor, self._top = self._aim, self._aim_top
        if scrolled:
            self.refresh()
        else:
            for number in (before, self._cursor):
                self.refresh(Region(0, number - self._top + self._header, self.size.width, 1))
        self._settling = True
        self.scroll_to(y=self._top, animate=False)
        self._settling = False
        self.post_message(self.Moved(self, self.row))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the wheel and the scroll bar."""
        super().watch_scroll_y(old_value, new_value)
        if not self._settling and self.source is not None and round(new_value) != self._aim_top:
            top = round(new_value)
            self._aim_at(min(max(self._aim, top), top + self.page - 1), top)

    def resized(self) -> None:
        """Keep the cursor on the screen."""
        if self.source is not None:
            self._measure()
            self._aim_at(self._aim)

    def action_line_up(self) -> None:
        """Move up one line."""
        self._aim_at(self._aim - 1)

    def action_line_down(self) -> None:
        """Move down one line."""
        self._aim_at(self._aim + 1)

    def action_page_up(self) -> None:
        """Move up one page."""
        self._aim_page(-self.page)

    def action_page_down(self) -> None:
        """Move down one page."""
        self._aim_page(self.page)

    def action_half_up(self) -> None:
        """Move up half a page."""
        self._aim_page(-max(1, self.page // 2))

    def action_half_down(self) -> None:
        """Move down half a page."""
        self._aim_page(max(1, self.page // 2))

    def action_top(self) -> None:
        """Go to the first row."""
        self._aim_at(0)

    action_first = action_top

    def action_bottom(self) -> None:
        """Go to the last row."""
        self._aim_at(self.source.height - 1 if self.source else 0)

    def action_cell_left(self) -> None:
        """Move to the column on the left that is on screen."""
        self._move_column(-1)

    def action_cell_right(self) -> None:
        """Move to the column on the right that is on screen."""
        self._move_column(1)

    def _move_column(self, step: int) -> None:
        shown = [index for index, _ in self._layout.fit]
        if shown:
            place = shown.index(self._column) if self._column in shown else 0
            self._column = shown[max(0, min(place + step, len(shown) - 1))]
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move to the row that was clicked; open it when it was clicked twice."""
        self.screen.set_focus(self)
        number = self._top + event.y - self._header
        if self.source is None or event.y < self._header or number >= self.source.height:
            return
        self._aim_at(number)
        if event.chain == 2:
            self.post_message(self.Opened(self))

    # -- drawing ---------------------------------------------------------------------------------------

    def _measure(self) -> None:
        if self.source is None:
            return
        before = self._layout.fit
        self._layout.measure(self.source.columns, self._rows, self.scrollable_content_region.width)
        if self._layout.fit != before:
            self.refresh()  # every line stands otherwise now, not only those that the cursor left and reached
        shown = [index for index, _ in self._layout.fit]
        if self._column not in shown and shown:
            self._column = shown[0]

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        if self.source is None:
            return Strip.blank(width, base)
        if y < self._header:
            style = self.get_component_rich_style("frame-table--header")
            text = self._layout.header(self.source.columns, self.sorted_by)
            return Strip([Segment(set_cell_size(text, width), style)], width)
        number = self._top + y - self._header
        if not self.source.height:
            return self._message(y, width, base)
        row = self._stale[y - 1] if self._stale and y <= len(self._stale) else self._row_at(number)
        if row is None:
            return Strip.blank(width, base)
        return self._draw(
            row, self.source.columns, width, base, under=number == self._cursor and not self._stale
        )

    def _message(self, y: int, width: int, base: Style) -> Strip:
        lines = self.empty.split("\n")
        index = y - 2
        if not 0 <= index < len(lines):
            return Strip.blank(width, base)
        style = base + self.get_component_rich_style("frame-table--dim", partial=True)
        return Strip([Segment(set_cell_size(f"  {lines[index]}", width), style)], width)

    def _draw(self, row: Row, columns: tuple[Column, ...], width: int, base: Style, *, under: bool) -> Strip:
        """Draw a row in as few pieces as its styles allow: each one costs bytes on the wire."""
        name = f"frame-table--{row.tone}"
        tone = self.get_component_rich_style(name, partial=True) if row.tone else Style.null()
        whole = row.tone in {"dim", "strong"}
        if under:
            base = base + self.get_component_rich_style("frame-table--cursor")
        elif whole:
            base = base + tone
        segments: list[Segment] = []
        pending = ""
        for place, (index, space) in enumerate(self._layout.fit):
            column = columns[index]
            text = set_text(row.cells[index], space, column, prose=row.prose)
            gap = GAP if place else ""
            style = base
            if column.toned and row.tone and not whole and not under:
                style = base + tone
            if under and self._cells and index == self._column and self.has_focus:
                style = base + self.get_component_rich_style("frame-table--cell")
            if style is base:
                pending += gap + text
            else:
                segments += [Segment(pending + gap, base), Segment(text, style)]
                pending = ""
        segments.append(Segment(pending, base))
        return Strip(segments).adjust_cell_length(width, base)
