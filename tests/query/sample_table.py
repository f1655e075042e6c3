"""The flow logs of the sample directory as a DuckDB table, read by DuckDB from the files alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

SAMPLE_LOGS = Path(__file__).resolve().parent.parent.parent / "sample_logs"
FLOW_LOGS = (str(SAMPLE_LOGS / "exportedlogs"), str(next(SAMPLE_LOGS.glob("AWSLogs/*/vpcflowlogs"))))
EXPORTED = [
    "event_time",
    "version",
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log_status",
]
TABLE = """
CREATE TABLE flows AS
SELECT interface_id, nullif(srcaddr, '-') AS srcaddr, nullif(dstaddr, '-') AS dstaddr, srcport::INT AS srcport,
    dstport::INT AS dstport, protocol::INT AS protocol, packets::BIGINT AS packets, bytes::BIGINT AS bytes,
    "start"::BIGINT AS start, nullif(action, '-') AS action, log_status, nullif(instance_id, '-') AS instance_id,
    tcp_flags::INT AS tcp_flags, traffic_path::INT AS traffic_path,
    nullif(pkt_dst_aws_service, '-') AS pkt_dst_aws_service
FROM (
    SELECT "interface-id" AS interface_id, srcaddr, dstaddr, srcport, dstport, protocol, packets, bytes, "start",
        action, "log-status" AS log_status, "instance-id" AS instance_id, "tcp-flags" AS tcp_flags,
        "traffic-path" AS traffic_path, "pkt-dst-aws-service" AS pkt_dst_aws_service
    FROM read_csv('{root}/AWSLogs/*/vpcflowlogs/**/*.log.gz', delim=' ', header=true, all_varchar=true, quote='',
        nullstr='-', union_by_name=true)
    UNION ALL BY NAME
    SELECT interface_id, srcaddr, dstaddr, srcport, dstport, protocol, packets, bytes, "start", action, log_status
    FROM read_csv('{root}/exportedlogs/*/*/*.gz', delim=' ', header=false, all_varchar=true, quote='', nullstr='-',
        names={exported})
    UNION ALL BY NAME
    SELECT interface_id, srcaddr, dstaddr, srcport::VARCHAR AS srcport, dstport::VARCHAR AS dstport,
        protocol::VARCHAR AS protocol, packets::VARCHAR AS packets, bytes::VARCHAR AS bytes, "start"::VARCHAR AS "start",
        action, log_status, instance_id, tcp_flags::VARCHAR AS tcp_flags, traffic_path::VARCHAR AS traffic_path,
        pkt_dst_aws_service
    FROM read_parquet('{root}/AWSLogs/*/vpcflowlogs/**/*.parquet')
)
"""


def flows():
    """A database with a table ``flows``: a row for each record, null for ``-``, times as epoch seconds."""
    connection = duckdb.connect()
    connection.execute(TABLE.format(root=SAMPLE_LOGS, exported=EXPORTED))
    return connection


def comparable(row):
    """A row without the last digits of its decimals, and its times as epoch seconds."""
    return tuple(
        float(f"{value:.12g}")
        if isinstance(value, float)
        else int(value.timestamp())
        if isinstance(value, datetime)
        else value
        for value in row
    )


def as_set(rows):
    """Rows in an order of their own."""
    return sorted((comparable(row) for row in rows), key=repr)
