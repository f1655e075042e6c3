"""What transit gateways tell beside what every flow log tells: packets that they lost, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.explain import mark
from tui.explain import outcome as flow_outcome
from tui.kinds.base import Outcome
from tui.units import count, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHY = {
    "packets_lost_no_route": "no route",
    "packets_lost_blackhole": "a blackhole route",
    "packets_lost_mtu_exceeded": "too large for the MTU",
    "packets_lost_ttl_expired": "the TTL ran out",
}
LOST = tuple(_WHY)
"""The columns that count lost packets."""


def is_transit(record: Mapping[str, Any]) -> bool:
    """Whether a transit gateway made the record."""
    return any(record.get(name) is not None for name in ("tgw_id", "tgw_attachment_id", *LOST))


def _lost(record: Mapping[str, Any]) -> int | None:
    counts = [record[name] for name in LOST if record.get(name) is not None]
    return sum(counts) if counts else None


def outcome(record: Mapping[str, Any]) -> Outcome:
    """Whether packets were lost."""
    return Outcome("✗", "LOST", "reject") if _lost(record) else Outcome()


def lost_text(record: Mapping[str, Any]) -> str:
    """How many packets were lost, with a sign when there are any; or why nothing was logged."""
    word, lost = flow_outcome(record), _lost(record)
    if word or lost is None:
        return f"{mark(record)} {word}" if word else ""
    return f"✗ {count(lost)}" if lost else "  0"


def loss_told(record: Mapping[str, Any]) -> str:
    """A sentence on what was lost and why, to stand behind the record's own; empty when nothing was."""
    lost = _lost(record)
    if not lost:
        return ""
    why = ", ".join(reason for name, reason in _WHY.items() if record.get(name))
    return f" {whole(lost)} packet{'s were' if lost != 1 else ' was'} lost: {why}."
