"""What the loaders pull in: nothing that draws, and polars only where bytes become frames."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import loaders

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = sorted(module.name for module in pkgutil.walk_packages(loaders.__path__, "loaders."))
LIGHT = ["content", "discover", "fields", "layouts", "run", "watch"]


def imported_by(*modules):
    """The names of all modules that a fresh interpreter has once it has imported these."""
    code = f"import sys\n{''.join(f'import {module}; ' for module in modules)}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", LIGHT)
def test_the_screen_can_paint_before_polars_is_loaded(module):
    assert not imported_by(f"loaders.{module}") & {"polars", "watchfiles"}


def test_no_loader_imports_what_draws_or_queries():
    assert len(MODULES) >= 15
    pulled = imported_by(*MODULES)
    assert "polars" in pulled
    assert not pulled & {"textual", "rich", "click", "lark", "tui", "query", "themes", "duckdb", "pyarrow"}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_imported_first(module):
    imported_by(module)


def test_plans_are_run_in_one_place_only():
    guilty = [
        path.name
        for path in (REPOSITORY / "loaders").rglob("*.py")
        if ".collect(" in path.read_text().replace("run.collect(", "") and path.name != "run.py"
    ]
    assert guilty == []
