"""A chart: which values stand above which places of an axis, in which series.

Nothing here knows a screen. A chart has places (bins of time, or categories) from 0 on; those of time are
numbered by their distance, so that a year with two bins a second apart is no longer than what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

COLUMNS, LINES, BARS = "columns", "lines", "bars"
TIME_KINDS = (COLUMNS, LINES)
# Beyond this, totals would no longer be numbers.
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Series:
    """Values that belong together.

    Attributes:
        name: What they are called; empty where there is but one series.
        tone: ``accept``, ``reject``, or ``series-1`` to ``series-6``.
        key: The values of the answer's columns that its rows have in common; ``None`` where they have none,
            because what is left of other series was added up.
    """

    name: str
    tone: str
    key: Mapping[str, Any] | None = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slots:
    """What is drawn side by side.

    Attributes:
        places: The place that each slot shows.
        values: For each slot the value of each series; ``None`` where there is none.
        folded: How many places share a slot; of those the one with the largest total is shown.
    """

    places: Sequence[int]
    values: Sequence[Sequence[float | None]]
    folded: int = 1

    def totals(self) -> list[float]:
        """The sum of each slot."""
        return [sum(value for value in values if value) for values in self.values]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    Attributes:
        kind: ``COLUMNS`` and ``LINES`` stand above a time axis, ``BARS`` lie beside categories.
        measure: The column that is drawn.
        series: What stands on each other, or beside each other in the legend.
        frame: ``place`` (Int64, ascending, unique) and ``0``, ``1`` … (Float64), one for each series.
        height: How many places there are.
        name: The column of the axis.
        begin: The time of place 0, for a time axis.
        step: The length of a place in milliseconds; ``None`` where months differ, then places are rows.
        keys: For each place of a category its key: the values of the answer's columns.
        labels: For each place of a category its name.
        is_bytes: Whether values are bytes.
        left_out: How many series are not drawn.
    """

    kind: str
    measure: str
    series: tuple[Series, ...]
    frame: pl.DataFrame
    height: int
    name: str = ""
    begin: datetime | None = None
    step: int | None = None
    keys: Sequence[Mapping[str, Any]] = ()
    labels: Sequence[str] = ()
    is_bytes: bool = False
    left_out: int = 0

    def slots(self, most: int) -> Slots:
        """Put the places into as many slots as there is room for.

        Args:
            most: How many slots there can be.
        """
        import polars as pl

        count = max(1, min(self.height, most))
        folded = -(-self.height // count)
        count = -(-self.height // folded) if self.height else 0
        names = [str(index) for index in range(len(self.series))]
        # What is no number, or no finite one, has no place on a scale.
        drawn = (pl.when(pl.col(name).abs() <= _LARGEST).then(name).alias(name) for name in names)
        frame = self.frame.lazy().with_columns(drawn)
        if folded == 1:
            plan = frame.with_columns(slot="place")
        else:
            total = pl.sum_horizontal(pl.col(name).abs() for name in names)
            plan = (
                frame.with_columns(slot=pl.col("place") // folded, total=total)
                .sort("slot", "total", descending=[False, True], maintain_order=True)
                .unique("slot", keep="first", maintain_order=True)
            )
        found = plan.select("slot", "place", *names).collect()
        places = [index * folded for index in range(count)]
        values: list[Sequence[float | None]] = [(None,) * len(names)] * count
        for slot, place, *row in found.iter_rows():
            places[slot], values[slot] = place, row
        return Slots(places, values, folded)

    def begins(self, place: int) -> datetime | None:
        """When a place begins."""
        if self.begin is None:
            return None
        if self.step is None:
            begins: datetime = self.keys[place][self.name]
            return begins
        return self.begin + timedelta(milliseconds=self.step * place)

    def key(self, place: int, series: int | None) -> dict[str, Any] | None:
        """What the rows behind a place have in common, or behind a series; ``None`` for nothing."""
        own = self.series[series].key if series is not None else {}
        if own is None:
            return None
        begins = self.begins(place)
        here = {self.name: begins} if begins is not None else dict(self.keys[place])
        return here | dict(own)


def kinds_of(chart: Chart) -> tuple[str, ...]:
    """What a chart can be drawn as, in the order to offer."""
    return TIME_KINDS if chart.kind in TIME_KINDS else (chart.kind,)
