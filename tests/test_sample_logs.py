"""The sample directory: made again it is the same, and its inventory explains what its flow logs say.

What the logs beside them say is looked at in ``test_sample_logs_beside.py``. The logs are read with gzip and polars alone, and the rules are judged by a small evaluator of this file's
own, so that a fault in the project's loaders or verdicts cannot hide a fault in the sample.
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "sample_logs"
BEGIN, NOISE_BEGINS, FINISH = 1768471200, 1768482000, 1768492800

DEFAULT_HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
COLUMNS = {
    **dict.fromkeys(("interface_id", "srcaddr", "dstaddr", "action", "log_status"), pl.String),
    **dict.fromkeys(("srcport", "dstport", "protocol", "packets", "bytes", "start", "end"), pl.Int64),
}
PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def make_sample(folder):
    script = REPOSITORY / "bench" / "make_sample_logs.py"
    subprocess.run([sys.executable, str(script), str(folder)], check=True, timeout=120)
    return folder


def files_below(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return make_sample(tmp_path_factory.mktemp("fresh"))


# The same files come out


def test_the_committed_sample_is_what_the_script_makes(fresh):
    names = files_below(SAMPLE)
    assert names == files_below(fresh)
    for name in names:
        made, kept = fresh / name, SAMPLE / name
        if name.endswith(".parquet"):
            assert_frame_equal(pl.read_parquet(made), pl.read_parquet(kept))
        elif name.endswith(".gz"):
            # The header (no name, no time) byte for byte; another zlib may pack the same text otherwise.
            assert made.read_bytes()[:10] == kept.read_bytes()[:10], name
            assert gzip.decompress(made.read_bytes()) == gzip.decompress(kept.read_bytes()), name
        else:
            assert made.read_bytes() == kept.read_bytes(), name


def test_two_runs_give_the_same_bytes_and_leave_nothing_of_the_first(fresh, tmp_path):
    stale = tmp_path / Path(files_below(fresh)[0]).parent / "stale.log.gz"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    make_sample(tmp_path)
    assert files_below(tmp_path) == files_below(fresh)
    for name in files_below(fresh):
        assert (tmp_path / name).read_bytes() == (fresh / name).read_bytes(), name


def test_the_sample_is_small():
    paths = [SAMPLE / name for name in files_below(SAMPLE)]
    assert sum(path.stat().st_size for path in paths) <= 800_000
    assert len(paths) <= 250


# What is in the logs


def typed(table):
    return table.rename(lambda name: name.replace("-", "_")).select(*COLUMNS).cast(COLUMNS)


def read_text(path):
    text = gzip.decompress(path.read_bytes()).decode()
    if path.is_relative_to(SAMPLE / "exportedlogs"):
        events = [line.split(" ", 1)[1] for line in text.splitlines()]
        text = "\n".join([DEFAULT_HEADER, *events])
    return pl.read_csv(io.StringIO(text), separator=" ", null_values="-", infer_schema=False)


def delivered_texts():
    return sorted(SAMPLE.glob("AWSLogs/*/vpcflowlogs/**/*.log.gz"))


@cache
def flow_records():
    texts = [
        typed(read_text(path)) for path in (*delivered_texts(), *sorted(SAMPLE.glob("exportedlogs/**/*.gz")))
    ]
    tables = [typed(pl.read_parquet(path)) for path in sorted(SAMPLE.rglob("*.parquet"))]
    return pl.concat(texts + tables).with_columns(pl.col(pl.String).replace("-", None))


@pytest.fixture(scope="module")
def records():
    return flow_records()


def test_the_flow_logs_hold_27022_records(records):
    assert records.height == 27_022


def test_the_sample_shows_every_kind_of_record(records):
    statuses = dict(records.group_by("log_status").len().iter_rows())
    assert statuses["OK"] > 20_000
    assert statuses["NODATA"] > 300
    assert statuses["SKIPDATA"] == 1
    assert {1, 6, 17, 58} <= set(records["protocol"])
    assert records["start"].min() >= BEGIN
    assert records["end"].max() < FINISH
    assert (records["end"] - records["start"]).is_between(0, 60).all()


def test_rejects_rise_at_one_in_the_afternoon(records):
    rejects = records.filter(action="REJECT")["start"]
    before = rejects.is_between(NOISE_BEGINS - 1800, NOISE_BEGINS - 1).sum()
    after = rejects.is_between(NOISE_BEGINS, NOISE_BEGINS + 1799).sum()
    assert after > 3 * before


def test_few_records_survive_the_skipped_window(records):
    skipped = records.row(by_predicate=pl.col("log_status") == "SKIPDATA", named=True)
    per_window = records.filter(interface_id=skipped["interface_id"], log_status="OK").group_by("end").len()
    survivors = per_window.filter(end=skipped["end"])["len"].sum()
    assert 0 < survivors < per_window["len"].median() / 2


def test_text_files_hold_the_records_that_end_in_their_five_minutes():
    for path in delivered_texts():
        stamp = path.name.split("_")[4]
        begin = BEGIN + (int(stamp[9:11]) - 10) * 3600 + int(stamp[11:13]) * 60
        assert typed(read_text(path))["end"].is_between(begin, begin + 299).all(), path.name


def test_exported_events_are_led_by_their_start():
    for path in SAMPLE.glob("exportedlogs/*/*/*.gz"):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            event_time, *record = line.split(" ")
            assert event_time.endswith(".000Z")
            assert datetime.fromisoformat(event_time).timestamp() == int(record[10])


def test_parquet_files_have_the_types_of_a_delivery():
    schema = pl.read_parquet_schema(next(SAMPLE.rglob("*.parquet")))
    small = {"version", "srcport", "dstport", "protocol", "tcp_flags", "traffic_path"}
    large = {"packets", "bytes", "start", "end"}
    for name, dtype in schema.items():
        assert dtype == (pl.Int32 if name in small else pl.Int64 if name in large else pl.String), name
    assert small | large <= set(schema)


# What the inventory says


@cache
def inside(address, cidr):
    host, network = ip_address(address), ip_network(cidr)
    return host.version == network.version and host in network


def load(kind):
    return json.loads((SAMPLE / "inventory" / f"describe-{kind}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Packet:
    """One direction of a flow at an interface, without its counters."""

    interface: str
    source: str
    target: str
    source_port: int
    target_port: int
    protocol: int

    @property
    def reply(self):
        return Packet(
            self.interface, self.target, self.source, self.target_port, self.source_port, self.protocol
        )


class Inventory:
    """A small judge of security groups and network ACLs, written without a look at the project's own."""

    def __init__(self):
        self.interfaces = {
            each["NetworkInterfaceId"]: each for each in load("network-interfaces")["NetworkInterfaces"]
        }
        self.subnets = {each["SubnetId"]: each for each in load("subnets")["Subnets"]}
        self.group_rules = load("security-group-rules")["SecurityGroupRules"]
        self.acls = {
            association["SubnetId"]: acl
            for acl in load("network-acls")["NetworkAcls"]
            for association in acl["Associations"]
        }

    def addresses(self, interface):
        described = self.interfaces[interface]
        return {
            described["PrivateIpAddress"],
            *(each["Ipv6Address"] for each in described["Ipv6Addresses"]),
        }

    def is_egress(self, packet):
        own = self.addresses(packet.interface)
        assert (packet.source in own) != (packet.target in own), packet
        return packet.source in own

    def acl_allows(self, packet):
        subnet = self.interfaces[packet.interface]["SubnetId"]
        if all(inside(end, self.subnets[subnet]["CidrBlock"]) for end in (packet.source, packet.target)):
            return True  # a network ACL stands at the subnet's edge only
        egress = self.is_egress(packet)
        peer = packet.target if egress else packet.source
        entries = [entry for entry in self.acls[subnet]["Entries"] if entry["Egress"] == egress]
        for entry in sorted(entries, key=lambda entry: entry["RuleNumber"]):
            if self.entry_matches(entry, packet, peer):
                return entry["RuleAction"] == "allow"
        raise AssertionError("no catch-all entry")

    @staticmethod
    def entry_matches(entry, packet, peer):
        if not inside(peer, entry.get("CidrBlock") or entry["Ipv6CidrBlock"]):
            return False
        if entry["Protocol"] == "-1":
            return True
        if int(entry["Protocol"]) != packet.protocol:
            return False
        if "PortRange" in entry:
            return entry["PortRange"]["From"] <= packet.target_port <= entry["PortRange"]["To"]
        return entry["IcmpTypeCode"] == {"Type": -1, "Code": -1}

    def groups_allow(self, packet):
        described = self.interfaces[packet.interface]
        if described["InterfaceType"] == "nat_gateway":
            return True  # it has no groups, and refuses nothing by itself
        groups = {group["GroupId"] for group in described["Groups"]}
        egress = self.is_egress(packet)
        rules = [rule for rule in self.group_rules if rule["GroupId"] in groups]
        return any(self.rule_matches(rule, packet) for rule in rules if rule["IsEgress"] == egress)

    def rule_matches(self, rule, packet):
        peer = packet.target if rule["IsEgress"] else packet.source
        if rule["IpProtocol"] != "-1":
            if PROTOCOL_NUMBERS[rule["IpProtocol"]] != packet.protocol:
                return False
            if packet.protocol in (6, 17) and not rule["FromPort"] <= packet.target_port <= rule["ToPort"]:
                return False
        if "ReferencedGroupInfo" in rule:
            return self.is_member(peer, rule["ReferencedGroupInfo"]["GroupId"])
        return inside(peer, rule.get("CidrIpv4") or rule["CidrIpv6"])

    def is_member(self, address, group):
        return any(
            address in self.addresses(name) and group in [each["GroupId"] for each in described["Groups"]]
            for name, described in self.interfaces.items()
        )


