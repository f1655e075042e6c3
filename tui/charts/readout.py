"""What stands above a chart: its series with their signs, and the exact values at the cursor."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tui.charts.chart import BARS, LINES
from tui.charts.numbers import full
from tui.sanitise import clean
from tui.wording import plural

if TYPE_CHECKING:
    from datetime import datetime

    from tui.charts.chart import Chart, Slots
    from tui.charts.draw import Line, Look, Run

_DAY = 86_400_000


def sign(index: int, chart: Chart, look: Look) -> Run:
    """The sign of a series, as it is drawn."""
    glyphs = look.glyphs
    if chart.kind == LINES and not glyphs.dots:
        text = glyphs.marks[index % len(glyphs.marks)]
    elif chart.kind == LINES:
        text = ("⠤⠤", "⠤⠄", "⠄⠄", "⠤⠠", "⠄ ", "⠂⠂")[index % 6]
    else:
        text = glyphs.fills[index % len(glyphs.fills)] if look.textured else glyphs.fills[0]
    return text, chart.series[index].tone, ""


def legend(chart: Chart, look: Look) -> Line:
    """What is drawn, and by which sign each series goes."""
    line: Line = [(clean(chart.measure), "strong", "")]
    for index, series in enumerate(chart.series):
        if series.name:
            line += [("  ", "", ""), sign(index, chart, look), (f" {clean(series.name)}", "", "")]
    return line + _notes(chart, look)


def _notes(chart: Chart, look: Look) -> Line:
    notes = []
    if chart.left_out:
        notes.append(f"{chart.left_out} more not drawn")
    if look.log:
        notes.append("log scale")
    return [(f"  ({', '.join(notes)})", "dim", "")] if notes else []


def readout(chart: Chart, slots: Slots, slot: int, picked: int | None, look: Look, note: str = "") -> Line:
    """The exact values of a slot.

    Args:
        chart: The chart.
        slots: What stands side by side.
        slot: The slot that is looked at.
        picked: The series that is looked at, or ``None`` for all of them.
        look: How it is drawn.
        note: What else there is to say of it.
    """
    place, values = slots.places[slot], slots.values[slot]
    line: Line = [(where(chart, place), "strong", "")]
    for index, series in enumerate(chart.series):
        value = values[index]
        if value is None and len(chart.series) > 1 and index != picked:
            continue
        name = f" {clean(series.name)}" if series.name else ""
        text = f"{name} {full(value, is_bytes=chart.is_bytes)}"
        line += [("  ", "", ""), sign(index, chart, look), (text, "picked" if index == picked else "", "")]
    if len(chart.series) > 1 and chart.kind != LINES:
        total = sum(value for value in values if value)
        line.append((f"  total {full(total, is_bytes=chart.is_bytes)}", "dim", ""))
    if note:
        line.append((f"  {note}", "warn", ""))
    if slots.folded > 1:
        line.append((f"  highest of {plural(slots.folded, 'bin')}", "dim", ""))
    return line + _notes(chart, look)


def where(chart: Chart, place: int) -> str:
    """What a place is: a time range or a category."""
    if chart.kind == BARS or chart.begin is None:
        return clean(chart.labels[place]) if chart.labels else ""
    begins = chart.begins(place)
    return between(begins, chart.step) if begins is not None else ""


def between(begins: datetime, step: int | None) -> str:
    """A time range: ``01-15 10:00–10:05``."""  # noqa: RUF002
    if step is None:
        return f"from {begins:%Y-%m-%d}"
    ends = begins + timedelta(milliseconds=step)
    if step % _DAY == 0 and not (begins.hour or begins.minute):
        last = ends - timedelta(days=1)
        return f"{begins:%Y-%m-%d}" if step == _DAY else f"{begins:%Y-%m-%d}–{last:%m-%d}"  # noqa: RUF001
    clock = "%H:%M" if step % 60_000 == 0 and not begins.second else "%H:%M:%S"
    return f"{begins:%m-%d} {begins.strftime(clock)}–{ends.strftime(clock)}"  # noqa: RUF001
