"""Alarms over live data: they cross, say so once, run their command with the values, and clear."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest

from query.scope import Scope
from tests.tui.conftest import BEGIN, HOSTILE, NARROW, line, picture, settled, until
from tui.app import FlowtuiApp
from tui.dashboards.alarms import Raised, Watch, log_path
from tui.dashboards.definition import read_dashboard

WORDS = ("two words", "it's", '"quoted"', "$(touch hacked)", "; touch hacked", "*")


@pytest.fixture
def script(folder):
    """A command that appends its arguments and what is in its environment to a file."""
    path, told = folder / "tell", folder / "told"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"lines = [repr(sys.argv[1:]), *sorted(f'{{k}}={{v}}' for k, v in os.environ.items() if 'FLOWTUI_' in k)]\n"
        f"open({str(told)!r}, 'a').write('\\n'.join(lines) + '\\n')\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path, told


def dashboard(folder, *, limit="above = 2", command=(), name="rejects", query=None):
    words = ", ".join(
        f'"""{word}"""' if '"' in word and not word.endswith('"') else repr(word) for word in command
    )
    path = folder / "watch.toml"
    query = query or "filter action = 'REJECT' | stats count(*) as n"
    path.write_text(
        f'[[alarm]]\nname = {toml(name)}\nquery = "{query}"\n{limit}\nperiod = "5m"\ncommand = [{words}]\n'
    )
    return read_dashboard(path)


def toml(text):
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"'


def logged():
    path = log_path()
    return path.read_text().splitlines() if path.exists() else []


def rejects(number, start=BEGIN):
    return [line(srcport=40_000 + each, action="REJECT", start=start) for each in range(number)]


async def test_it_crosses_says_so_once_runs_the_command_and_clears(logs, folder, script):
    path, told = script
    logs.deliver(*rejects(2), line())
    alarm = dashboard(folder, command=(str(path), *WORDS))
    app = FlowtuiApp([str(logs.root)], Scope(), dashboard=alarm)
    async with app.run_test(size=(120, 24)) as pilot:
        await settled(pilot)
        await asyncio.sleep(0.3)
        assert not logged()
        assert "alarm" not in picture(app)[0]

        logs.deliver(*rejects(3, BEGIN + 60))
        await until("the screen says so", lambda: "▲ alarm rejects: 5 > 2" in picture(app)[0])
        await until("the command has run", told.exists)
        assert [text.partition(" ")[2] for text in logged()] == ["alarm rejects: 5 > 2"]

        logs.deliver(*rejects(4, BEGIN + 90))
        await until("they are there", lambda: app.explorer.state.dataset.height == 10)
        await settled(pilot)
        await asyncio.sleep(0.3)
        assert len(logged()) == 1, "it is said once"

        logs.deliver(line(start=BEGIN + 3600))
        await until("it has cleared", lambda: "alarm" not in picture(app)[0])
        assert logged()[1].endswith("alarm rejects cleared: 0 is no longer above 2")
    lines = told.read_text().splitlines()
    assert lines[0] == repr(list(WORDS)), "no shell has seen them"
    assert lines[1:] == [
        "FLOWTUI_ALARM=rejects",
        "FLOWTUI_LIMIT=2",
        "FLOWTUI_QUERY=filter action = 'REJECT' | stats count(*) as n",
        "FLOWTUI_SINCE=2026-01-15T09:56:00.001Z",
        "FLOWTUI_UNTIL=2026-01-15T10:01:00.001Z",
        "FLOWTUI_VALUE=5",
    ]
    assert not Path("hacked").exists()


def test_the_real_command_tells_of_an_alarm(terminal, logs, folder, script):
    path, told = script
    logs.deliver(*rejects(9))
    dashboard(folder, command=(str(path),))
    shell = terminal(str(logs.root), "--dashboard", str(folder / "watch.toml"), size=(120, 24))
    shell.wait_for("alarm rejects: 9 > 2")
    shell.wait_for("groups")
    shell.keys("q")
    assert shell.ended() == 0
    assert "FLOWTUI_VALUE=9" in told.read_text()


@pytest.fixture
def dataset(logs):
    from loaders.load import Library

    logs.deliver(*rejects(3), line())
    return Library([str(logs.root)]).read_all()


def watch(dashboard):
    return Watch(dashboard.alarms, log_path())


def test_below_a_limit_and_a_query_without_a_row(folder, dataset):
    nothing = "filter dstPort = 1 | stats sum(bytes) as n by srcAddr"
    (raised,) = watch(dashboard(folder, limit="below = 1", query=nothing)).look(dataset)
    assert raised.value == 0
    assert raised.told() == "alarm rejects: 0 < 1"
    assert not watch(dashboard(folder, limit="below = 3")).look(dataset), "three is not below three"
    assert not watch(dashboard(folder, limit="above = 3")).look(dataset)


@pytest.mark.parametrize(
    ("command", "said"),
    [(("/nowhere/at-all",), "cannot be run"), (("false",), "ended with status 1")],
)
async def test_a_command_that_fails_is_logged_and_nothing_else(folder, dataset, command, said):
    assert watch(dashboard(folder, command=command)).look(dataset)
    await until("it is logged", lambda: any(said in text for text in logged()))
    assert len(logged()) == 2


async def test_a_hostile_name_reaches_neither_the_screen_nor_the_log(logs, folder):
    logs.deliver(*rejects(3))
    alarm = dashboard(folder, name="\x1b]0;owned\x07[/x]\nnext")
    app = FlowtuiApp([str(logs.root)], Scope(), dashboard=alarm)
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await until("the screen says so", lambda: "alarm" in picture(app)[0])
        assert not any(HOSTILE.search(text) for text in picture(app))
    (only,) = logged()
    assert not HOSTILE.search(only)


def test_a_log_that_cannot_be_written_does_not_matter(folder, dataset, monkeypatch):
    (folder / "file").write_text("")
    seen = Watch(dashboard(folder).alarms, folder / "file" / "alarms.log")
    assert [raised.value for raised in seen.look(dataset)] == [3]
    assert seen.raised
    assert not seen.look(dataset), "it has been said"


def test_a_number_that_is_none_raises_nothing(folder):
    (alarm,) = dashboard(folder).alarms
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    assert not Raised(alarm, None, now, now).is_crossed
    assert os.environ.keys().isdisjoint(Raised(alarm, None, now, now).environment())
