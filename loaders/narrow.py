"""Flow logs read for one question: only what it needs, and only lines that can matter to it.

A line is still held to what its header promises, as far as it matters: where one is not as it should be, its
file is read carefully like any other.
"""

from __future__ import annotations

import io
import operator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import delimited, run
from loaders.delimited import DOUBT, PATH
from loaders.schema import LINE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from loaders.need import Need

_TEXT, _INDEX, _WHICH, _HIT = "_text", "_index", "_which", "_hit"
# Looked for in lines are words of logs whose every sound line ends in one of these.
_LAST_COLUMN, _LAST_WORDS = "log_status", ("NODATA", "SKIPDATA", "OK")
_USUAL = "OK"
# In nearly all logs it stands behind this one, of which most lines have the same.
_BEFORE_LAST, _ACTIONS = "action", ("ACCEPT", "REJECT")
# So many bytes, packed, make a file worth a plan of its own.
_LARGE = 256 * 1024
_PIECE = 8_000_000


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
        # While one piece is put together, which takes one core, lines of the next are looked at.
        with ThreadPoolExecutor(2) as pool:
            return pl.concat(pool.map(lambda some: _by_words(some, columns, need), _pieces(paths)))
    frame = run.collect(delimited.scan(paths, columns, header=header, only=need.columns))
    return delimited.lines_of_each(frame).select(*_needed(columns, need), PATH, LINE, DOUBT)


def _needed(columns: Sequence[str], need: Need) -> list[str]:
    return [name for name in columns if name in need.columns]


def _pieces(paths: Sequence[str]) -> Iterator[list[str]]:
    piece, size = list[str](), 0
    for path in paths:
        piece.append(path)
        size += Path(path).stat().st_size
        if size > _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _by_words(paths: Sequence[str], columns: Sequence[str], need: Need) -> pl.DataFrame:
    """Look for words in lines, and into those lines that have one."""
    text, hit = pl.col(_TEXT), pl.col(_HIT)
    hits = reduce(operator.or_, (text.str.contains(word, literal=True) for word in need.words))
    is_sound = reduce(operator.or_, (text.str.ends_with(word) for word in _LAST_WORDS))
    # All lines are only asked what nearly all of them are; the few that are left are looked at again.
    found = _lines(paths, ~_never_a_hit(columns, need.words, hits)).with_columns(hits.alias(_HIT))
    # The first line of a file is its header, and the only one that may end in another word.
    headers = (
        found.lazy()
        .filter(~hit & ~is_sound)
        .group_by(_WHICH)
        .agg(pl.len().alias("count"), pl.col(LINE).min())
    )
    sound = run.collect(headers.filter(pl.col("count") == 1, pl.col(LINE) == 1))[_WHICH]
    if found[_WHICH].n_unique() < len(paths):
        raise pl.exceptions.ComputeError("a file does not begin with its header")
    lines = found.filter(hit)
    records = run.collect(delimited.scan(_packed(lines[_TEXT]), columns, header=False, only=need.columns))
    if records.height != lines.height:
        raise pl.exceptions.ComputeError("a line is not one record")
    doubt = ~lines[_WHICH].is_in(sound) | records[DOUBT]
    here = lines.select(_WHICH, LINE).with_columns(doubt.alias(DOUBT))
    # A file in doubt needs a row to say so, though none of its lines has a word.
    silent = set(range(len(paths))) - set(sound) - set(lines[_WHICH].unique())
    extra = pl.DataFrame({_WHICH: sorted(silent)}, schema={_WHICH: pl.UInt32()})
    whole = pl.concat([records.select(_needed(columns, need)), here], how="horizontal")
    both = pl.concat(
        [whole, extra.with_columns(pl.lit(0, pl.UInt32()).alias(LINE), pl.lit(value=True).alias(DOUBT))],
        how="diagonal",
    )
    names = pl.Series(paths, dtype=pl.String()).gather(both[_WHICH])
    return both.drop(_WHICH).with_columns(names.alias(PATH))


def _never_a_hit(columns: Sequence[str], words: Collection[str], hits: pl.Expr) -> pl.Expr:
    """Which sound lines certainly have none of some words; most of them, and told as fast as can be."""
    text = pl.col(_TEXT)
    other = [action for action in _ACTIONS if action not in words]
    if len(columns) > 1 and columns[-2] == _BEFORE_LAST and len(words) == 1 == len(other):
        return text.str.ends_with(f" {other[0]} {_USUAL}")
    return text.str.ends_with(_USUAL) & ~hits


def _lines(paths: Sequence[str], predicate: pl.Expr) -> pl.DataFrame:
    """The lines for which something holds, which it does for the first line of each file.

    Returns:
        The lines, ``LINE`` as it is counted in each file, and ``_WHICH`` (UInt32), the place of its path.
    """
    if sum(Path(path).stat().st_size for path in paths) < _LARGE * len(paths):
        lines = pl.scan_lines(
            list(paths), name=_TEXT, row_index_name=_INDEX, include_file_paths=PATH, glob=False
        )
        found = run.collect(lines.filter(predicate))
        first = (pl.col(_WHICH) != pl.col(_WHICH).shift()).fill_null(value=True)
        return found.with_columns(pl.col(PATH).rle_id().alias(_WHICH)).select(
            _TEXT, _WHICH, _line(pl.col(_INDEX) - pl.when(first).then(pl.col(_INDEX)).forward_fill())
        )
    # In a plan of its own the lines of a file are counted as they come, not once those before it are done.
    frames = run.collect_all(
        [
            pl.scan_lines(path, name=_TEXT, row_index_name=_INDEX, glob=False)
            .filter(predicate)
            .select(_TEXT, pl.lit(which, pl.UInt32()).alias(_WHICH), _line(pl.col(_INDEX)))
            for which, path in enumerate(paths)
        ]
    )
    return pl.concat(frames)


def _line(index: pl.Expr) -> pl.Expr:
    return (index + 1).cast(pl.UInt32()).alias(LINE)


def _packed(lines: pl.Series) -> io.BytesIO:
    return io.BytesIO(lines.str.join("\n").cast(pl.Binary).item() + b"\n")
