"""The way of a packet: from whoever sent it to whoever should have had it and back, and where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose import codes, network_acls, security_groups
from diagnose.said import acl_says_no
from diagnose.tri import Tri

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from diagnose.lookup import Lookup
    from diagnose.routes import RouteSays
    from diagnose.said import Rules

PASSED, STOPPED, UNSURE, UNREACHED = "passed", "stopped", "unsure", "unreached"
"""What became of a packet at a stage; ``UNSURE``: it is not known whether it passed."""

_PASSES = {Tri.YES: PASSED, Tri.NO: STOPPED, Tri.UNKNOWN: UNSURE}
_SILENT = {"A-NOREPLY-HOST", "A-NOREPLY-REMOTE", "A-NOREPLY-UNKNOWN", "A-REMOTE"}
_TRACKED = "let every reply pass"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the way.

    Attributes:
        name: What it is: ``network ACL``.
        detail: Which one, and what it says.
        state: What became of the packet there.
        back: Whether it is on the way back.
    """

    name: str
    detail: str
    state: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Hops:
    """The other interfaces that saw a packet: those before the record's own, and those behind it."""

    before: tuple[Stage, ...] = ()
    behind: tuple[Stage, ...] = ()


def hops(
    view: Mapping[str, Any] | None, row: Mapping[str, Any], lookup: Lookup, there: Rules | None = None
) -> Hops:
    """The other interfaces on the way of a record.

    Args:
        view: Its conversation (a row of ``vantages.VANTAGES``), if several interfaces saw it.
        row: The record (a row of ``judging.coded``).
        lookup: Tells what the interfaces are.
        there: What rules say at the one that refused it, if another did.
    """
    if view is None or row["interface"] not in view["passes"]:
        return Hops()
    asks = (row["source"], row["srcport"]) == (view["initiator"], view["iport"])
    names = view["passes"] if asks else view["passes"][::-1]
    place = names.index(row["interface"])
    refused = "rejected-request" if asks else "rejected-reply"
    stop = view["stopped"] if view["state"] == refused else None
    before = [Stage(_kind(name, lookup), name, PASSED) for name in names[:place]]
    behind = [_met(name, stop, view, lookup, there) for name in names[place + 1 :]]
    return Hops(tuple(before), tuple(behind))


def _kind(name: str, lookup: Lookup) -> str:
    """What an interface is, in a word or two."""
    interface = lookup.interface(name)
    if interface is not None and interface.is_nat_gateway:
        return "NAT gateway"
    return interface.kind.replace("_", " ") if interface is not None and interface.kind else "interface"


def _met(name: str, stop: str | None, view: Mapping[str, Any], lookup: Lookup, there: Rules | None) -> Stage:
    if name != stop:
        return Stage(_kind(name, lookup), name, PASSED)
    how = "probably refused" if view["probable"] else "refused"
    return Stage(_kind(name, lookup), f"{name}: {how}{acl_says_no(there)}", STOPPED)


def path(
    code: str,
    rules: Rules,
    route: RouteSays | None,
    peer: str,
    own: str,
    passed: Hops | None = None,
    *,
    reply: bool = False,
) -> tuple[Stage, ...]:
    """The stages of a record's way.

    Args:
        code: Its verdict.
        rules: What rules say about it.
        route: What the route table says, for what leaves.
        peer: The end on the far side, as it is shown.
        own: The end on the interface's side.
        passed: The other interfaces that saw it.
        reply: Whether it answers what was asked: groups do not judge it then.
    """
    passed = passed or Hops()
    stem = codes.base(code)
    egress = rules.packet.egress
    groups = Stage("security groups", _groups(rules), _PASSES[rules.groups.allowed])
    acl = Stage("network ACL", _acl(rules), _PASSES[rules.acl.allowed])
    name = rules.interface.id if rules.interface is not None else ""
    here, there = Stage("host", own, PASSED), Stage("far side", peer, PASSED)
    interface = Stage("interface", name, PASSED)
    if stem == "R-NACL-RETURN":
        return _reply_refused(here, there, interface, acl, passed, egress=egress)
    first, second = (groups, acl) if egress else (acl, groups)
    middle = [interface, first, second] if egress else [first, second, interface]
    stages = [here if egress else there, *passed.before, *middle]
    if stem.startswith("A-"):
        tracked = Stage("security groups", _TRACKED, PASSED)
        stages = [tracked if reply and stage is groups else _as(stage, PASSED) for stage in stages]
        if egress and route is not None:
            stages.append(_route(route))
        stages += passed.behind
        stages.append(there if egress else here)
        if any(stage.state is STOPPED for stage in passed.behind):
            return tuple(_cut(stages))
        return tuple(_accepted(stem, stages))
    if stem in {"R-LATE", "R-ASYM", "R-BACKSCATTER", "R-STALE", "R-BPA", "R-EC"}:
        stages = [_as(stage, PASSED if stage.state is PASSED else UNSURE) for stage in stages]
        at = 1 + len(passed.before)
        stages.insert(at, Stage("refused", codes.MEANINGS[stem], STOPPED))
    stages += passed.behind
    stages.append(there if egress else here)
    return tuple(_cut(stages))


