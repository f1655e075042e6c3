"""The problems screen: every line that is no record, and every file that could not be read whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.screen import Screen

from tui.keymap import PROBLEMS, bindings, works
from tui.sanitise import clean
from tui.units import whole
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle
from tui.widgets.table_layout import Column, Row

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from loaders.dataset import Dataset, FileReport

_COLUMNS = (
    Column("line", "line", 6, 9, right=True),
    Column("what", "what is wrong", 24, 100, grow=True, tail=0),
    Column("file", "file", 14, 48, tail=40),
)


class ProblemSource:
    """The problems of a data set, file after file."""

    instant = True

    def __init__(self, dataset: Dataset) -> None:
        """Count them; a problem's row is made when it is on screen."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self._reports: list[tuple[int, FileReport]] = []
        self.height = 0
        for report in sorted(dataset.files.values(), key=lambda report: report.source.name):
            if not report.sound:
                self._reports.append((self.height, report))
                self.height += report.problems.height + (report.reason is not None)
        self.files = len(self._reports)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""
        rows: list[Row] = []
        for first, report in self._reports:
            said: list[tuple[int | None, str]] = []
            if report.reason:
                said.append((None, f"{report.state}: {report.reason}"))
            said += list(report.problems.slice(0, max(0, offset + amount - first)).iter_rows())
            for place, (line, what) in enumerate(said, start=first):
                if offset <= place < offset + amount:
                    cells = ("" if line is None else whole(line), clean(what), clean(report.source.name))
                    rows.append(Row((report.source.name, line), cells, "", {"line": line, "report": report}))
        return rows


class ProblemsScreen(Screen[None]):
    """Lists what could not be read, and shows the line under the cursor."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(PROBLEMS)

    def __init__(self, dataset: Dataset) -> None:
        """List the problems of a data set."""
        super().__init__()
        self._source = ProblemSource(dataset)
        self._dataset = dataset

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        from tui.widgets.record_pane import RecordPane

        yield PaneTitle(PROBLEMS)
        yield FrameTable("problem-table", empty="Every line of every file was read.\nPress esc to go back.")
        yield PaneTitle("line")
        yield RecordPane()
        yield KeyBar()

    def on_mount(self) -> None:
        """Show them."""
        source = self._source
        files = f"{whole(source.height)} in {whole(source.files)} files" if source.height else "none"
        self.query_one(f"#{PROBLEMS}-title", PaneTitle).show(files, focused=True)
        self.query_one(KeyBar).show(PROBLEMS)
        table = self.query_one(FrameTable)
        table.show(source)
        self.set_focus(table)

    @on(FrameTable.Moved)
    def _problem_changed(self, message: FrameTable.Moved) -> None:
        from tui.widgets.record_pane import RecordPane

        if message.row is not None:
            report: FileReport = message.row.record["report"]
            line = message.row.record["line"]
            self.query_one(RecordPane).say(self._quoted(report, line))

    def _quoted(self, report: FileReport, line: int | None) -> str:
        number = next((key for key, other in self._dataset.files.items() if other is report), -1)
        raw = self._dataset.raw(number, line) if line is not None else None
        return raw if raw is not None else f"{report.reason or 'The line is not there any more.'}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts if the table of actions names this list."""
        return works(action, parameters, PROBLEMS)

    def action_move(self, name: str) -> None:
        """Have the list move."""
        getattr(self.query_one(FrameTable), f"action_{name}")()

    def action_copy_cell(self) -> None:
        """Copy the value under the cursor."""
        table = self.query_one(FrameTable)
        if table.row is not None:
            self.app.copy_to_clipboard(table.row.cells[table.column])

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
