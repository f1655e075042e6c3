"""Times that stand in text: which form a log writes them in, and what they are.

A log writes its times in one form. ``choose`` finds it on a sample; ``read`` then reads all messages at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from loaders.schema import TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_CLOCK = r"(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?"
_ZONE = r" ?(?:[A-Z]{0,3}(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})\b|Z\b|UTC\b|GMT\b)?"
_LEVELS = (
    "trace|debug|info|notice|warn|warning|error|err|severe|fatal|critical|crit|alert|emerg|panic|verbose"
)
# What may stand before the time: colours, a priority of syslog, a bracket, a level in a bracket or not.
_BEFORE = (
    r"^\s*(?:\x1b\[[0-9;]*m)*(?:<[0-9]{1,3}>(?:1 )?)?[\[(]?"
    rf"(?:(?i:level=)?(?i:{_LEVELS})[\])]?[\s:|,-]+[\[(]?)?(?i:(?:time|ts|timestamp)=)?[\"']?"
)
# The end of the line, or something that ends a number.
_ENDS = r"(?:[\s,:;|\]\")]|$)"
_CLF_WITHIN = 80
_ZONED = "%Y-%m-%dT%H:%M:%S%.f%#z"
# A leap day is at most eight years from the next.
_YEARS_BACK = 8
# Clocks differ, and a log without zones may be a day ahead of UTC.
_AHEAD = timedelta(days=1)
# Digits of an epoch by its unit, and what turns it into milliseconds.
_EPOCH_DIGITS = {13: 1, 16: 10**3, 19: 10**6}


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a time.

    Attributes:
        name: What it is called here.
        pattern: Finds it in a line. Its groups are ``epoch`` and ``fraction``, or ``year`` (where the form
            has one), ``month``, ``day``, ``clock``, ``fraction``, and perhaps ``sign``, ``hours``
            and ``minutes`` of the zone.
        month: How the month is written, as ``strftime`` says it.
    """

    name: str
    pattern: str
    month: str = "%m"

    @property
    def has_year(self) -> bool:
        """Whether it says all there is to know of the time."""
        return "<year>" in self.pattern or "<epoch>" in self.pattern


FORMS = (
    Form(
        "iso",
        rf"{_BEFORE}(?P<year>[0-9]{{4}})[-/](?P<month>[0-9]{{2}})[-/](?P<day>[0-9]{{2}})[Tt _]"
        rf"{_CLOCK}{_ZONE}",
    ),
    Form(
        "access-log",
        rf"^.{{0,{_CLF_WITHIN}}}?\b(?P<day>[0-9]{{1,2}})/(?P<month>{_MONTHS})/(?P<year>[0-9]{{4}}):{_CLOCK}{_ZONE}",
        "%b",
    ),
    Form(
        "ctime",
        rf"{_BEFORE}[A-Z][a-z]{{2}},? (?P<month>{_MONTHS}) {{1,2}}(?P<day>[0-9]{{1,2}}) {_CLOCK}"
        rf"(?: (?:UTC|GMT))? (?P<year>[0-9]{{4}})\b",
        "%b",
    ),
    Form("syslog", rf"{_BEFORE}(?P<month>{_MONTHS}) {{1,2}}(?P<day>[0-9]{{1,2}}) {_CLOCK}", "%b"),
    Form("klog", rf"^[IWEFD](?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}) {_CLOCK}"),
    Form(
        "epoch",
        r"^\s*[\[(]?(?P<epoch>[12][0-9]{9}|[12][0-9]{12}|[12][0-9]{15}|[12][0-9]{18})"
        rf"(?:\.(?P<fraction>[0-9]{{1,9}}))?{_ENDS}",
    ),
)
"""The forms, in the order in which they are tried where a log is written in several."""

_BY_NAME = {form.name: form for form in FORMS}
_COMPILED = {form.name: re.compile(form.pattern) for form in FORMS}
# A value that is nothing but a time: other forms than these are not written as values.
_VALUES = tuple(_BY_NAME[name] for name in ("iso", "epoch", "access-log", "ctime"))


def by_name(name: str) -> Form:
    """Find a form by its name."""
    return _BY_NAME[name]


def choose(sample: Sequence[str]) -> tuple[Form, int] | None:
    """Find the form in which the most lines of a sample tell their time, and in how many they do."""
    counts = [
        (sum(pattern.search(line) is not None for line in sample), form)
        for form, pattern in zip(FORMS, _COMPILED.values(), strict=True)
    ]
    count, form = max(counts, key=lambda counted: counted[0])
    return (form, count) if count else None


