"""The one table of flow-log fields: names, kinds, versions and meanings.

The parsers, the query language, the record pane and the manual all read it. The facts are those of the
"Available fields" table of the Amazon VPC user guide and of the transit gateway guide (2026 editions).
Nothing here imports polars, so that the screen can paint before polars is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Kind(Enum):
    """What a column holds; ``loaders.schema`` gives each kind its polars dtype."""

    INT32 = "a small whole number"
    INT64 = "a whole number"
    TEXT = "text with many different values"
    LABEL = "text with few different values"

    @property
    def is_number(self) -> bool:
        """Whether values compare by size."""
        return self in {Kind.INT32, Kind.INT64}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a flow-log record.

    Attributes:
        name: The AWS header name (``pkt-srcaddr``).
        kind: What its column holds.
        version: The flow-log version that introduced it.
        meaning: One plain sentence for a person.
        insights: Its name in CloudWatch Logs Insights (``pktSrcaddr``).
        values: Meanings of single values, where the field has a closed list of codes.
    """

    name: str
    kind: Kind
    version: int
    meaning: str
    insights: str
    values: dict[str, str] | None = None

    @property
    def column(self) -> str:
        """The column's name: the header name with ``_`` for ``-``, as Athena and Parquet have it."""
        return self.name.replace("-", "_")


# Insights names that are not the plain camel case of the header name.
_INSIGHTS = {
    "srcaddr": "srcAddr",
    "dstaddr": "dstAddr",
    "srcport": "srcPort",
    "dstport": "dstPort",
    "start": "start",
    "end": "end",
}


def _camel(name: str) -> str:
    head, *rest = name.split("-")
    return head + "".join(word.capitalize() for word in rest)


def _field(name: str, kind: Kind, version: int, meaning: str, **values: str) -> Field:
    """Build a row of the table; ``values`` keys lose their leading underscore (``_1`` is the code 1)."""
    codes = {code.removeprefix("_"): text for code, text in values.items()}
    return Field(name, kind, version, meaning, _INSIGHTS.get(name, _camel(name)), codes or None)


_I32, _I64, _TEXT, _LABEL = Kind.INT32, Kind.INT64, Kind.TEXT, Kind.LABEL

_PATHS = {
    "_1": "to another resource in the same VPC",
    "_2": "through an internet gateway or a gateway VPC endpoint",
    "_3": "through a virtual private gateway",
    "_4": "through VPC peering in this region",
    "_5": "through VPC peering to another region",
    "_6": "through a local gateway, Local Zone or Wavelength Zone",
    "_7": "through a gateway VPC endpoint",
    "_8": "through an internet gateway",
}
_ENCRYPTION = {
    "_0": "not encrypted",
    "_1": "encrypted by Nitro",
    "_2": "encrypted by the application (inferred)",
    "_3": "encrypted by Nitro and by the application",
}
_STATUS = {
    "OK": "data was logged normally",
    "NODATA": "no traffic at the interface in this window",
    "SKIPDATA": "AWS could not keep records in this window; flows are missing",
}
_ACTION = {
    "ACCEPT": "let through by security groups and network ACLs",
    "REJECT": "refused by a security group or a network ACL, or it came after the connection had closed",
}
_REASON = {"BPA": "refused by VPC Block Public Access", "EC": "refused by encryption controls"}

