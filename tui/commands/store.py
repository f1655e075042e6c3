"""``flowtui store``: what is kept of logs that were read, so that they open at once the next time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tui.commands.shared import (
    form_option,
    give_up,
    links_option,
    paths_argument,
    read_logs,
    store_of,
    store_size,
    tell_problems,
)
from tui.output import write

if TYPE_CHECKING:
    from pathlib import Path

    from loaders.store.all_stores import StoreState

_COLUMNS = ("path", "store", "size", "records", "files", "left", "used")


@click.group(epilog="docs/store.md says what is kept, where, and when it is thrown away.")
def store() -> None:
    """Build, look at and clear what is kept of logs that were read."""


@store.command()
@paths_argument
@links_option
@form_option
def build(paths: tuple[str, ...], form: str, *, follow_links: bool) -> None:
    """Read all logs below PATH into the store now; waits for another flowtui that does so."""
    paths = paths or (".",)
    dataset = read_logs(paths, None, None, follow_links=follow_links, no_store=False, patient=True)
    if dataset.kept.trouble:
        give_up(f"Not all of it could be kept: {dataset.kept.trouble}.")
    _print([_row(paths, dataset.kept.folder, follow_links=follow_links)], form)
    tell_problems(dataset)


@store.command()
@paths_argument
@click.option("--all", "every", is_flag=True, help="Of all logs that were ever opened.")
@links_option
@form_option
def status(paths: tuple[str, ...], form: str, *, every: bool, follow_links: bool) -> None:
    """Say where the store of PATH lies, what it takes, and how many files are still to be read into it."""
    from loaders.store.all_stores import stores

    if every:
        rows = [_told(state) for state in sorted(stores(), key=lambda state: -state.size)]
    else:
        paths = paths or (".",)
        rows = [_row(paths, _folder(paths, follow_links=follow_links), follow_links=follow_links)]
    _print(rows, form)


@store.command()
@paths_argument
@links_option
def prune(paths: tuple[str, ...], *, follow_links: bool) -> None:
    """Forget files of PATH that are gone, and stores whose logs are gone or that are too many."""
    from loaders.load import Library
    from loaders.store.all_stores import make_room, size_of
    from tui.units import size
    from tui.wording import plural

    paths = paths or (".",)
    folder = _folder(paths, follow_links=follow_links)
    before = size_of(folder) if folder is not None else 0
    removed = make_room(store_size(), folder)
    if folder is not None and folder.exists():
        keeper = store_of(paths, follow_links=follow_links, patient=True)
        Library(paths, follow_links=follow_links, keeper=keeper).tidy()
        keeper.close()
        # What was merged away is removed when the store is opened the next time.
        store_of(paths, follow_links=follow_links, patient=True).close()
    after = size_of(folder) if folder is not None else 0
    freed = before - after + sum(state.size for state in removed)
    click.echo(f"{size(freed)} freed; {plural(len(removed), 'store')} of other logs removed.", err=True)


@store.command()
@paths_argument
@click.option("--all", "every", is_flag=True, help="Clear the stores of all logs.")
@links_option
def clear(paths: tuple[str, ...], *, every: bool, follow_links: bool) -> None:
    """Throw away what is kept of PATH; the logs themselves stay as they are."""
    from loaders.store.all_stores import remove, size_of, stores
    from tui.units import size

    if every:
        folders = [state.folder for state in stores()]
    else:
        folder = _folder(paths or (".",), follow_links=follow_links)
        folders = [folder] if folder is not None and folder.exists() else []
    freed = 0
    for folder in folders:
        bytes_ = size_of(folder)
        try:
            gone = remove(folder)
        except OSError as error:
            give_up(f"'{folder}' cannot be removed: {error.strerror}.")
        if not gone:
            give_up(f"'{folder}' is in use by another flowtui. Leave that one first.")
        freed += bytes_
    click.echo(f"{size(freed)} freed." if folders else "Nothing is kept of these logs.", err=True)


def _folder(paths: tuple[str, ...], *, follow_links: bool) -> Path | None:
    """Where the store of some logs lies, whether there is one or not."""
    from loaders.naming import NamingError
    from loaders.store.store import place

    try:
        return place(paths, follow_links=follow_links)
    except NamingError as error:
        give_up(str(error))


def _row(paths: tuple[str, ...], folder: Path | None, *, follow_links: bool) -> dict[str, Any]:
    """What is kept of some logs, beside what there is to be kept."""
    from loaders.discover import NoLogsError, check_roots
    from loaders.load import Library
    from loaders.store.all_stores import state_of

    try:
        check_roots(paths)
    except NoLogsError as error:
        give_up(str(error))
    if folder is None or not folder.exists():
        left = Library(paths, follow_links=follow_links).missing()
        return dict.fromkeys(_COLUMNS) | {"path": " ".join(paths), "size": 0, "files": 0, "left": left}
    keeper = store_of(paths, follow_links=follow_links)
    library = Library(paths, follow_links=follow_links, keeper=keeper)
    left = library.missing()
    state = replace(state_of(folder), roots=paths)
    counts = {"records": library.dataset.height, "files": len(library.dataset.files), "left": left}
    return _told(state) | counts


def _told(state: StoreState) -> dict[str, Any]:
    return dict.fromkeys(_COLUMNS) | {
        "path": " ".join(state.roots),
        "store": str(state.folder),
        "size": state.size,
        "used": datetime.fromtimestamp(int(state.used), UTC),
    }


def _print(rows: list[dict[str, Any]], form: str) -> None:
    if form != "table":
        write(rows, _COLUMNS, form)
        return
    from tui.units import size, whole

    counted = ("records", "files", "left")
    shown = [
        row
        | {"size": size(row["size"])}
        | {name: None if row[name] is None else whole(row[name]) for name in counted}
        for row in rows
    ]
    write(shown, _COLUMNS, "table")
