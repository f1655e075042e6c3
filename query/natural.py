"""The order in which Insights sorts values: words before numbers, and runs of digits by their length.

Only the polars back end imports this. Text that is a number stands behind all other text and is sorted by
value. Other text is compared character by character, except that a run of digits counts as one: the shorter
run comes first, then the smaller. So ``10.0.9.1`` stands before ``10.0.10.1``, and ``-`` before every number.
"""

from __future__ import annotations

import polars as pl

SortKey = tuple[pl.Expr, bool, bool]

_CHUNKS = "[0-9]+|[^0-9]+"
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def sort_keys(expr: pl.Expr, dtype: pl.DataType, descending: bool) -> list[SortKey]:
    """Sort keys that together put a column into natural order.

    Null stands before everything, and so last in descending order. NaN counts as null. Lists, structs and
    other types without an order are told apart only by being null or not.

    Args:
        expr: The column, of any dtype.
        dtype: Its dtype.
        descending: Whether the order is reversed.

    Returns:
        For each key its expression, ``descending`` and ``nulls_last``, the most important first.
    """
    if dtype in _TEXTS:
        text = expr.cast(pl.String)
        number = _number(text)
        # What spells the same number is equal, however it spells it.
        keys = [number, pl.when(number.is_null()).then(text).map_batches(_ranks, return_dtype=pl.UInt32)]
    elif dtype.is_float():
        keys = [expr.fill_nan(None)]
    elif dtype.is_nested() or dtype == pl.Object:
        keys = [expr.is_not_null()]
    else:
        keys = [expr]
    return [(key, descending, descending) for key in keys]


def natural_key(text: pl.Expr) -> pl.Expr:
    """Text whose plain order is the natural order of words. String to String; null gives null.

    Every run of digits gets its length in front of it, and in front of that, so that lengths compare as text,
    the length of the length: ``a10`` becomes ``a1210``, and ``a007`` ``a13007``. The run still starts with a
    digit, which is what decides between it and another character.
    """
    chunk = pl.element()
    length = chunk.str.len_bytes().cast(pl.String)
    counted = pl.concat_str(length.str.len_bytes().cast(pl.String), length, chunk)
    is_digits = chunk.str.contains("^[0-9]")
    return (
        text.str.extract_all(_CHUNKS)
        .list.eval(pl.when(is_digits).then(counted).otherwise(chunk))
        .list.join("")
    )


def _ranks(texts: pl.Series) -> pl.Series:
    """The place of each text in the natural order; each different text is looked at once."""
    different = texts.drop_nulls().unique()
    order = pl.select(natural_key(pl.lit(different)).rank("dense").cast(pl.UInt32)).to_series()
    table = pl.DataFrame({"text": different, "rank": order})
    return texts.to_frame("text").join(table, on="text", how="left", maintain_order="left")["rank"]


def _number(text: pl.Expr) -> pl.Expr:
    """The number that a text spells, or null. String to Float64; "nan" and "inf" are words."""
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)
