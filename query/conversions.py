"""Values turned into values of another type, and values of several types into one.

Only the polars back end imports this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from query.values import Type, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = frozenset({Type.INTEGER, Type.DECIMAL, Type.TRUTH})
# Maps and lists count as null wherever a single value is asked for.
_NULLS = frozenset({Type.NOTHING, Type.JSON})


def as_number(value: Value) -> Value:
    """A value as Int64 or Float64; a time as epoch milliseconds; text that is no number becomes null."""
    if value.is_whole:
        # Columns can be Int32, in which sums and products would overflow.
        return Value(value.number().cast(pl.Int64), Type.INTEGER)
    return Value(value.number().cast(pl.Float64), Type.DECIMAL)


def unified(values: Sequence[Value]) -> tuple[list[pl.Expr], Type]:
    """Values of several types as one type that can hold them all.

    Args:
        values: At least one; those that hold no single value are null in any type.

    Returns:
        An expression for each value, and the type of all of them: TRUTH or TIME where all are, INTEGER or
        DECIMAL where all are numbers, else TEXT; NOTHING where none holds a value.
    """
    kinds = {value.type for value in values} - _NULLS
    if not kinds:
        return [value.text() for value in values], Type.NOTHING
    if len(kinds) == 1 and kinds <= {Type.TRUTH, Type.TIME}:
        kind = kinds.pop()
        return [pl.lit(None) if value.type in _NULLS else value.expr for value in values], kind
    if kinds <= _NUMBERS:
        kind = Type.DECIMAL if Type.DECIMAL in kinds else Type.INTEGER
        dtype = pl.Float64 if kind is Type.DECIMAL else pl.Int64
        return [value.number().cast(dtype) for value in values], kind
    return [value.text() for value in values], Type.TEXT
