"""Why traffic is not in the logs: every reason that holds, the one to look at first in front."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from diagnose import routes
from diagnose.blocks import Block, block_of, ip_of
from diagnose.model import UDP
from diagnose.records import between, lazy_flows
from diagnose.said import clock
from diagnose.skipped import skipped
from diagnose.tri import Tri
from diagnose.verdict import HIGH, LOW, MEDIUM, Evidence, Verdict
from loaders import run
from loaders.schema import FILE, LINE
from query.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.blocks import Ip
    from diagnose.diagnosis import Question
    from diagnose.lookup import Lookup
    from diagnose.model import FlowLog, Interface
    from loaders.dataset import Dataset

_LINK_LOCAL = (block_of("169.254.0.0/16"), block_of("fe80::/10"))
_NAMED = {
    "169.254.169.253": "the Amazon DNS resolver",
    "fd00:ec2::253": "the Amazon DNS resolver",
    "169.254.169.254": "the instance metadata service",
    "fd00:ec2::254": "the instance metadata service",
    "169.254.169.123": "the Time Sync service",
    "fd00:ec2::123": "the Time Sync service",
    "169.254.169.250": "Windows activation",
    "169.254.169.251": "Windows activation",
    "169.254.170.2": "the ECS task metadata endpoint",
    "169.254.170.23": "the EKS pod identity agent",
}
"""What AWS never logs by its address (Amazon VPC user guide, flow log limitations)."""
_DHCP = ({67, 68}, {546, 547})
_DNS = 53
_DELIVERY = timedelta(minutes=10)
"""What a delivery to S3 takes after the end of its window; best effort, and less to CloudWatch Logs."""
_LONGEST_WINDOW = 600
_HOPS = frozenset({"nat_gateway", "load_balancer", "network_load_balancer"})
"""Kinds of interfaces that pass traffic on under an address of their own."""
# A delivery is named by the beginning of the five minutes in which its records end, some an hour earlier.
_SPAN = timedelta(minutes=5)
_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of what is asked about: its address, and the interface it belongs to."""

    address: Ip | None
    interface: Interface | None


