"""The explorer's panes and the lines around them, and how they are brought in line with the state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from tui.keymap import GROUPS, HISTOGRAM, PANES, RECORD, RECORDS, bindings, works
from tui.state import State
from tui.widgets.filter_bar import FilterBar
from tui.widgets.group_pane import GroupPane
from tui.widgets.histogram import Histogram
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.record_pane import RecordPane
from tui.widgets.record_table import RecordTable
from tui.wording import Toned, about_groups, about_records, judge, news, way

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from query.scope import Scope

# From this width on the groups stay beside the records; below it they take turns.
_WIDE = 110
# Below the first height there is no room for bars over time, from the second on there is room for high ones.
_LOW, _HIGH = 20, 36


class Panes(Screen[None]):
    """Three panes, a filter, and the lines that say where we are and what the keys do.

    The focus is set with ``set_focus``, never with ``Widget.focus``: that one waits its turn, and keys typed
    meanwhile would still go to the old pane.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(*PANES)
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (_LOW, "-low"), (_HIGH, "-high")]  # noqa: RUF012 - as below
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - Textual's own type

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
        self._roots = roots
        self._trouble: Toned | None = None
        self._zoomed = False

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield TopLine()
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield PaneTitle(GROUPS)
                yield GroupPane()
            with Vertical(id="right"):
                yield PaneTitle(RECORDS)
                yield Histogram()
                yield RecordTable()
                yield PaneTitle(RECORD)
                yield RecordPane()
        yield FilterBar(lambda text: judge(text, self.state.fields), lambda: self.query_one(f"#{self.pane}"))
        yield KeyBar()

    @property
    def groups(self) -> GroupPane:
        """The groups pane."""
        return self.query_one(GroupPane)

    @property
    def records(self) -> RecordTable:
        """The records pane."""
        return self.query_one(RecordTable)

    @property
    def bars(self) -> Histogram:
        """The bars over time."""
        return self.query_one(Histogram)

    @property
    def record(self) -> RecordPane:
        """The pane that explains a record."""
        return self.query_one(RecordPane)

    @property
    def bar(self) -> FilterBar:
        """The filter bar."""
        return self.query_one(FilterBar)

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
        groups = about_groups(self.groups.groups) if self.groups.groups else ""
        for name, more in ((GROUPS, groups), (RECORDS, about_records(self.state)), (RECORD, "")):
            title = self.query_one(f"#{name}-title", PaneTitle)
            here = pane == name or (pane == HISTOGRAM and name == RECORDS)
            title.show(more, focused=here and not self.bar.typing)
        self.query_one(KeyBar).show(pane, self._keys)
        self._say_where()

    def _say_where(self) -> None:
        """Say in the first line where we are and what is going on."""
        self.query_one(TopLine).show(way(self._roots, self.state.scope), *news(self.state, self._trouble))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts in the panes that the table of actions names, and not while text is typed."""
        if self.bar.typing:
            return action in {"next_pane", "previous_pane"}
        return works(action, parameters, self.pane)

    def action_move(self, name: str) -> None:
        """Have the focused pane move."""
        getattr(self.query_one(f"#{self.pane}"), f"action_{name}")()
