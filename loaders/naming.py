"""Names that a person gives to log groups: ``flowtui.toml`` beside the logs.

    [groups]
    "exportedlogs/*" = "vpc/production"
    "123456789012/*/fl-0abc*" = "vpc/staging"

On the left stands a pattern (``*``, ``?``, ``[…]``) for the name that a group would have; the first that fits
counts.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FILE_NAME = "flowtui.toml"


class NamingError(Exception):
    """The file is not as it has to be; the message names file and key."""


@dataclass(frozen=True, slots=True)
class GroupNames:
    """Patterns for the names of log groups, and what groups that fit them are called."""

    names: tuple[tuple[str, str], ...] = ()

    def of(self, group: str) -> str:
        """What a group is called."""
        return next((name for pattern, name in self.names if fnmatchcase(group, pattern)), group)


NO_NAMES = GroupNames()
"""Every log group keeps its name."""


def group_names(root: str) -> GroupNames:
    """Read the file in a directory; without one every group keeps its name.

    Raises:
        NamingError: It cannot be read, or does not say what it should.
    """
    path = Path(root) / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return GroupNames()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NamingError(f"'{path}' cannot be read: {error}") from None
    for key in data.keys() - {"groups"}:
        raise NamingError(f"'{path}': '{key}' is not known. It may hold a table [groups].")
    groups = data.get("groups", {})
    if not isinstance(groups, dict):
        raise NamingError(f"'{path}': 'groups' has to be a table of patterns and names.")
    for pattern, name in groups.items():
        if not isinstance(name, str) or not name:
            raise NamingError(f"'{path}': the name for '{pattern}' has to be text in quotes.")
    return GroupNames(tuple(groups.items()))
