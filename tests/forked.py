"""Commands in processes of their own, forked from one in which all of flowtui is loaded.

Starting Python and loading polars takes several times as long as the work of most commands that are tested.
That they start by themselves is tested in ``tests/tui/test_cli.py`` and ``test_store_command.py``.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.warm import run

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

REPOSITORY = Path(__file__).resolve().parents[1]
PATIENCE = 60
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([run.__module__])


class Command:
    """A command in a process of its own, which is forked from one that has loaded all that commands need.

    Its code can be told to wait (``WHEN_TOLD``), so that what is measured or interrupted is its work and not
    its start.
    """

    def __init__(self, *arguments: object, code: str = "", largest_file: int | None = None) -> None:
        (stdin, self._stdin), (self._stdout, stdout), (self._stderr, stderr) = (
            _FORKING.Pipe(duplex=False) for _ in range(3)
        )
        given = stdin, stdout, stderr
        told = [*map(str, arguments)], code, str(REPOSITORY), dict(os.environ), given, largest_file
        self._process = _FORKING.Process(target=run, args=told)
        self._process.start()
        for stream in given:
            stream.close()

    def ready(self) -> Command:
        """Wait until it is ready to begin."""
        assert os.read(self._stdout.fileno(), 6) == b"ready\n"
        return self

    def go(self) -> None:
        """Let it begin."""
        os.write(self._stdin.fileno(), b"go\n")

    def kill(self) -> int:
        """Kill it as the kernel does; its exit status, which is another one where it had ended before."""
        self._process.kill()
        self.communicate()
        return self._process.exitcode

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def communicate(self, status: int | None = None) -> tuple[str, str]:
        """Wait for its end; what it wrote to standard output and to standard error."""
        out, err = self.bytes(status)
        return out.decode(), err

    def bytes(self, status: int | None = None) -> tuple[bytes, str]:
        """The same, of what is written to standard output as bytes."""
        self._stdin.close()
        with ThreadPoolExecutor(2) as both:
            ends = [both.submit(_rest_of, stream) for stream in (self._stdout, self._stderr)]
            self._process.join(PATIENCE)
            late = self._process.exitcode is None
            self._process.kill()
        assert not late, "it does not end"
        out, err = ends[0].result(), ends[1].result().decode()
        assert "Traceback" not in err, err
        assert "Exception" not in err, err
        assert status in {None, self._process.exitcode}, err
        return out, err


def _rest_of(stream: Connection) -> bytes:
    """All that still comes through a pipe."""
    with stream, open(stream.fileno(), "rb", closefd=False) as file:
        return file.read()
