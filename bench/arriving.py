"""Deliveries that arrive as ``aws s3 sync`` brings them, so many a second, and what they hold in all.

A file has a temporary name until it is whole. Their clock runs faster than that on the wall and ends at now,
so that days begin on the way, and folders with them. Records are told apart by a number that none has twice,
their packets: its count, sum and distinct values together show whether a record is lost or there twice.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layouts import DEFAULT_COLUMNS, DELIVERY_SECONDS, Delivery, header_name

if TYPE_CHECKING:
    from pathlib import Path

MARKED = "192.0.2.77"
"""Where records come from that are waited for on the screen; no others do."""
WINDOW = f'dstPort = 22 or srcAddr = "{MARKED}"'
"""A filter that lets through all of those, and one in ten of the others."""

_HEADER = " ".join(map(header_name, DEFAULT_COLUMNS))
_LOGS = tuple(
    Delivery(account, region, f"fl-0{number:016x}")
    for number, (account, region) in enumerate(
        (account, region)
        for account in ("123456789012", "210987654321")
        for region in ("us-east-1", "eu-west-1", "ap-south-1")
    )
)
_PORTS = (443, 443, 443, 443, 80, 80, 53, 22, 5432, 8080)
_POOL = 20_000
# Seconds of the faster clock in one on the wall; and how much later than all others marked records are.
_HASTE, _AHEAD = 60, 600
_EVERY = 2.0


def marked_address(number: int) -> str:
    """Where the marked record of a number goes to."""
    return f"198.18.{number >> 8}.{number & 255}"


@dataclass(frozen=True, slots=True)
class Sums:
    """How many records there are, the sum of their numbers, and how many different numbers they have."""

    records: int
    numbers: int
    different: int


class Arriving:
    """A thread that writes deliveries until their time is over."""

    def __init__(self, root: Path, *, seconds: float, rate: float, records: int) -> None:
        """Write nothing yet.

        Args:
            root: Where they go.
            seconds: For how long they come.
            rate: How many of them come in a second.
            records: How many records each of them has.
        """
        self._root, self._rate, self._records = root, rate, records
        self._files = round(seconds * rate)
        self._begin = time.time() - seconds * _HASTE
        self._chance = random.Random(1)
        self._pool = [self._traffic() for _ in range(_POOL)]
        self._marked = 0
        self._thread = threading.Thread(target=self._work, name="deliveries", daemon=True)
        self.files, self.written = 0, 0
        """How many deliveries, and how many records, have arrived."""
        self.latest = 0.0
        """By how many seconds the latest of them was late."""
        self.marks: deque[tuple[int, float]] = deque()
        """Marked records by their numbers, and the moments at which their files had their names."""

    def begin(self) -> None:
        """Write the first one: something to be opened."""
        self._deliver(0, int(self._begin), marked=True)

    def start(self) -> None:
        """Have the others come."""
        self._thread.start()

    @property
    def runs(self) -> bool:
        """Whether more is to come."""
        return self._thread.is_alive()

    @property
    def expected(self) -> Sums:
        """What has to be found of what has arrived."""
        return Sums(self.written, self.written * (self.written + 1) // 2, self.written)

    def _traffic(self) -> tuple[str, str]:
        """A record, but for what makes it another one each time: what stands before and behind that."""
        chance = self._chance
        near, far = (
            f"10.0.{chance.randrange(3)}.{chance.randrange(1, 60)}",
            f"203.0.113.{chance.randrange(250)}",
        )
        ports = f"{chance.randrange(32_768, 60_000)} {chance.choice(_PORTS)} 6"
        before = f"eni-0{chance.randrange(60):016x} {far} {near} {ports}"
        return before, "REJECT" if chance.random() < 0.1 else "ACCEPT"

    def _work(self) -> None:
        began = time.monotonic()
        marks = _EVERY
        for number in range(1, self._files):
            due = began + number / self._rate
            time.sleep(max(0.0, due - time.monotonic()))
            self.latest = max(self.latest, time.monotonic() - due)
            now = int(self._begin + (due - began) * _HASTE)
            is_marked = due - began >= marks
            moment = self._deliver(number, now, marked=is_marked)
            if is_marked:
                marks += _EVERY
                self.marks.append((self._marked, moment))

    def _deliver(self, number: int, now: int, *, marked: bool) -> float:
        """Write a file; the moment at which it had its name."""
        log = _LOGS[number % len(_LOGS)]
        lines = [_HEADER, *self._lines(log, now)]
        if marked:
            self._marked += 1
            flow = f"eni-0{0:016x} {MARKED} {marked_address(self._marked)} {self._marked} 443 6"
            lines.append(self._line(log, flow, "ACCEPT", now))
        packed = gzip.compress("\n".join([*lines, ""]).encode())
        key = log.key(now // DELIVERY_SECONDS * DELIVERY_SECONDS, "log.gz", number + 1)
        path = self._root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{hashlib.sha256(key.encode()).hexdigest()[-8:]}")
        with temporary.open("wb", buffering=0) as file:
            half = len(packed) // 2
            file.write(packed[:half])
            file.write(packed[half:])
        temporary.rename(path)
        moment = time.monotonic()
        self.files += 1
        return moment

    def _lines(self, log: Delivery, now: int) -> list[str]:
        chance, pool = self._chance, self._pool
        begin = chance.randrange(_POOL - self._records)
        return [
            self._line(log, flow, action, now - _AHEAD - place % 240)
            for place, (flow, action) in enumerate(pool[begin : begin + self._records])
        ]

    def _line(self, log: Delivery, flow: str, action: str, start: int) -> str:
        self.written += 1
        traffic = f"{self.written} {self.written * 60}"
        return f"2 {log.account} {flow} {traffic} {start} {start + 59} {action} OK"
