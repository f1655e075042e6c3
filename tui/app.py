"""The app: it wires themes, keys and screens together and starts the reading; it holds no state."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand

import themes
from loaders.watch import Follower
from tui.keymap import ACTIONS, EVERYWHERE, MOVES, bindings, key_signs, works
from tui.screens.explorer import ExplorerScreen
from tui.screens.living import Watched
from tui.workers import Arrived, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.screen import Screen

    from loaders.dataset import Dataset
    from loaders.live import Live
    from query.scope import Scope
    from tui.dashboards.definition import Dashboard

_SIGNALS = ("SIGHUP", "SIGTERM")
# Seconds that reading on waits for the first records to be on the screen: Python does one thing at a time.
_HEAD_START = 1.0
# Seconds that leaving may take once the terminal is gone.
_LAST_SECONDS = 5.0


class FlowtuiApp(App[str]):
    """The explorer of the logs below some paths; what it returns is an error to print after it has left."""

    BINDINGS: ClassVar = bindings(EVERYWHERE)
    COMMAND_PALETTE_BINDING = "ctrl+p"
    TITLE = "flowtui"

    def __init__(
        self,
        roots: Sequence[str],
        scope: Scope,
        *,
        following: bool = False,
        theme: str | None = None,
        keys: dict[str, str] | None = None,
        follow_links: bool = False,
        store_size: int | None = None,
        dashboard: Dashboard | None = None,
        greets: bool = True,
    ) -> None:
        """Prepare; nothing is read before the first picture is on the screen.

        Args:
            roots: Directories or files.
            scope: What to look at first.
            following: Whether to stay at the newest record.
            theme: The theme's name; the default is ``dark``, or ``monochrome`` under ``NO_COLOR``.
            keys: Keys in place of the actions' own, by the action's name.
            follow_links: Whether links are followed.
            store_size: The bytes that all stores together may take; with 0 none is used.
            dashboard: One to open at once.
            greets: Whether the summary of many records is shown before anything is pressed.
        """
        plain = "NO_COLOR" in os.environ
        # Textual turns colours into greys under NO_COLOR; with the terminal's own colours it sends none.
        super().__init__(ansi_color=True if plain else None)
        self.animation_level = "none"
        for known in themes.themes().values():
            self.register_theme(known)
        self.theme = themes.MONOCHROME if plain else theme or themes.DEFAULT
        self._keys = keys or {}
        self.set_keymap(self._keys)
        self._roots, self._follow_links, self._store_size = tuple(roots), follow_links, store_size
        self._explorer = ExplorerScreen(
            scope, self._roots, following=following, keys=keys, dashboard=dashboard, greets=greets
        )
        self._follower = Follower(
            self._open_library, self._roots, self._arrived, self._failed, self._watching_changed
        )

    @property
    def explorer(self) -> ExplorerScreen:
        """The screen that is always there."""
        return self._explorer

    def get_default_screen(self) -> Screen[None]:
        """The explorer stands below every other screen."""
        return self._explorer

    def on_mount(self) -> None:
        """Begin reading once the first picture is out."""
        self._leave_on_signals()
        self._follower.start()

    def on_unmount(self) -> None:
        """Stop reading."""
        self._follower.stop()

    def _open_library(self) -> Live:
        from loaders.live import Live
        from loaders.store.keeper import open_keeper

        scope, keeper = self._explorer.state.scope, None
        if self._store_size != 0:
            keeper = open_keeper(self._roots, follow_links=self._follow_links, largest=self._store_size)
        return Live(
            self._roots,
            since=scope.since,
            until=scope.until,
            follow_links=self._follow_links,
            keeper=keeper,
        )

    def _arrived(self, dataset: Dataset) -> None:
        from loaders.discover import NoLogsError
        from loaders.load import require_logs

        if not dataset.progress and not self._checked:
            self._checked = True
            try:
                require_logs(dataset, self._roots)
            except NoLogsError as error:
                self.call_from_thread(self.exit, str(error))
                return
        if not dataset.progress:
            _ = dataset.problem_count  # counted here, so that the screen never waits for it
        self._explorer.post_message(Arrived(dataset))
        self._explorer.has_shown.wait(_HEAD_START)

    _checked = False

    def _failed(self, error: Exception) -> None:
        self._explorer.post_message(Failed(error))

    def _watching_changed(self, how: str) -> None:
        self._explorer.post_message(Watched(how))

    def _leave_on_signals(self) -> None:
        """Leave when the terminal goes away: a lost SSH session must not leave a busy process behind."""
        loop = asyncio.get_running_loop()
        for name in _SIGNALS:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or no POSIX
                number = getattr(signal, name)
                loop.add_signal_handler(number, self._leave_on, number)

    def _leave_on(self, number: int) -> None:
        """Leave; where the terminal is gone Textual can wait for it for ever, which nobody would see."""
        late = threading.Timer(_LAST_SECONDS, os._exit, (128 + number,))
        late.daemon = True
        late.start()
        self.exit()

    def get_system_commands(self, screen: Screen[None]) -> Iterable[SystemCommand]:
        """What the palette finds: the actions of the table, and the themes."""
        for action in ACTIONS:
            if action.label and self._doer(action.name, screen) is not None:
                yield SystemCommand(
                    f"{action.label} ({key_signs(action, self._keys)[0]})",
                    action.help,
                    lambda name=action.name: self._run(name, screen),
                )
        for name in self.available_themes:
            if name in themes.themes():
                yield SystemCommand(
                    f"theme {name}", "Change the colours", lambda name=name: self._dress(name)
                )

    def _doer(self, name: str, screen: Screen[None]) -> Callable[[], object] | None:
        """What does an action: the app or a screen; ``None`` if it cannot be done on that screen."""
        if name in MOVES:
            fits = works(name, (), getattr(screen, "pane", ""))
            return partial(screen.run_action, f"move('{name}')") if fits else None
        everywhere = any(EVERYWHERE in action.where for action in ACTIONS if action.name == name)
        method: Callable[[], object] | None = getattr(self if everywhere else screen, f"action_{name}", None)
        return method

    def _run(self, name: str, screen: Screen[None]) -> None:
        method = self._doer(name, screen)
        if method is not None:
            self.call_later(method)

    def _dress(self, name: str) -> None:
        self.theme = name

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Plain letters are text while text is typed, and help is not opened twice."""
        if (
            action in {"help", "leave"}
            and self.focused is not None
            and self.focused.check_consume_key("q", "q")
        ):
            return False
        if action == "leave" and self.screen is not self._explorer:
            return False  # there it closes the screen
        if action == "help" and self.screen.id == "help":
            return False
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Leave flowtui."""
        self.exit()

    def action_help(self) -> None:
        """List every key."""
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self._keys, getattr(self.screen, "pane", "")))

    def action_palette(self) -> None:
        """Find an action by name."""
        self.action_command_palette()
