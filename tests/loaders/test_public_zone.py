"""Query logs of public hosted zones."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from loaders import kinds
from loaders.formats.public_zone_log import KIND
from tests.loaders.files import load, only, problems, put, records, text

LINE = (
    "1.0 2026-01-15T10:00:00.235Z Z123412341234 example.com AAAA NOERROR TCP IAD12 192.0.2.53 198.51.100.0/24"
)
NO_SUBNET = r"1.0 2026-01-15T10:00:01Z Z5 \052.example.com A NXDOMAIN UDP LHR50-C1 2001:db8::53 -"


def test_a_line_gives_every_word_a_column(tmp_path):
    put(tmp_path, "zone.log", text(LINE, NO_SUBNET))
    dataset = load(tmp_path)
    assert (only(dataset).format, only(dataset).state) == ("public-zone-query-log", "complete")
    first, second = dataset.parts[0].frame.drop("_file", "_line", "log_group").to_dicts()
    assert first == {
        "version": "1.0",
        "hosted_zone_id": "Z123412341234",
        "query_name": "example.com",
        "query_type": "AAAA",
        "rcode": "NOERROR",
        "transport": "TCP",
        "edge_location": "IAD12",
        "resolver_ip": "192.0.2.53",
        "edns_client_subnet": "198.51.100.0/24",
        "log_stream": "Z123412341234/IAD12",
        "timestamp": datetime(2026, 1, 15, 10, 0, 0, 235_000, tzinfo=UTC),
    }
    assert (second["query_name"], second["edns_client_subnet"]) == (r"\052.example.com", None)
    assert second["log_stream"] == "Z5/LHR50-C1"


def test_lines_that_do_not_fit_are_named_and_comments_passed_over(tmp_path):
    late = LINE.replace("2026-01-15T10:00:00.235Z", "yesterday")
    put(
        tmp_path,
        "zone.log",
        text(LINE, "# copied", "1.0 x Z1 example.com", late, f"{LINE} more", "", NO_SUBNET),
    )
    dataset = load(tmp_path)
    assert problems(dataset) == [
        ("zone.log", 3, "4 fields where 10 are expected"),
        ("zone.log", 4, "timestamp is not a time: yesterday"),
        ("zone.log", 5, "11 fields where 10 are expected"),
    ]
    assert records(dataset, "line") == [1, 7]


def test_blanks_and_line_ends_of_other_systems_do_no_harm(tmp_path):
    put(tmp_path, "zone.log", text("\ufeff" + LINE.replace(" ", "  "), f" {NO_SUBNET}\t", eol="\r\n"))
    dataset = load(tmp_path)
    assert problems(dataset) == []
    assert records(dataset, "edns_client_subnet", "resolver_ip") == [
        ("198.51.100.0/24", "192.0.2.53"),
        (None, "2001:db8::53"),
    ]


def test_the_packaging_says_what_time_and_stream_a_message_has():
    given = datetime(2026, 1, 15, 11, tzinfo=UTC)
    events = pl.DataFrame(
        {
            "_file": [0, 0],
            "_line": [1, 2],
            "message": [LINE, f"{NO_SUBNET}\n"],
            "log_group": ["g", "g"],
            "log_stream": ["s", None],
            "timestamp": [given, None],
        },
        schema_overrides={"_file": pl.UInt32, "_line": pl.UInt32, "timestamp": pl.Datetime("ms", "UTC")},
    )
    (parsed,) = kinds.parse(events, None)
    assert parsed.kind == "public-zone-query"
    assert parsed.frame.select("log_stream", "timestamp").rows() == [
        ("s", given),
        ("Z5/LHR50-C1", datetime(2026, 1, 15, 10, 0, 1, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    "message",
    [
        "1.0 2026-01-15T10:00:00Z started the service on port 80 for all users",
        "2 123456789012 eni-1 10.0.0.1 10.0.0.2 1 2 6 3 180 1768471200 1768471259 ACCEPT OK",
        LINE.replace("TCP", "HTTP"),
        f"GET {LINE}",
    ],
)
def test_other_lines_are_no_query_log(message):
    assert KIND.fit([message]) is None
