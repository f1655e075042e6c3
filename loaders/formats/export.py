"""What an export task of CloudWatch writes: events of any kind, each with its time before it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from loaders import continued
from loaders.content import Blocks
from loaders.envelopes import message_at
from loaders.formats import OneByOne, Shape, register
from loaders.kinds import Events
from loaders.lines import first_lines, read_lines
from loaders.schema import MESSAGE, STREAM, TIMESTAMP
from loaders.times import iso_time

if TYPE_CHECKING:
    from loaders.content import Head
    from loaders.layouts import Place

_FILE = re.compile(r"(.*/)?[0-9]{6}(\.gz)?")
_WRITTEN = "_written"
_IN_FOLDER = ("in-folder",)
# The times that stand before events, and how long they are.
_TIMES = {
    "time": (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z( |$)", 24),
    "epoch": (r"^[0-9]{13}( |$)", 13),
}


class Export(OneByOne):
    """Events over one line or more, the first of which begins with the event's time."""

    name = "cloudwatch-export"
    rank = 36
    about = "log events that an export task of CloudWatch wrote"
    sign = "it lies where an export task puts it, and the first line begins with a time to the millisecond"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for the time, in a file that is called as those of exports are."""
        if place.layout != "cloudwatch-export" and not _FILE.fullmatch(path):
            return None
        lines = first_lines(head)
        for name, (begins, _) in _TIMES.items():
            if lines and re.match(begins, lines[0].removesuffix("\r")):
                return Shape(self.name, (), (name, *_IN_FOLDER) if place.stream == _folder(path) else (name,))
        return None

    def read(self, shape: Shape, path: str) -> Events:
        """Put lines together to events; the folder names their stream, whatever they say themselves."""
        name, *folder = shape.detail
        events = _read(path, name)
        if not folder:
            return events
        return replace(events, frame=events.frame.with_columns(pl.lit(_folder(path)).alias(STREAM)))

    def raw(self, path: str, line: int) -> str | None:
        """Give back the message that begins on a line, whichever way its time is written."""
        found = (message_at(_read(path, name), line) for name in _TIMES)
        return next((message for message in found if message is not None), None)


def _folder(path: str) -> str:
    return unquote(PurePosixPath(path).parent.name)


def _read(path: str, name: str) -> Events:
    begins, length = _TIMES[name]
    read = read_lines(Blocks(path))
    events, above = continued.join(read.frame, pl.col(MESSAGE).str.contains(begins))
    events = events.with_columns(
        pl.col(MESSAGE).str.slice(0, length).alias(_WRITTEN), pl.col(MESSAGE).str.slice(length + 1)
    ).with_columns(iso_time(pl.col(_WRITTEN)).alias(TIMESTAMP))
    events, untimed = continued.timed(events, _WRITTEN)
    problems = pl.concat([read.problems, continued.orphans(above), untimed])
    return Events(events, problems, read.broken, read.unfinished)


register(Export())
