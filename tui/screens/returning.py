"""The way back from records to the screens that led to them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

    from query.scope import Scope


class Returning:
    """Screens from which one went to records: closed, but kept as they were until others lead to records."""

    def __init__(self) -> None:
        """Begin with none."""
        self._left: list[Screen[Any]] = []
        self._kept: dict[str, Screen[Any]] = {}
        """Those that would be gone if they were not kept here, by the name that keeps them."""
        self._numbers = count()
        self._way: tuple[Scope, Scope] | None = None

    def leave(self, base: Screen[Any], before: Scope, scope: Scope) -> None:
        """Close all screens over one.

        Args:
            base: The screen that has the records.
            before: What was looked at when they were opened.
            scope: What they lead to.
        """
        app = base.app
        self._forget(base)
        self._left = app.screen_stack[app.screen_stack.index(base) + 1 :]
        for screen in self._left:
            if not app.is_screen_installed(screen):
                name = f"left-{next(self._numbers)}"
                app.install_screen(screen, name)
                self._kept[name] = screen
        while app.screen is not base:
            app.pop_screen()
        self._way = before, scope

    def before(self, scope: Scope) -> Scope | None:
        """What was looked at when the screens were opened that led to a scope; ``None`` if none did."""
        return self._way[0] if self._left and self._way is not None and self._way[1] == scope else None

    def again(self, base: Screen[Any]) -> None:
        """Open them again, as they were; once, or it would lead in a circle."""
        self._way = None
        for screen in self._left:
            base.app.push_screen(screen)

    def _forget(self, base: Screen[Any]) -> None:
        """Let go of what is kept, but for what is open."""
        for name, screen in list(self._kept.items()):
            if screen not in base.app.screen_stack:
                base.app.uninstall_screen(name)
                screen.remove()
                del self._kept[name]
