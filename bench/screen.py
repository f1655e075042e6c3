"""The explorer in a terminal: what it should show, and the time until its first records."""

from __future__ import annotations

import re
import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from explorer import EMPTY_APP
from measure import ALL_DATA, FLOWTUI, Bench, Data, in_turn
from picture import Picture, Watched
from report import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from query.view import View

SIZES = ((80, 24), (160, 48))
_TAB = b"\t"
_WIDE = 110
_RECORD = re.compile(r"(ACCEPT|REJECT) +[0-9]+(\.[0-9]+){3}:[0-9]+ ")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a view shows: how many records, the first and the last one."""

    height: int
    first: tuple[str, str]
    last: tuple[str, str]

    @classmethod
    def of(cls, view: View) -> Expected:
        """What a view should show."""
        return cls(view.height, _ends(view.records(0, 1)[0]), _ends(view.records(view.height - 1, 1)[0]))

    def shows_first(self, picture: Picture) -> bool:
        """Whether its first record is on the screen."""
        return _shows(picture, self.first)

    def shows_last(self, picture: Picture) -> bool:
        """Whether its last record is."""
        return _shows(picture, self.last)

    def counted(self, picture: Picture) -> bool:
        """Whether the title tells how many there are, and no longer that there may be more."""
        return f" {self.height:,} of " in picture.text


def _ends(record: dict[str, Any]) -> tuple[str, str]:
    return f" {record['srcaddr']}:{record['srcport']} ", f" {record['dstaddr']}:{record['dstport']} "


def _shows(picture: Picture, ends: tuple[str, str]) -> bool:
    return any(_RECORD.search(line) and all(end in line for end in ends) for line in picture.lines)


def has_records(picture: Picture) -> bool:
    """Whether a record is on the screen."""
    return _RECORD.search(picture.text) is not None


def has_groups(picture: Picture) -> bool:
    """Whether the frame of the explorer is on the screen."""
    return "groups" in picture.text


def is_empty_app(picture: Picture) -> bool:
    """Whether the app for comparison is on the screen."""
    return "empty app" in picture.text


@contextmanager
def running(command: Sequence[str], size: tuple[int, int], variables: dict[str, str]) -> Iterator[Watched]:
    """A program in a terminal, which is ended in the end."""
    terminal = Watched(command, size, variables)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def exploring(bench: Bench, data: Data, size: tuple[int, int]) -> Iterator[Watched]:
    """The explorer over the store of some data, in its records, once it has looked for new files."""
    variables = bench.stored(data)
    with running([*FLOWTUI, str(bench.logs(data))], size, variables) as terminal:
        total = f" {data.records:,} "
        terminal.until_seen(has_groups)
        terminal.type(_TAB)
        terminal.until_seen(lambda picture: total in picture.text and has_records(picture))
        terminal.until_seen(lambda picture: not re.search("reading|looking for", picture.lines[0]))
        terminal.settle()
        yield terminal


def median_ms(took: Sequence[float]) -> tuple[float, str]:
    """The figure and the unit of a row: the median of some ms."""
    return statistics.median(took), "ms"


def longest(took: Sequence[float]) -> str:
    """The note of a row: the longest of some ms."""
    return f"longest {max(took):.0f} ms"


def named(size: tuple[int, int]) -> str:
    """How the table calls a size."""
    return "{}x{}".format(*size)


def painting(bench: Bench) -> list[Row]:
    """From the start to the first picture and to the first records, with and without a store."""
    return [row for data, size in product(ALL_DATA, SIZES) for row in _painting(bench, data, size)]


def _painting(bench: Bench, data: Data, size: tuple[int, int]) -> list[Row]:
    logs, stored = bench.logs(data), bench.stored(data)

    def cold() -> tuple[float, float]:
        with bench.fresh() as variables:
            return first_records(logs, size, variables)

    colds, warms, bares = in_turn(
        bench.runs, cold, lambda: first_records(logs, size, stored), lambda: _empty_app(size, stored)
    )
    bare = statistics.median(bares)
    rows = []
    for name, times in (("nothing stored", colds), ("stored", warms)):
        picture, records = (statistics.median(column) for column in zip(*times, strict=True))
        what = f"{data.title}, {name}, {named(size)}: start to first records"
        note = f"first picture {picture:.2f} s"
        rows.append(Row(what, records, "s", bare, "an empty app", bound=2.0, note=note))
    return rows


def first_records(logs: Path, size: tuple[int, int], variables: dict[str, str]) -> tuple[float, float]:
    """Start the explorer; the seconds until its first picture and until the first record in it.

    Where groups and records take turns on the screen, a key goes over to the records.
    """
    with running([*FLOWTUI, str(logs)], size, variables) as terminal:
        picture = terminal.until_seen(has_groups)
        if size[0] < _WIDE:
            terminal.type(_TAB)
        return picture - terminal.began, terminal.until_seen(has_records) - terminal.began


def _empty_app(size: tuple[int, int], variables: dict[str, str]) -> float:
    with running([sys.executable, "-c", EMPTY_APP], size, variables) as terminal:
        return terminal.until_seen(is_empty_app) - terminal.began
