"""``flowtui query``: the answer to one query on standard output or in a file."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.shared import (
    give_up,
    links_option,
    no_store_option,
    read_logs,
    refuse,
    since_option,
    tell_problems,
    until_option,
)
from tui.export import FORMS, beside, write_whole
from tui.output import FORMATS, write
from tui.sanitise import clean
from tui.units import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from loaders.dataset import Dataset
    from query.answer import Answer
    from query.commands import Query
    from query.scope import Scope

RESULT_FORMATS = (*FORMATS, "chart", "parquet")


def choose_format(form: str | None, output: str | None) -> str:
    """The form of the answer: as asked for, else as the file's ending says, else a table.

    Raises:
        BadParameter: Parquet would go to the screen.
    """
    chosen = form or FORMS.get(Path(output or "").suffix.lower(), "table")
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise click.BadParameter(
            "Parquet is nothing for a screen: name a file with --output.", param_hint="'--format'"
        )
    return chosen


def explain(answered: Dataset, query: Query, scope: Scope, folders: Sequence[Path]) -> str:
    """What a query reads and the plan that polars makes of it, without running it.

    Raises:
        QueryError: It cannot be planned.
    """
    from query.check import check_query
    from query.errors import QueryError
    from query.for_aws import for_aws
    from query.plan import Planner
    from tui.wording import plural

    check_query(query, answered.fields)
    planned = Planner(answered, query, scope, folders=folders).plan()
    logs = [report for report in answered.files.values() if report.records]
    try:
        written = for_aws(query)
        how = "as it is." if written == query.text else f"written out: {' '.join(written.split())}"
        aws = f"CloudWatch Logs Insights takes this query {how}"
    except QueryError as error:
        aws = f"CloudWatch Logs Insights would refuse it: {error}"
    columns = ", ".join(
        f"{name} {dtype}" for name, dtype in planned.plan.collect_schema().items() if name in planned.columns
    )
    read = f"{plural(answered.height, 'record')} of {plural(len(logs), 'file')}"
    return "\n".join(
        (f"reads   {read}", f"gives   {columns}", f"aws     {aws}", "plan", planned.plan.explain())
    )


def put(found: Answer, form: str, output: str | None) -> None:
    """Write an answer.

    Args:
        found: The answer.
        form: One of ``RESULT_FORMATS``.
        output: The file, which is replaced when all is written; without one standard output.

    Raises:
        OSError: The file cannot be written.
    """
    if form == "chart":
        _draw(found, output)
        return
    frame = found.frame.select(found.columns)
    if output is not None:
        write_whole(frame, Path(output), form)
    elif form == "parquet":
        # What polars itself cannot write is no OSError, not even a pipe that nobody reads from.
        whole = io.BytesIO()
        frame.write_parquet(whole)
        sys.stdout.buffer.write(whole.getbuffer())
    else:
        write(frame.iter_rows(named=True), frame.columns, form)


def _draw(found: Answer, output: str | None) -> None:
    """Write an answer as a chart, or give up where it is none."""
    from tui.charts.from_answer import NoChartError, chart_of
    from tui.charts.paper import on_paper

    try:
        text = on_paper(chart_of(found))
    except NoChartError as error:
        give_up(str(error))
    if output is None:
        click.echo(text)
        return
    with beside(Path(output)) as part:
        part.write_text(f"{text}\n", encoding="utf-8")


def _tell_range(found: Answer, dataset: Dataset) -> None:
    """Say which times there are records of, where none is in the time that was asked for."""
    scope = found.scope
    if found.frame.height or not (scope.since or scope.until):
        return
    times = [part.summary.select(first="first", last="last") for part in dataset.parts]
    firsts = [time for frame in times for time in frame["first"].drop_nulls()]
    lasts = [time for frame in times for time in frame["last"].drop_nulls()]
    known = f"those read are of {iso(min(firsts))} to {iso(max(lasts))}" if firsts else "none was read"
    click.echo(f"No record of this time answers the query; {known}.", err=True)


def tell(found: Answer) -> None:
    """Say on standard error what is odd about an answer."""
    for warning in found.warnings:
        click.echo(f"Line {warning.span.line}: {clean(warning.message)}", err=True)
    if found.capped:
        rows = f"{found.frame.height:,}"
        click.echo(f"Only the first {rows} rows are here; for all of them add '| limit any'.", err=True)


@click.command(
    epilog="Example: flowtui query ./logs 'filter action = \"REJECT\" | stats count(*) by srcAddr'"
)
@click.argument("arguments", nargs=-1, metavar="[PATH ...] QUERY", type=click.Path())
@since_option
@until_option
@click.option(
    "--format", "form", type=click.Choice(RESULT_FORMATS), help="How to print it; table by default."
)
@click.option(
    "--output", metavar="FILE", help="Write to FILE; its ending names the format if --format does not."
)
@click.option("--explain", "only_plan", is_flag=True, help="Print what would be read and done, and stop.")
@links_option
@no_store_option
def query(
    arguments: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    form: str | None,
    output: str | None,
    *,
    only_plan: bool,
    follow_links: bool,
    no_store: bool,
) -> None:
    """Answer a query in CloudWatch Logs Insights QL; docs/language.md describes it."""
    *paths, text = arguments or ("",)
    if len(arguments) == 1 and Path(text).exists():
        raise click.UsageError("The query is missing: it stands behind the paths, in quotes.")
    from query.errors import QueryError

    try:
        _answer(
            tuple(paths),
            text,
            since,
            until,
            (form, output),
            only_plan=only_plan,
            follow_links=follow_links,
            no_store=no_store,
        )
    except QueryError as error:
        refuse(error, text)
    except BrokenPipeError:
        raise  # click leaves quietly when nobody reads on
    except OSError as error:
        give_up(f"{output or 'The answer'} cannot be written: {error.strerror or error}.")


def _answer(
    paths: tuple[str, ...],
    text: str,
    since: datetime | None,
    until: datetime | None,
    target: tuple[str | None, str | None],
    *,
    only_plan: bool,
    follow_links: bool,
    no_store: bool,
) -> None:
    from query.check import check_query
    from query.need import need_of
    from query.parse import parse_query
    from query.scope import Scope
    from query.shifts import look_back
    from tui.config import lookup_folders

    form = choose_format(*target)
    asked = parse_query(text)
    check_query(asked)
    scope = Scope(since=since, until=until)
    # What times there are is told where none answers, and a plan is made of what would be read in full.
    need = None if only_plan or since or until else need_of(asked)
    dataset = read_logs(
        paths, look_back(asked, scope), until, follow_links=follow_links, no_store=no_store, need=need
    )
    folders = lookup_folders(paths or (".",))
    if only_plan:
        click.echo(explain(dataset, asked, scope, folders))
        return
    from polars.exceptions import PolarsError

    from query.answer import answer

    try:
        found = answer(dataset, asked, scope, folders=folders, once=True)
    except PolarsError as error:
        give_up(f"polars could not answer this query: {str(error).partition(chr(10))[0]}")
    put(found, form, target[1])
    tell(found)
    _tell_range(found, dataset)
    tell_problems(dataset)
