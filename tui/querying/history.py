"""The queries that were run, newest last; they outlive the program in a file of the user's state directory.

A file that is broken or cannot be written is no error: the queries of this run are remembered all the same.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.run import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loaders.run import Ticket

_KEPT = 500
# A file that is larger than this is not ours.
_LARGEST = 16 * 1024 * 1024


def history_path() -> Path:
    """Where the queries are kept."""
    from platformdirs import user_state_path

    return user_state_path("flowtui") / "history.jsonl"


class QueryHistory:
    """The queries that were run, and a place among them while a person walks back and forth."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what was run before.

        Args:
            path: The file; that of the user by default.
        """
        self._path = path or history_path()
        self._texts = read(self._path)
        self._place = len(self._texts)
        self._draft = ""
        self._lane = Lane("history")

    @property
    def texts(self) -> tuple[str, ...]:
        """The queries, each once, the newest last."""
        return tuple(self._texts)

    def add(self, text: str) -> None:
        """Remember a query that is run now; one that was run before moves to the end."""
        self._texts = _newest([*self._texts, text])
        self._place = len(self._texts)
        mine = tuple(self._texts)
        self._lane.submit(lambda ticket: self._write(mine, ticket), lambda _: None, lambda _: None)

    def _write(self, texts: tuple[str, ...], _: Ticket) -> None:
        """Add them to the file, where another flowtui may have put its own meanwhile."""
        write(self._path, _newest([*read(self._path), *texts]))

    def older(self, text: str) -> str | None:
        """The query before, or ``None`` when there is none.

        Args:
            text: What stands in the editor; it is given back at the end of the way forward.
        """
        if not (self._place < len(self._texts) and text == self._texts[self._place]):
            self._place, self._draft = len(self._texts), text
        while self._place:
            self._place -= 1
            if self._texts[self._place] != text:
                return self._texts[self._place]
        return None

    def newer(self, text: str) -> str | None:
        """The query after, at last what was being typed; ``None`` unless a query of the past is shown.

        Args:
            text: What stands in the editor.
        """
        if self._place >= len(self._texts) or text != self._texts[self._place]:
            return None
        self._place += 1
        return self._texts[self._place] if self._place < len(self._texts) else self._draft


def read(path: Path) -> list[str]:
    """Read a file of queries; lines that are none are passed over."""
    try:
        if path.stat().st_size > _LARGEST:
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict) and isinstance(entry.get("query"), str):
                found.append(entry["query"])
    return _newest(found)


def write(path: Path, texts: Iterable[str]) -> None:
    """Write a file of queries, whole or not at all; where that cannot be, nothing happens."""
    data = "".join(json.dumps({"query": text}) + "\n" for text in texts)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(data)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _newest(texts: list[str]) -> list[str]:
    """Each query once, where it stands last; no more than are kept."""
    once = list(dict.fromkeys(reversed(texts)))[:_KEPT]
    return once[::-1]
