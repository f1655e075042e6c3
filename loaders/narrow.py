"""Flow logs read for one question: only what it needs, and only lines that can matter to it.

A line is still held to what its header promises, as far as it matters: where one is not as it should be, its
file is read carefully like any other.
"""

from __future__ import annotations

import io
import operator
from functools import reduce
from typing import TYPE_CHECKING

import polars as pl

from loaders import delimited, run
from loaders.delimited import DOUBT, PATH
from loaders.schema import LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.need import Need

_TEXT, _INDEX = "_text", "_index"
# Looked for in lines are words of logs whose every sound line ends in one of these.
_LAST_COLUMN, _LAST_WORDS = "log_status", ("NODATA", "SKIPDATA", "OK")


def scan(paths: Sequence[str], columns: Sequence[str], need: Need, *, header: bool) -> pl.DataFrame:
    """Read what a question needs of files that all have the same columns.

    Args:
        paths: The files.
        columns: Their columns.
        need: What the question needs.
        header: Whether their first line is a header.

    Returns:
        Of the columns those needed, ``PATH``, ``LINE`` (UInt32, counted in each file) and ``DOUBT``
        (Boolean). Files of which no record matters have no row.

    Raises:
        PolarsError: A line is not as it should be.
    """
    if need.words and header and columns[-1] == _LAST_COLUMN:
        return _by_words(paths, columns, need)
    frame = run.collect(delimited.scan(paths, columns, header=header, only=need.columns))
    return delimited.lines_of_each(frame).select(*_needed(columns, need), PATH, LINE, DOUBT)


def _needed(columns: Sequence[str], need: Need) -> list[str]:
    return [name for name in columns if name in need.columns]


def _by_words(paths: Sequence[str], columns: Sequence[str], need: Need) -> pl.DataFrame:
    """Look for words in lines, and into those lines that have one."""
    text = pl.col(_TEXT)
    hits = reduce(operator.or_, (text.str.contains(word, literal=True) for word in need.words))
    *rare, usual = _LAST_WORDS
    is_rare = reduce(operator.or_, (text.str.ends_with(word) for word in rare))
    plan = pl.scan_lines(list(paths), name=_TEXT, row_index_name=_INDEX, include_file_paths=PATH, glob=False)
    # All lines are only asked what nearly all of them are; the few that are left are looked at again.
    left = run.collect(plan.filter(hits | ~text.str.ends_with(usual))).with_columns(hits.alias("_hit"))
    found = left.filter(pl.col("_hit") | ~is_rare)
    files = found.group_by(PATH, maintain_order=True).agg(
        pl.col(_INDEX).first().alias("_begin"),
        (pl.col("_hit").first() | ((~pl.col("_hit")).sum() != 1)).alias(DOUBT),
    )
    # The first line of a file is its header, and the only one that may end in another word.
    if files.height < len(paths):
        raise pl.exceptions.ComputeError("a file does not begin with its header")
    lines = found.filter("_hit").join(files, on=PATH, how="left", maintain_order="left")
    records = run.collect(delimited.scan(_packed(lines[_TEXT]), columns, header=False))
    if records.height != lines.height:
        raise pl.exceptions.ComputeError("a line is not one record")
    here = lines.select(PATH, (pl.col(_INDEX) - pl.col("_begin") + 1).cast(pl.UInt32).alias(LINE), DOUBT)
    here = here.with_columns(pl.col(DOUBT) | records[DOUBT])
    doubtful = files.filter(DOUBT).join(here, on=PATH, how="anti")
    # A file in doubt needs a row to say so, though none of its lines has a word.
    extra = doubtful.select(PATH, pl.lit(0, pl.UInt32).alias(LINE), DOUBT)
    whole = pl.concat([records.select(_needed(columns, need)), here], how="horizontal")
    return pl.concat([whole, extra], how="diagonal")


def _packed(lines: pl.Series) -> io.BytesIO:
    return io.BytesIO((lines.str.join("\n").item() + "\n").encode())
