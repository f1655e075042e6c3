"""Which column of the loaded logs a field name means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loaders.fields import BY_COLUMN, ENVELOPE, FIELDS, resolve, squeeze

if TYPE_CHECKING:
    from collections.abc import Collection

# Text columns that hold addresses: the same address can be written in several ways.
ADDRESSES = frozenset({"srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"})


def column_of(name: str, columns: Collection[str]) -> str | None:
    """The column that a field of the tree means, or None if these logs do not have it.

    The exact name wins; after it, case, ``-``, ``_`` and a leading ``@`` do not count.

    Args:
        name: ``tree.Field.name``.
        columns: The columns there are.
    """
    if name in columns:
        return name
    return next((column for column in columns if _spelling(column) == _spelling(name)), None)


def is_known(name: str) -> bool:
    """Whether a field of the tree is in the table of fields or is one that every record has."""
    return name in BY_COLUMN


def spellings(columns: Collection[str] = ()) -> tuple[str, ...]:
    """Every name that a field can be suggested by: as Insights spells it, or as the column is called."""
    known = tuple(field.insights for field in FIELDS + ENVELOPE)
    return known + tuple(column for column in columns if resolve(column) is None)


def _spelling(name: str) -> str:
    known = resolve(name)
    return known.column if known else squeeze(name)
