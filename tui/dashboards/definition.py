"""Dashboards as data: a TOML file each, those that come with flowtui and those of a person.

title = "Edge"
columns = 2

[[tile]]
title = "Rejects by source"
query = 'filter action = "REJECT" | stats count(*) as n by srcAddr | sort n desc | limit 20'
kind = "chart"     # or number, timeline, span, coverage
width = 1          # of the columns

[[alarm]]
name = "scan"
query = 'filter action = "REJECT" | stats count(*) as n'
above = 1000       # or below
period = "5m"
command = ["notify-send", "flowtui"]
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from query.periods import Period

CHART, NUMBER, TIMELINE, SPAN, COVERAGE = "chart", "number", "timeline", "span", "coverage"
KINDS = (CHART, NUMBER, TIMELINE, SPAN, COVERAGE)
_ASKING = frozenset({CHART, NUMBER})
_MOST_COLUMNS = 8
_OF_DASHBOARD = frozenset({"title", "columns", "tile", "alarm"})
_OF_TILE = frozenset({"title", "query", "kind", "width"})
_OF_ALARM = frozenset({"name", "query", "above", "below", "period", "command"})


class DashboardError(Exception):
    """A file that is no dashboard; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One field of the grid.

    Attributes:
        title: What stands above it.
        kind: One of ``KINDS``.
        query: What it shows; of a timeline only what filters.
        width: How many columns of the grid it takes.
    """

    title: str
    kind: str = CHART
    query: str = ""
    width: int = 1


@dataclass(frozen=True, slots=True)
class Alarm:
    """A number to watch.

    Attributes:
        name: What it is called.
        query: A query whose first number in its first row is watched; without a row it is 0.
        limit: What it is compared with.
        above: Whether the alarm goes off above the limit; else below it.
        period: How far back the query looks, from the newest record.
        command: What is run when it goes off, a word each; empty for nothing.
    """

    name: str
    query: str
    limit: float
    above: bool
    period: Period
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A grid of tiles.

    Attributes:
        name: The file's name without its ending.
        title: What it is called.
        columns: How many columns it has.
        tiles: From left to right, from top to bottom.
        alarms: What it watches.
    """

    name: str
    title: str
    columns: int
    tiles: tuple[Tile, ...]
    alarms: tuple[Alarm, ...] = ()

    def rows(self) -> list[list[Tile]]:
        """The tiles row by row."""
        rows: list[list[Tile]] = []
        room = 0
        for tile in self.tiles:
            if tile.width > room:
                rows.append([])
                room = self.columns
            rows[-1].append(tile)
            room -= tile.width
        return rows


def read_dashboard(path: Path) -> Dashboard:
    """Read a dashboard.

    Raises:
        DashboardError: The file cannot be read, or is none.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DashboardError(f"{path} cannot be read: {error}") from None
    try:
        return _dashboard(path.stem, data)
    except DashboardError as error:
        raise DashboardError(f"{path}: {error}") from None


def own_folder() -> Path:
    """Where a person's own dashboards are."""
    from tui.config import config_path

    return config_path().with_name("dashboards")


def shipped(name: str) -> Dashboard:
    """A dashboard that comes with flowtui."""
    return read_dashboard(Path(__file__).with_name(f"{name}.toml"))


def read_all() -> tuple[list[Dashboard], list[str]]:
    """All dashboards, a person's own first, and sentences about files that are none."""
    found, complaints = [], []
    for path in sorted(own_folder().glob("*.toml")):
        try:
            found.append(read_dashboard(path))
        except DashboardError as error:
            complaints.append(str(error))
    return [*found, shipped("flow"), shipped("summary")], complaints


def _dashboard(name: str, data: Mapping[str, Any]) -> Dashboard:
    _know(data, _OF_DASHBOARD, "a dashboard")
    columns = data.get("columns", 2)
    if not _is_whole(columns) or not 1 <= columns <= _MOST_COLUMNS:
        raise DashboardError(f"'columns' has to be a whole number from 1 to {_MOST_COLUMNS}.")
    tiles = tuple(_tile(number, item, columns) for number, item in enumerate(_tables(data, "tile"), 1))
    alarms = tuple(_alarm(number, item) for number, item in enumerate(_tables(data, "alarm"), 1))
    if not tiles and not alarms:
        raise DashboardError("it needs a [[tile]] or an [[alarm]].")
    return Dashboard(name, _text(data, "title", name), columns, tiles, alarms)


def _tables(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = data.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise DashboardError(f"'{name}' has to be written as [[{name}]].")
    return found


def _tile(number: int, data: Mapping[str, Any], columns: int) -> Tile:
    where = f"tile {number}"
    _know(data, _OF_TILE, where)
    kind, query, width = _text(data, "kind", CHART), _text(data, "query", ""), data.get("width", 1)
    if kind not in KINDS:
        raise DashboardError(f"the kind of {where} has to be one of {', '.join(KINDS)}.")
    if not _is_whole(width) or not 1 <= width <= columns:
        raise DashboardError(f"the width of {where} has to be a whole number from 1 to {columns}.")
    if kind in _ASKING and not query.strip():
        raise DashboardError(f"{where} needs a query.")
    if query.strip():
        _parsed(query, where)
    return Tile(_text(data, "title", query or kind), kind, query, width)


def _alarm(number: int, data: Mapping[str, Any]) -> Alarm:
    from query.periods import parse

    where = f"alarm {number}"
    _know(data, _OF_ALARM, where)
    query = _text(data, "query", "")
    _parsed(query, where)
    limits = {side: data[side] for side in ("above", "below") if side in data}
    if len(limits) != 1:
        raise DashboardError(f"{where} needs either 'above' or 'below'.")
    ((side, limit),) = limits.items()
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        raise DashboardError(f"'{side}' of {where} has to be a number.")
    try:
        period = parse(_text(data, "period", "5m"))
    except ValueError as error:
        raise DashboardError(f"the period of {where}: {error}") from None
    command = data.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) and word for word in command):
        raise DashboardError(
            f'the command of {where} has to be a list of words, such as ["notify-send", "hello"].'
        )
    if period.milliseconds is None:
        raise DashboardError(f"the period of {where} has to be in days or less: months differ in length.")
    name = _text(data, "name", where)
    return Alarm(name, query, float(limit), side == "above", period, tuple(command))


def _parsed(query: str, where: str) -> None:
    from query.errors import QueryError
    from query.parse import parse_query

    try:
        parse_query(query)
    except QueryError as error:
        raise DashboardError(f"the query of {where} is wrong: {error}") from None


def _know(data: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    for name in data.keys() - known:
        raise DashboardError(f"'{name}' is nothing that {what} can have: {', '.join(sorted(known))}.")


def _text(data: Mapping[str, Any], name: str, default: str) -> str:
    found = data.get(name, default)
    if not isinstance(found, str):
        raise DashboardError(f"'{name}' has to be text in quotes.")
    return found


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
