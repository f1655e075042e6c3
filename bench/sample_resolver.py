"""What the instances of the sample ask the VPC's resolver, and what it answers.

Names are asked for where a flow log shows the conversation that follows, so every answer comes back as the
``dstaddr`` of a record. The queries themselves are in no flow log: traffic to the Amazon resolver never is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import polars as pl
from layouts import write_gzip
from sample_parts import HOUR, MINUTE, linux_port
from sample_vpc import (
    ACCOUNT,
    APP,
    BEGIN,
    BUCKET,
    BUCKET_IPV6,
    DATABASE,
    FINISH,
    MAIL_RELAY,
    MIRROR,
    MIRROR_IPV6,
    OFFICE,
    PARTNER,
    PARTNER_IPV6,
    REGION,
    TCP,
    TIME_SERVER,
    VPC_ID,
    WEB,
    WORKER,
    Interface,
    made_up_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POOL = "stratum.coin-pool.example."

_SEED = "20260115 resolver"
# A real delivery makes a file every five minutes; these are gathered to keep the sample small.
_FILE_SECONDS = 1800
# What the VPC's DHCP options append to names that are not found as they stand.
_SEARCH_DOMAIN = "ec2.internal."
_FOUND, _NOT_FOUND = "NOERROR", "NXDOMAIN"
_SYN_BITS = 4


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that instances look up; whoever asked remembers the answer for so many seconds."""

    name: str
    address: str
    ipv6_address: str | None = None
    seconds: int = 5 * MINUTE

    @property
    def addresses(self) -> tuple[str, ...]:
        """What the name stands for."""
        return tuple(each for each in (self.address, self.ipv6_address) if each)


