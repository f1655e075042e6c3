"""What groups, ACLs, route tables and blocks say, at each of their bounds; and how an inventory is read."""

from __future__ import annotations

import gzip
import json
import os

import polars as pl
import pytest

from diagnose import network_acls, routes, security_groups
from diagnose.blocks import alone, block_of, ip_of, is_public
from diagnose.classes import Classes
from diagnose.inventory import read_inventory
from diagnose.lookup import Lookup
from diagnose.model import GroupReference
from diagnose.packet import Packet
from diagnose.tri import Tri, both, either
from tests.diagnose import world as w
from tests.diagnose.world import World, acl, allow, entry, group, interface, peered, route

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN
TCP, UDP, ICMP, ICMP6, GRE = 6, 17, 1, 58, 47


@pytest.fixture
def read(tmp_path):
    """Write a world and look into what is read of it."""

    def looked(world=None):
        inventory = read_inventory([(world or World()).write(tmp_path / "inventory")])
        assert not inventory.refused
        return Lookup(inventory)

    return looked


def came_in(source, target, dport=None, protocol=TCP):
    return Packet(False, protocol, ip_of(source), ip_of(target), 50_000 if dport is not None else None, dport)


def went_out(source, target, dport=None, protocol=TCP):
    return Packet(True, protocol, ip_of(source), ip_of(target), 50_000 if dport is not None else None, dport)


def by_groups(lookup, packet, at=w.DB):
    return security_groups.judge(lookup, lookup.interface(at), packet)


def one_rule(*permissions, egress=False):
    """A world in which the database's group has only these rules."""
    side = "IpPermissionsEgress" if egress else "IpPermissions"
    return World().edit("SecurityGroups", w.SG_DB, **{side: list(permissions)})


# -- three values --------------------------------------------------------------------------------------------


def test_a_single_no_decides_both_and_a_single_yes_decides_either():
    assert [both(values) for values in ([YES, YES], [YES, UNKNOWN], [UNKNOWN, NO], [])] == [
        YES,
        UNKNOWN,
        NO,
        YES,
    ]
    assert [either(values) for values in ([NO, NO], [NO, UNKNOWN], [UNKNOWN, YES], [])] == [
        NO,
        UNKNOWN,
        YES,
        NO,
    ]
    assert [Tri.of(value) for value in (True, False, None)] == [YES, NO, UNKNOWN]


# -- blocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "inside", "outside"),
    [
        ("10.1.2.0/24", ["10.1.2.0", "10.1.2.255"], ["10.1.1.255", "10.1.3.0", "::a01:200"]),
        ("10.1.2.77/32", ["10.1.2.77"], ["10.1.2.76", "10.1.2.78"]),
        ("10.1.2.76/31", ["10.1.2.76", "10.1.2.77"], ["10.1.2.75", "10.1.2.78"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::ffff:1.2.3.4"]),
        ("::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["0.0.0.0", "10.1.2.3"]),
        ("2001:db8::/127", ["2001:db8::", "2001:db8::1"], ["2001:db8::2", "2001:db7:ffff::"]),
        ("128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255"]),
        # Bits beyond the prefix are ignored.
        ("100.68.0.18/18", ["100.68.0.0", "100.68.63.255"], ["100.67.255.255", "100.68.64.0"]),
    ],
)
def test_a_block_has_its_first_and_its_last_address(block, inside, outside):
    found = block_of(block)
    assert [ip_of(text) in found for text in inside] == [True] * len(inside)
    assert [ip_of(text) in found for text in outside] == [False] * len(outside)


def test_a_block_knows_its_size_and_how_much_is_like_an_address():
    assert (block_of("10.1.2.0/24").size, block_of("0.0.0.0/0").is_everything) == (256, True)
    assert block_of("0.0.0.0/1").is_everything is False
    block = block_of("10.1.2.0/24")
    shared = [block.shared_bits(ip_of(text)) for text in ("10.1.2.9", "10.1.3.9", "138.1.2.9", "::1")]
    assert shared == [24, 23, 0, -1]
    assert alone(ip_of("2001:db8::5")) == block_of("2001:db8::5/128")


@pytest.mark.parametrize("text", [None, "", "10.1.2", "10.1.2.256", "10.1.2.3/32", "x", "1" * 5000, "-"])
def test_what_is_no_address_is_none(text):
    assert ip_of(text) is None


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *[(text, False) for text in ("10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255")],
        *[(text, True) for text in ("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0")],
        *[(text, False) for text in ("192.168.0.0", "192.168.255.255", "100.64.0.0", "100.127.255.255")],
        *[(text, True) for text in ("192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0")],
        *[(text, False) for text in ("169.254.0.1", "fe80::1", "fc00::1", "fdff::1", "224.0.0.5", "0.0.0.0")],
        # Python thinks otherwise of networks for documentation.
        *[(text, True) for text in ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "8.8.8.8")],
    ],
)
def test_who_is_of_the_internet(address, public):
    assert is_public(ip_of(address)) is public


