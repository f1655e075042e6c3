"""Flow logs as Parquet: S3 deliveries in that format, and what Athena or a data frame wrote of them.

AWS writes 32-bit and 64-bit integers, null numbers and "-" for absent text. Rewritten files come with wider
integers, numbers as text, or hyphens in the names, so every column is cast to what the table of fields says.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import parquet, run
from loaders.careful import Reading
from loaders.delimited import DOUBT, LEAST_NAMES, NULL, PATH
from loaders.fields import resolve
from loaders.formats import Shape, register
from loaders.kinds import no_problems
from loaders.schema import FLOW_LOG, LINE, column_dtype, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

# Every event of the Open Cybersecurity Schema Framework has it; what its classes are is for other formats.
_OCSF_CLASS = "class_uid"


class FlowLogParquet:
    """Parquet whose columns are fields of a flow log."""

    name = "flow-log-parquet"
    rank = 10
    about = (
        "flow logs as Parquet: S3 deliveries in that format, and what Athena or a data frame wrote of them"
    )
    sign = "Parquet with at least three columns that are fields of flow logs"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Read the file's schema.

        Raises:
            OSError: The file has no footer, or is damaged: it is not complete.
        """
        if head.container != "parquet":
            return None
        schema = parquet.schema_of(path)
        known = sum(1 for name in schema if resolve(name))
        if known < LEAST_NAMES or len(schema) > parquet.MOST_COLUMNS or _OCSF_CLASS in schema:
            return None
        sources = tuple(f"{name}\0{dtype}" for name, dtype in schema.items())
        return Shape(self.name, column_names(schema), sources, FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan a scan that doubts rows with a value that is not what its column holds."""
        lost = [what.is_not_null() for what in _complaints(shape)]
        return _open(shape, list(paths), PATH).select(
            *_values(shape),
            PATH,
            (pl.col(parquet.INDEX) + 1).cast(pl.UInt32).alias(LINE),
            (pl.any_horizontal(lost) if lost else pl.lit(value=False)).alias(DOUBT),
        )

    def read(self, shape: Shape, path: str) -> Reading:
        """Read one file, with a null and a problem for each value that is not what its column holds."""
        # The bytes themselves, because polars cannot open a file whose name is not UTF-8.
        plan = _open(shape, io.BytesIO(Path(path).read_bytes())).select(
            *_values(shape),
            (pl.col(parquet.INDEX) + 1).cast(pl.UInt32).alias(LINE),
            pl.coalesce(pl.lit(None, pl.String()), *_complaints(shape)).alias("_what"),
        )
        frame = run.collect(plan)
        problems = frame.drop_nulls("_what").select(pl.col(LINE).alias("line"), pl.col("_what").alias("what"))
        return Reading((frame.drop("_what"),), pl.concat([no_problems(), problems]), None)

    def raw(self, path: str, line: int) -> str | None:
        """Write a row as the text delivery would have it: its values, with "-" for what is absent."""
        source = io.BytesIO(Path(path).read_bytes())
        row = run.collect(pl.scan_parquet(source).slice(line - 1, 1))
        return " ".join(NULL if value is None else str(value) for value in row.row(0)) if row.height else None


def _open(shape: Shape, source: list[str] | io.BytesIO, path: str | None = None) -> pl.LazyFrame:
    """Plan to read the columns under our names, as they are, with ``parquet.INDEX``."""
    plan = parquet.scan(source, path)
    return plan.rename(
        {there.rpartition("\0")[0]: name for there, name in zip(shape.detail, shape.columns, strict=True)}
    )


def _values(shape: Shape) -> list[pl.Expr]:
    return [_cast(name, dtype).alias(name) for name, dtype in _dtypes(shape)]


def _complaints(shape: Shape) -> list[pl.Expr]:
    """For each column that may hold something it should not: what to say of a value, or null."""
    return [
        parquet.complaint(name, parquet.given(pl.col(name), dtype), _cast(name, dtype))
        for name, dtype in _dtypes(shape)
        if column_dtype(name).is_integer() and dtype != str(column_dtype(name))
    ]


def _dtypes(shape: Shape) -> list[tuple[str, str]]:
    """Our name of each column, and the dtype it has in the file."""
    return [
        (name, there.rpartition("\0")[2]) for there, name in zip(shape.detail, shape.columns, strict=True)
    ]


def _cast(name: str, dtype: str) -> pl.Expr:
    return parquet.cast(parquet.given(pl.col(name), dtype), dtype, column_dtype(name))


register(FlowLogParquet())
