"""Let deliveries come while the explorer follows them in tmux: how late they are seen, and what it costs.

    python bench/soak.py [--minutes 30] [--rate 20] [--records 100] [--json FILE]

Every two seconds a delivery has one more record, which is the newest of all. The delay is the time from the
rename of that file to the picture that shows the record, in turn a minute among the records and a minute in a
dashboard. tmux tells when something was drawn, so nothing is looked at while nothing happens. When the last
delivery has come the explorer itself has to say how many records there are, all of them different, and so has
``flowtui query`` without a store.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from arriving import WINDOW, Arriving, Sums
from measure import FLOWTUI, Bench, say
from multiplexer import Tmux
from report import Row, as_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIZE = (80, 24)
_SAMPLED, _TURN = 10.0, 60.0
# What settles in the first minutes is no leak.
_WARM = 180.0
# What came last goes to the store within half a minute; only then nothing is left to be done.
_REST, _IDLE = 60.0, 180.0
_ESCAPE, _TAB, _ENTER, _EMPTIED = b"\x1b", b"\t", b"\r", b"\x01\x0b"
_MARK = re.compile(r"\b198\.18\.(\d+)\.(\d+)\b")
_QUERY = "stats count(*) as n, sum(packets) as s, count_distinct(packets) as d"
_DASHBOARD = """title = "Soak"
[[tile]]
title = "Newest"
query = 'filter srcAddr = "192.0.2.77" | stats max(srcPort) as n by dstAddr | sort n desc | limit 4'
[[tile]]
title = "Records"
kind = "number"
query = "stats count(*) as n"
[[tile]]
title = "Rejects"
kind = "timeline"
query = 'filter action = "REJECT"'
width = 2
[[tile]]
title = "Ports"
query = "stats sum(bytes) as bytes by dstPort | sort bytes desc | limit 5"
"""


@dataclass(slots=True)
class Series:
    """What was measured along the way.

    Attributes:
        delays: Of each marked record the second of the soak, what the screen showed, and the ms until it was
            there too.
        memory: Seconds of the soak, and MB that were resident then.
        processor: Seconds of the soak, and the processor's seconds that were used by then.
    """

    delays: list[tuple[float, str, float]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    processor: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of it.

    Attributes:
        series: What was measured along the way.
        files: How many deliveries came.
        late: By how many seconds the latest of them came behind its time: the machine's own trouble.
        unseen: Marked records that were never seen.
        behind: Seconds from the last delivery until all were counted on the screen.
        idle: Seconds of the processor that were used in a second, once nothing was left to be done.
        written: What came.
        shown: What the explorer says of it.
        queried: What a query without a store says of it.
    """

    series: Series
    files: int
    late: float
    unseen: int
    behind: float
    idle: float
    written: Sums
    shown: Sums
    queried: Sums


def processor_seconds(pid: int) -> float:
    """The processor's time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """The memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Soak:
    """An explorer, and deliveries that come."""

    def __init__(self, screen: Tmux, arriving: Arriving) -> None:
        """Begin nothing."""
        self._screen, self._arriving = screen, arriving
        self._waited: dict[int, float] = {}
        self._shows = "records"
        self.series = Series()

    def follow(self) -> None:
        """Watch until all have come and all marked records were seen, or do not come any more."""
        began = time.monotonic()
        sampled, turned = began, began + _TURN
        self._arriving.start()
        end = None
        while self._arriving.runs or self._arriving.marks or self._waited:
            now = time.monotonic()
            if not self._arriving.runs:
                end = end or now + _TURN
                if now > end:
                    break
            if now >= sampled:
                self._sample(now - began)
                sampled += _SAMPLED
            if now >= turned and not self._waited and self._arriving.runs:
                self._turn()
                turned += _TURN
            self._screen.wait(0.1)
            self._see(began)

    def _sample(self, second: float) -> None:
        pid = self._screen.pid
        self.series.memory.append((second, resident_mb(pid)))
        self.series.processor.append((second, processor_seconds(pid)))

    def _see(self, began: float) -> None:
        """Note what marked records are on the screen now."""
        seen = time.monotonic()
        while self._arriving.marks:
            number, moment = self._arriving.marks.popleft()
            self._waited[number] = moment
        there = {int(a) << 8 | int(b) for a, b in _MARK.findall("\n".join(self._screen.lines))}
        for number in there & self._waited.keys():
            moment = self._waited.pop(number)
            self.series.delays.append((moment - began, self._shows, (seen - moment) * 1000))

    def _turn(self) -> None:
        """Go from the records to the dashboard, or back."""
        if self._shows == "records":
            self._screen.type(b"D")
            self._screen.until(lambda text: "━ Newest ━" in text or "─ Newest ─" in text, "the dashboard")
            self._shows = "dashboard"
        else:
            self.leave_dashboard()

    def leave_dashboard(self) -> None:
        """Go to the records."""
        if self._shows == "dashboard":
            self._screen.type(_ESCAPE)
            self._screen.until(lambda text: "━ records " in text, "the records")
            self._shows = "records"

    @property
    def unseen(self) -> int:
        """How many marked records have not been seen."""
        return len(self._waited)


def open_explorer(bench: Bench, root: Path) -> Tmux:
    """Open the explorer on a directory, in its records, with a filter."""
    dashboard = bench.folder / "soak.toml"
    dashboard.write_text(_DASHBOARD, encoding="utf-8")
    command = [*FLOWTUI, str(root), "--follow", "--filter", WINDOW, "--dashboard", str(dashboard)]
    screen = Tmux(f"flowtui-soak-{os.getpid()}", command, _SIZE, bench.usual)
    try:
        screen.until(lambda text: "━ Newest ━" in text or "─ Newest ─" in text, "the dashboard")
        screen.type(_ESCAPE)
        screen.until(lambda text: "groups ·" in text, "the groups")
        screen.type(_TAB)
        screen.until(lambda text: "records ·" in text, "the records")
    except BaseException:
        screen.close()
        raise
    return screen


