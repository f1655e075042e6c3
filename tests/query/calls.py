"""Calls of functions as the back end makes them, on records that are written down in the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from query import functions, periods, values
from query.functions import Context, Gives, Takes

if TYPE_CHECKING:
    from collections.abc import Sequence

MILLISECONDS = pl.Datetime("ms", "UTC")
NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


def call(
    name: str, *arguments: Any, time: Sequence[datetime | None] = (), group: str = "", dtype: Any = None
) -> Any:
    """The results of a function, one for each record; of an aggregate, the one result.

    Args:
        name: The function's name.
        arguments: A list is a column, anything else a constant.
        time: The records' times.
        group: The ``bin()`` that the records are grouped by.
        dtype: The type of the columns, where it is not the one of their values.
    """
    function = functions.FUNCTIONS[name.lower()]
    columns = {f"c{place}": item for place, item in enumerate(arguments) if isinstance(item, list)}
    series = {name: pl.Series(item, dtype=dtype, strict=False) for name, item in columns.items()}
    frame = pl.DataFrame(series | ({"time": pl.Series(time, dtype=MILLISECONDS)} if time else {}))
    given = [_given(item, function.takes_at(place), place, frame) for place, item in enumerate(arguments)]
    context = Context(pl.col("time"), NOW, periods.parse(group) if group else None)
    result = function.build(*given, **({"context": context} if function.contextual else {}))
    expr = result.expr if function.gives is Gives.VALUE else result
    return answers(frame, expr, aggregate=function.aggregate)


def answers(frame: pl.DataFrame, expr: pl.Expr, *, aggregate: bool) -> Any:
    """What an expression gives; an aggregation gives the same in groups and for the whole."""
    if not aggregate:
        found = frame.lazy().select(expr.alias("found")).collect()["found"].to_list()
        return found if frame.width else found[0]
    whole = frame.lazy().select(expr.alias("found")).collect()["found"].item()
    if frame.height:
        for engine in ("in-memory", "streaming"):
            plan = frame.lazy().with_columns(group=pl.lit(1)).group_by("group").agg(expr.alias("found"))
            assert plan.collect(engine=engine)["found"].item() == whole, engine
    return whole


def value(item: Any, place: int, frame: pl.DataFrame) -> values.Value:
    """The value of a column or a constant."""
    if isinstance(item, list):
        return values.column(f"c{place}", frame.schema[f"c{place}"], is_address=False)
    if isinstance(item, datetime):
        return values.Value(pl.lit(item).cast(MILLISECONDS), values.Type.TIME)
    if isinstance(item, bool):
        return values.Value(pl.lit(item), values.Type.TRUTH, constant=int(item))
    return values.NULL if item is None else values.constant(item)


def _given(item: Any, takes: Takes, place: int, frame: pl.DataFrame) -> Any:
    if takes is Takes.PERIOD:
        return periods.parse(item).capped
    if takes.is_written_out:
        return item
    found = value(item, place, frame)
    return {
        Takes.TEXT: found.text,
        Takes.NUMBER: found.number,
        Takes.TIME: found.time,
        Takes.CONDITION: found.truth,
        Takes.VALUE: lambda: found,
        Takes.ADDRESS: lambda: found,
    }[takes]()