class Absence:
    """A question that no record answers, and what may be the reason."""

    def __init__(self, lookup: Lookup, dataset: Dataset, question: Question, now: datetime) -> None:
        """Take all as it is; nothing is looked for here."""
        self._lookup, self._dataset, self._question, self._now = lookup, dataset, question, now
        self._source, self._target = (self._end(text) for text in (question.source, question.target))
        mine = [end.interface for end in (self._source, self._target) if end.interface is not None]
        asked = lookup.interface(question.interface)
        self._ours: list[Interface] = [asked] if asked is not None else mine

    def _end(self, text: str | None) -> _End:
        address = ip_of(text)
        if address is None:
            return _End(None, None)
        return _End(address, self._lookup.owner(address) or self._lookup.behind(address))

    def verdicts(self) -> list[Verdict]:
        """Every reason that holds, in the order in which to look."""
        found = [
            *self._never_logged(),
            *self._same_host(),
            *self._not_covered(),
            *self._too_recent(),
            *self._skipped(),
            *self._gap(narrow=False),
            *self._rewritten(),
            *self._no_route(),
            *self._not_ours(),
            *self._gap(narrow=True),
            *self._no_records(),
        ]
        return found or [self._upstream()]

    # -- what AWS does not log ---------------------------------------------------------------------------

    def _never_logged(self) -> Iterator[Verdict]:
        ports = {self._question.sport, self._question.dport} - {None}
        protocol = self._question.protocol
        for end in (self._target, self._source):
            if end.address is None:
                continue
            name = _NAMED.get(str(end.address))
            if name is not None or any(end.address in block for block in _LINK_LOCAL):
                yield _verdict(
                    "N-EXCLUDED", HIGH, f"{end.address} is {name or 'link-local'}, which is never logged"
                )
                return
        if protocol in {UDP, None} and any(ports and ports <= pair for pair in _DHCP):
            yield _verdict("N-EXCLUDED", HIGH, "DHCP is never logged")
            return
        yield from self._reserved(ports)
        kinds = {end.interface.kind for end in (self._source, self._target) if end.interface is not None}
        if {"network_load_balancer", "vpc_endpoint"} <= kinds:
            yield _verdict(
                "N-EXCLUDED",
                HIGH,
                "Traffic between an endpoint's and a Network Load Balancer's interface is never logged",
            )

    def _reserved(self, ports: set[int | None]) -> Iterator[Verdict]:
        for end in (self._target, self._source):
            address = end.address
            if address is None or end.interface is not None:
                continue
            if self._is_resolver(address) and (not ports or _DNS in ports):
                yield _verdict(
                    "N-EXCLUDED",
                    HIGH,
                    f"{address} is the VPC's DNS resolver, and what is asked of it is never logged",
                )
                return
            for subnet in self._lookup.inventory.subnets.values():
                for block in subnet.blocks:
                    if address not in block:
                        continue
                    place = int(address) - block.first
                    if place == 1:
                        yield _verdict(
                            "N-EXCLUDED",
                            HIGH,
                            f"{address} is the router of {subnet.id}, which is never logged",
                        )
                        return
                    if place in {0, 2, 3} or int(address) == block.last:
                        yield _verdict(
                            "N-RESERVED",
                            HIGH,
                            f"{address} is reserved by AWS in {subnet.id} ({block.text}): nobody has it",
                        )
                        return

    def _is_resolver(self, address: Ip) -> bool:
        blocks: list[Block] = [blocks[0] for blocks in self._lookup.inventory.vpcs.values() if blocks]
        blocks += [block for subnet in self._lookup.inventory.subnets.values() for block in subnet.blocks]
        blocks += [
            route.to
            for table in self._lookup.inventory.tables.values()
            for route in table.routes
            if route.target == "local" and isinstance(route.to, Block)
        ]
        return any(address in block and int(address) - block.first == 2 for block in blocks)

    def _same_host(self) -> Iterator[Verdict]:
        one, other = self._source.interface, self._target.interface
        if one is None or other is None:
            return
        if one.id == other.id or (one.instance is not None and one.instance == other.instance):
            where = one.instance or one.id
            yield _verdict(
                "N-SAMEHOST",
                HIGH,
                f"Both addresses are on {where}: what passes between them need not cross an interface",
            )

    # -- what the flow logs do not hold ------------------------------------------------------------------

    def _not_covered(self) -> Iterator[Verdict]:
        if not self._ours or not self._lookup.inventory.kind("FlowLogs").is_there:
            return
        logs = [log for interface in self._ours for log in self._lookup.flow_logs_of(interface)]
        names = " and ".join(dict.fromkeys(interface.id for interface in self._ours))
        if not logs:
            if self._lookup.inventory.kind("FlowLogs").is_whole:
                yield _verdict("N-NOFLOWLOG", HIGH, f"No flow log is for {names}, its subnet or its VPC")
            return
        failed = [log for log in logs if log.delivery == "FAILED"]
        if len(failed) == len(logs):
            why = f": {failed[0].error}" if failed[0].error else ""
            yield _about(failed[0], "N-DELIVERY", HIGH, f"{failed[0].id} fails to deliver{why}")
        # One of what is accepted and one of what is rejected leave nothing out between them.
        if {log.traffic for log in logs} in ({"ACCEPT"}, {"REJECT"}):
            kept = "rejected" if logs[0].traffic == "REJECT" else "accepted"
            yield _about(logs[0], "N-TRAFFICTYPE", HIGH, f"{logs[0].id} records {kept} traffic only")
        created = [log.created for log in logs if log.created is not None]
        until = self._until
        if until is not None and len(created) == len(logs) and until <= min(created):
            yield _about(
                logs[0],
                "N-BEFORE",
                HIGH,
                f"{logs[0].id} was made at {min(created):%Y-%m-%d %H:%M:%S}, after that time",
            )

    @property
    def _until(self) -> datetime | None:
        """The end of the time asked about; its beginning where it has no end."""
        return self._question.until or self._question.since

    def _too_recent(self) -> Iterator[Verdict]:
        until = self._until
        if until is None:
            return
        logs = [log for interface in self._ours for log in self._lookup.flow_logs_of(interface)]
        window = max((log.interval for log in logs), default=_LONGEST_WINDOW)
        due = until + timedelta(seconds=window) + _DELIVERY
        if self._now < due:
            yield _verdict(
                "N-LAG",
                HIGH,
                f"Windows of {window} s, and 10 minutes for the delivery: due at {due:%Y-%m-%d %H:%M:%S}",
            )

    def _skipped(self) -> Iterator[Verdict]:
        names: set[str | None] = {interface.id for interface in self._ours} or {self._question.interface}
        # Without an inventory any interface may be the one, at the time that is asked about.
        timed = self._question.since is not None or self._question.until is not None
        anyone = timed and names == {None} and not self._lookup.inventory.kind("NetworkInterfaces").is_there
        for row in skipped(self._dataset, Scope()).iter_rows(named=True):
            if (anyone or row["interface"] in names) and self._overlaps(row["start"], row["end"]):
                times = f"from {clock(row['start'])} to {clock(row['end'])}"
                text = f"Records of {row['interface']} were skipped {times}"
                evidence = (Evidence(text, (row[FILE], row[LINE])),)
                yield Verdict("N-SKIPDATA", MEDIUM if anyone else HIGH, evidence=evidence)
                return

    def _overlaps(self, start: int | None, end: int | None) -> bool:
        since, until = self._question.since, self._question.until
        if start is None:
            return False
        last = end if end is not None else start
        return (until is None or start < until.timestamp()) and (since is None or last >= since.timestamp())

    def _gap(self, *, narrow: bool) -> Iterator[Verdict]:
        """No delivery of that hour is here; or, which means less, there are some but none of that time."""
        since, until = self._question.since, self._until
        times = sorted(
            time for report in self._dataset.files.values() if (time := report.source.place.time) is not None
        )
        if until is None or not times:
            return
        begin, end = (since or until) - _SPAN, until + _MARGIN
        hour = (since or until).replace(minute=0, second=0, microsecond=0)
        is_narrow = any(min(begin, hour) <= time <= end for time in times)
        if any(begin < time <= end for time in times) or narrow != is_narrow:
            return
        before = [time for time in times if time <= begin]
        after = [time for time in times if time > end]
        text = " and ".join(
            [
                *(
                    [f"the last delivery before that time is of {before[-1]:%Y-%m-%d %H:%M}"]
                    if before
                    else []
                ),
                *([f"the first one after it of {after[0]:%Y-%m-%d %H:%M}"] if after else []),
            ]
        )
        yield _verdict("N-GAP", MEDIUM if narrow else HIGH, f"No delivery of that time is here: {text}")

    def _no_records(self) -> Iterator[Verdict]:
        """Without a single file of records nothing can be missing from them: all else says more."""
        if self._until is not None and not any(report.format for report in self._dataset.files.values()):
            yield _verdict("N-GAP", HIGH, "No file with records of about that time is here")

    # -- where it went instead ---------------------------------------------------------------------------

    def _rewritten(self) -> Iterator[Verdict]:
        for asked, other in ((self._source, self._target), (self._target, self._source)):
            address, interface = asked.address, asked.interface
            if address is None or interface is None or interface.primary is None:
                continue
            if address in interface.public:
                instead, why = (
                    interface.public[address] or interface.primary,
                    "public: records have the private one",
                )
            elif address.version == 4 and address != interface.primary:
                instead, why = interface.primary, "secondary: records have the primary one"
            else:
                continue
            found = self._seen(instead, other.address)
            said = f"{address} of {interface.id} is {why}, {instead}"
            more = f"; {found:,} records are there under it" if found else ""
            yield Verdict(
                "N-REWRITTEN",
                HIGH if found else MEDIUM,
                evidence=(Evidence(said + more, where=interface.where),),
            )

        yield from self._other_family()
        yield from self._by_a_hop()

    def _other_family(self) -> Iterator[Verdict]:
        """The same two interfaces, by their addresses of the other IP version."""
        one, other = self._source, self._target
        if one.interface is None or other.interface is None or one.address is None:
            return
        for here in sorted(one.interface.addresses, key=str):
            for there in sorted(other.interface.addresses, key=str):
                if here.version == there.version != one.address.version and (
                    found := self._seen(here, there)
                ):
                    said = f"{found:,} records are there between {here} and {there}, the same two interfaces"
                    yield Verdict("N-REWRITTEN", HIGH, evidence=(Evidence(said, where=one.interface.where),))
                    return

    def _by_a_hop(self) -> Iterator[Verdict]:
        """A NAT gateway or a load balancer that has records with both of them."""
        vpcs = {interface.vpc for interface in self._ours}
        for hop in self._lookup.inventory.interfaces.values():
            if hop.kind not in _HOPS or hop.vpc not in vpcs or hop.primary is None or hop in self._ours:
                continue
            near, far = (self._seen(hop.primary, end.address) for end in (self._source, self._target))
            if near and far:
                said = f"{hop.id} ({hop.kind}) at {hop.primary} has records with both: {near:,} and {far:,}"
                yield Verdict("N-REWRITTEN", MEDIUM, evidence=(Evidence(said, where=hop.where),))
                return

    def _seen(self, one: Ip, other: Ip | None) -> int:
        """How many records of that time there are between two addresses."""
        if other is None:
            return 0
        asked = self._question
        scope = Scope(filter=between(str(one), str(other)), since=asked.since, until=asked.until)
        plan = lazy_flows(self._dataset, scope)
        return int(run.collect(plan.select(pl.len())).item())

    def _no_route(self) -> Iterator[Verdict]:
        source, to = self._source.interface, self._target.address
        if source is None or to is None:
            return
        way = routes.route(self._lookup, source, to)
        if way.table is None:
            return
        if way.found is Tri.NO:
            text = f"{way.table.id}, the route table of {source.subnet}, has no route to {to}"
            yield Verdict("N-NOROUTE", HIGH, evidence=(Evidence(text, where=way.table.where),))
        elif way.is_blackhole and way.route is not None and way.block is not None:
            text = f"{way.table.id} sends {way.block.text} to {way.target}, which is gone"
            yield Verdict("N-BLACKHOLE", HIGH, evidence=(Evidence(text, where=way.route.where),))

    def _not_ours(self) -> Iterator[Verdict]:
        known = self._lookup.inventory.kind("NetworkInterfaces")
        if self._ours or not known.is_there or self._question.interface:
            return
        ends = [str(end.address) for end in (self._source, self._target) if end.address is not None]
        if ends:
            text = f"No interface of the inventory has {' or '.join(ends)}"
            yield _verdict("N-NOTOURS", HIGH if known.is_whole else LOW, text)

    def _upstream(self) -> Verdict:
        if not self._ours:
            what = "No inventory says whose these addresses are; `flowtui snapshot` prints what saves one"
            return Verdict("N-UPSTREAM", LOW, evidence=(Evidence(what),))
        names = list(dict.fromkeys(interface.id for interface in self._ours))
        one = len(names) == 1
        are, their, them = ("is", "its", "it") if one else ("are", "their", "them")
        here = f"{' and '.join(names)} {are} covered, {their} records of that time are here"
        texts = [f"{here}, and nothing of this reached {them}"]
        if self._source.interface is None:
            texts.append(
                "Look upstream: at what the source's side logged, and at the network ACL of its subnet"
            )
        else:
            texts.append(
                "Nothing left the source: look at the host itself, and at what it resolved the name to"
            )
        return Verdict("N-UPSTREAM", MEDIUM, evidence=tuple(map(Evidence, texts)))


def _verdict(code: str, confidence: str, text: str) -> Verdict:
    return Verdict(code, confidence, evidence=(Evidence(text),))


def _about(log: FlowLog, code: str, confidence: str, text: str) -> Verdict:
    return Verdict(code, confidence, evidence=(Evidence(text, where=log.where),))
