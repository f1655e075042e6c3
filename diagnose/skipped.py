"""What was not recorded: SKIPDATA, where records were dropped because there were too many or by an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.parts import together
from loaders.schema import FILE, FLOW_LOG, LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loaders.dataset import Dataset
    from query.scope import Scope

SKIPPED: dict[str, pl.DataType] = {
    "interface": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    FILE: pl.UInt32(),
    LINE: pl.UInt32(),
}
"""The columns of a frame of windows that were skipped: times are epoch seconds."""
CODE = "N-SKIPDATA"


def skipped(dataset: Dataset, scope: Scope) -> pl.DataFrame:
    """The windows of a scope in which records were skipped, by time (columns: ``SKIPPED``).

    Raises:
        QueryError: The scope's filter is not one.
    """
    frames = run.collect_all(list(_plans(dataset, scope)))
    return pl.concat([pl.DataFrame(schema=SKIPPED), *frames]).sort("start", "interface", nulls_last=True)


def _plans(dataset: Dataset, scope: Scope) -> Iterator[pl.LazyFrame]:
    for some in together(part for part in dataset.parts if part.kind == FLOW_LOG):
        if {"log_status", "interface_id", "start", "end"} <= some.schema.keys():
            wanted = scope.predicate(some.schema, some.addresses) & (pl.col("log_status") == "SKIPDATA")
            yield some.plan.filter(wanted).select(
                pl.col("interface_id").cast(pl.String).alias("interface"),
                pl.col("start", "end").cast(pl.Int64),
                FILE,
                LINE,
            )


def skipped_groups(windows: pl.DataFrame) -> pl.DataFrame:
    """Count windows by interface, as ``grouped.grouped`` counts rejects: some of those may be missing."""
    moments = {
        name: pl.from_epoch(pl.col(name), "s").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
        for name in ("start", "end")
    }
    return (
        windows.with_columns(**moments)
        .group_by("interface", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("start").min().alias("first"),
            pl.col("end").max().alias("last"),
        )
        .with_columns(
            code=pl.lit(CODE),
            what=pl.concat_str(
                pl.lit("SKIPDATA: records of "),
                pl.col("interface").fill_null("?"),
                pl.lit(" were skipped, from "),
                pl.col("first").dt.to_string("%Y-%m-%d %H:%M:%S"),
                pl.lit(" to "),
                pl.col("last").dt.to_string("%Y-%m-%d %H:%M:%S"),
            ),
            sources=pl.lit(0, pl.Int64),
            targets=pl.lit(0, pl.Int64),
            interfaces=pl.lit(1, pl.Int64),
            noise=pl.lit(value=False),
        )
        .with_columns(group=pl.concat_str("code", pl.lit(" "), "what"))
    )
