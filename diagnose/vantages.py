"""One conversation that several interfaces saw, as one: the interfaces in the order in which it passes them.

Interfaces that saw the same endpoints at the same time saw the same packets. A NAT gateway shows a
conversation under other addresses: ``nat_legs`` finds those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose import direction
from diagnose.blocks import ip_of
from diagnose.conversations import CONVERSATION, newest_first
from diagnose.initiator import SURE
from diagnose.nat_legs import SLACK, nat_legs
from loaders.schema import FILE, LINE

if TYPE_CHECKING:
    from diagnose.lookup import Lookup

_LEG_ENDS = ["initiator", "iport", "responder", "rport"]
LEG = pl.Struct({name: CONVERSATION[name] for name in _LEG_ENDS})
VANTAGES: dict[str, pl.DataType] = {
    **CONVERSATION,
    "passes": pl.List(pl.String()),
    "stopped": pl.String(),
    "probable": pl.Boolean(),
    "legs": pl.List(LEG),
}
"""The columns of a frame of merged conversations: those of ``CONVERSATION``, and ``passes``: the interfaces
that saw it, from the initiator's to the responder's; ``stopped``: the one of them that rejected the request
or the reply, null where none did; ``probable``: whether one of them is a NAT gateway's that is known by times
and ports alone; ``legs``: the other ends that it has at NAT gateways.

``interface``, ``_file``, ``_line`` and ``way`` are those of the record to explain: of the rejected one if any
is, else of what the interface nearest to the initiator saw. ``packets_*`` and ``bytes_*`` are what that one
counted, for the others saw the same packets; ``records``, ``accepted`` and ``rejected`` count the records of
all of them.
"""

_ENDS = ["_low", "_low_port", "_high", "_high_port", "protocol"]
_WORST = {"rejected-request": 0, "rejected-reply": 1}
_BEST = {
    **_WORST,
    "refused": 2,
    "established": 3,
    "mid-stream": 4,
    "half-open": 5,
}
"""A rejection anywhere is what became of it; else the interface that saw both directions knows best."""
_OPPOSITE = {
    "rejected-request": "rejected-reply",
    "rejected-reply": "rejected-request",
    "ingress": "egress",
    "egress": "ingress",
}
_CLIENT, _INTO_HOP, _HOP, _OUT_OF_HOP, _SERVER = 0, 10, 15, 20, 30
_ROUNDS = 4
"""So many hops in a row are put in order by ``next-hop-interface-id``."""


def merged(talks: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Merge what several interfaces saw of one conversation.

    Args:
        talks: Conversations as each interface saw them (``conversations.CONVERSATION``).
        lookup: Tells whose addresses are whose, and what is a NAT gateway.

    Returns:
        One row each, the newest first (columns: ``VANTAGES``); each row of ``talks`` is part of exactly one.
    """
    rows = talks.select(list(CONVERSATION)).with_row_index("_row")
    views = nat_legs(_viewed(rows), lookup)
    several = views["_view"].is_duplicated()
    if not several.any():
        return newest_first(_alone(views))
    whole = _merged(views.filter(several), lookup)
    return newest_first(pl.concat([_alone(views.filter(~several)), whole]))


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """What one interface alone saw."""
    return rows.with_columns(
        passes=pl.concat_list("interface").list.drop_nulls(),
        stopped=pl.when(pl.col("state").is_in(list(_WORST))).then("interface"),
        probable=pl.lit(value=False),
        legs=pl.lit([], dtype=pl.List(LEG)),
    ).select(list(VANTAGES))


# -- the same ends at the same time --------------------------------------------------------------------------


