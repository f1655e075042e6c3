"""The bars over time above the records: accepted and rejected stacked, and what was not recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.charts.draw import SCALE
from tui.keymap import HISTOGRAM
from tui.widgets.chart_view import ChartView

if TYPE_CHECKING:
    from datetime import datetime

    from tui.charts.over_time import OverTime


class Histogram(ChartView):
    """A chart of a timeline."""

    DEFAULT_CSS = ""

    def __init__(self) -> None:
        """Make an empty one."""
        super().__init__(HISTOGRAM, exact=True)
        self.shown: OverTime | None = None

    @property
    def room(self) -> int:
        """How many bins can stand side by side."""
        return max(1, self.size.width - SCALE - 1)

    def put(self, shown: OverTime | None) -> None:
        """Show counts over time; the cursor stays on the time where it was."""
        before, self.shown = self.shown, shown
        if shown is None:
            self.show(None)
            return
        now, then = shown.timeline, before.timeline if before is not None else None
        same = then is not None and (then.scope, then.begin, then.step) == (now.scope, now.begin, now.step)
        place = now.height - 1
        if then is not None and self.place is not None:
            place = now.place_at(then.between(self.place, self.place)[0])
        self.show(
            shown.chart,
            keep=same,
            place=None if same else place,
            hatched=shown.hatched,
            silent=shown.silent,
        )

    def point_at(self, moment: datetime | None) -> None:
        """Put the cursor on the bar of a time."""
        if self.shown is not None and moment is not None:
            self.move_to(self.shown.timeline.place_at(moment))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The time that is marked, or that of the bar under the cursor."""
        if self.shown is None or not self.slots:
            return None
        return self.shown.timeline.between(self.cursor if self.mark is None else self.mark, self.cursor)
