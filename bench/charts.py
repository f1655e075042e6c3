"""Charts and the summary over a store, driven in a terminal: first pictures, and what a cursor move costs."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING

from measure import TEN, Bench
from report import Row
from screen import SIZES, exploring, longest, median_ms, named

if TYPE_CHECKING:
    from picture import Picture, Watched

_ESCAPE, _LEFT, _RIGHT, _DOWN, _CLEAR = b"\x1b", b"\x1b[D", b"\x1b[C", b"\x1b[B", b"\x15"
_PAINT, _MOVE, _BYTES = 300.0, 16.0, 1500.0
_MOVES = 20
_AXIS = re.compile("0└")
_BAR = re.compile(" [0-9,.]+[kMG]? █")
# What is drawn, the query, what shows that it is there, the key that moves its cursor, the keys to the table.
_CHARTS = (
    ("stacked columns", "stats count(*) by bin(5m), action", _AXIS, _LEFT, b"gg"),
    ("lines", "stats avg(bytes) as mean, max(bytes) as most by bin(10m)", _AXIS, _LEFT, b"gg"),
    ("bars", "filter action = 'REJECT' | stats count(*) as n by dstPort | sort n desc", _BAR, _DOWN, b"g"),
)


def charting(bench: Bench) -> list[Row]:
    """Charts of 10 million stored records."""
    return [row for size in SIZES for row in _charting(bench, size)]


def _charting(bench: Bench, size: tuple[int, int]) -> list[Row]:
    what = f"{TEN.title} stored, {named(size)}: "
    rows = []
    with exploring(bench, TEN, size) as terminal:
        rows += _summing_up(terminal, what, bench.runs)
        terminal.type(b"b")
        terminal.settle()
        rows += _moving(terminal, f"{what}bars over time", _LEFT, 2)
        terminal.type(b"\t")
        terminal.settle()
        for name, query, sign, move, back in _CHARTS:
            rows.append(_drawing(terminal, f"{what}{name}, ", query, sign))
            line = next(place for place, text in enumerate(terminal.picture.lines) if "result" in text) + 1
            rows += _moving(terminal, f"{what}{name}", move, line)
            for key in (*(bytes([one]) for one in back), _ESCAPE):
                terminal.type(key)
                terminal.settle()
    return rows


def _summing_up(terminal: Watched, what: str, runs: int) -> list[Row]:
    first, every = [], []
    for _ in range(runs):
        first.append(
            terminal.press(b"S", lambda picture: _AXIS.search(picture.text) is not None and _on(picture))
        )
        every.append(first[-1] + terminal.press(b"", lambda picture: "late by" in picture.text))
        terminal.settle()
        terminal.press(_ESCAPE, lambda picture: not _on(picture))
        terminal.settle()
    return [
        Row(f"{what}summary, first picture", *median_ms(first), bound=_PAINT, note=longest(first)),
        Row(f"{what}summary, all tiles", *median_ms(every), note=longest(every)),
    ]


def _shows(picture: Picture, sign: re.Pattern[str]) -> bool:
    return sign.search(picture.text) is not None


def _on(picture: Picture) -> bool:
    return "Accepted and rejected" in picture.text


def _drawing(terminal: Watched, what: str, query: str, sign: re.Pattern[str]) -> Row:
    """From the key to the chart of a result that is there."""
    for keys in (b";", b"\x1b[H", _CLEAR):
        terminal.type(keys)
        terminal.settle()
    terminal.type(b"\x0b" + query.encode())
    terminal.settle()
    terminal.press(b"\r", lambda picture: " rows" in picture.text and "running" not in picture.text)
    terminal.settle()
    return Row(
        f"{what}first picture",
        terminal.press(b"g", lambda p: sign.search(p.text) is not None),
        "ms",
        bound=_PAINT,
    )


def _moving(terminal: Watched, what: str, key: bytes, line: int) -> list[Row]:
    """Move the cursor: the ms until the values above the chart are others, and the bytes that are sent."""
    took, sent = [], []
    for _ in range(_MOVES):
        terminal.settle()
        before, told = terminal.received, terminal.picture.lines[line]
        took.append(terminal.press(key, lambda picture, told=told: picture.lines[line] != told))
        terminal.settle()
        sent.append(float(terminal.received - before))
    middle = statistics.median(sent)
    return [
        Row(f"{what}: cursor move", *median_ms(took), bound=_MOVE, note=longest(took)),
        Row(
            f"{what}: bytes sent for it",
            middle,
            "",
            bound=_BYTES,
            note=f"most {max(sent):.0f}",
        ),
    ]
