"""A program in tmux, watched without disturbing it: looked at when tmux tells that something was drawn."""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE = 120.0
# Of what is drawn in one go many pieces are told; it is looked at once it has been quiet for so long.
_PAUSE = 0.01


class Tmux:
    """A tmux server of its own with one window, in its control mode."""

    def __init__(
        self, name: str, command: Sequence[str], size: tuple[int, int], variables: dict[str, str]
    ) -> None:
        """Start a program.

        Args:
            name: The server's name.
            command: The program and its arguments.
            size: Columns and lines.
            variables: All variables of its environment.
        """
        self._server = ["tmux", "-L", name, "-f", os.devnull]
        width, height = map(str, size)
        program = f"exec {shlex.join(command)}"
        self._tmux("new-session", "-d", "-x", width, "-y", height, program, env=variables)
        for option in (("status", "off"), ("window-size", "manual")):
            self._tmux("set-option", "-g", *option)
        self._tmux("resize-window", "-x", width, "-y", height)
        self.pid = int(self._tmux("list-panes", "-F", "#{pane_pid}"))
        """The program's."""
        self._control = subprocess.Popen(
            [*self._server, "-C", "attach-session"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._left, self._drawn = b"", True
        self._answers = 0
        self._answer: list[str] = []
        self._answering: list[str] | None = None
        self.lines: list[str] = []
        """What the screen showed when it was last looked at."""
        while not self._answers:  # attaching is answered too
            self._hear(1.0)

    def _tmux(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [*self._server, *arguments], env=env, check=True, capture_output=True, text=True, timeout=20
        )
        return done.stdout.strip()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        self._ask(f"send-keys -H {keys.hex(' ')}")

    def wait(self, seconds: float) -> bool:
        """Wait until something was drawn, and look at it; whether there was anything in that time."""
        end = time.monotonic() + seconds
        while not self._drawn:
            left = end - time.monotonic()
            if left <= 0 or not self._hear(left):
                return False
        self._drawn = False
        while self._hear(_PAUSE) and time.monotonic() < end:
            pass
        self._drawn = False
        self.lines = self._ask("capture-pane -p")
        return True

    def until(self, seen: Callable[[str], bool], what: str, patience: float = _PATIENCE) -> float:
        """Wait until the text on the screen is as wanted; the moment when it was.

        Raises:
            TimeoutError: It does not come.
        """
        end = time.monotonic() + patience
        while not seen("\n".join(self.lines)):
            if time.monotonic() > end:
                raise TimeoutError(f"{what} did not come; there is\n" + "\n".join(self.lines))
            self.wait(0.5)
        return time.monotonic()

    def _ask(self, command: str) -> list[str]:
        """Give a command; the lines of its answer."""
        before = self._answers
        assert self._control.stdin is not None
        self._control.stdin.write(f"{command}\n".encode())
        self._control.stdin.flush()
        while self._answers == before:
            if not self._hear(_PATIENCE):
                raise TimeoutError(f"tmux does not answer to {command!r}")
        return self._answer

    def _hear(self, seconds: float) -> bool:
        """Take what tmux tells within a time; whether it was anything."""
        assert self._control.stdout is not None
        if not select.select([self._control.stdout], [], [], max(seconds, 0))[0]:
            return False
        piece = os.read(self._control.stdout.fileno(), 1 << 16)
        if not piece:
            raise EOFError("tmux has ended, and with it the program")
        *lines, self._left = (self._left + piece).split(b"\n")
        for line in lines:
            self._take(line.rstrip(b"\r"))
        return True

    def _take(self, line: bytes) -> None:
        if self._answering is None:
            if line.startswith(b"%begin "):
                self._answering = []
            elif line.startswith(b"%output "):
                self._drawn = True
        elif line.startswith((b"%end ", b"%error ")):
            self._answer, self._answering = self._answering, None
            self._answers += 1
        else:
            self._answering.append(line.decode(errors="replace"))

    def close(self) -> None:
        """End the program and the server."""
        with suppress(subprocess.SubprocessError):
            self._tmux("kill-server")
        self._control.terminate()
        self._control.wait()
