"""Arithmetic of the polars back end: numbers that text may spell, and never a wrong one.

What has no result is null: a sum beyond 64 bits, a division by zero, the root of a negative number. Only the
polars back end imports this.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import polars as pl

from query import values
from query.values import Type, Value

if TYPE_CHECKING:
    from query.tree import Sign
    from query.values import Comparison

_WHOLE: dict[Sign, Comparison] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_LIMIT = 2.0**63


def combine(left: Value, sign: Sign, right: Value) -> Value:
    """Put two numbers together.

    ``+ - *`` and ``%`` of whole numbers give a whole number; ``/`` and ``^`` give a decimal one. A time
    counts as its epoch milliseconds, a condition as 1 or 0.
    """
    first, second = left.number(), right.number()
    is_whole = all(_is_whole(value) for value in (left, right))
    if sign in _WHOLE:
        join = _WHOLE[sign]
        in_decimals = _finite(join(first.cast(pl.Float64), second.cast(pl.Float64)))
        if not is_whole:
            return values.computed(in_decimals, Type.DECIMAL)
        whole = join(first.cast(pl.Int64), second.cast(pl.Int64))
        return values.computed(pl.when(in_decimals.abs() < _LIMIT).then(whole), Type.INTEGER)
    if sign == "%":
        divisor = pl.when(second != 0).then(second)
        kind = Type.INTEGER if is_whole else Type.DECIMAL
        # Like the dividend's, the sign of a remainder: as SQL and Java have it, which AWS is written in.
        remainder = first.abs() % divisor.abs()
        found = pl.when(first < 0).then(-remainder).otherwise(remainder)
        return values.computed(found if is_whole else _finite(found), kind)
    decimals = first.cast(pl.Float64), second.cast(pl.Float64)
    found = decimals[0] / decimals[1] if sign == "/" else decimals[0].pow(decimals[1])
    return values.computed(_finite(found), Type.DECIMAL)


def _is_whole(value: Value) -> bool:
    return value.type in {Type.INTEGER, Type.TIME, Type.TRUTH}


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)
