"""Small real log files, and what the loaders made of them."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any

import polars as pl

from loaders.load import Library

if TYPE_CHECKING:
    from pathlib import Path

    from loaders.dataset import Dataset, FileReport

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status"
)
NAMES = HEADER.split()
ENI = "eni-0123456789abcdef0"
START = 1768471200  # 2026-01-15T10:00:00Z
VALUES = {
    "version": 2,
    "account-id": "123456789012",
    "interface-id": ENI,
    "srcaddr": "203.0.113.9",
    "dstaddr": "10.0.1.10",
    "srcport": 51515,
    "dstport": 443,
    "protocol": 6,
    "packets": 3,
    "bytes": 180,
    "start": START,
    "end": START + 59,
    "action": "ACCEPT",
    "log-status": "OK",
}


def record(names: list[str] = NAMES, **values: object) -> str:
    """A record; what is not named is as in ``VALUES``, and ``-`` where that has nothing."""
    given = VALUES | {name.replace("_", "-"): value for name, value in values.items()}
    return " ".join(str(given.get(name, "-")) for name in names)


def numbered(*numbers: int) -> list[str]:
    """Records that are told apart by their source ports."""
    return [record(srcport=number) for number in numbers]


def add(path: Path, *lines: str, end: str = "\n") -> None:
    """Write more lines to a file."""
    with path.open("ab") as file:
        file.write("\n".join(lines).encode() + end.encode())


def nodata(status: str = "NODATA") -> str:
    """A record that says that there was no traffic, or that some was lost."""
    return f"2 123456789012 {ENI} - - - - - - - {START} {START + 59} - {status}"


def text(*lines: str, eol: str = "\n") -> bytes:
    return "".join(line + eol for line in lines).encode()


def packed(*lines: str) -> bytes:
    return gzip.compress(text(*lines), mtime=0)


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file of these columns: lists, or Series with a dtype."""
    buffer = io.BytesIO()
    pl.DataFrame(columns, **options).write_parquet(buffer)
    return buffer.getvalue()


def delivery(
    time: str = "20260115T1000Z",
    flow_log: str = "fl-0123456789abcdef0",
    *,
    account: str = "123456789012",
    region: str = "us-east-1",
    code: str = "0a1b2c3d",
    end: str = "log.gz",
) -> str:
    """The name of an S3 delivery."""
    return f"{account}_vpcflowlogs_{region}_{flow_log}_{time}_{code}.{end}"


def put(root: Path, name: str, data: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def load(*roots: Path, **options: Any) -> Dataset:
    """Read directories, whether there is a log in them or not."""
    library = Library([str(root) for root in roots], **options)
    for _ in library.refresh():
        pass
    return library.dataset


def reports(dataset: Dataset) -> dict[str, FileReport]:
    return {report.source.name: report for report in dataset.files.values()}


def only(dataset: Dataset) -> FileReport:
    """The report of the only file."""
    (report,) = dataset.files.values()
    return report


def records(dataset: Dataset, *columns: str) -> list[Any]:
    """These columns of all records, by file name and line; single values if it is one column."""
    frame = dataset.lazy().collect()
    names = {number: report.source.name for number, report in dataset.files.items()}
    frame = frame.with_columns(
        pl.col("_file").replace_strict(names, return_dtype=pl.String, default=None).alias("file"),
        pl.col("_line").alias("line"),
    ).sort("file", "line")
    rows = frame.select(columns).rows()
    return [row[0] for row in rows] if len(columns) == 1 else rows


def problems(dataset: Dataset) -> list[tuple[str, int, str]]:
    """File, line and sentence of every problem."""
    return sorted(
        (report.source.name, line, what)
        for report in dataset.files.values()
        for line, what in report.problems.rows()
    )
