"""Questions about small real files: what a query answers, as Python values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from loaders.load import Library
from query.answer import Answer, answer
from query.parse import parse_query
from query.scope import Scope
from tests.loaders.files import HEADER, START, nodata, put, record, text

if TYPE_CHECKING:
    from pathlib import Path

    from loaders.dataset import Dataset

EVERYTHING = Scope()
BEGIN = datetime(2026, 1, 15, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def flow_log(folder: Path, *lines: str, name: str = "flow.log", header: str = HEADER) -> Path:
    """A flow log; the folder that it is in."""
    put(folder, name, text(header, *lines))
    return folder


def json_log(folder: Path, *messages: object, name: str = "app.jsonl") -> Path:
    """A JSON log with a message a minute; the folder that it is in."""
    lines = []
    for minute, message in enumerate(messages):
        moment = (BEGIN + minute * MINUTE).isoformat().replace("+00:00", "Z")
        lines.append(json.dumps({"timestamp": moment} | message) if isinstance(message, dict) else message)
    put(folder, name, text(*lines))
    return folder


def at(minute: int) -> datetime:
    """So many minutes after the records begin."""
    return BEGIN + minute * MINUTE


def read(*paths: Path) -> Dataset:
    """The records below some paths."""
    return Library(tuple(map(str, paths))).read_all()


def ask(dataset: Dataset, text: str, scope: Scope = EVERYTHING, **options: Any) -> Answer:
    """The answer to a query."""
    return answer(dataset, parse_query(text), scope, **options)


def rows(dataset: Dataset, text: str, scope: Scope = EVERYTHING, **options: Any) -> list[Any]:
    """The rows of an answer as it is shown; single values if it has one column."""
    found = ask(dataset, text, scope, **options)
    shown = found.frame.select(found.columns).rows()
    return [row[0] for row in shown] if len(found.columns) == 1 else shown


def six_flows(folder: Path) -> Dataset:
    """Six records a minute apart, the last of which says that there was no traffic."""
    values = [
        ("10.0.0.9", 443, 100, "ACCEPT"),
        ("10.0.0.10", 22, 900, "REJECT"),
        ("10.0.0.9", 443, 300, "ACCEPT"),
        ("2001:db8::1", 8080, 20, "ACCEPT"),
        ("10.0.0.9", 22, 5, "REJECT"),
    ]
    lines = [
        record(srcaddr=source, dstport=port, bytes=size, action=action, start=START + 60 * minute)
        for minute, (source, port, size, action) in enumerate(values)
    ]
    return read(flow_log(folder, *lines, nodata().replace(str(START), str(START + 300))))
