"""All stores of a user: which there are, how much they take, and how they are kept within bounds."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.store.store import MANIFEST, READERS, WRITER, stores_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 20_000_000_000
"""The bytes that all stores together may take, unless a person says otherwise."""


@dataclass(frozen=True, slots=True)
class StoreState:
    """A store as it lies on the disk.

    Attributes:
        folder: Where it lies.
        roots: The paths of its logs.
        size: Its bytes.
        used: When it was last opened, in seconds since 1970.
    """

    folder: Path
    roots: tuple[str, ...]
    size: int
    used: float

    @property
    def is_orphan(self) -> bool:
        """Whether none of its logs' paths is there any more."""
        return bool(self.roots) and not any(Path(root).exists() for root in self.roots)


def stores() -> Iterator[StoreState]:
    """Every store, in no order."""
    try:
        folders = [Path(entry.path) for entry in os.scandir(stores_folder()) if entry.is_dir()]
    except OSError:
        return
    yield from map(state_of, folders)


def state_of(folder: Path) -> StoreState:
    """A store, by where it lies."""
    try:
        used = (folder / READERS).stat().st_mtime
    except OSError:
        used = 0.0
    return StoreState(folder, _roots(folder), size_of(folder), used)


def size_of(folder: Path) -> int:
    """The bytes below a folder; what vanishes meanwhile does not count."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - once for each segment
            except OSError:
                continue
    return total


def _roots(folder: Path) -> tuple[str, ...]:
    try:
        with closing(sqlite3.connect(f"file:{folder / MANIFEST}?mode=ro", uri=True)) as base:
            found = base.execute("SELECT value FROM meta WHERE key = 'roots'").fetchone()
    except sqlite3.Error:
        return ()
    return tuple(found[0].split("\n")) if found else ()


def remove(folder: Path) -> bool:
    """Remove a store, unless somebody uses it; whether it is gone.

    Raises:
        OSError: It cannot be removed.
    """
    handles: list[int] = []
    try:
        for name in (WRITER, READERS):
            handles.append(os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            fcntl.flock(handles[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    finally:
        for handle in handles:
            os.close(handle)
    return True


def make_room(most: int | None = None, keep: Path | None = None) -> list[StoreState]:
    """Remove stores whose logs are gone, then those unused for longest, until the rest is within bounds.

    Args:
        most: The bytes that may stay; ``LARGEST`` if nothing is said.
        keep: A store that stays in any case.

    Returns:
        What was removed.
    """
    most = LARGEST if most is None else most
    known = sorted(stores(), key=lambda state: (not state.is_orphan, state.used))
    total = sum(state.size for state in known)
    removed = []
    for state in known:
        if state.folder == keep or not (state.is_orphan or total > most):
            continue
        try:
            gone = remove(state.folder)
        except OSError:
            continue
        if gone:
            total -= state.size
            removed.append(state)
    return removed
