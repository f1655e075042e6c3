"""What ``aws logs`` prints in its several ways, and flow logs wrapped into lines of JSON."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import objects
from tests.loaders.files import ENI, START, load, only, problems, put, record, records

MS = START * 1000
ID = "37123456789012345678901234567890123456789012345678901234"


@pytest.fixture
def read(tmp_path):
    def read(data, name="out.log"):
        put(tmp_path, name, data if isinstance(data, bytes) else data.encode())
        return load(tmp_path)

    return read


def time(milliseconds=0):
    return datetime.fromtimestamp(START + milliseconds / 1000, UTC)


def got(*messages, **more):
    """A page of ``get-log-events``, its events a second apart."""
    events = [
        {"timestamp": MS + 1000 * number, "message": message, "ingestionTime": MS + 9000}
        for number, message in enumerate(messages)
    ]
    return {"events": events, "nextForwardToken": "f/1", "nextBackwardToken": "b/1", **more}


def filtered(*messages, first=0, **more):
    """A page of ``filter-log-events``, its events numbered on."""
    events = [
        {
            "logStreamName": "web",
            "timestamp": MS + 1000 * number,
            "message": message,
            "ingestionTime": MS,
            "eventId": f"id{number}",
        }
        for number, message in enumerate(messages, first)
    ]
    return {"events": events, "searchedLogStreams": [], **more}


@pytest.mark.parametrize("indent", [None, 4])
def test_get_log_events_names_no_stream(read, indent):
    dataset = read(json.dumps(got("one", "two\n"), indent=indent))
    assert only(dataset).format == "get-log-events"
    assert records(dataset, "line", "timestamp", "log_stream", "message") == [
        (1, time(), "out.log", "one"),
        (2, time(1000), "out.log", "two\n"),
    ]


@pytest.mark.parametrize("indent", [None, 4])
def test_filter_log_events_names_the_stream_of_each_event(read, indent):
    dataset = read(json.dumps(filtered("one", "two", nextToken="t"), indent=indent))
    assert only(dataset).format == "filter-log-events"
    assert records(dataset, "line", "timestamp", "log_stream", "message") == [
        (1, time(), "web", "one"),
        (2, time(1000), "web", "two"),
    ]


@pytest.mark.parametrize("between", ["", "\n"])
def test_pages_one_after_another(read, between):
    pages = [filtered("a", nextToken="t"), {"events": [], "searchedLogStreams": []}, filtered("b", first=1)]
    dataset = read(between.join(json.dumps(page, indent=4) for page in pages))
    assert records(dataset, "line", "message") == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("first", "name"), [("nextToken", "filter-log-events"), ("nextForwardToken", "get-log-events")]
)
def test_a_token_may_stand_first(read, first, name):
    page = filtered("a") if name == "filter-log-events" else got("a")
    dataset = read(json.dumps({first: "t", **page}))
    assert (only(dataset).format, only(dataset).records) == (name, 1)


def test_an_event_on_two_pages_is_one_record(read):
    dataset = read(json.dumps(filtered("a", "b")) + json.dumps(filtered("b", "c", first=1)))
    assert records(dataset, "message") == ["a", "b", "c"]
    assert only(dataset).repeated == 1


def test_equal_messages_without_ids_are_records_of_their_own(read):
    assert records(read(json.dumps(got("a")) * 2), "message") == ["a", "a"]


@pytest.mark.parametrize("page", [got(), filtered(), {"events": []}])
def test_a_page_without_events_is_complete(read, page):
    dataset = read(json.dumps(page, indent=4))
    assert (only(dataset).state, only(dataset).records) == ("complete", 0)
    assert only(dataset).format in {"get-log-events", "filter-log-events"}


def test_flow_logs_in_a_page(read):
    dataset = read(json.dumps(filtered(record(), record(packets="many"))))
    assert records(dataset, "line", "dstport") == [(1, 443)]
    assert problems(dataset) == [("out.log", 2, "packets is not a number: many")]


def test_other_events_of_aws_are_not_claimed(read):
    dataset = read('{"events": [{"arn": "arn:aws:health:1", "service": "EC2"}], "nextToken": "t"}')
    assert only(dataset).format not in {"get-log-events", "filter-log-events"}


def test_a_page_that_is_cut_off_keeps_its_whole_events(tmp_path):
    text = json.dumps(filtered("one", "two"), indent=1)
    ends = [text.index("}") + 1, text.index("}", text.index("two")) + 1]
    for size in range(ends[0], len(text)):
        put(tmp_path, "out.json", text[:size].encode())
        dataset = load(tmp_path)
        assert records(dataset, "message") == ["one", "two"][: sum(size >= end for end in ends)], size
        assert (only(dataset).state, only(dataset).reason) == ("incomplete", objects.CUT), size
        assert not problems(dataset), size


def line(message, second=0, ident=ID):
    return f"EVENTS\t{ident}\t{MS + 9000}\tweb\t{message}\t{MS + 1000 * second}\n"


def test_text_is_cut_from_both_ends(read):
    dataset = read(line("a\tb\t12", ident="x") + line("two", 1, "y") + "SEARCHEDLOGSTREAMS\tTrue\tweb\n")
    assert only(dataset).format == "filter-log-events-text"
    assert records(dataset, "line", "timestamp", "log_stream", "message") == [
        (1, time(), "web", "a\tb\t12"),
        (2, time(1000), "web", "two"),
    ]
    assert not problems(dataset)


def test_a_message_over_lines_ends_with_the_time(read):
    dataset = read(line("Traceback:\n\n  File\nValueError", ident="x") + line("next\n", 1, "y"))
    assert records(dataset, "line", "message") == [(1, "Traceback:\n\n  File\nValueError"), (5, "next\n")]


def test_an_event_without_an_end_is_a_problem(read):
    dataset = read(f"EVENTS\tx\t{MS}\tweb\tno time\n" + line("good"))
    assert records(dataset, "line", "message") == [(2, "good")]
    assert problems(dataset) == [("out.log", 1, "an event has no time at its end")]


def test_lines_that_belong_to_no_event_are_problems_but_tokens_are_not(read):
    dataset = read("b/35401234\n" + line("good") + "b/35401235\nNEXTTOKEN\tb/3\nan odd line\n")
    assert records(dataset, "line") == [2]
    assert problems(dataset) == [("out.log", 5, "no event stands above it: an odd line")]


def test_text_of_which_the_last_event_is_still_written(read):
    dataset = read(line("one", ident="x") + line("two", 1, "y")[:-5])
    assert records(dataset, "message") == ["one"]
    assert (only(dataset).state, only(dataset).reason) == ("incomplete", "the last event is not finished")
    assert not problems(dataset)


def test_the_same_event_in_text_twice_is_one_record(read):
    dataset = read(line("one") + line("one"))
    assert (records(dataset, "message"), only(dataset).repeated) == (["one"], 1)


def stamp(milliseconds=0):
    return time(milliseconds).isoformat()


def test_tail_in_its_detailed_form(read):
    dataset = read(f"{stamp()} {ENI}-all {record()}\n{stamp(678)} {ENI}-all {record(srcport=1)}\n")
    assert only(dataset).format == "logs-tail"
    assert records(dataset, "line", "timestamp", "log_stream", "srcport") == [
        (1, time(), f"{ENI}-all", 51515),
        (2, time(678), f"{ENI}-all", 1),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tail_in_colours(read, end):
    lines = [f"\x1b[32m{stamp(1)}\x1b[0m \x1b[36mapp/1\x1b[0m hello", "  more", ""]
    dataset = read(f"Script started on 2026-01-15{end}" + end.join(lines) + f"Script done on 2026-01-15{end}")
    assert records(dataset, "line", "timestamp", "log_stream", "message") == [
        (2, time(1), "app/1", "hello\n  more")
    ]
    assert not problems(dataset)


def test_tail_with_json_set_out_over_lines(read):
    documents = [json.dumps({"n": number}, indent=4) for number in range(2)]
    dataset = read("".join(f"{stamp(5 + number)} app {text}\n" for number, text in enumerate(documents)))
    assert records(dataset, "line", "timestamp") == [(1, time(5)), (4, time(6))]
    (number,) = dataset.files
    assert dataset.raw(number, 4) == '{\n    "n": 1\n}'


def test_tail_keeps_blank_lines_within_messages_only(read):
    dataset = read(f"{stamp(5)} app one\n\n  two\n\n{stamp(6)} app three\n\n")
    assert records(dataset, "line", "message") == [(1, "one\n\n  two"), (5, "three")]


def test_tail_in_its_short_form_of_flow_logs(read):
    dataset = read(f"{stamp()[:19]} {record()}\n{stamp(1000)[:19]} {record()}\n")
    assert only(dataset).format == "logs-tail"
    assert records(dataset, "timestamp", "dstport") == [(time(), 443), (time(1000), 443)]


def test_a_time_that_is_none_is_a_problem(read):
    dataset = read(f"{stamp(5)} app one\n2026-13-45T10:00:00.001000+00:00 app two\n")
    assert records(dataset, "message") == ["one"]
    assert problems(dataset) == [("out.log", 2, "timestamp is not a time: 2026-13-45T10:00:00.001000+00:00")]


@pytest.mark.parametrize(
    "first",
    [
        "2026-01-15T10:00:00.123456+00:00 host sshd[1]: hello",
        "2026-01-15T10:00:00+00:00 host sshd[1]: hello",
        "2026-01-15T10:00:00 INFO hello",
        "2026-01-15T10:00:00.000Z INFO hello",
    ],
)
def test_other_logs_that_begin_with_a_time_are_not_taken_for_it(read, first):
    assert only(read(f"{first}\n")).format not in {"logs-tail", "cloudwatch-export"}


def test_lines_wrapped_in_message(read):
    lines = [json.dumps({"message": record(srcport=port), "tags": ["x"]}) for port in (1, 2)]
    dataset = read("\n".join([lines[0], "", lines[1], ""]))
    assert only(dataset).format == "wrapped-lines"
    assert records(dataset, "line", "srcport", "timestamp") == [(1, 1, time()), (3, 2, time())]
    (number,) = dataset.files
    assert dataset.raw(number, 3) == record(srcport=2)


@pytest.mark.parametrize("key", ["timestamp", "@timestamp"])
@pytest.mark.parametrize("written", ["2026-01-15T10:00:07Z", MS + 7000, str(MS + 7000)])
def test_the_time_beside_a_wrapped_line_is_its_time(read, key, written):
    dataset = read(json.dumps({key: written, "body": record()}))
    assert records(dataset, "line", "timestamp") == [(1, time(7000))]


def test_wrapped_lines_that_are_glued_are_numbered(read):
    data = "".join(json.dumps({"message": record(srcport=port)}) for port in (1, 2, 3))
    dataset = read(gzip.compress(data.encode()))
    assert records(dataset, "line", "srcport") == [(1, 1), (2, 2), (3, 3)]


def test_wrapped_lines_with_problems(read):
    lines = [
        json.dumps({"message": record()}),
        '{"other": 1}',
        "garbage",
        json.dumps({"message": "2 too few"}),
        json.dumps({"message": record()}),
    ]
    dataset = read("\n".join(lines) + "\n")
    assert records(dataset, "line") == [1, 5]
    assert problems(dataset) == [
        ("out.log", 2, 'no message in this object: {"other": 1}'),
        ("out.log", 3, "not valid JSON: garbage"),
        ("out.log", 4, "3 fields where 14 are expected"),
    ]


def test_a_wrapped_line_that_is_cut_off(read):
    data = json.dumps({"message": record()}) + "\n" + json.dumps({"message": record()})
    dataset = read(data[:-9])
    assert records(dataset, "line") == [1]
    assert (only(dataset).state, only(dataset).reason) == ("incomplete", objects.CUT)


def test_other_lines_of_json_are_not_taken_for_wrapped_ones(read):
    dataset = read(json.dumps({"message": "hello", "time": "2026-01-15T10:00:00Z"}) + "\n")
    assert only(dataset).format != "wrapped-lines"


SAMPLES = [
    json.dumps(filtered("one", "two"), indent=1),
    line("one\n two", ident="x") + line("three", 1, "y"),
    f"{stamp(5)} app one\n two\n{stamp(6)} app {{\n}}\n\x1b[32m{stamp(7)}\x1b[0m app x\n",
    json.dumps({"message": record()}) * 2 + "\n" + json.dumps({"body": record()}),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=["json", "text", "tail", "wrapped"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_nothing_raises_and_no_record_is_made_up(sample, data):
    good = sample.encode()
    at = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(at, min(len(good), at + 4)))
    put_in = data.draw(
        st.binary(max_size=4) | st.sampled_from([b"\n", b"\t", b'"', b"\\ud800", b"{", b"\x1b[32m"])
    )
    with TemporaryDirectory() as root:
        put(Path(root), "out.log", good[:at] + put_in + good[end:])
        load(Path(root))
        put(Path(root), "out.log", good[:at])
        assert load(Path(root)).height <= good.count(b"\n") + 2


def test_files_that_name_no_log_group_decide_each_for_themselves(tmp_path):
    flows = {"events": [{"timestamp": START * 1000, "message": record(srcport=n)} for n in range(2)]}
    words = {"events": [{"timestamp": START * 1000, "message": f"START {n} of it"} for n in range(9)]}
    put(tmp_path, "flows.json", json.dumps(flows).encode())
    put(tmp_path, "words.json", json.dumps(words).encode())
    dataset = load(tmp_path)
    assert {report.source.name: report.records for report in dataset.files.values()} == {
        "flows.json": 2,
        "words.json": 9,
    }
    assert {part.kind for part in dataset.parts} == {"flow-log", "text"}


def test_messages_are_not_of_a_kind_that_refuses_most_of_them(tmp_path):
    messages = [record(), *(f"START {n}" for n in range(9))]
    events = [{"timestamp": START * 1000, "message": message} for message in messages]
    put(tmp_path, "mixed.json", json.dumps({"events": events}).encode())
    dataset = load(tmp_path)
    assert (dataset.height, dataset.problem_count) == (10, 0)
