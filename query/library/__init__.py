"""Ready-made queries: a file ``NAME.insights`` each, a folder for each kind of log.

Here live the queries and what reads them; people add their own in a folder of their configuration.
Nothing here parses or answers a query, and nothing here imports polars.
"""

from __future__ import annotations

import math
from pathlib import Path

from query.library.files import LibraryError, read_file
from query.library.ready_made import Parameter, ReadyMade

__all__ = ["SECTIONS", "Parameter", "ReadyMade", "queries_folder", "read_library"]

SECTIONS: dict[str, str] = {
    "flow": "VPC flow logs",
    "nat": "NAT gateways",
    "route53": "Route 53",
    "cloudtrail": "CloudTrail",
    "general": "Any log",
}
"""The folders of shipped queries, in the order in which they are offered, and what each is about."""


def queries_folder() -> Path:
    """Where a person's own queries are looked for."""
    from platformdirs import user_config_path

    return user_config_path("flowtui") / "queries"


def read_library(own: Path | None = None) -> tuple[tuple[ReadyMade, ...], tuple[str, ...]]:
    """Read every ready-made query.

    Args:
        own: A folder with a person's own queries; it need not exist.

    Returns:
        The shipped queries, section by section, those that answer the questions with the lowest numbers
        first, and after them the person's own by title; one with the name of a shipped one takes its place.
        Then a sentence for every file that is no ready-made query.
    """
    shipped: list[ReadyMade] = []
    problems: list[str] = []
    for section in SECTIONS:
        found, complaints = _read_folder(Path(__file__).parent / section, section)
        shipped += sorted(found, key=lambda query: (min(query.questions, default=math.inf), query.title))
        problems += complaints
    mine, complaints = _read_folder(own, "") if own else ([], [])
    replaced = {query.name: query for query in mine}
    known = {query.name for query in shipped}
    added = sorted((query for query in mine if query.name not in known), key=lambda query: query.title)
    return (
        (*(replaced.get(query.name, query) for query in shipped), *added),
        (*problems, *complaints),
    )


def _read_folder(folder: Path, section: str) -> tuple[list[ReadyMade], list[str]]:
    """Read the queries of one folder, and say what is wrong with those that cannot be used."""
    queries, problems = [], []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".insights")
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{folder} cannot be read: {error.strerror}."]
    for path in paths:
        try:
            queries.append(read_file(path, section))
        except LibraryError as error:
            problems.append(str(error))
    return queries, problems
