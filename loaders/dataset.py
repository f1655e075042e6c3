"""The data set: what has been read so far, as an immutable value that panes and queries look at.

A data set is a sequence of parts. A part holds records that share their columns; it is a frame in memory.
A new delivery makes a new data set that shares every old part, so that a reader never sees one change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.discovered import discover
from loaders.formats import by_name
from loaders.kinds import no_problems
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, MESSAGE, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loaders.discover import SourceFile
    from loaders.run import Ticket

FORMAT = "format"
SUMMARY_COLUMNS = (
    GROUP,
    STREAM,
    FORMAT,
    "records",
    "accepted",
    "rejected",
    "nodata",
    "skipdata",
    "bytes",
    "first",
    "last",
)


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
class Part:
    """Records that share their columns.

    Attributes:
        kind: Their kind's name.
        frame: Their columns in file order, the envelope, ``FILE`` and ``LINE``.
        summary: A row for each log stream, columns as ``SUMMARY_COLUMNS``.
    """

    kind: str
    frame: pl.DataFrame
    summary: pl.DataFrame
    _found: list[tuple[str, ...]] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, kind: str, frame: pl.DataFrame) -> Part:
        """Make a part and count what is in it."""
        return cls(kind, frame, run.collect(_summarise(frame.lazy(), kind)))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that a sample of the messages has, with dots; looked for when first asked."""
        if MESSAGE not in self.frame.columns:
            return ()
        if not self._found:
            self._found.append(discover(self.frame[MESSAGE]))
        return self._found[0]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading has come: files and bytes on disk, done and in all."""

    files: int
    files_total: int
    bytes: int
    bytes_total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.bytes / self.bytes_total if self.bytes_total else 1.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything that has been read so far.

    Attributes:
        parts: The records.
        files: Every file that was found, by its number in ``FILE``.
        progress: How far the reading has come, or ``None`` when all is read.
    """

    parts: tuple[Part, ...] = ()
    files: Mapping[int, FileReport] = field(default_factory=dict)
    progress: Progress | None = None

    @property
    def height(self) -> int:
        """How many records there are."""
        return sum(part.frame.height for part in self.parts)

    @property
    def offsets(self) -> list[int]:
        """The number of the first record of each part, and the height at the end."""
        return [0, *accumulate(part.frame.height for part in self.parts)]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that any record has."""
        return frozenset(name for part in self.parts for name in part.frame.columns)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns, and the fields found in JSON messages, with dots."""
        return tuple(dict.fromkeys([*self.columns, *(name for part in self.parts for name in part.fields)]))

    @property
    def problem_count(self) -> int:
        """How many lines are no record, and files not whole or not readable."""
        return sum(
            report.problems.height + (report.state in {"incomplete", "unreadable"})
            for report in self.files.values()
        )

    def lazy(self) -> pl.LazyFrame:
        """All records in one plan: every column that any part has, null where a part has it not."""
        frames = [part.frame.lazy() for part in self.parts]
        return pl.concat(frames, how="diagonal_relaxed") if frames else pl.LazyFrame(schema=_EMPTY)

    def rows(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch records by their numbers, in that order.

        Args:
            numbers: UInt32 numbers, as ``offsets`` counts them. A window of a screen, not a whole data set.

        Returns:
            Every column that any of these records has.
        """
        asked = pl.DataFrame({"number": numbers, "place": range(numbers.len())})
        pieces = []
        for part, first in zip(self.parts, self.offsets, strict=False):
            mine = asked.filter(pl.col("number").is_between(first, first + part.frame.height - 1))
            if mine.height:
                piece = part.frame[(mine["number"] - first)]
                pieces.append(
                    piece.with_columns(mine["place"].alias("_place"), pl.lit(part.kind).alias(FORMAT))
                )
        if not pieces:
            return pl.DataFrame()
        return pl.concat(pieces, how="diagonal_relaxed").sort("_place").drop("_place")

    def number_of(self, file: int, line: int) -> int | None:
        """Find the number of the record that came from a line, or ``None``."""
        for part, first in zip(self.parts, self.offsets, strict=False):
            here = part.frame.select(
                pl.arg_where((pl.col(FILE) == file) & (pl.col(LINE) == line))
            ).to_series()
            if here.len():
                return first + int(here[0])
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
        self, predicate: Mapping[int, pl.Expr] | None = None, ticket: Ticket | None = None
    ) -> pl.DataFrame:
        """Count records by log group and stream.

        Args:
            predicate: For each part by its index, which records count; without it all do.
            ticket: Checked between the parts.

        Returns:
            ``SUMMARY_COLUMNS``, sorted by group and stream. ``log_group``, ``log_stream`` and ``format`` are
            String, the counts and ``bytes`` Int64, ``first`` and ``last`` Datetime.
        """
        pieces = []
        for index, part in enumerate(self.parts):
            if ticket:
                ticket.check()
            if predicate is None:
                pieces.append(part.summary)
            else:
                pieces.append(run.collect(_summarise(part.frame.lazy().filter(predicate[index]), part.kind)))
        if not pieces:
            pieces = [run.collect(_summarise(pl.LazyFrame(schema=_EMPTY), ""))]
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


def _summarise(plan: pl.LazyFrame, kind: str) -> pl.LazyFrame:
    """Count by group and stream; what a kind of record does not say counts as never set."""
    have = plan.collect_schema().names() if kind == FLOW_LOG else []

    def count(column: str, value: str) -> pl.Expr:
        return (pl.col(column) == value).sum() if column in have else pl.lit(0)

    return (
        plan.group_by(GROUP, STREAM)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            count("action", "ACCEPT").cast(pl.Int64).alias("accepted"),
            count("action", "REJECT").cast(pl.Int64).alias("rejected"),
            count("log_status", "NODATA").cast(pl.Int64).alias("nodata"),
            count("log_status", "SKIPDATA").cast(pl.Int64).alias("skipdata"),
            (pl.col("bytes").sum() if "bytes" in have else pl.lit(0)).cast(pl.Int64).alias("bytes"),
            pl.col(TIMESTAMP).min().alias("first"),
            pl.col(TIMESTAMP).max().alias("last"),
        )
        .with_columns(pl.col(GROUP, STREAM).cast(pl.String()), pl.lit(kind).alias(FORMAT))
        .select(SUMMARY_COLUMNS)
    )
