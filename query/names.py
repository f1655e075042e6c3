"""Which column of the loaded logs a field name means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loaders.fields import BY_COLUMN, ENVELOPE, FIELDS, resolve, squeeze

if TYPE_CHECKING:
    from collections.abc import Collection

    from query import tree

# The column of ``loaders.schema`` with this name; that module needs polars, which takes long to import.
MESSAGE = "message"
# What AWS's own queries call columns of Route 53's query logs, by their squeezed names.
_OTHERWISE = {"responsecode": "rcode", "hostzoneid": "hostedzoneid", "querytimestamp": "timestamp"}
# What CloudWatch itself adds to records; only AWS knows the values.
_SYSTEM = frozenset(map(squeeze, ("@ptr", "@ingestionTime", "@aws.account", "@aws.region", "@source.log")))


def column_of(name: str, columns: Collection[str]) -> str | None:
    """The column that a field of the tree means, or None if these logs do not have it.

    The exact name wins; after it, case, ``-``, ``_`` and a leading ``@`` do not count. Columns of our own,
    whose names begin with ``_``, are only found by their exact names.

    Args:
        name: ``tree.Field.name``.
        columns: The columns there are.
    """
    if name in columns:
        return name
    meant = spelling(name)
    meant = _OTHERWISE.get(meant, meant)
    return next((column for column in columns if column[:1] != "_" and spelling(column) == meant), None)


def in_messages(field: tree.Field) -> tuple[str, ...]:
    """What a field may be called in JSON messages: as it was written, or as AWS spells it."""
    known = BY_COLUMN.get(field.name)
    return tuple(
        dict.fromkeys((field.written, known.insights, known.column, known.name) if known else (field.name,))
    )


def is_seen(field: tree.Field, columns: Collection[str]) -> bool:
    """Whether a field is among the columns or among the fields of JSON messages, keys in backticks or not."""
    if column_of(field.name, columns) is not None:
        return True
    plain = {re.sub("`((?:[^`]|``)+)`", lambda found: found[1].replace("``", "`"), name) for name in columns}
    return not plain.isdisjoint(in_messages(field))


def has_messages(columns: Collection[str]) -> bool:
    """Whether any of the logs keeps its messages, whose fields no column names."""
    return MESSAGE in columns


def is_always_there(name: str) -> bool:
    """Whether AWS gives every record this field, whether it has a value here or not."""
    return name.startswith("@") and (is_message(name) or squeeze(name) in _SYSTEM)


def is_known(name: str) -> bool:
    """Whether a field of the tree is in the table of fields or is one that every record has."""
    return name in BY_COLUMN


def spellings(columns: Collection[str] = ()) -> tuple[str, ...]:
    """Every name that a field can be suggested by: as Insights spells it, or as the column is called."""
    known = tuple(field.insights for field in FIELDS + ENVELOPE)
    return known + tuple(column for column in columns if resolve(column) is None)


def is_message(name: str) -> bool:
    """Whether a field is the record as it was logged."""
    return spelling(name) == MESSAGE


def spelling(name: str) -> str:
    """What all spellings of a field's name have in common."""
    known = resolve(name)
    return known.column if known else squeeze(name)
