"""Every layout of logs that a synced directory can hold, with contents that are known record by record.

The builders write files from lists of records by rules of their own, and use no code of the project: what
they say is in a file is what the loaders are held against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.corpus import (
    broken_files,
    cloudtrail,
    cloudwatch,
    command_line,
    deliveries,
    headerless,
    odd_files,
    odd_headers,
    odd_records,
    parquet,
    results,
    route53,
    subscriptions,
)
from tests.corpus.model import CASES, Builder, Expected

if TYPE_CHECKING:
    from pathlib import Path

MODULES = (
    deliveries,
    parquet,
    cloudwatch,
    subscriptions,
    command_line,
    results,
    headerless,
    route53,
    cloudtrail,
    odd_records,
    odd_headers,
    odd_files,
    broken_files,
)
"""The modules that describe the cases; importing them fills ``CASES``."""


def build_case(name: str, root: Path) -> Expected:
    """Write one case into a folder of its name below ``root``."""
    builder = Builder(name, root / name)
    CASES[name](builder)
    return builder.expected()


def build(root: Path) -> list[Expected]:
    """Write every case, each into a folder of its own below ``root``."""
    return [build_case(name, root) for name in CASES]
