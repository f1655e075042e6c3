"""One record, explained: a sentence, its fields with what they mean, where it came from, the raw line."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.explain import Line, explain, headline, mark, outcome
from tui.keymap import RECORD
from tui.sanitise import clean
from tui.units import shorten
from tui.widgets.record_table import TONES

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = 13
_LEAST_ROOM = 20
# A line of the pane: pieces of text, each with the name of its style (empty for the pane's own).
_Pieces = tuple[tuple[str, str], ...]


class RecordPane(ScrollView, can_focus=True):
    """Shows a record; scrolls when it is longer than the pane, and repaints only the lines that changed."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"record--{name}" for name in ("label", "head", "accept", "reject", "warn", "dim")
    }

    def __init__(self) -> None:
        """Make an empty pane."""
        super().__init__(id=RECORD)
        self._lines: list[_Pieces] = []
        self._record: Mapping[str, Any] | None = None
        self._said, self._origin, self._raw = "", "", ""

    def explain(self, record: Mapping[str, Any], origin: str) -> None:
        """Explain a record.

        Args:
            record: Its columns.
            origin: Its file and line.
        """
        if record is not self._record:
            self.scroll_to(y=0, animate=False)
            self._raw = ""
        self._record, self._origin = record, origin
        self._set_lines()

    def quote(self, raw: str) -> None:
        """Show the record as it stands in its file."""
        self._raw = raw
        self._set_lines()

    def say(self, text: str) -> None:
        """Show a sentence in place of a record."""
        self._record, self._said = None, text
        self._set_lines()

    def on_resize(self) -> None:
        """Break the lines anew where the pane ends."""
        self._set_lines()

    def _set_lines(self) -> None:
        old, self._lines = self._lines, self._write()
        self.virtual_size = Size(0, len(self._lines))
        top, width = self.scroll_offset.y, self.size.width
        for y in range(self.size.height):
            line = slice(top + y, top + y + 1)
            if old[line] != self._lines[line]:
                self.refresh(Region(0, y, width, 1))

    def _write(self) -> list[_Pieces]:
        room = max(_LEAST_ROOM, self.scrollable_content_region.width - _LABEL - 1)
        record = self._record
        if record is None:
            return [((f" {part}", "label"),) for part in _broken(clean(self._said), room + _LABEL)]
        sign = f" {mark(record)} {shorten(clean(outcome(record)), _LABEL)} "
        first, *more = _broken(clean(headline(record)), room + _LABEL - cell_len(sign))
        lines: list[_Pieces] = [((sign, TONES.get(outcome(record), "dim")), (first, "head"))]
        lines += [((" " * cell_len(sign) + part, "head"),) for part in more]
        for field in (*explain(record), Line("from", self._origin), Line("raw", self._raw)):
            lines += _field(field, room)
        return lines

    def render_line(self, y: int) -> Strip:
        """Draw a line of the screen."""
        width, base = self.scrollable_content_region.width, self.rich_style
        line = self._lines[self.scroll_offset.y + y :][:1]
        pieces = line[0] if line else ()
        segments = [
            Segment(text, self.get_component_rich_style(f"record--{style}") if style else base)
            for text, style in pieces
            if text
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def action_line_up(self) -> None:
        """Move up one line."""
        self.scroll_relative(y=-1, animate=False)

    def action_line_down(self) -> None:
        """Move down one line."""
        self.scroll_relative(y=1, animate=False)

    def action_page_up(self) -> None:
        """Move up one page."""
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Move down one page."""
        self.scroll_page_down(animate=False)

    def action_top(self) -> None:
        """Go to the first line."""
        self.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """Go to the last line."""
        self.scroll_end(animate=False)


def _field(line: Line, room: int) -> list[_Pieces]:
    """Set a field: its note beside the value if both fit, else below it; what is long is broken, not cut."""
    if not line.value:
        return []
    value, note = clean(line.value), clean(line.note)
    beside = cell_len(value) + cell_len(note) + 2 <= room
    rows = [(part, "") for part in _broken(value, room)]
    if note and beside:
        rows[0] = (value, f"  {note}")
    elif note:
        rows += [("", part) for part in _broken(note, room)]
    labels = [clean(line.label), *[""] * (len(rows) - 1)]
    return [
        ((f" {label:<{_LABEL}}", "label"), (text, ""), (more, "label"))
        for label, (text, more) in zip(labels, rows, strict=True)
    ]


def _broken(text: str, room: int) -> list[str]:
    return wrap(text, room, break_on_hyphens=False) or [""]
