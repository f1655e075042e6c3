"""Make the pictures of README and docs/ from sample_logs/: SVG files in docs/pictures/.

    python docs/make_pictures.py

They are taken two minutes after the sample was written. Local time is UTC in them, every filter takes 9 ms,
and rules are a day old, so that the same code gives the same pictures.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.explain import Explainer
from diagnose.verdict import Evidence
from query.scope import Scope
from tui import clock, wording
from tui.app import FlowtuiApp
from tui.dashboards.definition import Dashboard, read_dashboard
from tui.querying import wording as query_wording

if TYPE_CHECKING:
    from textual.pilot import Pilot

ROOT = Path(__file__).resolve().parent.parent
PICTURES = Path(__file__).resolve().parent / "pictures"
REJECTS = "reject and dstPort = 80"
TYPED = "typed:"
SCANNERS = 'filter action = "REJECT" | stats count(*) as n, count_distinct(dstPort) as ports by srcAddr'
BY_ACTION = "stats count(*) as records by bin(10m), action"
MEANS = "stats avg(bytes) as mean, max(bytes) as largest by bin(10m)"
PORTS = 'filter action = "REJECT" | stats count(*) as rejects by dstPort | sort rejects desc | limit 40'
ALARM = """title = "Edge"
[[tile]]
title = "Rejects"
kind = "timeline"
query = 'filter action = "REJECT"'
[[tile]]
title = "Ports"
query = 'filter action = "REJECT" | stats count(*) as n by dstPort | sort n desc | limit 20'
[[alarm]]
name = "rejects"
query = 'filter action = "REJECT" | stats count(*) as n'
above = 100
period = "30m"
"""
# Textual's pictures fetch a font from the web; the reader's own will do.
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'

# Name, columns and lines, theme, keys (what follows TYPED is typed), and a filter to begin with.
SHOTS: tuple[tuple[str, tuple[int, int], str, tuple[str, ...], str], ...] = (
    ("explorer", (140, 38), "dark", ("enter", "enter"), REJECTS),
    ("groups", (80, 24), "dark", ("enter",), ""),
    ("records", (80, 24), "dark", ("enter", "enter"), REJECTS),
    ("record", (80, 24), "dark", ("enter", "enter", "enter"), REJECTS),
    ("light", (140, 38), "light", ("enter", "enter"), ""),
    ("monochrome", (80, 24), "monochrome", ("enter", "enter"), REJECTS),
    ("trail", (140, 38), "dark", ("tab", "j", "j", "j"), 'eventName like "NetworkAcl"'),
    ("query", (140, 38), "dark", ("semicolon", TYPED + SCANNERS + " | sort n desc", "enter"), ""),
    ("histogram", (140, 38), "dark", ("enter", "enter", "b", *("left",) * 8, "space", *("left",) * 24), ""),
    ("values", (80, 24), "dark", ("enter", "enter", "l", "l", "v"), ""),
    ("columns", (140, 38), "dark", ("semicolon", TYPED + BY_ACTION, "enter", "g"), ""),
    ("lines", (80, 24), "dark", ("semicolon", TYPED + MEANS, "enter", "g"), ""),
    ("bars", (80, 24), "dark", ("semicolon", TYPED + PORTS, "enter", "g"), ""),
    ("summary", (140, 38), "dark", ("S",), ""),
    ("dashboard", (140, 38), "dark", ("D",), ""),
    ("why", (100, 34), "dark", ("enter", "enter", "d", *("down",) * 6), REJECTS),
    ("reasons", (100, 16), "dark", ("W",), ""),
    ("conversations", (140, 24), "dark", ("c", "s", "s"), ""),
    ("rules", (100, 24), "dark", ("R",), ""),
    ("findings", (100, 30), "dark", ("X", "j"), ""),
    ("deliveries", (100, 20), "dark", ("L",), ""),
    ("completion", (80, 24), "dark", ("semicolon", TYPED + 'filter action = "REJECT" | stats su'), ""),
    ("queries", (80, 24), "dark", ("Q", TYPED + "reject"), ""),
    ("help", (100, 36), "dark", ("question_mark",), ""),
)


async def settled(pilot: Pilot[str]) -> None:
    """Wait until everything has been read and drawn."""
    state = pilot.app.explorer.state  # type: ignore[attr-defined]
    while state.view is None or state.view.dataset is not state.dataset or state.dataset.progress:
        await pilot.pause(0.05)
    await pilot.pause(0.6)


async def shoot(
    name: str,
    size: tuple[int, int],
    theme: str,
    keys: tuple[str, ...],
    text: str,
    dashboard: Dashboard | None = None,
) -> None:
    """Take one picture."""
    app = FlowtuiApp(["sample_logs"], Scope(filter=text), theme=theme, dashboard=dashboard)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key in keys:
            await pilot.press(*(key.removeprefix(TYPED) if key.startswith(TYPED) else (key,)))
            await settled(pilot)
        svg = app.export_screenshot(title="flowtui")
    svg = FONT_FACE.sub("", svg).replace("Fira Code", FONT).replace(f'"{FONT}"', FONT)
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")


def _copied(written: datetime) -> Path:
    """A copy of the sample whose files were all written at one time, in a directory of its own."""
    copy = Path(tempfile.mkdtemp())
    shutil.copytree(ROOT / "sample_logs", copy / "sample_logs")
    for path in copy.rglob("*"):
        os.utime(path, (written.timestamp(), written.timestamp()))
    return copy


def main() -> None:
    """Take them all."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    written = datetime(2026, 1, 15, 16, tzinfo=UTC)
    clock.now = lambda: written + timedelta(minutes=2)
    os.chdir(_copied(written))
    age = Evidence("The inventory was saved 2 hours after the record, 1 day ago")
    Explainer.age = lambda *_: iter([age])  # type: ignore[method-assign]
    wording.duration = query_wording.duration = lambda _: "9 ms"
    PICTURES.mkdir(exist_ok=True)
    for shot in SHOTS:
        asyncio.run(shoot(*shot))
        print(f"docs/pictures/{shot[0]}.svg")
    with tempfile.TemporaryDirectory() as nowhere:
        os.environ |= {f"XDG_{name}_HOME": nowhere for name in ("CONFIG", "STATE")}
        path = Path(nowhere) / "edge.toml"
        path.write_text(ALARM, encoding="utf-8")
        asyncio.run(shoot("alarm", (80, 24), "dark", (), "", read_dashboard(path)))
        print("docs/pictures/alarm.svg")


if __name__ == "__main__":
    main()
