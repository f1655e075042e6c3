"""Counts of a segment that answer without its rows: what each minute, stream and outcome has.

The columns of a rollup: ``MINUTE`` (Int64), ``log_group``, ``log_stream`` and those of ``OUTCOMES`` that
the records have (Categorical), ``records`` (Int64), ``first`` and ``last`` (Datetime), and for each of
``TOTALS`` that the records have its sum and how many records have a value (``bytes`` and ``bytes.count``,
Int64).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import MINUTE, minute
from loaders.schema import FLOW_LOG, GROUP, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Collection

OUTCOMES = ("interface_id", "action", "log_status")
TOTALS = ("packets", "bytes")


def roll_up(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Count records by minute, stream and outcome.

    Args:
        frame: The records as they were read.
        kind: Their kind.
    """
    have: Collection[str] = frame.columns if kind == FLOW_LOG else ()
    keys = [name for name in OUTCOMES if name in have]
    totals = [name for name in TOTALS if name in have]
    plan = (
        frame.lazy()
        .group_by(minute().alias(MINUTE), GROUP, STREAM, *keys)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col(TIMESTAMP).min().alias("first"),
            pl.col(TIMESTAMP).max().alias("last"),
            # A sum that 64 bits are too few for is null.
            *(pl.col(name).cast(pl.Int128).sum().cast(pl.Int64, strict=False) for name in totals),
            *(pl.col(name).count().cast(pl.Int64).alias(f"{name}.count") for name in totals),
        )
    )
    return run.collect(plan)


def is_exact(rollup: pl.DataFrame) -> bool:
    """Whether all sums are there."""
    return not any(
        rollup.select((pl.col(name).is_null() & (pl.col(f"{name}.count") > 0)).any()).item()
        for name in TOTALS
        if name in rollup.columns
    )


def minutes_of(rollup: pl.DataFrame) -> pl.DataFrame:
    """How many records each minute has, as ``Part.minutes`` wants it."""
    plan = rollup.lazy().group_by(MINUTE).agg(pl.col("records").sum())
    return run.collect(plan.sort(MINUTE, descending=True, nulls_last=True))
