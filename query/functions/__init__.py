"""The functions of the query language: one declaration each, in the module of what they are about.

To add a function, declare it in one of these modules or in a new one: the parser, the checks, the back end
and the help screens all read the registry. The body says what the function means, from polars expressions to
a polars expression. No module here imports polars before a query is planned.
"""

from __future__ import annotations

import importlib
import pkgutil

from query.functions.declaration import FUNCTIONS, Context, Function, Gives, Takes
from query.functions.refused import ELSEWHERE, REFUSED

__all__ = ["ELSEWHERE", "FUNCTIONS", "REFUSED", "Context", "Function", "Gives", "Takes", "find"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def find(name: str) -> Function | None:
    """The function of a name in any case, or None."""
    return FUNCTIONS.get(name.lower())
