"""The cells of a chart: lines of text with the tones that they have, for the screen and for paper alike.

A picture is made of runs: some text, the tone that it is drawn in, and the tone under it. Tones are the names
that themes give colours; without colours (``textured``) every series has a sign of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from tui.charts.chart import BARS, LINES, Chart, Slots
from tui.charts.numbers import full, short, ticks, top_of
from tui.sanitise import clean
from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from tui.charts.glyphs import Glyphs

Run = tuple[str, str, str]
"""Text, the tone that it is drawn in, and the tone under it; empty for the usual one."""
Line = list[Run]
_BLANK: Run = (" ", "", "")
# A braille cell: the bit of each dot, by its column and its row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE = 0x2800
# Dots drawn and left out, by series: lines differ without colour.
_DASHES = ((1, 0), (3, 2), (1, 1), (5, 2), (2, 4), (1, 3))
# Names of categories take no more of the width than this.
_NAMES_SHARE = 0.4
_LEAST_NAME = 8
# Exact numbers beside bars have no more characters.
_EXACT = 9
# Bars that have so many cells stand apart.
_APART = 3
SCALE = 7
"""The cells of the scale on the left."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as it is drawn.

    Attributes:
        lines: From top to bottom; each as wide as was asked for.
        slots: What stands side by side (or one above the other, for bars).
        left: The first cell of the plot.
        edges: The first cell of each slot, and the one behind the last, counted from ``left``.
        axis: The line that the cursor's mark stands on; ``None`` where bars lie.
    """

    lines: list[Line]
    slots: Slots
    left: int
    edges: Sequence[int]
    axis: int | None = None

    def cell_of(self, slot: int) -> int:
        """The cell in the middle of a slot."""
        return self.left + (self.edges[slot] + self.edges[slot + 1] - 1) // 2

    def slot_at(self, cell: int) -> int:
        """The slot that a cell of the screen is in."""
        return bisect_right(self.edges, cell - self.left) - 1


@dataclass(frozen=True, slots=True)
class Look:
    """How charts are drawn.

    Attributes:
        glyphs: The signs.
        textured: Whether series differ by their signs, for want of colours.
        log: Whether the scale is logarithmic.
    """

    glyphs: Glyphs
    textured: bool = False
    log: bool = False

    def scaled(self, value: float) -> float:
        """Where a value stands on the scale."""
        return math.copysign(math.log10(1 + abs(value)), value) if self.log else value


def stacked(values: Sequence[float | None], top: float, cells: int, look: Look) -> list[tuple[int, int, int]]:
    """The cells of one bar, from its foot.

    Every series that has anything gets at least the smallest step of a cell.

    Args:
        values: The series from the foot up; negative ones count as nothing.
        top: The total that would fill all cells.
        cells: How many there are.
        look: How it is drawn.

    Returns:
        For each cell how much of it is filled in steps, the series that fills it from below, and the one
        above that (-1 for none).
    """
    steps = len(look.glyphs.up) - 1
    room = cells * steps
    parts = [max(0.0, value or 0.0) for value in values]
    total, scale = sum(parts), look.scaled(top)
    length = min(room, round(look.scaled(total) / scale * room)) if scale > 0 else 0
    sizes = [max(1, round(part / total * length)) if part else 0 for part in parts]
    length = max(length, min(room, sum(bool(part) for part in parts)))
    while sum(sizes) != length and any(sizes):
        largest = max(range(len(sizes)), key=sizes.__getitem__)
        more = length - sum(sizes)
        sizes[largest] = max(1, sizes[largest] + more) if sizes[largest] + more >= 1 else sizes[largest] - 1
    owners = [index for index, size in enumerate(sizes) for _ in range(size)]
    pieces = [owners[cell * steps : (cell + 1) * steps] for cell in range(cells)]
    if look.textured and len(parts) > 1:
        return [_by_sign(here, steps, is_foot=not cell) for cell, here in enumerate(pieces)]
    return [_by_colour(here, steps) for here in pieces]


def _by_colour(here: Sequence[int], steps: int) -> tuple[int, int, int]:
    """A cell in two colours, by the series that each of its steps belongs to."""
    if not here:
        return 0, -1, -1
    below = here[0]
    rest = [owner for owner in here if owner != below]
    if rest and len(here) < steps:
        # Three things in one cell cannot be drawn: the bar ends where it ends.
        return len(here), max(set(here), key=here.count), -1
    above = max(set(rest), key=lambda owner: (rest.count(owner), -owner)) if rest else -1
    return len(here) - len(rest), below, above


def _by_sign(here: Sequence[int], steps: int, *, is_foot: bool) -> tuple[int, int, int]:
    """A cell in one sign: that of the first series comes in parts of a cell, others fill it or leave it."""
    if not here:
        return 0, -1, -1
    if here[0] == 0:
        return here.count(0), 0, -1
    if len(here) * 2 < steps and not is_foot:
        return 0, -1, -1
    return steps, max(set(here), key=lambda owner: (here.count(owner), -owner)), -1


def _cell(filled: int, below: int, above: int, chart: Chart, look: Look, signs: str) -> Run:
    if below < 0:
        return _BLANK
    tones = [series.tone for series in chart.series]
    is_full = filled == len(signs) - 1
    sign = look.glyphs.fills[below] if is_full and look.textured else signs[filled]
    return sign, tones[below], tones[above] if above >= 0 else ""


def draw(
    chart: Chart,
    width: int,
    height: int,
    look: Look,
    *,
    first: int = 0,
    exact: bool = False,
    hatched: Collection[int] = (),
    silent: Collection[int] | None = None,
) -> Picture:
    """Draw a chart.

    Args:
        chart: What to draw.
        width: The cells there are.
        height: The lines there are; of columns and lines the last one is the axis with its times.
        look: How it is drawn.
        first: The first category that is drawn, for bars.
        exact: Whether the largest value fills the height; else the scale ends in a round number.
        hatched: The slots of times that were not recorded.
        silent: The slots that the axis is not drawn under: nothing is known of them.
    """
    if chart.kind == BARS:
        return _bars(chart, width, height, look, first)
    rows = max(1, height - 1)
    room = max(1, width - SCALE)
    slots = chart.slots(room)
    edges = _edges(len(slots.places), room)
    if chart.kind == LINES:
        tops = [value for values in slots.values for value in values if value is not None]
    else:
        tops = slots.totals()
    top = top_of(max(tops, default=0.0), exact=exact)
    if chart.kind == LINES:
        plot = _lines(chart, slots, edges, rows, top, look)
    else:
        plot = _columns(chart, slots, edges, rows, top, look, hatched)
    scale = _scale(top, rows, chart, look)
    lines = [[(label, "dim", ""), *row] for label, row in zip(scale, plot, strict=True)]
    lines.append(_axis(chart, slots, edges, look, silent or ()))
    return Picture([_filled(line, width) for line in lines], slots, SCALE, edges, rows)


def _scale(top: float, rows: int, chart: Chart, look: Look) -> list[str]:
    labels = [" " * (SCALE - 1) + look.glyphs.edge] * rows
    for row, value in ticks(top, rows, log=look.log):
        text = short(value, is_bytes=chart.is_bytes, width=SCALE - 1)
        labels[row] = text.rjust(SCALE - 1) + look.glyphs.edge
    return labels


def _edges(count: int, room: int) -> list[int]:
    """Where slots begin: all as wide, but those too narrow to stand apart fill the room as they can."""
    wide = room // max(1, count)
    if wide >= _APART:
        return [slot * wide for slot in range(count + 1)]
    return [slot * room // max(1, count) for slot in range(count + 1)]


def _columns(
    chart: Chart,
    slots: Slots,
    edges: Sequence[int],
    rows: int,
    top: float,
    look: Look,
    hatched: Collection[int],
) -> list[Line]:
    signs = look.glyphs.up
    bars = [stacked(values, top, rows, look) for values in slots.values]
    widths = [end - begin for begin, end in pairwise(edges)]
    gap = int(min(widths, default=0) >= _APART)
    lines: list[Line] = []
    for row in reversed(range(rows)):
        line: Line = []
        for slot, cells in enumerate(bars):
            filled, below, above = cells[row]
            sign, tone, under = _cell(filled, below, above, chart, look, signs)
            if below < 0 and slot in hatched:
                sign, tone = look.glyphs.hatch, "warn"
            wide = widths[slot]
            bar = wide - gap
            line += [(sign * bar, tone, under), (" " * (wide - bar), "", "")]
        lines.append(line)
    return lines


def _lines(chart: Chart, slots: Slots, edges: Sequence[int], rows: int, top: float, look: Look) -> list[Line]:
    """Lines through the middle of the slots, in dots of braille or in signs."""
    across, down = (2, 4) if look.glyphs.dots else (1, 1)
    width = edges[-1]
    bits: dict[tuple[int, int], int] = {}
    owner: dict[tuple[int, int], int] = {}
    scale = look.scaled(top) or 1.0
    for index in reversed(range(len(chart.series))):
        drawn, left = _DASHES[index % len(_DASHES)]
        before: tuple[int, int] | None = None
        for slot, values in enumerate(slots.values):
            value = values[index]
            if value is None:
                before = None
                continue
            x = ((edges[slot] + edges[slot + 1]) * across - 1) // 2
            share = max(0.0, min(1.0, look.scaled(value) / scale))
            y = round((1 - share) * (rows * down - 1))
            for dot_x, dot_y in _path(before or (x, y), (x, y)):
                if (dot_x + dot_y) % (drawn + left) >= drawn and (dot_x, dot_y) != (x, y):
                    continue
                cell = (dot_x // across, dot_y // down)
                bit = _DOTS[dot_x % 2][dot_y % 4] if look.glyphs.dots else 0
                bits[cell] = bits.get(cell, 0) | bit
                owner[cell] = index
            before = x, y
    lines: list[Line] = []
    for row in range(rows):
        line: Line = []
        for column in range(width):
            index = owner.get((column, row), -1)
            if index < 0:
                line.append(_BLANK)
                continue
            dots = look.glyphs.dots
            sign = (
                chr(_BRAILLE + bits[column, row])
                if dots
                else look.glyphs.marks[index % len(look.glyphs.marks)]
            )
            line.append((sign, chart.series[index].tone, ""))
        lines.append(line)
    return lines


def _path(begin: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots from one point to another, both included."""
    across, down = end[0] - begin[0], end[1] - begin[1]
    length = max(abs(across), abs(down), 1)
    return [
        (begin[0] + round(across * step / length), begin[1] + round(down * step / length))
        for step in range(length + 1)
    ]


