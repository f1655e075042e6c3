"""What can be had of documents with events that are damaged, cut off or not as they should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loaders.objects import INVALID, MOST_PROBLEMS, Values, as_text, excerpt
from loaders.schema import TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loaders.envelopes import Envelope

MESSAGE_TYPE = "messageType"
CONTROL = "CONTROL_MESSAGE"
"""The type of documents that only try out whether they arrive."""
LATEST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""


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
        values = Values(text, begins=self.envelope.document_begins)
        for found in values:
            if self.is_full:
                return
            if found.what:
                self._salvage(text[found.start : found.end], cut=False)
            elif not isinstance(found.value, dict):
                self._complain(f"this is no object: {_shown(found.value)}")
            elif found.value.get(MESSAGE_TYPE) != CONTROL:
                events = found.value.get(self.envelope.events)
                if isinstance(events, list):
                    self._add(found.value, ((event, None) for event in events))
                else:
                    self._complain(f"an object has no {self.envelope.events}: {_shown(found.value)}")
        if values.cut:
            self.cut = True
            self._salvage(text[values.at :], cut=True)

    def _salvage(self, text: str, *, cut: bool) -> None:
        """Find the whole events of a document that is damaged or lacks its end."""
        listed = self.envelope.list_begins.search(text)
        if listed is None:
            if not cut:
                self._complain(f"this is {INVALID}: {excerpt(text)}")
            return
        document = _head(text[: listed.start()])
        if document.get(MESSAGE_TYPE) == CONTROL:
            return
        before = len(self.problems)
        values = Values(text, listed.end(), between=",", ends="]", begins=self.envelope.event_begins)
        self._add(document, ((found.value, found.what and text[found.start : found.end]) for found in values))
        if not cut and len(self.problems) == before:
            self._complain(f"something in an object is {INVALID}: {excerpt(text)}")

    def _add(self, document: Mapping[str, Any], events: Iterable[tuple[object, str | None]]) -> None:
        """Add events; beside each the text of what could not be decoded."""
        common = [_optional(document.get(key)) for key in self.envelope.document]
        for event, damaged in events:
            if self.is_full:
                return
            checked = f"an event is {INVALID}: {excerpt(damaged)}" if damaged else _checked(event)
            if isinstance(checked, str):
                self._complain(checked)
                continue
            self._number += 1
            own = [
                _time(checked.get(key)) if name == TIMESTAMP else _optional(checked.get(key))
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
    found = next(iter(Values(f"{text.rstrip().rstrip(',')}}}")), None)
    return found.value if found and isinstance(found.value, dict) else {}


def _checked(event: object) -> dict[str, Any] | str:
    """Give back an event, or say why something is none."""
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


def _optional(value: object) -> str | None:
    return None if value is None else as_text(value)


def _shown(value: object) -> str:
    return excerpt("null" if value is None else as_text(value))
