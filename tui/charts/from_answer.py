"""Charts of the answers to queries: which column is the axis, which values are drawn, and in which series."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from query import commands, tree
from query.check_commands import is_bin
from tui.charts.chart import BARS, COLUMNS, LINES, TIME_KINDS, Chart, Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from query.answer import Answer

# As many series as can be told apart; the rest is added up, or left out where that means nothing.
MOST_SERIES = 6
# Text with no more different values than this becomes series rather than categories.
_FEW = 8
# Commands that neither add rows nor put them into another order.
_DRAWN_ALIKE = (commands.Chart, commands.Display, commands.Fields)
_ADDS_UP = frozenset({"count", "sum"})
_TONES = {"ACCEPT": "accept", "REJECT": "reject"}
_BYTES = "bytes"
OTHERS = "others"


class NoChartError(Exception):
    """An answer that cannot be drawn; the message says what a query needs for that."""


def chart_of(answer: Answer, *, measure: str | None = None, kind: str | None = None) -> Chart:
    """Draw an answer.

    Args:
        answer: What came out of a query that groups.
        measure: The column to draw; the first one with numbers by default.
        kind: What to draw it as, if it can be; what the query says by default, else what fits best.

    Raises:
        NoChartError: There is nothing that can be drawn.
    """
    stats = next((one for one in reversed(answer.query.commands) if isinstance(one, commands.Stats)), None)
    if stats is None:
        raise NoChartError("Only groups can be drawn: add | stats count(*) by bin(5m), or by a field.")
    if _ends_in_totals(answer):
        answer = replace(answer, frame=answer.frame.head(-1))
    frame, shown = answer.frame, tuple(dict.fromkeys(answer.columns))
    if not frame.height:
        raise NoChartError("There is no row to draw.")
    keys = [item for item in stats.by if item.name in shown]
    names = [item.name for item in keys]
    measures = [name for name in shown if name not in names and frame.schema[name].is_numeric()]
    if not keys or not measures:
        lacks = "a group: write stats … by bin(5m), or by a field" if measures else "a column with numbers"
        raise NoChartError(f"To be drawn, a result needs {lacks}.")
    chosen = [measure] if measure in measures else measures
    times = [item for item in keys if is_bin(item.expr) and frame.schema[item.name].is_temporal()]
    makers = {item.name: item.expr for item in stats.items}
    if not times:
        return _by_category(answer, names, chosen[0], makers.get(chosen[0]))
    wanted = kind or {"line": LINES, "bar": COLUMNS, "stacked": COLUMNS}.get(answer.chart or "")
    others = [name for name in names if name != times[0].name]
    if others or len(chosen) == 1 or wanted == COLUMNS:
        return _by_time(answer, times[0], others, chosen[0], makers.get(chosen[0]), wanted)
    return _side_by_side(answer, times[0], chosen)


def _ends_in_totals(answer: Answer) -> bool:
    """Whether the last row is no group but the totals of the others."""
    done = (one for one in reversed(answer.query.commands) if not isinstance(one, _DRAWN_ALIKE))
    last = next(done, None)
    return isinstance(last, commands.AddTotals) and last.col


def _adds_up(expr: tree.Expr | None) -> bool:
    """Whether values of one measure can be added up."""
    return isinstance(expr, tree.Call) and expr.name in _ADDS_UP


def _is_bytes(expr: tree.Expr | None) -> bool:
    return isinstance(expr, tree.Call) and any(
        isinstance(node, tree.Field) and node.name == _BYTES for node in expr.arguments
    )


def _by_time(
    answer: Answer,
    time: commands.Item,
    others: Sequence[str],
    measure: str,
    made_by: tree.Expr | None,
    kind: str | None,
) -> Chart:
    adds_up = _adds_up(made_by)
    frame = answer.frame.filter(pl.col(time.name).is_not_null())
    placed, begin, step, height = _placed(frame, time)
    series, wide, left_out = _pivoted(placed, others, measure, adds_up=adds_up)
    keys = [] if step is not None else [{time.name: value} for value in placed[time.name].unique().sort()]
    return Chart(
        kind if kind in TIME_KINDS else COLUMNS if adds_up else LINES,
        measure,
        series,
        wide,
        height,
        time.name,
        begin,
        step,
        keys,
        is_bytes=_is_bytes(made_by),
        left_out=left_out,
    )


def _side_by_side(answer: Answer, time: commands.Item, measures: Sequence[str]) -> Chart:
    """Several measures over time, each a line."""
    frame = answer.frame.filter(pl.col(time.name).is_not_null())
    placed, begin, step, height = _placed(frame, time)
    drawn = measures[:MOST_SERIES]
    series = tuple(Series(name, _tone(name, index)) for index, name in enumerate(drawn))
    wide = placed.select(
        "place", *(pl.col(name).cast(pl.Float64).alias(str(index)) for index, name in enumerate(drawn))
    )
    keys = [] if step is not None else [{time.name: value} for value in placed[time.name].unique().sort()]
    wide = wide.unique("place", keep="first").sort("place")
    left_out = len(measures) - len(drawn)
    return Chart(
        LINES, ", ".join(drawn), series, wide, height, time.name, begin, step, keys, left_out=left_out
    )


def _placed(
    frame: pl.DataFrame, time: commands.Item
) -> tuple[pl.DataFrame, datetime | None, int | None, int]:
    """Number the bins: the rows with their ``place``, the first bin, the length of one, and how many."""
    if not frame.height:
        raise NoChartError("No row has a time.")
    argument = tree.children(time.expr)[0]
    step = argument.period.capped.milliseconds if isinstance(argument, tree.Duration) else None
    column = frame[time.name]
    begin = column.min()
    if not isinstance(begin, datetime):
        raise NoChartError("No row has a time.")
    if step is None:
        place = (column.rank("dense").cast(pl.Int64) - 1).alias("place")
        return frame.with_columns(place), begin, None, column.n_unique()
    millis = column.dt.epoch("ms")
    first = millis.min()
    place = ((millis - first) // step).alias("place")
    return frame.with_columns(place), begin, step, int(place.max()) + 1  # type: ignore[arg-type]


def _pivoted(
    placed: pl.DataFrame, others: Sequence[str], measure: str, *, adds_up: bool
) -> tuple[tuple[Series, ...], pl.DataFrame, int]:
    """A column for each value of the other keys: the series, the columns by place, how many are left out."""
    value = pl.col(measure).cast(pl.Float64)
    if not others:
        # A sum of nothing is nothing, not 0: bins without traffic break the line of an average.
        known = pl.when(value.count() > 0).then(value.sum()).alias("0")
        wide = placed.group_by("place").agg(known).sort("place")
        return (Series("", "series-1"),), wide, 0
    ranked = (
        placed.group_by(others, maintain_order=True)
        .agg(value.abs().sum().alias("_total"))
        .sort("_total", descending=True, maintain_order=True)
    )
    most = MOST_SERIES if ranked.height <= MOST_SERIES else MOST_SERIES - adds_up
    first = ranked.head(most)
    keys = first.select(others).to_dicts()
    # Rejects stand on the axis, where one sees best when they begin.
    keys.sort(key=lambda key: "REJECT" not in key.values())
    names = [" ".join(_named(part) for part in key.values()) for key in keys]
    named = enumerate(zip(names, keys, strict=True))
    series = [Series(name, _tone(name, index), key) for index, (name, key) in named]
    columns = [
        value.filter(pl.all_horizontal(pl.col(name).eq_missing(pl.lit(part)) for name, part in key.items()))
        for key in keys
    ]
    left_out = ranked.height - len(keys)
    if left_out and adds_up:
        series.append(Series(f"{left_out} {OTHERS}", "dim", None))
        is_drawn = pl.any_horizontal(
            pl.all_horizontal(pl.col(name).eq_missing(pl.lit(part)) for name, part in key.items())
            for key in keys
        )
        columns.append(value.filter(~is_drawn))
        left_out = 0
    aggregated = [
        pl.when(column.count() > 0).then(column.sum()).alias(str(index))
        for index, column in enumerate(columns)
    ]
    return tuple(series), placed.group_by("place").agg(aggregated).sort("place"), left_out


def _by_category(answer: Answer, names: Sequence[str], measure: str, made_by: tree.Expr | None) -> Chart:
    adds_up = _adds_up(made_by)
    last, frame = names[-1], answer.frame.filter(pl.col(measure).is_not_null())
    if not frame.height:
        raise NoChartError("There is no number to draw.")
    is_stacked = len(names) > 1 and adds_up and frame[last].n_unique() <= _FEW
    axis = names[:-1] if is_stacked else names
    total = pl.col(measure).cast(pl.Float64).sum()
    order = frame.group_by(axis, maintain_order=True).agg(total.alias("_total"))
    if not any(isinstance(command, commands.Sort) for command in answer.query.commands):
        order = order.sort("_total", descending=True, maintain_order=True)
    order = order.with_row_index("place").with_columns(pl.col("place").cast(pl.Int64))
    placed = frame.join(order.drop("_total"), on=axis, how="left", nulls_equal=True)
    series, wide, left_out = _pivoted(placed, [last] if is_stacked else [], measure, adds_up=adds_up)
    keys = order.select(axis).to_dicts()
    labels = [" · ".join(_named(part) for part in key.values()) for key in keys]
    return Chart(
        BARS,
        measure,
        series,
        wide,
        order.height,
        " · ".join(axis),
        keys=keys,
        labels=labels,
        is_bytes=_is_bytes(made_by),
        left_out=left_out,
    )


def _named(value: object) -> str:
    return "-" if value is None else str(value)


def _tone(name: str, index: int) -> str:
    return _TONES.get(name, f"series-{index % MOST_SERIES + 1}")
