"""Whatever lines a file holds: records and problems are those that a few lines of plain Python find."""

from __future__ import annotations

import gzip
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.fields import BY_COLUMN, FIELDS
from tests.loaders.files import HEADER, NAMES, load, put, record, reports, text

KNOWN = {field.name: field.column for field in FIELDS}
NUMBERS = {field.name for field in FIELDS if field.kind.is_number}
WHITE = " \t\r\x0b\x0c"


def is_number(name, value):
    largest = 2**31 if BY_COLUMN[KNOWN[name]].kind.name == "INT32" else 2**63
    return re.fullmatch(r"-?[0-9]+", value) is not None and int(value) < largest


def judge(line, names):
    """The values of a line, or ``None`` where it is no record."""
    words = line.strip(WHITE).split()
    if len(words) > len(names) and words[len(names)].startswith("#"):
        words = words[: len(names)]
    if len(words) != len(names):
        # Nothing between two blanks is an absent value.
        words = line.removesuffix("\r").split(" ")
        if len(words) != len(names) or not words[-1]:
            return None
    values = [None if word in {"-", ""} else word for word in words]
    for name, value in zip(names, values, strict=True):
        if name in NUMBERS and value is not None and not is_number(name, value):
            return None
    return [
        int(value) if name in NUMBERS and value else value for name, value in zip(names, values, strict=True)
    ]


def expect(lines):
    """The records by line, as the values of each column, and the lines that are problems."""
    records, problems, names, seen = {}, [], None, []
    for number, line in enumerate(lines, 1):
        words = line.strip(WHITE).split()
        if not words or words[0].startswith("#"):
            continue
        different = len(set(words)) == len(words)
        titles = different and all(word in KNOWN for word in words)
        if titles and (names is None or len(words) >= 3 or words in seen):
            names = words
            seen.append(words)
        elif (values := judge(line, names)) is None:
            problems.append(number)
        else:
            records[number] = {KNOWN[name]: value for name, value in zip(names, values, strict=True)}
    return records, problems


texts = st.sampled_from(["-", "eni-0a4798", "10.0.0.1", "2001:db8::1", "ACCEPT", "OK", "x", "a=b", "é", '"'])
numbers = st.sampled_from(["-", "0", "6", "443", "65535", "2147483647", "1768471200"])
formats = st.one_of(
    st.just(NAMES), st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=12, unique=True)
)


@st.composite
def good(draw, names):
    return [draw(numbers if name in NUMBERS else texts) for name in names]


@st.composite
def bad(draw, names):
    words = draw(good(names))
    kind = draw(st.sampled_from(["short", "long", "empty", "number", "garbage"]))
    if kind == "short":
        return words[: draw(st.integers(0, len(words) - 1))]
    if kind == "long":
        return [*words, *draw(st.lists(texts, min_size=1, max_size=3))]
    if kind == "empty":
        words[draw(st.integers(0, len(words) - 1))] = ""
        return words
    if kind == "number":
        words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(["x1", "1.5", "9" * 25, "0x10"]))
        return words
    return draw(st.lists(st.sampled_from(["bogus", "bytes", "-", "17", "a.b", "\0", "start"]), max_size=4))


@st.composite
def contents(draw):
    """The lines of a file: a header, then anything."""
    names = draw(formats)
    before = draw(st.lists(st.sampled_from(["", "  ", "# comment"]), max_size=2))
    lines = [*before, " ".join(names)]
    tidy = draw(st.booleans())
    for kind in draw(
        st.lists(
            st.sampled_from(["good"] * 6 + ["bad", "blank", "comment", "tail", "header", "again"]),
            max_size=12,
        )
    ):
        if tidy or kind == "good":
            blank = " " if tidy else draw(st.sampled_from([" ", " ", " ", "  ", "\t"]))
            lines.append(blank.join(draw(good(names))))
        elif kind == "bad":
            lines.append(" ".join(draw(bad(names))))
        elif kind == "blank":
            lines.append(draw(st.sampled_from(["", " ", "\t ", "   "])))
        elif kind == "comment":
            lines.append(draw(st.sampled_from(["#", "# a comment", "  # indented", "#a b"])))
        elif kind == "tail":
            lines.append(" ".join(draw(good(names))) + " # why")
        elif kind == "again":
            lines.append(" ".join(names))
        else:
            names = draw(formats.filter(lambda names: len(names) >= 3))
            lines.append(" ".join(names))
    ends = "\r\n" if draw(st.booleans()) else "\n"
    return ends.join(lines) + ends * draw(st.integers(0, 1)), draw(st.booleans())


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(contents(), min_size=1, max_size=4))
def test_records_and_problems_account_for_every_line(files):
    with tempfile.TemporaryDirectory() as root:
        for number, (content, packed) in enumerate(files):
            data = content.encode()
            Path(root, f"{number}.log").write_bytes(gzip.compress(data) if packed else data)
        dataset = load(root)
    by_name = {report.source.name: (number, report) for number, report in dataset.files.items()}
    frame = dataset.lazy().collect()
    for number, (content, _) in enumerate(files):
        records, problems = expect(content.split("\n"))
        file, report = by_name[f"{number}.log"]
        assert report.format == "flow-log"
        assert report.problems["line"].to_list() == problems
        assert all(report.problems["what"].to_list())
        found = frame.filter(pl.col("_file") == file).sort("_line")
        assert found["_line"].to_list() == list(records)
        assert report.records == len(records)
        for row, expected in zip(found.iter_rows(named=True), records.values(), strict=True):
            assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04" + bytes(30), "an archive (zip): unpack it first"),
        (bytes(257) + b"ustar" + bytes(300), "an archive (tar): unpack it first"),
        (gzip.compress(bytes(257) + b"ustar" + bytes(300)), "an archive (tar): unpack it first"),
        (b"SQLite format 3\0" + bytes(100), "an SQLite database"),
    ],
    ids=["zip", "tar", "tar.gz", "sqlite"],
)
def test_what_has_to_be_unpacked_first_is_passed_over_and_says_so(tmp_path, data, reason):
    put(tmp_path, "a.log", data)
    put(tmp_path, "b.log", text(HEADER, record()))
    found = reports(load(tmp_path))["a.log"]
    assert (found.state, found.reason) == ("skipped", reason)
