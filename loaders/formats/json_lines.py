"""JSON logs: an object is a record, and usually a line.

Nothing is taken out of an object but its time: fields are looked up in ``message`` when they are asked for,
because no two objects need to have the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import jsons, kinds, times
from loaders.formats import Shape, register
from loaders.formats.text import inherited, is_log_name
from loaders.jsons import MENDED, ROW, WHAT
from loaders.kinds import Parsed, carried
from loaders.lines import Lines, first_lines
from loaders.schema import FILE, LINE, MESSAGE, TIME, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

TIME_KEYS = (
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "eventTime",
    "date",
    "datetime",
    "event_time",
    "asctime",
    "t",
)
"""Where an object's time is looked for: the first of these that reads as a time."""

_BEGINS = r"^\s*\{"
# What polars may not be able to read, or not exactly: half a surrogate pair, NaN, numbers beyond 64 bits.
_ODD = r"\\u[dD][89a-fA-F]|NaN|Infinity|[0-9]{19}"


class Json:
    """Objects of which nothing is known but that they are JSON."""

    name = "json"
    rank = 70
    about = "JSON objects with fields of any name"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Ask that at least half of the messages are objects."""
        found = len(jsons.objects(sample))
        return () if found and found * 2 >= len(sample) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Find the times, and mend what could not be read later.

        What begins as an object and is none is a problem; as an event of CloudWatch, which cuts long ones, it
        is a record. So is everything else: among the objects of a log stand lines that other programs wrote.
        """
        packaged = TIMESTAMP in events.columns
        messages = events[MESSAGE]
        begins = messages.str.contains(_BEGINS).fill_null(value=False)
        found = events[TIMESTAMP] if packaged else times_in(messages)
        if packaged and found.has_nulls():
            found = found.zip_with(found.is_not_null(), times_in(messages))
        odd = messages.str.contains(_ODD).fill_null(value=False) | found.is_null()
        mended = jsons.mend(messages, (begins & odd).arg_true())
        good = mended.filter(pl.col(MENDED).is_not_null())
        if good.height:
            messages = messages.scatter(good[ROW], good[MENDED])
            kept = found.gather(good[ROW])
            found = found.scatter(good[ROW], kept.zip_with(kept.is_not_null(), times_in(good[MENDED])))
        if packaged:
            return _parsed(events, messages, found, mended.clear())
        found = found.zip_with(begins, inherited(events, found))
        return _parsed(events, messages, found, mended.filter(pl.col(MENDED).is_null()))


class JsonLines(Lines):
    """Files whose lines are JSON objects."""

    def __init__(self) -> None:
        super().__init__(
            "json-lines",
            70,
            Json(),
            about="logs of any program as JSON, an object on a line",
            sign="at least half of the first lines are JSON objects",
        )

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Ask for objects, and for more than the one of which a configuration consists."""
        lines = first_lines(head)
        if head.whole and len(lines) == 1 and not is_log_name(path) and not has_time(lines[0]):
            return None
        return super().recognise(head, path, place)


def has_time(text: str) -> bool:
    """Whether a JSON object tells a time."""
    return not times_in(pl.Series([text])).has_nulls()


def times_in(messages: pl.Series) -> pl.Series:
    """Find the times of JSON objects.

    Args:
        messages: String: anything.

    Returns:
        ``schema.TIME``; null for what tells no time or is no object.
    """
    found = pl.repeat(None, messages.len(), dtype=TIME, eager=True)
    for key in TIME_KEYS:
        # To search for the key is much faster than to take an object apart that does not have it.
        named = messages.str.contains(f'"{key}"', literal=True).fill_null(value=False)
        rows = (found.is_null() & named).arg_true()
        if rows.len():
            values = messages.gather(rows).str.json_path_match(f"$['{key}']")
            found = found.scatter(rows, times.of_values(values))
    return found


def _parsed(events: pl.DataFrame, messages: pl.Series, found: pl.Series, failed: pl.DataFrame) -> Parsed:
    """Put together what is a record, and what is none (``ROW`` and ``WHAT``)."""
    bad = events[failed[ROW]].select(pl.col(LINE).alias("line"), failed[WHAT].alias("what"), FILE)
    records = events.with_columns(messages.alias(MESSAGE), found.alias(TIMESTAMP)).with_row_index(ROW)
    records = records.filter(~pl.col(ROW).is_in(failed[ROW].implode()))
    failures = pl.concat([kinds.no_failures(), bad])
    return Parsed(Json.name, records.select(*carried(records), MESSAGE), failures)


kinds.register(Json())
register(JsonLines())
