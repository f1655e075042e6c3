"""The generated records, written and read once for all tests beside this file: from the logs and from a store."""

from __future__ import annotations

import pytest

from loaders.load import Library
from loaders.store.keeper import Keeper
from loaders.store.part import StoredPart
from loaders.store.store import Store
from tests.query.oracle import records
from tests.query.oracle.compare import Oracle

COUNT = 5_000


@pytest.fixture(scope="session", params=["the logs", "a store"])
def oracle(request, tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    directory = tmp_path_factory.mktemp("oracle")
    logs = directory / "logs"
    rows = records.records(COUNT, seed=11)
    records.write_logs(rows, logs)
    stored = request.param == "a store"
    keeper = Keeper(Store(directory / "store", [str(logs)])) if stored else None
    dataset = Library((str(logs),), keeper=keeper).read_all()
    assert dataset.problem_count == 0
    assert dataset.height == COUNT
    assert all(isinstance(part, StoredPart) == stored for part in dataset.parts)
    return Oracle(dataset, records.database(rows, directory))
