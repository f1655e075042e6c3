"""What the tests of the store share."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from loaders import batch
from loaders import load as loading
from loaders.store import keeper
from tests.loaders.files import HEADER, packed, put, record, text
from tests.store.sameness import read, same_as_without


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where the stores of one test lie."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "cache" / "flowtui" / "stores"
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


@pytest.fixture
def root(tmp_path):
    """An empty directory for logs."""
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def of_all(monkeypatch, root):
    """A folder that everybody may write to, with a cache in it; all that reading needs has been loaded."""
    put(root, "a.log", text(HEADER, record(), "bogus"))
    put(root, "b.log.gz", packed(HEADER, record()))
    for _ in range(2):
        same_as_without(read(root), root)
    folder = Path(tempfile.mkdtemp(prefix="flowtui-of-all-"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def looked_into(monkeypatch):
    """The names of the files that were opened; clear it to begin anew."""
    names = []
    recognise = loading.recognise

    def spy(file):
        names.append(file.name)
        return recognise(file)

    monkeypatch.setattr(loading, "recognise", spy)
    return names


@pytest.fixture
def in_small_steps(monkeypatch):
    """A few files make a batch, and a few small segments are worth merging."""
    monkeypatch.setattr(batch, "_FIRST_BATCH", 1)
    monkeypatch.setattr(batch, "_LARGEST_BATCH", 1)
    monkeypatch.setattr(keeper, "_FEW", 3)
