"""Which files are read, and in which order: the newest first, each delivery once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loaders.discover import SourceFile


def newest_first(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Sort files, the newest first."""
    return sorted(files, key=lambda file: (file.newness, file.name), reverse=True)


def is_other(before: SourceFile, now: SourceFile) -> bool:
    """Whether a file has to be read again: its content is another, or it was passed over and is no more."""
    return (before.fingerprint, before.skip) != (now.fingerprint, now.skip)


def first_copies(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Pass over second copies of a delivery: two syncs of one bucket, or of one under two prefixes.

    AWS makes the name of what it delivers unique, so the same name and size are the same records.
    """
    first: dict[tuple[str, int], str] = {}
    for file in sorted(files, key=lambda file: file.name):
        if not file.place.delivery or file.skip or file.error:
            yield file
            continue
        name = file.name.rpartition("/")[2]
        original = first.setdefault((name, file.size), file.name)
        yield file if original == file.name else replace(file, skip=f"a copy of {original}")
