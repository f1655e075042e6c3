"""Batches: files that are read together, what came of them, and how it joins what was read before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loaders.dataset import Dataset, FileReport
from loaders.parts import MemoryPart, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loaders.discover import SourceFile
    from loaders.formats import Shape

# The first batch is small, so that something is on the screen at once; later ones are large, for speed.
_FIRST_BATCH = 1_000_000
_LARGEST_BATCH = 24_000_000
_MOST_FILES = 4096
# Parts below this many records grow when more of their kind arrive, else every delivery would be a part.
_GROW_BELOW = 500_000


@dataclass(slots=True)
class Recognised:
    """Files that are to be read.

    Attributes:
        files: The files, by the numbers they were given.
        by_shape: The numbers of those that can be read.
        reports: What became of the others.
    """

    files: dict[int, SourceFile]
    by_shape: dict[Shape, list[int]] = field(default_factory=dict)
    reports: dict[int, FileReport] = field(default_factory=dict)


@dataclass(slots=True)
class Loaded:
    """What was read of some files.

    Attributes:
        files: The files, by the numbers they were given.
        frames: Their records, and the kinds of those.
        reports: What became of each file.
        events: The events that they delivered.
    """

    files: dict[int, SourceFile]
    frames: list[tuple[str, pl.DataFrame]] = field(default_factory=list)
    reports: dict[int, FileReport] = field(default_factory=dict)
    events: pl.DataFrame = field(default_factory=pl.DataFrame)


def batches(
    files: Sequence[SourceFile], first: int | None = None, largest: int | None = None
) -> Iterator[list[SourceFile]]:
    """Cut files into batches, in their order.

    Args:
        files: The files.
        first: The bytes that the first batch may have, if not the usual ones.
        largest: The bytes that any of them may have.
    """
    limit, size = first or _FIRST_BATCH, 0
    largest = largest or _LARGEST_BATCH
    batch: list[SourceFile] = []
    for file in files:
        if batch and (size + file.size > limit or len(batch) >= _MOST_FILES):
            yield batch
            batch, size, limit = [], 0, min(limit * 4, largest)
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def without(dataset: Dataset, gone: set[int]) -> Dataset:
    """Forget files and their records."""
    parts = (part.forgetting(gone) for part in dataset.parts)
    return Dataset(
        tuple(part for part in parts if part is not None),
        {number: report for number, report in dataset.files.items() if number not in gone},
    )


def append(parts: list[Part], kind: str, frame: pl.DataFrame) -> None:
    """Add records to the last part of their kind if it is small, else as a part of their own."""
    if not frame.height:
        return
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if isinstance(part, MemoryPart) and part.kind == kind and part.schema == frame.schema:
            if part.height + frame.height <= _GROW_BELOW:
                parts[index] = MemoryPart.of(kind, pl.concat([part.frame, frame], rechunk=True))
                return
            break
    parts.append(MemoryPart.of(kind, frame))
