"""JSON logs: an object is a record, and usually a line.

Nothing is taken out of an object but its time: fields are looked up in ``message`` when they are asked for,
because no two objects need to have the same ones.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import kinds, times
from loaders.formats import Shape, register
from loaders.formats.text import inherited, is_log_name
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

_ROW = "_row"
_MENDED = "_mended"
_BEGINS = r"^\s*\{"
# What polars may not be able to read, or not exactly: half a surrogate pair, NaN, numbers beyond 64 bits.
_ODD = r"\\u[dD][89a-fA-F]|NaN|Infinity|[0-9]{19}"
_HUGE = r"[:,\[]\s*(?:-[0-9]{19}|[0-9]{20})[0-9]*\s*[,}\]]"
_HALF = re.compile("[\ud800-\udfff]")
# An even number of backslashes before it, and it is a byte that was none of a character.
_BYTES = re.compile(r"(?<!\\)(?:\\\\)*\\x[0-9a-f]{2}")
_BITS_64 = range(-(2**63), 2**64)
# Certainly beyond 64 bits; Python refuses to read much longer ones.
_MOST_DIGITS = 100


class Json:
    """Objects of which nothing is known but that they are JSON."""

    name = "json"
    rank = 70
    about = "JSON objects with fields of any name"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Ask that at least half of the messages are objects."""
        objects = sum(is_object(message) for message in sample)
        return () if objects and objects * 2 >= len(sample) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:  # noqa: ARG002
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
        mended = _mend(messages, (begins & odd).arg_true())
        good = mended.filter(pl.col(_MENDED).is_not_null())
        if good.height:
            messages = messages.scatter(good[_ROW], good[_MENDED])
            kept = found.gather(good[_ROW])
            found = found.scatter(good[_ROW], kept.zip_with(kept.is_not_null(), times_in(good[_MENDED])))
        if packaged:
            return _parsed(events, messages, found, mended.clear())
        found = found.zip_with(begins, inherited(events, found))
        return _parsed(events, messages, found, mended.filter(pl.col(_MENDED).is_null()))


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


def is_object(text: str) -> bool:
    """Whether a text is a JSON object."""
    try:
        return text.lstrip().startswith("{") and isinstance(json.loads(text, strict=False), dict)
    except (ValueError, RecursionError):
        return False


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


def visible(text: str) -> str:
    r"""Escape what stands for bytes that are no text: JSON knows no ``\xff``."""
    return _BYTES.sub(r"\\\g<0>", text)


def _parsed(events: pl.DataFrame, messages: pl.Series, found: pl.Series, failed: pl.DataFrame) -> Parsed:
    """Put together what is a record, and what is none (``_ROW`` and ``what``)."""
    bad = events[failed[_ROW]].select(pl.col(LINE).alias("line"), failed["what"], FILE)
    records = events.with_columns(messages.alias(MESSAGE), found.alias(TIMESTAMP)).with_row_index(_ROW)
    records = records.filter(~pl.col(_ROW).is_in(failed[_ROW].implode()))
    failures = pl.concat([kinds.no_failures(), bad])
    return Parsed(Json.name, records.select(*carried(records), MESSAGE), failures)


def _mend(messages: pl.Series, rows: pl.Series) -> pl.DataFrame:
    """Rewrite objects that polars cannot read, or not exactly, as far as they are objects.

    Args:
        messages: String.
        rows: The numbers of those in doubt.

    Returns:
        For each one that could not stay: ``_ROW`` (UInt32), ``_MENDED`` (String, or null), and ``what`` is
        wrong if it is null.
    """
    some = messages.gather(rows)
    sound = some.str.json_path_match("$").is_not_null() & ~some.str.contains(_HUGE)
    texts = pl.Series([_rewritten(text) for text in some.filter(~sound)], dtype=pl.String)
    readable = texts.str.json_path_match("$").is_not_null()
    frame = pl.DataFrame({_ROW: rows.filter(~sound).cast(pl.UInt32), _MENDED: texts, "readable": readable})
    invalid, deep = pl.lit("not valid JSON"), pl.lit("JSON nested too deeply to be read")
    what = pl.when(pl.col(_MENDED).is_null()).then(invalid).otherwise(deep).alias("what")
    return frame.select(_ROW, pl.when("readable").then(_MENDED).alias(_MENDED), what)


def _rewritten(text: str) -> str | None:
    """An object as strict JSON; unchanged where it is nested too deeply to say, ``None`` where it is none."""
    try:
        value = json.loads(
            visible(text), strict=False, parse_constant=str, parse_int=_integer, parse_float=_fraction
        )
        written = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return text
    except ValueError:
        return None
    return _HALF.sub(lambda found: f"\\\\u{ord(found[0]):04x}", written)


def _integer(text: str) -> int | str:
    """A number of at most 64 bits; a larger one stays text, digit by digit."""
    if len(text) > _MOST_DIGITS:
        return text
    return number if (number := int(text)) in _BITS_64 else text


def _fraction(text: str) -> float | str:
    return number if math.isfinite(number := float(text)) else text


kinds.register(Json())
register(JsonLines())
