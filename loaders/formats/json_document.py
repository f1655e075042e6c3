"""JSON logs that are documents: an array of objects, or objects printed over lines or glued together."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loaders import content
from loaders.delimited import BOM
from loaders.formats import Shape, register
from loaders.formats.json_lines import Json, has_time, visible
from loaders.kinds import Events, no_problems
from loaders.schema import LINE, MESSAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

# What may stand between objects: blanks, what an array is made of, and the separator of JSON text sequences.
_BETWEEN = re.compile(r"[\s,\[\]\x1e]*")
_BLANK = b" \t\r\n\x1e"
_LINE_BREAK = r"\r?\n\s*"
# More objects than these without sense, and the file is something else.
_MOST_FAILURES = 1000
# Numbers are only passed over here; none is too long to be.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
# What a text that ends within "false" or "\\u00e9" lets the decoder complain about lies so near the end.
_LONGEST_WORD = 12
_CUT = "it ends within an object"
_OPEN = "it ends before its array does"
_DAMAGED = "not valid JSON"
_TOO_DEEP = "JSON nested too deeply to be read"


@dataclass(slots=True)
class Split:
    """A document, taken apart.

    Attributes:
        objects: The number of each object, from 1, and where its text begins and ends.
        failures: The number of each object that is none, and what is wrong with it.
        broken: Why the document could not be read to its end, or ``None``.
    """

    objects: list[tuple[int, int, int]] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    broken: str | None = None


class JsonDocument:
    """A whole document of JSON objects."""

    name = "json"
    rank = 71
    about = "logs of any program as JSON: an array of objects, or objects one after another"
    sign = "it begins with an array of objects or with objects; one object alone has to tell a time"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:  # noqa: ARG002
        """Take apart as much of the beginning as is whole."""
        start = head.text.removeprefix(BOM).lstrip(_BLANK)
        if not re.match(rb"\[\s*\{|\{", start):
            return None
        text, is_list = _text(head.text), start.startswith(b"[")
        found = split(text)
        if len(found.failures) > len(found.objects):
            return None
        if found.objects:
            _, begins, ends = found.objects[0]
            is_log = is_list or len(found.objects) > 1 or has_time(text[begins:ends])
        else:
            # The head may hold no more than a part of the first object.
            is_log = is_list and not head.whole
        return Shape(self.name, kind=Json.name) if is_log else None

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:  # noqa: ARG002
        """Documents are taken apart one by one; their objects are parsed together."""
        return None

    def read(self, shape: Shape, path: str) -> Events:  # noqa: ARG002
        """Take a document apart; every object is a line."""
        saved = content.save(path)
        text = _text(saved.data)
        found = split(text)
        numbers = pl.Series(LINE, [number for number, _, _ in found.objects], dtype=pl.UInt32)
        messages = pl.Series(MESSAGE, [text[begins:ends] for _, begins, ends in found.objects], pl.String)
        # In JSON a line break never stands within a string.
        flat = messages.str.replace_all(f",{_LINE_BREAK}", ", ").str.replace_all(_LINE_BREAK, "")
        problems = pl.DataFrame(found.failures, schema=no_problems().schema, orient="row")
        return Events(pl.DataFrame([numbers, flat]), problems, saved.broken or found.broken)

    def raw(self, path: str, line: int) -> str | None:
        """Give back an object."""
        text = _text(content.save(path).data)
        places = {number: text[begins:ends] for number, begins, ends in split(text).objects if number == line}
        return places.get(line)


def split(text: str) -> Split:
    """Find the objects of a document.

    After an object that is none, the next one is looked for where a line begins as the line of that one does.
    """
    found, at, depth, number, wasted = Split(), 0, 0, 0, 0
    while True:
        begins = _after(_BETWEEN, text, at)
        if text[at:begins] != ",":
            depth += text.count("[", at, begins) - text.count("]", at, begins)
        if begins == len(text):
            found.broken = _OPEN if depth > 0 else None
            return found
        number += 1
        try:
            at = _DECODER.raw_decode(text, begins)[1]
        except json.JSONDecodeError as error:
            what, reached, is_cut = _DAMAGED, error.pos, _is_cut(text, error)
        except RecursionError:
            what, reached, is_cut = _TOO_DEEP, begins + len(text) // 10, False
        else:
            found.objects.append((number, begins, at))
            continue
        at = _next(text, begins)
        wasted += reached - begins
        if at < 0 and is_cut:
            found.broken = _CUT
            return found
        found.failures.append((number, what))
        # To look for the next one again and again must not take for ever.
        if at < 0 or wasted > 2 * len(text) or len(found.failures) == _MOST_FAILURES:
            found.broken = f"not readable from object {number} on; the rest was not read"
            return found


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what a pattern takes ends."""
    taken = pattern.match(text, at)
    return taken.end() if taken else at


def _next(text: str, begins: int) -> int:
    """Where the next object may begin, or -1: a line that is indented like that of the one before."""
    line = text.rfind("\n", 0, begins) + 1
    indent = text[line:begins].replace("[", "")
    if indent.strip():
        return -1
    following = text.find(f"\n{indent}{{", begins)
    return following + 1 if following >= 0 else -1


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Whether an object is none because the text ends within it."""
    return error.msg.startswith("Unterminated string") or error.pos + _LONGEST_WORD >= len(text.rstrip())


def _text(data: bytes) -> str:
    r"""What is no text stands in strings as an escaped ``\xff``."""
    data = data.removeprefix(BOM)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return visible(data.decode("utf-8", "backslashreplace"))


register(JsonDocument())
