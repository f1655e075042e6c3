"""The logs beside the flow logs of the sample: they tell of the same hosts, the same rules, the same minutes.

They are read with gzip and json alone, as ``test_sample_logs.py`` reads the flow logs.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.test_sample_logs import BEGIN, FINISH, NOISE_BEGINS, SAMPLE, flow_records, inside, load

OFFICE, WEB, APP, DATABASE = "203.0.113.10", "10.0.1.10", "10.0.2.20", "10.0.2.30"
SEARCH_DOMAIN = "ec2.internal."
RESTART = range(BEGIN + 5400, BEGIN + 5580)


def unpacked(path):
    return gzip.decompress(path.read_bytes()).decode()


def seconds(text):
    return int(datetime.fromisoformat(text).timestamp())


def stamp_of(path, part):
    return int(datetime.strptime(path.name.split("_")[part], "%Y%m%dT%H%MZ").replace(tzinfo=UTC).timestamp())


def resolver_files():
    return sorted(SAMPLE.glob("AWSLogs/*/vpcdnsquerylogs/**/*.log.gz"))


def trail_files():
    return sorted(SAMPLE.glob("AWSLogs/*/CloudTrail/**/*.json.gz"))


def web_objects():
    return sorted(SAMPLE.glob("example-web-logs/2026/01/15/*/*"))


def glued(text):
    """The JSON documents of a Firehose object, which stand one behind the other."""
    at, documents = 0, []
    while at < len(text):
        document, at = json.JSONDecoder().raw_decode(text, at)
        documents.append(document)
    return documents


@pytest.fixture(scope="module")
def flows():
    return flow_records().filter(log_status="OK")


@pytest.fixture(scope="module")
def queries():
    return [json.loads(line) for path in resolver_files() for line in unpacked(path).splitlines()]


@pytest.fixture(scope="module")
def calls():
    return [event for path in trail_files() for event in json.loads(unpacked(path))["Records"]]


@pytest.fixture(scope="module")
def envelopes():
    return [envelope for path in web_objects() for envelope in glued(unpacked(path))]


@pytest.fixture(scope="module")
def web_events(envelopes):
    """The events of the web server's log by their ids."""
    data = [each for each in envelopes if each["messageType"] == "DATA_MESSAGE"]
    return {event["id"]: event for each in data for event in each["logEvents"]}


@pytest.fixture(scope="module")
def instances():
    """The interfaces of the instances that ask and write, by private address."""
    described = load("network-interfaces")["NetworkInterfaces"]
    return {each["PrivateIpAddress"]: each for each in described}


def only(found):
    (one,) = found
    return one


def named(calls, name):
    return [call for call in calls if call["eventName"] == name]


# What lies on disk


def test_every_event_is_there(queries, calls, web_events):
    assert len(queries) == 575
    assert len(calls) == 55
    assert len({call["eventID"] for call in calls}) == 55
    assert len(web_events) == 199


def test_queries_lie_in_the_file_of_their_half_hour():
    for path in resolver_files():
        times = [seconds(json.loads(line)["query_timestamp"]) for line in unpacked(path).splitlines()]
        begin = stamp_of(path, 3)
        assert BEGIN <= begin < FINISH
        assert all(begin <= time < begin + 1800 for time in times), path.name


def test_a_trail_delivers_one_line_of_events_minutes_after_they_happened():
    unsorted = 0
    for path in trail_files():
        text = unpacked(path)
        assert "\n" not in text
        times = [seconds(event["eventTime"]) for event in json.loads(text)["Records"]]
        assert all(3 <= stamp_of(path, 3) - time <= 594 for time in times), path.name
        unsorted += times != sorted(times)
    assert unsorted > 3


def test_one_event_of_the_web_log_came_twice_and_one_envelope_is_a_control_message(envelopes, web_events):
    kinds = Counter(each["messageType"] for each in envelopes)
    assert kinds["CONTROL_MESSAGE"] == 1
    deliveries = sum(len(each["logEvents"]) for each in envelopes if each["messageType"] == "DATA_MESSAGE")
    assert deliveries == len(web_events) + 1


