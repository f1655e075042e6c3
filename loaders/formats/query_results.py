"""Results of CloudWatch Logs Insights as JSON: what the CLI prints, and what the console exports."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders import content, tables
from loaders.delimited import BOM, LEAST_NAMES
from loaders.formats import Shape, register
from loaders.kinds import no_problems
from loaders.schema import FLOW_LOG, LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loaders.careful import Reading
    from loaders.content import Head, Saved
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
# Half a surrogate pair is no text, but polars takes it for some.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BLANK = re.compile(r"[\s,]*")
_ANSWER = pl.Struct(
    {
        "results": pl.List(pl.List(pl.Struct({"field": pl.String(), "value": pl.String()}))),
        "status": pl.String(),
    }
)
_DECODER = json.JSONDecoder()
_FINISHED = "Complete"

_Row = dict[str, str | None]
# Rows, the names of their columns, and what there is to say of the whole.
_Table = tuple[pl.DataFrame, list[str], str | None]


class QueryResults:
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

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:  # noqa: ARG002
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

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:  # noqa: ARG002
        """One document is one file: there is nothing to scan together."""
        return None

    def read(self, shape: Shape, path: str) -> Reading | Events:
        """Read one file; a row's ``LINE`` is its number."""
        saved = content.save(path)
        text = _text(saved)
        table = _swiftly(text)
        problems, broken = no_problems(), saved.broken
        if table is None:
            rows, problems, ended, status = _piecemeal(text)
            table = _columns(rows)
            broken = broken or table[2] or (None if ended else "the JSON is cut off or damaged")
        else:
            status = table[2]
        if status not in {None, _FINISHED}:
            broken = broken or f"the query had not finished: {status[:80]}"
        return tables.told(table[0], table[1], shape.kind, problems=problems, broken=broken)

    def raw(self, path: str, line: int) -> str | None:
        """Write a row as an object."""
        rows, _, _, _ = _piecemeal(_text(content.save(path)))
        row = dict(rows).get(line)
        return None if row is None else json.dumps(row, ensure_ascii=False)


def _text(saved: Saved) -> str:
    return saved.data.removeprefix(BOM).decode("utf-8", "backslashreplace").lstrip()


def _first_keys(text: str) -> list[str]:
    """The keys of the first object of an array, or what looks like keys where it goes on beyond the text."""
    try:
        first, _ = _DECODER.raw_decode(text, text.index("{"))
        return list(first)
    except (ValueError, RecursionError):
        return _KEY.findall(text)


def _swiftly(text: str) -> _Table | None:
    """Read a document that is as it should be: rows, names and status; ``None`` when it is not."""
    if _SURROGATE.search(text):
        return None
    document = pl.Series([text])
    try:
        if text.startswith("["):
            names = list(dict.fromkeys(_KEY.findall(text)))
            if not 0 < len(names) <= tables.MOST_COLUMNS:
                return None
            item = pl.Struct(dict.fromkeys(names, pl.String()))
            items = document.str.json_decode(pl.List(item)).explode()
            if items.null_count():
                return None
            rows = items.struct.unnest().with_row_index(LINE, 1)
            named, status = [name for name in names if rows[name].null_count() < rows.height], None
        else:
            answer = document.str.json_decode(_ANSWER)
            status = answer.struct.field("status")[0]
            rows = pl.DataFrame({"cell": answer.struct.field("results").explode()}).with_row_index(LINE, 1)
            cells = rows.explode("cell").unnest("cell").drop_nulls("field")
            if not 0 < cells["field"].n_unique() <= tables.MOST_COLUMNS:
                return None
            rows = cells.pivot(
                on="field", index=LINE, values="value", aggregate_function="last", maintain_order=True
            )
            named = [name for name in rows.columns if name != LINE]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    values = [pl.col(name).alias(tables.value(index)) for index, name in enumerate(named)]
    return rows.select(pl.col(LINE).cast(pl.UInt32), *values), named, status


def _piecemeal(text: str) -> tuple[list[tuple[int, _Row]], pl.DataFrame, bool, str | None]:
    """Read a document row by row, as far as it goes; also several documents after one another.

    Returns:
        The rows by their number, what is wrong with the others, whether the end was reached, and the status
        of the last query that had not finished.
    """
    rows: list[tuple[int, _Row]] = []
    wrong: list[tuple[int, str]] = []
    at, number, status, ended = 0, 0, None, True
    while ended and at < len(text):
        items, at, ended, found = _document(text, at)
        status = found if status in {None, _FINISHED} else status
        for item in items:
            number += 1
            row = _row(item)
            if row is None:
                wrong.append((number, "not a row of fields and values"))
            else:
                rows.append((number, row))
    problems = pl.DataFrame(wrong, schema={"line": pl.UInt32(), "what": pl.String()}, orient="row")
    return rows, problems, ended, status


def _document(text: str, at: int) -> tuple[list[Any], int, bool, str | None]:
    """Read the document that begins here: its rows, where it ends, whether it is whole, and its status."""
    try:
        whole, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        begin = _ROWS.search(text, at) if text.startswith("{", at) else re.compile(r"\[").match(text, at)
        return (list(_items(text, begin.end())) if begin else []), len(text), False, None
    blank = _BLANK.match(text, end)
    end = blank.end() if blank else end
    if isinstance(whole, dict):
        items, status = whole.get("results"), whole.get("status")
        return (items if isinstance(items, list) else []), end, True, _clean(status) if status else None
    return (whole if isinstance(whole, list) else []), end, True, None


def _items(text: str, at: int) -> Iterator[Any]:
    """The whole items of an array that is cut off or damaged somewhere."""
    while blank := _BLANK.match(text, at):
        try:
            item, at = _DECODER.raw_decode(text, blank.end())
        except (ValueError, RecursionError):
            return
        yield item


def _row(item: Any) -> _Row | None:  # noqa: ANN401 - whatever JSON holds
    if isinstance(item, dict):
        pairs = list(item.items())
    elif isinstance(item, list) and all(isinstance(cell, dict) and "field" in cell for cell in item):
        pairs = [(cell["field"], cell.get("value")) for cell in item]
    else:
        return None
    return {_clean(name): None if found is None else _clean(found) for name, found in pairs}


def _clean(found: Any) -> str:  # noqa: ANN401
    """A value as text; half a surrogate pair, which is no text, becomes visible."""
    try:
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    except RecursionError:
        text = "nested too deeply"
    return text.encode("utf-8", "backslashreplace").decode()


def _columns(rows: Sequence[tuple[int, _Row]]) -> _Table:
    """Set rows out in columns, and say so where there are too many."""
    every = list(dict.fromkeys(name for _, row in rows for name in row))
    names = every[: tables.MOST_COLUMNS]
    left_out = f"only the first {len(names)} of {len(every)} fields are read" if names != every else None
    values = {tables.value(index): [row.get(name) for _, row in rows] for index, name in enumerate(names)}
    schema = {LINE: pl.UInt32()} | dict.fromkeys(values, pl.String())
    return pl.DataFrame({LINE: [number for number, _ in rows]} | values, schema=schema), names, left_out


register(QueryResults())
