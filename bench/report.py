"""Figures and their bounds, as a table of Markdown or as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_COLUMNS = ("what", "flowtui", "the other", "ratio", "bound", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """A figure.

    Attributes:
        what: What was measured.
        ours: flowtui's figure; of a row that is a ratio alone, the ratio.
        unit: ``s``, ``ms``, ``MB`` or nothing.
        other: The figure it is compared with.
        name: What that is of.
        bound: The most that the ratio may be, or ``ours`` where there is no other; ``None`` for no bound.
        note: What else there is to say of it.
    """

    what: str
    ours: float
    unit: str = "s"
    other: float | None = None
    name: str = ""
    bound: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of the other's figure ours is."""
        return None if self.other is None else self.ours / self.other

    @property
    def judged(self) -> float:
        """What the bound is for."""
        return self.ours if self.ratio is None else self.ratio

    @property
    def verdict(self) -> str:
        """Whether it is within its bound."""
        if self.bound is None:
            return ""
        return "ok" if self.judged <= self.bound else "over"

    def cells(self) -> tuple[str, ...]:
        """The cells of the table."""
        unit = "" if self.ratio is not None else self.unit
        return (
            f"{self.what} ({self.note})" if self.note else self.what,
            _shown(self.ours, self.unit),
            "" if self.other is None else f"{_shown(self.other, self.unit)} {self.name}".strip(),
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if self.bound is None else f"≤ {_shown(self.bound, unit)}",
            self.verdict,
        )


def _shown(figure: float, unit: str) -> str:
    if unit == "MB":
        return f"{figure:,.0f} MB"
    if unit == "ms":
        return f"{figure:.1f} ms" if figure < 10 else f"{figure:,.0f} ms"
    return f"{figure:.2f} {unit}".strip() if figure < 100 else f"{figure:.0f} {unit}"


def heading() -> str:
    """The line that tells machine, versions, date and command."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb", "textual"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB"
    today = datetime.now(UTC).date().isoformat()
    command = " ".join(["python", *sys.argv])
    return f"{today}: {machine}; Python {platform.python_version()}, {libraries}; `{command}`"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def as_markdown(rows: list[Row]) -> str:
    """The table, with its heading."""
    table = [_COLUMNS, ("---",) * len(_COLUMNS), *(row.cells() for row in rows)]
    return "\n".join([heading(), "", *(f"| {' | '.join(cells)} |" for cells in table)]) + "\n"


def as_json(rows: list[Row]) -> str:
    """The same for programs."""
    told = [asdict(row) | {"ratio": row.ratio, "verdict": row.verdict} for row in rows]
    return json.dumps({"measured": heading(), "rows": told}, indent=2, ensure_ascii=False) + "\n"
