"""Messages over several lines, of which only the first one carries what the packaging puts before it."""

from __future__ import annotations

import polars as pl

from loaders.schema import LINE, MESSAGE, TIMESTAMP

_NUMBER = "_number"
_ABOVE = "_above"
_SHOWN = 80


def join(lines: pl.DataFrame, begins: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put lines together to events.

    Args:
        lines: ``LINE`` (UInt32) and ``MESSAGE`` (String) of every line that is not blank.
        begins: Whether a line begins an event; the others continue the event above them.

    Returns:
        The events: ``LINE`` of the first line, and ``MESSAGE`` with the blank lines that were in it, but none
        at its end; and the lines that stand above the first event.
    """
    lines = lines.with_columns(begins.cum_sum().alias(_NUMBER))
    above = lines.filter(pl.col(_NUMBER) == 0).drop(_NUMBER)
    lines = lines.filter(pl.col(_NUMBER) > 0)
    if lines.is_empty() or lines[_NUMBER][-1] == lines.height:
        return lines.drop(_NUMBER), above
    first = pl.col(LINE) == pl.col(LINE).first().over(_NUMBER)
    ends = pl.lit("\n").repeat_by(pl.col(LINE) - pl.col(_ABOVE)).list.join("")
    joined = (
        lines.with_columns(pl.col(LINE).shift(fill_value=0).alias(_ABOVE))
        .with_columns(pl.when(first).then(pl.col(MESSAGE)).otherwise(pl.concat_str(ends, MESSAGE)))
        .group_by(_NUMBER, maintain_order=True)
        .agg(pl.col(LINE).first(), pl.col(MESSAGE).str.join(""))
    )
    return joined.drop(_NUMBER), above


def timed(events: pl.DataFrame, written: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the events from those whose time is none.

    Args:
        events: ``LINE``, ``TIMESTAMP`` (null where it could not be read) and others.
        written: The column with the times as they are written.

    Returns:
        The events without that column, and problems: ``line`` and ``what``.
    """
    what = pl.format("timestamp is not a time: {}", pl.col(written)).alias("what")
    bad = events.filter(pl.col(TIMESTAMP).is_null()).select(pl.col(LINE).alias("line"), what)
    return events.filter(pl.col(TIMESTAMP).is_not_null()).drop(written), bad


def orphans(lines: pl.DataFrame) -> pl.DataFrame:
    """Name lines that belong to no event as problems: ``line`` and ``what``."""
    what = pl.format("no event stands above it: {}", pl.col(MESSAGE).str.slice(0, _SHOWN)).alias("what")
    return lines.select(pl.col(LINE).alias("line"), what)
