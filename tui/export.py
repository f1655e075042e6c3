"""A result written to a file; its ending says in which form."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tui.sanitise import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

FORMS = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".parquet": "parquet"}


class ExportError(Exception):
    """The file was not written; the message is a sentence."""


class ExistsError(ExportError):
    """There is such a file already."""


def export(frame: pl.DataFrame, name: str, *, replace: bool) -> Path:
    """Write a frame, whole or not at all.

    Text and JSON are those of the command line: times as ``2026-01-01T00:00:00.000Z``, conditions as 1 and 0.

    Args:
        frame: What to write.
        name: The file as it was typed; ``~`` is understood.
        replace: Whether a file of that name may be replaced.

    Returns:
        The file.

    Raises:
        ExistsError: It is there already and may not be replaced.
        ExportError: Its ending is not known, or it cannot be written.
    """
    path = Path(name.strip()).expanduser()
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise ExportError(f"The name has to end with {', '.join(FORMS)}.")
    if path.exists() and not replace:
        raise ExistsError(f"{clean(path)} is there already.")
    try:
        write_whole(frame, path, form)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ExportError(f"{clean(path)} cannot be written: {clean(reason)}.") from None
    return path


def write_whole(frame: pl.DataFrame, path: Path, form: str) -> None:
    """Write a frame in the place of a file (``beside``).

    Args:
        frame: What to write.
        path: The file.
        form: One of the values of ``FORMS``.

    Raises:
        OSError: It cannot be written.
    """
    with beside(path) as part:
        _write(frame, part, form)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A file to write to, which then takes the place of another: whoever reads that sees all or nothing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write(frame: pl.DataFrame, path: Path, form: str) -> None:
    import polars as pl
    from polars import selectors

    from tui import output

    frame = frame.with_columns(selectors.boolean().cast(pl.UInt8))
    if form == "parquet":
        frame.write_parquet(path)
        return
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        output.write(frame.iter_rows(named=True), frame.columns, form, file)
