"""Rejects by why they were refused, so that ten thousand of them become five lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import codes
from diagnose.model import HAVE_PORTS
from diagnose.packet import protocol_name
from diagnose.skipped import skipped, skipped_groups

if TYPE_CHECKING:
    from diagnose.diagnosis import Diagnosis
    from loaders.run import Ticket
    from query.scope import Scope

GROUP_COLUMNS = ("records", "code", "what", "sources", "targets", "interfaces", "first", "last", "noise")
"""What is told of a group: counts are Int64, times Datetime, ``noise`` Boolean, the others String."""

# Where one thing refuses more kinds of traffic, what is rarer than both, a number and a share of all rejects,
# has no line of its own.
_KINDS, _FEW, _SHARE = 8, 5, 200
NOISE = "internet noise: scans and backscatter"


def with_groups(coded: pl.DataFrame) -> pl.DataFrame:
    """Add ``what`` and ``group`` (String: what refused a record, and what it is counted under) to rejects.

    Args:
        coded: As ``judging.coded`` returns it.
    """
    stems = {code: codes.base(code) for code in coded["code"].unique()}
    stem = _named("code", stems)
    meant = _named("code", {code: codes.meaning(code) for code in stems})
    protocol = _named(
        "protocol", {one: protocol_name(one) for one in coded["protocol"].drop_nulls().unique()}
    )
    port = pl.when(pl.col("protocol").is_in(list(HAVE_PORTS))).then(
        pl.concat_str(protocol, pl.lit("/"), pl.col("dstport").fill_null(0))
    )
    exact = pl.concat_str(port.otherwise(protocol), pl.lit(" "), _side())
    often = pl.len().over("code", "members", exact) >= max(_FEW, coded.height // _SHARE)
    few_kinds = exact.n_unique().over("code", "members") <= _KINDS
    other = pl.concat_str(pl.lit("other traffic "), _side())
    traffic = pl.when(often | few_kinds).then(exact).otherwise(other)
    groups, acl = pl.coalesce("members", "interface"), pl.coalesce("rule", "interface")
    said = {
        "R-NACL": pl.concat_str(acl, pl.lit(" denies "), traffic),
        "R-NACL-RETURN": pl.concat_str(acl, pl.lit(" denies replies "), _side()),
        "R-SG": pl.concat_str(groups, pl.lit(" does not allow "), traffic),
        "R-BOTH": pl.concat_str(
            acl, pl.lit(" denies "), traffic, pl.lit(", nor does "), groups, pl.lit(" allow it")
        ),
        "R-UNKNOWN": pl.concat_str(pl.lit("not known: "), traffic),
        "R-STALE": pl.concat_str(pl.lit("the rules allow it now: "), traffic),
    }
    what = pl.coalesce(*(pl.when(stem == name).then(text) for name, text in said.items()), meant)
    # What scanners were refused at random is one thing, whatever rule each of them met.
    return coded.with_columns(
        what=pl.when("noise").then(pl.lit(NOISE)).otherwise(what),
        code_=pl.when("noise").then(pl.lit("noise")).otherwise("code"),
    ).with_columns(group=pl.concat_str("code_", pl.lit(" "), "what"))


def _named(column: str, names: dict[Any, str]) -> pl.Expr:
    found = pl.col(column).replace_strict(
        list(names), list(names.values()), default=None, return_dtype=pl.String
    )
    return found.fill_null("?")


def _side() -> pl.Expr:
    return pl.when(pl.col("way") == "egress").then(pl.lit("going out")).otherwise(pl.lit("coming in"))


def grouped(coded: pl.DataFrame) -> pl.DataFrame:
    """Count rejects by why they were refused, the largest group first (``GROUP_COLUMNS`` and ``group``)."""
    moment = pl.from_epoch(pl.col("start"), "s").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return (
        (coded if "group" in coded.columns else with_groups(coded))
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
        .select(*GROUP_COLUMNS, "group")
        .collect()
    )


def with_skipped(diagnosis: Diagnosis, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
    """The rejects of a scope by why they were refused, and behind them what was not recorded at those times.

    Returns:
        ``GROUP_COLUMNS`` and ``group``.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants them any more.
    """
    return pl.concat([grouped(diagnosis.rejects(scope, ticket)), skipped_in(diagnosis, scope)])


def skipped_in(diagnosis: Diagnosis, scope: Scope) -> pl.DataFrame:
    """What was not recorded at the times of a scope (``GROUP_COLUMNS``, ``group``), whatever its filter."""
    windows = skipped(diagnosis.dataset, replace(scope, filter=""))
    return skipped_groups(windows).select(*GROUP_COLUMNS, "group")
