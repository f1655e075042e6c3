"""Time queries over a million records: in the query screen as a person meets it, and in the engine alone.

    python bench/queries.py [DIR] [--records 1000000] [--size 80x24] [--runs 5]

Without DIR the records are generated into a temporary directory. For the screen, the real command runs in a
terminal of its own: the query is typed, and the time is from Enter to the line that says how many rows came.
For the engine it is that of ``query.answer.answer`` over records in memory. Printed are medians.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time

from explorer import PATIENCE, Terminal, measured

from loaders.load import Library
from query.answer import answer
from query.parse import parse_query
from query.pieces import PILES
from query.scope import Scope

ON_SCREEN = (
    'filter action = "REJECT" and dstPort = 22',
    'filter action = "REJECT" | stats count(*) as n by srcAddr | sort n desc | limit 20',
)
QUERIES = (
    *ON_SCREEN,
    'filter isIpv4InSubnet(srcAddr, "10.0.0.0/8") | stats sum(bytes) as b by dstAddr | sort b desc',
    "stats sum(bytes) by bin(5m), action",
    "stats pct(bytes, 95), avg(bytes), stddev(bytes) by interfaceId",
    "stats count_distinct(dstAddr) by srcAddr",
    "stats count(*) by srcAddr, dstAddr, srcPort, dstPort",
    "fields @timestamp, srcAddr, dstAddr | sort bytes desc | dedup srcAddr | limit 20",
    "filter @message like /eni-.*443/ | limit 20",
    "parse @message /(?<n>eni-.*?) / | stats count(*) by n",
    "sort srcAddr | limit 20",
    "pattern @message",
)
# From the result back to the text, all of which is selected, so that typing replaces it; in the text an `e`
# more is harmless.
CLEAR = b"e\x1b[18~"
_DONE = re.compile(rb"[0-9,]+ rows?.* ms|[0-9,]+ rows?.* s\b")


def on_screen(terminal: Terminal, text: str) -> float:
    """Type a query over the one before; the ms from Enter to the line that tells its rows."""
    terminal.settle()
    terminal.type(CLEAR + text.encode())
    terminal.settle()
    terminal.written = b""
    pressed = time.perf_counter()
    terminal.type(b"\r")
    while not _DONE.search(terminal.written) and time.perf_counter() < pressed + PATIENCE:
        terminal.read(0.005)
    return (time.perf_counter() - pressed) * 1000


def typing(terminal: Terminal, text: str) -> float:
    """Type a query at 20 keys a second; the longest ms from a key to what it changes on the screen."""
    longest = 0.0
    for key in text:
        pressed = time.perf_counter()
        terminal.type(key.encode())
        terminal.read(1.0)
        longest = max(longest, (time.perf_counter() - pressed) * 1000)
        time.sleep(max(0.0, 0.05 - (time.perf_counter() - pressed)))
    return longest


def main() -> None:
    """Run from the command line."""
    with measured(__doc__ or "") as (folder, size, runs):
        terminal = Terminal([sys.executable, "-m", "tui.cli", str(folder)], *size)
        try:
            terminal.until("groups")
            terminal.until("reading", gone=True)
            print(f"terminal {size[0]}x{size[1]}, {os.cpu_count()} cores")
            terminal.type(b";")
            terminal.settle()
            # In turn: a line that says the same as the one before is not painted again.
            rounds = [[on_screen(terminal, text) for text in ON_SCREEN] for _ in range(runs)]
            for text, *took in zip(ON_SCREEN, *rounds, strict=True):
                print(f"{statistics.median(took):7.0f} ms  Enter to the result: {text}")
            terminal.type(CLEAR + b"\x7f")
            terminal.settle()
            print(f"{typing(terminal, ON_SCREEN[1]):7.0f} ms  typing it, longest from key to picture")
        finally:
            terminal.close()
        dataset = Library((str(folder),)).read_all()
        print(f"in the engine, {dataset.height:,} records")
        for text in QUERIES:
            query = parse_query(text)
            took = []
            for _ in range(runs):
                PILES.clear()  # asked for the first time, each time
                took.append(answer(dataset, query, Scope()).seconds * 1000)
            print(f"{statistics.median(took):7.0f} ms  {text}")


if __name__ == "__main__":
    main()
