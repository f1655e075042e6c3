"""Compressed files, whole and damaged: what was readable is kept, and the rest is said."""

from __future__ import annotations

import gzip
import random
import sys
import zlib

import pytest

from loaders.content import read_head, save
from tests.loaders.files import HEADER, load, only, packed, problems, put, record, records, reports, text

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LINES = [HEADER, *(record(srcport=port) for port in range(1, 9))]
WHOLE = packed(*LINES)
CUT = "the gzip data ends too early: the file is not complete"


def test_cut_at_any_byte_a_file_is_incomplete_and_keeps_its_whole_lines(tmp_path):
    expected = {}
    for size in range(1, len(WHOLE)):
        name = f"{size:04}.gz"
        put(tmp_path, name, WHOLE[:size])
        readable = zlib.decompressobj(31).decompress(WHOLE[:size])
        expected[name] = max(readable.count(b"\n") - 1, 0)
    dataset = load(tmp_path)
    assert {name: report.records for name, report in reports(dataset).items()} == expected
    assert {report.state for report in dataset.files.values()} == {"incomplete"}
    assert {report.reason for report in dataset.files.values()} == {CUT}
    assert all(line == port + 1 for line, port in records(dataset, "line", "srcport"))
    assert not problems(dataset)
    assert max(expected.values()) == 8
    assert min(expected.values()) == 0


def test_packed_twice_and_cut_at_any_byte_a_file_is_incomplete(tmp_path):
    twice = gzip.compress(WHOLE, mtime=0)
    for size in range(1, len(twice)):
        put(tmp_path, f"{size:04}.gz", twice[:size])
    dataset = load(tmp_path)
    assert {report.state for report in dataset.files.values()} == {"incomplete"}
    assert all(line == port + 1 for line, port in records(dataset, "line", "srcport"))


