"""The query screen's panes and the lines around them, and how they are brought in line with the state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.keymap import CHART, FILE, QUERY, RESULT, TYPING, bindings, pressed, works
from tui.querying.wording import NOTHING_YET, about_rows
from tui.sanitise import clean
from tui.widgets.answer_table import AnswerTable
from tui.widgets.chart_view import ChartView
from tui.widgets.choice_list import ChoiceList
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.query_editor import QueryEditor
from tui.widgets.typing import TypedLine
from tui.wording import Toned, filtered_way, news

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events
    from textual.app import ComposeResult

    from tui.state import State
    from tui.widgets.table_layout import Column, Row

_FILE_NAME = "query.csv"
# Below this height the text has to leave room for the result.
_HIGH = 20


class QueryPanes(Screen[None]):
    """The text of a query, a line that says what came of it, and the result.

    The focus is set with ``set_focus``, never with ``Widget.focus``: that one waits its turn, and keys typed
    meanwhile would still go to the old pane.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(RESULT, CHART)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_HIGH, "-high")]  # noqa: RUF012 - Textual's own type

    def __init__(self, state: State, roots: tuple[str, ...], keys: Mapping[str, str]) -> None:
        """Begin with an empty query.

        Args:
            state: What the explorer looks at; a query looks at the same.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
        """
        super().__init__()
        self.state = state
        self._waiting = False
        """Whether a query runs, so that the rows on the screen are those of the one before."""
        self._roots, self._keys = roots, dict(keys)
        self._editor = QueryEditor(self._does, keys)
        self._choices = ChoiceList()
        self._table = AnswerTable()
        self._chart = ChartView(CHART)
        self._file_name = TypedLine("file-name", lambda key: self._does(pressed(key, FILE, keys) or ""))
        self._told = Static("", id="told", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield TopLine()
        yield PaneTitle(QUERY)
        yield self._editor
        yield self._told
        with Horizontal(id="file"):
            yield Static(" write to ", id="file-label", markup=False)
            yield self._file_name
        yield PaneTitle(RESULT)
        yield self._table
        yield self._chart
        yield KeyBar()
        yield self._choices

    def on_mount(self) -> None:
        """Wait for a query."""
        self._table.empty = NOTHING_YET
        self._table.show(_NoRows())
        self._arrange()

    async def on_key(self, event: events.Key) -> None:
        """Take what was typed before anything had the focus: it is for the query."""
        if self.focused is None:
            self.set_focus(self._editor)
            await self._editor.feed(event)

    @property
    def pane(self) -> str:
        """The pane that keys go to."""
        if self.focused in {self._table, self._chart}:
            return RESULT if self.focused is self._table else CHART
        return FILE if self.focused is self._file_name else QUERY

    @property
    def _shown(self) -> AnswerTable | ChartView:
        """What shows the result: the table or the chart."""
        return self._chart if self.has_class("-charted") else self._table

    def on_descendant_focus(self) -> None:
        """Say which pane keys go to."""
        self._arrange()

    def on_answer_table_panned(self) -> None:
        """Say which columns are on the screen."""
        self._arrange()

    def on_screen_resume(self) -> None:
        """Show where we are: that may have changed since."""
        self._arrange()

    def _arrange(self) -> None:
        """Bring titles, breadcrumbs and the key bar in line with the state."""
        pane, scope, source = self.pane, self.state.scope, self._table.answered
        self.set_class(pane == FILE, "-naming")
        rows = about_rows(source.height, self._table.on_screen) if source is not None else ""
        rows += " · of the query before" * bool(rows and self._waiting)
        self.set_class(self._waiting, "-waiting")
        for name, more in ((QUERY, ""), (RESULT, rows)):
            title = self.query_one(f"#{name}-title", PaneTitle)
            title.show(more, focused=pane == name or (pane == CHART and name == RESULT))
        self.query_one(KeyBar).show(pane, self._keys)
        self.query_one(TopLine).show(filtered_way(self._roots, scope), *news(self.state, None))

    def _say(self, told: Toned) -> None:
        text, tone = told
        self._told.set_classes(f"-{tone}")
        self._told.update(Content(f" {clean(text)}"))

    def _does(self, name: str) -> bool:
        """Do an action of a pane that takes its keys itself; whether that was all there is to do."""
        method = getattr(self, f"action_{name}", None) if name else None
        return method is not None and method() is not False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts in the result if the table of actions says so, and not while text is typed."""
        return works(action, parameters, "" if self.pane in TYPING else self.pane)

    def action_move(self, name: str) -> None:
        """Have the result move."""
        getattr(self._shown, f"action_{name}")()

    def _ask_for_name(self) -> None:
        """Let a person type the name of a file."""
        if not self._file_name.value:
            self._file_name.value = _FILE_NAME
        self._file_name.cursor_position = len(self._file_name.value)
        self.set_focus(self._file_name)
        self._arrange()


class _NoRows:
    """What stands in the result before there is one."""

    instant = True
    height = 0
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch none."""
        return list(self.rows[offset : offset + amount])
