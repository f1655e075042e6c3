"""The query screen: a query of the records that the explorer looks at, and its result.

Workers never touch a widget: they post messages, and the handlers here are the only ones to change the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import TextArea

from tui.keymap import QUERY
from tui.querying.completing import Completing
from tui.querying.history import QueryHistory
from tui.querying.wording import RUNNING, about_answer, judge, why_no_rows, why_stale
from tui.querying.workers import Answered, Asked, Seen, Unanswered
from tui.screens.query_result import QueryResult
from tui.wording import READING, Toned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loaders.dataset import Dataset
    from query.answer import Drill
    from query.commands import Query
    from tui.state import State


class QueryScreen(QueryResult):
    """What arrives in the panes, and what a person does with them."""

    def __init__(
        self,
        state: State,
        roots: tuple[str, ...],
        keys: Mapping[str, str],
        *,
        drill: Callable[[Drill], None],
        choose: Callable[[], None],
    ) -> None:
        """Begin as ``QueryResult`` does, and make the parser ready."""
        super().__init__(state, roots, keys, drill=drill, choose=choose)
        self._history = QueryHistory()
        self._completing = Completing(
            self._editor,
            self._choices,
            dataset=lambda: self.state.dataset,
            find_values=self._workers.values,
        )
        self._begun: tuple[str, Toned | None] | None = None
        """A query to begin with as soon as there is an editor."""
        self._first: tuple[str, Toned] = "", ("", "dim")
        """A text, and what a person has to do before it is run."""
        self.opened = False
        """Whether it has just been opened, so that what is typed is for the text."""
        self._asked: Asked | None = None
        """The query that is run, or that the result answers."""
        self._outcome: Toned = ("", "dim")
        self._workers.warm_up()

    def begin(self, text: str, told: Toned | None = None) -> None:
        """Put a query into the editor, and run it unless there is something to say first.

        Args:
            text: The query.
            told: What a person has to do before it is run.
        """
        self._begun = text, told
        if self.is_mounted:
            self._begin()

    def _begin(self) -> None:
        if self._begun is None:
            return
        (text, told), self._begun = self._begun, None
        self.set_focus(self._editor)
        self._editor.put(text)
        self._completing.rest()
        if told is None:
            self.action_run()
        else:
            self._first = self._editor.text, told
            self._review()

    # -- the text --------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _text_changed(self) -> None:
        self._completing.catch_up()
        self._review()

    @on(TextArea.SelectionChanged)
    def _cursor_moved(self) -> None:
        self._completing.cursor_moved()

    def _review(self) -> None:
        """Say what is wrong with the text while it is typed, else what came of the query."""
        asked = self._asked
        if asked is not None and self._editor.text == asked.text:
            keys = "Enter" if self.pane == QUERY else "e and Enter"
            stale = why_stale(asked, self.state.dataset, self.state.scope, keys)
            self._editor.mark(None)
            self._say(RUNNING if self._waiting else (stale, "warn") if stale else self._outcome)
            return
        found = judge(self._editor.text, self._editor.place, self.state.fields)
        self._editor.mark(found.fault)
        to_do = self._first[1] if self._editor.text == self._first[0] else ("Enter runs it.", "dim")
        self._say(found.told if found.told[0] else to_do)

    def action_run(self) -> None:
        """Run the query, or take the choice that somebody has moved to."""
        if self._completing.take_moved_to():
            return
        self._completing.rest()
        text, dataset = self._editor.text, self.state.dataset
        found = judge(text, None, self.state.fields)
        self._editor.mark(found.fault)
        if found.query is None or dataset is None:
            self._say(found.told if found.query is None else READING)
            return
        self._history.add(text.strip())
        self._ask(text, dataset, found.query)
        self.set_focus(self._shown)

    def _ask(self, text: str, dataset: Dataset, query: Query) -> None:
        self._asked, self._waiting = Asked(text, dataset, self.state.scope), True
        self._workers.answer(self._asked, query)
        self._say(RUNNING)
        self._arrange()

    def records_came(self) -> None:
        """Say that there are more records; what was asked while they were read is asked again at the end."""
        asked, dataset = self._asked, self.state.dataset
        if asked is None or dataset is None or self._editor.text != asked.text:
            self._arrange()
            return
        found = judge(asked.text, None, self.state.fields)
        if asked.dataset.progress is not None and dataset.progress is None and found.query is not None:
            self._ask(asked.text, dataset, found.query)
        else:
            self._review()
            self._arrange()

    def action_newline(self) -> None:
        """Begin a new line."""
        self._editor.swap(self._editor.place, "\n")

    def action_complete(self) -> None:
        """Complete the word, or list what can stand there."""
        self._completing.complete()

    def action_older(self) -> bool:
        """Move up in the list, or go back to the query before; whether either could be done."""
        self._completing.catch_up()
        if self._choices.is_open:
            self._choices.move(-1)
            return True
        return self._editor.on_first_line and self._recall(
            self._history.older(self._editor.text), at_top=True
        )

    def action_newer(self) -> bool:
        """Move down in the list, or go on to the query after; whether either could be done."""
        self._completing.catch_up()
        if self._choices.is_open:
            self._choices.move(1)
            return True
        return self._editor.on_last_line and self._recall(
            self._history.newer(self._editor.text), at_top=False
        )

    def _recall(self, text: str | None, *, at_top: bool) -> bool:
        if text is not None:
            self._editor.put(text, at_top=at_top)
            self._completing.rest()
        return text is not None

    def action_leave_text(self) -> None:
        """Close the list, or go to the result; without one, close the screen."""
        if self._choices.is_open:
            self._completing.rest()
        elif self._table.answered is not None or self._waiting:
            self.set_focus(self._shown)
            self._arrange()
        else:
            self.dismiss()

    def action_open_library(self) -> None:
        """List the ready-made queries."""
        self.action_library()

    def on_screen_resume(self) -> None:
        """Begin with what was chosen, or say whether the result is still that of what is looked at."""
        if self.opened:
            self.opened = False
            self.set_focus(self._editor)
        self._begin()
        self._review()

    # -- what arrives ----------------------------------------------------------------------------------

    @on(Seen)
    def _values_are_known(self, message: Seen) -> None:
        self._completing.values_known(message.dataset, message.column, message.values)

    @on(Answered)
    def _answer_is_here(self, message: Answered) -> None:
        if message.asked is not self._asked:
            return
        self._waiting = False
        records = self._records_of(message.asked)
        self._outcome = about_answer(message.source.answer, records)
        self._table.empty = why_no_rows(message.asked.scope, records)
        charted = self.has_class("-charted") or message.source.answer.chart is not None
        self._table.put(message.source, anew=True)
        self._show_table()
        if charted and message.source.answer.chart != "table":
            self._workers.chart(message.source, None, None)
        self._review()
        self._arrange()

    def _records_of(self, asked: Asked) -> int | None:
        """How many records a query looked at: as many as the explorer shows, if it shows the same."""
        view = self.state.view
        if view is None or view.scope != asked.scope or view.dataset is not asked.dataset:
            return None
        return view.height

    @on(Unanswered)
    def _there_is_no_answer(self, message: Unanswered) -> None:
        if message.asked is self._asked:
            self._waiting = False
            self._outcome = f"✗ {message.error}", "reject"
            self._review()
