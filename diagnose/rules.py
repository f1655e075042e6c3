"""How much each rule is used: what security-group rules let in, and what entries of network ACLs decided.

What counts is a conversation, by the packet that opened it: a rule is only asked about that one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.blocks import Block
from diagnose.rule_coverage import Coverage, Loaded, coverage, loaded
from diagnose.rule_entries import entries
from diagnose.rule_filters import behind
from diagnose.rule_hits import Book, book_of, matched
from diagnose.rule_removal import removal
from diagnose.rule_sums import COUNTS, NONE, REDUNDANT, UNKNOWN, UNUSED, USED, described, summed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.diagnosis import Diagnosis
    from diagnose.lookup import Lookup
    from diagnose.model import GroupRule
    from loaders.run import Ticket
    from query.scope import Scope

RULES: dict[str, pl.DataType] = {
    "number": pl.UInt32(),
    "group": pl.String(),
    "name": pl.String(),
    "rule": pl.String(),
    "direction": pl.String(),
    "protocol": pl.String(),
    "ports": pl.String(),
    "other": pl.String(),
    **COUNTS,
    "sole": pl.UInt32(),
    "maybe": pl.UInt32(),
    "state": pl.String(),
    "beside": pl.List(pl.String()),
    "members": pl.UInt32(),
    "covered": pl.Float64(),
    "days": pl.Float64(),
    "skipped": pl.UInt32(),
    "command": pl.String(),
    "reason": pl.String(),
    "filter": pl.String(),
}
"""A rule of a security group. ``rule`` is its ``sgr-`` id or null; ``hits`` counts the conversations that
it let in, ``sole`` those of them that no other rule allows, ``maybe`` those that it may have let in;
``beside`` names the other rules that allow its hits. ``members`` (null where not known), ``covered`` (a
share, null where not known), ``days`` and ``skipped`` are those of its group (``rule_coverage.Coverage``).
``command`` takes an unused rule away, null where nothing is suggested, and ``reason`` says why; ``filter``
finds its records, empty without hits."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much the rules of an inventory are used.

    Attributes:
        rules: The rules of security groups (columns: ``RULES``), the most used first.
        entries: The entries of network ACLs (columns: ``rule_entries.ENTRIES``), in their order.
        hits: Each rule with each conversation that it let in: ``number`` (UInt32, as in ``rules``), and of
            the conversation ``peer``, ``interface`` (String), ``rport``, ``protocol`` (Int32), ``first``
            (Int64).
        book: The rules and entries by number.
        loaded: What is loaded.
        coverage: By group.
        talks: How many conversations were counted.
        unmatched: How many of them were let in although no rule of the inventory allows them.
        unjudged: How many are of interfaces that the inventory does not have.
        narrowed: Why not all traffic was counted (one clause); empty where it was.
    """

    rules: pl.DataFrame
    entries: pl.DataFrame
    hits: pl.DataFrame
    book: Book
    loaded: Loaded
    coverage: dict[str, Coverage]
    talks: int
    unmatched: int
    unjudged: int
    narrowed: str

    def lacks(self, group: str) -> list[str]:
        """What is missing for calling a group's rules unused for good, one clause each."""
        return [*([self.narrowed] if self.narrowed else []), *self.coverage[group].lacks()]


