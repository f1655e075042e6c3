"""What is said of deliveries: in the first line, and on the screen that lists them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tui.sanitise import clean
from tui.units import duration, whole

if TYPE_CHECKING:
    from datetime import datetime

    from tui.state import State

CLOCK_BEHIND = "clock behind the records"
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def frozen_told(state: State) -> str:
    """``❚❚ frozen, 1,204 new (Space)``."""
    new = f", {whole(state.held_back)} new" if state.held_back else ""
    return f"❚❚ frozen{new} (Space)"


def live_told(state: State, now: datetime, *, brief: bool) -> str:
    """``● live, last delivery 2 min ago``; logs that nobody delivers to any more are only dated.

    Args:
        state: What is known.
        now: The time by the clock.
        brief: Whether other things have to be said in the same line.
    """
    word = "● following" if state.following else "● live"
    delivered, how = state.delivered, [clean(state.watching)] if state.watching else []
    if delivered is None:
        return ", ".join([word, *how]) if state.following or how else ""
    last = ago(delivered, now)
    told = last if brief or last == CLOCK_BEHIND else f"last delivery {last}"
    if now - delivered < _DAY:
        return ", ".join([word, *how, told])
    known = [] if brief else [told]
    return ", ".join([*([word] if state.following or how else []), *how, *known])


def ago(moment: datetime, now: datetime) -> str:
    """How long ago: ``just now``, ``2 min ago``, a date after a day; or that the clock is behind."""
    from query.freshness import is_ahead

    if is_ahead(moment, now):
        return CLOCK_BEHIND
    past = now - moment
    if past < _MINUTE:
        return "just now"
    return f"{long(past)} ago" if past < _DAY else f"{moment:%Y-%m-%d}"


def long(length: timedelta) -> str:
    """A length of time in minutes, hours and days: nothing here is known to the second."""
    minutes = length // _MINUTE
    # Below a hundred seconds ``duration`` tells seconds.
    return {0: "< 1 min", 1: "1 min"}.get(minutes) or duration(60 * minutes)
