"""Aggregates made of what is known of several piles of records, without a look at the records again.

How many records there are, their sums and their extremes can be told of piles, and of all from those of the
piles. Of percentiles and of sums of fractions that is not so, or not to the last digit: those are not here.
Only the polars back end imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from query.conversions import as_number
from query.values import Type, Value

Fold = Callable[[pl.Expr], pl.Expr]


@dataclass(frozen=True, slots=True)
class Folded:
    """An aggregate in two steps.

    Attributes:
        columns: What is found out of each pile, and how one value of the same dtype is made of those of
            several piles.
        whole: Makes the aggregate of the columns.
    """

    columns: tuple[tuple[pl.Expr, Fold], ...]
    whole: Callable[..., pl.Expr]


def folded(name: str, plain: Value, given: Value | None) -> Folded | None:
    """An aggregate in two steps; ``None`` where that could give another value than in one.

    Args:
        name: The function.
        plain: The aggregate in one step.
        given: What the function is called with, if with anything.
    """
    fold = _FOLDS.get(name.lower())
    return None if fold is None else fold(plain, given)


def _count(plain: Value, _: Value | None) -> Folded:
    return Folded(((plain.expr, pl.Expr.sum),), _same)


def _sum(_: Value, given: Value | None) -> Folded | None:
    total = _whole_total(given)
    return (
        None
        if total is None
        else Folded(((total, _total),), lambda found: found.cast(pl.Int64, strict=False))
    )


def _avg(_: Value, given: Value | None) -> Folded | None:
    total = _whole_total(given)
    if given is None or total is None:
        return None
    many = as_number(given).expr.count().cast(pl.Int64)
    return Folded(((total, _total), (many, pl.Expr.sum)), lambda found, count: found.cast(pl.Float64) / count)


def _extreme(fold: Fold) -> Callable[[Value, Value | None], Folded | None]:
    def extreme(plain: Value, given: Value | None) -> Folded | None:
        # Texts are in the order of the numbers that they spell, of which two may be equal.
        has_order = given is not None and given.type in _ORDERED
        return Folded(((plain.expr, fold),), _same) if has_order else None

    return extreme


def _same(found: pl.Expr) -> pl.Expr:
    return found


def _whole_total(given: Value | None) -> pl.Expr | None:
    """The sum of whole numbers in 128 bits, null where there are none; ``None`` of other numbers."""
    number = None if given is None else as_number(given)
    if number is None or number.type is not Type.INTEGER:
        return None
    return _total(number.expr.cast(pl.Int128))


def _total(numbers: pl.Expr) -> pl.Expr:
    return pl.when(numbers.count() > 0).then(numbers.sum())


_ORDERED = frozenset({Type.INTEGER, Type.DECIMAL, Type.TIME, Type.TRUTH})
_FOLDS: dict[str, Callable[[Value, Value | None], Folded | None]] = {
    "count": _count,
    "sum": _sum,
    "avg": _avg,
    "min": _extreme(pl.Expr.min),
    "max": _extreme(pl.Expr.max),
}
