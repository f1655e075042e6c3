"""The two legs of a conversation at a NAT gateway: the one on the client's side, and the one beyond.

Without ``pkt-dstaddr`` the gateway's interface shows its own address in place of the remote one on the
client's side; beyond, it always has its own address and a port of its own in place of the client's. No field
joins these to what the client's interface saw: they are found by what is left of the ends, and by time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose import direction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.lookup import Lookup
    from diagnose.model import Interface

SLACK = 60
"""Seconds by which times of two interfaces may differ: ``start`` may be so late after the packet."""

# Times in seconds and packets make up one number; what is later than any calendar is no time.
_PACKETS = 2**20
_LAST = 2**36
_CLIENT_SIDE = ["initiator", "iport", "rport", "protocol"]
_BEYOND = ["_gateway", "responder", "rport", "protocol"]
_REJECTED = ["rejected-request", "rejected-reply"]
_ANSWERED = ["established", "refused", "mid-stream"]


def gateways(lookup: Lookup) -> list[Interface]:
    """The interfaces of NAT gateways."""
    return [one for one in lookup.inventory.interfaces.values() if one.is_nat_gateway]


def nat_legs(rows: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Give legs at NAT gateways the number of the conversation that they are of.

    Several conversations may fit a leg, and several legs a conversation: a leg belongs to the one next to it
    in time and, at the same second, in packets, if it is also the next of that one. A leg beyond is only
    looked for where the gateway is known to have passed the conversation. What finds none stays alone.

    Args:
        rows: Conversations as each interface saw them, with ``_row`` and ``_view`` (UInt32).
        lookup: Tells what is a NAT gateway.

    Returns:
        The same rows with ``_view`` changed for legs, and ``_leg`` and ``_unsure`` (Boolean): whether they
        are one, and whether that is but probable: ``next-hop-interface-id`` makes the client's side certain.
    """
    known = gateways(lookup)
    no = pl.lit(value=False)
    at_gateway = pl.col("interface").is_in([one.id for one in known])
    if not known or not rows.select(at_gateway.any()).item():
        return rows.with_columns(_leg=no, _unsure=no)
    there = _timed(rows.filter(at_gateway))
    clients = _timed(rows.filter(~at_gateway & (pl.col("way") == direction.EGRESS)))
    own = _addresses(known)
    inner = there.filter(pl.col("way") == direction.INGRESS).join(
        own.rename({"address": "responder"}), on=["interface", "responder"], how="semi"
    )
    near = _pairs(clients, inner, _CLIENT_SIDE)
    # Who passes a gateway is known by its client's side, or by the packets' own ends where they are logged.
    passes = pl.concat([some.select("_view", _gateway="interface") for some in (near, there)]).unique()
    passed = clients.join(passes, on="_view")
    outer = (
        there.filter(pl.col("way") == direction.EGRESS)
        .join(own.rename({"address": "initiator"}), on=["interface", "initiator"], how="semi")
        .with_columns(_gateway="interface")
    )
    far = _pairs(passed, outer, _BEYOND).with_columns(_unsure=pl.lit(value=True))
    legs = pl.concat([near.select("_row", "_view", "_unsure"), far.select("_row", "_view", "_unsure")])
    legs = legs.rename({"_view": "_of"}).with_columns(_leg=pl.lit(value=True))
    found = rows.join(legs, on="_row", how="left", maintain_order="left")
    return found.with_columns(
        pl.coalesce("_of", "_view").alias("_view"),
        pl.col("_leg", "_unsure").fill_null(value=False),
    ).drop("_of")


def _addresses(known: Iterable[Interface]) -> pl.DataFrame:
    pairs = [(one.id, str(address)) for one in known for address in one.addresses]
    return pl.DataFrame(pairs, schema={"interface": pl.String, "address": pl.String}, orient="row")


def _timed(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``_at``: a number that is the nearer, the nearer two are in time, and then in packets."""
    packets = pl.col("packets_out").clip(0, _PACKETS - 1)
    sane = rows.filter(pl.col("first").is_between(0, _LAST))
    return sane.with_columns(_at=pl.col("first") * _PACKETS + packets)


def _pairs(clients: pl.DataFrame, legs: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Legs (``_row``, ``interface``, ``_unsure``) with the ``_view`` of the conversation they are of."""
    names = ["_at", *keys]
    # Nearest ones are looked for along one order.
    of = clients.sort("_at", "_row").select(
        *names, _of="_row", view="_view", since="first", until="last", became="state", hop="next_hop"
    )
    mine = legs.sort("_at", "_row").select(*names, "_row", "interface", "first", "last", "state")
    met = mine.join_asof(of, on="_at", by=keys, strategy="nearest", check_sortedness=False)
    back = of.select(*names, "_of").join_asof(
        mine.select(*names, best="_row"), on="_at", by=keys, strategy="nearest", check_sortedness=False
    )
    met = met.join(back.select("_of", "best"), on="_of").filter(pl.col("best") == pl.col("_row"))
    at_once = (pl.col("first") <= pl.col("until") + SLACK) & (pl.col("since") <= pl.col("last") + SLACK)
    answered = pl.col("state").is_in(_ANSWERED)
    # What was answered was not refused on its way; what was not may have been refused where the client is.
    fits = (
        pl.when(pl.col("became").is_in(_ANSWERED))
        .then(answered)
        .otherwise(~answered | pl.col("became").is_in(_REJECTED))
    )
    exact = pl.col("hop").eq_missing(pl.col("interface"))
    return met.filter(at_once & fits).select("_row", "interface", _view="view", _unsure=~exact)