def test_a_vpc_may_have_public_addresses_of_its_own():
    assert not is_public(ip_of("9.8.7.6"), [block_of("9.8.0.0/16")])


# -- security groups -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ports", "dport", "fits"),
    [
        *[((8000, 8010), port, fits) for port, fits in ((7999, NO), (8000, YES), (8010, YES), (8011, NO))],
        *[((443, 443), port, fits) for port, fits in ((442, NO), (443, YES), (444, NO))],
        *[((0, 65_535), port, YES) for port in (0, 65_535)],
        *[(ports, 12_345, YES) for ports in ((-1, -1), None)],
        ((0, 0), 1, NO),
    ],
)
@pytest.mark.parametrize(("name", "protocol"), [("tcp", TCP), ("udp", UDP), ("6", TCP), ("17", UDP)])
def test_ports_of_a_group_rule(read, ports, dport, fits, name, protocol):
    lookup = read(one_rule(allow(name, ports, "10.0.0.0/8")))
    assert by_groups(lookup, came_in("10.1.1.1", w.DB_IP, dport, protocol)).allowed is fits


@pytest.mark.parametrize(
    ("name", "ports", "protocol", "fits"),
    [
        ("-1", None, TCP, YES),
        ("-1", (80, 80), TCP, YES),  # ports are ignored with it
        ("-1", None, GRE, YES),
        ("-1", None, ICMP, YES),
        ("tcp", (0, 65_535), UDP, NO),
        ("47", None, GRE, YES),
        ("47", (80, 80), GRE, YES),
        ("47", None, 50, NO),
        ("icmp", (-1, -1), ICMP, YES),
        ("icmp", (-1, -1), ICMP6, NO),
        ("icmp", (8, -1), ICMP, UNKNOWN),
        ("icmp", (0, -1), ICMP, UNKNOWN),  # type 0, the echo's reply, is no "all"
        ("icmp", (3, 4), ICMP, UNKNOWN),
        ("icmp", None, ICMP, YES),
        ("1", (-1, -1), ICMP, YES),
        ("icmp", (8, -1), TCP, NO),
        ("icmpv6", None, ICMP6, YES),
        ("icmpv6", (128, -1), ICMP6, UNKNOWN),
        ("58", (-1, -1), ICMP6, YES),
        ("nonsense", None, TCP, NO),
    ],
)
def test_protocols_of_a_group_rule(read, name, ports, protocol, fits):
    lookup = read(one_rule(allow(name, ports, "10.0.0.0/8")))
    port = 443 if protocol in {TCP, UDP} else None
    assert by_groups(lookup, came_in("10.1.1.1", w.DB_IP, port, protocol)).allowed is fits


