"""What the logs do not show: skipped records, gaps, interfaces without data, changes of format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from diagnose.detections.declaration import FINDING, Detection, Threshold, register
from diagnose.detections.telling import between, both
from diagnose.said import plural, span
from loaders import run
from loaders.parts import FORMAT
from loaders.schema import FILE, FLOW_LOG, GROUP, LINE, STREAM, TIME, TIMESTAMP
from query.coverage import coverage
from query.shorthand import condition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from diagnose.detections.context import Context
    from diagnose.detections.declaration import Value

_NAME = "log-health"
_PERCENT, _MINUTE, _LONGEST, _HOUR = 100, 60, 600, 3600
# Percent of an hour: more is lost than can be overlooked.
_MUCH = 10


def _find(context: Context, given: Mapping[str, Value]) -> pl.DataFrame:
    status = _status(context)
    rows = [
        *_skipped(status, float(given["skipped"])),
        *_silent(status, float(given["nodata"])),
        *_gaps(context, float(given["gap"])),
        *_formats(context),
    ]
    return pl.DataFrame([_blank() | row for row in rows], schema=FINDING, orient="row")


def _blank() -> dict[str, Any]:
    return {"detection": _NAME} | {name: None for name in FINDING if name != "detection"}


def _status(context: Context) -> pl.DataFrame:
    """By interface and hour, how many records there are and how many say that something is not there."""
    schema: dict[str, pl.DataType] = {
        "interface": pl.String(),
        "hour": TIME,
        "records": pl.Int64(),
        "skipdata": pl.Int64(),
        "nodata": pl.Int64(),
        "lost": pl.Int64(),
        "first": TIME,
        "last": TIME,
    }
    plans = [
        part.counted_plan()
        .filter(context.scope.predicate(part.schema, part.addresses))
        .select(
            interface=pl.col("interface_id").cast(pl.String),
            hour=pl.col(TIMESTAMP).dt.truncate("1h"),
            time=TIMESTAMP,
            length=_length(part.schema),
            status=pl.col("log_status").cast(pl.String),
        )
        .group_by("interface", "hour")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            *(
                (pl.col("status") == name.upper()).sum().cast(pl.Int64).alias(name)
                for name in ("skipdata", "nodata")
            ),
            pl.col("length").filter(pl.col("status") == "SKIPDATA").sum().alias("lost"),
            pl.col("time").min().alias("first"),
            pl.col("time").max().alias("last"),
        )
        .select(list(schema))
        for part in context.dataset.parts
        if part.kind == FLOW_LOG and {"log_status", "interface_id", TIMESTAMP} <= set(part.schema)
    ]
    found = pl.concat([pl.DataFrame(schema=schema), *run.collect_all(plans)])
    return found.group_by("interface", "hour").agg(
        pl.col("records", "skipdata", "nodata", "lost").sum(), pl.col("first").min(), pl.col("last").max()
    )


def _length(columns: Collection[str]) -> pl.Expr:
    """How many seconds a record's window is long: AWS has windows of one minute and of ten."""
    if not {"start", "end"} <= set(columns):
        return pl.lit(_MINUTE, pl.Int64)
    start, end = (pl.col(name).cast(pl.Int64, strict=False).fill_null(0) for name in ("start", "end"))
    return (end - start).clip(_MINUTE, _LONGEST)


def _skipped(status: pl.DataFrame, share: float) -> Iterator[dict[str, Any]]:
    """Interfaces with an hour of which something was skipped for too long; the worst hour is told.

    Records say nothing of how many others were skipped, only in which window; windows are what is counted.
    """
    worst = (
        status.filter(pl.col("skipdata") > 0)
        .with_columns(share=(_PERCENT * pl.col("lost") / _HOUR).clip(upper_bound=_PERCENT))
        .filter(pl.col("share") >= share)
        .with_columns(hours=pl.len().over("interface"), all=pl.col("skipdata").sum().over("interface"))
        .sort("share", "skipdata", "hour", descending=[True, True, False])
        .unique("interface", keep="first", maintain_order=True)
    )
    for row in worst.iter_rows(named=True):
        name = row["interface"]
        yield {
            "severity": "medium" if row["share"] >= _MUCH else "low",
            "what": f"{plural(row['all'], 'SKIPDATA record')} of {name or 'an interface without a name'} in "
            f"{plural(row['hours'], 'hour')}, from {row['hour']:%Y-%m-%d %H:%M} on for {row['share']:.1f} % "
            f"of the hour (at least {share:g} %): records were skipped, and how many nobody knows.",
            "records": row["all"],
            "first": row["first"],
            "last": row["last"],
            "filter": both(_at(name), 'logStatus = "SKIPDATA"'),
        }


