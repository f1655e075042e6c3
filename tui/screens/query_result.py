"""What is done with the result of a query: sort it, copy from it, write it to a file, go to its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from tui.export import ExistsError, ExportError
from tui.keymap import CHART, RESULT
from tui.querying.answers import as_json
from tui.querying.wording import about_copy
from tui.querying.workers import Charted, NotDone, QueryWorkers, Sorted, Written
from tui.screens.query_panes import QueryPanes
from tui.widgets.chart_view import ChartView
from tui.widgets.frame_table import FrameTable
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.message import Message

    from query.answer import Drill
    from tui.state import State


class QueryResult(QueryPanes):
    """The panes, and the keys of the result."""

    def __init__(
        self,
        state: State,
        roots: tuple[str, ...],
        keys: Mapping[str, str],
        *,
        drill: Callable[[Drill], None],
        choose: Callable[[], None],
    ) -> None:
        """Begin as ``QueryPanes`` does.

        Args:
            state: As ``QueryPanes`` has it.
            roots: As ``QueryPanes`` has it.
            keys: As ``QueryPanes`` has it.
            drill: Goes to the records that a row stands for; the screen is closed then.
            choose: Opens the list of ready-made queries.
        """
        super().__init__(state, roots, keys)
        self._drill, self._choose = drill, choose
        self._workers = QueryWorkers(self._tell, roots)
        self._kinds: tuple[str, ...] = ()
        """What the result can be drawn as."""
        self._drawn: list[str] = []
        """What it was drawn as since it stood there as a table."""
        self._may_replace = ""
        """The name of the file that a person was told of, and may replace."""

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    @on(Sorted)
    def _result_is_sorted(self, message: Sorted) -> None:
        shown = self._table.answered
        if shown is not None and message.source.answer is shown.answer:
            self._table.put(message.source, anew=False)

    def action_chart(self) -> None:
        """Show the result as a chart, as another kind of chart, and as a table again."""
        source = self._table.answered
        if source is None or self._is_old():
            return
        if not self.has_class("-charted"):
            self._workers.chart(source, self._table.name_under_cursor, None)
            return
        chart = self._chart.newest
        left = [kind for kind in self._kinds if chart is not None and kind not in self._drawn]
        if left:
            self._workers.chart(source, chart.measure if chart is not None else None, left[0])
        else:
            self._show_table()

    def _show_table(self) -> None:
        self._drawn.clear()
        self.remove_class("-charted")
        if self.pane == CHART:
            self.set_focus(self._table)
        self._arrange()

    @on(Charted)
    def _chart_is_ready(self, message: Charted) -> None:
        if message.source is not self._table.answered:
            return
        self._kinds = message.kinds
        self._drawn.append(message.chart.kind)
        had_focus = self.pane == RESULT
        self.add_class("-charted")
        self._chart.show(message.chart, keep=len(self._drawn) > 1)
        if had_focus:
            self.set_focus(self._chart)
        self._arrange()

    def action_copy_chart(self) -> None:
        """Copy the chart as plain text, as the command line prints it."""
        from tui.charts.paper import WIDTH, on_paper

        if self._chart.chart is not None:
            self.app.copy_to_clipboard(on_paper(self._chart.chart, WIDTH))
            self._say(("Copied the chart as text.", "dim"))

    def action_log_scale(self) -> None:
        """Change to a logarithmic scale, or back."""
        self._chart.turn_log()

    @on(ChartView.Opened)
    def _bar_opened(self) -> None:
        self.action_drill()

    @on(Written)
    def _file_is_written(self, message: Written) -> None:
        self._say((f"Wrote {plural(message.rows, 'row')} to {message.path}.", "accent"))

    @on(NotDone)
    @on(FrameTable.Failed)
    @on(ChartView.Failed)
    def _something_failed(self, message: NotDone | FrameTable.Failed | ChartView.Failed) -> None:
        error = message.error
        if isinstance(error, ExistsError):
            self._may_replace = self._file_name.value
            self._say((f"{error} Press Enter again to replace it.", "warn"))
            self._ask_for_name()
            return
        self._say((f"✗ {error}", "reject"))
        if isinstance(error, ExportError):
            self._ask_for_name()

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_drill()

    def action_drill(self) -> None:
        """Go to the records that the row under the cursor stands for."""
        source = self._table.answered
        if source is None or not source.height or self._is_old():
            return
        if self.pane == CHART:
            chart, place = self._chart.chart, self._chart.place
            if chart is None or place is None:
                return
            behind = chart.key(place, self._chart.picked)
            drill = source.answer.drill_to(behind) if behind is not None else None
        else:
            drill = source.answer.drill(source.number(self._table.cursor))
        if drill is None:
            self._say(("No filter can say which records stand behind this.", "warn"))
            return
        self._drill(drill)

    def _is_old(self) -> bool:
        """Whether the rows are those of the query before; says so then."""
        if self._waiting:
            self._say(("The query is still running; these are the rows of the one before.", "warn"))
        return self._waiting

    def action_sort(self) -> None:
        """Sort by the column under the cursor; by the same one again, turn the order round."""
        source, name = self._table.answered, self._table.name_under_cursor
        if source is not None and name is not None:
            self._workers.sort(source, name, descending=source.sorted_by == (name, False))

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor."""
        if self._table.row is not None:
            text = self._table.text_under_cursor
            self.app.copy_to_clipboard(text)
            self._say((f"Copied {self._table.name_under_cursor}: {text}", "dim"))

    def action_copy_row(self) -> None:
        """Copy the row as JSON."""
        if self._table.row is not None:
            self.app.copy_to_clipboard(as_json(self._table.row.record))
            self._say(("Copied the row as JSON.", "dim"))

    def action_copy_query(self) -> None:
        """Copy the query for Logs Insights, if it knows all that is in it."""
        from query.errors import QueryError
        from query.for_aws import for_aws
        from query.parse import parse_query

        scope, text = self.state.scope, self._editor.text
        if scope.filter.strip():
            text = f"filter {scope.filter.strip()}\n| {text}"
        try:
            self.app.copy_to_clipboard(for_aws(parse_query(text)))
        except QueryError as error:
            self._say((f"✗ {error}", "reject"))
        else:
            self._say((about_copy(scope), "dim"))

    def action_export(self) -> None:
        """Ask for the name of a file to write the result to."""
        if self._table.answered is not None and not self._is_old():
            self._ask_for_name()

    def action_write(self) -> None:
        """Write the result to the file of the name that was typed."""
        source, name = self._table.answered, self._file_name.value
        if source is not None:
            self._say(("writing …", "accent"))
            self._workers.write(source.frame(), name, replace=name == self._may_replace)
            self._may_replace = ""
        self.action_leave_name()

    def action_leave_name(self) -> None:
        """Go back to the result."""
        self.set_focus(self._shown)
        self._arrange()

    def action_edit(self) -> None:
        """Go back to the text."""
        self.set_focus(self._editor)
        self._arrange()

    def action_next_pane(self) -> None:
        """Go back to the text."""
        self.action_edit()

    def action_previous_pane(self) -> None:
        """Go back to the text."""
        self.action_edit()

    def action_library(self) -> None:
        """List the ready-made queries."""
        self._choose()

    def action_close(self) -> None:
        """Go back to the explorer."""
        self.dismiss()
