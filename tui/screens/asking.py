"""What is asked of the records on screens of its own: queries, values, dashboards, problems; and alarms."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from textual import on

from query.scope import Scope
from tui.diagnosing import Diagnosing
from tui.keymap import GROUPS
from tui.screens.brushing import Brushing
from tui.screens.dashboards import Alarmed, Dashboards
from tui.screens.queries import Queries
from tui.screens.returning import Returning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from diagnose.diagnosis import Question as Asked
    from diagnose.verdict import Verdict
    from loaders.dataset import Dataset
    from query.answer import Drill
    from tui.dashboards.definition import Dashboard
    from tui.screens.conversations import ConversationsScreen
    from tui.screens.reasons import ReasonsScreen
    from tui.screens.rules import RulesScreen
    from tui.workers import Identity

MANY = 1_000_000
"""From so many records on they are summed up before anything else."""


class Asking(Brushing):
    """The panes with the bars over time, and the keys that open other screens."""

    def __init__(
        self,
        scope: Scope,
        roots: tuple[str, ...],
        *,
        following: bool,
        keys: dict[str, str] | None = None,
        dashboard: Dashboard | None = None,
        greets: bool = True,
    ) -> None:
        """Begin as ``Brushing`` does.

        Args:
            scope: As ``Brushing`` has it.
            roots: As ``Brushing`` has it.
            following: As ``Brushing`` has it.
            keys: As ``Brushing`` has it.
            dashboard: One to open at once.
            greets: Whether the summary of many records is shown before anything is pressed.
        """
        super().__init__(scope, roots, following=following, keys=keys)
        self._sought: Identity | None = None
        """The record that the cursor is to be put on when its scope is shown."""
        self._queries = Queries(self.state, roots, self._keys, drill=self._drill)
        self._dashboards = Dashboards(
            self.state, roots, self._keys, go=self._go_to, tell=self._tell, given=dashboard
        )
        self._greets = greets
        self._opens_dashboard = dashboard is not None and bool(dashboard.tiles)
        self._diagnosing = Diagnosing()
        self._returning = Returning()

    def action_query(self) -> None:
        """Ask a query of the records that are looked at."""
        self._queries.ask(self.app)

    def action_library(self) -> None:
        """List the ready-made queries; one that asks for values gets those of the record under the cursor."""
        self._queries.choose(self.app, self.records.row.record if self.records.row is not None else {})

    def _drill(self, drill: Drill) -> None:
        """Go to the records that a row of a result stands for."""
        self._sought = drill.record
        self._go_to(drill.scope)

    def _go_to(self, scope: Scope) -> None:
        """Go to the records of a scope, from whatever is open over the panes."""
        self._returning.leave(self, self.state.scope, scope)
        self.set_focus(self.records)
        self.state.go(scope)
        self._scope_changed()

    def _return(self) -> bool:
        """Go back to the screens that led to the records that are looked at; whether any did."""
        before = self._returning.before(self.state.scope)
        if before is None:
            return False
        if self.state.back_to(before):
            self._scope_changed()
        self._returning.again(self)
        self._tell_open_screen()
        return True

    def _tell_open_screen(self) -> None:
        """Tell the screen over the panes, if one wants to know, that there are other records."""
        self._queries.records_came(self.app)
        self._dashboards.records_came(self.app)

    def action_problems(self) -> None:
        """List what could not be read."""
        if self.state.dataset is not None:
            from tui.screens.problems import ProblemsScreen

            self.app.push_screen(ProblemsScreen(self.state.dataset))

    def action_values(self) -> None:
        """Count the values of the column under the cursor."""
        from tui.screens.values import ValuesScreen

        field = self.records.field
        if field is None or field == "timestamp":
            self.bar.tell("Move to another column first: bars show the times (b).", "warn")
            return
        fields = self.records.fields
        screen = ValuesScreen(
            self.state, self._roots, self._keys, fields=fields, name=field, narrow=self._narrow_to
        )
        self.app.push_screen(screen)

    def action_why(self) -> None:
        """Say why the record under the cursor was rejected, or never answered."""
        row = self.records.row
        if row is None:
            self.bar.tell("There is no record to explain.", "warn")
        elif "action" not in row.record:
            self.bar.tell("Only records of flow logs are accepted or rejected.", "warn")
        else:
            self._say_why(row.record)

    def action_reasons(self) -> None:
        """Count the rejects that are looked at by what refused them."""
        from tui.screens.reasons import ReasonsScreen

        self._open_list(ReasonsScreen)

    def action_findings(self) -> None:
        """Show what detections find."""
        from tui.screens.findings import FindingsScreen

        screen = FindingsScreen(
            self.state, self._roots, self._keys, diagnosing=self._diagnosing, go=self._go_to_filter
        )
        self.app.push_screen(screen)

    def action_conversations(self) -> None:
        """Join the records that are looked at into conversations."""
        from tui.screens.conversations import ConversationsScreen

        self._open_list(ConversationsScreen)

    def action_rules(self) -> None:
        """Count what each rule of the inventory let in."""
        from tui.screens.rules import RulesScreen

        self._open_list(RulesScreen)

    def _open_list(self, kind: type[ReasonsScreen | ConversationsScreen | RulesScreen]) -> None:
        """Open a list from which one goes to records and to verdicts."""
        screen = kind(
            self.state,
            self._roots,
            self._keys,
            diagnosing=self._diagnosing,
            why=self._say_why,
            go=self._go_to_filter,
        )
        self.app.push_screen(screen)

    def _say_why(self, record: Mapping[str, Any]) -> None:
        def find(dataset: Dataset, everything: bool) -> Sequence[Verdict]:
            found = self._diagnosing.verdict(dataset, record, everything=everything)
            return [found] if found is not None else []

        self._show_verdicts(find, record)

    def say_why_missing(self, question: Asked) -> None:
        """Say what became of some traffic, or why nothing is logged of it."""
        ends = {"srcaddr": question.source, "dstaddr": question.target}
        self._show_verdicts(lambda dataset, _: self._diagnosing.answers(dataset, question), ends)

    def _show_verdicts(
        self, find: Callable[[Dataset, bool], Sequence[Verdict]], met_by: Mapping[str, Any]
    ) -> None:
        from tui.screens.verdict import VerdictScreen

        screen = VerdictScreen(
            self.state,
            self._roots,
            self._keys,
            find=find,
            go=lambda record: self._go_to_record(record, met_by),
        )
        self.app.push_screen(screen)

    def _go_to_record(self, identity: Identity, met_by: Mapping[str, Any]) -> None:
        """Go to a record among all those between two addresses."""
        self._sought = identity
        # An address alone finds what is from it and what is to it.
        ends = filter(_is_address, (str(met_by.get(side)) for side in ("srcaddr", "dstaddr")))
        self._go_to_filter(" and ".join(ends))

    def _go_to_filter(self, text: str) -> None:
        """Go to the records that a filter finds among all of them."""
        since, until = self._widest
        self._go_to(Scope(since=since, until=until, filter=text))

    def action_summary(self) -> None:
        """Show what there is at a glance."""
        self._dashboards.open(self.app, "summary")

    def action_dashboard(self) -> None:
        """Show the dashboards."""
        self._dashboards.open(self.app)

    def _narrow_to(self, field: str, value: object, keep: bool) -> None:
        before = self.state.scope
        if self.state.narrow(field, value, keep=keep):
            self._returning.leave(self, before, self.state.scope)
            self._scope_changed()
        else:
            self.app.pop_screen()

    @on(Alarmed)
    def _alarms_changed(self, message: Alarmed) -> None:
        self.state.raised = message.raised
        told, crossed = message.changed[-1].told(), bool(message.raised)
        self.bar.tell(told, "reject" if crossed else "dim")
        self._dashboards.say(self.app, told, alarmed=crossed)
        self._arrange()

    def _greet(self) -> None:
        """Show the dashboard of the command line, or the summary of many records to whoever just looks."""
        dataset = self.state.dataset
        if dataset is None or self.app.screen is not self:
            return
        if self._opens_dashboard:
            self._opens_dashboard = self._greets = False
            self._dashboards.open(self.app)
        elif self._greets and dataset.progress is None:
            self._greets = False
            if dataset.height >= MANY and self._is_untouched:
                self.action_summary()

    @property
    def _is_untouched(self) -> bool:
        """Whether nobody has asked for anything yet."""
        scope = self.state.scope
        asked = scope.filter or scope.since or scope.until or self.state.following or self.state.has_moved
        moved = self.groups.cursor or self.records.cursor or self.pane != GROUPS or self.bar.typing
        return not asked and not moved


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
