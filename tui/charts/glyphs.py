"""The signs that charts are drawn with: eighths of a cell, or letters where a terminal has no such blocks."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass

# Terminals whose own font has no eighths and no braille.
_PLAIN_TERMINALS = frozenset({"dumb", "linux", "vt52", "vt100", "vt102", "vt220"})


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of signs; every one takes one cell.

    Attributes:
        up: A cell filled from below, from empty to full.
        right: A cell filled from the left, from empty to full.
        fills: Full cells that can be told apart without colour, one series after the other.
        dots: Whether lines are drawn in braille, eight dots to a cell.
        marks: What the points of lines are drawn with where there is no braille.
        hatch: A cell of a time that was not recorded.
        axis: The axis where there is something, and where there is nothing at all.
        nothing: See ``axis``.
        cursor: Marks the place that is looked at.
        between: Marks the places of a range.
        edge: Stands between the scale and the bars.
        corner: Where the scale meets the axis.
    """

    up: str
    right: str
    fills: str
    dots: bool
    marks: str
    hatch: str
    axis: str
    nothing: str
    cursor: str
    between: str
    edge: str
    corner: str


BLOCKS = Glyphs(
    up=" ▁▂▃▄▅▆▇█",
    right=" ▏▎▍▌▋▊▉█",
    fills="█▒░▓▚▞◆●",
    dots=True,
    marks="",
    hatch="╱",  # noqa: RUF001 - meant as it is
    axis="─",
    nothing="┈",
    cursor="▲",
    between="━",
    edge="┤",
    corner="└",
)
ASCII = Glyphs(
    up=" .:#",
    right=" .:#",
    fills="#o.x%+=@",
    dots=False,
    marks="*o+x#%=@",
    hatch="/",
    axis="-",
    nothing=" ",
    cursor="^",
    between="=",
    edge="|",
    corner="+",
)


def glyphs() -> Glyphs:
    """The signs that this terminal has, by the encoding of the locale and by ``TERM``."""
    encoding = locale.getpreferredencoding(do_setlocale=False).lower().replace("-", "")
    return ASCII if encoding != "utf8" or os.environ.get("TERM") in _PLAIN_TERMINALS else BLOCKS
