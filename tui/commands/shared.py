"""What the commands share: options, reading the logs, and ways to give up."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any, Never, Self

import click

from tui.output import FORMATS
from tui.sanitise import clean, masked

if TYPE_CHECKING:
    from datetime import datetime

    from loaders.dataset import Dataset, Progress
    from loaders.need import Need
    from loaders.store.keeper import Keeper
    from query.errors import QueryError

FAILED, WRONG_USAGE = 1, 2


class When(click.ParamType[Any]):
    """A time, as ``--since`` and ``--until`` take it."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        from query.times import parse_time

        try:
            return parse_time(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


paths_argument = click.argument("paths", nargs=-1, metavar="[PATH ...]", type=click.Path())
since_option = click.option(
    "--since", type=When(), help="Only records at or after TIME: -3h, 2026-01-01, epoch seconds."
)
until_option = click.option("--until", type=When(), help="Only records before TIME.")
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print it.",
)
links_option = click.option("--follow-links", is_flag=True, help="Follow symbolic links, also out of PATH.")
filter_option = click.option(
    "--filter", "text", metavar="EXPR", default="", help="Only records that match EXPR."
)
no_store_option = click.option(
    "--no-store", is_flag=True, help="Read the logs themselves, and keep nothing of them in the cache."
)


def check_filter(text: str) -> None:
    """Refuse a text that is no filter."""
    if not text.strip():
        return
    from query.errors import QueryError
    from query.parse import parse_filter

    try:
        parse_filter(text)
    except QueryError as error:
        refuse(error, text)


def refuse(error: QueryError, text: str) -> Never:
    """Say what is wrong with a query or a filter, and where."""
    click.echo("\n".join(map(masked, error.pretty(text).split("\n"))), err=True)
    sys.exit(WRONG_USAGE)


def tell_problems(dataset: Dataset) -> None:
    """Say on standard error that some lines or files could not be read."""
    if dataset.problem_count:
        from tui.wording import plural

        bad = plural(dataset.problem_count, "problem")
        click.echo(f"{bad} with lines or files; `flowtui check` names them.", err=True)


def read_logs(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    *,
    follow_links: bool,
    no_store: bool,
    any_file: bool = False,
    or_nothing: bool = False,
    need: Need | None = None,
    patient: bool = False,
) -> Dataset:
    """Read all logs below some paths, or give up where there are none.

    Args:
        paths: The paths.
        since: Files of an older time are not opened.
        until: The same for newer ones.
        follow_links: Whether links are followed.
        no_store: Whether to keep nothing.
        any_file: Be content with files of which none is a log.
        or_nothing: Be content with nothing at all.
        need: What of flow logs is needed, where nothing is kept.
        patient: Wait for another process that writes to the store, in place of reading beside it.
    """
    from loaders.discover import NoLogsError, check_roots
    from loaders.load import Library

    paths = paths or (".",)
    try:
        check_roots(paths)
        keeper = None if no_store else store_of(paths, follow_links=follow_links, patient=patient)
        library = Library(
            paths,
            since=since,
            until=until,
            follow_links=follow_links,
            keeper=keeper,
            need=need if no_store else None,
        )
        with ProgressLine() as line:
            return library.read_all(any_file=any_file, or_nothing=or_nothing, told=line.show)
    except NoLogsError as error:
        give_up(str(error))


def store_of(paths: tuple[str, ...], *, follow_links: bool, patient: bool = False) -> Keeper:
    """Open the store of some logs, as a person has set it up."""
    from loaders.store.keeper import open_keeper

    return open_keeper(paths, follow_links=follow_links, largest=store_size(), patient=patient)


def store_size() -> int | None:
    """The bytes that a person lets all stores take, if that was set."""
    from tui.config import ConfigError, load

    try:
        return load().store_size
    except ConfigError as error:
        give_up(str(error))


class ProgressLine:
    """One line on standard error that says how far the reading has come, if it is a terminal."""

    # Nobody needs to be told of what is done at once.
    _PATIENCE = 1.0

    def __init__(self) -> None:
        """Say nothing yet."""
        self._shown = ""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Take the line away."""
        self._put("")

    def show(self, progress: Progress) -> None:
        """Say how far it has come."""
        from tui.wording import reading

        if sys.stderr.isatty() and progress.seconds > self._PATIENCE:
            self._put(reading(progress))

    def _put(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        text = text[:room]
        if self._shown or text:
            click.echo(f"\r{text.ljust(len(self._shown))}" + "\r" * (not text), err=True, nl=False)
        self._shown = text


def give_up(sentence: str) -> Never:
    """Leave with one sentence on standard error."""
    click.echo(f"flowtui: {clean(sentence)}", err=True)
    sys.exit(FAILED)
