"""Random questions, in QL and in SQL, have the same answers from flowtui and from DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings

from tests.query.oracle.queries import Both, conditions, groupings

if TYPE_CHECKING:
    from tests.query.oracle.compare import Oracle

_bounded = settings(max_examples=150, deadline=None, derandomize=True)


@_bounded
@given(condition=conditions)
def test_random_filters_keep_the_same_records(oracle: Oracle, condition: Both):
    oracle.check(f"filter {condition.ql} | display end", f'SELECT "end" FROM flows WHERE {condition.sql}')


@_bounded
@given(question=groupings())
def test_random_groups_are_counted_alike(oracle: Oracle, question: Both):
    oracle.check(question.ql, question.sql)
