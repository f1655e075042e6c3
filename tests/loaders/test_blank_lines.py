"""Long runs of blank lines, which are passed over without becoming lines."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from loaders import content
from tests.loaders.files import HEADER, load, only, problems, put, record, records, text

BLANKS = {"empty": b"\n", "windows": b"\r\n", "spaces": b"  \t\n"}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize("count", [1, 5000, 3_000_000])
def test_lines_keep_their_numbers_behind_blank_ones(tmp_path, blank, count):
    put(tmp_path, "a.log", text(HEADER, record()) + blank * count + text("bad", record(srcport=7)))
    dataset = load(tmp_path)
    assert records(dataset, "line", "srcport") == [(2, 51515), (count + 4, 7)]
    assert problems(dataset) == [("a.log", count + 3, "1 field where 14 are expected")]
    assert only(dataset).state == "complete"
    assert dataset.raw(0, count + 4) == record(srcport=7)


def test_blanks_before_and_behind_a_line_are_its_own():
    data = b"a \n" + b"\n" * 5000 + b"  b  \n" + b"\n" * 5000 + b"   c"
    parts = list(content._without_gaps(data, is_last=True))
    assert parts == [(b"a \n", 0), (b"  b  \n", 5001), (b"   c", 10002)]


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\n" * 40_000_000, b" " * 5000], ids=["none", "one", "many", "spaces"]
)
def test_nothing_but_blanks_is_one_block(tmp_path, data):
    path = put(tmp_path, "a", gzip.compress(data, 1))
    (block,) = content.Blocks(str(path))
    assert not block.data.strip()


def test_blank_lines_take_no_room(tmp_path):
    path = put(tmp_path, "a", gzip.compress(text(HEADER, record()) + b"\n" * 200_000_000, 1))
    tracemalloc.start()
    for block in content.Blocks(str(path)):
        assert len(block.data) < 1000
    assert tracemalloc.get_traced_memory()[1] < 8 * content.BLOCK_BYTES
    tracemalloc.stop()
