"""JSON messages in columns: values by their path, and what polars could not read of them.

Only what is asked for is taken out of a message, each value as text: objects of one log differ from record
to record, so that no one schema holds for them all.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import run
from loaders.delimited import BOM
from loaders.objects import DEEP, INVALID, integer
from loaders.schema import FILE, LINE, MESSAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEEPEST = 127
"""Brackets within brackets that polars reads."""
ROW = "_row"
MENDED = "_mended"
WHAT = "_what"
"""String: what is wrong with a message, or null."""

_BEGINS = r"^\s*\{"
# Numbers of more than 64 bits, which polars would round.
_HUGE = r"[:,\[]\s*(?:-[0-9]{19}|[0-9]{20})[0-9]*\s*[,}\]]"
_NOT_UTF8 = {0xDC00 + byte: f"\\\\x{byte:02x}" for byte in range(0x80, 0x100)}
# An escaped backslash or a pair of surrogates, which stay, or half a pair, which no text can hold.
_HALF_PAIR = re.compile(
    rb"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
# An even number of backslashes before it, and it is a byte that was none of a character.
_BYTES = re.compile(r"(?<!\\)(?:\\\\)*\\x[0-9a-f]{2}")


def decoded(data: bytes) -> str:
    r"""The text of a document; what is not UTF-8 becomes visible in its strings (``\xff``)."""
    return _utf8(data).decode()


def sound(data: bytes) -> bytes:
    r"""A document as UTF-8; halves of surrogate pairs become visible in its strings as well (``\ud800``)."""
    data = _utf8(data)
    return _HALF_PAIR.sub(_visible, data) if b"\\ud" in data or b"\\uD" in data else data


def taken(frame: pl.DataFrame, message: str, wanted: Mapping[str, str]) -> pl.DataFrame:
    """Take values out of messages by their JSON path.

    Args:
        frame: The messages, and whatever else is to be kept.
        message: The column that holds them (String); what polars cannot read exactly is rewritten.
        wanted: The column to make for each value, and where it is: ``$.userIdentity.type``, or
            ``$['odd-name']`` for what is more than a word.

    Returns:
        The frame with a String column for each value: a string as it is, anything else as JSON text; null
        where there is none, and for JSON's own null. And ``WHAT``, if a message is no object.
    """
    told = run.collect(frame.lazy().with_row_index(ROW).with_columns(_values(message, wanted)))
    # Where any value was found all is well: only the rest has to be looked at once more.
    silent = pl.all_horizontal(pl.col(*wanted).is_null())
    doubtful = told.select(silent | pl.col(message).str.contains(_HUGE)).to_series().fill_null(value=True)
    nothing = pl.lit(None, pl.String()).alias(WHAT)
    if not doubtful.any():
        return told.with_columns(nothing).drop(ROW)
    rows = doubtful.arg_true()
    again = told[rows].join(mend(told[message], rows), on=ROW, how="left", maintain_order="left")
    again = again.with_columns(pl.coalesce(MENDED, message).alias(message)).drop(MENDED)
    other = pl.when(~pl.col(message).str.contains(_BEGINS)).then(pl.lit("not a JSON object"))
    again = again.with_columns(*_values(message, wanted), pl.coalesce(WHAT, other).alias(WHAT))
    fine = told.filter(~doubtful).with_columns(nothing)
    return pl.concat([fine, again.select(fine.columns)]).sort(ROW).drop(ROW)


def table(events: pl.DataFrame, wanted: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give messages columns, and name those that are no JSON objects.

    Args:
        events: ``FILE``, ``LINE``, ``MESSAGE`` and whatever else is to be kept.
        wanted: As ``taken`` takes it.

    Returns:
        The events that are JSON objects, with the columns; and the problems: ``FILE``, ``line`` and ``what``.
    """
    told = taken(events, MESSAGE, wanted)
    bad = told.filter(pl.col(WHAT).is_not_null())
    problems = bad.select(FILE, pl.col(LINE).alias("line"), pl.col(WHAT).alias("what"))
    return told.filter(pl.col(WHAT).is_null()).drop(WHAT), problems


def mend(messages: pl.Series, rows: pl.Series) -> pl.DataFrame:
    r"""Rewrite JSON that polars cannot read, or not exactly, as far as it is JSON.

    Halves of surrogate pairs, bytes that are no text, and control characters become visible; ``NaN``,
    infinities and numbers beyond 64 bits become text.

    Args:
        messages: String.
        rows: The numbers of those in doubt.

    Returns:
        For each one that could not stay: ``ROW`` (UInt32), ``MENDED`` (String, or null), and ``WHAT`` is
        wrong if it is null.
    """
    some = messages.gather(rows).fill_null("")
    sound = some.str.json_path_match("$").is_not_null() & ~some.str.contains(_HUGE)
    texts = pl.Series([_rewritten(text) for text in some.filter(~sound)], dtype=pl.String)
    readable = texts.str.json_path_match("$").is_not_null()
    frame = pl.DataFrame({ROW: rows.filter(~sound).cast(pl.UInt32), MENDED: texts, "readable": readable})
    what = (
        pl.when(pl.col(MENDED).is_null()).then(pl.lit(INVALID)).when(~pl.col("readable")).then(pl.lit(DEEP))
    )
    return frame.select(ROW, pl.when("readable").then(MENDED).alias(MENDED), what.alias(WHAT))


def objects(sample: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON objects among a few messages."""
    found = []
    for message in sample:
        try:
            value = json.loads(message, strict=False, parse_int=str)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _values(message: str, wanted: Mapping[str, str]) -> list[pl.Expr]:
    """The values; what lies in one object is looked for in that object's text, which is shorter."""
    parts = {column: path.removeprefix("$.").split(".", 1) for column, path in wanted.items()}
    counts = Counter(first for first, *_ in parts.values())
    text, values = pl.col(message), []
    for column, (first, *rest) in parts.items():
        if rest and counts[first] > 1:
            inner = text.str.json_path_match(f"$.{first}")
            value = inner.str.json_path_match(f"$.{rest[0]}")
        else:
            value = text.str.json_path_match(wanted[column])
        values.append(value.alias(column))
    return values


def _utf8(data: bytes) -> bytes:
    data = data.removeprefix(BOM)
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape").translate(_NOT_UTF8).encode()
    return data


def _visible(found: re.Match[bytes]) -> bytes:
    kept, half = found.groups()
    return kept or b"\\\\" + half


def _rewritten(text: str) -> str | None:
    """Strict JSON; unchanged where it is nested too deeply to say, ``None`` where it is none."""
    try:
        readable = sound(_BYTES.sub(r"\\\g<0>", text).encode()).decode()
        return json.dumps(_DECODER.decode(readable), ensure_ascii=False)
    except RecursionError:
        return text
    except ValueError:
        return None


def _fraction(text: str) -> float | str:
    return number if math.isfinite(number := float(text)) else text


_DECODER = json.JSONDecoder(strict=False, parse_constant=str, parse_int=integer, parse_float=_fraction)