@pytest.fixture(scope="module")
def inventory():
    return Inventory()


@pytest.fixture(scope="module")
def flows(records):
    """The distinct packets of the logs by the action they met."""
    columns = ["interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action"]
    by_action = {"ACCEPT": set(), "REJECT": set()}
    for *packet, action in records.filter(log_status="OK").select(columns).unique().iter_rows():
        by_action[action].add(Packet(*packet))
    return by_action


def judge(inventory, packet, accepted):
    """Tell what refuses a packet: its network ACL, its groups, both or neither."""
    request = packet.reply
    tracked = request in accepted and inventory.groups_allow(request)
    by_acl = not inventory.acl_allows(packet)
    by_groups = not (tracked or inventory.groups_allow(packet))
    return {
        (True, True): "both",
        (True, False): "acl for a reply" if tracked else "acl",
        (False, True): "groups",
        (False, False): None,
    }[by_acl, by_groups]


def test_no_flow_is_accepted_and_refused(flows):
    assert not flows["ACCEPT"] & flows["REJECT"]


def test_every_reject_is_explained(inventory, flows):
    reasons = {packet: judge(inventory, packet, flows["ACCEPT"]) for packet in flows["REJECT"]}
    assert [packet for packet, reason in reasons.items() if reason is None] == []
    assert set(reasons.values()) == {"acl", "acl for a reply", "groups", "both"}


