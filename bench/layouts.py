"""Writers that put flow-log records on disk as AWS delivers them.

Each writer takes a polars frame with the columns of ``SCHEMA`` (all of them or some) and one row per record.
The table of fields stands here a second time on purpose: data that tests the loaders must not be made
from the loaders' own table.

Nothing here reads a clock or a random number, so the same frame always gives the same files.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# The fields of versions 2 to 5 in the order of the AWS table, typed as in Parquet deliveries.
SCHEMA = pl.Schema(
    {
        "version": pl.Int32,
        "account_id": pl.String,
        "interface_id": pl.String,
        "srcaddr": pl.String,
        "dstaddr": pl.String,
        "srcport": pl.Int32,
        "dstport": pl.Int32,
        "protocol": pl.Int32,
        "packets": pl.Int64,
        "bytes": pl.Int64,
        "start": pl.Int64,
        "end": pl.Int64,
        "action": pl.String,
        "log_status": pl.String,
        "vpc_id": pl.String,
        "subnet_id": pl.String,
        "instance_id": pl.String,
        "tcp_flags": pl.Int32,
        "type": pl.String,
        "pkt_srcaddr": pl.String,
        "pkt_dstaddr": pl.String,
        "region": pl.String,
        "az_id": pl.String,
        "sublocation_type": pl.String,
        "sublocation_id": pl.String,
        "pkt_src_aws_service": pl.String,
        "pkt_dst_aws_service": pl.String,
        "flow_direction": pl.String,
        "traffic_path": pl.Int32,
    }
)
DEFAULT_COLUMNS = tuple(SCHEMA)[:14]
ALL_COLUMNS = tuple(SCHEMA)

DELIVERY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """A flow log that is delivered to S3: what its object names are made of."""

    account: str
    region: str
    flow_log_id: str

    def key(self, window_start: int, suffix: str, number: int = 0) -> str:
        """Name the object of the window that begins at ``window_start`` (epoch seconds).

        Args:
            window_start: When it begins.
            suffix: What the name ends in.
            number: Which of several objects of this window it is.
        """
        moment = datetime.fromtimestamp(window_start, UTC)
        stamp = moment.strftime("%Y%m%dT%H%MZ")
        # AWS's hash is opaque: any eight hexadecimal digits that differ from object to object will do.
        secret = f"{self.flow_log_id} {stamp} {number}" if number else f"{self.flow_log_id} {stamp}"
        digest = hashlib.sha256(secret.encode()).hexdigest()[:8]
        folder = f"AWSLogs/{self.account}/vpcflowlogs/{self.region}/{moment:%Y/%m/%d}"
        return (
            f"{folder}/{self.account}_vpcflowlogs_{self.region}_{self.flow_log_id}_{stamp}_{digest}.{suffix}"
        )


def header_name(column: str) -> str:
    """Spell a column as AWS does in headers and log formats (``log_status`` to ``log-status``)."""
    return column.replace("_", "-")


def write_s3_text(
    root: Path, delivery: Delivery, records: pl.DataFrame, columns: Sequence[str] = DEFAULT_COLUMNS
) -> None:
    """Write gzipped text with a header line, one file for each five minutes."""
    for window_start, part in _windows(records, DELIVERY_SECONDS):
        text = _lines(part.select(columns).rename(header_name), header=True)
        write_gzip(root / delivery.key(window_start, "log.gz"), text)


def write_s3_small(
    root: Path,
    delivery: Delivery,
    records: pl.DataFrame,
    per_file: int,
    columns: Sequence[str] = DEFAULT_COLUMNS,
) -> None:
    """Write gzipped text as ``write_s3_text`` does, but many small files for each five minutes, and fast."""
    for window_start, part in _windows(records, DELIVERY_SECONDS):
        header, *lines = _lines(part.select(columns).rename(header_name), header=True).splitlines(
            keepends=True
        )
        for number, begin in enumerate(range(0, len(lines), per_file)):
            packed = header + "".join(lines[begin : begin + per_file])
            write_gzip(root / delivery.key(window_start, "log.gz", number), packed, level=1)


def write_s3_parquet(
    root: Path,
    delivery: Delivery,
    records: pl.DataFrame,
    columns: Sequence[str] = ALL_COLUMNS,
    window_seconds: int = DELIVERY_SECONDS,
) -> None:
    """Write Parquet files; a missing text is ``-`` in them and a missing number is null, as AWS has it."""
    for window_start, part in _windows(records, window_seconds):
        path = root / delivery.key(window_start, "log.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        delivered = part.select(columns).with_columns(pl.col(pl.String).fill_null("-"))
        delivered.write_parquet(path, compression="gzip")


def write_cloudwatch_export(
    root: Path,
    task: str,
    stream: str,
    records: pl.DataFrame,
    columns: Sequence[str] = DEFAULT_COLUMNS,
    lines_per_file: int = 100_000,
) -> None:
    """Write what a CloudWatch export task leaves: no header, each line led by its event's time."""
    exported = root / "exportedlogs"
    exported.mkdir(parents=True, exist_ok=True)
    # CloudWatch leaves this file to prove that it may write to the bucket.
    (exported / "aws-logs-write-test").write_text("Permission Check Successful", encoding="ascii")
    event_time = pl.from_epoch("start").dt.strftime("%Y-%m-%dT%H:%M:%S.000Z").alias("event_time")
    events = records.sort("start", maintain_order=True).select(event_time, *columns)
    for number, part in enumerate(events.iter_slices(lines_per_file)):
        write_gzip(exported / task / stream / f"{number:06}.gz", _lines(part, header=False))


def write_gzip(path: Path, text: str, level: int = 9) -> None:
    """Write a gzip file that holds neither a name nor a time, so that equal text gives equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", level, raw, mtime=0) as packed:
        packed.write(text.encode())


def _windows(records: pl.DataFrame, seconds: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """Split records by the delivery window that holds their ``end``, oldest window first."""
    numbered = records.with_columns(window=pl.col("end") // seconds * seconds)
    parts = numbered.partition_by("window", maintain_order=True)
    yield from sorted(((part.item(0, "window"), part) for part in parts), key=lambda pair: pair[0])


def _lines(records: pl.DataFrame, *, header: bool) -> str:
    return records.write_csv(include_header=header, separator=" ", null_value="-", quote_style="never")
