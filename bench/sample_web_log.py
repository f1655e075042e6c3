"""What the web server writes into its application log, as a subscription hands it to Firehose.

Its lines are about the same conversations as the flow-log records: visitors, scanners that look in, the
restart of the application, and the forgotten job that tries the database.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import polars as pl
from layouts import write_gzip
from sample_parts import HOUR
from sample_resolver import POOL, pool_moments
from sample_vpc import (
    ACCOUNT,
    APP,
    BEGIN,
    DATABASE,
    LESSER_SCANNERS,
    OLD_CLIENTS,
    SCANNER,
    WEB,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WEB_LOG_FOLDER = "example-web-logs"
_STREAM = "example-web-logs"
_GROUP = "/app/web"
_FILTER = "everything-to-firehose"

_SEED = "20260115 web log"
_RST, _SYN_BITS = 4, 4
# The log samples ordinary requests: one in so many is written.
_ONE_IN = 21
_PATHS = ("/", "/", "/products", "/products/417", "/cart", "/api/orders", "/api/search?q=lamp", "/about")
_SCANNED = ("/.env", "/wp-login.php", "/admin/", "/.git/config", "/phpmyadmin/")
_AT_MOST = 8  # events that CloudWatch puts into one envelope
# An id of CloudWatch has 56 digits and rises with time.
_ID_SHIFT = 145


@dataclass(frozen=True, slots=True)
class _Event:
    """A log event; the time is in milliseconds since the epoch."""

    time: int
    message: str


def write_web_log(root: Path, records: pl.DataFrame) -> None:
    """Write the application log as Firehose objects, to fit the flow-log records.

    Firehose opens an object at least every 15 minutes; here an hour is one, to keep the sample small.
    """
    events = [
        (str((event.time << _ID_SHIFT) + number), event) for number, event in enumerate(_events(records))
    ]
    hours: dict[int, list[dict[str, object]]] = {}
    for ident, event in events:
        begin = event.time // 1000 // HOUR * HOUR
        hours.setdefault(begin, []).append({"id": ident, "timestamp": event.time, "message": event.message})
    for begin, packed in hours.items():
        envelopes = [_envelope(packed[at : at + _AT_MOST]) for at in range(0, len(packed), _AT_MOST)]
        if begin == BEGIN:
            envelopes.insert(0, _control_message(begin))
            # Delivered at least once means: now and then twice.
            envelopes.append(_envelope(packed[-1:]))
        texts = [json.dumps(each, separators=(",", ":")) for each in envelopes]
        write_gzip(root / _key(begin), "".join(texts))


def _events(records: pl.DataFrame) -> list[_Event]:
    rng = Random(_SEED)
    mine = records.filter(pl.col("interface_id") == WEB.id).sort("start", maintain_order=True)
    begun = mine.filter(pl.col("tcp_flags") % _SYN_BITS >= _SYN_BITS // 2)
    events = [
        *_requests(rng, begun),
        *_refused_upstream(rng, mine),
        *_job_without_database(rng, begun),
        *_job_without_pool(rng),
    ]
    return sorted(events, key=lambda event: event.time)


def _requests(rng: Random, begun: pl.DataFrame) -> Iterator[_Event]:
    """Some of the visitors, and every scanner that came through the open door."""
    visits = begun.filter(pl.col("dstaddr") == WEB.address, pl.col("dstport") == 443)
    scanners = {SCANNER, *LESSER_SCANNERS}
    for start, client in visits.select("start", "srcaddr").iter_rows():
        if client in OLD_CLIENTS:  # they never hear an answer, and so never ask for anything
            continue
        if client in scanners:
            yield _request(rng, start, "warn", "no such page", rng.choice(_SCANNED), 404, client)
        elif rng.randrange(_ONE_IN) == 0:
            path = rng.choice(_PATHS)
            status = rng.choices((200, 304, 404), (88, 8, 4))[0]
            yield _request(rng, start, "info", "request", path, status, client)


def _refused_upstream(rng: Random, mine: pl.DataFrame) -> Iterator[_Event]:
    """For every reset that the application answers with, a line of the proxy and one of the web server."""
    resets = mine.filter(pl.col("srcaddr") == APP.address, pl.col("tcp_flags") == _RST)
    visits = mine.filter(pl.col("dstaddr") == WEB.address, pl.col("dstport") == 443)
    for start in resets["start"]:
        client = visits.filter(pl.col("start") <= start)["srcaddr"][-1]
        upstream = f"http://{APP.address}:8080/api/orders"
        yield _event(rng, start, f"connect() failed (111: Connection refused), upstream: {upstream}")
        yield _request(rng, start, "error", "upstream refused the connection", "/api/orders", 502, client)


def _job_without_database(rng: Random, begun: pl.DataFrame) -> Iterator[_Event]:
    tries = begun.filter(pl.col("dstaddr") == DATABASE.address, pl.col("dstport") == 5432)
    for start in tries["start"]:
        # It gives up five seconds after its first packet.
        what = f"report-export: connection to {DATABASE.address}, port 5432 timed out"
        yield _event(rng, start + 5, what)


def _job_without_pool(rng: Random) -> Iterator[_Event]:
    for moment in pool_moments():
        yield _event(rng, moment, f"report-export: getaddrinfo ENOTFOUND {POOL.rstrip('.')}")


def _request(rng: Random, start: int, level: str, what: str, path: str, status: int, client: str) -> _Event:
    document = {"level": level, "msg": what, "path": path, "status": status, "client": client}
    return _event(rng, start, json.dumps(document))


def _event(rng: Random, second: int, message: str) -> _Event:
    return _Event(second * 1000 + rng.randint(0, 999), message)


def _envelope(events: Sequence[dict[str, object]]) -> dict[str, object]:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": _GROUP,
        "logStream": WEB.instance_id,
        "subscriptionFilters": [_FILTER],
        "logEvents": list(events),
    }


def _control_message(begin: int) -> dict[str, object]:
    """What CloudWatch sends to find out whether anybody listens."""
    text = "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    return {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": begin * 1000, "message": text}],
    }


def _key(begin: int) -> str:
    moment = datetime.fromtimestamp(begin, UTC)
    ident = uuid.UUID(bytes=hashlib.sha256(f"{_STREAM} {begin}".encode()).digest()[:16], version=4)
    return f"{WEB_LOG_FOLDER}/{moment:%Y/%m/%d/%H}/{_STREAM}-1-{moment:%Y-%m-%d-%H-%M-%S}-{ident}"
