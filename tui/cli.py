"""The command line. ``groups`` and ``check`` never import textual; the explorer imports it when it opens."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
import sys
import threading
from typing import TYPE_CHECKING

import click

from tui.commands import detect as detect_command
from tui.commands import diagnose as diagnose_command
from tui.commands import listings
from tui.commands import query as query_command
from tui.commands import store as store_command
from tui.commands import tail as tail_command
from tui.commands.shared import (
    check_filter,
    give_up,
    links_option,
    no_store_option,
    paths_argument,
    since_option,
    until_option,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tui.dashboards.definition import Dashboard

_EXPLORE = "explore"
# New objects that Python lets come about before it looks for cycles among them; its own default is 700.
_GARBAGE = 50_000
_ARENAS = -8


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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, subcommand_metavar="")
@click.version_option(package_name="flowtui", message="flowtui %(version)s")
def cli() -> None:
    """Explore AWS VPC Flow Logs in a directory, as `aws s3 sync` or a CloudWatch export left it.

    Without a command the explorer opens on PATH (default: this directory); press ? there for every key.
    """


@cli.command(_EXPLORE, hidden=True)
@paths_argument
@since_option
@until_option
@click.option("--filter", "text", metavar="EXPR", default="", help="Begin with this filter.")
@links_option
@click.option("--follow", is_flag=True, help="Stay at the newest record as deliveries arrive; Space freezes.")
@click.option("--theme", metavar="NAME", help="dark, light, contrast, sixteen or monochrome.")
@click.option("--dashboard", metavar="FILE", help="Begin with this dashboard, and watch its alarms.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@no_store_option
def explore(
    paths: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    text: str,
    theme: str | None,
    dashboard: str | None,
    *,
    follow: bool,
    follow_links: bool,
    no_mouse: bool,
    no_store: bool,
) -> None:
    """Open the explorer."""
    from loaders.discover import NoLogsError, check_roots

    paths = paths or (".",)
    try:
        check_roots(paths)
    except NoLogsError as error:
        give_up(str(error))
    check_filter(text)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        give_up("The explorer needs a terminal. In a script use `flowtui query`, `groups` or `check`.")
    import themes
    from query.scope import Scope
    from tui.app import FlowtuiApp
    from tui.config import ConfigError, load

    try:
        config = load()
    except ConfigError as error:
        give_up(str(error))
    theme = theme or config.theme
    if theme is not None and theme not in themes.themes():
        raise click.BadParameter(
            f"'{theme}' is not one of {', '.join(themes.themes())}.", param_hint="'--theme'"
        )
    scope = Scope(since=since, until=until, filter=text)
    app = FlowtuiApp(
        paths,
        scope,
        following=follow,
        theme=theme,
        keys=config.keys,
        follow_links=follow_links,
        store_size=0 if no_store else config.store_size,
        dashboard=_dashboard(dashboard),
        greets=config.summary,
    )
    threading.Thread(target=_spare, args=(app.explorer.has_shown,), daemon=True).start()
    said = app.run(mouse=not no_mouse)
    if said:
        give_up(said)
    if app.return_code:
        sys.exit(app.return_code)


def _dashboard(path: str | None) -> Dashboard | None:
    """Read a dashboard that was asked for.

    Raises:
        BadParameter: It is none.
    """
    if path is None:
        return None
    from pathlib import Path

    from tui.dashboards.definition import DashboardError, read_dashboard

    try:
        return read_dashboard(Path(path))
    except DashboardError as error:
        raise click.BadParameter(str(error), param_hint="'--dashboard'") from None


def _spare(has_shown: threading.Event) -> None:
    """Have Python no longer look for cycles in what was made before the first records were shown.

    That stays to the end, and going through it shows as stutter while a page key is held.
    """
    has_shown.wait()
    gc.freeze()


for _command in (
    listings.groups,
    listings.check,
    query_command.query,
    diagnose_command.diagnose,
    detect_command.detect,
    diagnose_command.snapshot,
    tail_command.tail,
    store_command.store,
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    # polars gives memory back to the system at once and asks for it again for the next batch of files; kept
    # for ten seconds, logs are read a tenth faster. Its allocator looks here when polars is loaded.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:10000")
    _share_memory()
    # There are no cycles to be found in what has just been imported; looking takes a tenth of the start.
    gc.set_threshold(_GARBAGE)
    _silence_polars()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the terminal's encoding lacks is spelt out
    cli(prog_name="flowtui")


def _share_memory() -> None:
    """Have all threads take memory from the same two places: each for itself keeps what others could use.

    That is glibc's ``M_ARENA_MAX``, which other libraries do not have.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENAS, 2)


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
