"""JSON documents that pack the events of CloudWatch: subscriptions, and what the command line prints."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loaders import content, jsons, objects
from loaders.delimited import BOM
from loaders.formats import OneByOne, Shape
from loaders.kinds import EVENT_ID, Events, no_problems
from loaders.salvage import CONTROL, LATEST, MESSAGE_TYPE, Salvage
from loaders.schema import GROUP, LINE, MESSAGE, STREAM, TIME, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loaders.content import Head
    from loaders.layouts import Place

_EVENTS = "_events"
_OF_DOCUMENT = "_of_document"
# Each takes a hundred bytes or so where it is decoded, and brackets alone are no log.
_MOST_VALUES = 16_000_000
# Room for a brace, blanks and a key.
_LONGEST_BEGINNING = 1000
# In valid JSON, a "}" and a "{" with nothing but blanks between them are two objects of the file, or text in
# a string. The next quote would end that string, and behind a string stands one of ",:}]" or the end. So
# where a quote follows and none of these behind it, two objects of the file meet. (A key that begins with
# one of these is the exception: its object stays glued, and polars refuses the line.)
_JOINT = re.compile(rb'\}[ \t\r\n]*\{[ \t\r\n]*"(?![ \t\r\n]*(?:[,:}\]]|\Z))')
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_DTYPES: dict[str, pl.DataType] = {
    GROUP: pl.String(),
    STREAM: pl.String(),
    EVENT_ID: pl.String(),
    TIMESTAMP: pl.Int64(),
    MESSAGE: pl.String(),
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """How documents pack events.

    Attributes:
        events: The key of their list of events.
        document: The keys that say something of all events of a document, and the columns they become.
        event: The keys of an event, and the columns they become.
        others: Other keys that a document has.
        others_of_event: Other keys that an event has.
    """

    events: str
    document: Mapping[str, str]
    event: Mapping[str, str]
    others: tuple[str, ...]
    others_of_event: tuple[str, ...]

    @property
    def columns(self) -> dict[str, pl.DataType]:
        """The columns of the events, without ``LINE``; times are Int64."""
        return {name: _DTYPES[name] for name in (*self.document.values(), *self.event.values())}

    @property
    def document_begins(self) -> re.Pattern[str]:
        """How a document begins."""
        return _opening(self.events, *self.document, *self.others)

    @property
    def event_begins(self) -> re.Pattern[str]:
        """How an event begins."""
        return _opening(*self.event, *self.others_of_event)

    @property
    def list_begins(self) -> re.Pattern[str]:
        """Where the list of events begins; in a string, the quotes would be escaped."""
        return re.compile(rf'"{self.events}"\s*:\s*\[\s*')

    def is_in(self, text: str) -> bool:
        """Whether text begins as such a document does, and its list of events with an event, if any."""
        text = text.lstrip()
        listed = self.list_begins.search(text)
        if listed is None or not self.document_begins.match(text):
            return False
        rest = text[listed.end() : listed.end() + _LONGEST_BEGINNING]
        return not rest or rest.startswith("]") or self.event_begins.match(rest) is not None


class Documents(OneByOne):
    """A format of such documents."""

    def __init__(
        self, name: str, rank: int, envelope: Envelope, *, about: str, sign: str, needs: str = ""
    ) -> None:
        """Describe it.

        Args:
            name: What ``check`` prints.
            rank: When it is asked.
            envelope: How the documents pack events.
            about: What such files are, for the manual.
            sign: How they are told from others, for the manual.
            needs: A pattern that is found in the beginning of such a file.
        """
        self.name, self.rank, self.about, self.sign = name, rank, about, sign
        self._envelope, self._needs = envelope, re.compile(needs)

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look for the keys of a document and of an event."""
        text = head.text.removeprefix(BOM).decode("utf-8", "replace")
        return Shape(self.name) if self._envelope.is_in(text) and self._needs.search(text) else None

    def read(self, shape: Shape, path: str) -> Events:
        """Unpack the events."""
        return read(self._envelope, path)

    def raw(self, path: str, line: int) -> str | None:
        """Give back the message of an event."""
        return message_at(read(self._envelope, path), line)


