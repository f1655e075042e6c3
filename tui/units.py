"""Numbers, sizes, times and long identifiers as people read them; every form has a bounded width."""

from __future__ import annotations

from datetime import UTC, datetime

_THOUSANDS = ("", "k", "M", "G", "T", "P", "E")
# Ids keep this many characters of their random part at either end.
_KEEP = 4
_SMALL, _LARGE = 1e-4, 1e15


def count(number: int) -> str:
    """A count in at most five characters: ``999``, ``1.2k``, ``12k``, ``1.2M``."""
    return _scaled(number, "", _THOUSANDS)


def size(number: int | None) -> str:
    """Bytes in at most seven characters: ``180 B``, ``4.1 kB``, ``12 MB``."""
    return "" if number is None else _scaled(number, "B", _THOUSANDS)


def _scaled(number: float, unit: str, prefixes: tuple[str, ...]) -> str:
    value, index = float(abs(number)), 0
    # 999.5 would be printed as 1000: it belongs to the next prefix already.
    while value >= 999.5 and index < len(prefixes) - 1:
        value, index = value / 1000, index + 1
    digits = 1 if index and value < 9.95 else 0
    sign = "-" if number < 0 else ""
    blank = " " if unit else ""
    return f"{sign}{value:.{digits}f}{blank}{prefixes[index]}{unit}"


def whole(number: int) -> str:
    """A count in full, with thousands apart: ``1,234,567``."""
    return f"{number:,}"


def decimal(value: float, apart: str = "") -> str:
    """A number with a fraction, in four places at most: ``0.1667``; a very small or large one as ``1e-07``.

    Args:
        value: The number.
        apart: What stands between thousands.
    """
    if value and not _SMALL <= abs(value) < _LARGE:
        return f"{value:.4g}"
    return f"{value:{apart}.4f}".rstrip("0").rstrip(".")


def percent(part: int, total: int) -> str:
    """A share: ``14%``; never ``0%`` or ``100%`` when there is a little or a little is missing."""
    if not total:
        return ""
    if 0 < part < total:
        share = 100 * part / total
        return "<1%" if share < 1 else ">99%" if share > 99 else f"{share:.0f}%"
    return "100%" if part else "0%"


def duration(seconds: float) -> str:
    """A length of time: ``31 ms``, ``58 s``, ``10 min``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(moment: datetime | None, *, dated: bool, years: bool = False) -> str:
    """A time of a record, UTC: ``10:02:11``; ``01-15 10:02:11`` where days differ, in full where years do."""
    if moment is None:
        return ""
    return moment.strftime(f"{'%Y-' * years}{'%m-%d ' * dated}%H:%M:%S")


def stamp(moment: datetime) -> str:
    """A time in full: ``2026-01-15 10:02:11 UTC``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(moment: datetime) -> str:
    """A time for programs: ``2026-01-15T10:02:11.000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def shorten(text: str, width: int, tail: int | None = None) -> str:
    """Fit a name by leaving out its middle, so that both ends stay: ``eni-0a47…7c9c``.

    Args:
        text: The name.
        width: How many characters there is room for.
        tail: How many of its last characters to keep if there is room; a third of the width by default, and
            with 0 it is cut at its end, as a sentence is.
    """
    if len(text) <= width:
        return text
    if width <= _KEEP:
        return text[:width]
    if tail == 0:
        return f"{text[: width - 1]}…"
    tail = min(tail or max(_KEEP, (width - 1) // 3), width - _KEEP)
    return f"{text[: width - 1 - tail]}…{text[-tail:]}"
