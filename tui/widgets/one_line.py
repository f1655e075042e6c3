"""The lines that frame the screen: where we are, what a pane holds, and which keys work here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.keymap import Action, footer, key_signs
from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEP = " › "  # noqa: RUF001 - it points down the way
# What is always offered, however little room there is.
_ALWAYS = frozenset({"close", "help", "leave"})
# A step of the way is never shortened below this.
_LEAST = 16
_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")


class TopLine(Widget):
    """The first line: the way down to what is looked at on the left, what is going on on the right."""

    DEFAULT_CSS = _CSS

    def __init__(self) -> None:
        """Make an empty line."""
        super().__init__(id="top")
        self._way: tuple[str, ...] = ()
        self._news, self._tone = "", "dim"

    def show(self, way: Sequence[str], news: str, tone: str) -> None:
        """Say where we are and what is going on; ``tone`` is ``dim``, ``accent`` or ``warn``."""
        shown = (tuple(way), news, tone)
        if shown != (self._way, self._news, self._tone):
            self._way, self._news, self._tone = shown
            self.refresh()

    def render(self) -> Content:
        """Draw; the way gives way from its beginning when space runs out."""
        width = self.size.width
        name, news = " flowtui  ", f"{self._news} " if self._news else ""
        room = width - len(name) - cell_len(news) - 1
        path = Content(_fit(list(self._way), room)).truncate(max(room, 0), ellipsis=True)
        blanks = " " * max(1, width - len(name) - path.cell_length - Content(news).cell_length)
        return Content.assemble((name, "bold $flow-accent"), path, blanks, (news, f"$flow-{self._tone}"))


class PaneTitle(Widget):
    """The rule above a pane: what is inside, and how much; heavier when the pane has the focus."""

    DEFAULT_CSS = _CSS

    def __init__(self, pane: str, title: str | None = None) -> None:
        """Make the title of the pane with this id; what it is called, if it is not called by that."""
        super().__init__(id=f"{pane}-title")
        self._title, self._more, self._focused = pane if title is None else title, "", False

    def show(self, more: str, *, focused: bool) -> None:
        """Say how much is inside, and whether keys go there."""
        if (more, focused) != (self._more, self._focused):
            self._more, self._focused = more, focused
            self.refresh()

    def render(self) -> Content:
        """Draw."""
        rule = "━" if self._focused else "─"
        line = "$flow-accent" if self._focused else "$flow-line"
        more = f" · {self._more}" if self._more else ""
        end = Content(f"{self._title}{more}").truncate(max(0, self.size.width - 5), ellipsis=True)
        left = max(0, self.size.width - 4 - end.cell_length)
        name = "bold $flow-accent" if self._focused else "$foreground"
        return Content.assemble(
            (f"{rule}{rule} ", line),
            (end.plain[: len(self._title)], name),
            (end.plain[len(self._title) :], "$flow-dim"),
            (f" {rule * left}", line),
        )


class KeyBar(Widget):
    """The last line: what the keys do in the focused pane; what does not fit is behind ``?``."""

    DEFAULT_CSS = _CSS

    def __init__(self) -> None:
        """Make an empty line."""
        super().__init__(id="keys")
        self._where = ""
        self._keys: dict[str, str] = {}

    def show(self, where: str, keys: dict[str, str] | None = None) -> None:
        """Offer the actions of a pane.

        Args:
            where: The pane.
            keys: Keys that were given to actions in place of their own, by name.
        """
        if (where, keys or {}) != (self._where, self._keys):
            self._where, self._keys = where, keys or {}
            self.refresh()

    def render(self) -> Content:
        """Draw as many as fit; help and the way out always do."""
        actions = footer(self._where)
        always = [action for action in actions if action.name in _ALWAYS]
        room = self.size.width - sum(self._width(action) for action in always) - 1
        shown = []
        for action in actions:
            if action not in always and self._width(action) <= room:
                shown.append(action)
                room -= self._width(action)
        pieces: list[tuple[str, str]] = []
        for action in (*shown, *always):
            pieces += [
                (f" {self._sign(action)}", "$flow-key $flow-key-style"),
                (f" {action.label} ", "$flow-bar-text"),
            ]
        return Content.assemble(*pieces)

    def _sign(self, action: Action) -> str:
        return key_signs(action, self._keys)[0]

    def _width(self, action: Action) -> int:
        return len(self._sign(action)) + len(action.label) + 3


def _fit(way: list[str], room: int) -> str:
    """Join the steps; where they are too long the first goes, then those before the last are shortened."""
    for steps in (way, ["…", *way[1:]]):
        text = _STEP.join(steps)
        if cell_len(text) <= room or len(way) < 2:
            return text
    over = cell_len(text) - room
    middle = [shorten(step, max(_LEAST, len(step) - over), _LEAST // 2) for step in way[1:-1]]
    return _STEP.join(["…", *middle, way[-1]])
