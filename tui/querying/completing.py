"""What can stand where one is typing: when the list opens, what is in it, and what taking it does.

It keeps in step with the text however fast keys come: whatever a key is to do, it looks at the text first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from loaders.dataset import Dataset
    from query.complete import Completions
    from tui.widgets.choice_list import ChoiceList
    from tui.widgets.query_editor import QueryEditor


class Completing:
    """Keeps the list of choices in step with an editor."""

    def __init__(
        self,
        editor: QueryEditor,
        choices: ChoiceList,
        *,
        dataset: Callable[[], Dataset | None],
        find_values: Callable[[Dataset, str], None],
    ) -> None:
        """Begin with the list closed.

        Args:
            editor: Where one types.
            choices: The list.
            dataset: The records whose fields and values are offered.
            find_values: Looks for the values of a column; ``values_known`` is told of them.
        """
        self._editor, self._choices = editor, choices
        self._dataset, self._find_values = dataset, find_values
        self._seen_text = editor.text
        self._start = self._place = 0
        """Where the word begins that the list is about, and where the cursor was."""
        self._awaited: tuple[str, int] | None = None
        """The text and the place in it that values are being looked for."""
        self._values: dict[str, tuple[str, ...]] = {}
        self._values_of: Dataset | None = None
        self._sought = ""
        """The column whose values were asked for last."""

    def rest(self) -> None:
        """Close the list, and leave it closed until something is typed."""
        self._seen_text, self._awaited = self._editor.text, None
        self._choices.close()

    def catch_up(self) -> None:
        """Open or close the list if the text has changed."""
        if self._editor.text != self._seen_text:
            self._seen_text = self._editor.text
            found = self._find()
            if found.start < self._editor.place and not self._is_whole(found):
                self._open(found)
            else:
                self._choices.close()

    def cursor_moved(self) -> None:
        """Close the list if the cursor has left the place that it is about."""
        if self._editor.text == self._seen_text and self._editor.place != self._place:
            self._choices.close()

    def take_moved_to(self) -> bool:
        """Take the choice under the cursor if somebody has moved to it; whether there is one."""
        moved = self._choices.is_open and self._choices.moved
        if moved:
            self.complete()
        return moved

    def complete(self) -> None:
        """Take the choice under the cursor, or the only one there is; without a list, open it."""
        self.catch_up()
        self.cursor_moved()
        picked = self._choices.picked
        if picked is None:
            found = self._find()
            if len(found.choices) != 1:
                self._open(found)
                return
            self._start, picked = found.start, found.choices[0]
        self._editor.swap(self._start, picked.text)
        self.rest()

    def values_known(self, dataset: Dataset, column: str, values: tuple[str, ...]) -> None:
        """Offer the values of a column from now on."""
        if dataset is self._values_of:
            self._values[column] = values
            if self._awaited == (self._editor.text, self._editor.place):
                self._open(self._find())

    def _find(self) -> Completions:
        from query.complete import Completions, complete, wanted_column

        if self._editor.in_comment:
            return Completions(self._editor.place)
        text, place, dataset = self._editor.text, self._editor.place, self._dataset()
        column = wanted_column(text, place)
        values = self._values_in(dataset, column) if dataset is not None and column is not None else ()
        self._awaited = (text, place) if values is None else None
        return complete(text, place, dataset.fields if dataset is not None else (), values or ())

    def _values_in(self, dataset: Dataset, column: str) -> tuple[str, ...] | None:
        """The values of a column, or ``None`` while they are being looked for."""
        if dataset is not self._values_of:
            self._values_of, self._values, self._sought = dataset, {}, ""
        if column not in self._values and column != self._sought:
            self._sought = column
            self._find_values(dataset, column)
        return self._values.get(column)

    def _is_whole(self, found: Completions) -> bool:
        """Whether the only choice stands there already."""
        written = self._editor.text[found.start : self._editor.place]
        return len(found.choices) == 1 and found.choices[0].text == written

    def _open(self, found: Completions) -> None:
        if not found.choices:
            self._choices.close()
            return
        editor = self._editor
        self._start, self._place = found.start, editor.place
        x = editor.cursor_screen_offset.x - (editor.place - found.start)
        # Below the line that says what is wrong.
        self._choices.open(found.choices, x, editor.region.bottom + 1)
