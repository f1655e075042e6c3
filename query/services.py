"""Names that people use for numbers and codes: services, protocols, and words for one value of one field.

Port names follow the IANA registry where it agrees with daily use, and daily use where it does not
(``postgres``, ``redis``, ``kubelet``). Protocol names are those of the IANA protocol number registry.
"""

from __future__ import annotations

from typing import NamedTuple

TCP, UDP, SCTP = 6, 17, 132

PROTOCOLS: dict[int, str] = {
    0: "hopopt",
    1: "icmp",
    2: "igmp",
    3: "ggp",
    4: "ipip",
    6: "tcp",
    8: "egp",
    9: "igp",
    17: "udp",
    33: "dccp",
    41: "ipv6-encap",
    43: "ipv6-route",
    44: "ipv6-frag",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    59: "ipv6-nonxt",
    60: "ipv6-opts",
    88: "eigrp",
    89: "ospf",
    94: "ipip-encap",
    97: "etherip",
    98: "encap",
    103: "pim",
    108: "ipcomp",
    112: "vrrp",
    115: "l2tp",
    118: "stp",
    121: "smp",
    124: "isis",
    132: "sctp",
    133: "fc",
    135: "mobility",
    136: "udplite",
    137: "mpls-in-ip",
    138: "manet",
    139: "hip",
    140: "shim6",
    141: "wesp",
    142: "rohc",
    143: "ethernet",
}

_PROTOCOL_NUMBERS = {name: number for number, name in PROTOCOLS.items()} | {
    "ipv6-icmp": 58,
    "icmp6": 58,
    "ospfigp": 89,
}


class Service(NamedTuple):
    """A well-known port.

    Attributes:
        port: Its number.
        protocols: IANA numbers of the protocols that carry it.
        name: The name that people use.
    """

    port: int
    protocols: tuple[int, ...]
    name: str


_BOTH = (TCP, UDP)

SERVICES: tuple[Service, ...] = (
    Service(20, (TCP,), "ftp-data"),
    Service(21, (TCP,), "ftp"),
    Service(22, (TCP,), "ssh"),
    Service(23, (TCP,), "telnet"),
    Service(25, (TCP,), "smtp"),
    Service(53, _BOTH, "dns"),
    Service(67, (UDP,), "dhcp"),
    Service(68, (UDP,), "dhcp-client"),
    Service(69, (UDP,), "tftp"),
    Service(80, (TCP,), "http"),
    Service(88, _BOTH, "kerberos"),
    Service(110, (TCP,), "pop3"),
    Service(111, _BOTH, "rpcbind"),
    Service(123, (UDP,), "ntp"),
    Service(135, (TCP,), "msrpc"),
    Service(137, (UDP,), "netbios-ns"),
    Service(138, (UDP,), "netbios-dgm"),
    Service(139, (TCP,), "netbios-ssn"),
    Service(143, (TCP,), "imap"),
    Service(161, (UDP,), "snmp"),
    Service(162, (UDP,), "snmp-trap"),
    Service(179, (TCP,), "bgp"),
    Service(389, _BOTH, "ldap"),
    Service(443, _BOTH, "https"),
    Service(445, (TCP,), "smb"),
    Service(464, _BOTH, "kpasswd"),
    Service(465, (TCP,), "smtps"),
    Service(500, (UDP,), "ike"),
    Service(514, (UDP,), "syslog"),
    Service(514, (TCP,), "rsh"),
    Service(546, (UDP,), "dhcpv6-client"),
    Service(547, (UDP,), "dhcpv6"),
    Service(587, (TCP,), "submission"),
    Service(636, (TCP,), "ldaps"),
    Service(853, _BOTH, "dns-tls"),
    Service(873, (TCP,), "rsync"),
    Service(993, (TCP,), "imaps"),
    Service(995, (TCP,), "pop3s"),
    Service(1194, _BOTH, "openvpn"),
    Service(1433, (TCP,), "mssql"),
    Service(1434, (UDP,), "mssql-browser"),
    Service(1521, (TCP,), "oracle"),
    Service(1883, (TCP,), "mqtt"),
    Service(2049, _BOTH, "nfs"),
    Service(2181, (TCP,), "zookeeper"),
    Service(2375, (TCP,), "docker"),
    Service(2376, (TCP,), "docker-tls"),
    Service(2379, (TCP,), "etcd"),
    Service(2380, (TCP,), "etcd-peer"),
    Service(3000, (TCP,), "grafana"),
    Service(3128, (TCP,), "squid"),
    Service(3268, (TCP,), "ldap-gc"),
    Service(3269, (TCP,), "ldaps-gc"),
    Service(3306, (TCP,), "mysql"),
    Service(3389, _BOTH, "rdp"),
    Service(4500, (UDP,), "ipsec-nat"),
    Service(4789, (UDP,), "vxlan"),
    Service(5060, _BOTH, "sip"),
    Service(5353, (UDP,), "mdns"),
    Service(5432, (TCP,), "postgres"),
    Service(5439, (TCP,), "redshift"),
    Service(5671, (TCP,), "amqps"),
    Service(5672, (TCP,), "amqp"),
    Service(5900, (TCP,), "vnc"),
    Service(5985, (TCP,), "winrm"),
    Service(5986, (TCP,), "winrm-tls"),
    Service(6081, (UDP,), "geneve"),
    Service(6379, (TCP,), "redis"),
    Service(6443, (TCP,), "kubernetes"),
    Service(8080, (TCP,), "http-alt"),
    Service(8086, (TCP,), "influxdb"),
    Service(8125, (UDP,), "statsd"),
    Service(8300, (TCP,), "consul"),
    Service(8443, (TCP,), "https-alt"),
    Service(8883, (TCP,), "mqtts"),
    Service(9042, (TCP,), "cassandra"),
    Service(9090, (TCP,), "prometheus"),
    Service(9092, (TCP,), "kafka"),
    Service(9094, (TCP,), "kafka-tls"),
    Service(9200, (TCP,), "elasticsearch"),
    Service(9300, (TCP,), "elasticsearch-node"),
    Service(10250, (TCP,), "kubelet"),
    Service(11211, _BOTH, "memcached"),
    Service(27017, (TCP,), "mongodb"),
    Service(51820, (UDP,), "wireguard"),
)

