"""Flow-log records as messages: of CloudWatch, of Firehose, of whatever hands lines on one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, kinds, orders
from loaders.delimited import BOM
from loaders.kinds import Parsed, carried, no_failures
from loaders.schema import FILE, FLOW_LOG, MESSAGE, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = "_header"
_HOLDS = "_holds"
# White space as bytes know it, as in the careful reading, and the ends of lines that messages come with.
_BLANKS = " \t\r\n\x0b\x0c"
# Every header looks so; the few messages that do are looked at more closely.
_HEADER_LIKE = r"^[^ 0-9.:/][^ .:/]*(\s+[^ 0-9.:/][^ .:/]*)+$"


class FlowLogMessages:
    """Flow-log records, their fields in any order that shows."""

    name = FLOW_LOG
    rank = 20
    about = "records of VPC and transit gateway flow logs"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Find the order of fields that the messages are in."""
        return orders.choose([message.strip(_BLANKS) for message in sample])

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Cut messages into words; a header among them is no record, and holds below it in its file."""
        text = pl.col(MESSAGE).str.strip_chars(_BLANKS).str.strip_prefix(BOM.decode())
        events = events.with_columns(text)
        good, bad = [], [no_failures()]
        for columns, part in _segments(events, detail):
            records, problems = careful.typed(careful.worded(part, MESSAGE), columns, carried(part))
            good.append(records)
            bad.append(problems.select("line", "what", FILE))
        return Parsed(self.name, pl.concat(good, how="diagonal"), pl.concat(bad))


def _segments(events: pl.DataFrame, columns: tuple[str, ...]) -> list[tuple[tuple[str, ...], pl.DataFrame]]:
    """Sort messages by the columns they have, and leave the headers out.

    Args:
        events: The messages.
        columns: The columns of those that no header stands above.
    """
    likely = events.filter(pl.col(MESSAGE).str.contains(_HEADER_LIKE))[MESSAGE].unique().to_list()
    headers = {text: column_names(words) for text in likely if orders.is_names(words := text.split())}
    if not headers:
        return [(columns, events)]
    shapes = list(dict.fromkeys([columns, *headers.values()]))
    numbers = {text: shapes.index(names) for text, names in headers.items()}
    own = pl.col(MESSAGE).replace_strict(numbers, default=None, return_dtype=pl.UInt32())
    below = (
        events.with_columns(own.alias(_HEADER))
        .with_columns(pl.col(_HEADER).forward_fill().over(FILE).fill_null(0).alias(_HOLDS))
        .filter(pl.col(_HEADER).is_null())
    )
    return [
        (names, below.filter(pl.col(_HOLDS) == number).drop(_HEADER, _HOLDS))
        for number, names in enumerate(shapes)
    ]


kinds.register(FlowLogMessages())
