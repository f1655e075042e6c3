"""Conversations: the records of both directions between two endpoints, joined; who began, what became of it.

One interface sees a conversation as two directions over many aggregation windows. Records belong together
while the time between them is no longer than the idle limit; a SYN after a FIN or RST begins another one, for
ports are used again.
"""

from __future__ import annotations

import polars as pl

from diagnose.initiator import has_syn, with_initiator
from diagnose.model import ICMP, ICMP6, TCP, UDP
from diagnose.records import FIN, RST, SYN_ACK
from loaders.schema import FILE, LINE

CONVERSATION: dict[str, pl.DataType] = {
    "interface": pl.String(),
    "initiator": pl.String(),
    "iport": pl.Int32(),
    "responder": pl.String(),
    "rport": pl.Int32(),
    "protocol": pl.Int32(),
    "state": pl.String(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "records": pl.UInt32(),
    "packets_out": pl.Int64(),
    "bytes_out": pl.Int64(),
    "packets_back": pl.Int64(),
    "bytes_back": pl.Int64(),
    "accepted": pl.UInt32(),
    "rejected": pl.UInt32(),
    "way": pl.String(),
    "began_by": pl.String(),
    "service": pl.String(),
    "asked": pl.Boolean(),
    "unmeasured": pl.Boolean(),
    "rewritten": pl.Boolean(),
    "next_hop": pl.String(),
    FILE: pl.UInt32(),
    LINE: pl.UInt32(),
}
"""The columns of a frame of conversations: ``out`` is what the initiator sent, ``back`` what it was sent;
times are epoch seconds; ``way`` is which way the initiator's packets went at the interface (``ingress``,
``egress`` or null); ``asked`` says whether a SYN of the initiator is among the records (null where flags are
not logged), ``unmeasured`` whether VPC Block Public Access refused any of it: its bytes are not known then;
``rewritten`` says whether the interface showed other addresses than the packets carry (a hop, or a secondary
address), ``next_hop`` which interface it had the initiator's packets from (``way`` is ``ingress``) or gave
them to (``egress``), null where that is not logged; ``_file`` and ``_line`` are those of the record to
explain: a rejected one if any is, else one of the initiator's if it has any."""

STATES = {
    "established": "a connection was made, or both sides spoke",
    "refused": "the other side answered with a reset",
    "half-open": "asked, and never answered",
    "rejected-request": "the request was rejected",
    "rejected-reply": "the reply was rejected",
    "mid-stream": "a TCP connection whose beginning is not among the records",
}
"""What can become of a conversation, in the order in which it is told."""

IDLE = {TCP: 3600, UDP: 180, ICMP: 60, ICMP6: 60}
"""Seconds without a record after which another conversation begins; connection tracking itself keeps idle TCP
for up to five days, which nobody would call one conversation."""
_OTHER_IDLE = 180
_LONGEST_WINDOW = 600
_SPOKE = 2

_ORDER = ["first", "interface", "initiator", "iport", FILE, LINE]
_KEY = ["interface", "_low", "_low_port", "_high", "_high_port", "protocol"]


def conversations(flows: pl.DataFrame, listening: pl.DataFrame) -> pl.DataFrame:
    """Join records into conversations.

    Args:
        flows: Flows with directions (``direction.with_direction``).
        listening: Who listens (``initiator.listeners``).

    Returns:
        One row each, the newest first (columns: ``CONVERSATION``).
    """
    if not flows.height:
        return pl.DataFrame(schema=CONVERSATION)
    sides = _sides(_numbered(_without_copies(flows)))
    whole = _joined(sides, listening)
    whole = whole.with_columns(state=_state(), records=pl.col("accepted") + pl.col("rejected"))
    return newest_first(whole.select(list(CONVERSATION)))


def newest_first(talks: pl.DataFrame) -> pl.DataFrame:
    """Conversations in the order in which they are told."""
    return talks.sort(*_ORDER, descending=[True, *[False] * (len(_ORDER) - 1)], nulls_last=True)


def _without_copies(flows: pl.DataFrame) -> pl.DataFrame:
    """Overlapping flow logs deliver the same record more than once; it counts once."""
    what = [name for name in flows.columns if name not in {FILE, LINE, "has_reason"}]
    # Few do; numbers that are cheap to make tell which can be copies at all.
    keys = flows.select(
        pl.sum_horizontal(pl.col(name).hash() // len(_TELLING) for name in _TELLING)
    ).to_series()
    if not keys.is_duplicated().any():
        return flows
    return flows.unique(what, keep="first", maintain_order=True)


_TELLING = ("interface", "source", "srcport", "target", "dstport", "start", "packets", "bytes")


def _numbered(flows: pl.DataFrame) -> pl.DataFrame:
    """Add the number of its conversation to each record, and which of the two directions it is."""
    source, target = pl.col("source"), pl.col("target")
    sport, dport = pl.col("srcport").fill_null(0), pl.col("dstport").fill_null(0)
    side = (source > target) | ((source == target) & (sport > dport))
    keyed = flows.with_columns(
        _side=side,
        _low=pl.when(side).then(target).otherwise(source),
        _high=pl.when(side).then(source).otherwise(target),
        _low_port=pl.when(side).then(dport).otherwise(sport),
        _high_port=pl.when(side).then(sport).otherwise(dport),
    ).sort(*_KEY, "start", "end", nulls_last=True, maintain_order=True)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _KEY)
    idle = pl.col("protocol").replace_strict(IDLE, default=_OTHER_IDLE, return_dtype=pl.Int64)
    gap = (pl.col("start") - pl.col("end").shift(1)) > pl.max_horizontal(idle, pl.lit(_LONGEST_WINDOW))
    # Within one window flags are added up: only a SYN of a later one can be another connection's.
    closes = (pl.col("flags").fill_null(0) & (FIN | RST)) > 0
    asks = has_syn(pl.col("flags").fill_null(0))
    return (
        keyed.with_columns(_run=(~same).fill_null(value=True).cum_sum())
        .with_columns(
            _closed=pl.when(closes).then("start").forward_fill().shift(1),
            _closed_run=pl.when(closes).then("_run").forward_fill().shift(1),
        )
        .with_columns(
            # Nothing that has not ended is begun again, however often it is asked for.
            _anew=(asks & (pl.col("_closed_run") == pl.col("_run")) & (pl.col("start") > pl.col("_closed")))
        )
        .with_columns(
            _part=(~same | gap.fill_null(value=False) | pl.col("_anew").fill_null(value=False))
            .fill_null(value=True)
            .cum_sum()
        )
    )


def _sides(flows: pl.DataFrame) -> pl.DataFrame:
    """One row for each conversation, with what each of its two directions has (``a_`` and ``b_``)."""
    ok = pl.col("accepted")
    found = (
        flows.lazy()
        .with_columns(
            _asks=has_syn(pl.col("flags")), _rejected=~ok, _place=_place(), _rewritten=_is_rewritten()
        )
        .group_by("_part", "_side")
        .agg(
            ok.sum().cast(pl.UInt32).alias("accepted"),
            pl.col("_rejected").sum().cast(pl.UInt32).alias("rejected"),
            pl.col("packets", "bytes").sum(),
            pl.col("flags").bitwise_or(),
            pl.col("_asks").any().alias("syn"),
            pl.col("start").min().alias("first"),
            pl.col("end").max().alias("last"),
            pl.col("way").max(),
            pl.col("service").max(),
            pl.col("_place").min().alias("place"),
            (pl.col("reason") == "BPA").any().alias("unmeasured"),
            pl.col("_rewritten").any().alias("rewritten"),
            pl.col("next_hop").max(),
        )
        .collect()
    )
    a, b = (
        found.filter(pl.col("_side") == side)
        .drop("_side")
        .rename({name: f"{prefix}_{name}" for name in found.columns if name not in {"_part", "_side"}})
        for side, prefix in ((False, "a"), (True, "b"))
    )
    joined = flows.unique("_part", keep="any").select("_part", *_KEY)
    for side in (a, b):
        joined = joined.join(side, on="_part", how="left")
    numbers = [f"{side}_{name}" for side in "ab" for name in ("accepted", "rejected", "packets", "bytes")]
    return joined.with_columns(
        pl.col(numbers).fill_null(0),
        first=pl.min_horizontal("a_first", "b_first"),
        last=pl.max_horizontal("a_last", "b_last"),
        service=pl.coalesce("a_service", "b_service"),
        next_hop=pl.coalesce("a_next_hop", "b_next_hop"),
        **{
            name: pl.any_horizontal(pl.col(f"{side}_{name}").fill_null(value=False) for side in "ab")
            for name in ("unmeasured", "rewritten")
        },
    )


def _is_rewritten() -> pl.Expr:
    return pl.col("srcaddr").ne_missing(pl.col("source")) | pl.col("dstaddr").ne_missing(pl.col("target"))


_FILE, _ACCEPTED = 2**32, 2**63


def _place() -> pl.Expr:
    """File and line in one number: the least is the first of those rejected, else the first of all."""
    accepted = pl.when("accepted").then(pl.lit(_ACCEPTED, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
    return accepted + pl.col(FILE).cast(pl.UInt64) * _FILE + pl.col(LINE).cast(pl.UInt64)


def _joined(sides: pl.DataFrame, listening: pl.DataFrame) -> pl.DataFrame:
    """Turn both directions into what the initiator sent and what it was sent."""
    seen = sides.with_columns(
        source="_low",
        srcport=pl.col("_low_port").cast(pl.Int32),
        target="_high",
        dstport=pl.col("_high_port").cast(pl.Int32),
        same_flags="a_flags",
        other_flags="b_flags",
        same_syn=pl.col("a_syn").fill_null(value=False),
        other_syn=pl.col("b_syn").fill_null(value=False),
        same_first="a_first",
        other_first="b_first",
    )
    # A direction without any record started nothing.
    seen = with_initiator(seen, listening).with_columns(
        source_began=pl.when(pl.col("a_first").is_null() & pl.col("source_began") & ~_answers("b_flags"))
        .then(pl.lit(value=False))
        .otherwise("source_began")
    )
    began = pl.col("source_began")

    def pick(out: str, back: str) -> pl.Expr:
        return pl.when(began).then(out).otherwise(back)

    opposite = {"ingress": "egress", "egress": "ingress"}
    way_out, way_back = pick("a_way", "b_way"), pick("b_way", "a_way")
    # What was rejected explains most; where nothing was, what was asked says more than what was answered.
    first = pl.min_horizontal("a_place", "b_place")
    asking = pl.coalesce(pick("a_place", "b_place"), pick("b_place", "a_place"))
    place = pl.when(first < _ACCEPTED).then(first).otherwise(asking) % _ACCEPTED
    return seen.with_columns(
        initiator=pick("source", "target"),
        iport=pick("srcport", "dstport"),
        responder=pick("target", "source"),
        rport=pick("dstport", "srcport"),
        packets_out=pick("a_packets", "b_packets"),
        bytes_out=pick("a_bytes", "b_bytes"),
        packets_back=pick("b_packets", "a_packets"),
        bytes_back=pick("b_bytes", "a_bytes"),
        out_flags=pick("a_flags", "b_flags").fill_null(0),
        back_flags=pick("b_flags", "a_flags").fill_null(0),
        out_accepted=pick("a_accepted", "b_accepted"),
        out_rejected=pick("a_rejected", "b_rejected"),
        back_accepted=pick("b_accepted", "a_accepted"),
        back_rejected=pick("b_rejected", "a_rejected"),
        flagged=pl.coalesce("a_flags", "b_flags").is_not_null(),
        asked=pl.when(pl.coalesce("a_flags", "b_flags").is_not_null()).then(
            pick("a_syn", "b_syn").fill_null(value=False)
        ),
        accepted=pl.col("a_accepted") + pl.col("b_accepted"),
        rejected=pl.col("a_rejected") + pl.col("b_rejected"),
        way=pl.coalesce(way_out, way_back.replace(opposite)),
        **{FILE: (place // _FILE).cast(pl.UInt32), LINE: (place % _FILE).cast(pl.UInt32)},
    )


def _answers(column: str) -> pl.Expr:
    return (pl.col(column).fill_null(0) & SYN_ACK) > 0


def _state() -> pl.Expr:
    tcp = pl.col("protocol") == TCP
    synack, reset = _answers("back_flags"), (pl.col("back_flags") & RST) > 0
    asked = (pl.col("out_flags") & 2) > 0
    both = (pl.col("out_accepted") > 0) & (pl.col("back_accepted") > 0)
    spoke = (pl.col("packets_out") > _SPOKE) & (pl.col("packets_back") > _SPOKE)
    return (
        pl.when((pl.col("out_rejected") > 0) & (pl.col("out_accepted") == 0))
        .then(pl.lit("rejected-request"))
        .when((pl.col("back_rejected") > 0) & (pl.col("back_accepted") == 0))
        .then(pl.lit("rejected-reply"))
        .when(tcp & both & reset & ~synack & (asked | ~spoke))
        .then(pl.lit("refused"))
        .when(tcp & both & pl.col("flagged") & ~asked & ~synack)
        .then(pl.lit("mid-stream"))
        .when(both)
        .then(pl.lit("established"))
        .otherwise(pl.lit("half-open"))
    )
