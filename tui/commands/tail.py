"""``flowtui tail``: new records on standard output as they are delivered."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands.shared import check_filter, give_up, links_option, no_store_option
from tui.output import FORMATS, Stream
from tui.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loaders.dataset import Dataset
    from loaders.newcomers import Newcomers

_COLUMNS = ("timestamp", "log_group", "log_stream", "message")
# So many records are made into text at once.
_AT_ONCE = 2_000
# What no path has and most filters have.
_SIGNS = frozenset(" =<>~\"':")


class _Printer:
    """Prints what comes, until nobody reads any more or it is asked to stop."""

    def __init__(self, form: str, text: str) -> None:
        self.ended = threading.Event()
        self.error: Exception | None = None
        self._stream, self._text = Stream(_COLUMNS, form), text
        self._is_whole = form in {"json", "ndjson"}
        self.library: Newcomers | None = None

    def arrived(self, dataset: Dataset) -> None:
        """Print what has come."""
        if self.library is None or self.ended.is_set():
            return
        if not self._stream.begun:
            self._stream.begin()
            click.echo("Waiting for new records; Ctrl-C ends it.", err=True)
        try:
            for rows in self._rows(dataset):
                self._stream.write(rows)
        except Exception as error:  # noqa: BLE001 - what was taken and not printed would be lost
            self.error = error
            self.ended.set()

    def failed(self, error: Exception) -> None:
        """Tell of trouble, and wait on."""
        click.echo(f"flowtui: {clean(str(error))}", err=True)

    def end(self) -> None:
        """Print what is missing at the end."""
        self._stream.end()

    def _rows(self, dataset: Dataset) -> Iterator[list[dict[str, Any]]]:
        from query.scope import Scope
        from query.view import look

        assert self.library is not None  # noqa: S101 - nothing arrives before it is there
        came = replace(dataset, parts=tuple(self.library.take()))
        if not came.height:
            return
        view = look(came, Scope(filter=self._text, descending=False))
        for offset in range(0, view.height, _AT_ONCE):
            yield [self._row(record, came) for record in view.records(offset, _AT_ONCE)]

    def _row(self, record: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
        from loaders.schema import RESERVED

        own = {name: value for name, value in record.items() if name not in RESERVED and name[0] != "_"}
        if not self._is_whole:
            line = " ".join("-" if value is None else str(value) for value in own.values())
            return {**{name: record.get(name) for name in _COLUMNS}, "message": record.get("message", line)}
        place = {"file": dataset.files[record["_file"]].source.name, "line": record["_line"]}
        known = {name: record[name] for name in ("timestamp", "log_group", "log_stream", "format")}
        return known | ({"message": record["message"]} if "message" in record else {}) | own | place


@click.command(epilog="Example: flowtui tail ./logs 'reject and :22' --format ndjson")
@click.argument("arguments", nargs=-1, metavar="[PATH ...] [FILTER]", type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print it.",
)
@links_option
@no_store_option
def tail(arguments: tuple[str, ...], form: str, *, follow_links: bool, no_store: bool) -> None:  # noqa: ARG001
    """Print new records as they are delivered, each once, until Ctrl-C.

    What is there when it begins is passed over. Deliveries are printed once they are whole, logs that grow
    line by line, also across their rotation. Nothing is taken from the store or kept in it.
    """
    from loaders.discover import NoLogsError, check_roots
    from loaders.newcomers import Newcomers
    from loaders.watch import Follower

    paths, text = _sorted_out(arguments)
    check_filter(text)
    try:
        check_roots(paths)
    except NoLogsError as error:
        give_up(str(error))
    printer = _Printer(form, text)

    def open_library() -> Newcomers:
        printer.library = Newcomers(paths, follow_links=follow_links)
        return printer.library

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: printer.ended.set())
    follower = Follower(open_library, paths, printer.arrived, printer.failed)
    follower.start()
    # Signals are only heard between waits.
    while not printer.ended.wait(0.5):
        pass
    follower.stop()
    follower.join()
    if isinstance(printer.error, BrokenPipeError):
        raise printer.error  # click leaves quietly when nobody reads on
    if printer.error is not None:
        give_up(
            f"The records cannot be written: {getattr(printer.error, 'strerror', None) or printer.error}."
        )
    printer.end()


def _sorted_out(arguments: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Paths, and the filter if the last argument is one: no path that is there, and more than a name."""
    *paths, last = arguments or (".",)
    is_path = Path(last).exists() or (not paths and not _SIGNS & set(last))
    if is_path:
        return (*paths, last), ""
    return tuple(paths) or (".",), last
