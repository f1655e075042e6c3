"""What a forked command does first; the process that it is forked from loads this, and with it all of flowtui.

Nothing here may compute with polars: the threads that it starts for that do not outlive a fork.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import TYPE_CHECKING

import loaders.formats
import loaders.load
import loaders.overlap
import loaders.store.keeper
import tui.cli
import tui.config
import tui.wording
from query import answer, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

loaders.formats.formats()
parse.parse_query("limit 1")  # builds the parser
LOADED = loaders.load, loaders.overlap, loaders.store.keeper, tui.config, tui.wording, answer


def run(
    arguments: Sequence[str],
    code: str,
    folder: str,
    environment: dict[str, str],
    streams: Sequence[Connection],
    largest_file: int | None,
) -> None:
    """Run a command as if it had been started anew.

    Args:
        arguments: What is said on the command line.
        code: Python that runs before.
        folder: The current directory.
        environment: All variables.
        streams: Its standard input, standard output and standard error.
        largest_file: The bytes beyond which no file may grow.
    """
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    # New ones: those that are there know what the streams of the parent were.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    sys.argv = ["flowtui", *arguments]
    exec(code, {"__name__": "__main__"})
    tui.cli.main()
