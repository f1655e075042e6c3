"""The ready-made queries as a list that a few typed words narrow down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui.sanitise import clean
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from query.library import ReadyMade

_COLUMNS = (
    Column("title", "query", 20, 50, tail=0),
    Column("description", "what it answers", 10, 200, grow=True, tail=0),
)


class LibrarySource:
    """The queries that words are found in: those that can be asked first, the others dimmed behind them."""

    instant = True

    def __init__(self, queries: Sequence[ReadyMade], fields: Collection[str], words: str = "") -> None:
        """Find them.

        Args:
            queries: All of them, in the order to offer them in.
            fields: The columns of the logs, and the fields of their messages.
            words: What was typed; every word has to be found.
        """
        self.columns: tuple[Column, ...] = _COLUMNS
        ranked = [(rank(query, words.lower().split()), query) for query in queries]
        found = [(place, query) for place, query in ranked if place is not None]
        best_first = [query for _, query in sorted(found, key=lambda item: item[0])]
        fitting = [query for query in best_first if query.fits(fields)]
        self._fitting = len(fitting)
        self.queries = (*fitting, *(query for query in best_first if not query.fits(fields)))
        self.height = len(self.queries)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for place in range(offset, min(offset + amount, self.height)):
            query, fits = self.queries[place], place < self._fitting
            more = query.description if fits else f"needs {needs(query)}"
            rows.append(Row(query.name, (clean(query.title), clean(more)), "" if fits else "dim", prose=True))
        return rows

    def fits(self, place: int) -> bool:
        """Whether the query at a place can be asked of these logs."""
        return place < self._fitting


def needs(query: ReadyMade) -> str:
    """The fields that a query cannot do without, as a person reads them."""
    return ", ".join(need.replace("|", " or ") for need in query.needs)


def rank(query: ReadyMade, words: Sequence[str]) -> int | None:
    """How well words find a query, the best first; ``None`` if one of them is nowhere in it.

    Args:
        query: The query.
        words: Words in small letters; one can be the number of a question.
    """
    places = [_rank(query, word) for word in words]
    return None if None in places else sum(place for place in places if place is not None)


def _rank(query: ReadyMade, word: str) -> int | None:
    title = query.title.lower()
    if word.isdecimal() and int(word) in query.questions:
        return 0
    if re.search(rf"\b{re.escape(word)}", title):
        return 1
    if word in title or word in query.name.lower():
        return 2
    if word in query.description.lower():
        return 3
    return 4 if word in f"{query.origin} {needs(query)} {query.text}".lower() else None
