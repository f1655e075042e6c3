"""What screens share that list something of the records that are looked at, found in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.message import Message
from textual.screen import Screen

from loaders.run import Lane
from tui.keymap import works
from tui.sanitise import clean
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.wording import filtered_way, news

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from loaders.run import Ticket
    from tui.state import State
    from tui.widgets.frame_table import FrameTable


class Listing(Screen[None]):
    """A list over the explorer; what it shows is worked out in a lane of its own."""

    AUTO_FOCUS = None
    pane: ClassVar[str]

    class _Failed(Message):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self, state: State, roots: Sequence[str], keys: Mapping[str, str], table: FrameTable
    ) -> None:
        """Begin with what is looked at.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            table: The list.
        """
        super().__init__()
        self._state, self._roots, self._keys = state, roots, dict(keys)
        self._lane, self._table = Lane(self.pane), table

    def _frame(self) -> None:
        """Fill the first and the last line, and give the list the keys."""
        self.query_one(KeyBar).show(self.pane, self._keys)
        self.query_one(TopLine).show(filtered_way(self._roots, self._state.scope), *news(self._state, None))
        self.set_focus(self._table)

    def _do(self, work: Callable[[Ticket], Message]) -> None:
        """Have something done in the background, in place of what is being done; its message comes here."""
        self._lane.submit(work, self._tell, lambda error: self._tell(self._Failed(error)))

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_listing__failed(self, message: _Failed) -> None:
        """Say why there is nothing to see."""
        self._say_failed(message.error)

    def _say_failed(self, error: Exception) -> None:
        self._head(f"✗ {clean(str(error))}")

    def _head(self, text: str) -> None:
        """Say in the title of the list what is in it."""
        self.query_one(f"#{self.pane}-title", PaneTitle).show(text, focused=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts if the table of actions names this list."""
        return works(action, parameters, self.pane)

    def action_move(self, name: str) -> None:
        """Have the list move."""
        getattr(self._table, f"action_{name}")()

    def action_copy_cell(self) -> None:
        """Copy what the line under the cursor says."""
        if self._table.row is not None:
            self.app.copy_to_clipboard("  ".join(cell for cell in self._table.row.cells if cell))

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
