"""From facts about a record to its verdict: evidence, what is ruled out, how sure it is, what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import codes, fixes, network_acls, routes, security_groups
from diagnose.far_sides import view_of
from diagnose.model import TCP
from diagnose.packet import packet_of, protocol_name
from diagnose.path import Stage, hops, path
from diagnose.quotes import Quotes
from diagnose.said import (
    Rules,
    acl_says,
    acl_says_no,
    clock,
    end_of,
    groups_say,
    peer_of,
    route_says,
    span,
    would_settle,
)
from diagnose.tri import Tri
from diagnose.verdict import HIGH, LOW, MEDIUM, Evidence, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from diagnose.facts import Around
    from diagnose.lookup import Lookup
    from loaders.dataset import Dataset

Row = dict[str, Any]

_TIMEOUTS = {"tcp": ("TcpEstablishedTimeout", 432_000), "udp": ("UdpStreamTimeout", 180)}
"""Idle timeouts of connection tracking: their names in EC2, and the seconds where none is set."""
_OTHER_TIMEOUT = 600
_BARE_RESET = 40
"""Bytes of a packet that is no more than its headers: without flags, replies of that size may be resets."""


class Explainer:
    """Turns facts with codes into verdicts."""

    def __init__(self, lookup: Lookup, dataset: Dataset, around: Around, now: datetime) -> None:
        """Take what verdicts quote from.

        Args:
            lookup: The inventory.
            dataset: The records, for the names of their files.
            around: The records around those in question.
            now: What time it is.
        """
        self._lookup, self._now, self._views = lookup, now, around.views
        self._quotes = Quotes(around.flows, dataset)

    def verdict(self, row: Row) -> Verdict:
        """The verdict of one record.

        Args:
            row: A row of ``judging.coded``.
        """
        rules = self._rules(row)
        stem = codes.base(row["code"])
        evidence = [self._quotes.shown("", row), *self._says(stem, row, rules), *self._about(row)]
        if row["noise"] and stem != "R-BACKSCATTER":
            evidence.append(
                Evidence(
                    f"{peer_of(row)} is public and was refused at {row['refused_at']:,} "
                    "addresses and ports: noise"
                )
            )
        if rules is not None and rules.interface is not None:
            evidence += self.age(row)
        return Verdict(
            code=row["code"],
            confidence=self._confidence(stem, row, rules),
            direction=row["way"],
            initiator=row["source"] if row["source_began"] else row["target"],
            record=row,
            evidence=tuple(evidence),
            ruled_out=tuple(self._ruled_out(stem, row, rules)),
            fixes=self._fixes(stem, row, rules),
            path=self._path(row, rules),
            noise=row["noise"],
        )

    def _rules(self, row: Row) -> Rules | None:
        packet = packet_of(row)
        if packet is None:
            return None
        interface = self._lookup.interface(row["interface"])
        return Rules(
            packet,
            interface,
            security_groups.judge(self._lookup, interface, packet),
            network_acls.judge(self._lookup, interface, packet),
        )

    # -- evidence ------------------------------------------------------------------------------------------

    def _about(self, row: Row) -> Iterator[Evidence]:
        way = {"ingress": "It came in", "egress": "It left"}.get(row["way"])
        if way is not None:
            yield Evidence(f"{way}: {row['way_by']}")
        else:
            yield Evidence(
                f"Which way it went is not known: neither address is known to be {row['interface']}'s"
            )
        who = row["source"] if row["source_began"] else row["target"]
        yield Evidence(f"{who} started it, by {row['began_by']}")

    def _says(self, stem: str, row: Row, rules: Rules | None) -> Iterator[Evidence]:
        if stem in {"R-BPA", "R-EC"}:
            yield Evidence(f"reject-reason is {row['reason']}: {codes.MEANINGS[stem]}")
        elif stem in {"R-ASYM", "R-BACKSCATTER"}:
            yield from self._unasked(stem, row)
        elif stem in {"R-NACL-RETURN", "R-LATE", "R-CHANGED-SG", "R-CHANGED-NACL"}:
            yield from self._earlier(stem, row)
            yield from acl_says(rules)
            if stem == "R-CHANGED-SG":
                yield from groups_say(rules)
        elif stem.startswith("R-"):
            says = (acl_says, groups_say) if stem == "R-NACL" else (groups_say, acl_says)
            yield from (evidence for say in says for evidence in say(rules))
            if stem == "R-STALE":
                yield from (Evidence(text) for text in self._why_stale(row))
            elif stem == "R-UNKNOWN":
                yield from (Evidence(text) for text in would_settle(self._lookup, row, rules))
        else:
            yield from self._answers(stem, row, rules)

    def _unasked(self, stem: str, row: Row) -> Iterator[Evidence]:
        yield Evidence("It carries a SYN-ACK, and nothing that was accepted had left for it here")
        if stem == "R-BACKSCATTER":
            yield Evidence(
                "No SYN to its sender is among these records at any interface: nobody here asked for it"
            )
            return
        asked = self._quotes.find(row, reverse=True, syn=True).filter(pl.col("interface") != row["interface"])
        for other in asked.head(1).iter_rows(named=True):
            yield self._quotes.shown("The SYN left by another interface: ", other)

    def _earlier(self, stem: str, row: Row) -> Iterator[Evidence]:
        here = pl.col("interface") == row["interface"]
        if stem == "R-NACL-RETURN" or (row["other_accepted"] and not row["same_accepted"]):
            for other in (
                self._quotes.find(row, reverse=True)
                .filter(here & pl.col("accepted"))
                .head(1)
                .iter_rows(named=True)
            ):
                yield self._quotes.shown("It answers a request that was accepted: ", other)
            yield Evidence(
                "Security groups let every reply of an accepted request pass, so they did not refuse this one"
            )
            return
        before = self._quotes.find(row).filter(here & pl.col("accepted") & (pl.col("start") <= row["start"]))
        for other in before.tail(1).iter_rows(named=True):
            yield self._quotes.shown("The same flow was accepted before: ", other)
        if stem == "R-LATE":
            yield from (Evidence(text) for text in self._why_late(row))

    def _why_late(self, row: Row) -> Iterator[str]:
        closed, idle, limit = self._closed(row), self._idle(row), self._timeout(row)
        if closed is not None:
            yield f"The connection was closed before, by {closed}"
        if idle is not None and idle >= limit:
            yield f"Nothing had passed for {idle:,} s; connection tracking forgets after {limit:,} s"
        elif closed is None:
            yield "Neither an end of the connection nor a long silence is among these records"

    def _closed(self, row: Row) -> str | None:
        times = [time for time in (row["same_first_close"], row["other_first_close"]) if time is not None]
        return f"FIN or RST at {clock(min(times))}" if times and min(times) <= row["start"] else None

    def _idle(self, row: Row) -> int | None:
        """For how many seconds neither direction had any packet accepted."""
        here = (pl.col("interface") == row["interface"]) & pl.col("accepted")
        both = pl.concat([self._quotes.find(row), self._quotes.find(row, reverse=True)]).filter(
            here & (pl.col("start") <= row["start"])
        )
        last = both["end"].max()
        return max(0, row["start"] - last) if isinstance(last, int) else None

    def _timeout(self, row: Row) -> int:
        name, usual = _TIMEOUTS.get(protocol_name(row["protocol"]), ("", _OTHER_TIMEOUT))
        interface = self._lookup.interface(row["interface"])
        return interface.timeouts.get(name, usual) if interface is not None else usual

    def _why_stale(self, row: Row) -> Iterator[str]:
        saved = self._saved
        if saved is not None and row["end"] is not None and saved.timestamp() > row["end"]:
            newer = span(saved.timestamp() - row["end"])
            yield f"The inventory is newer than the record, by {newer}: rules may have changed"
        else:
            yield "The rules may have been changed since, or at that very time"
        if row["protocol"] == TCP and row["flags"] is not None and not row["flags"] & 2:
            yield "It carries no SYN: packets of a connection that is no longer tracked may be refused"
        if not row["has_reason"]:
            yield "The format has no reject-reason: Block Public Access or encryption controls are possible"
        yield "The interface may have had other security groups then"
        if row["source"] != row["srcaddr"]:
            yield f"The packet came from {row['source']}, which the interface showed as {row['srcaddr']}"

    def _answers(self, stem: str, row: Row, rules: Rules | None) -> Iterator[Evidence]:
        back = self._quotes.find(row, reverse=True)
        is_here = pl.col("interface") == row["interface"]
        here, elsewhere = back.filter(is_here), back.filter(~is_here)
        if stem in {"A-OK", "A-REFUSED", "A-REPLY-REJECTED"}:
            wanted = here if stem == "A-REPLY-REJECTED" else here.filter("accepted")
            for other in wanted.head(1).iter_rows(named=True):
                yield self._quotes.shown("The other direction: ", other)
            if stem == "A-REFUSED":
                yield Evidence(
                    "The answers carry RST and never SYN-ACK: nothing listens there, or the host refuses"
                )
            elif stem == "A-OK" and self._looks_refused(row):
                yield Evidence("No flags are logged; replies of bare headers may be resets")
        elif stem == "A-ICMP-ANSWER":
            yield Evidence(
                f"ICMP went from {row['target']} to {row['source']} within 120 s: unreachable, most likely"
            )
        elif stem == "A-ASYM":
            for other in elsewhere.head(1).iter_rows(named=True):
                yield self._quotes.shown("The reply is at another interface of the instance: ", other)
        else:
            for other in elsewhere.head(1).iter_rows(named=True):
                yield self._quotes.shown("The other direction is at another interface only: ", other)
            if not elsewhere.height:
                yield Evidence("Nothing of the other direction is among these records")
            yield from self._beyond(stem, row, rules)

    def _looks_refused(self, row: Row) -> bool:
        side = "other" if row["source_began"] else "same"
        packets, size = row[f"{side}_packets"], row[f"{side}_bytes"]
        unflagged = row["protocol"] == TCP and row["same_flags"] is None and row["other_flags"] is None
        return bool(unflagged and packets and size is not None and size / packets <= _BARE_RESET)

    def _beyond(self, stem: str, row: Row, rules: Rules | None) -> Iterator[Evidence]:
        if stem == "A-NOREPLY-HOST" and _passes_by(rules):
            yield Evidence(
                f"{row['dstaddr']} is no address of {row['interface']}: it passed by here, and a reply may "
                "pass another interface, as that of another availability zone"
            )
            return
        if stem == "A-NOREPLY-HOST":
            yield Evidence(
                "AWS let it in: the host's firewall, a closed port, or a reply by another way come next"
            )
            return
        if rules is None or not rules.packet.egress:
            return
        if stem == "A-REMOTE":
            far = self._quotes.find(row).filter(pl.col("interface") != row["interface"])
            for other in far.head(1).iter_rows(named=True):
                yield self._quotes.shown("The far interface saw it: ", other)
        yield from self._at_gateway(row)
        if row["next_hop"] is not None and stem != "A-REMOTE":
            yield Evidence(f"next-hop-interface-id says that {row['next_hop']} received it")
        yield route_says(self._lookup, rules)
        owner = self._lookup.owner(rules.packet.destination, rules.interface.vpc if rules.interface else None)
        if stem == "A-NOREPLY-REMOTE" and owner is not None:
            yield Evidence(
                f"{rules.packet.destination} is {owner.id}, which has no record of it", where=owner.where
            )

    def _at_gateway(self, row: Row) -> Iterator[Evidence]:
        """What a NAT gateway's interface rejected of it, under the addresses that it has there."""
        view, other = view_of(self._views, row), self._refused_elsewhere(row)
        if view is None or other is None or not view["legs"]:
            return
        rules = self._rules(other)
        what = "It" if view["state"] == "rejected-request" else "Its reply"
        sure = "was probably" if view["probable"] else "was"
        yield Evidence(
            f"{what} {sure} refused at the NAT gateway's interface {other['interface']}{acl_says_no(rules)}"
        )
        yield self._quotes.shown(
            "There it is known by time and ports: " if view["probable"] else "There: ", other
        )
        yield from acl_says(rules)

    def _refused_elsewhere(self, row: Row) -> Row | None:
        """The record of another interface that rejected it, or its reply, if one did."""
        view = view_of(self._views, row)
        if view is None or view["stopped"] in {None, row["interface"]}:
            return None
        return self._quotes.at(view)

    # -- the rest --------------------------------------------------------------------------------------------

    @property
    def _saved(self) -> datetime | None:
        times = [kind.oldest for kind in self._lookup.inventory.kinds.values() if kind.oldest is not None]
        return min(times, default=None)

    def age(self, row: Row) -> Iterator[Evidence]:
        """How old the inventory is, and by how much it is older or newer than a record."""
        saved = self._saved
        if saved is None or row["start"] is None:
            return
        apart = saved.timestamp() - row["start"]
        when = "after" if apart >= 0 else "before"
        age = span((self._now - saved).total_seconds())
        yield Evidence(f"The inventory was saved {span(abs(apart))} {when} the record, {age} ago")

    def _ruled_out(self, stem: str, row: Row, rules: Rules | None) -> Iterator[str]:
        if not row["accepted"] and row["has_reason"] and row["reason"] is None:
            yield "Block Public Access and encryption controls: reject-reason is logged and empty"
        if row["accepted"]:
            yield "Security groups and network ACL of this interface: the record says ACCEPT"
            return
        if rules is None:
            return
        if stem == "R-NACL-RETURN":
            yield "Security groups: they never refuse the reply of an accepted request"
        elif rules.groups.allowed is Tri.YES:
            by = (
                security_groups.describe(rules.groups.by[0]) if rules.groups.by else "this interface has none"
            )
            yield f"Security groups: {by}"
        if rules.acl.allowed is Tri.YES:
            acl = rules.acl
            by = acl.passed_by or f"{acl.acl.id if acl.acl else ''} {network_acls.describe(acl.entry)}"
            yield f"Network ACL: {by}"

    def _confidence(self, stem: str, row: Row, rules: Rules | None) -> str:
        if stem in {"R-UNKNOWN", "A-NOREPLY-UNKNOWN"}:
            return LOW
        if stem == "A-NOREPLY-HOST" and self._quotes.find(row, reverse=True).height:
            return LOW  # it was answered somewhere
        if stem == "A-NOREPLY-HOST" and _passes_by(rules):
            return MEDIUM
        view = view_of(self._views, row)
        if stem == "A-REMOTE" and view is not None and view["probable"] and view["stopped"]:
            return LOW
        if stem == "R-LATE":
            idle = self._idle(row)
            certain = self._closed(row) is not None or (idle is not None and idle >= self._timeout(row))
            return HIGH if certain else MEDIUM
        if stem in {
            "R-BACKSCATTER",
            "R-STALE",
            "A-NOREPLY-REMOTE",
            "A-ICMP-ANSWER",
            "A-REMOTE",
            "R-CHANGED-NACL",
        }:
            return MEDIUM
        if stem == "R-SG" and rules is not None and rules.acl.allowed is Tri.UNKNOWN:
            return MEDIUM
        if stem == "R-NACL" and rules is not None and rules.groups.allowed is Tri.UNKNOWN:
            return MEDIUM
        return MEDIUM if row["way"] is None else HIGH

    def _path(self, row: Row, rules: Rules | None) -> tuple[Stage, ...]:
        if rules is None:
            return ()
        leaves = rules.packet.egress
        way = routes.route(self._lookup, rules.interface, rules.packet.destination) if leaves else None
        ends = end_of(row, "src"), end_of(row, "dst")
        own, peer = ends if leaves else ends[::-1]
        other = self._refused_elsewhere(row)
        there = self._rules(other) if other is not None else None
        passed = hops(view_of(self._views, row), row, self._lookup, there)
        return path(row["code"], rules, way, peer, own, passed, reply=not row["source_began"])

    def _fixes(self, stem: str, row: Row, rules: Rules | None) -> tuple[fixes.Fix, ...]:
        wanted = stem in {"R-SG", "R-NACL", "R-BOTH", "R-NACL-RETURN", "R-CHANGED-SG", "R-CHANGED-NACL"}
        if not wanted or rules is None or row["noise"]:
            return ()
        # What answers is tracked: security groups do not judge it, whatever the ACL has become since.
        reply = stem == "R-NACL-RETURN" or (stem == "R-CHANGED-NACL" and not row["source_began"])
        return fixes.fixes(self._lookup, rules.interface, rules.packet, reply=reply)


def _passes_by(rules: Rules | None) -> bool:
    """Whether an interface is known to be but a hop on the way of what came in by it."""
    return (
        rules is not None
        and rules.interface is not None
        and not rules.interface.owns(rules.packet.destination)
    )
