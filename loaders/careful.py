"""A careful reading of one file of flow-log text: every record that can be had, every other line named.

It is for the files that the strict scan (``loaders.delimited``) cannot take: damaged or not complete, glued
together, touched by hand.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loaders import content
from loaders.delimited import BOM, COMMENT, LEAST_NAMES, NULL, event_time, is_header, wanted
from loaders.kinds import no_problems
from loaders.schema import FILE, LINE, TIMESTAMP, column_dtype, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_RAW = "_raw"
_TEXT = "_text"
# White space as bytes know it: a no-break space, say, is part of a value.
_BLANKS = " \t\r\x0b\x0c"
_UNTIDY = r"  |[\t\r\x0b\x0c]"
# Every header looks so; the few lines that do are looked at more closely.
_HEADER_LIKE = r"^[^ 0-9.:/][^ .:/]*( [^ 0-9.:/][^ .:/]*)*$"
_SHOWN = 80


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


def read(blocks: content.Blocks, columns: Sequence[str] | None, prefix: Sequence[str] = ()) -> Reading:
    """Read one file line by line, forgiving what does not fit and naming it.

    White space runs count as one blank, blank lines and ``#`` comments are passed over, and a header in the
    middle (files glued together) starts new columns.

    Args:
        blocks: The lines of the file.
        columns: Its columns; ``None`` when its first line that is not blank is a header.
        prefix: Columns that stand before those on every line and in no header.

    Raises:
        OSError: It cannot be opened or read.
    """
    headers = _Headers(columns)
    frames, problems, last = [], [no_problems()], 0
    for block in blocks:
        lines = lines_of(block.data, block.line)
        if block.long:
            problems.append(too_long(block, content.TOO_LONG))
            lines = lines.filter(~pl.col(LINE).is_in(block.long))
        lines = worded(lines, "line")
        last = lines[LINE][-1] if lines.height else last
        for names, part in headers.sort(lines):
            good, bad = typed(part, (*prefix, *names)) if names else _untitled(part)
            frames.append(good)
            problems.append(bad)
    found = pl.concat(problems).sort("line")
    broken = blocks.broken
    if blocks.unfinished and found.height and found["line"][-1] >= last:
        broken = broken or content.UNFINISHED
    return Reading(tuple(frames), found, broken)


def raw_line(path: str, line: int) -> str | None:
    """Fetch a line of a text file, whatever it is packed in; ``None`` when it is not there any more.

    Of a line that is too long it is the beginning.
    """
    for block in content.Blocks(path):
        before, ends = line - block.line, block.data.count(b"\n")
        if before < ends or (before == ends and not block.data.endswith(b"\n")):
            text = block.data.split(b"\n", before + 1)[before]
            return text.decode("utf-8", "backslashreplace").removesuffix("\r")
    return None


def lines_of(data: bytes, first: int = 1) -> pl.DataFrame:
    """Split into lines: ``LINE`` from ``first``, and ``line``."""
    try:
        lines = pl.read_lines(io.BytesIO(data), row_index_name=LINE, row_index_offset=first)
    except pl.exceptions.ComputeError:
        clean = data.decode("utf-8", "backslashreplace").encode()
        lines = pl.read_lines(io.BytesIO(clean), row_index_name=LINE, row_index_offset=first)
    return lines.select(pl.col(LINE).cast(pl.UInt32), pl.col("line").str.strip_prefix(BOM.decode()))


def too_long(block: content.Block, what: str) -> pl.DataFrame:
    """Name the lines of a block that have been cut: ``line`` and ``what``."""
    return pl.DataFrame({"line": block.long, "what": what}, schema=no_problems().schema)


def worded(lines: pl.DataFrame, column: str) -> pl.DataFrame:
    """Ready lines for ``typed``: one blank between words, and no line that is blank or a comment.

    Args:
        lines: Any columns.
        column: The one that holds the lines; it is replaced by ours.
    """
    raw = pl.col(column)
    text = raw.str.strip_chars(_BLANKS)
    single = text.str.replace_all(rf"[{_BLANKS}]+", " ")
    return (
        lines.with_columns(
            raw.alias(_RAW),
            pl.when(text.str.contains(_UNTIDY)).then(single).otherwise(text).alias(_TEXT),
        )
        .drop(column)
        .filter((pl.col(_TEXT) != "") & ~pl.col(_TEXT).str.starts_with(COMMENT))
    )


class _Headers:
    """The headers of a file, which hold for the lines below them until the next one."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        """Begin with the columns that hold for the first line, if they are known."""
        self._holds = () if columns is None else tuple(columns)
        self._seen = {self._holds}

    def sort(self, lines: pl.DataFrame) -> list[tuple[tuple[str, ...], pl.DataFrame]]:
        """Sort more lines by header: the columns that hold for them (none above the first), and the lines."""
        headers = self._find(lines)
        starts, holds = [0, *headers], [self._holds, *headers.values()]
        self._holds = holds[-1]
        lines = lines.filter(~pl.col(LINE).is_in(starts))
        kinds = {names: kind for kind, names in enumerate(dict.fromkeys(holds))}
        above = pl.Series(starts, dtype=pl.UInt32()).search_sorted(lines[LINE], side="right") - 1
        kind = pl.Series([kinds[names] for names in holds], dtype=pl.UInt32()).gather(above)
        parts = lines.with_columns(kind.alias("_kind")).partition_by("_kind", include_key=False, as_dict=True)
        return [(names, parts[kind,]) for names, kind in kinds.items() if (kind,) in parts]

    def _find(self, lines: pl.DataFrame) -> dict[int, tuple[str, ...]]:
        """Find the headers: the line of each, and its columns.

        Below the first one, a header names at least three fields, or those of one above it: a stray word that
        happens to be the name of a field does not make a problem of every line below it.
        """
        likely = lines.filter(pl.col(_TEXT).str.contains(_HEADER_LIKE))
        known: dict[str, tuple[str, ...]] = {}
        for text in likely[_TEXT].unique().to_list():
            words = text.split(" ")
            if is_header(words):
                known[text] = column_names(words)
        headers: dict[int, tuple[str, ...]] = {}
        for number, text in zip(likely[LINE].to_list(), likely[_TEXT].to_list(), strict=True):
            names = known.get(text, ())
            if names and (len(names) >= LEAST_NAMES or self._seen == {()} or names in self._seen):
                headers[number] = names
                self._seen.add(names)
        return headers


def _untitled(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    what = pl.lit("no line above it names the fields").alias("what")
    return lines.select(LINE).clear(), lines.select(pl.col(LINE).alias("line"), what)


def typed(
    lines: pl.DataFrame, columns: Sequence[str], keep: Sequence[str] = (LINE,)
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give lines of words their columns' dtypes; the rest are problems.

    Args:
        lines: From ``worded``, with ``LINE`` and whatever is to be kept.
        columns: What the words of a line are.
        keep: What the records keep of them.

    Returns:
        The records: ``keep``, then the columns; and the problems: ``line``, ``what``, and the file if kept.
    """
    checked = {name: f"_typed_{index}" for index, name in enumerate(columns) if wanted(name)}
    lost = [pl.col(name).is_not_null() & pl.col(alias).is_null() for name, alias in checked.items()]
    # Step by step rather than as one plan: most files are small, and planning costs more than it saves.
    judged = (
        _split(lines, columns)
        .with_columns(
            (event_time(strict=False) if name == TIMESTAMP else _number(name)).alias(alias)
            for name, alias in checked.items()
        )
        .with_columns((pl.any_horizontal(pl.lit(value=False), *lost)).alias("_lost"))
        .with_columns((pl.col("_lost") | ~(pl.col("_fits") | pl.col("_gaps"))).alias("_bad"))
    )
    good = judged.filter(~pl.col("_bad")).select(
        *keep,
        *(
            pl.col(checked[name]).alias(name) if name in checked else pl.col(name).cast(column_dtype(name))
            for name in columns
        ),
    )
    what = _what(len(columns), checked)
    files = [FILE] if FILE in keep else []
    return good, judged.filter(pl.col("_bad")).select(pl.col(LINE).alias("line"), what.alias("what"), *files)


