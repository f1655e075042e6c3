"""JSON logs that are documents: an array of objects, or objects printed over lines or glued together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loaders import content, jsons, objects
from loaders.delimited import BOM
from loaders.formats import OneByOne, Shape, register
from loaders.formats.json_lines import Json, has_time
from loaders.kinds import Events, no_problems
from loaders.schema import LINE, MESSAGE

if TYPE_CHECKING:
    from loaders.content import Head
    from loaders.layouts import Place

_BLANK = b" \t\r\n\x1e"
_LINE_BREAK = r"\r?\n\s*"


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


class JsonDocument(OneByOne):
    """A whole document of JSON objects."""

    name = "json"
    rank = 71
    about = "logs of any program as JSON: an array of objects, or objects one after another"
    sign = "it begins with an array of objects or with objects; one object alone has to tell a time"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Take apart as much of the beginning as is whole."""
        start = head.text.removeprefix(BOM).lstrip(_BLANK)
        if not re.match(rb"\[\s*\{|\{", start):
            return None
        text, is_list = jsons.decoded(head.text), start.startswith(b"[")
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

    def read(self, shape: Shape, path: str) -> Events:
        """Take a document apart; every object is a line."""
        saved = content.save(path)
        text = jsons.decoded(saved.data)
        found = split(text)
        numbers = pl.Series(LINE, [number for number, _, _ in found.objects], dtype=pl.UInt32)
        messages = pl.Series(MESSAGE, [text[begins:ends] for _, begins, ends in found.objects], pl.String)
        # In JSON a line break never stands within a string.
        flat = messages.str.replace_all(f",{_LINE_BREAK}", ", ").str.replace_all(_LINE_BREAK, "")
        problems = pl.DataFrame(found.failures, schema=no_problems().schema, orient="row")
        return Events(pl.DataFrame([numbers, flat]), problems, saved.broken or found.broken)

    def raw(self, path: str, line: int) -> str | None:
        """Give back an object."""
        text = jsons.decoded(content.save(path).data)
        places = {number: text[begins:ends] for number, begins, ends in split(text).objects if number == line}
        return places.get(line)


def split(text: str) -> Split:
    """Find the objects of a document."""
    found, at, depth = Split(), 0, 0
    values = objects.Values(text, between=",[]\x1e")
    for number, value in enumerate(values, 1):
        depth += _depth(text, at, value.start)
        at = value.end
        if value.what:
            found.failures.append((number, value.what))
        else:
            found.objects.append((number, value.start, value.end))
    if values.lost and not values.cut:
        found.broken = f"not readable from object {found.failures[-1][0]} on; the rest was not read"
    elif values.cut or depth + _depth(text, at, values.at) > 0:
        found.broken = objects.CUT
    return found


def _depth(text: str, start: int, end: int) -> int:
    """How many arrays more are open at the end than at the start of what stands between objects."""
    return text.count("[", start, end) - text.count("]", start, end)


register(JsonDocument())
