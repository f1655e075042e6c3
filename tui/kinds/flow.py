"""Flow logs, of interfaces and of transit gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import (
    endpoint,
    explain,
    flags_text,
    headline,
    mark,
    outcome,
    protocol_text,
    service,
)
from tui.kinds import transit
from tui.kinds.base import Outcome, RecordColumn, Telling, column, having
from tui.units import count, size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_TONES = {"ACCEPT": "accept", "REJECT": "reject", "SKIPDATA": "warn", "NODATA": "dim"}


def _outcome(record: Mapping[str, Any]) -> Outcome:
    word = outcome(record)
    if not word and transit.is_transit(record):
        return transit.outcome(record)
    return Outcome(mark(record), word, _TONES.get(word, ""))


def _action(record: Mapping[str, Any]) -> str:
    return f"{mark(record)} {outcome(record)}"


def _headline(record: Mapping[str, Any]) -> str:
    return headline(record) + (transit.loss_told(record) if transit.is_transit(record) else "")


def _packets(record: Mapping[str, Any]) -> str:
    return "" if record.get("packets") is None else count(record["packets"])


# Fold: when space runs out, the highest number goes first.
_COLUMNS = having(
    column("action", (8, 10), 0, "action", "log_status", text=_action, toned=True),
    column("lost", (8, 10), 0, *transit.LOST, text=transit.lost_text, toned=True),
    column("attachment", (12, 21), 1, "tgw_attachment_id"),
    column("source", (15, 47), 0, "srcaddr", text=lambda r: endpoint(r.get("srcaddr"), r.get("srcport"))),
    column(
        "destination", (15, 47), 0, "dstaddr", text=lambda r: endpoint(r.get("dstaddr"), r.get("dstport"))
    ),
    column("service", (7, 14), 3, "dstport", "srcport", text=service),
    column("proto", (5, 8), 4, "protocol", text=protocol_text),
    column("packets", (7, 7), 5, "packets", text=_packets, right=True),
    column("bytes", (7, 7), 2, "bytes", text=lambda r: size(r.get("bytes")), right=True),
    column("flags", (7, 15), 6, "tcp_flags", text=lambda r: flags_text(r.get("tcp_flags"))),
    column("direction", (9, 9), 8, "flow_direction"),
    column("interface", (12, 21), 7, "interface_id"),
    column("instance", (10, 19), 9, "instance_id"),
    column("source VPC", (12, 21), 3, "tgw_src_vpc_id"),
    column("target VPC", (12, 21), 3, "tgw_dst_vpc_id"),
)


def _columns(have: Collection[str]) -> tuple[RecordColumn, ...]:
    """The columns; a transit gateway takes no action, and what it lost stands where the action would."""
    without_action = "action" not in have and not {*transit.LOST}.isdisjoint(have)
    return tuple(shown for shown in _COLUMNS(have) if not (without_action and shown.field == "action"))


TELLING = Telling(_columns, _outcome, _headline, explain)
