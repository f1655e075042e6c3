"""Functions of values of any type, and choices between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Gives, Takes, declare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from query.values import Value


@declare("ispresent", (Takes.VALUE,), Gives.TRUTH, "the record has a value there")
def _is_present(value: Value) -> pl.Expr:
    return value.present().is_not_null() if value.numbers is None else value.is_present


@declare(
    "coalesce",
    (Takes.VALUE,),
    Gives.VALUE,
    "the first of the values that is there",
    rest=True,
    shown='coalesce(pktSrcAddr, srcAddr, "none")',
)
def _coalesce(*found: Value) -> Value:
    import polars as pl

    from query import conversions, values

    exprs, kind = conversions.unified(found)
    return values.Value(pl.coalesce(exprs), kind)


@declare(
    "if",
    (Takes.CONDITION, Takes.VALUE, Takes.VALUE),
    Gives.VALUE,
    "the second value where the condition holds, else the third",
    shown='if(dstPort < 1024, "service", "other")',
)
def _if(condition: pl.Expr, yes: Value, no: Value) -> Value:
    return _first_that_holds([condition], [yes, no])


@declare(
    "case",
    (Takes.VALUE, Takes.VALUE, Takes.VALUE),
    Gives.VALUE,
    "the value behind the first condition that holds, else the last value if it stands alone",
    optional=1,
    rest=True,
    shown='case(dstPort = 22, "ssh", dstPort = 443, "https", "other")',
)
def _case(*found: Value) -> Value:
    from query import values

    pairs = len(found) // 2
    conditions = [value.truth() for value in found[: 2 * pairs : 2]]
    default = found[-1] if len(found) % 2 else values.NULL
    return _first_that_holds(conditions, [*found[1 : 2 * pairs : 2], default])


def _first_that_holds(conditions: Sequence[pl.Expr], choices: Sequence[Value]) -> Value:
    """The choice of the first condition that holds, else the choice behind the last condition's."""
    import polars as pl

    from query import conversions, values

    exprs, kind = conversions.unified(choices)
    chosen = exprs[-1]
    for condition, expr in zip(reversed(conditions), reversed(exprs[:-1]), strict=True):
        chosen = pl.when(condition).then(expr).otherwise(chosen)
    return values.Value(chosen, kind)
