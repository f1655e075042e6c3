"""Verdicts for the explorer: the inventory is read once, and again when its files change."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from tui.flows import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from diagnose.detections.context import Context
    from diagnose.diagnosis import Diagnosis, Question
    from diagnose.model import Inventory
    from diagnose.verdict import Verdict
    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from query.scope import Scope
    from tui.rule_lists import Found

# Around one record so many are looked at on either side at most, so that an answer comes at once.
_MOST = 500_000
_LEAST = timedelta(minutes=20)
# So many of the newest records are joined into conversations.
_MOST_JOINED = 300_000
# So many records are looked at by detections.
_MOST_WATCHED = 2_000_000
# So many of the newest records are counted for the use of rules.
_MOST_COUNTED = 3_000_000
# So many verdicts on one question are shown.
_MOST_TOLD = 20
_MOMENT = timedelta(seconds=1)


class Looked:
    """Records that detections look at; what several of them need is made once, in one thread at a time."""

    def __init__(self, context: Callable[[], Context], scope: Scope, *, is_part: bool) -> None:
        """Take how to begin; nothing is read here."""
        self._begin, self.scope, self.is_part = context, scope, is_part
        self._context: Context | None = None

    def find(self, name: str, thresholds: Mapping[str, float | str]) -> pl.DataFrame:
        """What one detection finds (``diagnose.detections.FINDING``).

        Raises:
            QueryError: The scope's filter is not one.
        """
        from diagnose.detections import by_name

        if self._context is None:
            self._context = self._begin()
        return by_name(name).find(self._context, **thresholds)


class Diagnosing:
    """Finds verdicts; called in the threads of workers."""

    def __init__(self) -> None:
        """Begin without an inventory."""
        self._lock = threading.Lock()
        self._read: tuple[tuple[tuple[Path, int], ...], Inventory] | None = None

    def of(self, dataset: Dataset) -> Diagnosis:
        """A data set and the inventory that lies beside it, to ask about."""
        from diagnose.diagnosis import Diagnosis
        from diagnose.inventory import inventory_files, read_inventory

        files = inventory_files(dataset)
        state = tuple((path, _changed(path)) for path in files)
        with self._lock:
            if self._read is None or self._read[0] != state:
                self._read = state, read_inventory(files)
            return Diagnosis(dataset, self._read[1])

    @property
    def is_informed(self) -> bool:
        """Whether anything is known about rules."""
        return self._read is not None and bool(self._read[1].kinds)

    def reasons(self, dataset: Dataset, scope: Scope, ticket: Ticket) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rejects of a scope by what refused them (``diagnose.grouped``): the groups, and the rejects.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants them any more.
        """
        import polars as pl

        from diagnose.grouped import grouped, skipped_in, with_groups

        diagnosis = self.of(dataset)
        rejects = with_groups(diagnosis.rejects(scope, ticket))
        return pl.concat([grouped(rejects), skipped_in(diagnosis, scope)]), rejects

    def conversations(self, dataset: Dataset, scope: Scope, ticket: Ticket) -> tuple[pl.DataFrame, bool]:
        """The conversations of a scope (``vantages.VANTAGES``), and whether older records were left out.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants them any more.
        """
        talks = self.of(dataset).conversations(scope, _MOST_JOINED, ticket, whole=True)
        return talks, int(talks["records"].sum()) >= _MOST_JOINED

    def looked(self, dataset: Dataset, scope: Scope) -> Looked:
        """What detections look at: of very many records the newest only."""

        def begin() -> Context:
            from diagnose.detections.context import Context

            return Context(dataset, self.of(dataset).lookup.inventory, newest)

        newest = _newest(dataset, scope)
        return Looked(begin, newest, is_part=newest != scope)

    def rules(self, dataset: Dataset, scope: Scope, ticket: Ticket) -> Found:
        """How much the rules are used, what of them is too open and what is too tight.

        Raises:
            QueryError: The scope's filter is not one.
            Cancelled: Nobody wants it any more.
        """
        from diagnose.rules import usage
        from diagnose.too_open import too_open
        from diagnose.too_tight import too_tight
        from tui.rule_lists import Found

        diagnosis = self.of(dataset)
        used = usage(diagnosis, scope, _MOST_COUNTED, ticket)
        ticket.check()
        opened = too_open(used, diagnosis.lookup)
        ticket.check()
        return Found(used, opened, *too_tight(diagnosis, scope, ticket))

    def flow(self, dataset: Dataset, talk: Mapping[str, Any]) -> dict[str, Any] | None:
        """The record to explain of a conversation, as ``diagnose.records`` has it."""
        import polars as pl

        from diagnose.records import flows, of_conversation
        from query.scope import Scope

        here = (pl.col("_file") == talk["_file"]) & (pl.col("_line") == talk["_line"])
        since, until = moment(talk["first"]), moment(talk["last"])
        scope = Scope(filter=of_conversation(talk), since=since, until=until and until + _MOMENT)
        return next(flows(dataset, scope).filter(here).iter_rows(named=True), None)

    def answers(self, dataset: Dataset, question: Question) -> list[Verdict]:
        """Verdicts on the newest records of some traffic; why there is none, if so.

        Raises:
            QueryError: The question names what cannot be asked for.
        """
        return list(islice(self.of(dataset).of(question), _MOST_TOLD))

    def verdict(self, dataset: Dataset, record: Mapping[str, Any], *, everything: bool) -> Verdict | None:
        """The verdict of a record; ``None`` where it is of no traffic.

        Args:
            dataset: The records.
            record: The one in question.
            everything: Whether to look at all records, and not only at those of about the same time.
        """
        return self.of(dataset).of_record(record, None if everything else _within(dataset))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _newest(dataset: Dataset, scope: Scope) -> Scope:
    """The same, without what is older than a number of records that can be looked at together."""
    span = _span(dataset)
    if dataset.height <= _MOST_WATCHED or span is None:
        return scope
    first, last = span
    since = last - (last - first) * (_MOST_WATCHED / dataset.height)
    return scope if scope.since is not None and scope.since >= since else replace(scope, since=since)


def _within(dataset: Dataset) -> timedelta | None:
    """How far around a record to look; ``None`` where there are few records in all."""
    span = _span(dataset)
    if dataset.height <= 2 * _MOST or span is None:
        return None
    return max(_LEAST, (span[1] - span[0]) * (_MOST / dataset.height))


def _span(dataset: Dataset) -> tuple[datetime, datetime] | None:
    from loaders.parts import span_of

    return span_of(dataset.parts)
