"""The orders of fields that lines without a header are in, and how they are told apart."""

from __future__ import annotations

import string

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import kinds, orders
from loaders.schema import FILE, GROUP, LINE, MESSAGE, column_names
from tests.loaders.files import ENI, HEADER, START, nodata, record

# As the user guide of Amazon VPC has them, each line the fields that a version added.
GUIDE = {
    2: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status",
    3: "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
    4: "region az-id sublocation-type sublocation-id",
    5: "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
    7: "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id "
    "ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id",
    8: "reject-reason",
    9: "resource-id",
    10: "encryption-status",
    11: "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type "
    "next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type",
}
COUNTS = {2: 14, 3: 21, 4: 25, 5: 29, 7: 39, 8: 40, 9: 41, 10: 42, 11: 54}
# As the guide of transit gateways has them.
TGW = (
    "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id "
    "tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id "
    "tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
    "log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded "
    "packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
)
V5_BY_NAME = (
    "account-id action az-id bytes dstaddr dstport end flow-direction instance-id interface-id log-status packets "
    "pkt-dst-aws-service pkt-dstaddr pkt-src-aws-service pkt-srcaddr protocol region srcaddr srcport start "
    "sublocation-id sublocation-type subnet-id tcp-flags traffic-path type version vpc-id"
)
PROSE = "on that day the quick brown fox jumped over the lazy dog once more"
NUMBERED = {FILE: pl.UInt32(), LINE: pl.UInt32()}


def columns(order):
    return column_names(order)


def in_table_order(version):
    return tuple(" ".join(names for added, names in GUIDE.items() if added <= version).split())


@pytest.mark.parametrize(("version", "count"), COUNTS.items())
def test_the_fields_of_every_version_are_looked_for_as_the_guide_lists_them_and_by_name(version, count):
    order = in_table_order(version)
    assert len(order) == count
    assert order in orders.known_orders()
    assert tuple(sorted(order)) in orders.known_orders()


def test_the_default_transit_gateway_log_is_looked_for_as_its_guide_lists_it_and_by_name():
    assert orders.tgw_order() == tuple(TGW.split())
    assert len(orders.tgw_order()) == 36
    assert {orders.tgw_order(), tuple(sorted(TGW.split()))} <= set(orders.known_orders())


def test_nothing_else_is_looked_for_and_nothing_twice():
    assert len(set(orders.known_orders())) == len(orders.known_orders()) == 2 * (len(COUNTS) + 1)
    assert tuple(V5_BY_NAME.split()) in orders.known_orders()


# Values as AWS writes them, by field.

HEX = st.text("0123456789abcdef", min_size=17, max_size=17)
ADDRESSES = st.ip_addresses().map(str)
PORTS = st.integers(0, 65535).map(str)
COUNTERS = st.integers(0, 2**62).map(str)
EPOCHS = st.integers(10**9, 2 * 10**9).map(str)
ACCOUNTS = st.one_of(st.just("unknown"), st.integers(0, 10**12 - 1).map("{:012}".format))
ZONES = st.sampled_from(["use1-az1", "apse2-az3", "usw2-lax1-az1", "use1-wl1-bos-wlz1", "usgw1-az2"])
WORDS = st.text(string.ascii_letters + string.digits + "%./:_", min_size=1, max_size=20)
SERVICES = st.sampled_from(["AMAZON", "S3", "EC2", "ROUTE53_HEALTHCHECKS", "CLOUDFRONT"])
ARNS = WORDS.map("arn:aws:ecs:us-east-1:123456789012:{}".format)


def ids(prefix):
    return HEX.map(f"{prefix}-{{}}".format)


