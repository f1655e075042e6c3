"""The rest of the sample's inventory, as the ``aws ec2 describe-*`` commands print it."""

from __future__ import annotations

import hashlib

from layouts import header_name
from sample_rules import (
    Json,
    arn,
    describe_network_acls,
    describe_security_group_rules,
    describe_security_groups,
    tags,
)
from sample_vpc import (
    ACCOUNT,
    DATABASE_LOG,
    FLOW_LOGS,
    INTERFACES,
    NAT,
    NAT_GATEWAY_ID,
    REGION,
    SUBNETS,
    VPC_CIDR,
    VPC_ID,
    VPC_IPV6_CIDR,
    VPN_CIDR,
    WINDOW_SECONDS,
    WORKER_LOG,
    FlowLog,
    Interface,
    Subnet,
    made_up_id,
)

_INTERNET_GATEWAY = made_up_id("igw", "sample")
_EGRESS_ONLY_GATEWAY = made_up_id("eigw", "sample")
_VPN_GATEWAY = made_up_id("vgw", "sample")
_BUCKET_ARN = "arn:aws:s3:::example-flow-logs"
_LOG_GROUP = "/vpc/flow-logs/database"

# Set by CreateRoute, by the VPC itself, or learned from the VPN.
_BY_HAND, _LOCAL, _LEARNED = "CreateRoute", "CreateRouteTable", "EnableVgwRoutePropagation"


def inventory() -> dict[str, Json]:
    """Every document of the inventory by its file name."""
    return {
        "describe-flow-logs.json": {"FlowLogs": [_flow_log(log) for log in FLOW_LOGS]},
        "describe-network-acls.json": describe_network_acls(),
        "describe-network-interfaces.json": {"NetworkInterfaces": [_interface(each) for each in INTERFACES]},
        "describe-route-tables.json": {"RouteTables": _route_tables()},
        "describe-security-group-rules.json": describe_security_group_rules(),
        "describe-security-groups.json": describe_security_groups(),
        "describe-subnets.json": {"Subnets": [_subnet(each) for each in SUBNETS]},
        "describe-vpcs.json": {"Vpcs": [_vpc()]},
    }


