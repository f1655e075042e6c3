"""Flow logs made to order for detections: conversations as two directions of records, in a real file."""

from __future__ import annotations

import gzip

from diagnose.detections import by_name
from diagnose.detections.context import Context
from diagnose.model import Inventory
from loaders.load import Library
from query.parse import parse_filter, parse_query
from query.scope import Scope

BEGIN = 1_768_471_200
"""2026-01-15T10:00:00Z."""
ENI, OTHER = "eni-0123456789abcdef0", "eni-0123456789abcdef1"
HEADER = [
    "version",
    "interface-id",
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
    "log-status",
    "tcp-flags",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "pkt-dst-aws-service",
    "flow-direction",
    "reject-reason",
]
BARE = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
]
BARE += ["action", "log-status"]
"""The default format: no flags, no direction."""
TCP, UDP = 6, 17


def record(source, target, **fields):
    """One record as a dictionary; what is not named has a usual value."""
    start = fields.get("start", BEGIN)
    usual = {
        "version": 5,
        "account_id": "123456789012",
        "interface_id": ENI,
        "srcaddr": source,
        "dstaddr": target,
        "srcport": 40000,
        "dstport": 443,
        "protocol": TCP,
        "packets": 10,
        "bytes": 1000,
        "start": start,
        "end": start + 30,
        "action": "ACCEPT",
        "log_status": "OK",
        "tcp_flags": 2,
        "pkt_srcaddr": source,
        "pkt_dstaddr": target,
        "pkt_dst_aws_service": "-",
        "flow_direction": "-",
        "reject_reason": "-",
    }
    return usual | fields


def asked(source, target, dport, *, sport=40000, back=10, flags=2, **fields):
    """A conversation: the request and, if ``back`` says how many packets, the answer."""
    there = record(source, target, srcport=sport, dstport=dport, tcp_flags=flags, **fields)
    found = [there]
    if back:
        reply = fields | {"packets": back, "bytes": 100 * back}
        reply |= {"pkt_dst_aws_service": "-"}
        back_flags = 18 if flags & 2 and fields.get("protocol", TCP) == TCP else 0
        found.append(record(target, source, srcport=dport, dstport=sport, tcp_flags=back_flags, **reply))
    return found


def refused(source, target, dport, **fields):
    """A request that was rejected."""
    return asked(source, target, dport, back=0, **({"packets": 1, "bytes": 40, "action": "REJECT"} | fields))


def skipped(start, *, interface=ENI, length=60):
    """A record that says that others were skipped."""
    nothing = dict.fromkeys(
        [
            "srcaddr",
            "dstaddr",
            "srcport",
            "dstport",
            "protocol",
            "packets",
            "bytes",
            "action",
            "tcp_flags",
            "pkt_srcaddr",
            "pkt_dstaddr",
        ],
        "-",
    )
    return [
        record("-", "-", **nothing)
        | {"interface_id": interface, "start": start, "end": start + length, "log_status": "SKIPDATA"}
    ]


def nodata(start, *, interface=ENI):
    """A record that says that there was no traffic."""
    return [one | {"log_status": "NODATA"} for one in skipped(start, interface=interface)]


class World:
    """A directory of logs, and what detections find in it."""

    def __init__(self, folder):
        self.folder, self.files = folder, 0
        self.inventory = Inventory()

    def write(self, records, header=HEADER, name=None):
        """Write a file of records."""
        self.files += 1
        lines = [" ".join(header)]
        lines += [" ".join(str(one[name.replace("-", "_")]) for name in header) for one in records]
        path = self.folder / (name or f"{self.files}.log.gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
        return self

    @property
    def context(self):
        """What detections look at."""
        return Context(Library((str(self.folder),)).read_all(), self.inventory)

    def find(self, name, **thresholds):
        """The findings of a detection as dictionaries; each filter has to select the finding's records."""
        context = self.context
        found = by_name(name).find(context, **thresholds).to_dicts()
        for one in found:
            parse_filter(one["filter"])
            assert selected(context.dataset, one["filter"]) >= max(1, one["records"]), one
        return found


def selected(dataset, text):
    """How many records a filter selects."""
    from query.answer import answer

    query = parse_query(f"filter {text} | stats count(*) as n")
    return int(answer(dataset, query, Scope()).frame["n"].sum())
