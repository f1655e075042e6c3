"""How a detection is declared, and what every finding tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from loaders.schema import TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from diagnose.detections.context import Context

Value: TypeAlias = float | str

SEVERITIES = ("high", "medium", "low", "info")
"""The most severe first."""

FINDING: dict[str, pl.DataType] = {
    "detection": pl.String(),
    "severity": pl.String(),
    "what": pl.String(),
    "source": pl.String(),
    "target": pl.String(),
    "port": pl.Int32(),
    "protocol": pl.Int32(),
    "records": pl.Int64(),
    "bytes": pl.Int64(),
    "first": TIME,
    "last": TIME,
    "filter": pl.String(),
}
"""The columns of findings. ``what`` is a sentence with the numbers and the threshold; ``source`` is whoever
began, ``target`` and ``port`` what was asked, each null where there are several; ``bytes`` is null where they
are not known; ``filter`` selects the records behind a finding, and may select a few more."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number, or a list of addresses, that a detection goes by.

    Attributes:
        name: What ``--set`` calls it.
        default: Its usual value; a text for a list with commas.
        unit: Of what; empty for a list.
        step: By how much a key press changes it; 0 for a list.
        meaning: What it bounds, in one clause.
        least: It may not be lower.
        most: It may not be higher.
        reads: Reads a list, and raises ``ValueError`` where it is none.
    """

    name: str
    default: Value
    unit: str
    step: float
    meaning: str
    least: float = 1
    most: float = math.inf
    reads: Callable[[str], object] | None = None

    def read(self, value: Value) -> Value:
        """Take a value, as a program or a person gives it.

        Raises:
            ValueError: It is not one.
        """
        if isinstance(self.default, str):
            if self.reads is not None:
                self.reads(str(value))
            return str(value)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise ValueError(f"{self.name} is a number; '{value}' is none.") from None
        if not self.least <= number <= self.most or math.isinf(number):
            bound = f"at least {self.least:g}" + (
                f" and at most {self.most:g}" if self.most < math.inf else ""
            )
            raise ValueError(f"{self.name} has to be {bound}, not {value}.")
        return number


@dataclass(frozen=True, slots=True)
class Detection:
    """A detection.

    Attributes:
        name: Its stable name, which scripts may rely on.
        title: What it is called, for people.
        means: What a finding means.
        wrong: When a finding means nothing.
        thresholds: What can be changed.
        finder: What finds: it gets all thresholds, numbers as float.
        rank: Its place among the others.
        notes: Says what keeps it from telling all it could, given the logs and its thresholds.
    """

    name: str
    title: str
    means: str
    wrong: str
    thresholds: tuple[Threshold, ...]
    finder: Callable[[Context, Mapping[str, Value]], pl.DataFrame]
    rank: int
    notes: Callable[[Context, Mapping[str, Value]], tuple[str, ...]] = lambda _context, _given: ()

    def find(self, context: Context, **thresholds: Value) -> pl.DataFrame:
        """Find what there is.

        Args:
            context: Where to look.
            thresholds: Those that are not to have their defaults.

        Returns:
            The columns of ``FINDING``.

        Raises:
            ValueError: A threshold is none of these, or cannot have this value.
            QueryError: The filter of the context's scope is not one.
            Cancelled: Nobody wants them any more.
        """
        given = self.given(**thresholds)
        if context.ticket:
            context.ticket.check()
        return self.finder(context, given).select(pl.col(name).cast(dtype) for name, dtype in FINDING.items())

    def given(self, **thresholds: Value) -> dict[str, Value]:
        """All thresholds, the defaults where nothing else was said.

        Raises:
            ValueError: One is none of these, or cannot have this value.
        """
        known = {one.name: one for one in self.thresholds}
        for name in thresholds:
            if name not in known:
                raise ValueError(f"{self.name} has no threshold '{name}', only {', '.join(known)}.")
        return {name: one.read(thresholds.get(name, one.default)) for name, one in known.items()}


REGISTERED: dict[str, Detection] = {}


def register(detection: Detection) -> None:
    """Add a detection; called once by each module of this package when it is imported."""
    REGISTERED[detection.name] = detection
