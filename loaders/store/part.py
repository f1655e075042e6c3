"""A part of a data set that lies in a segment of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Self

import polars as pl

from loaders import run
from loaders.parts import Part, as_logged
from loaders.schema import FILE, LINE, TIMESTAMP
from loaders.store.shape import from_bytes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from datetime import datetime

    from loaders.addresses import Address
    from loaders.store.manifest import Segment
    from loaders.store.shape import Shape

# Rows are fetched in pieces of so many, a few of which are kept: the next page is mostly in the same one.
_PIECE = 4096
_PIECES = 16
# For fewer rows than this of a piece, it is faster to fetch each by itself.
_SINGLE_BELOW = 3


@dataclass(frozen=True, eq=False)
class StoredPart(Part):
    """Records in a segment.

    Attributes:
        segment: What the manifest says of it.
        path: Where it lies.
        without: Files whose rows do not count.
    """

    segment: Segment
    path: str
    without: frozenset[int] = frozenset()

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The kind of the records."""
        return self.segment.shape.kind

    @property
    def schema(self) -> pl.Schema:
        """The columns as they were read."""
        return self.segment.shape.schema

    @property
    def addresses(self) -> Mapping[str, Address]:
        """The columns of addresses; all of them are numbers."""
        return self.segment.shape.addresses

    @property
    def rows(self) -> int:
        """How many rows the segment has."""
        return self.segment.rows

    @property
    def height(self) -> int:
        """How many of them count."""
        return self.segment.rows - sum(self.segment.files.get(file, 0) for file in self.without)

    @property
    def family(self) -> Hashable:
        """Segments of one shape are scanned together."""
        return self.segment.shape.key

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that were found when the segment was written."""
        return self.segment.fields

    @cached_property
    def summary(self) -> pl.DataFrame:  # type: ignore[override]
        """A row for each log stream."""
        return from_bytes(self.segment.summary)

    @cached_property
    def minutes(self) -> pl.DataFrame:
        """How many rows each minute has, newest first."""
        return from_bytes(self.segment.minutes)

    @cached_property
    def span(self) -> tuple[datetime, datetime] | None:
        """The earliest and the latest time."""
        if self.segment.first is None:
            return None
        times = pl.Series([self.segment.first, self.segment.last]).cast(pl.Datetime("ms", "UTC"))
        return times[0], times[1]

    def plan(self) -> pl.LazyFrame:
        """All rows, newest first."""
        return self.plan_of([self])

    def numbered(self, name: str) -> pl.LazyFrame:
        """All rows with their numbers."""
        return self.segment.shape.decoded(_scan([self.path], name), name)

    def times(self, numbers: pl.Series) -> pl.Series:
        """The times of rows, by their numbers in ascending order."""
        if not numbers.len():
            return pl.Series(TIMESTAMP, dtype=pl.Datetime("ms", "UTC"))
        begin, end = int(numbers[0]), int(numbers[-1])
        plan = _scan([self.path]).select(TIMESTAMP).slice(begin, end - begin + 1)
        found = run.collect(plan)[TIMESTAMP]
        return found if found.len() == numbers.len() else found.gather(numbers - begin)

    def plan_of(self, family: Sequence[Self]) -> pl.LazyFrame:
        """The rows of several segments."""
        return self.segment.shape.decoded(_scan([part.path for part in family]))

    def forgetting(self, files: Iterable[int]) -> StoredPart | None:
        """The same, but the rows of some files do not count."""
        gone = frozenset(files) & self.segment.files.keys()
        if gone <= self.without:
            return self
        left = replace(self, without=self.without | gone)
        return left if left.height else None

    def find(self, file: int, line: int) -> int | None:
        """The number of the row that came from a line."""
        if file in self.without or file not in self.segment.files:
            return None
        plan = self.numbered("_number").filter((pl.col(FILE) == file) & (pl.col(LINE) == line))
        found = run.collect(plan.select("_number"))
        return int(found.item(0, 0)) if found.height else None

    def take(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch rows by their numbers."""
        asked = pl.DataFrame({"number": numbers, "place": pl.int_range(numbers.len(), eager=True)})
        found: list[pl.DataFrame] = []
        single: list[tuple[int, int]] = []
        for (key,), rows in asked.group_by(pl.col("number") // _PIECE, maintain_order=True):
            piece = int(str(key))
            if rows.height < _SINGLE_BELOW:
                single += rows.rows()
                continue
            whole = _piece(self.path, self.segment.shape, piece)
            within = rows["number"] - piece * _PIECE
            found.append(whole[within].with_columns(rows["place"].alias(_PLACE)))
        plans = [_rows(self.path, self.segment.shape, number, 1) for number, _ in single]
        for frame, (_, place) in zip(run.collect_all(plans), single, strict=True):
            found.append(frame.with_columns(pl.lit(place, pl.Int64()).alias(_PLACE)))
        if not found:
            return self.schema.to_frame()
        return pl.concat(found).sort(_PLACE).drop(_PLACE)


_PLACE = "_place"


def _scan(paths: Sequence[str], index: str | None = None) -> pl.LazyFrame:
    # Folders that look like columns (`region=x`) never are any.
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False, row_index_name=index)


def _rows(path: str, shape: Shape, first: int, count: int) -> pl.LazyFrame:
    return as_logged(shape.decoded(_scan([path]).slice(first, count)), shape.schema, shape.addresses)


@lru_cache(maxsize=_PIECES)
def _piece(path: str, shape: Shape, number: int) -> pl.DataFrame:
    return run.collect(_rows(path, shape, number * _PIECE, _PIECE))