def _as(stage: Stage, state: str, *, back: bool = False) -> Stage:
    return Stage(stage.name, stage.detail, state, back)


def _cut(stages: list[Stage]) -> Iterator[Stage]:
    """Behind the first stage that stopped it nothing was reached; what would have stopped it too says so."""
    stopped = False
    for stage in stages:
        would = stage.state is STOPPED
        yield _as(stage, stage.state if not stopped or would else UNREACHED)
        stopped = stopped or would


def _reply_refused(
    here: Stage, there: Stage, interface: Stage, acl: Stage, passed: Hops, *, egress: bool
) -> tuple[Stage, ...]:
    """The request's way, and the way back: the groups let every reply pass, the ACL does not."""
    asks, answers = (there, here) if egress else (here, there)
    request = Stage("request", "accepted", PASSED)
    refused = _as(acl, STOPPED, back=True)
    tracked = Stage("security groups", _TRACKED, PASSED if egress else UNREACHED, back=True)
    back = (tracked, refused) if egress else (refused, tracked)
    # The request came the other way.
    asked = [_as(hop, PASSED) for hop in (passed.behind if egress else passed.before)[::-1]]
    first = (*asked, interface, request) if egress else (interface, request, *asked)
    return (asks, *first, answers, *back, _as(asks, UNREACHED, back=True))


def _accepted(stem: str, stages: list[Stage]) -> Iterator[Stage]:
    last = stages[-1]
    if stem in {"A-NOROUTE", "A-BLACKHOLE"}:
        yield from _cut(stages)
        return
    yield from stages[:-1]
    if stem in _SILENT:
        yield _as(last, UNSURE)
    elif stem == "A-REFUSED":
        yield Stage(last.name, f"{last.detail} answers with RST", STOPPED)
    elif stem == "A-REPLY-REJECTED":
        yield last
        yield Stage("reply", "refused on its way back", STOPPED, back=True)
    else:
        yield last
        how = {"A-ICMP-ANSWER": "ICMP came back", "A-ASYM": "by another interface"}.get(stem, "accepted")
        yield Stage("reply", how, PASSED, back=True)


def _groups(rules: Rules) -> str:
    groups = rules.groups
    if groups.allowed is Tri.YES:
        return security_groups.describe(groups.by[0]) if groups.by else "this interface has none"
    if groups.allowed is Tri.NO:
        return f"none of {' '.join(groups.groups)} allows {rules.packet}"
    return "; ".join(groups.unknown[:1])


def _acl(rules: Rules) -> str:
    acl = rules.acl
    if acl.passed_by:
        return acl.passed_by
    if acl.allowed is Tri.UNKNOWN or acl.acl is None:
        return acl.unknown
    return f"{acl.acl.id}: {network_acls.describe(acl.entry)}"


def _route(route: RouteSays) -> Stage:
    if route.found is Tri.YES and route.table is not None:
        state = STOPPED if route.is_blackhole else PASSED
        to = route.block.text if route.block is not None else ""
        return Stage("route", f"{route.table.id}: {to} to {route.target}", state)
    if route.found is Tri.NO and route.table is not None:
        return Stage("route", f"{route.table.id} has none", STOPPED)
    return Stage("route", route.unknown, UNSURE)
