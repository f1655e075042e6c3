"""What ``stats`` counts."""

from __future__ import annotations

from tests.query.oracle.pair import Pair, inside

_HOUR = "ts - ts % 3600000"

AGGREGATES = (
    Pair("count_all", "stats count(*)", 'SELECT count(*) AS "count(*)" FROM flows'),
    Pair("count_without_a_star", "stats count()", 'SELECT count(*) AS "count()" FROM flows'),
    Pair(
        "count_of_a_field",
        "stats count(note) as notes by logStatus",
        'SELECT log_status AS "logStatus", count(note) AS notes FROM flows GROUP BY 1',
    ),
    Pair("sum_is_exact", "stats sum(bytes)", 'SELECT sum(bytes) AS "sum(bytes)" FROM flows'),
    Pair(
        "sum_beyond_64_bits_is_null",
        "stats sum(bytes * 500) as s by action",
        "SELECT action, TRY_CAST(sum(bytes * 500) AS BIGINT) AS s FROM flows GROUP BY 1",
    ),
    Pair(
        "sum_of_nothing_is_null",
        'filter logStatus = "NODATA" | stats sum(bytes) as b, count(*) as n by interfaceId',
        """SELECT interface_id AS "interfaceId", NULL AS b, count(*) AS n FROM flows """
        """WHERE log_status = 'NODATA' GROUP BY 1""",
    ),
    Pair(
        "avg_min_max",
        "stats avg(bytes), min(bytes), max(bytes) by dstPort",
        'SELECT dstport AS "dstPort", avg(bytes) AS "avg(bytes)", min(bytes) AS "min(bytes)", '
        'max(bytes) AS "max(bytes)" FROM flows GROUP BY 1',
    ),
    Pair(
        "min_and_max_of_text",
        "stats min(action) as a, max(interfaceId) as b by protocol",
        "SELECT protocol, min(action) AS a, max(interface_id) AS b FROM flows GROUP BY 1",
    ),
    Pair(
        "min_and_max_of_time",
        "stats min(@timestamp) as first, max(@timestamp) as last by action",
        "SELECT action, min(ts) AS first, max(ts) AS last FROM flows GROUP BY 1",
    ),
    Pair(
        "stddev_is_that_of_a_sample",
        "stats stddev(packets) as s by interfaceId",
        'SELECT interface_id AS "interfaceId", stddev_samp(packets) AS s FROM flows GROUP BY 1',
    ),
    Pair(
        "stddev_of_one_is_null",
        "filter note = 'abc9' | stats stddev(packets) as s, count(packets) as n by end",
        """SELECT "end", NULL AS s, count(packets) AS n FROM flows WHERE note = 'abc9' GROUP BY 1""",
    ),
    Pair(
        "variance",
        "stats variance(dstPort) as v by action",
        "SELECT action, var_samp(dstport) AS v FROM flows GROUP BY 1",
    ),
    Pair(
        "percentiles",
        "stats pct(bytes, 50) as p50, pct(bytes, 95) as p95, pct(packets, 99.9) as p999 by protocol",
        "SELECT protocol, quantile_cont(bytes, 0.5) AS p50, quantile_cont(bytes, 0.95) AS p95, "
        "quantile_cont(packets, 0.999) AS p999 FROM flows GROUP BY 1",
    ),
    Pair(
        "count_distinct",
        "stats count_distinct(srcAddr) as sources, countDistinct(note) as notes by action",
        "SELECT action, count(DISTINCT srcaddr) AS sources, count(DISTINCT note) AS notes "
        "FROM flows GROUP BY 1",
    ),
    Pair(
        "aggregate_of_an_expression",
        "stats avg(bytes / packets) as size by protocol",
        "SELECT protocol, avg(bytes / packets) AS size FROM flows GROUP BY 1",
    ),
    Pair(
        "aggregate_of_a_condition",
        'stats sum(if(action = "REJECT", 1, 0)) as rejected by dstPort',
        """SELECT dstport AS "dstPort", """
        """sum(CASE WHEN action = 'REJECT' THEN 1 ELSE 0 END) AS rejected FROM flows GROUP BY 1""",
    ),
    Pair(
        "aggregate_of_numeric_text",
        "stats sum(toNumber(note)) as s, max(toNumber(note)) as m",
        "SELECT sum(num(note)) AS s, max(num(note)) AS m FROM flows",
    ),
    Pair(
        "sum_of_text_counts_its_numbers",
        "stats sum(note) as s, avg(note) as a",
        "SELECT sum(num(note)) AS s, avg(num(note)) AS a FROM flows",
    ),
    Pair(
        "max_of_numbers_found_in_text",
        r"parse srcAddr /^10\.0\.\d+\.(?<last>\d+)$/ | stats max(last) + 0 as high, min(last) + 0 as low",
        r"SELECT max(n) AS high, min(n) AS low "
        r"FROM (SELECT num(regexp_extract(srcaddr, '^10\.0\.\d+\.(\d+)$', 1)) AS n FROM flows)",
    ),
    Pair(
        "values",
        "stats values(action) as v by interfaceId",
        'SELECT interface_id AS "interfaceId", to_json(list_sort(list(DISTINCT action) '
        "FILTER (action IS NOT NULL)))::VARCHAR AS v FROM flows GROUP BY 1",
    ),
    Pair(
        "topk",
        "stats topk(3, dstPort) as v",
        "SELECT to_json(list(dstport ORDER BY n DESC, dstport))::VARCHAR AS v FROM (SELECT dstport, "
        "count(*) AS n FROM flows WHERE dstport IS NOT NULL GROUP BY 1 ORDER BY n DESC, dstport LIMIT 3)",
    ),
    Pair(
        "earliest_and_latest",
        "stats earliest(start) as first, latest(start) as last by interfaceId",
        'SELECT interface_id AS "interfaceId", min(start) AS first, max(start) AS last FROM flows GROUP BY 1',
    ),
    Pair(
        "sorts_first_and_last",
        "filter isValidIpV4(srcAddr) "
        "| stats sortsFirst(srcAddr) as low, sortsLast(srcAddr) as high by action",
        "SELECT action, arg_min(srcaddr, src_ip) AS low, arg_max(srcaddr, src_ip) AS high "
        "FROM flows WHERE src_v = 4 GROUP BY 1",
    ),
    Pair(
        "unknown_field",
        "stats sum(nosuch) as s, avg(nosuch) as a, count(nosuch) as c, max(nosuch) as m",
        "SELECT NULL AS s, NULL AS a, 0 AS c, NULL AS m",
    ),
)

