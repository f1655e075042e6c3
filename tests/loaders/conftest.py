"""What the tests of the loaders share."""

from __future__ import annotations

import pytest

from loaders import careful
from tests.loaders.files import load, put, text


@pytest.fixture
def careful_readings(monkeypatch):
    """The paths of the files that are read carefully."""
    paths = []
    read = careful.read

    def spy(blocks, *args):
        paths.append(blocks.path)
        return read(blocks, *args)

    monkeypatch.setattr(careful, "read", spy)
    return paths


@pytest.fixture(params=["strict scan", "careful reading"])
def load_lines(request, tmp_path, careful_readings):
    """Read lines as a file, in either of the two ways: a blank line at the end asks for a careful reading."""
    careful = request.param == "careful reading"

    def load_lines(*lines, name="a.log"):
        put(tmp_path, name, text(*lines, *[""] * careful))
        dataset = load(tmp_path)
        assert bool(careful_readings) == careful
        return dataset

    return load_lines
