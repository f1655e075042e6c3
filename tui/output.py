"""Results on standard output: tables for people, JSON, NDJSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from tui.sanitise import clean
from tui.units import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMATS = ("table", "csv", "json", "ndjson")


def write(
    rows: Iterable[dict[str, Any]], columns: Sequence[str], form: str, out: TextIO | None = None
) -> None:
    """Write rows.

    Args:
        rows: Their values by column. Times come out as ``2026-01-01T00:00:00.000Z``.
        columns: The columns, in the order to print.
        form: One of ``FORMATS``.
        out: Where to; standard output by default.
    """
    out = out or sys.stdout
    if form == "table":
        _table([[clean(_cell(row[name])) for name in columns] for row in rows], columns, rows, out)
    elif form == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    else:
        picked = [{name: row[name] for name in columns} for row in rows]
        if form == "json":
            out.write(json.dumps(picked, indent=2, default=_json) + "\n")
        else:
            out.writelines(json.dumps(row, default=_json) + "\n" for row in picked)


def _json(value: object) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(" ".join(_cell(part) for part in item.values()) for item in value)
    return _json(value)


def _table(
    cells: list[list[str]], columns: Sequence[str], rows: Iterable[dict[str, Any]], out: TextIO
) -> None:
    """Print aligned columns; numbers to the right."""
    numeric = [any(isinstance(row[name], int) for row in rows) for name in columns]
    widths = [max([len(name), *(len(line[index]) for line in cells)]) for index, name in enumerate(columns)]
    for line in [list(columns), *cells]:
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        out.write("  ".join(parts).rstrip() + "\n")
