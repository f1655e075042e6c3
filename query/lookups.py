"""Lookup tables for ``cidrlookup``: CSV files with a header, in which a row stands for a network.

Only the polars back end imports this. As in ``query.addresses``, each different value is looked at once.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl
from polars.exceptions import PolarsError

from query.errors import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_NAME = re.compile("[A-Za-z0-9_-]+")
_MOST_BYTES = 10_000_000
_CACHED = 2**15

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Rows = dict[int, int]


class LookupTableError(ValueError):
    """A lookup table that cannot be used: one plain sentence, and perhaps one that helps."""


def read_table(name: str, folders: Sequence[Path]) -> pl.DataFrame:
    """Read the lookup table of a name.

    Args:
        name: Letters, digits, ``-`` and ``_``.
        folders: Where ``NAME.csv`` can be; the first that has it counts.

    Returns:
        The table; all columns are String, and an empty cell is null.

    Raises:
        LookupTableError: There is no such table, or it is not a CSV file of UTF-8 text with a header.
    """
    if not _NAME.fullmatch(name):
        raise LookupTableError(
            f"{quoted(name)} cannot name a lookup table. A name holds letters, digits, '-' and '_'."
        )
    file = _find(name, folders)
    content = _content(file)
    try:
        table = pl.read_csv(BytesIO(content), infer_schema=False)
    except PolarsError:
        raise LookupTableError(
            f"Lookup table {file} is not CSV with the same columns in every row."
        ) from None
    if any(_network(column) for column in table.columns):
        raise LookupTableError(f"Lookup table {file} has no header. Its first row must name the columns.")
    return table


def cidr_column(table: pl.DataFrame, given: str | None = None) -> str:
    """Find the column of a table that holds its networks.

    Args:
        table: The table.
        given: The column that was asked for, if any.

    Returns:
        That column, or else the first that holds nothing but networks and addresses, and some.

    Raises:
        LookupTableError: There is none.
    """
    if given is not None:
        if given not in table.columns:
            hint = did_you_mean(given, table.columns)
            raise LookupTableError(f"The lookup table has no column {quoted(given)}. {hint}".rstrip())
        return given
    for column in table.columns:
        values = table[column].drop_nulls()
        if values.len() and all(map(_network, values)):
            return column
    raise LookupTableError("No column of the lookup table holds only networks such as 10.0.0.0/8.")


def matcher(address: pl.Expr, table: pl.DataFrame, cidr: str) -> pl.Expr:
    """The row of a table with the smallest network that an address is in.

    Where several rows have the same network, the first counts. Cells that hold no network are passed over.

    Args:
        address: The addresses; String, or what can be cast to it.
        table: The table.
        cidr: Its column with the networks; an address alone is a network of one.

    Returns:
        UInt32 row numbers, from 0; null where the text is no address, or in no network.
    """
    find = lru_cache(_CACHED)(_finder(table[cidr]))

    def rows(values: pl.Series) -> pl.Series:
        different = values.unique().drop_nulls()
        found = pl.Series([find(text) for text in different], dtype=pl.UInt32)
        return values.replace_strict(different, found, default=None, return_dtype=pl.UInt32)

    return address.cast(pl.String).map_batches(rows, return_dtype=pl.UInt32, is_elementwise=True)


def _find(name: str, folders: Iterable[Path]) -> Path:
    looked = [folder / f"{name}.csv" for folder in folders]
    for file in looked:
        try:
            if file.is_file():
                return file
        except OSError as error:
            raise _unreadable(file, error) from None
    places = " or ".join(str(file.parent) for file in looked)
    hint = f" Put {name}.csv into {places}." if places else ""
    raise LookupTableError(f"There is no lookup table {quoted(name)}.{hint}")


def _content(file: Path) -> bytes:
    """The bytes of a table: not too many, UTF-8, and not blank."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error) from None
    if len(content) > _MOST_BYTES:
        raise LookupTableError(f"Lookup table {file} is larger than {_MOST_BYTES // 1_000_000} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LookupTableError(f"Lookup table {file} is not UTF-8 text.") from None
    if not text.strip():
        raise LookupTableError(f"Lookup table {file} is empty.")
    return content


def _unreadable(file: Path, error: OSError) -> LookupTableError:
    return LookupTableError(f"Lookup table {file} cannot be read: {error.strerror}.")


def _finder(networks: pl.Series) -> Callable[[str], int | None]:
    """What finds the row of the smallest network that holds an address."""
    lengths = _by_length(networks)

    def find(text: str) -> int | None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return None
        number = int(address)
        for length, rows in lengths[address.version]:
            row = rows.get(number >> (address.max_prefixlen - length))
            if row is not None:
                return row
        return None

    return find


def _by_length(networks: pl.Series) -> dict[int, list[tuple[int, Rows]]]:
    """Rows by IP version and by the length of the prefix, longest first, and there by the prefix."""
    rows_of: dict[int, dict[int, Rows]] = {4: {}, 6: {}}
    for row, text in enumerate(networks):
        network = _network(text)
        if network is not None:
            prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            rows_of[network.version].setdefault(network.prefixlen, {}).setdefault(prefix, row)
    return {version: sorted(lengths.items(), reverse=True) for version, lengths in rows_of.items()}


def _network(text: str | None) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False) if text else None
    except ValueError:
        return None
