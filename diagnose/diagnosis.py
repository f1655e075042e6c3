"""Diagnose records: those that a question is about, or all rejects of a scope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from diagnose import direction, facts, initiator, judging
from diagnose.absence import Absence
from diagnose.blocks import ip_of
from diagnose.explain import Explainer
from diagnose.fixes import CONVERSATION, let_through
from diagnose.lookup import Lookup
from diagnose.records import between, flows, from_to, lazy_flows, touching
from loaders import run
from query.scope import Scope
from query.shorthand import condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.explain import Row
    from diagnose.fixes import Fix
    from diagnose.model import Inventory
    from diagnose.verdict import Verdict
    from loaders.dataset import Dataset
    from loaders.run import Ticket


@dataclass(frozen=True, slots=True)
class Question:
    """Which traffic somebody asks about; what is ``None`` may be anything.

    Attributes:
        source: Where it comes from, an address.
        target: Where it goes, an address.
        sport: The port it comes from.
        dport: The port it goes to.
        protocol: The protocol's number.
        interface: The interface that should have seen it.
        since: Not before this time.
        until: Before this time.
    """

    source: str | None = None
    target: str | None = None
    sport: int | None = None
    dport: int | None = None
    protocol: int | None = None
    interface: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def filter(self) -> str:
        """The records it is about, as a filter."""
        columns = {
            "srcport": self.sport,
            "dstport": self.dport,
            "protocol": self.protocol,
            "interface_id": self.interface,
        }
        terms = [from_to(self.source, self.target)]
        terms += [condition(name, value, keep=True) for name, value in columns.items() if value is not None]
        return " and ".join(filter(None, terms))

    @property
    def scope(self) -> Scope:
        """The same, with its times."""
        return Scope(filter=self.filter, since=self.since, until=self.until)


class Diagnosis:
    """A data set and an inventory, to ask about."""

    def __init__(self, dataset: Dataset, inventory: Inventory, now: datetime | None = None) -> None:
        """Take both as they are; nothing is read here.

        Args:
            dataset: The records.
            inventory: The rules; without any, signatures alone decide.
            now: What time it is.
        """
        self.dataset, self.lookup = dataset, Lookup(inventory)
        self.now = now or datetime.now(UTC)
        self._reach: dict[tuple[str, ...], pl.DataFrame] = {}

    def of(self, question: Question) -> Iterator[Verdict]:
        """The verdict of each record that a question is about, newest first; why there is none, if so.

        Raises:
            QueryError: The question names what cannot be asked for.
        """
        picked = flows(self.dataset, question.scope)
        if picked.height:
            yield from self._explained(picked, self._near(picked, question))
        else:
            yield from Absence(self.lookup, self.dataset, question, self.now).verdicts()

    def rejects(self, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
        """All rejects of a scope with their codes.

        Returns:
            The columns of ``judging.coded``, newest first.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants them any more.
        """
        picked = flows(self.dataset, scope.also('action = "REJECT"'), ticket)
        keys = ["source", "srcport", "target", "dstport", "protocol"]
        there = picked.select(keys).unique()
        back = there.select(
            source="target", srcport="dstport", target="source", dstport="srcport", protocol="protocol"
        )
        both = pl.concat([there, back]).unique()
        every = lazy_flows(self.dataset, Scope())
        near = run.collect(every.join(both.lazy(), on=keys, how="semi", nulls_equal=True))
        if ticket:
            ticket.check()
        found, _ = self._found(picked, near)
        return found.sort("start", descending=True, nulls_last=True, maintain_order=True)

    def _near(self, picked: pl.DataFrame, question: Question) -> pl.DataFrame:
        """The records between the addresses of those in question, at any interface and any time."""
        source, target = question.source, question.target
        if source and target:
            return flows(self.dataset, Scope(filter=between(source, target)))
        if source or target:
            return flows(self.dataset, Scope(filter=touching(source or target or "")))
        pairs = picked.select("source", "target").unique()
        both = pl.concat([pairs, pairs.select(source="target", target="source")]).unique()
        every = lazy_flows(self.dataset, Scope())
        return run.collect(every.join(both.lazy(), on=["source", "target"], how="semi"))

    def _explained(self, picked: pl.DataFrame, near: pl.DataFrame) -> Iterator[Verdict]:
        found, around = self._found(picked, near)
        explainer = Explainer(self.lookup, self.dataset, around.flows, self.now)
        order = found.sort("start", "interface", "accepted", descending=[True, False, False], nulls_last=True)
        for row in order.iter_rows(named=True):
            verdict = explainer.verdict(row)
            yield replace(verdict, fixes=self._weighed(verdict.fixes, row)) if verdict.fixes else verdict

    def _weighed(self, fixes: Sequence[Fix], row: Row) -> tuple[Fix, ...]:
        """The same fixes, with how much else each would let through, those before it being done."""
        found: list[Fix] = []
        now = self.lookup
        commands: tuple[str, ...] = ()
        for fix in fixes:
            commands = (*commands, fix.command)
            if commands not in self._reach:
                self._reach[commands] = let_through(self._refused, now, fix)
            ends = [row[name] for name in CONVERSATION]
            is_own = _is(ends) | _is([*ends[2:4], *ends[:2], ends[4]])
            others = self._reach[commands].select((~is_own).sum()).item()
            found.append(replace(fix, also_allows=others))
            now = Lookup(fix.inventory)
        return tuple(found)

    @cached_property
    def _refused(self) -> pl.DataFrame:
        """All that rules refused at interfaces of the inventory, as ``fixes.let_through`` takes it."""
        names = list(self.lookup.inventory.interfaces)
        ours = pl.col("interface").is_in(names)
        plan = lazy_flows(self.dataset, Scope(filter='action = "REJECT"')).filter(
            ours & pl.col("reason").is_null()
        )
        columns = ["interface", "srcaddr", "dstaddr", "direction", *CONVERSATION]
        refused = run.collect(plan.select(columns).unique())
        asked = lazy_flows(self.dataset, Scope(filter='action = "ACCEPT"')).filter(ours)
        ends = [*CONVERSATION[2:4], *CONVERSATION[:2], CONVERSATION[4]]
        requests = asked.select("interface", *CONVERSATION).rename(dict(zip(CONVERSATION, ends, strict=True)))
        keys = ["interface", *CONVERSATION]
        replies = refused.lazy().select(keys).join(requests, on=keys, how="semi", nulls_equal=True)
        replies = replies.unique().with_columns(reply=pl.lit(value=True))
        found = refused.join(run.collect(replies), on=keys, how="left", nulls_equal=True)
        found = found.with_columns(pl.col("reply").fill_null(value=False))
        return direction.with_direction(found, self._own_addresses(found), self.lookup)

    def _found(self, picked: pl.DataFrame, near: pl.DataFrame) -> tuple[pl.DataFrame, facts.Around]:
        """What is known about records, up to their codes, and the records around them."""
        own = self._own_addresses(near)
        near = direction.with_direction(near, own, self.lookup)
        picked = direction.with_direction(picked, own, self.lookup)
        around = facts.Around(near, self._listeners(picked), self._refusals(picked))
        instances = facts.instances(near, self.lookup)
        found = judging.judged(facts.facts(picked, around), self.lookup)
        found = judging.coded(found, self.lookup, instances)
        far = self._far_sides(found, around)
        if not far.height:
            return found, around
        there = judging.judged(facts.facts(far.drop("_for_file", "_for_line"), around), self.lookup)
        there = judging.coded(there, self.lookup, instances)
        codes = {
            (file, line): code
            for (file, line), code in zip(
                far.select("_for_file", "_for_line").iter_rows(), there["code"], strict=True
            )
        }
        return judging.coded(found.drop("code", "noise"), self.lookup, instances, codes), around

    def _far_sides(self, found: pl.DataFrame, around: facts.Around) -> pl.DataFrame:
        """What another of our interfaces saw come in of accepted records that were never answered."""
        left = found.filter(
            pl.col("code").is_in(["A-NOREPLY-REMOTE", "A-NOROUTE", "A-BLACKHOLE"])
            & (pl.col("same_at").list.len() > 1)
        ).select("source", "srcport", "target", "dstport", "protocol", "interface", "_file", "_line")
        keys = ["source", "srcport", "target", "dstport", "protocol"]
        came = around.flows.filter(pl.col("way") == direction.INGRESS)
        met = came.join(
            left.rename({"interface": "_from", "_file": "_for_file", "_line": "_for_line"}),
            on=keys,
            nulls_equal=True,
        ).filter(pl.col("interface") != pl.col("_from"))
        # A refusal there outranks what was let in; of several hops the one that has the address is the end.
        hosts = [self._has(row["interface"], row["target"]) for row in met.iter_rows(named=True)]
        met = met.with_columns(_hosts=pl.Series(hosts, dtype=pl.Boolean))
        met = met.sort("_hosts", "accepted", "start", descending=[True, False, False], nulls_last=True)
        return met.unique(["_for_file", "_for_line"], keep="first", maintain_order=True).drop(
            "_hosts", "_from"
        )

    def _has(self, name: str, address: str) -> bool:
        interface, ip = self.lookup.interface(name), ip_of(address)
        return interface is not None and ip is not None and interface.owns(ip)

    def _own_addresses(self, near: pl.DataFrame) -> pl.DataFrame:
        """The own addresses of the interfaces whose records do not say which way they went."""
        unsaid = near.filter(pl.col("direction").is_null())
        known = self.lookup.inventory.interfaces
        names = [name for name in unsaid["interface"].drop_nulls().unique() if name not in known]
        plan = lazy_flows(self.dataset, Scope(filter=_one_of("interface_id", names)))
        columns = ["interface", "srcaddr", "dstaddr"]
        ends = run.collect(plan.select(columns).unique()) if names else near.select(columns).clear()
        return direction.own_addresses(ends, self.lookup)

    def _listeners(self, picked: pl.DataFrame) -> pl.DataFrame:
        """Who of those in question listens, by all records there are."""
        addresses = pl.concat([picked["source"], picked["target"]]).drop_nulls().unique()
        ports = pl.concat([picked["srcport"], picked["dstport"]]).drop_nulls().unique()
        if not addresses.len():
            return initiator.listeners(picked)
        mine = addresses.implode()
        wanted = (pl.col("source").is_in(mine) & pl.col("srcport").is_in(ports.implode())) | (
            pl.col("target").is_in(mine) & pl.col("dstport").is_in(ports.implode())
        )
        columns = ["source", "target", "srcport", "dstport", "protocol", "accepted"]
        scope = Scope(filter=_any_of([touching(address) for address in addresses]))
        plan = lazy_flows(self.dataset, scope)
        return initiator.listeners(run.collect(plan.filter(wanted).select(columns).unique()))

    def _refusals(self, picked: pl.DataFrame) -> pl.DataFrame:
        """At how many places the public peers of refused records were refused, by all records there are."""
        peers = pl.concat([picked["source"], picked["target"]]).drop_nulls().unique()
        public = [text for text in peers if (ip := ip_of(text)) is not None and self.lookup.is_public(ip)]
        scope = Scope(filter=_any_of([touching(address) for address in public]))
        columns = ["source", "target", "dstport", "accepted"]
        plan = lazy_flows(self.dataset, scope).filter(~pl.col("accepted") & pl.col("source").is_in(public))
        refused = run.collect(plan.select(columns).unique()) if public else picked.select(columns).clear()
        return facts.refusals(refused.with_columns(way=pl.lit("ingress")))


def _is(ends: Sequence[str | int | None]) -> pl.Expr:
    """Whether a conversation is from and to some ends."""
    terms = (pl.col(name).eq_missing(pl.lit(end)) for name, end in zip(CONVERSATION, ends, strict=True))
    return pl.all_horizontal(*terms)


# So many addresses are named in a filter; more are looked for among all records.
_FEW = 50


def _any_of(terms: Sequence[str]) -> str:
    return " or ".join(terms) if 0 < len(terms) <= _FEW else ""


def _one_of(column: str, values: Iterable[str]) -> str:
    return _any_of([condition(column, value, keep=True) for value in values])
