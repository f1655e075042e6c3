"""The dashboard screen: a grid of tiles that follows the records; each tile leads to those behind it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from loaders.run import Lane
from tui.config import lookup_folders
from tui.dashboards.filling import Filling, fill
from tui.keymap import DASHBOARD, bindings, works
from tui.sanitise import clean
from tui.widgets.chart_view import ChartView
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, TopLine
from tui.widgets.tile_view import TileView
from tui.wording import filtered_way, news

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from loaders.run import Ticket
    from query.scope import Scope
    from tui.dashboards.definition import Dashboard
    from tui.state import State


class DashboardScreen(Screen[None]):
    """Shows one of some dashboards."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(DASHBOARD)
    pane = DASHBOARD

    class _Filled(Message):
        def __init__(self, dashboard: Dashboard, number: int, filling: Filling) -> None:
            super().__init__()
            self.dashboard, self.number, self.filling = dashboard, number, filling

    class _Done(Message):
        """All tiles have been filled, or one could not be."""

        def __init__(self, error: Exception | None = None) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        dashboards: Sequence[Dashboard],
        *,
        go: Callable[[Scope], None],
        complaints: Sequence[str] = (),
    ) -> None:
        """Begin with the first of some dashboards.

        Args:
            state: What the explorer looks at; a dashboard shows the same records.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            dashboards: Those to choose from.
            go: Goes to records; the screen is closed then.
            complaints: Sentences about files that are no dashboards.
        """
        super().__init__()
        self._state, self._roots, self._keys = state, roots, dict(keys)
        self._dashboards, self._go, self._complaints = list(dashboards), go, complaints
        self._place = 0
        self._lane, self._folders = Lane("dashboard"), lookup_folders(tuple(roots))
        self._busy = self._again = False
        self._tiles: list[TileView] = []

    @property
    def shown(self) -> Dashboard:
        """The dashboard that is shown."""
        return self._dashboards[self._place]

    def compose(self) -> ComposeResult:
        """Lay out the grid."""
        yield TopLine()
        yield Static("", id="said", markup=False)
        yield VerticalScroll(id="grid", can_focus=False)
        yield KeyBar()

    async def on_mount(self) -> None:
        """Show the first one."""
        self.query_one(KeyBar).show(DASHBOARD, self._keys)
        if self._complaints:
            self.say(self._complaints[0])
        await self._build()

    async def _build(self) -> None:
        grid = self.query_one("#grid", VerticalScroll)
        await grid.remove_children()
        self._tiles = []
        rows = []
        for row in self.shown.rows():
            tiles = [TileView(tile, len(self._tiles) + place) for place, tile in enumerate(row)]
            self._tiles += tiles
            classes = "-flat" if all(tile.is_flat for tile in tiles) else ""
            rows.append(Horizontal(*tiles, classes=classes))
        await grid.mount_all(rows)
        self.set_focus(self._tiles[0].body if self._tiles else None)
        self._arrange()
        self.call_after_refresh(self.records_came)

    def _arrange(self) -> None:
        scope = self._state.scope
        here = [clean(self.shown.title), *filtered_way(self._roots, scope)]
        self.query_one(TopLine).show(here, *news(self._state, None))
        for tile in self._tiles:
            tile.mark(focused=self.focused is tile.body)

    def on_descendant_focus(self) -> None:
        """Say which tile keys go to."""
        self._arrange()

    def say(self, text: str, *, alarmed: bool = False) -> None:
        """Say something above the tiles; nothing takes the line away."""
        self.set_class(bool(text), "-told")
        self.set_class(alarmed, "-alarmed")
        self.query_one("#said", Static).update(Content(f" {clean(text)}"))
        self._arrange()

    # -- what stands in the tiles ----------------------------------------------------------------------

    def records_came(self) -> None:
        """Fill the tiles anew; while that is going on, once more when it is done."""
        dataset, scope = self._state.dataset, self._state.scope
        self._again = self._busy
        if dataset is None or self._busy or not self.is_mounted:
            return
        self._busy = True
        dashboard, folders = self.shown, self._folders
        wanted = [(number, tile.tile, tile.room) for number, tile in enumerate(self._tiles)]

        def work(ticket: Ticket) -> DashboardScreen._Done:
            for number, tile, room in wanted:
                ticket.check()
                filling = fill(tile, dataset, scope, room, ticket, folders)
                self._tell(self._Filled(dashboard, number, filling))
            return self._Done()

        self._lane.submit(work, self._tell, lambda error: self._tell(self._Done(error)))

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_dashboard_screen__filled(self, message: _Filled) -> None:
        """Show what stands in a tile."""
        if message.dashboard is self.shown and message.number < len(self._tiles):
            self._tiles[message.number].put(message.filling)
            self._arrange()

    def on_dashboard_screen__done(self, message: _Done) -> None:
        """Begin again if there are more records by now."""
        self._busy = False
        if message.error is not None:
            self.say(f"✗ {message.error}")
        if self._again:
            self.records_came()

    # -- what is done ----------------------------------------------------------------------------------

    @property
    def tile(self) -> TileView | None:
        """The tile that keys go to."""
        return next((tile for tile in self._tiles if self.focused is tile.body), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts if the table of actions names dashboards."""
        return works(action, parameters, DASHBOARD)

    def action_move(self, name: str) -> None:
        """Have the tile move."""
        if self.tile is not None:
            getattr(self.tile.body, f"action_{name}")()

    def action_next_pane(self) -> None:
        """Go to the next tile."""
        self._turn(1)

    def action_previous_pane(self) -> None:
        """Go to the tile before."""
        self._turn(-1)

    def _turn(self, by: int) -> None:
        if self._tiles:
            here = self._tiles.index(self.tile) if self.tile is not None else -by
            body = self._tiles[(here + by) % len(self._tiles)].body
            self.set_focus(body)
            body.scroll_visible(animate=False)

    def action_go_in(self) -> None:
        """Go to the records behind what is under the cursor."""
        scope = self.tile.scope if self.tile is not None else None
        if scope is None:
            self.say("No records stand behind this.")
            return
        self._go(scope)

    @on(ChartView.Opened)
    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    async def action_next_dashboard(self) -> None:
        """Show the next dashboard."""
        self._lane.cancel()
        self._busy = self._again = False
        self._place = (self._place + 1) % len(self._dashboards)
        await self._build()

    def action_log_scale(self) -> None:
        """Change to a logarithmic scale, or back."""
        body = self.tile.body if self.tile is not None else None
        if isinstance(body, ChartView):
            body.turn_log()

    def action_close(self) -> None:
        """Go back to the explorer."""
        self._lane.cancel()
        self.dismiss()
