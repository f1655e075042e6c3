"""What tiles show: each kind of tile asks the records of a scope and says what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.charts.numbers import full
from tui.dashboards.definition import COVERAGE, NUMBER, SPAN, TIMELINE
from tui.units import duration, size, stamp, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.answer import Answer
    from query.coverage import Lack
    from query.scope import Scope
    from tui.charts.chart import Chart
    from tui.dashboards.definition import Tile


@dataclass(frozen=True, slots=True)
class Door:
    """A line of a tile that leads to records.

    Attributes:
        text: What it says, safe to show once it is cleaned.
        amount: The number beside it.
        tone: ``warn``, ``dim`` or empty.
        scope: The records behind it; ``None`` if there are none.
    """

    text: str
    amount: str
    tone: str
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class Filling:
    """What stands in a tile: a chart, or lines.

    Attributes:
        chart: The chart, if it is one.
        doors: The lines, if it is none.
        behind: The records behind a place and a series of the chart.
        hatched: Places that have SKIPDATA.
        silent: Places without any record.
        trouble: Why there is nothing; empty if all is well.
    """

    chart: Chart | None = None
    doors: tuple[Door, ...] = ()
    behind: Callable[[int, int | None], Scope | None] = lambda _place, _series: None
    hatched: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    trouble: str = ""


def fill(
    tile: Tile,
    dataset: Dataset,
    scope: Scope,
    room: int,
    ticket: Ticket | None = None,
    folders: Sequence[Path] = (),
) -> Filling:
    """Find what stands in a tile.

    Args:
        tile: The tile.
        dataset: The records.
        scope: Which of them.
        room: The bars that there is room for.
        ticket: Checked between the steps.
        folders: Where tables for ``cidrlookup`` are.

    Raises:
        Cancelled: Nobody wants it any more.
    """
    from polars.exceptions import PolarsError

    from query.errors import QueryError
    from tui.charts.from_answer import NoChartError

    try:
        if tile.kind == TIMELINE:
            return _over_time(tile, dataset, scope, room, ticket)
        if tile.kind == SPAN:
            return Filling(doors=(_span(dataset, scope),))
        if tile.kind == COVERAGE:
            return _coverage(dataset, scope, ticket)
        return _asked(tile, dataset, scope, ticket, folders)
    except (QueryError, NoChartError, PolarsError) as error:
        return Filling(trouble=str(error).partition("\n")[0])


def _asked(
    tile: Tile, dataset: Dataset, scope: Scope, ticket: Ticket | None, folders: Sequence[Path]
) -> Filling:
    from query.answer import answer
    from query.parse import parse_query
    from tui.charts.from_answer import chart_of

    found = answer(dataset, parse_query(tile.query), scope, ticket, folders=folders)
    if tile.kind == NUMBER:
        return Filling(doors=(_number(found),))
    chart = chart_of(found)

    def behind(place: int, series: int | None) -> Scope | None:
        key = chart.key(place, series)
        drill = found.drill_to(key) if key is not None else None
        return drill.scope if drill is not None else None

    return Filling(chart, behind=behind)


def first_number(found: Answer) -> tuple[str, float | None]:
    """The first number of an answer's first row, and the name of its column."""
    frame = found.frame
    for name in dict.fromkeys(found.columns):
        if frame.schema[name].is_numeric():
            value = frame[name][0] if frame.height else 0
            return name, None if value is None else float(value)
    return "", None


def _number(found: Answer) -> Door:
    name, value = first_number(found)
    drill = found.drill_to({})
    is_bytes = "bytes" in name.lower()
    text = size(round(value)) if is_bytes and value is not None else full(value)
    return Door(text, "", "", drill.scope if drill is not None else None)


def _over_time(tile: Tile, dataset: Dataset, scope: Scope, room: int, ticket: Ticket | None) -> Filling:
    from query import commands
    from query.parse import parse_query
    from query.timeline import timeline
    from query.tree import to_text
    from tui.charts.over_time import condition_of, drawn_over_time

    if tile.query.strip():
        for command in parse_query(tile.query).commands:
            if isinstance(command, commands.Filter):
                scope = scope.also(to_text(command.condition))
    found = timeline(dataset, scope, room, ticket)
    if found is None:
        return Filling(trouble="No record here has a time.")
    shown = drawn_over_time(found)

    def behind(place: int, series: int | None) -> Scope | None:
        since, until = found.between(place, place)
        here = replace(scope, since=since, until=until)
        term = condition_of(shown.chart.series[series]) if series is not None else ""
        return here.also(term) if term else here

    return Filling(shown.chart, behind=behind, hatched=shown.hatched, silent=shown.silent)


def _span(dataset: Dataset, scope: Scope) -> Door:
    from datetime import timedelta

    from query.timeline import extent

    found = extent(dataset, scope)
    if found is None:
        return Door("no record has a time", "", "dim", None)
    first, last = found[0], max(found[0], found[1] - timedelta(seconds=1))
    long = duration((last - first).total_seconds())
    return Door(f"{first:%m-%d}, {long}", "", "", scope)


def _coverage(dataset: Dataset, scope: Scope, ticket: Ticket | None) -> Filling:
    from query.coverage import coverage

    lacks = coverage(dataset, scope, ticket)
    if not lacks:
        return Filling(trouble="There are no flow logs here.")
    gaps = [_told(lack) for lack in lacks if lack.what == "gap"]
    doors = [_told(lack) for lack in lacks if lack.what != "gap"]
    return Filling(doors=(*(gaps or [Door("no gap over 20 min", "0", "dim", None)]), *doors))


def _told(lack: Lack) -> Door:
    texts = {
        "nodata": "NODATA: no traffic",
        "skipdata": "SKIPDATA: not recorded",
        "late": "late by over 15 min",
    }
    if lack.what == "gap":
        since = stamp(lack.scope.since)[:-7] if lack.scope.since is not None else ""
        return Door(f"gap from {since} {lack.group}", duration(lack.amount), "warn", lack.scope)
    tone = "dim" if not lack.amount else "warn" if lack.what != "nodata" else ""
    return Door(texts[lack.what], whole(lack.amount), tone, lack.scope if lack.amount else None)
