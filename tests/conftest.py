"""What all tests share: directories of their own for cache and settings, and less looking for garbage."""

from __future__ import annotations

import gc
import os

import pytest

# As the command has it: there are few cycles, and looking for them takes time.
_GARBAGE = 50_000


def pytest_sessionstart():
    """What runs tests side by side says how wide its own terminal is, which is not that of any test."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


def pytest_make_parametrize_id(val):
    """What gzip packs carries the time, and tests that run side by side must have the same names."""
    return "gzip" if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") else None


def pytest_collection_finish():
    """Do not look for cycles among the thousands of tests again and again."""
    gc.set_threshold(_GARBAGE)
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    """Where stores are kept while tests run; commands that tests start inherit it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        # Neither the settings nor the alarms of whoever runs the tests are theirs.
        for name in ("CONFIG", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(tmp_path_factory.mktemp(name.lower())))
        yield folder