def shown_sums(screen: Tmux, wanted: Sums) -> tuple[float, Sums]:
    """Wait until all are counted without a filter, and ask for their sums: the moment, and what it says."""
    screen.type(b"/" + _EMPTIED + _ENTER)
    counted = f"records · {wanted.records:,} "
    try:
        moment = screen.until(lambda text: counted in text, counted)
    except TimeoutError as error:
        say(str(error))
        moment = float("nan")
    screen.type(b";")
    screen.until(lambda text: " query " in text, "the query")
    screen.type(_QUERY.encode() + _ENTER)
    answer = re.compile(r"^ +n +s +d *\n *(\d+) +(\d+) +(\d+) *$", re.MULTILINE)
    screen.until(lambda text: answer.search(text) is not None, "the answer to the query")
    found = answer.search("\n".join(screen.lines))
    assert found is not None
    screen.type(_ESCAPE)
    screen.until(lambda text: "records ·" in text, "the records")
    return moment, Sums(*map(int, found.groups()))


def queried_sums(root: Path, variables: dict[str, str]) -> Sums:
    """What the command says of a directory, without a store."""
    command = [*FLOWTUI, "query", str(root), _QUERY, "--no-store", "--format", "ndjson"]
    done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
    return Sums(*(int(value) for value in json.loads(done.stdout).values()))


def idle_share(screen: Tmux) -> float:
    """How much of a processor is used while nothing happens."""
    _rest(screen, _REST)
    before, began = processor_seconds(screen.pid), time.monotonic()
    _rest(screen, _IDLE)
    return (processor_seconds(screen.pid) - before) / (time.monotonic() - began)


def _rest(screen: Tmux, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        screen.wait(left)


def soak(bench: Bench, root: Path, *, minutes: float, rate: float, records: int) -> Soaked:
    """Soak."""
    arriving = Arriving(root, seconds=minutes * 60, rate=rate, records=records)
    arriving.begin()
    screen = open_explorer(bench, root)
    try:
        soaking = Soak(screen, arriving)
        say(f"soaking for {minutes:g} minutes")
        soaking.follow()
        last = time.monotonic()
        soaking.leave_dashboard()
        moment, shown = shown_sums(screen, arriving.expected)
        say("resting")
        idle = idle_share(screen)
    finally:
        screen.close()
    say("asking without a store")
    queried = queried_sums(root, bench.usual)
    return Soaked(
        *(soaking.series, arriving.files, arriving.latest, soaking.unseen, moment - last, idle),
        *(arriving.expected, shown, queried),
    )


def rows(soaked: Soaked) -> list[Row]:
    """The table."""
    series, written = soaked.series, soaked.written
    delays = [delay for _, _, delay in series.delays]
    found = [
        Row(
            "rename to visible, median", quantile(delays, 0.5), "ms", bound=500, note=f"{len(delays)} records"
        ),
        Row(
            "rename to visible, p99",
            quantile(delays, 0.99),
            "ms",
            bound=2000,
            note=f"longest {max(delays):.0f} ms",
        ),
    ]
    for name in ("records", "dashboard"):
        some = [delay for _, where, delay in series.delays if where == name]
        if some:
            note = f"p99 {quantile(some, 0.99):.0f} ms"
            found.append(
                Row(f"rename to visible in the {name}, median", quantile(some, 0.5), "ms", note=note)
            )
    least, most = steady(series.memory)
    (begun, used), (ended, used_then) = series.processor[0], series.processor[-1]
    memory = f"{least:.0f} to {most:.0f} MB"
    found += [
        Row(
            "resident memory, from its middle",
            (most - least) / (most + least) * 100,
            "%",
            bound=10,
            note=memory,
        ),
        Row("processor while they come", (used_then - used) / (ended - begun) * 100, "%"),
        Row("processor afterwards, over three minutes", soaked.idle * 100, "%", bound=1),
        Row("last delivery to all counted", soaked.behind, "s", note="with a filter taken away"),
        Row("marked records not seen", soaked.unseen, bound=0, unit=""),
    ]
    for where, sums in (("explorer", soaked.shown), ("query without a store", soaked.queried)):
        note = f"{sums.records:,} of {written.records:,} in {soaked.files:,} files"
        off = abs(sums.records - sums.different) + abs(sums.numbers - written.numbers)
        off += abs(sums.records - written.records)
        found.append(Row(f"records lost or doubled, {where}", off, bound=0, unit="", note=note))
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a share of some values is not above."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def steady(memory: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least and the most memory, once the first minutes are over, or the first half of a short time."""
    warm = min(_WARM, memory[-1][0] / 2)
    some = [resident for second, resident in memory if second >= warm]
    return min(some), max(some)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="deliveries a second")
    parser.add_argument("--records", type=int, default=100, help="records in each of them")
    parser.add_argument(
        "--json", type=Path, help="where the figures go with all that was measured on the way"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowtui-soak-") as temporary:
        root = Path(temporary) / "logs"
        root.mkdir()
        bench = Bench(Path(temporary), 1)
        soaked = soak(bench, root, minutes=given.minutes, rate=given.rate, records=given.records)
    table = rows(soaked)
    print(as_markdown(table), end="")
    if given.json is not None:
        kept = asdict(soaked) | {"rows": [asdict(row) for row in table]}
        given.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    if over := [row.what for row in table if row.verdict == "over"]:
        sys.exit(f"over their bounds: {', '.join(over)}")


if __name__ == "__main__":
    main()
