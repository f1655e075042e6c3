"""What a case is: files, and the records, problems and states that a right reading makes of them."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.corpus import flows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

CASES: dict[str, Callable[[Builder], None]] = {}
"""The cases by name, in the order in which they are described."""

HERE = "."
"""The log group of a file that lies directly in the case's folder; ``./a/b`` is that of one below it."""


def case(name: str) -> Callable[[Callable[[Builder], None]], Callable[[Builder], None]]:
    """Add a case."""

    def add(describe: Callable[[Builder], None]) -> Callable[[Builder], None]:
        assert name not in CASES, name
        CASES[name] = describe
        return describe

    return add


def at(text: str | None) -> datetime | None:
    """A time in UTC as ``2026-01-15T10:00:00.000``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


@dataclass(frozen=True)
class File:
    """A file and what became of it.

    Attributes:
        name: Its path below the case's folder.
        format: What ``check`` prints, or ``None``.
        layout: What ``check`` prints.
        state: ``complete``, ``incomplete``, ``skipped`` or ``unreadable``.
        reason: A part of the reason for that state.
        problems: The line of each problem, and a part of its sentence.
    """

    name: str
    format: str | None
    layout: str
    state: str
    reason: str
    problems: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Row:
    """A record: where it stands, what it belongs to, when it was, and the columns that are looked at."""

    file: str
    line: int
    group: str
    stream: str
    kind: str
    time: datetime | None
    values: Mapping[str, Any]


@dataclass
class Stream:
    """The counts of a log stream."""

    records: int = 0
    accepted: int = 0
    rejected: int = 0
    nodata: int = 0
    skipdata: int = 0
    bytes: int = 0
    times: list[datetime] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.records += 1
        if row.time:
            self.times.append(row.time)
        if row.kind == "flow-log":
            self.accepted += row.values.get("action") == "ACCEPT"
            self.rejected += row.values.get("action") == "REJECT"
            self.nodata += row.values.get("log_status") == "NODATA"
            self.skipdata += row.values.get("log_status") == "SKIPDATA"
            self.bytes += row.values.get("bytes") or 0

    def counts(self) -> dict[str, Any]:
        """The counts by the names that ``groups`` gives them."""
        named = {key: value for key, value in vars(self).items() if key != "times"}
        return named | {"first": min(self.times, default=None), "last": max(self.times, default=None)}


@dataclass(frozen=True)
class Expected:
    """A case: its folder, and what is in it."""

    name: str
    folder: Path
    files: tuple[File, ...]
    rows: tuple[Row, ...]

    def group(self, row: Row, *, above: bool) -> str:
        """The row's log group when the case's folder is opened, or the one above it."""
        if row.group == HERE:
            return self.name
        if row.group.startswith("./"):
            return row.group.replace("./", f"{self.name}/" if above else "", 1)
        return row.group

    def records(self, file: str) -> int:
        """How many records a file holds."""
        return sum(row.file == file for row in self.rows)


def tally(cases: Sequence[Expected], *, above: bool = False) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The counts of all streams by group, stream and kind.

    Args:
        cases: The cases; some deliver into the same group and stream.
        above: Whether the folder above them is opened, and not that of the only one.
    """
    found: dict[tuple[str, str, str], Stream] = defaultdict(Stream)
    for one in cases:
        for row in one.rows:
            found[one.group(row, above=above), row.stream, row.kind].add(row)
    return {key: stream.counts() for key, stream in found.items()}


class Builder:
    """Writes the files of one case and notes what is in them."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        folder.mkdir(parents=True)
        self._files: list[File] = []
        self._rows: list[Row] = []
        # Of its own for every case, so that no case is taken for a second copy of another one.
        self.code = f"{zlib.crc32(name.encode()):08x}"
        self.flow_log = f"fl-{self.code}{zlib.crc32(name.encode()[::-1]):08x}0"

    def file(
        self,
        name: str,
        data: bytes,
        form: str | None,
        layout: str = "plain",
        *,
        state: str | None = None,
        reason: str = "",
        problems: tuple[tuple[int, str], ...] = (),
    ) -> str:
        """Write a file; its name comes back for the records. Without a format it is one that is skipped."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self.note(name, form, layout, state=state, reason=reason, problems=problems)

    def note(
        self,
        name: str,
        form: str | None,
        layout: str = "plain",
        *,
        state: str | None = None,
        reason: str = "",
        problems: tuple[tuple[int, str], ...] = (),
    ) -> str:
        """Expect a file that was written in another way."""
        state = state or ("complete" if form else "skipped")
        self._files.append(File(name, form, layout, state, reason, problems))
        return name

    def row(
        self,
        file: str,
        line: int,
        kind: str,
        time: str | datetime | None,
        values: Mapping[str, Any],
        *,
        group: str = HERE,
        stream: str | None = None,
    ) -> None:
        """Expect a record; its stream is the file's name if none is given."""
        when = at(time) if isinstance(time, str) or time is None else time
        self._rows.append(Row(file, line, group, stream or file.rpartition("/")[2], kind, when, values))

    def flow(
        self,
        file: str,
        line: int,
        record: Mapping[str, str],
        *,
        group: str = HERE,
        stream: str | None = None,
        time: str | None = None,
    ) -> None:
        """Expect a flow-log record; its time its start, its stream its interface.

        Without an interface the stream is the file, and a delivery says that there is none.
        """
        when = at(time) or flows.time_of(record)
        delivered = any(noted.name == file and noted.layout.startswith("s3") for noted in self._files)
        name = stream or flows.stream_of(record) or ("(no interface)" if delivered else None)
        self.row(file, line, "flow-log", when, flows.typed(record), group=group, stream=name)

    def flows(self, file: str, records: list[Mapping[str, str]], first: int = 1, **options: Any) -> None:
        """Expect flow-log records on lines that follow each other."""
        for line, record in enumerate(records, first):
            self.flow(file, line, record, **options)

    def expected(self) -> Expected:
        """All that was noted."""
        return Expected(self.name, self.folder, tuple(self._files), tuple(self._rows))
