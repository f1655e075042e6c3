"""CloudTrail: who called which API of AWS, delivered as one JSON document a file or as an event a line.

An event's parameters differ from call to call, so they stay in the text of the event, and only what every
event may have becomes columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import content, jsons, kinds, objects, times
from loaders.delimited import BOM
from loaders.envelopes import message_at
from loaders.formats import OneByOne, Shape, register
from loaders.kinds import EVENT_ID, Events, Parsed, carried, no_problems
from loaders.lines import Lines
from loaders.schema import LINE, MESSAGE, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

_COLUMNS = (
    "eventName",
    "eventSource",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "userIdentity.type",
    "userIdentity.arn",
    "userIdentity.userName",
    "userIdentity.accountId",
    "errorCode",
    "errorMessage",
    "eventID",
    "eventType",
    "readOnly",
    "recipientAccountId",
)
# What few values fill.
_LABELS = (
    "eventName",
    "eventSource",
    "awsRegion",
    "userIdentity.type",
    "userIdentity.accountId",
    "errorCode",
    "eventType",
    "readOnly",
    "recipientAccountId",
)
_TIME = "_time"
_PATHS = {name: f"$.{name}" for name in _COLUMNS} | {_TIME: "$.eventTime"}

_OPENING = re.compile(r'\s*\{\s*"Records"\s*:\s*')
_MORE = re.compile(r"\S")
_VERSION = re.compile(r'"eventVersion"\s*:')
# Ids are UUIDs: anything shorter does not tell events apart.
_ID_LENGTH = 36

_OTHER = "something that is not a list of events follows the events"
_UNREADABLE = "what follows the events is not valid JSON"


class CloudTrail:
    """Calls of AWS APIs."""

    name = "cloudtrail"
    rank = 34
    about = "events of CloudTrail"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Look for an object that is an event."""
        return () if any(_is_event(found) for found in jsons.objects(sample)) else None

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Take what every event may have out of the objects."""
        told, problems = jsons.table(events, _PATHS)
        own = times.iso_time(pl.col(_TIME))
        given = [pl.col(TIMESTAMP)] if TIMESTAMP in events.columns else []
        frame = told.with_columns(
            pl.col(_LABELS).cast(pl.Categorical()),
            pl.coalesce(*given, own).alias(TIMESTAMP),
        )
        kept = [name for name in carried(frame) if name != TIMESTAMP]
        return Parsed(self.name, frame.select(*kept, TIMESTAMP, *_COLUMNS, MESSAGE), problems)


class CloudTrailFile(OneByOne):
    """Documents of the form ``{"Records": [...]}``, one a file or one after another."""

    name = "cloudtrail"
    rank = 44
    about = "events of CloudTrail as it delivers them to S3"
    sign = 'it begins with `{"Records":` and a list of objects with `eventVersion`'

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look at the first event in the list."""
        text = head.text.removeprefix(BOM).decode("utf-8", "replace")
        opening = _OPENING.match(text)
        if opening and _holds_events(text[opening.end() :]):
            return Shape(self.name, kind=KIND.name)
        return None

    def read(self, shape: Shape, path: str) -> Events:
        """Split into events; ``LINE`` is the number of an event in its file."""
        saved = content.save(path)
        found = _split(saved.data)
        frame = pl.DataFrame(
            {LINE: found.numbers, MESSAGE: found.events, EVENT_ID: found.named},
            schema={LINE: pl.UInt32(), MESSAGE: pl.String(), EVENT_ID: pl.Boolean()},
        )
        # An id that comes again with another text is one that somebody has made up, to share a file.
        frame = frame.with_columns(pl.when(EVENT_ID).then(MESSAGE).alias(EVENT_ID))
        problems = pl.DataFrame(found.problems, schema=no_problems().schema, orient="row")
        return Events(frame, problems, saved.broken or found.broken)

    def raw(self, path: str, line: int) -> str | None:
        """Give back the text of an event."""
        return message_at(self.read(Shape(self.name), path), line)


@dataclass(slots=True)
class _Found:
    """The events of a file: numbers, texts, whether they have an id; what is none; why it did not go on."""

    numbers: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    named: list[bool] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    broken: str | None = None


def _split(data: bytes) -> _Found:
    """Cut a file into the texts of its events."""
    text = jsons.decoded(data)
    found, at = _Found(), 0
    while not found.broken and _MORE.search(text, at):
        opening = _OPENING.match(text, at)
        if not opening:
            found.broken = _OTHER
            break
        at = opening.end()
        if text.startswith("[", at):
            at = _split_list(text, at + 1, found)
        if not found.broken:
            end = objects.closing(text, at, open_="{")
            at, found.broken = end or len(text), None if end else objects.CUT
    return found


def _split_list(text: str, at: int, found: _Found) -> int:
    """Cut a list into its events; where it ends."""
    values = objects.Values(text, at, between=",", ends="]")
    for number, value in enumerate(values, len(found.numbers) + len(found.problems) + 1):
        if isinstance(value.value, dict):
            found.numbers.append(number)
            found.events.append(text[value.start : value.end])
            found.named.append(_has_id(value.value))
        else:
            found.problems.append((number, value.what or "not a JSON object"))
    if not text.startswith("]", values.at):
        found.broken = objects.CUT if values.cut or not values.lost else _UNREADABLE
    return values.at + 1


def _has_id(event: dict[str, Any]) -> bool:
    ident = event.get("eventID")
    return isinstance(ident, str) and len(ident) == _ID_LENGTH


def _holds_events(text: str) -> bool:
    """Whether what stands after ``"Records":`` is nothing or a list of events, as far as can be seen."""
    if not text or text.startswith("null"):
        return True
    first = text[1:].lstrip()
    if not text.startswith("[") or not first or first.startswith("]"):
        return text.startswith("[")
    found = next(iter(objects.Values(first)), None)
    if found is None or found.what:
        return first.startswith("{") and bool(_VERSION.search(first))
    return isinstance(found.value, dict) and _is_event(found.value)


def _is_event(found: dict[str, Any]) -> bool:
    """Whether an object is an event: of CloudTrail, not one that S3 or DynamoDB tells a function about."""
    if "eventVersion" not in found:
        return False
    if "eventSource" in found and "eventName" in found:
        return not str(found["eventSource"]).startswith("aws:")
    return "eventCategory" in found or str(found.get("eventType")).startswith("AwsCloudTrail")


KIND = CloudTrail()
kinds.register(KIND)
register(CloudTrailFile())
register(
    Lines(
        "cloudtrail-lines",
        52,
        KIND,
        about="events of CloudTrail, a JSON object a line: what `jq -c '.Records[]'` makes of deliveries",
        sign="a line is a JSON object with `eventVersion`, `eventSource` and `eventName`",
    )
)
