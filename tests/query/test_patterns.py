"""Patterns of messages: what is masked, what is merged, and how two times compare."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.patterns import compare_patterns, find_patterns


def _patterns(*messages: str | None) -> list[str]:
    return find_patterns(pl.Series(messages, dtype=pl.String))["@pattern"].to_list()


def _counts(*messages: str | None) -> dict[str, int]:
    found = find_patterns(pl.Series(messages, dtype=pl.String))
    return dict(zip(found["@pattern"], found["@sampleCount"], strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00.123Z",
        "2026-01-01 10:00:00,123",
        "2026/01/01 10:00:00",
        "2026-01-01T10:00:00+01:00",
        "2026-01-01",
        "01/Jan/2026:10:00:00 +0000",
        "Jan  1 10:00:00",
        "10:00:00.5",
    ],
)
def test_a_time_is_one_placeholder(text: str):
    assert _patterns(f"at [{text}] done") == ["at [<Time-1>] done"]


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("10.0.0.1", "<IP-1>"),
        ("10.0.0.1:443", "<IP-1>:<Number-2>"),
        ("10.0.0.0/8", "<IP-1>/<Number-2>"),
        ("2001:db8::1", "<IP-1>"),
        ("2001:db8::/32", "<IP-1>/<Number-2>"),
        ("1:2:3:4:5:6:7:8", "<IP-1>"),
        ("from ::1 to fe80::", "from <IP-1> to <IP-2>"),
        ("std::deque cafe::menu", "std::deque cafe::menu"),
        ("123e4567-e89b-12d3-a456-426614174000", "<UUID-1>"),
        ("eni-0a4798cf, i-0123456789abcdef0", "<ResourceID-1>, <ResourceID-2>"),
        ("role arn:aws:iam::123456789012:role/x.", "role <ResourceID-1>."),
        ("12 -5 1.5 1e9 0xff", "<Number-1> -<Number-2> <Number-3> <Number-4> <Number-5>"),
        ("took 12ms of 1.5s", "took <Number-1>ms of <Number-2>s"),
        ("trace 0af7651916cd43dd", "trace <Number-1>"),
        ("request req_8F3a2k", "request <Token-1>"),
        ("utf8 in S3", "utf8 in S3"),
    ],
)
def test_what_is_variable_has_a_placeholder_of_its_kind(text: str, pattern: str):
    assert _patterns(text) == [pattern]


def test_placeholders_are_numbered_as_they_stand():
    message = "2026-01-01T00:00:00Z [INFO] 10.0.0.1 took 12 ms"
    assert _patterns(message) == ["<Time-1> [INFO] <IP-2> took <Number-3> ms"]


def test_messages_of_one_shape_are_counted_together_and_the_most_frequent_come_first():
    found = find_patterns(pl.Series(["b 1", "a 22", "a 3", "a 4", None, "c"]))
    assert found.rows() == [
        ("a <Number-1>", 0.6, 3, "None"),
        ("b <Number-1>", 0.2, 1, "None"),
        ("c", 0.2, 1, "None"),
    ]
    assert found.schema == {
        "@pattern": pl.String,
        "@ratio": pl.Float64,
        "@sampleCount": pl.Int64,
        "@severityLabel": pl.String,
    }


def test_messages_that_differ_in_a_word_are_merged():
    assert _counts("user alice logged in", "user bob logged in", "user carol logged in") == {
        "user <Token-1> logged in": 3
    }
    assert _counts('{"user":"alice","port":22}', '{"user":"bob","port":80}') == {
        '{"user":"<Token-1>","port":<Number-2>}': 2
    }


def test_messages_that_differ_in_most_words_stay_apart():
    assert len(_patterns("user alice logged in", "disk nearly filled up", "user-alice: logged in")) == 3


def test_kinds_in_capitals_stay_apart_while_the_rest_is_merged():
    assert _counts("GET /a status 200", "GET /b status 200", "POST /a status 200") == {
        "GET <Token-1> status <Number-2>": 2,
        "POST <Token-1> status <Number-2>": 1,
    }
    many = [f"got {first}{second} from it" for first in "ABCD" for second in "WXYZ"]
    assert _counts(*many) == {"got <Token-1> from it": 16}


def test_flow_log_lines_are_told_apart_by_their_action():
    accepted = "2 123456789012 eni-0a4798cf 10.0.0.5 10.0.0.220 39812 443 6 8 4096 1767225600 1767225660"
    found = _counts(f"{accepted} ACCEPT OK", f"{accepted.replace('443', '22')} REJECT OK")
    assert [pattern.split()[-2:] for pattern in found] == [["ACCEPT", "OK"], ["REJECT", "OK"]]
    assert all(pattern.startswith("<Number-1> <Number-2> <ResourceID-3> <IP-4> <IP-5>") for pattern in found)


@pytest.mark.parametrize(
    ("message", "label"),
    [
        ("[ERROR] x", "Error"),
        ("level=fatal x", "Error"),
        ("2026-01-01 WARNING: x", "Warn"),
        ("INFO 0 errors, no error", "Info"),
        ('{"level":"debug"}', "Debug"),
        ("java.lang.NullPointerException: x", "Error"),
        ("login failed", "Error"),
        ("X-Trace-Id: x, trace=x", "None"),
        ("terror and information", "Error"),
        ("all is well", "None"),
    ],
)
def test_the_severity_is_the_first_level_named(message: str, label: str):
    assert find_patterns(pl.Series([message]))["@severityLabel"].to_list() == [label]


def test_messages_of_different_severity_are_not_merged():
    assert len(_patterns("[info] user alice left the room", "[error] user alice left the room")) == 2


def test_only_the_first_2000_characters_count():
    assert len(_patterns("x" * 2_000 + "a", "x" * 2_000 + "b")) == 1
    assert len(_patterns("x" * 1_999 + "a", "x" * 1_999 + "b")) == 2


def test_text_that_looks_like_a_placeholder_or_a_mark_is_text():
    assert _patterns("<Time-1> x") == ["<Time-<Number-1>> x"]
    assert _patterns("\ue000\ue005\ue006 1\x00\x1b[0m\n") == [
        "\ufffd" * 3 + " <Number-1>\x00\x1b[<Number-2>m\n"
    ]


def test_beyond_the_most_frequent_texts_each_keeps_its_own_pattern(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("query.patterns._MOST_TEXTS", 2)
    names = ("ann", "ann", "bob", "bob", "eve")
    assert _counts(*(f"user {name} logged in" for name in names)) == {
        "user <Token-1> logged in": 4,
        "user eve logged in": 1,
    }


def test_texts_of_one_shape_can_be_of_several_patterns_up_to_a_limit(monkeypatch: pytest.MonkeyPatch):
    messages = ["user ann logged in", "user bob logged in", "disk one is full", "disk two is full"]
    assert _patterns(*messages) == ["disk <Token-1> is full", "user <Token-1> logged in"]
    monkeypatch.setattr("query.patterns._MOST_GROUPS", 1)
    # Of equally frequent texts the first in the alphabet comes first.
    assert _patterns(*messages) == ["disk <Token-1> is full", "user ann logged in", "user bob logged in"]


def test_texts_of_too_many_words_are_not_merged(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("query.patterns._MOST_WORDS", 4)
    assert len(_patterns("user ann logged in", "user bob logged in")) == 1
    assert len(_patterns("user ann has logged in", "user bob has logged in")) == 2


def test_no_messages_have_no_patterns():
    for nothing in (
        pl.Series([], dtype=pl.String),
        pl.Series([None]),
        pl.Series([None], dtype=pl.Categorical),
    ):
        assert find_patterns(nothing).height == 0
        assert compare_patterns(nothing, nothing).height == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.none() | st.text(max_size=40) | st.sampled_from(["a 1", "GET x y", "\ue006"]), max_size=30)
)
def test_every_message_is_in_one_pattern(messages: list[str | None]):
    found = find_patterns(pl.Series(messages, dtype=pl.String))
    present = sum(message is not None for message in messages)
    assert found["@sampleCount"].sum() == present
    assert found["@pattern"].n_unique() == found.height
    assert found["@ratio"].sum() == pytest.approx(1 if present else 0, abs=0.01)
    assert find_patterns(pl.Series(messages[::-1], dtype=pl.String)).equals(found)


def test_what_changed_most_comes_first():
    now = pl.Series(["new"] * 2 + ["more 1"] * 4 + ["same"])
    before = pl.Series(["gone"] * 3 + ["more 2"] * 3 + ["same", None])
    found = compare_patterns(now, before)
    columns = ["@pattern", "@sampleCount", "@baselineSampleCount", "@differenceRatio"]
    assert found.select(columns).rows() == [
        ("gone", 0, 3, -1.0),
        ("new", 2, 0, 1.0),
        ("more <Number-1>", 4, 3, 0.25),
        ("same", 1, 1, 0.0),
    ]
    assert found["@ratio"].to_list() == [0.0, 0.2857, 0.5714, 0.1429]
    assert found.schema["@baselineSampleCount"] == pl.Int64
    assert found.columns[:4] == ["@pattern", "@ratio", "@sampleCount", "@severityLabel"]


def test_messages_before_and_now_share_their_patterns():
    now, before = pl.Series(["user ann logged in"]), pl.Series(["user bob logged in"])
    found = compare_patterns(now, before)
    assert found["@pattern"].to_list() == ["user <Token-1> logged in"]
    assert compare_patterns(now.clear(), before)["@ratio"].to_list() == [0.0]