GROUPS = (
    Pair(
        "no_record_without_groups",
        "filter dstPort = 1 | stats count(*), sum(bytes), avg(bytes), count_distinct(srcAddr)",
        'SELECT 0 AS "count(*)", NULL AS "sum(bytes)", NULL AS "avg(bytes)", 0 AS "count_distinct(srcAddr)"',
    ),
    Pair(
        "no_record_with_groups",
        "filter dstPort = 1 | stats count(*) by action",
        'SELECT action, 1 AS "count(*)" FROM flows WHERE false',
    ),
    Pair(
        "several_keys",
        "stats sum(packets) as packetsTransferred by srcAddr, dstAddr, protocol",
        'SELECT srcaddr AS "srcAddr", dstaddr AS "dstAddr", protocol, '
        'sum(packets) AS "packetsTransferred" FROM flows GROUP BY 1, 2, 3',
    ),
    Pair(
        "by_time",
        "stats count(*) by bin(1h)",
        f'SELECT {_HOUR} AS "bin(1h)", count(*) AS "count(*)" FROM flows GROUP BY 1',
    ),
    Pair(
        "by_time_and_field",
        "stats count(*) by action, bin(30m) as t",
        'SELECT action, ts - ts % 1800000 AS t, count(*) AS "count(*)" FROM flows GROUP BY 1, 2',
    ),
    Pair(
        "by_an_expression",
        "stats count(*) as n by strlen(srcAddr) as length, dstPort > 100 as high",
        "SELECT length(srcaddr) AS length, coalesce(dstport > 100, false)::INTEGER AS high, "
        "count(*) AS n FROM flows GROUP BY 1, 2",
    ),
    Pair(
        "by_an_alias_of_fields",
        'fields concat(protocol, "/", dstPort) as service | stats sum(bytes) as b by service',
        "SELECT concat(protocol, '/', dstport) AS service, sum(bytes) AS b FROM flows GROUP BY 1",
    ),
    Pair(
        "by_an_unknown_field",
        "stats count(*) as n by nosuch",
        "SELECT NULL AS nosuch, count(*) AS n FROM flows",
    ),
    Pair(
        "ordered_by_the_keys",
        "stats count(*) as n by protocol, dstPort",
        'SELECT protocol, dstport AS "dstPort", count(*) AS n FROM flows GROUP BY 1, 2 '
        "ORDER BY 1 NULLS FIRST, 2 NULLS FIRST",
        ordered=True,
    ),
    Pair(
        "two_groups_of_logs",
        "stats count(tcpFlags) as flags, count(*) as n by @log",
        'SELECT log_group AS "@log", count(tcp_flags) AS flags, count(*) AS n FROM flows GROUP BY 1',
    ),
)

