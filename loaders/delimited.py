"""Flow-log text: one strict, fast scan over many files, and a careful reading of one.

The strict scan raises, or shows a record without its last field, wherever a line is not as its header
promises; the file is then read carefully, so that every bad line is named and every good one kept.
Clean files never pay for that.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loaders import content
from loaders.fields import resolve
from loaders.schema import LINE, TIMESTAMP, column_dtype, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = "_path"
SHORT = "_short"
"""Bool column of a strict scan: the line ended before its last field."""
NULL = "-"
_LAST = "_last"
_INDEX = "_index"
_TOKENS = "_tokens"
_COMMENT = "#"
# What no field is called: "-", anything that begins with a digit or holds a dot, colon or slash, an id, and
# the words of the action and status columns.
_VALUE = re.compile(r"-|[0-9].*|.*[.:/].*|[a-z]+-[0-9a-f]{8,}|ACCEPT|REJECT|OK|NODATA|SKIPDATA")
_EVENT_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a careful reading of one file gave.

    Attributes:
        frames: The records, a frame for each header the file holds: its columns and ``LINE``.
        problems: ``line`` (UInt32) and ``what`` (String) of every line that is no record.
        broken: Why the file could not be read to its end, or ``None``.
    """

    frames: tuple[pl.DataFrame, ...]
    problems: pl.DataFrame
    broken: str | None


def no_problems() -> pl.DataFrame:
    """An empty frame of problems."""
    return pl.DataFrame(schema={"line": pl.UInt32(), "what": pl.String()})


def is_header(tokens: Sequence[str]) -> bool:
    """Whether a line's words are names of fields: all of them known, or at least three and no value."""
    known = sum(1 for token in tokens if (field := resolve(token)) and field.version)
    if known == len(tokens):
        return known > 0
    return known >= 3 and not any(_VALUE.fullmatch(token) for token in tokens)


def scan(paths: Sequence[str], columns: Sequence[str], *, header: bool) -> pl.LazyFrame:
    """Plan the strict scan of files that all have the same columns.

    Returns:
        The columns with their dtypes, ``PATH`` (String), ``LINE`` (UInt32, from 1) and ``SHORT`` (Boolean).
        Collecting it raises where a line does not fit.
    """
    last = columns[-1]
    schema = {name: _read_as(name) for name in columns[:-1]} | {_LAST: pl.String()}
    plan = pl.scan_csv(
        list(paths),
        # The header was read when the file was recognised; its names may be spelt otherwise than ours.
        has_header=False,
        skip_lines=1 if header else 0,
        schema=schema,
        separator=" ",
        quote_char=None,
        # The last column keeps its "-", so that a null there can only mean a line that ended too early.
        null_values=dict.fromkeys(columns[:-1], NULL),
        glob=False,
        row_index_name=_INDEX,
        include_file_paths=PATH,
    )
    first = 2 if header else 1
    value = pl.when(pl.col(_LAST) != NULL).then(pl.col(_LAST))
    return plan.select(
        *(_event_time(strict=True) if name == TIMESTAMP else pl.col(name) for name in columns[:-1]),
        value.cast(column_dtype(last)).alias(last),
        PATH,
        (pl.col(_INDEX) - pl.col(_INDEX).min().over(PATH) + first).cast(pl.UInt32).alias(LINE),
        pl.col(_LAST).is_null().alias(SHORT),
    )


def read(path: str, columns: Sequence[str] | None, prefix: Sequence[str] = ()) -> Reading:
    """Read one file line by line, forgiving what does not fit and naming it.

    White space runs count as one blank, blank lines and ``#`` comments are passed over, and a header in the
    middle (files glued together) starts new columns.

    Args:
        path: The file.
        columns: Its columns; ``None`` when its first line that is not blank is a header.
        prefix: Columns that stand before those on every line and in no header.

    Raises:
        OSError: It cannot be opened or read.
    """
    saved = content.save(path)
    lines = _lines(saved.data)
    ended = saved.data.endswith(b"\n") or not saved.data
    if saved.broken and not ended:
        lines = lines.head(-1)  # half a line: it comes whole when the file does
    lines = lines.filter((pl.col(_TOKENS).list.len() > 0) & ~pl.col("line").str.starts_with(_COMMENT))
    frames, problems = [], []
    for names, part in _segments(lines, columns, prefix):
        good, bad = _typed(part, names)
        frames.append(good)
        problems.append(bad)
    found = pl.concat([no_problems(), *problems])
    broken = saved.broken
    if not ended and not saved.packed and found.height and found["line"][-1] == lines[LINE][-1]:
        broken = broken or "the last line is not finished"
    return Reading(tuple(frames), found, broken)


