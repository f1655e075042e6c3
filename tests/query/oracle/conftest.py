"""The generated records, written and read once for all tests beside this file."""

from __future__ import annotations

import pytest

from loaders.load import Library
from tests.query.oracle import records
from tests.query.oracle.compare import Oracle

COUNT = 5_000


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    directory = tmp_path_factory.mktemp("oracle")
    logs = directory / "logs"
    rows = records.records(COUNT, seed=11)
    records.write_logs(rows, logs)
    dataset = Library((str(logs),)).read_all()
    assert dataset.problem_count == 0
    assert dataset.height == COUNT
    return Oracle(dataset, records.database(rows, directory))