_DATABASE_NAME = _Name("db.sample.internal.", DATABASE.address)
# Who keeps the time asks for its server once, and again when it has not answered for long.
_TIME_NAME = _Name("time.clocks.example.", TIME_SERVER, seconds=HOUR)
_ASKED: tuple[tuple[Interface, tuple[_Name, ...]], ...] = (
    (WEB, (_Name("app.sample.internal.", APP.address), _DATABASE_NAME, _TIME_NAME)),
    (APP, (_DATABASE_NAME, _Name("smtp.mail-relay.example.", MAIL_RELAY), _TIME_NAME)),
    (
        WORKER,
        (
            _Name("api.partner.example.", PARTNER, PARTNER_IPV6),
            _Name(f"example-exports.s3.dualstack.{REGION}.amazonaws.com.", BUCKET, BUCKET_IPV6),
            _Name("mirror.packages.example.", MIRROR, MIRROR_IPV6, seconds=MINUTE),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the resolver and its answer.

    Attributes:
        time: When it was asked, in epoch seconds.
        asker: The interface it came from.
        port: Its source port.
        name: What it asks for, with the dot at the end.
        type: The type of record it asks for.
        rcode: What came of it.
        answers: The data of the answers, all of the type that was asked for.
        blocked: Whether DNS Firewall answered in place of the resolver.
    """

    time: int
    asker: Interface
    port: int
    name: str
    type: str = "A"
    rcode: str = _FOUND
    answers: tuple[str, ...] = field(default=())
    blocked: bool = False


def write_resolver_logs(root: Path, records: pl.DataFrame) -> None:
    """Write the resolver's query logs as it delivers them to S3, to fit the flow-log records."""
    files: dict[int, list[Query]] = {}
    for query in _queries(records):
        files.setdefault(query.time // _FILE_SECONDS * _FILE_SECONDS, []).append(query)
    for begin, queries in files.items():
        lines = [json.dumps(_document(query), separators=(",", ":")) + "\n" for query in queries]
        write_gzip(root / _key(begin), "".join(lines))


def pool_moments() -> list[int]:
    """When the forgotten job on the web server asks for a mining pool."""
    rng = Random(f"{_SEED} pool")
    return [start + rng.randint(0, 90) for start in range(BEGIN + 11 * MINUTE, FINISH - 90, 16 * MINUTE)]


def _queries(records: pl.DataFrame) -> list[Query]:
    rng = Random(_SEED)
    queries = [
        query
        for asker, names in _ASKED
        for name in names
        for start in _times_asked(records, asker, name)
        for query in _look_up(rng, asker, name, max(BEGIN, start - rng.randint(0, 1)))
    ]
    queries.extend(_pool_queries(rng))
    queries.extend(_callers_asked_for(rng, records))
    return sorted(queries, key=lambda query: query.time)


def _times_asked(records: pl.DataFrame, asker: Interface, name: _Name) -> Iterator[int]:
    """The beginnings of conversations with a name that the asker does not remember any more."""
    flags, protocol = pl.col("tcp_flags"), pl.col("protocol")
    begun = records.filter(
        pl.col("interface_id") == asker.id,
        pl.col("dstaddr").is_in(name.addresses),
        # A TCP conversation is also in later windows, without its SYN.
        (flags % _SYN_BITS >= _SYN_BITS // 2) | (protocol != TCP),
    )
    forgotten = 0
    for start in begun["start"].sort():
        if start >= forgotten:
            yield start
            forgotten = start + name.seconds


def _look_up(rng: Random, asker: Interface, name: _Name, time: int) -> Iterator[Query]:
    if asker is APP:  # a container with ndots:5, which tries the search domain first
        searched = name.name + _SEARCH_DOMAIN
        yield Query(time, asker, linux_port(rng), searched, rcode=_NOT_FOUND)
    port = linux_port(rng)
    yield Query(time, asker, port, name.name, answers=(name.address,))
    if asker.ipv6_address:
        answers = (name.ipv6_address,) if name.ipv6_address else ()
        yield Query(time, asker, port, name.name, "AAAA", answers=answers)


def _pool_queries(rng: Random) -> Iterator[Query]:
    """A name that DNS Firewall blocks; told that there is none, the job tries the search domain as well."""
    for time in pool_moments():
        yield Query(time, WEB, linux_port(rng), POOL, rcode=_NOT_FOUND, blocked=True)
        yield Query(time, WEB, linux_port(rng), POOL + _SEARCH_DOMAIN, rcode=_NOT_FOUND)


def _callers_asked_for(rng: Random, records: pl.DataFrame) -> Iterator[Query]:
    """The ssh server wants to know the name of whoever calls."""
    calls = records.filter(
        pl.col("interface_id") == WEB.id,
        pl.col("srcaddr") == OFFICE,
        pl.col("dstport") == 22,
        pl.col("tcp_flags") % _SYN_BITS >= _SYN_BITS // 2,
    )
    reverse = ".".join(reversed(OFFICE.split("."))) + ".in-addr.arpa."
    for start in calls["start"].sort():
        yield Query(start, WEB, linux_port(rng), reverse, "PTR", answers=("gateway.office.example.",))


def _document(query: Query) -> dict[str, object]:
    document: dict[str, object] = {
        "version": "1.100000",
        "account_id": ACCOUNT,
        "region": REGION,
        "vpc_id": VPC_ID,
        "query_timestamp": f"{datetime.fromtimestamp(query.time, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "query_name": query.name,
        "query_type": query.type,
        "query_class": "IN",
        "rcode": query.rcode,
        "answers": [{"Rdata": data, "Type": query.type, "Class": "IN"} for data in query.answers],
        "srcaddr": query.asker.address,
        "srcport": str(query.port),
        "transport": "UDP",
        "srcids": {"instance": query.asker.instance_id},
    }
    if query.blocked:
        document["firewall_rule_action"] = "BLOCK"
        document["firewall_rule_group_id"] = made_up_id("rslvr-frg", "sample")
        document["firewall_domain_list_id"] = made_up_id("rslvr-fdl", "pools")
    return document


def _key(begin: int) -> str:
    moment = datetime.fromtimestamp(begin, UTC)
    stamp = f"{moment:%Y%m%dT%H%MZ}"
    digest = hashlib.sha256(f"{VPC_ID} {stamp}".encode()).hexdigest()[:8]
    folder = f"AWSLogs/{ACCOUNT}/vpcdnsquerylogs/{VPC_ID}/{moment:%Y/%m/%d}"
    return f"{folder}/{VPC_ID}_vpcdnsquerylogs_{ACCOUNT}_{stamp}_{digest}.log.gz"
