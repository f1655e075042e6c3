"""The result of a query as a table of any columns, which are reached by moving to either side."""

from __future__ import annotations

from textual.message import Message

from tui.keymap import RESULT
from tui.querying.answers import AnswerSource, as_text
from tui.widgets.answer_layout import AnswerLayout
from tui.widgets.frame_table import FrameTable


class AnswerTable(FrameTable):
    """The result of a query."""

    DEFAULT_CSS = ""

    class Panned(Message):
        """Other columns are on the screen."""

    def __init__(self) -> None:
        """Make an empty table."""
        super().__init__(RESULT)
        self._layout: AnswerLayout = AnswerLayout()
        self._told = (0, 0, 0)
        """The columns on the screen that ``Panned`` told of last."""

    def put(self, source: AnswerSource, *, anew: bool) -> None:
        """Show rows.

        Args:
            source: The rows.
            anew: Whether they answer another query; else they are the same in another order.
        """
        if anew:
            self._column = 0
        self.sorted_by = source.sorted_by
        self.show(source, more=not anew)

    @property
    def answered(self) -> AnswerSource | None:
        """The rows that are shown, if any were."""
        return self.source if isinstance(self.source, AnswerSource) else None

    @property
    def on_screen(self) -> tuple[int, int, int]:
        """The first and the last column on the screen, from 1, and how many there are."""
        shown = [index for index, _ in self._layout.fit] or [-1]
        return shown[0] + 1, shown[-1] + 1, len(self.source.columns) if self.source else 0

    @property
    def name_under_cursor(self) -> str | None:
        """The name of the column under the cursor."""
        source = self.answered
        return source.names[self._column] if source is not None and source.names else None

    @property
    def text_under_cursor(self) -> str:
        """The value under the cursor, as text to copy."""
        name = self.name_under_cursor
        return as_text(self.row.record[name]) if self.row is not None and name is not None else ""

    def _measure(self) -> None:
        super()._measure()
        if self._told != self.on_screen:
            self._told = self.on_screen
            self.post_message(self.Panned())

    def _move_column(self, step: int) -> None:
        if self.source is None or not self.source.columns:
            return
        self._column = max(0, min(self._column + step, len(self.source.columns) - 1))
        self._layout.show(self._column, self.source.columns, self.scrollable_content_region.width)
        self._measure()
        self.refresh()
