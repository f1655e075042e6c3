"""One record, explained: a sentence, its fields with what they mean, where it came from, the raw line."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.explain import Line
from tui.keymap import RECORD
from tui.kinds import telling
from tui.kinds.json_text import LONGEST_TEXT
from tui.sanitise import clean
from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = 13
_LONGEST_LABEL = 32
_LONGEST_SENTENCE = 240
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
        self._said: tuple[str, ...] = ()
        self._origin, self._raw = "", ""

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

    def say(self, *lines: str) -> None:
        """Show sentences, a line each, in place of a record."""
        self._record, self._said = None, lines
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
        width = self.scrollable_content_region.width - 1
        record = self._record
        if record is None:
            room = max(_LEAST_ROOM + _LABEL, width)
            return [
                ((f" {part}", "label"),)
                for said in self._said
                for part in _broken(clean(said[:LONGEST_TEXT]), room)
            ]
        shown = telling(record.get("format"))
        outcome = shown.outcome(record)
        sign = f" {outcome.sign} {shorten(clean(outcome.word), _LABEL)} " if outcome.word else " "
        room = max(_LEAST_ROOM, width - cell_len(sign) + 1)
        sentence = shorten(clean(shown.headline(record)), max(_LONGEST_SENTENCE, 3 * room), 0)
        first, *more = _broken(sentence, room)
        lines: list[_Pieces] = [((sign, outcome.tone or "dim"), (first, "head"))]
        lines += [((" " * cell_len(sign) + part, "head"),) for part in more]
        fields = [*shown.explain(record), Line("from", self._origin), self._raw_line(record)]
        label = _label_width(fields, width)
        for field in fields:
            lines += _field(field, label, max(_LEAST_ROOM, width - label))
        return lines

    def _raw_line(self, record: Mapping[str, Any]) -> Line:
        """The record as it was logged: its message if its kind keeps it, else its line in the file."""
        logged = telling(record.get("format")).logged(record)
        raw = self._raw if logged is None else logged
        more = f"… {len(raw) - LONGEST_TEXT:,} more characters" if len(raw) > LONGEST_TEXT else ""
        return Line("raw", raw[:LONGEST_TEXT], more)

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


def _label_width(fields: list[Line], width: int) -> int:
    """As wide as the widest label, within bounds: one that is longer gets a line of its own."""
    widest = max(cell_len(clean(field.label)) for field in fields if field.value) + 1
    return min(max(_LABEL, widest), max(_LABEL, min(_LONGEST_LABEL, width // 3)))


def _field(line: Line, width: int, room: int) -> list[_Pieces]:
    """Set a field: its note beside the value if both fit, else below it; what is long is broken, not cut."""
    if not line.value:
        return []
    label, note = clean(line.label), clean(line.note)
    values = [clean(part) for part in (line.value.splitlines() if line.verse else [line.value])]
    rows = [(part, "") for value in values for part in _broken(value, room)]
    if note and len(values) == 1 and cell_len(values[0]) + cell_len(note) + 2 <= room:
        rows[0] = (values[0], f"  {note}")
    elif note:
        rows += [("", part) for part in _broken(note, room)]
    above: list[_Pieces] = []
    if cell_len(label) >= width:
        above = [((f" {part}", "label"),) for part in _broken(label, width + room)]
        label = ""
    labels = [label, *[""] * (len(rows) - 1)]
    return above + [
        ((f" {label}{' ' * (width - cell_len(label))}", "label"), (text, ""), (more, "label"))
        for label, (text, more) in zip(labels, rows, strict=True)
    ]


def _broken(text: str, room: int) -> list[str]:
    """Break a text into lines, between words where they are as wide as they are long."""
    if cell_len(text) != len(text):
        return chop_cells(text, room) or [""]
    return wrap(text, room, break_on_hyphens=False) or [""]
