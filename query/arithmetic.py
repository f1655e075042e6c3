"""Arithmetic of the polars back end: numbers that text may spell, and never a wrong one.

What has no result is null: a whole number beyond 64 bits, a division by zero, the root of a negative number.
Only the polars back end imports this.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

import polars as pl

from query import values
from query.sharing import shared
from query.values import Type, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from query.tree import Sign
    from query.values import Comparison

_SUMS: dict[Sign, Comparison] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_NO_NUMBERS = [math.inf, -math.inf, math.nan]


def combine(left: Value, sign: Sign, right: Value) -> Value:
    """Put two numbers together.

    ``+ - *`` and ``%`` of whole numbers give a whole number; ``/`` and ``^`` give a decimal one. A time
    counts as its epoch milliseconds, a condition as 1 or 0.
    """
    is_whole = left.is_whole and right.is_whole
    if sign in _SUMS and is_whole:
        # In 128 bits no result of two numbers of 64 is too large; only then is it seen whether 64 hold it.
        found = _SUMS[sign](left.number().cast(pl.Int128), right.number().cast(pl.Int128))
        return values.computed(found.cast(pl.Int64, strict=False), Type.INTEGER)
    if sign in _SUMS:
        return values.computed(finite(_SUMS[sign](_decimal(left), _decimal(right))), Type.DECIMAL)
    if sign == "/":
        return values.computed(finite(_divided(_decimal(left), right)), Type.DECIMAL)
    if sign == "%":
        kind, dtype = (Type.INTEGER, pl.Int64()) if is_whole else (Type.DECIMAL, pl.Float64())
        return values.computed(shared((left, right), _remainder, dtype), kind)
    return values.computed(finite(_decimal(left).pow(_decimal(right))), Type.DECIMAL)


def finite(number: pl.Expr) -> pl.Expr:
    """Decimals with null in the place of what is no number. It names its operand once."""
    return number.replace(_NO_NUMBERS, [None] * len(_NO_NUMBERS))


def _divided(number: pl.Expr, divisor: Value) -> pl.Expr:
    if divisor.constant is None:
        return number / _decimal(divisor)
    # polars multiplies by the reciprocal of a constant, and then 49 / 49 is not quite 1.
    constant = divisor.number().cast(pl.Float64)

    def run(column: pl.Series) -> pl.Series:
        return column / pl.select(constant).to_series().new_from_index(0, column.len())

    return number.map_batches(run, return_dtype=pl.Float64, is_elementwise=True)


def _remainder(operands: Sequence[Value]) -> pl.Expr:
    """The remainder with the sign of the dividend, as SQL and Java have it."""
    left, right = operands
    if left.is_whole and right.is_whole:
        number, divisor = left.number().cast(pl.Int64), right.number().cast(pl.Int64)
        found = number.abs() % pl.when(divisor != 0).then(divisor.abs())
    else:
        number = _decimal(left)
        step = _decimal(right).abs()
        # By way of a column, as for a division, and since that of polars is made by a division too.
        found = pl.map_batches(
            [number.abs(), step], _decimal_remainder, return_dtype=pl.Float64, is_elementwise=True
        )
    return pl.when(number < 0).then(-found).otherwise(found)


def _decimal_remainder(columns: Sequence[pl.Series]) -> pl.Series:
    # polars hands a constant on as a column of one row, whatever the height of the other.
    heights = {column.len() for column in columns}
    height = max(heights - {1}, default=1)
    number, divisor = (
        column if column.len() == height else column.new_from_index(0, height) for column in columns
    )
    return pl.select(finite(pl.lit(number) % pl.lit(divisor))).to_series()


def _decimal(value: Value) -> pl.Expr:
    return value.number().cast(pl.Float64)
