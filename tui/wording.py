"""What the explorer says about itself: titles, news, and why there is nothing to see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui import clock
from tui.freshness import frozen_told, live_told
from tui.sanitise import clean
from tui.units import count, duration, size, stamp, whole

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from diagnose.path import Stage
    from loaders.dataset import Dataset, Kept, Progress
    from loaders.overlap import Overlap
    from query.scope import Scope
    from tui.groups import GroupSource
    from tui.state import State

Toned = tuple[str, str]
"""A text and its tone: ``dim``, ``accent``, ``warn`` or ``reject``."""

# A rate is told once it means something.
_SETTLED = 2.0
READING: Toned = ("reading …", "accent")
TIME_HINT = "10:30  2026-01-15  2026-01-15T10:30  -3h"
TROUBLE: Toned = ("trouble", "warn")
GONE = "The file has changed or gone, so its line cannot be shown."


def plural(number: int, thing: str) -> str:
    """``1 file``, ``2,000 files``."""
    return f"{whole(number)} {thing}{'s' * (number != 1)}"


_MARKS = {"passed": "✓", "stopped": "✗", "unsure": "?", "unreached": "·"}


def drawn(stage: Stage) -> str:
    """A stage of a packet's way in a line, what became of it there in front; not yet safe to show."""
    back = "↩ " if stage.back else ""
    return f"{_MARKS[stage.state]} {back}{stage.name}  {stage.detail}"


def way(roots: Sequence[str], scope: Scope) -> list[str]:
    """The way down to what is looked at: paths, times, group, stream; safe to show."""
    times = times_told(scope)
    return [clean(part) for part in (" ".join(roots), times, scope.group, scope.stream) if part]


def filtered_way(roots: Sequence[str], scope: Scope) -> list[str]:
    """The same with the filter, for screens that have no bar to show it in."""
    return [*way(roots, scope), *([clean(scope.filter)] if scope.filter else [])]


def times_told(scope: Scope) -> str:
    """The times that are looked at: ``2026-01-15 10:00–10:30 UTC``; empty for all of them."""  # noqa: RUF002
    since, until = scope.since, scope.until
    if since is not None and until is not None:
        dash = "–"  # noqa: RUF001 - as between times
        begin, end = f"{stamp(since)[:-4]}", f"{stamp(until)[:-4]}"
        if since.date() == until.date():
            end = end.split()[1]
        if not (since.second or until.second):
            begin, end = begin[:-3], end[:-3]
        return f"{begin}{dash}{end} UTC"
    known = (("since", since), ("until", until))
    return "".join(f"{word} {stamp(time)}" for word, time in known if time is not None)


def about_groups(source: GroupSource) -> str:
    """How many groups and streams there are."""
    if not source.groups:
        return ""
    return f"{plural(len(source.groups), 'group')}, {plural(source.streams, 'stream')}"


def about_records(state: State) -> str:
    """How many records are in scope, of how many; how long the filter took; what arrived out of sight."""
    view, dataset = state.view, state.dataset
    if view is None or dataset is None:
        return ""
    total = dataset.height
    if not view.complete:
        return f"{whole(view.height)} so far, of {count(total)}"
    shown = whole(total) if view.height == total else f"{whole(view.height)} of {count(total)}"
    took = f" · {duration(view.seconds)}" if view.scope.filter else ""
    unseen = f" · ↑ {count(state.unseen)} new" if state.unseen else ""
    return f"{shown}{took}{unseen}"


def news(state: State, trouble: Toned | None) -> Toned:
    """What is going on: reading, following, problems."""
    dataset = state.dataset
    if dataset is None:
        return trouble or READING
    if dataset.progress and not state.frozen:
        return reading(dataset.progress), "accent"
    problems = plural(dataset.problem_count, "problem") + " (p)" if dataset.problem_count else ""
    twice = "" if not state.overlaps or state.counts_once else "flow logs overlap (o)"
    unkept = "no store (p)" if dataset.kept.trouble else ""
    alarms = " · ".join(f"▲ {raised.told()}" for raised in state.raised)
    lacks = [text for text in (twice, problems, unkept) if text]
    going_on = (
        frozen_told(state) if state.frozen else live_told(state, clock.now(), brief=bool(alarms or lacks))
    )
    said = [text for text in (alarms, going_on, *lacks) if text]
    if alarms:
        return " · ".join(said), "reject"
    return " · ".join(said), "warn" if lacks or state.frozen else "accent" if going_on[:1] == "●" else "dim"


