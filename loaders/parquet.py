"""What the formats of Parquet share: the schema of a file, and values that drifted from their dtype.

Rewritten files come with wider integers, numbers as text or fractions, and times as times, so every value is
cast to what the table of fields says, and one that cannot be is null and named.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import pages
from loaders.delimited import NULL

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping

INDEX = "_row of flowtui"
"""Counts the rows of all files of a scan, from 0; no column of a file is called so."""
MOST_COLUMNS = 2000
"""A table with more columns than this is no log."""

_NESTED = ("List", "Array", "Struct")
_TEXTUAL = ("String", "Binary", "Categorical", "Enum", *_NESTED)


def schema_of(path: str) -> Mapping[str, pl.DataType]:
    """Read what columns a file has.

    Raises:
        OSError: It cannot be opened, or, without an ``errno``, is not complete.
    """
    status = os.stat(path)  # noqa: PTH116 - the path may be no UTF-8, and this is once for each file
    return _schema(path, status.st_size, status.st_mtime_ns)


# Each format asks for the schema of the file at hand.
@lru_cache(maxsize=1)
def _schema(path: str, size: int, changed: int) -> Mapping[str, pl.DataType]:  # noqa: ARG001 - of the cache's key
    with Path(path).open("rb") as file:
        try:
            pages.check(file)
            file.seek(0)
            return pl.read_parquet_schema(file)
        except pages.DamagedError as error:
            raise OSError(str(error)) from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise OSError(f"it is damaged ({str(error).splitlines()[0]})") from error


def scan(source: list[str] | io.BytesIO, path: str | None = None) -> pl.LazyFrame:
    """Plan to read files of one schema as they are, with ``INDEX``.

    Args:
        source: Paths, or the bytes of one file.
        path: The column to put each file's path into.
    """
    # Folders that look like columns (`region=x`) never are any.
    return pl.scan_parquet(
        source, glob=False, hive_partitioning=False, row_index_name=INDEX, include_file_paths=path
    )


def given(value: pl.Expr, dtype: str) -> pl.Expr:
    """A value as it is in the file; text without its "-", and what is nested as JSON.

    Args:
        value: The value.
        dtype: Its dtype in the file, as polars prints it.
    """
    if not dtype.startswith(_TEXTUAL):
        return value
    if dtype.startswith(_NESTED):
        value = pl.struct(value).struct.json_encode()
    value = value.cast(pl.String(), strict=False)
    return pl.when(value != NULL).then(value)


def cast(value: pl.Expr, dtype: str, wanted: pl.DataType) -> pl.Expr:
    """A value with the dtype that its column has here; null where it cannot have it.

    Args:
        value: From ``given``.
        dtype: Its dtype in the file, as polars prints it.
        wanted: Its dtype here.
    """
    if not wanted.is_integer():
        return value.cast(pl.String()).cast(wanted)
    if dtype.startswith("Float"):
        value = pl.when(value == value.floor()).then(value)
    return value.cast(wanted, strict=False)


def complaint(column: str, value: pl.Expr, typed: pl.Expr) -> pl.Expr:
    """What to say of a value that is there and could not be cast, or null."""
    what = pl.format(f"{column.replace('_', '-')} is not a number: {{}}", value)
    return pl.when(value.is_not_null() & typed.is_null()).then(what)