FIELDS: tuple[Field, ...] = (
    _field("version", _I32, 2, "flow log version: the highest among its fields"),
    _field("account-id", _LABEL, 2, "account that owns the interface"),
    _field("interface-id", _LABEL, 2, "network interface at which the record was made"),
    _field("srcaddr", _TEXT, 2, "source address; outgoing: the interface's own primary address"),
    _field("dstaddr", _TEXT, 2, "destination address; incoming: the interface's own primary address"),
    _field("srcport", _I32, 2, "source port"),
    _field("dstport", _I32, 2, "destination port"),
    _field("protocol", _I32, 2, "IANA protocol number"),
    _field("packets", _I64, 2, "packets in the aggregation interval"),
    _field("bytes", _I64, 2, "bytes in the aggregation interval"),
    _field("start", _I64, 2, "first packet of the interval, epoch seconds"),
    _field("end", _I64, 2, "last packet of the interval, epoch seconds"),
    _field("action", _LABEL, 2, "whether the traffic was let through", **_ACTION),
    _field("log-status", _LABEL, 2, "how the logging itself went", **_STATUS),
    _field("vpc-id", _LABEL, 3, "VPC of the interface"),
    _field("subnet-id", _LABEL, 3, "subnet of the interface"),
    _field("instance-id", _LABEL, 3, "instance of the interface; none if AWS runs the interface"),
    _field("tcp-flags", _I32, 3, "TCP flags seen in the interval, added up"),
    _field("type", _LABEL, 3, "kind of traffic: IPv4, IPv6 or EFA"),
    _field("pkt-srcaddr", _TEXT, 3, "source address inside the packet, before any rewriting"),
    _field("pkt-dstaddr", _TEXT, 3, "destination address inside the packet, before any rewriting"),
    _field("region", _LABEL, 4, "region of the interface"),
    _field("az-id", _LABEL, 4, "availability zone id of the interface"),
    _field("sublocation-type", _LABEL, 4, "wavelength, outpost or localzone"),
    _field("sublocation-id", _LABEL, 4, "id of the sublocation"),
    _field("pkt-src-aws-service", _LABEL, 5, "AWS service that owns the packet's source address"),
    _field("pkt-dst-aws-service", _LABEL, 5, "AWS service that owns the packet's destination address"),
    _field("flow-direction", _LABEL, 5, "ingress or egress, seen from the interface"),
    _field("traffic-path", _I32, 5, "way that outgoing traffic takes", **_PATHS),
    _field("ecs-cluster-arn", _LABEL, 7, "ARN of the ECS cluster"),
    _field("ecs-cluster-name", _LABEL, 7, "name of the ECS cluster"),
    _field("ecs-container-instance-arn", _LABEL, 7, "ARN of the ECS container instance"),
    _field("ecs-container-instance-id", _LABEL, 7, "id of the ECS container instance"),
    _field("ecs-container-id", _LABEL, 7, "runtime id of the first container"),
    _field("ecs-second-container-id", _LABEL, 7, "runtime id of the second container"),
    _field("ecs-service-name", _LABEL, 7, "name of the ECS service"),
    _field("ecs-task-definition-arn", _LABEL, 7, "ARN of the ECS task definition"),
    _field("ecs-task-arn", _LABEL, 7, "ARN of the ECS task"),
    _field("ecs-task-id", _LABEL, 7, "id of the ECS task"),
    _field("reject-reason", _LABEL, 8, "why it was refused, where AWS says so", **_REASON),
    _field("resource-id", _LABEL, 9, "regional NAT gateway that the flow belongs to"),
    _field("encryption-status", _I32, 10, "encryption in transit", **_ENCRYPTION),
    _field("instance-tag", _LABEL, 11, "value of the first chosen instance tag"),
    _field("instance-tag-2", _LABEL, 11, "value of the second chosen instance tag"),
    _field("interface-tag", _LABEL, 11, "value of the first chosen interface tag"),
    _field("interface-tag-2", _LABEL, 11, "value of the second chosen interface tag"),
    _field("asg-tag", _LABEL, 11, "value of the first chosen Auto Scaling group tag"),
    _field("asg-tag-2", _LABEL, 11, "value of the second chosen Auto Scaling group tag"),
    _field("interface-type", _LABEL, 11, "type of the interface"),
    _field("next-hop-interface-id", _LABEL, 11, "interface of the next hop"),
    _field("next-hop-subnet-id", _LABEL, 11, "subnet of the next hop"),
    _field("next-hop-az-id", _LABEL, 11, "availability zone id of the next hop"),
    _field("next-hop-vpc-id", _LABEL, 11, "VPC of the next hop"),
    _field("next-hop-interface-type", _LABEL, 11, "type of the next hop's interface"),
    _field("resource-type", _LABEL, 6, "kind of resource that is logged"),
    _field("tgw-id", _LABEL, 6, "transit gateway"),
    _field("tgw-attachment-id", _LABEL, 6, "transit gateway attachment that is logged"),
    _field("tgw-src-vpc-account-id", _LABEL, 6, "account of the source VPC"),
    _field("tgw-dst-vpc-account-id", _LABEL, 6, "account of the destination VPC"),
    _field("tgw-src-vpc-id", _LABEL, 6, "source VPC"),
    _field("tgw-dst-vpc-id", _LABEL, 6, "destination VPC"),
    _field("tgw-src-subnet-id", _LABEL, 6, "source subnet"),
    _field("tgw-dst-subnet-id", _LABEL, 6, "destination subnet"),
    _field("tgw-src-eni", _LABEL, 6, "interface of the source attachment"),
    _field("tgw-dst-eni", _LABEL, 6, "interface of the destination attachment"),
    _field("tgw-src-az-id", _LABEL, 6, "availability zone id of the source"),
    _field("tgw-dst-az-id", _LABEL, 6, "availability zone id of the destination"),
    _field("tgw-pair-attachment-id", _LABEL, 6, "attachment on the other side"),
    _field("packets-lost-no-route", _I64, 6, "packets dropped because no route was found"),
    _field("packets-lost-blackhole", _I64, 6, "packets dropped by a blackhole route"),
    _field("packets-lost-mtu-exceeded", _I64, 6, "packets dropped because they exceeded the MTU"),
    _field("packets-lost-ttl-expired", _I64, 6, "packets dropped because their time to live ran out"),
)

