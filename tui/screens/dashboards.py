"""The way from the explorer to the dashboards and the summary, and back; alarms are watched meanwhile.

The screen, and what it needs, is imported when it is first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from loaders.run import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import App

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope
    from tui.dashboards.alarms import Raised, Watch
    from tui.dashboards.definition import Dashboard
    from tui.screens.dashboard import DashboardScreen
    from tui.state import State


class Alarmed(Message):
    """Alarms have crossed their limits, or are back.

    Attributes:
        changed: Those.
        raised: All that are crossed now.
    """

    def __init__(self, changed: list[Raised], raised: tuple[Raised, ...]) -> None:
        """Carry them."""
        super().__init__()
        self.changed, self.raised = changed, raised


class Dashboards:
    """Opens the dashboards, and watches their alarms."""

    def __init__(
        self,
        state: State,
        roots: tuple[str, ...],
        keys: Mapping[str, str],
        *,
        go: Callable[[Scope], None],
        tell: Callable[[Message], None],
        given: Dashboard | None = None,
    ) -> None:
        """Begin without one.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            go: Goes to the records of a scope.
            tell: Takes ``Alarmed``, from any thread.
            given: A dashboard from the command line, shown before all others.
        """
        self._state, self._roots, self._keys, self._go = state, roots, keys, go
        self._tell, self.given = tell, given
        self._screen: DashboardScreen | None = None
        self._watch: Watch | None = None
        self._lane = Lane("alarms")

    def open(self, app: App[Any], name: str = "") -> None:
        """Show the dashboards, the one of a name first."""
        from tui.dashboards.definition import read_all
        from tui.screens.dashboard import DashboardScreen

        found, complaints = read_all()
        if self.given is not None:
            found.insert(0, self.given)
        found.sort(key=lambda dashboard: bool(name) and dashboard.name != name)
        self._screen = DashboardScreen(
            self._state,
            self._roots,
            self._keys,
            [dashboard for dashboard in found if dashboard.tiles],
            go=self._go,
            complaints=complaints,
        )
        app.push_screen(self._screen)

    def records_came(self, app: App[Any]) -> None:
        """Tell the screen, if it is open, that there are more records, and look at the alarms."""
        if (screen := self._open(app)) is not None:
            screen.records_came()
        if self._state.dataset is not None:
            self.look_at_alarms(self._state.dataset)

    def look_at_alarms(self, dataset: Dataset) -> None:
        """Find out which alarms these records raise, whatever is on the screen."""
        if dataset.progress is not None:
            return

        def work(ticket: Ticket) -> Alarmed:
            watch = self._watching()
            return Alarmed(watch.look(dataset, ticket), watch.raised)

        self._lane.submit(work, self._alarmed, lambda _: None)

    def _alarmed(self, message: Alarmed) -> None:
        if message.changed:
            self._tell(message)

    def _watching(self) -> Watch:
        if self._watch is None:
            from tui.dashboards.alarms import Watch, log_path
            from tui.dashboards.definition import read_all

            found = [*([self.given] if self.given is not None else []), *read_all()[0]]
            self._watch = Watch([alarm for dashboard in found for alarm in dashboard.alarms], log_path())
        return self._watch

    def say(self, app: App[Any], text: str, *, alarmed: bool) -> None:
        """Say something on the dashboard, if it is open."""
        if (screen := self._open(app)) is not None:
            screen.say(text, alarmed=alarmed)

    def _open(self, app: App[Any]) -> DashboardScreen | None:
        """The screen, if it is open: the one opened last, or one that somebody came back to."""
        here: Any = app.screen
        return here if type(here) is type(self._screen) else None
