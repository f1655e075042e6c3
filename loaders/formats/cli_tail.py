"""What ``aws logs tail`` prints: a time, the stream unless it is asked to be short, and the message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import continued, kinds
from loaders.content import Blocks
from loaders.envelopes import message_at
from loaders.formats import OneByOne, Shape, register
from loaders.kinds import Events
from loaders.lines import first_lines, read_lines
from loaders.schema import MESSAGE, STREAM, TIMESTAMP
from loaders.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

_WRITTEN = "_written"
_COLOUR = r"\x1b\[[0-9;]*[mK]"
_SECOND = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
# CloudWatch counts milliseconds, and Python prints microseconds or, where there are none, nothing.
_DETAILED, _SHORT = "detailed", "short"
_BEGINS = {
    _DETAILED: rf"^({_SECOND}(?:\.[0-9]{{3}}000)?\+00:00) (\S+)(?: |$)",
    _SHORT: rf"^({_SECOND})()(?: |$)",
}
_FRACTION = re.compile(rf"{_SECOND}\.")
# What the program `script` writes around all that it records.
_SCRIPT = r"^Script (started|done) (on )?"


class Tail(OneByOne):
    """Events over one line or more, the first of which begins with time and stream."""

    name = "logs-tail"
    rank = 37
    about = "what `aws logs tail` prints, with colours or without"
    sign = (
        "the first line begins with a time in milliseconds, `000+00:00` and a stream, or with a time without "
        "a zone and a flow log, JSON or colours behind it"
    )

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for times as no other program writes them, else for messages that are more than text."""
        lines = [re.sub(_COLOUR, "", line).rstrip("\r") for line in first_lines(head)]
        lines = [line for line in lines if not re.match(_SCRIPT, line)]
        for form, begins in _BEGINS.items():
            if not lines or not re.match(begins, lines[0]):
                continue
            coloured = head.text.lstrip().startswith(b"\x1b[")
            exact = form == _DETAILED and _FRACTION.match(lines[0])
            if coloured or exact or _is_more_than_text(lines, begins):
                return Shape(self.name, (), (form,))
        return None

    def read(self, shape: Shape, path: str) -> Events:
        """Put lines together to events."""
        return _read(path, *shape.detail)

    def raw(self, path: str, line: int) -> str | None:
        """Give back the message that begins on a line, in whichever form it is."""
        found = (message_at(_read(path, form), line) for form in _BEGINS)
        return next((message for message in found if message is not None), None)


def _is_more_than_text(lines: Sequence[str], begins: str) -> bool:
    messages: list[str] = []
    for line in lines:
        found = re.match(begins, line)
        if found:
            messages.append(line[found.end() :])
        else:
            messages[-1] += f"\n{line}"
    chosen = kinds.choose(messages)
    return chosen is not None and chosen[0].name != "text"


def _read(path: str, form: str) -> Events:
    read = read_lines(Blocks(path))
    begins = _BEGINS[form]
    lines = read.frame.with_columns(pl.col(MESSAGE).str.replace_all(_COLOUR, ""))
    lines = lines.filter(~pl.col(MESSAGE).str.contains(_SCRIPT))
    events, above = continued.join(lines, pl.col(MESSAGE).str.contains(begins))
    message = pl.col(MESSAGE)
    events = events.with_columns(
        message.str.extract(begins, 1).alias(_WRITTEN),
        message.str.extract(begins, 2).replace("", None).alias(STREAM),
        message.str.replace(begins, "").alias(MESSAGE),
    ).with_columns(iso_time(pl.col(_WRITTEN)).alias(TIMESTAMP))
    events, untimed = continued.timed(events, _WRITTEN)
    problems = pl.concat([read.problems, continued.orphans(above), untimed])
    return Events(events, problems, read.broken, read.unfinished)


register(Tail())
