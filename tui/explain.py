"""A flow-log record in plain words, field by field. Nothing here draws; the record pane does.

What is said of other kinds of records is in ``tui.kinds``.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from loaders.fields import BY_COLUMN, Kind
from query.services import protocol_name, service_name
from tui.units import duration, percent, size, stamp, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58

_FLAGS = ((1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"))
# What AWS reports of a connection: SYN alone opens it, SYN+ACK (18) answers (Amazon VPC user guide).
_FLAG_STORIES = {
    0: "no flag that is logged: data in the middle of a connection",
    1: "closing",
    2: "opening only, no answer seen from this side",
    3: "opened and closed",
    4: "reset",
    6: "opened and reset",
    7: "opened, closed and reset",
    18: "the answer to an opening",
    19: "answered and closed",
    22: "answered and reset",
    23: "answered, closed and reset",
}
# Not Python's is_private: it counts the documentation networks as private and 100.64/10 as neither.
_NETWORKS = (
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "shared address space"),
    ("169.254.0.0/16", "link-local"),
    ("127.0.0.0/8", "loopback"),
    ("224.0.0.0/4", "multicast"),
    ("fc00::/7", "private (unique local)"),
    ("fe80::/10", "link-local"),
    ("::1/128", "loopback"),
    ("ff00::/8", "multicast"),
)
_PARSED = tuple((ipaddress.ip_network(text), name) for text, name in _NETWORKS)
_MARKS = {"ACCEPT": "✓", "REJECT": "✗", "SKIPDATA": "!", "NODATA": "·"}
# Told in sentences of their own, so not listed again field by field.
_TOLD = frozenset(
    {
        "srcaddr",
        "dstaddr",
        "srcport",
        "dstport",
        "protocol",
        "packets",
        "bytes",
        "start",
        "end",
        "action",
        "log_status",
        "tcp_flags",
        "interface_id",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the explanation.

    Attributes:
        label: The field's own name.
        value: What the record says.
        note: What that means, or empty.
        verse: Whether the value's own line breaks count.
    """

    label: str
    value: str
    note: str = ""
    verse: bool = False


def outcome(record: Mapping[str, Any]) -> str:
    """``ACCEPT``, ``REJECT``, ``NODATA``, ``SKIPDATA``, or empty when the record does not say."""
    return str(record.get("action") or "") or str(record.get("log_status") or "").replace("OK", "")


def mark(record: Mapping[str, Any]) -> str:
    """The outcome's sign, so that colour is never the only one: ``✓`` ``✗`` ``!`` ``·``."""
    return _MARKS.get(outcome(record), " ")


def endpoint(address: str | None, port: int | None) -> str:
    """``10.0.1.10:80``, ``[2001:db8::1]:80``; no port where the protocol has none."""
    if not address:
        return ""
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def service(record: Mapping[str, Any]) -> str:
    """The name of the service that the traffic belongs to, by the port that has one; else empty."""
    protocol = record.get("protocol")
    ports = [record.get("dstport"), record.get("srcport")]
    names = [service_name(port, protocol) for port in ports if port]
    return next((name for name in names if name), "")


def protocol_text(record: Mapping[str, Any]) -> str:
    """The protocol's name, else its number."""
    number = record.get("protocol")
    return "" if number is None else protocol_name(number) or str(number)


def flags_text(flags: int | None) -> str:
    """The names of TCP flags: ``SYN+ACK``."""
    if flags is None:
        return ""
    return "+".join(name for bit, name in _FLAGS if flags & bit) or "none"


def address_kind(address: str | None) -> str:
    """What kind of address it is: ``private``, ``public``, ``link-local``, and so on."""
    if not address:
        return ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    return next((name for network, name in _PARSED if parsed in network), "public")


def headline(record: Mapping[str, Any]) -> str:
    """The record in one sentence."""
    status = str(record.get("log_status") or "")
    if status == "NODATA":
        return "No traffic at this interface in this interval."
    if status == "SKIPDATA" and not record.get("action"):
        return "AWS could not keep the records of this interval: flows are missing here."
    if not record.get("srcaddr") and not record.get("dstaddr"):
        return "A record without addresses."
    name = service(record)
    protocol = protocol_text(record)
    what = " ".join(part for part in (protocol, f"({name})" if name else "") if part)
    verb = {"ACCEPT": "let through", "REJECT": "refused"}.get(str(record.get("action")), "seen")
    source = endpoint(record.get("srcaddr"), record.get("srcport"))
    target = endpoint(record.get("dstaddr"), record.get("dstport"))
    return f"{what or 'Traffic'} from {source or '?'} to {target or '?'} was {verb}."


