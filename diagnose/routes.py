"""Where a subnet's route table sends a packet: by the longest prefix that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose.model import PrefixListReference
from diagnose.tri import Tri

if TYPE_CHECKING:
    from diagnose.blocks import Block, Ip
    from diagnose.lookup import Lookup
    from diagnose.model import Interface, Route, RouteTable


_ENDPOINT = "vpce-"


@dataclass(frozen=True, slots=True)
class RouteSays:
    """What a route table says.

    Attributes:
        found: Whether there is a route.
        table: The table; ``None`` where it is not known.
        route: The route that is taken.
        block: The block of it that the address lies in.
        unknown: Why it cannot be told (one clause).
    """

    found: Tri
    table: RouteTable | None = None
    route: Route | None = None
    block: Block | None = None
    unknown: str = ""

    @property
    def is_blackhole(self) -> bool:
        """Whether packets are dropped there: what the route leads to is gone."""
        return self.route is not None and self.route.blackhole

    @property
    def target(self) -> str:
        """What the route leads to."""
        return self.route.target if self.route is not None else ""


def route(lookup: Lookup, interface: Interface | None, to: Ip) -> RouteSays:
    """Find the way from an interface's subnet to an address."""
    table = lookup.table_of(interface.subnet, interface.vpc) if interface else None
    if table is None:
        what = f"the route table of {interface.subnet}" if interface else "the interface"
        return RouteSays(Tri.UNKNOWN, unknown=f"{what} is not in the inventory")
    best: tuple[Block, Route] | None = None
    unread: list[str] = []
    for one in table.routes:
        if isinstance(one.to, PrefixListReference):
            blocks = lookup.inventory.prefix_lists.get(one.to.list)
            if blocks is None:
                # What leads to a gateway endpoint is a list of AWS's, of public addresses of S3 or DynamoDB.
                if not one.target.startswith(_ENDPOINT) or lookup.is_public(to):
                    unread.append(one.to.list)
                continue
        else:
            blocks = (one.to,)
        for block in blocks:
            if to in block and (best is None or block.prefix > best[0].prefix):
                best = block, one
    # A list that was not read may have a longer prefix, which would lead around a blackhole.
    if best is not None and not (best[1].blackhole and unread):
        return RouteSays(Tri.YES, table, best[1], best[0])
    if unread:
        return RouteSays(Tri.UNKNOWN, table, unknown=f"the entries of {unread[0]} are not in the inventory")
    return RouteSays(Tri.NO, table)