def _vpc() -> Json:
    return {
        "OwnerId": ACCOUNT,
        "InstanceTenancy": "default",
        "Ipv6CidrBlockAssociationSet": [
            {
                "AssociationId": made_up_id("vpc-cidr-assoc", VPC_IPV6_CIDR),
                "Ipv6CidrBlock": VPC_IPV6_CIDR,
                "Ipv6CidrBlockState": {"State": "associated"},
                "NetworkBorderGroup": REGION,
                "Ipv6Pool": "Amazon",
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
        ],
        "CidrBlockAssociationSet": [
            {
                "AssociationId": made_up_id("vpc-cidr-assoc", VPC_CIDR),
                "CidrBlock": VPC_CIDR,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "IsDefault": False,
        "Tags": tags("sample"),
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "VpcId": VPC_ID,
        "State": "available",
        "CidrBlock": VPC_CIDR,
        "DhcpOptionsId": made_up_id("dopt", "sample"),
    }


def _subnet(subnet: Subnet) -> Json:
    taken = sum(each.subnet is subnet for each in INTERFACES)
    return {
        "AvailabilityZoneId": subnet.zone_id,
        "MapCustomerOwnedIpOnLaunch": False,
        "OwnerId": ACCOUNT,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [
            {
                "AssociationId": made_up_id("subnet-cidr-assoc", subnet.name),
                "Ipv6CidrBlock": subnet.ipv6_cidr,
                "Ipv6CidrBlockState": {"State": "associated"},
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
        ],
        "Tags": tags(subnet.name),
        "SubnetArn": arn("subnet", subnet.id),
        "EnableDns64": False,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name",
            "EnableResourceNameDnsARecord": False,
            "EnableResourceNameDnsAAAARecord": False,
        },
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
        "SubnetId": subnet.id,
        "State": "available",
        "VpcId": VPC_ID,
        "CidrBlock": subnet.cidr,
        # Of 256 addresses AWS keeps five to itself.
        "AvailableIpAddressCount": 251 - taken,
        "AvailabilityZone": subnet.zone,
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": False,
    }


def _interface(interface: Interface) -> Json:
    association = _association(interface)
    private_name = f"ip-{interface.address.replace('.', '-')}.ec2.internal"
    ipv6 = [{"Ipv6Address": interface.ipv6_address, "IsPrimaryIpv6": False}] if interface.ipv6_address else []
    return {
        **association,
        "Attachment": _attachment(interface),
        "AvailabilityZone": interface.subnet.zone,
        "Description": _description(interface),
        "Groups": [{"GroupName": name, "GroupId": made_up_id("sg", name)} for name in interface.groups],
        "InterfaceType": "nat_gateway" if interface is NAT else "interface",
        "Ipv6Addresses": ipv6,
        "MacAddress": _mac_address(interface),
        "NetworkInterfaceId": interface.id,
        "OwnerId": ACCOUNT,
        "PrivateDnsName": private_name,
        "PrivateIpAddress": interface.address,
        "PrivateIpAddresses": [
            {
                **association,
                "Primary": True,
                "PrivateDnsName": private_name,
                "PrivateIpAddress": interface.address,
            }
        ],
        **({"RequesterId": "AROAEXAMPLENATGATEWAY"} if interface is NAT else {}),
        "RequesterManaged": interface is NAT,
        "SourceDestCheck": interface is not NAT,
        "Status": "in-use",
        "SubnetId": interface.subnet.id,
        "TagSet": tags(interface.name),
        "VpcId": VPC_ID,
    }


def _association(interface: Interface) -> Json:
    """The elastic IP address of an interface; the key is absent from those that have none."""
    address = interface.public_address
    if address is None:
        return {}
    return {
        "Association": {
            "AllocationId": made_up_id("eipalloc", interface.name),
            "AssociationId": made_up_id("eipassoc", interface.name),
            "IpOwnerId": ACCOUNT,
            "PublicDnsName": f"ec2-{address.replace('.', '-')}.compute-1.amazonaws.com",
            "PublicIp": address,
        }
    }


def _attachment(interface: Interface) -> Json:
    if interface is NAT:
        return {
            "AttachmentId": made_up_id("ela-attach", interface.name),
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        }
    return {
        "AttachTime": "2025-11-03T08:50:11+00:00",
        "AttachmentId": made_up_id("eni-attach", interface.name),
        "DeleteOnTermination": interface.device_index == 0,
        "DeviceIndex": interface.device_index,
        "NetworkCardIndex": 0,
        "InstanceId": interface.instance_id,
        "InstanceOwnerId": ACCOUNT,
        "Status": "attached",
    }


def _description(interface: Interface) -> str:
    return f"Interface for NAT Gateway {NAT_GATEWAY_ID}" if interface is NAT else ""


def _mac_address(interface: Interface) -> str:
    # 0x0e: an address that is administered locally, as those of AWS are.
    return ":".join(f"{byte:02x}" for byte in b"\x0e" + hashlib.sha256(interface.id.encode()).digest()[:5])


def _route_tables() -> list[Json]:
    internet = _route("DestinationCidrBlock", "0.0.0.0/0", "GatewayId", _INTERNET_GATEWAY)
    internet_ipv6 = _route("DestinationIpv6CidrBlock", "::/0", "GatewayId", _INTERNET_GATEWAY)
    through_nat = _route("DestinationCidrBlock", "0.0.0.0/0", "NatGatewayId", NAT_GATEWAY_ID)
    outward_ipv6 = _route(
        "DestinationIpv6CidrBlock", "::/0", "EgressOnlyInternetGatewayId", _EGRESS_ONLY_GATEWAY
    )
    vpn = _route("DestinationCidrBlock", VPN_CIDR, "GatewayId", _VPN_GATEWAY, _LEARNED)
    return [
        _route_table("main", []),
        _route_table("public", [internet, internet_ipv6]),
        _route_table("private", [through_nat, vpn, outward_ipv6]),
    ]


def _route_table(name: str, routes: list[Json]) -> Json:
    table_id = made_up_id("rtb", name)
    subnet_ids = [subnet.id for subnet in SUBNETS if subnet.name == name]
    association: Json = {
        "Main": name == "main",
        "RouteTableAssociationId": made_up_id("rtbassoc", name),
        "RouteTableId": table_id,
        **({"SubnetId": subnet_ids[0]} if subnet_ids else {}),
        "AssociationState": {"State": "associated"},
    }
    local = _route("DestinationCidrBlock", VPC_CIDR, "GatewayId", "local", _LOCAL)
    local_ipv6 = _route("DestinationIpv6CidrBlock", VPC_IPV6_CIDR, "GatewayId", "local", _LOCAL)
    learns = any(route["Origin"] == _LEARNED for route in routes)
    return {
        "Associations": [association],
        "PropagatingVgws": [{"GatewayId": _VPN_GATEWAY}] if learns else [],
        "RouteTableId": table_id,
        "Routes": [local, *routes, local_ipv6],
        "Tags": tags(name),
        "VpcId": VPC_ID,
        "OwnerId": ACCOUNT,
    }


def _route(kind: str, destination: str, target_kind: str, target: str, origin: str = _BY_HAND) -> Json:
    return {kind: destination, target_kind: target, "Origin": origin, "State": "active"}


def _flow_log(log: FlowLog) -> Json:
    return {
        "CreationTime": log.created,
        **_destination(log),
        "DeliverLogsStatus": "SUCCESS",
        "FlowLogId": log.id,
        "FlowLogStatus": "ACTIVE",
        "ResourceId": log.resource_id,
        "TrafficType": "ALL",
        "LogFormat": " ".join(f"${{{header_name(column)}}}" for column in log.columns),
        "Tags": tags(log.name),
        "MaxAggregationInterval": WINDOW_SECONDS,
    }


def _destination(log: FlowLog) -> Json:
    if log is DATABASE_LOG:
        return {
            "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/flow-logs",
            "LogGroupName": _LOG_GROUP,
            "LogDestinationType": "cloud-watch-logs",
            "LogDestination": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{_LOG_GROUP}",
        }
    return {
        "LogDestinationType": "s3",
        "LogDestination": _BUCKET_ARN,
        "DestinationOptions": {
            "FileFormat": "parquet" if log is WORKER_LOG else "plain-text",
            "HiveCompatiblePartitions": False,
            "PerHourPartition": False,
        },
    }
