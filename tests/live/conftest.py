"""What the tests of following share: deliveries, readers that are stopped, terminals that are closed."""

from __future__ import annotations

import shutil

import pytest

from loaders import live, watch
from tests.live.traffic import Reader, Source
from tests.tmux import Tmux

# The app needs the same surroundings here as in its own tests.
from tests.tui.conftest import (  # noqa: F401
    _nobody_s_wishes,
    _short_naps,
    _signals_as_they_were,
    folder,
)


@pytest.fixture
def source(folder):  # noqa: F811
    """A directory in which one delivery lies already."""
    source = Source(folder / "logs")
    source.deliver()
    return source


@pytest.fixture
def in_a_hurry(monkeypatch):
    """A follower looks sooner, and more often, and keeps sooner what it has read."""
    monkeypatch.setattr(watch, "_WAKE_MS", 200)
    monkeypatch.setattr(watch, "_DEBOUNCE_MS", 50)
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.2)
    monkeypatch.setattr(watch, "_POLL_SHARE", 1)
    monkeypatch.setattr(live, "_KEEP_SECONDS", 0.3)


@pytest.fixture
def follow(source):
    """Follows a directory, in a thread that ends with the test."""
    readers = []

    def follow(root=None, **options):
        readers.append(Reader(root or source.root, **options))
        return readers[-1]

    yield follow
    for reader in readers:
        reader.stop()


@pytest.fixture
def tmux():
    """Opens terminals, which are closed in the end."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened = []

    def open_one(command):
        opened.append(Tmux())
        opened[-1].open(command)
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
