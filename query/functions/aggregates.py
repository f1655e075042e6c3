"""Functions that make one number of many records. Records without a value do not take part.

The expressions are made for ``group_by().agg()`` and ``select()`` alike, and are right for no records too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Context, Gives, Takes, declare

if TYPE_CHECKING:
    import polars as pl

    from query.periods import Period
    from query.values import Value


@declare(
    "count",
    (Takes.VALUE,),
    Gives.NUMBER,
    "how many records there are, or how many have a value",
    optional=1,
    aggregate=True,
    shown="count(*)",
)
def _count(value: Value | None = None) -> pl.Expr:
    import polars as pl

    if value is None or value.constant is not None:
        return pl.len().cast(pl.Int64)
    if value.numbers is not None:
        return value.is_present.sum().cast(pl.Int64)
    return value.present().count().cast(pl.Int64)


@declare(
    "countDistinct",
    (Takes.VALUE,),
    Gives.NUMBER,
    "how many different values there are",
    aggregate=True,
)
@declare(
    "count_distinct",
    (Takes.VALUE,),
    Gives.NUMBER,
    "how many different values there are",
    aggregate=True,
)
def _different(value: Value) -> pl.Expr:
    import polars as pl

    if value.numbers is not None:
        # No two of the columns can hold the same address.
        return pl.sum_horizontal(pl.col(name).drop_nulls().n_unique() for name in value.numbers.columns).cast(
            pl.Int64
        )
    return value.present().drop_nulls().n_unique().cast(pl.Int64)


@declare(
    "sum",
    (Takes.VALUE,),
    Gives.VALUE,
    "the sum of the numbers; null where there are none, or if 64 bits are too few for it",
    aggregate=True,
    shown="sum(bytes)",
)
def _sum(value: Value) -> Value:
    import polars as pl

    from query import conversions, values

    number = conversions.as_number(value)
    if number.type is values.Type.DECIMAL:
        return values.Value(_total(number.expr), number.type)
    total = _total(number.expr.cast(pl.Int128)).cast(pl.Int64, strict=False)
    return values.Value(total, number.type)


@declare("avg", (Takes.NUMBER,), Gives.DECIMAL, "the mean of the numbers", aggregate=True)
def _avg(number: pl.Expr) -> pl.Expr:
    return number.mean()


@declare("stddev", (Takes.NUMBER,), Gives.DECIMAL, "the standard deviation of the numbers", aggregate=True)
def _stddev(number: pl.Expr) -> pl.Expr:
    return _each(number).std()


@declare("variance", (Takes.NUMBER,), Gives.DECIMAL, "the variance of the numbers", aggregate=True)
def _variance(number: pl.Expr) -> pl.Expr:
    return _each(number).var()


@declare(
    "pct",
    (Takes.NUMBER, Takes.CONSTANT),
    Gives.DECIMAL,
    "the number that so many percent of the numbers do not exceed",
    aggregate=True,
)
def _pct(number: pl.Expr, percent: float) -> pl.Expr:
    if not 0 <= percent <= 100:
        raise ValueError("Write a percentage from 0 to 100.")
    return number.quantile(percent / 100, "linear")


@declare(
    "rate",
    (Takes.NUMBER, Takes.PERIOD),
    Gives.DECIMAL,
    "the sum of the numbers for each such period of the bin, or of the time between first and last record",
    aggregate=True,
    contextual=True,
    shown="rate(bytes, 1s)",
)
def _rate(number: pl.Expr, interval: Period, *, context: Context) -> pl.Expr:
    import polars as pl

    if interval.milliseconds is None:
        raise ValueError("Months, quarters and years differ in length; write a period like 1s or 1h.")
    length = _length(context)
    return pl.when(length > 0).then(_total(number) / length * interval.milliseconds)


def _length(context: Context) -> pl.Expr:
    """The milliseconds that the records of a group stand for."""
    import polars as pl

    first, last = context.time.min(), context.time.max()
    if context.bin is None:
        return (last - first).dt.total_milliseconds()
    if context.bin.milliseconds is not None:
        return pl.lit(context.bin.milliseconds)
    begin = first.dt.truncate(context.bin.polars)
    return (begin.dt.offset_by(context.bin.polars) - begin).dt.total_milliseconds()


def _total(number: pl.Expr) -> pl.Expr:
    """The sum, null where there is no number: to polars, the sum of nothing is 0."""
    import polars as pl

    each = _each(number)
    return pl.when(each.count() > 0).then(each.sum())


def _each(number: pl.Expr) -> pl.Expr:
    """A constant as often as there are records; in polars it would be there once."""
    import polars as pl

    return number if number.meta.root_names() else pl.repeat(number.first(), pl.len())
