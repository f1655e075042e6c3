"""The scope: what is looked at. Every pane is a view of a scope and a data set, and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import polars as pl


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

    def predicate(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Which of the records that have these columns are in scope (Boolean, never null).

        Raises:
            QueryError: The filter is not one.
        """
        import polars as pl

        from loaders.schema import GROUP, STREAM, TIMESTAMP

        wanted = []
        if self.group is not None:
            wanted.append(pl.col(GROUP) == self.group)
        if self.stream is not None:
            wanted.append(pl.col(STREAM) == self.stream)
        if self.since is not None:
            wanted.append(pl.col(TIMESTAMP) >= self.since)
        if self.until is not None:
            wanted.append(pl.col(TIMESTAMP) < self.until)
        found = pl.all_horizontal(wanted).fill_null(value=False) if wanted else pl.lit(value=True)
        if self.filter.strip():
            from query.parse import parse_filter
            from query.to_polars import predicate

            found = found & predicate(parse_filter(self.filter), schema)
        return found
