"""The list of ready-made queries: words narrow it down, Enter runs what is under the cursor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.keymap import LIBRARY, pressed
from tui.querying.ready_made import LibrarySource, needs
from tui.sanitise import clean
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle
from tui.widgets.typing import TypedLine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from textual.app import ComposeResult

    from query.library import ReadyMade

_NONE = "No query has these words in its title or its description.\nDelete some, or press Esc to go back."


class LibraryScreen(Screen[None]):
    """Lists ready-made queries; what is typed is looked for in them."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None

    def __init__(
        self,
        queries: Sequence[ReadyMade],
        complaints: Sequence[str],
        fields: Collection[str],
        keys: Mapping[str, str],
        *,
        take: Callable[[ReadyMade], None],
    ) -> None:
        """List queries.

        Args:
            queries: All of them, in the order to offer them in.
            complaints: Sentences about a person's own files that are none.
            fields: The columns of the logs, and the fields of their messages.
            keys: Keys that a person gave to actions in place of their own, by name.
            take: Is given the query that was chosen, when the list is closed.
        """
        super().__init__()
        self._queries, self._complaints, self._fields = queries, complaints, fields
        self._keys, self._take = dict(keys), take
        self._words = TypedLine("words", lambda key: self._does(pressed(key, LIBRARY, keys)))
        self._table = FrameTable("library", cells=False, empty=_NONE)
        self._told = Static("", id="library-told", markup=False)

    pane = LIBRARY

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield PaneTitle(LIBRARY)
        with Horizontal(id="search"):
            yield Static(" find ", id="search-label", markup=False)
            yield self._words
        yield self._table
        yield self._told
        yield KeyBar()

    def on_mount(self) -> None:
        """Show all of them."""
        self.query_one(KeyBar).show(LIBRARY, self._keys)
        self._search()

    async def on_key(self, event: events.Key) -> None:
        """Take what was typed before anything had the focus."""
        if self.focused is None:
            self.set_focus(self._words)
            await self._words.feed(event)

    def on_screen_resume(self) -> None:
        """Have what is typed go to the words."""
        self.set_focus(self._words)

    @property
    def source(self) -> LibrarySource:
        """The queries that are listed: always those that have the words that stand there now."""
        if self._found is None or self._found[0] != self._words.value:
            found = LibrarySource(self._queries, self._fields, self._words.value)
            self._found = self._words.value, found
            self._table.show(found)
            fitting = sum(found.fits(place) for place in range(found.height))
            others = found.height - fitting
            more = f", and {others} that need other fields" if others else ""
            self.query_one(PaneTitle).show(f"{fitting} for these logs{more}", focused=True)
        return self._found[1]

    _found: tuple[str, LibrarySource] | None = None

    @on(Input.Changed)
    def _search(self) -> None:
        """List what has these words."""
        _ = self.source

    @on(FrameTable.Moved)
    def _query_changed(self) -> None:
        """Tell of the query under the cursor in full; before anything is done, of files that are none."""
        source, place = self.source, self._table.cursor
        if self._complaints and not self._words.value and not place:
            self._say(self._complaints[0], "warn")
        elif source.height:
            query = source.queries[place]
            lacks = "" if source.fits(place) else f" (needs {needs(query)})"
            self._say(f"{query.description}{lacks}", "dim")

    def _say(self, text: str, tone: str) -> None:
        self._told.set_classes(f"-{tone}")
        self._told.update(Content(f" {clean(text)}"))

    def _does(self, name: str | None) -> bool:
        """Do an action; whether there is one."""
        if name is not None:
            getattr(self, f"action_{name}")()
        return name is not None

    def action_take(self) -> None:
        """Run the query under the cursor, unless these logs have not what it needs."""
        source = self.source
        if not source.height:
            return
        place = self._table.cursor
        query = source.queries[place]
        if source.fits(place):
            self.dismiss()
            self._take(query)
        else:
            self._say(f"{query.title} needs {needs(query)}, which these logs do not have.", "warn")

    def action_pick_up(self) -> None:
        """Move up in the list."""
        self._table.action_line_up()

    def action_pick_down(self) -> None:
        """Move down in the list."""
        self._table.action_line_down()

    def action_pick_page_up(self) -> None:
        """Move up one page in the list."""
        self._table.action_page_up()

    def action_pick_page_down(self) -> None:
        """Move down one page in the list."""
        self._table.action_page_down()

    def action_close_library(self) -> None:
        """Go back."""
        self.dismiss()

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_take()
