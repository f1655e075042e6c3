"""What an inventory holds, in the terms of EC2: what of ``describe-*`` answers decides about packets.

Keys and their meanings are those of the EC2 API (botocore's model of 2016-11-15).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from diagnose.blocks import Block, Ip

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
HAVE_PORTS = frozenset({TCP, UDP})


@dataclass(frozen=True, slots=True)
class Where:
    """Where something stands: a file of the inventory, the place in its JSON, and the way to the file."""

    file: str
    path: str
    source: str = ""

    def inside(self, step: str) -> Where:
        """A place inside it."""
        return Where(self.file, f"{self.path}.{step}", self.source)

    def __str__(self) -> str:
        """As evidence quotes it."""
        return f"{self.file}: {self.path}"


@dataclass(frozen=True, slots=True)
class GroupReference:
    """A security group that a rule names in place of addresses.

    Attributes:
        group: Its id.
        owner: Its account, if the rule says so.
        vpc: Its VPC, if it is another one.
        peering: The peering connection that leads to it, if one does.
        status: The state of that connection.
    """

    group: str
    owner: str | None = None
    vpc: str | None = None
    peering: str | None = None
    status: str | None = None

    @property
    def is_stale(self) -> bool:
        """Whether what it names is not there: the peer's group was deleted, or the peering is not up."""
        return self.peering is not None and (self.owner is None or self.status not in {None, "active"})


@dataclass(frozen=True, slots=True)
class PrefixListReference:
    """A prefix list that a rule or a route names in place of addresses."""

    list: str


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a security group, with one source (or destination, for egress).

    Attributes:
        group: The group that it belongs to.
        egress: Whether it is for what leaves.
        protocol: The protocol's number; ``None`` for all.
        low: The lowest port, or the ICMP type; ``None`` for all.
        high: The highest port, or the ICMP code; ``None`` for all.
        other: Whom it allows.
        where: Where it stands.
        id: Its ``sgr-`` id, if known.
        description: What somebody wrote about it.
    """

    group: str
    egress: bool
    protocol: int | None
    low: int | None
    high: int | None
    other: Block | PrefixListReference | GroupReference
    where: Where
    id: str | None = None
    description: str = ""

    @property
    def name(self) -> str:
        """Its id, else the id of its group."""
        return self.id or self.group


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group: its rules in the order of the file, of both directions."""

    id: str
    name: str
    vpc: str | None
    owner: str | None
    rules: tuple[GroupRule, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class AclEntry:
    """A numbered rule of a network ACL; the fields are those of ``GroupRule``."""

    number: int
    egress: bool
    allows: bool
    protocol: int | None
    low: int | None
    high: int | None
    block: Block
    where: Where
    icmp: tuple[int, int] | None = None
    """Type and code that it is for; -1 for all."""

    @property
    def name(self) -> str:
        """Its number, ``*`` for the last one, which nobody wrote."""
        return "*" if self.number > LAST_OWN_RULE else str(self.number)


LAST_OWN_RULE = 32_766
"""Higher numbers are not for customers: ``*`` is 32767 for IPv4 and 32768 for IPv6."""


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL, its entries by number."""

    id: str
    vpc: str | None
    is_default: bool
    subnets: frozenset[str]
    entries: tuple[AclEntry, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface.

    Attributes:
        id: Its id.
        subnet: Its subnet's id.
        vpc: Its VPC's id.
        groups: The ids of its security groups; ``None`` when the file does not say.
        primary: Its primary private IPv4 address.
        addresses: All addresses of its own, private and IPv6.
        prefixes: Blocks delegated to it (EKS).
        public: Public address to the private one behind it.
        kind: Its ``InterfaceType``.
        instance: The instance that it is attached to.
        requester_managed: Whether an AWS service made it.
        description: What made it, in words.
        timeouts: Idle timeouts of connection tracking in seconds, by their EC2 names.
        owner: Its account.
        tags: Its tags.
        where: Where it stands.
    """

    id: str
    subnet: str | None
    vpc: str | None
    groups: tuple[str, ...] | None
    primary: Ip | None
    addresses: frozenset[Ip]
    prefixes: tuple[Block, ...]
    public: dict[Ip, Ip | None]
    kind: str
    instance: str | None
    requester_managed: bool
    description: str
    timeouts: dict[str, int]
    owner: str | None
    tags: dict[str, str]
    where: Where

    @property
    def is_nat_gateway(self) -> bool:
        """Whether it is a NAT gateway's: EC2's model has ``natGateway``, its answers ``nat_gateway``."""
        return self.kind.replace("_", "").lower() == "natgateway"

    def owns(self, address: Ip) -> bool:
        """Whether an address is its own, as packets in the VPC carry it."""
        return address in self.addresses or any(address in block for block in self.prefixes)


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet and its blocks of addresses."""

    id: str
    vpc: str | None
    blocks: tuple[Block, ...]
    gateway_block: str
    """``BlockPublicAccessStates.InternetGatewayBlockMode``; ``off`` where the file does not say."""
    where: Where

    def __contains__(self, address: Ip) -> bool:
        """Whether an address is one of the subnet's."""
        return any(address in block for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Route:
    """A route: where it leads, by which gateway, and whether that is there."""

    to: Block | PrefixListReference
    target: str
    blackhole: bool
    where: Where


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table."""

    id: str
    vpc: str | None
    main: bool
    subnets: frozenset[str]
    routes: tuple[Route, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log: what it is for, what it leaves out, and whether it delivers."""

    id: str
    resource: str
    traffic: str
    status: str
    delivery: str
    error: str
    created: datetime | None
    interval: int
    format: str
    destination_type: str
    where: Where


@dataclass(frozen=True, slots=True)
class Kind:
    """What has been read of one kind of answer.

    Attributes:
        files: The files it came from.
        partial: Those of them that hold only the first pages.
        oldest: When the oldest of them was written: a snapshot has no time of its own.
    """

    files: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    oldest: datetime | None = None

    @property
    def is_there(self) -> bool:
        """Whether any file was read."""
        return bool(self.files)

    @property
    def is_whole(self) -> bool:
        """Whether what is not in it is not there."""
        return bool(self.files) and not self.partial


@dataclass(frozen=True)
class Inventory:
    """All that is known about the network; without any file, nothing is.

    Attributes:
        groups: Security groups by id.
        unsure: Groups of which there may be more rules: what was read of them is not whole.
        acls: Network ACLs by id.
        interfaces: Network interfaces by id.
        subnets: Subnets by id.
        tables: Route tables by id.
        flow_logs: Flow logs by id.
        prefix_lists: Prefix lists by id, as far as their entries are known.
        vpcs: The blocks of the VPCs, by id.
        kinds: What was read of each kind, by its top-level key.
        refused: Files that could not be used, and why.
    """

    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    acls: dict[str, NetworkAcl] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    tables: dict[str, RouteTable] = field(default_factory=dict)
    flow_logs: dict[str, FlowLog] = field(default_factory=dict)
    prefix_lists: dict[str, tuple[Block, ...]] = field(default_factory=dict)
    vpcs: dict[str, tuple[Block, ...]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def kind(self, key: str) -> Kind:
        """What was read under a top-level key."""
        return self.kinds.get(key, Kind())
