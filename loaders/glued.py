r"""JSON objects one after another, with or without anything between them, and what is left of damaged ones.

What CloudWatch hands to Firehose is glued together without line ends, the command line prints documents over
many lines, and a file can hold several of either. Clean files are brought to one object a line, which polars
reads; whatever it refuses is decoded here object by object.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loaders.delimited import BOM

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT = "the JSON ends too early: the file is not complete"
_BLANKS = " \t\r\n"
# In valid JSON, a "}" and a "{" with nothing but blanks between them are two objects of the file, or text in
# a string. The next quote would end that string, and behind a string stands one of ",:}]" or the end. So
# where a quote follows and none of these behind it, two objects of the file meet. (A key that begins with
# one of these is the exception: its object stays glued, and polars refuses the line.)
_JOINT = re.compile(rb'\}[ \t\r\n]*\{[ \t\r\n]*"(?![ \t\r\n]*(?:[,:}\]]|\Z))')
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_NOT_UTF8 = {0xDC00 + byte: f"\\\\x{byte:02x}" for byte in range(0x80, 0x100)}
# An escaped backslash or a pair of surrogates, which stay, or half a pair, which no text can hold.
_HALF_PAIR = re.compile(
    rb"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\(u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
# An error so close to the end comes from the end: a word or an escape that is not finished.
_LAST_WORD = 6
# Decoding again and again what is nested and never closed may cost so many times the length of the text.
_PATIENCE = 8
_LARGEST_DIGITS = 18
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of text that is no JSON.

    Attributes:
        start: Where it begins.
        end: Where decoding goes on.
        cut: Whether it is only the end that is missing.
        text: How it begins.
    """

    start: int
    end: int
    cut: bool
    text: str


def sound(data: bytes) -> bytes:
    r"""Make JSON readable: what is not UTF-8, and halves of surrogate pairs, become visible (``\xff``)."""
    data = data.removeprefix(BOM)
    try:
        data.decode()
    except UnicodeDecodeError:
        data = data.decode("utf-8", "surrogateescape").translate(_NOT_UTF8).encode()
    if b"\\ud" in data or b"\\uD" in data:
        data = _HALF_PAIR.sub(_visible, data)
    return data


def _visible(found: re.Match[bytes]) -> bytes:
    kept, half = found.groups()
    return kept or b"\\\\" + half


def one_a_line(data: bytes) -> bytes:
    """Bring objects to a line each, if it is valid JSON; what is not valid does not become so."""
    return _JOINT.sub(b'}\n{"', data.translate(_ONE_LINE))


def decode(text: str, start: int, openings: re.Pattern[str], between: str = "") -> Iterator[Any | Damage]:
    """Decode values one after another, and go on behind what cannot be decoded.

    Args:
        text: From ``sound``.
        start: Where the first value begins, or blanks before it.
        openings: How a value begins for which it is worth to go on behind damage.
        between: What may stand between values besides blanks; a ``]`` there ends them.

    Yields:
        Each value, or a ``Damage``. Numbers that no column can hold are text.
    """
    skip = re.compile(rf"[{_BLANKS}{between}]*")
    patience = _PATIENCE * (len(text) - start)
    at = skip.match(text, start).end()  # type: ignore[union-attr]
    while at < len(text) and not (between and text[at] == "]"):
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield value
        except (ValueError, RecursionError) as error:
            reached = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
            patience -= reached - at
            found = openings.search(text, at + 1 if patience > 0 else max(at + 1, reached))
            end = found.start() if found else len(text)
            cut = found is None and _is_cut(error, len(text.rstrip(_BLANKS)))
            yield Damage(at, end, cut, excerpt(text[at:end].rstrip(_BLANKS + between)))
        at = skip.match(text, end).end()  # type: ignore[union-attr]


def excerpt(text: str) -> str:
    """The beginning of a text, on one line, for a problem to show."""
    return " ".join(text[:_SHOWN].split())


def _is_cut(error: Exception, length: int) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= length - _LAST_WORD


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LARGEST_DIGITS else digits


_DECODER = json.JSONDecoder(parse_int=_integer, strict=False)
