"""What the scenes of the sample are made of: moments, ports, clients and conversations."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from sample_flows import Conversation, Fate, Row, Volume, observe
from sample_vpc import BEGIN, FINISH, ICMPV6, NAT, TCP, Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

MINUTE = 60
HOUR = 3600

# How busy the day is, relative to a usual hour: (hours since the beginning, factor).
_DAY = ((0.0, 0.7), (1.0, 1.0), (2.0, 0.85), (2.5, 0.65), (3.2, 1.0), (4.5, 1.3), (5.5, 1.05), (6.0, 0.8))


class Visitors:
    """Ordinary clients on the internet: some come often, most come once or twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        # Nobody else in the story lives at these.
        hosts = [f"{net}.{host}" for net in ("192.0.2", "203.0.113") for host in range(205, 255)]
        hosts += [f"198.51.100.{host}" for host in range(100, 170)]
        rng.shuffle(hosts)
        self._hosts = hosts
        self._weights = [1 / (rank + 3) for rank in range(len(hosts))]

    def pick(self) -> str:
        """Draw the next visitor's address."""
        return self._rng.choices(self._hosts, self._weights)[0]


def arrivals(rng: Random, per_minute: Callable[[int], float], busiest: float = 10) -> Iterator[int]:
    """Draw moments at which something begins, at a rate that changes with time (at most ``busiest``)."""
    now = float(BEGIN)
    while (now := now + rng.expovariate(busiest / MINUTE)) < FINISH:
        if rng.random() * busiest < per_minute(int(now)):
            yield int(now)


def daily_rhythm(now: int) -> float:
    """The day's rhythm, a line from point to point."""
    hours = (now - BEGIN) / HOUR
    for (left, low), (right, high) in pairwise(_DAY):
        if left <= hours <= right:
            return low + (high - low) * (hours - left) / (right - left)
    return _DAY[-1][1]


def batch_rhythm(now: int) -> float:
    """The worker's rhythm: busy in the first half of each half hour, idle for most of the rest."""
    return 1.8 if (now - BEGIN) % (30 * MINUTE) < 16 * MINUTE else 0.15


def any_port(rng: Random) -> int:
    """Draw a port as clients of today choose it: Linux, or Windows and macOS."""
    return rng.choice((linux_port(rng), rng.randint(49152, 65535)))


def linux_port(rng: Random) -> int:
    """Draw a port as Linux clients choose it."""
    return rng.randint(32768, 60999)


def ipv6(interface: Interface) -> str:
    """The IPv6 address of an interface that has one."""
    assert interface.ipv6_address is not None
    return interface.ipv6_address


def https(
    rng: Random, client: str, server: str, start: int, seconds: int, port: int | None = None
) -> Conversation:
    """An https conversation; longer ones carry more."""
    reply_bytes = int(rng.lognormvariate(9.5, 1.2)) + 4_000 + seconds * rng.randint(0, 20_000)
    talk = exchange(rng, client, server, 443, start, seconds, reply_bytes)
    return replace(talk, client_port=port or any_port(rng))


def exchange(
    rng: Random, client: str, server: str, server_port: int, start: int, seconds: int, reply_bytes: int
) -> Conversation:
    """A TCP conversation: a small request, a reply of the given size, and the packets that it takes."""
    replies = reply_bytes // 1448 + rng.randint(3, 6)
    acknowledgements = replies // 2 + rng.randint(4, 8)
    request_bytes = rng.randint(400, 3_000)
    return Conversation(
        *(client, linux_port(rng), server, server_port, TCP, start, seconds),
        sent=Volume(acknowledgements, request_bytes + 52 * acknowledgements),
        received=Volume(replies, reply_bytes + 52 * replies),
    )


def syn(packets: int) -> Volume:
    """So many SYN packets."""
    return Volume(packets, packets * 60)


def knock(rng: Random, client: str, port: int, server: str, server_port: int, start: int) -> Conversation:
    """SYN packets that nobody answers: TCP tries again after one second and after three."""
    packets = rng.choices((1, 2, 3), (55, 20, 25))[0]
    seconds = (0, 1, 3)[packets - 1]
    return Conversation(
        client, port, server, server_port, TCP, start, seconds, syn(packets), received=Volume(0, 0)
    )


def refused_by(
    interface: Interface, rng: Random, client: str, port: int, server: str, server_port: int, start: int
) -> Iterator[Row]:
    """The REJECT record of a client's SYN packets at an interface."""
    talk = knock(rng, client, port, server, server_port, start)
    yield from observe(talk, interface, Fate.REQUEST_REFUSED)


def ping(client: str, server: str, protocol: int, start: int, count: int) -> Conversation:
    """One packet a second each way; flow logs write ports 0 for ICMP."""
    size = 104 if protocol == ICMPV6 else 84
    echoes = Volume(count, count * size)
    return Conversation(client, 0, server, 0, protocol, start, count - 1, echoes, echoes)


def through_nat(rng: Random, talk: Conversation) -> Iterator[Row]:
    """The two legs that the NAT gateway's interface sees: the inner one and the one on the internet."""
    yield from observe(replace(talk, server=NAT.address), NAT)
    yield from observe(replace(talk, client=NAT.address, client_port=rng.randint(1024, 65535)), NAT)