@pytest.mark.parametrize(
    ("source", "peer", "fits"),
    [
        ("10.4.4.0/24", "10.4.4.0", YES),
        ("10.4.4.0/24", "10.4.4.255", YES),
        ("10.4.4.0/24", "10.4.3.255", NO),
        ("10.4.4.0/24", "10.4.5.0", NO),
        ("0.0.0.0/0", "255.255.255.254", YES),
        ("0.0.0.0/0", "2001:db8::1", NO),
        ("::/0", "10.4.4.4", NO),
        ("::/0", "2001:db8::1", YES),
        (w.OFFICE, "198.51.100.64", YES),
        (w.OFFICE, "198.51.100.63", NO),
        (w.OFFICE, "2001:db8:77::1", YES),
        ("pl-0ffffffffffffffff", "198.51.100.64", UNKNOWN),
        (w.SG_API, w.API_IP, YES),
        (w.SG_API, w.WEB_IP, NO),
        (w.SG_WEB, w.WEB_SECOND, YES),
        (w.SG_WEB, w.WEB_SIX, YES),
        (w.SG_WEB, w.WEB_PUBLIC, NO),
        (w.SG_NODE, "172.20.70.16", YES),
        (w.SG_NODE, "172.20.70.31", YES),
        (w.SG_NODE, "172.20.70.32", NO),
        (w.SG_NODE, "172.20.70.15", NO),
        (w.SG_API, "172.20.99.9", NO),
        ("sg-0fffffffffffffff0", "172.20.99.9", UNKNOWN),
        ("sg-0fffffffffffffff0", w.API_IP, NO),
        ("sg-0fffffffffffffff0", w.CLIENT, NO),
    ],
)
def test_sources_of_a_group_rule(read, source, peer, fits):
    lookup = read(one_rule(allow("-1", None, source)))
    assert by_groups(lookup, came_in(peer, w.DB_IP, 443)).allowed is fits


@pytest.mark.parametrize(
    ("reference", "fits"),
    [
        (peered(), UNKNOWN),
        (peered(status="pending-acceptance"), NO),
        (peered(status="deleted"), NO),
        (peered(status=None), UNKNOWN),
        (peered(UserId=None), NO),
        (peered("sg-0fffffffffffffff0"), UNKNOWN),
    ],
)
def test_references_over_a_peering(read, reference, fits):
    lookup = read(one_rule(allow("-1", None, reference)))
    assert by_groups(lookup, came_in(w.PEER_IP, w.DB_IP, 443)).allowed is fits


def test_a_reference_over_a_peering_to_what_was_saved(read):
    lookup = read(one_rule(allow("-1", None, peered())).with_peer_account())
    found = [
        by_groups(lookup, came_in(text, w.DB_IP, 443)).allowed
        for text in (w.PEER_IP, "172.28.8.16", "172.28.8.17")
    ]
    assert found == [YES, NO, UNKNOWN]


def test_the_direction_of_a_rule_counts_and_so_does_the_destination_port(read):
    lookup = read(one_rule(allow("tcp", 443, "10.0.0.0/8"), egress=True))
    assert by_groups(lookup, went_out(w.DB_IP, "10.1.1.1", 443)).allowed is YES
    assert by_groups(lookup, went_out(w.DB_IP, "10.1.1.1", 50_000)).allowed is NO
    assert by_groups(lookup, came_in("10.1.1.1", w.DB_IP, 443)).allowed is NO


def test_what_is_not_known_of_an_interface_is_not_known_of_its_groups(read):
    packet = came_in("10.1.1.1", w.DB_IP, 3306)
    lookup = read(World().edit("NetworkInterfaces", w.DB, Groups=None))
    assert by_groups(lookup, packet).allowed is UNKNOWN
    assert security_groups.judge(lookup, None, packet).allowed is UNKNOWN
    lookup = read(World().forget_items("SecurityGroups", w.SG_DB))
    assert by_groups(lookup, packet).unknown == (f"{w.SG_DB} is not in the inventory",)


def test_the_nearest_rule_fails_in_the_fewest_ways_then_by_port_then_by_address(read):
    lookup = read(
        one_rule(
            allow("udp", 9, "192.168.0.0/24"),  # fails in all
            allow("tcp", 443, "10.4.0.0/16"),
            allow("tcp", 3307, "10.0.0.0/8"),
            allow("tcp", 3400, "10.0.0.0/8"),
            allow("tcp", 3306, "11.0.0.0/8"),
            allow("tcp", 3306, "10.9.0.0/16"),
        )
    )
    found = by_groups(lookup, came_in("10.8.1.1", w.DB_IP, 3306))
    assert found.considered == 6
    order = [(near.rule.low, near.rule.other.text, near.fails) for near in found.nearest]
    assert order == [
        (3306, "10.9.0.0/16", ("source",)),
        (3306, "11.0.0.0/8", ("source",)),
        (3307, "10.0.0.0/8", ("port",)),
        (3400, "10.0.0.0/8", ("port",)),
        (443, "10.4.0.0/16", ("port", "source")),
        (9, "192.168.0.0/24", ("protocol", "port", "source")),
    ]


