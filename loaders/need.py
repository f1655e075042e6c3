"""What a question needs of the logs, where it is asked once and nothing of them is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """What a question needs.

    Attributes:
        columns: The columns of flow logs that it looks at; others need not be read.
        words: A record matters only if its line holds one of these; with none of them all records matter.
    """

    columns: frozenset[str]
    words: tuple[str, ...] = ()
