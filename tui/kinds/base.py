"""What every kind of record needs to be shown: columns, an outcome, a sentence, and lines of explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.explain import Line
from tui.units import clock, stamp
from tui.widgets.table_layout import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

# No cell is wider than a screen, and no value of a record is worth more lines than can be read.
_LONGEST_CELL = 400
_LONGEST_VALUE = 2_000
OURS = frozenset({"timestamp", "log_group", "log_stream", "format", "message"})
"""Columns of a record that are not fields of its kind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How what a record tells of ended.

    Attributes:
        sign: ``✓``, ``✗``, ``!``, ``·`` or a blank, so that colour is never the only sign.
        word: ``ACCEPT``, ``NXDOMAIN``, ``AccessDenied``; empty where the record does not say.
        tone: ``accept``, ``reject``, ``warn``, ``dim`` or empty.
    """

    sign: str = " "
    word: str = ""
    tone: str = ""

    def __str__(self) -> str:
        """The sign and the word, as a table shows them."""
        return f"{self.sign} {self.word}" if self.word else ""


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """A column of the records table.

    Attributes:
        column: How the table lays it out.
        fields: The columns of the data that it shows. It sorts by the first; it filters by the first that the
            record has something in. It is shown only where the data has one of them; with none, always.
        text: What a record shows in it.
        inside: The field inside the record's message that it shows, and its value; ``None`` where it shows a
            column of the data. It then sorts and filters by that.
    """

    column: Column
    fields: tuple[str, ...]
    text: Callable[[Mapping[str, Any]], str]
    inside: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _: None

    @property
    def field(self) -> str:
        """The column of the data that it sorts by; empty where there is none."""
        return self.fields[0] if self.fields else ""

    def field_of(self, record: Mapping[str, Any]) -> str:
        """The column of the data that this record shows in it."""
        return next((name for name in self.fields if record.get(name)), self.field)


@dataclass(frozen=True, slots=True)
class Telling:
    """How the records of a kind are shown.

    Attributes:
        columns: The columns that records with these columns of data are shown in, the time left out.
        outcome: How what a record tells of ended.
        headline: A record in one sentence.
        explain: A record field by field, what says most first.
        logged: The record as it was logged: empty when all of it is told anyway, ``None`` when only its file
            has it.
    """

    columns: Callable[[Collection[str]], tuple[RecordColumn, ...]]
    outcome: Callable[[Mapping[str, Any]], Outcome]
    headline: Callable[[Mapping[str, Any]], str]
    explain: Callable[[Mapping[str, Any]], list[Line]]
    logged: Callable[[Mapping[str, Any]], str | None] = lambda _: None


def having(*columns: RecordColumn) -> Callable[[Collection[str]], tuple[RecordColumn, ...]]:
    """Of these columns, those that the data have something for."""
    return lambda have: tuple(column for column in columns if not {*column.fields}.isdisjoint(have))


def column(
    key: str,
    widths: tuple[int, int],
    fold: int = 0,
    *fields: str,
    text: Callable[[Mapping[str, Any]], str] | None = None,
    inside: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _: None,
    right: bool = False,
    toned: bool = False,
    grow: bool = False,
    tail: int | None = None,
) -> RecordColumn:
    """Declare a column.

    Args:
        key: Its title.
        widths: Its least and its greatest width.
        fold: 0 stays; of the others the highest goes first when space runs out.
        fields: As ``RecordColumn.fields``.
        text: What a record shows in it; the value of its first field by default.
        inside: As ``RecordColumn.inside``.
        right: Whether it is set to the right.
        toned: Whether it is drawn in the tone of the outcome.
        grow: Whether it takes whatever space is left.
        tail: How many characters of its end stay when its text is shortened.
    """
    laid_out = Column(key, key, *widths, right=right, fold=fold, toned=toned, grow=grow, tail=tail)
    return RecordColumn(laid_out, fields, text or value_of(fields[0]), inside)


def time_column(*, dated: bool, years: bool = False) -> RecordColumn:
    """The column of times; they carry the date where days differ."""
    width = 19 if years else 14 if dated else 8
    shown = Column("time", "UTC", width, width)
    return RecordColumn(
        shown, ("timestamp",), lambda record: clock(record.get("timestamp"), dated=dated, years=years)
    )


def value_of(name: str) -> Callable[[Mapping[str, Any]], str]:
    """Show a field as it is."""
    return lambda record: said(record, name)


def said(record: Mapping[str, Any], name: str) -> str:
    """A field as text; empty when the record does not have it."""
    value = record.get(name)
    return "" if value is None else str(value)


def in_a_cell(text: str) -> str:
    """As much of a text as a cell can show, on one line."""
    return " ".join(text[: 2 * _LONGEST_CELL].split())[:_LONGEST_CELL]


def cut(text: str, most: int = _LONGEST_VALUE) -> str:
    """A value that can be read; of a longer one it is said how much is left out."""
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most:,} more characters"


def when(record: Mapping[str, Any]) -> Line:
    """The record's time."""
    moment = record.get("timestamp")
    if moment is None:
        return Line("time", "unknown", "neither the record nor the file's name says when")
    local = moment.astimezone().strftime("%H:%M:%S %Z")
    return Line("time", stamp(moment), "" if local.endswith("UTC") else f"{local} local")


def others(record: Mapping[str, Any], told: Collection[str]) -> Iterator[Line]:
    """Every field that has not been told of yet and is the record's own."""
    for name, value in record.items():
        if value is not None and name not in told and name not in OURS and not name.startswith("_"):
            yield Line(name, cut(str(value)))
