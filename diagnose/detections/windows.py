"""The stretch of time in which most happened."""

from __future__ import annotations

import polars as pl

# Starts of records are good to a minute at best; tenths of ten minutes are minutes.
_PARTS = 10


def densest(events: pl.DataFrame, by: list[str], measure: pl.Expr, minutes: float) -> pl.DataFrame:
    """Find for each key the window of a length in which a measure is largest.

    Windows begin at every tenth of their length, so that what happens within nine tenths of it is always seen
    as a whole.

    Args:
        events: The keys, whatever the measure looks at, and ``first`` (Int64, epoch seconds; rows without are
            left out).
        by: The key's columns.
        measure: An aggregation; for numbers of different things make the events different first.
        minutes: The length.

    Returns:
        The key, ``amount`` (the measure), ``since`` and ``until`` (Int64, epoch seconds; the window is up to
        ``until`` without it).
    """
    step = max(1, round(minutes * 60 / _PARTS))
    begins = pl.col("first") // step
    return (
        events.lazy()
        .filter(pl.col("first").is_not_null())
        .with_columns(_tick=pl.int_ranges(begins - _PARTS + 1, begins + 1))
        .explode("_tick", empty_as_null=True)
        .group_by(*by, "_tick")
        .agg(measure.alias("amount"))
        .sort("amount", "_tick", descending=[True, False])
        .unique(by, keep="first", maintain_order=True)
        .with_columns(since=pl.col("_tick") * step, until=(pl.col("_tick") + _PARTS) * step)
        .drop("_tick")
        .collect()
    )


def within(events: pl.DataFrame, windows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The events of the windows that ``densest`` found, with ``amount``, ``since`` and ``until``."""
    return events.join(windows, on=by, nulls_equal=True).filter(
        (pl.col("first") >= pl.col("since")) & (pl.col("first") < pl.col("until"))
    )
