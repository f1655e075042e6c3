from __future__ import annotations

import pytest

from query import functions, services
from query.parse import parse_filter
from query.services import port_of, protocol_name, protocol_number, service_name
from query.tree import Call

PORTS = {
    "ssh": 22, "telnet": 23, "smtp": 25, "dns": 53, "http": 80, "ntp": 123, "ldap": 389, "https": 443,
    "smb": 445, "nfs": 2049, "etcd": 2379, "mysql": 3306, "rdp": 3389, "vxlan": 4789, "postgres": 5432,
    "winrm": 5985, "geneve": 6081, "redis": 6379, "kubernetes": 6443, "kafka": 9092, "elasticsearch": 9200,
    "kubelet": 10250, "memcached": 11211, "mongodb": 27017, "wireguard": 51820,
}  # fmt: skip


@pytest.mark.parametrize("name", PORTS)
def test_the_services_that_matter_have_their_port(name: str):
    assert port_of(name) == port_of(name.upper()) == PORTS[name]
    assert service_name(PORTS[name]) == name


def test_a_service_belongs_to_its_protocols():
    assert service_name(22, 6) == "ssh"
    assert service_name(22, 17) is None
    assert service_name(53, 6) == service_name(53, 17) == "dns"
    assert service_name(514, 17) == "syslog"
    assert service_name(514, 6) == "rsh"
    assert service_name(514) == "syslog"
    assert service_name(0, 1) is service_name(None, 6) is service_name(54_321, 6) is None


def test_every_service_is_found_by_its_name_and_its_port():
    assert len(services.SERVICES) >= 70
    names = [service.name for service in services.SERVICES]
    assert len(set(names)) == len(names)
    for port, protocols, name in services.SERVICES:
        assert port_of(name) == port
        assert 0 < port < 65_536
        assert all(service_name(port, protocol) == name for protocol in protocols)
        # `:name` must be a term that the grammar reads.
        parse_filter(f":{name}")


def test_other_names_of_a_service_are_understood():
    assert port_of("postgresql") == 5432
    assert port_of("nosuch") is None
    assert set(services.service_names()) >= {"ssh", "k8s"}


IANA = {
    1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 17: "udp", 41: "ipv6-encap", 47: "gre", 50: "esp", 51: "ah",
    58: "icmpv6", 88: "eigrp", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite",
}  # fmt: skip


@pytest.mark.parametrize("number", IANA)
def test_a_protocol_has_a_name(number: int):
    assert protocol_name(number) == IANA[number]
    assert protocol_number(IANA[number].upper()) == number


def test_protocols_without_a_name_are_none():
    assert protocol_name(None) is protocol_name(200) is None
    assert protocol_number("nosuch") is None
    assert protocol_number("ipv6-icmp") == 58


def test_the_words_of_the_filter_bar_name_columns_that_exist():
    from loaders.fields import BY_COLUMN

    for word, (column, value) in services.WORDS.items():
        assert column in BY_COLUMN
        known = BY_COLUMN[column].values
        assert known is None or value in known, word


def test_every_function_is_declared_once_and_can_be_called_as_its_example_shows():
    assert set(functions.FUNCTIONS) >= {
        "isipinsubnet", "isipv4insubnet", "isipv6insubnet", "isvalidip", "isvalidipv4", "isvalidipv6",
        "ispresent", "isempty", "isblank", "strcontains", "tolower", "toupper", "strlen",
    }  # fmt: skip
    for key, function in functions.FUNCTIONS.items():
        assert key == function.name.lower()
        assert function.meaning
        text = function.example
        condition = text if function.gives is functions.Gives.TRUTH else f"{text} = 1"
        found = parse_filter(condition.replace(function.name, function.name.upper()))
        call = found if isinstance(found, Call) else found.left
        assert call.name == function.name
