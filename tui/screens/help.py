"""The help screen: every key, pane by pane, and what can be typed as a filter; made from the tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.keymap import (
    ACTIONS,
    CHART,
    DASHBOARD,
    EVERYWHERE,
    FILE,
    LIBRARY,
    MOVES,
    PANES,
    QUERY,
    RESULT,
    VALUES,
    Action,
    key_signs,
)
from tui.widgets.one_line import PaneTitle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

_KEYS = 14
_EXAMPLE = 26
_QUERIES = (QUERY, RESULT, CHART, FILE, LIBRARY, VALUES, DASHBOARD)


class HelpScreen(Screen[None]):
    """Everything that can be pressed or typed."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = [
        Binding("escape,q,question_mark", "dismiss", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
    ]

    def __init__(self, given: Mapping[str, str], pane: str = "") -> None:
        """List the keys.

        Args:
            given: Keys that were given to actions in place of their own, by name.
            pane: The pane that help is asked for in.
        """
        super().__init__(id="help")
        self._given, self._pane = given, pane

    def compose(self) -> ComposeResult:
        """Lay out one long text."""
        yield PaneTitle("help")
        with VerticalScroll():
            yield Static(help_text(self._given, self._pane))

    def on_mount(self) -> None:
        """Say how to leave."""
        self.query_one(PaneTitle).show("esc closes, ↓ ↑ scroll", focused=True)

    def action_scroll(self, by: int) -> None:
        """Move by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Move by pages."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=by * scroll.size.height, animate=False)


def help_text(given: Mapping[str, str], pane: str = "") -> Content:
    """Every action under the panes it works in, then the filter's shorthand.

    Args:
        given: Keys that were given to actions in place of their own, by name.
        pane: The pane that help is asked for in: its screen comes first.
    """
    explorer, queries = _of_the_explorer(given), _of_queries(given)
    keys = [*queries, *explorer] if pane in _QUERIES else [*explorer, *queries]
    return Content("\n").join([*keys, *_of_the_filter()])


def _of_the_explorer(given: Mapping[str, str]) -> list[Content]:
    lines: list[Content] = []
    shown: set[str] = set()
    for where in (*PANES, EVERYWHERE):
        lines.append(_heading(where))
        if where in PANES and where != PANES[0]:
            lines.append(Content.styled("   the same, and:", "$flow-dim"))
        for action in ACTIONS:
            if where in action.where and action.name not in shown:
                shown.add(action.name)
                lines.append(_line(action, given))
    return lines


def _of_queries(given: Mapping[str, str]) -> list[Content]:
    """The keys of the query screen and of the ready-made queries; one moves as in the explorer."""
    lines: list[Content] = []
    for where in _QUERIES:
        here = [action for action in ACTIONS if where in action.where and action.name not in MOVES]
        lines += [_heading(where), *(_line(action, given) for action in here)]
    return lines


def _of_the_filter() -> list[Content]:
    from query.shorthand import SHORTHANDS

    lines = [
        _heading("filter"),
        Content("   field op value, with = != < <= > >= like in, and or not, parentheses; or short:"),
    ]
    for short in SHORTHANDS:
        example = f"   {short.example}".ljust(_EXAMPLE)
        lines.append(Content.assemble((example, "$flow-key $flow-key-style"), short.meaning))
    return lines


def _heading(title: str) -> Content:
    return Content.styled(f"\n {title}", "bold $flow-accent")


def _line(action: Action, given: Mapping[str, str]) -> Content:
    keys = "  ".join(key_signs(action, given))
    return Content.assemble((f"   {keys}".ljust(_KEYS + 3), "$flow-key $flow-key-style"), action.help)
