from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import kinds, objects
from loaders.formats.json_document import split
from loaders.formats.json_lines import TIME_KEYS
from loaders.kinds import choose
from tests.loaders.files import load, only, problems, put, records, text

TEN = datetime(2026, 1, 15, 10, tzinfo=UTC)
ISO = "2026-01-15T10:00:00Z"


def line(**values):
    return json.dumps({"time": ISO} | values)


def events(*messages, **columns):
    """Messages as a format hands them to a kind."""
    count = len(messages)
    given = {"_file": [0] * count, "_line": list(range(1, count + 1)), "message": messages} | columns
    dtypes = {
        "_file": pl.UInt32,
        "_line": pl.UInt32,
        "message": pl.String,
        "timestamp": pl.Datetime("ms", "UTC"),
    }
    frame = pl.DataFrame(given, schema_overrides={name: dtypes[name] for name in given})
    return frame.with_columns(pl.lit("g").alias("log_group"))


# Lines


def test_lines_of_json_are_records_with_their_text_and_time(tmp_path):
    lines = [line(a=1), line(a={"b": [1, 2]})]
    put(tmp_path, "app.log", text(*lines))
    dataset = load(tmp_path)
    assert only(dataset).format == "json-lines"
    assert [part.kind for part in dataset.parts] == ["json"]
    assert records(dataset, "line", "timestamp", "message") == [(1, TEN, lines[0]), (2, TEN, lines[1])]


def test_the_records_have_no_columns_of_their_own(tmp_path):
    put(tmp_path, "app.log", text(line(srcaddr="x")))
    columns = load(tmp_path).columns
    assert columns == {"message", "timestamp", "log_group", "log_stream", "_file", "_line"}


@pytest.mark.parametrize("name", ["x", "x.json", "x.log", "x.gz", "x.md"])
def test_the_name_does_not_count_where_there_are_several_objects(tmp_path, name):
    put(tmp_path, name, gzip.compress(text(line(), line())))
    assert only(load(tmp_path)).format == "json-lines"


@pytest.mark.parametrize("key", TIME_KEYS)
def test_the_time_is_found_under_many_names(tmp_path, key):
    put(tmp_path, "a.log", text(json.dumps({"x": 1, key: ISO})))
    assert records(load(tmp_path), "timestamp") == [TEN]


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-15T10:00:00Z",
        "2026-01-15T10:00:00",
        "2026-01-15 10:00:00,000",
        "2026-01-15T11:00:00.000+01:00",
        "2026-01-15T05:00:00-0500",
        1768471200,
        1768471200.0,
        1768471200000,
        "1768471200000",
        1768471200000000,
        1768471200000000000,
        "15/Jan/2026:10:00:00 +0000",
    ],
)
def test_a_time_is_written_in_many_ways(tmp_path, value):
    put(tmp_path, "a.log", text(json.dumps({"ts": value})))
    assert records(load(tmp_path), "timestamp") == [TEN]


def test_the_first_key_that_reads_as_a_time_counts(tmp_path):
    late = "2026-01-15T11:00:00Z"
    values = [
        {"t": late, "@timestamp": ISO},
        {"timestamp": "yesterday", "time": ISO, "ts": late},
        {"timestamp": None, "time": 5, "date": "2026-01-15", "datetime": ISO},
        {"event": {"time": ISO}},
    ]
    put(tmp_path, "a.log", text(*map(json.dumps, values)))
    assert records(load(tmp_path), "timestamp") == [TEN, TEN, TEN, None]


