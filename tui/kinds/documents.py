"""One JSON message taken apart for the screen; it may be anything at all, and must never raise."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from tui.explain import Line
from tui.kinds.base import OURS, cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_MOST_LINES = 200
# Fields beyond these are not even counted: nobody reads on.
_MOST_FIELDS = 20_000


class _Nothing:
    """What stands for a message that is no JSON."""


NOTHING = _Nothing()


@lru_cache(maxsize=8)
def parse(text: str) -> Any:  # noqa: ANN401 - JSON is anything
    """Parse a message; numbers stay the text they are. ``NOTHING`` if it is no JSON or nested too deep."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return NOTHING


def shown(value: object) -> str:
    """A value as text: text as it is, anything else as JSON."""
    if value is None or value is NOTHING:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def whole_number(value: object) -> int | None:
    """A number that may have come as text."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def flatten(value: object, told: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Every field of a document in its order, with a dotted path: ``a.b.0.c``.

    Args:
        value: The document, as ``parse`` gave it.
        told: Paths to leave out, with all that is below them.
    """
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        path, here = waiting.pop()
        below: list[tuple[object, object]] = []
        if isinstance(here, dict):
            below = list(here.items())
        elif isinstance(here, list):
            below = list(enumerate(here))
        if below:
            paths = [(f"{path}.{key}" if path else str(key), inner) for key, inner in reversed(below)]
            waiting += [pair for pair in paths if pair[0] not in told]
        elif isinstance(here, bool):
            yield path, "true" if here else "false"
        else:
            yield path, "null" if here is None else shown(here)


def lines(value: object, told: Collection[str] = ()) -> list[Line]:
    """A document field by field, as ``flatten`` takes it: 200 lines at most, then how many are left out."""
    fields = flatten(value, told)
    found = [Line(path or "value", cut(text) or '""') for path, text in islice(fields, _MOST_LINES)]
    more = sum(1 for _ in islice(fields, _MOST_FIELDS))
    if not more:
        return found
    number = f"{more + 1:,}" if more < _MOST_FIELDS else f"more than {more:,}"
    return [*found[:-1], Line("…", f"{number} more fields")]


def rest(record: Mapping[str, Any], told: Collection[str]) -> list[Line]:
    """What a record's message says beyond its columns and what has been told already."""
    document = parse(str(record.get("message") or ""))
    if not isinstance(document, dict):
        return []
    columns = {name for name, value in record.items() if value is not None and name not in OURS}
    return lines(document, columns | {*told})
