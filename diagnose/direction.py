"""Which way a record went at its interface, and by what that is known.

In order: what the record says (``flow-direction``); which of its two addresses is the interface's own, by the
inventory; by which address all records of the interface have in common; by which of them is not public. The
addresses are ``srcaddr`` and ``dstaddr``: AWS writes the interface's own address on its side, whatever the
packet carried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import ip_of

if TYPE_CHECKING:
    from diagnose.lookup import Lookup
    from diagnose.model import Interface

INGRESS, EGRESS = "ingress", "egress"
BY_FIELD = "flow-direction says so"
BY_INVENTORY = "the inventory says whose address is whose"
BY_COMMON = "all records of the interface have this address in common"
BY_PRIVATE = "only one of the two addresses is not public"
BY_OTHERS = "the other address is that of another interface"


def own_addresses(endpoints: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Find the address of each interface from its records alone.

    Args:
        endpoints: ``interface``, ``srcaddr`` and ``dstaddr`` (String) of all its records; the same pair need
            not come twice.
        lookup: Tells what is public.

    Returns:
        ``interface``, ``own`` (String; null where it cannot be told) and ``own_by`` (String, one clause).
    """
    pairs = endpoints.drop_nulls()
    # What all have in common is one of the two that any of them has.
    either = pairs.unique("interface", keep="any").select(
        "interface", pl.concat_list("srcaddr", "dstaddr").list.unique().alias("address")
    )
    common = (
        pairs.lazy()
        .join(either.explode("address", empty_as_null=True).lazy(), on="interface")
        .group_by("interface", "address")
        .agg(
            ((pl.col("address") == pl.col("srcaddr")) | (pl.col("address") == pl.col("dstaddr")))
            .all()
            .alias("has")
        )
        .filter("has")
        .group_by("interface")
        .agg(pl.col("address").sort())
        .collect()
    )
    certain = {row["address"][0] for row in common.iter_rows(named=True) if len(row["address"]) == 1}
    rows = [
        (row["interface"], *_choose(row["address"], certain, lookup)) for row in common.iter_rows(named=True)
    ]
    schema = {"interface": pl.String, "own": pl.String, "own_by": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _choose(candidates: list[str], certain: set[str], lookup: Lookup) -> tuple[str | None, str | None]:
    if len(candidates) == 1:
        return candidates[0], BY_COMMON
    inside = [text for text in candidates if (ip := ip_of(text)) is not None and not lookup.is_public(ip)]
    if len(inside) == 1:
        return inside[0], BY_PRIVATE
    others = [text for text in candidates if text not in certain]
    if len(others) == 1 and len(candidates) > 1:
        return others[0], BY_OTHERS
    return None, None


def with_direction(flows: pl.DataFrame, own: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Add ``way`` (``ingress``, ``egress`` or null) and ``way_by`` (String, one clause) to flows.

    Args:
        flows: A flow frame.
        own: As ``own_addresses`` returns it.
        lookup: The inventory.
    """
    mine = flows.filter(pl.col("interface").is_in(list(lookup.inventory.interfaces)))
    ends = mine.select("interface", address="srcaddr").vstack(mine.select("interface", address="dstaddr"))
    spelled = {
        name: {str(address) for address in lookup.inventory.interfaces[name].addresses}
        for name in mine["interface"].unique()
    }
    owned = [
        (name, address)
        for name, address in ends.unique().drop_nulls().iter_rows()
        if name in spelled and (address in spelled[name] or _owns(lookup.interface(name), address))
    ]
    schema = {"interface": pl.String, "address": pl.String}
    known = pl.DataFrame(owned, schema=schema, orient="row").with_columns(is_own=pl.lit(value=True))
    joined = flows.join(own, on="interface", how="left", maintain_order="left")
    for side in ("srcaddr", "dstaddr"):
        joined = joined.join(
            known.rename({"address": side, "is_own": f"own_{side}"}),
            on=["interface", side],
            how="left",
            maintain_order="left",
        )
    from_own, to_own = (pl.col(f"own_{side}").fill_null(value=False) for side in ("srcaddr", "dstaddr"))
    by_inventory = _way(from_own & ~to_own, to_own & ~from_own)
    by_records = _way(pl.col("srcaddr") == pl.col("own"), pl.col("dstaddr") == pl.col("own"))
    logged = pl.when(pl.col("direction").is_in([INGRESS, EGRESS])).then(pl.col("direction"))
    return joined.with_columns(
        way=pl.coalesce(logged, by_inventory, by_records),
        way_by=pl.when(logged.is_not_null())
        .then(pl.lit(BY_FIELD))
        .when(by_inventory.is_not_null())
        .then(pl.lit(BY_INVENTORY))
        .when(by_records.is_not_null())
        .then(pl.col("own_by")),
    ).drop("own", "own_by", "own_srcaddr", "own_dstaddr")


def _owns(interface: Interface | None, text: str) -> bool:
    """Whether an address is an interface's own, where how it is spelled does not tell."""
    if interface is None or (":" not in text and not interface.prefixes):
        return False
    address = ip_of(text)
    return address is not None and interface.owns(address)


def _way(out: pl.Expr, into: pl.Expr) -> pl.Expr:
    return pl.when(out & ~into).then(pl.lit(EGRESS)).when(into & ~out).then(pl.lit(INGRESS))