# -- network ACLs --------------------------------------------------------------------------------------------


def through(read, packet, *entries):
    """What an ACL with these entries, and nothing else, says."""
    item = acl("acl-0ee5ab6cd7e8f9012", entries, [w.DATA])
    lookup = read(World().add("NetworkAcls", item))
    return network_acls.through(lookup.inventory.acls[item["NetworkAclId"]], packet)


@pytest.mark.parametrize(
    ("dport", "allowed"), [(1023, NO), (1024, YES), (65_535, YES), (0, NO), (None, UNKNOWN)]
)
def test_ports_of_an_acl_entry(read, dport, allowed):
    rule = entry(100, "allow", "in", "6", ports=(1024, 65_535))
    assert through(read, came_in("10.1.1.1", w.DB_IP, dport), rule).allowed is allowed


@pytest.mark.parametrize(
    ("protocol", "ports", "icmp", "block", "packet", "allowed"),
    [
        ("-1", (443, 443), None, w.ANY, TCP, YES),  # ports are ignored with all protocols
        ("6", (443, 443), None, w.ANY, TCP, NO),
        ("6", None, None, w.ANY, TCP, YES),
        ("17", None, None, w.ANY, TCP, NO),
        ("47", (443, 443), None, w.ANY, GRE, YES),
        ("1", None, (-1, -1), w.ANY, ICMP, YES),
        ("1", None, (8, -1), w.ANY, ICMP, UNKNOWN),
        ("1", None, (0, 0), w.ANY, ICMP, UNKNOWN),
        ("1", None, None, w.ANY, ICMP, YES),
        ("58", None, (128, -1), w.ANY, ICMP6, YES),  # of IPv4 blocks it is for all types
        ("6", None, None, w.ANY_SIX, TCP, NO),
        ("10.1.1.1", None, None, w.ANY, TCP, NO),
    ],
)
def test_protocols_of_an_acl_entry(read, protocol, ports, icmp, block, packet, allowed):
    rule = entry(100, "allow", "in", protocol, block, ports, icmp)
    port = 80 if packet in {TCP, UDP} else None
    assert through(read, came_in("10.1.1.1", w.DB_IP, port, packet), rule).allowed is allowed


def test_a_type_of_icmp_counts_with_ipv6(read):
    rule = entry(100, "allow", "in", "58", w.ANY_SIX, icmp=(128, -1))
    assert through(read, came_in("2001:db8::1", w.STREAM_SIX, None, ICMP6), rule).allowed is UNKNOWN


@pytest.mark.parametrize(
    ("peer", "allowed"), [("10.1.1.0", YES), ("10.1.1.127", YES), ("10.1.1.128", NO), ("10.1.0.255", NO)]
)
def test_blocks_of_an_acl_entry(read, peer, allowed):
    rule = entry(100, "allow", "in", block="10.1.1.0/25")
    assert through(read, came_in(peer, w.DB_IP, 443), rule).allowed is allowed


def test_numbers_decide_and_not_the_order_of_the_file(read):
    rules = [
        entry(300, "deny", "in"),
        entry(32_766, "allow", "in", "6"),
        entry(2, "allow", "in", "6", ports=443),
    ]
    found = through(read, came_in("10.1.1.1", w.DB_IP, 443), *rules)
    assert (found.allowed, found.rule) == (YES, "2")
    found = through(read, came_in("10.1.1.1", w.DB_IP, 80), *rules)
    assert (found.allowed, found.rule, found.later.number) == (NO, "300", 32_766)


def test_the_last_number_of_ones_own_and_the_star(read):
    packet = came_in("10.1.1.1", w.DB_IP, 443)
    assert through(read, packet, entry(32_766, "allow", "in")).rule == "32766"
    found = through(read, packet)
    assert (found.allowed, found.rule, found.entry.number) == (NO, "*", 32_767)
    found = through(read, came_in("2001:db8::1", w.STREAM_SIX, 443))
    assert (found.allowed, found.rule, found.entry.number) == (NO, "*", 32_768)


