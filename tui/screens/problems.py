"""The problems screen: every line that is no record, and every file that could not be read whole."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.screen import Screen

from tui.keymap import PROBLEMS, bindings, works
from tui.sanitise import clean
from tui.units import count, whole
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle
from tui.widgets.table_layout import Column, Row
from tui.wording import about_store, plural

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from loaders.dataset import Dataset, FileReport

_COLUMNS = (
    Column("line", "line", 6, 9, right=True),
    Column("what", "file, and what is wrong", 30, 100, grow=True, tail=40),
    Column("state", "state", 10, 10),
    Column("layout", "layout", 6, 17, fold=2),
    Column("format", "format", 8, 22, fold=1),
    Column("records", "records", 7, 7, right=True),
    Column("problems", "problems", 8, 8, right=True),
)
_NO_CELLS = ("",) * (len(_COLUMNS) - 2)
_INDENT = "  "


class ProblemSource:
    """What is wrong, file after file: a row for the file, then its reason and its problems.

    Files that were passed over stand behind the others, with their reasons.
    """

    instant = True

    def __init__(self, dataset: Dataset) -> None:
        """Count them; a row is made when it is on screen."""
        self.columns: tuple[Column, ...] = _COLUMNS
        wrong: list[tuple[int, FileReport]] = []
        passed: list[tuple[int, FileReport]] = []
        for item in sorted(dataset.files.items(), key=lambda item: item[1].source.name):
            if not item[1].sound:
                wrong.append(item)
            elif item[1].state == "skipped":
                passed.append(item)
        self.files, self.passed_over = len(wrong), len(passed)
        self.problems = sum(_problems(report) for _, report in wrong)
        self._reports = wrong + passed
        heights = [1 + bool(report.reason) + report.problems.height for _, report in wrong]
        heights += [1 + bool(report.reason) for _, report in passed]
        # The row that each file begins at, and the height.
        self._begins = [0, *accumulate(heights)]
        self.height = self._begins[-1]

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""
        rows: list[Row] = []
        index = bisect_right(self._begins, offset) - 1
        end = min(offset + amount, self.height)
        while offset + len(rows) < end:
            skip = offset + len(rows) - self._begins[index]
            rows += self._rows(*self._reports[index], skip, end - offset - len(rows))
            index += 1
        return rows

    def _rows(self, number: int, report: FileReport, skip: int, amount: int) -> list[Row]:
        """Some of the rows of a file: its own, its reason, its problems."""
        tone = "dim" if report.sound else ""
        about = {"number": number, "report": report, "line": None}
        head = [Row((number, "file"), _file_cells(report), tone or "strong", about)]
        if report.reason:
            head.append(
                Row(
                    (number, "reason"),
                    ("", _INDENT + clean(report.reason), *_NO_CELLS),
                    tone,
                    about,
                    prose=True,
                )
            )
        found = head[skip : skip + amount]
        lines = report.problems.slice(max(0, skip - len(head)), amount - len(found))
        for line, what in lines.iter_rows():
            cells = ("" if line is None else whole(line), _INDENT + clean(what), *_NO_CELLS)
            found.append(Row((number, line), cells, tone, about | {"line": line}, prose=True))
        return found


def _problems(report: FileReport) -> int:
    """How many problems a file has, as ``Dataset.problem_count`` counts them."""
    return report.problems.height + (report.state in {"incomplete", "unreadable"})


def _file_cells(report: FileReport) -> tuple[str, ...]:
    name, layout = report.source.name, report.source.place.layout
    counts = count(report.records), count(_problems(report))
    return (
        "",
        clean(name),
        report.state,
        layout,
        report.format or "",
        *(counts if not report.sound else ("", "")),
    )


def _about(report: FileReport) -> list[str]:
    """A file and what became of it, in full."""
    kind = f"{report.source.place.layout}, {report.format or 'of no format that flowtui knows'}"
    said = [f"{report.source.name}", f"{report.state}, {kind}"]
    if not report.sound:
        counts = f"{plural(report.records, 'record')}, {plural(_problems(report), 'problem')}"
        said[-1] += f", {counts}"
    return [*said, *([report.reason] if report.reason else [])]


def _counted(source: ProblemSource) -> str:
    """How much is wrong, and how many files were passed over."""
    wrong = (
        f"{plural(source.problems, 'problem')} in {plural(source.files, 'file')}" if source.files else "none"
    )
    return f"{wrong}, {plural(source.passed_over, 'file')} passed over" if source.passed_over else wrong


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
        yield PaneTitle("store")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show them."""
        source = self._source
        self.query_one(f"#{PROBLEMS}-title", PaneTitle).show(_counted(source), focused=True)
        self.query_one("#store-title", PaneTitle).show(about_store(self._dataset.kept), focused=False)
        self.query_one(KeyBar).show(PROBLEMS)
        table = self.query_one(FrameTable)
        table.show(source)
        self.set_focus(table)

    @on(FrameTable.Moved)
    def _problem_changed(self, message: FrameTable.Moved) -> None:
        from tui.widgets.record_pane import RecordPane

        if message.row is not None:
            record = message.row.record
            self.query_one(RecordPane).say(*self._quoted(record["number"], record["report"], record["line"]))

    def _quoted(self, number: int, report: FileReport, line: int | None) -> list[str]:
        if line is None:
            return _about(report)
        raw = self._dataset.raw(number, line)
        return [raw if raw is not None else "The line is not there any more."]

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
            cells = table.row.cells
            self.app.copy_to_clipboard((cells[table.column] or cells[1]).strip())

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
