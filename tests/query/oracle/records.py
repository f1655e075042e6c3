"""Generated flow records: as log files for flowtui, and as a DuckDB table that never saw flowtui.

``end`` is different in every record, so that it can stand for the record in a result.
"""

from __future__ import annotations

import csv
import gzip
import ipaddress
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]

FIRST_START = 1_768_344_600  # 2026-01-13T22:50:00Z
_DAYS = 3
# One address in four spellings, then others.
V6_SPELLINGS = ("2001:db8::1", "2001:DB8::0:1", "2001:0db8:0:0:0:0:0:1", "2001:db8:0::1")
_V6 = (*V6_SPELLINGS, "2001:db8::2", "2001:db8:ffff::1", "fe80::1", "fd00::7", "::1")
_V4 = (
    "8.8.8.8",
    "10.0.0.1",
    "10.0.0.12",
    "10.0.1.1",
    "10.255.255.255",
    "52.95.110.1",
    "110.0.0.1",
    "172.16.5.4",
    "172.32.0.1",
    "192.168.7.7",
)
_NOTES = ("200", "404", "0200", "2.5", "-3", "1e3", "nan", "inf", "Abc", "abc10", "abc9", "a/b", "0x10")


def _address(dice: random.Random) -> str:
    if dice.random() < 0.25:
        return dice.choice(_V6)
    if dice.random() < 0.3:
        return f"10.{dice.randrange(4)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    return dice.choice(_V4)


def _bytes(dice: random.Random) -> int:
    odd = (40, 180, 999_999, 1_000_000, 2**31 + 5, 2**40, 2**53 + 1)
    return dice.choice(odd) if dice.random() < 0.5 else dice.randrange(40, 100_000)


