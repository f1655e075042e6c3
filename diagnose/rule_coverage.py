"""How much of a security group's traffic the loaded records can show: without that, no rule is "unused".

What AWS never logs (Amazon VPC user guide, flow log limitations) is told beside it, and what speaks against
taking a rule away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from diagnose.blocks import Block, block_of
from diagnose.model import HAVE_PORTS
from diagnose.said import plural, span
from loaders import run
from loaders.parts import together
from loaders.schema import FLOW_LOG
from query.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.lookup import Lookup
    from diagnose.model import FlowLog, GroupRule, Interface
    from loaders.dataset import Dataset

LEAST_DAYS = 30
"""Under so many days of records nothing is said to be unused for good: reports run once a month."""
NEVER_LOGGED = (
    "Never logged: the VPC's DNS resolver, instance metadata, Time Sync, DHCP, Windows activation, the router"
)
_DAY = 86_400
_RESOLVER, _TIME, _DHCP = 53, 123, frozenset({67, 68, 546, 547})
_LINK_LOCAL = (block_of("169.254.0.0/16"), block_of("fe80::/10"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded.

    Attributes:
        days: How many days of records; days without any are not counted.
        first: When the oldest record begins, in epoch seconds; ``None`` without any.
        last: When the newest one does.
        skipped: SKIPDATA windows of each interface.
        seen: The interfaces that there are records of.
    """

    days: float
    first: int | None
    last: int | None
    skipped: dict[str, int]
    seen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known about the traffic of a security group.

    Attributes:
        members: How many interfaces have the group; ``None`` where not all interfaces are known.
        share: Which part of them a flow log with ACCEPT or ALL covers; ``None`` where that is not known.
        days: For how many days there are records of all of them.
        skipped: In how many windows records of them were skipped.
        seen: Whether anything of any of them could be seen.
    """

    members: int | None
    share: float | None
    days: float
    skipped: int
    seen: bool

    def lacks(self) -> Iterator[str]:
        """What is missing for calling a rule unused for good, one clause each."""
        if self.members == 0:
            yield "no interface has the group"
            return
        if self.days < LEAST_DAYS:
            yield f"only {span(self.days * _DAY)} of records, and {LEAST_DAYS} days are the least"
        if self.members is None:
            yield "not all interfaces with the group are known"
        if self.share is None:
            yield "which flow logs there are is not known (describe-flow-logs)"
        elif self.share < 1:
            yield f"{self.share:.0%} of its interfaces are logged"
        if self.skipped:
            yield f"records were skipped in {plural(self.skipped, 'window')}"


def loaded(dataset: Dataset, scope: Scope) -> Loaded:
    """Look at the times of all flow-log records of a scope's times, those without traffic too."""
    within = Scope(since=scope.since, until=scope.until)
    plans = []
    for part in together(part for part in dataset.parts if part.kind == FLOW_LOG):
        schema = part.schema
        if not {"start", "interface_id"} <= schema.keys():
            continue
        status = pl.col("log_status").cast(pl.String) if "log_status" in schema else pl.lit(None, pl.String)
        times = part.plan.filter(within.predicate(schema, part.addresses)).select(
            interface=pl.col("interface_id").cast(pl.String),
            skips=(status == "SKIPDATA").fill_null(value=False),
            start=pl.col("start").cast(pl.Int64),
            day=pl.col("start").cast(pl.Int64) // _DAY,
        )
        plans.append(
            times.group_by("interface", "skips", "day").agg(
                pl.len().alias("windows"), first=pl.col("start").min(), last=pl.col("start").max()
            )
        )
    columns = {"interface": pl.String, "skips": pl.Boolean, "day": pl.Int64, "windows": pl.UInt32}
    empty = pl.DataFrame(schema={**columns, "first": pl.Int64, "last": pl.Int64})
    found = pl.concat([empty, *run.collect_all(plans)]).drop_nulls("day")
    first, last = found["first"].min(), found["last"].max()
    if not isinstance(first, int) or not isinstance(last, int):
        return Loaded(0.0, None, None, {}, frozenset())
    skipped = found.filter("skips").group_by("interface").agg(pl.col("windows").sum())
    real = found.filter(~pl.col("skips"))
    days = min(float(real["day"].n_unique()), (last - first) / _DAY)
    seen = frozenset(real["interface"].drop_nulls().unique())
    return Loaded(days, first, last, dict(skipped.iter_rows()), seen)


def coverage(lookup: Lookup, what: Loaded, group: str) -> Coverage:
    """How much of a group's traffic the loaded records can show."""
    interfaces = lookup.inventory.interfaces.values()
    members = [one for one in interfaces if group in (one.groups or ())]
    whole = lookup.inventory.kind("NetworkInterfaces").is_whole
    whole = whole and all(one.groups is not None for one in interfaces)
    logs = [_best(lookup, one) for one in members]
    known = lookup.inventory.kind("FlowLogs").is_whole
    covered = [log for log in logs if log is not None]
    share = (len(covered) / len(members) if members else 0.0) if known else None
    seen = bool(covered) or any(one.id in what.seen for one in members)
    return Coverage(
        len(members) if whole else None,
        share,
        _days(what, covered),
        sum(what.skipped.get(one.id, 0) for one in members),
        seen,
    )


def _best(lookup: Lookup, interface: Interface) -> FlowLog | None:
    """The oldest flow log that records what an interface accepts, and delivers it."""
    logs = [
        log
        for log in lookup.flow_logs_of(interface)
        if log.traffic in {"ALL", "ACCEPT"} and log.delivery != "FAILED"
    ]
    return min(logs, key=lambda log: log.created.timestamp() if log.created else 0.0, default=None)


def _days(what: Loaded, logs: list[FlowLog]) -> float:
    """For how many days there are records: a flow log that was made since knows nothing of before."""
    made = [log.created.timestamp() for log in logs if log.created is not None]
    if what.last is None or not made:
        return what.days
    return max(0.0, min(what.days, (what.last - max(made)) / _DAY))


def unseen(rule: GroupRule) -> str:
    """What of the traffic that a rule is for is never logged (one clause); empty where nothing is."""
    other = rule.other
    if isinstance(other, Block) and any(
        block.first <= other.first <= block.last for block in _LINK_LOCAL if block.version == other.version
    ):
        return "traffic with link-local addresses (instance metadata, Time Sync) is never logged"
    low, high = rule.low, rule.high if rule.high is not None else rule.low
    if low is None or high is None or rule.protocol not in HAVE_PORTS:
        return ""
    if low == high == _RESOLVER:
        return "what is asked of the VPC's DNS resolver is never logged"
    if low == high == _TIME:
        return "Time Sync (169.254.169.123) is never logged"
    if {low, high} <= _DHCP:
        return "DHCP is never logged"
    return ""