_BY_PORT: dict[tuple[int, int | None], str] = {}
for _port, _protocols, _name in SERVICES:
    _BY_PORT.setdefault((_port, None), _name)
    for _protocol in _protocols:
        _BY_PORT[_port, _protocol] = _name

_PORTS = {service.name: service.port for service in reversed(SERVICES)} | {
    "postgresql": 5432,
    "mongo": 27017,
    "elastic": 9200,
    "opensearch": 9200,
    "k8s": 6443,
    "domain": 53,
    "ms-wbt-server": 3389,
    "microsoft-ds": 445,
}

# Words that stand for one value of one field: word -> (column, value).
WORDS: dict[str, tuple[str, str | int]] = {
    "accept": ("action", "ACCEPT"),
    "reject": ("action", "REJECT"),
    "ok": ("log_status", "OK"),
    "nodata": ("log_status", "NODATA"),
    "skipdata": ("log_status", "SKIPDATA"),
    "ingress": ("flow_direction", "ingress"),
    "egress": ("flow_direction", "egress"),
    **{name: ("protocol", number) for name, number in _PROTOCOL_NUMBERS.items() if name.isalnum()},
}


def service_name(port: int | None, protocol: int | None = None) -> str | None:
    """The name of the service at a port.

    Args:
        port: The port's number; None, as in a NODATA record, has no service.
        protocol: The IANA protocol number; None when it is not known, and then any will do.
    """
    return None if port is None else _BY_PORT.get((port, protocol))


def port_of(name: str) -> int | None:
    """The port of a service, whatever the case of its name; None if there is no such service here."""
    return _PORTS.get(name.lower())


def service_names() -> tuple[str, ...]:
    """All names that ``port_of`` knows."""
    return tuple(_PORTS)


def protocol_name(number: int | None) -> str | None:
    """The name of an IANA protocol number; None if it has none that people would know."""
    return None if number is None else PROTOCOLS.get(number)


def protocol_number(name: str) -> int | None:
    """The IANA number of a protocol, whatever the case of its name."""
    return _PROTOCOL_NUMBERS.get(name.lower())
