"""The explorer over a store, driven in a terminal: moving about, filters, typing while a store is built."""

from __future__ import annotations

import re
import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from against_duckdb import opened
from explorer import hold_page_down
from measure import FLOWTUI, GIB, HUNDRED, TEN, Bench, say, timed
from report import Row
from screen import SIZES, Expected, exploring, has_groups, longest, median_ms, named, running

from query.scope import Scope
from query.view import look

if TYPE_CHECKING:
    from collections.abc import Callable

    from picture import Picture, Watched

    from loaders.dataset import Dataset

FILTER = "reject and dstPort = 22"
# Filters that are typed one after the other, each of which gives other records.
PORTS = (22, 443, 3306, 5432, 6379, 80, 8080, 3389, 53, 123)
ESCAPE, CLEAR_LINE, BACKSPACE, LAST, FIRST = b"\x1b", b"\x15", b"\x7f", b"G", b"g"
_TIME, _AT_TIME = "2026-01-02T10:30:00", re.compile(r"01-02 10:(30:00|29:59) . (ACCEPT|REJECT)")
_LOOKS = 100
# Typing while logs are read: a key every so many seconds, for so long.
_EVERY, _TYPING = 0.05, 20.0


def browsing(bench: Bench) -> list[Row]:
    """Moving about in 100 million records, all of them and filtered."""
    with opened(bench, HUNDRED) as dataset:
        every, every_rows = _looking(dataset, "", bench.runs)
        some, some_rows = _looking(dataset, FILTER, bench.runs)
        rows = [*every_rows, *some_rows, *_sorting(dataset)]
    for size in SIZES:
        rows += _browsing(bench, size, every, some)
    return rows


def _looking(dataset: Dataset, text: str, runs: int) -> tuple[Expected, list[Row]]:
    """Look for records in the process, and fetch some of them here and there."""
    scope = Scope(filter=text)
    took = [timed(lambda: look(dataset, scope)) * 1000 for _ in range(runs)]
    view = look(dataset, scope)
    rng = Random(1)
    offsets = [rng.randrange(view.height - 50) for _ in range(_LOOKS)]
    fetched = [timed(partial(view.records, offset, 50)) * 1000 for offset in offsets]
    what = f"{HUNDRED.title} stored, {text or 'all'}: "
    return Expected.of(view), [
        Row(f"{what}look() in the process", *median_ms(took)),
        Row(f"{what}50 records anywhere", *median_ms(fetched), note=longest(fetched)),
    ]


def _sorting(dataset: Dataset) -> list[Row]:
    """Put all records in another order."""
    rows = []
    for name in ("bytes", "srcaddr"):
        began, first = time.perf_counter(), list[float]()
        look(
            dataset,
            Scope(sort=name),
            early=lambda _: first.append(time.perf_counter()),  # noqa: B023 - called before the next turn
        )
        took = time.perf_counter() - began
        what = f"{HUNDRED.title} stored, sorted by {name}, in the process: "
        rows.append(Row(f"{what}the first", first[0] - began if first else took, "s"))
        rows.append(Row(f"{what}all", took, "s"))
    return rows


def _browsing(bench: Bench, size: tuple[int, int], every: Expected, some: Expected) -> list[Row]:
    what = f"{HUNDRED.title} stored, {named(size)}: "
    with exploring(bench, HUNDRED, size) as terminal:
        rows = _moving(terminal, bench.runs, what, every)
        rows += _jump_to_time(terminal, bench.runs, what, every)
        terminal.settle()
        page, count = type_filter(terminal, FILTER, some)
        rows.append(Row(f"{what}{FILTER}: Enter to its first page", page, "ms"))
        rows.append(Row(f"{what}{FILTER}: Enter to the exact count", count, "ms"))
        rows += _moving(terminal, bench.runs, f"{what}{FILTER}: ", some)
        peak = terminal.peak
    return [*rows, Row(f"{what}largest resident memory", peak, "MB", bound=GIB)]


def _moving(terminal: Watched, runs: int, what: str, expected: Expected) -> list[Row]:
    terminal.settle()
    held = hold_page_down(terminal)
    terminal.settle()
    jumps = []
    for _ in range(runs):
        jumps.append(terminal.press(LAST, expected.shows_last))
        terminal.settle()
        terminal.press(FIRST, expected.shows_first)
        terminal.settle()
    return [
        Row(f"{what}page down held, longest from key to picture", held, "ms", bound=50.0),
        Row(f"{what}to the last record", *median_ms(jumps), bound=200.0, note=longest(jumps)),
    ]


