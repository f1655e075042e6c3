"""The editor of a query: light colours, a line under what is wrong, keys that are its owner's first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.widgets import TextArea

from tui.keymap import QUERY, pressed
from tui.querying.colours import KINDS, Stretch, stretches
from tui.sanitise import masked
from tui.widgets.typing import take_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual import events

_FAULT = "query-editor--fault"


class QueryEditor(TextArea):
    """A few lines of text.

    Whatever key has a meaning in the table of actions is offered to the owner at once; what the owner leaves
    alone does here what it does in any text.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {_FAULT, *(f"query-editor--{kind}" for kind in KINDS)}

    def __init__(self, does: Callable[[str], bool], keys: Mapping[str, str]) -> None:
        """Make an empty editor.

        Args:
            does: Does an action, by its name; whether that was all there is to do.
            keys: Keys that were given to actions in place of their own, by name.
        """
        self._stretches: list[list[Stretch]] = []
        self._fault: tuple[int, int] | None = None
        super().__init__(id=QUERY, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False
        self._does, self._keys = does, keys

    # -- text and places in it -------------------------------------------------------------------------

    def put(self, text: str, *, at_top: bool = False) -> None:
        """Show another text, with the cursor at the end of it or of its first line."""
        self.replace(text.replace("\r\n", "\n"), (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor((0, len(self.document.get_line(0))) if at_top else self.document.end)

    @property
    def place(self) -> int:
        """How many characters stand before the cursor."""
        row, column = self.cursor_location
        return sum(len(self.document.get_line(index)) + 1 for index in range(row)) + column

    @property
    def in_comment(self) -> bool:
        """Whether the cursor is behind a ``#``, where nothing means anything."""
        row, column = self.cursor_location
        here = self._stretches[row] if row < len(self._stretches) else []
        return any(kind == "comment" and start < column for start, _, kind in here)

    def swap(self, start: int, text: str) -> None:
        """Put a text in place of what stands between a place and the cursor."""
        before = self.text[:start]
        row = before.count("\n")
        column = start - (before.rfind("\n") + 1)
        self.replace(text, (row, column), self.cursor_location, maintain_selection_offset=False)

    @property
    def on_first_line(self) -> bool:
        """Whether there is no line above the cursor, on the screen as in the text."""
        return self.navigator.is_first_wrapped_line(self.cursor_location)

    @property
    def on_last_line(self) -> bool:
        """Whether there is no line below the cursor, on the screen as in the text."""
        return self.navigator.is_last_wrapped_line(self.cursor_location)

    def mark(self, fault: tuple[int, int] | None) -> None:
        """Draw a line under what is wrong.

        Args:
            fault: Its first character and the one behind its last, from 0; ``None`` if nothing is.
        """
        if fault != self._fault:
            self._fault = fault
            self._line_cache.clear()
            self.refresh()

    # -- keys ------------------------------------------------------------------------------------------

    async def feed(self, event: events.Key) -> None:
        """Take a key that came before the editor had the focus."""
        event.stop()
        await self._dispatch_message(event)

    async def _on_key(self, event: events.Key) -> None:
        name = pressed(event.key, QUERY, self._keys)
        await take_key(self, event, self._bindings, lambda: name is not None and self._does(name))

    # -- drawing ---------------------------------------------------------------------------------------

    def _build_highlight_map(self) -> None:
        """Find the colours anew: the text has changed."""
        super()._build_highlight_map()
        self._stretches = stretches(self.text)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: in colours, with what would steer a terminal masked."""
        plain = self.document.get_line(line_index)
        # Tabs are spaced out by the text area itself.
        line = Text("\t".join(map(masked, plain.split("\t"))), end="", no_wrap=True)
        if line_index < len(self._stretches):
            for start, end, kind in self._stretches[line_index]:
                line.stylize(self.get_component_rich_style(f"query-editor--{kind}", partial=True), start, end)
        if self._fault is not None:
            begins = sum(len(self.document.get_line(index)) + 1 for index in range(line_index))
            start, end = (max(0, place - begins) for place in self._fault)
            # At the end of a line there is a blank that the line can stand under.
            if start <= len(plain) and end > 0:
                line.pad_right(max(0, min(end, len(plain) + 1) - len(plain)))
                line.stylize(self.get_component_rich_style(_FAULT, partial=True), start, end)
        return line
