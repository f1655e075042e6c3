"""Records quoted as evidence, and the records of the same conversation beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.initiator import has_syn
from diagnose.packet import protocol_name
from diagnose.said import clock, end_of, flag_names, place_of, plural
from diagnose.verdict import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loaders.dataset import Dataset


class Quotes:
    """Finds and quotes records."""

    def __init__(self, flows: pl.DataFrame, dataset: Dataset) -> None:
        """Take what there is to quote.

        Args:
            flows: Flows with directions.
            dataset: The records, for the names of their files.
        """
        self._flows, self._dataset = flows, dataset

    def shown(self, what: str, row: Mapping[str, Any]) -> Evidence:
        """A record as evidence, behind what it shows."""
        return Evidence(what + _quote(row), place_of(row), at=self._place(row))

    def _place(self, row: Mapping[str, Any]) -> str:
        report = self._dataset.files.get(row["_file"])
        name = report.source.name.rpartition("/")[2] if report is not None else f"file {row['_file']}"
        return f"{name}:{row['_line']}"

    def find(self, row: Mapping[str, Any], *, reverse: bool = False, syn: bool = False) -> pl.DataFrame:
        """The records of the same conversation and direction, or of the other one, by time.

        Args:
            row: A record of it.
            reverse: Whether the other direction is looked for.
            syn: Whether only records with a SYN and without an ACK count.
        """
        names = ("source", "srcport", "target", "dstport")
        values = [row[name] for name in names]
        if reverse:
            values = [*values[2:], *values[:2]]
        fits = [pl.col(name).eq_missing(pl.lit(value)) for name, value in zip(names, values, strict=True)]
        found = self._flows.filter(*fits, pl.col("protocol") == row["protocol"])
        return found.filter(has_syn(pl.col("flags"))) if syn else found

    def at(self, place: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record of a file and a line, if it is among those that are known."""
        here = (pl.col("_file") == place["_file"]) & (pl.col("_line") == place["_line"])
        return next(self._flows.filter(here).iter_rows(named=True), None)


def _quote(row: Mapping[str, Any]) -> str:
    """A record in a line."""
    outcome = "ACCEPT" if row["accepted"] else "REJECT"
    name = protocol_name(row["protocol"])
    ends = f"{end_of(row, 'src')} → {end_of(row, 'dst')}"
    flags = f", flags {flag_names(row['flags'])}" if row["flags"] is not None else ""
    packets = plural(row["packets"] or 0, "packet")
    return f"{outcome} {name} {ends}{flags}, {packets}, {clock(row['start'])} at {row['interface']}"
