"""The groups pane: log groups that unfold into their streams."""

from __future__ import annotations

from typing import Any

from tui.groups import GroupSource, Place
from tui.keymap import GROUPS
from tui.widgets.frame_table import FrameTable


class GroupPane(FrameTable):
    """A table of groups and streams that knows which groups are unfolded."""

    DEFAULT_CSS = ""

    def __init__(self) -> None:
        """Make an empty pane."""
        super().__init__(GROUPS, cells=False, empty="No log group yet.")
        self._rows_by_stream: list[dict[str, Any]] | None = None
        self._unfolded: set[str] = set()
        self._reading = True

    @property
    def place(self) -> Place | None:
        """The group or stream under the cursor."""
        return self.row.record["place"] if self.row is not None else None

    @property
    def groups(self) -> GroupSource | None:
        """What is listed."""
        return self.source if isinstance(self.source, GroupSource) else None

    def count(self, rows: list[dict[str, Any]], *, reading: bool = False) -> None:
        """List groups and streams anew, with the cursor where it was.

        Args:
            rows: A row for each stream.
            reading: Whether more of them are still to come.
        """
        # Until all is read, whoever has not moved yet is shown the beginning of what there is.
        untouched = self._reading and not self.cursor and not self._unfolded
        self._rows_by_stream, self._reading = rows, reading
        self.put_on(None if untouched else self.place)

    def put_on(self, place: Place | None) -> None:
        """Put the cursor on a group or stream, unfolding what hides it."""
        if self._rows_by_stream is None:
            return
        if place is not None and place.stream is not None:
            self._unfolded.add(place.group)
        source = GroupSource(self._rows_by_stream, self._unfolded)
        cursor = source.index(place) if place is not None else None
        self.show(source, more=True, cursor=cursor or 0, top=self.top)

    def unfold(self, group: str) -> bool:
        """Show a group's streams and go to the first; whether they were hidden."""
        if group in self._unfolded:
            return False
        self._unfolded.add(group)
        self.put_on(Place(group))
        self.move_to(self.cursor + 1)
        return True

    def action_fold(self) -> None:
        """Show or hide the streams of the group under the cursor."""
        self._fold(hidden=None)

    def action_show_streams(self) -> None:
        """Show the streams of the group under the cursor."""
        self._fold(hidden=False)

    def action_hide_streams(self) -> None:
        """Hide the streams of the group under the cursor."""
        self._fold(hidden=True)

    def _fold(self, *, hidden: bool | None) -> None:
        if self.place is None:
            return
        group = self.place.group
        if hidden is None or hidden == (group in self._unfolded):
            self._unfolded ^= {group}
            self.put_on(Place(group))
