"""A chart on the screen: drawn in a background thread, repainted only where its cursor moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from loaders.run import Lane
from tui.charts.chart import BARS, Chart
from tui.charts.draw import Look, Picture, draw
from tui.charts.glyphs import glyphs
from tui.charts.readout import legend, readout
from tui.widgets.sized import Sized

if TYPE_CHECKING:
    from collections.abc import Collection

    from textual import events

    from tui.charts.draw import Line

_TONES = (
    *("accept", "reject", "warn", "dim", "strong", "picked", "mark", "cursor"),
    *(f"series-{number}" for number in range(1, 7)),
)


class ChartView(Sized, can_focus=True):
    """A chart: a line with the exact values at the cursor, and the picture below it."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{tone}" for tone in _TONES}

    class Moved(Message):
        """The cursor is on another place, or on another series of it."""

        def __init__(self, view: ChartView) -> None:
            """Tell of a chart."""
            super().__init__()
            self.view = view

        @property
        def control(self) -> ChartView:
            """The chart."""
            return self.view

        def can_replace(self, message: Message) -> bool:
            """Only the newest position matters."""
            return isinstance(message, ChartView.Moved) and message.view is self.view

    class Opened(Message):
        """A place was opened with the mouse."""

        def __init__(self, view: ChartView) -> None:
            """Tell of a chart."""
            super().__init__()
            self.view = view

    class _Drawn(Message):
        def __init__(self, number: int, chart: Chart, picture: Picture) -> None:
            super().__init__()
            self.number, self.chart, self.picture = number, chart, picture

    class Failed(Message):
        """A chart could not be drawn."""

        def __init__(self, error: Exception) -> None:
            """Tell why."""
            super().__init__()
            self.error = error

    def __init__(
        self,
        id: str,  # noqa: A002 - as Textual has it
        *,
        exact: bool = False,
        empty: str = "",
        quiet: bool = False,
    ) -> None:
        """Make an empty one.

        Args:
            id: The widget's id.
            exact: As ``draw`` has it.
            empty: What stands there while there is no chart.
            quiet: Whether the cursor is shown only while keys go here; else the signs stand above.
        """
        super().__init__(id=id)
        self.empty = empty
        self.chart: Chart | None = None
        """The chart that is on the screen, as ``picture``."""
        self.picture: Picture | None = None
        self.newest: Chart | None = None
        """The chart that is to be shown; until it is drawn, the one before stays."""
        self._is_log = False
        self.picked: int | None = None
        """The series under the cursor, or ``None`` for all of them."""
        self.mark: int | None = None
        """The slot that a range begins at, or ``None``."""
        self._exact, self._quiet = exact, quiet
        self._cursor, self._first, self._number = 0, 0, 0
        self._hatched: Collection[int] = ()
        self._silent: Collection[int] = ()
        self._wanted: int | None = None
        self._lane = Lane(f"chart-{id}")

    # -- what is shown ---------------------------------------------------------------------------------

    def show(
        self,
        chart: Chart | None,
        *,
        keep: bool = False,
        place: int | None = None,
        hatched: Collection[int] = (),
        silent: Collection[int] = (),
    ) -> None:
        """Show a chart; the one before stays on the screen until it is drawn.

        Args:
            chart: The chart, or ``None`` for none.
            keep: Whether it is the same as before with newer values, so that the cursor keeps its place.
            place: The place to put the cursor on.
            hatched: Places that were not recorded.
            silent: Places that nothing is known of.
        """
        if not keep:
            self._first, self.picked, self.mark = 0, None, None
            self._cursor = 0
        self.newest, self._hatched, self._silent = chart, hatched, silent
        # What is newest is looked at first.
        at_end = chart is not None and chart.begin is not None and not keep
        self._wanted = chart.height - 1 if chart is not None and at_end and place is None else place
        if chart is None:
            self.chart = self.picture = None
            self._number += 1  # what is being drawn is wanted no more
            self.refresh()
        else:
            self.redraw()

    @property
    def look(self) -> Look:
        """How it is drawn on this screen: where accepted and rejected have one colour, by other signs."""
        tones = (self.get_component_rich_style(f"chart--{tone}").color for tone in ("accept", "reject"))
        return Look(glyphs(), textured=len(set(tones)) == 1, log=self._is_log)

    @property
    def is_drawn(self) -> bool:
        """Whether what is on the screen is what is to be shown."""
        return self.chart is self.newest

    def redraw(self) -> None:
        """Draw anew in the background."""
        width, height = self.size.width, self.size.height - 1
        if self.newest is None or width < 1 or height < 1:
            return
        self._number += 1
        chart, number, first, look = self.newest, self._number, self._first, self.look
        hatched, silent, exact = self._hatched, self._silent, self._exact

        def work(_: object) -> ChartView._Drawn:
            picture = draw(
                chart, width, height, look, first=first, exact=exact, hatched=hatched, silent=silent
            )
            return self._Drawn(number, chart, picture)

        self._lane.submit(work, self._tell, lambda error: self._tell(self.Failed(error)))

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_chart_view__drawn(self, message: _Drawn) -> None:
        """Show what was drawn, unless something else is wanted by now."""
        message.stop()
        if message.number != self._number:
            return
        self.chart, self.picture = message.chart, message.picture
        if self.picked is not None and self.picked >= len(self.chart.series):
            self.picked = None
        if self._wanted is not None:
            self._cursor, self._wanted = self._wanted // max(1, message.picture.slots.folded), None
        self._cursor = max(0, min(self._cursor, self.slots - 1))
        self.refresh()
        self.post_message(self.Moved(self))

    def resized(self) -> None:
        """Draw for the new size."""
        self.redraw()
        self.post_message(self.Moved(self))

    def notify_style_update(self) -> None:
        """Draw with the signs of the new theme."""
        super().notify_style_update()
        if self.newest is not None and self.is_attached:
            self.redraw()

    # -- the cursor ------------------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        """How many places stand side by side."""
        return len(self.picture.slots.places) if self.picture is not None else 0

    @property
    def cursor(self) -> int:
        """The slot under the cursor."""
        return self._cursor

    @property
    def place(self) -> int | None:
        """The place under the cursor, if there is a chart."""
        return self.picture.slots.places[self._cursor] if self.picture is not None and self.slots else None

    @property
    def lies(self) -> bool:
        """Whether bars lie below each other, so that the cursor goes up and down."""
        return self.chart is not None and self.chart.kind == BARS

    def move_to(self, slot: int) -> None:
        """Put the cursor on a slot."""
        picture = self.picture
        if picture is None or not self.slots:
            return
        slot, before = max(0, min(slot, self.slots - 1)), self._cursor
        if slot == before:
            return
        self._cursor = slot
        height = self.size.height - 1
        if self.lies and not self._first <= slot < self._first + height:
            self._first = max(0, min(slot, slot - height + 1 if slot > before else slot))
            self.redraw()
            return
        self.refresh(Region(0, 0, self.size.width, 1))
        if self.lies:
            for number in (before, slot):
                self.refresh(Region(0, 1 + number - self._first, self.size.width, 1))
        elif picture.axis is not None:
            cells = [picture.cell_of(number) for number in (before, slot)]
            if self.mark is not None:
                cells.append(picture.cell_of(self.mark))
                self.refresh(Region(min(cells), 1 + picture.axis, max(cells) - min(cells) + 1, 1))
            else:
                for cell in cells:
                    self.refresh(Region(cell, 1 + picture.axis, 1, 1))
        self.post_message(self.Moved(self))

    def action_line_up(self) -> None:
        """Move to the bar above, or to the series above."""
        if self.lies:
            self.move_to(self._cursor - 1)
        else:
            self.pick(1)

    def action_line_down(self) -> None:
        """Move to the bar below, or to the series below."""
        if self.lies:
            self.move_to(self._cursor + 1)
        else:
            self.pick(-1)

    def action_cell_left(self) -> None:
        """Move to the column on the left, or to the series on the left."""
        if self.lies:
            self.pick(-1)
        else:
            self.move_to(self._cursor - 1)

    def action_cell_right(self) -> None:
        """Move to the column on the right, or to the series on the right."""
        if self.lies:
            self.pick(1)
        else:
            self.move_to(self._cursor + 1)

    def action_page_up(self) -> None:
        """Move up a screen of bars, or to the left by a tenth of the columns."""
        self.move_to(self._cursor - self._page)

    def action_page_down(self) -> None:
        """Move down a screen of bars, or to the right by a tenth of the columns."""
        self.move_to(self._cursor + self._page)

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 2 if self.lies else self.slots // 10)

    def action_first(self) -> None:
        """Go to the first bar."""
        self.move_to(0)

    def action_bottom(self) -> None:
        """Go to the last bar."""
        self.move_to(self.slots - 1)

    def pick(self, by: int) -> None:
        """Go to another series at the cursor; beyond the last one all are looked at."""
        count = len(self.chart.series) if self.chart is not None else 0
        if count < 2:
            return
        now = -1 if self.picked is None else self.picked
        now = (now + 1 + by) % (count + 1) - 1
        self.picked = None if now < 0 else now
        self.refresh(Region(0, 0, self.size.width, 1))
        self.post_message(self.Moved(self))

    def set_mark(self, slot: int | None) -> None:
        """Begin a range at a slot, or give it up."""
        self.mark = slot
        self.refresh()

    def turn_log(self) -> None:
        """Change between an even scale and a logarithmic one."""
        self._is_log = not self._is_log
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Move to what was clicked; open it when it was clicked twice."""
        self.screen.set_focus(self)
        picture = self.picture
        if picture is None or not event.y:
            return
        if self.lies:
            self.move_to(self._first + event.y - 1)
        else:
            self.move_to(picture.slot_at(event.x))
        if event.chain == 2:
            self.post_message(self.Opened(self))

    # -- drawing ---------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        width, base = self.size.width, self.rich_style
        picture, chart = self.picture, self.chart
        if picture is None or chart is None or not self.slots:
            text = self.empty.split("\n")[y] if y < len(self.empty.split("\n")) else ""
            style = base + self._style("dim")
            return Strip([Segment(set_cell_size(f" {text}", width), style)], width)
        if y == 0:
            if self._is_quiet:
                line = legend(chart, self.look)
            else:
                note = "SKIPDATA" if self.place in self._hatched else ""
                line = readout(chart, picture.slots, self._cursor, self.picked, self.look, note)
            return self._strip([(" ", "", ""), *line], width, base)
        row = y - 1
        if row >= len(picture.lines):
            return Strip.blank(width, base)
        strip = self._strip(picture.lines[row], width, base)
        if self._is_quiet:
            return strip
        if self.lies and row == self._cursor - self._first:
            name = picture.lines[row][0][0]
            cursor = base + self._style("cursor")
            cells = cell_len(name)
            return Strip.join([Strip([Segment(name, cursor)], cells), strip.crop(cells, width)])
        return self._with_cursor(strip, picture, base) if row == picture.axis else strip

    @property
    def _is_quiet(self) -> bool:
        return self._quiet and not self.has_focus

    def _with_cursor(self, strip: Strip, picture: Picture, base: Style) -> Strip:
        """The axis, with the mark of the cursor and the range on it."""
        signs, style = self.look.glyphs, base + self._style("mark")
        cell = picture.cell_of(self._cursor)
        begin, end, text = cell, cell + 1, signs.cursor
        if self.mark is not None:
            marked = picture.cell_of(min(self.mark, self.slots - 1))
            begin, end = min(cell, marked), max(cell, marked) + 1
            text = signs.cursor + signs.between * (end - begin - 2) + signs.cursor * (end - begin > 1)
        width = strip.cell_length
        middle = Strip([Segment(text, style)], end - begin)
        return Strip.join([strip.crop(0, begin), middle, strip.crop(end, width)])

    def _style(self, tone: str) -> Style:
        return self.get_component_rich_style(f"chart--{tone}", partial=True)

    def _strip(self, line: Line, width: int, base: Style) -> Strip:
        segments = []
        for text, tone, under in line:
            style = base + self._style(tone) if tone else base
            if under:
                style += Style(bgcolor=self._style(under).color)
            segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(width, base)
