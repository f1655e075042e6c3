"""The parts of a data set: records of one kind that share their columns, in memory or elsewhere.

Where addresses are kept as numbers (``loaders.addresses``), a plan has those; ``lazy`` has them as text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import polars as pl

from loaders import run
from loaders.discovered import discover
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, MESSAGE, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from loaders.addresses import Address

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
_NUMBER = "_number"
MINUTE = "minute"
"""Int64: minutes since 1970; null where a record has no time."""
MILLISECONDS = 60_000
"""Of a minute."""


class Part(ABC):
    """Records of one kind that share their columns.

    Attributes:
        kind: Their kind's name.
        summary: A row for each log stream, columns as ``SUMMARY_COLUMNS``, of all rows.
        without: Files whose rows are there but do not count: they changed or vanished.
    """

    kind: str
    summary: pl.DataFrame
    without: frozenset[int] = frozenset()

    @property
    @abstractmethod
    def schema(self) -> pl.Schema:
        """The columns as they were read: those of the file in its order, the envelope, FILE and LINE."""

    @property
    def addresses(self) -> Mapping[str, Address]:
        """The columns of addresses that ``plan`` has as numbers."""
        return {}

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many rows there are."""

    @property
    @abstractmethod
    def height(self) -> int:
        """How many rows count."""

    @property
    @abstractmethod
    def family(self) -> Hashable:
        """Parts of one family can be looked at in one plan."""

    @property
    @abstractmethod
    def fields(self) -> tuple[str, ...]:
        """The fields that a sample of the messages has, with dots."""

    @property
    def minutes(self) -> pl.DataFrame | None:
        """How many rows each minute has: ``MINUTE`` and ``records`` (Int64), newest first, null last.

        ``None`` where the rows are not in this order.
        """
        return None

    @property
    def rollup(self) -> pl.DataFrame | None:
        """Counts by minute, stream and outcome (``store.rollups``), where they are kept and exact."""
        return None

    @cached_property
    def span(self) -> tuple[datetime, datetime] | None:
        """The earliest and the latest time; ``None`` where no row has one."""
        first, last = self.summary.select(pl.col("first").min(), pl.col("last").max()).row(0)
        return None if first is None else (first, last)

    @abstractmethod
    def plan(self) -> pl.LazyFrame:
        """All rows in their order, with addresses as numbers where they are kept so."""

    @abstractmethod
    def numbered(self, name: str) -> pl.LazyFrame:
        """As ``plan``, with the number of each row (UInt32)."""

    @abstractmethod
    def times(self, numbers: pl.Series) -> pl.Series:
        """The times of rows, by their numbers in ascending order."""

    @abstractmethod
    def plan_of(self, family: Sequence[Self]) -> pl.LazyFrame:
        """The rows of parts of this family, in their order."""

    @abstractmethod
    def forgetting(self, files: Iterable[int]) -> Part | None:
        """The same without the rows of some files; ``None`` if nothing is left."""

    @abstractmethod
    def take(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch rows by their numbers (UInt32), in that order, with the columns of ``schema``."""

    @property
    def counting(self) -> pl.Expr | None:
        """Which rows of ``plan`` count, if not all do."""
        return ~pl.col(FILE).is_in(sorted(self.without)) if self.without else None

    def counted_plan(self) -> pl.LazyFrame:
        """As ``plan``, only the rows that count."""
        return self.plan() if self.counting is None else self.plan().filter(self.counting)

    def lazy(self) -> pl.LazyFrame:
        """The rows that count, with the columns of ``schema``."""
        return as_logged(self.counted_plan(), self.schema, self.addresses)

    def find(self, file: int, line: int) -> int | None:
        """The number of the row that came from a line, or ``None``."""
        if file in self.without:
            return None
        here = (pl.col(FILE) == file) & (pl.col(LINE) == line)
        found = run.collect(self.numbered(_NUMBER).filter(here).select(_NUMBER))
        return int(found.item(0, 0)) if found.height else None

    def counted(self, predicate: pl.Expr) -> pl.DataFrame:
        """Count the rows that a predicate holds for, as ``summary`` counts all."""
        return run.collect(summarise(self.plan().filter(predicate), self.kind))


@dataclass(frozen=True, eq=False)
class MemoryPart(Part):
    """Records in memory.

    Attributes:
        frame: The columns of ``schema``.
    """

    kind: str
    frame: pl.DataFrame
    summary: pl.DataFrame

    @classmethod
    def of(cls, kind: str, frame: pl.DataFrame) -> MemoryPart:
        """Make a part and count what is in it."""
        return cls(kind, frame, run.collect(summarise(frame.lazy(), kind)))

    @cached_property
    def schema(self) -> pl.Schema:
        """The columns of the frame."""
        return self.frame.schema

    @property
    def rows(self) -> int:
        """How many rows the frame has."""
        return self.frame.height

    @property
    def height(self) -> int:
        """All rows count: those that no longer do are dropped."""
        return self.frame.height

    @property
    def family(self) -> Hashable:
        """Each part is looked at in a plan of its own."""
        return id(self)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that a sample of the messages has; looked for when first asked."""
        return fields_of(self.frame)

    def plan(self) -> pl.LazyFrame:
        """All rows."""
        return self.frame.lazy()

    def numbered(self, name: str) -> pl.LazyFrame:
        """All rows with their numbers."""
        return self.plan().with_row_index(name)

    def times(self, numbers: pl.Series) -> pl.Series:
        """The times of rows."""
        return self.frame[TIMESTAMP].gather(numbers)

    def plan_of(self, family: Sequence[Self]) -> pl.LazyFrame:
        """The rows of several parts."""
        return pl.concat([part.plan() for part in family])

    def forgetting(self, files: Iterable[int]) -> MemoryPart | None:
        """The same without the rows of some files."""
        frame = self.frame.filter(~pl.col(FILE).is_in(sorted(files)))
        if frame.height == self.frame.height:
            return self
        return MemoryPart.of(self.kind, frame) if frame.height else None

    def take(self, numbers: pl.Series) -> pl.DataFrame:
        """Fetch rows by their numbers."""
        return self.frame[numbers]


@dataclass(frozen=True, slots=True)
class Together:
    """Parts that are looked at in one plan.

    Attributes:
        kind: The kind of their records.
        schema: Their columns as they were read.
        addresses: Those of them that the plan has as numbers.
        plan: Their rows that count.
    """

    kind: str
    schema: pl.Schema
    addresses: Mapping[str, Address]
    plan: pl.LazyFrame


@dataclass(frozen=True, slots=True)
class Layout:
    """How parts that are looked at in one plan are laid out there.

    Attributes:
        kind: The kind of their records.
        schema: Their columns as they were read.
        addresses: Those of them that plans have as numbers.
        families: The parts, those of one family in which the same files count together.
    """

    kind: str
    schema: pl.Schema
    addresses: Mapping[str, Address]
    families: Sequence[Sequence[Part]]

    def together(self, only: Collection[Part] | None = None) -> Together:
        """One plan of all the parts.

        Args:
            only: The parts whose rows it has; all if not given.
        """
        plans = [
            self._plan(some)
            for family in self.families
            if (some := family if only is None else [part for part in family if part in only])
        ]
        if not plans:
            plans = [pl.LazyFrame(schema=_dtypes(self.schema, self.addresses))]
        plan = pl.concat(plans) if len(plans) > 1 else plans[0]
        return Together(self.kind, self.schema, self.addresses, plan)

    def _plan(self, family: Sequence[Part]) -> pl.LazyFrame:
        part = family[0]
        plan = part.plan_of(family)
        if part.counting is not None:
            plan = plan.filter(part.counting)
        lacking = {
            column: dtype
            for name, address in self.addresses.items()
            for column, dtype in address.columns.items()
            if column not in part.addresses[name].columns
        }
        plan = plan.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in lacking.items())
        return plan.select(*_names(self.schema, self.addresses)) if len(self.families) > 1 else plan


