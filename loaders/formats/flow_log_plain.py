"""Flow logs as text without a header: ``zcat *.gz | grep …`` and CloudWatch export tasks.

CloudWatch writes no header, ever; an export puts the event's time before every line. Both are told by the
types of the words on a line. The default order of fields is the only one looked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loaders import careful, delimited, kinds
from loaders.fields import DEFAULT_ORDER
from loaders.formats import Shape, register
from loaders.kinds import Parsed, carried
from loaders.schema import FLOW_LOG, MESSAGE, TIMESTAMP, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from loaders.careful import Reading
    from loaders.content import Head
    from loaders.layouts import Place

_COLUMNS = column_names(DEFAULT_ORDER)
_EVENT_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z"
# version account interface, srcaddr to bytes, start end, action, status
_RECORD = (
    r"[0-9]{1,2}\s+\S+\s+(eni-\S+|-)\s+([0-9A-Fa-f.:]+\s+){2}([0-9]+\s+){5}[0-9]+\s+[0-9]+\s+(ACCEPT|REJECT)\s+[A-Z]+"
    r"|[0-9]{1,2}\s+\S+\s+(eni-\S+|-)\s+(\S+\s+){7}[0-9]+\s+[0-9]+\s+\S+\s+(NODATA|SKIPDATA)"
)
_LINE = re.compile(_RECORD)
# How many lines at the beginning may be no record before the file is taken for something else.
_LOOK_AT = 20


class _Headerless:
    """Text in the default order; ``prefix`` are the columns before it."""

    def __init__(
        self, name: str, rank: int, pattern: str, prefix: tuple[str, ...], about: str, sign: str
    ) -> None:
        self.name = name
        self.rank = rank
        self.about, self.sign = about, sign
        self._line = re.compile(pattern)
        self._prefix = prefix

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:  # noqa: ARG002
        """Look for a record among the first lines."""
        lines = head.text.removeprefix(delimited.BOM).decode("utf-8", "replace").split("\n")[:_LOOK_AT]
        if not any(self._line.fullmatch(line.strip()) for line in lines):
            return None
        return Shape(self.name, (*self._prefix, *_COLUMNS), ("layers",) if head.layers > 1 else (), FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan the strict scan."""
        return None if shape.detail else delimited.scan(paths, shape.columns, header=False)

    def read(self, shape: Shape, path: str) -> Reading:  # noqa: ARG002
        """Read one file carefully."""
        return careful.read(path, _COLUMNS, self._prefix)

    def raw(self, path: str, line: int) -> str | None:
        """Give back a line."""
        return careful.raw_line(path, line)


class FlowLogMessages:
    """Flow-log records as the messages of CloudWatch."""

    name = FLOW_LOG
    rank = 20
    about = "records of VPC and transit gateway flow logs"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Look for records among the messages."""
        return _COLUMNS if any(_LINE.fullmatch(message.strip()) for message in sample) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Cut messages into words."""
        good, bad = careful.typed(careful.worded(events, MESSAGE), detail, carried(events))
        return Parsed(self.name, good, bad)


kinds.register(FlowLogMessages())
register(
    _Headerless(
        "flow-log-export",
        30,
        rf"{_EVENT_TIME} ({_RECORD})",
        (TIMESTAMP,),
        "flow logs in the default order that an export task of CloudWatch wrote",
        "a line is a time and 14 words whose types fit the default order",
    )
)
register(
    _Headerless(
        "flow-log-headerless",
        40,
        _RECORD,
        (),
        "flow logs in the default order without a header: `zcat *.gz | grep ...`",
        "a line is 14 words whose types fit the default order",
    )
)
