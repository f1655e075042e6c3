"""What keeps the explorer up to date: data that arrives, following it, freezing the screen, its freshness."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from tui.screens.asking import Asking
from tui.workers import Arrived

if TYPE_CHECKING:
    from loaders.dataset import Dataset
    from tui.widgets.table_layout import Row

# Seconds that new records are marked.
_NEW_SECONDS = 3.0
# The line that says when the last delivery came counts minutes.
_TELL_SECONDS = 15.0


class Watched(Message):
    """It has changed how it is found out what changes; ``how`` is empty when it is as usual."""

    def __init__(self, how: str) -> None:
        """Carry it."""
        super().__init__()
        self.how = how


class Living(Asking):
    """Takes in what arrives."""

    _is_looking = False
    """Whether the records of the scope are being looked for among those that had come."""
    _has_more = False
    """Whether more have come since."""
    _noted: object = None
    _new: tuple[tuple[float, dict[int, int]], ...] = ()

    def on_mount(self) -> None:
        """Keep the times in the first line true."""
        self.set_interval(_TELL_SECONDS, self._arrange)

    @on(Arrived)
    def _dataset_arrived(self, message: Arrived) -> None:
        self._trouble, self.state.delivered = None, message.delivered
        dataset, frozen = message.dataset, self.state.held is not None
        self._dashboards.look_for_alarms(dataset)
        self._note_news(dataset, shown=not frozen)
        if frozen:
            self.state.held = dataset
            self._arrange()
        else:
            self._take_in(dataset)

    def _take_in(self, dataset: Dataset) -> None:
        """Show what has come."""
        self.state.dataset = dataset
        self._queries.records_came(self.app)
        self._dashboards.records_came(self.app)
        if self._is_looking:
            self._has_more = True  # what is found now is shown first, or nothing ever would be
        else:
            self._look()
        if self._has_begun:
            self._greet()
            self._count()

    @property
    def _has_begun(self) -> bool:
        """Whether the first records have been shown."""
        raise NotImplementedError

    def _look(self) -> None:
        """Find the records of the scope."""
        raise NotImplementedError

    def _count(self) -> None:
        """Count groups and streams."""
        raise NotImplementedError

    @on(Watched)
    def _watching_changed(self, message: Watched) -> None:
        self.state.watching = message.how
        self._arrange()

    # -- what is new ------------------------------------------------------------------------------------

    def _note_news(self, dataset: Dataset, *, shown: bool) -> None:
        """Mark what has come with the last look for a moment."""
        if dataset.progress is not None or dataset.news is self._noted:
            return
        self._noted = dataset.news
        if shown and dataset.news:
            self._new = (*self._new, (time.monotonic() + _NEW_SECONDS, dict(dataset.news)))
            self.records.mark(self._is_new)
            self.set_timer(_NEW_SECONDS, self._fade)

    def _is_new(self, row: Row) -> bool:
        file, line = row.record["_file"], row.record["_line"]
        return any(line >= news.get(file, line + 1) for _, news in self._new)

    def _fade(self) -> None:
        now = time.monotonic()
        self._new = tuple(one for one in self._new if one[0] > now)
        self.records.mark(self._is_new if self._new else None)

    # -- what is done -----------------------------------------------------------------------------------

    def action_freeze(self) -> None:
        """Keep the screen as it is while records come, or show what has come."""
        held, dataset = self.state.held, self.state.dataset
        if held is None and dataset is not None:
            self.state.held = dataset
        else:
            self._thaw()
        self._arrange()

    def _thaw(self) -> None:
        held, self.state.held = self.state.held, None
        if held is not None and held is not self.state.dataset:
            self._take_in(held)

    def action_follow(self) -> None:
        """Stay at the newest record, or stop doing so."""
        self.state.following = not self.state.following
        if self.state.following:
            self._thaw()
            self._go(replace(self.state.scope, sort="timestamp", descending=True))
            self.records.move_to(0)
        self._arrange()

    def action_deliveries(self) -> None:
        """Show how fresh the logs are."""
        from tui.screens.deliveries import DeliveriesScreen

        self.app.push_screen(DeliveriesScreen(self.state, self._roots, self._keys, go=self._go_to))
