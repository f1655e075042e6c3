"""What ``aws logs filter-log-events --output text`` prints: the values of an event with tabs between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import continued
from loaders.content import Blocks
from loaders.envelopes import message_at
from loaders.formats import OneByOne, Shape, register
from loaders.kinds import EVENT_ID, Events
from loaders.lines import first_lines, read_lines
from loaders.schema import LINE, MESSAGE, STREAM, TIME, TIMESTAMP

if TYPE_CHECKING:
    from loaders.content import Head
    from loaders.layouts import Place

# Id, time of ingestion and stream; what follows up to the last tab is the message, whatever it holds.
_BEGINS = r"^EVENTS\t([^\t]+)\t[0-9]{12,14}\t([^\t]*)\t"
_ENDS = r"\t([0-9]{12,14})$"
# The streams that were searched, and where to go on: with its name or, at the beginning of a page, without.
_PASSED = r"^(SEARCHEDLOGSTREAMS(\t.*)?|NEXTTOKEN\t.*|\S+)$"
_EVENT = "_event"
_END = "_end"
_OPEN = "the last event is not finished"


class FilterText(OneByOne):
    """Events over one line or more, between a first line and a time that can be told from other text."""

    name = "filter-log-events-text"
    rank = 38
    about = "what `aws logs filter-log-events --output text` prints"
    sign = (
        "the first line that is no token begins with `EVENTS`, an id, a time and a stream, with tabs between"
    )

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for the beginning of an event, with nothing but tokens above it."""
        for line in first_lines(head):
            if re.match(_BEGINS, line):
                return Shape(self.name)
            if not re.match(_PASSED, line.removesuffix("\r")):
                break
        return None

    def read(self, shape: Shape, path: str) -> Events:
        """Put lines together to events, each up to the last line that ends as an event does."""
        return _read(path)

    def raw(self, path: str, line: int) -> str | None:
        """Give back the message that begins on a line."""
        return message_at(_read(path), line)


def _read(path: str) -> Events:
    read = read_lines(Blocks(path))
    text = pl.col(MESSAGE)
    lines = (
        read.frame.with_columns(text.str.contains(_BEGINS).cum_sum().alias(_EVENT))
        .with_columns(pl.when(text.str.contains(_ENDS) & (pl.col(_EVENT) > 0)).then(pl.col(LINE)).alias(_END))
        .with_columns(pl.col(_END).max().over(_EVENT))
    )
    within = (pl.col(LINE) <= pl.col(_END)).fill_null(value=False)
    endless = lines.filter(pl.col(_END).is_null() & (pl.col(_EVENT) > 0)).unique(
        _EVENT, keep="first", maintain_order=True
    )
    broken = read.broken
    if (broken or read.unfinished) and endless.height and endless[_EVENT][-1] == lines[_EVENT][-1]:
        endless, broken = endless.head(-1), broken or _OPEN
    what = pl.lit("an event has no time at its end").alias("what")
    aside = (pl.col(_EVENT) == 0) | (pl.col(LINE) > pl.col(_END))
    others = lines.filter(aside & ~text.str.contains(_PASSED))
    problems = [endless.select(pl.col(LINE).alias("line"), what), continued.orphans(others)]
    events, _ = continued.join(lines.filter(within).select(LINE, MESSAGE), text.str.contains(_BEGINS))
    return Events(_cut(events), pl.concat([read.problems, *problems]), broken)


def _cut(events: pl.DataFrame) -> pl.DataFrame:
    """Cut events into their values."""
    text = pl.col(MESSAGE)
    return events.select(
        LINE,
        text.str.extract(_BEGINS, 1).alias(EVENT_ID),
        text.str.extract(_BEGINS, 2).alias(STREAM),
        text.str.extract(_ENDS, 1).cast(pl.Int64).cast(TIME).alias(TIMESTAMP),
        text.str.replace(_BEGINS, "").str.replace(_ENDS, "").alias(MESSAGE),
    )


register(FilterText())
