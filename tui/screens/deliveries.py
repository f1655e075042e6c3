"""How fresh the logs are: a line for each flow log, and below it its gaps and its silent streams."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from query.freshness import CADENCE, USUAL_DELAY, is_ahead
from query.scope import Scope
from tui import clock
from tui.freshness import CLOCK_BEHIND, ago, long
from tui.keymap import DELIVERIES, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import count, stamp
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.table_layout import Column, Row
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from textual.app import ComposeResult

    from loaders.run import Ticket
    from query.freshness import Deliveries, Freshness, Stretch
    from tui.state import State

_COLUMNS = (
    Column("what", "log group", 20, 200, grow=True, tail=20),
    Column("last", "last", 16, 16),
    Column("lag", "lag", 10, 12, right=True),
    Column("files", "files", 5, 5, right=True),
    Column("gaps", "gaps", 4, 5, right=True),
    Column("missing", "missing", 7, 7, right=True),
    Column("silent", "silent", 6, 6, right=True),
)
_NONE = "No file holds records yet.\nPress esc to go back."


class FreshnessSource:
    """Log groups, each with its gaps and its silent streams, the worst first."""

    instant = True

    def __init__(self, found: Sequence[Freshness], time: datetime) -> None:
        """List them as they are at a time."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self.found, self._time = found, time
        self._lines: list[tuple[Freshness, Stretch | None]] = []
        for one in found:
            self._lines += [(one, None), *((one, stretch) for stretch in (*one.gaps, *one.silent))]
        self.height = len(self._lines)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Make rows."""
        lines = enumerate(self._lines[offset : offset + amount], offset)
        return [self._row(place, *line) for place, line in lines]

    def _row(self, place: int, one: Freshness, stretch: Stretch | None) -> Row:
        about = {"fresh": one, "stretch": stretch}
        if stretch is not None:
            what = clean(stretch.stream) or "no delivery"
            marks = ("", "", "", "silent") if stretch.stream else ("", "gap", "", "")
            cells = f"  {what}", _minute(stretch.since), long(stretch.length), *marks
            return Row(place, cells, "warn", about)
        lag, missing = one.lag(self._time), one.missing(self._time)
        behind = "" if lag is None else "clock?" if is_ahead(self._time - lag, self._time) else long(lag)
        late = "stopped" if one.has_stopped(self._time) else count(missing) if missing else ""
        gaps, silent = (count(len(found)) if found else "" for found in (one.gaps, one.silent))
        last = _minute(one.delivered or one.newest)
        return Row(
            place, (clean(one.group), last, behind, count(one.files), gaps, late, silent), "strong", about
        )


class DeliveriesScreen(Listing):
    """Lists how fresh each log group is; each line opens its records."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(DELIVERIES)
    pane = DELIVERIES

    class _Found(Message):
        def __init__(self, source: FreshnessSource) -> None:
            super().__init__()
            self.source = source

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        deliveries: Deliveries,
        go: Callable[[Scope], None],
    ) -> None:
        """Begin with what has been read.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            deliveries: Knows the deliveries.
            go: Goes to the records of a scope.
        """
        super().__init__(state, roots, keys, FrameTable("deliveries-table", cells=False, empty=_NONE))
        self._deliveries, self._go = deliveries, go
        self._told = Static("", id="deliveries-told", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield TopLine()
        yield PaneTitle(DELIVERIES)
        yield self._table
        yield self._told
        yield KeyBar()

    def on_mount(self) -> None:
        """Look at all that has been read, whatever the filter is."""
        self._frame()
        self._head("looking at all files …")
        dataset = self._state.dataset
        if dataset is not None:

            def look(ticket: Ticket) -> Message:
                time = clock.now()
                return self._Found(FreshnessSource(self._deliveries.look(dataset, time, ticket), time))

            self._do(look)

    def on_deliveries_screen__found(self, message: _Found) -> None:
        """Show them."""
        found = message.source.found
        silent, gaps = sum(len(one.silent) for one in found), sum(len(one.gaps) for one in found)
        counts = [plural(len(found), "log group"), plural(gaps, "gap"), plural(silent, "silent stream")]
        self._head(", ".join(counts))
        self._table.show(message.source)

    @on(FrameTable.Moved)
    def _line_changed(self, message: FrameTable.Moved) -> None:
        if message.row is not None:
            one, stretch = message.row.record["fresh"], message.row.record["stretch"]
            told = _about_group(one, clock.now()) if stretch is None else _about_stretch(one, stretch)
            self._told.update(Content(told))

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    def action_go_in(self) -> None:
        """Go to the records of the line under the cursor; around a gap, those on either side of it."""
        if self._table.row is None:
            return
        one, stretch = self._table.row.record["fresh"], self._table.row.record["stretch"]
        scope = Scope(group=one.group)
        if stretch is not None and stretch.stream:
            scope = Scope(group=one.group, stream=stretch.stream)
        elif stretch is not None:
            around = USUAL_DELAY + CADENCE
            scope = Scope(group=one.group, since=stretch.since - around, until=stretch.until + CADENCE)
        self._go(scope)


def _minute(moment: datetime | None) -> str:
    """``2026-01-15 10:05``."""
    return "" if moment is None else stamp(moment)[:16]


def _about_group(one: Freshness, time: datetime) -> str:
    """A log group in two sentences."""
    known = [moment for moment in (one.delivered, one.newest) if moment is not None]
    if any(is_ahead(moment, time) for moment in known):
        return f"The {CLOCK_BEHIND}: one of the two is wrong, so no lag can be told."
    said = []
    if one.delivered is not None:
        said.append(f"Last delivery {ago(one.delivered, time)}, usually one every {long(one.usual)}.")
    if (missing := one.missing(time)) and not one.has_stopped(time):
        windows = f"{plural(missing, 'window')} of {long(one.window or CADENCE)}"
        said.append(f"By now {windows} {'is' if missing == 1 else 'are'} missing.")
    lag = one.lag(time)
    if lag is not None:
        said.append(f"The newest record ended {long(lag)} ago.")
    return " ".join(said)


def _about_stretch(one: Freshness, stretch: Stretch) -> str:
    """A gap, or a stream that fell silent, in plain words."""
    since, until = _minute(stretch.since), _minute(stretch.until)
    if stretch.stream:
        return (
            f"{clean(stretch.stream)} has had no record since {since} UTC, not even NODATA, while its flow "
            "log went on. It may be detached or deleted."
        )
    usual = f"usually one comes every {long(one.usual)}"
    return f"No file is named for a time between {since} and {until} UTC; {usual}."