def reading(progress: Progress) -> str:
    """How far the reading has come, at what rate, and how long it will still take."""
    if not progress.files_total:
        return "looking for new files"
    said = [
        f"reading {progress.share:.0%}",
        f"{whole(progress.files)} of {plural(progress.files_total, 'file')}",
    ]
    if progress.records and progress.seconds > _SETTLED:
        said.append(f"{count(round(progress.rate))}/s")
        if progress.left is not None:
            said.append(f"{duration(max(1.0, progress.left))} left")
    return ", ".join(said)


def about_store(kept: Kept) -> str:
    """Where what was read is kept, how much room that takes, and what is wrong with it."""
    if kept.folder is None:
        return f"not used: {clean(kept.trouble)}" if kept.trouble else "switched off"
    folder, home = str(kept.folder), str(Path.home())
    shown = f"~{folder.removeprefix(home)}" if folder.startswith(f"{home}/") else folder
    said = f"{size(kept.size)} in {clean(shown)}"
    return f"{said}; not written to any more: {clean(kept.trouble)}" if kept.trouble else said


def overlap_told(overlap: Overlap) -> str:
    """Which records are there twice, and where."""
    of = plural(len(overlap.interfaces), "interface")
    return f"{plural(overlap.records, 'record')} of {of}: in {overlap.kept} and again in {overlap.other}."


def once_told(state: State) -> str:
    """What was done about records that several flow logs hold."""
    if not state.overlaps:
        return "No record is in two flow logs."
    records = plural(sum(overlap.records for overlap in state.overlaps), "record")
    if state.counts_once:
        return f"{records} that several flow logs hold are counted once; o counts all again."
    return f"{records} are there in more than one flow log; o counts them once."


def why_empty(state: State) -> str:
    """Why there is no record to see, and what to do."""
    scope, dataset = state.scope, state.dataset
    if dataset is None or (dataset.progress and not dataset.height):
        return "Reading the logs …"
    if scope.filter:
        where = " here" if scope.group else ""
        return f"No record{where} matches the filter.\nPress / to change it; an empty filter shows all."
    if scope.since or scope.until:
        return "No record lies in the time range of --since and --until.\nLeave with q and give another one."
    return "These logs hold no records yet.\nThey appear here as they are delivered."


def origin(dataset: Dataset | None, record: Mapping[str, Any]) -> str:
    """Where a record came from: its file and line."""
    report = dataset.files.get(record["_file"]) if dataset else None
    return f"{report.source.name if report else '?'}:{record['_line']}"


def judge(text: str, fields: Collection[str]) -> tuple[bool, str]:
    """Whether a text is a filter, and what it stands for or what is wrong with it.

    Args:
        text: What was typed.
        fields: The columns that the logs have, and the fields of their messages.
    """
    from query.check import check_filter
    from query.errors import QueryError
    from query.parse import parse_filter
    from query.tree import to_text

    try:
        tree = parse_filter(text)
        warnings = check_filter(tree, fields)
    except QueryError as error:
        return False, str(error)
    if warnings:
        return True, f"! {warnings[0].message}"
    meaning = to_text(tree)
    return True, "" if meaning == text.strip() else f"= {meaning}"


def judge_time(day: datetime | None, text: str) -> tuple[bool, str]:
    """Whether a text is a time to go to, and which one it is or what is wrong with it.

    Args:
        day: The day that a time of the day is of.
        text: What was typed.
    """
    from query.times import parse_time

    try:
        return True, f"= {stamp(parse_time(text, day=day))}"
    except ValueError as error:
        return False, str(error)
