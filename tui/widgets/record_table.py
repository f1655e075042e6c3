"""The records pane: its columns are declared here, drawn by the table, filtered on by their fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tui.explain import endpoint, flags_text, mark, outcome, protocol_text, service
from tui.keymap import RECORDS
from tui.sanitise import clean
from tui.units import clock, count, iso, size
from tui.widgets.frame_table import FrameTable
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from query.view import View
    from tui.workers import Identity

TONES = {"ACCEPT": "accept", "REJECT": "reject", "SKIPDATA": "warn", "NODATA": "dim"}


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """A column of the records table.

    Attributes:
        column: How the table lays it out.
        field: The column of the data that it shows, sorts and filters by.
        needs: Shown only where the data has one of these columns.
        text: What a record shows in it.
    """

    column: Column
    field: str
    needs: tuple[str, ...]
    text: Callable[[Mapping[str, Any]], str]


def _text(name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda record: "" if record.get(name) is None else str(record[name])


def _outcome(record: Mapping[str, Any]) -> str:
    return f"{mark(record)} {outcome(record)}"


def _time(*, dated: bool) -> RecordColumn:
    width = 14 if dated else 8
    return RecordColumn(
        Column("time", "UTC", width, width),
        "timestamp",
        (),
        lambda record: clock(record.get("timestamp"), dated=dated),
    )


def _column(
    key: str, least: int, most: int, fold: int, *, right: bool = False, toned: bool = False
) -> Column:
    return Column(key, key, least, most, right=right, fold=fold, toned=toned)


# Fold: when space runs out, the highest number goes first.
_COLUMNS = (
    RecordColumn(_column("action", 8, 10, 0, toned=True), "action", ("action", "log_status"), _outcome),
    RecordColumn(
        _column("source", 15, 47, 0),
        "srcaddr",
        ("srcaddr",),
        lambda r: endpoint(r.get("srcaddr"), r.get("srcport")),
    ),
    RecordColumn(
        _column("destination", 15, 47, 0),
        "dstaddr",
        ("dstaddr",),
        lambda r: endpoint(r.get("dstaddr"), r.get("dstport")),
    ),
    RecordColumn(_column("service", 7, 14, 3), "dstport", ("dstport", "srcport"), service),
    RecordColumn(_column("proto", 5, 8, 4), "protocol", ("protocol",), protocol_text),
    RecordColumn(
        _column("packets", 7, 7, 5, right=True),
        "packets",
        ("packets",),
        lambda r: "" if r.get("packets") is None else count(r["packets"]),
    ),
    RecordColumn(_column("bytes", 7, 7, 2, right=True), "bytes", ("bytes",), lambda r: size(r.get("bytes"))),
    RecordColumn(
        _column("flags", 7, 15, 6), "tcp_flags", ("tcp_flags",), lambda r: flags_text(r.get("tcp_flags"))
    ),
    RecordColumn(
        _column("direction", 9, 9, 8), "flow_direction", ("flow_direction",), _text("flow_direction")
    ),
    RecordColumn(_column("interface", 12, 21, 7), "interface_id", ("interface_id",), _text("interface_id")),
    RecordColumn(_column("instance", 10, 19, 9), "instance_id", ("instance_id",), _text("instance_id")),
)


def record_columns(view: View) -> tuple[RecordColumn, ...]:
    """The columns that these records have something to show in; times carry the date where days differ."""
    dated = view.span is not None and view.span[0].date() != view.span[1].date()
    have = view.columns or view.dataset.columns  # a view of nothing keeps its titles
    return (_time(dated=dated), *(column for column in _COLUMNS if have.intersection(column.needs)))


class RecordSource:
    """The records of a view, as the table asks for them."""

    instant = False

    def __init__(self, view: View) -> None:
        """Show a view."""
        self.view = view
        self.records = record_columns(view)
        self.columns = tuple(record.column for record in self.records)
        self.height = view.height
        shown = (record.column.key for record in self.records if record.field == view.scope.sort)
        self.sorted_by = next(shown, ""), view.scope.descending

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows; runs in a worker's thread."""
        rows = []
        for record in self.view.window(offset, amount).iter_rows(named=True):
            cells = tuple(clean(column.text(record)) for column in self.records)
            rows.append(
                Row((record["_file"], record["_line"]), cells, TONES.get(outcome(record), ""), record)
            )
        return rows

    def field(self, column: int) -> str:
        """The column of the data behind a column of the table."""
        return self.records[column].field


class RecordTable(FrameTable):
    """The records pane."""

    DEFAULT_CSS = ""

    def __init__(self) -> None:
        """Make an empty pane."""
        super().__init__(RECORDS)

    @property
    def field(self) -> str | None:
        """The column of the data under the cursor; for a record without an action, that of its status."""
        if not isinstance(self.source, RecordSource):
            return None
        field = self.source.field(self.column)
        empty = self.row is not None and self.row.record.get(field) is None
        return "log_status" if field == "action" and empty else field

    @property
    def value(self) -> object:
        """The value under the cursor, as the data have it."""
        return self.row.record.get(self.field) if self.row is not None and self.field else None

    @property
    def text(self) -> str:
        """The value under the cursor as text to copy."""
        value = self.value
        return iso(value) if isinstance(value, datetime) else "" if value is None else str(value)


def identity(row: Row) -> Identity:
    """What a record's row is known by."""
    return row.record["_file"], row.record["_line"]
