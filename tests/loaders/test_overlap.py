"""The same traffic under two flow logs is found, said, and can be counted once."""

from __future__ import annotations

from loaders.overlap import _windows, overlaps
from query.once import counted_once
from query.scope import Scope
from query.view import look
from tests.loaders.files import HEADER, START, delivery, load, put, record, text

A, B, C = "fl-00000000000000aaa", "fl-00000000000000bbb", "fl-00000000000000ccc"
ENI, OTHER = "eni-0123456789abcdef0", "eni-0fedcba9876543210"


def lines(*ports, interface=ENI, start=START):
    return [record(srcport=port, interface_id=interface, start=start, end=start + 59) for port in ports]


def write(root, flow_log, *records):
    put(root, delivery(flow_log=flow_log), text(HEADER, *records))


def write_more(root, flow_log, number, *records):
    put(root, delivery(flow_log=flow_log, code=f"{number:08x}"), text(HEADER, *records))


def group(flow_log):
    return f"123456789012/us-east-1/{flow_log}"


def test_records_that_two_flow_logs_hold_are_counted_by_pair(tmp_path):
    write(tmp_path, A, *lines(1, 2, 3), *lines(9, interface=OTHER))
    write(tmp_path, B, *lines(2, 3))
    (found,) = overlaps(load(tmp_path))
    assert (found.kept, found.other, found.interfaces, found.records) == (group(A), group(B), (ENI,), 2)


def test_many_records_are_compared_a_stretch_of_time_after_the_other(tmp_path, monkeypatch):
    for number in range(12):
        start = START + 60 * number
        write_more(tmp_path, A, number, *lines(1, 2, number + 10, start=start))
        write_more(tmp_path, B, number, *lines(2, number + 10, start=start), *lines(1, start=start + 30))
    dataset = load(tmp_path)
    (at_once,) = overlaps(dataset)
    assert at_once.records == 24
    monkeypatch.setattr("loaders.overlap._AT_ONCE", 10)
    assert len(list(_windows(dataset.parts))) > 5
    assert overlaps(dataset) == (at_once,)


def test_one_interface_in_two_flow_logs_at_other_times_is_no_overlap(tmp_path):
    write(tmp_path, A, *lines(1, 2, 3))
    write(tmp_path, B, *lines(1, 2, 3, start=START + 3600))
    assert overlaps(load(tmp_path)) == ()


def test_two_interfaces_of_one_flow_are_no_overlap(tmp_path):
    write(tmp_path, A, *lines(1, 2))
    write(tmp_path, B, *lines(1, 2, interface=OTHER))
    assert overlaps(load(tmp_path)) == ()


def test_a_flow_log_with_fewer_fields_overlaps_in_nothing_that_it_does_not_say(tmp_path):
    write(tmp_path, A, *lines(1))
    put(tmp_path, delivery(flow_log=B), text("interface-id start end", f"{ENI} {START} {START + 59}"))
    assert overlaps(load(tmp_path)) == ()


def test_an_export_of_the_same_records_overlaps_with_their_delivery(tmp_path):
    write(tmp_path, A, *lines(1, 2, 3))
    task = "exportedlogs/c5e37efa-0596-46f3-8ab2-832ccf9d420c"
    exported = [f"2026-01-15T10:00:00.000Z {line}" for line in lines(3, 4)]
    put(tmp_path, f"{task}/{ENI}-all/000000", text(*exported))
    (found,) = overlaps(load(tmp_path))
    assert (found.kept, found.other, found.records) == (group(A), task, 1)


def test_three_flow_logs_over_one_interface_are_three_pairs_and_one_total(tmp_path):
    write(tmp_path, A, *lines(1, 2, 3, 4))
    write(tmp_path, B, *lines(1, 2, 3))
    write(tmp_path, C, *lines(1), *lines(5, interface=OTHER))
    dataset = load(tmp_path)
    found = overlaps(dataset)
    assert [(pair.kept[-3:], pair.other[-3:], pair.records) for pair in found] == [
        ("aaa", "bbb", 3),
        ("aaa", "ccc", 1),
        ("bbb", "ccc", 1),
    ]
    once = look(dataset, Scope(filter=counted_once(found)))
    ports = [(row["interface_id"], row["srcport"]) for row in once.window(0, 99).to_dicts()]
    assert sorted(ports) == [*((ENI, port) for port in (1, 2, 3, 4)), (OTHER, 5)]
