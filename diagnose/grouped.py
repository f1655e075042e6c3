"""Rejects by why they were refused, so that ten thousand of them become five lines."""

from __future__ import annotations

import polars as pl

from diagnose import codes
from diagnose.packet import protocol_name

GROUP_COLUMNS = ("records", "code", "what", "sources", "targets", "interfaces", "first", "last", "noise")
"""Of ``grouped``: counts are Int64, ``first`` and ``last`` Datetime, ``noise`` Boolean, the others String."""

_RULE_DECIDES = ("R-NACL", "R-BOTH", "R-NACL-RETURN", "R-CHANGED-NACL")
_PORT_DECIDES = ("R-SG", "R-BOTH", "R-CHANGED-SG", "R-STALE", "R-UNKNOWN")


def with_groups(coded: pl.DataFrame) -> pl.DataFrame:
    """Add ``group`` (String: what a record is counted under) to rejects with codes.

    Args:
        coded: As ``judging.coded`` returns it.
    """
    stems = {code: codes.base(code) for code in coded["code"].unique()}
    stem = pl.col("code").replace_strict(list(stems), list(stems.values()), return_dtype=pl.String)
    names = {number: protocol_name(number) for number in coded["protocol"].drop_nulls().unique()}
    name = pl.col("protocol").replace_strict(
        list(names), list(names.values()), default="?", return_dtype=pl.String
    )
    port = (
        pl.when(pl.col("protocol").is_in([6, 17]))
        .then(pl.concat_str(name, pl.lit("/"), "dstport"))
        .otherwise(name)
    )
    meaning = {code: codes.meaning(code) for code in stems}
    means = pl.col("code").replace_strict(list(meaning), list(meaning.values()), return_dtype=pl.String)
    members = pl.coalesce("members", "interface")
    said = (
        pl.when(stem.is_in(["R-NACL", "R-NACL-RETURN", "R-CHANGED-NACL"]))
        .then(pl.concat_str(means, pl.lit(": "), pl.col("rule").fill_null(pl.col("interface"))))
        .when(stem == "R-BOTH")
        .then(pl.concat_str(pl.lit("neither allows it: "), "rule", pl.lit(", "), members, pl.lit(", "), port))
        .when(stem.is_in(list(_PORT_DECIDES)))
        .then(pl.concat_str(means, pl.lit(": "), members, pl.lit(", "), port))
        .otherwise(means)
    )
    by_code = pl.concat_str("code", pl.lit(" "), said)
    # What several peers were refused at random is one thing, whatever rule each of them met.
    return coded.with_columns(
        what=pl.when("noise").then(pl.lit(NOISE)).otherwise(said),
        code_=pl.when("noise").then(pl.lit("noise")).otherwise("code"),
        group=pl.when("noise").then(pl.lit(NOISE)).otherwise(by_code),
    )


NOISE = "internet noise: scans and backscatter that the rules turned away"


def grouped(coded: pl.DataFrame) -> pl.DataFrame:
    """Count rejects by why they were refused, the largest group first (columns: ``GROUP_COLUMNS``)."""
    moment = pl.from_epoch(pl.col("start"), "s").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return (
        with_groups(coded)
        .lazy()
        .group_by("group")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("code_").first().alias("code"),
            pl.col("what").first(),
            pl.col("source").n_unique().cast(pl.Int64).alias("sources"),
            pl.col("target").n_unique().cast(pl.Int64).alias("targets"),
            pl.col("interface").n_unique().cast(pl.Int64).alias("interfaces"),
            moment.min().alias("first"),
            moment.max().alias("last"),
            pl.col("noise").first(),
        )
        .sort("records", "group", descending=[True, False])
        .select(GROUP_COLUMNS)
        .collect()
    )