def _split(lines: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Cut lines into their columns: null for all where the number of words fits in no way.

    ``_count`` is how many words there are, ``_fits`` whether they are as many as expected; if not, ``_gaps``
    says whether nothing between two blanks may stand for an absent value, as the strict scan has it.
    """
    expected = len(columns)
    count = pl.col(_TEXT).str.count_matches(" ", literal=True) + 1
    blanks = pl.col(_RAW).str.count_matches(" ", literal=True) + 1
    # What is too much may be a comment.
    bare = pl.when(count > expected).then(pl.col(_TEXT).str.replace(r" #.*", "")).otherwise(pl.col(_TEXT))
    words = pl.when(pl.col("_fits")).then(pl.col(_TEXT)).when(pl.col("_gaps")).then(pl.col(_RAW))
    return (
        lines.with_columns(
            count.alias("_count"),
            ((blanks == expected) & ~pl.col(_RAW).str.ends_with(" ")).alias("_gaps"),
            bare.alias(_TEXT),
        )
        .with_columns((count == expected).alias("_fits"))
        .with_columns(words.str.split_exact(" ", expected - 1).struct.rename_fields(columns).alias("_words"))
        .drop(_RAW, _TEXT)
        .unnest("_words")
        .with_columns(pl.col(columns).replace([NULL, ""], [None, None]))
    )


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(column_dtype(name), strict=False)


def _what(expected: int, typed: dict[str, str]) -> pl.Expr:
    """Say why a line is no record.

    Args:
        expected: How many columns there are.
        typed: For each column that not every text will do for, the column that holds what became of it.
    """
    fields = pl.when(pl.col("_count") == 1).then(pl.lit("field")).otherwise(pl.lit("fields"))
    where = f"where {expected} {'is' if expected == 1 else 'are'} expected"
    counted = pl.format(f"{{}} {{}} {where}", pl.col("_count"), fields)
    complaints = [
        pl.when(pl.col(name).is_not_null() & pl.col(alias).is_null()).then(_complaint(name))
        for name, alias in typed.items()
    ]
    return (
        pl.when(pl.col("_fits")).then(pl.coalesce(pl.lit(None, pl.String()), *complaints)).otherwise(counted)
    )


def _complaint(name: str) -> pl.Expr:
    shown, value = name.replace("_", "-"), pl.col(name).str.slice(0, _SHOWN)
    too_large = pl.col(name).str.contains(r"^[+-]?[0-9]+$")
    return (
        pl.when(too_large)
        .then(pl.format(f"{shown} is too large a number: {{}}", value))
        .otherwise(pl.format(f"{shown} is not {wanted(name)}: {{}}", value))
    )
