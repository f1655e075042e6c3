"""Two of ours between which nobody had done administration before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from diagnose.detections.declaration import Detection, Threshold, register
from diagnose.detections.ports import port_text
from diagnose.detections.telling import Where, findings, summed
from diagnose.model import TCP
from diagnose.said import clock, plural, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value
    from diagnose.detections.telling import Row

_NAME = "new-admin-pairs"
_PORTS = (22, 135, 139, 445, 2375, 2376, 3389, 5985, 5986, 10250)
_DAY, _HOUR, _PERCENT = 86_400, 3600, 100


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    where = Where(context)
    length = _baseline(context, given)
    cut = None if length is None or context.span is None else context.span[0] + length
    known = context.talks.lazy().filter(
        pl.col("rport").is_in(_PORTS)
        & (pl.col("protocol") == TCP)
        & pl.col("from_inside")
        & pl.col("to_inside")
        & (pl.col("state") != "rejected-request")
        & pl.lit(cut is not None)
    )
    found = (
        known.group_by(source="initiator", target="responder", port="rport", protocol="protocol")
        .agg(*summed(), (pl.col("state") == "established").sum().alias("answered"))
        .filter((pl.col("first") >= (cut or 0)) & (pl.col("talks") >= given["conversations"]))
        .sort("first", "source", "target", "port")
        .collect()
    )

    def say(row: Row) -> tuple[str, str]:
        text = (
            f"{row['source']} reached {row['target']} at {port_text(row['port'], row['protocol'])} for the "
            f"first time at {clock(row['first'])}: {plural(row['talks'], 'conversation')}, "
            f"{row['answered']:,} answered, none in the {span(length or 0)} before {clock(cut)} that it is "
            f"compared with (the first {given['baseline']:g} % of the time)"
        )
        return ("low" if (length or 0) >= _DAY else "info"), text

    return findings(_NAME, found, context, say, where.talk)


def _baseline(context: Context, given: Mapping[str, Value]) -> int | None:
    """How many seconds are compared with; ``None`` where those are too few."""
    if context.span is None:
        return None
    first, last = context.span
    length = round((last - first) * float(given["baseline"]) / _PERCENT)
    return length if length >= max(1, float(given["hours"]) * _HOUR) else None


def _notes(context: Context, given: Mapping[str, Value]) -> tuple[str, ...]:
    if context.span is None or _baseline(context, given) is not None:
        return ()
    first, last = context.span
    short = (
        f"the logs span {span(last - first)}: too short to say what is new "
        f"({given['baseline']:g} % of it has to be at least {span(float(given['hours']) * _HOUR)})"
    )
    return (short,)


register(
    Detection(
        name=_NAME,
        title="New pairs for administration inside",
        means="Between two private addresses SSH, RDP, SMB, WinRM, Docker or the kubelet was used that was "
        "not used between them in the earlier part of the logs.",
        wrong="New deployments and rare maintenance look the same, so this says what is new and no more. A "
        "short time to compare with makes everything new; it is told in each finding.",
        thresholds=(
            Threshold(
                "baseline", 50, "%", 10, "so much of the time from the beginning is compared with", 1, 99
            ),
            Threshold("hours", 1, "hours", 1, "the time to compare with is at least this long", 0),
            Threshold("conversations", 1, "conversations", 1, "so many since"),
        ),
        finder=_find,
        rank=60,
        notes=_notes,
    )
)
