"""Numbers beside charts: round ends of scales, and values in few characters or in full."""

from __future__ import annotations

import math

from tui.units import decimal, size, whole

_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
# The least lines between two numbers of a scale.
_APART = 3
_THOUSANDS = ("", "k", "M", "G", "T", "P", "E")


def top_of(largest: float, *, exact: bool) -> float:
    """Where a scale ends: at the largest value, or at a round number above it."""
    if largest <= 0 or not math.isfinite(largest):
        return 1.0
    if exact:
        return largest
    power = 10.0 ** math.floor(math.log10(largest))
    return next((power * step for step in _ROUND if power * step >= largest * (1 - 1e-12)), largest)


def ticks(top: float, rows: int, *, log: bool) -> list[tuple[int, float]]:
    """The lines of a scale that have a number, from the top, and the number that each one ends at.

    Only lines whose upper edge is a half or a quarter of the scale have one: those numbers are round.
    """
    parts = next((parts for parts in (4, 2) if rows % parts == 0 and rows // parts >= _APART), 1)
    found = []
    for index in range(parts):
        share = 1 - index / parts
        found.append((index * rows // parts, 10 ** (share * math.log10(1 + top)) - 1 if log else top * share))
    return found


def short(value: float, *, is_bytes: bool = False, width: int = 7) -> str:
    """A value in a few characters: ``0``, ``0.25``, ``999``, ``1.2k``, ``12 MB``."""
    if is_bytes and abs(value) >= 1:
        text = size(round(value))
        text = text if len(text) <= width else text.replace(" ", "")
        return text if len(text) <= width else f"{value:.0e}"
    if not value:
        return "0"
    if abs(value) < 1:
        return f"{value:.2g}" if abs(value) >= 0.001 else f"{value:.0e}"
    scaled, index = abs(value), 0
    while scaled >= 999.5 and index < len(_THOUSANDS) - 1:
        scaled, index = scaled / 1000, index + 1
    if scaled >= 999.5:
        return f"{value:.0e}"
    text = f"{scaled:.3g}"
    return f"{'-' * (value < 0)}{text}{_THOUSANDS[index]}"


def full(value: float | None, *, is_bytes: bool = False) -> str:
    """A value in full: ``1,234,567``, ``0.1667``; of bytes also as people read them."""
    if value is None:
        return "-"
    text = whole(int(value)) if float(value).is_integer() else decimal(value, ",")
    return f"{text} ({size(round(value))})" if is_bytes and abs(value) >= 1000 else text