def test_an_acl_without_a_star_denies_what_nothing_fits(read):
    world = World().edit("NetworkAcls", w.ACL, Entries=[entry(100, "allow", "in", "6", ports=80)])
    lookup = read(world)
    found = network_acls.judge(lookup, lookup.interface(w.DB), came_in("10.1.1.1", w.DB_IP, 443))
    assert (found.allowed, found.entry, found.rule) == (NO, None, "*")


def test_a_doubtful_entry_counts_only_where_it_would_decide_otherwise(read):
    packet = came_in("10.1.1.1", w.DB_IP, None, ICMP)
    ping, all_ = entry(10, "allow", "in", "1", icmp=(8, -1)), entry(20, "allow", "in")
    assert through(read, packet, ping, all_).allowed is YES
    assert through(read, packet, ping).allowed is UNKNOWN
    assert through(read, packet, entry(5, "deny", "in"), ping, all_).allowed is NO


def test_which_acl_a_subnet_has(read):
    lookup = read(World().with_peer_account())
    assert lookup.acl_of(w.APP, w.VPC).id == w.ACL_APP
    assert lookup.acl_of(w.EDGE, w.VPC).id == w.ACL
    assert lookup.acl_of(w.FAR, w.PEER_VPC).id == w.ACL_FAR
    assert lookup.acl_of(w.EDGE, "vpc-0fffffffffffffff0") is None
    assert lookup.acl_of(None, w.VPC) is None
    partial = read(World().first_pages_of("NetworkAcls"))
    assert (partial.acl_of(w.APP, w.VPC).id, partial.acl_of(w.EDGE, w.VPC)) == (w.ACL_APP, None)


@pytest.mark.parametrize(
    ("peer", "asked"),
    [("172.20.16.4", False), ("172.20.19.254", False), ("172.20.15.255", True), ("172.20.20.0", True)],
)
def test_within_a_subnet_no_acl_is_asked(read, peer, asked):
    lookup = read()
    found = network_acls.judge(lookup, lookup.interface(w.API), came_in(peer, w.API_IP, 25))
    assert (found.allowed, bool(found.passed_by)) == ((NO, False) if asked else (YES, True))


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [(w.CACHE_IP, YES), (w.WEB_IP, NO), ("172.20.16.9", UNKNOWN), (w.CLIENT, NO), (w.ON_PREMISE, NO)],
)
def test_without_the_subnets_other_files_tell_who_is_within(read, peer, allowed):
    lookup = read(World().forget("Subnets"))
    found = network_acls.judge(lookup, lookup.interface(w.API), came_in(peer, w.API_IP, 25))
    assert found.allowed is allowed


# -- routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "found", "target", "blackhole"),
    [
        ("172.20.255.255", YES, "local", False),
        ("172.21.0.0", NO, "", False),
        ("10.66.0.0", YES, w.GONE_PEERING, True),
        ("10.66.6.255", YES, w.GONE_PEERING, True),
        ("10.66.7.0", YES, "tgw-0a1b2c3d4e5f60718", False),
        ("10.66.7.255", YES, "tgw-0a1b2c3d4e5f60718", False),
        ("10.66.8.0", YES, w.GONE_PEERING, True),
        ("10.67.0.0", NO, "", False),
        ("10.77.9.1", YES, w.GONE_PEERING, True),
        ("2600:1f18:4a2b:7cff::1", YES, "local", False),
        ("2600:1f18:4a2b:7d00::1", NO, "", False),
    ],
)
def test_the_longest_prefix_decides(read, to, found, target, blackhole):
    lookup = read()
    way = routes.route(lookup, lookup.interface(w.LOCK), ip_of(to))
    assert (way.found, way.target, way.is_blackhole) == (found, target, blackhole)


def test_a_default_route_is_for_its_own_family(read):
    lookup = read(World().edit("RouteTables", w.RTB, Routes=[route(w.ANY_SIX, "igw-0a1b2c3d4e5f60718")]))
    here = lookup.interface(w.WEB)
    assert routes.route(lookup, here, ip_of("2001:db8::1")).found is YES
    assert routes.route(lookup, here, ip_of("198.51.100.70")).found is NO