def usage(diagnosis: Diagnosis, scope: Scope, most: int | None = None, ticket: Ticket | None = None) -> Usage:
    """Count what each rule let in.

    Args:
        diagnosis: The records and the rules.
        scope: Which records.
        most: Take the newest records only, so many of them.
        ticket: Checked between the steps.

    Raises:
        QueryError: The scope's filter is not one.
        Cancelled: Nobody wants it any more.
    """
    lookup = diagnosis.lookup
    book = book_of(lookup)
    talks = diagnosis.conversations(scope, most, ticket, judged=False)
    found = matched(talks, lookup, book)
    if ticket:
        ticket.check()
    what = loaded(diagnosis.dataset, scope)
    narrowed = _narrowed(scope, most is not None and int(talks["records"].sum()) >= most)
    let_in = found.filter("let_in")
    hits = let_in.with_columns(alone=pl.col("rules").list.len() == 1).explode("rules").drop_nulls("rules")
    covers = {group: coverage(lookup, what, group) for group in lookup.inventory.groups}
    none = (pl.col("rules").list.len() == 0) & (pl.col("maybe").list.len() == 0) & pl.col("judged")
    used = Usage(
        pl.DataFrame(schema=RULES),
        entries(found, book, lookup),
        hits.select(pl.col("rules").alias("number"), "peer", "interface", "rport", "protocol", "first"),
        book,
        what,
        covers,
        talks.height,
        let_in.filter(none & ~_has_no_groups(lookup)).height,
        found.filter(~pl.col("judged")).height,
        narrowed,
    )
    return _with_rules(used, let_in, hits, lookup)


def _narrowed(scope: Scope, cut: bool) -> str:
    if scope.filter.strip() or scope.group or scope.stream:
        return "only what the filter keeps was counted"
    return "only the newest records were counted" if cut else ""


def _has_no_groups(lookup: Lookup) -> pl.Expr:
    """Whether an interface has no security groups at all, as that of a NAT gateway."""
    return pl.col("interface").is_in(
        [one.id for one in lookup.inventory.interfaces.values() if not one.groups]
    )


def _with_rules(used: Usage, let_in: pl.DataFrame, hits: pl.DataFrame, lookup: Lookup) -> Usage:
    sums = summed(hits, "rules", pl.col("alone").sum().cast(pl.UInt32).alias("sole"))
    maybe = dict(let_in.explode("maybe").drop_nulls("maybe").group_by("maybe").len().iter_rows())
    beside = _beside(let_in)
    names = {number: rule.name for rule, number in used.book.rules.items()}
    rows = []
    for rule, number in used.book.rules.items():
        found = sums.get(number, NONE)
        cover = used.coverage[rule.group]
        state = _state(found, maybe.get(number, 0), cover)
        row = {
            "number": number,
            "group": rule.group,
            "name": lookup.inventory.groups[rule.group].name,
            "rule": rule.id,
            **described(rule),
            **{name: found[name] for name in (*COUNTS, "sole")},
            "maybe": maybe.get(number, 0),
            "state": state,
            "beside": [names[other] for other in sorted(beside.get(number, ()))],
            "members": cover.members,
            "covered": cover.share,
            "days": cover.days,
            "skipped": cover.skipped,
            "filter": _behind(found, lookup, rule),
        }
        command, reason = removal(rule, row, used.lacks(rule.group), cover)
        rows.append({**row, "command": command, "reason": reason})
    order = ["hits", "bytes", "number"]
    frame = pl.DataFrame(rows, schema=RULES, orient="row").sort(order, descending=[True, True, False])
    return replace(used, rules=frame)


def _behind(found: Mapping[str, Any], lookup: Lookup, rule: GroupRule) -> str:
    block = rule.other if isinstance(rule.other, Block) else None
    return behind(found, lookup, egress=rule.egress, block=block, action="ACCEPT") if found["hits"] else ""


def _beside(let_in: pl.DataFrame) -> dict[int, set[int]]:
    """For each rule the others that allow some of its hits."""
    found: dict[int, set[int]] = {}
    for (together,) in let_in.select("rules").filter(pl.col("rules").list.len() > 1).unique().iter_rows():
        for number in together:
            found.setdefault(number, set()).update(set(together) - {number})
    return found


def _state(found: Mapping[str, Any], maybe: int, cover: Coverage) -> str:
    if found["hits"]:
        return USED if found["sole"] else REDUNDANT
    if maybe or cover.members is None:
        return UNKNOWN
    return UNUSED if cover.seen or not cover.members else UNKNOWN
