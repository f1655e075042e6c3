"""How rows are laid out in a segment: what can be worked out from other columns is not written.

Rows stand newest first. Addresses are numbers (``loaders.addresses``). As far as it holds for all rows of a
segment, ``start`` is the record's time in seconds, ``end`` how much later it ended, and the log stream is the
interface. Lines are split into their last byte and what is before it, since each of the two repeats itself.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loaders import addresses
from loaders.fields import ADDRESSES, STREAM_COLUMNS
from loaders.schema import LINE, STREAM, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loaders.addresses import Address

_HIGH, _LOW = f"{LINE}.high", f"{LINE}.low"
_START, _END, _LENGTH = "start", "end", "end.length"
_BYTE = 256


@dataclass(frozen=True, eq=False)
class Shape:
    """What the columns of a segment are.

    Attributes:
        kind: The kind of the records.
        schema: The columns as they were read.
        columns: The columns of the segment.
    """

    kind: str
    schema: pl.Schema
    columns: tuple[str, ...]

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for shapes that are alike."""
        return self.kind, tuple(self.schema.items()), self.columns

    @cached_property
    def addresses(self) -> Mapping[str, Address]:
        """The columns of addresses."""
        return {
            name: addresses.kept(name, self.columns) for name in self.schema if _is_address(name, self.schema)
        }

    def decoded(self, plan: pl.LazyFrame, *more: str) -> pl.LazyFrame:
        """From the columns of a segment to those as they were read, with addresses as numbers.

        Args:
            plan: The columns of a segment.
            more: Others that it has beside them.
        """
        have = frozenset(self.columns)
        made = {LINE: (pl.col(_HIGH) * _BYTE + pl.col(_LOW)).alias(LINE)}
        if _START in self.schema and _START not in have:
            made[_START] = (pl.col(TIMESTAMP).dt.epoch("ms") // 1000).alias(_START)
        if _LENGTH in have:
            made[_END] = (made.get(_START, pl.col(_START)) + pl.col(_LENGTH)).alias(_END)
        if STREAM not in have:
            source = next(name for name in STREAM_COLUMNS if name in have)
            made[STREAM] = pl.col(source).alias(STREAM)
        return plan.select(*(made.get(name, pl.col(name)) for name in self._names()), *more)

    def _names(self) -> Iterator[str]:
        for name in self.schema:
            yield from self.addresses[name].columns if name in self.addresses else (name,)


def encoded(frame: pl.DataFrame, kind: str) -> tuple[Shape, pl.DataFrame]:
    """The rows of a segment, from records as they were read: newest first, else in the order they have."""
    schema = frame.schema
    columns: dict[str, pl.Series] = {}
    for name in schema:
        if _is_address(name, schema):
            columns |= {kept.name: kept for kept in addresses.numbered(frame[name])}
        else:
            columns[name] = frame[name]
    rows = pl.DataFrame(list(columns.values()))
    out, new = _following(rows)
    line = pl.col(LINE)
    # In memory and not lazily: sorted so, as many rows as a segment has take half the time.
    found = (
        rows.with_columns(new)
        .with_columns((line // _BYTE).alias(_HIGH), (line % _BYTE).cast(pl.UInt8).alias(_LOW))
        .drop(LINE, *out)
        .sort(TIMESTAMP, descending=True, nulls_last=True, maintain_order=True)
    )
    return Shape(kind, schema, tuple(found.columns)), found


def _following(rows: pl.DataFrame) -> tuple[list[str], list[pl.Expr]]:
    """What follows from other columns, and what is kept in its place; ``Shape.decoded`` brings it back."""
    schema = rows.schema
    tests: dict[str, pl.Expr] = {}
    source = next((name for name in STREAM_COLUMNS if schema.get(name) == pl.Categorical), None)
    if source is not None:
        tests[STREAM] = pl.col(source).eq_missing(pl.col(STREAM))
    start, end = pl.col(_START), pl.col(_END)
    length = (end - start).cast(pl.Int32, strict=False)
    if schema.get(_START) == pl.Int64:
        tests[_START] = pl.col(TIMESTAMP).dt.epoch("ms").eq_missing(start * 1000)
        if schema.get(_END) == pl.Int64:
            # Where one of the two is null or they lie too far apart, the end cannot be told from the length.
            tests[_END] = (start + length).eq_missing(end)
    held = rows.select(test.all().alias(name) for name, test in tests.items())
    out = [name for name in tests if held.height and held[name][0]]
    return out, [length.alias(_LENGTH)] if _END in out else []


def _is_address(name: str, schema: pl.Schema) -> bool:
    return name in ADDRESSES and schema[name] == pl.String()


def to_bytes(frame: pl.DataFrame) -> bytes:
    """A small frame, to be kept in the manifest."""
    whole = io.BytesIO()
    frame.write_ipc(whole, compression="zstd")
    return whole.getvalue()


def from_bytes(data: bytes) -> pl.DataFrame:
    """A frame from the manifest."""
    return pl.read_ipc(io.BytesIO(data))
