"""Every action once: its keys, its name and what it does. Bindings, footer, help and manual are made of this.

An action belongs to the panes named in ``where``; ``everywhere`` means all of them. The order is that of the
footer: what does not fit there is left out from the end, and ``?`` lists everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.binding import BindingType

GROUPS, RECORDS, RECORD, PROBLEMS = "groups", "records", "record", "problems"
QUERY, RESULT, CHART, FILE, LIBRARY = "query", "result", "chart", "file", "queries"
HISTOGRAM, VALUES, DASHBOARD = "histogram", "values", "dashboard"
VERDICT, REASONS, CONVERSATIONS = "why", "reasons", "conversations"
FINDINGS, RULES, DELIVERIES = "findings", "rules", "deliveries"
LISTS = (PROBLEMS, VALUES, VERDICT, REASONS, CONVERSATIONS, FINDINGS, RULES, DELIVERIES)
TABLES = (GROUPS, RECORDS, RESULT, *LISTS)
CELLS = (RECORDS, PROBLEMS, RESULT)
MOVING = (*TABLES, RECORD, HISTOGRAM, CHART, DASHBOARD)
PANES = (GROUPS, HISTOGRAM, RECORDS, RECORD)
CHARTS = (HISTOGRAM, CHART, DASHBOARD)
RESULTS = (RESULT, CHART)
TYPING = (QUERY, FILE, LIBRARY)
"""Panes where text is typed: they take every key themselves, and letters are text there."""
ALL_PANES = (*PANES, *LISTS, QUERY, RESULT, CHART, DASHBOARD, FILE, LIBRARY)
EVERYWHERE = "everywhere"

_SIGNS = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "semicolon": ";",
    "alt+enter": "M-⏎",
    "shift+enter": "S-⏎",
    "ctrl+@": "^Spc",  # what terminals send for Ctrl and Space
    "ctrl+space": "^Spc",
    "plus": "+",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "S-Tab",
    "space": "Space",
    "exclamation_mark": "!",
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does.

    Attributes:
        name: The action's id, by which it can be given other keys.
        keys: Its keys, as Textual names them; the first one is shown.
        label: One or two words for the footer; empty to leave it out there.
        help: A sentence for the help screen and the manual.
        where: The panes it works in.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: tuple[str, ...]


def key_sign(key: str) -> str:
    """How a key is printed."""
    if key in _SIGNS:
        return _SIGNS[key]
    return f"^{key.removeprefix('ctrl+')}" if key.startswith("ctrl+") else key


def key_signs(action: Action, given: Mapping[str, str]) -> list[str]:
    """An action's keys as they are printed; ``given`` replaces keys, by the action's name."""
    return list(dict.fromkeys(map(key_sign, _keys(action, given))))


def _keys(action: Action, given: Mapping[str, str]) -> list[str]:
    keys = given[action.name].split(",") if action.name in given else action.keys
    return [key.strip() for key in keys]


ACTIONS: tuple[Action, ...] = (
    Action("open", ("enter",), "open", "Open what is under the cursor", (GROUPS, RECORDS, REASONS)),
    Action(
        "drill",
        ("enter",),
        "records",
        "Go to the records that the row under the cursor stands for",
        RESULTS,
    ),
    Action(
        "chart",
        ("g",),
        "chart",
        "Show the result as a chart, as another kind of chart, and as a table again",
        RESULTS,
    ),
    Action(
        "narrow",
        ("enter",),
        "narrow",
        "Look only at the time under the cursor, or at the range",
        (HISTOGRAM,),
    ),
    Action("mark", ("space", "v"), "range", "Begin a range of time, or give it up", (HISTOGRAM,)),
    Action("zoom_in", ("plus",), "zoom in", "Look at half the time around the cursor", (HISTOGRAM,)),
    Action("zoom_out", ("minus",), "zoom out", "Look at twice the time around it", (HISTOGRAM,)),
    Action("log_scale", ("L",), "log", "Change to a logarithmic scale, or back", CHARTS),
    Action(
        "keep_value",
        ("enter", "plus"),
        "include",
        "Keep only records with this value",
        (VALUES,),
    ),
    Action(
        "drop_value",
        ("exclamation_mark", "minus"),
        "exclude",
        "Leave out records with this value",
        (VALUES,),
    ),
    Action("field_left", ("left", "h"), "field", "Look at the field on the left", (VALUES,)),
    Action("field_right", ("right", "l"), "", "Look at the field on the right", (VALUES,)),
    Action("list_left", ("left", "h"), "list", "Show the list on the left", (RULES,)),
    Action("list_right", ("right", "l"), "", "Show the list on the right", (RULES,)),
    Action(
        "go_in",
        ("enter",),
        "records",
        "Go to the records behind what is under the cursor",
        (DASHBOARD, CONVERSATIONS, FINDINGS, RULES, DELIVERIES),
    ),
    Action("next_dashboard", ("n",), "switch", "Show the next dashboard", (DASHBOARD,)),
    Action("edit", ("e", "i", "slash"), "edit", "Go back to the text of the query", RESULTS),
    Action("export", ("x",), "export", "Write the result to a file", RESULTS),
    Action(
        "up",
        ("escape",),
        "up",
        "Go back up: to the records, to what led to them, else to stream, group, all",
        PANES,
    ),
    Action("filter", ("slash",), "filter", "Filter the records; an empty filter shows all", PANES),
    Action("time", ("t",), "time", "Go to the records of a time", PANES),
    Action("query", ("semicolon",), "query", "Ask a query of the records that are looked at", PANES),
    Action(
        "histogram",
        ("b",),
        "bars",
        "Go to the bars over time; Space marks a range there",
        (GROUPS, RECORDS, RECORD),
    ),
    Action(
        "why",
        ("d",),
        "why",
        "Say why it was rejected, or never answered",
        (RECORDS, RECORD, CONVERSATIONS),
    ),
    Action("to_evidence", ("enter",), "record", "Go to the record that the line rests on", (VERDICT,)),
    Action("all_records", ("a",), "all", "Look at all records, however old", (VERDICT,)),
    Action("missing", ("m",), "missing", "Ask why some traffic is not in the log", PANES),
    Action("conversations", ("c",), "conversations", "Join both directions into conversations", PANES),
    Action("findings", ("X",), "findings", "Look for what somebody should see: scans, leaks, drift", PANES),
    Action("raise_threshold", ("plus",), "less", "Turn the threshold up", (FINDINGS,)),
    Action("lower_threshold", ("minus",), "more", "Turn the threshold down", (FINDINGS,)),
    Action("next_threshold", ("tab",), "threshold", "Choose another threshold", (FINDINGS,)),
    Action("reasons", ("W",), "rejects", "Count the rejects that are looked at by what refused them", PANES),
    Action("rules", ("R",), "rules", "Count what each rule let in: unused, too open, too tight", PANES),
    Action("values", ("v",), "values", "Count the values of the column under the cursor", (RECORDS,)),
    Action("include", ("plus",), "include", "Keep only records with the value under the cursor", (RECORDS,)),
    Action("exclude", ("minus",), "exclude", "Leave out records with the value under the cursor", (RECORDS,)),
    Action(
        "follow", ("f",), "follow", "Stay at the newest record as deliveries arrive, or stop doing so", PANES
    ),
    Action("fold", ("space",), "fold", "Show or hide the streams of the group under the cursor", (GROUPS,)),
    Action("show_streams", ("right", "l"), "", "Show the streams of the group under the cursor", (GROUPS,)),
    Action("hide_streams", ("left", "h"), "", "Hide the streams of the group under the cursor", (GROUPS,)),
    Action("next_record", ("n",), "next", "Explain the next record", (RECORD,)),
    Action("previous_record", ("N",), "previous", "Explain the previous record", (RECORD,)),
    Action(
        "freeze",
        ("space",),
        "freeze",
        "Freeze the screen: what arrives waits until Space again, or f",
        (RECORDS, RECORD),
    ),
    Action(
        "sort",
        ("s",),
        "sort",
        "Sort by the column under the cursor; again turns the order round",
        (RECORDS, RESULT),
    ),
    Action("order", ("s",), "order", "Sort by time, bytes, rejects or length", (CONVERSATIONS,)),
    Action("copy_cell", ("y",), "copy", "Copy the value under the cursor to the clipboard (OSC 52)", TABLES),
    Action(
        "copy_record",
        ("Y",),
        "copy line",
        "Copy the record as it stands in its file (OSC 52)",
        (RECORDS, RECORD),
    ),
    Action("once", ("o",), "", "Count records that several flow logs hold only once, or all of them", PANES),
    Action("library", ("Q",), "queries", "List the ready-made queries", (*PANES, *RESULTS)),
    Action("summary", ("S",), "summary", "Show what there is at a glance", PANES),
    Action("dashboard", ("D",), "dashboard", "Show the dashboards", PANES),
    Action(
        "deliveries",
        ("L",),
        "deliveries",
        "List how fresh each flow log is: last delivery, lag, gaps, silent streams",
        (GROUPS, RECORDS, RECORD),
    ),
    Action("bars_away", ("H",), "", "Hide the bars over time, or show them", PANES),
    Action("problems", ("p",), "problems", "List the lines and files that could not be read", PANES),
    Action("copy_row", ("Y",), "copy row", "Copy the row as JSON (OSC 52)", (RESULT,)),
    Action("copy_chart", ("y",), "copy chart", "Copy the chart as plain text (OSC 52)", (CHART,)),
    Action("copy_query", ("C",), "copy for AWS", "Copy the query for Logs Insights (OSC 52)", RESULTS),
    Action("close", ("escape", "q"), "close", "Close this screen", (*LISTS, DASHBOARD, *RESULTS)),
    Action("back", ("left_square_bracket",), "", "Go back to what was looked at before", PANES),
    Action("forward", ("right_square_bracket",), "", "Go forward again", PANES),
    Action("next_pane", ("tab",), "", "Move to the next pane", (*PANES, DASHBOARD, *RESULTS)),
    Action("previous_pane", ("shift+tab",), "", "Move to the previous pane", (*PANES, DASHBOARD, *RESULTS)),
    Action("line_up", ("up", "k"), "", "Move up one line", MOVING),
    Action("line_down", ("down", "j"), "", "Move down one line", MOVING),
    Action("page_up", ("pageup", "ctrl+b"), "", "Move up one page", MOVING),
    Action("page_down", ("pagedown", "ctrl+f"), "", "Move down one page", MOVING),
    Action("half_up", ("ctrl+u",), "", "Move up half a page", TABLES),
    Action("half_down", ("ctrl+d",), "", "Move down half a page", TABLES),
    Action("top", ("g", "home"), "", "Go to the first line", (*LISTS, GROUPS, RECORDS, RECORD)),
    Action("first", ("home",), "", "Go to the first line or bar", (RESULT, *CHARTS)),
    Action("bottom", ("G", "end"), "", "Go to the last line or bar", MOVING),
    Action("cell_left", ("left", "h"), "", "Move to the column on the left", (*CELLS, *CHARTS)),
    Action("cell_right", ("right", "l"), "", "Move to the column on the right", (*CELLS, *CHARTS)),
    Action("run", ("enter",), "run", "Run the query", (QUERY,)),
    Action("newline", ("ctrl+j", "alt+enter", "shift+enter"), "new line", "Begin a new line", (QUERY,)),
    Action(
        "complete",
        ("tab", "ctrl+@", "ctrl+space"),
        "complete",
        "Complete the word; before one, list what can stand there",
        (QUERY,),
    ),
    Action("older", ("up",), "earlier", "Move up; on the first line, go back to the query before", (QUERY,)),
    Action("newer", ("down",), "", "Move down; on the last line, go on to the query after", (QUERY,)),
    Action(
        "leave_text", ("escape", "shift+tab"), "leave", "Go to the result, or close without one", (QUERY,)
    ),
    Action("open_library", ("ctrl+o",), "queries", "Choose a ready-made query", (QUERY,)),
    Action("write", ("enter",), "write", "Write the result to the file of this name", (FILE,)),
    Action("leave_name", ("escape",), "leave", "Write nothing", (FILE,)),
    Action("take", ("enter",), "run", "Run the query under the cursor, or ask for its values", (LIBRARY,)),
    Action("pick_up", ("up",), "", "Move up in the list", (LIBRARY,)),
    Action("pick_down", ("down",), "", "Move down in the list", (LIBRARY,)),
    Action("pick_page_up", ("pageup",), "", "Move up one page in the list", (LIBRARY,)),
    Action("pick_page_down", ("pagedown",), "", "Move down one page in the list", (LIBRARY,)),
    Action("close_library", ("escape",), "close", "Close the list of queries", (LIBRARY,)),
    Action("help", ("question_mark",), "help", "List every key", (EVERYWHERE,)),
    Action("leave", ("q",), "quit", "Leave flowtui", (EVERYWHERE,)),
    Action("palette", ("ctrl+p",), "", "Find an action or a theme by name", (EVERYWHERE,)),
)

# What the focused pane does itself: the screen hands these on to it.
MOVES = frozenset(
    {
        "fold",
        "show_streams",
        "hide_streams",
        "line_up",
        "line_down",
        "page_up",
        "page_down",
        "half_up",
        "half_down",
        "top",
        "first",
        "bottom",
        "cell_left",
        "cell_right",
    }
)


def bindings(*where: str) -> list[BindingType]:
    """The bindings of a screen that has these panes, or of the app (``EVERYWHERE``).

    All of them are priority bindings: the app runs those in the order of the keys, before it takes the next
    key. Others would reach their action by way of the focused widget, and keys that come in one burst, as
    they do over a slow line, would overtake each other or go to a widget that has lost the focus. While text
    is typed, ``check_action`` lets them pass by.
    """
    found = [action for action in ACTIONS if set(where) & set(action.where)]
    scope = "app" if EVERYWHERE in where else "screen"
    return [
        Binding(
            ",".join(action.keys),
            f"move('{action.name}')" if action.name in MOVES else f"{scope}.{action.name}",
            action.label or action.help,
            show=False,
            id=action.name,
            priority=True,
        )
        for action in found
    ]


def works(name: str, parameters: tuple[object, ...], pane: str) -> bool:
    """Whether an action or a move (``move('line_up')``) counts in a pane; what has no key always does."""
    wanted = str(parameters[0]) if name == "move" and parameters else name
    found = [action for action in ACTIONS if action.name == wanted]
    return not found or any(pane in action.where or EVERYWHERE in action.where for action in found)


def pressed(key: str, where: str, given: Mapping[str, str]) -> str | None:
    """The name of the action that a key means in a pane that takes its keys itself, or ``None``.

    Args:
        key: The key, as Textual names it.
        where: The pane.
        given: Keys that were given to actions in place of their own, by name.
    """
    here = (action for action in ACTIONS if where in action.where)
    return next((action.name for action in here if key in _keys(action, given)), None)


def footer(where: str) -> list[Action]:
    """What the footer offers in a pane, most useful first; then, unless text is typed, that of all panes."""
    own = [action for action in ACTIONS if where in action.where and action.label]
    if where in TYPING:
        return own
    taken = {key for action in own for key in action.keys}
    everywhere = [action for action in ACTIONS if EVERYWHERE in action.where and action.label]
    return own + [action for action in everywhere if not taken.intersection(action.keys)]
