"""Make ``sample_logs/``: a small VPC's flow logs, the logs beside them and its inventory, as AWS leaves them.

Usage: ``python bench/make_sample_logs.py DIR``. The same files come out every time.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import polars as pl
from layouts import SCHEMA, Delivery, write_cloudwatch_export, write_s3_parquet, write_s3_text
from sample_inventory import inventory
from sample_resolver import write_resolver_logs
from sample_story import tell
from sample_trail import write_trail
from sample_vpc import (
    ACCOUNT,
    APP_LOG,
    DATABASE,
    DATABASE_LOG,
    EXPORT_TASK,
    PUBLIC_LOG,
    REGION,
    WORKER_LOG,
    FlowLog,
)
from sample_web_log import WEB_LOG_FOLDER, write_web_log

# A real delivery makes a file every five minutes; these are gathered to keep the sample small.
_PARQUET_SECONDS = 1800


def make_sample_logs(root: Path) -> None:
    """Write the whole sample below ``root``, in place of an earlier one."""
    _remove_earlier(root)
    records = pl.DataFrame(tell(), schema=SCHEMA).sort("end", maintain_order=True)
    for log in (PUBLIC_LOG, APP_LOG):
        write_s3_text(root, _delivery(log), _records_of(log, records), log.columns)
    worker_records = _records_of(WORKER_LOG, records)
    write_s3_parquet(root, _delivery(WORKER_LOG), worker_records, WORKER_LOG.columns, _PARQUET_SECONDS)
    write_cloudwatch_export(
        *(root, EXPORT_TASK, f"{DATABASE.id}-all", _records_of(DATABASE_LOG, records)),
        columns=DATABASE_LOG.columns,
        lines_per_file=1500,
    )
    write_resolver_logs(root, records)
    write_trail(root)
    write_web_log(root, records)
    _write_inventory(root / "inventory")


def _remove_earlier(root: Path) -> None:
    """Remove what an earlier run may have left; these ids are made up, so nobody's real logs have them."""
    shutil.rmtree(root / "AWSLogs" / ACCOUNT, ignore_errors=True)
    shutil.rmtree(root / "exportedlogs" / EXPORT_TASK, ignore_errors=True)
    shutil.rmtree(root / WEB_LOG_FOLDER, ignore_errors=True)


def _delivery(log: FlowLog) -> Delivery:
    return Delivery(ACCOUNT, REGION, log.id)


def _records_of(log: FlowLog, records: pl.DataFrame) -> pl.DataFrame:
    mine = pl.col("interface_id").is_in([interface.id for interface in log.interfaces])
    return records.filter(mine).with_columns(version=pl.lit(log.version, pl.Int32))


def _write_inventory(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in inventory().items():
        text = json.dumps(document, indent=4) + "\n"
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Read the command line and make the sample."""
    parser = argparse.ArgumentParser(description="Make the sample directory of flow logs.")
    parser.add_argument("directory", type=Path, help="where to put it; made if it does not exist")
    make_sample_logs(parser.parse_args().directory)


if __name__ == "__main__":
    main()
