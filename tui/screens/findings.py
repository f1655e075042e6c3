"""What detections find: each with its findings below it, its thresholds to turn, and the records behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.message import Message

from diagnose.detections import Detection, detections
from tui.keymap import FINDINGS, bindings
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.units import stamp
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.record_pane import RecordPane
from tui.widgets.table_layout import Column, Row
from tui.wording import plural, times_told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl
    from textual.app import ComposeResult

    from diagnose.detections import Threshold
    from tui.diagnosing import Diagnosing, Looked
    from tui.state import State

_COLUMNS = (
    Column("severity", "severity", 8, 8, toned=True),
    Column("last", "last", 16, 16, fold=1),
    Column("what", "what was found", 30, 400, grow=True),
)
_TONES = {"high": "reject", "medium": "warn", "low": "", "info": "dim"}


class FindingSource:
    """Detections, each with what it found."""

    instant = True

    def __init__(self, found: Mapping[str, pl.DataFrame]) -> None:
        """List findings (``diagnose.detections.FINDING``) by the names of their detections."""
        self.columns: tuple[Column, ...] = _COLUMNS
        self._rows: list[Row] = []
        for one in detections():
            rows = list(found[one.name].iter_rows(named=True)) if one.name in found else []
            told = plural(len(rows), "finding") if rows else "nothing" if one.name in found else "…"
            tone = "strong" if rows else "dim"
            head = ("", "", f"{one.title}: {told}")
            self._rows.append(Row(one.name, head, tone, {"detection": one}, prose=True))
            self._rows += [self._row(one, place, row) for place, row in enumerate(rows)]
        self.height = len(self._rows)

    def _row(self, detection: Detection, place: int, row: dict[str, Any]) -> Row:
        last = stamp(row["last"])[:16] if row["last"] is not None else ""
        cells = (row["severity"], last, f"  {clean(row['what'])}")
        record = {"detection": detection, "finding": row}
        return Row((detection.name, place), cells, _TONES.get(row["severity"], ""), record, prose=True)

    def place_of(self, row: Row) -> int:
        """Where a row of another list stands in this one; its detection where it is gone."""
        places = {each.identity: place for place, each in enumerate(self._rows)}
        return places.get(row.identity, places[row.record["detection"].name])

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""
        return self._rows[offset : offset + amount]


class FindingsScreen(Listing):
    """Lists what detections find; ``+`` and ``-`` turn a threshold of the one under the cursor."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(FINDINGS)
    pane = FINDINGS

    class _Found(Message):
        def __init__(self, name: str, found: pl.DataFrame, source: FindingSource) -> None:
            super().__init__()
            self.name, self.found, self.source = name, found, source

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        diagnosing: Diagnosing,
        go: Callable[[str], None],
    ) -> None:
        """Begin with what is looked at.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            diagnosing: Finds what there is.
            go: Goes to the records that a filter finds.
        """
        super().__init__(state, roots, keys, FrameTable("finding-table", cells=False))
        self._diagnosing, self._go = diagnosing, go
        self._found: dict[str, pl.DataFrame] = {}
        self._given: dict[str, dict[str, float | str]] = {}
        self._turned: dict[str, int] = {}
        """By detection, the number of the threshold that is turned."""
        self._looked: Looked | None = None

    def compose(self) -> ComposeResult:
        """Lay out the list, and the pane for what is under the cursor."""
        yield TopLine()
        yield PaneTitle(FINDINGS)
        yield self._table
        yield PaneTitle("about", "about")
        yield RecordPane()
        yield KeyBar()

    def on_mount(self) -> None:
        """Ask one detection after the other."""
        self._frame()
        scope, dataset = self._state.scope, self._state.dataset
        self.query_one("#about-title", PaneTitle).show("", focused=False)
        self._table.show(FindingSource({}))
        if dataset is not None:
            self._looked = self._diagnosing.looked(dataset, scope)
            self._ask(*(one.name for one in detections()))

    def _ask(self, *names: str) -> None:
        """Ask some detections, in the background; each tells as soon as it is done."""
        looked, given, before = self._looked, dict(self._given), dict(self._found)
        if looked is None:
            return
        self._say()

        def work(_: object) -> None:
            for name in names:
                found = looked.find(name, given.get(name, {}))
                before[name] = found
                self._tell(self._Found(name, found, FindingSource(before)))

        self._lane.submit(work, lambda _: None, lambda error: self._tell(self._Failed(error)))

    def on_findings_screen__found(self, message: _Found) -> None:
        """Show what one detection found."""
        self._found[message.name] = message.found
        self._say()
        row = self._table.row
        cursor = message.source.place_of(row) if row is not None else self._table.cursor
        self._table.show(message.source, more=True, cursor=cursor, top=self._table.top)

    def _say(self) -> None:
        number = sum(found.height for found in self._found.values())
        waiting = len(detections()) - len(self._found)
        told = plural(number, "finding") + (f", {waiting} detections to go" if waiting else "")
        if self._looked is not None and self._looked.is_part:
            told += f", {times_told(self._looked.scope)} only"
        self._head(told)

    @on(FrameTable.Moved)
    def _line_changed(self) -> None:
        self._explain()

    def _explain(self) -> None:
        """Say what the line under the cursor means, and which thresholds it goes by."""
        row = self._table.row
        if row is None:
            return
        one: Detection = row.record["detection"]
        finding = row.record.get("finding")
        self.query_one("#about-title", PaneTitle).show(one.title, focused=False)
        said = [finding["what"]] if finding is not None else [one.means, f"Wrong when: {one.wrong}"]
        turned = self._turned.get(one.name, 0)
        said += [self._threshold(one, each, place == turned) for place, each in enumerate(one.thresholds)]
        self.query_one(RecordPane).say(*said)

    def _threshold(self, one: Detection, each: Threshold, is_turned: bool) -> str:
        value = self._given.get(one.name, {}).get(each.name, each.default)
        number = f"{value:g}" if isinstance(value, float | int) else value
        return f"{'▸' if is_turned else ' '} {each.name} {number} {each.unit}: {each.meaning}"

    def action_next_threshold(self) -> None:
        """Turn another threshold of this detection."""
        row = self._table.row
        if row is not None:
            one: Detection = row.record["detection"]
            self._turned[one.name] = (self._turned.get(one.name, 0) + 1) % max(1, len(one.thresholds))
            self._explain()

    def action_raise_threshold(self) -> None:
        """Turn the threshold up, so that less is found."""
        self._turn(1)

    def action_lower_threshold(self) -> None:
        """Turn the threshold down, so that more is found."""
        self._turn(-1)

    def _turn(self, way_: int) -> None:
        row = self._table.row
        if row is None:
            return
        one: Detection = row.record["detection"]
        if not one.thresholds:
            return
        each = one.thresholds[self._turned.get(one.name, 0)]
        value = self._given.get(one.name, {}).get(each.name, each.default)
        if not each.step or isinstance(value, str):
            return
        try:
            turned = each.read(round(value + way_ * each.step, 9))
        except ValueError:
            return  # it cannot be turned further
        self._given.setdefault(one.name, {})[each.name] = turned
        self._explain()
        self._ask(one.name, *(name.name for name in detections() if name.name not in self._found))

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    def action_go_in(self) -> None:
        """Go to the records behind the finding under the cursor."""
        finding = self._table.row.record.get("finding") if self._table.row is not None else None
        if finding is not None:
            self._go(finding["filter"])

    def action_copy_cell(self) -> None:
        """Copy what the line under the cursor says."""
        row = self._table.row
        if row is not None:
            finding = row.record.get("finding")
            told = finding["what"] if finding is not None else row.record["detection"].means
            self.app.copy_to_clipboard(told)
