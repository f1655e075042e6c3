"""The explorer: groups and streams, records, and one record explained.

Workers never touch a widget: they post messages, and the handlers here are the only ones to change the state.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen

from loaders.run import Lane
from tui.groups import GroupSource, Place
from tui.keymap import GROUPS, PANES, RECORD, RECORDS, bindings, works
from tui.sanitise import clean
from tui.state import State
from tui.units import count, duration, whole
from tui.widgets.filter_bar import FilterBar
from tui.widgets.frame_table import FrameTable, Row
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.record_pane import RecordPane

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from textual.app import ComposeResult
    from textual.timer import Timer

    from loaders.dataset import Dataset
    from query.scope import Scope
    from query.view import View

# From this width on the groups stay beside the records; below it they take turns.
_WIDE = 110
# Seconds that the cursor has to stay on a record before its raw line is fetched.
_REST = 0.15


class ExplorerScreen(Screen[None]):
    """Three panes, a filter, and the lines that say where we are and what the keys do.

    The focus is set with ``set_focus``, never with ``Widget.focus``: that one waits its turn, and keys typed
    meanwhile would still go to the old pane.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(*PANES)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - Textual's own type

    class Arrived(Message):
        """There is a new data set."""

        def __init__(self, dataset: Dataset) -> None:
            """Carry it."""
            super().__init__()
            self.dataset = dataset

        def can_replace(self, message: Message) -> bool:
            """Only the newest matters."""
            return isinstance(message, ExplorerScreen.Arrived)

    class _Looked(Message):
        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    class _Counted(Message):
        def __init__(self, summary: pl.DataFrame) -> None:
            super().__init__()
            self.summary = summary

    class _Quoted(Message):
        def __init__(self, identity: object, raw: str, *, copy: bool) -> None:
            super().__init__()
            self.identity, self.raw, self.copy = identity, raw, copy

    class Failed(Message):
        """Something could not be done."""

        def __init__(self, error: Exception) -> None:
            """Carry the reason."""
            super().__init__()
            self.error = error

    def __init__(
        self, scope: Scope, roots: tuple[str, ...], *, following: bool, keys: dict[str, str] | None = None
    ) -> None:
        """Begin with a scope on the logs below some paths.

        Args:
            scope: What to look at first.
            roots: The paths, as they were given.
            following: Whether to stay at the newest record.
            keys: Keys that a person gave to actions in place of their own, by name.
        """
        super().__init__()
        self._keys = keys or {}
        self.state = State(scope, following=following)
        self._roots = " ".join(clean(root) for root in roots)
        self._looking, self._counting, self._quoting = Lane("look"), Lane("count"), Lane("quote")
        self._unfolded: set[str] = set()
        self._summary: pl.DataFrame | None = None
        self._zoomed = False
        self._news = ("reading …", "accent")
        self._at_start = True
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield TopLine()
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield PaneTitle(GROUPS)
                yield FrameTable(GROUPS, cells=False, empty="No log group yet.")
            with Vertical(id="right"):
                yield PaneTitle(RECORDS)
                yield FrameTable(RECORDS, empty="")
                yield PaneTitle(RECORD)
                yield RecordPane()
        yield FilterBar(self._judge, lambda: self.query_one(f"#{self.pane}"))
        yield KeyBar()

    @property
    def groups(self) -> FrameTable:
        """The groups pane."""
        return self.query_one(f"#{GROUPS}", FrameTable)

    @property
    def records(self) -> FrameTable:
        """The records pane."""
        return self.query_one(f"#{RECORDS}", FrameTable)

    @property
    def record(self) -> RecordPane:
        """The pane that explains a record."""
        return self.query_one(RecordPane)

    @property
    def bar(self) -> FilterBar:
        """The filter bar."""
        return self.query_one(FilterBar)

    def on_mount(self) -> None:
        """Show the first, empty picture."""
        self.bar.set_text(self.state.scope.filter)
        self.record.say("Reading the newest records first.")
        self.set_focus(self.groups)
        self._arrange()

    # -- what arrives ----------------------------------------------------------------------------------

    @on(Arrived)
    def _dataset_arrived(self, message: Arrived) -> None:
        self.state.dataset = message.dataset
        self._look(keep_place=True)
        self._count()

    def _look(self, *, keep_place: bool = False) -> None:
        """Find the records of the scope, in the background."""
        from query.view import look

        dataset, scope = self.state.dataset, self.state.scope
        if dataset is None:
            return
        self._keep_place = keep_place
        self._looking.submit(
            lambda ticket: look(dataset, scope, ticket),
            lambda view: self._tell(self._Looked(view)),
            lambda error: self._tell(self.Failed(error)),
        )

    _keep_place = False

    def _count(self) -> None:
        from query.scope import Scope
        from query.view import summarise

        dataset, scope = self.state.dataset, self.state.scope
        if dataset is None:
            return
        times = Scope(since=scope.since, until=scope.until)
        self._counting.submit(
            lambda ticket: summarise(dataset, times, ticket),
            lambda summary: self._tell(self._Counted(summary)),
            lambda error: self._tell(self.Failed(error)),
        )

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    @on(_Looked)
    def _view_is_ready(self, message: _Looked) -> None:
        view = message.view
        if view.scope != self.state.scope:
            return
        old = self.state.view
        self.state.view = view
        from tui.columns import RecordSource

        cursor, top = self._place_in(view) if self._keep_place else (0, 0)
        if old is not None and self._keep_place and not self._loading and top > self.records.top:
            self.state.unseen += top - self.records.top
        if not top:
            self.state.unseen = 0
        self.records.sorted_by = self._sorted_column(view)
        self.records.empty = self._why_empty()
        self.records.show(RecordSource(view), more=self._keep_place, cursor=cursor, top=top)
        if not view.height:
            self.record.say(self._why_empty().split("\n", maxsplit=1)[0])
        self._arrange()

    def _place_in(self, view: View) -> tuple[int, int]:
        """Where the cursor and the first row on screen belong, now that records came or went."""
        row, first = self.records.row, self.records.first_row
        untouched = self.records.cursor == 0 and (self._loading or self._at_start)
        if self.state.following or untouched or row is None or first is None:
            return 0, 0
        cursor, top = view.place_of(*row.identity), view.place_of(*first.identity)  # type: ignore[misc]
        if cursor is None:
            return min(self.records.cursor, max(0, view.height - 1)), self.records.top
        return cursor, top if top is not None else max(0, cursor - (self.records.cursor - self.records.top))

    @property
    def _loading(self) -> bool:
        dataset = self.state.dataset
        return dataset is None or dataset.progress is not None

    def _sorted_column(self, view: View) -> tuple[str, bool]:
        from tui.columns import record_columns

        shown = (column for column in record_columns(view.dataset) if column.field == view.scope.sort)
        return next((column.column.key for column in shown), ""), view.scope.descending

    def _why_empty(self) -> str:
        scope, dataset = self.state.scope, self.state.dataset
        if dataset is None or (dataset.progress and not dataset.height):
            return "Reading the logs …"
        if scope.filter:
            where = " here" if scope.group else ""
            return f"No record{where} matches the filter.\nPress / to change it; an empty filter shows all."
        if scope.since or scope.until:
            return "No record in the time range of --since and --until."
        return "These logs hold no records yet.\nThey appear here as they are delivered."

    @on(_Counted)
    def _summary_is_ready(self, message: _Counted) -> None:
        self._summary = message.summary
        if self.state.dataset and not self.state.dataset.progress:
            self._at_start = False
        self._list_groups()
        self._arrange()

    def _list_groups(self, place: Place | None = None) -> None:
        if self._summary is None:
            return
        if place is None and self.groups.row is not None:
            place = self.groups.row.record["place"]
        source = GroupSource(self._summary, self._unfolded)
        cursor = (source.index(place) if place else 0) or 0
        self.groups.show(source, more=True, cursor=cursor, top=self.groups.top)

    @on(Failed)
    @on(FrameTable.Failed)
    def _something_failed(self, message: Failed | FrameTable.Failed) -> None:
        self.bar.tell(str(message.error), "reject")
        self._news = ("trouble", "warn")
        self._arrange()

    # -- what is drawn ---------------------------------------------------------------------------------

    @property
    def pane(self) -> str:
        """The pane that has the focus, or had it before the filter bar took it."""
        focused = self.focused.id if self.focused is not None else None
        if focused in PANES:
            self._pane = focused
        return self._pane

    _pane = GROUPS

    def on_descendant_focus(self) -> None:
        """Say which pane keys go to."""
        self._arrange()

    def _arrange(self) -> None:
        """Bring titles, breadcrumbs and the key bar in line with the state."""
        pane = self.pane
        self.set_class(pane == GROUPS, "-groups")
        self.set_class(pane == RECORD and self._zoomed, "-zoomed")
        for name, more in ((GROUPS, self._about_groups()), (RECORDS, self._about_records()), (RECORD, "")):
            title = self.query_one(f"#{name}-title", PaneTitle)
            title.show(more, focused=pane == name and not self.bar.typing)
        self.query_one(KeyBar).show(pane, self._keys)
        self._say_where()

    def _about_groups(self) -> str:
        source = self.groups.source
        if not isinstance(source, GroupSource) or not source.groups:
            return ""
        groups, streams = len(source.groups), source.streams
        return f"{groups} group{'s' * (groups != 1)}, {streams} stream{'s' * (streams != 1)}"

    def _about_records(self) -> str:
        view, dataset = self.state.view, self.state.dataset
        if view is None or dataset is None:
            return ""
        total = dataset.height
        shown = whole(total) if view.height == total else f"{whole(view.height)} of {count(total)}"
        took = f" · {duration(view.seconds)}" if view.scope.filter else ""
        unseen = f" · ↑ {count(self.state.unseen)} new" if self.state.unseen else ""
        return f"{shown}{took}{unseen}"

    def _say_where(self) -> None:
        scope, dataset = self.state.scope, self.state.dataset
        way = [self._roots, *(clean(part) for part in (scope.group, scope.stream) if part)]
        news, tone = self._news
        if dataset is not None:
            news, tone = self._told(dataset)
        self.query_one(TopLine).show(way, news, tone)

    def _told(self, dataset: Dataset) -> tuple[str, str]:
        if dataset.progress:
            done = dataset.progress
            return (
                f"reading {done.share:.0%}, {whole(done.files)} of {whole(done.files_total)} files",
                "accent",
            )
        problems = dataset.problem_count
        news = f"{whole(problems)} problem{'s' * (problems != 1)} (p)" if problems else ""
        if self.state.following:
            return f"● following{' · ' + news if news else ''}", "warn" if problems else "accent"
        return news, "warn"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts in the panes that the table of actions names, and not while text is typed."""
        if self.bar.typing:
            return action in {"next_pane", "previous_pane"}
        return works(action, parameters, self.pane)

    def action_move(self, name: str) -> None:
        """Have the focused pane move."""
        getattr(self.query_one(f"#{self.pane}"), f"action_{name}")()

    # -- what is done ----------------------------------------------------------------------------------

    @on(FrameTable.Moved, f"#{RECORDS}")
    def _record_changed(self, message: FrameTable.Moved) -> None:
        row = message.row
        if not message.table.top:
            self.state.unseen = 0
        if row is None:
            return
        self.record.explain(row.record, self._origin(row.record))
        self._quote_soon(row)
        if self.state.following and message.table.cursor:
            self.state.following = False
        self._arrange()

    def _quote_soon(self, row: Row) -> None:
        """Fetch the raw line once the cursor rests: nobody reads it while paging."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST, lambda: self._quote(row, copy=False))

    def _origin(self, record: Mapping[str, Any]) -> str:
        dataset = self.state.dataset
        report = dataset.files.get(record["_file"]) if dataset else None
        return f"{report.source.name if report else '?'}:{record['_line']}"

    def _quote(self, row: Row, *, copy: bool) -> None:
        """Fetch the record's own line, in the background: its file may have to be unpacked for it."""
        dataset = self.state.dataset
        if dataset is None:
            return
        file, line = row.record["_file"], row.record["_line"]
        gone = "(the file has changed or gone)"
        self._quoting.submit(
            lambda _: dataset.raw(file, line) or gone,
            lambda raw: self._tell(self._Quoted(row.identity, raw, copy=copy)),
            lambda error: self._tell(self.Failed(error)),
        )

    @on(_Quoted)
    def _line_is_here(self, message: _Quoted) -> None:
        row = self.records.row
        if row is None or row.identity != message.identity:
            return
        self.record.quote(message.raw)
        if message.copy:
            self._copy(message.raw, "the record")

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Open what is under the cursor of the focused pane."""
        if self.pane == RECORDS:
            self._zoomed = True
            self.set_focus(self.record)
        elif self.pane == GROUPS and self.groups.row is not None:
            place: Place = self.groups.row.record["place"]
            self._open_place(place)

    def _open_place(self, place: Place) -> None:
        if place.stream is None:
            first = place.group not in self._unfolded
            self._unfolded.add(place.group)
            if not first and self.state.scope.group == place.group and not self.state.scope.stream:
                self.set_focus(self.records)
            else:
                self._list_groups(place)
                source = self.groups.source
                index = source.index(place) if isinstance(source, GroupSource) else None
                self.groups.move_to((index or 0) + 1)
        else:
            self.set_focus(self.records)
        self._go(replace(self.state.scope, group=place.group, stream=place.stream))

    def action_fold(self) -> None:
        """Show or hide the streams of a group."""
        self._fold(None)

    def action_show_streams(self) -> None:
        """Show the streams of a group."""
        self._fold(hidden=False)

    def action_hide_streams(self) -> None:
        """Hide the streams of a group."""
        self._fold(hidden=True)

    def _fold(self, hidden: bool | None) -> None:
        if self.groups.row is None:
            return
        group = self.groups.row.record["place"].group
        if hidden is None:
            hidden = group in self._unfolded
        if hidden == (group not in self._unfolded):
            return
        self._unfolded ^= {group}
        self._list_groups(Place(group))
        self._arrange()

    def action_up(self) -> None:
        """Go up one level."""
        if self.pane == RECORD:
            self._zoomed = False
            self.set_focus(self.records)
        elif self.pane == RECORDS:
            scope = self.state.scope
            self._list_groups(Place(scope.group, scope.stream) if scope.group else None)
            self.set_focus(self.groups)
        else:
            scope = self.state.scope
            if scope.group:
                self._list_groups(Place(scope.group))
            self._go(scope.up)
        self._arrange()

    def _go(self, scope: Scope) -> None:
        if self.state.go(scope):
            self._scope_changed()

    def _scope_changed(self) -> None:
        self.state.unseen = 0
        self.bar.set_text(self.state.scope.filter)
        self._look()
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
        name = PANES[(PANES.index(self.pane) + step) % len(PANES)]
        self.set_focus(self.query_one(f"#{name}"))

    def action_filter(self) -> None:
        """Type a filter."""
        if self.pane == GROUPS:
            self._pane = RECORDS
        self.bar.edit()
        self._arrange()

    def _judge(self, text: str) -> tuple[bool, str]:
        """Whether a text is a filter, and what it stands for or what is wrong with it."""
        from query.check import check_filter
        from query.errors import QueryError
        from query.parse import parse_filter
        from query.tree import to_text

        dataset = self.state.dataset
        try:
            tree = parse_filter(text)
            warnings = check_filter(tree, dataset.columns if dataset else ())
        except QueryError as error:
            return False, str(error)
        if warnings:
            return True, f"! {warnings[0].message}"
        meaning = to_text(tree)
        return True, "" if meaning == text.strip() else f"= {meaning}"

    @on(FilterBar.Submitted)
    def _filter_entered(self, message: FilterBar.Submitted) -> None:
        self._go(replace(self.state.scope, filter=message.text))

    def action_follow(self) -> None:
        """Stay at the newest record, or stop doing so."""
        self.state.following = not self.state.following
        if self.state.following:
            self._go(replace(self.state.scope, sort="timestamp", descending=True))
            self.records.move_to(0)
        self._arrange()

    def action_sort(self) -> None:
        """Sort by the column under the cursor."""
        field = self._field()
        if field and self.state.sort_by(field):
            self._scope_changed()

    def _field(self) -> str | None:
        from tui.columns import RecordSource

        source = self.records.source
        return source.field(self.records.column) if isinstance(source, RecordSource) else None

    def action_include(self) -> None:
        """Keep only records with the value under the cursor."""
        self._narrow(keep=True)

    def action_exclude(self) -> None:
        """Leave out records with the value under the cursor."""
        self._narrow(keep=False)

    def _narrow(self, *, keep: bool) -> None:
        field, row = self._field(), self.records.row
        if field is None or row is None or field == "timestamp":
            self.bar.tell("Move to another column first: times are chosen by --since and --until.", "warn")
            return
        field = "log_status" if field == "action" and row.record.get("action") is None else field
        if self.state.narrow(field, row.record.get(field), keep=keep):
            self._scope_changed()

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor."""
        table = self.groups if self.pane == GROUPS else self.records
        row = table.row
        if row is None:
            return
        if table is self.groups:
            place: Place = row.record["place"]
            self._copy(place.stream or place.group, "the name")
        elif field := self._field():
            value = row.record.get(field)
            self._copy("" if value is None else _plain(value), field.replace("_", "-"))

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

    def action_problems(self) -> None:
        """List what could not be read."""
        if self.state.dataset is not None:
            from tui.screens.problems import ProblemsScreen

            self.app.push_screen(ProblemsScreen(self.state.dataset))


def _plain(value: object) -> str:
    from datetime import datetime

    from tui.units import iso

    return iso(value) if isinstance(value, datetime) else str(value)