ARITHMETIC = (
    Pair(
        "on_aggregates",
        "stats sum(bytes) / count(*) as mean, max(bytes) - min(bytes) as spread by action",
        "SELECT action, sum(bytes) / count(*) AS mean, max(bytes) - min(bytes) AS spread "
        "FROM flows GROUP BY 1",
    ),
    Pair(
        "unnamed",
        "stats sum(bytes)/1024/1024 by protocol",
        'SELECT protocol, sum(bytes) / 1024 / 1024 AS "sum(bytes)/1024/1024" FROM flows GROUP BY 1',
    ),
    Pair(
        "on_names_of_the_same_stats",
        "stats max(packets / 2) as high, min(packets) as low, high - low as spread by protocol",
        "SELECT protocol, max(packets / 2) AS high, min(packets) AS low, "
        "max(packets / 2) - min(packets) AS spread FROM flows GROUP BY 1",
    ),
    Pair(
        "function_of_an_aggregate",
        "stats round(avg(bytes / 3), 1) as mean, ceil(sum(packets) / 10) as tens by action",
        "SELECT action, round(avg(bytes / 3), 1) AS mean, ceil(sum(packets) / 10) AS tens "
        "FROM flows GROUP BY 1",
    ),
)

TWICE = (
    Pair(
        "hours",
        "stats sum(bytes) as b by bin(1h) as t | stats max(b) as peak, min(b) as low, avg(b) as mean",
        f"SELECT max(b) AS peak, min(b) AS low, avg(b) AS mean FROM (SELECT sum(bytes) AS b "
        f"FROM flows GROUP BY {_HOUR})",
    ),
    Pair(
        "hours_in_days",
        "fields strlen(@message) as length | stats sum(length) / 1024 as kb by bin(1h) as @t "
        "| stats max(kb) as peak, count(*) as hours by dateceil(@t, 1d)",
        f'SELECT (t + 86399999) // 86400000 * 86400000 AS "dateceil(@t, 1d)", max(kb) AS peak, '
        f"count(*) AS hours FROM (SELECT {_HOUR} AS t, sum(length(message)) / 1024 AS kb "
        f"FROM flows GROUP BY 1) GROUP BY 1",
    ),
    Pair(
        "with_a_filter_between",
        "stats count_distinct(dstAddr) as peers, count(*) as requests by srcAddr, action "
        "| filter peers > 2 | stats count(*) as sources, sum(requests) / count(*) as mean by action",
        "SELECT action, count(*) AS sources, sum(requests) / count(*) AS mean "
        "FROM (SELECT action, srcaddr, count(DISTINCT dstaddr) AS peers, count(*) AS requests "
        "FROM flows GROUP BY ALL) WHERE peers > 2 GROUP BY 1",
    ),
    Pair(
        "the_second_sees_only_the_first",
        "stats count(*) as n by protocol | stats sum(bytes) as b, max(n) as n, count(action) as a",
        "SELECT NULL AS b, max(n) AS n, 0 AS a FROM (SELECT count(*) AS n FROM flows GROUP BY protocol)",
    ),
    Pair(
        "three_times",
        "stats count(*) as n by interfaceId, protocol, action "
        "| stats max(n) as m by interfaceId, protocol | stats sum(m) as s by interfaceId",
        'SELECT interface_id AS "interfaceId", sum(m) AS s '
        "FROM (SELECT interface_id, protocol, max(n) AS m "
        "FROM (SELECT interface_id, protocol, action, count(*) AS n FROM flows GROUP BY ALL) "
        "GROUP BY ALL) GROUP BY 1",
    ),
)

