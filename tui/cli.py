"""The command line. ``groups`` and ``check`` never import textual; the explorer imports it when it opens."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any, Never

import click

from tui.output import FORMATS, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from loaders.dataset import Dataset, FileReport
    from loaders.overlap import Overlap

_FAILED, _WRONG_USAGE = 1, 2
_CHECK_COLUMNS = ("file", "layout", "format", "state", "records", "problems")
_EXPLORE = "explore"
# Pairs of log groups that hold the same records; what they hold is counted once all the same.
_MOST_TOLD = 5


class _When(click.ParamType[Any]):
    """A time, as ``--since`` and ``--until`` take it."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from query.times import parse_time

        try:
            return parse_time(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Commands(click.Group):
    """Commands by name; whatever is no command is a path to explore."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else None
        if first not in {*self.commands, "--help", "-h", "--version"}:
            args = [_EXPLORE, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        # The explorer has no name of its own in what a person types or reads.
        return ("" if name == _EXPLORE else name), command, rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        formatter.write_usage("flowtui", "[PATH ...] [OPTIONS]")
        formatter.write_usage("flowtui", "COMMAND PATH ... [OPTIONS]", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the explorer's options beside our own, then the commands."""
        own = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        explorer = [
            record
            for param in self.commands[_EXPLORE].params
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None
        ]
        with formatter.section("Options"):
            formatter.write_dl([*explorer, *own])
        self.format_commands(ctx, formatter)


_paths = click.argument("paths", nargs=-1, metavar="[PATH ...]", type=click.Path())
_since = click.option(
    "--since", type=_When(), help="Only records at or after TIME: -3h, 2026-01-01, epoch seconds."
)
_until = click.option("--until", type=_When(), help="Only records before TIME.")
_form = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print it.",
)
_links = click.option("--follow-links", is_flag=True, help="Follow symbolic links, also out of PATH.")
_filter = click.option("--filter", "text", metavar="EXPR", default="", help="Only records that match EXPR.")
_no_store = click.option(
    "--no-store", is_flag=True, help="Read the logs themselves and nothing else; so far that is always done."
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, subcommand_metavar="")
@click.version_option(package_name="flowtui", message="flowtui %(version)s")
def cli() -> None:
    """Explore AWS VPC Flow Logs in a directory, as `aws s3 sync` or a CloudWatch export left it.

    Without a command the explorer opens on PATH (default: this directory); press ? there for every key.
    """


@cli.command(_EXPLORE, hidden=True)
@_paths
@_since
@_until
@click.option("--filter", "text", metavar="EXPR", default="", help="Begin with this filter.")
@_links
@click.option("--follow", is_flag=True, help="Stay at the newest record as deliveries arrive.")
@click.option("--theme", metavar="NAME", help="dark, light, contrast, sixteen or monochrome.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@_no_store
def explore(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    text: str,
    theme: str | None,
    *,
    follow: bool,
    follow_links: bool,
    no_mouse: bool,
    no_store: bool,
) -> None:
    """Open the explorer."""
    del no_store
    from loaders.discover import NoLogsError, check_roots

    paths = paths or (".",)
    try:
        check_roots(paths)
    except NoLogsError as error:
        _give_up(str(error))
    _check_filter(text)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _give_up("The explorer needs a terminal. In a script use `flowtui groups` or `flowtui check`.")
    import themes
    from query.scope import Scope
    from tui.app import FlowtuiApp
    from tui.config import ConfigError, load

    try:
        config = load()
    except ConfigError as error:
        _give_up(str(error))
    theme = theme or config.theme
    if theme is not None and theme not in themes.themes():
        raise click.BadParameter(
            f"'{theme}' is not one of {', '.join(themes.themes())}.", param_hint="'--theme'"
        )
    scope = Scope(since=since, until=until, filter=text)
    app = FlowtuiApp(paths, scope, following=follow, theme=theme, keys=config.keys, follow_links=follow_links)
    said = app.run(mouse=not no_mouse)
    if said:
        _give_up(said)


def _check_filter(text: str) -> None:
    if not text.strip():
        return
    from query.errors import QueryError
    from query.parse import parse_filter

    try:
        parse_filter(text)
    except QueryError as error:
        click.echo(error.pretty(text), err=True)
        sys.exit(_WRONG_USAGE)


@cli.command()
@_paths
@_since
@_until
@_filter
@click.option("--once", is_flag=True, help="Count a record once if several flow logs hold it.")
@_links
@_form
@_no_store
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
    del no_store
    _check_filter(text)
    dataset = _read(paths, since, until, follow_links=follow_links)
    from loaders.dataset import SUMMARY_COLUMNS
    from loaders.overlap import overlaps
    from query.once import counted_once
    from query.scope import Scope
    from query.view import summarise

    found = overlaps(dataset)
    conditions = [f"({text})"] * bool(text.strip()) + [counted_once(found)] * bool(once and found)
    summary = summarise(dataset, Scope(since=since, until=until, filter=" and ".join(conditions)))
    write(summary.to_dicts(), SUMMARY_COLUMNS, form)
    if dataset.problem_count:
        from tui.wording import plural

        bad = plural(dataset.problem_count, "problem")
        click.echo(f"{bad} with lines or files; `flowtui check` names them.", err=True)
    if not once:
        _tell_overlaps(found)


@cli.command()
@_paths
@_links
@_form
@_no_store
def check(paths: tuple[str, ...], form: str, *, follow_links: bool, no_store: bool) -> None:
    """Say of each file what it is and what is wrong with it; exit status 1 if anything is."""
    del no_store
    dataset = _read(paths, None, None, follow_links=follow_links, any_file=True)
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
        sys.exit(_FAILED)


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


def _read(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    *,
    follow_links: bool,
    any_file: bool = False,
) -> Dataset:
    from loaders.discover import NoLogsError
    from loaders.load import Library

    try:
        return Library(paths or (".",), since=since, until=until, follow_links=follow_links).read_all(
            any_file=any_file
        )
    except NoLogsError as error:
        _give_up(str(error))


def _give_up(sentence: str) -> Never:
    from tui.sanitise import clean

    click.echo(f"flowtui: {clean(sentence)}", err=True)
    sys.exit(_FAILED)


def main() -> None:
    """Run the command line."""
    _silence_polars()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the terminal's encoding lacks is spelt out
    cli(prog_name="flowtui")


def _silence_polars() -> None:
    """Keep what polars prints of its panics off the screen: they come back as errors, which are told.

    It prints to file descriptor 2, over whatever the explorer shows there; Python gets one of its own.
    """
    if "RUST_BACKTRACE" in os.environ:
        return  # somebody wants to see them
    own = os.fdopen(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding)
    sys.stderr = sys.__stderr__ = own  # type: ignore[misc]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    main()
