"""JSON messages in columns: values by their path, times, and what is no JSON at all.

Only what is asked for is taken out of a message, each value as text: objects of one log differ from record
to record, so that no one schema holds for them all.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import run
from loaders.schema import FILE, LINE, MESSAGE, TIME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ZONED = "%Y-%m-%dT%H:%M:%S%.f%#z"
_LOCAL = "%Y-%m-%dT%H:%M:%S%.f"
# An epoch of more digits than seconds have is in ms, us or ns: from where on, and by what to divide for ms.
_EPOCH_SECONDS = 10**11
_EPOCH_UNITS = ((10**17, 10**6), (10**14, 10**3))
# Brackets within brackets that polars reads.
_DEEPEST = 127


def paths(message: str, wanted: Mapping[str, str]) -> list[pl.Expr]:
    """Take values out of messages by their JSON path.

    Args:
        message: The column that holds the messages (String).
        wanted: The column to make for each value, and where the value is: ``$.userIdentity.type``, or
            ``$['odd-name']`` for what is more than a word.

    Returns:
        A String expression for each column: a string as it is, anything else as JSON text; null where the
        message has no such value or is no valid JSON, and for JSON's own null.
    """
    text = _sound(pl.col(message))
    return [text.str.json_path_match(path).alias(column) for column, path in wanted.items()]


def table(events: pl.DataFrame, wanted: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give messages columns, and name those that are no JSON objects.

    Args:
        events: ``FILE``, ``LINE``, ``MESSAGE`` and whatever else is to be kept.
        wanted: As ``paths`` takes it, simple paths such as ``$.a.b`` only.

    Returns:
        The events that are JSON objects, with the columns; and the problems: ``FILE``, ``line`` and ``what``.
    """
    told = run.collect(events.lazy().with_columns(_shared(MESSAGE, wanted)))
    # Where any value was found all is well: only the rest has to be looked at once more.
    silent = told.select(pl.arg_where(pl.all_horizontal(pl.col(*wanted).is_null()))).to_series()
    if not silent.len():
        return told, _not_objects(told.clear())
    valid = told[silent].select(is_object(pl.col(MESSAGE))).to_series()
    bad = silent.filter(~valid)
    good = told.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(bad.implode()))
    return good, _not_objects(told[bad])


def iso_time(expr: pl.Expr) -> pl.Expr:
    """Read times as logs write them.

    Args:
        expr: String: ISO 8601 with ``T`` or a blank, a fraction or none, ``Z``, an offset or nothing (then it
            is UTC); or the digits of an epoch in seconds, ms, us or ns.

    Returns:
        ``schema.TIME``; null where there is no time in it.
    """
    text = expr.str.strip_chars()
    joined = text.str.replace(r"^(\S{10})[ t]+", "${1}T").str.replace(" ", "", literal=True)
    zoned = joined.str.to_datetime(_ZONED, time_unit="ms", time_zone="UTC", strict=False)
    local = joined.str.to_datetime(_LOCAL, time_unit="ms", strict=False).dt.replace_time_zone("UTC")
    return pl.coalesce(zoned, local, _epoch(text))


def is_object(expr: pl.Expr) -> pl.Expr:
    """Whether messages (String) are valid JSON objects (Boolean); false for null."""
    begins = expr.str.contains(r"^\s*\{").fill_null(value=False)
    return begins & _sound(expr).str.json_path_match("$").is_not_null()


def objects(sample: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON objects among a few messages."""
    found = []
    for message in sample:
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _shared(message: str, wanted: Mapping[str, str]) -> list[pl.Expr]:
    """As ``paths``; what lies in one object is looked for in that object's text, which is shorter."""
    parts = {column: path.removeprefix("$.").split(".", 1) for column, path in wanted.items()}
    counts = Counter(first for first, *_ in parts.values())
    text = _sound(pl.col(message))
    values = []
    for column, (first, *rest) in parts.items():
        if rest and counts[first] > 1:
            inner = text.str.json_path_match(f"$.{first}")
            value = inner.str.json_path_match(f"$.{rest[0]}")
        else:
            value = text.str.json_path_match(wanted[column])
        values.append(value.alias(column))
    return values


def _not_objects(events: pl.DataFrame) -> pl.DataFrame:
    value = _sound(pl.col(MESSAGE)).str.json_path_match("$")
    deep = pl.col(MESSAGE).str.count_matches(r"[\[{]") > _DEEPEST
    what = (
        pl.when(value.is_not_null())
        .then(pl.lit("not a JSON object"))
        .when(deep)
        .then(pl.lit("not valid JSON, or nested too deeply"))
        .otherwise(pl.lit("not valid JSON"))
    )
    return events.select(FILE, pl.col(LINE).alias("line"), what.alias("what"))


def _epoch(text: pl.Expr) -> pl.Expr:
    digits = pl.when(text.str.contains(r"^[0-9]{9,19}$")).then(text).cast(pl.Int64(), strict=False)
    scaled = pl.when(digits < _EPOCH_SECONDS).then(digits * 1000).otherwise(digits)
    for least, divisor in reversed(_EPOCH_UNITS):
        scaled = pl.when(digits >= least).then(digits // divisor).otherwise(scaled)
    return scaled.cast(TIME)


def _sound(expr: pl.Expr) -> pl.Expr:
    r"""Leave out halves of surrogate pairs (``\ud800`` alone), for which polars would refuse all the JSON."""
    pair = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    return expr.str.replace_all(rf"(\\\\|{pair})|\\u[dD][89a-fA-F][0-9a-fA-F]{{2}}", "${1}")
