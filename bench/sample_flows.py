"""From a conversation to the flow-log records that an interface makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from sample_vpc import (
    ACCOUNT,
    AWS_SERVICES,
    BEGIN,
    FINISH,
    INTERFACES,
    REGION,
    TCP,
    VPC_CIDR,
    VPC_ID,
    WINDOW_SECONDS,
    Interface,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Value = str | int | None
Row = dict[str, Value]

_FIN, _SYN, _RST, _SYN_ACK = 1, 2, 4, 18

# Values of traffic-path. A NAT gateway has no number of its own: it is another resource in the VPC.
_PATH_IN_VPC, _PATH_INTERNET = 1, 8


class Fate(Enum):
    """What becomes of a conversation, as one interface sees it."""

    ANSWERED = auto()
    RESET = auto()  # let in, and the host answers that nothing listens
    UNANSWERED = auto()
    REQUEST_REFUSED = auto()
    REPLY_REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Volume:
    """How much one side sends in a conversation."""

    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """One 5-tuple, both ways, from its first packet to its last."""

    client: str
    client_port: int
    server: str
    server_port: int
    protocol: int
    start: int
    seconds: int
    sent: Volume
    received: Volume


@dataclass(frozen=True, slots=True)
class _Side:
    """One direction of a conversation."""

    source: str
    source_port: int
    target: str
    target_port: int
    volume: Volume
    action: str
    opening_flags: int
    closing_flags: int


def observe(talk: Conversation, interface: Interface, fate: Fate = Fate.ANSWERED) -> Iterator[Row]:
    """Make the records that an interface makes of a conversation, window by window."""
    for side in _sides(talk, fate):
        windows = list(_windows(talk, interface, side.volume))
        for number, (start, end, volume) in enumerate(windows):
            opening = side.opening_flags if start == talk.start else 0
            closing = side.closing_flags if number == len(windows) - 1 else 0
            if start >= BEGIN and end < FINISH:
                flags = opening | closing if talk.protocol == TCP else 0
                yield _row(interface, side, talk.protocol, start, end, volume, flags)


def without_data(interface: Interface, window_start: int, status: str) -> Row:
    """Make the record of a window without records of traffic: ``NODATA`` or ``SKIPDATA``."""
    return {
        **_metadata(interface),
        "start": window_start,
        "end": window_start + WINDOW_SECONDS - 1,
        "log_status": status,
    }


def silent_windows(rows: Iterable[Row]) -> Iterator[Row]:
    """Make a NODATA record for every window in which an interface has no record at all."""
    spoken = {(row["interface_id"], row["end"]) for row in rows}
    for interface in INTERFACES:
        for start in range(BEGIN + interface.phase, FINISH - WINDOW_SECONDS, WINDOW_SECONDS):
            if (interface.id, start + WINDOW_SECONDS - 1) not in spoken:
                yield without_data(interface, start, "NODATA")


def _sides(talk: Conversation, fate: Fate) -> Iterator[_Side]:
    answered = fate is Fate.ANSWERED
    yield _Side(
        *(talk.client, talk.client_port, talk.server, talk.server_port, talk.sent),
        action="REJECT" if fate is Fate.REQUEST_REFUSED else "ACCEPT",
        opening_flags=_SYN,
        # A conversation that never came about consists of its opening packets, sent again and again.
        closing_flags=_FIN if answered else _SYN,
    )
    if fate in (Fate.UNANSWERED, Fate.REQUEST_REFUSED):
        return
    # Beside a reset there is an ACK only, and flow logs do not show that.
    opening_flags = _RST if fate is Fate.RESET else _SYN_ACK
    yield _Side(
        *(talk.server, talk.server_port, talk.client, talk.client_port, talk.received),
        action="REJECT" if fate is Fate.REPLY_REFUSED else "ACCEPT",
        opening_flags=opening_flags,
        closing_flags=_FIN if answered else opening_flags,
    )


def _windows(talk: Conversation, interface: Interface, volume: Volume) -> Iterator[tuple[int, int, Volume]]:
    """Cut a conversation at the interface's window boundaries and share its volume out by time."""
    last = talk.start + talk.seconds
    window = (talk.start - interface.phase) // WINDOW_SECONDS * WINDOW_SECONDS + interface.phase
    packets_done = bytes_done = 0
    while packets_done < volume.packets:
        window_end = window + WINDOW_SECONDS - 1
        elapsed = min(window_end, last) - talk.start + 1
        # The first window holds at least the opening packet; the last one whatever is left.
        packets = max(1, volume.packets * elapsed // (talk.seconds + 1))
        count = volume.bytes * packets // volume.packets
        if packets > packets_done:
            yield (
                max(talk.start, window),
                window_end,
                Volume(packets - packets_done, count - bytes_done),
            )
        packets_done, bytes_done = packets, count
        window += WINDOW_SECONDS


def _row(
    interface: Interface, side: _Side, protocol: int, start: int, end: int, volume: Volume, flags: int
) -> Row:
    outgoing = interface.owns(side.source)
    return {
        **_metadata(interface),
        "srcaddr": side.source,
        "dstaddr": side.target,
        "srcport": side.source_port,
        "dstport": side.target_port,
        "protocol": protocol,
        "packets": volume.packets,
        "bytes": volume.bytes,
        "start": start,
        "end": end,
        "action": side.action,
        "log_status": "OK",
        "tcp_flags": flags,
        "type": "IPv6" if ":" in side.source else "IPv4",
        # Only a NAT gateway's would differ, and its flow log has no such fields.
        "pkt_srcaddr": side.source,
        "pkt_dstaddr": side.target,
        "pkt_src_aws_service": AWS_SERVICES.get(side.source),
        "pkt_dst_aws_service": AWS_SERVICES.get(side.target),
        "flow_direction": "egress" if outgoing else "ingress",
        "traffic_path": _traffic_path(interface, side.target) if outgoing else None,
    }


def _metadata(interface: Interface) -> Row:
    """The fields that say where a record was made; those that traffic fills are left out."""
    return {
        "account_id": ACCOUNT,
        "interface_id": interface.id,
        "vpc_id": VPC_ID,
        "subnet_id": interface.subnet.id,
        "instance_id": interface.instance_id,
        "region": REGION,
        "az_id": interface.subnet.zone_id,
    }


def _traffic_path(interface: Interface, target: str) -> int:
    in_vpc = ip_address(target) in ip_network(VPC_CIDR)
    through_nat = interface.public_address is None and ":" not in target
    return _PATH_IN_VPC if in_vpc or through_nat else _PATH_INTERNET
