"""What other interfaces of ours saw of a record's conversation: the same ends, or legs at NAT gateways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import direction, initiator
from diagnose.blocks import ip_of
from diagnose.conversations import conversations
from diagnose.nat_legs import gateways
from diagnose.records import COLUMNS, ENDS, TURNED, any_of, at_interface, both_ways, flows, touching
from diagnose.vantages import VANTAGES, merged
from loaders.schema import FILE, LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.lookup import Lookup
    from loaders.dataset import Dataset
    from query.scope import Scope

_TALK_ENDS = ["initiator", "iport", "responder", "rport", "protocol"]
_UNANSWERED = ["A-NOREPLY-REMOTE", "A-NOROUTE", "A-BLACKHOLE"]
_AT = {"_file": "_for_file", "_line": "_for_line"}


def far_sides(found: pl.DataFrame, near: pl.DataFrame, views: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """What another of our interfaces saw come in of accepted records that were never answered.

    Args:
        found: The records, with codes (``judging.coded``).
        near: Flows with directions around them.
        views: As ``views_of`` returns them: legs at NAT gateways are taken from here.
        lookup: Tells whose addresses are whose.

    Returns:
        Rows of ``near``, one at most for each record, with its place: ``_for_file``, ``_for_line`` (UInt32).
    """
    unanswered = found.filter(pl.col("code").is_in(_UNANSWERED))
    same = _of_same_ends(unanswered.filter(pl.col("same_at").list.len() > 1), near, lookup)
    rest = unanswered.join(same, left_on=list(_AT), right_on=list(_AT.values()), how="anti")
    return pl.concat([same, _at_gateways(rest, near, views)], how="diagonal")


def _of_same_ends(left: pl.DataFrame, near: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    left = left.select(*ENDS, "interface", *_AT).rename({"interface": "_from", **_AT})
    came = near.filter(pl.col("way") == direction.INGRESS)
    met = came.join(left, on=ENDS, nulls_equal=True).filter(pl.col("interface") != pl.col("_from"))
    # A refusal there outranks what was let in; of several hops the one that has the address is the end.
    # What a hop on the way let in, such as a NAT gateway, went on from there and says nothing of the end.
    hosts = [
        row["dstaddr"] == row["target"] or _has(lookup, row["interface"], row["target"])
        for row in met.iter_rows(named=True)
    ]
    met = met.with_columns(_hosts=pl.Series(hosts, dtype=pl.Boolean))
    met = met.filter(pl.col("_hosts") | ~pl.col("accepted"))
    met = met.sort("_hosts", "accepted", "start", descending=[True, False, False], nulls_last=True)
    return met.unique(list(_AT.values()), keep="first", maintain_order=True).drop("_hosts", "_from")


def _has(lookup: Lookup, name: str, address: str) -> bool:
    interface, ip = lookup.interface(name), ip_of(address)
    return interface is not None and ip is not None and interface.owns(ip)


def _at_gateways(left: pl.DataFrame, near: pl.DataFrame, views: pl.DataFrame) -> pl.DataFrame:
    """What a NAT gateway's interface rejected of records, under the addresses that it has there."""
    refused = views.filter((pl.col("state") == "rejected-request") & (pl.col("legs").list.len() > 0))
    names = {"initiator": "source", "iport": "srcport", "responder": "target", "rport": "dstport"}
    places = left.select(*ENDS, "interface", "start", *_AT).rename({"interface": "_from", **_AT})
    met = places.join(
        refused.select(*names, "protocol", "stopped", "first", "last", FILE, LINE).rename(names),
        on=ENDS,
        nulls_equal=True,
    ).filter((pl.col("stopped") != pl.col("_from")) & pl.col("start").is_between("first", "last"))
    places = met.select(FILE, LINE, *_AT.values()).unique(list(_AT.values()), keep="first")
    return near.join(places, on=[FILE, LINE])


def legs_near(dataset: Dataset, picked: pl.DataFrame, around: Scope, lookup: Lookup) -> pl.DataFrame:
    """Records at NAT gateways that may be of the same conversations as some records (``records.COLUMNS``).

    Args:
        dataset: All records.
        picked: Some of them, as ``records.flows`` has them.
        around: The times to look at.
        lookup: Tells what is a NAT gateway.
    """
    names = [one.id for one in gateways(lookup)]
    elsewhere = picked.filter(~pl.col("interface").is_in(names))
    if not names or not elsewhere.height:
        return pl.DataFrame(schema=COLUMNS)
    addresses = pl.concat([elsewhere["source"], elsewhere["target"]]).drop_nulls().unique().sort()
    terms = [any_of(names, at_interface), any_of(addresses, touching)]
    text = " and ".join(f"({term})" for term in terms if term)
    there = flows(dataset, replace(around, filter=text)).filter(pl.col("interface").is_in(names))
    # An end of it is the same: the client's on its side, the remote one beyond.
    ends = pl.concat(
        [elsewhere.select(address=side, port=port) for side, port in (ENDS[:2], ENDS[2:4])]
    ).unique()
    kept = pl.lit(value=False)
    for side, port in (ENDS[:2], ENDS[2:4]):
        rows = there.with_row_index("_row").join(
            ends, left_on=[side, port], right_on=["address", "port"], how="semi", nulls_equal=True
        )
        kept = kept | pl.col("_row").is_in(rows["_row"].implode())
    return there.with_row_index("_row").filter(kept).drop("_row")


def of_ends(talks: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """Those of conversations that have the ends of some flows."""
    ends = both_ways(flows, _TALK_ENDS)
    return talks.join(ends, on=_TALK_ENDS, how="semi", nulls_equal=True, maintain_order="left")


def views_of(picked: pl.DataFrame, near: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """The conversations of some records that several interfaces saw (``vantages.VANTAGES``).

    Args:
        picked: The records.
        near: Flows with directions around them.
        lookup: The inventory.
    """
    if near["interface"].n_unique() <= 1:
        return pl.DataFrame(schema=VANTAGES)
    keys = both_ways(picked)
    names = [one.id for one in gateways(lookup)]
    mine = near.with_row_index("_row").join(keys, on=ENDS, how="semi", nulls_equal=True)["_row"]
    rows = near.with_row_index("_row").filter(
        pl.col("_row").is_in(mine.implode()) | pl.col("interface").is_in(names)
    )
    if rows["interface"].n_unique() <= 1:
        return pl.DataFrame(schema=VANTAGES)
    talks = conversations(rows.drop("_row"), initiator.listeners(near.lazy()))
    return merged(talks, lookup).filter(pl.col("passes").list.len() > 1)


def view_of(views: pl.DataFrame, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The conversation of a record among those that several interfaces saw (``vantages.VANTAGES``)."""
    if not views.height:
        return None
    either = [
        pl.all_horizontal(
            pl.col(name).eq_missing(pl.lit(row[end])) for name, end in zip(_TALK_ENDS, order, strict=True)
        )
        for order in (ENDS, TURNED)
    ]
    here = pl.col("passes").list.contains(row["interface"]) & (pl.col("first") <= row["start"])
    fits = views.filter(pl.any_horizontal(either), here & (pl.col("last") >= row["start"]))
    return next(fits.iter_rows(named=True), None)
