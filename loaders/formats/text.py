"""Plain text: a line is a record, and its time is read where it begins with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loaders import kinds
from loaders.kinds import Parsed, carried
from loaders.schema import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


class Text:
    """Messages that are nothing but text."""

    name = "text"
    rank = 90
    about = "text of any kind"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:  # noqa: ARG002
        """Anything is text."""
        return ()

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:  # noqa: ARG002
        """Keep the messages as they are."""
        kept = carried(events)
        return Parsed(self.name, events.select(*kept, MESSAGE), kinds.no_failures())


kinds.register(Text())