def test_what_is_changed_at_any_byte_raises_nothing_and_is_not_called_whole(tmp_path):
    chance = random.Random(1)
    for at in range(10, len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 1 << chance.randrange(8)
        put(tmp_path, f"{at:04}.gz", bytes(damaged))
    states = {name: report.state for name, report in reports(load(tmp_path)).items()}
    assert set(states.values()) == {"incomplete"}


@pytest.mark.parametrize("at", [-1, -5], ids=["length", "checksum"])
@pytest.mark.parametrize("count", [1, 20_000], ids=["small", "large"])
def test_a_wrong_trailer_costs_no_line(tmp_path, at, count):
    damaged = bytearray(packed(HEADER, *[record(srcport=port) for port in range(2, 2 + count)]))
    damaged[at] ^= 0xFF
    put(tmp_path, "a.gz", bytes(damaged))
    dataset = load(tmp_path)
    assert (only(dataset).state, only(dataset).records) == ("incomplete", count)
    assert only(dataset).reason.startswith("the gzip data is damaged")
    assert all(line == port for line, port in records(dataset, "line", "srcport"))


def test_damage_in_the_middle_keeps_what_stands_before_it(tmp_path):
    chance = random.Random(2)
    lines = [record(srcport=port, bytes=chance.randrange(10**9)) for port in range(2, 20_002)]
    damaged = bytearray(packed(HEADER, *lines))
    half = len(damaged) // 2
    damaged[half : half + 64] = bytes(64)
    put(tmp_path, "a.gz", bytes(damaged))
    dataset = load(tmp_path)
    assert only(dataset).state == "incomplete"
    assert 5_000 < dataset.height < 15_000


def test_a_file_of_several_members_is_read_to_its_end(tmp_path, careful_readings):
    put(tmp_path, "a.gz", packed(HEADER, record()) + packed(record()) + packed(record(), record()))
    dataset = load(tmp_path)
    assert (only(dataset).state, records(dataset, "line")) == ("complete", [2, 3, 4, 5])
    assert not careful_readings


def test_a_line_may_go_from_one_member_to_the_next(tmp_path):
    data = text(HEADER, record(), record())
    put(tmp_path, "a.gz", b"".join(gzip.compress(data[at : at + 50]) for at in range(0, len(data), 50)))
    assert records(load(tmp_path), "line") == [2, 3]


def test_each_member_may_have_its_own_header(tmp_path):
    put(tmp_path, "a.gz", packed(HEADER, record()) * 3)
    dataset = load(tmp_path)
    assert records(dataset, "line") == [2, 4, 6]
    assert not problems(dataset)


def test_empty_members_are_nothing(tmp_path):
    empty = gzip.compress(b"")
    put(tmp_path, "a.gz", empty + packed(HEADER, record()) + empty)
    put(tmp_path, "b.gz", empty * 3 + packed(record(), record()) + b"\0" * 5)
    assert records(load(tmp_path), "file", "line") == [("a.gz", 2), ("b.gz", 1), ("b.gz", 2)]


def test_a_member_that_is_cut_costs_only_itself(tmp_path):
    put(tmp_path, "a.gz", packed(HEADER, record()) + packed(record())[:-20])
    dataset = load(tmp_path)
    assert records(dataset, "line")[0] == 2
    assert (only(dataset).state, only(dataset).reason) == ("incomplete", CUT)


@pytest.mark.parametrize("zeros", [1, 512, 100_000])
def test_zeros_after_the_data_are_padding(tmp_path, zeros):
    put(tmp_path, "a.gz", WHOLE + b"\0" * zeros)
    put(tmp_path, "b.gz", WHOLE + b"\0" * zeros + packed(record(srcport=9)))
    dataset = load(tmp_path)
    assert [(report.state, report.reason) for report in dataset.files.values()] == [("complete", None)] * 2
    assert all(line == port + 1 for line, port in records(dataset, "line", "srcport"))
    assert dataset.height == 17


@pytest.mark.parametrize("end", ["\n", ""], ids=["last line ended", "last line not ended"])
def test_garbage_after_the_data_is_said_and_costs_no_line(tmp_path, end):
    data = "\n".join(LINES) + end
    put(tmp_path, "a.gz", gzip.compress(data.encode()) + b"garbage\n")
    dataset = load(tmp_path)
    assert only(dataset).state == "incomplete"
    assert only(dataset).reason == "something that is not gzip follows the gzip data"
    assert records(dataset, "srcport") == list(range(1, 9))


def test_a_last_line_without_its_end_is_a_record_in_a_closed_file(tmp_path):
    put(tmp_path, "a.gz", gzip.compress("\n".join(LINES).encode()))
    put(tmp_path, "b.gz", gzip.compress("\n".join([*LINES, "bogus"]).encode()))
    dataset = load(tmp_path)
    assert {report.state for report in dataset.files.values()} == {"complete"}
    assert problems(dataset) == [("b.gz", 10, "1 field where 14 are expected")]
    assert dataset.height == 16


def test_a_cut_header_is_no_header(tmp_path):
    unended = gzip.compress(b"version account-id interface-id srcad", mtime=0)
    put(tmp_path, "a.gz", unended[:-8])
    dataset = load(tmp_path)
    assert (dataset.height, only(dataset).state) == (0, "incomplete")


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\t\n\n"])
def test_a_packed_file_of_nothing_is_empty(tmp_path, data):
    put(tmp_path, "a.gz", gzip.compress(data))
    assert (only(load(tmp_path)).state, only(load(tmp_path)).reason) == ("skipped", "empty")


def test_a_large_packed_file_of_something_else_is_skipped_and_not_called_cut(tmp_path):
    put(tmp_path, "a.gz", gzip.compress(random.Random(4).randbytes(200_000)))
    put(tmp_path, "cut.gz", gzip.compress(random.Random(4).randbytes(20_000))[:-9])
    states = {name: report.state for name, report in reports(load(tmp_path)).items()}
    assert states == {"a.gz": "skipped", "cut.gz": "incomplete"}


def test_a_thousandfold_compression_is_met_early(tmp_path):
    path = put(tmp_path, "bomb.gz", gzip.compress(bytes(200_000_000)))
    head = read_head(str(path))
    assert len(head.text) == 64 * 1024
    assert not head.whole


def test_many_members_take_no_longer_than_few(tmp_path):
    # Each of these once cost a copy of all that follow it.
    put(tmp_path, "a.gz", packed(HEADER) + packed(record()) * 30_000 + b"garbage")
    assert only(load(tmp_path)).records == 30_000


def test_a_head_knows_whether_it_is_all(tmp_path):
    small, large = put(tmp_path, "s.gz", WHOLE), put(tmp_path, "l.gz", packed(*LINES * 1_000))
    assert (read_head(str(small)).whole, read_head(str(large)).whole) == (True, False)
    assert read_head(str(small)).text == text(*LINES)
    assert text(*LINES * 1_000).startswith(read_head(str(large)).text)


@pytest.mark.parametrize(
    ("data", "container", "layers"),
    [
        (b"PAR1....PAR1", "parquet", 0),
        (b"\x28\xb5\x2f\xfd....", "zstd", 1),
        (b"\x28\xb5", "zstd", 1),
        (b"(", "none", 0),
        (b"\x50\x2a\x4d\x18\0\0\0\0" + zstd.compress(WHOLE), "zstd", 2),
        (gzip.compress(zstd.compress(b"x")), "gzip", 2),
        (b"\x1f\x8b", "gzip", 1),
        (b"\x1f", "gzip", 1),
        (WHOLE, "gzip", 1),
        (gzip.compress(WHOLE), "gzip", 2),
        (b"2 123", "none", 0),
        (b"", "none", 0),
    ],
)
def test_the_first_bytes_name_the_container(tmp_path, data, container, layers):
    head = read_head(str(put(tmp_path, "x", data)))
    assert (head.container, head.layers) == (container, layers)


def test_saving_a_plain_file_is_reading_it(tmp_path):
    saved = save(str(put(tmp_path, "x", b"abc")))
    assert (saved.data, saved.packed, saved.broken, saved.cut) == (b"abc", False, None, False)


# zstd, which is told from gzip by nothing but its first bytes

CHECKED = {zstd.CompressionParameter.checksum_flag: 1}
FRAME = zstd.compress(text(*LINES))
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0hello"


def large(*, options=None):
    """Lines of some hundred kilobytes as one frame of several blocks, and how many there are."""
    chance = random.Random(3)
    lines = [record(srcport=port, bytes=chance.randrange(10**9)) for port in range(2, 10_002)]
    return zstd.compress(text(HEADER, *lines), options=options), len(lines)


@pytest.mark.parametrize("name", ["a.log.zst", "a.log.gz", "a"])
def test_zstd_is_read_by_the_strict_scan_whatever_its_name(tmp_path, careful_readings, name):
    frame, count = large()
    put(tmp_path, name, frame)
    put(tmp_path, "b.log", packed(*LINES))
    put(tmp_path, "c.log", text(*LINES))
    dataset = load(tmp_path)
    assert {report.state for report in dataset.files.values()} == {"complete"}
    assert [report.records for name, report in sorted(reports(dataset).items())] == [count, 8, 8]
    assert not careful_readings


def test_zstd_cut_at_any_byte_is_incomplete_and_keeps_its_whole_lines(tmp_path):
    for size in range(2, len(FRAME)):
        put(tmp_path, f"{size:04}.zst", FRAME[:size])
    dataset = load(tmp_path)
    assert {report.state for report in dataset.files.values()} == {"incomplete"}
    assert {report.reason for report in dataset.files.values()} == {
        "the zstd data ends too early: the file is not complete"
    }
    assert not problems(dataset)


def test_zstd_cut_after_a_block_keeps_all_of_it(tmp_path):
    frame, count = large()
    put(tmp_path, "a.zst", frame[:-10])
    dataset = load(tmp_path)
    assert (only(dataset).state, only(dataset).problems.height) == ("incomplete", 0)
    assert 0.6 * count < only(dataset).records < count
    assert records(dataset, "line") == list(range(2, 2 + only(dataset).records))


def test_zstd_that_is_changed_at_any_byte_raises_nothing_and_is_not_called_whole(tmp_path):
    chance = random.Random(5)
    frame = zstd.compress(text(*LINES), options=CHECKED)
    for at in range(4, len(frame)):
        damaged = bytearray(frame)
        damaged[at] ^= 1 << chance.randrange(8)
        put(tmp_path, f"{at:04}.zst", bytes(damaged))
    for report in load(tmp_path).files.values():
        # One bit of the header means nothing at all.
        assert report.state == "incomplete" or report.records == 8


def test_a_wrong_checksum_of_zstd_costs_no_line(tmp_path):
    frame, count = large(options=CHECKED)
    put(tmp_path, "a.zst", frame[:-1] + bytes([frame[-1] ^ 1]))
    dataset = load(tmp_path)
    assert (only(dataset).state, only(dataset).records) == ("incomplete", count)
    assert only(dataset).reason.startswith("the zstd data is damaged")


def test_damage_in_the_middle_of_zstd_keeps_the_blocks_before_it(tmp_path):
    frame, count = large()
    half = len(frame) // 2
    put(tmp_path, "a.zst", frame[:half] + bytes(64) + frame[half + 64 :])
    dataset = load(tmp_path)
    assert only(dataset).state == "incomplete"
    assert 0 < only(dataset).records < count


@pytest.mark.parametrize(
    "data",
    [
        FRAME,
        zstd.compress(text(*LINES[:4])) + zstd.compress(text(*LINES[4:])),
        SKIPPABLE + FRAME + SKIPPABLE,
        zstd.compress(b"") + FRAME + bytes(3000),
        zstd.compress(text(*LINES), options=CHECKED),
        zstd.compress(text(*LINES), 19),
        zstd.ZstdCompressor().compress(text(*LINES), zstd.ZstdCompressor.FLUSH_FRAME),
        gzip.compress(text(*LINES[:4])) + zstd.compress(text(*LINES[4:])),
        gzip.compress(FRAME),
        zstd.compress(WHOLE),
        zstd.compress(gzip.compress(FRAME)),
        gzip.compress(zstd.compress(WHOLE) + SKIPPABLE) + bytes(9),
    ],
    ids=[
        "plain",
        "two frames",
        "skippable",
        "padded",
        "checked",
        "hard",
        "stream",
        "after gzip",
        "in gzip",
        "around gzip",
        "three layers",
        "odd ends",
    ],
)
def test_zstd_of_every_make_is_read(tmp_path, data):
    put(tmp_path, "a", data)
    dataset = load(tmp_path)
    assert (only(dataset).state, only(dataset).reason) == ("complete", None)
    assert records(dataset, "srcport") == list(range(1, 9))


def test_more_layers_than_three_are_not_opened(tmp_path):
    put(tmp_path, "a", gzip.compress(zstd.compress(gzip.compress(FRAME))))
    assert only(load(tmp_path)).records == 0


def test_garbage_after_zstd_is_said_and_costs_no_line(tmp_path):
    put(tmp_path, "a", FRAME + b"garbage")
    dataset = load(tmp_path)
    assert only(dataset).reason == "something that is not zstd follows the zstd data"
    assert only(dataset).records == 8
