"""Pictures of every chart at 80x24 and 160x48, in colours, in sixteen of them and in none.

Look at them before ``pytest --snapshot-update`` takes new ones.
"""

from __future__ import annotations

import pytest

from tests.tui import test_snapshots
from tests.tui.conftest import BEGIN, ENI, Logs, in_records, line, press, quoted, until
from tests.tui.test_histogram import counted
from tests.tui.test_query_charts import charted, run
from tests.tui.test_values_screen import open_values

nothing_varies = test_snapshots._nothing_varies
looks_as_before = test_snapshots.looks_as_before
SIZES = test_snapshots.SIZES
THEMES = pytest.mark.parametrize("theme", ["dark", "sixteen", "monochrome"])


@pytest.fixture
def sample(folder):
    """Six hours of flow logs in place of the sample directory: with a gap, a scan, and what was skipped."""
    logs = Logs(folder / "sample_logs")
    logs.root.mkdir()
    found = []
    for minute in range(360):
        scan = 200 <= minute < 260
        for number in range(0 if 90 <= minute < 120 else 1 + minute * 7 % 4 + 2 * scan):
            source = (minute * 13 + number * 5) ** 2 % 37 % 20
            found.append(
                line(
                    srcaddr="198.51.100.7" if scan and number % 3 == 0 else f"10.0.{source % 3}.{source}",
                    dstaddr=f"10.0.9.{source * source % 11}",
                    dstport=(22, 443, 8080, 5432)[source % 4],
                    bytes=100 + source * source * 900 + minute,
                    action="REJECT" if (scan and number % 3 == 0) or source == 3 else "ACCEPT",
                    start=BEGIN + 60 * minute + number,
                )
            )
    for status, minute in (("SKIPDATA", 150), ("NODATA", 100)):
        start = BEGIN + 60 * minute
        found.append(f"2 123456789012 {ENI} - - - - - - - {start} {start + 9} - {status}")
    logs.deliver(*found)
    return logs.root


@pytest.fixture
def chart_looks_as_before(looks_as_before):
    """Compares a picture of a query's chart, taken after some keys."""

    def compare(text, *keys, kind, theme):
        async def ask(pilot):
            screen = await run(pilot, text)
            if not screen.has_class("-charted") and "| chart" not in text:
                await pilot.press("g")
            view = await charted(pilot, screen)
            await until("it is of this kind", lambda: view.chart.kind == kind)
            await pilot.press(*keys)
            await pilot.pause()

        return looks_as_before(after=ask, theme=theme)

    return compare


@SIZES
@THEMES
def test_bars_over_time_with_a_range(looks_as_before, theme):
    async def mark(pilot):
        await in_records(pilot)
        await press(pilot, "b")
        await counted(pilot)
        await pilot.press("home", *["right"] * 12, "space", *["right"] * 18)
        await quoted(pilot)

    assert looks_as_before(after=mark, theme=theme)


@SIZES
@THEMES
def test_stacked_columns(chart_looks_as_before, theme):
    text = "filter ispresent(action) | stats count(*) as flows by bin(10m), action"
    assert chart_looks_as_before(text, *["right"] * 5, "up", kind="columns", theme=theme)


@SIZES
@THEMES
def test_lines(chart_looks_as_before, theme):
    text = "filter ispresent(action) | stats avg(bytes) as size by bin(10m), action | chart line"
    assert chart_looks_as_before(text, *["right"] * 5, kind="lines", theme=theme)


@SIZES
@THEMES
def test_bars(chart_looks_as_before, theme):
    assert chart_looks_as_before(
        "stats sum(bytes) as sent by srcAddr", "down", "down", kind="bars", theme=theme
    )


@SIZES
@THEMES
def test_stacked_bars(chart_looks_as_before, theme):
    text = "filter ispresent(action) | stats count(*) as flows by srcAddr, action"
    assert chart_looks_as_before(text, "down", kind="bars", theme=theme)


@SIZES
@THEMES
def test_values(looks_as_before, theme):
    async def list_them(pilot):
        await open_values(pilot, "dstaddr")
        await pilot.press("j")
        await pilot.pause()

    assert looks_as_before(after=list_them, theme=theme)
