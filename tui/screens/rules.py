"""How much rules are used: lists side by side, each line of which opens its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.keymap import RULES, bindings
from tui.rule_lists import LISTS, Found, RuleSource, counts, told
from tui.sanitise import clean
from tui.screens.listing import Listing
from tui.screens.reasons import RejectSource
from tui.units import whole
from tui.widgets.frame_table import FrameTable
from tui.widgets.one_line import KeyBar, PaneTitle, TopLine
from tui.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from loaders.run import Ticket
    from tui.diagnosing import Diagnosing
    from tui.state import State
    from tui.widgets.table_layout import Row

_NONE = "Nothing is in this list.\nPress ← or → for another one, esc to go back."
_UNINFORMED = (
    "No inventory lies beside the logs, so no rule is known.\n"
    "`flowtui snapshot` prints the commands that save one:\n"
    "cd LOGS && flowtui snapshot | sh"
)


class RulesScreen(Listing):
    """Lists the rules by how much they are used, and what would make them fit better."""

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(RULES)
    pane = RULES

    class _Counted(Message):
        def __init__(self, found: Found, sources: dict[str, RuleSource]) -> None:
            super().__init__()
            self.found, self.sources = found, sources

    class _Listed(Message):
        def __init__(self, source: RejectSource) -> None:
            super().__init__()
            self.source = source

    def __init__(
        self,
        state: State,
        roots: Sequence[str],
        keys: Mapping[str, str],
        *,
        diagnosing: Diagnosing,
        why: Callable[[Mapping[str, Any]], None],
        go: Callable[[str], None],
    ) -> None:
        """Begin with what is looked at.

        Args:
            state: What the explorer looks at.
            roots: The paths, as they were given.
            keys: Keys that a person gave to actions in place of their own, by name.
            diagnosing: Counts what rules let in.
            why: Shows the verdict on a record.
            go: Goes to the records that a filter finds.
        """
        super().__init__(state, roots, keys, FrameTable("rule-table", cells=False, empty=_NONE))
        self._diagnosing, self._why, self._go = diagnosing, why, go
        self._lists = Static("", id="rules-lists", markup=False)
        self._told = Static("", id="rules-told", markup=False)
        self._found: Found | None = None
        self._sources: dict[str, RuleSource] = {}
        self._cursors = dict.fromkeys(LISTS, 0)
        self._list = LISTS[0]
        self._is_inside = False
        """Whether the rejects of a line are listed."""

    def compose(self) -> ComposeResult:
        """Lay out the lists."""
        yield TopLine()
        yield PaneTitle(RULES)
        yield self._lists
        yield self._table
        yield self._told
        yield KeyBar()

    def on_mount(self) -> None:
        """Count."""
        self._frame()
        scope, dataset = self._state.scope, self._state.dataset
        self._head("counting what each rule let in …")
        if dataset is None:
            return

        def count(ticket: Ticket) -> RulesScreen._Counted:
            found = self._diagnosing.rules(dataset, scope, ticket)
            return self._Counted(found, {name: RuleSource(name, found) for name in LISTS})

        self._do(count)

    def on_rules_screen__counted(self, message: _Counted) -> None:
        """Show the first list."""
        self._found, self._sources = message.found, message.sources
        if not self._diagnosing.is_informed:
            self._table.empty = _UNINFORMED
        self._show_list()

    def _show_list(self) -> None:
        """Show the list that was chosen, with the cursor where it was."""
        found = self._found
        if found is None:
            return
        self._is_inside = False
        used = found.used
        said = [plural(used.talks, "conversation"), f"{plural(used.rules.height, 'rule')}"]
        if used.narrowed:
            said.append(used.narrowed)
        if used.unmatched:
            said.append(f"{whole(used.unmatched)} that no rule allows now")
        self._head(", ".join(said))
        tabs: list[tuple[str, str]] = []
        for name, number in counts(found).items():
            style = "bold reverse" if name == self._list else "$flow-dim"
            tabs += [(" ", ""), (f" {name} {whole(number)} ", style)]
        self._lists.update(Content.assemble(*tabs))
        self._told.update("")
        self._table.show(self._sources[self._list], cursor=self._cursors[self._list])

    @on(FrameTable.Moved)
    def _line_changed(self, message: FrameTable.Moved) -> None:
        """Say what is known about the line under the cursor."""
        if message.row is None or self._found is None or self._is_inside:
            return
        if self._table.source is self._sources[self._list]:
            self._tell_about(message.row)

    def _tell_about(self, row: Row) -> None:
        said, command = map(clean, told(self._list, row.record))
        # A command is one long word to whoever breaks lines between words.
        room = max(1, self._told.content_size.width)
        lines = [command[begin : begin + room] for begin in range(0, len(command), room)]
        self._told.update(Content("\n".join([said, *lines])))

    def action_list_left(self) -> None:
        """Show the list on the left."""
        self._turn(-1)

    def action_list_right(self) -> None:
        """Show the list on the right."""
        self._turn(1)

    def _turn(self, by: int) -> None:
        if self._found is None or self._is_inside:
            return
        self._cursors[self._list] = self._table.cursor
        self._list = LISTS[(LISTS.index(self._list) + by) % len(LISTS)]
        self._show_list()

    @on(FrameTable.Opened)
    def _opened(self) -> None:
        self.action_go_in()

    def action_go_in(self) -> None:
        """Go to the records behind a line, list the rejects of one, or show the verdict on one of those."""
        row = self._table.row
        if row is None or self._found is None:
            return
        if self._is_inside:
            self._why(row.record)
        elif self._list == "too tight":
            self._list_rejects(row, self._found)
        elif row.record["filter"]:
            self._go(row.record["filter"])
        else:
            self._told.update("There is no record behind it: no conversation was opened by it.")

    def _list_rejects(self, row: Row, found: Found) -> None:
        self._cursors[self._list], self._is_inside = self._table.cursor, True
        self._head(f"{plural(row.record['rejects'], 'reject')} of {row.cells[3]}")
        self._tell_about(row)
        self._do(lambda _: self._Listed(RejectSource(found.rejects.filter(line=row.record["line"]))))

    def on_rules_screen__listed(self, message: _Listed) -> None:
        """Show the rejects of a line, unless somebody went back meanwhile."""
        if self._is_inside:
            self._table.show(message.source)

    def action_copy_cell(self) -> None:
        """Copy the command of the line under the cursor; what the line says if it has none."""
        row = self._table.row
        if row is not None:
            line = "  ".join(cell for cell in row.cells if cell)
            self.app.copy_to_clipboard(row.record.get("command") or line)

    def action_close(self) -> None:
        """Go back to the list, or to the explorer."""
        if self._is_inside:
            self._show_list()
        else:
            self.dismiss()
