"""The table of actions: every key does one thing, every action is done by somebody, everybody is told."""

from __future__ import annotations

from itertools import combinations

import pytest

from tui.app import FlowtuiApp
from tui.keymap import (
    ACTIONS,
    ALL_PANES,
    CHART,
    CHARTS,
    CONVERSATIONS,
    DASHBOARD,
    DELIVERIES,
    EVERYWHERE,
    FILE,
    FINDINGS,
    GROUPS,
    LIBRARY,
    MOVES,
    PANES,
    PROBLEMS,
    QUERY,
    REASONS,
    RECORD,
    RESULT,
    RULES,
    TYPING,
    VALUES,
    VERDICT,
    bindings,
    footer,
    key_sign,
    pressed,
    works,
)
from tui.screens.conversations import ConversationsScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.explorer import ExplorerScreen
from tui.screens.findings import FindingsScreen
from tui.screens.library import LibraryScreen
from tui.screens.problems import ProblemsScreen
from tui.screens.query import QueryScreen
from tui.screens.reasons import ReasonsScreen
from tui.screens.rules import RulesScreen
from tui.screens.values import ValuesScreen
from tui.screens.verdict import VerdictScreen
from tui.widgets.chart_view import ChartView
from tui.widgets.frame_table import FrameTable
from tui.widgets.group_pane import GroupPane
from tui.widgets.record_pane import RecordPane

SCREENS = {
    PROBLEMS: ProblemsScreen,
    QUERY: QueryScreen,
    RESULT: QueryScreen,
    FILE: QueryScreen,
    LIBRARY: LibraryScreen,
    CHART: QueryScreen,
    VALUES: ValuesScreen,
    DASHBOARD: DashboardScreen,
    VERDICT: VerdictScreen,
    REASONS: ReasonsScreen,
    CONVERSATIONS: ConversationsScreen,
    FINDINGS: FindingsScreen,
    RULES: RulesScreen,
    DELIVERIES: DeliveriesScreen,
}


def test_every_action_has_one_name():
    names = [action.name for action in ACTIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("pane", ALL_PANES)
def test_no_key_means_two_things_in_one_pane(pane):
    here = [action for action in ACTIONS if pane in action.where]
    for one, other in combinations(here, 2):
        assert not set(one.keys) & set(other.keys), f"{one.name} and {other.name}"


@pytest.mark.parametrize("pane", PANES)
def test_no_pane_takes_a_key_that_works_everywhere(pane):
    everywhere = {key for action in ACTIONS if EVERYWHERE in action.where for key in action.keys}
    own = {key for action in ACTIONS if pane in action.where for key in action.keys}
    assert not everywhere & own


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_is_done_by_somebody(action):
    method = f"action_{action.name}"
    for where in action.where:
        screen = SCREENS.get(where, ExplorerScreen)
        if action.name in MOVES:
            widgets = {RECORD: RecordPane, GROUPS: GroupPane} | dict.fromkeys(CHARTS, ChartView)
            widget = widgets.get(where, FrameTable)
            assert callable(getattr(widget, method, None)), where
            assert callable(getattr(screen, "action_move", None)), where
        else:
            target = FlowtuiApp if where == EVERYWHERE else screen
            assert callable(getattr(target, method, None)), where


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_action_is_explained_in_one_plain_sentence(action):
    assert action.help[0].isupper()
    assert not action.help.endswith(".")
    assert len(action.help) <= 80
    assert len(action.label) <= 13
    assert action.keys
    assert set(action.where) <= {*ALL_PANES, EVERYWHERE}


@pytest.mark.parametrize(
    "where",
    [
        PANES,
        (PROBLEMS,),
        (RESULT, CHART),
        (VALUES,),
        (DASHBOARD,),
        (VERDICT,),
        (REASONS, CONVERSATIONS),
        (FINDINGS,),
        (RULES,),
        (DELIVERIES,),
        (EVERYWHERE,),
    ],
    ids=str,
)
def test_bindings_are_made_of_the_table_and_known_by_the_actions_names(where):
    made = {binding.id: binding for binding in bindings(*where)}
    due = [action for action in ACTIONS if set(where) & set(action.where)]
    assert set(made) == {action.name for action in due}
    for action in due:
        assert made[action.name].key.split(",") == list(action.keys)
        assert action.name in made[action.name].action


@pytest.mark.parametrize("pane", ALL_PANES)
def test_an_action_works_in_the_panes_that_the_table_names_and_in_no_other(pane):
    for action in ACTIONS:
        due = pane in action.where or EVERYWHERE in action.where
        assert works(action.name, (), pane) == due
        if action.name in MOVES:
            assert works("move", (action.name,), pane) == due
    assert works("command_palette", (), pane), "what is not in the table is not ours to forbid"


@pytest.mark.parametrize("pane", ALL_PANES)
def test_the_footer_of_a_pane_offers_what_works_there_and_ends_with_what_works_everywhere(pane):
    offered = footer(pane)
    assert all(pane in action.where or EVERYWHERE in action.where for action in offered)
    labels = [action.label for action in offered]
    if pane in TYPING:
        assert not {"help", "quit"} & set(labels), "there a letter is a letter"
    elif pane in PANES:
        assert labels[-2:] == ["help", "quit"]
    else:
        assert labels[-1] == "help", "q closes the screen"
    assert all(labels)
    keys = [key for action in offered for key in action.keys]
    assert len(keys) == len(set(keys)), "a key is offered for two things"


@pytest.mark.parametrize("pane", TYPING)
def test_where_text_is_typed_no_letter_is_a_key(pane):
    for action in ACTIONS:
        if pane in action.where:
            assert all(len(key) > 1 for key in action.keys), action.name


def test_a_pane_that_takes_its_own_keys_finds_what_they_mean_there():
    assert pressed("enter", QUERY, {}) == "run"
    assert pressed("enter", LIBRARY, {}) == "take"
    assert pressed("x", QUERY, {}) is None
    assert (
        pressed("f5", QUERY, {"run": "f5, ctrl+r"})
        == pressed("ctrl+r", QUERY, {"run": "f5, ctrl+r"})
        == "run"
    )
    assert pressed("enter", QUERY, {"run": "f5"}) is None


def test_keys_are_printed_short():
    signs = [key_sign(key) for action in ACTIONS for key in action.keys]
    assert all(0 < len(sign) <= 5 for sign in signs)
    assert key_sign("ctrl+d") == "^d"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_no_action_needs_a_key_that_ssh_and_tmux_lose(action):
    lost = ("alt+", "shift+up", "shift+down", "ctrl+up", "ctrl+down", "ctrl+shift")
    assert not action.keys[0].startswith(lost)


def test_the_list_of_keys_in_the_manual_is_the_table():
    from tests.tui.conftest import REPOSITORY

    manual = (REPOSITORY / "docs" / "keys.md").read_text(encoding="utf-8")
    for action in ACTIONS:
        row = next((row for row in manual.splitlines() if action.help in row), "")
        assert f"`{action.name}`" in row, f"docs/keys.md does not know {action.name}; make it again"
