"""The same generated flow records as a polars frame and as a DuckDB table, the independent oracle."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

V4 = (
    "10.0.0.1",
    "10.0.0.12",
    "10.0.1.1",
    "10.255.255.255",
    "110.0.0.1",
    "172.16.5.4",
    "172.32.0.1",
    "203.0.113.9",
)
# The first three are one address.
V6 = ("2001:db8::1", "2001:DB8::0:1", "2001:0db8:0:0:0:0:0:1", "2001:db8::2", "fe80::1", "::1")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = 1_767_225_600_000

# name: (DuckDB type, polars type, a value)
COLUMNS: dict[str, tuple[str, Any, Callable[[random.Random], object]]] = {
    "srcaddr": ("VARCHAR", pl.String, lambda dice: dice.choice(V4 + V6)),
    "dstaddr": ("VARCHAR", pl.String, lambda dice: dice.choice(V4 + V6)),
    "srcport": ("INTEGER", pl.Int32, lambda dice: dice.choice((0, 22, 443, 51_515, 65_535))),
    "dstport": ("INTEGER", pl.Int32, lambda dice: dice.choice((0, 22, 80, 443, 3389))),
    "protocol": ("INTEGER", pl.Int32, lambda dice: dice.choice((1, 6, 17, 58))),
    "packets": ("BIGINT", pl.Int64, lambda dice: dice.choice((1, 2, 3, 10, 2**40))),
    "bytes": (
        "BIGINT",
        pl.Int64,
        lambda dice: dice.choice((40, 180, 999_999, 1_000_000, 1_500_000, 2**53 + 1)),
    ),
    "action": ("VARCHAR", pl.Categorical, lambda dice: dice.choice(("ACCEPT", "REJECT"))),
    "log_status": ("VARCHAR", pl.Categorical, lambda dice: dice.choice(("OK", "NODATA", "SKIPDATA"))),
    "interface_id": (
        "VARCHAR",
        pl.Categorical,
        lambda dice: dice.choice(("eni-0a47", "eni-0b11", "eni-1a47")),
    ),
    "note": (
        "VARCHAR",
        pl.String,
        lambda dice: dice.choice(("200", "404", "0200", "2.5", "nan", "Abc", "", " ", "a/b")),
    ),
    "ratio": ("DOUBLE", pl.Float64, lambda dice: dice.choice((0.5, 2.0, 200.0, -1.25))),
    "timestamp": ("BIGINT", pl.Datetime("ms", "UTC"), lambda dice: START + dice.randrange(0, 5) * 60_000),
}


def records(count: int, seed: int) -> list[dict[str, Any]]:
    """Records of which one in ten is NODATA, and where any value can be missing."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        no_data = dice.random() < 0.1
        row: dict[str, Any] = {}
        for name, (_, _, value) in COLUMNS.items():
            kept = name in {"log_status", "interface_id", "timestamp"} if no_data else dice.random() > 0.08
            row[name] = value(dice) if kept else None
        found.append(row)
    return found


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The records as the loaders give them, with their number."""
    typed = [
        row | {"timestamp": row["timestamp"] and EPOCH + timedelta(milliseconds=row["timestamp"])}
        for row in rows
    ]
    schema = {name: dtype for name, (_, dtype, _) in COLUMNS.items()}
    return pl.DataFrame(typed, schema=schema).with_row_index("number")


def database(rows: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """The records as a DuckDB table ``flows``, times as epoch milliseconds."""
    connection = duckdb.connect()
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in COLUMNS.items())
    connection.execute(f"CREATE TABLE flows (number INTEGER, {columns})")
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    connection.executemany(
        f"INSERT INTO flows VALUES ({marks})", [[i, *row.values()] for i, row in enumerate(rows)]
    )
    # Four octets as one integer; NULL for anything else.
    connection.execute(r"""
        CREATE MACRO v4(text) AS CASE WHEN regexp_full_match(text, '[0-9.]+') THEN
            split_part(text, '.', 1)::BIGINT * 16777216 + split_part(text, '.', 2)::BIGINT * 65536
            + split_part(text, '.', 3)::BIGINT * 256 + split_part(text, '.', 4)::BIGINT END
    """)
    return connection
