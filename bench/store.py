"""Time the store, and what is done with and without it, beside DuckDB and beside an empty Textual app.

    python bench/store.py [--data DIR] [--runs 5] [--only NAME ...] [--output FILE]

Data that are not there are made first: 10 million and 100 million records in the S3 layout, and 100,000 small
files, 3 GB in all; with ``--data`` they and their stores stay for the next time. Both sides have two threads
and take turns. Printed is a table with medians; with ``--output`` it goes to a file, as JSON where its name
ends so. NAME is one of: cold, build, warm, paint, browse, filter, charts, index, diagnose.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from measure import Bench
    from report import Row

_NAMES = ("cold", "build", "warm", "paint", "browse", "filter", "charts", "index", "diagnose")
_THREADS = "POLARS_MAX_THREADS"


def _parts() -> dict[str, Callable[[Bench], list[Row]]]:
    import against_duckdb
    import charts
    import diagnosing
    import moves
    import screen

    parts = (
        *(against_duckdb.cold_answers, against_duckdb.building, against_duckdb.warm_answers),
        *(
            screen.painting,
            moves.browsing,
            moves.filtering,
            charts.charting,
            moves.indexing,
            diagnosing.diagnosing,
        ),
    )
    return dict(zip(_NAMES, parts, strict=True))


def _measure(bench: Bench, names: Iterable[str]) -> tuple[list[Row], list[str]]:
    """Run parts, also behind one that fails: the figures, and the names of those that failed."""
    from measure import say

    rows: list[Row] = []
    failed = []
    for name, part in _parts().items():
        if name not in names:
            continue
        say(name)
        try:
            found = part(bench)
        except Exception:  # noqa: BLE001 - whatever it is, it is told, and the other figures count
            traceback.print_exc()
            failed.append(name)
            continue
        for row in found:
            say("  " + " | ".join(row.cells()))
        rows += found
    return rows, failed


def _limit_threads() -> None:
    """Begin anew with as many threads as DuckDB gets: polars only looks when it is loaded."""
    if os.environ.get(_THREADS) != "2":
        os.environ[_THREADS] = "2"
        os.execv(sys.executable, sys.orig_argv)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="where the data are or go; default: a temporary directory")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=_NAMES, default=_NAMES, metavar="NAME")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--fresh", action="store_true", help="build the stores that are kept below DIR anew")
    given = parser.parse_args()
    _limit_threads()
    import report
    from measure import Bench

    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.data or Path(temporary)).resolve()
        if given.fresh:
            shutil.rmtree(folder / "cache", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        rows, failed = _measure(Bench(folder, given.runs), given.only)
    as_json = given.output is not None and given.output.suffix == ".json"
    text = report.as_json(rows) if as_json else report.as_markdown(rows)
    if given.output is None:
        print(text, end="")
    else:
        given.output.write_text(text, encoding="utf-8")
    if failed:
        sys.exit(f"not measured, see above: {', '.join(failed)}")


if __name__ == "__main__":
    main()
