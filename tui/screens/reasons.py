"""All rejects that are looked at, counted by what refused them; each line opens its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from diagnose.skipped import CODE
from tui.flows import end, record_of
from tui.keymap import REASONS, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import percent, stamp, whole
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

_GROUPS = (
    Column("records", "rejects", 9, 12, right=True),
    Column("share", "share", 5, 5, right=True),
    Column("what", "what refused them", 30, 400, grow=True),
    Column("sources", "sources", 7, 9, right=True, fold=2),
    Column("last", "last", 19, 19, fold=1),
)
_RECORDS = (
    Column("time", "time", 19, 19),
    Column("source", "source", 15, 46, grow=True),
    Column("target", "destination", 15, 46),
    Column("interface", "interface", 12, 24, fold=2),
    Column("code", "verdict", 12, 20, fold=1),
)
_SKIPPED = 'logStatus = "SKIPDATA"'
_NONE = "No reject is among the records that are looked at.\nPress esc to go back."


class ReasonSource:
    """What refused rejects, the most frequent first."""

    instant = True

    def __init__(self, groups: pl.DataFrame) -> None:
        """List groups (``diagnose.grouped.grouped``)."""
        self.columns: tuple[Column, ...] = _GROUPS
        self.groups, self.height = groups, groups.height
        self._all = int(groups.filter(pl.col("code") != CODE)["records"].sum())
        self.reasons = groups.filter(pl.col("code") != CODE).height

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for place, row in enumerate(self.groups.slice(offset, amount).iter_rows(named=True)):
            last = stamp(row["last"])[:19] if row["last"] is not None else ""
            is_skipped = row["code"] == CODE
            counts = whole(row["records"]), "" if is_skipped else percent(row["records"], self._all)
            cells = (*counts, clean(row["what"]), whole(row["sources"]), last)
            rows.append(
                Row(offset + place, cells, "dim" if row["noise"] else "warn" if is_skipped else "", row)
            )
        return rows


class RejectSource:
    """The rejects of a group, newest first."""

    instant = True

    def __init__(self, rejects: pl.DataFrame) -> None:
        """List rejects (``diagnose.grouped.with_groups``)."""
        self.columns: tuple[Column, ...] = _RECORDS
        self._rejects, self.height = rejects, rejects.height

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        rows = []
        for flow in self._rejects.slice(offset, amount).iter_rows(named=True):
            record = record_of(flow)
            time = stamp(record["timestamp"])[:19] if record["timestamp"] is not None else ""
            ends = (clean(end(flow[f"{side}addr"], flow[f"{side}port"])) for side in ("src", "dst"))
            cells = (time, *ends, clean(flow["interface"] or ""), flow["code"])
            rows.append(Row((flow["_file"], flow["_line"]), cells, "", record))
        return rows


class ReasonsScreen(Listing):
    """Counts rejects by what refused them."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(REASONS)
    pane = REASONS

    class _Found(Message):
        def __init__(self, groups: ReasonSource, rejects: pl.DataFrame) -> None:
            super().__init__()
            self.groups, self.rejects = groups, rejects

    class _Listed(Message):
        def __init__(self, source: RejectSource) -> None:
            super().__init__()
            self.source = source

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
            diagnosing: Finds verdicts.
            why: Shows the verdict on a record.
            go: Goes to the records that a filter finds.
        """
        super().__init__(state, roots, keys, FrameTable("reason-table", cells=False, empty=_NONE))
        self._diagnosing, self._why, self._go = diagnosing, why, go
        self._told = Static("", id="reasons-told", markup=False)
        self._groups: ReasonSource | None = None
        self._rejects: pl.DataFrame | None = None
        self._chosen: int | None = None
        """The number of the group whose records are listed."""

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield TopLine()
        yield PaneTitle(REASONS, "why rejected")
        yield self._told
        yield self._table
        yield KeyBar()

    def on_mount(self) -> None:
        """Count."""
        self._frame()
        scope = self._state.scope
        self._say("looking at all rejects …", "")
        dataset = self._state.dataset
        if dataset is not None:

            def count(ticket: Ticket) -> Message:
                groups, rejects = self._diagnosing.reasons(dataset, scope, ticket)
                return self._Found(ReasonSource(groups), rejects)

            self._do(count)

    def on_reasons_screen__found(self, message: _Found) -> None:
        """Show the groups."""
        self._groups, self._rejects = message.groups, message.rejects
        self._list_groups()

    def _say_failed(self, error: Exception) -> None:
        self._say("trouble", f"✗ {error}")

    def _list_groups(self) -> None:
        source, chosen = self._groups, self._chosen
        if source is None or self._rejects is None:
            return
        self._chosen = None
        told = f"{plural(self._rejects.height, 'reject')}, {plural(source.reasons, 'reason')}"
        self._say(told, "" if self._diagnosing.is_informed else _UNINFORMED)
        self._table.show(source, cursor=chosen or 0)

    def _list_rejects(self, row: Row) -> None:
        rejects, group = self._rejects, row.record["group"]
        if rejects is None:
            return
        self._chosen = self._table.cursor
        self._say(plural(row.record["records"], "reject"), row.cells[2])
        self._do(lambda _: self._Listed(RejectSource(rejects.filter(group=group))))

    def on_reasons_screen__listed(self, message: _Listed) -> None:
        """Show the rejects of a group, unless somebody went back meanwhile."""
        if self._chosen is not None:
            self._table.show(message.source)

    def _say(self, counts: str, more: str) -> None:
        self._head(counts)
        self._told.update(Content(f" {clean(more)}"))

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """List the records of a group, or show the verdict on one of them."""
        row = self._table.row
        if row is None:
            return
        if isinstance(self._table.source, ReasonSource):
            if row.record["code"] == CODE:
                self._go(_SKIPPED)
            else:
                self._list_rejects(row)
        else:
            self._why(row.record)

    def action_close(self) -> None:
        """Go back to the groups, or to the explorer."""
        if self._chosen is not None:
            self._list_groups()
        else:
            self.dismiss()


_UNINFORMED = (
    "No inventory lies beside the logs: signatures alone decide. `flowtui snapshot` prints what saves one."
)
