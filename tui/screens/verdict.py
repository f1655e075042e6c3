"""Verdicts: the way of a packet, the evidence, what was ruled out, and what would mend it."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from diagnose.codes import meaning
from loaders.run import Lane
from tui.keymap import VERDICT, bindings, works
from tui.sanitise import clean
from tui.units import shorten
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.widgets.record_pane import RecordPane
from tui.widgets.table_layout import Column, Row
from tui.wording import drawn, news, way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from textual.app import ComposeResult

    from diagnose.model import Where
    from diagnose.verdict import Verdict
    from loaders.dataset import Dataset
    from tui.state import State
    from tui.workers import Identity

_PART = 8
# What else stands in the title of the source, and how much of the end of a file's name is always shown.
_TITLE, _TAIL = 18, 24
_COLUMNS = (Column("part", "", _PART, _PART), Column("text", "", 20, 400, grow=True, toned=True))
_LEAST = 30
_TONES = {"passed": "accept", "stopped": "reject", "unsure": "warn", "unreached": "dim"}
_SIGNS = {"R": ("✗", "reject"), "A": ("✓", "accept"), "N": ("?", "warn")}
_NO_TRAFFIC = "This record is of no traffic: there is nothing to say why."


class VerdictSource:
    """A verdict, line by line, broken to a width."""

    instant = True

    def __init__(self, verdicts: Sequence[Verdict], width: int) -> None:
        """Break verdicts into lines."""
        self.columns: tuple[Column, ...] = _COLUMNS
        lines = _broken(verdicts, max(_LEAST, width - _PART - 2))
        self._rows = [
            Row(place, (part, clean(text)), tone, target, prose=True)
            for place, (part, text, tone, target) in enumerate(lines)
        ]
        self.height = len(self._rows)

    def window(self, offset: int, amount: int) -> list[Row]:
        """Fetch rows."""
        return self._rows[offset : offset + amount]


_Line = tuple[str, str, str, dict[str, Any]]


def _broken(verdicts: Sequence[Verdict], room: int) -> Iterator[_Line]:
    for part, text, tone, target in _all_lines(verdicts):
        first, *more = wrap(text, room) or [""]
        yield part, first, tone, target
        for line in more:
            yield "", f"  {line}" if part in {"fix", "undo"} else line, tone, target


def _all_lines(verdicts: Sequence[Verdict]) -> Iterator[_Line]:
    """The lines of verdicts; where there are several, each has its code before them."""
    for verdict in verdicts:
        if len(verdicts) > 1:
            said = f"{verdict.code}: {meaning(verdict.code)} (confidence {verdict.confidence})"
            yield "", said, "strong", {"copy": said}
        yield from _lines(verdict)


def _lines(verdict: Verdict) -> Iterator[_Line]:
    """The lines of a verdict: what part each is of, the text, its tone, and what it leads to."""
    for place, stage in enumerate(verdict.path):
        yield "way" if not place else "", drawn(stage), _TONES[stage.state], {}
    for place, evidence in enumerate(verdict.evidence):
        target = {"record": evidence.record, "where": evidence.where, "at": evidence.at}
        target["copy"] = evidence.told
        yield "because" if not place else "", evidence.text, "", target
    for place, text in enumerate(verdict.ruled_out):
        yield "not" if not place else "", text, "dim", {"copy": text}
    for fix in verdict.fixes:
        more = f"  (lets {fix.also_allows:,} more refused conversations through)" if fix.also_allows else ""
        yield "fix", f"{fix.command}{more}", "strong", {"copy": fix.command}
        yield "undo", fix.undo, "dim", {"copy": fix.undo}


class VerdictScreen(Screen[None]):
    """Says why a record was rejected or never answered, or why nothing is logged of some traffic."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    AUTO_FOCUS = None
    BINDINGS: ClassVar = bindings(VERDICT)
    pane = VERDICT

    class _Found(Message):
        def __init__(self, verdicts: Sequence[Verdict]) -> None:
            super().__init__()
            self.verdicts = verdicts

    class _Failed(Message):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        find: Callable[[Dataset, bool], Sequence[Verdict]],
        go: Callable[[Identity], None],
    ) -> None:
        """Begin without a verdict.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            find: Finds verdicts, in a worker; told whether to look at all records, however old.
            go: Goes to a record.
        """
        super().__init__()
        self._state, self._roots, self._keys = state, roots, dict(keys)
        self._search, self._go = find, go
        self._lane = Lane("verdict")
        self._table = FrameTable("verdict-table", cells=False, headed=False)
        self._told = Static("", id="verdict-told", markup=False)
        self.verdicts: Sequence[Verdict] = ()
        """What was found, the leading one first."""
        self._everything = False

    def compose(self) -> ComposeResult:
        """Lay out the verdict, and the pane for what is under the cursor."""
        yield TopLine()
        yield PaneTitle(VERDICT, "why")
        yield self._told
        yield self._table
        yield PaneTitle("shown", "source")
        yield RecordPane()
        yield KeyBar()

    def on_mount(self) -> None:
        """Look for the verdict."""
        self.query_one(KeyBar).show(VERDICT, self._keys)
        self.query_one(TopLine).show(way(self._roots, self._state.scope), *news(self._state, None))
        self.query_one("#shown-title", PaneTitle).show("", focused=False)
        self.set_focus(self._table)
        self._find()

    def _find(self) -> None:
        self.query_one(f"#{VERDICT}-title", PaneTitle).show("looking at its records …", focused=True)
        dataset, search, everything = self._state.dataset, self._search, self._everything
        if dataset is None:
            return
        self._lane.submit(
            lambda _: self._Found(search(dataset, everything)),
            self._tell,
            lambda error: self._tell(self._Failed(error)),
        )

    def _tell(self, message: Message) -> None:
        if self.is_attached:
            self.post_message(message)

    def on_verdict_screen__found(self, message: _Found) -> None:
        """Show the verdicts, the first of them in the title."""
        self.verdicts = message.verdicts
        title = self.query_one(f"#{VERDICT}-title", PaneTitle)
        if not self.verdicts:
            title.show("nothing to say", focused=True)
            self._told.update(Content(f" {_NO_TRAFFIC}"))
            return
        verdict = self.verdicts[0]
        noise = ", noise" if verdict.noise else ""
        title.show(f"{verdict.code} · confidence {verdict.confidence}{noise}", focused=True)
        sign, tone = _SIGNS[verdict.code[0]]
        said = clean(meaning(verdict.code))
        self._told.update(Content.assemble((f" {sign} ", f"$flow-{tone}"), said[:1].upper() + said[1:]))
        self._show()

    def on_verdict_screen__failed(self, message: _Failed) -> None:
        """Say why there is no verdict."""
        self.query_one(f"#{VERDICT}-title", PaneTitle).show("trouble", focused=True)
        self._told.update(Content(f" ✗ {clean(str(message.error))}"))

    def _show(self) -> None:
        if self.verdicts:
            source = VerdictSource(self.verdicts, self._table.scrollable_content_region.width)
            self._table.show(source, more=True, cursor=min(self._table.cursor, source.height - 1))

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._show)

    @on(FrameTable.Moved)
    def _line_changed(self, message: FrameTable.Moved) -> None:
        """Show the record or the rule that the line under the cursor rests on."""
        target = message.row.record if message.row is not None else {}
        where, record = target.get("where"), target.get("record")
        title, pane = self.query_one("#shown-title", PaneTitle), self.query_one(RecordPane)
        if where is not None:
            title.show(clean(str(where)), focused=False)
            pane.say(*self._rule(where))
        elif record is not None:
            title.show(shorten(clean(target["at"]), self.size.width - _TITLE, _TAIL), focused=False)
            dataset = self._state.dataset
            raw = dataset.raw(*record) if dataset is not None else None
            pane.say(raw if raw is not None else "The line is not there any more.")
        else:
            title.show("", focused=False)
            pane.say(str(target.get("copy", "")))

    def _rule(self, where: Where) -> list[str]:
        from diagnose.inventory import quoted

        text = quoted(where)
        return text.splitlines() if text is not None else ["The file has changed or gone."]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action counts if the table of actions names this screen."""
        return works(action, parameters, VERDICT)

    def action_move(self, name: str) -> None:
        """Have the lines move."""
        getattr(self._table, f"action_{name}")()

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_to_evidence()

    def action_to_evidence(self) -> None:
        """Go to the record that the line under the cursor rests on."""
        record = self._table.row.record.get("record") if self._table.row is not None else None
        if record is not None:
            self._go(record)

    def action_all_records(self) -> None:
        """Look at all records, however old."""
        self._everything = True
        self._find()

    def action_copy_cell(self) -> None:
        """Copy the command, or the evidence, under the cursor."""
        text = self._table.row.record.get("copy") if self._table.row is not None else None
        if text:
            self.app.copy_to_clipboard(str(text))
            self.query_one("#shown-title", PaneTitle).show("copied", focused=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
