"""Charts as plain text, without colours: for a ticket, a mail or a file."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from tui.charts.chart import BARS
from tui.charts.draw import Look, draw
from tui.charts.glyphs import glyphs
from tui.charts.readout import legend
from tui.wording import plural

if TYPE_CHECKING:
    from tui.charts.chart import Chart
    from tui.charts.draw import Line

WIDTH, _HEIGHT = 80, 14
"""The cells of a chart that is no terminal's, and its lines."""
_MOST_BARS = 40


def on_paper(chart: Chart, width: int | None = None) -> str:
    """Draw a chart, as wide as the terminal or, where there is none, 80 cells."""
    wide = shutil.get_terminal_size((WIDTH, 0)).columns if sys.stdout.isatty() else WIDTH
    look = Look(glyphs(), textured=True)
    height = min(chart.height, _MOST_BARS) if chart.kind == BARS else _HEIGHT
    picture = draw(chart, width or wide, height, look)
    lines = [_text(legend(chart, look)), *map(_text, picture.lines)]
    if chart.kind == BARS and chart.height > height:
        lines.append(
            f"… and {plural(chart.height - height, 'more row')}; the query's limit says how many are drawn."
        )
    if picture.slots.folded > 1:
        lines.append(f"Each column is the highest of {plural(picture.slots.folded, 'bin')}.")
    return "\n".join(lines)


def _text(line: Line) -> str:
    return "".join(text for text, _, _ in line).rstrip()
