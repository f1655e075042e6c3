"""Detections: what in flow logs somebody should look at, one module each.

A module says what its detection is called, what it means, when it is wrong and which thresholds it has, and
registers itself; nothing else changes for a new one. All of them work on initiated conversations, one vantage
each (``context.Context``), so that the ports of replies are never taken for those that somebody asked.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import FINDING, REGISTERED, SEVERITIES, Detection, Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value

__all__ = ["FINDING", "SEVERITIES", "Detection", "Threshold", "by_name", "detections", "find_all"]


@cache
def detections() -> tuple[Detection, ...]:
    """Every detection of this package, in the order in which the manual has them."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(REGISTERED.values(), key=lambda one: (one.rank, one.name)))


def by_name(name: str) -> Detection:
    """Find a detection by its name.

    Raises:
        KeyError: There is none.
    """
    detections()
    return REGISTERED[name]


def find_all(
    context: Context,
    only: Sequence[str] = (),
    thresholds: Mapping[str, Mapping[str, Value]] | None = None,
) -> pl.DataFrame:
    """What several detections find.

    Args:
        context: Where to look.
        only: The names of those that are asked; none for all.
        thresholds: By detection, the thresholds that are not to be the usual ones.

    Returns:
        The most severe first, then as the detections have them (columns: ``FINDING``).

    Raises:
        ValueError: A threshold is none, or cannot have this value.
        QueryError: The filter of the context's scope is not one.
        Cancelled: Nobody wants them any more.
    """
    asked = [one for one in detections() if not only or one.name in only]
    given = thresholds or {}
    found = [one.find(context, **given.get(one.name, {})) for one in asked]
    order = pl.col("severity").replace_strict(
        list(SEVERITIES), list(range(len(SEVERITIES))), return_dtype=pl.Int8
    )
    return pl.concat([pl.DataFrame(schema=FINDING), *found]).sort(order, maintain_order=True)
