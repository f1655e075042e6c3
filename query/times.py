"""Times as people type them: ``-3h``, ``2026-01-01``, ``2026-01-01T10:00Z`` and epoch seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"-\s*(?P<number>[0-9]{1,6}(\.[0-9]+)?)\s*(?P<unit>[a-z]+)")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?")
_EPOCH = re.compile(r"[0-9]{9,13}")
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_MILLISECONDS = 10**11


def parse_time(text: str, now: datetime | None = None, day: datetime | None = None) -> datetime:
    """Read a time; without a zone it is UTC.

    Args:
        text: What was typed.
        now: What ``-3h`` counts back from; the clock by default.
        day: The day that ``10:30`` is of; without it that is no time.

    Raises:
        ValueError: It is no time; the message says what would be one.
    """
    typed = text.strip()
    now = now or datetime.now(UTC)
    if typed.lower() == "now":
        return now
    try:
        if (found := _AGO.fullmatch(typed.lower())) and found["unit"] in _UNITS:
            return now - timedelta(seconds=float(found["number"]) * _UNITS[found["unit"]])
        if _EPOCH.fullmatch(typed):
            number = int(typed)
            return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
        if day is not None and _CLOCK.fullmatch(typed):
            typed = f"{day:%Y-%m-%d}T{typed if typed[2] == ':' else f'0{typed}'}"
        moment = datetime.fromisoformat(typed)
    except (ValueError, OverflowError, OSError):
        also = "10:30, " if day is not None else ""
        raise ValueError(
            f"'{text}' is not a time. Write {also}-3h, 2026-01-01, 2026-01-01T10:00Z or epoch seconds."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
