"""Classes of addresses and ports that no rule of an inventory tells apart.

A hundred thousand rejects come from as many addresses and ports, but the blocks and ranges that rules name
cut those into a few hundred stretches; one packet of each is judged for all.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import NOT_ADDRESSES, PRIVATE, Block, alone, ip_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model import Inventory


class Classes:
    """The classes of an inventory, or of what several do not tell apart."""

    def __init__(self, *inventories: Inventory) -> None:
        """Cut addresses and ports at the bounds that inventories name."""
        cuts: dict[int, set[int]] = {4: set(), 6: set()}
        named = {block for inventory in inventories for block in _blocks(inventory)}
        for block in {*PRIVATE, *NOT_ADDRESSES, *named}:
            cuts[block.version] |= {block.first, block.last + 1}
        self._cuts = {version: sorted(bounds) for version, bounds in cuts.items()}
        self._ports = pl.Series(
            sorted({bound for one in inventories for bound in _ports(one) if bound is not None}),
            dtype=pl.Int32,
        )

    def of_addresses(self, texts: pl.Series) -> pl.Series:
        """The class of each address (Int64); each text that is no address is one of -1."""
        distinct = texts.unique()
        classes = {text: self._class(text) for text in distinct}
        return texts.replace_strict(
            list(classes), list(classes.values()), default=None, return_dtype=pl.Int64
        ).alias(texts.name)

    def _class(self, text: str | None) -> int:
        address = ip_of(text)
        if address is None:
            return -1
        place = bisect_right(self._cuts[address.version], int(address))
        return place if address.version == 4 else place + len(self._cuts[4]) + 1

    def of_ports(self, ports: pl.Series) -> pl.Series:
        """The class of each port (UInt32); null for none."""
        found = self._ports.search_sorted(ports.fill_null(0), side="right")
        return pl.select(pl.when(ports.is_not_null()).then(found)).to_series().alias(ports.name)


def _blocks(inventory: Inventory) -> Iterator[Block]:
    yield from (block for blocks in inventory.vpcs.values() for block in blocks)
    yield from (block for subnet in inventory.subnets.values() for block in subnet.blocks)
    for group in inventory.groups.values():
        yield from (rule.other for rule in group.rules if isinstance(rule.other, Block))
    for acl in inventory.acls.values():
        yield from (entry.block for entry in acl.entries)
    for table in inventory.tables.values():
        yield from (route.to for route in table.routes if isinstance(route.to, Block))
    for blocks in inventory.prefix_lists.values():
        yield from blocks
    for interface in inventory.interfaces.values():
        yield from interface.prefixes
        yield from map(alone, {*interface.addresses, *interface.public})


def _ports(inventory: Inventory) -> Iterator[int | None]:
    rules = [(rule.low, rule.high) for group in inventory.groups.values() for rule in group.rules]
    entries = [(entry.low, entry.high) for acl in inventory.acls.values() for entry in acl.entries]
    for low, high in (*rules, *entries):
        # A rule without a highest port is for its lowest alone, and one without a lowest begins with 0.
        yield from (low, None if low is None else low + 1, None if high is None else high + 1)
