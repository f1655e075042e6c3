"""The engine with one change in its source: loaded beside the whole one, and put away again."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

ENGINE = Path(__file__).parents[2] / "diagnose"


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and has another source for it."""

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the protocol has them
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, f"<changed {self._name}>", "exec"), vars(module))


@contextmanager
def engine_with(module: str, source: str) -> Iterator[None]:
    """For as long as it lasts, ``import diagnose.…`` gets an engine in which one module has this source."""
    whole = {name: one for name, one in sys.modules.items() if name.split(".")[0] == "diagnose"}
    finder = _Changed(f"diagnose.{module}", source)
    for name in whole:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] == "diagnose"]:
            del sys.modules[name]
        sys.modules.update(whole)
        # A package has its modules as attributes too, and `from diagnose import …` takes those.
        for name, one in whole.items():
            if "." in name:
                setattr(whole["diagnose"], name.partition(".")[2], one)
