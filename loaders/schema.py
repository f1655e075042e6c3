"""From the table of fields to polars: dtypes, the columns every record has, and its time.

A frame that a format hands over has its own columns (named as ``Field.column``) plus ``FILE`` and ``LINE``.
``normalise`` adds the envelope of DESIGN's data model: ``timestamp``, ``log_group`` and ``log_stream``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders import run
from loaders.fields import BY_COLUMN, STREAM_COLUMNS, Kind, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from loaders.addresses import Address

FILE = "_file"
"""UInt32: which file of the data set the record came from."""
LINE = "_line"
"""UInt32: the record's line in that file, counted from 1 (in Parquet: its row)."""

TIMESTAMP = "timestamp"
GROUP = "log_group"
STREAM = "log_stream"
MESSAGE = "message"
"""String: the record as it was logged, where a kind of record keeps it (flow logs read it from the file)."""
FLOW_LOG = "flow-log"
"""The kind of the records of VPC and transit gateway flow logs (``loaders.kinds``)."""
RESERVED = frozenset({TIMESTAMP, GROUP, STREAM, MESSAGE, "format"})
"""What no column of a format is called; nor does its name begin with ``_``: such names are ours."""

TIME = pl.Datetime("ms", "UTC")

_DTYPES: dict[Kind, pl.DataType] = {
    Kind.INT32: pl.Int32(),
    Kind.INT64: pl.Int64(),
    Kind.TEXT: pl.String(),
    Kind.LABEL: pl.Categorical(),
}

_ENVELOPE = frozenset({TIMESTAMP, GROUP, STREAM, MESSAGE})

# Epoch values at or above these are in milliseconds, microseconds, nanoseconds: AWS itself once wrote
# milliseconds (December 2017), and no flow log has a record from after the year 5138.
_EPOCH_UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3))


def column_dtype(column: str) -> pl.DataType:
    """The dtype of a column: as the table of fields says, text when the table does not know it."""
    field = BY_COLUMN.get(column)
    return _DTYPES[field.kind] if field else pl.String()


def column_names(header: Iterable[str], *, known: bool = True) -> tuple[str, ...]:
    """Turn the names of a header into column names, all different and none of them ours.

    Known names come out as ``Field.column`` whatever their spelling, unless ``known`` is false; another name
    keeps its own, with ``_`` for whatever polars or a query would take for more than a name.
    """
    names: list[str] = []
    for raw in header:
        field = resolve(raw) if known else None
        name = field.column if field and field.version else _plain(raw)
        while name in names or name in RESERVED:
            name += "_"
        names.append(name)
    return tuple(names)


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name.strip()).lstrip("_") or "unnamed"


def logged_line(columns: Iterable[str], addresses: Mapping[str, Address]) -> pl.Expr | None:
    """A record as its line in the log: its fields with one space between, ``-`` where one has no value.

    Args:
        columns: The columns of its frame, which stand in the order of the file.
        addresses: Those of them that the frame has as numbers.

    Returns:
        A String expression; None if the columns are only those that every record has.
    """
    fields = [name for name in columns if name not in _ENVELOPE and not name.startswith("_")]
    if not fields:
        return None
    texts = [addresses[name].text if name in addresses else pl.col(name).cast(pl.String) for name in fields]
    return pl.concat_str([text.fill_null("-") for text in texts], separator=" ")


def in_seconds(column: str) -> pl.Expr:
    """An epoch column in seconds, whatever unit it was written in (Int64)."""
    value = pl.col(column)
    scaled = value
    for least, divisor in reversed(_EPOCH_UNITS):
        scaled = pl.when(value >= least).then(value // divisor).otherwise(scaled)
    return scaled.alias(column)


def normalise(frame: pl.DataFrame, kind: str | None, places: pl.DataFrame) -> pl.DataFrame:
    """Complete ``timestamp``, ``log_group`` and ``log_stream`` of the records of one kind.

    Args:
        frame: The records: their columns, among them those of the envelope that the file itself told,
            ``FILE`` and ``LINE``.
        kind: Their kind: only flow logs tell time and stream in columns of their own.
        places: A row for each file: ``FILE``, ``_group``, ``_name`` (Categorical: the stream where nothing
            else names it), ``_time`` (Datetime: the delivery's time, or null); and ``_stream`` (Categorical)
            if any of the files says itself what stream it is.

    A record's time is the event's own, else its ``start``; a format without either falls back on the time in
    the file's name.
    """
    flows = frame.columns if kind == FLOW_LOG else ()
    epochs = [name for name in ("start", "end") if name in flows]
    scaled = [in_seconds(name) for name in epochs if _is_scaled(frame[name])]
    envelope = {
        GROUP: [GROUP, "_group"],
        STREAM: ["_stream", STREAM, *(name for name in STREAM_COLUMNS if name in flows), "_name"],
        TIMESTAMP: [TIMESTAMP, *epochs, "_time"],
    }
    have = {*frame.columns, *places.columns}
    chosen = {
        name: _first_whole([source for source in sources if source in have], frame)
        for name, sources in envelope.items()
    }
    wanted = [name for sources in chosen.values() for name in sources if name in places.columns]
    made = {
        GROUP: [pl.col(name).cast(pl.Categorical()) for name in chosen[GROUP]],
        STREAM: [pl.col(name).cast(pl.Categorical()) for name in chosen[STREAM]],
        TIMESTAMP: [
            (pl.col(name) * 1000).cast(TIME) if name in epochs else pl.col(name) for name in chosen[TIMESTAMP]
        ],
    }
    plan = (
        _with_places(frame.lazy().with_columns(scaled), places, wanted)
        .with_columns(pl.coalesce(exprs).alias(name) for name, exprs in made.items())
        .drop(wanted)
        # The envelope stands last in every frame, so that frames of one shape can be stacked.
        .select(pl.exclude(*made), *made)
    )
    return run.collect(plan)


def _is_scaled(epoch: pl.Series) -> bool:
    """Whether any value of an epoch column is in another unit than seconds."""
    largest = epoch.max()
    return isinstance(largest, int) and largest >= _EPOCH_UNITS[-1][0]


def _first_whole(sources: Sequence[str], frame: pl.DataFrame) -> Sequence[str]:
    """The sources of a value up to the first that every record has: later ones are never asked."""
    for place, name in enumerate(sources):
        if name in frame.columns and not frame[name].null_count():
            return sources[: place + 1]
    return sources


def _with_places(plan: pl.LazyFrame, places: pl.DataFrame, wanted: Sequence[str]) -> pl.LazyFrame:
    """Records with what is wanted of their files, which mostly is the same for all of them."""
    same = [name for name in wanted if places[name].n_unique() == 1]
    plan = plan.with_columns(pl.lit(places[name][0], places.schema[name]).alias(name) for name in same)
    rest = [name for name in wanted if name not in same]
    if not rest:
        return plan
    return plan.join(places.lazy().select(FILE, *rest), on=FILE, how="left", maintain_order="left")
