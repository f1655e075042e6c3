"""How fresh the logs are: a line for each log group, and under it what is missing; each opens its records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message

from query.freshness import freshness
from query.scope import Scope
from tui.keymap import DELIVERIES, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import duration, stamp, whole
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.table_layout import Column, Row
from tui.wording import ago, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from textual.app import ComposeResult

    from loaders.run import Ticket
    from query.freshness import Freshness, Hole
    from tui.state import State

_COLUMNS = (
    Column("group", "log group, and what is missing", 24, 80, grow=True),
    Column("arrived", "last delivery", 13, 16),
    Column("newest", "newest record", 13, 19, fold=1),
    Column("lag", "behind", 7, 11, right=True),
    Column("missing", "overdue", 7, 9, right=True),
    Column("interval", "every", 6, 9, right=True, fold=2),
    Column("files", "files", 6, 9, right=True, fold=3),
)
_NONE = "No log group has a record yet.\nPress esc to go back."
# Around a gap so much is looked at, so that the records on either side are seen.
_AROUND = timedelta(minutes=10)
# A log group that was not delivered for so long has ended, as far as anybody can tell.
_ENDED = timedelta(days=1)
# Of the log streams of a group that fell silent so many are listed.
_MOST = 100


class DeliverySource:
    """Log groups, the freshest first, and under each its gaps and silent streams."""

    instant = True

    def __init__(self, found: Sequence[Freshness], now: datetime) -> None:
        """List what is known of log groups, as of a moment."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self._now = now
        self._lines = [line for one in found for line in self._of(one)]
        self.height = len(self._lines)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Hand over rows."""
        return self._lines[offset : offset + amount]

    def _of(self, one: Freshness) -> Iterator[Row]:
        lag = None if one.newest is None else (self._now - one.newest).total_seconds()
        arrived = "" if one.arrived is None else ago((self._now - one.arrived).total_seconds())
        ended = one.missing and lag is not None and lag > _ENDED.total_seconds()
        cells = (
            clean(one.group),
            arrived,
            "" if one.newest is None else stamp(one.newest)[:19],
            "" if lag is None else duration(lag) if lag >= 0 else "ahead",
            "ended" if ended else whole(one.missing) if one.missing else "",
            "" if one.interval is None else duration(one.interval.total_seconds()),
            # Some formats name the log group in each record, and no file is of one group.
            whole(one.files) if one.files else "",
        )
        yield Row(
            (one.group, ""),
            cells,
            "warn" if one.missing and not ended else "",
            {"scope": Scope(group=one.group)},
        )
        for hole in one.gaps:
            yield self._hole(one, f"no delivery for {self._length(hole)}", hole)
        for hole in one.silent[:_MOST]:
            yield self._hole(one, f"{hole.stream} silent for {self._length(hole)}", hole)
        if len(one.silent) > _MOST:
            rest = f"  and {plural(len(one.silent) - _MOST, 'log stream')} more that fell silent"
            yield Row((one.group, "…"), (rest, *[""] * 6), "dim", {"scope": Scope(group=one.group)})

    def _length(self, hole: Hole) -> str:
        return duration(hole.seconds(self._now))

    def _hole(self, one: Freshness, told: str, hole: Hole) -> Row:
        since = stamp(hole.since)[:19]
        cells = (f"  {clean(told)}", "", since, *[""] * 4)
        scope = Scope(group=one.group, stream=hole.stream or None)
        if hole.until is not None:
            scope = Scope(group=one.group, since=hole.since - _AROUND, until=hole.until + _AROUND)
        return Row((one.group, told), cells, "warn", {"scope": scope}, prose=True)


class DeliveriesScreen(Listing):
    """Lists how fresh the logs are."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(DELIVERIES)
    pane = DELIVERIES

    class _Found(Message):
        def __init__(self, found: list[Freshness], source: DeliverySource) -> None:
            super().__init__()
            self.found, self.source = found, source

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        go: Callable[[Scope], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Begin with what is looked at.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            go: Goes to the records of a scope.
            now: Says what time it is.
        """
        super().__init__(state, roots, keys, FrameTable("deliveries-table", cells=False, empty=_NONE))
        self._go, self._now = go, now

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield TopLine()
        yield PaneTitle(DELIVERIES)
        yield self._table
        yield KeyBar()

    def on_mount(self) -> None:
        """Look at the files and the log streams."""
        self._frame()
        self._head("looking …")
        dataset, now = self._state.dataset, self._now()
        if dataset is None:
            return

        def work(ticket: Ticket) -> Message:
            found = freshness(dataset, now, ticket)
            return self._Found(found, DeliverySource(found, now))

        self._do(work)

    def on_deliveries_screen__found(self, message: _Found) -> None:
        """Show them."""
        silent = sum(len(one.silent) for one in message.found)
        gaps = sum(len(one.gaps) for one in message.found)
        told = [plural(len(message.found), "log group")]
        told += [plural(gaps, "gap")] if gaps else []
        told += [f"{plural(silent, 'log stream')} silent"] if silent else []
        self._head(", ".join(told))
        self._table.show(message.source)

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    def action_go_in(self) -> None:
        """Go to the records that the line under the cursor is about."""
        if self._table.row is not None:
            self.app.pop_screen()
            self._go(self._table.row.record["scope"])