def test_events_of_the_web_log_lie_in_the_object_of_their_hour():
    for path in web_objects():
        begin = BEGIN + (int(path.parent.name) - 10) * 3600
        for envelope in glued(unpacked(path)):
            assert all(begin <= event["timestamp"] / 1000 < begin + 3600 for event in envelope["logEvents"])


# What was asked


def test_every_query_comes_from_an_instance_of_the_inventory(queries, instances):
    for query in queries:
        described = instances[query["srcaddr"]]
        assert query["srcids"] == {"instance": described["Attachment"]["InstanceId"]}
        assert query["vpc_id"] == described["VpcId"]
        assert query["account_id"] == described["OwnerId"]


def test_every_answer_is_the_destination_of_the_flow_that_follows(queries, flows, instances):
    addresses = {}
    for query in queries:
        if query["query_type"] in ("A", "AAAA"):
            found = addresses.setdefault(query["query_name"], set())
            found.update(answer["Rdata"] for answer in query["answers"])
    begun = set(flows.select("interface_id", "dstaddr", "start").iter_rows())
    for query in queries:
        interface = instances[query["srcaddr"]]["NetworkInterfaceId"]
        time = seconds(query["query_timestamp"])
        if query["query_type"] == "PTR":
            assert only(query["answers"])["Rdata"].endswith(".office.example.")
        elif query["answers"]:
            targets = addresses[query["query_name"]]
            assert any((interface, to, time + late) in begun for to in targets for late in (0, 1)), query


def test_a_name_that_is_not_found_has_the_search_domain_or_is_blocked(queries):
    missing = [each for each in queries if each["rcode"] == "NXDOMAIN" and "firewall_rule_action" not in each]
    assert len(missing) > 50
    asked = {(query["srcaddr"], query["query_name"]) for query in queries}
    for query in missing:
        assert (query["srcaddr"], query["query_name"].removesuffix(SEARCH_DOMAIN)) in asked
        assert query["query_name"].endswith(f".{SEARCH_DOMAIN}")
        assert query["answers"] == []


def test_dns_firewall_blocks_the_web_server_s_mining_pool(queries, flows, web_events):
    blocked = [query for query in queries if "firewall_rule_action" in query]
    assert len(blocked) > 10
    asked = {
        (each["srcaddr"], each["query_name"], each["firewall_rule_action"], each["rcode"]) for each in blocked
    }
    assert asked == {(WEB, "stratum.coin-pool.example.", "BLOCK", "NXDOMAIN")}
    complaints = [
        event["timestamp"] // 1000
        for event in web_events.values()
        if "ENOTFOUND stratum.coin-pool.example" in event["message"]
    ]
    assert sorted(complaints) == sorted(seconds(query["query_timestamp"]) for query in blocked)


# Who did what


def test_rule_90_was_made_minutes_before_the_first_reject_of_port_80(calls, flows):
    call = only(named(calls, "CreateNetworkAclEntry"))
    asked = call["requestParameters"]
    acl = only(
        each for each in load("network-acls")["NetworkAcls"] if each["NetworkAclId"] == asked["networkAclId"]
    )
    entry = only(each for each in acl["Entries"] if (each["RuleNumber"], each["Egress"]) == (90, False))
    ports = asked["portRange"]
    assert entry == {
        "CidrBlock": asked["cidrBlock"],
        "Egress": asked["egress"],
        "PortRange": {"From": ports["from"], "To": ports["to"]},
        "Protocol": asked["aclProtocol"],
        "RuleAction": asked["ruleAction"],
        "RuleNumber": asked["ruleNumber"],
    }
    assert call["userIdentity"]["userName"] == "dora.lindqvist"
    assert call["eventID"] in unpacked(trail_files()[0])

    web = flows.filter(dstaddr=WEB, dstport=80, protocol=6)
    assert set(web["action"]) == {"REJECT"}
    assert 0 < web["start"].min() - seconds(call["eventTime"]) < 600
    subnet = only(each for each in load("subnets")["Subnets"] if inside(WEB, each["CidrBlock"]))
    assert subnet["SubnetId"] in [each["SubnetId"] for each in acl["Associations"]]


