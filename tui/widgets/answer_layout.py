"""How the columns of an answer share the width: a query has any number of them, of any width.

Nothing is folded away. The columns on screen begin with one of them, and the others are reached by moving the
cursor to either side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.widgets.table_layout import GAP, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.widgets.table_layout import Column, Row

# A text has at least this much of its width when it is not shown whole, and at most this share of the screen
# while columns to its right want some too.
_LEAST = 16
_SHARE = 0.5


class AnswerLayout(Layout):
    """Columns from ``first`` on, as many as fit; the widest give way before one is left out."""

    def __init__(self) -> None:
        """Begin with the first column."""
        super().__init__()
        self.first = 0

    def forget(self) -> None:
        """Begin anew with other columns."""
        super().forget()
        self.first = 0

    def measure(self, columns: Sequence[Column], rows: Sequence[Row], space: int) -> None:
        """Fit the columns into a width; those that have grown never shrink, so that nothing jumps."""
        for index, column in enumerate(columns):
            widest = max((cell_len(row.cells[index]) for row in rows), default=0)
            grown = max(column.least, cell_len(column.title), widest, self._seen.get(column.key, 0))
            self._seen[column.key] = min(column.most, grown)
        wanted = [self._seen[column.key] for column in columns]
        # Where there is room for all that comes last, there may be room for one before it.
        while self.first and sum(wanted[self.first - 1 :]) + len(wanted) - self.first <= space:
            self.first -= 1
        self.fit = _fit(wanted, self.first, space)

    def show(self, index: int, columns: Sequence[Column], space: int) -> None:
        """Begin with another column if that is needed to have this one on the screen."""
        wanted = [self._seen[column.key] for column in columns]
        self.first = min(self.first, index)
        self.fit = _fit(wanted, self.first, space)
        while self.first < index and not self._shows_whole(index, wanted, space):
            self.first += 1
            self.fit = _fit(wanted, self.first, space)

    def _shows_whole(self, index: int, wanted: Sequence[int], space: int) -> bool:
        """Whether a column has the width that it can have at most."""
        width = dict(self.fit).get(index, 0)
        return width >= min(wanted[index], max(_LEAST, int(space * _SHARE)), space)


def _fit(wanted: Sequence[int], first: int, space: int) -> list[tuple[int, int]]:
    """The columns that fit, from the first on, with their widths.

    Args:
        wanted: How wide each column would be.
        first: The column to begin with.
        space: The width there is.
    """
    found: list[tuple[int, int]] = []
    room = space
    for index in range(first, len(wanted)):
        room -= len(GAP) if found else 0
        most = max(_LEAST, int(space * _SHARE)) if index < len(wanted) - 1 else room
        if found and room < min(_LEAST, wanted[index]):
            room += len(GAP)
            break
        found.append((index, max(1, min(wanted[index], most, room))))
        room -= found[-1][1]
        if room <= 0:
            break
    for place, (index, width) in enumerate(found):  # what was held back gets what is left
        more = max(0, min(room, wanted[index] - width))
        found[place] = index, width + more
        room -= more
    return found
