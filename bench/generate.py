"""Make a directory of flow logs of any size, in the S3 layout, for measuring.

    python bench/generate.py DIR --records 1000000

The same arguments give the same records. Addresses, ports and sizes are skewed as real traffic is: a few
talkers make most of it, a scanner makes most of the rejects.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from layouts import DEFAULT_COLUMNS, Delivery, write_s3_text

ACCOUNT, REGION, FLOW_LOG = "123456789012", "us-east-1", "fl-0be4c400000000000"
BEGIN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
INTERFACES = 60
PORTS = (443, 443, 443, 80, 80, 22, 53, 123, 5432, 3306, 6379, 8080, 3389)
# Records to a delivery of five minutes, as a busy VPC writes them.
PER_FILE = 100_000


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


def generate(folder: Path, count: int, *, per_file: int = PER_FILE, seed: int = 1) -> None:
    """Fill a folder with ``count`` records, ``per_file`` to a delivery."""
    delivery = Delivery(ACCOUNT, REGION, FLOW_LOG)
    for number, begin in enumerate(range(0, count, per_file)):
        write_s3_text(folder, delivery, records(min(per_file, count - begin), number, seed))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--per-file", type=int, default=PER_FILE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    generate(given.folder, given.records, per_file=given.per_file, seed=given.seed)


if __name__ == "__main__":
    main()
