"""Lists of rules as tables show them: used, unused, too open, too tight, and the entries of network ACLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.codes import meaning
from diagnose.rule_coverage import NEVER_LOGGED
from diagnose.rule_sums import REDUNDANT, UNKNOWN, UNUSED
from tui.sanitise import clean
from tui.units import duration, size, stamp, whole
from tui.widgets.table_layout import Column, Row
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.rules import Usage

_RULE = Column("what", "rule", 20, 70, grow=True)
_GROUP = Column("group", "group", 8, 20, fold=2)
_ID = Column("id", "id", 12, 21, fold=4)
_LAST = Column("last", "last", 19, 19, fold=1)
_COLUMNS = {
    "used": (
        Column("hits", "hits", 6, 12, right=True),
        Column("sole", "only it", 7, 12, right=True),
        _RULE,
        _GROUP,
        Column("peers", "peers", 5, 9, right=True, fold=3),
        Column("bytes", "bytes", 6, 9, right=True, fold=5),
        _ID,
        _LAST,
    ),
    "unused": (
        Column("state", "state", 9, 9, toned=True),
        _RULE,
        _GROUP,
        Column("hits", "hits", 5, 12, right=True, fold=1),
        Column("logged", "logged", 6, 6, right=True),
        _ID,
    ),
    "too open": (
        Column("hits", "hits", 6, 12, right=True),
        Column("lost", "lost", 6, 12, right=True),
        Column("allows", "allows", 16, 46),
        Column("proposed", "used by", 20, 400, grow=True),
        _GROUP,
        _ID,
    ),
    "too tight": (
        Column("rejects", "rejects", 7, 12, right=True),
        Column("windows", "windows", 7, 7, right=True, fold=3),
        Column("peers", "peers", 5, 9, right=True, fold=1),
        Column("what", "wanted", 24, 90, grow=True),
        Column("refused", "refused by", 20, 46),
        Column("last", "last", 19, 19, fold=2),
    ),
    "ACL entries": (
        Column("hits", "opened", 6, 12, right=True),
        Column("denied", "denied", 6, 12, right=True),
        Column("answers", "answers", 7, 12, right=True),
        Column("rule", "rule", 5, 5, right=True),
        Column("what", "entry", 20, 70, grow=True),
        Column("acl", "acl", 12, 21, fold=2),
        _LAST,
    ),
}
LISTS = tuple(_COLUMNS)
"""The lists, from the left."""
_TONES = {UNUSED: "warn", REDUNDANT: "", UNKNOWN: "dim"}
_DAY = 86_400


@dataclass(frozen=True)
class Found:
    """What was found out about rules.

    Attributes:
        used: How much rules are used.
        opened: Rules that are too open (``too_open.OPEN``).
        tight: What is too tight (``too_tight.TIGHT``).
        rejects: The rejects behind that, with ``line``.
    """

    used: Usage
    opened: pl.DataFrame
    tight: pl.DataFrame
    rejects: pl.DataFrame


class RuleSource:
    """One of the lists."""

    instant = True

    def __init__(self, name: str, found: Found) -> None:
        """Show a list (one of ``LISTS``)."""
        self.name, self.columns = name, _COLUMNS[name]
        self._frame = _frame(name, found)
        self.height = self._frame.height

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for place, row in enumerate(self._frame.slice(offset, amount).iter_rows(named=True)):
            cells = tuple(clean(text) for text in _CELLS[self.name](row))
            rows.append(Row(offset + place, cells, _tone(self.name, row), row))
        return rows


def _frame(name: str, found: Found) -> pl.DataFrame:
    rules = found.used.rules
    if name == "used":
        return rules.filter(pl.col("hits") > 0)
    if name == "unused":
        order = pl.col("state").replace_strict({UNUSED: 0, REDUNDANT: 1, UNKNOWN: 2}, default=3)
        return rules.filter(pl.col("state") != "used").sort(order, "hits", "number")
    frames = {"too open": found.opened, "too tight": found.tight, "ACL entries": found.used.entries}
    return frames[name]


def _tone(name: str, row: Mapping[str, Any]) -> str:
    if name == "unused":
        return _TONES[row["state"]]
    return "dim" if name == "ACL entries" and row["state"] != "used" else ""


def _what(row: Mapping[str, Any]) -> str:
    """What a rule is for: ``tcp/443 from 0.0.0.0/0``."""
    ports = "" if row["ports"] == "all" else f"/{row['ports']}"
    return f"{row['protocol']}{ports} {_side(row)} {row['other']}"


def _side(row: Mapping[str, Any]) -> str:
    return "to" if row["direction"] == "egress" else "from"


def _moment(row: Mapping[str, Any]) -> str:
    return stamp(row["last"])[:19] if row["last"] is not None else ""


def _used(row: Mapping[str, Any]) -> tuple[str, ...]:
    counts = whole(row["hits"]), whole(row["sole"])
    more = whole(row["peers"]), size(row["bytes"]), row["rule"] or "", _moment(row)
    return *counts, _what(row), row["name"], *more


def _unused(row: Mapping[str, Any]) -> tuple[str, ...]:
    logged = "?" if row["covered"] is None else "" if not row["members"] else f"{row['covered']:.0%}"
    return row["state"], _what(row), row["name"], whole(row["hits"]), logged, row["rule"] or ""


def _open(row: Mapping[str, Any]) -> tuple[str, ...]:
    lost = "?" if row["lost"] is None else whole(row["lost"])
    return whole(row["hits"]), lost, row["allows"], row["proposed"], row["group"], row["rule"] or ""


def _tight(row: Mapping[str, Any]) -> tuple[str, ...]:
    port = f"/{row['port']}" if row["port"] else ""
    far = row["peer"] if str(row["peer"]).startswith("sg-") else row["block"] or row["peer"]
    wanted = f"{row['protocol']}{port} {_side(row)} {far}"
    by = row["acl"] or row["groups"] or ""
    return whole(row["rejects"]), whole(row["windows"]), whole(row["peers"]), wanted, by, _moment(row)


def _entry(row: Mapping[str, Any]) -> tuple[str, ...]:
    counts = whole(row["hits"]), whole(row["denied"]), whole(row["answers"])
    way = "out" if row["direction"] == "egress" else "in"
    ports = "" if row["ports"] == "all" else f"/{row['ports']}"
    what = f"{way} {row['action']} {row['protocol']}{ports} {_side(row)} {row['other']}"
    return *counts, row["rule"], what, row["acl"], _moment(row)


_CELLS = {"used": _used, "unused": _unused, "too open": _open, "too tight": _tight, "ACL entries": _entry}


def told(name: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """What there is to say about a line beside its cells, and its command; not yet safe to show.

    Args:
        name: The list.
        row: The line's record.
    """
    command = row.get("command") or ""
    if name in {"used", "unused"}:
        said = [f"{row['rule'] or row['group']}: {row['reason']}", _coverage(row)]
        said += [NEVER_LOGGED] if name == "unused" else []
        return ". ".join(filter(None, said)), command
    if name == "too open":
        return _told_open(row), command
    if name == "too tight":
        text = f"{row['code']}, {meaning(row['code'])}: {plural(row['rejects'], 'reject')}"
        why = "" if command else f". No command: {row['reason']}"
        return f"{text}, {row['private']:.0%} of them with private peers{why}", command
    if row["answers"] and not row["hits"]:
        return f"Entry {row['rule']} of {row['acl']}: about answers only, which network ACLs judge too", ""
    decided = plural(row["hits"], "opening packet") if row["hits"] else "nothing that was seen"
    return f"Entry {row['rule']} of {row['acl']} decided about {decided}", ""


def _coverage(row: Mapping[str, Any]) -> str:
    if row["members"] is None:
        return "Which interfaces have the group is not known"
    if not row["members"]:
        return ""
    share = "an unknown share" if row["covered"] is None else f"{row['covered']:.0%}"
    skips = f", {plural(row['skipped'], 'SKIPDATA window')}" if row["skipped"] else ""
    here = plural(row["members"], "interface")
    return f"{here} with {row['name']}, {share} logged, {duration(row['days'] * _DAY)} loaded{skips}"


def _told_open(row: Mapping[str, Any]) -> str:
    if row["lost"] is None:
        check = "Not checked: the last day is held out, and nothing is loaded from before it"
    else:
        of = f"{whole(row['lost'])} of that day's {plural(row['held'], 'hit')}"
        check = f"Made without the last day it would have lost {of}"
    why = "" if row["command"] else f". No command: {row['reason']}"
    return f"{row['rule'] or row['group']}, used by {row['proposed']}. {check}{why}"


def counts(found: Found) -> dict[str, int]:
    """How many lines each list has."""
    return {name: _frame(name, found).height for name in LISTS}
