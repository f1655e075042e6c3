"""Flow logs as Parquet: S3 deliveries in that format, and what Athena or a data frame wrote of them.

AWS writes 32-bit and 64-bit integers, null numbers and "-" for absent text. Rewritten files come with wider
integers, numbers as text, or hyphens in the names, so every column is cast to what the table of fields says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import delimited, run
from loaders.delimited import NULL, PATH, SHORT, Reading
from loaders.fields import resolve
from loaders.formats import Shape, register
from loaders.schema import LINE, column_dtype, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

_INDEX = "_index"
# Fewer known columns than this, and the table is about something else.
_LEAST_KNOWN = 3


class FlowLogParquet:
    """Parquet whose columns are fields of a flow log."""

    name = "flow-log-parquet"
    rank = 10

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:  # noqa: ARG002
        """Read the file's schema.

        Raises:
            OSError: The file has no footer: it is not complete.
        """
        if head.container != "parquet":
            return None
        try:
            schema = pl.read_parquet_schema(path)
        except pl.exceptions.PolarsError as error:
            raise OSError("the Parquet footer is missing or damaged: the file is not complete") from error
        if sum(1 for name in schema if resolve(name)) < _LEAST_KNOWN:
            return None
        sources = tuple(f"{name}\0{dtype}" for name, dtype in schema.items())
        return Shape(self.name, column_names(schema), sources)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan a scan that raises where a value is not what its column holds."""
        return _scan(shape, paths, strict=True)

    def read(self, shape: Shape, path: str) -> Reading:
        """Read one file, with a null and a problem for each value that is not what its column holds."""
        raw = pl.read_parquet(path, glob=False, hive_partitioning=False)
        frame = run.collect(_scan(shape, [path], strict=False).drop(PATH, SHORT))
        lost = [
            pl.when(_present(raw[source.split("\0")[0]]) & frame[name].is_null()).then(
                pl.lit(f"{name} cannot be read")
            )
            for source, name in zip(shape.detail, shape.columns, strict=True)
        ]
        problems = frame.select(pl.col(LINE).alias("line"), pl.coalesce(lost).alias("what")).drop_nulls(
            "what"
        )
        return Reading((frame,), pl.concat([delimited.no_problems(), problems]), None)

    def raw(self, path: str, line: int) -> str | None:
        """Write a row as the text delivery would have it: its values, with "-" for what is absent."""
        row = run.collect(pl.scan_parquet(path, glob=False, hive_partitioning=False).slice(line - 1, 1))
        return " ".join(NULL if value is None else str(value) for value in row.row(0)) if row.height else None


def _present(column: pl.Series) -> pl.Series:
    return column.is_not_null() & (column != NULL) if column.dtype == pl.String else column.is_not_null()


def _scan(shape: Shape, paths: Sequence[str], *, strict: bool) -> pl.LazyFrame:
    sources = [source.split("\0") for source in shape.detail]
    plan = pl.scan_parquet(
        list(paths), glob=False, hive_partitioning=False, row_index_name=_INDEX, include_file_paths=PATH
    )
    return plan.select(
        *(
            _cast(source, dtype, name, strict=strict).alias(name)
            for (source, dtype), name in zip(sources, shape.columns, strict=True)
        ),
        PATH,
        (pl.col(_INDEX) - pl.col(_INDEX).min().over(PATH) + 1).cast(pl.UInt32).alias(LINE),
        pl.lit(value=False).alias(SHORT),
    )


def _cast(source: str, dtype: str, name: str, *, strict: bool) -> pl.Expr:
    value = pl.col(source)
    if dtype == "String":
        value = pl.when(value != NULL).then(value)
    wanted = column_dtype(name)
    if not wanted.is_integer() and dtype != "String":
        value = value.cast(pl.String())
    return value.cast(wanted, strict=strict)


register(FlowLogParquet())
