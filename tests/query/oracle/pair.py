"""What a pair of QL and SQL is, and short ways to write the common ones."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """A question in both languages.

    Attributes:
        name: What the pair is about, as the id of its test.
        ql: The question to flowtui.
        sql: The same to DuckDB; its columns have the names that the answer in QL must have.
        ordered: Whether the order of the rows is part of the answer.
    """

    name: str
    ql: str
    sql: str
    ordered: bool = False


def kept(name: str, condition: str, sql: str) -> Pair:
    """Which records a condition keeps. A condition that is null in SQL keeps none."""
    return Pair(name, f"filter {condition} | display end", f'SELECT "end" FROM flows WHERE {sql}')


def computed(name: str, expression: str, sql: str, where: tuple[str, str] | None = None) -> Pair:
    """What an expression gives for each record.

    Args:
        name: As in ``Pair``.
        expression: In QL.
        sql: The same in SQL.
        where: A condition in QL and in SQL; only records that fulfil it are asked.
    """
    kept_by, kept_sql = where or ("", "")
    ql = f"display end, {expression} as x"
    return Pair(
        name,
        f"filter {kept_by} | {ql}" if kept_by else ql,
        f'SELECT "end", {sql} AS x FROM flows {f"WHERE {kept_sql}" if kept_sql else ""}',
    )


def inside(side: str, network: str) -> str:
    """SQL for: the address ``src`` or ``dst`` lies in a network."""
    found = ipaddress.ip_network(network)
    low, high = int(found.network_address), int(found.broadcast_address)
    return f"({side}_v = {found.version} AND {side}_ip BETWEEN {low} AND {high})"
