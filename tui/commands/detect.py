"""``flowtui detect``: what in flow logs somebody should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.commands.diagnose import inventory_of
from tui.commands.shared import (
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
from tui.sanitise import clean
from tui.units import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from diagnose.detections import Detection
    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value

_LIST_COLUMNS = ("detection", "title", "threshold", "default", "unit", "step", "meaning")


@click.command(epilog="Example: flowtui detect ./logs --only large-egress --set large-egress.megabytes=100")
@paths_argument
@since_option
@until_option
@click.option(
    "--inventory",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True),
    help="Saved `aws ec2 describe-*` answers; by default those beside the logs.",
)
@click.option("--only", metavar="NAME", multiple=True, help="Only this detection; may be given again.")
@click.option(
    "--set",
    "settings",
    metavar="NAME.PARAM=VALUE",
    multiple=True,
    help="Change a threshold of a detection; may be given again.",
)
@click.option("--list", "listing", is_flag=True, help="List the detections and their thresholds.")
@links_option
@form_option
@no_store_option
def detect(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    folder: str | None,
    only: tuple[str, ...],
    settings: tuple[str, ...],
    form: str,
    *,
    listing: bool,
    follow_links: bool,
    no_store: bool,
) -> None:
    """Find what somebody should look at: open ports, scans, large transfers, changed rules, gaps.

    The most severe findings come first, each with a filter for the records behind it. `--list` says what each
    detection means, when it is wrong, and which thresholds it has.
    """
    from diagnose.detections import FINDING, find_all
    from diagnose.detections.context import Context
    from query.scope import Scope

    asked = _asked(only)
    thresholds = _thresholds(settings)
    if listing:
        _list(asked, form)
        return
    dataset = read_logs(paths, since, until, follow_links=follow_links, no_store=no_store, any_file=True)
    context = Context(dataset, inventory_of(dataset, folder), Scope(since=since, until=until))
    found = find_all(context, [one.name for one in asked], thresholds)
    rows = found.iter_rows(named=True)
    if form == "table":
        click.echo("\n".join(_lines(rows)) if found.height else "Nothing was found.")
    else:
        write(rows, tuple(FINDING), form)
    _tell_notes(asked, context, thresholds)
    tell_problems(dataset)


def _asked(only: Iterable[str]) -> list[Detection]:
    """The detections of some names, all of them for none.

    Raises:
        BadParameter: One has no such name.
    """
    from diagnose.detections import detections

    known = {one.name: one for one in detections()}
    for name in only:
        if name not in known:
            raise click.BadParameter(
                f"'{clean(name)}' is not one of {', '.join(known)}.", param_hint="'--only'"
            )
    return [one for name, one in known.items() if not only or name in only]


def _thresholds(settings: Iterable[str]) -> dict[str, dict[str, Value]]:
    """Read what ``--set`` gives, by detection.

    Raises:
        BadParameter: It is not NAME.PARAM=VALUE, or there is no such detection, threshold or value.
    """
    from diagnose.detections import detections

    known = {one.name: one for one in detections()}
    found: dict[str, dict[str, Value]] = {}
    for setting in settings:
        place, equals, value = setting.partition("=")
        name, dot, threshold = place.strip().partition(".")
        if not (equals and dot):
            raise click.BadParameter(f"'{clean(setting)}' is not NAME.PARAM=VALUE.", param_hint="'--set'")
        if name not in known:
            raise click.BadParameter(
                f"'{clean(name)}' is not one of {', '.join(known)}.", param_hint="'--set'"
            )
        try:
            found.setdefault(name, {})[threshold] = value.strip()
            known[name].given(**found[name])
        except ValueError as error:
            raise click.BadParameter(clean(str(error)), param_hint="'--set'") from None
    return found


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Findings as a person reads them."""
    for row in rows:
        # A log group as a whole has no time of its own.
        time = f"  {iso(row['first'])[:16].replace('T', ' ')}" if row["first"] is not None else ""
        yield f"{row['severity']:<6}  {row['detection']}{time}"
        yield f"        {clean(row['what'])}"
        yield f"        filter: {clean(row['filter'])}"


def _tell_notes(
    asked: Iterable[Detection], context: Context, thresholds: Mapping[str, Mapping[str, Value]]
) -> None:
    """Say on standard error what keeps a detection from telling all it could."""
    for one in asked:
        for note in one.notes(context, one.given(**thresholds.get(one.name, {}))):
            click.echo(f"{one.name}: {clean(note)}", err=True)


# -- the detections themselves -------------------------------------------------------------------------------


def _list(asked: Iterable[Detection], form: str) -> None:
    """Print the detections with their thresholds."""
    if form == "table":
        click.echo("\n\n".join("\n".join(_described(one)) for one in asked))
    elif form == "csv":
        write((row for one in asked for row in _flat(one)), _LIST_COLUMNS, form)
    else:
        columns = ("name", "title", "means", "wrong", "thresholds")
        rows = ({name: getattr(one, name) for name in columns[:-1]} | _nested(one) for one in asked)
        write(rows, columns, form)


def _described(detection: Detection) -> Iterator[str]:
    yield f"{detection.name}: {detection.title}"
    yield f"  {detection.means}"
    yield f"  Wrong when: {detection.wrong}"
    for one in detection.thresholds:
        default = f"{one.default:g} {one.unit}" if isinstance(one.default, float | int) else "none"
        step = f", by {one.step:g}" if one.step else ""
        yield f"  {detection.name}.{one.name} = {default}{step}: {one.meaning}"


def _flat(detection: Detection) -> Iterator[dict[str, Any]]:
    for one in detection.thresholds:
        yield {
            "detection": detection.name,
            "title": detection.title,
            "threshold": one.name,
            "default": one.default,
            "unit": one.unit,
            "step": one.step,
            "meaning": one.meaning,
        }


def _nested(detection: Detection) -> dict[str, Any]:
    columns = ("name", "default", "unit", "step", "meaning")
    return {"thresholds": [{name: getattr(one, name) for name in columns} for one in detection.thresholds]}
