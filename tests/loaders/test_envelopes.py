"""Documents of JSON that pack events of CloudWatch; what is expected was counted by hand."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import envelopes, objects, salvage
from loaders.load import Library
from tests.loaders.files import START, load, only, problems, put, record, records, reports

MS = START * 1000
GROUP = "/aws/vpc/flowlogs"


def event(ident="e1", message=None, second=0, **more):
    return {"id": ident, "timestamp": MS + 1000 * second, "message": message or record(), **more}


def envelope(*events, group=GROUP, stream="eni-1-all", kind="DATA_MESSAGE", **more):
    return {
        "messageType": kind,
        "owner": "123456789012",
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": ["all"],
        "logEvents": list(events),
        **more,
    }


def compact(*documents):
    return "".join(json.dumps(document, separators=(",", ":")) for document in documents).encode()


def texts(*messages, **more):
    """A document of text messages, a second apart."""
    events = [event(f"e{number}", text, number) for number, text in enumerate(messages)]
    return envelope(*events, group="/app", stream="web", **more)


CONTROL = envelope(event("", "CWL CONTROL MESSAGE: checking"), kind="CONTROL_MESSAGE", group="", stream="")


@pytest.fixture
def read(tmp_path):
    def read(data, name="a.json"):
        put(tmp_path, name, data)
        return load(tmp_path)

    return read


def messages_of(dataset):
    return records(dataset, "message") if dataset.height else []


def time(second=0):
    return datetime.fromtimestamp(START + second, UTC)


def test_glued_objects_give_their_events_with_group_stream_and_time(read):
    data = compact(
        envelope(event("a"), event("b", record(srcport=1), 5)), envelope(event("c"), stream="eni-2-all")
    )
    dataset = read(data)
    assert only(dataset).format == "subscription"
    assert only(dataset).state == "complete"
    assert records(dataset, "line", "log_group", "log_stream", "timestamp", "srcport") == [
        (1, GROUP, "eni-1-all", time(), 51515),
        (2, GROUP, "eni-1-all", time(5), 1),
        (3, GROUP, "eni-2-all", time(), 51515),
    ]


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n", b" \t"])
def test_whatever_blanks_stand_between_objects(read, between):
    parts = [compact(texts("x")), compact(CONTROL), compact(envelope(event("z", "y"), group="/b"))]
    assert records(read(between.join(parts)), "log_group", "message") == [("/app", "x"), ("/b", "y")]


def test_objects_set_out_over_lines(read):
    data = b"\n".join(json.dumps(document, indent=2).encode() for document in (texts("a\nb"), texts("c")))
    dataset = read(data.replace(b'"e0"', b'"e9"', 1))
    assert records(dataset, "line", "message") == [(1, "a\nb"), (2, "c")]


@pytest.mark.parametrize("first", ["owner", "logGroup", "logStream", "subscriptionFilters", "logEvents"])
def test_the_order_of_keys_is_of_no_matter(read, first):
    document = texts("x")
    dataset = read(compact({first: document[first], **document}))
    assert records(dataset, "log_group", "log_stream", "message") == [("/app", "web", "x")]


def test_control_messages_are_neither_records_nor_problems(read):
    dataset = read(compact(CONTROL, texts("x"), CONTROL))
    assert records(dataset, "line", "message") == [(1, "x")]
    assert not problems(dataset)


def test_a_file_of_control_messages_is_complete_and_empty(read):
    dataset = read(compact(CONTROL, CONTROL))
    assert (only(dataset).format, only(dataset).state, only(dataset).records) == (
        "subscription",
        "complete",
        0,
    )


@pytest.mark.parametrize(
    "pack",
    [
        lambda parts: b"".join(gzip.compress(part) for part in parts),
        lambda parts: gzip.compress(gzip.compress(b"".join(parts))),
        lambda parts: gzip.compress(b"".join(gzip.compress(part) for part in parts)),
    ],
    ids=["a member for each object", "gzip in gzip", "members in gzip"],
)
def test_compression(read, pack):
    dataset = read(pack([compact(texts("x")), compact(envelope(event("q", "y")))]), "no-extension")
    assert records(dataset, "message") == ["x", "y"]
    assert only(dataset).state == "complete"


def test_groups_of_different_kinds_in_one_file(read):
    dataset = read(compact(envelope(event()), texts("first", "second"), envelope(event("e7"))))
    assert {part.kind: part.frame.height for part in dataset.parts} == {"flow-log": 2, "text": 2}
    assert records(dataset, "line", "message", "dstport") == [
        (1, None, 443),
        (2, "first", None),
        (3, "second", None),
        (4, None, 443),
    ]


def test_a_message_that_is_no_record_is_a_problem_at_its_number(read):
    dataset = read(compact(envelope(event(), event("b", record(bytes="x")), event("c", record(packets=1)))))
    assert problems(dataset) == [("a.json", 2, "bytes is not a number: x")]
    assert records(dataset, "line") == [1, 3]


def test_the_raw_record_is_the_message(read):
    dataset = read(compact(texts("one", "two \U0001f600")))
    (number,) = dataset.files
    assert [dataset.raw(number, line) for line in (1, 2, 3)] == ["one", "two \U0001f600", None]


def test_text_that_looks_like_the_joint_of_objects_stays_text(read):
    messages = ['{"a":1}{"b":2}', "}{", '}{"', '}\n{"', '"}{"', '}{ "', '}{",']
    dataset = read(compact(texts(*messages)) + compact(envelope(event("x", "y"))))
    assert records(dataset, "message") == [*messages, "y"]


keys = st.text(st.sampled_from('}{", :]a\\\n'), max_size=4)
values = (
    keys | st.integers() | st.none() | st.lists(keys, max_size=2) | st.dictionaries(keys, keys, max_size=2)
)


@given(
    st.lists(st.dictionaries(keys, values, max_size=3), min_size=1, max_size=4),
    st.sampled_from(["", " ", "\n", "\r\n\t"]),
)
def test_every_joint_that_is_found_is_one(documents, between):
    """Each line is whole objects, and all of them are there in their order."""
    data = between.join(json.dumps(document) for document in documents).encode()
    found = []
    for line in envelopes.one_a_line(data).decode().split("\n"):
        at = 0
        while at < len(line.rstrip()):
            value, at = json.JSONDecoder().raw_decode(line, len(line) - len(line[at:].lstrip()))
            found.append(value)
    assert found == documents


def test_a_message_of_cut_off_json_stays_text(read):
    dataset = read(compact(texts('{"requestId": "1", "body": {"a"')))
    assert records(dataset, "message") == ['{"requestId": "1", "body": {"a"']
    assert only(dataset).state == "complete"


def test_half_a_pair_of_surrogates_becomes_visible(read):
    r"""``\\ud800`` in a message is text already, and a whole pair is a letter."""
    data = compact(texts("X")).replace(b'"X"', rb'"a\ud800b \ud83d\ude00 \\ud800 \uDE00"')
    assert records(read(data), "message") == ["a\\ud800b \U0001f600 \\ud800 \\uDE00"]


def test_bytes_that_are_not_utf8_become_visible(read):
    data = compact(texts("X")).replace(b"X", b"caf\xe9 \xff")
    dataset = read(data)
    assert records(dataset, "message") == ["caf\\xe9 \\xff"]
    assert only(dataset).state == "complete"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (b'{"a":[1,2]}', '{"a": [1, 2]}'),
        (b"7", "7"),
        (b"99999999999999999999999", "99999999999999999999999"),
        (b'"\\u0000"', "\0"),
    ],
)
def test_a_message_that_is_not_text_is_kept_as_json(read, written, message):
    assert records(read(compact(texts("X")).replace(b'"X"', written)), "message") == [message]


def test_of_a_key_that_stands_twice_the_last_one_holds(read):
    data = compact(texts("X")).replace(b'"message":"X"', b'"message":"first","message":"last"')
    assert records(read(data), "message") == ["last"]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (b"null", "an event is no object: null"),
        (b'"x"', "an event is no object: x"),
        (b"[1]", "an event is no object: [1]"),
        (b'{"id":"e"}', 'an event has no message: {"id": "e"}'),
        (b'{"timestamp":"noon","message":"m"}', "timestamp is not a time: noon"),
        (b'{"timestamp":1e300,"message":"m"}', "timestamp is not a time: 1e+300"),
        (b'{"timestamp":-1,"message":"m"}', "timestamp is not a time: -1"),
        (
            b'{"timestamp":99999999999999999999,"message":"m"}',
            "timestamp is not a time: 99999999999999999999",
        ),
        (b'{"timestamp":NaN,"message":"m"}', "timestamp is not a time: NaN"),
        (b'{"message":"m\\q"}', 'an event is not valid JSON: {"message":"m\\q"}'),
    ],
)
def test_an_event_that_is_none_is_a_problem_and_the_others_are_kept(read, written, what):
    good = compact(texts("first", "X", "last"))
    data = good.replace(json.dumps(event("e1", "X", 1), separators=(",", ":")).encode(), written)
    assert data != good
    dataset = read(data)
    assert records(dataset, "line", "log_group", "message") == [(1, "/app", "first"), (3, "/app", "last")]
    assert [(line, said.split(",{")[0]) for _, line, said in problems(dataset)] == [(2, what)]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (b"[1]", "this is no object: [1]"),
        (b'{"logGroup":"/x"}', 'an object has no logEvents: {"logGroup": "/x"}'),
        (b'{"logEvents":{}}', 'an object has no logEvents: {"logEvents": {}}'),
        (b"garbage", "this is not valid JSON: garbage"),
    ],
)
def test_something_else_between_objects_is_a_problem(read, written, what):
    dataset = read(compact(texts("x")) + written + compact(envelope(event("z", "y"))))
    assert records(dataset, "line", "message") == [(1, "x"), (3, "y")]
    assert problems(dataset) == [("a.json", 2, what)]
    assert only(dataset).state == "complete"


def test_an_object_that_lost_its_end_does_not_cost_the_next_one(read):
    first = compact(texts("one", "two"))
    dataset = read(first[: first.index(b"two") + 1] + compact(envelope(event("z", "y"))))
    assert records(dataset, "message") == ["one", "y"]
    assert [line for _, line, _ in problems(dataset)] == [2]


@pytest.mark.parametrize("depth", [500, 10_000, 200_000])
def test_nesting_as_deep_as_it_likes(read, depth):
    deep = b"[" * depth + b"]" * depth
    odd = compact(texts("odd")).replace(b'"owner"', b'"odd":' + deep + b',"owner"').replace(b"e0", b"e1")
    dataset = read(compact(texts("x")) + odd + compact(envelope(event("z", "y"))))
    assert records(dataset, "message") == ["x", "odd", "y"]


def test_nesting_that_is_never_closed_ends(read):
    data = compact(texts("x")) + b'{"owner":[' * 200_000
    dataset = read(data)
    assert records(dataset, "message") == ["x"]


def whole_events_before(documents, size):
    """How many events of the documents end within so many bytes."""
    data, count = compact(*documents), 0
    for document in documents:
        for one in document["logEvents"]:
            text = compact(one)
            count += data.index(text) + len(text) <= size
    return count


def test_cut_off_anywhere_what_is_whole_is_kept(tmp_path):
    documents = [texts("one", 'two {"a":1}{"b":2}'), envelope(event("z", "é\\\n"), group="/b")]
    data = compact(*documents)
    messages = [one["message"] for document in documents for one in document["logEvents"]]
    for size in range(len(data)):
        put(tmp_path, "a.json", data[:size])
        dataset = load(tmp_path)
        count = whole_events_before(documents, size)
        if not count and only(dataset).format != "subscription":
            continue
        assert messages_of(dataset) == messages[:count], size
        assert not problems(dataset), size
        assert (only(dataset).state == "complete") == (size == len(compact(documents[0]))), size


def test_cut_off_gzip_is_not_complete_and_keeps_what_is_whole(tmp_path):
    first = gzip.compress(compact(texts("one", "two")))
    data = first + gzip.compress(compact(envelope(event("z", "y"))))
    for size in range(len(data)):
        put(tmp_path, "a", data[:size])
        dataset = load(tmp_path)
        if only(dataset).format != "subscription":
            continue
        found = messages_of(dataset)
        assert found == ["one", "two", "y"][: len(found)], size
        assert only(dataset).state == ("incomplete" if size != len(first) else "complete"), size


def test_the_end_of_a_cut_off_file_says_so(read):
    dataset = read(compact(texts("one", "two"))[:-10])
    assert (only(dataset).state, only(dataset).reason) == ("incomplete", objects.CUT)


def test_an_event_that_is_delivered_twice_in_a_file_is_one_record(read):
    dataset = read(compact(texts("x", "y"), texts("x", "y")))
    assert records(dataset, "line", "message") == [(1, "x"), (2, "y")]
    assert only(dataset).repeated == 2


def test_an_event_that_another_file_delivered_comes_back_when_that_file_goes(tmp_path):
    put(tmp_path, "a", gzip.compress(compact(texts("x", "y"))))
    put(tmp_path, "b", gzip.compress(compact(texts("x", "y", "z"))))
    library = Library([str(tmp_path)])
    list(library.refresh())
    assert sorted(records(library.dataset, "message")) == ["x", "y", "z"]
    assert sum(report.repeated for report in library.dataset.files.values()) == 2
    full = next(name for name, report in reports(library.dataset).items() if not report.repeated)
    (tmp_path / full).unlink()
    list(library.refresh())
    assert records(library.dataset, "message") == (["x", "y", "z"] if full == "a" else ["x", "y"])
    assert only(library.dataset).repeated == 0


def test_the_same_id_in_another_stream_is_another_event(read):
    dataset = read(compact(texts("x"), texts("y", logStream="db")))
    assert records(dataset, "log_stream", "message") == [("web", "x"), ("db", "y")]


def test_more_problems_than_anyone_reads_end_the_reading(read, monkeypatch):
    monkeypatch.setattr(salvage, "MOST_PROBLEMS", 3)
    dataset = read(compact(texts("x")) + b'{"logEvents":[1,2,3,4,5]}' + compact(envelope(event("z", "y"))))
    assert records(dataset, "message") == ["x"]
    assert [line for _, line, _ in problems(dataset)] == [2, 3, 4]
    assert only(dataset).state == "incomplete"


def test_a_document_of_nothing_but_brackets_is_not_decoded(read, monkeypatch):
    monkeypatch.setattr(envelopes, "_MOST_VALUES", 1000)
    dataset = read(compact(texts("x")) + b'{"logEvents":[' + b"[]," * 1000)
    assert (only(dataset).state, only(dataset).records) == ("incomplete", 0)
    assert only(dataset).reason == "more than 1000 objects and lists in one document"


def test_other_json_with_such_words_is_not_claimed(read):
    assert only(read(b'{"owner":"x","note":"the key logEvents is missing"}\n')).format != "subscription"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_bytes_are_changed_nothing_raises_and_no_event_is_made_up(data):
    good = compact(texts("one", "two"), CONTROL, envelope(event("z", "three")))
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b"\\ud800", b"\n"])
        )
    with TemporaryDirectory() as root:
        put(Path(root), "a", good[:30] + bytes(broken[30:]))
        dataset = load(Path(root))
        assert dataset.height <= 5
