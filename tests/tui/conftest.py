"""What the tests of the explorer share: flow logs made to order, an app on them, ways to wait, a pty of one's own."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import fcntl
import gzip
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.style import Style
from textual.events import Key
from textual.keys import _character_to_key

from query.scope import Scope
from tui.app import FlowtuiApp

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from tui.screens.explorer import ExplorerScreen

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "sample_logs"
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
)
# 2026-01-15 10:00:00 UTC
BEGIN = 1_768_471_200
GROUP = "123456789012/us-east-1/fl-0123456789abcdef0"
ENI = "eni-0123456789abcdef0"
NARROW, WIDE = (80, 24), (160, 48)
PATIENCE = 20.0

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b\[[0-9;?<>=$]*[ -/]*[@-~]|\x1b[@-Z\\-_=>()][0-9A-B]?"
)
# What must never reach a terminal: C0, DEL, C1, lone surrogates, and what turns text around or hides in it.
HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


# -- flow logs made to order ---------------------------------------------------------------------------------


def line(**fields):
    """A line of a default flow log; name only what matters: ``line(srcaddr="10.0.0.7", action="REJECT")``."""
    start = fields.pop("start", BEGIN)
    values = {
        "version": 2,
        "account_id": "123456789012",
        "interface_id": ENI,
        "srcaddr": "10.0.0.1",
        "dstaddr": "10.0.1.10",
        "srcport": 40000,
        "dstport": 443,
        "protocol": 6,
        "packets": 10,
        "bytes": 1000,
        "start": start,
        "end": start + 10,
        "action": "ACCEPT",
        "log_status": "OK",
    }
    assert fields.keys() <= values.keys()
    return " ".join(str(value) for value in (values | fields).values())


class Logs:
    """A directory as ``aws s3 sync`` leaves it, filled file by file."""

    def __init__(self, root):
        self.root = root
        self.delivered = 0

    def deliver(self, *lines, header=HEADER, end=BEGIN + 300, name=None, flow_log="fl-0123456789abcdef0"):
        """Write one .log.gz below its day's folder (or as ``name``), whole at once, as a rename does."""
        moment = datetime.fromtimestamp(end, UTC)
        self.delivered += 1
        account, service, region = "123456789012", "vpcflowlogs", "us-east-1"
        default = (
            f"AWSLogs/{account}/{service}/{region}/{moment:%Y/%m/%d}/"
            f"{account}_{service}_{region}_{flow_log}_{moment:%Y%m%dT%H%MZ}_{self.delivered:08x}.log.gz"
        )
        path = Path(os.fsdecode(os.path.join(os.fsencode(self.root), os.fsencode(name or default))))
        path.parent.mkdir(parents=True, exist_ok=True)
        return self.write(path, *lines, header=header)

    @staticmethod
    def write(path, *lines, header=HEADER):
        """Write lines (text or bytes) under a header, whole at once; plain text unless it ends in .gz."""
        parts = [part if isinstance(part, bytes) else part.encode() for part in (header, *lines)]
        data = b"\n".join([*parts, b""])
        temporary = path.with_name("0.part.0123abcd")
        temporary.write_bytes(gzip.compress(data, 1) if path.name.endswith(".gz") else data)
        os.rename(temporary, path)
        return path


@pytest.fixture
def folder(tmp_path_factory):
    """An empty directory whose path, which is on the screen, holds no word of the test's name."""
    return tmp_path_factory.mktemp("x")


@pytest.fixture
def logs(folder):
    """An empty directory for flow logs."""
    root = folder / "logs"
    root.mkdir()
    return Logs(root)


@pytest.fixture
def two_streams(logs):
    """Two groups; the first has two streams and ten records, two of them refused; newest first: s9 … s0."""
    second = "eni-0fedcba9876543210"
    logs.deliver(
        *(
            line(
                srcaddr=f"10.0.0.{number}",
                srcport=50_000 + number,
                dstport=80 if number in (3, 6) else 443,
                action="REJECT" if number in (3, 6) else "ACCEPT",
                packets=number + 1,
                bytes=(number * 7 % 10 + 1) * 100,
                start=BEGIN + number,
                interface_id=second if number < 4 else ENI,
            )
            for number in range(10)
        )
    )
    logs.deliver(line(srcaddr="10.9.9.9", start=BEGIN - 60), flow_log="fl-0fffffffffffffff0")
    return logs


@pytest.fixture
def sample(folder):
    """A copy of sample_logs whose files all have one age, so that they are read in one order everywhere."""
    copy = folder / "sample_logs"
    shutil.copytree(SAMPLE, copy)
    for path in copy.rglob("*"):
        os.utime(path, (BEGIN + 21_600, BEGIN + 21_600))
    return copy


@pytest.fixture
def utc(monkeypatch):
    """The local time is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# -- the app, and waiting for it -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _nobody_s_wishes(monkeypatch, tmp_path_factory):
    """The terminal and the settings of whoever runs the tests decide nothing."""
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(autouse=True)
def _signals_as_they_were():
    """The app takes these for itself."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _short_naps(monkeypatch):
    """A pilot naps between keys until the process is idle; here what is waited for is always a state."""
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.004)
    monkeypatch.setattr("tui.screens.explorer._REST", 0.01)


