"""AWS's sample queries over small logs of applications, as one would write them down to see what happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from loaders.load import Library
from query.answer import answer
from query.parse import parse_query
from query.scope import Scope
from tests.query.aws_samples import SAMPLES

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def ask(tmp_path):
    """Put messages, a minute apart, into a log, and ask one of AWS's samples."""

    def run(name, *messages, start=NOON):
        times = [start + timedelta(minutes=place) for place in range(len(messages))]
        lines = [
            json.dumps({"timestamp": f"{time:%Y-%m-%dT%H:%M:%SZ}", **message})
            if isinstance(message, dict)
            else f"{time:%Y-%m-%dT%H:%M:%SZ} {message}"
            for time, message in zip(times, messages, strict=True)
        ]
        (tmp_path / "app.log").write_text("\n".join(lines) + "\n")
        found = answer(Library((str(tmp_path),)).read_all(), parse_query(SAMPLES[name]), Scope())
        return found.columns, [tuple(row) for row in found.frame.select(found.columns).rows()]

    return run


SERVERS = [
    {"server": "a", "severity": "low", "message": "first"},
    {"server": "b", "severity": "low", "message": "second"},
    {"server": "a", "severity": "high", "message": "third"},
    {"server": "a", "severity": "low", "message": "fourth"},
    {"severity": "low", "message": "no server"},
    {"severity": "low", "message": "no server either"},
]


def test_dedup_keeps_the_first_of_each_server_in_the_order_asked_for_and_all_without_one(ask):
    columns, rows = ask("general_oldest_by_server", *SERVERS)
    assert columns == ("@timestamp", "server", "severity", "message")
    assert [row[1:3] for row in rows] == [("a", "low"), ("b", "low"), (None, "low"), (None, "low")]


def test_dedup_of_two_fields_keeps_the_newest_of_each_pair(ask):
    _, rows = ask("general_newest_by_server_and_severity", *SERVERS)
    assert [row[1:3] for row in rows] == [
        (None, "low"),
        (None, "low"),
        ("a", "low"),
        ("a", "high"),
        ("b", "low"),
    ]


REQUESTS = [
    {"status": "404", "ip": "192.0.2.1", "path": "/a", "httpMethod": "GET", "responseLatency": 90},
    {"status": 200, "ip": "192.0.2.2", "path": "/b", "httpMethod": "GET", "responseLatency": 1000},
    {"status": 499, "ip": "192.0.2.3", "path": "/a", "httpMethod": "PUT", "responseLatency": "200"},
    {"status": 500, "ip": "192.0.2.4", "path": "/a", "httpMethod": "PUT"},
]


def test_statuses_compare_as_numbers_also_as_text(ask):
    _, rows = ask("other_client_errors", *REQUESTS)
    assert [(int(status), path) for _, status, _, path, _ in rows] == [(499, "/a"), (404, "/a")]


def test_latencies_sort_as_numbers_and_what_has_none_comes_last(ask):
    _, rows = ask("other_slowest_requests", *REQUESTS)
    assert [row[2] for row in rows] == ["192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.4"]


def test_requests_are_counted_by_path(ask):
    assert ask("other_top_paths", *REQUESTS) == (("path", "requestCount"), [("/a", 3), ("/b", 1)])


def test_latency_is_averaged_minute_by_minute(ask):
    messages = [{"status": 200, "integrationLatency": value} for value in (10, 20)]
    columns, rows = ask("other_integration_latency", *messages, {"status": 500, "integrationLatency": 1})
    assert columns == (
        "bin(1m)",
        "avg(integrationLatency)",
        "max(integrationLatency)",
        "min(integrationLatency)",
    )
    assert [(minute, average, int(most), int(least)) for minute, average, most, least in rows] == [
        (NOON, 10.0, 10, 10),
        (NOON + timedelta(minutes=1), 20.0, 20, 20),
    ]


def test_a_field_with_a_hyphen_stands_in_backticks(ask):
    _, rows = ask("other_events_by_detail_type", *({"detail-type": kind} for kind in ("b", "a", "b")))
    assert rows == [("b", 2), ("a", 1)]


