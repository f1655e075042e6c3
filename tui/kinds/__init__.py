"""How each kind of record is shown, a module for each: its columns, its outcome, its sentence, its fields.

A kind is known by its name (``loaders.kinds``); one that has no module is shown by its columns as they are.
Nothing here draws, and nothing here reads files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.kinds import cloudtrail, flow, json_text, public_zone, resolver, results

if TYPE_CHECKING:
    from tui.kinds.base import Telling

_TELLINGS: dict[str, Telling] = {
    "flow-log": flow.TELLING,
    "resolver-query": resolver.TELLING,
    "public-zone-query": public_zone.TELLING,
    "cloudtrail": cloudtrail.TELLING,
    "json": json_text.JSON,
    "text": json_text.TEXT,
}


def telling(kind: object) -> Telling:
    """How records of a kind are shown.

    Args:
        kind: The kind's name, as the column ``format`` of a record has it.
    """
    return _TELLINGS.get(str(kind), results.TELLING)