def _axis(chart: Chart, slots: Slots, edges: Sequence[int], look: Look, silent: Collection[int]) -> Line:
    """The axis, with a time wherever there is room for one."""
    count = len(slots.places)
    signs = [
        (look.glyphs.nothing if slot in silent else look.glyphs.axis) * (edges[slot + 1] - edges[slot])
        for slot in range(count)
    ]
    line = "".join(signs)
    begins = (
        [chart.begins(slot * slots.folded) for slot in range(count)]
        if chart.step
        else [chart.begins(place) for place in slots.places]
    )
    free = 0
    before = None
    for slot, moment in enumerate(begins):
        if moment is None or edges[slot] < free:
            continue
        text = _time_label(moment, before, chart.step)
        at = edges[slot]
        if at + len(text) > len(line):
            break
        line = line[:at] + text + line[at + len(text) :]
        before, free = moment, at + len(text) + max(4, len(text))
    return [("0".rjust(SCALE - 1) + look.glyphs.corner, "dim", ""), (line, "dim", "")]


def _time_label(moment: datetime, before: datetime | None, step: int | None) -> str:
    """A time at the axis: with its day where that is another one than before."""
    if step is None or step >= 86_400_000:
        return f"{moment:%Y-%m-%d}" if before is None or before.year != moment.year else f"{moment:%m-%d}"
    clock = f"{moment:%H:%M:%S}" if step < 60_000 else f"{moment:%H:%M}"
    return f"{moment:%m-%d} {clock}" if before is None or before.date() != moment.date() else clock


