"""Files made to do harm: endless lines, a thousandfold compression, pipes. Memory stays small and nothing waits."""

from __future__ import annotations

import gzip
import os
import random
import sys
import tracemalloc

import polars as pl
import pytest

from loaders import bombs, careful, content, packing
from loaders.content import Blocks, read_head, save
from loaders.lines import read_lines
from tests.loaders.files import (
    ENI,
    HEADER,
    load,
    nodata,
    only,
    packed,
    problems,
    put,
    record,
    records,
    reports,
    text,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024**2
GIANT = "x" * (3 * MIB)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a few lines."""
    monkeypatch.setattr(content, "BLOCK_BYTES", 500)
    monkeypatch.setattr(packing, "PIECE", 64)


@pytest.fixture
def little_allowed(monkeypatch):
    """Files may unpack to 100 kB, larger ones to twenty times their size."""
    monkeypatch.setattr(packing, "FREE_BYTES", 100_000)
    monkeypatch.setattr(packing, "LARGEST_RATIO", 20)


@pytest.fixture
def all_careful(monkeypatch):
    """No file is scanned strictly."""
    monkeypatch.setattr("loaders.delimited.scan", lambda *_, **__: None)


# Blocks


def test_blocks_together_are_the_file(tmp_path, small_blocks):
    data = text(*[f"line {number}" * (number % 7) for number in range(1000)])
    found = list(Blocks(str(put(tmp_path, "a", data))))
    assert len(found) > 10
    assert b"".join(block.data for block in found) == data
    assert all(block.data.endswith(b"\n") for block in found[:-1])
    line = 1
    for block in found:
        assert block.line == line
        line += block.data.count(b"\n")


@pytest.mark.parametrize(
    ("data", "expected", "unfinished"),
    [
        (b"", [b""], False),
        (b"\n", [b"\n"], False),
        (b"a", [b"a"], True),
        (gzip.compress(b"a", mtime=0), [b"a"], False),
        (zstd.compress(b"a\nb"), [b"a\nb"], False),
    ],
)
def test_there_is_always_a_block(tmp_path, data, expected, unfinished):
    blocks = Blocks(str(put(tmp_path, "a", data)))
    assert [block.data for block in blocks] == expected
    assert blocks.unfinished == (unfinished or data == b"")
    assert blocks.packed == (data[:1] not in {b"", b"\n", b"a"})


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_a_careful_reading_is_the_same_in_blocks_and_at_once(tmp_path, monkeypatch, pack):
    other = "srcaddr dstaddr bytes"
    lines = ["", "# made by hand", HEADER]
    for number in range(300):
        lines += [record(srcport=number), ["bogus", "  ", nodata(), record(bytes="x")][number % 4]]
    lines += [other, *["10.0.0.1 10.0.0.2 7"] * 50, "bytes", HEADER, *[record()] * 50, "cut sho"]
    path = str(put(tmp_path, "a", pack("\n".join(lines).encode())))
    whole = careful.read(Blocks(path), None)
    monkeypatch.setattr(content, "BLOCK_BYTES", 700)
    monkeypatch.setattr(packing, "PIECE", 100)
    pieces = careful.read(Blocks(path), None)
    assert len(pieces.frames) > len(whole.frames)
    assert pieces.problems.rows() == whole.problems.rows()
    assert pieces.broken == whole.broken
    together = pl.concat(pieces.frames, how="diagonal").sort("_line")
    assert together.rows() == pl.concat(whole.frames, how="diagonal").sort("_line").rows()


def test_a_header_that_begins_a_later_block_holds_from_there(tmp_path, small_blocks):
    put(
        tmp_path,
        "a.log",
        text(HEADER, *[record()] * 20, "srcaddr bytes dstaddr", *["10.9.9.9 5 10.0.0.1"] * 40),
    )
    dataset = load(tmp_path)
    assert only(dataset).records == 60
    assert records(dataset, "bytes") == [180] * 20 + [5] * 40
    assert not problems(dataset)


def test_a_raw_line_is_found_in_its_block(tmp_path, small_blocks):
    lines = [f"line {number}" for number in range(1, 301)]
    path, open_end = str(put(tmp_path, "a", packed(*lines))), str(put(tmp_path, "b", text(*lines)[:-1]))
    for number in (1, 2, 45, 46, 47, 150, 299, 300):
        assert careful.raw_line(path, number) == careful.raw_line(open_end, number) == f"line {number}"
    assert careful.raw_line(path, 301) is careful.raw_line(open_end, 301) is None


# Lines without end


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_a_line_that_is_too_long_is_named_and_costs_no_other(tmp_path, pack):
    put(
        tmp_path,
        "a.log",
        pack(text(HEADER, record(), GIANT, record(srcport=7), GIANT, GIANT, record(srcport=8))),
    )
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(2, 51515), (4, 7), (7, 8)]
    assert problems(dataset) == [("a.log", line, "longer than 1 MiB") for line in (3, 5, 6)]
    assert only(dataset).state == "complete"


@pytest.mark.parametrize(("more", "long"), [(-1, False), (0, False), (1, True)])
def test_the_longest_line_is_a_mebibyte(tmp_path, more, long):
    line = record(account_id="1" * (MIB + more - len(record()) + 12))
    assert len(line) == MIB + more
    put(tmp_path, "a.log", text(HEADER, line, "", record()))
    dataset = load(tmp_path)
    assert problems(dataset) == ([("a.log", 2, "longer than 1 MiB")] if long else [])
    assert dataset.height == (1 if long else 2)


def test_a_file_that_ends_in_a_line_that_is_too_long_is_not_finished(tmp_path):
    put(tmp_path, "a.log", text(HEADER, record()) + GIANT.encode())
    assert (only(load(tmp_path)).state, only(load(tmp_path)).records) == ("incomplete", 1)
    assert only(load(tmp_path)).reason == "the last line is not finished"


def test_a_message_that_is_too_long_is_kept_in_part_and_named(tmp_path):
    path = put(tmp_path, "a.txt", text("one", "y" * (2 * MIB), "three", "z" * (20 * MIB), "five"))
    events = read_lines(Blocks(str(path)))
    assert events.frame["_line"].to_list() == [1, 2, 3, 4, 5]
    assert events.frame["message"].str.len_bytes().to_list() == [3, MIB, 5, MIB, 4]
    assert events.problems.rows() == [
        (line, "longer than 1 MiB: only its beginning was read") for line in (2, 4)
    ]
    assert not events.unfinished


def test_the_raw_line_of_a_line_that_is_too_long_is_its_beginning(tmp_path):
    path = str(put(tmp_path, "a.log", text("one", "y" * (40 * MIB), "three")))
    assert careful.raw_line(path, 2) == "y" * MIB
    assert careful.raw_line(path, 3) == "three"


def test_a_character_that_is_cut_in_two_harms_no_line(tmp_path):
    path = str(put(tmp_path, "a.txt", text("x" + "é" * MIB, "é")))
    assert read_lines(Blocks(path)).frame["message"].to_list()[1] == "é"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_memory_is_bounded_however_long_a_line_is(tmp_path, pack):
    path = str(put(tmp_path, "a.log", pack(text(HEADER, record(), "x" * (200 * MIB), record()))))
    tracemalloc.start()
    reading = careful.read(Blocks(path), None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * MIB
    assert reading.problems.rows() == [(3, "longer than 1 MiB")]


def test_a_file_that_begins_with_an_endless_line_is_no_flow_log(tmp_path):
    put(tmp_path, "a.log", (HEADER + " " + "x " * MIB).encode() + b"\n" + text(record()))
    assert only(load(tmp_path)).format != "flow-log"


# Bombs


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_file_that_unpacks_to_too_much_is_read_so_far(tmp_path, little_allowed, all_careful, pack):
    put(tmp_path, "a.log", pack(text(HEADER, *[record()] * 5_000)))
    dataset = load(tmp_path)
    assert only(dataset).state == "incomplete"
    assert only(dataset).reason == "it unpacks to more than 20 times its size; the rest was not read"
    # The header and half a line at the end have their share.
    assert only(dataset).records == (100_000 - len(HEADER) - 1) // (len(record()) + 1)
    assert not problems(dataset)


def test_a_file_that_is_large_itself_may_unpack_to_more(tmp_path, little_allowed, all_careful):
    chance = random.Random(6)
    lines = [record(srcport=chance.randrange(65_536), bytes=chance.randrange(10**9)) for _ in range(5_000)]
    put(tmp_path, "a.log", packed(HEADER, *lines))
    assert (only(load(tmp_path)).state, only(load(tmp_path)).records) == ("complete", 5_000)


def test_what_no_layer_hands_on_counts_as_well(tmp_path, little_allowed):
    # Zeros after the inner data are padding, however many there are.
    put(tmp_path, "a.gz", gzip.compress(packed(HEADER, record()) + bytes(10**7)))
    assert only(load(tmp_path)).state == "incomplete"
    assert "20 times its size" in only(load(tmp_path)).reason


def test_a_document_is_read_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "LARGEST_DOCUMENT", 2 * MIB)
    small = save(str(put(tmp_path, "a", gzip.compress(bytes(2 * MIB)))))
    large = save(str(put(tmp_path, "b", gzip.compress(bytes(2 * MIB + 1)))))
    assert (len(small.data), small.cut, small.broken) == (2 * MIB, False, None)
    assert (len(large.data), large.cut) == (2 * MIB, True)
    assert large.broken == "more than 2 MiB unpacked; the rest was not read"


def strict(root, data):
    return read_head(str(put(root, "x", data))).strict


def random_lines(count):
    chance = random.Random(count)
    return [record(srcport=chance.randrange(65_536), bytes=chance.randrange(10**9)) for _ in range(count)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("count", [0, 1, 200_000])
def test_an_honest_file_is_left_to_the_strict_scan(tmp_path, monkeypatch, pack, count):
    if pack is gzip.compress:
        # Nor is it unpacked to see.
        monkeypatch.setattr(bombs, "_unpacks_to_lines", None)
    assert strict(tmp_path, pack(text(HEADER, *random_lines(count))))


@pytest.mark.parametrize(
    "bomb",
    [
        lambda lines: gzip.compress(lines + bytes(300 * MIB)),
        lambda lines: gzip.compress(lines) + gzip.compress(text(record()) * 3_000_000),
        lambda lines: zstd.compress(lines + b"x" * 100 * MIB),
        lambda lines: gzip.compress(gzip.compress(lines)),
        lambda lines: zstd.compress(gzip.compress(lines)),
        lambda lines: zstd.compress(lines)[:-5],
        lambda lines: lines + b"x" * 17 * MIB,
    ],
    ids=["one line", "lines", "zstd", "gzip in gzip", "gzip in zstd", "cut zstd", "plain"],
)
def test_a_bomb_is_not_left_to_the_strict_scan(tmp_path, monkeypatch, bomb):
    monkeypatch.setattr(packing, "FREE_BYTES", 200 * MIB)
    assert not strict(tmp_path, bomb(text(HEADER, *random_lines(20_000))))


def test_gzip_that_only_looks_like_a_bomb_is_left_to_the_strict_scan(tmp_path):
    data = gzip.compress(text(*random_lines(5_000)) + text(record()) * 100_000)
    assert len(data) > 64 * 1024
    assert strict(tmp_path, data)


def test_a_bomb_is_read_in_bounded_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "FREE_BYTES", 64 * MIB)
    path = str(put(tmp_path, "a.gz", gzip.compress(text(HEADER, record()) + bytes(300 * MIB), 1)))
    tracemalloc.start()
    reading = careful.read(Blocks(path), None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * MIB
    assert sum(frame.height for frame in reading.frames) == 1
    assert reading.broken == "it unpacks to more than 200 times its size; the rest was not read"


# What is no file


@pytest.mark.parametrize("read", [read_head, save, lambda path: list(Blocks(path))])
@pytest.mark.parametrize("kind", ["fifo", "directory", "device"])
def test_what_has_become_something_else_is_refused_and_not_waited_for(tmp_path, read, kind):
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(OSError, match=r"it is not a regular file|Is a directory"):
        read(str(path))


def test_a_file_that_becomes_a_pipe_after_it_was_listed_is_unreadable(tmp_path, monkeypatch):
    put(tmp_path, "a.log", text(HEADER, record()))
    put(tmp_path, "b.log", text(HEADER, record()))
    found = packing.os.open

    def swap(path, *arguments):
        if str(path).endswith("a.log") and (tmp_path / "a.log").is_file():
            (tmp_path / "a.log").unlink()
            os.mkfifo(tmp_path / "a.log")
        return found(path, *arguments)

    monkeypatch.setattr(packing.os, "open", swap)
    report = reports(load(tmp_path))["a.log"]
    assert (report.state, report.reason) == ("unreadable", "it is not a regular file")
    assert reports(load(tmp_path))["b.log"].records == 1


# What explains traffic and is none


@pytest.mark.parametrize(
    "data",
    [
        '{"SecurityGroups": [{"GroupId": "sg-1"}]}',
        '{\n    "SecurityGroups": [\n        {"GroupId": "sg-1"}\n    ]\n}\n',
        '\ufeff \r\n{ "SecurityGroups" : [] }',
        '{"SecurityGroups":[]}\n{"SecurityGroups":[]}\n',
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
def test_an_inventory_is_told_before_any_format_is_asked(tmp_path, data, pack):
    put(tmp_path, "a.json", pack(data.encode()))
    assert (only(load(tmp_path)).state, only(load(tmp_path)).reason) == (
        "skipped",
        "AWS inventory (SecurityGroups)",
    )


def test_a_key_that_only_begins_like_an_inventory_is_none(tmp_path):
    put(tmp_path, "a.json", f'{{"SubnetsOf": "{ENI}"}}\n'.encode())
    assert "inventory" not in (only(load(tmp_path)).reason or "")
