"""Damaged files of every layout: nothing raises or hangs, and every line that can be read is accounted for."""

from __future__ import annotations

import gzip
import random
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.damage import FRAMES, PACKED, PLAIN, lines, unpacked
from tests.corpus.hostile import LAYOUTS, VALUES
from tests.loaders.files import load, put, reports

REPOSITORY = Path(__file__).resolve().parents[2]
STATES = {"complete", "incomplete", "skipped", "unreadable"}
FLIPS = 1000
SECONDS = 60

_PARQUET = """
import random, sys
from pathlib import Path
from tests.corpus.model import Builder
from tests.corpus import CASES
from tests.loaders.files import load, reports

root, name = Path(sys.argv[1]), sys.argv[2]
builder = Builder(name, root / "whole")
CASES[name](builder)
whole = (root / "whole" / builder.expected().files[0].name).read_bytes()
(report,) = reports(load(root / "whole")).values()
assert report.records == builder.expected().records(builder.expected().files[0].name), report
dice = random.Random(8)
for number in range(100):
    data = bytearray(whole)
    if number % 3:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    else:
        del data[dice.randrange(len(data)) :]
    folder = root / f"{number:03d}"
    folder.mkdir()
    (folder / "x.parquet").write_bytes(data)
    print(number, flush=True)
    (report,) = reports(load(folder)).values()
    assert report.state in {"complete", "incomplete", "skipped", "unreadable"}, report
    assert report.records <= 2 * builder.expected().records(builder.expected().files[0].name) + 9, report
"""


@pytest.fixture(autouse=True)
def no_hang():
    """Whatever takes longer than this hangs."""

    def give_up(*_):
        raise TimeoutError(f"not done within {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def names(samples):
    return [sample.name for sample in samples]


def told(report):
    """How many events a file held: the same ones are in other files as well."""
    return report.records + report.repeated


def is_whole(data):
    """Whether a file that was cut off happens to end where one of its members does."""
    try:
        return bool(gzip.decompress(data))
    except (OSError, EOFError, zlib.error):
        return False


def account(sample, data, report):
    """Hold what became of a damaged file against what can be read of it."""
    assert report.state in STATES
    if report.format != sample.form:
        return
    if sample.headers is None:
        assert told(report) <= sample.records, (report, data)
        return
    whole, most = lines(data)
    accounted = told(report) + report.problems.height + sample.headers
    assert whole <= accounted <= most, (report, report.problems.rows(), data)


def read_variants(sample, variants, folder):
    """Read many variants of a file at once; the report of each, in their order."""
    for number, data in enumerate(variants):
        put(folder, f"{number:05d}-{sample.name}", data)
    found = reports(load(folder))
    assert len(found) == len(variants)
    return [found[f"{number:05d}-{sample.name}"] for number in range(len(variants))]


@pytest.mark.parametrize("sample", PACKED + FRAMES, ids=names(PACKED + FRAMES))
def test_a_packed_file_cut_off_anywhere_keeps_what_can_be_read(sample, tmp_path):
    assert len(sample.data) < 600
    # The first bytes of zstd are not yet told from text.
    cuts = [sample.data[:end] for end in range(4 if sample.name.endswith("zst") else 1, len(sample.data))]
    *found, whole = read_variants(sample, [*cuts, sample.data], tmp_path)
    assert (whole.format, told(whole), whole.state) == (sample.form, sample.records, "complete")
    most = 0
    for cut, report in zip(cuts, found, strict=True):
        assert report.state == ("complete" if is_whole(cut) else "incomplete"), (len(cut), report)
        assert told(report) >= most, (len(cut), report)
        most = told(report)
        if sample.headers is not None:
            readable, glued = lines(unpacked(cut))
            # Objects need no end of a line to be whole.
            most_lines = glued if sample.form == "wrapped-lines" else readable
            accounted = told(report) + report.problems.height + sample.headers * bool(readable)
            assert readable <= accounted <= most_lines, len(cut)
    if not sample.name.endswith("zst"):
        assert most == sample.records  # all but the sums at the end was there


@pytest.mark.parametrize("sample", PLAIN, ids=names(PLAIN))
def test_a_file_cut_off_anywhere_keeps_its_whole_lines(sample, tmp_path):
    cuts = [sample.data[:end] for end in range(1, len(sample.data), 5)]
    for cut, report in zip(cuts, read_variants(sample, cuts, tmp_path), strict=True):
        assert told(report) <= sample.records
        account(sample, cut, report)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_flipped_bits_lose_no_line(packed, tmp_path):
    samples = PACKED + FRAMES if packed else PLAIN
    dice, damaged = random.Random(20260115), []
    for number in range(FLIPS // 2):
        sample = samples[number % len(samples)]
        data = bytearray(sample.data)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        damaged.append((sample, bytes(data)))
        put(tmp_path, f"{number:05d}-{sample.name}", bytes(data))
    found = reports(load(tmp_path))
    assert len(found) == len(damaged)
    for number, (sample, data) in enumerate(damaged):
        account(sample, unpacked(data), found[f"{number:05d}-{sample.name}"])


BYTES = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"\0",
            b"\n\n",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b'"',
            b"{",
            b"[" * 3000,
            b"}{",
            b"\\ud800",
            b"\x1b[2J",
            b"PAR1",
        ]
    ),
    st.sampled_from(
        [b'{"events":', b'{"Records":[', b'{"messageType":', b"version srcaddr\n", b"\x1f\x8b", b"NaN"]
    ),
)


