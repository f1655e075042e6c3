"""(g): what the AWS command line prints of CloudWatch logs."""

from __future__ import annotations

import json
import os
from typing import Any

from tests.corpus.flows import ENI, OTHER_ENI, START, empty, flow, later, line, text, zipped
from tests.corpus.model import Builder, case

ROWS = [flow(), later(60), empty(start=START + 120, end=START + 150)]


def clock(second: int, part: str = "000") -> str:
    return f"2026-01-15T10:{second // 60:02d}:{second % 60:02d}.{part}"


def events(b: Builder, stream: str | None) -> list[dict[str, Any]]:
    """The events of ``ROWS``, a minute apart."""
    found = []
    for number, row in enumerate(ROWS):
        found.append({"timestamp": (START + 60 * number) * 1000, "message": line(row)})
        found[-1]["ingestionTime"] = (START + 400) * 1000
        if stream:
            found[-1] = {"logStreamName": stream, **found[-1], "eventId": f"{b.code}{number}"}
    return found


def expect(b: Builder, file: str, stream: str | None = None) -> None:
    for number, row in enumerate(ROWS):
        b.flow(file, number + 1, row, stream=stream)


@case("g-get-log-events")
def get_log_events(b: Builder) -> None:
    document = {"events": events(b, None), "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}
    expect(b, b.file("out.json", json.dumps(document).encode(), "get-log-events"))


@case("g-get-log-events-set-out")
def get_log_events_pretty(b: Builder) -> None:
    document = {"events": events(b, None), "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}
    expect(b, b.file("out.json", json.dumps(document, indent=4).encode() + b"\n", "get-log-events"))


@case("g-get-log-events-none")
def no_events(b: Builder) -> None:
    document = {"events": [], "nextForwardToken": "f/1", "nextBackwardToken": "b/1"}
    b.file("out.json", json.dumps(document).encode(), "get-log-events")


@case("g-get-log-events-of-text")
def text_events(b: Builder) -> None:
    messages = ["START RequestId: 1\n", "all is well"]
    told = [
        {"timestamp": (START + n) * 1000, "message": m, "ingestionTime": 1} for n, m in enumerate(messages)
    ]
    file = b.file(
        "out.json", json.dumps({"events": told, "nextForwardToken": "f"}).encode(), "get-log-events"
    )
    for n in range(2):
        b.row(file, n + 1, "text", clock(n), {})


@case("g-filter-log-events")
def filter_log_events(b: Builder) -> None:
    document = {"events": events(b, f"{ENI}-all"), "searchedLogStreams": [], "nextToken": "t"}
    file = b.file("out.json.gz", zipped(json.dumps(document, indent=4).encode()), "filter-log-events")
    expect(b, file, f"{ENI}-all")


@case("g-filter-log-events-searched-first")
def searched_first(b: Builder) -> None:
    document = {"searchedLogStreams": [], "events": events(b, f"{ENI}-all")}
    expect(b, b.file("out.json", json.dumps(document).encode(), "filter-log-events"), f"{ENI}-all")


@case("g-filter-log-events-text")
def filter_text(b: Builder) -> None:
    lines = [
        "\t".join(
            (
                "EVENTS",
                f"{b.code}{n}",
                str((START + 400) * 1000),
                f"{ENI}-all",
                line(row),
                f"{START + 60 * n}000",
            )
        )
        for n, row in enumerate(ROWS)
    ]
    file = b.file("out.txt", text(*lines, f"SEARCHEDLOGSTREAMS\t{ENI}-all\tTrue"), "filter-log-events-text")
    expect(b, file, f"{ENI}-all")


def tail(b: Builder, lines: list[str]) -> str:
    return b.file("tail.log", text(*lines), "logs-tail")


@case("g-tail-detailed")
def tail_detailed(b: Builder) -> None:
    lines = [f"{clock(60 * n)}000+00:00 {ENI}-all {line(row)}" for n, row in enumerate(ROWS)]
    expect(b, tail(b, lines), f"{ENI}-all")


@case("g-tail-coloured")
def tail_coloured(b: Builder) -> None:
    lines = [
        f"\x1b[32m{clock(60 * n)}000+00:00\x1b[0m \x1b[36m{ENI}-all\x1b[0m {line(row)}"
        for n, row in enumerate(ROWS)
    ]
    expect(b, tail(b, lines), f"{ENI}-all")


@case("g-tail-short")
def tail_short(b: Builder) -> None:
    expect(b, tail(b, [f"{clock(60 * n)[:19]} {line(row)}" for n, row in enumerate(ROWS)]))


@case("g-tail-json-set-out")
def tail_json(b: Builder) -> None:
    contents = [{"level": "info", "n": n} for n in range(2)]
    lines, starts = [], []
    for n, content in enumerate(contents):
        starts.append(len(lines) + 1)
        lines += f"{clock(n)}000+00:00 app/1 {json.dumps(content, indent=4)}".split("\n")
    file = tail(b, lines)
    for n, start in enumerate(starts):
        b.row(file, start, "json", clock(n), {}, stream="app/1")


@case("g-tail-of-text")
def tail_text(b: Builder) -> None:
    lines = [
        f"{clock(0, '678')}000+00:00 app/1 Traceback (most recent call last):",
        '  File "a.py", line 1',
        "ValueError: no",
        f"{clock(1)}000+00:00 app/2 done",
    ]
    file = tail(b, lines)
    b.row(
        file,
        1,
        "text",
        clock(0, "678"),
        {"message": "\n".join([lines[0].split(" ", 2)[2], *lines[1:3]])},
        stream="app/1",
    )
    b.row(file, 4, "text", clock(1), {"message": "done"}, stream="app/2")


@case("g-tail-none-is-json-lines")
def tail_none(b: Builder) -> None:
    lines = [json.dumps({"timestamp": f"{clock(n)}Z", "level": "info"}) for n in range(3)]
    file = b.file("tail.log", text(*lines), "json-lines")
    for n, one in enumerate(lines):
        b.row(file, n + 1, "json", clock(n), {"message": one})


@case("g-two-interfaces-in-one-document")
def two_streams(b: Builder) -> None:
    rows = [flow(), flow(interface_id=OTHER_ENI)]
    told = [
        {"timestamp": START * 1000, "message": line(row), "ingestionTime": 1, "eventId": f"{b.code}{n}"}
        | {"logStreamName": row["interface-id"] + "-all"}
        for n, row in enumerate(rows)
    ]
    file = b.file(
        "out.json", json.dumps({"events": told, "searchedLogStreams": []}).encode(), "filter-log-events"
    )
    for n, row in enumerate(rows):
        b.flow(file, n + 1, row, stream=row["interface-id"] + "-all")


@case("g-get-log-events-of-several-pages")
def several_pages(b: Builder) -> None:
    pages = [{"events": [one], "nextForwardToken": "f", "nextBackwardToken": "b"} for one in events(b, None)]
    data = "\n".join(json.dumps(page, indent=4) for page in pages).encode()
    expect(b, b.file("out.json", data, "get-log-events"))


@case("g-get-log-events-that-are-the-same")
def identical(b: Builder) -> None:
    told = [{"timestamp": START * 1000, "message": line(flow()), "ingestionTime": 1}] * 2
    file = b.file(
        "out.json", json.dumps({"events": told, "nextForwardToken": "f"}).encode(), "get-log-events"
    )
    b.flows(file, [flow(), flow()])


@case("g-filter-log-events-that-overlap")
def overlapping(b: Builder) -> None:
    told = events(b, "s")
    for name, some in (("one.json", told[:2]), ("two.json", told[1:])):
        b.file(name, json.dumps({"events": some, "searchedLogStreams": []}).encode(), "filter-log-events")
    # The files are read from the newest to the oldest; of the event that both hold either will do.
    os.utime(b.folder / "one.json", (START, START))
    os.utime(b.folder / "two.json", (START + 9, START + 9))
    b.flow("one.json", 1, ROWS[0], stream="s")
    b.flow("two.json", 1, ROWS[1], stream="s")
    b.flow("two.json", 2, ROWS[2], stream="s")