VALUES = {
    "version": st.integers(2, 11).map(str),
    "action": st.sampled_from(["ACCEPT", "REJECT"]),
    "log-status": st.sampled_from(["OK", "SKIPDATA"]),
    "type": st.sampled_from(["IPv4", "IPv6", "EFA"]),
    "region": st.sampled_from(["us-east-1", "eu-west-3", "us-gov-west-1", "ap-southeast-12"]),
    "sublocation-type": st.sampled_from(["wavelength", "outpost", "localzone"]),
    "flow-direction": st.sampled_from(["ingress", "egress"]),
    "traffic-path": st.integers(1, 8).map(str),
    "encryption-status": st.integers(0, 3).map(str),
    "reject-reason": st.sampled_from(["BPA", "EC"]),
    "resource-id": ids("nat"),
    "resource-type": st.just("TransitGateway"),
    "instance-id": ids("i"),
    "tgw-id": ids("tgw"),
    "tgw-attachment-id": ids("tgw-attach"),
    "tgw-pair-attachment-id": ids("tgw-attach"),
    "protocol": st.integers(0, 255).map(str),
    "tcp-flags": st.integers(0, 255).map(str),
    "start": EPOCHS,
    "end": EPOCHS,
}
# For the rest their names say it.
ENDS = {
    "account-id": ACCOUNTS,
    "interface-id": ids("eni"),
    "eni": ids("eni"),
    "addr": ADDRESSES,
    "port": PORTS,
    "packets": COUNTERS,
    "bytes": COUNTERS,
    "vpc-id": ids("vpc"),
    "subnet-id": ids("subnet"),
    "az-id": ZONES,
    "aws-service": SERVICES,
    "arn": ARNS,
    "interface-type": st.sampled_from(["interface", "nat_gateway", "network_load_balancer"]),
}


def values(name):
    if name in VALUES:
        return VALUES[name]
    if name.startswith("packets-lost"):
        return COUNTERS
    return next((given for end, given in ENDS.items() if name.endswith(end)), WORDS)


def rows(order):
    """Records with a value in every field, or without some that AWS leaves out."""
    kept = {"version", "account-id", "start", "end", "log-status", "interface-id", "tgw-id"}
    cells = [values(name) if name in kept else st.one_of(values(name), st.just("-")) for name in order]
    return st.tuples(*cells).map(" ".join)


each_order = pytest.mark.parametrize(
    "order", orders.known_orders(), ids=lambda order: f"{len(order)} from {order[0]}"
)


@each_order
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_records_of_any_values_are_in_the_order_they_were_written_in(order, data):
    lines = data.draw(st.lists(rows(order), min_size=1, max_size=3))
    assert orders.choose(lines) == columns(order)


@each_order
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_messages_in_any_known_order_give_their_values_back(order, data):
    lines = data.draw(st.lists(rows(order), min_size=1, max_size=3))
    events = pl.DataFrame({FILE: 7, LINE: range(len(lines)), MESSAGE: lines}, schema_overrides=NUMBERED)
    (parsed,) = kinds.parse(events.with_columns(pl.lit("group").alias(GROUP)), None)
    assert (parsed.kind, parsed.problems.height) == ("flow-log", 0)
    words = parsed.frame.select(pl.col(columns(order)).cast(pl.String()).fill_null("-"))
    assert [" ".join(row) for row in words.rows()] == lines


@each_order
@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_records_without_data_are_enough(order, status):
    known = {
        "version": "2",
        "account-id": "123456789012",
        "interface-id": ENI,
        "tgw-id": "tgw-0123456789abcdef0",
        "start": str(START),
        "end": str(START + 59),
        "log-status": status,
    }
    assert orders.choose([" ".join(known.get(name, "-") for name in order)]) == columns(order)


@pytest.mark.parametrize(
    "line",
    [
        nodata(),
        record(start="-", end="-", log_status="NODATA"),
        record(account_id="12345678901"),
        record(account_id="xxxxxxxxxxxx"),
        record(start=164000066),
        record(start=START * 1000),
        f"  {record()}\r",
        record().replace(" ", "\t"),
        f"{record()} # from the office",
        f"\ufeff{record()}",
    ],
)
def test_what_real_records_look_like_is_known(line):
    assert orders.choose([line]) == columns(in_table_order(2))


