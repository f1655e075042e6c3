"""Small whole files of many layouts, what is in them, and what can still be read of one that is damaged.

How much that is, is found out with ``zlib`` and ``json`` alone, a byte at a time.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

from backports import zstd

from tests.corpus import route53
from tests.corpus.cloudwatch import stamped
from tests.corpus.flows import V2, empty, flow, later, line, text, titled, zipped

ROWS = [flow(), later(3), empty(), later(70, srcaddr="10.4.5.6")]
_TIMES = [1768471200000 + 60000 * number for number in range(3)]


@dataclass(frozen=True)
class Sample:
    """A whole file.

    Attributes:
        name: Its name.
        data: Its bytes.
        form: The format that ``check`` prints.
        records: How many there are in it, with those that are there twice.
        headers: The lines of it that are a header; ``None`` when its records are not lines.
    """

    name: str
    data: bytes
    form: str
    records: int
    headers: int | None = 0


def _envelope(count: int = 3) -> bytes:
    events = [{"id": str(n), "timestamp": _TIMES[n], "message": line(ROWS[n])} for n in range(count)]
    content = {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "g",
        "logStream": "s",
        "logEvents": events,
    }
    return json.dumps(content).encode()


def _trail() -> bytes:
    events = [
        {"eventVersion": "1.08", "eventTime": "2026-01-15T09:58:00Z", "eventSource": "s3.amazonaws.com"}
        | {"eventName": "GetObject", "eventID": f"e-{n}", "requestParameters": {"a": {"b": n}}}
        for n in range(3)
    ]
    return json.dumps({"Records": events}).encode()


def _results() -> bytes:
    rows = [
        [
            {"field": "@timestamp", "value": f"2026-01-15 10:0{n}:00.000"},
            {"field": "@message", "value": line(row)},
        ]
        for n, row in enumerate(ROWS[:3])
    ]
    return json.dumps({"results": rows, "statistics": {}, "status": "Complete"}).encode()


def _events(**more: object) -> bytes:
    told = [{"timestamp": _TIMES[n], "message": line(ROWS[n]), "ingestionTime": 1, **more} for n in range(3)]
    return json.dumps({"events": told, "nextForwardToken": "f"}).encode()


def _csv() -> bytes:
    rows = [f'"2026-01-15 10:0{n}:00.000","{line(row)}"' for n, row in enumerate(ROWS)]
    return text('"@timestamp","@message"', *rows)


_QUERIES = text(*map(json.dumps, route53.ORDINARY[:3]))
_JSON = text(*(json.dumps({"time": f"2026-01-15T10:00:0{n}Z", "n": n}) for n in range(5)))
_TAIL = text(*(f"2026-01-15T10:0{n}:00.000000+00:00 s {line(row)}" for n, row in enumerate(ROWS)))
_TEXT = text(*(f"2026-01-15T10:00:0{n}Z INFO all is well" for n in range(6)))
_ARRAY = json.dumps([{"time": "2026-01-15T10:00:00Z", "n": n} for n in range(4)]).encode()

PLAIN = [
    Sample("flow.log", titled(ROWS), "flow-log", 4, 1),
    Sample("grep.log", text(*map(line, ROWS)), "flow-log-headerless", 4),
    Sample("export.log", text(*map(stamped, ROWS)), "flow-log-export", 4),
    Sample("dns.log", _QUERIES, "resolver-query-log", 3),
    Sample("zone.log", text(*route53.LINES), "public-zone-query-log", 2),
    Sample("app.log", _JSON, "json-lines", 5),
    Sample("plain.log", _TEXT, "text", 6),
    Sample("wrapped.log", text(*(json.dumps({"message": line(row)}) for row in ROWS)), "wrapped-lines", 4),
    Sample("fh.log", _envelope() + _envelope(), "subscription", 6, None),
    Sample("trail.json", _trail(), "cloudtrail", 3, None),
    Sample("get.json", _events(), "get-log-events", 3, None),
    Sample("filter.json", _events(logStreamName="s", eventId="e"), "filter-log-events", 3, None),
    Sample("query.json", _results(), "query-results", 3, None),
    Sample("tail.log", _TAIL, "logs-tail", 4, None),
    Sample("insights.csv", _csv(), "insights-csv", 4, None),
    Sample("array.json", _ARRAY, "json", 4, None),
]
"""Files that are not packed."""

PACKED = [Sample(f"{one.name}.gz", zipped(one.data), one.form, one.records, one.headers) for one in PLAIN]
"""The same as gzip."""

FRAMES = [
    Sample("flow.log.zst", zstd.compress(PLAIN[0].data), "flow-log", 4, 1),
    Sample(
        "members.log.gz",
        zipped(text(" ".join(V2), line(ROWS[0]))) + zipped(text(*map(line, ROWS[1:]))),
        "flow-log",
        4,
        1,
    ),
    Sample("twice.log.gz", zipped(zipped(PLAIN[0].data)), "flow-log", 4, 1),
]
"""Other ways of packing."""


_PACKERS = {b"\x1f\x8b": lambda: zlib.decompressobj(31), b"\x28\xb5\x2f\xfd": zstd.ZstdDecompressor}
"""What unpacks a member, by the bytes that it begins with."""


def unpacked(data: bytes) -> bytes:
    """What can be unpacked of a file, fed with a byte at a time, through as many layers as it has."""
    for _ in range(3):
        magic = next((magic for magic in _PACKERS if data.startswith(magic)), None)
        if magic is None:
            break
        data = _unpacked_once(data, magic)
    return data


def _unpacked_once(data: bytes, magic: bytes) -> bytes:
    out, at = bytearray(), 0
    while data.startswith(magic, at):
        unpacker = _PACKERS[magic]()
        while at < len(data) and not unpacker.eof:
            try:
                out += unpacker.decompress(data[at : at + 1])
            except (zlib.error, zstd.ZstdError):
                return bytes(out)
            at += 1
        while data.startswith(b"\0", at):
            at += 1
    return bytes(out)


def lines(data: bytes) -> tuple[int, int]:
    """How many lines there are that say anything: those with an end, and all of them."""
    *ended, rest = data.split(b"\n")
    whole = sum(_says(one) for one in ended)
    return whole, whole + _says(rest)


def _says(one: bytes) -> bool:
    said = one.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\x0b\x0c")
    return bool(said) and not said.startswith(b"#")