def test_routes_by_prefix_lists(read):
    world = World().edit("RouteTables", w.RTB_LOCKED, Routes=[route(w.OFFICE, "tgw-0a1b2c3d4e5f60718")])
    lookup = read(world)
    here = lookup.interface(w.LOCK)
    assert [
        routes.route(lookup, here, ip_of(text)).found for text in ("198.51.100.127", "198.51.100.128")
    ] == [YES, NO]
    lookup = read(world.routes(w.RTB_LOCKED, route(w.SERVICE_LIST, "vpce-0a1b2c3d4e5f60718")))
    assert routes.route(lookup, here, ip_of("198.51.100.128")).found is UNKNOWN


def test_a_list_that_was_not_read_may_lead_around_a_blackhole(read):
    lookup = read(World().routes(w.RTB_LOCKED, route(w.SERVICE_LIST, "tgw-0a1b2c3d4e5f60718")))
    here = lookup.interface(w.LOCK)
    ways = [routes.route(lookup, here, ip_of(text)) for text in ("10.66.1.9", "10.66.7.9")]
    assert [(way.found, way.is_blackhole) for way in ways] == [(UNKNOWN, False), (YES, False)]


def test_a_list_of_an_endpoint_that_was_not_read_leads_no_private_address_around(read):
    lookup = read(World().routes(w.RTB_LOCKED, route(w.SERVICE_LIST, "vpce-0a1b2c3d4e5f60718")))
    way = routes.route(lookup, lookup.interface(w.LOCK), ip_of("10.66.1.9"))
    assert (way.found, way.is_blackhole) == (YES, True)


def test_which_table_a_subnet_has(read):
    lookup = read(World().with_peer_account())
    found = [lookup.table_of(*each).id for each in ((w.APP, w.VPC), (w.EDGE, w.VPC), (w.FAR, w.PEER_VPC))]
    assert found == [w.RTB_APP, w.RTB, w.RTB_FAR]
    assert lookup.table_of(w.EDGE, None) is None
    assert routes.route(lookup, None, ip_of("10.1.1.1")).found is UNKNOWN


# -- whose an address is -------------------------------------------------------------------------------------


def test_whose_an_address_is(read):
    lookup = read()
    owners = {
        text: getattr(lookup.owner(ip_of(text)), "id", None)
        for text in (w.WEB_IP, w.WEB_SECOND, w.WEB_SIX, w.WEB_PUBLIC, w.POD_PREFIX_IP, "172.20.70.32")
    }
    assert list(owners.values()) == [w.WEB, w.WEB, w.WEB, None, w.NODE, None]
    assert lookup.behind(ip_of(w.WEB_PUBLIC)).id == w.WEB
    assert lookup.behind(ip_of(w.NAT_PUBLIC)).kind == "nat_gateway", "the API names it in two ways"


def test_two_vpcs_may_have_the_same_addresses(read):
    twin = interface(w.STRANGER, w.FAR, w.WEB_IP, [w.SG_FAR], vpc=w.PEER_VPC)
    lookup = read(World().add("NetworkInterfaces", twin))
    assert [lookup.owner(ip_of(w.WEB_IP), vpc).id for vpc in (w.VPC, w.PEER_VPC)] == [w.WEB, w.STRANGER]
    assert lookup.is_member(ip_of(w.WEB_IP), GroupReference(w.SG_FAR), w.VPC)[0] is NO


def test_flow_logs_cover_an_interface_by_itself_its_subnet_and_its_vpc(read):
    logs = [w.flow_log(f"fl-{place:017x}", name) for place, name in enumerate((w.WEB, w.EDGE, w.VPC, w.DATA))]
    lookup = read(World().logged_by(*logs))
    assert [log.resource for log in lookup.flow_logs_of(lookup.interface(w.WEB))] == [w.WEB, w.EDGE, w.VPC]


# -- reading -------------------------------------------------------------------------------------------------


