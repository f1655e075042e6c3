"""Tricky inputs, part C: files that are odd but whole."""

from __future__ import annotations

import os
from pathlib import Path

from backports import zstd

from tests.corpus.deliveries import ORDINARY
from tests.corpus.flows import empty, flow, later, line, text, titled, zipped
from tests.corpus.model import Builder, case

DATA = titled(ORDINARY)


def read(b: Builder, name: str, data: bytes) -> None:
    """A file of the ordinary records."""
    b.flows(b.file(name, data, "flow-log"), ORDINARY, 2)


@case("C-transfer-not-finished")
def transfer(b: Builder) -> None:
    read(b, "x.gz", zipped(DATA))
    b.file("y.gz.8A3b2C1d", zipped(DATA)[:60], None, reason="transfer")


@case("C-several-members")
def members(b: Builder) -> None:
    half = DATA.index(b"\n", 400) + 1
    read(b, "x.gz", zipped(DATA[:half]) + zipped(DATA[half:]))


@case("C-members-cut-inside-a-line")
def members_mid_line(b: Builder) -> None:
    read(b, "x.gz", zipped(DATA[:333]) + zipped(DATA[333:]))


@case("C-zero-padding")
def padding(b: Builder) -> None:
    read(b, "x.gz", zipped(DATA) + bytes(512))


@case("C-gzip-in-gzip")
def twice(b: Builder) -> None:
    read(b, "x.gz", zipped(zipped(DATA)))


@case("C-three-layers")
def thrice(b: Builder) -> None:
    read(b, "x", zipped(zipped(zipped(DATA))))


@case("C-no-extension")
def no_extension(b: Builder) -> None:
    read(b, "x", zipped(DATA))


@case("C-log-that-is-gzip")
def log_gzip(b: Builder) -> None:
    read(b, "x.log", zipped(DATA))


@case("C-gz-that-is-text")
def gz_text(b: Builder) -> None:
    read(b, "x.log.gz", DATA)


@case("C-zstd")
def packed_zstd(b: Builder) -> None:
    read(b, "x.log.zst", zstd.compress(DATA))


@case("C-zstd-frames")
def zstd_frames(b: Builder) -> None:
    half = DATA.index(b"\n", 400) + 1
    read(b, "x.log.zst", zstd.compress(DATA[:half]) + zstd.compress(DATA[half:]))


@case("C-zstd-in-gzip")
def zstd_in_gzip(b: Builder) -> None:
    read(b, "x.log.gz", zipped(zstd.compress(DATA)))


@case("C-zstd-cut-off")
def zstd_cut(b: Builder) -> None:
    data = zstd.compress(DATA) + zstd.compress(titled([later(1), later(2)]))[:10]
    file = b.file("x.log.zst", data, "flow-log", state="incomplete", reason="zstd")
    b.flows(file, ORDINARY, 2)


@case("C-nothing-in-it")
def nothing(b: Builder) -> None:
    read(b, "x.log", DATA)
    b.file("empty.log", b"", None, reason="empty")
    b.file("empty.gz", zipped(b""), None, reason="empty")
    b.file("folder_$folder$", b"", None, reason="empty")
    b.file("blank.log", b"\n \n", None, reason="empty")


@case("C-not-logs")
def not_logs(b: Builder) -> None:
    read(b, "x.log", DATA)
    for name in (".DS_Store", "_SUCCESS", "a/.hidden.log", "q.csv.metadata", "x.log.crc", "Thumbs.db"):
        b.file(name, DATA, None)
    b.file("a/b/aws-logs-write-test", b"Permission Check Successful", None, reason="permission")
    b.file("picture", bytes(range(256)) * 4, None, reason="not a log")
    b.file("README.md", b"# About\n\nLogs of ours.\n", None, reason="not a log")
    b.file("groups.json", b'{"SecurityGroups": [{"GroupId": "sg-1"}]}', None, reason="inventory")


@case("C-odd-names")
def odd_names(b: Builder) -> None:
    for number, name in enumerate(
        ("new\nline.log", "esc\x1b[2Jape.log", "[red]markup[", "blank name.log", "ünïcode.log")
    ):
        rows = [later(number)]
        b.flows(b.file(name, titled(rows), "flow-log"), rows, 2)


@case("C-name-that-is-no-text")
def undecodable_name(b: Builder) -> None:
    path = os.fsencode(b.folder) + b"/x\xff.log"
    Path(os.fsdecode(path)).write_bytes(DATA)
    b.flows(b.note("x\\xff.log", "flow-log"), ORDINARY, 2)


@case("C-links-and-pipes")
def links(b: Builder) -> None:
    read(b, "x.log", DATA)
    (b.folder / "loop").symlink_to(b.folder)
    (b.folder / "link.log").symlink_to(b.folder / "x.log")
    (b.folder / "dangling").symlink_to(b.folder / "none")
    os.mkfifo(b.folder / "pipe.log")
    for name in ("loop", "link.log", "dangling"):
        b.note(name, None, reason="link")
    b.note("pipe.log", None, reason="not a regular file")


@case("C-a-long-line")
def long_line(b: Builder) -> None:
    rows = [flow(), empty()]
    data = text(" ".join(flow()), line(rows[0]), "x" * (3 << 20), line(rows[1]))
    file = b.file("x.log", data, "flow-log", problems=((3, ""),))
    b.flow(file, 2, rows[0])
    b.flow(file, 4, rows[1])


@case("C-an-unfinished-transfer-of-zeros")
def sparse(b: Builder) -> None:
    read(b, "x.log", DATA)
    b.file("hole.log", bytes(4096), None)


@case("C-many-small-files")
def many(b: Builder) -> None:
    for number in range(120):
        rows = [later(number)]
        b.flows(
            b.file(f"{number % 7}/{number:03d}.log", titled(rows), "flow-log"),
            rows,
            2,
            group=f"./{number % 7}",
        )
