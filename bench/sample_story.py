"""Six hours in the sample VPC: who talks to whom, and what is refused.

Every scene draws from a random source of its own, so that a change to one scene leaves the others alone.
"""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from sample_flows import Conversation, Fate, Row, Volume, observe, silent_windows, without_data
from sample_parts import (
    HOUR,
    MINUTE,
    Visitors,
    any_port,
    arrivals,
    batch_rhythm,
    daily_rhythm,
    exchange,
    https,
    ipv6,
    knock,
    linux_port,
    ping,
    refused_by,
    syn,
    through_nat,
)
from sample_vpc import (
    APP,
    BEGIN,
    BUCKET,
    BUCKET_IPV6,
    DATABASE,
    FINISH,
    ICMP,
    ICMPV6,
    LAPTOP,
    LESSER_SCANNERS,
    MAIL_RELAY,
    MIRROR,
    MIRROR_IPV6,
    NAT,
    OFFICE,
    OLD_CLIENTS,
    PARTNER,
    PARTNER_IPV6,
    SCANNER,
    TCP,
    TIME_SERVER,
    UDP,
    WEB,
    WORKER,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sample_flows import Value

    _Ends = frozenset[tuple[Value, Value]]

_SEED = 20260115
_NOISE_BEGINS = BEGIN + 3 * HOUR
_RESTART = range(BEGIN + 90 * MINUTE, BEGIN + 93 * MINUTE)
_SKIPPED_WINDOW = BEGIN + 4 * HOUR + 20 * MINUTE + WEB.phase
_LOSS = 0.85

_SCANNED_PORTS = (
    *(21, 22, 23, 25, 80, 110, 139, 443, 445, 1433, 1521, 2222, 2375, 3306, 3389, 5432, 5900, 5985),
    *(6379, 8000, 8080, 8443, 9200, 11211, 27017),
)


def tell() -> list[Row]:
    """Make all the records of the sample, in no particular order, as AWS delivers them."""
    rows = [row for scene in _SCENES for row in scene(Random(f"{_SEED} {scene.__name__}"))]
    rows = list(_with_a_skipped_window(rows, Random(f"{_SEED} skipped")))
    rows.extend(silent_windows(rows))
    Random(_SEED).shuffle(rows)
    return rows


def _with_a_skipped_window(rows: Sequence[Row], rng: Random) -> Iterator[Row]:
    """Lose most of one window of the web server, and leave the SKIPDATA record that says so."""
    marker = without_data(WEB, _SKIPPED_WINDOW, "SKIPDATA")
    first_seen: dict[_Ends, int] = {}
    for row in rows:
        if row["interface_id"] == WEB.id:
            first_seen[_ends(row)] = min(int(row["end"] or 0), first_seen.get(_ends(row), FINISH))
    # One that began in the window is lost to its end: nothing accepts a reply without its request.
    begun = {ends: rng.random() < _LOSS for ends, end in first_seen.items() if end == marker["end"]}
    for row in rows:
        ends = _ends(row)
        lost = begun[ends] if ends in begun else row["end"] == marker["end"] and rng.random() < _LOSS
        if row["interface_id"] != WEB.id or not lost:
            yield row
    yield marker


def _ends(row: Row) -> _Ends:
    """Name the conversation that a record is part of, whichever way it went."""
    return frozenset(((row["srcaddr"], row["srcport"]), (row["dstaddr"], row["dstport"])))


# Scenes at the web server


def _https_visitors(rng: Random) -> Iterator[Row]:
    visitors = Visitors(rng)
    for start in arrivals(rng, lambda now: 6.5 * daily_rhythm(now)):
        seconds = rng.choices((rng.randint(0, 15), rng.randint(15, 80), rng.randint(80, 400)), (78, 18, 4))[0]
        yield from observe(https(rng, visitors.pick(), WEB.address, start, seconds), WEB)


def _http_visitors(rng: Random) -> Iterator[Row]:
    """Clients that still come by port 80: waves, and a rise at 13:00 when a link without https got about."""
    visitors = Visitors(rng)

    def rate(now: int) -> float:
        minute = (now - BEGIN) / MINUTE
        waves = sum(5 * math.exp(-(((minute - peak) / 6) ** 2)) for peak in (42, 111))
        since_noise = (now - _NOISE_BEGINS) / MINUTE
        rise = 10 * min(1, since_noise / 5) * math.exp(-since_noise / 75) if since_noise > 0 else 0
        return 1.5 * daily_rhythm(now) + waves + rise

    for start in arrivals(rng, rate, busiest=16):
        yield from refused_by(WEB, rng, visitors.pick(), any_port(rng), WEB.address, 80, start)


def _old_clients(rng: Random) -> Iterator[Row]:
    """Clients whose own ports lie below what the network ACL lets out: they ask, the answer stays inside."""
    for start in arrivals(rng, lambda _: 0.12):
        talk = replace(
            https(rng, rng.choice(OLD_CLIENTS), WEB.address, start, rng.randint(3, 45)),
            client_port=rng.randint(1100, 4999),
            sent=syn(rng.randint(2, 5)),
            received=syn(rng.randint(3, 6)),
        )
        yield from observe(talk, WEB, Fate.REPLY_REFUSED)


def _scanner(rng: Random) -> Iterator[Row]:
    """Sweeps over many ports, and a long one in the wake of the rise at 13:00."""
    sweep_begin = BEGIN + 9 * MINUTE
    while sweep_begin < FINISH:
        for port in rng.sample(_SCANNED_PORTS, len(_SCANNED_PORTS)):
            yield from _probe(rng, SCANNER, port, sweep_begin + rng.randint(0, 200))
        sweep_begin += rng.randint(40, 70) * MINUTE
    for start in arrivals(rng, lambda now: 5.0 if 0 <= now - _NOISE_BEGINS < 80 * MINUTE else 0.0):
        yield from _probe(rng, SCANNER, rng.choice(_SCANNED_PORTS), start)


def _lesser_scanners(rng: Random) -> Iterator[Row]:
    for start in arrivals(rng, lambda _: 0.7):
        yield from _probe(rng, rng.choice(LESSER_SCANNERS), rng.choice(_SCANNED_PORTS), start)


def _probe(rng: Random, scanner: str, port: int, start: int) -> Iterator[Row]:
    if port == 443:  # the one open door: the scanner looks in and goes
        yield from observe(https(rng, scanner, WEB.address, start, rng.randint(0, 2)), WEB)
    else:
        yield from refused_by(WEB, rng, scanner, any_port(rng), WEB.address, port, start)


def _office(rng: Random) -> Iterator[Row]:
    """The administrators: long SSH sessions, and ping now and then."""
    for start in arrivals(rng, lambda _: 0.025):
        seconds = rng.randint(3, 40) * MINUTE
        keystrokes = seconds * rng.randint(1, 3) + 30
        sent, received = Volume(keystrokes, keystrokes * 88), Volume(keystrokes, keystrokes * 170)
        port = rng.randint(49152, 65535)
        yield from observe(
            Conversation(OFFICE, port, WEB.address, 22, TCP, start, seconds, sent, received), WEB
        )
    for start in arrivals(rng, lambda _: 0.06):
        yield from observe(ping(OFFICE, WEB.address, ICMP, start, rng.randint(4, 150)), WEB)


# Scenes between the servers


def _web_calls_app(rng: Random) -> Iterator[Row]:
    """The web server calls the application; for three minutes of a restart nothing listens there."""
    for start in arrivals(rng, lambda now: 3.2 * daily_rhythm(now)):
        seconds = rng.choices((rng.randint(0, 20), rng.randint(30, 150)), (60, 40))[0]
        talk = exchange(rng, WEB.address, APP.address, 8080, start, seconds, rng.randint(2_000, 90_000))
        fate = Fate.ANSWERED
        if start in _RESTART:
            talk = replace(talk, seconds=0, sent=Volume(1, 60), received=Volume(1, 40))
            fate = Fate.RESET
        for interface in (WEB, APP):
            yield from observe(talk, interface, fate)


def _app_queries_database(rng: Random) -> Iterator[Row]:
    """A pooled connection that is renewed every half hour, and short ones as they are needed."""
    # The first was opened before the flow logs of this sample begin: it has no SYN in them.
    for start in range(BEGIN - 13 * MINUTE, FINISH, 30 * MINUTE):
        yield from _query(rng, start, 30 * MINUTE - 2, rng.randint(20_000_000, 60_000_000))
    for start in arrivals(rng, lambda now: 1.3 * daily_rhythm(now)):
        yield from _query(rng, start, rng.randint(0, 70), rng.randint(1_000, 400_000))


def _query(rng: Random, start: int, seconds: int, reply_bytes: int) -> Iterator[Row]:
    talk = exchange(rng, APP.address, DATABASE.address, 5432, start, seconds, reply_bytes)
    for interface in (APP, DATABASE):
        yield from observe(talk, interface)


def _strangers_at_the_database(rng: Random) -> Iterator[Row]:
    """A forgotten job on the web server and somebody's laptop try the database; its group refuses both."""
    for start in arrivals(rng, lambda _: 0.07):
        talk = knock(rng, WEB.address, linux_port(rng), DATABASE.address, 5432, start)
        yield from observe(talk, WEB, Fate.UNANSWERED)
        yield from observe(talk, DATABASE, Fate.REQUEST_REFUSED)
    for start in arrivals(rng, lambda _: 0.04):
        yield from refused_by(DATABASE, rng, LAPTOP, rng.randint(49152, 65535), DATABASE.address, 5432, start)


# Scenes on the way out


def _clocks(rng: Random) -> Iterator[Row]:
    """Two servers ask a public time server, one directly and one through the NAT gateway."""
    for interface, every in ((WEB, 256), (APP, 512)):
        for start in range(BEGIN + rng.randint(20, 200), FINISH, every):
            packet = Volume(1, 76)
            port = linux_port(rng)
            talk = Conversation(
                interface.address, port, TIME_SERVER, 123, UDP, start + rng.randint(0, 9), 0, packet, packet
            )
            yield from observe(talk, interface)
            if interface is APP:
                yield from through_nat(rng, talk)


def _mail(rng: Random) -> Iterator[Row]:
    """The application wants to send mail; no egress rule of its group allows that."""
    for start in arrivals(rng, lambda _: 0.15):
        yield from refused_by(APP, rng, APP.address, linux_port(rng), MAIL_RELAY, 587, start)


def _worker_fetches(rng: Random) -> Iterator[Row]:
    """The worker fetches in batches: IPv6 straight out, IPv4 through the NAT gateway."""
    for start in arrivals(rng, lambda now: 0.7 * batch_rhythm(now)):
        address = rng.choices((PARTNER, BUCKET), (60, 40))[0]
        talk = https(rng, WORKER.address, address, start, rng.randint(0, 90), linux_port(rng))
        yield from observe(talk, WORKER)
        yield from through_nat(rng, talk)
    for start in arrivals(rng, lambda now: 1.6 * batch_rhythm(now)):
        address = rng.choices((PARTNER_IPV6, BUCKET_IPV6), (55, 45))[0]
        talk = https(rng, ipv6(WORKER), address, start, rng.randint(0, 120), linux_port(rng))
        yield from observe(talk, WORKER)
    for start in range(BEGIN + 90, FINISH, 10 * MINUTE):
        yield from observe(ping(ipv6(WORKER), PARTNER_IPV6, ICMPV6, start, 4), WORKER)


def _worker_updates(rng: Random) -> Iterator[Row]:
    """A package mirror without https: refused over IPv6 at the worker, over IPv4 behind the NAT gateway."""
    for round_begin in range(BEGIN + 25 * MINUTE, FINISH, 40 * MINUTE):
        for attempt in range(3):
            start = round_begin + attempt * rng.randint(20, 40)
            yield from refused_by(WORKER, rng, ipv6(WORKER), linux_port(rng), MIRROR_IPV6, 80, start)
            talk = knock(rng, WORKER.address, linux_port(rng), MIRROR, 80, start + 1)
            yield from observe(talk, WORKER, Fate.UNANSWERED)
            yield from observe(replace(talk, server=NAT.address), NAT, Fate.REQUEST_REFUSED)


def _scanned_nat(rng: Random) -> Iterator[Row]:
    """A NAT gateway has no security group: what its network ACL lets in is accepted, and dropped inside."""
    for start in arrivals(rng, lambda _: 0.2):
        port = rng.choice([port for port in _SCANNED_PORTS if port not in (22, 443)])
        talk = knock(rng, LESSER_SCANNERS[0], any_port(rng), NAT.address, port, start)
        yield from observe(talk, NAT, Fate.REQUEST_REFUSED if port < 1024 else Fate.UNANSWERED)


_SCENES: tuple[Callable[[Random], Iterator[Row]], ...] = (
    _https_visitors,
    _http_visitors,
    _old_clients,
    _scanner,
    _lesser_scanners,
    _office,
    _web_calls_app,
    _app_queries_database,
    _strangers_at_the_database,
    _clocks,
    _mail,
    _worker_fetches,
    _worker_updates,
    _scanned_nat,
)
