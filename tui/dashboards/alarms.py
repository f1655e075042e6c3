"""Alarms: numbers that are watched while records come in, and what is done when one crosses its limit.

The period that a query looks at ends at the newest record, not at the clock: flow logs are delivered minutes
late, and the minutes that have not been delivered yet are not quiet.
"""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tui.charts.numbers import full
from tui.dashboards.filling import first_number
from tui.sanitise import clean
from tui.units import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from loaders.dataset import Dataset
    from loaders.run import Ticket
    from tui.dashboards.definition import Alarm

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm whose number has crossed its limit, or is back.

    Attributes:
        alarm: The alarm.
        value: The number; ``None`` if there is none.
        since: The beginning of the period that was looked at.
        until: Its end.
    """

    alarm: Alarm
    value: float | None
    since: datetime
    until: datetime

    @property
    def is_crossed(self) -> bool:
        """Whether the limit is crossed."""
        if self.value is None:
            return False
        return self.value > self.alarm.limit if self.alarm.above else self.value < self.alarm.limit

    def told(self) -> str:
        """A sentence for the screen and for the log."""
        sign, back = (">", "no longer above") if self.alarm.above else ("<", "no longer below")
        value, limit = full(self.value), full(self.alarm.limit)
        if self.is_crossed:
            return f"alarm {clean(self.alarm.name)}: {value} {sign} {limit}"
        return f"alarm {clean(self.alarm.name)} cleared: {value} is {back} {limit}"

    def environment(self) -> dict[str, str]:
        """What the command finds in its environment."""
        return {
            "FLOWTUI_ALARM": self.alarm.name,
            "FLOWTUI_QUERY": self.alarm.query,
            "FLOWTUI_VALUE": "" if self.value is None else f"{self.value:.17g}",
            "FLOWTUI_LIMIT": f"{self.alarm.limit:.17g}",
            "FLOWTUI_SINCE": iso(self.since),
            "FLOWTUI_UNTIL": iso(self.until),
        }


class Watch:
    """Alarms, and which of them are crossed."""

    def __init__(self, alarms: Sequence[Alarm], log: Path) -> None:
        """Begin with all of them clear.

        Args:
            alarms: What to watch.
            log: The file that a line is written to whenever one crosses its limit or is back.
        """
        self._alarms, self._log = tuple(alarms), log
        self._crossed: dict[Alarm, Raised] = {}

    @property
    def raised(self) -> tuple[Raised, ...]:
        """The alarms that are crossed."""
        return tuple(self._crossed.values())

    def look(self, dataset: Dataset, ticket: Ticket | None = None) -> list[Raised]:
        """Look at all numbers; those alarms that have changed since the last time, each logged and acted on.

        Raises:
            Cancelled: Nobody wants to know any more.
        """
        changed = []
        for alarm in self._alarms:
            if ticket:
                ticket.check()
            found = measured(alarm, dataset, ticket)
            if found is None or found.is_crossed == (alarm in self._crossed):
                continue
            if found.is_crossed:
                self._crossed[alarm] = found
                _run(found, self._write)
            else:
                del self._crossed[alarm]
            self._write(found.told())
            changed.append(found)
        return changed

    def _write(self, text: str) -> None:
        """Add a line to the log; where that cannot be, the screen still says it."""
        with suppress(OSError):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(f"{iso(datetime.now(UTC))} {clean(text)}\n")


def measured(alarm: Alarm, dataset: Dataset, ticket: Ticket | None = None) -> Raised | None:
    """The number of an alarm now; ``None`` where it cannot be told."""
    from polars.exceptions import PolarsError

    from query.answer import answer
    from query.errors import QueryError
    from query.parse import parse_query
    from query.scope import Scope

    lasts = [part.span[1] for part in dataset.parts if part.span is not None]
    length = alarm.period.milliseconds
    if not lasts or length is None:
        return None
    until = max(lasts) + _MILLISECOND
    since = until - length * _MILLISECOND
    try:
        found = answer(dataset, parse_query(alarm.query), Scope(since=since, until=until), ticket)
    except (QueryError, PolarsError):
        return None
    return Raised(alarm, first_number(found)[1], since, until)


def _run(raised: Raised, write: Callable[[str], None]) -> None:
    """Run an alarm's command and do not wait for it; what goes wrong is written to the log."""
    command = raised.alarm.command
    if not command:
        return
    name = raised.alarm.name

    def run() -> None:
        try:
            done = subprocess.run(  # noqa: S603 - a person's own words, never through a shell
                command,
                env=os.environ | raised.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                check=False,
            )
        except (OSError, ValueError) as error:
            write(f"alarm {name}: {command[0]} cannot be run: {error}")
            return
        if done.returncode:
            write(f"alarm {name}: {command[0]} ended with status {done.returncode}")

    threading.Thread(target=run, name="flowtui-alarm", daemon=True).start()


def log_path() -> Path:
    """Where alarms are logged."""
    from platformdirs import user_log_path

    return user_log_path("flowtui") / "alarms.log"
