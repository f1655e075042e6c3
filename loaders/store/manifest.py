"""The manifest of a store: which files have been read, and which segments hold their rows.

One SQLite database in WAL mode. Everything that belongs together is written in one transaction, so that
whatever happens to the process, the manifest tells of whole segments only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from loaders.store.shape import Shape, from_bytes, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import polars as pl

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, name TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    skip TEXT, format TEXT, state TEXT NOT NULL, reason TEXT, records INTEGER NOT NULL,
    repeated INTEGER NOT NULL, problems BLOB
);
CREATE TABLE IF NOT EXISTS shape (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, empty BLOB NOT NULL, columns TEXT NOT NULL,
    UNIQUE (kind, empty, columns)
);
CREATE TABLE IF NOT EXISTS segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, shape INTEGER NOT NULL, size INTEGER NOT NULL,
    rows INTEGER NOT NULL, newness REAL NOT NULL, first INTEGER, last INTEGER, fields TEXT NOT NULL,
    summary BLOB NOT NULL, minutes BLOB NOT NULL, rollup BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS held (
    segment INTEGER NOT NULL, file INTEGER NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (segment, file)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivered (id INTEGER PRIMARY KEY, events BLOB NOT NULL);
"""
_FILE = (
    "path, id, name, size, mtime_ns, inode, ctime_ns, skip, format, state, reason, records, repeated,"
    " problems"
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was when it was read.

    Attributes:
        number: Its number in ``FILE``.
        name: Its path below the directory that was opened.
        fingerprint: As ``SourceFile.fingerprint``.
        skip: As ``SourceFile.skip``.
        format: As ``FileReport``, like all that follows.
        state: ...
        reason: ...
        records: ...
        repeated: ...
        problems: A frame as bytes, or ``None`` if there are none.
    """

    number: int
    name: str
    fingerprint: tuple[int, int, int, int]
    skip: str | None
    format: str | None
    state: str
    reason: str | None
    records: int
    repeated: int
    problems: bytes | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of rows.

    Attributes:
        name: Its name in the store's folder.
        shape: What its columns are.
        size: Its bytes.
        rows: Its rows.
        newness: What segments are ordered by, as ``SourceFile.newness`` of the newest of its files.
        first: The earliest time of its records in epoch milliseconds, or ``None``.
        last: The latest.
        fields: The fields found in its messages.
        summary: ``parts.SUMMARY_COLUMNS``, as bytes.
        minutes: ``Part.minutes``, as bytes.
        rollup: Counts by minute, stream and outcome (``store.rollups``), as bytes.
        files: How many rows it has of each file.
        number: Its number in the manifest; 0 before it is there.
    """

    name: str
    shape: Shape
    size: int
    rows: int
    newness: float
    first: int | None
    last: int | None
    fields: tuple[str, ...]
    summary: bytes
    minutes: bytes
    rollup: bytes
    files: Mapping[int, int]
    number: int = 0


class _Held(Mapping[int, int]):
    """How many rows a segment has of each file; made when it is first asked for."""

    def __init__(self, files: str, rows: str) -> None:
        """Take both as JSON."""
        self._files, self._rows = files, rows

    @cached_property
    def _held(self) -> dict[int, int]:
        return dict(zip(json.loads(self._files), json.loads(self._rows), strict=True))

    def __getitem__(self, file: int) -> int:
        return self._held[file]

    def __iter__(self) -> Iterator[int]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


class Manifest:
    """The database."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it if it is not there.

        Raises:
            sqlite3.Error: It cannot be opened, or is none.
        """
        self._shapes: dict[int, Shape] = {}
        self._base = sqlite3.connect(path, timeout=5, check_same_thread=False, isolation_level=None)
        try:
            self._base.execute("PRAGMA journal_mode = WAL")
            # A segment is on the disk before the manifest tells of it; the last of them may be read again
            # after the power failed.
            self._base.execute("PRAGMA synchronous = NORMAL")
            self._base.executescript(_TABLES)
        except sqlite3.Error:
            self._base.close()
            raise

    def close(self) -> None:
        """Close it."""
        self._base.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Do all that is done within, or nothing of it."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read all that is read within as of one moment."""
        if self._base.in_transaction:
            yield
            return
        self._base.execute("BEGIN")
        try:
            yield
        finally:
            self._base.execute("COMMIT")

    # -- what is there ---------------------------------------------------------------------------------

    def value(self, key: str) -> str | None:
        """What is noted under a key."""
        found = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def files(self) -> dict[bytes, StoredFile]:
        """The files by their paths."""
        return dict(_file(row) for row in self._base.execute(f"SELECT {_FILE} FROM file"))  # noqa: S608 - above

    def file(self, number: int) -> tuple[bytes, StoredFile] | None:
        """A file's path, and the file."""
        row = self._base.execute(f"SELECT {_FILE} FROM file WHERE id = ?", (number,)).fetchone()  # noqa: S608
        return None if row is None else _file(row)

    def numbers(self) -> list[int]:
        """The numbers of the files."""
        return [number for (number,) in self._base.execute("SELECT id FROM file")]

    def forgotten(self) -> dict[int, set[int]]:
        """The files of segments, by the segments' numbers, that are known no more."""
        found: dict[int, set[int]] = {}
        query = "SELECT segment, file FROM held WHERE file NOT IN (SELECT id FROM file)"
        for segment, file in self._base.execute(query):
            found.setdefault(segment, set()).add(file)
        return found

    def knows_any(self, numbers: Iterable[int]) -> bool:
        """Whether any of these files is known."""
        return any(
            self._base.execute("SELECT 1 FROM file WHERE id = ?", (number,)).fetchone() for number in numbers
        )

    def last_file(self) -> int:
        """The highest number that a file has or had."""
        found = self._base.execute("SELECT seq FROM sqlite_sequence WHERE name = 'file'").fetchone()
        return found[0] if found else 0

    def segments(self) -> list[Segment]:
        """The segments, the newest first."""
        query = "SELECT segment, json_group_array(file), json_group_array(rows) FROM held GROUP BY segment"
        held = {segment: _Held(files, rows) for segment, files, rows in self._base.execute(query)}
        rows = self._base.execute(
            "SELECT name, shape, size, rows, newness, first, last, fields, summary, minutes, rollup, id"
            " FROM segment ORDER BY newness DESC, id"
        )
        return [
            Segment(
                name=name,
                shape=self._shape(shape),
                size=size,
                rows=height,
                newness=newness,
                first=first,
                last=last,
                fields=tuple(json.loads(fields)),
                summary=summary,
                minutes=minutes,
                rollup=rollup,
                files=held.get(number, {}),
                number=number,
            )
            for name, shape, size, height, newness, first, last, fields, *blobs, number in rows
            for summary, minutes, rollup in [blobs]
        ]

    def is_empty(self) -> bool:
        """Whether no file is known."""
        return self._base.execute("SELECT 1 FROM file LIMIT 1").fetchone() is None

    def size(self) -> int:
        """The bytes of all segments."""
        return int(self._base.execute("SELECT COALESCE(SUM(size), 0) FROM segment").fetchone()[0])

    def sizes(self) -> dict[str, tuple[int, int]]:
        """The number and the bytes of each segment, by its name."""
        rows = self._base.execute("SELECT name, id, size FROM segment")
        return {name: (number, size) for name, number, size in rows}

    def files_of(self, segments: Iterable[int]) -> set[int]:
        """The files that segments have rows of."""
        return {
            file
            for segment in segments
            for (file,) in self._base.execute("SELECT file FROM held WHERE segment = ?", (segment,))
        }

    def _shape(self, number: int) -> Shape:
        if number not in self._shapes:
            kind, empty, columns = self._base.execute(
                "SELECT kind, empty, columns FROM shape WHERE id = ?", (number,)
            ).fetchone()
            self._shapes[number] = Shape(kind, from_bytes(empty).schema, tuple(json.loads(columns)))
        return self._shapes[number]

    def events(self) -> Iterator[pl.DataFrame]:
        """The events that were delivered, as ``read.Delivered`` keeps them."""
        for (data,) in self._base.execute("SELECT events FROM delivered"):
            yield from_bytes(data)

    # -- what changes ----------------------------------------------------------------------------------

    def note(self, key: str, value: str) -> None:
        """Note something under a key."""
        self._base.execute("REPLACE INTO meta VALUES (?, ?)", (key, value))

    def put_files(self, files: Iterable[tuple[bytes, StoredFile]]) -> None:
        """Add files, in place of what was known of those paths."""
        self._base.executemany(
            "REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(file.number, path, file.name, *file.fingerprint, file.skip, file.format, file.state),
                    *(file.reason, file.records, file.repeated, file.problems),
                )
                for path, file in files
            ),
        )

    def forget_files(self, numbers: Iterable[int]) -> None:
        """Forget files; their rows stay in the segments until those are written anew."""
        self._base.executemany("DELETE FROM file WHERE id = ?", ((number,) for number in numbers))

    def put_segment(self, segment: Segment) -> Segment:
        """Add a segment; the same with its number."""
        shape = segment.shape
        key = (shape.kind, to_bytes(_empty(shape)), json.dumps(shape.columns))
        self._base.execute("INSERT OR IGNORE INTO shape (kind, empty, columns) VALUES (?, ?, ?)", key)
        (shape_id,) = self._base.execute(
            "SELECT id FROM shape WHERE kind = ? AND empty = ? AND columns = ?", key
        ).fetchone()
        number = self._base.execute(
            "INSERT INTO segment (name, shape, size, rows, newness, first, last, fields, summary, minutes,"
            " rollup) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(segment.name, shape_id, segment.size, segment.rows, segment.newness, segment.first),
                *(segment.last, json.dumps(segment.fields), segment.summary, segment.minutes, segment.rollup),
            ),
        ).lastrowid
        held = ((number, file, rows) for file, rows in segment.files.items())
        self._base.executemany("INSERT INTO held VALUES (?, ?, ?)", held)
        return replace(segment, number=number or 0)

    def drop_dead_segments(self) -> None:
        """Forget segments of which no file is known any more."""
        dead = self._base.execute(
            "SELECT id FROM segment WHERE id NOT IN"
            " (SELECT segment FROM held JOIN file ON held.file = file.id)"
        )
        self.drop_segments([number for (number,) in dead])

    def drop_segments(self, numbers: Sequence[int]) -> None:
        """Forget segments."""
        for table, column in (("segment", "id"), ("held", "segment")):
            self._base.executemany(
                f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - both stand on the line above
                ((number,) for number in numbers),
            )

    def put_events(self, events: pl.DataFrame) -> None:
        """Add events that were delivered."""
        if events.height:
            self._base.execute("INSERT INTO delivered (events) VALUES (?)", (to_bytes(events),))


def _file(row: Sequence[Any]) -> tuple[bytes, StoredFile]:
    path, number, name, size, mtime, inode, ctime, *rest = row
    return path, StoredFile(number, name, (size, mtime, inode, ctime), *rest)


def _empty(shape: Shape) -> pl.DataFrame:
    return shape.schema.to_frame()
