"""Functions that pick values out of many records. Records without a value do not take part.

The expressions are made for ``group_by().agg()`` and ``select()`` alike, and are right for no records too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from query.functions.declaration import Context, Gives, Takes, declare

if TYPE_CHECKING:
    import polars as pl

    from query.values import Value

_MOST_VALUES = 100
# What JSON does not allow inside a string, and how it is written.
_ESCAPES = {chr(code): f"\\u{code:04x}" for code in range(32)} | {'"': '\\"', "\\": "\\\\"}


@declare(
    "min",
    (Takes.VALUE,),
    Gives.VALUE,
    "the smallest value: of numbers and times the least, of texts the first of the alphabet",
    aggregate=True,
    shown="min(bytes)",
)
def _min(value: Value) -> Value:
    import polars as pl

    plain, number = _ordered(value)
    if number is None:
        return replace(plain, expr=plain.expr.min())
    text = plain.expr
    least = pl.when(number.count() == text.count()).then(text.min_by(number)).otherwise(text.min())
    return replace(plain, expr=least)


@declare(
    "max",
    (Takes.VALUE,),
    Gives.VALUE,
    "the largest value: of numbers and times the greatest, of texts the last of the alphabet",
    aggregate=True,
    shown="max(bytes)",
)
def _max(value: Value) -> Value:
    import polars as pl

    plain, number = _ordered(value)
    if number is None:
        return replace(plain, expr=plain.expr.max())
    text = plain.expr
    most = pl.when(number.count() == text.count()).then(text.max_by(number)).otherwise(text.max())
    return replace(plain, expr=most)


@declare(
    "earliest",
    (Takes.VALUE,),
    Gives.VALUE,
    "the value of the earliest record that has one",
    aggregate=True,
    contextual=True,
)
def _earliest(value: Value, *, context: Context) -> Value:
    return _picked(value, value.expr.min_by(_times_of(value, context)))


@declare(
    "latest",
    (Takes.VALUE,),
    Gives.VALUE,
    "the value of the latest record that has one",
    aggregate=True,
    contextual=True,
)
def _latest(value: Value, *, context: Context) -> Value:
    return _picked(value, value.expr.max_by(_times_of(value, context)))


@declare("sortsFirst", (Takes.VALUE,), Gives.VALUE, "the value that stands first when sorted", aggregate=True)
def _sorts_first(value: Value) -> Value:
    import polars as pl

    plain, number = _ordered(value)
    if number is None:
        return replace(plain, expr=plain.expr.min())
    words = _words(plain, number)
    first = pl.when(words.count() > 0).then(plain.expr.min_by(words)).otherwise(plain.expr.min_by(number))
    return replace(plain, expr=first)


@declare("sortsLast", (Takes.VALUE,), Gives.VALUE, "the value that stands last when sorted", aggregate=True)
def _sorts_last(value: Value) -> Value:
    import polars as pl

    plain, number = _ordered(value)
    if number is None:
        return replace(plain, expr=plain.expr.max())
    words = _words(plain, number)
    last = pl.when(number.count() > 0).then(plain.expr.max_by(number)).otherwise(plain.expr.max_by(words))
    return replace(plain, expr=last)


@declare(
    "values",
    (Takes.VALUE,),
    Gives.JSON,
    f"the different values, sorted, as a JSON list of at most {_MOST_VALUES}",
    aggregate=True,
)
def _values(value: Value) -> pl.Expr:
    plain, _ = _ordered(value)
    found = plain.expr.drop_nulls().unique().sort().head(_MOST_VALUES)
    return _json_list(replace(plain, expr=found))


@declare(
    "topk",
    (Takes.COUNT, Takes.VALUE),
    Gives.JSON,
    "the so many most frequent values as a JSON list, the most frequent first",
    aggregate=True,
    shown="topk(10, srcAddr)",
)
def _topk(count: int, value: Value) -> pl.Expr:
    import polars as pl

    if count < 1:
        raise ValueError("Write how many values you want, from 1.")
    plain, _ = _ordered(value)
    counts = plain.expr.drop_nulls().value_counts().struct.rename_fields(["first", "second"])
    # Structs stand in the order of their first field, then of their second: here rarity, then value.
    frequent = counts.struct.with_fields(
        first=-pl.field("second").cast(pl.Int64), second=pl.field("first")
    ).sort()
    return _json_list(replace(plain, expr=frequent.head(count).struct.field("second")))


def _ordered(value: Value) -> tuple[Value, pl.Expr | None]:
    """A value of a type that has an order, and for a text the number that it is, or null.

    Messages hold their numbers as text, so that text may have to be ordered by number.
    """
    from query import conversions
    from query.values import NULL, Type

    match value.type:
        case Type.NOTHING | Type.JSON:
            return NULL, None
        case Type.TEXT | Type.LABEL | Type.ITEM:
            text = replace(value, expr=value.text(), type=Type.TEXT, constant=None)
            return text, value.number()
        case Type.TIME:
            return replace(value, constant=None), None
        case Type.INTEGER | Type.DECIMAL | Type.TRUTH:
            return conversions.as_number(value), None


def _words(text: Value, number: pl.Expr) -> pl.Expr:
    """Keys that order the texts that are no numbers; null for those that are."""
    import polars as pl

    from query import natural

    return pl.when(number.is_null()).then(natural.natural_key(text.expr))


def _times_of(value: Value, context: Context) -> pl.Expr:
    import polars as pl

    return pl.when(value.expr.is_not_null()).then(context.time)


def _picked(value: Value, expr: pl.Expr) -> Value:
    return value if value.constant is not None else replace(value, expr=expr)


def _json_list(items: Value) -> pl.Expr:
    """Several values in one text. An aggregation, also where there are none."""
    import polars as pl

    from query.values import Type

    texts = items.text()
    if items.type not in {Type.INTEGER, Type.DECIMAL}:
        escaped = texts.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
        texts = pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))
    return pl.concat_str(pl.lit("["), texts.str.join(","), pl.lit("]"))
