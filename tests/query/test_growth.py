"""A value in a value in a value makes a plan that grows by the same amount each time, not by a factor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from loaders.load import Library
from query.parse import parse_query
from query.plan import Planner
from query.scope import Scope

if TYPE_CHECKING:
    from pathlib import Path

# What stands around the value, on both sides, once for each level; the commands around all of it come first.
_SHOWN, _KEPT = "display {} as x", "filter {} = 1 | stats count(*)"
NESTED = {
    "sum": (_SHOWN, "(packets + ", "bytes", ")"),
    "difference": (_SHOWN, "", "bytes", " - packets"),
    "product": (_SHOWN, "", "bytes", " * 2"),
    "quotient": (_SHOWN, "", "bytes", " / 2"),
    "remainder": (_SHOWN, "", "bytes", " % 7"),
    "power": (_SHOWN, "(1.5 ^ ", "bytes", ")"),
    "negative": (_SHOWN, "-", "bytes", ""),
    "sum_of_aggregates": ("stats {} as x", "(count(*) + ", "sum(bytes)", ")"),
    "abs": (_SHOWN, "abs(", "bytes", ")"),
    "ceil": (_SHOWN, "ceil(", "bytes / 3", ")"),
    "floor": (_SHOWN, "floor(", "bytes / 3", ")"),
    "round": (_SHOWN, "round(", "bytes", ", 1)"),
    "sqrt": (_SHOWN, "sqrt(", "bytes", ")"),
    "log": (_SHOWN, "log(", "bytes", ")"),
    "greatest": (_SHOWN, "greatest(", "bytes", ", 1)"),
    "to_number": (_SHOWN, "toNumber(concat(", "action", "))"),
    "concat": (_SHOWN, "concat(action, ", "action", ")"),
    "trim": (_SHOWN, "trim(", "action", ")"),
    "substr": (_SHOWN, "substr(", "action", ", 1)"),
    "replace": (_SHOWN, "replace(", "action", ", 'A', 'a')"),
    "regex_replace": (_SHOWN, "regexReplace(", "action", ", 'A', 'a')"),
    "coalesce": (_SHOWN, "coalesce(", "bytes", ", 1)"),
    "if_value": (_SHOWN, "if(bytes > 1, ", "bytes", ", 2)"),
    "if_condition": (_SHOWN, "if(", "bytes > 1", ", bytes, 2)"),
    "case": (_SHOWN, "case(bytes > 1, ", "bytes", ", 2)"),
    "datefloor": (_SHOWN, "datefloor(", "@timestamp", ", 1h)"),
    "dateceil": (_SHOWN, "dateceil(", "@timestamp", ", 1h)"),
    "millis": (_SHOWN, "fromMillis(toMillis(", "@timestamp", "))"),
    "json": (_SHOWN, "jsonStringify(jsonParse(", "@message", "))"),
    "equal": (_KEPT, "(", "bytes", " = packets)"),
    "unequal": (_KEPT, "(", "bytes", " != packets)"),
    "less": (_KEPT, "(", "bytes", " < packets)"),
    "in": (_KEPT, "(", "bytes", " in [1, 2])"),
    "not": (_KEPT, "(not ", "bytes > 1", ")"),
    "isempty": (_KEPT, "isempty(", "action", ")"),
    "isblank": (_KEPT, "isblank(", "action", ")"),
    "valid": (_KEPT, "isValidIp(concat(", "action", "))"),
    "subnet": (_KEPT, "isIpInSubnet(concat(", "srcAddr", "), '10.0.0.0/8')"),
    "strcontains": (_KEPT, "strcontains(", "action", ", 'A')"),
}  # fmt: skip
_LOG = "version srcaddr action packets bytes start end\n2 10.0.0.1 ACCEPT 1 40 1768344600 1768344660\n"


@pytest.mark.parametrize("name", NESTED)
def test_nesting_does_not_multiply_a_plan(tmp_path: Path, name: str):
    path = tmp_path / "flows.log"
    path.write_text(_LOG)
    dataset = Library((str(path),)).read_all()
    around, before, value, behind = NESTED[name]

    def size(depth: int) -> int:
        query = parse_query(around.format(before * depth + value + behind * depth))
        planned = Planner(dataset, query, Scope(), None, (), datetime.now(UTC)).plan()
        return len(planned.plan.explain(optimized=False))

    step = size(2) - size(1)
    assert size(6) <= size(2) + 5 * max(step, 100)
