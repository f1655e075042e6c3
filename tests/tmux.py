"""A tmux server of a test's own: the real command in a real terminal, of which the screen is read."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import count
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PATIENCE = 20.0
_NUMBERS = count()


class Tmux:
    """A tmux server of its own, with one window of 80 by 24."""

    def __init__(self):
        name = f"flowtui-test-{os.getpid()}-{next(_NUMBERS)}"
        self.server = ["tmux", "-L", name, "-f", os.devnull]

    def run(self, *arguments):
        done = subprocess.run(
            [*self.server, *arguments], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def open(self, command):
        self.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(REPOSITORY), command)

    @property
    def pid(self):
        """The process that the window was opened with."""
        return int(self.run("list-panes", "-F", "#{pane_pid}"))

    def type(self, *keys):
        self.run("send-keys", *keys)

    def write(self, text):
        self.run("send-keys", "-l", text)

    def screen(self):
        return self.run("capture-pane", "-p").split("\n")[:24]

    def wait_for(self, condition, what):
        """Poll the screen until a condition on its lines holds; the lines."""
        limit = time.monotonic() + PATIENCE
        while not condition(lines := self.screen()):
            if time.monotonic() > limit:
                pytest.fail(f"{what} did not come; the screen shows\n" + "\n".join(lines))
            time.sleep(0.05)
        return lines

    def wait_for_text(self, text):
        return self.wait_for(lambda lines: text in "\n".join(lines), repr(text))

    def close(self):
        """End the server, and with it what runs in it."""
        subprocess.run([*self.server, "kill-server"], capture_output=True, timeout=20, check=False)