def files(folder, **documents):
    """Write files; what is no text is written as JSON."""
    for name, document in documents.items():
        text = document if isinstance(document, str | bytes) else json.dumps(document)
        (folder / f"{name}.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_inventory([folder])


def test_all_that_was_saved_is_read(read):
    inventory = read().inventory
    assert {key for key, kind in inventory.kinds.items() if kind.is_whole} >= {
        "SecurityGroups",
        "Entries",
        "Vpcs",
    }
    counts = [
        len(part) for part in (inventory.groups, inventory.acls, inventory.interfaces, inventory.subnets)
    ]
    assert counts == [9, 3, 20, 8]
    assert inventory.groups[w.SG_WEB].rules[0].where.path == "SecurityGroups[0].IpPermissions[0]"
    assert inventory.kind("Subnets").oldest == w.SAVED


def test_packed_files_and_pages_are_the_same(tmp_path, read):
    plain = read().inventory
    pages = World().in_pages("NetworkInterfaces", 3).in_pages("SecurityGroups", 1).as_gz()
    packed = read_inventory([pages.write(tmp_path / "packed")])
    assert not packed.refused
    assert set(packed.interfaces) == set(plain.interfaces)
    assert {name: len(one.rules) for name, one in packed.groups.items()} == {
        name: len(one.rules) for name, one in plain.groups.items()
    }


def test_of_the_same_thing_the_newer_file_is_taken(tmp_path):
    for place, (name, ports) in enumerate({"b-old": 80, "a-new": 443}.items()):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"SecurityGroups": [group(w.SG_WEB, [allow("tcp", ports, w.ANY)])]}))
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
    assert [rule.low for rule in read_inventory([tmp_path]).groups[w.SG_WEB].rules if not rule.egress] == [
        443
    ]


def test_rules_with_ids_outrank_those_without(read):
    world = World()
    plain = world.answers["SecurityGroups"]
    world.with_rule_ids().add("SecurityGroups", *plain)
    inventory = read(world).inventory
    assert {rule.id[:4] for rule in inventory.groups[w.SG_WEB].rules} == {"sgr-"}
    assert inventory.groups[w.SG_WEB].name == "called-0a10", "its name is in the other answer"
    assert not inventory.unsure


def test_a_next_token_makes_a_kind_partial(read):
    inventory = read(World().first_pages_of("SecurityGroups", "Subnets")).inventory
    whole = {
        key: inventory.kind(key).is_whole
        for key in ("SecurityGroups", "Subnets", "NetworkAcls", "Reservations")
    }
    assert whole == {"SecurityGroups": False, "Subnets": False, "NetworkAcls": True, "Reservations": False}
    assert inventory.unsure == set(inventory.groups)


def test_the_file_name_tells_whose_entries_a_list_has(tmp_path):
    document = {"Entries": [{"Cidr": "10.1.0.0/16"}, {"Cidr": "no block"}, {"Description": "none"}, 7]}
    inventory = files(tmp_path, **{f"prefix-list.{w.OFFICE}": document, "nameless": document})
    assert [block.text for block in inventory.prefix_lists[w.OFFICE]] == ["10.1.0.0/16"]
    assert [path.rpartition("/")[2] for path in inventory.refused] == ["nameless.json"]
    assert list(inventory.prefix_lists) == [w.OFFICE]


def test_lists_of_aws_have_their_blocks_with_them_and_managed_ones_do_not(tmp_path):
    lists = {
        "PrefixLists": [
            {"PrefixListId": w.SERVICE_LIST, "PrefixListName": "s3", "Cidrs": ["3.5.64.0/21"]},
            {"PrefixListId": w.OFFICE, "PrefixListName": "office", "State": "create-complete"},
        ]
    }
    inventory = files(tmp_path, lists=lists)
    assert list(inventory.prefix_lists) == [w.SERVICE_LIST], "an unknown list is not an empty one"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "7",
        '"SecurityGroups"',
        "[]",
        '[{"GroupId": "sg-0a10b21c32d43e54f"}]',  # as --query 'SecurityGroups[]' leaves it
        '[["sg-0a10b21c32d43e54f", "web"]]',
        '{"Groups": [{"Id": "sg-0a10b21c32d43e54f"}]}',
        "{}",
        '{"SecurityGroups": [{"GroupId": "sg-0a1',
        "SECURITYGROUPS\tweb\tsg-0a10b21c32d43e54f",
        b"\xff\xfe\x00{",
        b"\x1f\x8b\x08\x00 no gzip at all",
        gzip.compress(b'{"SecurityGroups": []}', mtime=0)[:-9],
        "[" * 200_000,
        '{"SecurityGroups":' * 50_000,
        '{"Subnets": ' + "9" * 6000 + "}",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_no_answer_is_refused_in_a_sentence(tmp_path, text):
    inventory = files(tmp_path, odd=text, good={"Subnets": [w.subnet(w.EDGE, "172.20.4.0/24")]})
    assert [path.rpartition("/")[2] for path in inventory.refused] == ["odd.json"]
    assert all(why.endswith(".") for why in inventory.refused.values())
    assert list(inventory.subnets) == [w.EDGE], "the others are read all the same"


