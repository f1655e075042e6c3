"""Results of CloudWatch Logs Insights as JSON: what the CLI prints, and what the console exports."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import content, jsons, objects, tables
from loaders.delimited import BOM, LEAST_NAMES
from loaders.formats import OneByOne, Shape, register
from loaders.kinds import no_problems
from loaders.objects import Values
from loaders.objects import as_text as _text
from loaders.schema import FLOW_LOG, LINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loaders.careful import Reading
    from loaders.content import Head
    from loaders.kinds import Events
    from loaders.layouts import Place

# `{"results": [[{"field": ...`, or no rows but the statistics of the query; other keys may come first.
_FIRST_KEY = re.compile(r'\{\s*"(?:results|queryLanguage|statistics|status|encryptionKey)"\s*:')
_ROWS = re.compile(r'"results"\s*:\s*\[')
_CELL = re.compile(r'"results"\s*:\s*\[\s*\[\s*\{\s*"(?:field|value)"\s*:')
_NO_ROWS = re.compile(r'"results"\s*:\s*\[\s*\]')
_FIELD = re.compile(r'"field"\s*:\s*"([^"\\]*)"')
_KEY = re.compile(r'"([^"\\]*)"\s*:')
_OBJECTS = re.compile(r"\[\s*(?=\{)")
_LIST = re.compile(r"\s*\[")
_DAMAGED = "something in a document is not valid JSON"
_FINISHED = "Complete"

_Row = dict[str, str | None]


class QueryResults(OneByOne):
    """JSON of ``get-query-results``, or an array of objects with the fields of messages or flow logs."""

    name = "query-results"
    rank = 50
    about = (
        "results of CloudWatch Logs Insights: `aws logs get-query-results`, and JSON that the console exports"
    )
    sign = (
        "JSON with `results` whose rows are lists of `field` and `value`; or an array of objects that have "
        "`@message` or at least three fields of flow logs"
    )

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look at the first rows."""
        text = head.text.removeprefix(BOM).decode("utf-8", "replace").lstrip()
        if _OBJECTS.match(text):
            names = _first_keys(text)
            if any(name.lower() == "@message" for name in names):
                return tables.messages(self.name)
            return Shape(self.name, (), (), FLOW_LOG) if tables.count_fields(names) >= LEAST_NAMES else None
        if not _FIRST_KEY.match(text):
            return None
        if not _CELL.search(text) and not (_NO_ROWS.search(text) and '"statistics"' in text):
            return None
        shape = tables.shape(self.name, list(dict.fromkeys(_FIELD.findall(text))))
        return shape or Shape(self.name, (), (), tables.RESULTS)

    def read(self, shape: Shape, path: str) -> Reading | Events:
        """Read one file; a row's ``LINE`` is its number."""
        saved = content.save(path)
        found = _Rows()
        found.search(jsons.sound(saved.data).decode())
        every = list(dict.fromkeys(chain.from_iterable(found.rows.values())))
        names = every[: tables.MOST_COLUMNS]
        left_out = f"only the first {len(names)} of {len(every)} fields are read" if names != every else None
        values = {
            tables.value(index): [row.get(name) for row in found.rows.values()]
            for index, name in enumerate(names)
        }
        schema = {LINE: pl.UInt32()} | dict.fromkeys(values, pl.String())
        return tables.told(
            pl.DataFrame({LINE: list(found.rows)} | values, schema=schema),
            names,
            shape.kind,
            problems=pl.DataFrame(found.problems, schema=no_problems().schema, orient="row"),
            broken=saved.broken or left_out or found.broken,
        )

    def raw(self, path: str, line: int) -> str | None:
        """Write a row as an object."""
        found = _Rows()
        found.search(jsons.sound(content.save(path).data).decode())
        row = found.rows.get(line)
        return None if row is None else json.dumps(row, ensure_ascii=False)


@dataclass(slots=True)
class _Rows:
    """The rows of documents one after another; no query gives more than ten thousand.

    Attributes:
        rows: By their number.
        problems: The number of everything else in their place, and what is wrong with it.
        broken: Why that is not all of them.
    """

    rows: dict[int, _Row] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    broken: str | None = None

    def search(self, text: str) -> None:
        """Find all that can be had."""
        documents = Values(text)
        for found in documents:
            if found.what:
                self._salvage(text[found.start : found.end])
                self.broken = self.broken or _DAMAGED
                continue
            items = found.value
            if isinstance(items, dict):
                status = items.get("status") or _FINISHED
                if status != _FINISHED:
                    self.broken = self.broken or f"the query had not finished: {_text(status)[:80]}"
                items = items.get("results")
            self._add((item, None) for item in (items if isinstance(items, list) else ()))
        if documents.cut:
            self._salvage(text[documents.at :])
            self.broken = self.broken or objects.CUT

    def _salvage(self, text: str) -> None:
        """Find the whole rows of a document that is not whole."""
        begins = _LIST.match(text) or _ROWS.search(text)
        if begins:
            self._add((item.value, item.what) for item in Values(text, begins.end(), between=",", ends="]"))

    def _add(self, items: Iterable[tuple[Any, str | None]]) -> None:
        for number, (item, what) in enumerate(items, len(self.rows) + len(self.problems) + 1):
            row = _row(item)
            if row is None:
                self.problems.append((number, what or "not a row of fields and values"))
            else:
                self.rows[number] = row


def _first_keys(text: str) -> list[str]:
    """The keys of the first object of an array, or what looks like keys where it goes on beyond the text."""
    found = next(iter(Values(text, text.index("{"))), None)
    return list(found.value) if found and isinstance(found.value, dict) else _KEY.findall(text)


def _row(item: Any) -> _Row | None:  # noqa: ANN401 - whatever JSON holds
    if isinstance(item, dict):
        pairs: Iterable[tuple[Any, Any]] = item.items()
    elif isinstance(item, list) and all(isinstance(cell, dict) and "field" in cell for cell in item):
        pairs = [(cell["field"], cell.get("value")) for cell in item]
    else:
        return None
    return {_text(name): None if found is None else _text(found) for name, found in pairs}


register(QueryResults())