def read(text: pl.Series, form: Form, newest: datetime | None = None) -> pl.Series:
    """Read the times of messages.

    Args:
        text: String.
        form: How they are written.
        newest: A form without a year gets the latest year that puts it no later than a day after this;
            ``None`` is now.

    Returns:
        ``schema.TIME``; a time without a zone is UTC. Null where the form is not met.
    """
    found = (
        text.alias("text").to_frame().select(pl.col("text").str.extract_groups(form.pattern).alias("found"))
    )
    groups = found.unnest("found")
    if "epoch" in groups.columns:
        return groups.select(_epoch(groups.columns)).to_series()
    if not form.has_year:
        return _with_year(groups, form, (newest or datetime.now(UTC)) + _AHEAD)
    return groups.select(_time(groups.columns, pl.col("year"), form)).to_series()


def of_values(text: pl.Series) -> pl.Series:
    """Read values that are meant to be times, each in whatever form it is.

    Args:
        text: String: a time in ISO 8601 with ``T`` or a blank, with a zone or in UTC, or as an access log has
            it, or an epoch in s, ms, us or ns.

    Returns:
        ``schema.TIME``; null where a value is no time.
    """
    found = _iso(text)
    for form in _VALUES:
        rows = (found.is_null() & text.is_not_null()).arg_true()
        if not rows.len():
            break
        found = found.scatter(rows, read(text.gather(rows), form))
    return found


def iso_time(expr: pl.Expr) -> pl.Expr:
    """As ``of_values``, of a column."""
    return expr.map_batches(of_values, return_dtype=TIME)


def _iso(text: pl.Series) -> pl.Series:
    """Times with a zone as most programs write them, which is the fastest to read; null for others."""
    joined = pl.col("text").str.strip_chars().str.replace(r"^(\S{10})[ t]+", "${1}T").str.replace(" ", "")
    time = joined.str.to_datetime(_ZONED, time_unit="ms", time_zone="UTC", strict=False)
    return text.alias("text").to_frame().select(_known(time).alias(text.name)).to_series()


def _known(time: pl.Expr) -> pl.Expr:
    """Times of the years that Python has, for it is Python that shows them."""
    return pl.when(time.dt.year().is_between(1, 9999)).then(time)


def _with_year(groups: pl.DataFrame, form: Form, limit: datetime) -> pl.Series:
    """Times whose year is the latest that does not put them after the limit."""
    found = groups.select(_time(groups.columns, pl.lit(str(limit.year)), form)).to_series()
    for year in range(limit.year, max(limit.year - _YEARS_BACK, 1) - 1, -1):
        rows = (
            groups["month"].is_not_null() & (found.is_null() | (found > limit)).fill_null(value=True)
        ).arg_true()
        if not rows.len():
            return found
        some = groups[rows]
        found = found.scatter(rows, some.select(_time(groups.columns, pl.lit(str(year)), form)).to_series())
    return found.set(found > limit, None)


def _time(groups: Sequence[str], year: pl.Expr, form: Form) -> pl.Expr:
    """Put a time together; ``groups`` are those that the form has."""
    written = pl.concat_str(year, "month", "day", "clock", separator=" ")
    time = written.str.to_datetime(f"%Y {form.month} %d %H:%M:%S", time_unit="ms", strict=False)
    time += pl.duration(milliseconds=_milliseconds())
    if "sign" in groups:
        time -= pl.duration(minutes=_offset())
    return _known(time).dt.replace_time_zone("UTC").alias("time")


def _epoch(groups: Sequence[str]) -> pl.Expr:
    digits = pl.col("epoch").str.len_bytes()
    number = pl.col("epoch").cast(pl.Int64, strict=False)
    time = number * 1000 + _milliseconds() if "fraction" in groups else number * 1000
    for length, divisor in _EPOCH_DIGITS.items():
        time = pl.when(digits == length).then(number // divisor).otherwise(time)
    return time.cast(TIME).alias("time")


def _milliseconds() -> pl.Expr:
    padded = pl.col("fraction").str.pad_end(3, "0").str.slice(0, 3)
    return padded.cast(pl.Int64, strict=False).fill_null(0)


def _offset() -> pl.Expr:
    """Minutes east of UTC."""
    hours, minutes = (pl.col(name).cast(pl.Int64, strict=False) for name in ("hours", "minutes"))
    east = hours * 60 + minutes
    return pl.when(pl.col("sign") == "-").then(-east).otherwise(east).fill_null(0)
