"""Which way a record went at its interface, and by what that is known.

In order: what the record says (``flow-direction``); which of its two addresses is the interface's own, by the
inventory, or is that of another interface of the same instance; by which address all records of the interface
have in common; by which of them is not public. The addresses are ``srcaddr`` and ``dstaddr``: AWS writes the
interface's own address on its side, whatever the packet carried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import ip_of

if TYPE_CHECKING:
    from diagnose.lookup import Lookup
    from diagnose.model import Interface

INGRESS, EGRESS = "ingress", "egress"
_SIDES = ("srcaddr", "dstaddr")
BY_FIELD = "flow-direction says so"
BY_INVENTORY = "the inventory says whose address is whose"
BY_INSTANCE = "the inventory says which address is that of another interface of the same instance"
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
    known = _known(flows, lookup)
    joined = flows.join(own, on="interface", how="left", maintain_order="left")
    for side in _SIDES:
        joined = joined.join(
            known.rename({"address": side, "is_own": f"own_{side}"}),
            on=["interface", side],
            how="left",
            maintain_order="left",
        )
    by_inventory = _way(*(pl.col(f"own_{side}").fill_null(value=False) for side in _SIDES))
    by_instance = _way(*(pl.col(f"own_{side}").is_not_null() for side in _SIDES))
    inside = _inside(joined, lookup)
    by_private = _way(*(pl.col(side).is_in(inside) for side in _SIDES))
    by_records = _way(*(pl.col(side) == pl.col("own") for side in _SIDES))
    strays = pl.when(_is_stray(lookup)).then(by_private)
    logged = pl.when(pl.col("direction").is_in([INGRESS, EGRESS])).then(pl.col("direction"))
    ways = {BY_FIELD: logged, BY_INVENTORY: by_inventory, BY_INSTANCE: by_instance, BY_PRIVATE: strays}
    why = [pl.when(way.is_not_null()).then(pl.lit(name)) for name, way in ways.items()]
    return joined.with_columns(
        way=pl.coalesce(*ways.values(), by_records),
        way_by=pl.coalesce(*why, pl.when(by_records.is_not_null()).then(pl.col("own_by"))),
    ).drop("own", "own_by", *(f"own_{side}" for side in _SIDES))


def _known(flows: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """The addresses in flows that are those of their interface, or (``is_own``: no) of its instance."""
    mine = flows.filter(pl.col("interface").is_in(list(lookup.inventory.interfaces)))
    ends = pl.concat([mine.select("interface", address=side) for side in _SIDES])
    names = mine["interface"].unique().to_list()
    kin = _of_instances(names, lookup)
    spelled = {name: {str(one) for one in lookup.inventory.interfaces[name].addresses} for name in names}
    rows = [
        (name, address, is_own)
        for name, address in ends.unique().drop_nulls().iter_rows()
        if (is_own := address in spelled[name] or _owns(lookup.interface(name), address))
        or address in kin.get(name, ())
    ]
    schema = {"interface": pl.String, "address": pl.String, "is_own": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _is_stray(lookup: Lookup) -> pl.Expr:
    """Whether neither address is the interface's, which is none that passes on what others send."""
    ordinary = [one.id for one in lookup.inventory.interfaces.values() if one.kind == "interface"]
    neither = pl.all_horizontal(pl.col(f"own_{side}").is_null() for side in _SIDES)
    return pl.col("interface").is_in(ordinary) & neither


def _inside(joined: pl.DataFrame, lookup: Lookup) -> list[str]:
    """The addresses in records of neither address that are not public."""
    strays = joined.filter(_is_stray(lookup) & pl.col("direction").is_null())
    texts = pl.concat([strays[side] for side in _SIDES]).drop_nulls().unique()
    return [text for text in texts if (ip := ip_of(text)) is not None and not lookup.is_public(ip)]


def _of_instances(names: list[str], lookup: Lookup) -> dict[str, set[str]]:
    """The addresses of each instance, by those of its interfaces that are named."""
    found: dict[str, set[str]] = {}
    for one in lookup.inventory.interfaces.values():
        if one.instance is not None:
            found.setdefault(one.instance, set()).update(map(str, one.addresses))
    known = lookup.inventory.interfaces
    return {name: found[at] for name in names if (at := known[name].instance) is not None}


def _owns(interface: Interface | None, text: str) -> bool:
    """Whether an address is an interface's own, where how it is spelled does not tell."""
    if interface is None or (":" not in text and not interface.prefixes):
        return False
    address = ip_of(text)
    return address is not None and interface.owns(address)


def _way(out: pl.Expr, into: pl.Expr) -> pl.Expr:
    return pl.when(out & ~into).then(pl.lit(EGRESS)).when(into & ~out).then(pl.lit(INGRESS))
