"""Tricky inputs, part C: files that are damaged or end too early; what can be read of them is kept."""

from __future__ import annotations

import gzip
import json

from tests.corpus.deliveries import ORDINARY
from tests.corpus.flows import ENI, flow, later, line, text, titled, zipped
from tests.corpus.model import Builder, case
from tests.corpus.results import TIMES
from tests.corpus.subscriptions import VPC, clock, envelope, event, object_name

DATA = titled(ORDINARY)


@case("C-crc-is-wrong")
def wrong_crc(b: Builder) -> None:
    data = bytearray(zipped(DATA))
    data[-5] ^= 0xFF
    file = b.file("x.gz", bytes(data), "flow-log", state="incomplete", reason="damaged")
    b.flows(file, ORDINARY, 2)


@case("C-length-is-wrong")
def wrong_length(b: Builder) -> None:
    data = bytearray(zipped(DATA))
    data[-1] ^= 0x01
    file = b.file("x.gz", bytes(data), "flow-log", state="incomplete", reason="damaged")
    b.flows(file, ORDINARY, 2)


@case("C-trailer-is-missing")
def no_trailer(b: Builder) -> None:
    file = b.file("x.gz", zipped(DATA)[:-8], "flow-log", state="incomplete", reason="too early")
    b.flows(file, ORDINARY, 2)


@case("C-something-follows")
def followed(b: Builder) -> None:
    file = b.file("x.gz", zipped(DATA) + b"garbage", "flow-log", state="incomplete", reason="follows")
    b.flows(file, ORDINARY, 2)


@case("C-second-member-cut-off")
def second_cut(b: Builder) -> None:
    data = zipped(DATA) + zipped(text(line(later(1)), line(later(2))))[:12]
    file = b.file("x.gz", data, "flow-log", state="incomplete", reason="too early")
    b.flows(file, ORDINARY, 2)


@case("C-stored-blocks-cut-off")
def stored_cut(b: Builder) -> None:
    data = gzip.compress(titled([flow(), later(3), later(6)]), 0, mtime=0)[:-60]
    file = b.file("x.gz", data, "flow-log", state="incomplete", reason="too early")
    b.flows(file, [flow(), later(3)], 2)


@case("C-only-the-magic-bytes")
def only_magic(b: Builder) -> None:
    b.file("x.gz", b"\x1f\x8b", None, state="incomplete")
    b.file("x.parquet", b"PAR1", None, state="incomplete")
    b.file("x.log.gz", b"\x1f\x8b\x08\x00" + bytes(3), None, state="incomplete")


@case("C-subscription-cut-off")
def subscription_cut(b: Builder) -> None:
    events = [event(f"{b.code}{n}", line(later(n)), n) for n in range(4)]
    group = f"{VPC}/{b.name}"
    data = envelope(group, f"{ENI}-all", events[:2]) + envelope(group, f"{ENI}-all", events[2:])
    end = data.index(f'"{b.code}3"'.encode()) + 4
    file = b.file(object_name(b), zipped(data[:end]), "subscription", "firehose", state="incomplete")
    for n in range(3):
        b.flow(file, n + 1, later(n), group=group, stream=f"{ENI}-all", time=clock(n))


@case("C-get-log-events-cut-off")
def events_cut(b: Builder) -> None:
    told = [{"timestamp": 1768471200000, "message": line(later(n)), "ingestionTime": 1} for n in range(3)]
    data = json.dumps({"events": told, "nextForwardToken": "f"}).encode()
    end = data.rindex(b'"message"') + 20
    file = b.file("x.json", data[:end], "get-log-events", state="incomplete")
    for n in range(2):
        b.flow(file, n + 1, later(n), time="2026-01-15T10:00:00")


@case("C-query-results-cut-off")
def results_cut(b: Builder) -> None:
    rows = [
        [{"field": "@timestamp", "value": time}, {"field": "@message", "value": line(later(n))}]
        for n, time in enumerate(TIMES)
    ]
    data = json.dumps({"results": rows, "statistics": {}, "status": "Complete"}).encode()
    end = data.rindex(b'"@message"')
    file = b.file("x.json", data[:end], "query-results", state="incomplete")
    b.flow(file, 1, later(0), time=TIMES[0].replace(" ", "T"))


@case("C-json-array-cut-off")
def array_cut(b: Builder) -> None:
    data = json.dumps([{"timestamp": f"2026-01-15T10:00:0{n}Z", "a": n} for n in range(3)]).encode()
    file = b.file("x.json", data[:-20], "json", state="incomplete")
    for n in range(2):
        b.row(file, n + 1, "json", f"2026-01-15T10:00:0{n}", {})


@case("C-json-lines-with-a-broken-one")
def json_broken(b: Builder) -> None:
    good = '{"time":"2026-01-15T10:00:00Z","n":1}'
    file = b.file("x.json", text(good, '{"time":', good), "json-lines", problems=((2, "not valid JSON"),))
    for number in (1, 3):
        b.row(file, number, "json", "2026-01-15T10:00:00", {"message": good})


@case("E-hostile-json")
def hostile_json(b: Builder) -> None:
    values = ["123456789012345678901234567890", "1", '1,"a":2', "[[[[[[]]]]]]", '"\\u001b[2J"']
    lines = [f'{{"time": "2026-01-15T10:00:00Z", "a": {value}}}' for value in values]
    file = b.file("x.json", text(*lines), "json-lines")
    for number, said in enumerate(lines, 1):
        # A number beyond 64 bits is kept as text, so that its message is not the line as it stood.
        told = {"message": said} if number > 1 else {"message": said.replace(values[0], f'"{values[0]}"')}
        b.row(file, number, "json", "2026-01-15T10:00:00", told)


@case("E-hostile-messages")
def hostile_messages(b: Builder) -> None:
    said = [
        "\x1b]52;c;AAAA\x07 \x9b2J",
        "[red]x[/] [link=y]",
        "\u202egnp.exe\u2066",
        "nul \x00 bell \x07",
        "a\ud800b",
    ]
    told = [
        {
            "timestamp": 1768471200000,
            "message": one,
            "ingestionTime": 1,
            "logStreamName": "s\x1b[2J",
            "eventId": f"{b.code}{n}",
        }
        for n, one in enumerate(said)
    ]
    data = json.dumps({"events": told, "searchedLogStreams": []}).encode()
    file = b.file("x.json", data, "filter-log-events")
    for n, one in enumerate(said):
        values = {"message": one} if n < 4 else {}
        b.row(file, n + 1, "text", "2026-01-15T10:00:00", values, stream="s\x1b[2J")
