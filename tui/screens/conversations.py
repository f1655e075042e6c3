"""Conversations: both directions joined, who began, what became of it; each line opens its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from diagnose.conversations import STATES
from diagnose.packet import protocol_name
from diagnose.records import of_conversation
from query.services import service_name
from tui.flows import end, moment, record_of
from tui.keymap import CONVERSATIONS, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import count, shorten, size, stamp
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.table_layout import Column, Row
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from loaders.run import Ticket
    from tui.diagnosing import Diagnosing
    from tui.state import State

_COLUMNS = (
    Column("first", "time", 8, 19),
    Column("initiator", "who began", 15, 46, grow=True),
    Column("responder", "with whom", 15, 46),
    Column("service", "service", 6, 14, fold=3),
    Column("state", "state", 11, 16, toned=True),
    Column("bytes_out", "sent", 7, 9, right=True, fold=1),
    Column("bytes_back", "received", 8, 9, right=True, fold=1),
    Column("packets", "packets", 7, 11, right=True, fold=4),
    Column("code", "verdict", 10, 26, fold=2),
    Column("passes", "at", 12, 48, fold=5),
)
_TONES = {"established": "accept", "refused": "warn", "half-open": "warn", "mid-stream": ""}
_ORDERS = {
    "first": "newest first",
    "bytes": "by bytes",
    "rejected": "rejected first",
    "last": "longest first",
}
"""What the list is sorted by, in turn, and how that is said."""
_DAY = 86_400
# So much room have the names of interfaces together, and each at least.
_ALL_NAMES, _SHORTEST = 38, 12
_NONE = "No conversation is among the records that are looked at.\nPress esc to go back."


def _passed(talk: Mapping[str, Any]) -> str:
    """The interfaces on the way of a conversation, where it was rejected, ``?`` if that is but probable.

    ``eni-0d37…1c905c5 → ✗ eni-0ea8…f9deebd8 ?``
    """
    names = talk["passes"]
    room = max(_SHORTEST, _ALL_NAMES // max(1, len(names)))
    stop = talk["stopped"] if len(names) > 1 else None
    way = " → ".join(f"{'✗ ' if name == stop else ''}{shorten(name, room)}" for name in names)
    return f"{way} ?" if talk["probable"] else way


def _seen(talk: Mapping[str, Any]) -> list[str]:
    """How many interfaces saw it, and which of them rejected it, where that are several."""
    if len(talk["passes"]) <= 1:
        return []
    sure = "probably seen" if talk["probable"] else "seen"
    where = f", rejected at {talk['stopped']}" if talk["stopped"] else ""
    return [f"{sure} at {len(talk['passes'])} interfaces{where}"]


class ConversationSource:
    """Conversations as a table shows them."""

    instant = True

    def __init__(self, talks: pl.DataFrame, order: str) -> None:
        """Show conversations (``diagnose.diagnosis.Diagnosis.conversations``) in an order."""
        self.columns: tuple[Column, ...] = _COLUMNS
        keys = {
            "first": pl.col("first"),
            "bytes": pl.col("bytes_out") + pl.col("bytes_back"),
            "rejected": pl.col("rejected"),
            "last": pl.col("last") - pl.col("first"),
        }
        self._talks = talks.sort(keys[order], descending=True, nulls_last=True, maintain_order=True)
        self.height, self.order = talks.height, order
        self._dated = (talks["first"].drop_nulls() // _DAY).n_unique() > 1

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for place, talk in enumerate(self._talks.slice(offset, amount).iter_rows(named=True)):
            began = moment(talk["first"])
            time = "" if began is None else stamp(began)[:19] if self._dated else stamp(began)[11:19]
            name = service_name(talk["rport"], talk["protocol"]) or protocol_name(talk["protocol"])
            cells = (
                time,
                end(talk["initiator"], talk["iport"]),
                end(talk["responder"], talk["rport"]),
                name,
                talk["state"],
                size(talk["bytes_out"]),
                size(talk["bytes_back"]),
                f"{count(talk['packets_out'])}/{count(talk['packets_back'])}",
                talk["code"] or "",
                _passed(talk),
            )
            tone = "reject" if talk["rejected"] else _TONES.get(talk["state"], "")
            rows.append(Row(offset + place, tuple(map(clean, cells)), tone, talk))
        return rows


class ConversationsScreen(Listing):
    """Lists the conversations among the records that are looked at."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(CONVERSATIONS)
    pane = CONVERSATIONS

    class _Found(Message):
        def __init__(self, talks: pl.DataFrame, source: ConversationSource, *, cut: bool) -> None:
            super().__init__()
            self.talks, self.source, self.cut = talks, source, cut

    class _Traced(Message):
        def __init__(self, flow: Mapping[str, Any] | None) -> None:
            super().__init__()
            self.flow = flow

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        diagnosing: Diagnosing,
        why: Callable[[Mapping[str, Any]], None],
        go: Callable[[str], None],
    ) -> None:
        """Begin with what is looked at.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            diagnosing: Joins conversations.
            why: Shows the verdict on a record.
            go: Goes to the records that a filter finds.
        """
        super().__init__(state, roots, keys, FrameTable("conversation-table", cells=False, empty=_NONE))
        self._diagnosing, self._why, self._go = diagnosing, why, go
        self._told = Static("", id="conversations-told", markup=False)
        self._talks: pl.DataFrame | None = None
        self._cut, self._order = False, "first"

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield TopLine()
        yield PaneTitle(CONVERSATIONS)
        yield self._told
        yield self._table
        yield KeyBar()

    def on_mount(self) -> None:
        """Join the records."""
        self._frame()
        scope, dataset = self._state.scope, self._state.dataset
        self._head("joining both directions …")
        if dataset is not None:
            self._list(lambda ticket: self._diagnosing.conversations(dataset, scope, ticket))

    def _list(self, find: Callable[[Ticket], tuple[pl.DataFrame, bool]]) -> None:
        """Find conversations, and put them in order, in the background."""
        order = self._order

        def work(ticket: Ticket) -> Message:
            talks, cut = find(ticket)
            return self._Found(talks, ConversationSource(talks, order), cut=cut)

        self._do(work)

    def on_conversations_screen__found(self, message: _Found) -> None:
        """Show the conversations."""
        self._talks, self._cut = message.talks, message.cut
        cut = " of the newest records" if self._cut else ""
        self._head(f"{plural(message.source.height, 'conversation')}{cut}, {_ORDERS[message.source.order]}")
        self._table.show(message.source)

    @on(FrameTable.Moved)
    def _line_changed(self, message: FrameTable.Moved) -> None:
        """Say what the state under the cursor means, and by what it is known who began."""
        talk = message.row.record if message.row is not None else {}
        if talk:
            told = [*_seen(talk), f"who began is known by {talk['began_by']}", STATES[talk["state"]]]
            self._told.update(Content(f" {clean('; '.join(told))}"))

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    def action_go_in(self) -> None:
        """Go to the records of the conversation under the cursor."""
        dataset = self._state.dataset
        if self._table.row is not None and dataset is not None:
            plain = "pkt_srcaddr" not in dataset.columns
            self._go(of_conversation(self._table.row.record, plain=plain))

    def action_why(self) -> None:
        """Say what became of the conversation under the cursor, and why."""
        row, dataset, diagnosing = self._table.row, self._state.dataset, self._diagnosing
        if row is not None and dataset is not None:
            self._do(lambda _: self._Traced(diagnosing.flow(dataset, row.record)))

    def on_conversations_screen__traced(self, message: _Traced) -> None:
        """Show the verdict on a conversation's record, unless that is gone."""
        if message.flow is not None:
            self._why(record_of(message.flow))

    def action_order(self) -> None:
        """Sort by something else."""
        orders = list(_ORDERS)
        talks, cut = self._talks, self._cut
        if talks is not None:
            self._order = orders[(orders.index(self._order) + 1) % len(orders)]
            self._list(lambda _: (talks, cut))
