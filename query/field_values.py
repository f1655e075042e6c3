"""The values of one field in a scope: how often there is each, how many, the least and the greatest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from query import tree
from query.answer import answer
from query.natural import sort_keys
from query.parse import parse_query

if TYPE_CHECKING:
    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope

VALUE, RECORDS = "value", "records"


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values of a field.

    Attributes:
        name: The field.
        scope: The records that were looked at.
        counts: ``value`` (as the field has it) and ``records`` (Int64), the most frequent first; the row
            without a value, if any, among them.
        distinct: How many different values there are.
        records: How many records there are.
        missing: How many of them have no value.
        least: The first value in natural order (numbers by size, addresses by number); ``None`` if none.
        greatest: The last one.
    """

    name: str
    scope: Scope
    counts: pl.DataFrame
    distinct: int
    records: int
    missing: int
    least: Any
    greatest: Any


def field_values(dataset: Dataset, scope: Scope, name: str, ticket: Ticket | None = None) -> FieldValues:
    """Count the values of a field.

    Args:
        dataset: Where the records are.
        scope: Which of them.
        name: A column, or a field of messages, with dots.
        ticket: Checked before the work.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants them any more.
    """
    field = tree.to_text(tree.Field(name))
    query = parse_query(f"stats count(*) as {RECORDS} by {field} as {VALUE} | limit any")
    found = answer(dataset, query, scope, ticket).frame
    counts = found.select(VALUE, RECORDS).sort(
        RECORDS, VALUE, descending=[True, False], nulls_last=True, maintain_order=True
    )
    known = counts[VALUE].drop_nulls()
    ends: list[Any] = [None, None]
    if known.len():
        keys = sort_keys(pl.col(VALUE), known.dtype, False)
        ordered = (
            known.to_frame()
            .lazy()
            .sort(
                [key for key, _, _ in keys],
                descending=[down for _, down, _ in keys],
                nulls_last=[last for _, _, last in keys],
            )
            .select(pl.col(VALUE).first().alias("least"), pl.col(VALUE).last().alias("greatest"))
        )
        ends = list(ordered.collect().row(0))
    missing = counts.filter(pl.col(VALUE).is_null())[RECORDS].sum()
    return FieldValues(
        name, scope, counts, known.len(), int(counts[RECORDS].sum()), int(missing), ends[0], ends[1]
    )