# The columns that every record has beside its format's own (DESIGN: data model).
ENVELOPE: tuple[Field, ...] = (
    Field("timestamp", Kind.INT64, 0, "event time, UTC", "@timestamp"),
    Field("log_group", Kind.LABEL, 0, "log group", "@log"),
    Field("log_stream", Kind.LABEL, 0, "log stream", "@logStream"),
)

ADDRESSES = frozenset({"srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"})
"""The columns that hold addresses: of IPv6 the same one can be written in several ways."""

STREAM_COLUMNS = ("interface_id", "resource_id", "tgw_attachment_id", "tgw_id")
"""What names the log stream of a record, best first: a record has at most one of them."""

# The order of a default (version 2) flow log, which carries no header in CloudWatch.
DEFAULT_ORDER: tuple[str, ...] = tuple(field.name for field in FIELDS[:14])

_ALIASES = {
    "starttime": "start",
    "endtime": "end",
    "sourceaddress": "srcaddr",
    "destinationaddress": "dstaddr",
    "sourceport": "srcport",
    "destinationport": "dstport",
    "numpackets": "packets",
    "numbytes": "bytes",
    "account": "account-id",
    "@log": "log_group",
    "group": "log_group",
    "stream": "log_stream",
}


def squeeze(name: str) -> str:
    """Reduce a field's spelling to what all its spellings share (``pkt-srcAddr`` to ``pktsrcaddr``)."""
    return re.sub(r"[-_]", "", name.strip().lower()).removeprefix("@")


_BY_SPELLING = {squeeze(field.name): field for field in FIELDS + ENVELOPE}
_BY_SPELLING |= {squeeze(alias): _BY_SPELLING[squeeze(name)] for alias, name in _ALIASES.items()}
BY_COLUMN = {field.column: field for field in FIELDS + ENVELOPE}


@lru_cache(maxsize=4096)
def resolve(name: str) -> Field | None:
    """Find the field that a name means, whatever its spelling.

    Header names, Athena columns, Insights names and filter-pattern names all resolve: case, ``-``, ``_``
    and a leading ``@`` do not count.
    """
    return _BY_SPELLING.get(squeeze(name))
