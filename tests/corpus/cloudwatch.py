"""(e): what an export task of CloudWatch leaves in a bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.flows import ENI, START, V2, V5, empty, flow, later, line, text, zipped
from tests.corpus.model import Builder, case

if TYPE_CHECKING:
    from collections.abc import Sequence

TASK = "exportedlogs/cda45419-90ea-4db5-9833-aade86253e66"
PERMISSION = b"Permission Check Successful"


def stamped(record: dict[str, str]) -> str:
    """A record with the event's time before it, which is its start."""
    second = int(record["start"]) - START
    return f"2026-01-15T10:{second // 60:02d}:{second % 60:02d}.000Z {line(record)}"


def export(b: Builder, stream: str, number: int, lines: Sequence[str], form: str) -> str:
    """A file of the task."""
    name = f"{TASK}/{stream}/{number:06d}.gz"
    return b.file(name, zipped(text(*lines)), form, "cloudwatch-export")


@case("e-flow-logs")
def flow_logs(b: Builder) -> None:
    b.file("exportedlogs/aws-logs-write-test", PERMISSION, None, reason="permission")
    for number, seconds in enumerate(((70, 5, 30), (100,))):
        rows = [later(second) for second in seconds]
        file = export(b, f"{ENI}-all", number, [stamped(row) for row in rows], "flow-log-export")
        b.flows(file, rows, group=f"./{TASK}", stream=f"{ENI}-all")


@case("e-flow-logs-nodata-first")
def nodata_first(b: Builder) -> None:
    rows = [empty(), flow(), empty("SKIPDATA")]
    file = export(b, f"{ENI}-reject", 0, [stamped(row) for row in rows], "flow-log-export")
    b.flows(file, rows, group=f"./{TASK}", stream=f"{ENI}-reject")


@case("e-flow-logs-29-fields")
def longer_format(b: Builder) -> None:
    rows = [flow(V5, version=5), empty(names=V5, version=5)]
    file = export(b, f"{ENI}-all", 0, [stamped(row) for row in rows], "flow-log-export")
    b.flows(file, rows, group=f"./{TASK}", stream=f"{ENI}-all")


@case("e-flow-logs-epoch-milliseconds")
def epoch(b: Builder) -> None:
    rows = [flow(), later(30)]
    lines = [f"{row['start']}000 {line(row)}" for row in rows]
    file = export(b, f"{ENI}-all", 0, lines, "flow-log-export")
    b.flows(file, rows, group=f"./{TASK}", stream=f"{ENI}-all")


@case("e-prefix-of-ones-own")
def own_prefix(b: Builder) -> None:
    task = TASK.replace("exportedlogs", "backup/of/logs")
    name = f"{task}/{ENI}-all/000000.gz"
    file = b.file(name, zipped(text(stamped(flow()))), "flow-log-export", "cloudwatch-export")
    b.flows(file, [flow()], group=f"./{task}", stream=f"{ENI}-all")


@case("e-lambda-text")
def lambda_text(b: Builder) -> None:
    lines = [
        "2026-01-15T10:00:00.123Z START RequestId: 1-2-3 Version: $LATEST",
        "",
        "2026-01-15T10:00:01.000Z Traceback (most recent call last):",
        '  File "a.py", line 1',
        "ValueError: no",
        "",
        "2026-01-15T10:00:00.500Z END RequestId: 1-2-3",
        "",
    ]
    stream = "2026-01-15-[$LATEST]0123456789abcdef"
    file = export(b, stream, 0, lines, "cloudwatch-export")
    group = f"./{TASK}"
    told = [
        (1, "10:00:00.123", "START RequestId: 1-2-3 Version: $LATEST"),
        (3, "10:00:01.000", 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no'),
        (7, "10:00:00.500", "END RequestId: 1-2-3"),
    ]
    for number, time, message in told:
        b.row(file, number, "text", f"2026-01-15T{time}", {"message": message}, group=group, stream=stream)


@case("e-json")
def json_messages(b: Builder) -> None:
    messages = [json.dumps({"level": "info", "n": n, "requestId": f"r-{n}"}) for n in range(3)]
    lines = [f"2026-01-15T10:00:0{n}.000Z {message}" for n, message in enumerate(messages)]
    file = export(b, "app-1", 0, lines, "cloudwatch-export")
    for n, message in enumerate(messages):
        time = f"2026-01-15T10:00:0{n}.000"
        b.row(file, n + 1, "json", time, {"message": message}, group=f"./{TASK}", stream="app-1")


@case("e-resolver")
def resolver(b: Builder) -> None:
    query = {
        "version": "1.100000",
        "account_id": "111122223333",
        "region": "eu-west-2",
        "vpc_id": "vpc-0f00d00f",
        "query_timestamp": "2026-01-15T10:00:00Z",
        "query_name": "example.com.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [{"Rdata": "203.0.113.9", "Type": "A", "Class": "IN"}],
        "srcaddr": "10.1.2.3",
        "srcport": "5353",
        "transport": "UDP",
        "srcids": {"instance": "i-0c0ffee0c0ffee000"},
    }
    lines = [f"2026-01-15T10:00:00.000Z {json.dumps(query)}"]
    file = export(b, "vpc-0f00d00f-i-1", 0, lines, "cloudwatch-export")
    values = {"query_name": "example.com.", "srcport": 5353, "answer": "203.0.113.9", "rcode": "NOERROR"}
    b.row(
        file, 1, "resolver-query", "2026-01-15T10:00:00", values, group=f"./{TASK}", stream="vpc-0f00d00f-i-1"
    )


@case("e-public-zone")
def public_zone(b: Builder) -> None:
    said = (
        "2026-01-15T10:00:00.000Z 1.0 2026-01-15T09:59:59.900Z Z123412341234 example.com A NOERROR UDP LHR50-C1 "
        "192.0.2.53 -"
    )
    lines = [said]
    file = export(b, "Z123412341234-LHR50-C1", 0, lines, "cloudwatch-export")
    values = {"hosted_zone_id": "Z123412341234", "query_type": "A", "edge_location": "LHR50-C1"}
    b.row(
        file,
        1,
        "public-zone-query",
        "2026-01-15T10:00:00",
        values,
        group=f"./{TASK}",
        stream="Z123412341234-LHR50-C1",
    )


@case("e-bad-lines")
def bad_lines(b: Builder) -> None:
    name = f"{TASK}/{ENI}-all/000000.gz"
    lines = [
        stamped(flow()),
        "",
        stamped(flow(bytes="x")),
        "2026-01-15T10:00:00.000Z 2 too few",
        stamped(later(9)),
    ]
    problems = ((3, "bytes is not a number: x"), (4, "fields where"))
    file = b.file(name, zipped(text(*lines)), "flow-log-export", "cloudwatch-export", problems=problems)
    for number, row in ((1, flow(V2)), (5, later(9))):
        b.flow(file, number, row, group=f"./{TASK}", stream=f"{ENI}-all")