def explorer_on(*roots, following=False, theme=None, keys=None, **scope):
    """An app that is about to open some paths."""
    named = [str(root.root if isinstance(root, Logs) else root) for root in roots]
    return FlowtuiApp(named, Scope(**scope), following=following, theme=theme, keys=keys)


async def until(what, condition, *, patience=PATIENCE):
    """Wait until a condition holds; ``what`` says which, or is called to say what it was that lacked."""
    __tracebackhide__ = True
    limit = time.monotonic() + patience
    while not condition():
        if time.monotonic() > limit:
            faulthandler.dump_traceback(sys.__stderr__)  # a thread that hangs is the likeliest reason
            raise AssertionError(f"waited {patience:g} s in vain until {what() if callable(what) else what}")
        await asyncio.sleep(0.01)


async def seen(app, words):
    """Wait until words are on the screen, in one line or over several."""
    __tracebackhide__ = True

    def is_there():
        text = screen_text(app)
        return words in text or words in " ".join(text.split())

    await until(lambda: f"{words!r} is on the screen:\n{screen_text(app)}", is_there)


async def unseen(app, words):
    """Wait until words are not on the screen any more."""
    __tracebackhide__ = True
    await until(lambda: f"{words!r} is gone:\n{screen_text(app)}", lambda: words not in screen_text(app))


def _yet_to_come(explorer: ExplorerScreen) -> str:
    """What the screen still lacks of what its state says; nothing when it is all there."""
    if not explorer.is_mounted:
        return "the screen"
    state, table = explorer.state, explorer.records
    dataset, view = state.dataset, state.view
    if dataset is None or dataset.progress is not None:
        return "the files"
    if view is None or view.dataset is not dataset or view.scope != state.scope or not view.complete:
        return "the view"
    if getattr(table.source, "view", None) is not view:
        return "the view in the table"
    groups = getattr(explorer.groups.source, "groups", {})
    counted = sum(stream["records"] for streams in groups.values() for stream in streams)
    if not (state.scope.since or state.scope.until) and counted != dataset.height:
        return f"the counts of the groups ({counted} of {dataset.height})"
    last = min(table.top + table.page, view.height) - 1
    if view.height and (table.row is None or table._row_at(last) is None):
        return f"rows {table.top} to {last}: here are {len(table._rows)} from {table._offset}, asked {table._asked}"
    if view.height and table._stale:
        return "the new rows on the screen"
    if dataset.height and state.delivered is None:
        return "the last delivery"
    return _bars_yet_to_come(explorer)


def _bars_yet_to_come(explorer: ExplorerScreen) -> str:
    """What the bars over time still lack, where there is room for them."""
    bars = explorer.bars
    if not bars.size.width or explorer.has_class("-barless"):
        return ""
    lanes = explorer._workers._timing, bars._lane
    if any(lane._waiting is not None or lane._idle != lane._threads for lane in lanes):
        return "an idle lane for the bars"
    if explorer._counted[0] != (explorer.state.scope, bars.room):
        return f"bars for {explorer.state.scope}, {bars.room}: they were counted for {explorer._counted[0]}"
    shown = bars.shown
    if shown is not None and shown.timeline.scope != explorer.state.scope:
        return "the bars of this scope"
    return "" if shown is None or bars.chart is shown.chart else "the chart in the bars"


def _is_drawn(explorer: ExplorerScreen) -> bool:
    """Whether every line of the tables that is on the screen is the one that would be drawn now."""
    if explorer.app.screen is not explorer or explorer.size.width < 40 or explorer.size.height < 12:
        return True  # covered, or too small for all of it
    drawn = strips(explorer.app)
    for table in (explorer.groups, explorer.records):
        region = table.scrollable_content_region
        for y in range(region.height):
            if region.y + y >= len(drawn):
                return False
            if drawn[region.y + y].crop(region.x, region.right).text != table.render_line(y).text:
                return False
    return True


async def settled(pilot: Pilot) -> ExplorerScreen:
    """Wait until everything is read, and the tables show what the state says."""
    explorer = pilot.app.explorer
    for _ in range(2):
        await until(lambda: f"the screen has {_yet_to_come(explorer)}", lambda: not _yet_to_come(explorer))
        await pilot.pause()
    await until("no line on the screen is out of date", lambda: _is_drawn(explorer))
    return explorer


async def quoted(pilot: Pilot) -> ExplorerScreen:
    """Wait until the record pane quotes the raw line too: that is fetched once the cursor rests."""
    explorer = await settled(pilot)
    await until("the raw line is quoted", lambda: explorer.record._raw)
    return await settled(pilot)


