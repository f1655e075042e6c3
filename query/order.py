"""The order of the records of a view: which record stands where, without a list of all of them.

In the order of time nothing has to be sorted. A part whose rows stand newest first tells how many rows each
minute has; to find the records at a place it is enough to know the minute, and to merge what the parts have
of that one. What a filter leaves of a part is a list of row numbers, or a bit for each row, whichever is
smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import polars as pl

from loaders import run
from loaders.parts import MILLISECONDS, MINUTE, minute
from loaders.schema import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.parts import Part

NUMBER = "_number"
_NEVER = -(2**63)
"""Stands for the minute of a record without a time, which comes last."""
# A list of row numbers takes 32 bits for each of them, the bits of a part one for each row.
_LIST_BELOW = 1 / 32


class Order(Protocol):
    """Which record stands where."""

    height: int

    def slice(self, offset: int, count: int) -> pl.Series:
        """The numbers of the records (UInt32) from a place on."""

    def index(self, number: int) -> int | None:
        """The place of a record, or ``None`` when it is not among them."""


class Listed:
    """Records in any order, each one listed."""

    def __init__(self, numbers: pl.Series) -> None:
        """Take a list of numbers (UInt32)."""
        self._numbers = numbers
        self.height = numbers.len()

    def slice(self, offset: int, count: int) -> pl.Series:
        """A piece of the list."""
        return self._numbers.slice(offset, count)

    def index(self, number: int) -> int | None:
        """Where a record stands in the list."""
        places = self._numbers.eq(number).arg_true()
        return int(places[0]) if places.len() else None


@dataclass(frozen=True, eq=False)
class Run:
    """The records of a part that are in scope, newest first.

    Attributes:
        part: The part.
        counts: How many there are in each minute, as ``Part.minutes`` has it.
        height: How many there are.
        rows: Their row numbers (UInt32), or a Boolean for each row of the part; ``None`` for all rows.
    """

    part: Part
    counts: pl.DataFrame
    height: int
    rows: pl.Series | None = None

    @cached_property
    def minutes(self) -> pl.Series:
        """The minutes that have any, newest first, ``_NEVER`` last (Int64)."""
        return self.counts[MINUTE].fill_null(_NEVER)

    @cached_property
    def ends(self) -> pl.Series:
        """How many records there are up to the end of each minute (Int64)."""
        return self.counts["records"].cum_sum().cast(pl.Int64)

    def reaches(self, newest: int, oldest: int) -> bool:
        """Whether any of the minutes can have a record."""
        last = self.counts[MINUTE][-1]
        first = self.counts[MINUTE][0]
        return (first is None or first >= oldest) and (last is None or last <= newest)

    def between(self, newest: int, oldest: int) -> pl.Series:
        """The row numbers of the records of some minutes, newest first."""
        if self.rows is None or self.rows.dtype == pl.Boolean:
            every = whole(self.part) if self.rows is not None else self
            begin, end = _range(every, newest, oldest)
            if self.rows is None:
                return pl.int_range(begin, end, dtype=pl.UInt32, eager=True)
            return self.rows.slice(begin, end - begin).arg_true().cast(pl.UInt32) + begin
        begin, end = _range(self, newest, oldest)
        return self.rows.slice(begin, end - begin)

    def minute_of(self, row: int) -> int | None:
        """The minute of a row; ``None`` when it is not among them."""
        if self.rows is None or self.rows.dtype == pl.Boolean:
            if not 0 <= row < self.part.rows or (self.rows is not None and not self.rows[row]):
                return None
            every = whole(self.part)
            return int(every.minutes[int(every.ends.search_sorted(row, "right"))])
        places = self.rows.eq(row).arg_true()
        if not places.len():
            return None
        return int(self.minutes[int(self.ends.search_sorted(int(places[0]), "right"))])


def _range(run_: Run, newest: int, oldest: int) -> tuple[int, int]:
    """The places in a run where some minutes begin and end."""
    first = int(run_.minutes.search_sorted(newest, "left", descending=True))
    last = int(run_.minutes.search_sorted(oldest, "right", descending=True))
    begin = int(run_.ends[first - 1]) if first else 0
    return begin, int(run_.ends[last - 1]) if last > first else begin


def whole(part: Part) -> Run:
    """All rows of a part that stand newest first."""
    if part.minutes is None:
        raise ValueError("the rows of this part are in no order")
    return Run(part, part.minutes, part.rows)


def nothing(part: Part) -> Run:
    """No row of a part."""
    return Run(part, pl.DataFrame(schema={MINUTE: pl.Int64(), "records": pl.Int64()}), 0)


def found_plan(part: Part, predicate: pl.Expr) -> pl.LazyFrame:
    """Plan to find the rows of a part: ``NUMBER`` and ``MINUTE``, newest first."""
    found = part.numbered(NUMBER).filter(predicate)
    if part.minutes is None:
        found = found.sort(TIMESTAMP, descending=True, nulls_last=True, maintain_order=True)
    return found.select(pl.col(NUMBER).cast(pl.UInt32), minute().alias(MINUTE))


def found_run(part: Part, found: pl.DataFrame) -> Run:
    """What a filter left of a part.

    Args:
        part: The part.
        found: What ``found_plan`` gives.
    """
    lengths = found[MINUTE].rle().struct.unnest()
    counted = lengths.select(pl.col("value").alias(MINUTE), pl.col("len").alias("records"))
    rows = found[NUMBER]
    if part.minutes is not None and rows.len() > part.rows * _LIST_BELOW:
        bits = pl.zeros(part.rows, dtype=pl.UInt8, eager=True)
        rows = bits.scatter(rows, 1).cast(pl.Boolean)
    return Run(part, counted, found.height, rows)


class ByTime:
    """Records by time, out of parts of which each knows its own order."""

    def __init__(self, runs: Sequence[tuple[int, Run]], *, descending: bool) -> None:
        """Add up how many records each minute has.

        Args:
            runs: What is in scope of each part, with the number of the part's first row, in their order.
            descending: Whether the newest come first.
        """
        self._runs, self._descending = [(first, run_) for first, run_ in runs if run_.height], descending
        if not self._runs:
            self._minutes = self._ends = pl.Series(dtype=pl.Int64)
            self.height = 0
            return
        counts = pl.concat([run_.counts.cast(pl.Int64) for _, run_ in self._runs])
        plan = counts.lazy().group_by(MINUTE).agg(pl.col("records").sum())
        table = run.collect(plan.sort(MINUTE, descending=descending, nulls_last=True))
        self._minutes, self._ends = table[MINUTE].fill_null(_NEVER), table["records"].cum_sum()
        self.height = int(self._ends[-1])

    def slice(self, offset: int, count: int) -> pl.Series:
        """The records from a place on: those of the minutes they are in, merged where parts share one."""
        end = min(offset + count, self.height)
        if offset >= end:
            return pl.Series(dtype=pl.UInt32)
        first = int(self._ends.search_sorted(offset, "right"))
        last = int(self._ends.search_sorted(end, "left"))
        begin = int(self._ends[first - 1]) if first else 0
        return self._between(first, last).slice(offset - begin, end - offset)

    def index(self, number: int) -> int | None:
        """The place of a record, found by the minute it is in."""
        for first, run_ in self._runs:
            if first <= number < first + run_.part.rows:
                found = run_.minute_of(number - first)
                if found is None:
                    return None
                place = int(self._minutes.eq(found).arg_true()[0])
                begin = int(self._ends[place - 1]) if place else 0
                return begin + int(self._between(place, place).eq(number).arg_true()[0])
        return None

    def place_at(self, millis: int) -> int:
        """The place of the first record at a time or beyond it, in the direction of the order.

        Args:
            millis: Epoch milliseconds.
        """
        wanted = millis // MILLISECONDS
        never = int(bool(self._minutes.len()) and self._minutes[-1] == _NEVER)
        timed = self._minutes.head(self._minutes.len() - never)
        place = int(timed.search_sorted(wanted, "left", descending=self._descending))
        begin = int(self._ends[place - 1]) if place else 0
        if place == timed.len() or timed[place] != wanted:
            return min(begin, max(0, self.height - 1))
        times = self._merged(wanted, wanted)[TIMESTAMP].dt.epoch("ms")
        before = (times > millis) if self._descending else (times < millis)
        return min(begin + int(before.sum()), self.height - 1)

    def _between(self, first: int, last: int) -> pl.Series:
        """The numbers of all records of some minutes, by their places in the table of minutes."""
        if not self._descending and last > first and self._minutes[last] == _NEVER:
            # Records without a time come last either way, but theirs is the least of the minutes.
            return pl.concat([self._between(first, last - 1), self._between(last, last)])
        ends = self._minutes[first], self._minutes[last]
        newest, oldest = max(ends), min(ends)
        if self._descending:
            pieces = self._pieces(newest, oldest)
            if len(pieces) == 1:
                begin, _, rows = pieces[0]
                return rows + begin
        return self._merged(newest, oldest)[NUMBER]

    def _pieces(self, newest: int, oldest: int) -> list[tuple[int, Part, pl.Series]]:
        """What each part has of some minutes: the part, the number of its first row, and its row numbers."""
        found = (
            (begin, run_.part, run_.between(newest, oldest))
            for begin, run_ in self._runs
            if run_.reaches(newest, oldest)
        )
        return [piece for piece in found if piece[2].len()]

    def _merged(self, newest: int, oldest: int) -> pl.DataFrame:
        """The records of some minutes in their order: ``NUMBER`` and ``TIMESTAMP``."""
        pieces = self._pieces(newest, oldest)
        times = [part.times(rows) for _, part, rows in pieces]
        numbers = [rows + begin for begin, _, rows in pieces]
        merged = pl.DataFrame({NUMBER: pl.concat(numbers), TIMESTAMP: pl.concat(times)})
        return merged.sort(TIMESTAMP, descending=self._descending, nulls_last=True, maintain_order=True)
