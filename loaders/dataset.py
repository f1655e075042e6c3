"""The data set: what has been read so far, as an immutable value that panes and queries look at.

A data set is a sequence of parts (``loaders.parts``). A part holds records that share their columns.
A new delivery makes a new data set that shares every old part, so that a reader never sees one change.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.formats import by_name
from loaders.kinds import no_problems
from loaders.parts import FORMAT, SUMMARY_COLUMNS, Part, summarise
from loaders.schema import FILE, GROUP, LINE, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from loaders.discover import SourceFile
    from loaders.run import Ticket


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        source: The file.
        format: Its format's name, or ``None`` when it holds no records for us.
        state: ``complete``, ``incomplete`` (read again when it changes), ``skipped`` or ``unreadable``.
        reason: Why it is not complete, or ``None``.
        records: How many records it holds.
        problems: ``line`` (UInt32) and ``what`` (String) of each line that is no record.
        repeated: How many events were left out because another file, or this one, had delivered them before.
    """

    source: SourceFile
    format: str | None
    state: str
    reason: str | None = None
    records: int = 0
    problems: pl.DataFrame = field(default_factory=no_problems)
    repeated: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.state in {"complete", "skipped"} and not self.problems.height


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading has come.

    Attributes:
        files: Files done.
        files_total: Files in all.
        bytes: Bytes on disk done.
        bytes_total: Bytes on disk in all.
        records: Records read.
        began: When it began, by ``time.monotonic``.
    """

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    records: int = 0
    began: float = field(default_factory=time.monotonic)

    def after(self, files: Collection[SourceFile], records: int) -> Progress:
        """The same after some more files with so many records."""
        return replace(
            self,
            files=self.files + len(files),
            bytes=self.bytes + sum(file.size for file in files),
            records=self.records + records,
        )

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / max(self.seconds, 0.001)

    @property
    def left(self) -> float | None:
        """Seconds that it may still take; ``None`` before anything is done."""
        return self.seconds * (self.bytes_total - self.bytes) / self.bytes if self.bytes else None

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.bytes / self.bytes_total if self.bytes_total else 1.0


@dataclass(frozen=True, slots=True)
class Kept:
    """The store of a data set.

    Attributes:
        folder: Where it lies; ``None`` if there is none.
        size: The bytes of its segments.
        trouble: Why it is not used, or not written to any more; ``None`` if all is well.
    """

    folder: Path | None = None
    size: int = 0
    trouble: str | None = None


@dataclass(frozen=True)
class Dataset:
    """Everything that has been read so far.

    Attributes:
        parts: The records.
        files: Every file that was found, by its number in ``FILE``.
        progress: How far the reading has come, or ``None`` when all is read.
        kept: The store that records are kept in.
    """

    parts: tuple[Part, ...] = ()
    files: Mapping[int, FileReport] = field(default_factory=dict)
    progress: Progress | None = None
    kept: Kept = Kept()

    @cached_property
    def height(self) -> int:
        """How many records there are."""
        return sum(part.height for part in self.parts)

    @cached_property
    def offsets(self) -> list[int]:
        """The number of the first row of each part, and how many rows there are at the end."""
        return [0, *accumulate(part.rows for part in self.parts)]

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that any record has."""
        return frozenset(name for part in self.parts for name in part.schema)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The columns, and the fields found in JSON messages, with dots."""
        return tuple(dict.fromkeys([*self.columns, *(name for part in self.parts for name in part.fields)]))

    @cached_property
    def problem_count(self) -> int:
        """How many lines are no record, and files not whole or not readable."""
        return sum(
            report.problems.height + (report.state in {"incomplete", "unreadable"})
            for report in self.files.values()
        )

    def lazy(self) -> pl.LazyFrame:
        """All records in one plan: every column that any part has, null where a part has it not."""
        frames = [part.lazy() for part in self.parts]
        return pl.concat(frames, how="diagonal_relaxed") if frames else pl.LazyFrame(schema=_EMPTY)

    def rows(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch records by their numbers, in that order.

        Args:
            numbers: UInt32 numbers, as ``offsets`` counts them. A window of a screen, not a whole data set.

        Returns:
            Every column that any of these records has.
        """
        pieces = [
            part.take(rows).with_columns(places.alias("_place"), pl.lit(part.kind).alias(FORMAT))
            for part, rows, places in self.sorted_out(numbers)
        ]
        if not pieces:
            return pl.DataFrame()
        return pl.concat(pieces, how="diagonal_relaxed").sort("_place").drop("_place")

    def sorted_out(self, numbers: pl.Series) -> Iterator[tuple[Part, pl.Series, pl.Series]]:
        """Say of records, by their numbers, which part each is in.

        Yields:
            Each part that has some, their row numbers in it, and their places among those asked for (UInt32).
        """
        offsets = self.offsets
        numbers = numbers.filter(numbers < offsets[-1])
        which = pl.Series(offsets, dtype=pl.UInt32()).search_sorted(numbers, side="right")
        asked = pl.DataFrame(
            {
                "number": numbers,
                "place": pl.int_range(numbers.len(), dtype=pl.UInt32(), eager=True),
                "which": which,
            }
        )
        for (index,), mine in asked.group_by("which", maintain_order=True):
            place = int(str(index)) - 1
            yield self.parts[place], mine["number"] - offsets[place], mine["place"]

    def number_of(
        self, file: int, line: int, find: Callable[[Part, int, int], int | None] | None = None
    ) -> int | None:
        """Find the number of the record that came from a line, or ``None``.

        Args:
            file: The file's number.
            line: The line's number.
            find: Does what ``Part.find`` does, in place of it.
        """
        for part, first in zip(self.parts, self.offsets, strict=False):
            here = find(part, file, line) if find else part.find(file, line)
            if here is not None:
                return first + here
        return None

    def raw(self, file: int, line: int) -> str | None:
        """Fetch a record as it stands in its file; ``None`` when the file has changed or gone."""
        report = self.files.get(file)
        if report is None or report.format is None or not report.source.unchanged:
            return None
        try:
            return by_name(report.format).raw(report.source.path, line)
        except (OSError, pl.exceptions.PolarsError):
            return None

    def summary(
        self,
        counted: Callable[[Part], pl.DataFrame | None] | None = None,
        ticket: Ticket | None = None,
    ) -> pl.DataFrame:
        """Count records by log group and stream.

        Args:
            counted: What counts of a part, as ``Part.summary`` has it; ``None`` for nothing. Without it all
                records do.
            ticket: Checked between the parts.

        Returns:
            ``SUMMARY_COLUMNS``, sorted by group and stream. ``log_group``, ``log_stream`` and ``format`` are
            String, the counts and ``bytes`` Int64, ``first`` and ``last`` Datetime.
        """
        pieces = [run.collect(summarise(pl.LazyFrame(schema=_EMPTY), ""))]
        for part in self.parts:
            if ticket:
                ticket.check()
            found = (counted or _counting)(part)
            if found is not None:
                pieces.append(found)
        plan = (
            pl.concat(pieces)
            .lazy()
            .group_by(SUMMARY_COLUMNS[:3])
            .agg(
                pl.col("records", "accepted", "rejected", "nodata", "skipdata", "bytes").sum(),
                pl.col("first").min(),
                pl.col("last").max(),
            )
            .sort(SUMMARY_COLUMNS[:3])
        )
        return run.collect(plan)


_EMPTY: dict[str, pl.DataType] = {
    LINE: pl.UInt32(),
    FILE: pl.UInt32(),
    GROUP: pl.Categorical(),
    STREAM: pl.Categorical(),
    TIMESTAMP: pl.Datetime("ms", "UTC"),
}


def _counting(part: Part) -> pl.DataFrame:
    """Count all records of a part that count."""
    return part.summary if part.counting is None else part.counted(part.counting)