def test_parse_takes_columns_out_of_a_message_by_its_stars(ask):
    messages = [
        f"user={user}, method:GET, latency := {time}" for user, time in (("ann", 10), ("ann", 20), ("bo", 5))
    ]
    columns, rows = ask("other_latency_by_method", *messages)
    assert columns == ("@method", "@user", "avg(@latency)")
    assert rows == [("GET", "ann", 15.0), ("GET", "bo", 5.0)]


def test_display_shows_a_condition_as_a_column(ask):
    columns, rows = ask(
        "other_parsed_by_glob", "[ERROR] lost", "[INFO] found", "[DEBUG] sought", "no brackets"
    )
    assert columns == ("loggingMessage", "isError")
    assert rows == [("found", 0), ("lost", 1)]


def test_a_second_stats_sees_what_the_first_made(ask):
    sessions = [("s1", "ios", "192.0.2.1"), ("s1", "ios", "192.0.2.2"), ("s1", "ios", "192.0.2.2")]
    sessions += [("s2", "ios", "192.0.2.3"), ("s3", "web", "192.0.2.4"), ("s3", "web", "192.0.2.5")]
    keys = ("session_id", "client_platform", "client_ip")
    columns, rows = ask(
        "other_sessions_of_many_addresses", *(dict(zip(keys, values, strict=True)) for values in sessions)
    )
    assert columns == ("client_platform", "multiple_ip_sessions", "avg_session_requests")
    assert rows == [("ios", 1, 3.0), ("web", 1, 2.0)]


def test_bins_of_bins_are_rounded_up_by_dateceil(ask):
    messages = ["x" * 524_288, *["y"] * 4, "z" * 262_144, *["y"] * 4, "last"]
    columns, rows = ask("other_megabytes_per_10_minutes", *messages)
    assert columns == ("dateceil(@t, 10m)", "peak_ingest_mb", "min_ingest_mb", "avg_ingest_mb")
    assert [row[0] for row in rows] == [NOON, NOON + timedelta(minutes=10)]
    assert rows[1][1] == pytest.approx(0.25, abs=0.001)
    assert rows[0][1] == pytest.approx(0.5, abs=0.001)


def test_aliases_can_be_used_in_the_same_stats(ask):
    report = {"@type": "REPORT", "@memorySize": 512_000_000, "@maxMemoryUsed": 128_000_000}
    columns, rows = ask(
        "other_lambda_memory", report, {**report, "@maxMemoryUsed": 256_000_000}, {"@type": "END"}
    )
    assert columns == (
        "provisonedMemoryMB",
        "smallestMemoryRequestMB",
        "avgMemoryUsedMB",
        "maxMemoryUsedMB",
        "overProvisionedMB",
    )
    assert rows == [(512.0, 128.0, 192.0, 256.0, 256.0)]


def test_errors_of_the_last_hours_are_told_by_the_clock(ask):
    start = datetime.now(tz=UTC) - timedelta(minutes=30)
    _, rows = ask("other_recent_errors", "an Error", "all well", "FAILURE", start=start)
    assert [row[1].rpartition(" ")[2] for row in rows] == ["FAILURE", "Error"]


def test_causes_are_grouped_by_what_they_have_in_common(ask):
    messages = [f"ERROR Failed to do: job {number} of node" for number in (1, 22, 333)]
    columns, rows = ask(
        "other_patterns_of_causes", *messages, "ERROR Failed to do: nothing", "INFO Failed to do: x"
    )
    assert columns == ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
    assert [row[2] for row in rows] == [1, 3]
    assert rows[1][0].startswith("job <")


def test_unnest_makes_a_row_of_each_item(ask):
    accounts = [{"type": "internal", "id": 1}, {"type": "external", "id": 2}, {"type": "internal", "id": 3}]
    _, rows = ask("other_unnested_accounts", {"accounts": accounts}, {"accounts": []}, {"other": 1})
    assert len(rows) == 2
