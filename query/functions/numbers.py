"""Functions of numbers. None gives NaN or infinity: where there is no result there is null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Gives, Takes, declare

if TYPE_CHECKING:
    import polars as pl

    from query.values import Type, Value

# Beyond so many decimals a Float64 of everyday size holds no digits that could be rounded.
_MOST_DECIMALS = 15


@declare("abs", (Takes.VALUE,), Gives.VALUE, "the number without its sign", shown="abs(bytes)")
def _abs(value: Value) -> Value:
    from query import conversions, values

    number = conversions.as_number(value)
    return values.Value(number.expr.abs(), number.type)


@declare("ceil", (Takes.NUMBER,), Gives.NUMBER, "the smallest whole number that is not less")
def _ceil(number: pl.Expr) -> pl.Expr:
    return _whole(number.ceil())


@declare("floor", (Takes.NUMBER,), Gives.NUMBER, "the largest whole number that is not more")
def _floor(number: pl.Expr) -> pl.Expr:
    return _whole(number.floor())


@declare(
    "round",
    (Takes.VALUE, Takes.COUNT),
    Gives.VALUE,
    "the number rounded to so many decimals, or to a whole number; a half is rounded away from 0",
    optional=1,
    shown="round(bytes / 1024, 1)",
)
def _round(value: Value, decimals: int | None = None) -> Value:
    import polars as pl

    from query import conversions, values
    from query.values import Type

    number = conversions.as_number(value).expr
    if decimals is None:
        return values.Value(_whole(number.round(mode="half_away_from_zero")), Type.INTEGER)
    number = number.cast(pl.Float64)
    if decimals >= 0:
        rounded = number.round(min(decimals, _MOST_DECIMALS), mode="half_away_from_zero")
    else:
        unit = 10.0 ** min(-decimals, 300)
        rounded = (number / unit).round(mode="half_away_from_zero") * unit
    return values.Value(rounded, Type.DECIMAL)


@declare("sqrt", (Takes.NUMBER,), Gives.DECIMAL, "the square root; null for a number below 0")
def _sqrt(number: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(number >= 0).then(number.sqrt())


@declare("log", (Takes.NUMBER,), Gives.DECIMAL, "the natural logarithm; null for 0 and below")
def _log(number: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.when(number > 0).then(number.log())


@declare(
    "greatest",
    (Takes.VALUE,),
    Gives.VALUE,
    "the largest of the numbers or times, leaving out those that are not there",
    rest=True,
    shown="greatest(srcPort, dstPort)",
)
def _greatest(*found: Value) -> Value:
    import polars as pl

    from query import values

    exprs, kind = _comparable(found)
    return values.Value(pl.max_horizontal(exprs), kind)


@declare(
    "least",
    (Takes.VALUE,),
    Gives.VALUE,
    "the smallest of the numbers or times, leaving out those that are not there",
    rest=True,
    shown="least(srcPort, dstPort)",
)
def _least(*found: Value) -> Value:
    import polars as pl

    from query import values

    exprs, kind = _comparable(found)
    return values.Value(pl.min_horizontal(exprs), kind)


@declare("isNumeric", (Takes.VALUE,), Gives.TRUTH, "the value is a number, or a text that is one")
def _is_numeric(value: Value) -> pl.Expr:
    return value.number().is_not_null()


@declare("toNumber", (Takes.VALUE,), Gives.VALUE, "the number that a text is", shown="toNumber(version)")
def _to_number(value: Value) -> Value:
    from query import conversions, values

    number = conversions.as_number(value)
    return values.Value(number.expr, number.type)


@declare("toDouble", (Takes.NUMBER,), Gives.DECIMAL, "the number as a decimal number")
def _to_double(number: pl.Expr) -> pl.Expr:
    import polars as pl

    return number.cast(pl.Float64)


@declare("toLong", (Takes.VALUE,), Gives.NUMBER, "the number without its decimals", shown="toLong(bytes)")
@declare("toInt", (Takes.VALUE,), Gives.NUMBER, "the number without its decimals", shown="toInt(bytes)")
def _without_decimals(value: Value) -> pl.Expr:
    """Int64, towards 0. Whole numbers in a text keep all their digits, which Float64 would not."""
    import polars as pl

    from query.values import Type

    number = _whole(value.number())
    if value.type is not Type.TEXT:
        return number
    return pl.coalesce(value.text().cast(pl.Int64, strict=False), number)


def _whole(number: pl.Expr) -> pl.Expr:
    """As Int64, null where it does not fit."""
    import polars as pl

    return number.cast(pl.Int64, strict=False)


def _comparable(found: tuple[Value, ...]) -> tuple[list[pl.Expr], Type]:
    """Times where all are, else numbers, which messages hold as text."""
    from query import conversions
    from query.values import Type

    exprs, kind = conversions.unified(found)
    if kind in {Type.TIME, Type.INTEGER, Type.DECIMAL}:
        return exprs, kind
    return conversions.unified([conversions.as_number(value) for value in found])
