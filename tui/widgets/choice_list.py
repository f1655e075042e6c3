"""What can stand where one is typing: a short list over the screen, a line each, with what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.sanitise import clean
from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from query.complete import Choice

_MOST = 8
_WIDEST_TEXT, _WIDEST_MEANING = 28, 60
_GAP = 2
# The line on the left, and a blank on either side.
_AROUND = 3


class ChoiceList(Widget):
    """A list of choices; one is under the cursor. It never has the focus: the editor moves it."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice-list--cursor", "choice-list--meaning"}

    def __init__(self) -> None:
        """Make a list that is closed."""
        super().__init__(id="choices")
        self.display = False
        self._choices: Sequence[Choice] = ()
        self._cursor = self._top = 0
        self.moved = False
        """Whether somebody has moved in it since it was opened."""

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self.display

    @property
    def picked(self) -> Choice | None:
        """The choice under the cursor, or ``None`` while it is closed."""
        return self._choices[self._cursor] if self.display else None

    def open(self, choices: Sequence[Choice], x: int, y: int) -> None:
        """Show choices, the first one under the cursor.

        Args:
            choices: At least one.
            x: The column that their texts should begin in; further to the left where space is short.
            y: The line of the screen for the first one.
        """
        self._choices, self._cursor, self._top = choices, 0, 0
        self.moved = False
        text = min(_WIDEST_TEXT, max(cell_len(clean(choice.text)) for choice in choices))
        meaning = min(_WIDEST_MEANING, max(cell_len(clean(choice.meaning)) for choice in choices))
        screen = self.screen.size
        width = min(screen.width, _AROUND + text + (_GAP + meaning if meaning else 0))
        self._text_width = min(text, width - _AROUND)
        self.styles.width, self.styles.height = width, min(_MOST, len(choices))
        self.styles.offset = max(0, min(x - 2, screen.width - width)), y
        self.display = True
        self.refresh()

    def close(self) -> None:
        """Take it away."""
        self.display = False

    def move(self, by: int) -> None:
        """Move the cursor; at either end it goes on at the other."""
        self._cursor, self.moved = (self._cursor + by) % len(self._choices), True
        self._top = min(max(self._top, self._cursor - _MOST + 1), self._cursor)
        self.refresh()

    _text_width = 0

    def render_line(self, y: int) -> Strip:
        """Draw a choice."""
        width, number = self.size.width, self._top + y
        base = self.rich_style
        if number >= len(self._choices):
            return Strip.blank(width, base)
        choice, dim = self._choices[number], self.get_component_rich_style("choice-list--meaning")
        if number == self._cursor:
            base = dim = self.get_component_rich_style("choice-list--cursor")
        text = set_cell_size(shorten(clean(choice.text), self._text_width), self._text_width)
        room = max(0, width - self._text_width - 2)
        meaning = set_cell_size(shorten(" " * _GAP + clean(choice.meaning), room, 0), room)
        return Strip([Segment(f" {text}", base), Segment(f"{meaning} ", dim)]).adjust_cell_length(width, base)