AFTERWARDS = (
    Pair(
        "sort_and_limit",
        "stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 10",
        'SELECT srcaddr AS "srcAddr", dstaddr AS "dstAddr", sum(bytes) AS "bytesTransferred" '
        "FROM flows GROUP BY 1, 2 ORDER BY 3 DESC NULLS LAST LIMIT 10",
        ordered=True,
    ),
    Pair(
        "filter_after_stats",
        "stats count(*) as n, sum(bytes) as b by srcAddr | filter n > 40 and b > 1000000",
        'SELECT srcaddr AS "srcAddr", count(*) AS n, sum(bytes) AS b FROM flows GROUP BY 1 '
        "HAVING n > 40 AND b > 1000000",
    ),
    Pair(
        "fields_after_stats",
        "stats sum(bytes) as b, count(*) as n by action | fields b / n as mean",
        "SELECT action, sum(bytes) AS b, count(*) AS n, sum(bytes) / count(*) AS mean FROM flows GROUP BY 1",
    ),
    Pair(
        "display_after_stats",
        "stats count(*) as n by action, protocol | display n, action",
        "SELECT count(*) AS n, action FROM flows GROUP BY action, protocol",
    ),
    Pair(
        "sort_by_an_unnamed_column",
        "stats count(*) by protocol | sort `count(*)` desc, protocol",
        'SELECT protocol, count(*) AS "count(*)" FROM flows GROUP BY 1 ORDER BY 2 DESC, 1 NULLS FIRST',
        ordered=True,
    ),
    Pair(
        "rejects_by_source",
        'filter action="REJECT" and isValidIpV4(srcAddr) | stats count(*) as numRejections by srcAddr '
        "| sort numRejections desc, srcAddr desc | limit 3",
        """SELECT srcaddr AS "srcAddr", count(*) AS "numRejections" FROM flows """
        """WHERE action = 'REJECT' AND src_v = 4 GROUP BY srcaddr, src_ip """
        """ORDER BY 2 DESC, src_ip DESC LIMIT 3""",
        ordered=True,
    ),
    Pair(
        "skipdata_by_hour",
        'filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t',
        f"""SELECT {_HOUR} AS t, count(*) AS "count(*)" FROM flows """
        f"""WHERE log_status = 'SKIPDATA' GROUP BY 1 ORDER BY 1""",
        ordered=True,
    ),
    Pair(
        "to_a_subnet",
        'filter isIpv4InSubnet(srcAddr, "10.0.0.0/16") | stats sum(bytes) as bytesTransferred by dstAddr',
        f'SELECT dstaddr AS "dstAddr", sum(bytes) AS "bytesTransferred" FROM flows '
        f"WHERE {inside('src', '10.0.0.0/16')} GROUP BY 1",
    ),
)

SUBJECTS = {
    "aggregates": AGGREGATES,
    "groups": GROUPS,
    "arithmetic": ARITHMETIC,
    "twice": TWICE,
    "afterwards": AFTERWARDS,
}