def _silent(status: pl.DataFrame, share: float) -> Iterator[dict[str, Any]]:
    """Interfaces that say of nearly all the time that there was no traffic."""
    whole = (
        status.group_by("interface")
        .agg(pl.col("records", "nodata").sum(), pl.col("first").min(), pl.col("last").max())
        .with_columns(share=_PERCENT * pl.col("nodata") / pl.col("records"))
        .filter((pl.col("nodata") > 0) & (pl.col("share") >= share))
        .sort("nodata", "interface", descending=[True, False])
    )
    for row in whole.iter_rows(named=True):
        name = row["interface"]
        yield {
            "severity": "info",
            "what": f"{row['nodata']:,} of {plural(row['records'], 'record')} of "
            f"{name or 'an interface without a name'}, {row['share']:.0f} %, say that there was no traffic "
            f"(at least {share:g} %).",
            "records": row["nodata"],
            "first": row["first"],
            "last": row["last"],
            "filter": both(_at(name), 'logStatus = "NODATA"'),
        }


def _at(interface: str | None) -> str:
    return condition("interface_id", interface, keep=True)


def _gaps(context: Context, minutes: float) -> Iterator[dict[str, Any]]:
    """The longest stretches of time without any record of a log group."""
    for lack in coverage(context.dataset, context.scope, context.ticket):
        since, until = lack.scope.since, lack.scope.until
        if lack.what != "gap" or since is None or until is None or lack.amount < minutes * _MINUTE:
            continue
        first, last = int(since.timestamp()), int(until.timestamp())
        yield {
            "severity": "medium" if lack.amount >= _HOUR else "low",
            "what": f"{lack.group} has no record at all for {span(lack.amount)} from {since:%Y-%m-%d %H:%M} "
            f"on (at least {minutes:g} minutes); not even that there was no traffic.",
            "records": 0,
            "first": since,
            "last": until,
            "filter": both(condition(GROUP, lack.group, keep=True), between(first, last)),
        }


def _formats(context: Context) -> Iterator[dict[str, Any]]:
    """Log groups whose records do not all have the same fields."""
    seen: dict[str, dict[tuple[str, ...], int]] = {}
    fixed = {FILE, LINE, GROUP, STREAM, TIMESTAMP}
    for part in context.dataset.parts:
        if part.kind != FLOW_LOG:
            continue
        columns = tuple(sorted(set(part.schema) - fixed))
        counts = part.summary.group_by(pl.col(GROUP).cast(pl.String), FORMAT).agg(pl.col("records").sum())
        for group, form, records in counts.iter_rows():
            kinds = seen.setdefault(group, {})
            kinds[form, *columns] = kinds.get((form, *columns), 0) + records
    for group, kinds in sorted(seen.items()):
        if len(kinds) == 1:
            continue
        fields = [frozenset[str](kind[1:]) for kind in kinds]
        differ = sorted(frozenset().union(*fields) - fields[0].intersection(*fields))
        more = f"; only some have {', '.join(name.replace('_', '-') for name in differ)}" if differ else ""
        yield {
            "severity": "low",
            "what": f"{group} has records in {len(kinds)} formats (more than one){more}: what asks for a "
            "field sees only those that have it.",
            "records": sum(kinds.values()),
            "filter": condition(GROUP, group, keep=True),
        }


register(
    Detection(
        name=_NAME,
        title="What the logs do not show",
        means="Records were skipped, a log group is silent for a while, an interface has no traffic, or the "
        "fields of a log group changed: whatever is counted over such a time may be too little.",
        wrong="A flow log that was made or deleted in between is silent for good reason; interfaces that "
        "stand by have no traffic; gaps under 20 minutes are not looked for, and three are told.",
        thresholds=(
            Threshold(
                "skipped", 1, "%", 1, "records of an interface were skipped for so much of an hour", 0, 100
            ),
            Threshold("nodata", 95, "%", 5, "so many of an interface's records are NODATA", 0, 100),
            Threshold("gap", 20, "minutes", 10, "a log group has no record for so long", 20),
        ),
        finder=_find,
        rank=90,
    )
)
