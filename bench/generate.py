"""Make a directory of flow logs of any size, in the S3 layout, for measuring.

    python bench/generate.py DIR --records 1000000
    python bench/generate.py DIR --small-files 100000

The same arguments give the same records. Addresses, ports and sizes are skewed as real traffic is: a few
talkers make most of it, a scanner makes most of the rejects. Small files hold 100 records each, many of them
for the same five minutes, as a large account with little traffic has them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from layouts import DEFAULT_COLUMNS, Delivery, write_s3_small, write_s3_text

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT, REGION, FLOW_LOG = "123456789012", "us-east-1", "fl-0be4c400000000000"
BEGIN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
INTERFACES = 60
PORTS = (443, 443, 443, 80, 80, 22, 53, 123, 5432, 3306, 6379, 8080, 3389)
# Records to a delivery of five minutes, as a busy VPC writes them.
PER_FILE = 100_000
# Small files: records to a file, and files to five minutes.
SMALL_FILE, SMALL_AT_ONCE = 100, 100


def _uniform(column: int, seed: int) -> pl.Expr:
    """Numbers from 0 up to 1, the same for the same seed; ``column`` keeps the columns apart."""
    return (pl.int_range(pl.len()) * 16 + column).hash(seed) / 2.0**64


def records(count: int, file: int, seed: int) -> pl.DataFrame:
    """Make the records of one delivery: columns as ``layouts.DEFAULT_COLUMNS``."""
    mix = seed * 1_000_003 + file

    def upto(column: int, most: int, *, power: int = 1) -> pl.Expr:
        """Whole numbers below ``most``; a higher power makes small ones more frequent."""
        return (_uniform(column, mix) ** power * most).cast(pl.Int64)

    frame = (
        pl.DataFrame({"row": pl.int_range(count, eager=True)})
        .select(
            inside=upto(1, INTERFACES, power=2),
            far=upto(2, 60_000, power=4),
            port=pl.lit(pl.Series(PORTS)).gather(upto(3, len(PORTS))),
            client=32_768 + upto(4, 28_000),
            packets=1 + upto(5, 5_000, power=6),
            size=40 + upto(6, 1_420),
            start=BEGIN + file * 300 + upto(7, 240),
            length=1 + upto(8, 59),
            chance=_uniform(9, mix),
            out=_uniform(10, mix) < 0.5,
        )
        .with_columns(reject=pl.col("chance") < pl.when(pl.col("far") < 3).then(0.3).otherwise(0.05))
        .sort("start", maintain_order=True)
    )
    near_address = pl.format("10.0.{}.{}", pl.col("inside") // 30, pl.col("inside") % 30 + 10)
    far_address = pl.format(
        "{}.{}.{}.7", 20 + pl.col("far") % 100, pl.col("far") // 100 % 250, pl.col("far") % 250
    )
    chosen = pl.when("out")
    return frame.select(
        version=pl.lit(2, dtype=pl.Int32),
        account_id=pl.lit(ACCOUNT),
        interface_id=pl.format("eni-0{}", pl.col("inside").cast(pl.String).str.zfill(16)),
        srcaddr=chosen.then(near_address).otherwise(far_address),
        dstaddr=chosen.then(far_address).otherwise(near_address),
        srcport=chosen.then("port").otherwise("client").cast(pl.Int32),
        dstport=chosen.then("client").otherwise("port").cast(pl.Int32),
        protocol=pl.when(pl.col("port").is_in([53, 123])).then(17).otherwise(6).cast(pl.Int32),
        packets=pl.col("packets").cast(pl.Int64),
        bytes=(pl.col("packets") * pl.col("size")).cast(pl.Int64),
        start=pl.col("start").cast(pl.Int64),
        end=(pl.col("start") + pl.col("length")).cast(pl.Int64),
        action=pl.when("reject").then(pl.lit("REJECT")).otherwise(pl.lit("ACCEPT")),
        log_status=pl.lit("OK"),
    ).select(DEFAULT_COLUMNS)


def generate(folder: Path, count: int, *, per_file: int = PER_FILE, seed: int = 1, first: int = 0) -> None:
    """Fill a folder with ``count`` records, ``per_file`` to a delivery; the first is number ``first``."""
    counts = [min(per_file, count - begin) for begin in range(0, count, per_file)]
    _spread(partial(_deliver, folder, seed), list(enumerate(counts, first)))


def generate_small(folder: Path, files: int, *, seed: int = 1) -> None:
    """Fill a folder with files of ``SMALL_FILE`` records each."""
    counts = [min(SMALL_AT_ONCE, files - begin) for begin in range(0, files, SMALL_AT_ONCE)]
    _spread(partial(_deliver_small, folder, seed), list(enumerate(counts)))


def _deliver(folder: Path, seed: int, numbered: tuple[int, int]) -> None:
    number, count = numbered
    write_s3_text(folder, Delivery(ACCOUNT, REGION, FLOW_LOG), records(count, number, seed))


def _deliver_small(folder: Path, seed: int, numbered: tuple[int, int]) -> None:
    number, files = numbered
    delivered = records(files * SMALL_FILE, number, seed)
    write_s3_small(folder, Delivery(ACCOUNT, REGION, FLOW_LOG), delivered, SMALL_FILE)


def _spread(work: Callable[[tuple[int, int]], None], what: list[tuple[int, int]]) -> None:
    """Do a piece of work for each of several things, on all cores."""
    # Not by forking: threads of polars do not survive that.
    with multiprocessing.get_context("spawn").Pool(min(os.cpu_count() or 1, len(what) or 1)) as pool:
        for _ in pool.imap_unordered(work, what):
            pass


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--per-file", type=int, default=PER_FILE)
    parser.add_argument("--small-files", type=int, help="make so many small files in place of --records")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.small_files:
        generate_small(given.folder, given.small_files, seed=given.seed)
    else:
        generate(given.folder, given.records, per_file=given.per_file, seed=given.seed)


if __name__ == "__main__":
    main()