def explain(record: Mapping[str, Any]) -> list[Line]:
    """Dissect a record.

    Args:
        record: Its columns, as a data set's row.

    Returns:
        The lines that say most first, then every other field that the record has.
    """
    lines = [
        *_when(record),
        *_side("source", record, "src"),
        *_side("destination", record, "dst"),
        *_traffic(record),
        *_verdict(record),
        *_told("interface-id", record, "network interface at which this was seen"),
        *(_generic(name, value) for name, value in record.items() if _is_other(name, value)),
    ]
    return [line for line in lines if line.value]


def _is_other(name: str, value: object) -> bool:
    field = BY_COLUMN.get(name)
    ours = field is not None and not field.version
    return (
        value is not None and name not in _TOLD and not ours and not name.startswith("_") and name != "format"
    )


def _told(name: str, record: Mapping[str, Any], note: str) -> list[Line]:
    value = record.get(BY_COLUMN[name.replace("-", "_")].column)
    return [] if value is None else [Line(name, str(value), note)]


def _when(record: Mapping[str, Any]) -> list[Line]:
    moment = record.get("timestamp")
    if moment is None:
        return [Line("time", "unknown", "neither the record nor the file's name says when")]
    start, end = record.get("start"), record.get("end")
    local = moment.astimezone().strftime("%H:%M:%S %Z")
    lines = [Line("time", stamp(moment), f"{local} local" if not local.endswith("UTC") else "")]
    if start is None or end is None:
        return lines
    try:
        until = datetime.fromtimestamp(end, UTC)
    except (ValueError, OverflowError, OSError):
        return [*lines, Line("until", str(end), "not a time that can be")]
    if end < start:
        note = "the end lies before the start"
    else:
        note = f"{duration(end - start)} from first to last packet" if end > start else "a single moment"
    return [*lines, Line("until", stamp(until), note)]


def _side(label: str, record: Mapping[str, Any], side: str) -> list[Line]:
    address, port = record.get(f"{side}addr"), record.get(f"{side}port")
    if address is None:
        return []
    name = service_name(port, record.get("protocol")) if port else None
    port_note = f"port {port} is {name}" if name else ""
    inner = record.get(f"pkt_{side}addr")
    rewritten = f"inside the packet: {inner}" if inner and inner != address else ""
    note = ", ".join(part for part in (address_kind(address), port_note, rewritten) if part)
    return [Line(label, endpoint(address, port), note)]


def _traffic(record: Mapping[str, Any]) -> list[Line]:
    lines = []
    number = record.get("protocol")
    if number is not None:
        note = "ports and ICMP types are not logged for it" if number in {ICMP, ICMPV6} else ""
        lines.append(Line("protocol", f"{protocol_name(number) or 'unassigned or rare'} ({number})", note))
    packets, octets = record.get("packets"), record.get("bytes")
    parts = [f"{whole(packets)} packet{'s' * (packets != 1)}"] if packets is not None else []
    parts += [size(octets)] if octets is not None else []
    notes = [f"{size(round(octets / packets))} a packet"] if packets and octets is not None else []
    seconds = (record.get("end") or 0) - (record.get("start") or 0)
    if octets and seconds > 0:
        notes.append(f"{size(round(octets / seconds))} a second")
    lines.append(Line("traffic", ", ".join(parts), ", ".join(notes)))
    flags = record.get("tcp_flags")
    if flags is not None and number in {TCP, None}:
        lines.append(Line("tcp-flags", f"{flags_text(flags)} ({flags})", _FLAG_STORIES.get(flags, "")))
    return lines


def _verdict(record: Mapping[str, Any]) -> list[Line]:
    lines = []
    for name in ("action", "log-status"):
        field = BY_COLUMN[name.replace("-", "_")]
        value = record.get(field.column)
        if value is not None:
            sign = f"{_MARKS[value]} " if value in _MARKS else ""
            lines.append(Line(name, f"{sign}{value}", (field.values or {}).get(value, "")))
    return lines


def _generic(name: str, value: object) -> Line:
    field = BY_COLUMN.get(name)
    if field is None:
        return Line(name.replace("_", "-"), str(value), "a field that this version of flowtui does not know")
    meaning = (field.values or {}).get(str(value), field.meaning)
    shown = whole(value) if field.kind is Kind.INT64 and isinstance(value, int) else str(value)
    # Percent-encoded in the log, so that blanks do not part its words; a person gets to read the words.
    return Line(field.name, unquote(shown) if "-tag" in field.name else shown, meaning)


def share(accepted: int, rejected: int) -> str:
    """The share of rejects among what was decided: ``✗ 14%``."""
    decided = accepted + rejected
    return f"✗ {percent(rejected, decided)}" if decided else ""
