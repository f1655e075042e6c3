"""What a person says about log groups: ``flowtui.toml`` beside the logs.

    [groups]
    "exportedlogs/*" = "vpc/production"
    "123456789012/*/fl-0abc*" = "vpc/staging"

    [fields]
    "exportedlogs/*" = "account-id interface-id srcaddr dstaddr bytes start"

The one table names groups, the other the fields of flow logs that have no header and are in no order of AWS.
On the left stands a pattern (``*``, ``?``, ``[…]``) for the name that a group would have; the first that fits
counts.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from loaders.fields import resolve, squeeze

FILE_NAME = "flowtui.toml"


class NamingError(Exception):
    """The file is not as it has to be; the message names file and key."""


@dataclass(frozen=True, slots=True)
class GroupNames:
    """Patterns for the names of log groups, and what is said about groups that fit them.

    Attributes:
        names: What groups are called.
        fields: The names of the fields that records without a header have, in order.
    """

    names: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def of(self, group: str) -> str:
        """What a group is called."""
        return next((name for pattern, name in self.names if fnmatchcase(group, pattern)), group)

    def fields_of(self, group: str) -> tuple[str, ...] | None:
        """The names of the fields in a group's records, or ``None`` when nothing is said about them.

        Args:
            group: The name that the group would have if nobody had given it another.
        """
        return next((names for pattern, names in self.fields if fnmatchcase(group, pattern)), None)


NO_NAMES = GroupNames()
"""Every log group keeps its name, and its records say themselves what they are."""


def group_names(root: str) -> GroupNames:
    """Read the file in a directory; without one nothing is said about any group.

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
    for key in data.keys() - {"groups", "fields"}:
        raise NamingError(f"'{path}': '{key}' is not known. It may hold the tables [groups] and [fields].")
    groups = _table(path, data, "groups", "names")
    for pattern, name in groups.items():
        if not isinstance(name, str) or not name:
            raise NamingError(f"'{path}': the name for '{pattern}' has to be text in quotes.")
    fields = _table(path, data, "fields", "names of fields")
    return GroupNames(
        tuple(groups.items()),
        tuple((pattern, _fields(path, pattern, names)) for pattern, names in fields.items()),
    )


def _table(path: Path, data: dict[str, Any], key: str, what: str) -> dict[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise NamingError(f"'{path}': '{key}' has to be a table of patterns and {what}.")
    return table


def _fields(path: Path, pattern: str, value: object) -> tuple[str, ...]:
    """The names of fields in one text; those we do not know are welcome too."""
    names = tuple(value.split()) if isinstance(value, str) else ()
    if not names:
        raise NamingError(
            f"'{path}': the fields for '{pattern}' have to be names in quotes, with blanks between them."
        )
    seen = set()
    for name in names:
        field = resolve(name)
        known = field.name if field else squeeze(name)
        if known in seen:
            raise NamingError(f"'{path}': the fields for '{pattern}' name '{name}' twice.")
        seen.add(known)
    return names
