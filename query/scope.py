"""The scope: what is looked at. Every pane is a view of a scope and a data set, and of nothing else."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import polars as pl

    from loaders.addresses import Address


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at, and in which order.

    Attributes:
        group: Only this log group, or ``None`` for all.
        stream: Only this log stream, or ``None`` for all.
        since: Only records at or after this time, or ``None``.
        until: Only records before this time, or ``None``.
        filter: A ``filter`` expression as it was typed; empty for none.
        sort: The column to sort by. Newest first is the order that Logs Insights gives unsorted results.
        descending: Whether the largest comes first.
    """

    group: str | None = None
    stream: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    filter: str = ""
    sort: str = "timestamp"
    descending: bool = True

    @property
    def up(self) -> Scope:
        """The scope one level up: from a stream to its group, from a group to everything."""
        return replace(self, stream=None) if self.stream else replace(self, group=None)

    @property
    def everywhere(self) -> Scope:
        """The same times, whatever the group, the stream and the filter."""
        return replace(self, group=None, stream=None, filter="")

    @property
    def unordered(self) -> Scope:
        """The same records in the order that goes without saying: equal where the records are the same."""
        return replace(self, sort="timestamp", descending=True)

    def also(self, term: str) -> Scope:
        """The same with one more condition, a ``filter`` expression."""
        text = self.filter.strip()
        return replace(self, filter=f"({text}) and {term}" if text else term)

    def predicate(
        self, schema: Mapping[str, pl.DataType], addresses: Mapping[str, Address] | None = None
    ) -> pl.Expr:
        """Which of the records that have these columns are in scope (Boolean, never null).

        Args:
            schema: The columns.
            addresses: Those of them that hold addresses as numbers, and how.

        Raises:
            QueryError: The filter is not one.
        """
        import polars as pl

        from loaders.schema import GROUP, STREAM, TIMESTAMP

        wanted = [
            # In this form polars can tell from the statistics of a row group that it holds none.
            pl.col(name).is_not_null() & compare(pl.col(name), bound)
            for name, compare, bound in (
                (GROUP, operator.eq, self.group),
                (STREAM, operator.eq, self.stream),
                (TIMESTAMP, operator.ge, self.since),
                (TIMESTAMP, operator.lt, self.until),
            )
            if bound is not None
        ]
        if self.filter.strip():
            from query.environment import Environment
            from query.parse import parse_filter
            from query.to_polars import predicate

            wanted.append(predicate(parse_filter(self.filter), Environment(schema, addresses or {})))
        return reduce(operator.and_, wanted) if wanted else pl.lit(value=True)
