"""What flow logs do not show: NODATA, SKIPDATA, gaps and late records, each with the records that tell of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loaders.load import Library
from query.coverage import GAP, coverage
from query.scope import Scope
from query.view import look
from tests.tui.conftest import BEGIN, GROUP, Logs, line

MINUTE = 60


@pytest.fixture
def logs(tmp_path):
    root = tmp_path / "logs"
    root.mkdir()
    return Logs(root)


def read(logs):
    return Library([str(logs.root)]).read_all()


def found(logs, scope=Scope(), what=None):  # noqa: B008 - a scope never changes
    lacks = coverage(read(logs), scope)
    return lacks if what is None else [lack for lack in lacks if lack.what == what]


def empty(status, start):
    """The line of a window without data."""
    return line(
        **dict.fromkeys(("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes"), "-"),
        action="-",
        log_status=status,
        start=start,
    )


def at(minutes):
    return datetime.fromtimestamp(BEGIN, UTC) + timedelta(minutes=minutes)


def test_windows_without_data_and_skipped_records_are_counted_and_lead_to_themselves(logs):
    logs.deliver(line(), empty("NODATA", BEGIN), empty("NODATA", BEGIN + 60), empty("SKIPDATA", BEGIN + 90))
    dataset = read(logs)
    lacks = {lack.what: lack for lack in coverage(dataset, Scope())}
    assert (lacks["nodata"].amount, lacks["skipdata"].amount) == (2, 1)
    for what in ("nodata", "skipdata"):
        assert look(dataset, lacks[what].scope).height == lacks[what].amount
    narrowed = {lack.what: lack.amount for lack in coverage(dataset, Scope(since=at(1)))}
    assert (narrowed["nodata"], narrowed["skipdata"]) == (1, 1)


def test_a_filter_of_ones_own_stays_part_of_what_a_line_leads_to(logs):
    logs.deliver(line(), empty("NODATA", BEGIN), line(action="REJECT"))
    (lack,) = found(logs, Scope(filter="logStatus = 'NODATA' or action = 'REJECT'"), "nodata")
    assert lack.amount == 1
    assert look(read(logs), lack.scope).height == 1


@pytest.mark.parametrize(("apart", "gaps"), [(20, 0), (21, 1)])
def test_a_gap_is_longer_than_twenty_minutes(logs, apart, gaps):
    assert timedelta(minutes=20) == GAP
    logs.deliver(line(), line(start=BEGIN + apart * MINUTE))
    lacks = found(logs, what="gap")
    assert len(lacks) == gaps
    for lack in lacks:
        assert lack.amount == apart * MINUTE
        assert (lack.scope.since, lack.scope.until) == (at(0), at(apart + 1))
        assert lack.group == lack.scope.group == GROUP
        assert look(read(logs), lack.scope).height == 2, "those on either side"


def test_no_data_is_no_gap(logs):
    logs.deliver(line(), empty("NODATA", BEGIN + 15 * MINUTE), line(start=BEGIN + 30 * MINUTE))
    assert not found(logs, what="gap")


def test_the_three_longest_gaps_are_named_and_each_group_has_its_own(logs):
    minutes = (0, 30, 55, 140, 170, 171)
    logs.deliver(*(line(start=BEGIN + minute * MINUTE) for minute in minutes))
    other = "fl-0fffffffffffffff0"
    logs.deliver(*(line(start=BEGIN + minute * MINUTE) for minute in range(0, 180, 10)), flow_log=other)
    lacks = found(logs, what="gap")
    assert [lack.amount // MINUTE for lack in lacks] == [85, 30, 30]
    assert {lack.group for lack in lacks} == {GROUP}
    assert not found(logs, Scope(group=f"123456789012/us-east-1/{other}"), "gap")


def test_a_record_that_ended_long_before_its_file_was_due_is_late(logs):
    end = BEGIN + 3600
    logs.deliver(
        line(start=end - 1800),  # ends ten seconds later: half an hour late
        line(start=end - 910),  # ends exactly a quarter of an hour before
        line(start=end - 912),
        line(start=end + 10),
        end=end,
    )
    dataset = read(logs)
    (late,) = [lack for lack in coverage(dataset, Scope()) if lack.what == "late"]
    assert late.amount == 2
    assert look(dataset, late.scope).height >= 2
    assert late.scope.since == at(30)
    (none,) = [lack for lack in coverage(dataset, Scope(since=at(50))) if lack.what == "late"]
    assert none.amount == 0


def test_logs_without_flow_records_have_nothing_to_lack(tmp_path):
    (tmp_path / "web.log").write_text("one\ntwo\n")
    assert coverage(Library([str(tmp_path)]).read_all(), Scope()) == []
