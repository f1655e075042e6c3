"""The little VPC of ``sample_logs/``: its names, addresses, interfaces and flow logs.

Internet addresses come out of the blocks that are reserved for documentation only.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from layouts import ALL_COLUMNS, DEFAULT_COLUMNS

ACCOUNT = "123456789012"
REGION = "us-east-1"
VPC_ID = "vpc-0a1b2c3d4e5f60718"
VPC_CIDR = "10.0.0.0/16"
VPC_IPV6_CIDR = "2001:db8:1234:1a00::/56"

BEGIN = int(datetime(2026, 1, 15, 10, tzinfo=UTC).timestamp())
FINISH = BEGIN + 6 * 3600
WINDOW_SECONDS = 60

# IANA protocol numbers.
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58


def made_up_id(kind: str, name: str) -> str:
    """Make an id in the shape of AWS's own (``eni-`` and 17 hexadecimal digits), always the same one."""
    return f"{kind}-0{hashlib.sha256(f'{kind} {name}'.encode()).hexdigest()[:16]}"


EXPORT_TASK = str(uuid.UUID(bytes=hashlib.sha256(b"export task").digest()[:16], version=4))


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet; its network ACL and its route table bear its name."""

    name: str
    cidr: str
    ipv6_cidr: str
    zone: str
    zone_id: str

    @property
    def id(self) -> str:
        """The subnet's id."""
        return made_up_id("subnet", self.name)


PUBLIC = Subnet("public", "10.0.1.0/24", "2001:db8:1234:1a01::/64", "us-east-1a", "use1-az1")
PRIVATE = Subnet("private", "10.0.2.0/24", "2001:db8:1234:1a02::/64", "us-east-1b", "use1-az2")
SUBNETS = (PUBLIC, PRIVATE)


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface.

    Attributes:
        name: The role it plays in the story.
        subnet: Where it is.
        address: Its private IPv4 address.
        phase: Second of the minute at which its aggregation windows begin; every interface has its own.
        instance: Name of the instance it belongs to; none if AWS runs it.
        groups: Names of its security groups.
        public_address: The elastic IP address that belongs to it.
        ipv6_address: Its IPv6 address.
        device_index: Its place among the interfaces of the instance.
    """

    name: str
    subnet: Subnet
    address: str
    phase: int
    instance: str | None = None
    groups: tuple[str, ...] = ()
    public_address: str | None = None
    ipv6_address: str | None = None
    device_index: int = 0

    @property
    def id(self) -> str:
        """The interface's id."""
        return made_up_id("eni", self.name)

    @property
    def instance_id(self) -> str | None:
        """The id of the instance it belongs to."""
        return made_up_id("i", self.instance) if self.instance else None

    def owns(self, address: str) -> bool:
        """Tell whether an address in a record is this interface's own."""
        return address in (self.address, self.ipv6_address)


WEB = Interface("web", PUBLIC, "10.0.1.10", 7, "web", ("web",), "198.51.100.10")
IDLE = Interface("web-standby", PUBLIC, "10.0.1.99", 31, "web", ("web",), device_index=1)
NAT = Interface("nat", PUBLIC, "10.0.1.5", 44, public_address="198.51.100.5")
APP = Interface("app", PRIVATE, "10.0.2.20", 19, "app", ("app",))
DATABASE = Interface("database", PRIVATE, "10.0.2.30", 52, "database", ("database",))
WORKER = Interface(
    "worker", PRIVATE, "10.0.2.40", 26, "worker", ("worker",), ipv6_address="2001:db8:1234:1a02::40"
)
INTERFACES = (WEB, IDLE, NAT, APP, DATABASE, WORKER)

NAT_GATEWAY_ID = made_up_id("nat", "gateway")


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log: what it covers and what its records look like."""

    name: str
    resource_id: str
    created: str
    version: int
    columns: tuple[str, ...]
    interfaces: tuple[Interface, ...]

    @property
    def id(self) -> str:
        """The flow log's id."""
        return made_up_id("fl", self.name)


# An order that somebody chose by hand: time first, and the version somewhere near the end.
HAND_MADE_COLUMNS = (
    *("start", "end", "action", "log_status", "flow_direction", "interface_id", "instance_id"),
    *("srcaddr", "srcport", "dstaddr", "dstport", "protocol", "tcp_flags", "packets", "bytes"),
    *("pkt_srcaddr", "pkt_dstaddr", "pkt_src_aws_service", "pkt_dst_aws_service", "traffic_path", "type"),
    *(
        "account_id",
        "region",
        "az_id",
        "vpc_id",
        "subnet_id",
        "sublocation_type",
        "sublocation_id",
        "version",
    ),
)

PUBLIC_LOG = FlowLog(
    "public-subnet", PUBLIC.id, "2025-11-03T09:12:44.318000+00:00", 2, DEFAULT_COLUMNS, (WEB, IDLE, NAT)
)
APP_LOG = FlowLog("app", APP.id, "2025-11-03T09:20:07.902000+00:00", 5, HAND_MADE_COLUMNS, (APP,))
DATABASE_LOG = FlowLog(
    "database", DATABASE.id, "2025-11-05T14:41:30.077000+00:00", 2, DEFAULT_COLUMNS, (DATABASE,)
)
WORKER_LOG = FlowLog("worker", WORKER.id, "2025-12-01T08:03:19.550000+00:00", 5, ALL_COLUMNS, (WORKER,))
FLOW_LOGS = (PUBLIC_LOG, APP_LOG, DATABASE_LOG, WORKER_LOG)

# The far ends that have a part of their own in the story.
OFFICE = "203.0.113.10"
LAPTOP = "172.16.8.25"  # comes in through the VPN
VPN_CIDR = "172.16.0.0/16"
TIME_SERVER = "192.0.2.123"
MAIL_RELAY = "192.0.2.25"
BUCKET = "198.51.100.80"
PARTNER = "192.0.2.50"
PARTNER_IPV6 = "2001:db8:5000::10"
BUCKET_IPV6 = "2001:db8:53::80"
MIRROR = "198.51.100.61"
MIRROR_IPV6 = "2001:db8:6100::61"
OLD_CLIENTS = ("192.0.2.77", "198.51.100.201")
SCANNER = "203.0.113.66"
LESSER_SCANNERS = ("192.0.2.201", "198.51.100.177", "203.0.113.140")

AWS_SERVICES = {BUCKET: "S3", BUCKET_IPV6: "S3"}