def together(parts: Iterable[Part]) -> Iterator[Together]:
    """Bring parts into as few plans as there can be, those of the first ones first."""
    for layout in layouts(parts):
        yield layout.together()


def layouts(parts: Iterable[Part]) -> Iterator[Layout]:
    """How ``together`` lays parts out: as few layouts as there can be."""
    alike: dict[Hashable, list[Part]] = {}
    for part in parts:
        alike.setdefault((part.family, part.without), []).append(part)
    # Of records with the same columns, some files can have IPv6 addresses and others none.
    same: dict[Hashable, list[list[Part]]] = {}
    for family in alike.values():
        first = family[0]
        key = (first.kind, tuple(first.schema.items()), bool(first.addresses))
        same.setdefault(key, []).append(family)
    for families in same.values():
        first = families[0][0]
        addresses = dict(first.addresses)
        for family in families[1:]:
            for name, address in family[0].addresses.items():
                addresses[name] = addresses[name].union(address)
        yield Layout(first.kind, first.schema, addresses, families)


def _dtypes(schema: pl.Schema, addresses: Mapping[str, Address]) -> dict[str, pl.DataType]:
    own = {name: dtype for name, dtype in schema.items() if name not in addresses}
    return own | {name: dtype for one in addresses.values() for name, dtype in one.columns.items()}