# name: (DuckDB type, a value). The names are those that AWS writes, in the order of a default flow log.
_DEFAULT: dict[str, tuple[str, Any]] = {
    "version": ("INTEGER", lambda dice: dice.choice((2,))),
    "account-id": ("VARCHAR", lambda dice: dice.choice(("111122223333", "000000000042"))),
    "interface-id": ("VARCHAR", lambda dice: dice.choice(("eni-0a47", "eni-0b11", "eni-1a47", "eni-9c00"))),
    "srcaddr": ("VARCHAR", _address),
    "dstaddr": ("VARCHAR", _address),
    "srcport": (
        "INTEGER",
        lambda dice: dice.choice((0, 22, 443, 51_515, 65_535, dice.randrange(1024, 1100))),
    ),
    "dstport": ("INTEGER", lambda dice: dice.choice((0, 22, 80, 443, 3389, 8443))),
    "protocol": ("INTEGER", lambda dice: dice.choice((1, 6, 6, 6, 17, 58))),
    "packets": ("BIGINT", lambda dice: dice.choice((1, 2, 3, 10, 57, 2**20))),
    "bytes": ("BIGINT", _bytes),
    "start": ("BIGINT", None),
    "end": ("BIGINT", None),
    "action": ("VARCHAR", lambda dice: dice.choice(("ACCEPT", "ACCEPT", "REJECT"))),
    "log-status": ("VARCHAR", None),
}
# What only the flow log of the second group has; "note" is a field that AWS does not know.
_CUSTOM: dict[str, tuple[str, Any]] = {
    "note": ("VARCHAR", lambda dice: dice.choice(_NOTES)),
    "tcp-flags": ("INTEGER", lambda dice: dice.choice((0, 2, 3, 18, 19))),
    "flow-direction": ("VARCHAR", lambda dice: dice.choice(("ingress", "egress"))),
    "pkt-srcaddr": ("VARCHAR", _address),
}
_FIELDS = _DEFAULT | _CUSTOM
_ALWAYS = frozenset({"version", "interface-id", "start", "end", "log-status"})


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file to write.

    Attributes:
        path: Its path below the directory of logs; gzip if it ends so.
        group: The log group that its records belong to.
        fields: Its header.
    """

    path: str
    group: str
    fields: tuple[str, ...]


_FLOW_LOG = "111122223333_vpcflowlogs_us-east-1_fl-0a1b2c3d4e5f60718"
_DAY = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01"
DELIVERED, COPIED = "111122223333/us-east-1/fl-0a1b2c3d4e5f60718", "copied"
FILES = (
    LogFile(f"{_DAY}/14/{_FLOW_LOG}_20260114T0000Z_1a2b3c4d.log.gz", DELIVERED, tuple(_DEFAULT)),
    LogFile(f"{_DAY}/16/{_FLOW_LOG}_20260116T0000Z_5e6f7a8b.log", DELIVERED, tuple(_DEFAULT)),
    LogFile(
        "copied/custom.log",
        COPIED,
        (
            *("interface-id", "action", "note", "dstaddr", "srcaddr", "bytes", "packets", "tcp-flags"),
            *(
                "flow-direction",
                "protocol",
                "dstport",
                "srcport",
                "pkt-srcaddr",
                "log-status",
                "end",
                "start",
            ),
        ),
    ),
)


def records(count: int, seed: int) -> list[Row]:
    """Records in no order, of which some are NODATA or SKIPDATA, and where most values can be missing."""
    dice = random.Random(seed)
    minutes = dice.sample(range(0, _DAYS * 24 * 60, 2), count // 12)
    starts = [FIRST_START + minute * 60 + dice.choice((0, 0, 7, 31)) for minute in minutes]
    ends = {start: iter(range(start + 1, start + 90)) for start in starts}
    rows = []
    for _ in range(count):
        file = dice.choice(FILES)
        start = dice.choice(starts)
        status = dice.choices(("OK", "NODATA", "SKIPDATA"), (92, 6, 2))[0]
        row: Row = dict.fromkeys(_FIELDS)
        for name in file.fields:
            make = _FIELDS[name][1]
            if make and (
                name in _ALWAYS or name == "account-id" or (status == "OK" and dice.random() > 0.05)
            ):
                row[name] = make(dice)
        row |= {"start": start, "end": next(ends[start]), "log-status": status}
        row["message"] = " ".join("-" if row[name] is None else str(row[name]) for name in file.fields)
        rows.append(row | {"log_group": file.group})
    return rows


def write_logs(rows: list[Row], directory: Path) -> None:
    """Write the records as the files that AWS delivers, each below its header."""
    for file in FILES:
        mine = [row["message"] for row in rows if row["log_group"] == file.group]
        siblings = [other for other in FILES if other.group == file.group]
        lines = mine[siblings.index(file) :: len(siblings)]
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        data = "\n".join([" ".join(file.fields), *lines, ""]).encode()
        path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def database(rows: list[Row], directory: Path) -> duckdb.DuckDBPyConnection:
    """The records as a DuckDB table ``flows``.

    Columns have ``_`` for ``-``. Beside the fields there are ``ts`` (epoch milliseconds), ``message``,
    ``log_group`` and, for each address, its number, its IP version and its canonical text (``src_ip``,
    ``src_v``, ``src_text``; the same for ``dst``).
    """
    types = {name.replace("-", "_"): kind for name, (kind, _) in _FIELDS.items()}
    types |= {"message": "VARCHAR", "log_group": "VARCHAR", "ts": "BIGINT"}
    types |= {f"{side}_{what}": kind for side in ("src", "dst") for what, kind in _PARSED.items()}
    path = directory / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(types)
        for row in rows:
            values = [*row.values(), row["start"] * 1000, *_parsed(row["srcaddr"]), *_parsed(row["dstaddr"])]
            writer.writerow(r"\N" if value is None else value for value in values)
    connection = duckdb.connect()
    # Divided by zero is null, as in every other database.
    connection.execute("SET ieee_floating_point_ops = false; SET error_on_division_by_zero = false")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    connection.execute(f"CREATE TABLE flows ({columns})")
    # A text as a number, if it is one; DuckDB also takes "nan" and "inf" for numbers, QL does not.
    number = "TRY_CAST(text AS DOUBLE)"
    connection.execute(f"CREATE MACRO num(text) AS CASE WHEN isfinite({number}) THEN {number} END")
    connection.execute(rf"COPY flows FROM '{path}' (HEADER, NULLSTR '\N')")
    return connection


_PARSED = {"ip": "UHUGEINT", "v": "INTEGER", "text": "VARCHAR"}


def _parsed(text: str | None) -> tuple[int | None, int | None, str | None]:
    if text is None:
        return None, None, None
    address = ipaddress.ip_address(text)
    return int(address), address.version, str(address)