def test_a_line_that_begins_as_an_object_and_is_none_is_a_problem(tmp_path):
    put(tmp_path, "a.log", text(line(), '{"time": "2026', line(), "{'a': 1}", line()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3, 5]
    assert problems(dataset) == [("a.log", 2, "not valid JSON"), ("a.log", 4, "not valid JSON")]


def test_an_event_of_cloudwatch_that_was_cut_is_a_record():
    late = TEN + timedelta(hours=1)
    cut = '{"time":"2026-01-15T10:00:00Z","x":"never en'
    parsed = kinds.parse(events(line(), cut, timestamp=[late, late]), "json")[0]
    assert parsed.frame.select("timestamp", "message").rows() == [(late, line()), (late, cut)]
    assert not parsed.problems.height


def test_an_event_of_cloudwatch_without_a_time_takes_that_of_its_message():
    parsed = kinds.parse(events(line(), timestamp=[None]), "json")[0]
    assert parsed.frame["timestamp"].to_list() == [TEN]


def test_other_lines_among_json_are_records_at_the_time_of_the_line_above(tmp_path):
    lines = ["START RequestId: 1", line(), "Traceback:", '  File "x"', *[line()] * 3]
    put(tmp_path, "a.log", text(*lines, "END RequestId: 1"))
    dataset = load(tmp_path)
    assert records(dataset, "message") == [*lines, "END RequestId: 1"]
    assert records(dataset, "timestamp") == [None, *[TEN] * 7]
    assert not problems(dataset)


def test_the_time_above_is_not_that_of_another_file(tmp_path):
    put(tmp_path, "a.log", text(line(), line()))
    put(tmp_path, "b.log", text("START RequestId: 1", line()))
    assert records(load(tmp_path), "timestamp") == [TEN, TEN, None, TEN]


def test_a_last_line_that_is_still_being_written_leaves_the_file_incomplete(tmp_path):
    put(tmp_path, "a.log", text(line(), line()) + b'{"time": "20')
    report = only(load(tmp_path))
    assert (report.state, report.reason, report.records) == ("incomplete", "the last line is not finished", 2)


@pytest.mark.parametrize(
    ("sample", "fits"),
    [
        (['{"a":1}', "START"], True),
        (['{"a":1}', "START", "END"], False),
        (["[1]", "5", '"x"'], False),
        (["{'a':1}"], False),
        ([' {"a":1}\r'], True),
        (["[" * 100_000, "{" * 100_000, '{"a":' * 100_000], False),
    ],
)
def test_half_of_the_messages_have_to_be_objects(sample, fits):
    kind, _ = choose(sample)
    assert (kind.name == "json") == fits


# Traps


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        (r'"\ud800 half"', "$.x", r"\ud800 half"),
        (r'"\udc00"', "$.x", r"\udc00"),
        (r'"\\ud800"', "$.x", r"\ud800"),
        (r'"\ud83d\ude00"', "$.x", "\N{GRINNING FACE}"),
        ("NaN", "$.x", "NaN"),
        ("-Infinity", "$.x", "-Infinity"),
        ("1e999", "$.x", "1e999"),
        ("123456789012345678901234567890", "$.x", "123456789012345678901234567890"),
        ("-9223372036854775809", "$.x", "-9223372036854775809"),
        ("18446744073709551615", "$.x", "18446744073709551615"),
        ("[1,123456789012345678901234567890]", "$.x[1]", "123456789012345678901234567890"),
        ("9" * 5000, "$.x", "9" * 5000),
        ('"a\tb"', "$.x", "a\tb"),
        ('"a\0b"', "$.x", "a\0b"),
        (r'"\u0000"', "$.x", "\0"),
        ('1,"x":2', "$.x", "2"),
    ],
)
def test_what_json_readers_stumble_over_is_there_when_it_is_asked_for(tmp_path, value, path, expected):
    put(tmp_path, "a.log", text(line(), f'{{"time":"{ISO}","x":{value}}}', line()))
    dataset = load(tmp_path)
    assert not problems(dataset)
    assert records(dataset, "timestamp") == [TEN] * 3
    found = dataset.lazy().select(pl.col("message").str.json_path_match(path)).collect().to_series()
    assert found[1] == expected


def test_bytes_that_are_no_text_are_visible(tmp_path):
    put(tmp_path, "a.log", b'{"time":"2026-01-15T10:00:00Z","x":"caf\xe9\\n"}\n' * 2)
    dataset = load(tmp_path)
    assert records(dataset, "timestamp") == [TEN, TEN]
    assert json.loads(records(dataset, "message")[0])["x"] == "caf\\xe9\n"


@pytest.mark.parametrize("depth", [200, 10_000])
def test_what_is_nested_too_deeply_is_a_problem(tmp_path, depth):
    put(tmp_path, "a.log", text(line(), '{"a":' * depth + "1" + "}" * depth, line()))
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3]
    assert problems(dataset) == [("a.log", 2, "nested too deeply to be read")]


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=30) | st.text('{}[]",:\\u0d8e1NaN ', max_size=30).map("{".__add__), min_size=1)
)
def test_no_text_is_dropped_and_none_raises(messages):
    messages = [message.encode("utf-8", "backslashreplace").decode() for message in messages]
    parsed = kinds.parse(events(*messages), "json")[0]
    lines = parsed.frame["_line"].to_list() + parsed.problems["line"].to_list()
    assert sorted(lines) == list(range(1, len(messages) + 1))


# Documents