def test_every_accept_is_allowed(inventory, flows):
    reasons = {packet: judge(inventory, packet, flows["ACCEPT"]) for packet in flows["ACCEPT"]}
    assert [(packet, reason) for packet, reason in reasons.items() if reason is not None] == []


def test_port_80_of_the_web_server_is_refused_by_rule_90_alone(inventory, flows):
    packets = [each for each in flows["REJECT"] if (each.target, each.target_port) == ("10.0.1.10", 80)]
    assert len(packets) > 1000
    assert {judge(inventory, packet, flows["ACCEPT"]) for packet in packets} == {"acl"}


def test_the_database_refuses_by_its_groups_alone(inventory, flows):
    packets = [each for each in flows["REJECT"] if each.target == "10.0.2.30"]
    assert {packet.source for packet in packets} == {"10.0.1.10", "172.16.8.25"}
    assert {judge(inventory, packet, flows["ACCEPT"]) for packet in packets} == {"groups"}


def test_every_interface_is_described_and_covered_by_one_flow_log(inventory, records):
    assert set(records["interface_id"]) == set(inventory.interfaces)
    for name, described in inventory.interfaces.items():
        covering = [
            log["FlowLogId"]
            for log in load("flow-logs")["FlowLogs"]
            if log["ResourceId"] in (name, described["SubnetId"], described["VpcId"])
        ]
        assert len(covering) == 1, name


def test_flow_logs_describe_the_headers_on_disk():
    formats = {log["FlowLogId"]: log["LogFormat"] for log in load("flow-logs")["FlowLogs"]}
    for path in delivered_texts():
        header = gzip.decompress(path.read_bytes()).decode().partition("\n")[0]
        assert formats[path.name.split("_")[3]] == " ".join(f"${{{name}}}" for name in header.split())
    for path in SAMPLE.rglob("*.parquet"):
        names = [name.replace("_", "-") for name in pl.read_parquet_schema(path)]
        assert formats[path.name.split("_")[3]] == " ".join(f"${{{name}}}" for name in names)


def test_both_documents_of_security_group_rules_agree():
    def peers(permission):
        for ranges in (permission["IpRanges"], permission["Ipv6Ranges"], permission["UserIdGroupPairs"]):
            yield from (each.get("CidrIp") or each.get("CidrIpv6") or each["GroupId"] for each in ranges)

    gathered = {
        (group["GroupId"], egress, each["IpProtocol"], each.get("FromPort", -1), each.get("ToPort", -1), peer)
        for group in load("security-groups")["SecurityGroups"]
        for egress, key in ((False, "IpPermissions"), (True, "IpPermissionsEgress"))
        for each in group[key]
        for peer in peers(each)
    }
    single = {
        (
            *(rule[key] for key in ("GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort")),
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"],
        )
        for rule in load("security-group-rules")["SecurityGroupRules"]
    }
    assert gathered == single
