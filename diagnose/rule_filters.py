"""The filters that find the records behind a rule: those of the packets that it was asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diagnose.model import HAVE_PORTS
from query import tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from diagnose.blocks import Block
    from diagnose.lookup import Lookup

MOST_NAMED = 20
"""So many ports, peers or interfaces are named one by one; more are not narrowed down."""
SEEN = ("interfaces_", "protocols_", "ports_", "peers_")
"""Columns of lists: what was seen of a rule, sorted, at most one more of each than are named."""


def behind(
    row: Mapping[str, Any],
    lookup: Lookup,
    *,
    egress: bool,
    block: Block | None = None,
    action: str | None = None,
) -> str:
    """The filter for the packets that were seen to meet a rule.

    Args:
        row: What was seen of it (``SEEN``).
        lookup: The inventory: the interfaces' own addresses tell which way a packet went.
        egress: Whether the rule is for what leaves.
        block: Whom it is for, told where the peers are too many to be named.
        action: ``ACCEPT`` or ``REJECT``, if only those.
    """
    own_side, far_side = ("srcaddr", "dstaddr") if egress else ("dstaddr", "srcaddr")
    names, peers, ports = row["interfaces_"] or (), row["peers_"] or (), row["ports_"] or ()
    version = block.version if block is not None else None
    own = [
        str(address)
        for name in names
        if (interface := lookup.interface(name)) is not None
        for address in sorted(interface.addresses, key=lambda one: (one.version, int(one)))
        if version in {None, address.version}
    ]
    terms = [
        _one_of("interface_id", names),
        _one_of(own_side, own),
        _one_of("protocol", row["protocols_"] or ()),
    ]
    if set(row["protocols_"] or ()) <= HAVE_PORTS:
        terms.append(_one_of("dstport", ports))
    if 0 < len(peers) <= MOST_NAMED:
        terms.append(_one_of(far_side, peers))
    elif block is not None and not block.is_everything:
        terms.append(tree.Call("isIpInSubnet", (tree.Field(far_side), tree.Literal(block.text))))
    if action is not None:
        terms.append(_one_of("action", [action]))
    return " and ".join(tree.to_text(term) for term in terms if term is not None)


def _one_of(column: str, values: Sequence[str | int]) -> tree.Expr | None:
    field, literals = tree.Field(column), tuple(map(tree.Literal, values))
    if not literals or len(literals) > MOST_NAMED:
        return None
    if len(literals) == 1:
        return tree.Compare(field, "=", literals[0])
    return tree.In(field, tree.ListLiteral(literals))
