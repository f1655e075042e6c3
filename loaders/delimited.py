"""Flow-log text: what a header is, and one strict, fast scan over many files.

The scan raises, or shows a row in doubt, wherever a line is not as its header promises; the file is
then read carefully (``loaders.careful``), so that every bad line is named and every good one kept. Clean
files never pay for that.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import polars as pl

from loaders.fields import FIELDS, resolve
from loaders.schema import LINE, TIMESTAMP, column_dtype

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

PATH = "_path"
DOUBT = "_doubt"
"""Bool column of a strict scan: what this line is, only the careful reading can tell."""
NULL = "-"
BOM = b"\xef\xbb\xbf"
_LAST, _MORE = "_last", "_more"
_INDEX = "_index"
COMMENT = "#"
# What no field is called: "-", anything that begins with a digit or holds a dot, colon or slash, an id, and
# the words of the action and status columns.
_VALUE = re.compile(r"-|[0-9].*|.*[.:/].*|[a-z]+-[0-9a-f]{8,}|ACCEPT|REJECT|OK|NODATA|SKIPDATA", re.DOTALL)
LEAST_NAMES = 3
"""Fewer known names than this among unknown ones do not make a header."""
# No header has more words or characters: a line without end is none, however it begins.
_MOST_NAMES, _LONGEST_HEADER = 200, 32 * 1024
_SPELLINGS = sorted({name.lower() for field in FIELDS for name in (field.name, field.column, field.insights)})
_HEADER_NAMES = frozenset(name for field in FIELDS for name in (field.name, field.column))
_EVENT_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"


def is_header(tokens: Sequence[str]) -> bool:
    """Whether a line's words name fields: different ones, all known, or three known ones and no value."""
    if len(tokens) > _MOST_NAMES or sum(map(len, tokens)) > _LONGEST_HEADER:
        return False
    known = len({field.name for token in tokens if (field := resolve(token)) and field.version})
    if known == len(tokens):
        # A word alone is a header only as AWS writes it: START and end stand in many texts.
        return known > 1 or (known == 1 and tokens[0] in _HEADER_NAMES)
    return known >= LEAST_NAMES and not any(_VALUE.fullmatch(token) for token in tokens)


def scan(
    source: Sequence[str] | io.BytesIO,
    columns: Sequence[str],
    *,
    header: bool,
    only: Collection[str] | None = None,
) -> pl.LazyFrame:
    """Plan the strict scan of files that all have the same columns.

    Args:
        source: The files, or lines in memory; those have no ``PATH``.
        columns: Their columns.
        header: Whether their first line is a header.
        only: The columns that are asked for, if not all are; numbers are looked at all the same, since a
            line that has something else in their place is no record.

    Returns:
        The columns with their dtypes, and ``PATH``, ``LINE`` and ``DOUBT`` as ``Format.scan`` has them.
        Collecting it raises where a line does not fit.
    """
    last, path = columns[-1], None if isinstance(source, io.BytesIO) else PATH
    shown = [name for name in columns if only is None or name in only or not _is_text(name)]
    schema = {name: _read_as(name) for name in columns[:-1]} | {_LAST: pl.String()}
    more: dict[str, pl.DataType] = {} if only is None else {_MORE: pl.String()}
    # Text at either end keeps its "-", so that a null there can only mean that nothing stands there.
    edges = {_LAST} | ({next(iter(schema))} if _is_text(columns[0]) else set())
    plan = pl.scan_csv(
        source if isinstance(source, io.BytesIO) else list(source),
        # The header was read when the file was recognised; its names may be spelt otherwise than ours.
        has_header=False,
        skip_lines=1 if header else 0,
        schema=schema | more,
        separator=" ",
        quote_char=None,
        null_values=dict.fromkeys(schema.keys() - edges, NULL),
        glob=False,
        row_index_name=_INDEX,
        include_file_paths=path,
        # What is not asked for is passed over unread, and so are fields beyond the last one.
        missing_columns="raise" if only is None else "insert",
    )
    first = 2 if header else 1
    absent = {name: pl.when(pl.col(name) != NULL).then(pl.col(name)) for name in edges}
    return plan.select(
        *(
            event_time(strict=True) if name == TIMESTAMP else absent.get(name, pl.col(name))
            for name in shown
            if name != last
        ),
        absent[_LAST].cast(column_dtype(last)).alias(last),
        *([path] if path else []),
        (pl.col(_INDEX) + first).cast(pl.UInt32).alias(LINE),
        _doubt(list(schema), columns, [*more]).alias(DOUBT),
    )


def lines_of_each(frame: pl.DataFrame) -> pl.DataFrame:
    """What a strict scan gave, with ``LINE`` counted in each file and not over all of them."""
    if not frame.height:
        return frame
    first = int(frame[LINE][0])
    counts = frame[PATH].rle().struct.field("len").to_list()
    lines = [pl.int_range(first, first + count, dtype=pl.UInt32, eager=True) for count in counts]
    return frame.with_columns(pl.concat(lines).alias(LINE))


def _doubt(read_as: Sequence[str], columns: Sequence[str], more: Sequence[str]) -> pl.Expr:
    """Whether a line ends before its last field, or is made of words where nothing but words is expected.

    Args:
        read_as: The names under which the columns were read.
        columns: The columns.
        more: The column that holds what stands behind the last field, where that is no error by itself.
    """
    signs = [pl.col(_LAST).is_null(), *(pl.col(name).is_not_null() for name in more)]
    if _is_text(columns[0]):
        first = pl.col(read_as[0])
        signs += [first.is_null(), first.cast(pl.String()).str.starts_with(COMMENT)]
    if all(_is_text(name) for name in columns):
        signs += [pl.col(name).cast(pl.String()).str.to_lowercase().is_in(_SPELLINGS) for name in read_as]
    return pl.any_horizontal(signs).fill_null(value=False)


def _read_as(column: str) -> pl.DataType:
    return pl.String() if column == TIMESTAMP else column_dtype(column)


def _is_text(column: str) -> bool:
    return not wanted(column)


def wanted(column: str) -> str | None:
    """What a value of this column has to be, where not every text will do."""
    if column == TIMESTAMP:
        return "a time"
    return "a number" if column_dtype(column).is_integer() else None


def event_time(*, strict: bool) -> pl.Expr:
    """The event's time that stands before each line of an export."""
    return (
        pl.col(TIMESTAMP)
        .str.to_datetime(_EVENT_TIME, time_unit="ms", strict=strict)
        .dt.replace_time_zone("UTC")
    )
