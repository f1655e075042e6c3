"""One record, explained: a sentence, its fields with what they mean, where it came from, the raw line."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.columns import TONES
from tui.explain import Line, explain, headline, mark, outcome
from tui.keymap import RECORD, bindings
from tui.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

_LABEL = 13


class RecordPane(VerticalScroll, can_focus=True):
    """Shows a record; scrolls when it is longer than the pane."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS = bindings(RECORD, moves=True)

    def __init__(self) -> None:
        """Make an empty pane."""
        super().__init__(id=RECORD)
        self._text = Static("", markup=False)
        self._record: Mapping[str, Any] | None = None
        self._origin, self._raw = "", ""

    def compose(self) -> ComposeResult:
        """Hold one text."""
        yield self._text

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
        self._draw()

    def quote(self, raw: str) -> None:
        """Show the record as it stands in its file."""
        self._raw = raw
        self._draw()

    def say(self, text: str) -> None:
        """Show a sentence in place of a record."""
        self._record = None
        self._text.update(Content.styled(f" {clean(text)}", "$flow-dim"))

    def _draw(self) -> None:
        record = self._record
        if record is None:
            return
        tone = TONES.get(outcome(record), "dim")
        head = (f" {mark(record)} {outcome(record)} ", f"bold $flow-{tone}")
        lines = [Content.assemble(head, (clean(headline(record)), "bold"))]
        fields = [*explain(record), Line("from", self._origin), Line("raw", self._raw)]
        room = max(20, self.size.width - _LABEL - 2)
        for line in fields:
            lines += _field(line, room)
        self._text.update(Content("\n").join(lines))

    def on_resize(self) -> None:
        """Set the lines anew: they are broken where the pane ends."""
        self._draw()

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


def _field(line: Line, room: int) -> list[Content]:
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
        Content.assemble((f" {label:<{_LABEL}}", "$flow-dim"), text, (more, "$flow-dim"))
        for label, (text, more) in zip(labels, rows, strict=True)
    ]


def _broken(text: str, room: int) -> list[str]:
    return wrap(text, room, break_on_hyphens=False) or [""]
