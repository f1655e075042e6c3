"""The lane: the newest job wins, and what is cancelled is never heard of again."""

from __future__ import annotations

import threading
import time
from queue import Queue

import polars as pl
import pytest

from loaders import run
from loaders.run import Cancelled, Lane, Ticket

SOON = 10


class Listener:
    """What a lane reported, in order."""

    def __init__(self):
        self._heard = Queue()

    def done(self, result):
        self._heard.put(("done", result))

    def failed(self, error):
        self._heard.put(("failed", error))

    def next(self):
        return self._heard.get(timeout=SOON)

    @property
    def silent(self):
        return self._heard.empty()


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def lane():
    return Lane("test")


def submit(lane, listener, job):
    return lane.submit(job, listener.done, listener.failed)


def busy(lane, listener):
    """Occupy the lane; gives back what lets it go on."""
    started, go_on = threading.Event(), threading.Event()

    def job(ticket):
        started.set()
        assert go_on.wait(SOON)
        return "busy"

    submit(lane, listener, job)
    assert started.wait(SOON)
    return go_on


def test_a_result_is_reported(lane, listener):
    submit(lane, listener, lambda _: 42)
    assert listener.next() == ("done", 42)


def test_an_error_is_reported(lane, listener):
    submit(lane, listener, lambda _: 1 / 0)
    what, error = listener.next()
    assert (what, type(error)) == ("failed", ZeroDivisionError)


def test_one_job_after_the_other_is_done(lane, listener):
    for number in range(20):
        submit(lane, listener, lambda _, number=number: number)
        assert listener.next() == ("done", number)


def test_jobs_are_done_in_another_thread_one_at_a_time(lane, listener):
    submit(lane, listener, lambda _: threading.current_thread())
    _, first = listener.next()
    submit(lane, listener, lambda _: threading.current_thread())
    _, second = listener.next()
    assert first is second is not threading.current_thread()
    assert first.daemon


def test_the_newest_job_replaces_the_one_that_waits(lane, listener):
    go_on = busy(lane, listener)
    for number in range(5):
        submit(lane, listener, lambda _, number=number: number)
    go_on.set()
    assert listener.next() == ("done", 4)
    assert listener.silent


def test_a_running_job_is_asked_to_stop_by_a_newer_one(lane, listener):
    started = threading.Event()

    def long(ticket):
        started.set()
        for _ in range(SOON * 1000):
            ticket.check()
            threading.Event().wait(0.001)
        return "too late"

    submit(lane, listener, long)
    assert started.wait(SOON)
    submit(lane, listener, lambda _: "new")
    assert listener.next() == ("done", "new")
    assert listener.silent


def test_a_job_that_ends_although_it_was_cancelled_is_not_reported(lane, listener):
    go_on = busy(lane, listener)
    lane.cancel()
    go_on.set()
    submit(lane, listener, lambda _: "next")
    assert listener.next() == ("done", "next")
    assert listener.silent


def test_an_error_of_a_cancelled_job_is_not_reported(lane, listener):
    started, go_on = threading.Event(), threading.Event()

    def job(_):
        started.set()
        go_on.wait(SOON)
        raise ValueError

    ticket = submit(lane, listener, job)
    assert started.wait(SOON)
    ticket.cancel()
    go_on.set()
    submit(lane, listener, lambda _: "next")
    assert listener.next() == ("done", "next")
    assert listener.silent


def test_cancelling_drops_what_waits(lane, listener):
    go_on = busy(lane, listener)
    submit(lane, listener, lambda _: "waiting")
    lane.cancel()
    go_on.set()
    submit(lane, listener, lambda _: "next")
    assert listener.next() == ("done", "next")
    assert listener.silent


def test_a_listener_that_fails_does_not_end_the_lane(lane, listener, monkeypatch):
    told = Queue()
    monkeypatch.setattr(threading, "excepthook", told.put)
    lane.submit(lambda _: 1, lambda result: result / 0, listener.failed)
    assert told.get(timeout=SOON).exc_type is ZeroDivisionError
    submit(lane, listener, lambda _: "next")
    assert listener.next() == ("done", "next")


def test_a_lane_without_work_has_no_thread():
    before = threading.active_count()
    Lane("idle").cancel()
    assert threading.active_count() == before


def test_a_cancelled_ticket_stops_whoever_checks_it():
    ticket = Ticket()
    ticket.check()
    assert not ticket.cancelled
    ticket.cancel()
    with pytest.raises(Cancelled):
        ticket.check()


def test_a_panic_of_polars_is_an_error_like_any_other(monkeypatch):
    class Plan:
        def collect(self):
            raise pl.exceptions.PanicException("index out of bounds")

    with pytest.raises(pl.exceptions.ComputeError, match="index out of bounds"):
        run.collect(Plan())


def test_a_job_overtakes_one_that_cannot_be_stopped():
    lane, stuck, heard = Lane("test", threads=2), threading.Event(), []
    began = threading.Event()

    def never_looks_up(_):
        began.set()
        stuck.wait(10)
        return "old"

    lane.submit(never_looks_up, heard.append, heard.append)
    assert began.wait(10)
    answered = threading.Event()
    lane.submit(lambda _: "new", lambda result: (heard.append(result), answered.set()), heard.append)
    assert answered.wait(10)
    stuck.set()
    third = threading.Event()
    lane.submit(lambda _: "third", lambda result: (heard.append(result), third.set()), heard.append)
    assert third.wait(10)
    assert heard == ["new", "third"]


def test_work_in_the_background_lets_what_is_waited_for_go_first(lane, listener):
    go_on = busy(lane, listener)
    given_way = threading.Event()
    threading.Thread(target=lambda: (run.give_way(), given_way.set()), daemon=True).start()
    assert not given_way.wait(0.2)
    go_on.set()
    assert given_way.wait(SOON)


def test_it_does_not_wait_for_ever(lane, listener, monkeypatch):
    monkeypatch.setattr(run._DESK, "LONGEST_WAIT", 0.05)
    go_on = busy(lane, listener)
    run.give_way()
    go_on.set()


def test_giving_way_stops_what_nobody_wants_any_more():
    ticket = Ticket()
    ticket.cancel()
    with pytest.raises(Cancelled):
        run.give_way(ticket)


def test_more_plans_than_polars_can_do_at_once_come_to_an_end(tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(600)]
    for number, path in enumerate(paths):
        path.write_text("x\n" * (number % 5 + 1), encoding="utf-8")
    plans = [pl.scan_lines(path, name="line", row_index_name="number") for path in paths]
    assert [frame.height for frame in run.collect_all(plans)] == [number % 5 + 1 for number in range(600)]


def test_a_thread_with_nothing_to_do_ends_and_the_next_job_is_done_all_the_same(lane, listener, monkeypatch):
    monkeypatch.setattr(Lane, "LONGEST_IDLE", 0.05)
    before = threading.active_count()
    for number in range(3):
        submit(lane, listener, lambda _, number=number: number)
        assert listener.next() == ("done", number)
        limit = time.monotonic() + SOON
        while threading.active_count() > before and time.monotonic() < limit:
            time.sleep(0.01)
        assert threading.active_count() == before
