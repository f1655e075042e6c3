"""``flowtui groups`` and ``flowtui check``: what the logs hold, and what is wrong with them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from tui.commands.shared import (
    FAILED,
    check_filter,
    filter_option,
    form_option,
    links_option,
    no_store_option,
    paths_argument,
    read_logs,
    since_option,
    tell_problems,
    until_option,
)
from tui.output import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from loaders.dataset import FileReport
    from loaders.overlap import Overlap

_CHECK_COLUMNS = ("file", "layout", "format", "state", "records", "problems")
# Pairs of log groups that hold the same records; what they hold is counted once all the same.
_MOST_TOLD = 5


@click.command()
@paths_argument
@since_option
@until_option
@filter_option
@click.option("--once", is_flag=True, help="Count a record once if several flow logs hold it.")
@links_option
@form_option
@no_store_option
def groups(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    text: str,
    form: str,
    *,
    once: bool,
    follow_links: bool,
    no_store: bool,
) -> None:
    """Count records by log group and stream."""
    check_filter(text)
    dataset = read_logs(paths, since, until, follow_links=follow_links, no_store=no_store)
    from loaders.overlap import overlaps
    from loaders.parts import SUMMARY_COLUMNS
    from query.once import counted_once
    from query.scope import Scope
    from query.view import summarise

    found = overlaps(dataset)
    conditions = [f"({text})"] * bool(text.strip()) + [counted_once(found)] * bool(once and found)
    summary = summarise(dataset, Scope(since=since, until=until, filter=" and ".join(conditions)))
    write(summary.to_dicts(), SUMMARY_COLUMNS, form)
    tell_problems(dataset)
    if not once:
        _tell_overlaps(found)


@click.command()
@paths_argument
@links_option
@form_option
@no_store_option
def check(paths: tuple[str, ...], form: str, *, follow_links: bool, no_store: bool) -> None:
    """Say of each file what it is and what is wrong with it; exit status 1 if anything is."""
    dataset = read_logs(paths, None, None, follow_links=follow_links, no_store=no_store, any_file=True)
    reports = sorted(dataset.files.values(), key=lambda report: report.source.name)
    rows = [_checked(report) for report in reports]
    if form == "table":
        _print_check(rows, reports)
    else:
        write(rows, _CHECK_COLUMNS, form)
    from loaders.overlap import overlaps

    _tell_overlaps(overlaps(dataset))
    repeated = sum(report.repeated for report in reports)
    if repeated:
        click.echo(f"{repeated} events were delivered more than once and are counted once.", err=True)
    if not all(report.sound for report in reports) or not any(report.format for report in reports):
        sys.exit(FAILED)


def _checked(report: FileReport) -> dict[str, Any]:
    problems: list[dict[str, Any]] = report.problems.select("line", "what").to_dicts()
    if report.state in {"incomplete", "unreadable"} and report.reason:
        problems.append({"line": None, "what": report.reason})
    return {
        "file": os.fsencode(report.source.name).decode("utf-8", "backslashreplace"),
        "layout": report.source.place.layout,
        "format": report.format,
        "state": report.state,
        "records": report.records,
        "problems": problems,
    }


def _remark(report: FileReport) -> str | None:
    """What is worth saying of a file that is no problem."""
    if report.state == "skipped":
        return report.reason
    if report.repeated:
        from tui.wording import plural

        return f"{plural(report.repeated, 'event')} left out, delivered before"
    return None


def _tell_overlaps(found: Sequence[Overlap]) -> None:
    from tui.sanitise import clean
    from tui.wording import overlap_told, plural

    for overlap in found[:_MOST_TOLD]:
        click.echo(clean(overlap_told(overlap)), err=True)
    if len(found) > _MOST_TOLD:
        click.echo(
            f"{plural(len(found) - _MOST_TOLD, 'more pair')} of log groups hold the same records.", err=True
        )
    if found:
        click.echo("`flowtui groups --once` counts such records once.", err=True)


def _print_check(rows: list[dict[str, Any]], reports: list[FileReport]) -> None:
    shown = [
        {**row, "problems": len(row["problems"]), "remark": _remark(report)}
        for row, report in zip(rows, reports, strict=True)
    ]
    write(shown, ("layout", "format", "state", "records", "problems", "file", "remark"), "table")
    from tui.sanitise import clean

    for row in rows:
        for problem in row["problems"]:
            line = f":{problem['line']}" if problem["line"] is not None else ""
            click.echo(f"{clean(row['file'])}{line}: {clean(problem['what'])}")
    bad = sum(1 for report in reports if not report.sound)
    records = sum(report.records for report in reports)
    verdict = f"{bad} of them with problems" if bad else "all of them sound"
    click.echo(f"{len(reports)} files, {records} records, {verdict}.", err=True)
