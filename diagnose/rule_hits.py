"""Which rules let conversations in, and which entries of network ACLs decided about their packets.

Only the packet that opens a conversation is matched to the rules of security groups: its answers are let
through because connections are tracked. A network ACL judges answers too, by their own destination port.

What no rule tells apart is judged once (``classes``), so that a million conversations cost seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import network_acls, security_groups
from diagnose.blocks import ip_of
from diagnose.classes import Classes
from diagnose.initiator import BY_LOWER, BY_TIME
from diagnose.packet import Packet
from diagnose.tri import Tri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.lookup import Lookup
    from diagnose.model import AclEntry, GroupRule, Interface

_KIND = ["interface", "way", "protocol", "_peer", "_port"]
_ANSWER = ["interface", "way", "protocol", "_peer", "_from"]
EntryKey = tuple[str, bool, int]
"""An entry of a network ACL: the ACL, whether it is for what leaves, and its number."""
LAST = 32_767
"""The number of the ``*`` that denies what no other entry fits, where the answer leaves it out."""


@dataclass(frozen=True, slots=True)
class Book:
    """The rules and entries of an inventory, numbered in the order of its files.

    Attributes:
        rules: The rules of all security groups.
        entries: The entries of all network ACLs; ``None`` for a ``*`` that the answer leaves out.
    """

    rules: dict[GroupRule, int]
    entries: dict[EntryKey, AclEntry | None]

    def place(self, key: EntryKey) -> int:
        """The number of an entry."""
        return list(self.entries).index(key)


def book_of(lookup: Lookup) -> Book:
    """Number the rules and entries of an inventory."""
    rules: dict[GroupRule, int] = {}
    for group in lookup.inventory.groups.values():
        for rule in group.rules:
            rules.setdefault(rule, len(rules))
    entries: dict[EntryKey, AclEntry | None] = {}
    for acl in lookup.inventory.acls.values():
        for egress in (False, True):
            own = [entry for entry in acl.entries if entry.egress == egress]
            entries |= {(acl.id, egress, entry.number): entry for entry in own}
            entries.setdefault((acl.id, egress, LAST), None)
    return Book(rules, entries)


def matched(talks: pl.DataFrame, lookup: Lookup, book: Book) -> pl.DataFrame:
    """Judge the opening packet of each conversation by the rules, and its answers by the ACL.

    Args:
        talks: Conversations (``Diagnosis.conversations``).
        lookup: The inventory.
        book: Its rules and entries.

    Returns:
        The same rows with ``peer`` (String: the address on the far side of the interface), ``let_in``
        (Boolean: its opening packet was accepted), ``judged`` (Boolean: its interface and direction are
        known), ``rules`` (List of UInt32: the rules that allow it), ``maybe`` (the same of those that may:
        it is for a type of ICMP, say, or who began is not clear),
        ``entry`` (UInt32: the ACL entry that decides about its opening packet, null where none is asked),
        ``answered_by`` (UInt32: the same for its answers, null where there are none).
    """
    keyed = _keyed(talks, Classes(lookup.inventory))
    kinds = keyed.unique(_KIND, keep="first", maintain_order=True)
    places = {key: place for place, key in enumerate(book.entries)}
    rows = [_opening(row, lookup, book, places) for row in kinds.iter_rows(named=True)]
    numbers = pl.List(pl.UInt32())
    schema: dict[str, pl.DataType] = {
        "judged": pl.Boolean(),
        "rules": numbers,
        "maybe": numbers,
        "entry": pl.UInt32(),
    }
    table = kinds.select(_KIND).hstack(pl.DataFrame(rows, schema=schema, orient="row"))
    found = keyed.join(table, on=_KIND, how="left", nulls_equal=True, maintain_order="left")

    # Where it is not clear who began, the rules for the other way may have let it in.
    unsure = pl.col("began_by").is_in([BY_TIME, BY_LOWER]) & pl.col("let_in")
    turned = found.filter(_is_answered() | unsure).unique(_ANSWER, keep="first", maintain_order=True)
    rows_ = [_answer(row, lookup, book, places) for row in turned.iter_rows(named=True)]
    schema_: dict[str, pl.DataType] = {"answered_by": pl.UInt32(), "turned": numbers}
    back = turned.select(_ANSWER).hstack(pl.DataFrame(rows_, schema=schema_, orient="row"))
    found = found.join(back, on=_ANSWER, how="left", nulls_equal=True, maintain_order="left")
    return found.with_columns(
        answered_by=pl.when(_is_answered()).then("answered_by"),
        maybe=pl.when(unsure).then(pl.col("maybe").list.set_union("turned")).otherwise("maybe"),
    ).drop("_peer", "_port", "_from", "own", "turned")


def _is_answered() -> pl.Expr:
    return (pl.col("packets_back") > 0).fill_null(value=False)


def _keyed(talks: pl.DataFrame, classes: Classes) -> pl.DataFrame:
    leaves = pl.col("way") == "egress"
    ends = talks.with_columns(
        peer=pl.when(leaves).then("responder").otherwise("initiator"),
        own=pl.when(leaves).then("initiator").otherwise("responder"),
        # Where only answers were recorded something must have let the beginning in.
        let_in=(pl.col("state") != "rejected-request") & (pl.col("accepted") > 0),
    )
    return ends.with_columns(
        classes.of_addresses(ends["peer"]).alias("_peer"),
        classes.of_ports(ends["rport"]).alias("_port"),
        classes.of_ports(ends["iport"]).alias("_from"),
    )


def opening_packet(row: Mapping[str, Any], interface: Interface) -> Packet | None:
    """The packet that opened a conversation, as its interface saw it; ``None`` where it cannot be judged.

    Args:
        row: The conversation, with ``peer`` and ``own``.
        interface: Its interface.
    """
    peer, own = ip_of(row["peer"]), ip_of(row["own"])
    if row["way"] is None or row["protocol"] is None or peer is None:
        return None
    if own is None or not interface.owns(own):
        # The end of a packet behind a middlebox, say: the packet itself has the interface's address.
        mine = [interface.primary, *sorted(interface.addresses, key=int)]
        own = next((one for one in mine if one is not None and one.version == peer.version), own)
    if own is None:
        return None
    egress = row["way"] == "egress"
    ends = (own, peer) if egress else (peer, own)
    return Packet(egress, row["protocol"], *ends, row["iport"], row["rport"])


def _opening(
    row: Mapping[str, Any], lookup: Lookup, book: Book, places: Mapping[EntryKey, int]
) -> tuple[bool, list[int], list[int], int | None]:
    interface = lookup.interface(row["interface"])
    packet = opening_packet(row, interface) if interface is not None else None
    if interface is None or packet is None:
        return False, [], [], None
    each = security_groups.each(lookup, interface, packet)
    by, maybe = (sorted({book.rules[rule] for rule, fits in each if fits is so}) for so in _SURE)
    # What leaves is asked of the security groups first, and then of the ACL.
    is_asked = not packet.egress or security_groups.judge(lookup, interface, packet).allowed is not Tri.NO
    entry = _deciding(lookup, interface, packet, places) if is_asked else None
    return interface.groups is not None, by, maybe, entry


_SURE = (Tri.YES, Tri.UNKNOWN)


def _answer(
    row: Mapping[str, Any], lookup: Lookup, book: Book, places: Mapping[EntryKey, int]
) -> tuple[int | None, list[int]]:
    interface = lookup.interface(row["interface"])
    packet = opening_packet(row, interface) if interface is not None else None
    if interface is None or packet is None:
        return None, []
    each = security_groups.each(lookup, interface, packet.answer)
    turned = sorted({book.rules[rule] for rule, fits in each if fits is not Tri.NO})
    return _deciding(lookup, interface, packet.answer, places), turned


def _deciding(
    lookup: Lookup, interface: Interface, packet: Packet, places: Mapping[EntryKey, int]
) -> int | None:
    says = network_acls.judge(lookup, interface, packet)
    if says.acl is None or says.allowed is Tri.UNKNOWN:
        return None
    number = LAST if says.entry is None else says.entry.number
    return places.get((says.acl.id, packet.egress, number))
