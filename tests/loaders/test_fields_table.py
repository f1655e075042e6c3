"""The table [fields] of flowtui.toml: flow logs without a header, in an order that only a person knows."""

# To be enabled with /tmp/exp/h1/fields_table.patch: until then nothing hands the names on.

from __future__ import annotations

import json

import pytest

from tests.loaders.files import ENI, START, load, only, packed, problems, put, record, records, text

NAMES = ["bytes", "srcaddr", "interface-id", "who-knows", "start"]
TOLD = " ".join(NAMES)
LINE = record(NAMES, who_knows="x")


def tell(root, pattern, names=TOLD, more=""):
    put(root, "flowtui.toml", f'[fields]\n"{pattern}" = "{names}"\n{more}'.encode())


def logs(dataset):
    return [report for report in dataset.files.values() if report.source.name != "flowtui.toml"]


def test_lines_are_read_as_a_person_says(tmp_path):
    tell(tmp_path, "web")
    put(tmp_path, "web/a.log", text(LINE, record(NAMES, bytes=7), "bogus"))
    dataset = load(tmp_path)
    assert [report.format for report in logs(dataset)] == ["flow-log-headerless"]
    assert records(dataset, "bytes", "srcaddr", "who_knows", "log_stream") == [
        (180, "203.0.113.9", "x", ENI),
        (7, "203.0.113.9", None, ENI),
    ]
    assert problems(dataset) == [("web/a.log", 3, "1 field where 5 are expected")]


@pytest.mark.parametrize("time", ["2026-01-15T10:00:00.000Z", str(START * 1000)])
def test_an_export_is_read_as_a_person_says(tmp_path, time):
    tell(tmp_path, "exported/*")
    put(tmp_path, f"exported/task/{ENI}-all/000000.gz", packed(f"{time} {LINE}"))
    dataset = load(tmp_path)
    assert [report.format for report in logs(dataset)] == ["flow-log-export"]
    assert records(dataset, "bytes", "who_knows") == [(180, "x")]


def test_the_pattern_is_for_the_name_before_it_was_given_another(tmp_path):
    tell(tmp_path, "web", more='[groups]\n"web" = "production"\n')
    put(tmp_path, "web/a.log", text(LINE))
    assert records(load(tmp_path), "log_group", "bytes") == [("production", 180)]


def test_a_header_is_believed_before_a_person(tmp_path):
    tell(tmp_path, "*")
    put(tmp_path, "web/a.log", text("bytes start end srcaddr", f"1 {START} {START} 10.0.0.1"))
    assert records(load(tmp_path), "bytes", "srcaddr") == [(1, "10.0.0.1")]


def test_what_cannot_be_that_is_read_as_without_it(tmp_path):
    tell(tmp_path, "*")
    put(tmp_path, "web/a.log", text(record(), record()))
    dataset = load(tmp_path)
    assert records(dataset, "dstport") == [443, 443]
    assert not problems(dataset)


def envelope(group, *messages):
    events = [
        {"id": f"{group}{number}", "timestamp": START * 1000, "message": message}
        for number, message in enumerate(messages)
    ]
    return json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": group,
            "logStream": f"{ENI}-all",
            "subscriptionFilters": ["all"],
            "logEvents": events,
        }
    ).encode()


def test_messages_of_a_group_are_read_as_a_person_says(tmp_path):
    tell(tmp_path, "/vpc/odd", more='[groups]\n"/vpc/*" = "vpc"\n')
    put(tmp_path, "a", envelope("/vpc/odd", LINE, "bogus") + envelope("/vpc/even", record()))
    dataset = load(tmp_path)
    assert records(dataset, "log_group", "bytes", "who_knows", "dstport") == [
        ("vpc", 180, "x", None),
        ("vpc", 180, None, 443),
    ]
    assert [what for *_, what in problems(dataset)] == ["1 field where 5 are expected"]
    assert only(load(tmp_path / "a")).format == "subscription"
