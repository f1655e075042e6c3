"""The fields that JSON messages turn out to have, by the names that a filter calls them.

A name is the way to a value: ``answers.0.Rdata`` is the ``Rdata`` of the first of ``answers``. A key that is
more than letters, digits, ``_`` and ``@`` stands in backticks, as Logs Insights writes it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

MOST_FIELDS = 1000
"""So many names are enough to choose from."""

# The first messages show what a log begins with, those spread over it what comes later.
_FIRST, _SPREAD = 100, 400
# Logs Insights discovers so many fields of an event.
_MOST_OF_ONE = 200
_DEEPEST = 20
_LONGEST_MESSAGE = 256 * 1024
_PLAIN = re.compile(r"[A-Za-z0-9_@]+")


def discover(messages: pl.Series, limit: int = MOST_FIELDS) -> tuple[str, ...]:
    """Look into a sample of messages for the fields that they have.

    Args:
        messages: String: JSON objects, among them whatever else.
        limit: How many names there are at most.

    Returns:
        The names of all that is no object or list itself: keys of the outermost object first, then deeper
        ones, each level in the order in which they were met.
    """
    found: dict[str, int] = {}
    for message in _sample(messages):
        for (name, depth), _ in zip(_leaves(_object(message)), range(_MOST_OF_ONE), strict=False):
            found.setdefault(name, depth)
    return tuple(sorted(found, key=found.__getitem__)[:limit])


def _sample(messages: pl.Series) -> list[str]:
    first, rest = messages.head(_FIRST), messages.slice(_FIRST)
    spread = rest.gather_every(max(1, rest.len() // _SPREAD)).head(_SPREAD)
    return [message for some in (first, spread) for message in some.drop_nulls().to_list()]


def _object(message: str) -> object:
    if len(message) > _LONGEST_MESSAGE or not message.lstrip().startswith("{"):
        return {}
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return {}


def _leaves(value: object) -> Iterator[tuple[str, int]]:
    """The names of the values within a value, and how deep they lie, in the order of the text."""
    waiting: list[tuple[str, int, object]] = [("", 0, value)]
    while waiting:
        name, depth, value = waiting.pop()
        if isinstance(value, dict):
            inside = [(_quoted(key, first=not name), item) for key, item in value.items()]
        elif isinstance(value, list):
            inside = [(str(index), item) for index, item in enumerate(value[:_MOST_OF_ONE])]
        else:
            inside = []
        if name and not (inside and depth < _DEEPEST):
            yield name, depth
        elif inside:
            prefix = f"{name}." if name else ""
            waiting += [(prefix + key, depth + 1, item) for key, item in reversed(inside)]


def _quoted(key: str, *, first: bool) -> str:
    if _PLAIN.fullmatch(key) and not (first and key[0].isdigit()):
        return key
    # Half a surrogate pair is no text that could be shown or typed.
    readable = key.encode("utf-8", "backslashreplace").decode()
    return f"`{readable.replace('`', '``')}`"
