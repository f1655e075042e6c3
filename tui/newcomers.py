"""Which records have come since another data set: exact, and asked only of those on the screen."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.schema import FILE, LINE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loaders.dataset import Dataset
    from loaders.parts import Part


class Newcomers:
    """Tells records of a data set that an older one did not have."""

    def __init__(self, before: Dataset, now: Dataset) -> None:
        """Compare two data sets; nothing is looked at yet."""
        self._before, self._now = before, now
        self._last: dict[int, int | None] = {}

    def has(self, file: int, line: int) -> bool:
        """Whether a record is new, by its file's number and its line; may run a plan: in a worker only."""
        if file not in self._last:
            self._last[file] = self._last_known(file)
        last = self._last[file]
        return last is not None and line > last

    @cached_property
    def _read_again(self) -> dict[str, int]:
        """The files that have another number now because they were read anew, by their paths."""
        old = self._before.files
        return {old[number].source.path: number for number in old.keys() - self._now.files.keys()}

    def _last_known(self, file: int) -> int | None:
        """The last line of a file that the older data set had; ``None`` if nothing has changed since.

        Data sets share what has not changed, so only the parts that came and went need to be looked into.
        """
        before, report = self._before.files.get(file), self._now.files.get(file)
        if report is None or before is report:
            return None
        number = file if before is not None else self._read_again.get(report.source.path)
        if number is None:
            return 0
        known = _lines(number, set(self._before.parts).difference(self._now.parts))
        if known:
            return max(known)
        came = _lines(file, set(self._now.parts).difference(self._before.parts))
        return min(came, default=1) - 1


def _lines(file: int, parts: Iterable[Part]) -> list[int]:
    """The first and the last line of a file in each of some parts."""
    ends = pl.col(LINE).min().alias("first"), pl.col(LINE).max().alias("last")
    frames = run.collect_all([part.plan().filter(pl.col(FILE) == file).select(*ends) for part in parts])
    return [int(line) for frame in frames for line in frame.row(0) if line is not None]
