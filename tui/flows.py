"""Flows (``diagnose.records``) as the screens show them and hand them on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def end(address: str | None, port: int | None) -> str:
    """One end of a flow: ``10.0.1.10:443``, ``[2001:db8::1]:443``; not yet safe to show."""
    text = address or ""
    return f"[{text}]:{port}" if port and ":" in text else f"{text}:{port}" if port else text


def moment(seconds: int | None) -> datetime | None:
    """A time in epoch seconds."""
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def record_of(flow: Mapping[str, Any]) -> dict[str, Any]:
    """A flow under the names of its columns in the log."""
    names = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "_file", "_line")
    return {name: flow[name] for name in names} | {
        "interface_id": flow["interface"],
        "action": "ACCEPT" if flow["accepted"] else "REJECT",
        "timestamp": moment(flow["start"]),
    }
