"""What the network ACL of a subnet says about a packet.

Entries are gone through by number, and the first that fits decides; what none fits is denied. Every packet is
judged by itself, a reply by its own destination port, and only where it enters or leaves the subnet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose import routes
from diagnose.blocks import any_of
from diagnose.model import HAVE_PORTS
from diagnose.tri import Tri

if TYPE_CHECKING:
    from diagnose.lookup import Lookup
    from diagnose.model import AclEntry, Interface, NetworkAcl
    from diagnose.packet import Packet


@dataclass(frozen=True, slots=True)
class AclSays:
    """What a network ACL says.

    Attributes:
        allowed: Whether it lets the packet through.
        acl: The ACL; ``None`` where it is not known or is not asked.
        entry: The entry that decides; ``None`` for the ``*`` that nobody wrote.
        later: The first entry after it that would allow the packet and never gets its turn.
        unknown: Why it cannot be told (one clause).
        passed_by: Why no ACL is asked at all (one clause).
    """

    allowed: Tri
    acl: NetworkAcl | None = None
    entry: AclEntry | None = None
    later: AclEntry | None = None
    unknown: str = ""
    passed_by: str = ""

    @property
    def rule(self) -> str:
        """The name of the deciding rule: its number, or ``*``."""
        return self.entry.name if self.entry is not None else "*"


def judge(lookup: Lookup, interface: Interface | None, packet: Packet) -> AclSays:
    """Judge a packet by the ACL of an interface's subnet."""
    if interface is None:
        return AclSays(Tri.UNKNOWN, unknown="the interface is not in the inventory")
    inside = _stays_inside(lookup, interface, packet)
    if inside is Tri.YES:
        what = f"both addresses are in {interface.subnet}, inside which no ACL is asked"
        return AclSays(Tri.YES, passed_by=what)
    if not packet.egress and _comes_by_gateway(lookup, interface, packet):
        return AclSays(
            Tri.YES,
            passed_by=f"{interface.subnet} holds a transit gateway attachment, whose traffic is not judged",
        )
    acl = lookup.acl_of(interface.subnet, interface.vpc)
    if acl is None:
        return AclSays(Tri.UNKNOWN, unknown=f"the network ACL of {interface.subnet} is not in the inventory")
    says = through(acl, packet)
    if inside is Tri.UNKNOWN and says.allowed is Tri.NO:
        what = (
            f"whether {packet.peer} is in {interface.subnet} too, inside which no ACL is asked, is not known"
        )
        return AclSays(Tri.UNKNOWN, acl, says.entry, unknown=what)
    return says


def _stays_inside(lookup: Lookup, interface: Interface, packet: Packet) -> Tri:
    """Whether a packet does not leave the interface's subnet."""
    subnet = lookup.subnet_of(interface)
    if subnet is not None:
        return Tri.of(packet.own in subnet and packet.peer in subnet)
    # Without the subnet's blocks its interfaces still tell which addresses are its own.
    peer = lookup.owner(packet.peer, interface.vpc)
    if peer is not None and peer.subnet is not None and interface.subnet is not None:
        return Tri.of(peer.subnet == interface.subnet)
    blocks = lookup.inventory.vpcs.get(interface.vpc or "")
    elsewhere = bool(blocks) and not any_of(blocks or (), packet.peer)
    return Tri.NO if elsewhere or lookup.is_public(packet.peer) else Tri.UNKNOWN


def _comes_by_gateway(lookup: Lookup, interface: Interface, packet: Packet) -> bool:
    """Whether a packet comes by a transit gateway that is attached in the interface's own subnet."""
    here = lookup.inventory.interfaces.values()
    attached = any(one.kind == "transit_gateway" and one.subnet == interface.subnet for one in here)
    if not attached or interface.kind == "transit_gateway":
        return False
    if lookup.is_public(packet.peer):  # who comes by an internet gateway does not come by that one
        return routes.route(lookup, interface, packet.peer).target.startswith("tgw-")
    return not any(packet.peer in block for block in lookup.blocks_of(interface.vpc))


def through(acl: NetworkAcl, packet: Packet) -> AclSays:
    """Go through an ACL's entries for a packet."""
    entries = [entry for entry in acl.entries if entry.egress == packet.egress and packet.peer in entry.block]
    doubtful: list[AclEntry] = []
    for place, entry in enumerate(entries):
        fits = _fits(entry, packet)
        if fits is Tri.NO:
            continue
        if fits is Tri.UNKNOWN:
            doubtful.append(entry)
            continue
        return _decided(acl, entry, doubtful, entries[place + 1 :], packet)
    return _decided(acl, None, doubtful, [], packet)


def _decided(
    acl: NetworkAcl, entry: AclEntry | None, doubtful: list[AclEntry], rest: list[AclEntry], packet: Packet
) -> AclSays:
    allows = entry is not None and entry.allows
    other = next((one for one in doubtful if one.allows != allows), None)
    if other is not None:
        of = f"type {other.icmp[0]}" if other.icmp else "a port"
        return AclSays(
            Tri.UNKNOWN,
            acl,
            entry,
            unknown=f"rule {other.name} of {acl.id} is for {of}, which the record lacks",
        )
    later = next((one for one in rest if one.allows and _fits(one, packet) is Tri.YES), None)
    return AclSays(Tri.of(allows), acl, entry, None if allows else later)


def _fits(entry: AclEntry, packet: Packet) -> Tri:
    if entry.protocol is None:
        return Tri.YES
    if entry.protocol != packet.protocol:
        return Tri.NO
    if entry.icmp is not None:
        return Tri.YES if entry.icmp[0] == -1 else Tri.UNKNOWN
    if packet.protocol not in HAVE_PORTS or entry.low is None:
        return Tri.YES
    if packet.dport is None:
        return Tri.UNKNOWN
    return Tri.of(entry.low <= packet.dport <= (entry.low if entry.high is None else entry.high))


CLIENT_PORTS = (
    ("Linux", 32_768, 60_999),
    ("Windows since 2008", 49_152, 65_535),
    ("load balancers, NAT gateways, Lambda", 1024, 65_535),
    ("Windows Server 2003 and older", 1025, 5000),
)
"""Which ports clients ask from, by what they run (Amazon VPC user guide, ephemeral ports)."""


def describe(entry: AclEntry | None) -> str:
    """A rule in words: ``rule 100 denies tcp/8080 from 10.0.1.128/25``."""
    if entry is None:
        return "rule * denies what no other rule fits"
    from diagnose.packet import protocol_name

    ports = ""
    if entry.low is not None:
        ports = f"/{entry.low}" if entry.low == entry.high else f"/{entry.low}-{entry.high}"
    elif entry.icmp is not None and entry.icmp[0] != -1:
        ports = f" type {entry.icmp[0]}"
    what = "all traffic" if entry.protocol is None else protocol_name(entry.protocol) + ports
    verb = "allows" if entry.allows else "denies"
    return f"rule {entry.name} {verb} {what} {'to' if entry.egress else 'from'} {entry.block.text}"
