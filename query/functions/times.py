"""Functions of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Context, Gives, Takes, declare

if TYPE_CHECKING:
    import polars as pl

    from query.periods import Period

_FORMATTED = "the time as a text; %Y-%m-%d %H:%M:%S are its parts"


@declare(
    "bin", (Takes.PERIOD,), Gives.TIME, "the beginning of the period in which the record is", contextual=True
)
def _bin(period: Period, *, context: Context) -> pl.Expr:
    return context.time.dt.truncate(period.polars)


@declare("datefloor", (Takes.TIME, Takes.PERIOD), Gives.TIME, "the beginning of the period of a time")
def _date_floor(time: pl.Expr, period: Period) -> pl.Expr:
    return time.dt.truncate(period.polars)


@declare("dateceil", (Takes.TIME, Takes.PERIOD), Gives.TIME, "the end of the period of a time")
def _date_ceil(time: pl.Expr, period: Period) -> pl.Expr:
    import polars as pl

    floor = time.dt.truncate(period.polars)
    return pl.when(floor == time).then(time).otherwise(floor.dt.offset_by(period.polars))


@declare(
    "fromMillis",
    (Takes.NUMBER,),
    Gives.TIME,
    "the time that is so many milliseconds after 1970; null before the year 1000 and after 9000",
    shown="fromMillis(toMillis(@timestamp))",
)
def _from_millis(number: pl.Expr) -> pl.Expr:
    from query.values import from_millis

    return from_millis(number)


@declare("toMillis", (Takes.TIME,), Gives.NUMBER, "the milliseconds from 1970 to a time")
def _to_millis(time: pl.Expr) -> pl.Expr:
    return time.dt.epoch("ms")


@declare("now", (), Gives.NUMBER, "the seconds from 1970 until now", contextual=True)
def _now(*, context: Context) -> pl.Expr:
    import polars as pl

    return pl.lit(int(context.now.timestamp()), dtype=pl.Int64)


@declare(
    "strftime", (Takes.TIME, Takes.QUOTED), Gives.TEXT, _FORMATTED, shown='strftime(@timestamp, "%Y-%m-%d")'
)
@declare(
    "formatDate",
    (Takes.TIME, Takes.QUOTED),
    Gives.TEXT,
    _FORMATTED,
    shown='formatDate(@timestamp, "%Y-%m-%d")',
)
def _formatted(time: pl.Expr, pattern: str) -> pl.Expr:
    import polars as pl

    moment = pl.lit(0).cast(pl.Datetime("ms", "UTC"))
    try:
        pl.select(moment.dt.strftime(pattern))
    except pl.exceptions.PolarsError:
        raise ValueError("Write the parts of a time as in %Y-%m-%d %H:%M:%S.") from None
    return time.dt.strftime(pattern)
