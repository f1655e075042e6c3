"""A packet as an interface sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diagnose.blocks import ip_of
from diagnose.model import HAVE_PORTS, ICMP, ICMP6

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from diagnose.blocks import Ip

_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


def protocol_name(protocol: int | None) -> str:
    """A protocol's name as security groups write it; its number where it has none there."""
    return "all" if protocol is None else _NAMES.get(protocol, str(protocol))


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet at an interface.

    Attributes:
        egress: Whether it leaves.
        protocol: The protocol's number.
        source: Where it comes from.
        destination: Where it goes.
        sport: The port it comes from; ``None`` where the protocol has none.
        dport: The port it goes to.
    """

    egress: bool
    protocol: int
    source: Ip
    destination: Ip
    sport: int | None = None
    dport: int | None = None

    @property
    def peer(self) -> Ip:
        """The address on the far side."""
        return self.destination if self.egress else self.source

    @property
    def own(self) -> Ip:
        """The address on the interface's side."""
        return self.source if self.egress else self.destination

    @property
    def has_ports(self) -> bool:
        """Whether rules look at its ports."""
        return self.protocol in HAVE_PORTS

    @property
    def is_icmp(self) -> bool:
        """Whether rules look at its type, which no flow log tells."""
        return self.protocol in {ICMP, ICMP6}

    @property
    def answer(self) -> Packet:
        """A packet the other way."""
        return replace(
            self,
            egress=not self.egress,
            source=self.destination,
            destination=self.source,
            sport=self.dport,
            dport=self.sport,
        )

    @property
    def what(self) -> str:
        """Protocol and destination port: ``tcp/443``."""
        name = protocol_name(self.protocol)
        return f"{name}/{self.dport}" if self.has_ports else name

    def __str__(self) -> str:
        """In words: ``tcp/443 from 10.0.1.10``."""
        return f"{self.what} {'to' if self.egress else 'from'} {self.peer}"


def packet_of(row: Mapping[str, Any]) -> Packet | None:
    """The packet of a flow with a direction, as its interface saw it; ``None`` where it cannot be judged."""
    source, destination = ip_of(row["srcaddr"]), ip_of(row["dstaddr"])
    if row["way"] is None or row["protocol"] is None or source is None or destination is None:
        return None
    return Packet(
        row["way"] == "egress", row["protocol"], source, destination, row["srcport"], row["dstport"]
    )
