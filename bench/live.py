"""Time what is done with each delivery while logs are followed.

    python bench/live.py [--data DIR] [--records 3000000] [--parts 10] [--arrivals 20] [--delivery 2000]

Records that are not there are generated first; with ``--data`` they stay for the next time. They are put into
parts of equal size; then one small delivery after the other arrives, as a part of its own. With each the view
of a filter, its counts, the bars over time, all tiles of the dashboards that come with flowtui and an alarm
are asked for anew. Printed is a table: what the first time takes, and the median and most of the arrivals.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from generate import PER_FILE, generate

from loaders.dataset import Dataset
from loaders.load import Library
from loaders.parts import MemoryPart
from loaders.schema import FLOW_LOG
from loaders.store.keeper import Keeper
from loaders.store.store import Store
from query.periods import parse
from query.scope import Scope
from query.timeline import timeline
from query.view import look, summarise
from tui.dashboards.alarms import measured
from tui.dashboards.definition import Alarm, shipped
from tui.dashboards.filling import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from tui.dashboards.definition import Tile
    from tui.dashboards.filling import Filling

_FILTER = Scope(filter="reject and dstPort = 443")
_EVERYTHING = Scope()
_BARS = 120
_REJECTS = 'filter action = "REJECT" | stats count(*) as n'
_ALARM = Alarm("rejects", _REJECTS, 1000, above=True, period=parse("5m"))


def _asked() -> dict[str, Callable[[Dataset], object]]:
    """What is asked with each arrival."""
    asked: dict[str, Callable[[Dataset], object]] = {
        "view of a filter": lambda dataset: look(dataset, _FILTER),
        "counts of a filter by stream": lambda dataset: summarise(dataset, _FILTER),
        "bars over time": lambda dataset: timeline(dataset, _EVERYTHING, _BARS),
        "bars over time of a filter": lambda dataset: timeline(dataset, _FILTER, _BARS),
        "an alarm over 5 minutes": lambda dataset: measured(_ALARM, dataset),
    }
    for name in ("flow", "summary"):
        for tile in shipped(name).tiles:
            asked[f"{name}: {tile.title}"] = partial(_filled, tile)
    return asked


def _filled(tile: Tile, dataset: Dataset) -> Filling:
    return fill(tile, dataset, _EVERYTHING, _BARS)


def _frames(folder: Path, given: argparse.Namespace) -> tuple[Path, list[pl.DataFrame]]:
    """The records to begin with, as files, and those that arrive later."""
    logs = folder / f"live-{given.records}"
    later = folder / f"live-{given.records}-later"
    if not logs.exists():
        generate(logs, given.records)
    if not later.exists():
        # Their numbers go on where those of the others end, and so do their times.
        generate(later, given.arrivals * given.delivery, per_file=given.delivery, first=_files(given.records))
    parts = Library((str(later),)).read_all().parts
    frames = [part.lazy().collect() for part in parts]
    pieces = [
        frame[begin : begin + given.delivery]
        for frame in frames
        for begin in range(0, frame.height, given.delivery)
    ]
    return logs, sorted(pieces, key=lambda piece: piece["timestamp"].min())


def _files(records: int) -> int:
    return -(-records // PER_FILE)


def _in_memory(logs: Path, parts: int) -> Dataset:
    """The records in so many parts."""
    read = Library((str(logs),)).read_all()
    frame = read.parts[0].lazy().collect()
    for part in read.parts[1:]:
        frame = frame.vstack(part.lazy().collect())
    length = -(-frame.height // parts)
    cut = [MemoryPart.of(FLOW_LOG, frame[begin : begin + length]) for begin in range(0, frame.height, length)]
    return Dataset(tuple(cut), read.files)


def _stored(logs: Path, folder: Path) -> Dataset:
    """The records in a store, in as many parts as that makes."""
    roots = [str(logs)]
    return Library(roots, keeper=Keeper(Store(folder / "store", roots))).read_all()


def _arrivals(dataset: Dataset, later: list[pl.DataFrame]) -> Iterator[Dataset]:
    """A data set for each delivery, which shares the parts of the one before."""
    for frame in later:
        dataset = Dataset((*dataset.parts, MemoryPart.of(FLOW_LOG, frame)), dataset.files)
        yield dataset


def _measure(dataset: Dataset, later: list[pl.DataFrame]) -> dict[str, list[float]]:
    """The ms that each question takes: first of the data set, then with each arrival."""
    took: dict[str, list[float]] = {}
    for current in (dataset, *_arrivals(dataset, later)):
        for name, ask in _asked().items():
            began = time.perf_counter()
            ask(current)
            took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    return took


def _print(title: str, took: dict[str, list[float]]) -> None:
    print(f"\n| {title} | first | each arrival, median | most |\n| --- | --- | --- | --- |")
    for name, (first, *rest) in took.items():
        print(f"| {name} | {first:.1f} ms | {statistics.median(rest):.1f} ms | {max(rest):.1f} ms |")
    first, *sums = map(sum, zip(*took.values(), strict=True))
    print(f"| all of it | {first:.0f} ms | {statistics.median(sums):.0f} ms | {max(sums):.0f} ms |")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="where the records are or go; default: temporary")
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--parts", type=int, default=10)
    parser.add_argument("--arrivals", type=int, default=20)
    parser.add_argument("--delivery", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        logs, later = _frames((given.data or Path(temporary)).resolve(), given)
        dataset = _in_memory(logs, given.parts)
        print(f"{dataset.height:,} records, {len(later)} deliveries of {given.delivery:,}")
        _print(f"in memory, {len(dataset.parts)} parts", _measure(dataset, later))
        dataset = _stored(logs, Path(temporary))
        _print(f"stored, {len(dataset.parts)} parts", _measure(dataset, later))


if __name__ == "__main__":
    main()