def _jump_to_time(terminal: Watched, runs: int, what: str, expected: Expected) -> list[Row]:
    """Go to a time and back; nothing where this flowtui has no key for that."""
    terminal.type(b"t")
    terminal.settle()
    if not terminal.picture.lines[-2].startswith(" time "):
        say("there is no key to go to a time")
        return []
    terminal.type(ESCAPE)
    jumps = []
    for _ in range(runs):
        _write(terminal, b"t", _TIME)
        jumps.append(terminal.press(b"\r", lambda picture: _AT_TIME.search(picture.text) is not None))
        terminal.settle()
        terminal.press(FIRST, expected.shows_first)
    return [Row(f"{what}to a time", *median_ms(jumps), bound=200.0, note=longest(jumps))]


# -- filters -------------------------------------------------------------------------------------------


def filtering(bench: Bench) -> list[Row]:
    """Filters typed at 10 million records: from Enter to what is found."""
    texts = [f"reject and dstPort = {port}" for port in PORTS[: bench.runs]]
    with opened(bench, TEN) as dataset:
        every = Expected.of(look(dataset, Scope()))
        expected = {text: Expected.of(look(dataset, Scope(filter=text))) for text in texts}
    rows = []
    for size in SIZES:
        with exploring(bench, TEN, size) as terminal:
            took = []
            for text in texts:
                took.append(type_filter(terminal, text, expected[text]))
                _write(terminal, b"/", "")
                terminal.press(b"\r", every.shows_first)
        pages, counts = zip(*took, strict=True)
        what = f"{TEN.title} stored, {named(size)}: reject and a port, Enter to "
        rows.append(Row(f"{what}its first page", *median_ms(pages), bound=300.0, note=longest(pages)))
        rows.append(Row(f"{what}the exact count", *median_ms(counts), bound=500.0, note=longest(counts)))
    return rows


def type_filter(terminal: Watched, text: str, expected: Expected) -> tuple[float, float]:
    """Type a filter; the ms from Enter to its first page and to the number of records."""
    _write(terminal, b"/", text)
    pressed = time.perf_counter()
    page = terminal.press(b"\r", expected.shows_first)
    return page, (terminal.until_seen(expected.counted) - pressed) * 1000


def _write(terminal: Watched, opener: bytes, text: str) -> None:
    """Open the line at the bottom with its key and type a text in place of what is there."""
    # One by one: in a burst, what empties the line is overtaken by the text.
    for keys in (opener, CLEAR_LINE, text.encode()):
        terminal.settle()
        terminal.type(keys)
    terminal.settle()


# -- meanwhile -----------------------------------------------------------------------------------------


def indexing(bench: Bench) -> list[Row]:
    """Typing while a store is being built."""
    return [row for size in SIZES for row in _indexing(bench, size)]


def _indexing(bench: Bench, size: tuple[int, int]) -> list[Row]:
    command = [*FLOWTUI, str(bench.logs(HUNDRED))]
    with bench.fresh() as variables, running(command, size, variables) as terminal:
        terminal.until_seen(has_groups)
        terminal.type(b"/")
        terminal.until_seen(lambda picture: "10.0.0.0/8" in picture.lines[-2])
        took = _typing(terminal)
        reading, peak = terminal.picture.lines[0].strip(), terminal.peak
    what = f"{HUNDRED.title} being stored, {named(size)}: "
    note = f"{len(took)} keys; in the end {reading.rpartition('  ')[2].strip()}"
    return [
        Row(f"{what}longest from a key to its picture", max(took), "ms"),
        Row(f"{what}median from a key to its picture", *median_ms(took), note=note),
        Row(f"{what}largest resident memory", peak, "MB"),
    ]


def _typing(terminal: Watched) -> list[float]:
    """Type a letter and take it back, over and over; the ms from each key to its picture."""
    took: list[float] = []
    end = time.perf_counter() + _TYPING
    keys: tuple[tuple[bytes, Callable[[Picture], bool]], ...] = (
        (b"1", lambda picture: picture.lines[-2].startswith(" filter 1")),
        (BACKSPACE, lambda picture: not picture.lines[-2].startswith(" filter 1")),
    )
    while time.perf_counter() < end:
        key, seen = keys[len(took) % 2]
        took.append(terminal.press(key, seen))
        following = time.perf_counter() + max(0.0, _EVERY - took[-1] / 1000)
        while (left := following - time.perf_counter()) > 0:
            terminal.read(left)
    return took