OBJECTS = [{"time": ISO, "n": n, "deep": [{"n": 1}, {"n": "},\n{"}]} for n in range(3)]
DOCUMENTS = {
    "an array": json.dumps(OBJECTS),
    "a printed array": json.dumps(OBJECTS, indent=2),
    "an array by lines": "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n",
    "glued objects": "".join(map(json.dumps, OBJECTS)),
    "printed objects": "\n".join(json.dumps(value, indent=4) for value in OBJECTS),
    "arrays one after another": json.dumps(OBJECTS[:1]) + "\n" + json.dumps(OBJECTS[1:]),
    "a text sequence": "".join(f"\x1e{json.dumps(value, indent=1)}\n" for value in OBJECTS),
    "a mark of the byte order": "\ufeff" + json.dumps(OBJECTS),
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_object_of_a_document_is_a_record(tmp_path, document):
    put(tmp_path, "a.json", gzip.compress(DOCUMENTS[document].encode()))
    dataset = load(tmp_path)
    report = only(dataset)
    assert (report.format, report.state, report.problems.height) == ("json", "complete", 0)
    assert records(dataset, "line", "timestamp") == [(1, TEN), (2, TEN), (3, TEN)]
    assert [json.loads(message) for message in records(dataset, "message")] == OBJECTS
    assert "\n" not in "".join(records(dataset, "message"))


def test_an_object_is_given_back_as_it_stands_in_the_file(tmp_path):
    put(tmp_path, "a.json", json.dumps(OBJECTS, indent=2).encode())
    dataset = load(tmp_path)
    assert json.loads(dataset.raw(0, 2)) == OBJECTS[1]
    assert "\n" in dataset.raw(0, 2)
    assert dataset.raw(0, 4) is None


@pytest.mark.parametrize("document", ["a printed array", "glued objects", "an array"])
def test_a_document_that_is_cut_off_keeps_its_whole_objects(document):
    whole = DOCUMENTS[document]
    ends = [end for _, _, end in split(whole).objects]
    for cut in range(1, len(whole)):
        found = split(whole[:cut])
        assert len(found.objects) == sum(end <= cut for end in ends)
        assert not found.failures
        assert (found.broken is None) == (document == "glued objects" and (cut in ends))


def test_a_cut_document_is_incomplete(tmp_path):
    put(tmp_path, "a.json", json.dumps(OBJECTS, indent=2).encode()[:-20])
    report = only(load(tmp_path))
    assert (report.state, report.reason, report.records) == ("incomplete", objects.CUT, 2)


def test_a_damaged_object_of_a_printed_document_is_named_and_the_next_ones_are_read(tmp_path):
    damaged = json.dumps(OBJECTS, indent=2).replace('"n": 1,', '"n": ,', 1)
    put(tmp_path, "a.json", damaged.encode())
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3]
    assert problems(dataset) == [("a.json", 2, "not valid JSON")]


@pytest.mark.parametrize(
    "damaged",
    [
        '{"time": x}',
        '{"other": "not", closed}',
        '{"time": "no quote, "n": 1}',
        '{"time": "a "quoted" word"}',
        '{"time": [1}',
        '{"time": {"n": 1}',
        '{"time":' * 10_000 + "1" + "}" * 10_000,
        '{"time":' + "[" * 10_000 + "]" * 10_000 + "}",
    ],
)
@pytest.mark.parametrize("document", ["[{},{},{}]", "[{},\n{},\n{}\n]", "{}{}{}", "[{}, {}, {}"])
def test_what_stands_before_and_behind_a_damaged_object_is_kept(tmp_path, document, damaged):
    good = json.dumps(OBJECTS[0])
    text = document.replace("{}", "%s") % (good, damaged, good)
    put(tmp_path, "a.json", text.encode())
    dataset = load(tmp_path)
    assert records(dataset, "line") == [1, 3]
    assert [line for _, line, _ in problems(dataset)] == [2]
    assert (only(dataset).state == "complete") == (document != "[{}, {}, {}")


def test_behind_a_damaged_object_its_parts_are_no_objects_of_the_document():
    kids = '{"time": 1, "kids": [{"time": 2}, {"time": 3}], "bad": }'
    found = split(f'[{kids}, {{"time": 4}}]')
    assert [number for number, _, _ in found.objects] == [2]
    assert found.failures == [(1, objects.INVALID)]


def test_where_nothing_follows_that_could_be_read_the_document_is_incomplete():
    found = split('[{"a": 1}, {"a": "x"y}]')
    assert (len(found.objects), found.failures) == (1, [(2, objects.INVALID)])
    found = split('[{"a": 1}, {"a": "x" y" [}]')
    assert (len(found.objects), found.broken) == (1, "not readable from object 2 on; the rest was not read")


def test_a_hostile_document_is_given_up_soon():
    found = split('{"a":[\n' * 900 + "1," * 200_000)
    assert found.broken
    assert not found.objects


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"name": "x", "list": [{"a": 1}]}, indent=2),
        json.dumps({"name": "x", "list": [{"a": 1}]}),
        "{\n  // settings\n  a: 1\n}",
        "[]",
        "[1, 2]",
        "{",
        "[" * 100_000,
        "[{" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_a_configuration_is_no_log(tmp_path, data):
    put(tmp_path, "a.json", data.encode())
    assert only(load(tmp_path)).state == "skipped"


def test_one_object_that_tells_a_time_is_a_log(tmp_path):
    put(tmp_path, "a.json", json.dumps({"time": ISO, "name": "x"}, indent=2).encode())
    assert records(load(tmp_path), "timestamp") == [TEN]


def test_a_large_document_is_recognised_by_its_beginning(tmp_path):
    values = [{"time": ISO, "n": n, "pad": "x" * 500} for n in range(1000)]
    put(tmp_path, "a.json", json.dumps(values, indent=1).encode())
    assert only(load(tmp_path)).records == 1000


def test_a_first_object_larger_than_what_is_looked_at(tmp_path):
    put(tmp_path, "a.json", json.dumps([{"time": ISO, "pad": "x" * 100_000}] * 2).encode())
    assert only(load(tmp_path)).records == 2


def test_an_inventory_is_no_log(tmp_path):
    put(tmp_path, "sg.json", b'{"SecurityGroups": [{"GroupId": "sg-1"}]}')
    assert only(load(tmp_path)).reason == "AWS inventory (SecurityGroups)"