def raw_line(path: str, line: int) -> str | None:
    """Fetch a line of a text file, whatever it is packed in; ``None`` when it is not there any more."""
    lines = content.save(path).data.split(b"\n", line)
    if len(lines) < line:
        return None
    return lines[line - 1].decode("utf-8", "backslashreplace").removesuffix("\r")


def _lines(data: bytes) -> pl.DataFrame:
    """Split into lines: ``LINE`` from 1, ``line`` (stripped), ``_tokens`` (list of its words)."""
    try:
        lines = pl.read_lines(io.BytesIO(data), row_index_name=LINE, row_index_offset=1)
    except pl.exceptions.ComputeError:
        clean = data.decode("utf-8", "backslashreplace").encode()
        lines = pl.read_lines(io.BytesIO(clean), row_index_name=LINE, row_index_offset=1)
    text = pl.col("line").str.strip_prefix("\ufeff").str.strip_chars()
    return lines.with_columns(text, pl.col(LINE).cast(pl.UInt32)).with_columns(
        pl.col("line").str.extract_all(r"\S+").alias(_TOKENS)
    )


def _segments(
    lines: pl.DataFrame, columns: Sequence[str] | None, prefix: Sequence[str]
) -> list[tuple[tuple[str, ...], pl.DataFrame]]:
    """Cut at every header: the columns that hold from there, and the lines below it."""
    # Only a line without a digit-led word can be a header; the few that look so are looked at closely.
    likely = lines.filter(pl.col("line").str.contains(r"^[A-Za-z][\w-]*(\s+[A-Za-z][\w-]*)*$"))
    headers = [
        (number, column_names(tokens))
        for number, tokens in zip(likely[LINE].to_list(), likely[_TOKENS].to_list(), strict=True)
        if is_header(tokens)
    ]
    starts = [(0, tuple(columns)), *headers] if columns is not None else headers
    ends = [number for number, _ in starts[1:]] + [None]
    return [
        (
            (*prefix, *names),
            lines.filter(
                (pl.col(LINE) > start) & (pl.col(LINE) < end if end is not None else pl.lit(value=True))
            ),
        )
        for (start, names), end in zip(starts, ends, strict=True)
    ]


def _typed(lines: pl.DataFrame, columns: tuple[str, ...]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the lines of a segment their columns' dtypes; the rest are problems."""
    wanted = len(columns)
    count = pl.col(_TOKENS).list.len()
    commented = (
        pl.col(_TOKENS).list.get(wanted, null_on_oob=True).str.starts_with(_COMMENT).fill_null(value=False)
    )
    fits = (count == wanted) | commented
    raw = [
        pl.when(fits).then(pl.col(_TOKENS).list.get(index, null_on_oob=True)).replace(NULL, None).alias(name)
        for index, name in enumerate(columns)
    ]
    split = lines.select(LINE, count.alias("_count"), fits.alias("_fits"), *raw)
    cast = {f"_typed_{index}": name for index, name in enumerate(columns) if _complaint(name)}
    typed = split.with_columns(
        (
            _event_time(strict=False)
            if name == TIMESTAMP
            else pl.col(name).cast(column_dtype(name), strict=False)
        ).alias(alias)
        for alias, name in cast.items()
    )
    wrong = [
        pl.when(pl.col(name).is_not_null() & pl.col(alias).is_null()).then(
            pl.format(
                "{} is not {}: {}",
                pl.lit(name.replace("_", "-")),
                pl.lit(_complaint(name)),
                pl.col(name).str.slice(0, 80),
            )
        )
        for alias, name in cast.items()
    ]
    counted = pl.when(~pl.col("_fits")).then(
        pl.format("{} fields where {} are expected", pl.col("_count"), pl.lit(wanted))
    )
    judged = typed.with_columns(pl.coalesce(counted, *wrong).alias("what"))
    finished = {name: pl.col(alias) for alias, name in cast.items()}
    good = judged.filter(pl.col("what").is_null()).select(
        LINE, *(finished.get(name, pl.col(name).cast(_read_as(name))).alias(name) for name in columns)
    )
    bad = judged.filter(pl.col("what").is_not_null()).select(pl.col(LINE).alias("line"), "what")
    return good, bad


def _read_as(column: str) -> pl.DataType:
    return pl.String() if column == TIMESTAMP else column_dtype(column)


def _complaint(column: str) -> str | None:
    """What a value of this column has to be, where not every text will do."""
    if column == TIMESTAMP:
        return "a time"
    return "a number" if column_dtype(column).is_integer() else None


def _event_time(*, strict: bool) -> pl.Expr:
    return (
        pl.col(TIMESTAMP)
        .str.to_datetime(_EVENT_TIME, time_unit="ms", strict=strict)
        .dt.replace_time_zone("UTC")
    )
