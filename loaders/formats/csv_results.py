"""Results of queries as CSV: what the console of Insights exports, and what Athena leaves in S3."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, content, tables
from loaders.delimited import BOM
from loaders.formats import OneByOne, Shape, register
from loaders.schema import LINE

if TYPE_CHECKING:
    from loaders.careful import Reading
    from loaders.content import Head
    from loaders.kinds import Events
    from loaders.layouts import Place

_ROW = "_row"
_FIELDS = "_fields"
_QUOTED = r'"[^"]*"'


class _CsvResults(OneByOne):
    """CSV whose header names fields; ``quoted`` where every one of its names stands in quotes."""

    def __init__(self, name: str, *, quoted: bool, about: str, sign: str) -> None:
        self.name, self.rank = name, 50
        self.about, self.sign = about, sign
        self._quoted = quoted

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look at the first line that is not blank."""
        lines = head.text.removeprefix(BOM).split(b"\n")
        if not head.whole:
            lines.pop()
        header = next((line for line in lines if line.strip()), b"").decode("utf-8", "replace").strip()
        names = _cut(header)
        quoted = header.count('"') >= 2 * len(names) and not any(name.startswith("@") for name in names)
        return tables.shape(self.name, names) if quoted == self._quoted else None

    def read(self, shape: Shape, path: str) -> Reading | Events:
        """Read one file: a row is a record, and begins on the line that is given."""
        saved = content.save(path)
        ended = saved.data.endswith(b"\n")
        lines = careful.lines_of(saved.data)
        if saved.cut and not ended:
            lines = lines.head(-1)  # half a line: it comes whole when the file does
        rows, unclosed = _rows(lines)
        broken = saved.broken or (unclosed and f"the quotes opened on line {unclosed} are never closed")
        names = _cut(rows[_ROW][0]) if rows.height else []
        # Where results were put together, the header comes again.
        rows = rows.filter(pl.col(_ROW) != pl.col(_ROW).first())
        fits = pl.col(_FIELDS) == len(names)
        what = pl.format(
            "{} {} where {} are expected",
            _FIELDS,
            pl.when(pl.col(_FIELDS) == 1).then(pl.lit("field")).otherwise(pl.lit("fields")),
            pl.lit(len(names)),
        )
        return tables.told(
            _values(rows.filter(fits), len(names)),
            names,
            shape.kind,
            problems=rows.filter(~fits).select(pl.col(LINE).alias("line"), what.alias("what")),
            broken=broken or None,
            unfinished=not ended and not saved.packed,
        )

    def raw(self, path: str, line: int) -> str | None:
        """Give back the row that begins on a line."""
        rows, _ = _rows(careful.lines_of(content.save(path).data))
        found = rows.filter(pl.col(LINE) == line)[_ROW]
        return str(found[0]) if found.len() else None


def _cut(row: str) -> list[str]:
    """Cut one row into its fields; into none where it is no CSV."""
    try:
        return next(csv.reader([row]), [])
    except csv.Error:
        return []


def _rows(lines: pl.DataFrame) -> tuple[pl.DataFrame, int | None]:
    """Put lines together that are one row: where a quote is open at its end, the row goes on.

    Returns:
        ``LINE``, ``_ROW`` (its text) and ``_FIELDS`` (how many it has) of the rows that are not blank; and
        the line of the row whose quotes are never closed, which is not among them.
    """
    quotes = pl.col("line").str.count_matches('"', literal=True).cum_sum()
    opened = (quotes % 2 == 1).shift(1, fill_value=False)
    rows = lines.select(LINE, pl.col("line").alias(_ROW), (~opened).cum_sum().alias("_number"))
    unclosed = None
    if lines.height and lines["line"].str.count_matches('"', literal=True).sum() % 2:
        unclosed = int(rows.filter(pl.col("_number") == pl.col("_number").last())[LINE][0])
        rows = rows.filter(pl.col(LINE) < unclosed)
    if rows["_number"].n_unique() < rows.height:
        rows = rows.group_by("_number", maintain_order=True).agg(
            pl.col(LINE).first(), pl.col(_ROW).str.join("\n")
        )
    text = pl.col(_ROW).str.strip_suffix("\r")
    commas = pl.col(_ROW).str.replace_all(_QUOTED, "").str.count_matches(",", literal=True)
    rows = rows.select(LINE, text.alias(_ROW)).filter(pl.col(_ROW).str.contains(r"\S"))
    return rows.with_columns((commas + 1).alias(_FIELDS)), unclosed


def _values(rows: pl.DataFrame, width: int) -> pl.DataFrame:
    """Cut rows that all have this many fields into columns of text."""
    schema = {tables.value(index): pl.String() for index in range(width)}
    text = "\n".join(rows[_ROW].to_list())
    try:
        values = pl.read_csv(io.BytesIO(text.encode()), has_header=False, schema=schema) if text else None
    except pl.exceptions.PolarsError:
        values = None
    if values is None or values.height != rows.height:
        # Quotes where none should be: row by row, what belongs to which is at least not mixed up.
        cut = [(_cut_spaced(row) + [None] * width)[:width] for row in rows[_ROW].to_list()]
        values = pl.DataFrame(cut, schema=schema, orient="row")
    return values.with_columns(rows[LINE])


def _cut_spaced(row: str) -> list[str | None]:
    try:
        return list(next(csv.reader(io.StringIO(row, newline="")), []))
    except csv.Error:
        return []


register(
    _CsvResults(
        "insights-csv",
        quoted=False,
        about="results of CloudWatch Logs Insights as the console exports them to CSV",
        sign="CSV whose header names `@message`, `@timestamp`, or at least three fields of flow logs",
    )
)
register(
    _CsvResults(
        "athena-csv",
        quoted=True,
        about="results of Athena: `<query id>.csv`, every value quoted",
        sign="CSV whose header is all in quotes and names at least three fields of flow logs",
    )
)
