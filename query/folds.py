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
    number = _whole_number(given)
    if number is None:
        return None
    return Folded(((_total(number.cast(pl.Int128)), _total),), _in_64_bits)


def _in_64_bits(total: pl.Expr) -> pl.Expr:
    return total.cast(pl.Int64, strict=False)


def _avg(_: Value, given: Value | None) -> Folded | None:
    number = _whole_number(given)
    if number is None:
        return None
    # As polars has a mean: exact as long as the sum is below 2 ** 53.
    total, many = number.cast(pl.Float64).sum(), number.count().cast(pl.Int64)
    return Folded(((total, pl.Expr.sum), (many, pl.Expr.sum)), _mean)


def _mean(total: pl.Expr, many: pl.Expr) -> pl.Expr:
    return pl.when(many > 0).then(total / many)


def _extreme(fold: Fold) -> Callable[[Value, Value | None], Folded | None]:
    def extreme(plain: Value, given: Value | None) -> Folded | None:
        # Texts are in the order of the numbers that they spell, of which two may be equal.
        has_order = given is not None and given.type in _ORDERED
        return Folded(((plain.expr, fold),), _same) if has_order else None

    return extreme


def _same(found: pl.Expr) -> pl.Expr:
    return found


def _whole_number(given: Value | None) -> pl.Expr | None:
    """A value as Int64; ``None`` where it is no whole number."""
    number = None if given is None else as_number(given)
    return number.expr if number is not None and number.type is Type.INTEGER else None


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
