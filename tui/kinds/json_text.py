"""Messages of programs: JSON whose fields differ from record to record, and plain text."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from tui.explain import Line
from tui.kinds import documents
from tui.kinds.base import Outcome, Telling, column, having, in_a_cell, said, when

if TYPE_CHECKING:
    from collections.abc import Mapping

# What programs call how bad it is, and what they say.
_LEVELS = ("level", "severity", "levelname", "loglevel", "log.level", "lvl", "severityText", "severity_text")
_SAYINGS = ("message", "msg")
# Told by other columns of the table.
_SAID_ELSEWHERE = frozenset({*_LEVELS, *_SAYINGS, "@timestamp", "timestamp", "time", "ts", "datetime"})
_MOST_VALUES = 30
_BAD = frozenset(
    {"error", "err", "fatal", "critical", "crit", "alert", "emerg", "emergency", "panic", "severe"}
)
_DOUBTFUL = frozenset({"warn", "warning"})
# A table shows many records at once: of longer ones it shows the text, which need not be parsed.
_PARSED_IN_TABLES = 64 * 1024
_LONGEST_LEVEL = 12
_SHORT = 150
# What a pane shows of a text; the whole of it can be copied.
LONGEST_TEXT = 64 * 1024


def _document(record: Mapping[str, Any]) -> object:
    message = said(record, "message")
    return documents.parse(message) if len(message) <= _PARSED_IN_TABLES else documents.NOTHING


def _level_inside(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """Under which name the record says at its top how bad it is, and what it says."""
    document = _document(record)
    if not isinstance(document, dict):
        return None
    nested = document.get("log")
    found = {**document, "log.level": nested.get("level")} if isinstance(nested, dict) else document
    words = ((name, found.get(name)) for name in _LEVELS)
    return next(((name, word) for name, word in words if isinstance(word, str) and word), None)


def _level(record: Mapping[str, Any]) -> Outcome:
    """How bad it is, if the record says so."""
    _, found = _level_inside(record) or ("", "")
    word = found[:_LONGEST_LEVEL]
    if word.lower() in _BAD:
        return Outcome("✗", word, "reject")
    return Outcome("!", word, "warn") if word.lower() in _DOUBTFUL else Outcome(" ", word)


def _summary(record: Mapping[str, Any]) -> str:
    """What the program says, else the message as it is."""
    document = _document(record)
    sayings = [document.get(name) for name in _SAYINGS] if isinstance(document, dict) else []
    text = next((text for text in sayings if isinstance(text, str) and text.strip()), said(record, "message"))
    return in_a_cell(text) or "An empty message."


def _row(record: Mapping[str, Any]) -> str:
    """What the program says, and the plain values it says it with: ``request  path=/ status=200``."""
    document = _document(record)
    if not isinstance(document, dict) or not any(isinstance(document.get(name), str) for name in _SAYINGS):
        return _summary(record)
    values = (
        f"{name}={value}"
        for name, value in islice(document.items(), _MOST_VALUES)
        if name not in _SAID_ELSEWHERE and isinstance(value, str | bool) and value != ""
    )
    return in_a_cell(f"{_summary(record)}  {' '.join(values)}").strip()


def _fields(record: Mapping[str, Any]) -> list[Line]:
    if _is_document(record):
        return [when(record), *documents.lines(documents.parse(said(record, "message")))]
    return _words(record)


def _is_document(record: Mapping[str, Any]) -> bool:
    return isinstance(documents.parse(said(record, "message")), dict | list)


def _first_line(record: Mapping[str, Any]) -> str:
    return in_a_cell(said(record, "message").lstrip()) or "An empty line."


def _words(record: Mapping[str, Any]) -> list[Line]:
    message = said(record, "message")
    if len(message) < _SHORT and message.strip() == _first_line(record):
        return [when(record)]  # the headline has said it
    more = len(message) - LONGEST_TEXT
    note = f"… {more:,} more characters" if more > 0 else ""
    text = message[:LONGEST_TEXT].strip("\r\n").expandtabs(4)
    return [line for line in (when(record), Line("message", text, note, verse=True)) if line.value]


JSON = Telling(
    having(
        column(
            "level",
            (7, 10),
            1,
            *("message", *_LEVELS),
            text=lambda r: str(_level(r)),
            inside=_level_inside,
            toned=True,
        ),
        column("message", (30, 40), 0, "message", text=_row, grow=True, tail=0),
    ),
    _level,
    _summary,
    _fields,
    lambda record: said(record, "message") if _is_document(record) else "",
)

TEXT = Telling(
    having(column("message", (30, 40), 0, "message", text=_first_line, grow=True, tail=0)),
    lambda _: Outcome(),
    _first_line,
    _words,
    lambda _: "",
)
