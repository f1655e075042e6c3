"""Results on standard output: tables for people, JSON, NDJSON and CSV for programs.

Whatever the form, nothing steers the terminal: tables and CSV show control characters as visible signs, JSON
escapes them and stays exact. CSV is made for spreadsheets, which run a cell that looks like a formula.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from tui.sanitise import clean
from tui.units import decimal, iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMATS = ("table", "csv", "json", "ndjson")

# What a spreadsheet takes for the beginning of a formula, also as typed with a Japanese keyboard, and the
# white space that it may drop before looking.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Columns that Insights names so; alone they are no formula, and scripts look for them.
_SYSTEM_FIELD = re.compile("@[A-Za-z]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def write(
    rows: Iterable[dict[str, Any]], columns: Sequence[str], form: str, out: TextIO | None = None
) -> None:
    """Write rows.

    Args:
        rows: Their values by column; all but a table are written row by row. Times come out as
            ``2026-01-01T00:00:00.000Z``.
        columns: The columns, in the order to print.
        form: One of ``FORMATS``.
        out: Where to; standard output by default.
    """
    if form == "table":
        _table(list(rows), columns, out or sys.stdout)
        return
    stream = Stream(columns, form, out)
    stream.begin()
    stream.write({name: row[name] for name in columns} for row in rows)
    stream.end()


class Stream:
    """Rows written as they come, each at once; a table has one row under the other, without equal widths."""

    def __init__(self, columns: Sequence[str], form: str, out: TextIO | None = None) -> None:
        """Write nothing yet.

        Args:
            columns: The columns of a table or of CSV; JSON has those of each row.
            form: One of ``FORMATS``.
            out: Where to; standard output by default.
        """
        self._columns, self._form, self._out = columns, form, out or sys.stdout
        self._csv = csv.writer(self._out, lineterminator="\n")
        self._before = "[\n  "
        self.begun = False

    def begin(self) -> None:
        """Write what stands above the rows."""
        self.begun = True
        if self._form == "csv":
            self._csv.writerow(
                name if _SYSTEM_FIELD.fullmatch(name) else _inert(name) for name in self._columns
            )
            self._out.flush()

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write some rows.

        Raises:
            OSError: They cannot be written.
        """
        for row in rows:
            if self._form == "table":
                self._out.write(" ".join(clean(_shown(row[name])) for name in self._columns) + "\n")
            elif self._form == "csv":
                self._csv.writerow([_inert(_cell(row[name])) for name in self._columns])
            elif self._form == "ndjson":
                self._out.write(_dumped(row) + "\n")
            else:
                self._out.write(self._before + _dumped(row, indent=2).replace("\n", "\n  "))
                self._before = ",\n  "
        self._out.flush()

    def end(self) -> None:
        """Write what stands below the rows."""
        if self._form == "json":
            self._out.write("[]\n" if self._before.startswith("[") else "\n]\n")
            self._out.flush()


def write_one(value: dict[str, Any], out: TextIO | None = None) -> None:
    """Write one JSON object; times and control characters as ``write`` has them."""
    (out or sys.stdout).write(_dumped(value, indent=2) + "\n")


def _inert(text: str) -> str:
    """A CSV cell that is never run: ``'`` before what looks like a formula, unless it is a number."""
    runs = _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{clean(text)}" if runs else clean(text)


def _dumped(value: object, indent: int | None = None) -> str:
    # What is not ASCII is escaped, and so is every control character but this one.
    return json.dumps(value, indent=indent, default=_json).replace("\x7f", "\\u007f")


def _json(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


def _shown(value: object) -> str:
    """A value for people: decimals as Insights prints them, four places and no more than needed."""
    return decimal(value) if isinstance(value, float) else _cell(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(" ".join(_cell(part) for part in item.values()) for item in value)
    return _json(value)


def _table(rows: list[dict[str, Any]], columns: Sequence[str], out: TextIO) -> None:
    """Print aligned columns; numbers to the right."""
    cells = [[clean(_shown(row[name])) for name in columns] for row in rows]
    numeric = [any(isinstance(row[name], (int, float)) for row in rows) for name in columns]
    widths = [
        max([len(clean(name)), *(len(line[index]) for line in cells)]) for index, name in enumerate(columns)
    ]
    # Lines that a terminal would fold are cut there; a file or a pipe gets them whole.
    room = shutil.get_terminal_size().columns if out.isatty() else None
    for line in [[clean(name) for name in columns], *cells]:
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        whole = "  ".join(parts).rstrip()
        out.write((whole if room is None or len(whole) <= room else f"{whole[: room - 1]}…") + "\n")