def _bars(chart: Chart, width: int, height: int, look: Look, first: int) -> Picture:
    slots = chart.slots(chart.height)
    totals = slots.totals()
    top = max(totals, default=0.0)
    shown = range(first, min(first + height, len(slots.places)))
    texts = [_amount(totals[slot], is_bytes=chart.is_bytes) for slot in shown]
    amount = max(map(len, texts), default=1)
    names = [clean(chart.labels[slots.places[slot]]) for slot in shown]
    longest = max(map(cell_len, names), default=0)
    name = min(longest, max(_LEAST_NAME, int(width * _NAMES_SHARE)), max(1, width - amount - 4))
    room = max(1, width - name - amount - 2)
    lines: list[Line] = []
    for slot, label, text in zip(shown, names, texts, strict=True):
        cells = stacked(slots.values[slot], top, room, look)
        bar = [_cell(*cell, chart, look, look.glyphs.right) for cell in cells]
        lines.append(
            [
                (set_cell_size(shorten(label, name), name), "", ""),
                (f" {text.rjust(amount)} ", "dim", ""),
                *bar,
            ]
        )
    lines += [[] for _ in range(height - len(lines))]
    return Picture([_filled(line, width) for line in lines], slots, name + amount + 2, ())


def _amount(value: float, *, is_bytes: bool) -> str:
    """The number beside a bar: exact where that is not too long."""
    exact = full(value)
    return short(value, is_bytes=is_bytes, width=8) if is_bytes or len(exact) > _EXACT else exact


def _filled(line: Line, width: int) -> Line:
    """A line of a width, with neighbours of one tone in one run."""
    joined: Line = []
    for text, tone, under in line:
        if not text:
            continue
        if joined and joined[-1][1:] == (tone, under):
            joined[-1] = joined[-1][0] + text, tone, under
        else:
            joined.append((text, tone, under))
    missing = width - sum(cell_len(text) for text, _, _ in joined)
    if missing > 0:
        joined.append((" " * missing, "", ""))
    return joined