def swapped(one, other):
    order = list(in_table_order(2))
    at, to = order.index(one), order.index(other)
    order[at], order[to] = order[to], order[at]
    return record(order)


@pytest.mark.parametrize(
    "line",
    [
        PROSE,
        f"2 {PROSE.removesuffix(' more')}",
        swapped("action", "log-status"),
        swapped("srcaddr", "srcport"),
        swapped("interface-id", "account-id"),
        swapped("version", "start"),
        swapped("protocol", "end"),
        " ".join(reversed(record().split())),
        " ".join(str(number) for number in range(14)),
        " ".join(["-"] * 14),
        " ".join(["-"] * 29),
        " ".join(["2", *["-"] * 13]),
        record().rpartition(" ")[0],
        f"{record()} -",
        record().replace(" ", ","),
        "{" * 100_000,
        "a " * 100_000,
        "",
        " \t",
        f"# {record()}",
        "\x00",
        "\udcff " * 14,
    ],
)
def test_what_is_in_no_known_order_is_left_alone(line):
    assert orders.choose([line]) is None
    assert orders.choose([line] * 50) is None


def test_nothing_is_in_no_order():
    assert orders.choose([]) is None


def test_lines_that_are_no_records_do_not_spoil_it():
    lines = ["bogus", PROSE, "2 lines follow", *[record(srcport=port) for port in range(3)], PROSE]
    assert orders.choose(lines) == columns(in_table_order(2))


def test_one_record_in_a_long_text_does_not_make_it_a_log():
    assert orders.choose([*["we saw this line:"] * 30, record()]) is None


def test_a_damaged_value_does_not_spoil_it():
    lines = [record(protocol="x"), record(), record(interface_id="eth0"), record(srcaddr="?")]
    assert orders.choose(lines) == columns(in_table_order(2))


def test_an_odd_word_where_others_have_none_does_not_spoil_it():
    order = in_table_order(3)
    assert orders.choose([record(order), record(order, tcp_flags="x")]) == columns(order)
    assert orders.choose([record(order), *[record(order, tcp_flags="x")] * 2]) is None


def test_of_records_in_two_orders_the_more_frequent_counts():
    other = record(sorted(in_table_order(3)), log_status="OK")
    assert orders.choose([record(), other, other]) == columns(sorted(in_table_order(3)))


def test_a_known_order_above_a_header_holds_until_the_header():
    assert orders.choose([record(), "srcaddr dstport region", "10.0.0.1 80 eu-west-1"]) == columns(
        in_table_order(2)
    )


@pytest.mark.parametrize("above", [[], ["bogus"]])
def test_below_a_header_its_own_order_holds(above):
    names = "log-status srcaddr start something-new"
    assert orders.choose([*above, names, f"OK 10.0.0.1 {START} x"]) == columns(names.split())


def test_a_header_alone_is_an_order():
    assert orders.choose(["end start srcaddr bytes"]) == ("end", "start", "srcaddr", "bytes")


def test_a_header_that_what_follows_does_not_fit_is_passed_over():
    assert orders.choose(["start end action", record(), record()]) == columns(in_table_order(2))
    assert orders.choose(["start end action", "and so on", "for ever"]) is None


def test_a_header_shipped_as_a_record_does_not_spoil_it():
    assert orders.choose([HEADER, record(), HEADER, record()]) == columns(in_table_order(2))


def test_what_a_person_says_holds_where_the_words_can_be_that():
    names = ["bytes", "who-knows", "start"]
    assert orders.choose(["1 2 3", "- x 5"], names) == ("bytes", "who_knows", "start")
    assert orders.choose([record()], names) == columns(in_table_order(2))
    assert orders.choose(["many 2 3"], names) is None
    assert orders.choose(["1 2"], names) is None
