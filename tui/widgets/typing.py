"""Widgets in which text is typed, made so that keys act in the order in which they come.

Textual sends a key that is a binding, such as Backspace, on a way round by the app, and what is typed right
behind it overtakes it. Over a slow line keys come in bursts, so here every key is done with at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.widgets import Input

from tui.sanitise import masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingsMap
    from textual.widget import Widget


async def take_key(widget: Widget, event: events.Key, bound: BindingsMap, does: Callable[[], bool]) -> None:
    """Do what a key means in a widget, unless it is text, which the widget's own class takes.

    Args:
        widget: Where it was pressed.
        event: The key.
        bound: The widget's bindings.
        does: What the key means to the widget's owner; whether that was all there is to do.
    """
    if widget.screen.focused is not widget:
        # It was pressed behind the key that ended the typing, so it is for what came next.
        _end(event)
        widget.app.post_message(events.Key(event.key, event.character))
    elif does():
        _end(event)
    elif event.key in bound.key_to_bindings:
        _end(event)
        for binding in bound.key_to_bindings[event.key]:
            await widget.run_action(binding.action)


def _end(event: events.Key) -> None:
    event.stop()
    event.prevent_default()


class TypedLine(Input):
    """A line of text; its owner is told of each key first."""

    DEFAULT_CSS = ""

    def __init__(self, id: str, does: Callable[[str], bool]) -> None:  # noqa: A002 - as Textual has it
        """Make an empty line.

        Args:
            id: The widget's id.
            does: Does what a key means to the owner; whether that was all there is to do.
        """
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._does = does

    @property
    def _value(self) -> Text:
        """The text as it is drawn: what would steer a terminal is masked."""
        return Text(masked(self.value), no_wrap=True, overflow="ignore", end="")

    async def feed(self, event: events.Key) -> None:
        """Take a key that came before the line had the focus."""
        event.stop()
        await self._dispatch_message(event)

    async def _on_key(self, event: events.Key) -> None:
        await take_key(self, event, self._bindings, lambda: self._does(event.key))
