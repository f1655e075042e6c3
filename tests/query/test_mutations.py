"""Whatever is typed, the outcome is an answer, or an error that says where."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
from polars.exceptions import PanicException

from loaders.load import Library
from query.answer import Answer, answer
from query.check import check_query
from query.errors import QueryError
from query.parse import parse_filter, parse_query
from query.scope import Scope
from tests.query.mutants import CORPUS, mutants

if TYPE_CHECKING:
    from loaders.dataset import Dataset

_LOGS = Path(__file__).parents[2] / "sample_logs"
# One file of each kind of record, so that hardly any field is nowhere.
_FILES = (
    "*fl-056fa0c5217708dbd_20260115T1000Z*",
    "*fl-078af300b7845ac69_20260115T1000Z*",
    "*fl-082dea4abcce5190a_20260115T1430Z*",
    "*vpcdnsquerylogs*20260115T1000Z*",
    "*CloudTrail*20260115T1000Z*",
    "example-web-logs-1-2026-01-15-10-*",
)
_LONGEST = 5.0


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    paths = [str(path) for pattern in _FILES for path in sorted(_LOGS.rglob(pattern)) if path.is_file()]
    found = Library(paths).read_all()
    assert len(paths) >= len(_FILES)
    assert found.height > 200
    return found


def outcome(text: str, dataset: Dataset) -> Answer | QueryError:
    try:
        query = parse_query(text)
        check_query(query, dataset.fields)
        return answer(dataset, query, Scope())
    except QueryError as error:
        return error


def check_error(error: QueryError, text: str) -> None:
    """The place lies in the text or just behind its end, and can be shown."""
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert error.length >= 1
    assert error.message
    assert "^" in error.pretty(text)


def check_answer(found: Answer) -> None:
    """It can be shown, and a row leads on to a scope whose filter is one."""
    assert found.frame.select(found.columns).width == len(found.columns)
    drill = found.drill(0) if found.frame.height else None
    if drill is not None and drill.scope.filter:
        parse_filter(drill.scope.filter)


@pytest.mark.parametrize("text", CORPUS)
def test_what_mutants_are_made_of_is_valid(text: str):
    parse_query(text)


@pytest.mark.slow
def test_ten_thousand_spoilt_queries_give_an_answer_or_an_error_with_a_place(dataset: Dataset):
    failures, slowest, answered, refused = [], (0.0, ""), 0, 0
    for text in dict.fromkeys(mutants(10_000, seed=4)):
        started = perf_counter()
        try:
            found = outcome(text, dataset)
            if isinstance(found, QueryError):
                check_error(found, text)
                refused += 1
            else:
                check_answer(found)
                answered += 1
        except (Exception, PanicException) as error:  # noqa: BLE001 - all that go wrong are wanted
            failures.append(f"{text[:300]!r}: {type(error).__name__}: {error}"[:600])
        slowest = max(slowest, (perf_counter() - started, text))
    assert not failures, f"{len(failures)} went wrong:\n" + "\n".join(failures[:20])
    assert slowest[0] < _LONGEST, slowest
    assert answered > 1_000
    assert refused > 1_000
