"""What the explorer has done in the background: each request a lane of its own, each answer a message.

Nothing here touches a widget. A lane does the newest request only, so an answer is never for an older one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from loaders.run import Lane, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from loaders.dataset import Dataset
    from loaders.overlap import Overlap
    from query.scope import Scope
    from query.view import View
    from tui.charts.over_time import OverTime

Identity = tuple[int, int]
"""What a record is known by as data sets come and go: its file's number and its line."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row that should stay where it is on the screen.

    Attributes:
        identity: Its record.
        index: Where it stood when the request was made.
    """

    identity: Identity
    index: int


class Arrived(Message):
    """There is a new data set."""

    def __init__(self, dataset: Dataset) -> None:
        """Carry it."""
        super().__init__()
        self.dataset = dataset

    def can_replace(self, message: Message) -> bool:
        """Only the newest matters."""
        return isinstance(message, Arrived)


class Looked(Message):
    """The records of a scope have been found.

    Attributes:
        view: The records.
        moved: For each anchor, by how many rows it has moved; ``None`` when it is no longer in the view.
        sought: The record that was looked for besides, and ``place`` where it stands; ``None`` for neither.
    """

    def __init__(
        self,
        view: View,
        moved: tuple[int | None, ...],
        sought: Identity | None = None,
        place: int | None = None,
    ) -> None:
        """Carry them."""
        super().__init__()
        self.view, self.moved, self.sought, self.place = view, moved, sought, place


class Placed(Message):
    """It is known where in a view a time stands."""

    def __init__(self, view: View, place: int) -> None:
        """Carry the place."""
        super().__init__()
        self.view, self.place = view, place


class Counted(Message):
    """Groups and streams have been counted.

    Attributes:
        rows: A row for each stream; the keys are ``loaders.dataset.SUMMARY_COLUMNS``.
        reading: Whether more was still to be read.
    """

    def __init__(self, rows: list[dict[str, Any]], *, reading: bool) -> None:
        """Carry the counts."""
        super().__init__()
        self.rows, self.reading = rows, reading


class Timed(Message):
    """The records of a scope have been counted over time; ``None`` where no record has a time."""

    def __init__(self, scope: Scope, shown: OverTime | None) -> None:
        """Carry the counts, and how they are drawn."""
        super().__init__()
        self.scope, self.shown = scope, shown


class Compared(Message):
    """It is known which log groups hold the same records."""

    def __init__(self, overlaps: tuple[Overlap, ...]) -> None:
        """Carry the pairs."""
        super().__init__()
        self.overlaps = overlaps


class Quoted(Message):
    """A record's own line has been fetched; ``raw`` is ``None`` when it is not there any more."""

    def __init__(self, identity: Identity, raw: str | None, *, copy: bool) -> None:
        """Carry the line, and whether it is wanted on the clipboard."""
        super().__init__()
        self.identity, self.raw, self.copy = identity, raw, copy


class Failed(Message):
    """Something could not be done."""

    def __init__(self, error: Exception) -> None:
        """Carry the reason."""
        super().__init__()
        self.error = error


class Workers:
    """The explorer's lanes."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        """Make them.

        Args:
            tell: Takes an answer, from any thread.
        """
        self._tell = tell
        self._looking, self._counting, self._comparing = Lane("look"), Lane("count"), Lane("compare")
        self._seeking, self._timing = Lane("seek"), Lane("timeline")
        # A line on its way to the clipboard must not give way to one that is only shown.
        self._quoting, self._copying = Lane("quote"), Lane("copy")

    def _failed(self, error: Exception) -> None:
        self._tell(Failed(error))

    def look(
        self,
        dataset: Dataset,
        scope: Scope,
        anchors: tuple[Anchor, ...] = (),
        sought: Identity | None = None,
    ) -> None:
        """Find the records of a scope, and where the anchors and a record stand; answers ``Looked``."""
        from query.view import look

        def work(ticket: Ticket) -> Looked:
            def early(view: View) -> None:
                if not ticket.cancelled:
                    self._tell(Looked(view, ()))

            view = look(dataset, scope, ticket, early)
            place = view.place_of(*sought) if sought is not None else None
            return Looked(view, tuple(_moved(view, anchor) for anchor in anchors), sought, place)

        self._looking.submit(work, self._tell, self._failed)

    def seek(self, view: View, moment: datetime) -> None:
        """Find where in a view that is ordered by time a moment stands; answers ``Placed``."""
        self._seeking.submit(lambda _: Placed(view, view.place_at(moment) or 0), self._tell, self._failed)

    def count(self, dataset: Dataset, scope: Scope) -> None:
        """Count groups and streams; answers ``Counted``."""
        from query.view import summarise

        def work(ticket: Ticket) -> Counted:
            _ = dataset.fields  # looked for here, so that whoever types a filter never waits for it
            return Counted(summarise(dataset, scope, ticket).to_dicts(), reading=dataset.progress is not None)

        self._counting.submit(work, self._tell, self._failed)

    def over_time(self, dataset: Dataset, scope: Scope, most: int) -> None:
        """Count the records of a scope over time, in so many bins at most; answers ``Timed``."""

        def work(ticket: Ticket) -> Timed:
            from query.timeline import timeline
            from tui.charts.over_time import drawn_over_time

            found = timeline(dataset, scope, most, ticket)
            return Timed(scope, None if found is None else drawn_over_time(found))

        self._timing.submit(work, self._tell, self._failed)

    def compare(self, dataset: Dataset) -> None:
        """Find log groups that hold the same records; answers ``Compared``."""
        from loaders.overlap import overlaps

        self._comparing.submit(lambda ticket: Compared(overlaps(dataset, ticket)), self._tell, self._failed)

    def quote(self, dataset: Dataset, identity: Identity, *, copy: bool) -> None:
        """Fetch a record's line; its file may have to be unpacked for that. Answers ``Quoted``."""
        lane = self._copying if copy else self._quoting
        lane.submit(lambda _: Quoted(identity, dataset.raw(*identity), copy=copy), self._tell, self._failed)


def _moved(view: View, anchor: Anchor) -> int | None:
    place = view.place_of(*anchor.identity)
    return None if place is None else place - anchor.index
