"""How findings are put: sums over conversations, filters in Insights QL, what was skipped meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.detections.declaration import FINDING
from diagnose.said import clock, plural
from loaders.schema import TIME
from query.shorthand import condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from diagnose.detections.context import Context

Row = dict[str, Any]
_MS = 1000


def summed() -> list[pl.Expr]:
    """What every finding tells of the conversations behind it, to be used in ``agg``.

    ``records``, ``bytes`` (null where some are not known), ``first``, ``last`` (epoch seconds), ``talks``
    (how many conversations) and ``interfaces`` (list of String).
    """
    everything = (pl.col("bytes_out") + pl.col("bytes_back")).sum()
    return [
        pl.col("records").sum().cast(pl.Int64),
        pl.when(~pl.col("unmeasured").any()).then(everything).alias("bytes"),
        pl.col("first").min(),
        pl.col("last").max(),
        pl.len().cast(pl.Int64).alias("talks"),
        pl.col("interface").unique().sort().alias("interfaces"),
    ]


def findings(
    name: str,
    found: pl.DataFrame,
    context: Context,
    say: Callable[[Row], tuple[str, str]],
    where: Callable[[Row], str],
) -> pl.DataFrame:
    """Put findings into words.

    Args:
        name: The detection's name.
        found: One row each: what ``summed`` gives, with ``source``, ``target`` (String), ``port`` and
            ``protocol`` (Int32) as far as there is one, and whatever ``say`` and ``where`` look at.
        context: Where it was found.
        say: Gives a severity and a sentence without its full stop.
        where: Gives the filter for the records.

    Returns:
        The columns of ``FINDING``, in the order of ``found``.
    """
    for column in ("source", "target", "port", "protocol"):
        if column not in found.columns:
            found = found.with_columns(pl.lit(None, FINDING[column]).alias(column))
    rows = list(found.iter_rows(named=True))
    said = [say(row) for row in rows]
    lost = _skipped(found, context)
    return found.select(
        detection=pl.lit(name),
        severity=pl.Series([severity for severity, _ in said], dtype=pl.String),
        what=pl.Series(
            [f"{text}.{lost.get(place, '')}" for place, (_, text) in enumerate(said)], dtype=pl.String
        ),
        source="source",
        target="target",
        port="port",
        protocol="protocol",
        records="records",
        bytes="bytes",
        first=moment("first"),
        last=moment("last"),
        filter=pl.Series([where(row) for row in rows], dtype=pl.String),
    )


def moment(column: str) -> pl.Expr:
    """Epoch seconds as a time."""
    return (pl.col(column) * _MS).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC").cast(TIME)


def _skipped(found: pl.DataFrame, context: Context) -> dict[int, str]:
    """By the place of a finding, what to say of records that were lost at its interfaces in its time."""
    met = (
        found.lazy()
        .with_row_index("_place")
        .select("_place", "first", "last", interface="interfaces")
        .explode("interface", empty_as_null=True)
        .join(context.skipped.lazy(), on="interface")
        .filter((pl.col("since") <= pl.col("last")) & (pl.col("until") >= pl.col("first")))
        .group_by("_place")
        .agg(pl.len().alias("windows"), pl.col("since").min(), pl.col("until").max())
        .collect()
    )
    return {
        place: f" The numbers are too low: records were skipped (SKIPDATA) in {plural(windows, 'window')} "
        f"of its interfaces between {clock(since)} and {clock(until)}."
        for place, windows, since, until in met.iter_rows()
    }


def megabytes(number: float | None) -> str:
    """An amount of bytes in a sentence."""
    return "an unknown number of bytes" if number is None else f"{number / 1_000_000:,.1f} MB"


class Where:
    """Filters for records, as Insights QL; they name ``pkt-`` addresses only where some log has them."""

    def __init__(self, context: Context) -> None:
        """Look at which columns there are."""
        self._real = {side for side in ("srcaddr", "dstaddr") if context.has(f"pkt_{side}")}

    def end(self, side: str, address: str | None) -> str:
        """The records with an address on a side, ``srcaddr`` or ``dstaddr``; all of them for none."""
        if address is None:
            return ""
        term = condition(side, address, keep=True)
        return f"({term} or {condition(f'pkt_{side}', address, keep=True)})" if side in self._real else term

    def talk(self, row: Mapping[str, Any], *, replies: bool = True, more: Sequence[str] = ()) -> str:
        """The records of conversations by ``source``, ``target``, ``port`` and ``protocol`` of a finding.

        Args:
            row: The finding; its records are those between ``first`` and ``last``, where those are known.
            replies: Whether to select what came back too.
            more: Further conditions.
        """
        port = row["port"]

        def one_way(source: str, target: str, at: str) -> str:
            terms = [self.end(source, row["source"]), self.end(target, row["target"])]
            return both(*terms, "" if port is None else condition(at, port, keep=True))

        there = one_way("srcaddr", "dstaddr", "dstport")
        back = one_way("dstaddr", "srcaddr", "srcport")
        ends = f"(({there}) or ({back}))" if replies and there else there
        protocol = row["protocol"]
        proto = "" if protocol is None else condition("protocol", protocol, keep=True)
        return both(ends, proto, *more, between(row["first"], row["last"]))


def both(*terms: str) -> str:
    """All of some conditions, empty ones left out."""
    return " and ".join(term for term in terms if term)


def between(first: int | None, last: int | None) -> str:
    """The records that begin in a stretch of time, in epoch seconds."""
    terms = ["" if first is None else f"@timestamp >= {first * _MS}"]
    return both(*terms, "" if last is None else f"@timestamp <= {last * _MS}")