def _opening(*keys: str) -> re.Pattern[str]:
    return re.compile(rf'\{{\s*"(?:{"|".join(keys)})"\s*:')


def read(envelope: Envelope, path: str) -> Events:
    """Read a file of such documents.

    Returns:
        Events by their number in the file, from 1; what stands in place of an event has a number, too.

    Raises:
        OSError: It cannot be opened or read; without an ``errno``: it would not fit into memory.
    """
    saved = content.save(path)
    if sum(map(saved.data.count, (b"{", b"["))) > _MOST_VALUES:
        raise OSError(f"more than {_MOST_VALUES} objects and lists in one document")
    data = jsons.sound(saved.data)
    frame = _together(envelope, one_a_line(data))
    if frame is not None:
        return Events(_numbered(frame), broken=saved.broken)
    found = Salvage(envelope)
    found.search(data.decode())
    rows = pl.DataFrame(found.rows, {LINE: pl.UInt32(), **envelope.columns}, orient="row")
    problems = pl.DataFrame(found.problems, no_problems().schema, orient="row")
    broken = saved.broken or (objects.CUT if found.cut else None)
    if found.is_full:
        broken = f"more than {objects.MOST_PROBLEMS} problems; the rest was not read"
    return Events(rows.with_columns(pl.col(TIMESTAMP).cast(TIME)), problems, broken)


def one_a_line(data: bytes) -> bytes:
    """Bring objects to a line each, if it is valid JSON; what is not valid does not become so."""
    return _JOINT.sub(b'}\n{"', data.translate(_ONE_LINE))


def message_at(events: Events, line: int) -> str | None:
    """Give back the message of an event; ``None`` when it is not there."""
    found = events.frame.filter(pl.col(LINE) == line)[MESSAGE]
    return found[0] if found.len() else None


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index(LINE, 1).with_columns(
        pl.col(LINE).cast(pl.UInt32), pl.col(TIMESTAMP).cast(TIME)
    )


def _together(envelope: Envelope, lines: bytes) -> pl.DataFrame | None:
    """Read documents, one a line, at once; ``None`` when anything about them is not as it should be."""
    inner = {key: _DTYPES[name] for key, name in envelope.event.items()}
    schema = {key: pl.String() for key in (MESSAGE_TYPE, *envelope.document)}
    try:
        documents = pl.read_ndjson(
            io.BytesIO(lines), schema={**schema, envelope.events: pl.List(pl.Struct(inner))}
        )
    except pl.exceptions.PolarsError:
        return None
    if not _is_all(documents, lines) or documents[envelope.events].null_count():
        return None
    events = (
        documents.rename({envelope.events: _EVENTS, **{key: f"{key}{_OF_DOCUMENT}" for key in schema}})
        .explode(_EVENTS, empty_as_null=False)
        .unnest(_EVENTS)
    )
    odd = (
        events[_key(envelope, MESSAGE)].null_count()
        or not events[_key(envelope, TIMESTAMP)].is_between(0, LATEST).all()
    )
    if odd or not _is_all(events.select(*inner), lines):
        return None
    control = pl.col(f"{MESSAGE_TYPE}{_OF_DOCUMENT}").eq_missing(CONTROL)
    return events.filter(~control).select(
        *(pl.col(f"{key}{_OF_DOCUMENT}").alias(name) for key, name in envelope.document.items()),
        *(pl.col(key).alias(name) for key, name in envelope.event.items()),
    )


def _key(envelope: Envelope, column: str) -> str:
    return next(key for key, name in envelope.event.items() if name == column)


def _is_all(frame: pl.DataFrame, lines: bytes) -> bool:
    """Whether every key that is written down has a value here, and none stands twice or elsewhere."""
    return all(lines.count(f'"{key}"'.encode()) == frame[key].count() for key in frame.columns)
