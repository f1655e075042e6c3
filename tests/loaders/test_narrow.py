"""Logs read for one question: only what it needs, and never less than that."""

from __future__ import annotations

import pytest

from loaders import narrow
from loaders.load import Library
from loaders.need import Need
from query.answer import answer
from query.need import need_of
from query.parse import parse_query
from query.scope import Scope
from tests.loaders.files import HEADER, delivery, nodata, packed, put, record, text

REJECTS = 'filter action = "REJECT" | stats count(*) as n, sum(bytes) as b by srcAddr'
NO_WORD = (record(srcaddr="10.0.0.2"), nodata(), record(srcaddr="10.0.0.4"))
LINES = (
    record(srcaddr="10.0.0.1", action="REJECT"),
    record(srcaddr="10.0.0.2"),
    nodata(),
    record(srcaddr="2001:db8::1", action="REJECT", bytes=7),
    record(srcaddr="10.0.0.1", action="REJECT", bytes=2),
)


def both(folder, query):
    """The answer from what the query needs alone, and from everything."""
    asked = parse_query(query)
    found = []
    for need in (need_of(asked), None):
        dataset = Library([str(folder)], need=need).read_all()
        done = answer(dataset, asked, Scope())
        found.append((done.frame.select(done.columns).rows(), dataset.problem_count))
    return found


@pytest.fixture(params=["in one plan", "each in a plan"], autouse=True)
def plans(request, monkeypatch):
    """Files are looked at together, or, as large ones are, each by itself."""
    if request.param == "each in a plan":
        monkeypatch.setattr(narrow, "_LARGE", 0)
        monkeypatch.setattr(narrow, "_PIECE", 1)


@pytest.fixture
def folder(tmp_path):
    put(tmp_path, delivery(), packed(HEADER, *LINES))
    put(tmp_path, "b.log", text(HEADER, *LINES[1:]))
    put(tmp_path, "c.log", text(*LINES))
    return tmp_path


@pytest.mark.parametrize(
    ("query", "columns", "words"),
    [
        (REJECTS, {"action", "srcaddr", "bytes"}, ("REJECT",)),
        (
            'filter action in ["REJECT", "ACCEPT"] and bytes > 1 | stats count(*)',
            {"action", "bytes"},
            ("REJECT", "ACCEPT"),
        ),
        ("stats sum(bytes) by bin(5m), action", {"bytes", "action"}, ()),
        ('filter dstPort = "443" | stats count(*)', {"dstport"}, ()),
        ('filter srcAddr = "10.0.0.1" | stats count(*)', {"srcaddr"}, ()),
        ('filter action = "-" | stats count(*)', {"action"}, ()),
        ('filter action = "A B" | stats count(*)', {"action"}, ()),
        ('filter action != "REJECT" | stats count(*)', {"action"}, ()),
        ('filter action not in ["REJECT"] | stats count(*)', {"action"}, ()),
        ('filter action = "REJECT" or bytes > 5 | stats count(*)', {"action", "bytes"}, ()),
        ('limit 3 | filter action = "REJECT" | display srcAddr', {"action", "srcaddr"}, ()),
        ("fields bytes / packets as size | stats max(size)", {"bytes", "packets"}, ()),
        ("fields bytes | stats count(packets) as bytes", {"bytes", "packets"}, ()),
    ],
)
def test_a_query_says_what_it_needs(query, columns, words):
    need = need_of(parse_query(query))
    assert need == Need(frozenset({"start", "end", *columns}), words)


@pytest.mark.parametrize(
    "query",
    [
        "fields @message",
        "limit 5",
        "stats count(*) by protocolName",
        "filter userName = 'x' | stats count(*)",
        "pattern @message",
    ],
)
def test_a_query_that_may_need_anything_says_so(query):
    assert need_of(parse_query(query)) is None


@pytest.mark.parametrize(
    "query",
    [
        REJECTS,
        "stats count(*) by srcAddr, action",
        "fields @timestamp, srcAddr, bytes | sort bytes, srcAddr | limit 4",
        "stats sum(bytes), min(@timestamp) by interfaceId, @logStream, @log",
        'filter logStatus = "NODATA" | stats count(*) by bin(1m)',
        'filter action in ["REJECT", "BLOCKED"] | stats count(*)',
        'filter interfaceId = "nowhere" | stats count(*)',
    ],
)
def test_it_has_the_answer_that_everything_has(folder, query):
    needed, everything = both(folder, query)
    assert needed == everything


def test_files_without_the_word_and_large_ones_and_other_orders_of_columns_are_counted_alike(tmp_path):
    put(tmp_path, "a.log", text(HEADER, *NO_WORD))
    put(tmp_path, "b.log", text(HEADER, *LINES * 300))
    put(tmp_path, "c.log", text(HEADER, *NO_WORD))
    columns = HEADER.split()
    other = [*columns[-2:-1], *columns[:-2], columns[-1]]
    put(tmp_path, "d.log", text(" ".join(other), *(record(other, action="REJECT"), record(other)) * 4))
    needed, everything = both(tmp_path, REJECTS)
    assert needed == everything
    assert sum(count for _, count, _ in needed[0]) == 904


def test_only_what_is_needed_is_read(folder, monkeypatch):
    seen = []
    scan = narrow.scan

    def spy(*given, **more):
        seen.append(scan(*given, **more))
        return seen[-1]

    monkeypatch.setattr("loaders.read.narrow.scan", spy)
    both(folder, REJECTS)
    assert seen
    assert all({"dstaddr", "account_id", "protocol"}.isdisjoint(frame.columns) for frame in seen)
    rows = {frame.height for frame in seen}
    assert max(rows) <= 8, "lines without the word are passed over where a header tells what lines are"


BAD = {
    "a line that is cut": record(action="REJECT")[:40],
    "one field too many": record(action="REJECT") + " more",
    "one field too many, and no word": record() + " more",
    "two blanks": record(action="REJECT").replace(" 443 ", "  443 "),
    "a word in place of a number": record(action="REJECT", srcport="http"),
    "a word in place of a number that nobody asks for, and no word": record(packets="many"),
    "a header once more": HEADER,
    "another header": " ".join(reversed(HEADER.split())),
    "a comment": "# REJECT " + record(),
    "a blank line": "",
    "a carriage return": record(action="REJECT") + "\r",
    "garbage": "what is this",
    "the word in another place": record(interface_id="eni-REJECT"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
@pytest.mark.parametrize("query", [REJECTS, "stats count(*) by srcAddr, bytes"])
@pytest.mark.parametrize("name", ["b.log", "c.log"])
def test_a_line_that_is_not_as_it_should_be_changes_nothing(folder, bad, query, name):
    head = [HEADER] if name == "b.log" else []
    put(folder, name, text(*head, *LINES[:3], bad, *LINES[3:]))
    needed, everything = both(folder, query)
    assert needed[0] == everything[0]


def test_a_file_whose_lines_are_cut_is_read_carefully(folder, careful_readings):
    put(folder, "b.log", text(HEADER, *LINES, record()[:40]))
    assert both(folder, REJECTS)[0][1] == 1
    assert careful_readings
