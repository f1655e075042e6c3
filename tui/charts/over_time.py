"""The chart of a timeline: rejected and accepted records on each other, and what was not recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from query.timeline import ACCEPTED, OTHERS, REJECTED, SKIPPED
from tui.charts.chart import COLUMNS, Chart, Series

if TYPE_CHECKING:
    from query.timeline import Timeline

_SERIES = (
    (REJECTED, Series("✗ REJECT", "reject")),
    (ACCEPTED, Series("✓ ACCEPT", "accept")),
    (OTHERS, Series("records", "series-1")),
)


@dataclass(frozen=True, slots=True)
class OverTime:
    """A timeline, and how it is drawn.

    Attributes:
        timeline: The counts.
        chart: The bars.
        hatched: Places that have records which were skipped (SKIPDATA).
        silent: Places that no record at all was delivered of, not even NODATA.
    """

    timeline: Timeline
    chart: Chart
    hatched: frozenset[int]
    silent: frozenset[int]


def drawn_over_time(timeline: Timeline) -> OverTime:
    """Make the chart."""
    bins = timeline.bins
    drawn = [(name, series) for name, series in _SERIES if bins[name].sum()] or [_SERIES[2]]
    columns = [pl.col(name).cast(pl.Float64).alias(str(index)) for index, (name, _) in enumerate(drawn)]
    chart = Chart(
        COLUMNS,
        "records",
        tuple(series for _, series in drawn),
        bins.select("place", *columns),
        timeline.height,
        "time",
        timeline.begin,
        timeline.step * 1000,
    )
    known = set(bins["place"].to_list())
    return OverTime(
        timeline,
        chart,
        frozenset(bins.filter(pl.col(SKIPPED) > 0)["place"].to_list()),
        frozenset(place for place in range(timeline.height) if place not in known),
    )


def condition_of(series: Series) -> str:
    """The filter that only the records of a series pass; empty where there is none."""
    actions = {"reject": 'action = "REJECT"', "accept": 'action = "ACCEPT"'}
    return actions.get(series.tone, "")
