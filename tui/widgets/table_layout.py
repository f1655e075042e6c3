"""What a table shows: columns, rows, where rows come from, and how columns share the width there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len, set_cell_size

from tui.units import shorten

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

GAP = " "


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is laid out.

    Attributes:
        key: Its name to the program.
        title: Its name to a person.
        least: Its least width.
        most: Its greatest width; it grows that far when its rows need it.
        right: Whether it is set to the right, as numbers are.
        fold: 0 stays; of the others the highest goes first when space runs out.
        grow: Whether it takes whatever space is left; it also gives way first when there is too little.
        tail: How many characters of its end stay when its text is shortened (``units.shorten``).
        toned: Whether it is drawn in its row's tone, which is otherwise kept for rows that are dimmed.
    """

    key: str
    title: str
    least: int
    most: int
    right: bool = False
    fold: int = 0
    grow: bool = False
    tail: int | None = None
    toned: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row.

    Attributes:
        identity: What it is known by when rows come and go around it.
        cells: The text of every column, safe to show.
        tone: ``accept``, ``reject``, ``warn``, ``dim``, ``strong`` or empty.
        record: Whatever the source wants to be given back.
        prose: Whether its texts are sentences: one that is too long is cut at its end.
        fresh: Whether it has just arrived.
    """

    identity: Hashable
    cells: tuple[str, ...]
    tone: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    prose: bool = False
    fresh: bool = False


class RowSource(Protocol):
    """Where rows come from."""

    columns: tuple[Column, ...]
    height: int
    instant: bool
    """Whether rows are at hand in memory; otherwise they are fetched in a worker's thread."""

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""


def window_of(source: RowSource, offset: int, amount: int, begin: int, here: list[Row]) -> list[Row]:
    """Fetch rows, of which some may be here.

    Args:
        source: Where they come from.
        offset: The number of the first one.
        amount: How many.
        begin: The number of the first one that is here.
        here: Those that are.
    """
    first, last = max(offset, begin), min(offset + amount, begin + len(here))
    if first >= last:
        return source.window(offset, amount)
    before = source.window(offset, first - offset) if first > offset else []
    after = source.window(last, offset + amount - last) if offset + amount > last else []
    return [*before, *here[first - begin : last - begin], *after]


class Layout:
    """How columns share the width: they grow with the rows that have been seen, and fold when it is short."""

    def __init__(self) -> None:
        """Begin without having seen a row."""
        self._seen: dict[str, int] = {}
        self.fit: list[tuple[int, int]] = []
        """The columns that are shown, by index, with their widths."""

    def forget(self) -> None:
        """Begin anew: other rows may need less."""
        self._seen = {}

    def measure(self, columns: Sequence[Column], rows: Sequence[Row], space: int) -> None:
        """Fit the columns into a width; those that have grown never shrink, so that nothing jumps."""
        for index, column in enumerate(columns):
            widest = max((cell_len(row.cells[index]) for row in rows), default=0)
            least = max(column.least, cell_len(column.title))
            self._seen[column.key] = min(column.most, max(least, widest, self._seen.get(column.key, 0)))
        shown = list(range(len(columns)))
        while self._total(columns, shown) > space:
            foldable = [index for index in shown if columns[index].fold]
            if not foldable:
                break
            shown.remove(max(foldable, key=lambda index: columns[index].fold))
        spare = space - self._total(columns, shown)
        self.fit = [(index, self._width(columns[index], spare)) for index in shown]

    def _width(self, column: Column, spare: int) -> int:
        """A column's width; the one that grows takes what is spare, or gives up what is missing."""
        width = self._seen[column.key]
        return max(column.least, width + spare) if column.grow else width

    def _total(self, columns: Sequence[Column], shown: Sequence[int]) -> int:
        return sum(self._seen[columns[index].key] for index in shown) + len(GAP) * (len(shown) - 1)

    def header(self, columns: Sequence[Column], sorted_by: tuple[str, bool] | None) -> str:
        """The line of titles; the column that is sorted by carries an arrow."""
        parts = []
        for index, space in self.fit:
            column = columns[index]
            title = column.title
            if sorted_by and sorted_by[0] == column.key and cell_len(title) < space:
                title += "▼" if sorted_by[1] else "▲"
            parts.append(set_text(title, space, column))
        return GAP.join(parts)


def set_text(text: str, width: int, column: Column, *, prose: bool = False) -> str:
    """Fit text into a column; what is too long loses its middle, a sentence its end."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(shorten(text, width, 0 if prose else column.tail), width)
    blanks = " " * (width - length)
    return blanks + text if column.right else text + blanks
