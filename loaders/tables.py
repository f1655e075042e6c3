"""Results of queries as tables of text: which of their columns is what, and the records that makes.

CloudWatch Logs Insights and Athena hand out whatever was asked for. Where the messages are among it, they are
messages like any other; else the columns are fields of flow logs, or somebody's own count of something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loaders.careful import Reading
from loaders.content import UNFINISHED
from loaders.delimited import LEAST_NAMES, NULL
from loaders.fields import resolve
from loaders.formats import Shape
from loaders.kinds import Events, no_problems
from loaders.schema import (
    FLOW_LOG,
    GROUP,
    LINE,
    MESSAGE,
    STREAM,
    TIMESTAMP,
    column_dtype,
    column_names,
)
from loaders.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = "results"
"""The kind of the records of a table that is neither of messages nor of flow logs."""
MOST_COLUMNS = 1000
"""A query has no more fields than this (Insights: 200); what has more is no result of a query."""

# The columns of Insights that the envelope of a record is made of, and what it is called there.
_ENVELOPE = {"@timestamp": TIMESTAMP, "@log": GROUP, "@logstream": STREAM, "@message": MESSAGE}
# A pointer to the record within CloudWatch: nobody can follow it here.
_IGNORED = "@ptr"
# What only a value is: a number, a time, an address, an id, the words of action and status, or nothing.
_VALUE = re.compile(
    r"|-|[0-9].*|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+|[a-z]+-[0-9a-f]{8,}|ACCEPT|REJECT|OK|NODATA|SKIPDATA"
)
# What a column is called that a function made, in Insights and in Athena.
_COMPUTED = re.compile(r"[A-Za-z_]\w*\(.*\)|_col[0-9]+", re.DOTALL)
_ACCOUNT = r"^[0-9]{12}:"
_SHOWN = 80


def value(index: int) -> str:
    """What the column of texts is called that holds the values of the name at this index."""
    return f"value {index}"


def shape(format_name: str, names: Sequence[str]) -> Shape | None:
    """Say what a table with these columns is; ``None`` when it does not look like the result of a query.

    Args:
        format_name: The format to put into the shape.
        names: The header, as it is written.
    """
    if not 1 < len(names) <= MOST_COLUMNS or any(_VALUE.fullmatch(name.strip()) for name in names):
        return None
    roles = {_ENVELOPE.get(name.lower()) for name in names}
    if MESSAGE in roles:
        return messages(format_name)
    fields = count_fields(names)
    if fields >= LEAST_NAMES:
        return Shape(format_name, (), (), FLOW_LOG)
    computed = sum(1 for name in names if _COMPUTED.fullmatch(name))
    if TIMESTAMP in roles or (computed and fields + computed == len(names)):
        return Shape(format_name, (), (), RESULTS)
    return None


def messages(format_name: str) -> Shape:
    """The shape of a table with a column of messages: each log group in it has its own kind."""
    return Shape(format_name, (), (MESSAGE,), None)


def count_fields(names: Sequence[str]) -> int:
    """How many fields of flow logs are among these names."""
    return len({field.name for name in names if (field := resolve(name)) and field.version})


def told(
    rows: pl.DataFrame,
    names: Sequence[str],
    kind: str | None,
    *,
    problems: pl.DataFrame | None = None,
    broken: str | None = None,
    unfinished: bool = False,
) -> Events | Reading:
    """Turn the rows of a table into messages or records.

    Args:
        rows: ``LINE``, and for each name its column of texts, called ``value(index)``.
        names: The header, as it is written.
        kind: The kind of the records, or ``None`` where the table is one of messages.
        problems: ``line`` and ``what`` of the rows that are none.
        broken: Why the table could not be read to its end, or ``None``.
        unfinished: Whether the last row may still be written to.

    A value that is empty or "-" is absent. What has a time that cannot be read is kept without it, and named;
    a row with a text where a number is needed is only named.
    """
    rows = rows.with_columns(_present(value(index)) for index in range(len(names)))
    problems = no_problems() if problems is None else problems
    if kind is None:
        frame, found = _events(rows, names)
        return Events(frame, pl.concat([problems, found]), broken, unfinished)
    frame, found = _records(rows, names, kind)
    found = pl.concat([problems, found]).sort("line")
    if unfinished and found.height and found["line"][-1] >= (rows[LINE].max() or 0):
        broken = broken or UNFINISHED
    return Reading((frame,) if frame.width > 1 else (), found, broken)


def _present(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when((text != "") & (text != NULL)).then(pl.col(name)).alias(name)


def _roles(names: Sequence[str]) -> dict[str, pl.Expr]:
    """The columns that the envelope is made of, by what it calls them."""
    roles: dict[str, pl.Expr] = {}
    for index, name in enumerate(names):
        role = _ENVELOPE.get(name.strip().lower())
        if role and role not in roles:
            roles[role] = pl.col(value(index))
    if GROUP in roles:
        roles[GROUP] = roles[GROUP].str.replace(_ACCOUNT, "")
    return roles


def _events(rows: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    roles = _roles(names)
    message = roles.get(MESSAGE, pl.lit(None, pl.String()))
    given = roles.get(TIMESTAMP)
    columns = [
        message.alias(MESSAGE),
        *(roles[role].alias(role) for role in (GROUP, STREAM) if role in roles),
    ]
    what = pl.coalesce(pl.when(message.is_null()).then(pl.lit("it has no @message")))
    if given is not None:
        columns.append(iso_time(given).alias(TIMESTAMP))
        lost = given.is_not_null() & iso_time(given).is_null()
        what = pl.coalesce(what, pl.when(lost).then(_complaint("@timestamp", given, "a time")))
    judged = rows.select(LINE, *columns, what.alias("what"))
    problems = judged.drop_nulls("what").select(pl.col(LINE).alias("line"), "what")
    return judged.drop("what").drop_nulls(MESSAGE), problems


def _records(rows: pl.DataFrame, names: Sequence[str], kind: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    columns: list[pl.Expr] = []
    complaints, remark = [pl.lit(None, pl.String())], pl.lit(None, pl.String())
    roles = _roles(names)
    for role, text in roles.items():
        if role == TIMESTAMP:
            columns.append(iso_time(text).alias(TIMESTAMP))
            remark = _lost(iso_time(text), text, _complaint("@timestamp", text, "a time"))
        elif role != MESSAGE:
            columns.append(text.alias(role))
    own = _own(names, roles)
    # What somebody computed is not the field, even where it has the field's name: 1.5 GB are no bytes.
    named = column_names([names[index] for index in own], known=kind != RESULTS)
    for name, index in zip(named, own, strict=True):
        text, dtype = pl.col(value(index)), pl.String() if kind == RESULTS else column_dtype(name)
        if not dtype.is_integer():
            columns.append(text.cast(dtype).alias(name))
            continue
        number = _number(text, dtype)
        if name in {"start", "end"}:
            number = pl.coalesce(number, iso_time(text).dt.epoch("s"))
        columns.append(number.alias(name))
        complaints.append(_lost(number, text, _complaint(name.replace("_", "-"), text, "a number")))
    judged = rows.select(
        LINE,
        *columns,
        pl.coalesce(complaints).alias("_wrong"),
        pl.coalesce(*complaints, remark).alias("_what"),
    )
    good = judged.filter(pl.col("_wrong").is_null()).drop("_wrong", "_what")
    return good, judged.drop_nulls("_what").select(pl.col(LINE).alias("line"), pl.col("_what").alias("what"))


def _own(names: Sequence[str], roles: dict[str, pl.Expr]) -> list[int]:
    """The indexes of the columns that are not the envelope's: a second column of a name is one of its own."""
    left = set(roles) - {MESSAGE}
    own = []
    for index, name in enumerate(names):
        plain = name.strip().lower()
        role = _ENVELOPE.get(plain)
        if role in left:
            left.discard(role)
        elif plain != _IGNORED:
            own.append(index)
    return own


def _number(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A whole number, also where it is written as a fraction (``443.0``, ``1.2E3``)."""
    bare = text.str.strip_chars()
    real = bare.cast(pl.Float64(), strict=False)
    whole = pl.when(bare.str.contains("[.eE]") & (real == real.floor())).then(real)
    return pl.coalesce(bare.cast(dtype, strict=False), whole.cast(dtype, strict=False))


def _lost(typed: pl.Expr, text: pl.Expr, complaint: pl.Expr) -> pl.Expr:
    return pl.when(text.is_not_null() & typed.is_null()).then(complaint)


def _complaint(shown: str, text: pl.Expr, wanted: str) -> pl.Expr:
    return pl.format(f"{shown} is not {wanted}: {{}}", text.str.slice(0, _SHOWN))
