"""Questions about an inventory: whose an address is, which ACL and which routes a subnet has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from diagnose.blocks import is_public
from diagnose.tri import Tri

if TYPE_CHECKING:
    from diagnose.blocks import Block, Ip
    from diagnose.model import FlowLog, GroupReference, Interface, Inventory, NetworkAcl, RouteTable, Subnet


class Lookup:
    """An inventory, and what is quickly found in it."""

    def __init__(self, inventory: Inventory) -> None:
        """Look into an inventory."""
        self.inventory = inventory

    @cached_property
    def _owners(self) -> dict[Ip, list[Interface]]:
        owners: dict[Ip, list[Interface]] = {}
        for interface in self.inventory.interfaces.values():
            for address in interface.addresses:
                owners.setdefault(address, []).append(interface)
        return owners

    @cached_property
    def _delegated(self) -> list[tuple[Block, Interface]]:
        return [
            (block, interface)
            for interface in self.inventory.interfaces.values()
            for block in interface.prefixes
        ]

    @cached_property
    def _public(self) -> dict[Ip, Interface]:
        return {
            address: interface
            for interface in self.inventory.interfaces.values()
            for address in interface.public
        }

    def interface(self, name: str | None) -> Interface | None:
        """An interface by its id."""
        return self.inventory.interfaces.get(name or "")

    def subnet_of(self, interface: Interface | None) -> Subnet | None:
        """The subnet of an interface."""
        return self.inventory.subnets.get(interface.subnet or "") if interface else None

    def owners(self, address: Ip, near: str | None = None) -> list[Interface]:
        """The interfaces that have an address as their own.

        Args:
            address: A private or IPv6 address.
            near: A VPC: two VPCs may use the same addresses, and then only its own interfaces count.
        """
        found = [*self._owners.get(address, ()), *(one for block, one in self._delegated if address in block)]
        at_home = [interface for interface in found if interface.vpc == near]
        return at_home or found

    def owner(self, address: Ip, near: str | None = None) -> Interface | None:
        """The interface that has an address, if one has."""
        return next(iter(self.owners(address, near)), None)

    def behind(self, address: Ip) -> Interface | None:
        """The interface behind a public or Elastic IP address."""
        return self._public.get(address)

    def blocks_of(self, vpc: str | None) -> tuple[Block, ...]:
        """The blocks of a VPC; those of its subnets where the VPC itself is not in the inventory."""
        known = self.inventory.vpcs.get(vpc or "")
        if known:
            return known
        return tuple(
            block
            for subnet in self.inventory.subnets.values()
            if subnet.vpc == vpc and vpc
            for block in subnet.blocks
        )

    @cached_property
    def every_block(self) -> tuple[Block, ...]:
        """The blocks of all VPCs and subnets."""
        return tuple(
            dict.fromkeys(
                (
                    *(block for blocks in self.inventory.vpcs.values() for block in blocks),
                    *(block for subnet in self.inventory.subnets.values() for block in subnet.blocks),
                )
            )
        )

    def is_public(self, address: Ip) -> bool:
        """Whether an address is one of the internet's: none of the VPCs has it, and it is not private."""
        return is_public(address, self.every_block)

    def acl_of(self, subnet: str | None, vpc: str | None) -> NetworkAcl | None:
        """The network ACL of a subnet: the one it is associated with, else the VPC's default one.

        ``None`` where the inventory does not have it.
        """
        if subnet is None:
            return None
        acls = self.inventory.acls.values()
        found = next((acl for acl in acls if subnet in acl.subnets), None)
        if found is None and self.inventory.kind("NetworkAcls").is_whole:
            found = next((acl for acl in acls if acl.is_default and acl.vpc == vpc and vpc), None)
        return found

    def table_of(self, subnet: str | None, vpc: str | None) -> RouteTable | None:
        """The route table of a subnet: the one it is associated with, else the VPC's main one."""
        if subnet is None:
            return None
        tables = self.inventory.tables.values()
        found = next((table for table in tables if subnet in table.subnets), None)
        if found is None and self.inventory.kind("RouteTables").is_whole:
            found = next((table for table in tables if table.main and table.vpc == vpc and vpc), None)
        return found

    def flow_logs_of(self, interface: Interface) -> list[FlowLog]:
        """The flow logs that cover an interface: its own, its subnet's and its VPC's."""
        covering = {interface.id, interface.subnet, interface.vpc}
        return [log for log in self.inventory.flow_logs.values() if log.resource in covering]

    def is_member(self, address: Ip, reference: GroupReference, near: str | None) -> tuple[Tri, str]:
        """Whether a packet with an address counts as one of a security group's, and why (one clause).

        A rule that names a group allows the private addresses of its interfaces; whoever comes by a public or
        Elastic IP address never matches (EC2 API, authorize-security-group-ingress).
        """
        group = reference.group
        if reference.is_stale:
            return Tri.NO, f"the reference to {group} is stale"
        owners = self.owners(address, reference.vpc if reference.peering else near)
        if any(group in (owner.groups or ()) for owner in owners):
            return Tri.YES, f"{owners[0].id} is in {group}"
        if self.is_public(address):
            return Tri.NO, f"{address} is public, and a reference to {group} is for private addresses"
        if owners:
            if any(owner.groups is None for owner in owners):
                return Tri.UNKNOWN, f"the groups of {owners[0].id} are not known"
            return Tri.NO, f"{owners[0].id} is not in {group}"
        if reference.peering is not None and any(address in block for block in self.blocks_of(near)):
            return Tri.NO, f"{address} is on this side of {reference.peering}"
        if reference.peering is not None:
            return Tri.UNKNOWN, f"the members of {group} are on the other side of {reference.peering}"
        if group not in self.inventory.groups:
            return Tri.UNKNOWN, f"{group} is not in the inventory, nor are its members"
        if not self.inventory.kind("NetworkInterfaces").is_whole:
            return Tri.UNKNOWN, f"the members of {group} are not all known"
        return Tri.NO, f"no interface in {group} has {address}"
