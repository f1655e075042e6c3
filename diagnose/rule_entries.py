"""How much each entry of a network ACL is used: about whose packets it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.rule_filters import behind
from diagnose.rule_sums import COUNTS, NONE, UNKNOWN, UNUSED, USED, described, summed

if TYPE_CHECKING:
    from diagnose.lookup import Lookup
    from diagnose.rule_hits import Book

ENTRIES: dict[str, pl.DataType] = {
    "acl": pl.String(),
    "number": pl.Int32(),
    "rule": pl.String(),
    "direction": pl.String(),
    "action": pl.String(),
    "protocol": pl.String(),
    "ports": pl.String(),
    "other": pl.String(),
    **COUNTS,
    "denied": pl.UInt32(),
    "answers": pl.UInt32(),
    "state": pl.String(),
    "filter": pl.String(),
}
"""An entry of a network ACL, ``rule`` as AWS shows its number: ``hits`` counts the conversations about
whose opening packet it decided, ``denied`` those of them that it refused, ``answers`` the conversations
about whose answers it decided: an entry without hits may still be what lets all answers pass."""


def entries(found: pl.DataFrame, book: Book, lookup: Lookup) -> pl.DataFrame:
    """Count what each entry decided.

    Args:
        found: Conversations that were judged (``rule_hits.matched``).
        book: The entries.
        lookup: The inventory.

    Returns:
        Columns: ``ENTRIES``; by ACL and direction, in the order in which they are asked.
    """
    refused = (pl.col("state") == "rejected-request").sum().cast(pl.UInt32).alias("denied")
    sums = summed(found.drop_nulls("entry"), "entry", refused)
    answers = dict(found.drop_nulls("answered_by").group_by("answered_by").len().iter_rows())
    rows: list[dict[str, Any]] = []
    for place, ((acl, egress, number), entry) in enumerate(book.entries.items()):
        seen = sums.get(place, NONE | {"denied": 0})
        allows = entry is not None and entry.allows
        words = (
            described(entry)
            if entry is not None
            else _REST | {"direction": "egress" if egress else "ingress"}
        )
        met = seen["hits"] or answers.get(place, 0)
        block = entry.block if entry is not None else None
        action = None if allows else "REJECT"
        rows.append(
            {
                "acl": acl,
                "number": number,
                "rule": entry.name if entry is not None else "*",
                "action": "allow" if allows else "deny",
                **words,
                **{name: seen[name] for name in COUNTS},
                "denied": 0 if allows else seen["denied"],
                "answers": answers.get(place, 0),
                "state": USED if met else UNUSED if _is_met(lookup, acl) else UNKNOWN,
                "filter": behind(seen, lookup, egress=egress, block=block, action=action)
                if seen["hits"]
                else "",
            }
        )
    frame = pl.DataFrame(rows, schema=ENTRIES, orient="row")
    return frame.sort("acl", "direction", "number", descending=[False, True, False], maintain_order=True)


_REST = {"protocol": "all", "ports": "all", "other": "all"}


def _is_met(lookup: Lookup, acl: str) -> bool:
    """Whether traffic of any known interface is judged by an ACL."""
    return any(
        (judge := lookup.acl_of(one.subnet, one.vpc)) is not None and judge.id == acl
        for one in lookup.inventory.interfaces.values()
    )
