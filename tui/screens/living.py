"""What the explorer does with time: it holds back what arrives, marks what has come, says how fresh it is."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import on
from textual.message import Message

from loaders.run import Lane
from tui.screens.asking import Asking
from tui.workers import Compared

if TYPE_CHECKING:
    from datetime import datetime

    from textual.timer import Timer

    from loaders.dataset import Dataset
    from query.freshness import Deliveries
    from query.view import View
    from tui.newcomers import Newcomers

# Seconds that a record is marked as new, and the least between two data sets that are kept to tell by.
_MARKED, _APART = 3.0, 1.5
# The least between two searches for records that are there twice: seconds, and the share that has come.
_COMPARE_SECONDS, _GROWN = 60.0, 0.1
# Seconds between two looks at the clock and at what has been delivered.
_TICK = 5.0


class Learnt(Message):
    """It is known when the last delivery was; ``None`` where no file holds records."""

    def __init__(self, delivered: datetime | None) -> None:
        """Carry it."""
        super().__init__()
        self.delivered = delivered


class Watched(Message):
    """It has changed how it is found out what changes; ``how`` is empty when it is as usual."""

    def __init__(self, how: str) -> None:
        """Carry it."""
        super().__init__()
        self.how = how


class Living(Asking):
    """The panes over time."""

    _calming: Timer | None = None
    _deliveries: Deliveries | None = None
    _learnt: Dataset | None = None
    """What was looked at for deliveries last."""
    _compared: tuple[set[tuple[str, str]], int, float] = set(), 0, 0.0
    """The log streams and how many records they had when some were looked for that are there twice; when."""
    _to_newest = False
    """Whether the screen was at the newest record when it was thawed."""

    def on_mount(self) -> None:
        """Look at the clock now and then."""
        self._learning = Lane("freshness")
        self._before: deque[tuple[float, Dataset]] = deque()
        self.set_interval(_TICK, self._tick)

    # -- what is there twice ----------------------------------------------------------------------------

    def _compare(self, dataset: Dataset, rows: list[dict[str, Any]]) -> None:
        """Look for records that are there twice: when there are other streams, or many more records."""
        streams, now = {(row["log_group"], row["log_stream"]) for row in rows}, monotonic()
        before, height, when = self._compared
        has_grown = abs(dataset.height - height) > height * _GROWN and now > when + _COMPARE_SECONDS
        if streams != before or has_grown:
            self._compared = streams, dataset.height, now
            self._workers.compare(dataset)

    @on(Compared)
    def _overlaps_are_known(self, message: Compared) -> None:
        self.state.overlaps = message.overlaps
        self._arrange()

    # -- freezing --------------------------------------------------------------------------------------

    def _take_in(self, dataset: Dataset) -> None:
        """Look at a data set."""

    def _hold_back(self, dataset: Dataset) -> bool:
        """Keep what has arrived for later if the screen is frozen; only the newest, however long that is."""
        if not self.state.frozen:
            return False
        self.state.held = dataset
        self._dashboards.look_at_alarms(dataset)
        self._say_where()
        return True

    def action_follow(self) -> None:
        """Stay at the newest record, or stop doing so; a frozen screen is thawed."""
        self.state.following = self.state.frozen or not self.state.following
        self._thaw()
        if self.state.following:
            self._go(replace(self.state.scope, sort="timestamp", descending=True))
            self.records.move_to(0)
        self._arrange()

    def action_freeze(self) -> None:
        """Keep the screen as it is, or show what has arrived meanwhile."""
        if self.state.frozen:
            self._thaw()
        elif self.state.view is None:
            self.bar.tell("There is nothing to freeze yet.", "warn")
        else:
            self.state.frozen = True
        self._arrange()

    def _thaw(self) -> None:
        if self.state.frozen:
            held, self.state.held, self.state.frozen = self.state.held, None, False
            if held is not None:
                self._to_newest = not self.records.top
                self._take_in(held)

    def _goes_to_newest(self, view: View) -> bool:
        """Whether what came while the screen was frozen is shown: not to whoever reads further down."""
        if not self._to_newest:
            return False
        self._to_newest = not view.complete
        return True

    # -- marks -----------------------------------------------------------------------------------------

    def _newcomers(self, old: View | None, view: View) -> Newcomers | None:
        """What knows the records of a view that have come in the last few seconds; ``None`` if none have.

        Args:
            old: What was on the screen before, if it showed the same and all of it.
            view: What is to be.
        """
        from tui.newcomers import Newcomers

        time, before = monotonic(), self._before
        while before and before[0][0] < time - _MARKED:
            before.popleft()
        if old is not None and old.dataset is not view.dataset:
            if not before or before[-1][0] < time - _APART:
                before.append((time, old.dataset))
            if self._calming is not None:
                self._calming.stop()
            self._calming = self.set_timer(_MARKED, self._calm)
        return Newcomers(before[0][1], view.dataset) if before else None

    def _calm(self) -> None:
        self._before.clear()
        self.records.calm()

    # -- freshness -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._know_deliveries(again=True)
        self._say_where()

    def _know_deliveries(self, *, again: bool = False) -> None:
        """Find out when the last delivery was: the first time at once, then with the clock."""
        dataset = self.state.held or self.state.dataset
        if dataset is None or dataset.progress is not None or dataset is self._learnt:
            return
        if self._learnt is None or again:
            self._learnt = dataset
            work = lambda _: Learnt(self.deliveries.learn(dataset))  # noqa: E731 - as lanes take them
            self._learning.submit(work, self._tell, lambda _: None)

    @property
    def deliveries(self) -> Deliveries:
        """What knows the deliveries; made in a worker's thread, where polars is at hand."""
        if self._deliveries is None:
            from query.freshness import Deliveries

            self._deliveries = Deliveries()
        return self._deliveries

    @on(Watched)
    def _watching_changed(self, message: Watched) -> None:
        self.state.watching = message.how
        self._say_where()

    @on(Learnt)
    def _last_is_known(self, message: Learnt) -> None:
        self.state.delivered = message.delivered
        self._say_where()

    def action_deliveries(self) -> None:
        """Say how fresh the logs are."""
        from tui.screens.deliveries import DeliveriesScreen

        screen = DeliveriesScreen(
            self.state, self._roots, self._keys, deliveries=self.deliveries, go=self._go_to
        )
        self.app.push_screen(screen)
