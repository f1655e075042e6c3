"""From facts to codes, for many records at once: what rules and cases do not tell apart is judged once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose import network_acls, routes, security_groups
from diagnose.blocks import ip_of
from diagnose.classes import Classes
from diagnose.decide import Case, decide
from diagnose.initiator import has_syn
from diagnose.model import TCP
from diagnose.packet import packet_of
from diagnose.records import RST, SYN_ACK
from diagnose.tri import Tri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from diagnose.lookup import Lookup

_KIND = ["interface", "way", "protocol", "_from", "_to", "_port"]


def judged(found: pl.DataFrame, lookup: Lookup) -> pl.DataFrame:
    """Add to facts what rules say.

    Args:
        found: As ``facts.facts`` returns it.
        lookup: The inventory.

    Returns:
        The same with ``groups``, ``acl`` and ``routed`` (String: values of ``Tri``), ``blackhole`` (Boolean),
        and ``rule`` (String: the deciding rule of the ACL with the ACL's id, null where none decides) and
        ``members`` (String: the ids of the interface's security groups, null where they are not known).
    """
    classes = Classes(lookup.inventory)
    keyed = found.with_columns(
        classes.of_addresses(found["srcaddr"]).alias("_from"),
        classes.of_addresses(found["dstaddr"]).alias("_to"),
        classes.of_ports(found["dstport"]).alias("_port"),
    )
    kinds = keyed.unique(_KIND, keep="first", maintain_order=True)
    rows = [_say(row, lookup) for row in kinds.iter_rows(named=True)]
    schema = {
        "groups": pl.String,
        "acl": pl.String,
        "routed": pl.String,
        "blackhole": pl.Boolean,
        "rule": pl.String,
        "members": pl.String,
    }
    says = pl.DataFrame(rows, schema=schema, orient="row")
    table = kinds.select(_KIND).hstack(says)
    joined = keyed.join(table, on=_KIND, how="left", nulls_equal=True, maintain_order="left")
    return joined.drop("_from", "_to", "_port")


def _say(row: Mapping[str, Any], lookup: Lookup) -> tuple[str, str, str, bool, str | None, str | None]:
    packet, interface = packet_of(row), lookup.interface(row["interface"])
    members = " ".join(interface.groups or ()) if interface else None
    if packet is None:
        unknown = Tri.UNKNOWN.value
        return unknown, unknown, unknown, False, None, members
    groups = security_groups.judge(lookup, interface, packet)
    acl = network_acls.judge(lookup, interface, packet)
    way = routes.route(lookup, interface, packet.destination) if packet.egress else None
    rule = f"{acl.acl.id} rule {acl.rule}" if acl.acl is not None else None
    routed = way.found if way is not None else Tri.UNKNOWN
    return (
        groups.allowed.value,
        acl.allowed.value,
        routed.value,
        way is not None and way.is_blackhole,
        rule,
        members or None,
    )


def coded(
    found: pl.DataFrame,
    lookup: Lookup,
    instances: Mapping[str, str],
    far: Mapping[tuple[int, int], str] | None = None,
) -> pl.DataFrame:
    """Add ``code`` (String) and ``noise`` (Boolean) to facts with what rules say.

    Args:
        found: As ``judged`` returns it.
        lookup: The inventory.
        instances: The instance of each interface, as far as it is known.
        far: By file and line of a record, the code of what the far interface saw of it.
    """
    cases = _cases(found, instances, far)
    distinct = cases.unique(maintain_order=True)
    codes = pl.Series("code", [decide(_case(row)) for row in distinct.iter_rows(named=True)], dtype=pl.String)
    table = distinct.with_columns(codes)
    code = cases.join(table, on=cases.columns, how="left", nulls_equal=True, maintain_order="left")["code"]
    texts = found.select(
        pl.when(pl.col("way") == "egress").then("dstaddr").otherwise("srcaddr").alias("peer")
    )
    public = {
        text for text in texts["peer"].unique() if (ip := ip_of(text)) is not None and lookup.is_public(ip)
    }
    noise = ~pl.col("accepted") & (pl.col("refused_at") >= _NOISE) & texts["peer"].is_in(list(public))
    return found.with_columns(code).with_columns(noise=noise | (pl.col("code") == "R-BACKSCATTER"))


def _cases(
    found: pl.DataFrame, instances: Mapping[str, str], far: Mapping[tuple[int, int], str] | None
) -> pl.DataFrame:
    """What decides about each record: a column for each field of ``Case``."""
    flags = pl.col("flags").fill_null(0)
    tcp = (pl.col("protocol") == TCP).fill_null(value=False)
    asked = pl.col("source_began")
    answer_flags = pl.when(asked).then("other_flags").otherwise("same_flags").fill_null(0)
    answer_packets = pl.when(asked).then("other_packets").otherwise("same_packets").fill_null(0)
    ask_syn = pl.when(asked).then("same_syn").otherwise("other_syn")
    columns = {
        "accepted": pl.col("accepted"),
        "leaves": pl.col("way") == "egress",
        "reason": pl.col("reason"),
        "answers": tcp & (flags & SYN_ACK > 0),
        "asks": tcp & has_syn(flags),
        "is_reply": ~asked,
        "other_accepted": pl.col("other_accepted") > 0,
        "other_rejected": pl.col("other_rejected") > 0,
        "same_accepted": pl.col("same_accepted") > 0,
        "accepted_before": (pl.col("same_first_accepted") <= pl.col("start")).fill_null(value=False),
        "asked_elsewhere": _elsewhere("other_syn_at"),
        # A reset in the middle of a long connection is no refusal: who asks was seen, or hardly anything was.
        "reset": tcp
        & (answer_flags & RST > 0)
        & (answer_flags & SYN_ACK == 0)
        & (ask_syn | (answer_packets <= _FEW)),
        "icmp_back": pl.col("icmp_back"),
        "reply_elsewhere": _elsewhere("other_at"),
        "groups": pl.col("groups"),
        "acl": pl.col("acl"),
        "routed": pl.col("routed"),
        "blackhole": pl.col("blackhole"),
    }
    cases = found.select(**columns)
    if cases["reply_elsewhere"].any():
        cases = cases.with_columns(_same_instance(found, instances).alias("reply_elsewhere"))
    places = [far.get(place) for place in found.select("_file", "_line").iter_rows()] if far else None
    return cases.with_columns(far=pl.Series(places, dtype=pl.String) if places else pl.lit(None, pl.String))


_FEW = 3
"""Packets."""
_NOISE = 3
"""Whoever comes from the internet and was refused at so many addresses and ports is noise."""


def _elsewhere(column: str) -> pl.Expr:
    """Whether a list of interfaces has one that is not the record's own."""
    others = pl.col(column).list.len() - pl.col(column).list.contains(pl.col("interface"))
    return (others > 0).fill_null(value=False)


def _same_instance(found: pl.DataFrame, instances: Mapping[str, str]) -> pl.Series:
    """Whether the other direction was seen at another interface of the same instance."""

    def any_like(here: str, places: Iterable[str] | None) -> bool:
        mine = instances.get(here)
        others = [place for place in places or () if place != here]
        return mine is not None and any(instances.get(place) == mine for place in others)

    rows = found.select("interface", "other_at").iter_rows()
    return pl.Series([any_like(*row) for row in rows], dtype=pl.Boolean)


def _case(row: dict[str, Any]) -> Case:
    return Case(**(row | {name: Tri(row[name]) for name in ("groups", "acl", "routed")}))
