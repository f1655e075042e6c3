"""Files that are not read yet, because they do not seem finished: how long they have been as they are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loaders.discover import SourceFile


@dataclass(slots=True)
class _Wait:
    fingerprint: tuple[int, int, int, int]
    began: float
    since: float


class Patience:
    """The files that wait. Times are of a clock that nobody sets."""

    def __init__(self) -> None:
        """Wait for none."""
        self._waits: dict[str, _Wait] = {}

    @property
    def paths(self) -> set[str]:
        """The files that wait."""
        return set(self._waits)

    def quiet(self, file: SourceFile) -> float:
        """For how many seconds a file has been as it is; from now on it waits."""
        return time.monotonic() - self._wait(file).since

    def waited(self, file: SourceFile) -> float:
        """For how many seconds a file has waited, whatever happened to it; from now on it does."""
        return time.monotonic() - self._wait(file).began

    def end(self, path: str) -> None:
        """A file need not wait any more."""
        self._waits.pop(path, None)

    def keep(self, paths: Iterable[str]) -> None:
        """Forget files that are not among some."""
        for path in self._waits.keys() - set(paths):
            del self._waits[path]

    def _wait(self, file: SourceFile) -> _Wait:
        now = time.monotonic()
        wait = self._waits.setdefault(file.path, _Wait(file.fingerprint, now, now))
        if wait.fingerprint != file.fingerprint:
            wait.fingerprint, wait.since = file.fingerprint, now
        return wait
