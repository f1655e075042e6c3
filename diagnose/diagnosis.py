"""Diagnose records: those that a question is about, or all rejects of a scope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose import direction, facts, initiator, judging
from diagnose.absence import Absence
from diagnose.blocks import ip_of
from diagnose.conversations import conversations as joined
from diagnose.explain import Explainer
from diagnose.far_sides import far_sides, legs_near, of_ends, views_of
from diagnose.fixes import CONVERSATION, let_through
from diagnose.lookup import Lookup
from diagnose.records import (
    ENDS,
    FEW,
    any_of,
    at_interface,
    between,
    both_ways,
    flows,
    from_to,
    lazy_flows,
    touching,
)
from diagnose.vantages import merged
from loaders import run
from loaders.schema import FILE, LINE
from query.scope import Scope
from query.shorthand import condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        self._reach: dict[tuple[Scope, tuple[str, ...]], pl.DataFrame] = {}
        self._refusals_of: dict[Scope, pl.DataFrame] = {}

    def of(self, question: Question) -> Iterator[Verdict]:
        """The verdict of each record that a question is about, newest first; why there is none, if so.

        Raises:
            QueryError: The question names what cannot be asked for.
        """
        picked = flows(self.dataset, question.scope)
        if picked.height:
            yield from self._explained(picked, question, Scope())
        else:
            yield from Absence(self.lookup, self.dataset, question, self.now).verdicts()

    def of_record(self, record: Mapping[str, Any], within: timedelta | None = None) -> Verdict | None:
        """The verdict of one record.

        Args:
            record: Its fields, as ``View.records`` has them.
            within: Look at records at most so much older or newer; at all of them without it.

        Returns:
            ``None`` where the record is of no traffic (NODATA, SKIPDATA), or not there any more.
        """
        start = record.get("timestamp")
        if record.get("action") is None or start is None:
            return None
        question = Question(
            source=record.get("srcaddr"),
            target=record.get("dstaddr"),
            sport=record.get("srcport"),
            dport=record.get("dstport"),
            protocol=record.get("protocol"),
            interface=record.get("interface_id"),
            since=start,
            until=start + _MOMENT,
        )
        here = (pl.col("_file") == record["_file"]) & (pl.col("_line") == record["_line"])
        picked = flows(self.dataset, question.scope).filter(here)
        around = Scope(since=start - within, until=start + within) if within is not None else Scope()
        return next(self._explained(picked, question, around), None)

    def rejects(self, scope: Scope, ticket: Ticket | None = None) -> pl.DataFrame:
        """All rejects of a scope with their codes.

        Returns:
            The columns of ``judging.coded``, newest first.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants them any more.
        """
        picked = flows(self.dataset, scope.also('action = "REJECT"'), ticket)
        near = self._of_same_ends(picked)
        if ticket:
            ticket.check()
        found, _ = self._found(picked, near, Scope(), bulk=True)
        return found.sort("start", descending=True, nulls_last=True, maintain_order=True)

    def conversations(
        self,
        scope: Scope,
        most: int | None = None,
        ticket: Ticket | None = None,
        *,
        judged: bool = True,
        whole: bool = False,
    ) -> pl.DataFrame:
        """The conversations that have a record in a scope, newest first.

        Args:
            scope: Which records.
            most: Take the newest records only, so many of them.
            ticket: Checked between the steps.
            judged: Whether a verdict is wanted on each.
            whole: Whether what several interfaces saw of one is one row; otherwise it is a row for each.

        Returns:
            ``conversations.CONVERSATION``, or ``vantages.VANTAGES`` for whole ones, and if wanted ``code``
            (String): the verdict on the record to explain.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants them any more.
        """
        found = flows(self.dataset, scope, ticket)
        found = found if most is None else found.tail(most)
        # A filter may have left out the other direction.
        is_part = bool(scope.filter.strip())
        asked = self._of_same_ends(found) if is_part else found
        near = self._with_legs(asked, asked, Scope()) if whole and is_part else asked
        near = near.sort("start", nulls_last=True, maintain_order=True)
        directed = direction.with_direction(near, self._own_addresses(near, Scope()), self.lookup)
        if ticket:
            ticket.check()
        talks = joined(directed, initiator.listeners(near.lazy()))
        talks = merged(talks, self.lookup) if whole else talks
        if near.height > asked.height:
            # Legs at NAT gateways that are of none of these conversations were not asked for.
            talks = of_ends(talks, asked)
        if not judged:
            return talks
        place = [FILE, LINE]
        picked = near.join(talks.select(place), on=place, how="semi", maintain_order="left")
        if ticket:
            ticket.check()
        coded, _ = self._found(picked, near, Scope(), bulk=True)
        codes = coded.select(*place, "code").unique(place, keep="any")
        return talks.join(codes, on=place, how="left", maintain_order="left")

    def _with_legs(self, near: pl.DataFrame, picked: pl.DataFrame, around: Scope) -> pl.DataFrame:
        """Records, and those at NAT gateways that may be of the same conversations as some of them."""
        legs = legs_near(self.dataset, picked, around, self.lookup)
        return pl.concat([near, legs.join(near, on=[FILE, LINE], how="anti")])

    def _of_same_ends(self, picked: pl.DataFrame) -> pl.DataFrame:
        """All records between the endpoints of some, either way, at any interface and any time."""
        every = lazy_flows(self.dataset, Scope())
        return run.collect(every.join(both_ways(picked).lazy(), on=ENDS, how="semi", nulls_equal=True))

    def _near(self, picked: pl.DataFrame, question: Question, around: Scope) -> pl.DataFrame:
        """The records between the addresses of those in question, at any interface.

        The ends of the packet count: at a NAT gateway, say, one address is the gateway's own.
        """
        pairs = {frozenset(pair) for pair in picked.select("source", "target").unique().iter_rows()}
        pairs = {pair for pair in pairs if None not in pair}
        if pairs and len(pairs) <= _FEW_PAIRS:
            ends = (sorted(pair) for pair in pairs)
            text = " or ".join(sorted(between(pair[0], pair[-1]) for pair in ends))
            return flows(self.dataset, replace(around, filter=text))
        if one := question.source or question.target:
            return flows(self.dataset, replace(around, filter=touching(one)))
        ways = picked.select("source", "target").unique()
        both = pl.concat([ways, ways.select(source="target", target="source")]).unique()
        every = lazy_flows(self.dataset, around)
        return run.collect(every.join(both.lazy(), on=["source", "target"], how="semi"))

    def _explained(self, picked: pl.DataFrame, question: Question, around: Scope) -> Iterator[Verdict]:
        near = self._with_legs(self._near(picked, question, around), picked, around)
        found, known = self._found(picked, near, around)
        explainer = Explainer(self.lookup, self.dataset, known, self.now)
        order = found.sort("start", "interface", "accepted", descending=[True, False, False], nulls_last=True)
        for row in order.iter_rows(named=True):
            verdict = explainer.verdict(row)
            fixes = self._weighed(verdict.fixes, row, around)
            yield replace(verdict, fixes=fixes)

    def _weighed(self, fixes: Sequence[Fix], row: Row, around: Scope) -> tuple[Fix, ...]:
        """The same fixes, with how much else each would let through, those before it being done."""
        found: list[Fix] = []
        now = self.lookup
        commands: tuple[str, ...] = ()
        for fix in fixes:
            commands = (*commands, fix.command)
            key = around, commands
            if key not in self._reach:
                self._reach[key] = let_through(self._refused(around), now, fix)
            ends = [row[name] for name in CONVERSATION]
            is_own = _is(ends) | _is([*ends[2:4], *ends[:2], ends[4]])
            others = self._reach[key].select((~is_own).sum()).item()
            found.append(replace(fix, also_allows=others))
            now = Lookup(fix.inventory)
        return tuple(found)

    def _refused(self, around: Scope) -> pl.DataFrame:
        """All that rules refused at interfaces of the inventory, as ``fixes.let_through`` takes it."""
        if around not in self._refusals_of:
            self._refusals_of[around] = self._find_refused(around)
        return self._refusals_of[around]

    def _find_refused(self, around: Scope) -> pl.DataFrame:
        names = list(self.lookup.inventory.interfaces)
        ours = pl.col("interface").is_in(names)
        plan = lazy_flows(self.dataset, replace(around, filter='action = "REJECT"')).filter(
            ours & pl.col("reason").is_null()
        )
        columns = ["interface", "srcaddr", "dstaddr", "direction", *CONVERSATION]
        refused = run.collect(plan.select(columns).unique())
        asked = lazy_flows(self.dataset, replace(around, filter='action = "ACCEPT"')).filter(ours)
        ends = [*CONVERSATION[2:4], *CONVERSATION[:2], CONVERSATION[4]]
        requests = asked.select("interface", *CONVERSATION).rename(dict(zip(CONVERSATION, ends, strict=True)))
        keys = ["interface", *CONVERSATION]
        replies = refused.lazy().select(keys).join(requests, on=keys, how="semi", nulls_equal=True)
        replies = replies.unique().with_columns(reply=pl.lit(value=True))
        found = refused.join(run.collect(replies), on=keys, how="left", nulls_equal=True)
        found = found.with_columns(pl.col("reply").fill_null(value=False))
        return direction.with_direction(found, self._own_addresses(found, around), self.lookup)

    def _found(
        self, picked: pl.DataFrame, near: pl.DataFrame, around: Scope, *, bulk: bool = False
    ) -> tuple[pl.DataFrame, facts.Around]:
        """What is known about records, up to their codes, and the records around them.

        Args:
            picked: The records, as ``records.flows`` has them.
            near: The records around them.
            around: The times to look at.
            bulk: Whether nobody asks who started what, where that decides nothing.
        """
        own = self._own_addresses(near, around)
        near = direction.with_direction(near, own, self.lookup)
        picked = direction.with_direction(picked, own, self.lookup)
        known = facts.Around(near, self._refusals(picked, around))
        instances = facts.instances(near, self.lookup)

        def judged(some: pl.DataFrame) -> pl.DataFrame:
            found = facts.facts(some, known)
            may_answer = (pl.col("other_accepted") > 0) & (pl.col("same_accepted") == 0)
            undecided = found.filter(initiator.told_by_flags().is_null())
            asked = undecided.filter(may_answer) if bulk else undecided
            found = initiator.with_initiator(found, self._listeners(asked, around))
            return judging.judged(found, self.lookup)

        found = judged(picked)
        coded = judging.coded(found, self.lookup, instances)
        if not bulk:
            known = replace(known, views=views_of(picked, near, self.lookup))
        far = far_sides(coded, near, known.views, self.lookup)
        if not far.height:
            return coded, known
        there = judging.coded(judged(far.drop("_for_file", "_for_line")), self.lookup, instances)
        places = far.select("_for_file", "_for_line").iter_rows()
        codes = {(file, line): code for (file, line), code in zip(places, there["code"], strict=True)}
        return judging.coded(found, self.lookup, instances, codes), known

    def _own_addresses(self, near: pl.DataFrame, around: Scope) -> pl.DataFrame:
        """The own addresses of the interfaces whose records do not say which way they went."""
        unsaid = near.filter(pl.col("direction").is_null())
        known = self.lookup.inventory.interfaces
        names = [name for name in unsaid["interface"].drop_nulls().unique() if name not in known]
        if not names:
            return direction.own_addresses(near.clear(), self.lookup)
        ends = self._ends_at(names, around)
        found = direction.own_addresses(ends, self.lookup)
        open_ = ends.join(found.filter(pl.col("own").is_null()), on="interface", how="semi")
        addresses = pl.concat([open_["srcaddr"], open_["dstaddr"]]).drop_nulls().unique().sort()
        if not 0 < len(addresses) <= FEW:
            return found
        # What else saw their addresses may have one of them as its own.
        plan = lazy_flows(self.dataset, replace(around, filter=any_of(addresses, touching)))
        more = run.collect(plan.select("interface").unique())["interface"].drop_nulls()
        return direction.own_addresses(self._ends_at(sorted({*names, *more}), around), self.lookup)

    def _ends_at(self, names: Sequence[str], around: Scope) -> pl.DataFrame:
        """The pairs of addresses in the records of some interfaces."""
        plan = lazy_flows(self.dataset, replace(around, filter=any_of(names, at_interface)))
        return run.collect(plan.select("interface", "srcaddr", "dstaddr").unique())

    def _listeners(self, picked: pl.DataFrame, around: Scope) -> pl.DataFrame:
        """Who of those in question listens."""
        ends = initiator.endpoints(picked)
        addresses = ends["address"].drop_nulls().unique()
        plan = lazy_flows(self.dataset, replace(around, filter=any_of(addresses, touching)))
        return initiator.listeners(plan if picked.height else plan.clear(), ends)

    def _refusals(self, picked: pl.DataFrame, around: Scope) -> pl.DataFrame:
        """At how many places the public peers of refused records were refused."""
        peers = pl.concat([picked["source"], picked["target"]]).drop_nulls().unique()
        public = [text for text in peers if (ip := ip_of(text)) is not None and self.lookup.is_public(ip)]
        named = any_of(public, touching)
        refused_ = 'action = "REJECT"' + (f" and ({named})" if named else "")
        columns = ["source", "target", "dstport", "accepted"]
        plan = lazy_flows(self.dataset, replace(around, filter=refused_)).filter(
            pl.col("source").is_in(public)
        )
        refused = run.collect(plan.select(columns).unique()) if public else picked.select(columns).clear()
        return facts.refusals(refused.with_columns(way=pl.lit("ingress")))


def _is(ends: Sequence[str | int | None]) -> pl.Expr:
    """Whether a conversation is from and to some ends."""
    terms = (pl.col(name).eq_missing(pl.lit(end)) for name, end in zip(CONVERSATION, ends, strict=True))
    return pl.all_horizontal(*terms)


# Times of records are whole seconds.
_MOMENT = timedelta(seconds=1)
# So many pairs of addresses are named in a filter.
_FEW_PAIRS = 10
