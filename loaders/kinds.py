"""The kinds of records: what a message says, whatever it was packed in.

A flow-log record is the same record on a line of its own, in a CloudWatch export, or in a JSON envelope of
Firehose. So a format that packs messages only unpacks them (``Events``), and a kind turns messages into
columns. Kinds register themselves from the modules of ``loaders.formats``, as formats do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol

import polars as pl

from loaders import orders
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, MESSAGE, STREAM, TIMESTAMP, column_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EVENT_ID = "_event_id"
"""String: what tells an event from every other one; an event that is delivered twice has it twice."""

FIELDS = "_fields"
"""String: what a person says the fields of flow-log messages are, with blanks between them; or null."""

APART = "_apart"
"""UInt32: the file of events whose packaging names no log group; each file then has a kind of its own."""

# So many messages of a log group decide of which kind the group is.
_SAMPLE = 50


@cache
def no_problems() -> pl.DataFrame:
    """An empty frame of problems: ``line`` (UInt32) and ``what`` (String)."""
    return pl.DataFrame(schema={"line": pl.UInt32(), "what": pl.String()})


def no_failures() -> pl.DataFrame:
    """An empty frame of the problems that messages have: ``FILE`` (UInt32), ``line`` and ``what``."""
    return no_problems().with_columns(pl.lit(None, pl.UInt32()).alias(FILE))


@dataclass(frozen=True, slots=True)
class Events:
    """The messages of one file.

    Attributes:
        frame: ``LINE`` (UInt32: the line an event begins on, or its number where events are not lines) and
            ``MESSAGE`` (String); where the packaging says so also ``TIMESTAMP`` (``schema.TIME``), ``GROUP``,
            ``STREAM`` and ``EVENT_ID`` (String).
        problems: ``line`` (UInt32) and ``what`` (String) of everything that is no event.
        broken: Why the file could not be read to its end, or ``None``.
        unfinished: Whether the last message may still be written to: if it is no record, it will become one.
    """

    frame: pl.DataFrame
    problems: pl.DataFrame = field(default_factory=no_problems)
    broken: str | None = None
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """Messages of one kind, in columns.

    Attributes:
        kind: The kind's name.
        frame: Its columns, ``FILE``, ``LINE``, and those of ``TIMESTAMP``, ``GROUP``, ``STREAM`` it knows.
        problems: ``FILE``, ``line`` and ``what`` of each message that is no record.
    """

    kind: str
    frame: pl.DataFrame
    problems: pl.DataFrame


class Kind(Protocol):
    """A kind of record."""

    name: str
    """What ``groups`` prints as the format of a log stream."""
    rank: int
    """Kinds are asked in this order: the stricter a kind's signature, the earlier."""
    about: str
    """What its records are, for the manual."""

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Say whether messages look like this kind: what ``parse`` needs to know; ``None`` if not."""

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Turn messages into columns.

        Args:
            events: ``FILE``, ``LINE``, ``MESSAGE``, ``GROUP``, and whichever of ``TIMESTAMP`` and ``STREAM``
                the packaging knows; of one log group or of files that are alike.
            detail: What ``fit`` gave.
        """


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind; called once by its module in ``loaders.formats`` when it is imported."""
    _KINDS[kind.name] = kind


def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order in which they are asked."""
    from loaders.formats import formats

    formats()
    return tuple(sorted(_KINDS.values(), key=lambda kind: (kind.rank, kind.name)))


def choose(sample: Sequence[str]) -> tuple[Kind, tuple[str, ...]] | None:
    """Find the kind that messages look like, and what it needs to know to parse them."""
    return next(_fitting(sample), None)


def _fitting(sample: Sequence[str]) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    for kind in kinds():
        detail = kind.fit(sample)
        if detail is not None:
            yield kind, detail


def parse(events: pl.DataFrame, kind: str | None, detail: tuple[str, ...] = ()) -> list[Parsed]:
    """Turn messages into columns.

    Args:
        events: As ``Kind.parse`` takes them, of any log groups.
        kind: Their kind; with ``None`` the messages of each log group (each file, if none is named) show it.
        detail: What the kind needs to know, when it is given.
    """
    if kind is not None:
        kinds()
        return [_KINDS[kind].parse(events, detail)]
    parsed = []
    by = [name for name in (GROUP, FIELDS, APART) if name in events.columns]
    for group in events.partition_by(by, maintain_order=True):
        told = _told(group)
        parsed.append(told[0].parse(group, told[1]) if told else _parse_alike(group))
    return parsed


def _parse_alike(events: pl.DataFrame) -> Parsed:
    """Turn messages into columns of the kind that they look like; what refuses most is not their kind."""
    found = _fitting(_sample(events))
    # Anything is text, so there is always a kind left that refuses nothing.
    parsed = (kind.parse(events, detail) for kind, detail in found)
    return next(one for one in parsed if 2 * one.problems.height <= events.height)


def _told(events: pl.DataFrame) -> tuple[Kind, tuple[str, ...]] | None:
    """The kind of messages whose fields a person has named, if they can be that."""
    told = events[FIELDS][0] if FIELDS in events.columns else None
    columns = column_names(told.split()) if told else ()
    return (_KINDS[FLOW_LOG], columns) if columns and orders.can_be(columns, _sample(events)) else None


def _sample(events: pl.DataFrame) -> list[str]:
    messages = events[MESSAGE]
    messages = messages.filter(messages.str.contains(r"\S"))
    return messages.gather_every(max(1, messages.len() // _SAMPLE)).head(_SAMPLE).to_list()


def carried(events: pl.DataFrame) -> list[str]:
    """The columns that a kind hands on as they are: file, line, and what the packaging knows."""
    return [name for name in (FILE, LINE, TIMESTAMP, GROUP, STREAM) if name in events.columns]
