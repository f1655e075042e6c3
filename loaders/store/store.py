"""The store of one directory of logs: opened, read, added to, tidied up.

One process writes at a time; whoever comes second reads what is there, and the rest from the logs. Segments
that are no longer needed stay until nobody reads them any more.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.kinds import no_problems
from loaders.naming import group_names
from loaders.parts import fields_of, summarise
from loaders.read import heights
from loaders.recognise import GONE
from loaders.schema import FILE, TIMESTAMP
from loaders.store.manifest import Manifest, Segment, StoredFile
from loaders.store.part import StoredPart
from loaders.store.rollups import minutes_of, roll_up
from loaders.store.shape import encoded, from_bytes, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from loaders.dataset import FileReport

VERSION = f"1 {pl.__version__}"
"""Raised whenever the same logs would give other rows, or the rows are laid out otherwise.

What tells events apart is hashed by polars, which does so in another way from one version to the next.
"""
READERS_FIRST = 2**31
"""The number of the first file read by a process that may not write; none in a manifest is so high."""
MANIFEST, WRITER, READERS = "manifest.sqlite", "writer.lock", "readers.lock"
"""What is in the folder of a store beside its segments."""
_SEGMENTS = "segments"
_ROW_GROUP = 262_144

# A number that SQLite cannot hold, such as a time in a far future, is an OverflowError.
_TROUBLE = (OSError, OverflowError, sqlite3.Error, pl.exceptions.PolarsError, pl.exceptions.PanicException)


class StoreError(Exception):
    """The store cannot be used, or not be written to; the message says why."""


class Store:
    """The store of the logs below some roots.

    Attributes:
        folder: Where it lies.
        writable: Whether this process may write to it.
    """

    def __init__(self, folder: Path, roots: Sequence[str], *, patient: bool = False) -> None:
        """Open it, and make it if it is not there.

        Args:
            folder: Where it lies.
            roots: The paths of the logs, as ``place`` was given them.
            patient: Wait for another process that writes to it, in place of only reading.

        Raises:
            StoreError: It cannot be used.
        """
        self.folder = folder
        self._locks: list[int] = []
        try:
            (folder / _SEGMENTS).mkdir(parents=True, exist_ok=True, mode=0o700)
            self.writable = self._lock(WRITER, wait=patient)
            if self.writable:
                self._prepare(roots)
            self._lock(READERS, shared=True, wait=True)
            os.utime(folder / READERS)  # when it was last used
            self._manifest = self._opened()
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise StoreError(_why(error)) from error
        except StoreError:
            self.close()
            raise

    _manifest: Manifest

    def _opened(self) -> Manifest:
        manifest = Manifest(self.folder / MANIFEST)
        if manifest.value("version") != VERSION:
            manifest.close()
            raise StoreError("another version of flowtui is writing to it")
        return manifest

    def close(self) -> None:
        """Let others write to it."""
        if hasattr(self, "_manifest"):
            self._manifest.close()
        for handle in self._locks:
            os.close(handle)
        self._locks.clear()

    def _lock(self, name: str, *, shared: bool = False, wait: bool = False) -> bool:
        """Hold a lock until the store is closed, or the process ends in whatever way; whether it is held."""
        handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._locks.append(handle)
        return True

    def _prepare(self, roots: Sequence[str]) -> None:
        """Make the manifest what this version can read, and remove what nobody needs."""
        alone = self._lock(READERS)
        try:
            self._make_sound(roots, alone=alone)
        finally:
            if alone:
                os.close(self._locks.pop())

    def _make_sound(self, roots: Sequence[str], *, alone: bool) -> None:
        manifest = self._ours()
        if manifest is None:
            if not alone:
                raise StoreError("another version of flowtui is using it")
            for left in self.folder.glob(f"{MANIFEST}*"):
                left.unlink()
            manifest = Manifest(self.folder / MANIFEST)
        with manifest.changing():
            manifest.note("version", VERSION)
            manifest.note("roots", "\n".join(map(_shown, roots)))
            self._drop_lost(manifest)
        if alone:
            known = manifest.sizes()
            for entry in os.scandir(self.folder / _SEGMENTS):
                if entry.name not in known:
                    Path(entry.path).unlink(missing_ok=True)
        manifest.close()

    def _ours(self) -> Manifest | None:
        """The manifest, unless it is damaged or that of another version."""
        try:
            manifest = Manifest(self.folder / MANIFEST)
            if manifest.value("version") in {None, VERSION}:
                return manifest
            manifest.close()
        except sqlite3.DatabaseError:
            pass
        return None

    def _drop_lost(self, manifest: Manifest) -> None:
        """Forget segments that are gone or not whole, and the files that they held."""
        lost = self._lost(manifest)
        manifest.forget_files(manifest.files_of(lost))
        manifest.drop_segments(lost)
        manifest.drop_dead_segments()

    def _lost(self, manifest: Manifest) -> list[int]:
        """The segments that are gone or not whole."""
        return [number for name, (number, size) in manifest.sizes().items() if not self._is_whole(name, size)]

    def _is_whole(self, name: str, size: int) -> bool:
        try:
            return (self.folder / _SEGMENTS / name).stat().st_size == size
        except OSError:
            return False

    def _path(self, segment: Segment) -> str:
        return str(self.folder / _SEGMENTS / segment.name)

    # -- what is there ---------------------------------------------------------------------------------

    @property
    def first_number(self) -> int:
        """The number of the next file that this process reads."""
        return self._manifest.last_file() + 1 if self.writable else READERS_FIRST

    def files(self) -> dict[bytes, StoredFile]:
        """The files that have been read, by their paths."""
        return self._manifest.files()

    def file(self, number: int) -> tuple[bytes, StoredFile] | None:
        """The path of a file that has been read, and the file."""
        return self._manifest.file(number)

    def numbers(self) -> list[int]:
        """The numbers of the files that have been read."""
        return self._manifest.numbers()

    def parts(self) -> list[StoredPart]:
        """The segments that are whole, the newest first."""
        return [
            StoredPart(segment, self._path(segment))
            for segment in self._manifest.segments()
            if self.writable or self._is_whole(segment.name, segment.size)
        ]

    def forgotten(self) -> dict[int, set[int]]:
        """By the numbers of segments: files that are known no more, whose rows do not count."""
        return self._manifest.forgotten()

    @property
    def is_empty(self) -> bool:
        """Whether no file is known."""
        return self._manifest.is_empty()

    def events(self) -> pl.DataFrame | None:
        """The events that were delivered, if any are known."""
        known = list(self._manifest.events())
        if not known:
            return None
        # Of files that are known no more, others deliver the events anew.
        return pl.concat(known).filter(pl.col(FILE).is_in(self.numbers()))

    def at_one_moment(self) -> AbstractContextManager[None]:
        """Whatever is asked within is answered as of the same moment, whoever writes meanwhile."""
        return self._manifest.reading()

    def lost_files(self) -> set[int]:
        """The files of segments that are gone or not whole, which only who may write can mend."""
        if self.writable:
            return set()
        return self._manifest.files_of(self._lost(self._manifest))

    @property
    def size(self) -> int:
        """The bytes of its segments."""
        return self._manifest.size()

    # -- what changes ----------------------------------------------------------------------------------

    def add(
        self,
        frames: Iterable[tuple[str, pl.DataFrame]],
        reports: Mapping[int, FileReport],
        events: pl.DataFrame,
    ) -> list[StoredPart]:
        """Keep what was read of some files.

        Args:
            frames: The records as they were read, and their kinds.
            reports: What became of each file, by its number.
            events: The events that they delivered.

        Raises:
            StoreError: It cannot be written; nothing was kept.
        """
        newness = {number: report.source.newness for number, report in reports.items()}
        segments: list[Segment] = []
        try:
            for kind, frame in frames:
                segments.append(self._write(kind, frame, newness, fields_of(frame)))
            with self._manifest.changing():
                self._manifest.put_files(
                    (os.fsencode(report.source.path), _stored(number, report))
                    for number, report in reports.items()
                    if report.state != "unreadable" and report.reason not in GONE
                )
                self._manifest.put_events(events)
                put = [self._manifest.put_segment(segment) for segment in segments]
        except _TROUBLE as error:
            for segment in segments:
                Path(self._path(segment)).unlink(missing_ok=True)
            raise StoreError(_why(error)) from error
        return [StoredPart(segment, self._path(segment)) for segment in put]

    def forget(self, files: Iterable[int]) -> None:
        """Forget files that changed or vanished.

        Raises:
            StoreError: It cannot be written.
        """
        try:
            with self._manifest.changing():
                self._manifest.forget_files(files)
        except sqlite3.Error as error:
            raise StoreError(_why(error)) from error

    def merge(self, parts: Sequence[StoredPart]) -> StoredPart:
        """Write the rows that count of segments of one schema into one; the old ones are forgotten.

        Raises:
            StoreError: It cannot be written; everything is as it was.
        """
        newness = {file: part.segment.newness for part in parts for file in part.segment.files}
        fields = tuple(dict.fromkeys(name for part in parts for name in part.fields))
        written = None
        try:
            frame = run.collect(pl.concat([part.lazy() for part in parts]))
            written = self._write(parts[0].kind, frame, newness, fields)
            left_out = set[int]().union(*(part.without for part in parts))
            with self._manifest.changing():
                if self._manifest.knows_any(left_out):
                    raise sqlite3.IntegrityError("a file that counts would be left out")
                put = self._manifest.put_segment(written)
                self._manifest.drop_segments([part.segment.number for part in parts])
        except _TROUBLE as error:
            if written is not None:
                Path(self._path(written)).unlink(missing_ok=True)
            raise StoreError(_why(error)) from error
        return StoredPart(put, self._path(put))

    def _write(
        self, kind: str, frame: pl.DataFrame, newness: Mapping[int, float], fields: tuple[str, ...]
    ) -> Segment:
        """Write a segment that the manifest does not know yet.

        Args:
            kind: The kind of its records.
            frame: The records as they were read.
            newness: Of each file that they came from.
            fields: The fields found in their messages.
        """
        shape, rows = encoded(frame, kind)
        name = f"{uuid.uuid4().hex}.parquet"
        path = self.folder / _SEGMENTS / name
        try:
            with path.open("xb") as file:
                rows.write_parquet(file, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        rollup = roll_up(frame, kind)
        files = heights(frame)
        time = pl.col(TIMESTAMP).dt.epoch("ms")
        first, last = frame.select(time.min().alias("first"), time.max().alias("last")).row(0)
        return Segment(
            name,
            shape,
            size,
            frame.height,
            max(newness[file] for file in files),
            first,
            last,
            fields,
            to_bytes(run.collect(summarise(rollup.lazy(), kind, rolled=True))),
            to_bytes(minutes_of(rollup)),
            to_bytes(rollup),
            files,
        )


def _stored(number: int, report: FileReport) -> StoredFile:
    source = report.source
    size, changed, inode, status = source.fingerprint
    if source.is_hot:
        changed = -1  # no file is like that, so it is read again the next time
    return StoredFile(
        number,
        source.name,
        (size, changed, inode, status),
        source.skip,
        report.format,
        report.state,
        report.reason,
        report.records,
        report.repeated,
        to_bytes(report.problems) if report.problems.height else None,
    )


def problems_of(file: StoredFile) -> pl.DataFrame:
    """The problems of a file, as ``FileReport`` has them."""
    return no_problems() if file.problems is None else from_bytes(file.problems)


def place(roots: Sequence[str], *, follow_links: bool = False) -> Path:
    """Where the store of some roots lies; with other names of groups it is another one.

    Raises:
        NamingError: The groups below a root are named in a way that says nothing.
    """
    whole = [Path(root).resolve() for root in roots]
    # A file that is opened by itself goes by the name that it was opened by.
    named = [Path(root).name if path.is_file() else "" for root, path in zip(roots, whole, strict=True)]
    names = [group_names(root) for root in roots]
    what = [*map(os.fsencode, whole)], [*map(os.fsencode, named)], names, follow_links
    key = hashlib.blake2b(repr(what).encode(), digest_size=16).hexdigest()
    return stores_folder() / key


def stores_folder() -> Path:
    """Where all stores lie."""
    from platformdirs import user_cache_path

    return user_cache_path("flowtui", appauthor=False) / "stores"


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).partition("\n")[0]


def _shown(root: str) -> str:
    return os.fsencode(Path(root).resolve()).decode("utf-8", "backslashreplace")
