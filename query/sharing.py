"""Expressions that are made of other expressions, each of which is worked out once.

An expression that names its operand twice is a plan that holds it twice; nested ten deep it holds it a
thousand times. Where that would happen, the operands become columns of a frame of their own. Only the polars
back end imports this.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from query.values import Value

_OPERAND = "operand {}"


def shared(
    values: Sequence[Value], build: Callable[[Sequence[Value]], pl.Expr], dtype: pl.DataType
) -> pl.Expr:
    """What ``build`` makes of some values, without their expressions standing in it several times.

    Args:
        values: The operands, in every row on their own.
        build: Makes an expression of them, also of them in other columns.
        dtype: What the expression gives.
    """
    if all(map(_is_simple, values)):
        return build(values)
    moving = [place for place, value in enumerate(values) if value.expr.meta.root_names()]
    stand_ins = list(values)
    for place in moving:
        stand_ins[place] = replace(values[place], expr=pl.col(_OPERAND.format(place)))
    inner = build(stand_ins)
    if max(Counter(inner.meta.root_names()).values(), default=0) < 2:
        return build(values)
    names = [_OPERAND.format(place) for place in moving]

    def run(columns: Sequence[pl.Series]) -> pl.Series:
        frame = pl.DataFrame([column.alias(name) for column, name in zip(columns, names, strict=True)])
        return frame.select(inner.cast(dtype).alias("found"))["found"]

    operands = [values[place].expr for place in moving]
    return pl.map_batches(operands, run, return_dtype=dtype, is_elementwise=True)


def _is_simple(value: Value) -> bool:
    """Whether it costs little to name an expression again: a column, a constant, numbers of an address."""
    return value.numbers is not None or value.expr.meta.is_column() or not value.expr.meta.root_names()
