"""Flow-log records as dictionaries of text, the ways to write them, and what their values mean."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def words(text: str) -> list[str]:
    """Names with blanks between them."""
    return text.split()


V2 = words(
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status"
)
V3 = [*V2, *words("vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr")]
V4 = [*V3, *words("region az-id sublocation-type sublocation-id")]
V5 = [*V4, *words("pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path")]
TGW = words(
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
    "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id "
    "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
    "log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded "
    "packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
)
SETS = {2: V2, 3: V3, 4: V4, 5: V5}
"""The fields that were there up to a version, in the order of AWS's table."""

INT32 = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"}
INT64 = {"packets", "bytes", "start", "end", *(name for name in TGW if name.startswith("packets-lost-"))}
_STREAMS = ("interface-id", "resource-id", "tgw-attachment-id", "tgw-id")

ACCOUNT = "111122223333"
REGION = "eu-west-2"
ENI = "eni-0a1b2c3d4e5f60718"
OTHER_ENI = "eni-09f8e7d6c5b4a3921"
START = 1768471200
"""2026-01-15T10:00:00Z."""

_RECORD = {
    "version": "2",
    "account-id": ACCOUNT,
    "interface-id": ENI,
    "srcaddr": "203.0.113.77",
    "dstaddr": "10.1.2.3",
    "srcport": "40321",
    "dstport": "443",
    "protocol": "6",
    "packets": "11",
    "bytes": "1234",
    "start": str(START),
    "end": str(START + 58),
    "action": "ACCEPT",
    "log-status": "OK",
    "vpc-id": "vpc-0f00d00f",
    "subnet-id": "subnet-0beef0beef0beef00",
    "instance-id": "i-0c0ffee0c0ffee000",
    "tcp-flags": "19",
    "type": "IPv4",
    "pkt-srcaddr": "203.0.113.77",
    "pkt-dstaddr": "10.1.2.3",
    "region": REGION,
    "az-id": "euw2-az1",
    "flow-direction": "ingress",
    "pkt-dst-aws-service": "-",
    "traffic-path": "-",
    "resource-type": "TransitGateway",
    "tgw-id": "tgw-0123456789abcdef0",
    "tgw-attachment-id": "tgw-attach-0aa11bb22cc33dd44",
    "tgw-src-vpc-account-id": ACCOUNT,
    "tgw-dst-vpc-account-id": "444455556666",
    "tgw-src-vpc-id": "vpc-0f00d00f",
    "tgw-dst-vpc-id": "vpc-0cafe00cafe00cafe",
    "tgw-src-eni": ENI,
    "tgw-dst-eni": OTHER_ENI,
    "packets-lost-no-route": "0",
    "packets-lost-blackhole": "2",
    "packets-lost-mtu-exceeded": "0",
    "packets-lost-ttl-expired": "0",
}


def flow(names: Sequence[str] = V2, **changes: object) -> dict[str, str]:
    """A record of these fields; ``-`` where nothing is known."""
    given = {name.replace("_", "-"): str(value) for name, value in changes.items()}
    return {name: given.get(name, _RECORD.get(name, "-")) for name in [*names, *(set(given) - set(names))]}


def later(seconds: int, names: Sequence[str] = V2, **changes: object) -> dict[str, str]:
    """A record of some seconds later."""
    return flow(names, **({"start": START + seconds, "end": START + seconds + 58} | changes))


def empty(status: str = "NODATA", names: Sequence[str] = V2, **changes: object) -> dict[str, str]:
    """A record that says that there was no traffic, or that some was lost."""
    gone = words("srcaddr dstaddr srcport dstport protocol packets bytes action tcp-flags type pkt-srcaddr")
    gone += ["pkt-dstaddr", "flow-direction"]
    nothing = {name.replace("-", "_"): "-" for name in gone if name in names}
    return flow(names, **(nothing | {"log_status": status} | changes))


def line(record: Mapping[str, str], names: Sequence[str] | None = None) -> str:
    """A record as AWS writes it."""
    return " ".join(record[name] for name in (names or record))


def text(*lines: str, eol: str = "\n") -> bytes:
    """Lines, each with its end."""
    return "".join(one + eol for one in lines).encode("utf-8", "surrogateescape")


def zipped(data: bytes) -> bytes:
    """One gzip member, the same for the same bytes."""
    return gzip.compress(data, mtime=0)


def titled(records: Sequence[Mapping[str, str]], names: Sequence[str] | None = None) -> bytes:
    """A header and its records."""
    return text(" ".join(names or records[0]), *(line(record, names) for record in records))


def typed(record: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a record: numbers where numbers are due, nothing for ``-``."""
    return {name.replace("-", "_"): _value(name, value) for name, value in record.items()}


def _value(name: str, value: str) -> Any:
    if value == "-":
        return None
    return int(value) if name in INT32 | INT64 else value


def time_of(record: Mapping[str, str]) -> datetime | None:
    """When a record begins; without a start, when it ends."""
    for name in ("start", "end"):
        if record.get(name, "-") != "-":
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(record[name]))
    return None


def stream_of(record: Mapping[str, str]) -> str | None:
    """The stream that a record names itself."""
    return next((record[name] for name in _STREAMS if record.get(name, "-") != "-"), None)


def name(
    flow_log: str,
    code: str,
    *,
    time: str = "20260115T1000Z",
    account: str = ACCOUNT,
    region: str = REGION,
    end: str = "log.gz",
) -> str:
    """The name of an S3 delivery."""
    return f"{account}_vpcflowlogs_{region}_{flow_log}_{time}_{code}.{end}"