def test_who_finds_rule_90_when_rejects_rise_may_not_delete_it(calls):
    call = only(named(calls, "DeleteNetworkAclEntry"))
    made = only(named(calls, "CreateNetworkAclEntry"))
    assert call["errorCode"] == "Client.UnauthorizedOperation"
    for key in ("networkAclId", "ruleNumber", "egress"):
        assert call["requestParameters"][key] == made["requestParameters"][key]
    denied = only(each for each in calls if each.get("errorCode") == "AccessDenied")
    sign_in = only(
        each for each in named(calls, "ConsoleLogin") if each["userIdentity"] == call["userIdentity"]
    )
    assert denied["userIdentity"] == call["userIdentity"] != made["userIdentity"]
    times = [seconds(each["eventTime"]) for each in (sign_in, call, denied)]
    assert NOISE_BEGINS < times[0] < times[1] < times[2] < NOISE_BEGINS + 1800


def test_ssh_was_opened_to_the_office_before_its_first_session(calls, flows):
    call = only(named(calls, "AuthorizeSecurityGroupIngress"))
    made = only(call["responseElements"]["securityGroupRuleSet"]["items"])
    rule = only(
        each
        for each in load("security-group-rules")["SecurityGroupRules"]
        if each["SecurityGroupRuleId"] == made["securityGroupRuleId"]
    )
    told = ("groupId", "isEgress", "ipProtocol", "fromPort", "toPort", "cidrIpv4")
    assert {name: made[name] for name in told} == {name: rule[name[0].upper() + name[1:]] for name in told}
    asked = only(call["requestParameters"]["ipPermissions"]["items"])
    assert only(asked["ipRanges"]["items"])["cidrIp"] == f"{OFFICE}/32" == rule["CidrIpv4"]
    first = flows.filter(srcaddr=OFFICE, dstport=22)["start"].min()
    assert 0 < first - seconds(call["eventTime"]) < 600


def test_people_call_from_the_office(calls, flows):
    people = [call for call in calls if call["userIdentity"]["type"] == "IAMUser"]
    assert len(people) > 10
    assert {call["sourceIPAddress"] for call in people} == {OFFICE}
    assert OFFICE in set(flows["srcaddr"])


def test_the_application_is_restarted_just_before_it_refuses(calls, web_events, instances):
    call = only(named(calls, "SendCommand"))
    assert call["requestParameters"]["instanceIds"] == [instances[APP]["Attachment"]["InstanceId"]]
    refused = [each["timestamp"] // 1000 for each in web_events.values() if APP in each["message"]]
    assert len(refused) > 5
    assert all(time in RESTART for time in refused)
    assert 0 < RESTART.start - seconds(call["eventTime"]) < 60


# What the web server wrote


def test_the_web_log_is_that_of_the_web_server(envelopes, instances):
    data = [each for each in envelopes if each["messageType"] == "DATA_MESSAGE"]
    assert {(each["logGroup"], each["logStream"], each["owner"]) for each in data} == {
        ("/app/web", instances[WEB]["Attachment"]["InstanceId"], instances[WEB]["OwnerId"])
    }


def test_most_of_the_web_log_is_json_and_its_clients_are_in_the_flow_logs(web_events, flows):
    requests = [
        (event["timestamp"] // 1000, json.loads(event["message"]))
        for event in web_events.values()
        if event["message"].startswith("{")
    ]
    assert len(web_events) / 2 < len(requests) < len(web_events)
    visits = flows.filter(dstaddr=WEB, dstport=443, action="ACCEPT")
    begun = set(visits.select("srcaddr", "start").iter_rows())
    for time, request in requests:
        assert list(request) == ["level", "msg", "path", "status", "client"]
        if request["status"] != 502:
            assert (request["client"], time) in begun
        assert request["client"] in set(visits["srcaddr"])


def test_the_forgotten_job_times_out_where_the_database_refuses(web_events, flows):
    complaints = [each for each in web_events.values() if DATABASE in each["message"]]
    tries = flows.filter(pl.col("srcaddr") == WEB, pl.col("dstaddr") == DATABASE, action="REJECT")["start"]
    assert len(complaints) > 10
    assert all(each["timestamp"] // 1000 - 5 in set(tries) for each in complaints)
