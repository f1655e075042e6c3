"""Flow-log records that something wrapped into JSON objects: Elastic, OpenSearch, OpenTelemetry, Firehose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, content, jsons, kinds, objects, times
from loaders.envelopes import message_at
from loaders.formats import OneByOne, Shape, register
from loaders.jsons import WHAT
from loaders.kinds import Events
from loaders.schema import FLOW_LOG, LINE, MESSAGE, TIMESTAMP

if TYPE_CHECKING:
    from loaders.content import Head
    from loaders.layouts import Place

_SAMPLE = 50
_TEXT = "line"
_VALUES = {MESSAGE: "$.message", "_body": "$.body", TIMESTAMP: "$['@timestamp']", "_time": "$.timestamp"}
_SHOWN = 80
# Objects on one line: as `envelopes` finds them, without what polars cannot look for.
_JOINT = r'\}\s*\{\s*"([^\s,:}\]])'


class Wrapped(OneByOne):
    """Objects, most of them one a line, with a flow-log record in each."""

    name = "wrapped-lines"
    rank = 55
    about = "flow logs whose records are wrapped into JSON objects, as Elastic and OpenSearch take them"
    sign = 'a line is a JSON object, and its `"message"` or `"body"` looks like a record of a flow log'

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Unwrap the first objects and look at what is in them."""
        if not head.text.lstrip().startswith((b"{", b"\xef\xbb\xbf{")):
            return None
        parts = _unwrap(_parts(jsons.sound(head.text)).head(_SAMPLE))
        messages = parts[MESSAGE].drop_nulls().to_list()
        chosen = kinds.choose(messages) if len(messages) * 2 >= parts.height else None
        if chosen is None or chosen[0].name != FLOW_LOG:
            return None
        return Shape(self.name, (), chosen[1], FLOW_LOG)

    def read(self, shape: Shape, path: str) -> Events:
        """Unwrap once."""
        return _read(path)

    def raw(self, path: str, line: int) -> str | None:
        """Give back the message in an object."""
        return message_at(_read(path), line)


def _parts(data: bytes) -> pl.DataFrame:
    """Part objects: ``LINE``, or their numbers where several stand on a line, and their text."""
    lines = careful.lines_of(data).filter(pl.col(_TEXT).str.contains(r"\S"))
    parted = lines.with_columns(pl.col(_TEXT).str.replace_all(_JOINT, '}\n{"${1}').str.split("\n")).explode(
        _TEXT
    )
    if parted.height == lines.height:
        return parted
    return parted.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(LINE))


def _unwrap(parts: pl.DataFrame) -> pl.DataFrame:
    """Take out messages and times; no message where there is none or no object."""
    taken = jsons.taken(parts, _TEXT, _VALUES)
    time = times.iso_time(pl.coalesce(TIMESTAMP, "_time")).alias(TIMESTAMP)
    return taken.select(LINE, _TEXT, pl.coalesce(MESSAGE, "_body").alias(MESSAGE), time, WHAT)


def _read(path: str) -> Events:
    saved = content.save(path)
    taken = _unwrap(_parts(jsons.sound(saved.data)))
    bad = taken.filter(pl.col(MESSAGE).is_null())
    broken = saved.broken
    if bad.height and bad[LINE][-1] == taken[LINE][-1] and not saved.data.endswith(b"\n"):
        half = saved.cut or not bad[_TEXT][-1].rstrip().endswith("}")
        bad, broken = (bad.head(-1), broken or objects.CUT) if half else (bad, broken)
    reason = pl.col(WHAT).fill_null("no message in this object")
    what = pl.format("{}: {}", reason, pl.col(_TEXT).str.slice(0, _SHOWN)).alias("what")
    events = taken.filter(pl.col(MESSAGE).is_not_null()).select(LINE, TIMESTAMP, MESSAGE)
    return Events(events, bad.select(pl.col(LINE).alias("line"), what), broken)


register(Wrapped())
