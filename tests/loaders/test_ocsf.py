"""Flow logs as Security Lake keeps them: OCSF as Parquet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.loaders.files import ENI, START, load, only, parquet, problems, put, records

WHEN = datetime.fromtimestamp(START, UTC)
NAME = "aws/VPC_FLOW/2.0/region=us-east-1/accountId=123456789012/eventDay=20260115/0a1b.gz.parquet"


def event(**changes):
    """An event as OCSF 1.1 has it: a flow that came in to an interface; ``a__b`` changes the leaf b of a."""
    plain = {
        "metadata": {"product": {"name": "Amazon VPC", "version": "5"}, "version": "1.1.0"},
        "cloud": {"account": {"uid": "123456789012"}, "region": "us-east-1", "zone": "use1-az1"},
        "src_endpoint": {
            "port": 51515,
            "svc_name": "-",
            "ip": "203.0.113.9",
            "intermediate_ips": None,
            "interface_uid": None,
            "vpc_uid": None,
        },
        "dst_endpoint": {
            "port": 443,
            "svc_name": "EC2",
            "ip": "10.0.1.10",
            "intermediate_ips": ["10.0.1.99"],
            "interface_uid": ENI,
            "vpc_uid": "vpc-1",
            "subnet_uid": "subnet-1",
            "instance_uid": "i-1",
        },
        "connection_info": {
            "protocol_num": 6,
            "tcp_flags": 18,
            "protocol_ver": "IPv4",
            "boundary_id": 4,
            "direction_id": 1,
            "direction": "Inbound",
        },
        "traffic": {"packets": 3, "bytes": 180},
        "time": START * 1000,
        "time_dt": WHEN,
        "start_time_dt": WHEN,
        "end_time_dt": datetime.fromtimestamp(START + 59, UTC),
        "status_code": "OK",
        "action": "Allowed",
        "action_id": 1,
        "class_uid": 4001,
        "class_name": "Network Activity",
        "unmapped": [
            {"key": "sublocation_id", "value": "-"},
            {"key": "sublocation-type", "value": "outpost"},
        ],
    }
    for path, value in changes.items():
        *above, last = path.split("__")
        branch = plain
        for name in above:
            branch = branch[name]
        if value is ...:
            del branch[last]
        else:
            branch[last] = value
    return plain


def table(*events, **overrides):
    return parquet(pl.DataFrame(list(events), infer_schema_length=None).to_dict(as_series=True), **overrides)


def load_events(tmp_path, *events):
    put(tmp_path, NAME, table(*events))
    return load(tmp_path)


def test_every_field_finds_its_column(tmp_path):
    dataset = load_events(tmp_path, event())
    assert (only(dataset).format, only(dataset).state) == ("ocsf-parquet", "complete")
    frame = dataset.parts[0].frame
    row = frame.drop("_file", "_line", "log_group", "timestamp").row(0, named=True)
    assert row == {
        "version": 5,
        "account_id": "123456789012",
        "interface_id": ENI,
        "srcaddr": "203.0.113.9",
        "dstaddr": "10.0.1.99",
        "srcport": 51515,
        "dstport": 443,
        "protocol": 6,
        "packets": 3,
        "bytes": 180,
        "start": START,
        "end": START + 59,
        "action": "ACCEPT",
        "log_status": "OK",
        "vpc_id": "vpc-1",
        "subnet_id": "subnet-1",
        "instance_id": "i-1",
        "tcp_flags": 18,
        "type": "IPv4",
        "pkt_srcaddr": "203.0.113.9",
        "pkt_dstaddr": "10.0.1.10",
        "region": "us-east-1",
        "az_id": "use1-az1",
        "sublocation_type": "outpost",
        "sublocation_id": None,
        "pkt_src_aws_service": None,
        "pkt_dst_aws_service": "EC2",
        "flow_direction": "ingress",
        "traffic_path": 1,
        "log_stream": ENI,
    }
    assert frame.schema["srcport"] == pl.Int32()
    assert set(dataset.summary()["format"]) == {"flow-log"}
    assert records(dataset, "timestamp") == [WHEN]
    assert not problems(dataset)


def test_the_spelling_of_ocsf_1_0_is_read_too(tmp_path):
    old = event(
        cloud={"account_uid": "123456789012", "region": "us-east-1", "provider": "AWS"},
        action=...,
        action_id=...,
        start_time_dt=...,
        end_time_dt=...,
        time_dt=...,
        start_time=START * 1000,
        end_time=(START + 59) * 1000,
        disposition="Blocked",
        disposition_id=2,
        connection_info__protocol_ver="Internet Protocol version 6 (IPv6)",
    )
    dataset = load_events(tmp_path, old)
    assert records(dataset, "account_id", "start", "end", "action", "type") == [
        ("123456789012", START, START + 59, "REJECT", "IPv6")
    ]


def test_an_interface_that_sends_is_described_at_the_source(tmp_path):
    source = {"interface_uid": ENI, "vpc_uid": "vpc-2"}
    other = {"interface_uid": "eni-0", "vpc_uid": "vpc-0"}
    changes = {f"src_endpoint__{name}": value for name, value in source.items()}
    changes |= {f"dst_endpoint__{name}": value for name, value in other.items()}
    out = event(connection_info__direction_id=2, **changes)
    assert records(load_events(tmp_path, out), "interface_id", "vpc_id", "flow_direction") == [
        (ENI, "vpc-2", "egress")
    ]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"action_id": 2, "action": "Denied"}, "REJECT"),
        ({"action_id": 99, "action": "Denied"}, "REJECT"),
        ({"action_id": 99, "action": "Other"}, None),
        ({"action_id": ..., "action": "Allowed"}, "ACCEPT"),
        ({"action_id": ..., "action": ..., "disposition_id": 2.0}, "REJECT"),
    ],
)
def test_an_action_is_read_from_its_code_or_its_word(tmp_path, changes, action):
    assert records(load_events(tmp_path, event(**changes)), "action") == [action]


@pytest.mark.parametrize(("boundary", "path"), [(4, 1), (11, 8), (99, None), (0, None), (None, None)])
def test_a_boundary_is_the_path_of_the_traffic(tmp_path, boundary, path):
    dataset = load_events(tmp_path, event(connection_info__boundary_id=boundary), event())
    assert records(dataset, "traffic_path") == [path, 1]
    assert not problems(dataset)


@pytest.mark.parametrize(
    "time", [START * 1000, START, WHEN, "2026-01-15T10:00:00.000Z", "2026-01-15 10:00:00"]
)
def test_a_time_is_read_in_whatever_way_it_is_written(tmp_path, time):
    only_time = event(start_time_dt=..., end_time_dt=..., time_dt=..., time=time)
    dataset = load_events(tmp_path, only_time)
    assert records(dataset, "timestamp", "start") == [(WHEN, START)]
    assert "end" not in dataset.parts[0].frame.columns


def test_missing_branches_leave_their_columns_out(tmp_path):
    dataset = load_events(
        tmp_path, event(cloud=..., traffic=..., unmapped=..., connection_info__tcp_flags=...)
    )
    assert not dataset.columns & {"account_id", "bytes", "sublocation_id", "tcp_flags"}
    assert records(dataset, "dstport") == [443]


def test_ports_written_as_fractions_are_numbers_and_what_is_none_is_named(tmp_path):
    rows = [event(dst_endpoint__port=port) for port in (443.0, 80.5)]
    put(tmp_path, "a.parquet", table(*rows))
    put(tmp_path, "b.parquet", table(event(dst_endpoint__port=443.0)))
    dataset = load(tmp_path)
    assert records(dataset, "file", "dstport") == [
        ("a.parquet", 443),
        ("a.parquet", None),
        ("b.parquet", 443),
    ]
    assert problems(dataset) == [("a.parquet", 2, "dstport is not a number: 80.5")]


@pytest.mark.parametrize(
    "unmapped",
    [
        [["sublocation_type", "outpost"], ["odd"]],
        {"sublocation_type": "outpost", "other": 5},
        [{"key": "sublocation-type", "value": "outpost"}],
    ],
)
def test_what_ocsf_has_no_place_for_is_found_among_the_leftovers(tmp_path, unmapped):
    assert records(load_events(tmp_path, event(unmapped=unmapped)), "sublocation_type") == ["outpost"]


def test_an_event_of_another_class_is_named_and_left_out(tmp_path):
    dataset = load_events(tmp_path, event(), event(class_uid=4003), event())
    assert records(dataset, "line") == [1, 3]
    assert [(line, what) for _, line, what in problems(dataset)] == [
        (2, "the event is no network activity: class 4003")
    ]


@pytest.mark.parametrize("number", [4003, 6003])
def test_events_of_other_classes_are_no_flow_logs(tmp_path, number):
    dataset = load_events(tmp_path, event(class_uid=number, start_time=1, end_time=2))
    assert (only(dataset).state, only(dataset).reason) == (
        "skipped",
        "Parquet without the fields of a flow log",
    )


def test_a_row_without_data_has_nulls(tmp_path):
    nothing = {"port": None, "ip": "-", "svc_name": "-"}
    row = event(status_code="NODATA", action_id=99, action="-", traffic={"packets": None, "bytes": None})
    row["src_endpoint"] |= nothing
    row["dst_endpoint"] |= nothing | {"intermediate_ips": []}
    dataset = load_events(tmp_path, row, event())
    assert records(dataset, "srcaddr", "dstaddr", "srcport", "bytes", "action", "log_status")[0] == (
        None,
        None,
        None,
        None,
        None,
        "NODATA",
    )
    assert not problems(dataset)


def test_many_files_are_scanned_together_and_keep_their_lines(tmp_path):
    for number in range(4):
        put(tmp_path, f"region=x/{number}.parquet", table(*[event()] * (number + 1)))
    dataset = load(tmp_path)
    assert len(dataset.parts) == 1
    assert records(dataset, "line") == [1, 1, 2, 1, 2, 3, 1, 2, 3, 4]


def test_the_raw_record_is_the_whole_event(tmp_path):
    dataset = load_events(tmp_path, event(), event(class_name="second"))
    assert json.loads(dataset.raw(0, 2))["class_name"] == "second"
    assert dataset.raw(0, 3) is None


def test_no_events_are_a_complete_file(tmp_path):
    frame = pl.DataFrame([event()]).head(0)
    put(tmp_path, "a.parquet", parquet(frame.to_dict(as_series=True)))
    assert (only(load(tmp_path)).format, only(load(tmp_path)).records) == ("ocsf-parquet", 0)
