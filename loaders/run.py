"""The one place that executes plans, and the threads that do it.

A ``Lane`` is one background thread with room for one waiting job: the newest request replaces the waiting
one and asks the running one to stop. Threads are daemons, so that leaving never waits for a query.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

T = TypeVar("T")
_MOST_PLANS = 64


class Cancelled(Exception):  # noqa: N818 - it is news, not an error
    """The work is no longer wanted."""


class Ticket:
    """Whether somebody still wants a piece of work."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        """Say that nobody wants it any more."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants it any more."""
        return self._cancelled

    def check(self) -> None:
        """Stop here if nobody wants it any more.

        Raises:
            Cancelled: Nobody does.
        """
        if self._cancelled:
            raise Cancelled


def collect(plan: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan.

    Raises:
        PolarsError: It fails; also where polars itself panics, as it does over some damaged Parquet.
    """
    from polars.exceptions import ComputeError, PanicException

    try:
        return plan.collect()
    except PanicException as error:
        raise ComputeError(str(error)) from error


def collect_all(plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """Run plans side by side.

    Raises:
        PolarsError: As ``collect`` does.
    """
    import polars as pl

    # Of some hundred plans at once polars never gets to an end: each has threads that wait for others.
    piles = [plans[begin : begin + _MOST_PLANS] for begin in range(0, len(plans), _MOST_PLANS)]
    try:
        return [frame for pile in piles for frame in pl.collect_all(pile)]
    except pl.exceptions.PanicException as error:
        raise pl.exceptions.ComputeError(str(error)) from error


class _Desk:
    """Who waits for an answer at the moment."""

    # Even while a person asks one thing after another, indexing gets on.
    LONGEST_WAIT = 5.0

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Say that somebody waits for what is done within."""
        with self._changed:
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def give_way(self) -> None:
        """Wait until nobody waits for anything."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, self.LONGEST_WAIT)


_DESK = _Desk()


def give_way(ticket: Ticket | None = None) -> None:
    """Let whatever a person waits for be done first; work in the background calls it between its steps.

    Raises:
        Cancelled: The ticket was cancelled.
    """
    if ticket:
        ticket.check()
    _DESK.give_way()
    if ticket:
        ticket.check()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items while the next one is already being made, in a thread of its own.

    Whoever stops early waits for the item at hand, so that nothing goes on behind their back.
    """
    made: Queue[tuple[bool, object]] = Queue(maxsize=1)
    enough = threading.Event()

    def make() -> None:
        try:
            for item in items:
                made.put((True, item))
                if enough.is_set():
                    return
            made.put((False, None))
        except Exception as error:  # noqa: BLE001 - raised again where the items are taken
            made.put((False, error))

    thread = threading.Thread(target=make, name="flowtui-ahead", daemon=True)
    thread.start()
    try:
        while True:
            is_item, item = made.get()
            if is_item:
                yield cast("T", item)
            elif isinstance(item, Exception):
                raise item
            else:
                return
    finally:
        enough.set()
        while thread.is_alive():
            with suppress(Empty):
                made.get(timeout=0.02)


class Lane:
    """A background thread that does the newest job it was given, or a few of them."""

    # A thread that has had nothing to do for so many seconds ends: what it holds on to can be large.
    LONGEST_IDLE = 5.0

    def __init__(self, name: str, threads: int = 1) -> None:
        """Begin without a job, and without a thread.

        Args:
            name: What the threads are called.
            threads: How many there are at most. polars cannot be stopped once it works on a plan, so that a
                new job would wait for an old one that nobody wants any more; another thread overtakes it.
        """
        self._wake = threading.Condition()
        self._waiting: Callable[[], None] | None = None
        self._current = Ticket()
        self._name = name
        self._most, self._threads, self._idle = threads, 0, 0

    def submit(
        self, job: Callable[[Ticket], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> Ticket:
        """Do a job next, in place of whatever waits or runs here.

        Args:
            job: What to do; it gets its ticket and should ``check`` it between its steps.
            done: Called in the lane's thread with the result, unless the job was cancelled.
            failed: Called in the lane's thread with the error, unless the job was cancelled.
        """
        ticket = Ticket()

        def task() -> None:
            try:
                ticket.check()
                result = job(ticket)
            except Cancelled:
                return
            except Exception as error:  # noqa: BLE001 - handed on to whoever asked
                if not ticket.cancelled:
                    failed(error)
                return
            if not ticket.cancelled:
                done(result)

        with self._wake:
            self._current.cancel()
            self._current, self._waiting = ticket, task
            if not self._idle and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=f"flowtui-{self._name}", daemon=True).start()
            self._wake.notify()
        return ticket

    def cancel(self) -> None:
        """Drop what waits and ask what runs to stop."""
        with self._wake:
            self._current.cancel()
            self._waiting = None

    def _work(self) -> None:
        while True:
            with self._wake:
                self._idle += 1
                self._wake.wait_for(lambda: self._waiting is not None, self.LONGEST_IDLE)
                task, self._waiting = self._waiting, None
                self._idle -= 1
                if task is None:
                    self._threads -= 1
                    return
            try:
                with _DESK.waited_for():
                    task()
            except Exception:  # noqa: BLE001 - whoever asked failed to hear the answer; the lane lives on
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            del task  # its result can be large, and the next job may be long in coming
