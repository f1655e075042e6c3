"""Plain text: a line is a record, and its time is read where it begins with one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loaders import kinds, times
from loaders.formats import Shape, register
from loaders.kinds import Parsed, carried
from loaders.lines import Lines, first_lines
from loaders.schema import FILE, MESSAGE, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.content import Head
    from loaders.layouts import Place

# So many messages of a log show in which form it writes its times.
_SAMPLE = 100
_PACKED = re.compile(r"\.(gz|zst)$", re.IGNORECASE)
_LOG_NAME = re.compile(
    # app.log, app.log.1, app.out-20260115
    r".*\.(log|txt|out|err)([._-][0-9][0-9T:Z._-]*)?"
    # what daemons of Unix and the agents of AWS call their logs
    r"|(syslog|messages|secure|auth|kern|cron|dmesg|daemon|maillog|mail|boot|audit|user|yum|dnf|faillog"
    r"|cloud-init(-output)?|catalina|console|access|error|stdout|stderr)"
    r"([._-]?log)?([._-][0-9][0-9T:Z._-]*)?",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"(readme|licen[cs]e|copying|notice|changelog|changes|authors|contributing|makefile|dockerfile)\b.*"
    r"|source\.txt|flowtui\.toml"
    r"|.*\.(md|rst|adoc|py|pyi|ipynb|js|mjs|ts|jsx|tsx|css|html?|xml|xsd|svg|toml|ya?ml|json|ini|cfg|conf|env"
    r"|csv|tsv|sql|tf|tfvars|hcl|go|rs|c|h|cc|cpp|hpp|java|kt|rb|php|pl|sh|bash|zsh|ps1|bat|lock|patch|diff|pem)",
    re.IGNORECASE,
)
_UNPRINTABLE = re.compile("[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
_LEAST_PRINTABLE = 0.95


class Text:
    """Messages that are nothing but text."""

    name = "text"
    rank = 90
    about = "text of any kind"

    def fit(self, sample: Sequence[str]) -> tuple[str, ...] | None:
        """Anything is text."""
        return ()

    def parse(self, events: pl.DataFrame, detail: tuple[str, ...]) -> Parsed:
        """Read the times of messages that have none; one without inherits that of the message above it.

        Args:
            events: As ``Kind.parse`` takes them.
            detail: The name of the form of their times and, where it lacks the year, the day at which they
                had all been written; empty when their own messages are to show the form.
        """
        if TIMESTAMP not in events.columns:
            events = events.with_columns(inherited(events, _times(events[MESSAGE], detail)))
        elif events[TIMESTAMP].has_nulls():
            read = _times(events[MESSAGE], detail, events[TIMESTAMP])
            events = events.with_columns(inherited(events, events[TIMESTAMP].zip_with(read.is_null(), read)))
        return Parsed(self.name, events.select(*carried(events), MESSAGE), kinds.no_failures())


class TextLines(Lines):
    """Text logs in files of their own."""

    def __init__(self) -> None:
        super().__init__(
            "text",
            95,
            Text(),
            about="logs of any program as lines of text",
            sign="its name is one of logs (`.log`, `syslog` …), or half of its first lines begin with a time",
        )

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look at the name, and at how the lines begin."""
        lines = first_lines(head)
        name = bare_name(path)
        if not lines or _NEVER.fullmatch(name) or not _is_text(head):
            return None
        found = times.choose(lines)
        if not is_log_name(path) and (found is None or found[1] * 2 < len(lines)):
            return None
        return Shape(self.name, (), _detail(path, found[0]) if found else (), self.name)


def bare_name(path: str) -> str:
    """A file's name without what says how it is compressed."""
    return _PACKED.sub("", Path(path).name)


def is_log_name(path: str) -> bool:
    """Whether logs are called so."""
    return _LOG_NAME.fullmatch(bare_name(path)) is not None


def inherited(events: pl.DataFrame, found: pl.Series) -> pl.Series:
    """Give messages without a time that of the message above them in the same file.

    Args:
        events: ``FILE``, and a row for each time.
        found: ``schema.TIME``.
    """
    filled = pl.col(TIMESTAMP).forward_fill().over(FILE)
    return events.select(FILE, found.alias(TIMESTAMP)).select(filled).to_series()


def _is_text(head: Head) -> bool:
    if b"\0" in head.text:
        return False
    text = head.text.decode("utf-8", "replace")
    return len(_UNPRINTABLE.findall(text)) <= len(text) * (1 - _LEAST_PRINTABLE)


def _detail(path: str, form: times.Form) -> tuple[str, ...]:
    """What ``Text.parse`` needs to know: files that are told the same are parsed together."""
    if form.has_year:
        return (form.name,)
    # Nothing is logged after the file was last written, and copies by `aws s3 sync` keep that time.
    written = _moment(Path(path).stat().st_mtime)
    return form.name, (written + timedelta(days=1)).date().isoformat()


def _moment(seconds: float) -> datetime:
    """A time of the past, whatever a clock that was wrong made of it."""
    return datetime.fromtimestamp(min(max(seconds, 0), datetime.now(UTC).timestamp()), UTC)


def _times(messages: pl.Series, detail: tuple[str, ...], known: pl.Series | None = None) -> pl.Series:
    """Read the times that messages begin with; ``known`` are those of other messages of the log."""
    if detail:
        name, *day = detail
        until = datetime.fromisoformat(day[0]).replace(tzinfo=UTC) if day else None
        return times.read(messages, times.by_name(name), until)
    step = max(1, messages.len() // _SAMPLE)
    found = times.choose(messages.gather_every(step).head(_SAMPLE).drop_nulls().to_list())
    form = found[0] if found else times.FORMS[0]
    newest = None if known is None else known.dt.epoch("ms").max()
    return times.read(messages, form, _moment(newest / 1000) if isinstance(newest, int) else None)


kinds.register(Text())
register(TextLines())
