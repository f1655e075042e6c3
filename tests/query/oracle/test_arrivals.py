"""While files come, grow and vanish, every answer is that of DuckDB over the records that are there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.load import Library
from loaders.store.keeper import Keeper
from loaders.store.store import Store
from query.scope import Scope
from query.timeline import timeline
from query.view import look, summarise
from tests.query.oracle import records
from tests.query.oracle.compare import Oracle
from tests.query.oracle.queries import Both, conditions, groupings

if TYPE_CHECKING:
    from loaders.dataset import Dataset

_DELIVERY = 12
_ROWS = records.records(600, seed=23)
_BY_GROUP = {
    group: [row for row in _ROWS if row["log_group"] == group]
    for group in (records.DELIVERED, records.COPIED)
}
_FILES = {
    records.DELIVERED: "111122223333_vpcflowlogs_us-east-1_fl-0a1b2c3d4e5f60718_20260114T{0:04}Z_{0:08x}.log",
    records.COPIED: "copied/{}.log",
}
_ASKED = (
    Both(
        "stats count(*) as n, sum(packets) as p, min(dstPort) as least, avg(srcPort) as mean by action",
        "SELECT action, count(*) n, sum(packets) p, min(dstport) least, avg(srcport) mean FROM flows GROUP BY 1",
    ),
    Both(
        'filter action = "REJECT" | stats count(*) as n by srcAddr',
        """SELECT srcaddr "srcAddr", count(*) n FROM flows WHERE action = 'REJECT' GROUP BY 1""",
    ),
)
# How many files come, which of those that are there get more records, and which vanish.
steps = st.lists(
    st.tuples(
        st.integers(0, 2), st.lists(st.integers(0, 20), max_size=2), st.lists(st.integers(0, 20), max_size=1)
    ),
    min_size=2,
    max_size=5,
)


class Logs:
    """A directory that changes, and the records in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[Path, tuple[str, list[records.Row]]] = {}
        self._left = {group: iter(rows) for group, rows in _BY_GROUP.items()}
        self._count = 0

    @property
    def rows(self) -> list[records.Row]:
        return [row for _, rows in self._files.values() for row in rows]

    def change(self, coming: int, growing: list[int], vanishing: list[int]) -> None:
        for _ in range(coming):
            group = list(_BY_GROUP)[self._count % 2]
            self._files[self._folder / _FILES[group].format(self._count)] = (group, [])
            self._count += 1
            self._grow(len(self._files) - 1)
        for place in growing:
            self._grow(place)
        for place in vanishing:
            if len(self._files) > 1:
                path = list(self._files)[place % len(self._files)]
                del self._files[path]
                path.unlink()

    def _grow(self, place: int) -> None:
        if not self._files:
            return
        path = list(self._files)[place % len(self._files)]
        group, rows = self._files[path]
        rows += [row for row, _ in zip(self._left[group], range(_DELIVERY), strict=False)]
        fields = next(file.fields for file in records.FILES if file.group == group)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([" ".join(fields), *(row["message"] for row in rows), ""]))


def seen(dataset: Dataset, scope: Scope) -> tuple[list[object], ...]:
    """What a view, its counts and its bars tell, whatever the numbers of files are."""
    view, bars = look(dataset, scope), timeline(dataset, scope, 60)
    found = view.records(0, view.height)
    return (
        [record["timestamp"] for record in found],
        sorted(record["end"] for record in found),
        summarise(dataset, scope).rows(),
        bars.bins.rows() if bars is not None else [],
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(steps=steps, condition=conditions, question=groupings(), stored=st.booleans())
def test_answers_are_those_of_all_records(steps, condition: Both, question: Both, stored: bool):
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "logs")
        logs, roots = Logs(folder), [str(folder)]
        logs.change(2, [], [])
        keeper = Keeper(Store(Path(temporary, "store"), roots)) if stored else None
        library = Library(roots, keeper=keeper)
        for step in [(0, [], []), *steps]:
            logs.change(*step)
            dataset = library.read_all()
            assert dataset.height == len(logs.rows)
            oracle = Oracle(dataset, records.database(logs.rows, Path(temporary)))
            for both in (*_ASKED, question):
                oracle.check(both.ql, both.sql)
            scope = Scope(filter=condition.ql)
            found = seen(dataset, scope)
            assert found == seen(Library(roots).read_all(), scope)
            ends = oracle.by_duckdb(f'SELECT "end" FROM flows WHERE {condition.sql} ORDER BY 1').rows
            assert found[1] == [end for (end,) in ends]
