"""AWS's sample queries against SQL that DuckDB answers from the files of the sample directory alone.

None of the project's loaders has a part in what is expected here, and none of its arithmetic.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from loaders.load import Library
from query.answer import answer
from query.parse import parse_query
from query.scope import Scope
from tests.query import sample_table
from tests.query.aws_samples import SAMPLES
from tests.query.sample_table import SAMPLE_LOGS, as_set, comparable

NAT, VPC = "10.0.1.5", "10.0."
# name of the sample: the same in SQL
SQL = {
    "flow_top_pairs_by_packets": "SELECT srcaddr, dstaddr, sum(packets) AS n FROM flows GROUP BY ALL ORDER BY n DESC NULLS LAST LIMIT 15",
    "flow_top_destinations_of_subnet": "SELECT dstaddr, sum(bytes) AS n FROM flows WHERE srcaddr LIKE '192.0.2.%' GROUP BY ALL ORDER BY n DESC LIMIT 15",
    "flow_udp_sources": "SELECT srcaddr, count(*) FROM flows WHERE protocol = 17 GROUP BY ALL",
    "flow_skipped_records": "SELECT start // 3600 * 3600 AS t, count(*) FROM flows WHERE log_status = 'SKIPDATA' GROUP BY ALL ORDER BY t",
    "flow_average_bytes": "SELECT dstaddr, avg(bytes) FROM flows GROUP BY ALL",
    "flow_average_and_largest_bytes": "SELECT dstaddr, avg(bytes), max(bytes) FROM flows GROUP BY ALL",
    "flow_bytes_by_pair": "SELECT srcaddr, dstaddr, avg(bytes), min(bytes), max(bytes) FROM flows GROUP BY ALL",
    "flow_top_pairs_by_bytes": "SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows GROUP BY ALL ORDER BY n DESC NULLS LAST LIMIT 10",
    "flow_top_rejected_sources": "SELECT srcaddr, count(*) AS n FROM flows WHERE action = 'REJECT' GROUP BY ALL ORDER BY n DESC LIMIT 20",
    "nat_through_nat": f"SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows WHERE contains(dstaddr, '{NAT}') AND contains(srcaddr, '{VPC}') GROUP BY ALL ORDER BY n DESC LIMIT 10",
    "nat_both_ways": f"SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows WHERE contains(dstaddr, '{NAT}') AND contains(srcaddr, '{VPC}') OR contains(srcaddr, '{NAT}') AND contains(dstaddr, '{VPC}') GROUP BY ALL ORDER BY n DESC LIMIT 10",
    "nat_uploads": f"SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows WHERE contains(srcaddr, '{NAT}') AND NOT contains(dstaddr, '{VPC}') GROUP BY ALL ORDER BY n DESC LIMIT 10",
    "nat_downloads": f"SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows WHERE contains(dstaddr, '{NAT}') AND NOT contains(srcaddr, '{VPC}') GROUP BY ALL ORDER BY n DESC LIMIT 10",
}


@pytest.fixture(scope="module")
def flow_logs():
    """The flow logs alone: only they are in the table."""
    return Library(sample_table.FLOW_LOGS).read_all()


@pytest.fixture(scope="module")
def dataset():
    return Library((str(SAMPLE_LOGS),)).read_all()


@pytest.fixture(scope="module")
def database():
    return sample_table.flows()


def rows_of(dataset, text):
    found = answer(dataset, parse_query(text), Scope())
    return found.frame.select(found.columns).rows()


def test_the_table_holds_what_the_files_hold(database):
    assert database.execute("SELECT count(*), count(bytes) FROM flows").fetchone() == (27_022, 26_485)


@pytest.mark.parametrize("name", SQL)
def test_a_sample_gives_the_rows_of_its_sql(name, flow_logs, database):
    text = SAMPLES[name].replace("xxx.xx.xx.xx", NAT).replace("x.x.x.x", NAT).replace("y.y.", VPC)
    got, expected = rows_of(flow_logs, text), database.execute(SQL[name]).fetchall()
    assert expected
    if "sort" in text:
        assert [row[-1] for row in got] == [row[-1] for row in expected]
    # Rows that share the last place of a limited result can be cut off either way.
    last = expected[-1][-1] if "limit" in text else object()
    assert as_set(row for row in got if row[-1] != last) == as_set(row for row in expected if row[-1] != last)


# CloudTrail and Route 53: counted in plain Python


def events():
    for path in SAMPLE_LOGS.rglob("*CloudTrail*.json.gz"):
        yield from json.loads(gzip.decompress(path.read_bytes()))["Records"]


def queries():
    for path in SAMPLE_LOGS.rglob("*vpcdnsquerylogs*.log.gz"):
        yield from map(json.loads, gzip.decompress(path.read_bytes()).splitlines())


def counted(rows):
    """Rows that end in a count, without the records of other logs, which lack all that is grouped by."""
    return {row[:-1]: row[-1] for row in map(comparable, rows) if row[0] is not None}


def test_events_are_counted_by_service_name_and_region(dataset):
    expected = Counter((event["eventSource"], event["eventName"], event["awsRegion"]) for event in events())
    assert counted(rows_of(dataset, SAMPLES["cloudtrail_events"])) == expected


def test_calls_to_ec2_are_counted_the_most_frequent_first(dataset):
    expected = Counter(
        (event["eventName"], event["awsRegion"])
        for event in events()
        if event["eventSource"] == "ec2.amazonaws.com"
    )
    rows = rows_of(dataset, SAMPLES["cloudtrail_ec2_events"])
    assert counted(rows) == expected
    assert [row[-1] for row in rows] == sorted(expected.values(), reverse=True)


def test_dns_queries_are_counted_by_type_and_hour(dataset):
    def hour(text):
        time = datetime.fromisoformat(text).replace(minute=0, second=0, microsecond=0)
        return int(time.astimezone(UTC).timestamp())

    expected = Counter((query["query_type"], hour(query["query_timestamp"])) for query in queries())
    assert counted(rows_of(dataset, SAMPLES["route53_queries_per_hour"])) == expected
    by_type = Counter((query["query_type"],) for query in queries())
    assert counted(rows_of(dataset, SAMPLES["route53_queries_by_type"])) == by_type


def web_messages():
    """The messages of the web server's log by their ids, for one of them was delivered twice."""
    decoder, found = json.JSONDecoder(), {}
    for path in SAMPLE_LOGS.glob("example-web-logs/**/example-web-logs-*"):
        text, place = gzip.decompress(path.read_bytes()).decode(), 0
        while place < len(text):
            document, place = decoder.raw_decode(text, place)
            found |= {event["id"]: event["message"] for event in document["logEvents"]}
    return found


def test_paths_of_the_web_log_are_counted(dataset):
    requests = [json.loads(message) for message in web_messages().values() if message.startswith("{")]
    expected = Counter(request["path"] for request in requests if "path" in request)
    (nothing, _), *rows = rows_of(dataset, SAMPLES["other_top_paths"])
    assert nothing is None
    assert [count for _, count in rows] == [count for _, count in expected.most_common(9)]
    assert all(expected[path] == count for path, count in rows)
