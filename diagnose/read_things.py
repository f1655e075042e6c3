"""From ``describe-*`` answers: interfaces, subnets, VPCs, flow logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from diagnose.model import FlowLog, Interface, Subnet, Where
from diagnose.raw import Raw, address_in, block_in, inner, items, number_of, text_of, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.blocks import Block

_KINDS = {"natGateway": "nat_gateway"}
"""Kinds of interfaces that the API names in one way and describes in another."""
_DEFAULT_INTERVAL = 600
"""Seconds; ``MaxAggregationInterval`` where a flow log does not say."""


def blocks(entries: Iterable[Raw], key: str) -> tuple[Block, ...]:
    """The blocks under one key of some objects."""
    return tuple(block for entry in entries if (block := block_in(entry, key)) is not None)


def interface(raw: Raw, where: Where) -> Interface | None:
    """An item of ``NetworkInterfaces``."""
    name = text_of(raw, "NetworkInterfaceId")
    if name is None:
        return None
    primary = address_in(raw, "PrivateIpAddress")
    addresses, public = set(), {}
    for item in (raw, *items(raw, "PrivateIpAddresses")):
        own = address_in(item, "PrivateIpAddress")
        addresses.add(own)
        for key in ("PublicIp", "CarrierIp"):
            outside = address_in(inner(item, "Association"), key)
            if outside is not None:
                public[outside] = own
        if truth_of(item, "Primary"):
            primary = primary or own
    addresses |= {address_in(item, "Ipv6Address") for item in items(raw, "Ipv6Addresses")}
    groups = [text_of(item, "GroupId") for item in items(raw, "Groups")]
    timeouts = inner(raw, "ConnectionTrackingConfiguration") or inner(raw, "ConnectionTracking")
    return Interface(
        id=name,
        subnet=text_of(raw, "SubnetId"),
        vpc=text_of(raw, "VpcId"),
        groups=tuple(group for group in groups if group) if isinstance(raw.get("Groups"), list) else None,
        primary=primary,
        addresses=frozenset(address for address in addresses if address is not None),
        prefixes=(
            *blocks(items(raw, "Ipv4Prefixes"), "Ipv4Prefix"),
            *blocks(items(raw, "Ipv6Prefixes"), "Ipv6Prefix"),
        ),
        public=public,
        kind=_KINDS.get(kind := text_of(raw, "InterfaceType") or "interface", kind),
        instance=text_of(inner(raw, "Attachment"), "InstanceId"),
        requester_managed=truth_of(raw, "RequesterManaged"),
        description=text_of(raw, "Description") or "",
        timeouts={key: seconds for key in timeouts if (seconds := number_of(timeouts, key)) is not None},
        owner=text_of(raw, "OwnerId"),
        tags={tag: text_of(item, "Value") or "" for item in items(raw, "TagSet") for tag in _key(item)},
        where=where,
    )


def _key(raw: Raw) -> tuple[str, ...]:
    key = text_of(raw, "Key")
    return (key,) if key else ()


def subnet(raw: Raw, where: Where) -> Subnet | None:
    """An item of ``Subnets``."""
    name = text_of(raw, "SubnetId")
    if name is None:
        return None
    six = [item for item in items(raw, "Ipv6CidrBlockAssociationSet") if _is_associated(item)]
    return Subnet(
        id=name,
        vpc=text_of(raw, "VpcId"),
        blocks=(*blocks([raw], "CidrBlock"), *blocks(six, "Ipv6CidrBlock")),
        gateway_block=text_of(inner(raw, "BlockPublicAccessStates"), "InternetGatewayBlockMode") or "off",
        where=where,
    )


def _is_associated(raw: Raw) -> bool:
    state = text_of(inner(raw, "Ipv6CidrBlockState"), "State") or text_of(
        inner(raw, "CidrBlockState"), "State"
    )
    return state in {None, "associated", "associating"}


def vpc_blocks(raw: Raw) -> tuple[Block, ...]:
    """The blocks of an item of ``Vpcs``, the first one first."""
    more = (
        *blocks(filter(_is_associated, items(raw, "CidrBlockAssociationSet")), "CidrBlock"),
        *blocks(filter(_is_associated, items(raw, "Ipv6CidrBlockAssociationSet")), "Ipv6CidrBlock"),
    )
    return tuple(dict.fromkeys((*blocks([raw], "CidrBlock"), *more)))


def flow_log(raw: Raw, where: Where) -> FlowLog | None:
    """An item of ``FlowLogs``."""
    name = text_of(raw, "FlowLogId")
    if name is None:
        return None
    return FlowLog(
        id=name,
        resource=text_of(raw, "ResourceId") or "",
        traffic=text_of(raw, "TrafficType") or "ALL",
        status=text_of(raw, "FlowLogStatus") or "ACTIVE",
        delivery=text_of(raw, "DeliverLogsStatus") or "",
        error=text_of(raw, "DeliverLogsErrorMessage") or "",
        created=_moment(raw, "CreationTime"),
        interval=number_of(raw, "MaxAggregationInterval") or _DEFAULT_INTERVAL,
        format=text_of(raw, "LogFormat") or "",
        destination_type=text_of(raw, "LogDestinationType") or "",
        where=where,
    )


def _moment(raw: Raw, key: str) -> datetime | None:
    """A time, as the AWS CLI writes it: ISO 8601, or epoch seconds where it is told to."""
    found = raw.get(key)
    try:
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found, UTC)
        moment = datetime.fromisoformat(found) if isinstance(found, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
