"""Commands in processes of their own, and file systems of one's own."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.forked import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Many small steps, each of which may be the last one.
SMALL_STEPS = """
import loaders.batch, loaders.load, loaders.store.keeper
loaders.batch._FIRST_BATCH = loaders.batch._LARGEST_BATCH = {batch}
loaders.store.keeper._FEW, loaders.store.keeper._LARGEST = 3, {merged}
"""
WHEN_TOLD = """
import sys
print("ready", flush=True)
sys.stdin.readline()
"""


def small_steps(batch: int = 3000, merged: int = 300) -> str:
    """Code that makes a command work in small steps."""
    return SMALL_STEPS.format(batch=batch, merged=merged)


def flowtui(*arguments: object, status: int | None = 0, largest_file: int | None = None) -> tuple[str, str]:
    """Run a command to its end; what it wrote to standard output and to standard error."""
    return Command(*arguments, largest_file=largest_file).communicate(status)


def answers_of(root: Path, *more: str, **options: Any) -> list[str]:
    """What commands answer about a directory."""
    query = "stats count(*) as n, sum(bytes) as b by srcAddr, action | sort srcAddr, action | limit any"
    asked = (("query", root, query), ("check", root))
    return [flowtui(*one, "--format", "ndjson", *more, status=None, **options)[0] for one in asked]


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody whom modes stop, who root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def mounted(folder: Path, size: str = "64m") -> Iterator[Callable[[str], None]]:
    """Mount a small file system on a folder; gives a function that mounts it again in another way."""
    folder.mkdir(parents=True, exist_ok=True)

    def mount(*arguments: str) -> None:
        done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, check=False)
        if done.returncode:
            raise OSError(done.stderr.decode())

    try:
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    except OSError:
        pytest.skip("mounting is not permitted here")
    try:
        yield lambda how: mount("-o", f"remount,{how}")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