@st.composite
def spoilt(draw):
    """A file with bytes before it, inside it or instead of some of it, or with a part of it twice or missing."""
    sample = draw(st.sampled_from(PLAIN + PACKED))
    data = sample.data
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted(draw(st.lists(st.integers(0, len(data)), min_size=2, max_size=2)))
        more = draw(st.sampled_from(["before", "inside", "instead", "twice", "missing"]))
        if more == "before":
            data = draw(BYTES) + data
        elif more == "inside":
            data = data[:start] + draw(BYTES) + data[start:]
        elif more == "instead":
            data = data[:start] + draw(BYTES) + data[end:]
        elif more == "twice":
            data = data[:end] + data[start:]
        else:
            data = data[:start] + data[end:]
    return sample, data


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(files=st.lists(spoilt(), min_size=1, max_size=12))
def test_spoilt_files_are_read_as_far_as_they_go(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spoilt")
    for number, (sample, data) in enumerate(files):
        put(folder, f"{number}-{sample.name}", data)
    dataset = load(folder)
    found = reports(dataset)
    assert len(found) == len(files)
    assert dataset.height == sum(report.records for report in found.values())
    for number, (sample, data) in enumerate(files):
        report = found[f"{number}-{sample.name}"]
        assert report.state in STATES
        if report.format in {"resolver-query-log", "json-lines", "text", "flow-log-headerless"}:
            assert report.records + report.problems.height <= unpacked(data).count(b"\n") + 1


@pytest.mark.parametrize("name", ["c-parquet", "l-security-lake"])
def test_damaged_parquet_does_not_end_the_program(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _PARQUET, str(tmp_path), name],
        cwd=REPOSITORY,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    last = done.stdout.split()[-1:]
    assert done.returncode == 0, (last, done.stderr.decode()[-2000:])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_hostile_value_costs_no_neighbour_before_it(layout, tmp_path):
    form, kept, written = LAYOUTS[layout]
    for name, value in VALUES.items():
        put(tmp_path, f"{name}.json", written(value).encode())
    found = reports(load(tmp_path))
    assert {name: (r.format, r.state) for name, r in found.items() if r.format != form} == {}
    for name, report in found.items():
        assert told(report) >= kept, (name, report.state, report.reason, report.problems.rows())
        lost = report.state == "incomplete" or report.problems.height
        assert lost or told(report) > kept, (name, report)
