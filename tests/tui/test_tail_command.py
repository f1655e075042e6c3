"""``flowtui tail`` in a process of its own: what is delivered comes out, once and whole."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.loaders.files import HEADER, delivery, packed, put, record, text

SOON = 30


class Tail:
    """A running command."""

    def __init__(self, folder, *arguments):
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            command = [sys.executable, "-m", "tui.cli", "tail", *map(str, arguments)]
            self.process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        self.until("it waits", lambda: "Waiting" in self.err.read_text())

    def until(self, what, condition):
        end = time.monotonic() + SOON
        while not condition():
            assert time.monotonic() < end, f"waited in vain until {what}: {self.out.read_text()}"
            assert self.process.poll() is None, self.err.read_text()
            time.sleep(0.02)

    def lines(self, count):
        """What it has printed, once there are so many lines."""
        self.until(f"there are {count} lines", lambda: len(self.out.read_text().splitlines()) >= count)
        return self.out.read_text().splitlines()

    def end(self, number=signal.SIGINT):
        """Stop it; all that it has printed."""
        self.process.send_signal(number)
        assert self.process.wait(SOON) == 0
        return self.out.read_text()


@pytest.fixture
def tail(tmp_path):
    running = []

    def tail(*arguments):
        running.append(Tail(tmp_path, *arguments))
        return running[-1]

    yield tail
    for one in running:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def root(tmp_path):
    put(tmp_path, "logs/app.log", text(HEADER, record(srcport=1)))
    return tmp_path / "logs"


def test_what_comes_is_printed_as_it_was_logged_and_what_was_there_is_not(tail, root):
    running = tail(root)
    put(root, f"2026/01/15/{delivery()}", packed(HEADER, record(srcport=2), record(srcport=3, start=1)))
    with (root / "app.log").open("ab") as log:
        log.write(text(record(srcport=4)))
    lines = running.lines(3)
    assert sorted(line.split(" ", 3)[3] for line in lines) == sorted(
        [record(srcport=2), record(srcport=3, start=1), record(srcport=4)]
    )
    assert running.end() == "\n".join(lines) + "\n"


def test_a_filter_keeps_what_it_is_true_for(tail, root):
    running = tail(root, "reject and :22")
    rows = [record(srcport=5, dstport=22, action="REJECT"), record(dstport=22), record(action="REJECT")]
    put(root, delivery(), packed(HEADER, *rows))
    assert running.lines(1)[0].endswith(rows[0])
    assert len(running.end().splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_json_is_whole_when_it_ends(tail, root, number):
    running = tail(root, "--format", "json")
    put(root, delivery(), packed(HEADER, record(srcport=2), record(srcport=3)))
    running.until("both are there", lambda: running.out.read_text().count('"srcport"') == 2)
    rows = json.loads(running.end(number))
    assert [row["srcport"] for row in rows] == [2, 3]
    assert rows[0]["timestamp"] == "2026-01-15T10:00:00.000Z"
    assert (rows[0]["file"], rows[0]["line"]) == (delivery(), 2)


def test_json_without_a_record_is_an_empty_list(tail, root):
    assert json.loads(tail(root, "--format", "json").end()) == []


def test_ndjson_and_csv_are_whole_line_by_line(tail, root):
    running = tail(root, "--format", "ndjson")
    put(root, delivery(), packed(HEADER, record(srcport=2)))
    assert json.loads(running.lines(1)[0])["srcport"] == 2
    running.end()
    running = tail(root, "--format", "csv")
    put(root, "new.log", text("2026-01-15 10:00:00 =1+1,\x1b[2J"))
    rows = list(csv.reader(running.lines(2)))
    assert rows[0] == ["timestamp", "log_group", "log_stream", "message"]
    assert rows[1][3].startswith("2026-01-15 10:00:00 =1+1,")
    assert "\x1b" not in running.end()


def test_it_ends_quietly_when_nobody_reads_any_more(root):
    command = [sys.executable, "-m", "tui.cli", "tail", str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr.readline() == b"Waiting for new records; Ctrl-C ends it.\n"
    process.stdout.close()
    put(root, delivery(), packed(HEADER, record()))
    assert process.wait(SOON) in {0, 1}
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_path_that_is_not_there_is_named(root, tmp_path):
    command = [sys.executable, "-m", "tui.cli", "tail", str(tmp_path / "nowhere")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "There is no" in found.stderr
    found = subprocess.run(
        [*command[:-1], str(root), "action ="], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2


def test_with_a_directory_that_goes_and_comes_back_it_waits_on(tail, root):
    running = tail(root)
    os.rename(root, root.with_name("away"))
    running.until("it is told", lambda: "There is no" in running.err.read_text())
    put(root, delivery(), packed(HEADER, record(srcport=9)))
    assert running.lines(1)[0].split(" ", 3)[3] == record(srcport=9)
    running.end()
