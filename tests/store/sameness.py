"""What a data set says, in a form in which one that was read with a store can be held against one without."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.testing import assert_frame_equal

from loaders.load import Library
from loaders.store.keeper import open_keeper
from query.answer import answer
from query.parse import parse_query
from query.scope import Scope
from tests.loaders.files import HEADER, delivery, packed, put, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loaders.dataset import Dataset

QUERIES = (
    "stats count(*) as n by action | sort action",
    "stats sum(bytes) as b, count(*) as n by srcAddr | sort srcAddr",
    "fields @timestamp, srcAddr, srcPort, bytes, action | sort srcPort, srcAddr, @timestamp | limit any",
)


def rest() -> None:
    """Let files grow old enough that the store believes that they stay as they are."""
    time.sleep(0.12)


def logs(root: Path, count: int = 3, *, rows: int = 4, hour: int = 10) -> list[Path]:
    """Deliveries of which each has some records; every record of a directory is another one."""
    return [
        put(root, _name(number, hour), packed(HEADER, *(_record(number, row) for row in range(rows))))
        for number in range(count)
    ]


def _name(number: int, hour: int) -> str:
    time = f"20260115T{hour + number // 12:02}{5 * (number % 12):02}Z"
    return f"AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/15/{delivery(time, code=f'{number:08x}')}"


def _record(number: int, row: int) -> str:
    return record(
        srcport=1000 * (number % 60) + row,
        srcaddr=f"10.{number % 7}.{row % 3}.{number}",
        action="REJECT" if (number + row) % 3 else "ACCEPT",
        bytes=100 * number + row,
    )


@contextmanager
def opened(*roots: Path, store: bool = True, **options: Any) -> Iterator[Library]:
    """Read some paths, with their store or without it; others can write to it afterwards."""
    paths = [str(root) for root in roots]
    follow = options.get("follow_links", False)
    keeper = open_keeper(paths, follow_links=follow) if store else None
    try:
        library = Library(paths, keeper=keeper, **options)
        again(library)
        yield library
    finally:
        if keeper is not None:
            keeper.close()


def again(library: Library) -> Dataset:
    """Read what has changed."""
    for dataset in library.refresh():
        assert dataset.height == sum(part.height for part in dataset.parts)
    return library.dataset


def read(*roots: Path, store: bool = True, **options: Any) -> Dataset:
    """Read some paths and leave them again; the rows of a store can still be looked at."""
    with opened(*roots, store=store, **options) as library:
        return library.dataset


def same_as_without(dataset: Dataset, *roots: Path, content_only: bool = False, **options: Any) -> Dataset:
    """Insist that a data set says what it would say had all been read without a store; gives that one."""
    without = read(*roots, store=False, **options)
    assert_same(dataset, without, content_only=content_only)
    return without


def assert_same(dataset: Dataset, other: Dataset, *, content_only: bool = False) -> None:
    """Insist that two data sets say the same.

    Args:
        dataset: The one.
        other: The other.
        content_only: Let the same event stand in another one of the files that deliver it.
    """
    if not content_only:
        assert not (odd := _odd(files_of(dataset), files_of(other))), odd
    found, wanted = rows_of(dataset), rows_of(other)
    assert not (odd := set(found) ^ set(wanted)), f"columns of the one or the other only: {odd}"
    for key, frame in wanted.items():
        if content_only:
            left, right = (one.drop("_file", "_line") for one in (found[key], frame))
            assert_frame_equal(left, right, check_row_order=False)
        else:
            assert_frame_equal(found[key], frame)
    assert dataset.height == other.height
    assert dataset.columns == other.columns
    assert_frame_equal(dataset.summary(), other.summary())


def _odd(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What is found and what is wanted, where that is not the same."""
    names = found.keys() | wanted.keys()
    return {
        name: (found.get(name), wanted.get(name)) for name in names if found.get(name) != wanted.get(name)
    }


def files_of(dataset: Dataset) -> dict[str, Any]:
    """What became of each file, by its name."""
    found = {}
    for report in dataset.files.values():
        source = report.source
        assert source.name not in found, f"{source.name} is there twice"
        what = (report.format, report.state, report.reason, report.records, report.repeated)
        found[source.name] = (source.path, source.place, source.skip, what, report.problems.rows())
    return found


def rows_of(dataset: Dataset) -> dict[Any, pl.DataFrame]:
    """The rows by kind and columns, each with the name of its file; no line of a file is there twice."""
    names = {number: report.source.name for number, report in dataset.files.items()}
    pieces: dict[Any, list[pl.DataFrame]] = {}
    for part in dataset.parts:
        frame = part.lazy().collect()
        assert frame.height == part.height
        assert frame.schema == part.schema
        stale = set(frame["_file"]) - names.keys()
        assert not stale, f"rows of files that nobody knows: {stale}"
        file = pl.col("_file").replace_strict(names, return_dtype=pl.String())
        pieces.setdefault((part.kind, tuple(part.schema.items())), []).append(frame.with_columns(file))
    found = {key: pl.concat(frames).sort("_file", "_line") for key, frames in pieces.items()}
    places = [frame.select("_file", "_line") for frame in found.values()]
    assert not places or pl.concat(places).is_unique().all(), "a line is there twice"
    return found


def answers(dataset: Dataset) -> list[list[tuple[Any, ...]]]:
    """The answers to a few queries; rows that are alike in what they are sorted by are in no order."""
    found = [answer(dataset, parse_query(text), Scope()) for text in QUERIES]
    return [sorted(one.frame.select(one.columns).rows(), key=repr) for one in found]
