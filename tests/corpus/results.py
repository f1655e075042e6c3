"""(g): results of queries: Insights and Athena, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from tests.corpus.flows import ENI, OTHER_ENI, empty, flow, later, line
from tests.corpus.model import Builder, case

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = [flow(), later(60, interface_id=OTHER_ENI)]
TIMES = ["2026-01-15 10:00:00.123", "2026-01-15 10:01:00.000"]
ISO = [time.replace(" ", "T") for time in TIMES]
STATISTICS = {"recordsMatched": 2.0, "recordsScanned": 9.0, "bytesScanned": 99.0}


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, quoted: bool = True, eol: str = "\n"
) -> bytes:
    """A CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator=eol)
    writer.writerows([header, *rows])
    return out.getvalue().encode()


@case("g-insights-csv-messages")
def insights_messages(b: Builder) -> None:
    group = f"/vpc/{b.name}"
    header = ["@timestamp", "@log", "@logStream", "@message", "@ptr"]
    rows = [
        [time, f"111122223333:{group}", f"{row['interface-id']}-all", line(row), "p"]
        for time, row in zip(TIMES, ROWS, strict=True)
    ]
    file = b.file("logs-insights-results.csv", table(header, rows), "insights-csv")
    for number, row in enumerate(ROWS):
        b.flow(file, number + 2, row, group=group, stream=f"{row['interface-id']}-all", time=ISO[number])


@case("g-insights-csv-two-columns")
def two_columns(b: Builder) -> None:
    messages = ["plain, with a comma", 'quoted "so" and\nbroken']
    data = table(
        ["@timestamp", "@message"], list(zip(TIMES, messages, strict=True)), quoted=False, eol="\r\n"
    )
    file = b.file("results.csv", data, "insights-csv")
    for number, message in enumerate(messages):
        b.row(file, number + 2, "text", ISO[number], {"message": message})


@case("g-insights-csv-fields")
def insights_fields(b: Builder) -> None:
    names = ["interfaceId", "srcAddr", "dstAddr", "dstPort", "action", "bytes"]
    plain = ["interface-id", "srcaddr", "dstaddr", "dstport", "action", "bytes"]
    rows = [[time, *(row[name] for name in plain)] for time, row in zip(TIMES, ROWS, strict=True)]
    bad = [TIMES[0], ENI, "10.0.0.1", "10.0.0.2", "https", "ACCEPT", "1"]
    problems = ((4, "dstport is not a number: https"),)
    file = b.file("r.csv", table(["@timestamp", *names], [*rows, bad]), "insights-csv", problems=problems)
    for number, row in enumerate(ROWS):
        b.flow(file, number + 2, {name: row[name] for name in plain}, time=ISO[number])


@case("g-insights-csv-counts")
def counts(b: Builder) -> None:
    header = ["@timestamp", "srcAddr", "bytes", "action", "hits"]
    rows = [[time, "10.0.0.1", "many", "so", "12"] for time in TIMES]
    file = b.file(
        "r.csv", table(header[:2] + header[4:], [row[:2] + row[4:] for row in rows]), "insights-csv"
    )
    for number, time in enumerate(ISO):
        b.row(file, number + 2, "results", time, {"hits": "12"})


@case("g-insights-csv-no-field-of-ours")
def no_field(b: Builder) -> None:
    # Every value is quoted, and no name begins with @: Athena writes so.
    file = b.file(
        "r.csv", table(["srcAddr", "count(*)"], [["10.0.0.1", "12"], ["10.0.0.2", "7"]]), "athena-csv"
    )
    for number in (2, 3):
        b.row(file, number, "results", None, {})


@case("g-athena-csv")
def athena(b: Builder) -> None:
    rows = [*ROWS, empty()]
    header = ",".join(f'"{name.replace("-", "_")}"' for name in rows[0])
    lines = [",".join("" if value == "-" else f'"{value}"' for value in row.values()) for row in rows]
    data = "\n".join([header, *lines, ""]).encode()
    name = "0a1b2c3d-1111-4222-8333-444455556666.csv"
    file = b.file(name, data, "athena-csv")
    b.file(f"{name}.metadata", b"\x0a\x0bbinary\x00\x01", None, reason="Athena")
    b.flows(file, rows, 2)


def document(rows: list[list[tuple[str, str]]], status: str = "Complete") -> bytes:
    """An answer of get-query-results."""
    results = [[{"field": name, "value": value} for name, value in row] for row in rows]
    return json.dumps({"results": results, "statistics": STATISTICS, "status": status}).encode()


@case("g-query-results-messages")
def query_messages(b: Builder) -> None:
    group = f"/vpc/{b.name}"
    rows = [
        [
            ("@timestamp", time),
            ("@message", line(row)),
            ("@logStream", f"{row['interface-id']}-all"),
            ("@log", f"111122223333:{group}"),
            ("@ptr", "p"),
        ]
        for time, row in zip(TIMES, ROWS, strict=True)
    ]
    file = b.file("q.json", document(rows), "query-results")
    for number, row in enumerate(ROWS):
        b.flow(file, number + 1, row, group=group, stream=f"{row['interface-id']}-all", time=ISO[number])


@case("g-query-results-fields")
def query_fields(b: Builder) -> None:
    plain = {"interfaceId": "interface-id", "srcAddr": "srcaddr", "dstPort": "dstport", "bytes": "bytes"}
    rows = [
        [("@timestamp", time), *((name, row[ours]) for name, ours in plain.items()), ("@ptr", "p")]
        for time, row in zip(TIMES, ROWS, strict=True)
    ]
    rows[1] = [pair for pair in rows[1] if pair[0] != "dstPort"]
    file = b.file("q.json", document(rows), "query-results")
    for number, row in enumerate(ROWS):
        said = {ours: row[ours] for ours in plain.values()}
        b.flow(file, number + 1, said | ({"dstport": "-"} if number else {}), time=ISO[number])


@case("g-query-results-counts")
def query_counts(b: Builder) -> None:
    rows = [[("srcAddr", f"10.0.0.{n}"), ("total", str(n)), ("hits", "9")] for n in range(3)]
    file = b.file("q.json", document(rows), "query-results")
    for n in range(3):
        b.row(file, n + 1, "results", None, {"hits": "9"})


@case("g-query-results-running")
def query_running(b: Builder) -> None:
    rows = [[("@timestamp", TIMES[0]), ("@message", line(ROWS[0]))]]
    data = document(rows, "Running")
    file = b.file("q.json", data, "query-results", state="incomplete", reason="Running")
    b.flow(file, 1, ROWS[0], time=ISO[0])


@case("g-insights-json-export")
def console_json(b: Builder) -> None:
    rows = [{"@timestamp": time, "@message": line(row)} for time, row in zip(TIMES, ROWS, strict=True)]
    file = b.file("logs-insights-results.json", json.dumps(rows, indent=2).encode(), "query-results")
    for number, row in enumerate(ROWS):
        b.flow(file, number + 1, row, time=ISO[number])


@case("g-insights-csv-with-a-mark")
def with_mark(b: Builder) -> None:
    rows = [[time, line(row)] for time, row in zip(TIMES, ROWS, strict=True)]
    file = b.file("r.csv", b"\xef\xbb\xbf" + table(["@timestamp", "@message"], rows), "insights-csv")
    for number, row in enumerate(ROWS):
        b.flow(file, number + 2, row, time=ISO[number])
