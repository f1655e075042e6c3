"""Traffic that somebody asks about in a line: ``10.0.1.10 10.0.2.30 tcp/443 10:30 10:40``."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from query.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from diagnose.diagnosis import Question

HINT = "from, to, and more: 10.0.1.10 10.0.2.30 tcp/443 10:30 10:40"
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_HIGHEST_PORT = 65_535
_ARROWS = frozenset({"->", "→", "to"})


def parse_traffic(text: str, day: datetime | None) -> Question:
    """Read which traffic is meant.

    Args:
        text: Where it comes from and where it goes, then in any order protocol, port and times.
        day: The day that a time of the day is of.

    Raises:
        ValueError: It cannot be read; the message says what is wrong.
    """
    from diagnose.diagnosis import Question

    addresses: list[str] = []
    times: list[datetime] = []
    more: dict[str, int] = {}
    for word in text.split():
        if word in _ARROWS:
            continue
        address = _address(word)
        if address is not None:
            addresses.append(address)
        elif (found := _protocol_and_port(word)) is not None:
            more |= found
        else:
            times.append(_time(word, day))
    if len(addresses) != 2:
        raise ValueError("Two addresses are needed: where it comes from, and where it goes.")
    if len(times) > 2:
        raise ValueError("Two times are enough: when it began, and when it ended.")
    source, target = addresses
    since, until = (*sorted(times), None, None)[:2]
    return Question(source, target, None, more.get("dport"), more.get("protocol"), None, since, until)


def _address(word: str) -> str | None:
    try:
        return str(ip_address(word.strip("[]")))
    except ValueError:
        return None


def _protocol_and_port(word: str) -> dict[str, int] | None:
    """``tcp``, ``:443`` and ``tcp/443``; ``None`` for anything else."""
    protocol, slash, port = word.lower().partition("/")
    if not slash and protocol.startswith(":"):
        protocol, port = "", protocol[1:]
    elif protocol not in _PROTOCOLS or (slash and not port):
        return None
    if port and not (port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT):
        return None
    found = {"protocol": _PROTOCOLS[protocol]} if protocol else {}
    return found | ({"dport": int(port)} if port else {})


def _time(word: str, day: datetime | None) -> datetime:
    try:
        return parse_time(word, day=day)
    except ValueError:
        raise ValueError(f"'{word}' is neither an address, tcp/443, :443 nor a time.") from None


def judge_traffic(day: datetime | None, text: str) -> tuple[bool, str]:
    """Whether a text says which traffic is meant, and how it is read or what is wrong with it."""
    from tui.sanitise import clean
    from tui.units import stamp

    try:
        asked = parse_traffic(text, day)
    except ValueError as error:
        return False, clean(str(error))
    times = [stamp(time) for time in (asked.since, asked.until) if time is not None]
    names = {number: name for name, number in _PROTOCOLS.items()}
    what = [names[asked.protocol]] if asked.protocol is not None else []
    what += [f"port {asked.dport}"] if asked.dport is not None else []
    return True, f"= from {asked.source} to {asked.target} {' '.join([*what, *times])}".rstrip()
