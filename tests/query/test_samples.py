"""AWS's sample queries over the sample directory: each runs, and gives what it gave when it was looked at.

UPDATE_GOLDEN=1 python -m pytest tests/query/test_samples.py    writes the expected results again
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from loaders.load import Library
from query.answer import answer
from query.check import check_query
from query.errors import QueryError
from query.parse import parse_query
from query.scope import Scope
from tests.query.aws_samples import SAMPLES

SAMPLE_LOGS = Path(__file__).resolve().parent.parent.parent / "sample_logs"
GOLDEN = Path(__file__).resolve().parent / "golden"
SHOWN = 20
# What AWS leaves to the reader, as the sample directory has it.
PLACES = {
    "xxx.xx.xx.xx": "10.0.1.5",
    "x.x.x.x": "10.0.1.5",
    "y.y.": "10.0.",
    "'vpc-flow-logs'": "'eni-07e5f423e988a402f'",
    "eni-0123456789abcdef0": "eni-07e5f423e988a402f",
}
# What AWS lists beside the samples and flowtui does not do, in AWS's words for it.
REFUSED = {
    "anomaly": "fields @timestamp | pattern @message | anomaly",
    "unmask": "fields @timestamp, unmask(@message)",
    "lookup": "lookup owners interfaceId as id OUTPUT owner",
    "SOURCE": "SOURCE logGroups(namePrefix: ['vpc']) | fields @message",
    "join": "join type=inner left=a right=b where a.srcAddr=b.dstAddr (SOURCE 'other' | fields srcAddr)",
    "autoregress": "autoregress bytes",
    "logcompare": "logcompare timeshift 7d",
    "filldown": "filldown server",
    "outlier": "outlier bytes",
    "accum": "accum bytes",
    "appendcols": "appendcols (stats count(*))",
    "sessionize": "sessionize srcAddr maxspan 30m as id",
    "countFrequent": "countFrequent srcAddr",
    "relevantfields": "relevantfields",
    "expand": "expand answers",
    "estimate": "estimate count(*)",
}


@pytest.fixture(scope="module")
def dataset():
    return Library((str(SAMPLE_LOGS),)).read_all()


def completed(text):
    for left_out, found_here in PLACES.items():
        text = text.replace(left_out, found_here)
    return text


def written(value):
    """A value as the golden files have it: times as ISO text, sums of decimals without their last digits."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.12g}")
    return value


def result(dataset, text):
    found = answer(dataset, parse_query(text), Scope())
    rows = [[written(value) for value in row] for row in found.frame.select(found.columns).rows()]
    whole = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return {
        "query": text,
        "columns": list(found.columns),
        "height": len(rows),
        "first": rows[:SHOWN],
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
    }


def golden_text(content):
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in content["first"])
    head = json.dumps({**content, "first": "ROWS"}, ensure_ascii=False, indent=2)
    return head.replace('"ROWS"', f"[\n{lines}\n  ]" if lines else "[]") + "\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_aws_gives_what_it_gave(dataset, name):
    content = result(dataset, completed(SAMPLES[name]))
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(golden_text(content), encoding="utf-8")
    assert content == json.loads(path.read_text(encoding="utf-8"))


def test_every_expected_result_belongs_to_a_sample():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_aws_is_found_right_over_any_logs(dataset, name):
    query = parse_query(SAMPLES[name])
    check_query(query)
    check_query(query, dataset.fields)


@pytest.mark.parametrize("name", REFUSED)
def test_what_flowtui_does_not_do_is_refused_by_name(name):
    with pytest.raises(QueryError, match=f"(?i){name}") as caught:
        check_query(parse_query(REFUSED[name]))
    assert caught.value.line == 1


def test_a_query_inside_a_condition_is_refused_at_its_place():
    text = "filter srcAddr in (SOURCE 'other' | fields srcAddr)"
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert caught.value.column in {text.index("(") + 1, text.index("SOURCE") + 1}
