"""What the text of a literal is worth, without polars: numbers, units, and AWS's sign for no value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from query.errors import QueryError, Span

# How AWS writes that there is no value; the loaders read it as null.
NO_VALUE = "-"
LARGEST = 2**63 - 1

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_UNITS |= {f"{letter}i": 1024**power for power, letter in enumerate("kmgt", 1)}
_NUMERIC = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def number(text: str, span: Span) -> int | float:
    """The number of a literal such as ``22``, ``-1.5`` or ``10MiB``.

    Args:
        text: What the grammar takes for a number.
        span: Where it stands, for the error.

    Raises:
        QueryError: If it is too large to compare with.
    """
    digits, unit = cast("re.Match[str]", re.fullmatch(r"(.*?)(?:([kmgt]?i?)b)?", text.lower())).groups()
    exact = Decimal(digits)
    if unit:
        exact *= _UNITS[unit]
    value = _plain(exact)
    if abs(value) > LARGEST:
        raise QueryError.at(span, "This number is too large.", f"The largest is {LARGEST}.")
    return value


def numeric(value: str | float) -> int | float | None:
    """The number that a literal is, or that its text spells; None if it is a text that spells none."""
    if not isinstance(value, str):
        return value
    return _plain(Decimal(value)) if _NUMERIC.fullmatch(value) else None


def _plain(exact: Decimal) -> int | float:
    """A whole number as int, as far as 64 bits go, and any other as float."""
    is_whole = abs(exact) <= LARGEST and exact == exact.to_integral_value()
    return int(exact) if is_whole else float(exact)
