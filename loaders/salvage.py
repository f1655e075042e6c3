"""What can be had of documents with events that are damaged, cut off or not as they should be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loaders import glued
from loaders.glued import Damage
from loaders.schema import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loaders.envelopes import Envelope

MESSAGE_TYPE = "messageType"
CONTROL = "CONTROL_MESSAGE"
"""The type of documents that only try out whether they arrive."""
LATEST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""
MOST_PROBLEMS = 100_000
"""More of them in a file say nothing new."""


@dataclass(slots=True)
class Salvage:
    """What documents hold that are not all as they should be.

    Attributes:
        envelope: What they should be like.
        rows: The number and the columns of each event.
        problems: Number and sentence.
        cut: Whether the last document has no end.
    """

    envelope: Envelope
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    cut: bool = False
    _number: int = 0

    def search(self, text: str) -> None:
        """Find all that can be had, unless next to nothing is as it should be."""
        for value in glued.decode(text, 0, self.envelope.document_begins):
            if self.is_full:
                return
            if isinstance(value, Damage):
                self._salvage(text[value.start : value.end], cut=value.cut)
            elif not isinstance(value, dict):
                self._complain(f"this is no object: {_shown(value)}")
            elif value.get(MESSAGE_TYPE) != CONTROL:
                events = value.get(self.envelope.events)
                if isinstance(events, list):
                    self._add(value, events)
                else:
                    self._complain(f"an object has no {self.envelope.events}: {_shown(value)}")

    def _salvage(self, text: str, *, cut: bool) -> None:
        """Find the whole events of a document that is damaged or lacks its end."""
        self.cut = self.cut or cut
        listed = self.envelope.list_begins.search(text)
        if listed is None:
            if not cut:
                self._complain(f"this is not valid JSON: {glued.excerpt(text)}")
            return
        events = list(glued.decode(text, listed.end(), self.envelope.event_begins, ","))
        document = _head(text[: listed.start()])
        if document.get(MESSAGE_TYPE) == CONTROL:
            return
        if cut and events and isinstance(events[-1], Damage):
            events.pop()
        whole = not any(isinstance(event, Damage) for event in events)
        self._add(document, events)
        if whole and not cut:
            self._complain(f"something in an object is not valid JSON: {glued.excerpt(text)}")

    def _add(self, document: Mapping[str, Any], events: Iterable[object]) -> None:
        common = [_text(document.get(key)) for key in self.envelope.document]
        for event in events:
            if self.is_full:
                return
            checked = _checked(event)
            if isinstance(checked, str):
                self._complain(checked)
                continue
            self._number += 1
            own = [
                _time(checked.get(key)) if name == TIMESTAMP else _text(checked.get(key))
                for key, name in self.envelope.event.items()
            ]
            self.rows.append((self._number, *common, *own))

    @property
    def is_full(self) -> bool:
        """Whether there are so many problems that no more is read."""
        return len(self.problems) >= MOST_PROBLEMS

    def _complain(self, what: str) -> None:
        self._number += 1
        self.problems.append((self._number, what))


def _head(text: str) -> dict[str, Any]:
    """What a document says before its events."""
    value = next(glued.decode(f"{text.rstrip().rstrip(',')}}}", 0, re.compile(r"\Z")), None)
    return value if isinstance(value, dict) else {}


def _checked(event: object) -> dict[str, Any] | str:
    """Give back an event, or say why something is none."""
    if isinstance(event, Damage):
        return f"an event is not valid JSON: {event.text}"
    if not isinstance(event, dict):
        return f"an event is no object: {_shown(event)}"
    if event.get("message") is None:
        return f"an event has no message: {_shown(event)}"
    time = event.get("timestamp")
    return event if time is None or _time(time) is not None else f"timestamp is not a time: {_shown(time)}"


def _time(value: object) -> int | None:
    """Milliseconds, whatever they were written as."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        time = float(value)
    except (ValueError, OverflowError):
        return None
    return int(time) if 0 <= time <= LATEST else None


def _text(value: object) -> str | None:
    """Text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deep)"


def _shown(value: object) -> str:
    return glued.excerpt(_text(value) or "null")
