"""The way from the explorer to the query screen and to the list of ready-made queries, and back.

Both screens, and what they need, are imported when they are first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.querying.wording import about_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import App

    from query.answer import Drill
    from query.library import ReadyMade
    from tui.screens.query import QueryScreen
    from tui.state import State


class Queries:
    """Opens the screens; the query screen is kept, with its text and its result."""

    def __init__(
        self,
        state: State,
        roots: tuple[str, ...],
        keys: Mapping[str, str],
        *,
        drill: Callable[[Drill], None],
    ) -> None:
        """Begin without a query.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            drill: Goes to the records that a row of a result stands for.
        """
        self._state, self._roots, self._keys, self._drill = state, roots, keys, drill
        self._screen: QueryScreen | None = None
        self._record: Mapping[str, Any] = {}

    def ask(self, app: App[Any]) -> QueryScreen:
        """Open the query screen, unless it is open."""
        if self._screen is None:
            from tui.screens.query import QueryScreen

            self._screen = QueryScreen(
                self._state, self._roots, self._keys, drill=self._drill, choose=lambda: self._choose(app)
            )
            app.install_screen(self._screen, "query")
        if app.screen is not self._screen:
            self._screen.opened = True
            app.push_screen(self._screen)
        return self._screen

    def records_came(self, app: App[Any]) -> None:
        """Tell the query screen, if it is open, that there are more records."""
        # Between being opened and having its widgets it has nothing to say anything with.
        if self._screen is not None and app.screen is self._screen and self._screen.is_mounted:
            self._screen.records_came()

    def choose(self, app: App[Any], record: Mapping[str, Any]) -> None:
        """List the ready-made queries.

        Args:
            app: The app.
            record: The record under the cursor, whose values a query can be filled with.
        """
        self._record = record
        self._choose(app)

    def _choose(self, app: App[Any]) -> None:
        from query.library import queries_folder, read_library
        from tui.screens.library import LibraryScreen

        queries, complaints = read_library(queries_folder())
        fields = self._state.fields
        take = lambda query: self._take(app, query)  # noqa: E731
        app.push_screen(LibraryScreen(queries, complaints, fields, self._keys, take=take))

    def _take(self, app: App[Any], query: ReadyMade) -> None:
        """Put a ready-made query into the editor, and run it unless it has to be given values first."""
        record = self._record
        given = {p.name: record[p.column] for p in query.parameters if record.get(p.column) is not None}
        told = None
        if query.parameters:
            pairs = [(p.name, str(given.get(p.name, p.sample))) for p in query.parameters]
            told = about_parameters(pairs, from_record=len(given) == len(query.parameters))
        self.ask(app).begin(query.filled(given), told)
