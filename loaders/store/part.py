"""A part of a data set that lies in a segment of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import polars as pl

from loaders import run
from loaders.parts import Part, as_logged
from loaders.recent import Recent
from loaders.schema import TIMESTAMP
from loaders.store.rollups import is_exact
from loaders.store.shape import from_bytes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from datetime import datetime

    from loaders.addresses import Address
    from loaders.store.manifest import Segment

# Questions come in groups, as a dashboard asks them, and then no more for hours: what they look at takes many
# times the memory that it takes packed.
_ROLLUP_SECONDS = 20.0
# To fetch another stretch of a segment takes as long as to read over so many rows between two of them.
_GAP = 20_000


_rollups: Recent[StoredPart, pl.DataFrame | None] = Recent(_ROLLUP_SECONDS)


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

    @property
    def rollup(self) -> pl.DataFrame | None:
        """Counts by minute, stream and outcome; ``None`` where a sum is too large for them."""
        return _rollups.of(self, self._unpacked_rollup)

    def _unpacked_rollup(self) -> pl.DataFrame | None:
        found = from_bytes(self.segment.rollup)
        return found if is_exact(found) else None

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
        asked = frozenset(files)
        gone = asked & self.segment.files.keys() if asked else asked
        if gone <= self.without:
            return self
        left = replace(self, without=self.without | gone)
        return left if left.height else None

    def find(self, file: int, line: int) -> int | None:
        """The number of the row that came from a line."""
        return super().find(file, line) if file in self.segment.files else None

    def take(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch rows by their numbers."""
        shape = self.segment.shape
        rows = numbers.unique().sort()
        spans = _spans(rows)
        plans = [shape.decoded(_scan([self.path]).slice(begin, end - begin)) for begin, end, _, _ in spans]
        found = [
            frame if count == frame.height else frame[rows.slice(place, count) - begin]
            for frame, (begin, _, place, count) in zip(run.collect_all(plans), spans, strict=True)
        ]
        frame = pl.concat(found) if found else run.collect(self.plan().head(0))
        if rows.len() < numbers.len() or not numbers.is_sorted():
            frame = frame[rows.search_sorted(numbers)]
        return run.collect(as_logged(frame.lazy(), shape.schema, shape.addresses))


def _spans(rows: pl.Series) -> list[tuple[int, int, int, int]]:
    """Which stretches of a segment to fetch for some rows, in ascending order.

    Returns:
        Where each begins and ends, the place of its first row among those asked for, and how many it has.
    """
    gaps = (rows.diff().fill_null(0) > _GAP).arg_true().to_list()
    places = [0, *gaps, rows.len()]
    return [
        (int(rows[first]), int(rows[last - 1]) + 1, first, last - first)
        for first, last in pairwise(places)
        if last > first
    ]


def _scan(paths: Sequence[str], index: str | None = None) -> pl.LazyFrame:
    # Folders that look like columns (`region=x`) never are any.
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False, row_index_name=index)
