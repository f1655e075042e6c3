"""A widget that always hears of its size.

Textual tells a widget of a new size by comparing its layout with the one before; where something asks for a
region between a change and the layout that follows (a focus that moves, say), the comparison finds them equal
and nobody is told. The widget is drawn in any case, so that is when it looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.geometry import Region
    from textual.strip import Strip


class Sized(Widget):
    """A widget whose ``resized`` is called whenever it has another size."""

    _heard_of = Size(0, 0)

    def resized(self) -> None:
        """Do what another size asks for."""

    def on_resize(self) -> None:
        """Take the size that Textual tells of."""
        self._heard_of = self.size
        self.resized()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines; take the size first if nobody told of it."""
        if self.size != self._heard_of:
            self.call_next(self.on_resize)
        return super().render_lines(crop)