def _names(schema: pl.Schema, addresses: Mapping[str, Address]) -> Iterator[str]:
    for name in schema:
        yield from addresses[name].columns if name in addresses else (name,)


def as_logged(plan: pl.LazyFrame, schema: pl.Schema, addresses: Mapping[str, Address]) -> pl.LazyFrame:
    """A plan with addresses as text, and the columns of a schema."""
    return plan.select(
        addresses[name].text.alias(name) if name in addresses else pl.col(name) for name in schema
    )


def span_of(parts: Iterable[Part]) -> tuple[datetime, datetime] | None:
    """The earliest and the latest time in some parts; ``None`` where no record has one."""
    spans = [part.span for part in parts if part.span is not None]
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None


def minute() -> pl.Expr:
    """The minute of a record, as ``MINUTE`` counts it."""
    return pl.col(TIMESTAMP).dt.epoch("ms") // MILLISECONDS


def fields_of(frame: pl.DataFrame) -> tuple[str, ...]:
    """The fields that a sample of the messages in a frame has, with dots."""
    return discover(frame[MESSAGE]) if MESSAGE in frame.columns else ()


def summarise(plan: pl.LazyFrame, kind: str, *, rolled: bool = False) -> pl.LazyFrame:
    """Count by group and stream; what a kind of record does not say counts as never set.

    Args:
        plan: Records, or counts of records (``store.rollups``).
        kind: Their kind.
        rolled: Whether they are counts.
    """
    have = plan.collect_schema().names() if kind == FLOW_LOG else []
    first, last = ("first", "last") if rolled else (TIMESTAMP, TIMESTAMP)

    def count(column: str, value: str) -> pl.Expr:
        if column not in have:
            return pl.lit(0, pl.Int64())
        hit = pl.col(column) == value
        return (pl.col("records").filter(hit).sum() if rolled else hit.sum()).cast(pl.Int64)

    return (
        plan.group_by(GROUP, STREAM)
        .agg(
            (pl.col("records").sum() if rolled else pl.len()).cast(pl.Int64).alias("records"),
            count("action", "ACCEPT").alias("accepted"),
            count("action", "REJECT").alias("rejected"),
            count("log_status", "NODATA").alias("nodata"),
            count("log_status", "SKIPDATA").alias("skipdata"),
            (pl.col("bytes").sum() if "bytes" in have else pl.lit(0)).cast(pl.Int64).alias("bytes"),
            pl.col(first).min().alias("first"),
            pl.col(last).max().alias("last"),
        )
        .with_columns(pl.col(GROUP, STREAM).cast(pl.String()), pl.lit(kind).alias(FORMAT))
        .select(SUMMARY_COLUMNS)
    )