def _viewed(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``_view``: the same number for what is of one conversation."""
    # Most are seen once; the hashes of both ends tell that at a tenth of what grouping by text takes.
    ends = [
        pl.col(name).hash(seed) // 16
        for seed, names in enumerate((("initiator", "responder"), ("iport", "rport"), ("protocol",)))
        for name in names
    ]
    doubtful = rows.select(pl.sum_horizontal(ends)).to_series().is_duplicated()
    if not doubtful.any():
        return rows.with_columns(_view="_row")
    found = _overlapping(rows.filter(doubtful))
    return pl.concat([rows.filter(~doubtful).with_columns(_view="_row"), found])


def _overlapping(rows: pl.DataFrame) -> pl.DataFrame:
    """The same for conversations whose ends may be those of another one."""
    one, other = pl.col("initiator"), pl.col("responder")
    turned = (one > other) | ((one == other) & (pl.col("iport") > pl.col("rport")))
    keyed = rows.with_columns(
        _low=pl.when(turned).then(other).otherwise(one),
        _high=pl.when(turned).then(one).otherwise(other),
        _low_port=pl.when(turned).then("rport").otherwise("iport"),
        _high_port=pl.when(turned).then("iport").otherwise("rport"),
        _since=pl.col("first").fill_null(0),
        _until=pl.col("last").fill_null(pl.col("first")).fill_null(0),
    ).sort(*_ENDS, "_since", "interface", "_row", nulls_last=True)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _ENDS)
    keyed = keyed.with_columns(_same=same.fill_null(value=False)).with_columns(
        _key=(~pl.col("_same")).cum_sum()
    )
    apart = pl.col("_since") > pl.col("_until").cum_max().shift(1).over("_key") + SLACK
    keyed = keyed.with_columns(_run=(~pl.col("_same") | apart.fill_null(value=False)).cum_sum())
    keyed = keyed.with_columns(_often=pl.len().over("_run", "interface"))
    keyed = keyed.with_columns(_most=pl.col("_often").max().over("_run"))
    plain = keyed.filter(pl.col("_most") == 1).with_columns(_view=pl.col("_row").min().over("_run"))
    crowded = keyed.filter(pl.col("_most") > 1)
    columns = [*rows.columns, "_view"]
    return pl.concat([plain.select(columns), _apart(crowded).select(columns)])


def _apart(rows: pl.DataFrame) -> pl.DataFrame:
    """Where ports were used again within a run: each belongs to the nearest of what most often saw them."""
    most = pl.col("interface").filter(pl.col("_often") == pl.col("_most")).min().over("_run")
    rows = rows.with_columns(_main=pl.col("interface").eq_missing(most)).sort("_since")
    anchors = rows.filter("_main").select("_run", "_since", _view="_row")
    others = rows.filter(~pl.col("_main")).join_asof(
        anchors, on="_since", by="_run", strategy="nearest", check_sortedness=False
    )
    return pl.concat([rows.filter("_main").with_columns(_view="_row"), others], how="diagonal")


# -- from several rows to one --------------------------------------------------------------------------------


def _merged(rows: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    rows = _one_way(rows)
    rows = _linked(rows.with_columns(_place=_place(rows, lookup)))
    rows = rows.sort("_view", "_place", "_leg", "first", "interface", "_row", nulls_last=True).with_columns(
        _worst=pl.col("state").replace_strict(_WORST, default=len(_WORST), return_dtype=pl.Int8),
        # Of a leg only a rejection counts: whose it is is not certain.
        _best=pl.when(~pl.col("_leg") | pl.col("state").is_in(list(_WORST)))
        .then(pl.col("state").replace_strict(_BEST, return_dtype=pl.Int8))
        .otherwise(len(_BEST)),
        _nearest=pl.col("interface").eq_missing(
            pl.col("interface").filter(~pl.col("_leg")).first().over("_view")
        )
        & ~pl.col("_leg"),
    )
    own, worst = ~pl.col("_leg"), pl.col("_worst").arg_min()
    found = rows.group_by("_view", maintain_order=True).agg(
        pl.col("initiator", "iport", "responder", "rport", "protocol").filter(own).first(),
        pl.col("state").get(pl.col("_best").arg_min()),
        pl.col("first").min(),
        pl.col("last").max(),
        pl.col("records", "accepted", "rejected").sum(),
        pl.col("packets_out", "bytes_out", "packets_back", "bytes_back").filter("_nearest").sum(),
        pl.col("interface", "way", FILE, LINE).get(worst),
        pl.col("began_by").filter(own).get(pl.col("_sure").filter(own).arg_max()),
        pl.col("service").max(),
        pl.col("asked", "unmeasured", "rewritten").any(ignore_nulls=True),
        pl.col("asked").is_null().all().alias("_unasked"),
        pl.col("next_hop").filter(own).drop_nulls().first(),
        pl.col("interface").drop_nulls().unique(maintain_order=True).alias("passes"),
        pl.when(pl.col("_worst").min() < len(_WORST)).then(pl.col("interface").get(worst)).alias("stopped"),
        pl.col("_unsure").any().alias("probable"),
        pl.struct(_LEG_ENDS).filter(~own).alias("legs"),
    )
    # Nobody knows whether it was asked for where no interface logs flags.
    asked = pl.when(~pl.col("_unasked")).then("asked")
    return found.with_columns(asked=asked).select(pl.col(name).cast(kind) for name, kind in VANTAGES.items())


def _one_way(rows: pl.DataFrame) -> pl.DataFrame:
    """Have all vantages say the same about who began: what the surest of them says."""
    rows = rows.with_columns(
        _sure=pl.col("began_by").replace_strict(SURE, default=0.0, return_dtype=pl.Float64),
    )
    surest = (
        rows.filter(~pl.col("_leg"))
        .sort("_sure", "_row", descending=[True, False])
        .unique("_view", keep="first")
        .select("_view", _who="initiator", _port="iport")
    )
    rows = rows.join(surest, on="_view", how="left", maintain_order="left")
    turned = ~pl.col("_leg") & ~(
        pl.col("initiator").eq_missing(pl.col("_who")) & pl.col("iport").eq_missing(pl.col("_port"))
    )
    pairs = {
        "initiator": "responder",
        "iport": "rport",
        "packets_out": "packets_back",
        "bytes_out": "bytes_back",
    }
    changed = {
        name: pl.when(turned).then(other).otherwise(name)
        for one, two in pairs.items()
        for name, other in ((one, two), (two, one))
    }
    for name in ("way", "state"):
        changed[name] = pl.when(turned).then(pl.col(name).replace(_OPPOSITE)).otherwise(name)
    return rows.with_columns(**changed).drop("_who", "_port")


def _place(rows: pl.DataFrame, lookup: Lookup) -> pl.Series:
    """How far from the initiator each interface is."""
    known = list(lookup.inventory.interfaces)
    owned = _owned(rows, lookup)
    from_own, to_own = (
        rows.select("interface", address=side)
        .join(owned, on=["interface", "address"], how="left", maintain_order="left")["own"]
        .fill_null(value=False)
        for side in ("initiator", "responder")
    )
    hop = pl.col("_leg") | pl.col("rewritten") | pl.col("interface").is_in(known)
    into, out = pl.col("way") == direction.INGRESS, pl.col("way") == direction.EGRESS
    through = pl.when(into).then(_INTO_HOP).when(out).then(_OUT_OF_HOP).otherwise(_HOP)
    place = (
        pl.when(~pl.col("_leg") & from_own)
        .then(_CLIENT)
        .when(~pl.col("_leg") & to_own)
        .then(_SERVER)
        .when(hop)
        .then(through)
        .when(out)
        .then(_CLIENT)
        .when(into)
        .then(_SERVER)
        .otherwise(_HOP)
    )
    return rows.select(place.cast(pl.Int32).alias("_place")).to_series()


def _owned(rows: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """``interface``, ``address`` (String) and ``own`` (true): which addresses of conversations are whose."""
    names = rows["interface"].drop_nulls().unique()
    ours = [one for name in names if (one := lookup.interface(name)) is not None]
    pairs = [(one.id, str(address)) for one in ours for address in one.addresses]
    schema = {"interface": pl.String, "address": pl.String}
    # Delegated blocks hold more addresses than can be listed: of those the ones that were seen.
    blocks = {one.id: one for one in ours if one.prefixes}
    seen = rows.filter(pl.col("interface").is_in(list(blocks)))
    ends = pl.concat([seen.select("interface", address=side) for side in ("initiator", "responder")])
    pairs += [
        (name, text)
        for name, text in ends.unique().drop_nulls().iter_rows()
        if (ip := ip_of(text)) is not None and blocks[name].owns(ip)
    ]
    found = pl.DataFrame(pairs, schema=schema, orient="row").unique()
    return found.with_columns(own=pl.lit(value=True))


def _linked(rows: pl.DataFrame) -> pl.DataFrame:
    """Put each interface behind the one that it got the packets from, where ``next_hop`` tells."""
    here, there = pl.col("interface"), pl.col("next_hop")
    out = pl.col("way") == direction.EGRESS
    links = (
        rows.filter(there.is_not_null() & pl.col("way").is_not_null() & (here != there))
        .select(
            "_view",
            tail=pl.when(out).then(here).otherwise(there),
            interface=pl.when(out).then(there).otherwise(here),
        )
        .unique()
    )
    if not links.height:
        return rows
    for _ in range(_ROUNDS):
        tails = rows.group_by("_view", tail="interface").agg(_before=pl.col("_place").max())
        behind = (
            links.join(tails, on=["_view", "tail"])
            .group_by("_view", "interface")
            .agg(_before=pl.col("_before").max())
        )
        rows = (
            rows.join(behind, on=["_view", "interface"], how="left", maintain_order="left")
            .with_columns(_place=pl.max_horizontal("_place", pl.col("_before") + 1))
            .drop("_before")
        )
    return rows
