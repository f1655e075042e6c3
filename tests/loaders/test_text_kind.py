from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loaders import kinds
from tests.loaders.files import load, only, problems, put, records, reports, text

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
STAMPED = "2026-01-15T10:00:00Z something happened"
PROSE = text("These are words.", "And more of them.")


LOGS = """
    app.log app.LOG app.txt app.out app.err app.log.1 app.log.12.gz app.log-20260115 app.log-20260115.gz
    app.log.2026-01-15 syslog syslog.1 messages-20260115 secure auth.log kern cron dmesg access_log
"""
OTHERS = """
    README README.txt readme.md x.md x.py x.toml x.yaml x.yml x.csv x.html x.xml x.json LICENSE LICENSE.txt
    SOURCE.txt flowtui.toml x.csv.gz Makefile
"""


@pytest.mark.parametrize("name", LOGS.split())
def test_what_is_called_like_a_log_is_one(tmp_path, name):
    put(tmp_path, name, gzip.compress(PROSE) if name.endswith(".gz") else PROSE)
    dataset = load(tmp_path)
    report = only(dataset)
    assert (report.format, report.state, report.records) == ("text", "complete", 2)
    assert [part.kind for part in dataset.parts] == ["text"]
    assert records(dataset, "line", "message") == [(1, "These are words."), (2, "And more of them.")]


@pytest.mark.parametrize("name", ["x", "x.gz", "000123", "app.log.old", "stream-1"])
def test_a_file_of_another_name_is_a_log_if_half_of_its_lines_begin_with_a_time(tmp_path, name):
    put(tmp_path, name, text(STAMPED, "continued"))
    put(tmp_path, f"prose-{name}", PROSE)
    put(tmp_path, f"few-{name}", text(STAMPED, "continued", "continued"))
    states = {name: report.format for name, report in reports(load(tmp_path)).items()}
    assert states == {name: "text", f"prose-{name}": None, f"few-{name}": None}


@pytest.mark.parametrize("name", OTHERS.split())
def test_what_is_called_like_something_else_is_no_log(tmp_path, name):
    data = b"" if name == "flowtui.toml" else text(STAMPED, STAMPED)
    put(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data)
    assert only(load(tmp_path)).state == "skipped"


@pytest.mark.parametrize(
    "data",
    [
        b"a\0b\n" * 9,
        bytes(range(1, 256)) * 4,
        b"\xff" * 300,
        "words\n".encode("utf-16"),
        b"\x01\x02 word\n" * 50,
    ],
)
def test_what_is_no_text_is_no_log(tmp_path, data):
    put(tmp_path, "x.log", data)
    report = only(load(tmp_path))
    assert (report.state, report.reason) == ("skipped", "not a log that flowtui knows")


def test_a_few_bytes_that_are_no_text_do_not_matter(tmp_path):
    put(tmp_path, "x.log", b"a line of words and caf\xe9\n" * 3)
    assert records(load(tmp_path), "message") == ["a line of words and caf\\xe9"] * 3


def test_a_line_without_a_time_inherits_that_of_the_line_above(tmp_path):
    put(tmp_path, "a.log", text("banner", STAMPED, "Traceback", "  x", "2026-01-15T10:00:01Z x", "", "y"))
    dataset = load(tmp_path)
    late = TEN + timedelta(seconds=1)
    times = [(1, None), (2, TEN), (3, TEN), (4, TEN), (5, late), (7, late)]
    assert records(dataset, "line", "timestamp") == times
    assert not problems(dataset)


def test_no_time_is_inherited_from_another_file(tmp_path):
    put(tmp_path, "a.log", text(STAMPED))
    put(tmp_path, "b.log", text("banner", STAMPED))
    assert records(load(tmp_path), "timestamp") == [TEN, None, TEN]


def test_each_file_has_the_form_of_its_own_times(tmp_path):
    put(tmp_path, "a.log", text(STAMPED, "1768471205 is a number here", STAMPED))
    put(tmp_path, "b.log", text("1768471201 x", "1768471202 x"))
    put(tmp_path, "c.log", text('10.0.0.1 - - [15/Jan/2026:10:00:03 +0000] "GET / HTTP/1.1" 200 5'))
    put(tmp_path, "d.log", text("no time at all"))
    after = [
        None if time is None else (time - TEN).total_seconds()
        for time in records(load(tmp_path), "timestamp")
    ]
    assert after == [0, 0, 0, 1, 2, 3, None]


def test_the_year_of_a_syslog_is_known_from_when_it_was_last_written(tmp_path):
    path = put(tmp_path, "syslog", text("Dec 31 23:59:59 h x", "Jan  1 00:00:01 h x"))
    os.utime(path, (0, datetime(2021, 1, 1, 0, 1, tzinfo=UTC).timestamp()))
    assert [time.year for time in records(load(tmp_path), "timestamp")] == [2020, 2021]


@pytest.mark.parametrize("written", [-(10**10), 10**12])
def test_a_clock_that_was_wrong_when_a_syslog_was_written_does_no_harm(tmp_path, written):
    os.utime(put(tmp_path, "syslog", text("Jan 15 10:00:00 h x")), (0, written))
    assert [(time.month, time.day) for time in records(load(tmp_path), "timestamp")] == [(1, 15)]


def test_the_raw_line_is_given_back(tmp_path):
    put(tmp_path, "a.log", text(STAMPED, "x\ty"))
    assert load(tmp_path).raw(0, 2) == "x\ty"


# Messages of CloudWatch


def events(messages, times=None):
    frame = pl.DataFrame({"message": messages, "log_group": ["g"] * len(messages)}).with_row_index("_line", 1)
    frame = frame.with_columns(pl.lit(0, pl.UInt32).alias("_file"))
    return (
        frame
        if times is None
        else frame.with_columns(pl.Series("timestamp", times, pl.Datetime("ms", "UTC")))
    )


def test_events_keep_the_time_that_they_have():
    late = TEN + timedelta(hours=1)
    frame = kinds.parse(events([STAMPED, "x"], [late, TEN]), "text")[0].frame
    assert frame["timestamp"].to_list() == [late, TEN]


def test_events_without_a_time_get_that_of_their_text_or_of_the_event_above():
    late = TEN + timedelta(hours=1)
    frame = kinds.parse(events(["x", STAMPED, "y"], [late, None, None]), "text")[0].frame
    assert frame["timestamp"].to_list() == [late, TEN, TEN]


def test_the_year_of_an_event_without_a_time_is_that_of_the_other_events():
    old = datetime(2019, 6, 1, tzinfo=UTC)
    frame = kinds.parse(events(["Jan 15 10:00:00 h x", "y"], [None, old]), "text")[0].frame
    assert frame["timestamp"][0] == datetime(2019, 1, 15, 10, tzinfo=UTC)


def test_the_form_shows_by_the_messages_where_nothing_else_tells_it():
    messages = ["START", *["Jan 15 10:00:00 h x"] * 3, None]
    parsed = kinds.parse(events(messages), "text")[0]
    assert parsed.frame["timestamp"].dt.month().to_list() == [None, 1, 1, 1, 1]
    assert parsed.frame.height == 5


def test_any_message_is_text():
    assert kinds.choose(["hello"])[0].name == "text"
