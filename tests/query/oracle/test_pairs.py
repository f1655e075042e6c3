"""Questions in QL and in SQL that must have the same answer from flowtui and from DuckDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from query.scope import Scope
from tests.query.oracle import pairs_filters, pairs_functions, pairs_rows, pairs_stats
from tests.query.oracle.records import COPIED, FIRST_START

if TYPE_CHECKING:
    from tests.query.oracle.compare import Oracle
    from tests.query.oracle.pair import Pair

PAIRS: dict[str, Pair] = {
    f"{module.__name__.rpartition('_')[2]}-{subject}-{pair.name}": pair
    for module in (pairs_filters, pairs_functions, pairs_rows, pairs_stats)
    for subject, pairs in module.SUBJECTS.items()
    for pair in pairs
}


@pytest.mark.parametrize("name", PAIRS)
def test_both_languages_give_the_same_rows(oracle: Oracle, name: str):
    pair = PAIRS[name]
    oracle.check(pair.ql, pair.sql, ordered=pair.ordered)


def test_the_pairs_tell_answers_apart(oracle: Oracle):
    answers = [oracle.by_duckdb(pair.sql).rows for pair in PAIRS.values()]
    assert len({str(sorted(map(str, answer))) for answer in answers}) > 0.85 * len(PAIRS)
    assert sum(len(answer) > 1 for answer in answers) > 0.85 * len(PAIRS)


_SINCE = datetime.fromtimestamp(FIRST_START, UTC) + timedelta(days=1)
_SCOPES = {
    "group": (Scope(group=COPIED), f"log_group = '{COPIED}'"),
    "stream": (Scope(stream="eni-0b11"), "interface_id = 'eni-0b11'"),
    "since": (Scope(since=_SINCE), f"start >= {FIRST_START + 86_400}"),
    "until": (Scope(until=_SINCE), f"start < {FIRST_START + 86_400}"),
    "filter": (
        Scope(filter='reject and srcAddr like "10."'),
        "action = 'REJECT' AND contains(srcaddr, '10.')",
    ),
}


@pytest.mark.parametrize("name", _SCOPES)
def test_a_scope_holds_before_the_query_begins(oracle: Oracle, name: str):
    scope, condition = _SCOPES[name]
    counted = f"SELECT protocol, count(*) AS n, sum(bytes) AS b FROM flows WHERE {condition} GROUP BY 1"
    oracle.check("stats count(*) as n, sum(bytes) as b by protocol", counted, scope=scope)
    found = f'SELECT ts AS "@timestamp" FROM flows WHERE {condition} ORDER BY ts DESC LIMIT 5'
    oracle.check("display @timestamp | limit 5", found, ordered=True, scope=scope)


def test_all_of_a_scope_holds_together(oracle: Oracle):
    scope = Scope(group=COPIED, stream="eni-0b11", since=_SINCE, filter="dstPort = 22")
    condition = f"log_group = '{COPIED}' AND interface_id = 'eni-0b11' AND start >= {FIRST_START + 86_400}"
    sql = f'SELECT "end" FROM flows WHERE {condition} AND dstport = 22'
    oracle.check("display end", sql, scope=scope)
    oracle.check("display end", sql.replace("dstport = 22", "true"), scope=replace(scope, filter=""))


def test_dollar_signs_and_other_texts_mean_themselves(oracle: Oracle):
    oracle.check('filter note like "$" | display end', 'SELECT "end" FROM flows WHERE false')
    oracle.check(
        """filter note = "a/b" | fields replace(note, "/", "$1\\\\") as x | stats count(*) as n by x""",
        r"SELECT 'a$1\b' AS x, count(*) AS n FROM flows WHERE note = 'a/b'",
    )
