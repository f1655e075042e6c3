"""The real command in a real terminal: a journey through the sample logs, and how it begins, rests and ends."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.tmux import Tmux
from tests.tui.conftest import PATIENCE, SAMPLE, WIDE, line

# The first stream of the first group: what Enter, Enter opens.
FLOW_LOG, STREAM = "fl-056fa0c5217708dbd", "eni-07e5f423e988a402f"
STRANGER = "192.0.2.213"
HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"


@pytest.fixture
def tmux():
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    tmux = Tmux()
    yield tmux
    tmux.close()


def rejects_to_port_80():
    """How many there are in the stream, counted with gzip alone."""
    found = 0
    for path in SAMPLE.glob(f"AWSLogs/**/*_{FLOW_LOG}_*.log.gz"):
        names, *rows = (row.split() for row in gzip.decompress(path.read_bytes()).decode().splitlines())
        place = {name: names.index(name) for name in ("interface-id", "dstport", "action")}
        for row in rows:
            found += (row[place["interface-id"]], row[place["dstport"]], row[place["action"]]) == (
                STREAM,
                "80",
                "REJECT",
            )
    return found


def deliver_refused(root):
    """A delivery of the day after, in folders that are not there yet, as ``aws s3 sync`` writes it."""
    start = 1_768_557_600
    rows = [
        line(
            interface_id=STREAM,
            srcaddr=STRANGER,
            dstaddr="10.0.1.10",
            dstport=80,
            action="REJECT",
            start=start + n,
        )
        for n in range(2)
    ]
    folder = root / "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/16"
    folder.mkdir(parents=True)
    name = f"123456789012_vpcflowlogs_us-east-1_{FLOW_LOG}_20260116T1000Z_0123abcd.log.gz"
    (folder / f"{name}.0a1b2c3d").write_bytes(gzip.compress("\n".join([HEADER, *rows, ""]).encode()))
    (folder / f"{name}.0a1b2c3d").rename(folder / name)


def test_a_journey_from_the_shell_to_a_delivery_and_back(tmux, sample):
    tmux.open("env PS1='ready> ' sh")
    tmux.wait_for_text("ready>")
    tmux.write(f"'{sys.executable}' -m tui.cli '{sample}'; echo left with $?")
    tmux.type("Enter")
    tmux.wait_for_text("7 groups, 9 streams")

    # Down: group, stream, records; the record under the cursor is explained.
    tmux.type("Enter")
    tmux.wait_for_text(STREAM)
    tmux.type("Enter")
    tmux.wait_for_text("12,761 of 28k")
    lines = tmux.wait_for_text("from 10.0.1.10:443 to 198.51.100.167:50049 was let")
    assert any(re.match(r"15:58:49 ✓ ACCEPT 10\.0\.1\.10:443 ", row) for row in lines)
    assert any(row.startswith(" source       10.0.1.10:443") for row in lines)

    # A filter leaves what it says, and the title counts what is left.
    tmux.type("/")
    tmux.write("reject and dstPort = 80")
    tmux.wait_for_text("reject and dstPort = 80")
    tmux.type("Enter")
    expected = rejects_to_port_80()
    tmux.wait_for(lambda lines: f"· {expected:,} of" in lines[1], f"{expected:,} records")
    lines = tmux.wait_for_text("10.0.1.10:80 was refused")
    rows = [row for row in lines if re.match(r"\d\d:\d\d:\d\d ", row)]
    assert len(rows) > 5
    assert all(re.match(r"\d\d:\d\d:\d\d ✗ REJECT \S+:\d+ +10\.0\.1\.10:80 +http ", row) for row in rows), (
        rows
    )

    # A delivery appears by itself.
    tmux.type("f")
    tmux.wait_for_text("following")
    assert STRANGER not in "\n".join(tmux.screen())
    deliver_refused(sample)
    lines = tmux.wait_for_text(STRANGER)
    tmux.wait_for(lambda lines: f"· {expected + 2:,} of" in lines[1], "the new count")
    lines = tmux.wait_for_text(f"from {STRANGER}:40000 to 10.0.1.10:80 was refused")
    assert STRANGER in lines[7], "the newest stands first"

    # Leaving gives the terminal back as it was.
    tmux.type("q")
    lines = tmux.wait_for_text("left with 0")
    assert "ready>" in lines[0]
    assert not any("REJECT" in row for row in lines)
    tmux.write("echo typed")
    tmux.type("Enter")
    lines = tmux.wait_for(lambda lines: sum("typed" in row for row in lines) == 2, "an echo of what is typed")


def test_keys_that_come_in_one_burst_all_go_where_they_are_meant(tmux, sample):
    tmux.open(f"'{sys.executable}' -m tui.cli '{sample}'")
    tmux.wait_for_text("7 groups, 9 streams")
    tmux.write("\r\r/reject and dstPort = 80\rjjj\r")
    tmux.wait_for(
        lambda lines: (
            lines[1].startswith("━━ record ") and any("10.0.1.10:80 was refused" in row for row in lines)
        ),
        "an open record",
    )
    tmux.write("\x1b")
    tmux.wait_for(lambda lines: f"· {rejects_to_port_80():,} of" in lines[1], "the filtered records")
    tmux.write("/\x15dstPort = 8080\x7f\x7f and reject\r")
    tmux.wait_for(
        lambda lines: (
            f"· {rejects_to_port_80():,} of" in lines[1]
            and any(row.startswith(" filter dstPort = 80 and reject") for row in lines)
        ),
        "another text for the same records",
    )


def processor_seconds(process):
    """How long a process has run on a processor, where the system tells."""
    path = Path(f"/proc/{process.pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_nothing_is_sent_and_nothing_computed_while_nothing_happens(terminal, sample):
    shell = terminal(sample)
    shell.wait_for("9 streams")
    shell.keys("\r\r")
    shell.wait_for("from first to last")
    for keys in ("", "j"):
        shell.keys(keys)
        shell.quiet(1)
        before = processor_seconds(shell.process)
        assert shell.read(3) == b"", "something moves on a screen where nothing happens"
        assert processor_seconds(shell.process) - before <= 0.15, (
            "5 % of a processor is far too much for nothing"
        )
    shell.keys("q")
    assert shell.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_leave_ends_it_and_restores_the_terminal(terminal, sample, number):
    shell = terminal(sample)
    shell.wait_for("9 streams")
    shell.quiet(0.5)
    shell.process.send_signal(number)
    shell.ended(patience=5)
    assert b"\x1b[?1049l" in shell.sent, "the screen that was there before is back"
    assert "Traceback" not in shell.text


def test_a_lost_terminal_ends_it(terminal, sample):
    shell = terminal(sample)
    shell.wait_for("9 streams")
    shell.hang_up()
    shell.ended(patience=5)


def test_it_can_be_left_while_it_reads(terminal, sample, tmp_path):
    slow = (
        "import sys, time, pathlib, loaders.load as load\n"
        f"load.recognise = lambda file: (pathlib.Path({str(tmp_path / 'begun')!r}).touch(), time.sleep(60))\n"
        "from tui.cli import main\n"
        "main()\n"
    )
    shell = terminal(sample, code=slow)
    shell.wait_for("reading")
    limit = time.monotonic() + PATIENCE
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < limit, "the reading does not begin"
        shell.read(0.05)
    began = time.monotonic()
    shell.keys("q")
    assert shell.ended() == 0
    assert time.monotonic() - began < 5


def test_no_color_sends_no_colour(terminal, sample):
    shell = terminal(sample, env={"NO_COLOR": "1"}, size=WIDE)
    shell.wait_for("9 streams")
    for keys in ("\r\r", "\r", "?", "\x1b", "/dstPort", "\x1b", "p", "\x1b", "\x10"):
        shell.keys(keys)
        shell.quiet(0.3)
    shell.keys("\x1b")
    shell.quiet(0.3)
    shell.keys("q")
    shell.ended()
    styles = {
        int(code)
        for found in re.findall(rb"\x1b\[([0-9;]*)m", shell.sent)
        for code in found.split(b";")
        if code
    }
    assert styles, "there are styles, though"
    coloured = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    assert not styles & coloured, "39 and 49 are the terminal's own"


@pytest.mark.parametrize("theme", ["sixteen", "monochrome"])
def test_themes_of_the_terminal_s_own_colours_send_no_others(terminal, sample, theme):
    shell = terminal(sample, "--theme", theme, size=WIDE, env={"COLORTERM": "truecolor"})
    shell.wait_for("9 streams")
    for keys in ("\r\r", "\r", "?", "\x1b", "p", "\x1b"):
        shell.keys(keys)
        shell.quiet(0.3)
    shell.keys("q")
    shell.ended()
    for found in re.findall(rb"\x1b\[([0-9;]*)m", shell.sent):
        codes = found.split(b";")
        assert b"38" not in codes, found
        assert b"48" not in codes, found


# -- directories that hold nothing to open -------------------------------------------------------------------


def one_sentence(shell):
    """What a person is left with on the terminal: one line, no traceback, no half of a screen."""
    status = shell.ended(patience=8)
    assert "Traceback" not in shell.text
    left = shell.sent.rsplit(b"\x1b[?1049l", 1)[-1].decode()
    left = re.sub(r"\x1b\[[0-9;?<>=]*[A-Za-z]", "", left)
    lines = [row for row in left.replace("\r", "").split("\n") if row]
    assert len(lines) == 1, lines
    assert lines[0].startswith("flowtui: ")
    assert lines[0].endswith((".", "DIRECTORY`."))
    assert status == 1
    return lines[0]


def test_a_missing_directory_is_one_sentence(terminal, tmp_path):
    assert "There is no " in one_sentence(terminal(tmp_path / "nowhere"))


def test_an_empty_directory_is_one_sentence(terminal, tmp_path):
    assert "empty" in one_sentence(terminal(tmp_path))


def test_a_directory_of_empty_directories_is_one_sentence(terminal, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert "empty" in one_sentence(terminal(tmp_path))


def test_a_directory_without_logs_is_one_sentence(terminal, tmp_path):
    (tmp_path / "notes.md").write_text("no flow log at all\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    said = one_sentence(terminal(tmp_path))
    assert "None of the files" in said
    assert "flowtui check" in said


def test_what_is_neither_file_nor_directory_is_one_sentence(terminal):
    assert "neither a directory nor a file" in one_sentence(terminal(os.devnull))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("inside", [False, True], ids=["the directory", "every file in it"])
def test_what_may_not_be_read_is_one_sentence(terminal, logs, inside):
    path = logs.deliver(line()) if inside else logs.root
    path.chmod(0)
    try:
        assert "permission" in one_sentence(terminal(logs.root))
    finally:
        path.chmod(0o755)


def test_a_hostile_name_of_a_missing_directory_is_shown_harmless(terminal, tmp_path):
    said = one_sentence(terminal(tmp_path / "\x1b[31m[/x]"))
    assert "␛[31m[/x]" in said