KEYS = (
    *("SecurityGroups", "SecurityGroupRules", "NetworkAcls", "NetworkInterfaces", "Subnets", "RouteTables"),
    *("FlowLogs", "Vpcs", "PrefixLists", "Entries"),
)


@pytest.mark.parametrize(
    "junk",
    [
        None,
        0,
        -1,
        1e308,
        True,
        "",
        "x",
        [],
        {},
        [None],
        [[]],
        [{}],
        {"a": {}},
        ["sg-0a10b21c32d43e54f"],
        "\ud800",
        *(10**30, 2**31 - 1, "--5", "9" * 5000, float("nan")),
    ],
    ids=lambda junk: repr(junk)[:24],
)
def test_anything_in_any_place_is_passed_over(tmp_path, junk):
    """Each value of each item of each answer in turn, and the answers themselves."""
    answers = World().with_rule_ids().answers | {"SecurityGroups": World().answers["SecurityGroups"]}
    answers |= {"PrefixLists": [{"PrefixListId": w.SERVICE_LIST, "Cidrs": ["3.5.64.0/21"]}]}
    answers |= {"Entries": [{"Cidr": "10.1.0.0/16"}]}
    assert set(answers) == set(KEYS)
    for key, items in answers.items():
        spoiled = [changed for item in items[:3] for changed in _spoiled(item, junk)]
        (tmp_path / f"{key}-{w.OFFICE}-items.json").write_text(json.dumps({key: [*spoiled, junk]}))
        (tmp_path / f"{key}-{w.OFFICE}-whole.json").write_text(json.dumps({key: junk}))
    lookup = Lookup(read_inventory([tmp_path]))
    Classes(lookup.inventory)
    for packet in (
        came_in(w.CLIENT, w.WEB_IP, 443),
        went_out(w.WEB_IP, w.CLIENT, 443),
        came_in(w.CLIENT, w.WEB_IP, None, ICMP),
    ):
        for here in (*lookup.inventory.interfaces.values(), None):
            security_groups.judge(lookup, here, packet)
            network_acls.judge(lookup, here, packet)
            routes.route(lookup, here, packet.destination)


def _spoiled(value, junk):
    """An item with each of its values, at any depth, replaced in turn."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value | {key: junk}
            for changed in _spoiled(inner, junk):
                yield value | {key: changed}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for changed in _spoiled(inner, junk):
                yield [*value[:place], changed, *value[place + 1 :]]


@pytest.mark.parametrize(
    "entries",
    [
        {"PortRange": {"From": "443", "To": "443"}},
        {"RuleNumber": "100"},
        {"Protocol": 6},
    ],
    ids=str,
)
def test_numbers_and_texts_are_taken_for_each_other(read, entries):
    rule = entry(100, "allow", "in", "6", ports=443) | entries
    found = through(read, came_in("10.1.1.1", w.DB_IP, 443), rule)
    assert (found.allowed, found.rule) == (YES, "100")


@pytest.mark.parametrize("port", [2**31 - 1, 10**30, -(10**30), "9" * 5000])
def test_ports_that_are_none_do_not_stop_the_others(read, port):
    lookup = read(one_rule(allow("tcp", (port, port), "10.0.0.0/8"), allow("tcp", 443, "11.0.0.0/8")))
    assert Classes(lookup.inventory).of_ports(pl.Series([443, 444, None])).n_unique() == 3
    assert by_groups(lookup, came_in("11.1.1.1", w.DB_IP, 443)).allowed is YES


def test_a_file_that_is_not_there_is_told(tmp_path):
    inventory = read_inventory([tmp_path / "gone.json"])
    assert list(inventory.refused) == [str(tmp_path / "gone.json")]
    assert not inventory.kind("SecurityGroups").is_there
