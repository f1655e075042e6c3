"""What the names of a query mean at one of its commands, as polars expressions.

Only the polars back end imports this.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from loaders.fields import ADDRESSES
from loaders.schema import MESSAGE, TIMESTAMP, logged_line
from query import json_fields, local, names, values
from query.functions import Context
from query.values import Type, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loaders.addresses import Address
    from query import tree
    from query.periods import Period

# What a name with a dot can lead into.
_HOLDERS = frozenset({Type.JSON, Type.ITEM})
_NO_TIME = pl.lit(None, dtype=pl.Datetime("ms", "UTC"))


@dataclass(frozen=True, slots=True)
class Environment:
    """The names that an expression can use.

    Attributes:
        schema: The columns of the records as they were read. After ``stats`` there are none: only what it
            made is left.
        addresses: Those of the columns that hold addresses as numbers, and how.
        computed: What commands have named so far, by the name as it was written.
        carried: Fields of records of several shapes, each brought to one type, by ``carried_key``.
        known: After ``stats``, the values of its expressions, which can be written again: ``sort bin(5m)``.
        now: When the query is asked.
        since: Where the queried time begins; None if it is open.
        until: Where it ends; None if it is open.
    """

    schema: Mapping[str, pl.DataType]
    addresses: Mapping[str, Address] = field(default_factory=dict)
    computed: Mapping[str, Value] = field(default_factory=dict)
    carried: Mapping[str, Value] | None = None
    known: Mapping[tree.Expr, Value] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    since: datetime | None = None
    until: datetime | None = None

    def context(self, period: Period | None = None) -> Context:
        """What functions know beside their arguments; the period is that of the ``bin()`` grouped by."""
        time = pl.col(TIMESTAMP) if TIMESTAMP in self.schema else _NO_TIME
        return Context(time, self.now, period, self.since, self.until)

    def with_computed(self, found: Mapping[str, Value]) -> Environment:
        """The same with more names."""
        return replace(self, computed={**self.computed, **found})

    def look_up(self, node: tree.Field) -> Value:
        """The value of a field: what the query named so, else a column, else what messages hold."""
        if node.written in self.computed:
            return self.computed[node.written]
        inside = self.inside_json(node.written)
        if inside is not None:
            return inside
        if self.carried is not None:
            return self.carried.get(carried_key(node), values.NULL)
        if self.schema:
            return self._of_record(node)
        spelling = names.spelling(node.written)
        found = (value for name, value in self.computed.items() if names.spelling(name) == spelling)
        return next(found, values.NULL)

    def inside_json(self, name: str) -> Value | None:
        """The value at a path inside a field that ``jsonParse`` or ``unnest`` made."""
        steps = name.split(".")
        for end in range(len(steps) - 1, 0, -1):
            holder = self.computed.get(".".join(steps[:end]))
            if holder is not None and holder.type in _HOLDERS:
                found = json_fields.lookup((".".join(steps[end:]),), holder.expr)
                return values.NULL if found is None else Value(found, Type.ITEM)
        return None

    def _of_record(self, node: tree.Field) -> Value:
        column = names.column_of(node.name, self.schema)
        if column == MESSAGE and not node.written.startswith("@"):
            # Messages may have a key of that name themselves.
            own = json_fields.lookup((node.written,), pl.col(MESSAGE))
            return Value(pl.col(MESSAGE) if own is None else pl.coalesce(own, pl.col(MESSAGE)), Type.TEXT)
        if column is not None and column in self.addresses:
            return values.address(self.addresses[column])
        if column is not None:
            return values.column(column, self.schema[column], is_address=node.name in ADDRESSES)
        if names.is_message(node.name):
            line = logged_line(self.schema, self.addresses)
            return values.NULL if line is None else Value(line, Type.TEXT)
        if self.schema.get(MESSAGE) != pl.String():
            ours = local.find(node.name)
            return values.NULL if ours is None else ours.build(self.look_up)
        found = json_fields.lookup(names.in_messages(node), pl.col(MESSAGE))
        return values.NULL if found is None else Value(found, Type.TEXT, node.name in ADDRESSES)


def carried_key(node: tree.Field) -> str:
    """What a field is called among those that are carried: messages may know it by its very spelling."""
    return f"{node.name}\n{node.written}"
