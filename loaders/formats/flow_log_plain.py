"""Flow logs as text without a header: ``zcat *.gz | grep …`` and CloudWatch export tasks.

CloudWatch writes no header, ever; an export puts the event's time before every line. Both are told by what
the words on a line look like (``loaders.orders``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, delimited, orders
from loaders.content import UNFINISHED, Blocks
from loaders.delimited import COMMENT
from loaders.formats import Shape, register
from loaders.kinds import Events
from loaders.lines import first_lines, read_lines
from loaders.schema import FLOW_LOG, LINE, MESSAGE, TIME, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.careful import Reading
    from loaders.content import Head
    from loaders.layouts import Place

# What polars may not or cannot unpack by itself is read carefully.
_CAREFUL = ("careful",)
# Milliseconds since 2001; twelve digits would be an account, with which a record may begin.
_EPOCH = r"^[0-9]{13}$"
_BLANKS = " \t\r\x0b\x0c"
_EVENT = re.compile(
    r"\s*(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z|(?P<epoch>[0-9]{13}))"
    r"\s+(?P<record>\S.*)",
    re.DOTALL,
)
_MOST_SHOWN = 80
_SHOWN = "_time"


class Headerless:
    """Lines that are records and nothing else."""

    name = "flow-log-headerless"
    rank = 40
    about = "flow logs without a header, in an order that AWS uses: `zcat *.gz | grep ...`"
    sign = "the words of a line look like the fields of an order that AWS uses"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for records among the first lines."""
        columns = orders.choose(first_lines(head), place.fields)
        if columns is None:
            return None
        return Shape(self.name, columns, () if head.strict else _CAREFUL, FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan the strict scan."""
        return None if shape.detail else delimited.scan(paths, shape.columns, header=False)

    def read(self, shape: Shape, path: str) -> Reading:
        """Read one file carefully."""
        return careful.read(Blocks(path), shape.columns)

    def go_on(self, shape: Shape, blocks: Blocks) -> Reading:
        """Read more lines carefully."""
        return careful.read(blocks, shape.columns)

    def raw(self, path: str, line: int) -> str | None:
        """Give back a line."""
        return careful.raw_line(path, line)


class Export:
    """Lines that are a time and a record."""

    name = "flow-log-export"
    rank = 30
    about = "flow logs that an export task of CloudWatch wrote"
    sign = "a line is a time, and words that look like the fields of an order that AWS uses"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for times among the first lines, and for records behind them."""
        events = [event for line in first_lines(head) if (event := _EVENT.match(line))]
        if not events:
            return None
        columns = orders.choose([event["record"] for event in events], place.fields)
        if columns is None:
            return None
        # A header behind a time is no record, and only among messages it is passed over.
        if any(event["epoch"] or orders.is_names(event["record"].split()) for event in events):
            return Shape(self.name, (), columns, FLOW_LOG)
        return Shape(self.name, (TIMESTAMP, *columns), () if head.strict else _CAREFUL, FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan the strict scan."""
        return None if shape.detail else delimited.scan(paths, shape.columns, header=False)

    def read(self, shape: Shape, path: str) -> Reading | Events:
        """Read one file carefully; without columns its lines are times and messages."""
        return self.go_on(shape, Blocks(path))

    def go_on(self, shape: Shape, blocks: Blocks) -> Reading | Events:
        """Read more lines carefully."""
        if not shape.columns:
            return _events(blocks)
        return careful.read(blocks, shape.columns[1:], (TIMESTAMP,))

    def raw(self, path: str, line: int) -> str | None:
        """Give back a line."""
        return careful.raw_line(path, line)


def _events(blocks: Blocks) -> Events:
    """Split lines into times and messages."""
    read = read_lines(blocks)
    text = pl.col(MESSAGE).str.strip_chars(_BLANKS)
    first = text.str.extract(rf"^([^{_BLANKS}]+)")
    lines = (
        read.frame.filter(~text.str.starts_with(COMMENT))
        .with_columns(
            first.alias(TIMESTAMP),
            first.alias(_SHOWN),
            text.str.replace(rf"^[^{_BLANKS}]+[{_BLANKS}]*", "").alias(MESSAGE),
        )
        .with_columns(_time())
    )
    bad = lines.filter(pl.col(TIMESTAMP).is_null())
    what = pl.format("timestamp is not a time: {}", pl.col(_SHOWN).str.slice(0, _MOST_SHOWN))
    problems = bad.select(pl.col(LINE).alias("line"), what.alias("what"))
    events = lines.filter(pl.col(TIMESTAMP).is_not_null()).select(LINE, TIMESTAMP, MESSAGE)
    half = read.unfinished and bad.height and bad[LINE][-1] == lines[LINE][-1]
    broken = read.broken or (UNFINISHED if half else None)
    problems = pl.concat([read.problems, problems])
    return Events(events, problems, broken, unfinished=read.unfinished and not half)


def _time() -> pl.Expr:
    """The time before a record, whether it is written out or counts milliseconds."""
    text = pl.col(TIMESTAMP)
    epoch = pl.when(text.str.contains(_EPOCH)).then(text).cast(pl.Int64).cast(TIME)
    return pl.coalesce(epoch, delimited.event_time(strict=False))


register(Headerless())
register(Export())
