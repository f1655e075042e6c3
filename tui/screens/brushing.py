"""What is done with the bars over time: go to them, mark a range, zoom."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from textual import on

from tui.keymap import HISTOGRAM, RECORDS
from tui.screens.panes import Panes
from tui.workers import Timed, Workers

if TYPE_CHECKING:
    from datetime import datetime

    from textual.message import Message

    from loaders.dataset import Dataset
    from query.scope import Scope
    from tui.widgets.chart_view import ChartView

# Seconds between two counts over time while more is being read.
_PATIENCE = 1.0


class Brushing(Panes):
    """The panes, and the keys of the bars over time."""

    def __init__(
        self, scope: Scope, roots: tuple[str, ...], *, following: bool, keys: dict[str, str] | None = None
    ) -> None:
        """Begin as ``Panes`` does."""
        super().__init__(scope, roots, following=following, keys=keys)
        self._workers = Workers(self._tell)
        self._widest = scope.since, scope.until
        """The times that were read: nobody can look beyond them."""
        self._counted: tuple[tuple[Scope, int] | None, float] = None, 0.0
        """What the bars were counted for last, and when."""
        self._counted_in: Dataset | None = None
        """The records that they were counted in."""
        self._zoomed_on: tuple[Scope | None, float] = None, 1.0
        """A scope whose bars are not there yet, and how much of its time is to be looked at then."""

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def _go(self, scope: Scope) -> None:
        """Look at something else."""
        if self.state.go(scope):
            self._scope_changed()

    def _scope_changed(self) -> None:
        """Find what the panes have to show now."""

    def _count_over_time(self) -> None:
        """Count what the bars show, but not too often while there is more to read."""
        dataset = self.state.dataset
        if dataset is None or self.has_class("-barless") or not self.bars.size.width:
            return
        now, wanted = monotonic(), (self.state.scope, self.bars.room)
        before, when = self._counted
        is_soon = dataset.progress is not None and now - when < _PATIENCE
        # A view is told of several times while it is being found; its bars need to be counted once.
        if before == wanted and (is_soon or dataset is self._counted_in):
            return
        self._counted, self._counted_in = (wanted, now), dataset
        self._workers.over_time(dataset, self.state.scope, self.bars.room)

    @on(Timed)
    def _bars_are_counted(self, message: Timed) -> None:
        if message.scope == self.state.scope:
            self.bars.put(message.shown)
            self._point_at_record()

    def _point_at_record(self) -> None:
        """Have the bars say where the record under the cursor is, unless somebody moves about in them."""
        row = self.records.row
        if row is not None and self.pane != HISTOGRAM:
            self.bars.point_at(row.record.get("timestamp"))

    def on_chart_view_moved(self, message: ChartView.Moved) -> None:
        """Go on where the bars were waited for; count anew where there is room for more or for fewer."""
        message.stop()
        self._point_at_record()
        (scope, factor), self._zoomed_on = self._zoomed_on, (None, 1.0)
        if scope == self.state.scope:
            self._zoom(factor)
        self._count_where_resized()

    def on_resize(self) -> None:
        """Count anew where there is room for more bars, or for fewer."""
        self.call_after_refresh(self._count_where_resized)

    def _count_where_resized(self) -> None:
        # What is looked at may also have changed while there was no room at all.
        if self.bars.size.width and self._counted[0] != (self.state.scope, self.bars.room):
            self._count_over_time()

    def action_histogram(self) -> None:
        """Go to the bars over time."""
        self.remove_class("-barless")
        self._zoomed = False
        self._pane = RECORDS
        self.set_focus(self.bars)
        self._count_over_time()
        self._arrange()

    def action_bars_away(self) -> None:
        """Hide the bars over time, or show them."""
        if self.pane == HISTOGRAM:
            self.set_focus(self.records)
        self.toggle_class("-barless")
        self.call_after_refresh(self._count_over_time)

    def action_mark(self) -> None:
        """Begin a range at the cursor, or give it up."""
        self.bars.set_mark(self.bars.cursor if self.bars.mark is None else None)

    def action_narrow(self) -> None:
        """Look only at the marked range, or at the time of the bar under the cursor."""
        span = self.bars.span
        if span is not None:
            self.bars.set_mark(None)
            self._look_between(*span)
            self.set_focus(self.records)

    def action_zoom_in(self) -> None:
        """Look at half the time around the cursor."""
        self._zoom(0.5)

    def action_zoom_out(self) -> None:
        """Look at twice the time around the cursor."""
        self._zoom(2.0)

    def _zoom(self, factor: float) -> None:
        shown, scope = self.bars.shown, self.state.scope
        if shown is None or not self.bars.slots:
            return
        if shown.timeline.scope != scope or not self.bars.is_drawn:
            before, more = self._zoomed_on
            self._zoomed_on = scope, factor * (more if before == scope else 1.0)
            return
        timeline, cursor = shown.timeline, self.bars.cursor
        wanted = max(1, round(timeline.height * factor))
        # The cursor keeps its share of the width.
        first = round(cursor - cursor / timeline.height * wanted)
        self.bars.set_mark(None)
        self._look_between(*timeline.between(first, first + wanted - 1))

    def _look_between(self, since: datetime, until: datetime) -> None:
        """Look at a range of time; one that holds all there is, is none."""
        from query.timeline import extent

        least, most = self._widest
        since = since if least is None else max(since, least)
        until = until if most is None else min(until, most)
        dataset, scope = self.state.dataset, self.state.scope
        every = extent(dataset, replace(scope, since=None, until=None)) if dataset is not None else None
        bounds = (
            least if every is None or since <= every[0] else since,
            most if every is None or until >= every[1] else until,
        )
        self._go(replace(scope, since=bounds[0], until=bounds[1]))

    def action_log_scale(self) -> None:
        """Change the bars to a logarithmic scale, or back."""
        self.bars.turn_log()
