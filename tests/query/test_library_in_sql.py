"""Ready-made queries of our own against SQL that DuckDB answers from the files of the sample directory."""

from __future__ import annotations

import pytest

from loaders.load import Library
from query.answer import answer
from query.library import read_library
from query.parse import parse_query
from query.scope import Scope
from tests.query import sample_table
from tests.query.sample_table import as_set, comparable

BY_NAME = {query.name: query for query in read_library()[0]}
PRIVATE = "regexp_matches({0}, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.])')"
FROM_INSIDE, TO_INSIDE = PRIVATE.format("srcaddr"), PRIVATE.format("dstaddr")
# name of the query: the same in SQL, without its limit; `n` is what it is sorted by
SQL = {
    "rejected-tcp": "SELECT interface_id, srcaddr, count(*) AS n, sum(packets) FROM flows WHERE action = 'REJECT' AND protocol = 6 GROUP BY ALL ORDER BY n DESC",
    "rejects-per-10-minutes": "SELECT start // 600 * 600 AS t, count(*) FROM flows WHERE action = 'REJECT' GROUP BY ALL ORDER BY t",
    "accepted-and-rejected": "SELECT start // 600 * 600 AS t, count(*) FILTER (action = 'ACCEPT') AS a, count(*) FILTER (action = 'REJECT') AS r, 100.0 * r / (a + r) FROM flows WHERE action IS NOT NULL GROUP BY t ORDER BY t",
    "rejects-on-uncommon-ports": "SELECT dstport, protocol, count(*) AS n, count(DISTINCT srcaddr) FROM flows WHERE action = 'REJECT' AND protocol IN (6, 17) AND dstport NOT IN (20, 21, 22, 25, 53, 80, 110, 123, 143, 443, 465, 587, 993, 995, 3306, 3389, 5432, 8080, 8443) GROUP BY ALL ORDER BY n DESC",
    "reply-rejected": "SELECT interface_id, CASE WHEN srcport > dstport THEN srcaddr ELSE dstaddr END AS client, greatest(srcport, dstport), CASE WHEN srcport > dstport THEN dstaddr ELSE srcaddr END AS server, least(srcport, dstport), count(*) FILTER (srcport > dstport AND action = 'ACCEPT') AS a, count(*) FILTER (srcport < dstport AND action = 'REJECT') AS r FROM flows WHERE protocol IN (6, 17) AND srcport <> dstport GROUP BY ALL HAVING a > 0 AND r > 0",
    "who-opened-connections": "SELECT srcaddr, dstaddr, dstport, count(*) AS n FROM flows WHERE protocol = 6 AND tcp_flags & 18 = 2 GROUP BY ALL ORDER BY n DESC",
    "who-replied-to-connections": "SELECT srcaddr, srcport, dstaddr, count(*) AS n FROM flows WHERE protocol = 6 AND tcp_flags & 18 = 18 GROUP BY ALL ORDER BY n DESC",
    "top-talking-instances": "SELECT instance_id, sum(bytes) AS n FROM flows WHERE instance_id IS NOT NULL GROUP BY ALL ORDER BY n DESC",
    "ssh-and-rdp": "SELECT srcaddr, dstaddr, dstport, action, count(*) AS n, sum(bytes) FROM flows WHERE dstport IN (22, 3389) GROUP BY ALL ORDER BY n DESC",
    "external-sources": f"SELECT srcaddr, dstaddr, dstport, count(*) AS n, sum(bytes) FROM flows WHERE action = 'ACCEPT' AND {TO_INSIDE} AND NOT {FROM_INSIDE} AND srcport >= dstport GROUP BY ALL ORDER BY n DESC",
    "external-destinations": f"SELECT dstaddr, sum(bytes) AS n, count(DISTINCT srcaddr) FROM flows WHERE action = 'ACCEPT' AND {FROM_INSIDE} AND NOT {TO_INSIDE} GROUP BY ALL ORDER BY n DESC",
    "s3-without-endpoint": "SELECT srcaddr, pkt_dst_aws_service, traffic_path, sum(bytes) AS n, count(*) FROM flows WHERE pkt_dst_aws_service IN ('S3', 'DYNAMODB') AND traffic_path <> 7 GROUP BY ALL ORDER BY n DESC",
    "bytes-between-subnets": "SELECT srcaddr, dstaddr, sum(bytes) AS n FROM flows WHERE srcaddr LIKE '10.0.1.%' AND dstaddr LIKE '10.0.2.%' OR srcaddr LIKE '10.0.2.%' AND dstaddr LIKE '10.0.1.%' GROUP BY ALL ORDER BY n DESC",
    "ipv4-against-ipv6": "SELECT CASE WHEN contains(srcaddr, ':') THEN 'IPv6' ELSE 'IPv4' END AS family, sum(bytes) AS n, count(*) FROM flows WHERE bytes IS NOT NULL GROUP BY ALL ORDER BY n DESC",
    "many-packets-few-bytes": "SELECT srcaddr, dstaddr, dstport, sum(packets) AS n, sum(bytes) AS b, b / n AS per_packet FROM flows GROUP BY srcaddr, dstaddr, dstport HAVING n >= 10 AND per_packet <= 64 ORDER BY n DESC",
}


@pytest.fixture(scope="module")
def flow_logs():
    return Library(sample_table.FLOW_LOGS).read_all()


@pytest.fixture(scope="module")
def database():
    return sample_table.flows()


@pytest.mark.parametrize("name", SQL)
def test_a_ready_made_query_gives_the_rows_of_its_sql(name, flow_logs, database):
    found = answer(flow_logs, parse_query(BY_NAME[name].filled()), Scope())
    got = found.frame.select(found.columns).rows()
    expected = database.execute(SQL[name]).fetchall()
    assert got
    if len(got) == len(expected):
        assert as_set(got) == as_set(expected)
    else:
        # The first 50 of them. Which of those that share the last place are among them is not said.
        place = [column[0] for column in database.description].index("n")
        assert [row[place] for row in got] == [row[place] for row in expected[:50]]
        assert set(map(comparable, got)) <= set(map(comparable, expected))
