"""The log formats, one module each; a module registers itself, and nothing else changes for a new one.

A format says whether a file is its own (from how the file begins), plans the strict scan of many files,
reads one file carefully, and gives back the raw line of a record. A module may also register a kind of
record (``loaders.kinds``), which formats that only pack messages share.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from loaders.careful import Reading
    from loaders.content import Blocks, Head
    from loaders.kinds import Events
    from loaders.layouts import Place


@dataclass(frozen=True, slots=True)
class Shape:
    """A format and the columns it has here: files of one shape are scanned together.

    Attributes:
        format: The format's name, as ``groups`` and ``check`` print it.
        columns: The columns, in the file's order.
        detail: What else the format or the kind needs to know; equal for files read together.
        kind: The kind of the records; ``None`` when each log group in the files has its own.
    """

    format: str
    columns: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
    kind: str | None = None


class Format(Protocol):
    """A log format."""

    name: str
    """What ``check`` prints."""
    rank: int
    """Formats are asked in this order: the stricter a format's signature, the earlier."""
    about: str
    """What files of this format are and where they come from, for the manual."""
    sign: str
    """How they are told from others, for the manual."""

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Say what a file is from how it begins, or ``None`` when it is not of this format."""

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan the strict scan: the shape's columns, ``delimited.PATH``, ``LINE`` and ``delimited.DOUBT``.

        It gives a row for each line, in the order of the paths; ``LINE`` (UInt32) goes on from file to file:
        each row's is one more than that of the row before.

        ``None`` when files of this shape can only be read one by one and carefully.
        """

    def read(self, shape: Shape, path: str) -> Reading | Events:
        """Read one file carefully: every record that can be had, every other line named.

        Messages that are still to be parsed come as ``Events``; those of many files are then parsed together.

        Raises:
            OSError: It cannot be opened or read; without an ``errno``: it is not complete.
        """

    def raw(self, path: str, line: int) -> str | None:
        """Give back a record as it stands in the file; ``None`` when the file has changed."""


@runtime_checkable
class GoesOn(Protocol):
    """What formats do besides whose files grow line by line, each line by itself."""

    def go_on(self, shape: Shape, blocks: Blocks) -> Reading | Events:
        """Read the lines from a place on, as ``Format.read`` does those of the whole file."""


class OneByOne:
    """What formats share whose files have no strict scan: they are read carefully, one by one."""

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """There is none; messages of many files are still parsed together."""
        return None


_FORMATS: dict[str, Format] = {}


def register(format_: Format) -> None:
    """Add a format; called once by each module of this package when it is imported."""
    _FORMATS[format_.name] = format_


@cache
def formats() -> tuple[Format, ...]:
    """Every format of this package, in the order in which they are asked."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(_FORMATS.values(), key=lambda format_: (format_.rank, format_.name)))


def by_name(name: str) -> Format:
    """Find a format by its name."""
    formats()
    return _FORMATS[name]
