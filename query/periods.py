"""Periods of time as the query language writes them: ``5m``, ``30 sec``, ``1mo``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

# Each unit by the name that polars gives it: its spellings, its length where all are equally long, and the
# largest amount of it that counts. AWS has a largest amount up to the hour; from the day on it is a century
# here, which keeps the ends of periods among the times that can be written.
_UNITS: dict[str, tuple[tuple[str, ...], timedelta | None, int]] = {
    "ms": (("ms", "msec", "millisecond"), timedelta(milliseconds=1), 1000),
    "s": (("s", "sec", "second"), timedelta(seconds=1), 60),
    "m": (("m", "min", "minute"), timedelta(minutes=1), 60),
    "h": (("h", "hr", "hour"), timedelta(hours=1), 24),
    "d": (("d", "day"), timedelta(days=1), 36_500),
    "w": (("w", "week"), timedelta(weeks=1), 5_200),
    "mo": (("mo", "mon", "month"), None, 1_200),
    "q": (("q", "qtr", "quarter"), None, 400),
    "y": (("y", "yr", "year"), None, 100),
}
_BY_SPELLING = {spelling: unit for unit, (spellings, _, _) in _UNITS.items() for spelling in spellings}
# A plural s is for words, not for letters.
_BY_SPELLING |= {f"{spelling}s": unit for spelling, unit in _BY_SPELLING.items() if len(spelling) > 1}
UNITS = tuple(sorted(_BY_SPELLING, key=lambda spelling: (-len(spelling), spelling)))
"""Every spelling of a unit, in small letters, the longest first."""

_PERIOD = re.compile(r"\s*([0-9]{1,18})\s*([a-z]+)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time.

    Attributes:
        amount: How many units, from 1.
        unit: ``ms``, ``s``, ``m`` (minute), ``h``, ``d``, ``w``, ``mo`` (month), ``q`` or ``y``.
    """

    amount: int
    unit: str

    @property
    def polars(self) -> str:
        """As polars writes it. Weeks begin on Monday there."""
        return f"{self.amount}{self.unit}"

    @property
    def capped(self) -> Period:
        """The period that counts for this one: AWS reads 300s as 60s, and no hour has more than 60m."""
        return Period(min(self.amount, _UNITS[self.unit][2]), self.unit)

    @property
    def milliseconds(self) -> int | None:
        """How long it is; None for months, quarters and years, which differ."""
        length = _UNITS[self.unit][1]
        return None if length is None else self.amount * (length // timedelta(milliseconds=1))


def parse(text: str) -> Period:
    """Read a period as it stands in a query; it is not capped.

    Args:
        text: An amount and a unit in any spelling, with or without a space between them.

    Raises:
        ValueError: If it is none; the message says what would be one.
    """
    found = _PERIOD.fullmatch(text)
    unit = _BY_SPELLING.get(found[2].lower()) if found else None
    if found is None or unit is None or int(found[1]) == 0:
        raise ValueError(f"'{text.strip()}' is not a period. Write one like 5m, 30 sec, 1h or 1mo.")
    return Period(int(found[1]), unit)
