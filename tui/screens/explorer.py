"""The explorer: groups and streams, records, and one record explained.

Workers never touch a widget: they post messages, and the handlers here are the only ones to change the state.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from textual import on

from tui.groups import Place
from tui.keymap import GROUPS, HISTOGRAM, PANES, RECORD, RECORDS
from tui.screens.living import Living
from tui.widgets.filter_bar import FilterBar, Question
from tui.widgets.frame_table import FrameTable
from tui.widgets.record_table import RecordSource, identity
from tui.wording import GONE, TIME_HINT, TROUBLE, judge_time, once_told, origin, why_empty
from tui.workers import Anchor, Arrived, Counted, Failed, Looked, Placed, Quoted

if TYPE_CHECKING:
    from datetime import datetime

    from textual.timer import Timer

    from loaders.dataset import Dataset
    from query.scope import Scope
    from tui.dashboards.definition import Dashboard
    from tui.widgets.table_layout import Row

# Seconds that the cursor has to stay on a record before its raw line is fetched.
_REST = 0.15
_MISSING = "missing"


class ExplorerScreen(Living):
    """The panes, what arrives in them, and what a person does with them."""

    def __init__(
        self,
        scope: Scope,
        roots: tuple[str, ...],
        *,
        following: bool,
        keys: dict[str, str] | None = None,
        dashboard: Dashboard | None = None,
        greets: bool = True,
    ) -> None:
        """Begin as ``Living`` does; nothing is read here."""
        super().__init__(scope, roots, following=following, keys=keys, dashboard=dashboard, greets=greets)
        self.has_shown = Event()
        """Set once records are on the screen, or it is known that there are none."""
        self._all_read = False
        self._anchors: tuple[Anchor, ...] = ()
        self._resting: Timer | None = None
        self._is_looking = self._has_more = False
        """Whether records of the scope are being looked for, and whether more have come since."""
        self._summed: tuple[Dataset, Scope] | None = None
        """What groups and streams were counted of last."""

    def on_mount(self) -> None:
        """Show the first, empty picture."""
        self.bar.set_text(self.state.scope.filter)
        self.record.say("Reading the newest records first.")
        self.set_focus(self.groups)
        self._arrange()

    # -- what arrives ----------------------------------------------------------------------------------

    @on(Arrived)
    def _dataset_arrived(self, message: Arrived) -> None:
        if not self._hold_back(message.dataset):
            self._take_in(message.dataset)

    def _take_in(self, dataset: Dataset) -> None:
        self.state.dataset, self._trouble = dataset, None
        self._know_deliveries()
        self._tell_open_screen()
        if self._is_looking:
            self._has_more = True  # what is found now is shown first, or nothing ever would be
        else:
            self._look()
        if self.has_shown.is_set():
            self._greet()
            self._count()

    def _look(self) -> None:
        """Find the records of the scope, and where those on screen stand among them."""
        dataset, view = self.state.dataset, self.state.view
        if dataset is None:
            return
        row, first = self.records.row, self.records.first_row
        if row is not None and first is not None:
            here = (row, self.records.cursor), (first, self.records.top)
            self._anchors = tuple(Anchor(identity(row), index) for row, index in here)
        same = view is not None and view.scope == self.state.scope
        self._is_looking, self._has_more = True, False
        self._workers.look(dataset, self.state.scope, self._anchors if same else (), self._sought)

    def _count(self) -> None:
        """Count groups and streams, unless they are counted already."""
        dataset, scope = self.state.dataset, self.state.scope.everywhere
        if dataset is not None and self._summed != (dataset, scope):
            self._summed = dataset, scope
            self._workers.count(dataset, scope)

    @on(Looked)
    def _view_is_ready(self, message: Looked) -> None:
        view, old = message.view, self.state.view
        if view.scope != self.state.scope:
            return
        self._is_looking = not view.complete
        same = old is not None and old.scope == view.scope
        # Until all is read, whoever has not moved yet is shown the newest of what there is.
        reading = old is None or old.dataset.progress is not None or not old.complete
        untouched = reading and not self.records.cursor
        untouched = untouched or self._goes_to_newest(view)
        cursor, top = self._keep_place(message.moved) if same and not untouched else (0, 0)
        if self._sought is not None and message.sought == self._sought:
            self._sought = None
            cursor = top = message.place or 0
        if self.has_shown.is_set():
            self._count_over_time()
        if same and not reading:
            self.state.unseen += max(0, top - self.records.top)
        self.state.unseen = self.state.unseen if top else 0
        # Until its rows are here, what stands where is known by the anchors alone.
        pairs = zip(self._anchors, (cursor, top), strict=False)
        self._anchors = tuple(replace(anchor, index=index) for anchor, index in pairs) if same else ()
        self.state.view = view
        source = RecordSource(view, self._newcomers(old if same and not reading else None, view))
        self.records.sorted_by = source.sorted_by
        self.records.empty = why_empty(self.state)
        self.records.show(source, more=same, cursor=cursor, top=top)
        if self._has_more and not self._is_looking:
            self._look()
        if not view.height:
            self._first_are_shown()
            self.record.say(self.records.empty.partition("\n")[0])
        self._arrange()

    def _keep_place(self, moved: tuple[int | None, ...]) -> tuple[int, int]:
        """Where the cursor and the first row on screen belong, now that records came or went."""
        cursor, top = self.records.cursor, self.records.top
        if self.state.following:
            return 0, 0
        if len(moved) < 2:
            return cursor, top
        by_cursor, by_top = moved
        if by_cursor is None:
            return cursor, top
        return cursor + by_cursor, top + (by_cursor if by_top is None else by_top)

    @on(Counted)
    def _summary_is_ready(self, message: Counted) -> None:
        dataset = self.state.dataset
        if not self._all_read and dataset is not None and dataset.progress is None:
            self._all_read = True
            self.bar.review()
        if dataset is not None and dataset.progress is None:
            self._compare(dataset, message.rows)
        self.groups.count(message.rows, reading=message.reading)
        self._arrange()

    @on(Failed)
    @on(FrameTable.Failed)
    def _something_failed(self, message: Failed | FrameTable.Failed) -> None:
        self._trouble, self._is_looking = TROUBLE, False
        self._first_are_shown()
        self.bar.tell(str(message.error), "reject")
        self._arrange()

    # -- what is done ----------------------------------------------------------------------------------

    @on(FrameTable.Moved, f"#{RECORDS}")
    def _record_changed(self, message: FrameTable.Moved) -> None:
        row = message.row
        if not message.table.top:
            self.state.unseen = 0
        if row is None:
            return
        if not self.has_shown.is_set():
            self.call_after_refresh(self._first_are_shown)
        self.record.explain(row.record, origin(self.state.dataset, row.record))
        self._point_at_record()
        self._quote_soon(row)
        if self.state.following and message.table.cursor and not self.state.frozen:
            self.state.following = False
        self._arrange()

    def _first_are_shown(self) -> None:
        """Do what the first records should not have had to wait for."""
        if not self.has_shown.is_set():
            self.has_shown.set()
            self._count()
            self._count_over_time()
            self._greet()

    def _quote_soon(self, row: Row) -> None:
        """Fetch the raw line once the cursor rests: nobody reads it while paging."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, lambda: self._quote(row, copy=False))

    def _quote(self, row: Row, *, copy: bool) -> None:
        if self.state.dataset is not None:
            self._workers.quote(self.state.dataset, identity(row), copy=copy)

    @on(Quoted)
    def _line_is_here(self, message: Quoted) -> None:
        row = self.records.row
        if row is None or row.identity != message.identity:
            return
        self.record.quote(message.raw if message.raw is not None else f"({GONE})")
        if message.copy and message.raw is None:
            self.bar.tell(GONE, "warn")
        elif message.copy and message.raw is not None:
            self._copy(message.raw, "the record")

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open what is under the cursor of the focused pane."""
        if self.pane == RECORDS:
            self._zoomed = True
            self.set_focus(self.record)
        elif self.pane == GROUPS and self.groups.place is not None:
            self._open_place(self.groups.place)

    def _open_place(self, place: Place) -> None:
        """Look at a group and unfold it, or at a stream; opened again, a group gives way to its records."""
        again = self.state.scope.group == place.group and not self.state.scope.stream
        if place.stream is not None or (not self.groups.unfold(place.group) and again):
            self.set_focus(self.records)
        self._go(replace(self.state.scope, group=place.group, stream=place.stream))

    def action_up(self) -> None:
        """Go up one level."""
        scope = self.state.scope
        if self.pane == HISTOGRAM and self.bars.mark is not None:
            self.bars.set_mark(None)
        elif self.pane in {RECORD, HISTOGRAM}:
            self._zoomed = False
            self.set_focus(self.records)
        elif self.pane == RECORDS and self._return():
            return
        elif self.pane == RECORDS:
            self.groups.put_on(Place(scope.group, scope.stream) if scope.group else self.groups.place)
            self.set_focus(self.groups)
        else:
            if scope.group:
                self.groups.put_on(Place(scope.group))
            self._go(scope.up)
        self._arrange()

    def _scope_changed(self) -> None:
        self.state.unseen = 0
        self.bar.set_text(self.state.scope.filter)
        self._look()
        self._count()
        self._arrange()

    def action_back(self) -> None:
        """Go back to the scope before."""
        if self.state.back():
            self._scope_changed()

    def action_forward(self) -> None:
        """Go forward again."""
        if self.state.forward():
            self._scope_changed()

    def action_next_pane(self) -> None:
        """Move to the next pane."""
        self._turn(1)

    def action_previous_pane(self) -> None:
        """Move to the previous pane."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        self._zoomed = False
        # The bars have a key of their own; from there it is one step to the panes on either side.
        panes = [name for name in PANES if name != HISTOGRAM or self.pane == HISTOGRAM]
        name = panes[(panes.index(self.pane) + step) % len(panes)]
        self.set_focus(self.query_one(f"#{name}"))

    def action_filter(self) -> None:
        """Type a filter."""
        if self.pane == GROUPS:
            self._pane = RECORDS
        self.bar.edit()
        self._arrange()

    @on(FilterBar.Submitted)
    def _filter_entered(self, message: FilterBar.Submitted) -> None:
        self._go(replace(self.state.scope, filter=message.text))

    def action_time(self) -> None:
        """Type a time to go to."""
        view = self.state.view
        if view is None or not view.height:
            self.bar.tell("There is no record to go to.", "warn")
        elif self.state.scope.sort != "timestamp":
            self.bar.tell("Sort by time first: s on the time column.", "warn")
        else:
            self._pane = RECORDS
            self.bar.ask(Question("time", partial(judge_time, self._day), TIME_HINT))
            self._arrange()

    @property
    def _day(self) -> datetime | None:
        """The day that a time of the day is of: that of the record under the cursor, else of the newest."""
        row, view = self.records.row, self.state.view
        here = row.record.get("timestamp") if row is not None else None
        return here or (view.span[1] if view is not None and view.span else None)

    def action_missing(self) -> None:
        """Type which traffic is missed."""
        from tui.traffic import HINT, judge_traffic

        self._pane = RECORDS
        self.bar.ask(Question(_MISSING, partial(judge_traffic, self._day), HINT))
        self._arrange()

    @on(FilterBar.Answered)
    def _question_answered(self, message: FilterBar.Answered) -> None:
        from query.times import parse_time
        from tui.traffic import parse_traffic

        if message.question.label == _MISSING:
            self.say_why_missing(parse_traffic(message.text, self._day))
        elif self.state.view is not None:
            self._workers.seek(self.state.view, parse_time(message.text, day=self._day))

    @on(Placed)
    def _time_found(self, message: Placed) -> None:
        if message.view is self.state.view:
            self.state.following = False
            self.records.move_to(message.place, top=message.place)
            self._arrange()

    def action_sort(self) -> None:
        """Sort by the column under the cursor."""
        if self.records.field and self.state.sort_by(self.records.field):
            self._scope_changed()

    def action_include(self) -> None:
        """Keep only records with the value under the cursor."""
        self._narrow(keep=True)

    def action_exclude(self) -> None:
        """Leave out records with the value under the cursor."""
        self._narrow(keep=False)

    def _narrow(self, *, keep: bool) -> None:
        field = self.records.field
        if field == "timestamp":
            self.bar.tell("Move to another column first: times are chosen by --since and --until.", "warn")
        elif field is None:
            self.bar.tell("This column cannot be filtered by: move to another one first.", "warn")
        elif self.state.narrow(field, self.records.value, keep=keep):
            self._scope_changed()

    def action_once(self) -> None:
        """Count what several flow logs hold only once, or all of it again."""
        if self.state.count_once():
            self._scope_changed()
        self.bar.tell(once_told(self.state), "accent")

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor."""
        place, field = self.groups.place, self.records.field
        if self.pane == GROUPS and place is not None:
            self._copy(place.stream or place.group, "the name")
        elif self.pane == RECORDS and field is not None:
            self._copy(self.records.text, field.replace("_", "-"))

    def action_copy_record(self) -> None:
        """Copy the record as it stands in its file."""
        if self.records.row is not None:
            self._quote(self.records.row, copy=True)

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.bar.tell(f"Copied {what}: {text}")

    def action_next_record(self) -> None:
        """Explain the next record."""
        self.records.action_line_down()

    def action_previous_record(self) -> None:
        """Explain the previous record."""
        self.records.action_line_up()
