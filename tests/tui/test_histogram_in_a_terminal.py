"""The bars over time of the real command in a terminal of its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tests.tui.conftest import BEGIN, NARROW, PATIENCE
from tests.tui.test_histogram import ROWS, SIZES, lines


@SIZES
def test_a_range_is_brushed_in_a_real_terminal_and_little_is_sent_for_a_step(terminal, logs, size):
    logs.deliver(*lines())
    tty = terminal(logs.root, size=size)

    def after(keys, *texts):
        """Type; wait until all texts have been sent since then, and nothing more comes."""
        begin, limit = len(tty.text), time.monotonic() + PATIENCE
        tty.keys(keys)
        while not all(text in tty.text[begin:] for text in texts):
            tty.read(0.1)
            assert time.monotonic() < limit, (texts, tty.text[begin:])
        tty.quiet(0.3)

    tty.wait_for("quit")
    tty.quiet(0.3)
    after("b", "✗ REJECT", "✓ ACCEPT")
    step = 20 if size == NARROW else 12
    inside = [row for row in ROWS if 3 * step <= row[0] < 9 * step]
    after("\x1b[H", "10:00")
    after("\x1b[C" * 3 + " " + "\x1b[C" * 5, "▲━━━━", "━▲")
    since, ends = (datetime.fromtimestamp(BEGIN + number * step, UTC) for number in (3, 9))
    clock = "%H:%M" if not (since.second or ends.second) else "%H:%M:%S"
    chip = f"2026-01-15 {since.strftime(clock)}–{ends.strftime(clock)} UTC"
    after("\r", chip, f"{len(inside)} of {len(ROWS)}", inside[-1][1])
    after("[", f" {len(ROWS)} ")

    after("b", "total")
    before = len(tty.sent)
    after("\x1b[D", "▲")
    assert 0 < len(tty.sent) - before <= 1500, "it goes over a slow line"
    tty.keys("q")
    assert tty.ended() == 0
