"""What the query screen has done in the background: each request a lane of its own, each answer a message.

Nothing here touches a widget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from loaders.run import Lane
from tui.config import lookup_folders
from tui.export import export
from tui.querying.answers import AnswerSource, sorted_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.commands import Query
    from query.scope import Scope
    from tui.charts.chart import Chart


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A query as it was run; two runs of one query are two of these.

    Attributes:
        text: The query.
        dataset: The records that it was asked of.
        scope: Which of them.
    """

    text: str
    dataset: Dataset
    scope: Scope


class Answered(Message):
    """A query has been answered."""

    def __init__(self, asked: Asked, source: AnswerSource) -> None:
        """Carry the rows."""
        super().__init__()
        self.asked, self.source = asked, source


class Unanswered(Message):
    """A query could not be answered."""

    def __init__(self, asked: Asked, error: Exception) -> None:
        """Carry the reason."""
        super().__init__()
        self.asked, self.error = asked, error


class Sorted(Message):
    """A result has been sorted."""

    def __init__(self, source: AnswerSource) -> None:
        """Carry the rows in their new order."""
        super().__init__()
        self.source = source


class Charted(Message):
    """A result has been made into a chart.

    Attributes:
        source: The result.
        chart: The chart.
        kinds: All that it can be drawn as, the best one first.
    """

    def __init__(self, source: AnswerSource, chart: Chart, kinds: tuple[str, ...]) -> None:
        """Carry it."""
        super().__init__()
        self.source, self.chart, self.kinds = source, chart, kinds


class Seen(Message):
    """It is known which values a column has."""

    def __init__(self, dataset: Dataset, column: str, values: tuple[str, ...]) -> None:
        """Carry them."""
        super().__init__()
        self.dataset, self.column, self.values = dataset, column, values


class Written(Message):
    """A result has been written to a file."""

    def __init__(self, path: Path, rows: int) -> None:
        """Carry its name."""
        super().__init__()
        self.path, self.rows = path, rows


class NotDone(Message):
    """Something else could not be done."""

    def __init__(self, error: Exception) -> None:
        """Carry the reason."""
        super().__init__()
        self.error = error


# A query that takes long must not keep the next one waiting, though nobody wants its answer any more.
_AT_ONCE = 3


class QueryWorkers:
    """The query screen's lanes."""

    def __init__(self, tell: Callable[[Message], None], roots: Sequence[str]) -> None:
        """Make them.

        Args:
            tell: Takes an answer, from any thread.
            roots: The paths of the logs, beside which lookup tables can be.
        """
        self._tell, self._folders = tell, lookup_folders(roots)
        self._answering, self._sorting = Lane("answer", _AT_ONCE), Lane("sort")
        self._charting = Lane("chart")
        self._values, self._writing = Lane("values"), Lane("write")

    def _not_done(self, error: Exception) -> None:
        self._tell(NotDone(error))

    def warm_up(self) -> None:
        """Make the parser before the first key is typed: that takes longer than a key should."""
        from query.complete import complete
        from query.parse import parse_query

        self._answering.submit(
            lambda _: (parse_query("limit 1"), complete("", 0)), lambda _: None, lambda _: None
        )

    def answer(self, asked: Asked, query: Query) -> None:
        """Answer a query; the one before is given up. Answers ``Answered`` or ``Unanswered``."""
        from query.answer import answer

        def work(ticket: Ticket) -> Answered:
            found = answer(asked.dataset, query, asked.scope, ticket, folders=self._folders)
            return Answered(asked, AnswerSource(found))

        self._answering.submit(work, self._tell, lambda error: self._tell(Unanswered(asked, error)))

    def sort(self, source: AnswerSource, name: str, *, descending: bool) -> None:
        """Sort a result by a column; answers ``Sorted``."""
        self._sorting.submit(
            lambda ticket: Sorted(sorted_source(source, name, descending=descending, ticket=ticket)),
            self._tell,
            self._not_done,
        )

    def chart(self, source: AnswerSource, measure: str | None, kind: str | None) -> None:
        """Make a chart of a result; answers ``Charted``, or ``NotDone`` where it cannot be drawn."""
        from tui.charts.chart import kinds_of
        from tui.charts.from_answer import chart_of

        def work(_: Ticket) -> Charted:
            chart = chart_of(source.answer, measure=measure, kind=kind)
            return Charted(source, chart, kinds_of(chart))

        self._charting.submit(work, self._tell, self._not_done)

    def values(self, dataset: Dataset, column: str) -> None:
        """Find the values of a column; answers ``Seen``."""
        from query.complete import values_of

        self._values.submit(
            lambda ticket: Seen(dataset, column, values_of(dataset, column, ticket)),
            self._tell,
            lambda _: self._tell(Seen(dataset, column, ())),
        )

    def write(self, frame: pl.DataFrame, name: str, *, replace: bool) -> None:
        """Write a result to a file; answers ``Written``."""
        self._writing.submit(
            lambda _: Written(export(frame, name, replace=replace), frame.height),
            self._tell,
            self._not_done,
        )