async def press(pilot: Pilot, *keys: str) -> ExplorerScreen:
    """Press keys one after the other, and wait until the screen shows what came of each."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return pilot.app.explorer


def burst(app, *keys: str) -> None:
    """Press keys as they come over a slow line: all at once."""
    for key in keys:
        app.post_message(Key(_character_to_key(key), key) if len(key) == 1 else Key(key, None))


async def written(pilot: Pilot, text: str, *keys: str) -> None:
    """Type a text into what has the focus, after some keys; each key of it need not be waited for."""
    burst(pilot.app, *keys, *text)
    await until(f"{text!r} is there", lambda: _typed(pilot.app.focused) == text)
    await pilot.pause()


def _typed(widget) -> str | None:
    """What has been typed into a line or an editor."""
    return getattr(widget, "value", getattr(widget, "text", None))


async def enter_filter(pilot: Pilot, text: str) -> ExplorerScreen:
    """Replace the filter, as by typing."""
    await type_filter(pilot, text)
    return await press(pilot, "enter")


async def type_filter(pilot: Pilot, text: str) -> None:
    """Replace the filter's text, but do not press Enter."""
    await pilot.press("slash")
    await written(pilot, text, "ctrl+a", "ctrl+k")


async def in_records(pilot: Pilot) -> ExplorerScreen:
    """Put the focus on the records, whatever the width."""
    explorer = await settled(pilot)
    explorer.records.focus()
    await pilot.pause()
    return await settled(pilot)


# -- reading the screen --------------------------------------------------------------------------------------


def strips(app):
    """The lines of the screen as they are about to be drawn."""
    return app.screen._compositor.render_strips()


def picture(app) -> list[str]:
    """The lines of the screen as text."""
    return [strip.text for strip in strips(app)]


def screen_text(app) -> str:
    """The whole screen as text."""
    return "\n".join(picture(app))


def lines_in(app, widget) -> list[str]:
    """The lines that a widget shows, without its scroll bar and the blanks around them."""
    region = widget.scrollable_content_region
    return [
        strip.crop(region.x, region.right).text.strip() for strip in strips(app)[region.y : region.bottom]
    ]


def styles_of(app, text: str) -> list[Style]:
    """The styles of the pieces of the screen that hold a text."""
    return [
        segment.style or Style.null() for strip in strips(app) for segment in strip if text in segment.text
    ]


def title(app, pane: str) -> str:
    """The line above a pane, without its rules."""
    return str(app.screen.query_one(f"#{pane}-title").render()).strip("━─ ")


def sources(explorer: ExplorerScreen) -> list[str]:
    """The source addresses of the records on screen, from the top."""
    table = explorer.records
    rows = [table._row_at(number) for number in range(table.top, table.top + table.page)]
    return [row.record["srcaddr"] for row in rows if row is not None]


# -- a terminal of one's own ---------------------------------------------------------------------------------


class Terminal:
    """A pseudo-terminal in which a command runs; keeps every byte that the command sends."""

    def __init__(self, *command, size=NARROW, env=None):
        self.sent = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=REPOSITORY,
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    @property
    def text(self) -> str:
        """What was sent, without its escape sequences."""
        return _ESCAPES.sub("", self.sent.decode("utf-8", "replace"))

    def read(self, seconds: float) -> bytes:
        """Keep and give back what comes within some seconds; stops at the first piece, or when it is closed."""
        if self._master is None or not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            piece = os.read(self._master, 1 << 16)
        except OSError:  # the other end is closed
            piece = b""
        if not piece:
            self.hang_up()
        self.sent += piece
        return piece

    def wait_for(self, text: str, patience=PATIENCE) -> None:
        """Wait until a text has been sent."""
        limit = time.monotonic() + patience
        while text not in self.text:
            if self.read(0.1) == b"" and (self._master is None or time.monotonic() > limit):
                pytest.fail(f"{text!r} did not come; the terminal shows {self.text[-2000:]!r}")

    def quiet(self, seconds: float, patience=PATIENCE) -> None:
        """Wait until nothing has come for some seconds."""
        limit = time.monotonic() + patience
        while self.read(seconds):
            assert time.monotonic() < limit, "the terminal does not fall silent"

    def keys(self, typed: str) -> None:
        """Type."""
        os.write(self._master, typed.encode())

    def ended(self, patience=PATIENCE) -> int:
        """Wait until the command has ended; its exit status."""
        limit = time.monotonic() + patience
        while self.process.poll() is None:
            if time.monotonic() > limit:
                pytest.fail(f"the command did not end within {patience:g} s")
            if self._master is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.05)
            else:
                self.read(0.05)
        while self._master is not None and self.read(0.05):
            pass
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal, as a lost SSH session does."""
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def close(self) -> None:
        """End the command and close."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.hang_up()


@pytest.fixture
def terminal():
    """Opens terminals and closes them at the end: ``terminal("groups", path)`` runs flowtui in one."""
    opened = []

    def start(*arguments, code=None, **options):
        program = ("-c", code) if code else ("-m", "tui.cli")
        opened.append(Terminal(sys.executable, *program, *map(str, arguments), **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
