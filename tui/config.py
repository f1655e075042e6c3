"""What a person set for good: ``config.toml`` in the user's configuration directory.

theme = "light"
store_size = "20 GB"    # what the stores of all logs may take (docs/store.md)
summary = false         # never open with the summary of many records

[keys]                  # actions by name, as docs/keys.md lists them
follow = "F"
line_down = "down,J"
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN = frozenset({"theme", "keys", "store_size", "summary"})
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)B", re.IGNORECASE)
_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class ConfigError(Exception):
    """The file is not as it has to be; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Config:
    """What was set.

    Attributes:
        theme: The theme to begin with, or ``None``.
        keys: For actions by name, the keys that replace their own: as Textual names them, comma between.
        store_size: The bytes that all stores together may take, or ``None``.
        summary: Whether many records are summed up before anything is pressed.
    """

    theme: str | None = None
    keys: dict[str, str] = field(default_factory=dict)
    store_size: int | None = None
    summary: bool = True


def config_path() -> Path:
    """Where the file is looked for."""
    from platformdirs import user_config_path

    return user_config_path("flowtui") / "config.toml"


def lookup_folders(roots: Sequence[str]) -> tuple[Path, ...]:
    """Where tables for ``cidrlookup`` are looked for: ``lookups`` beside the logs, then a person's own.

    Args:
        roots: The paths that the logs were opened with.
    """
    folders = [Path(root) if Path(root).is_dir() else Path(root).parent for root in roots]
    return (*(folder / "lookups" for folder in folders), config_path().with_name("lookups"))


def load(path: Path | None = None) -> Config:
    """Read the file; without one everything is as it comes.

    Raises:
        ConfigError: It cannot be read, or something in it is not known.
    """
    path = path or config_path()
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    for name in data.keys() - _KNOWN:
        raise ConfigError(f"{path}: '{name}' is not known. It may hold {', '.join(sorted(_KNOWN))}.")
    theme, keys = data.get("theme"), data.get("keys", {})
    if theme is not None and not isinstance(theme, str):
        raise ConfigError(f"{path}: 'theme' has to be a name in quotes.")
    if not isinstance(keys, dict):
        raise ConfigError(f"{path}: 'keys' has to be a table.")
    _check_keys(path, keys)
    summary = data.get("summary", True)
    if not isinstance(summary, bool):
        raise ConfigError(f"{path}: 'summary' has to be true or false.")
    return Config(theme, keys, _size(path, data.get("store_size")), summary)


def _size(path: Path, given: object) -> int | None:
    if given is None:
        return None
    found = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise ConfigError(f"{path}: 'store_size' has to be a size in quotes, such as \"20 GB\".")
    return int(float(found[1]) * _FACTORS[found[2].upper()])


def _check_keys(path: Path, keys: dict[str, Any]) -> None:
    if not keys:
        return
    from tui.keymap import ACTIONS, ALL_PANES, EVERYWHERE, TYPING

    names = {action.name for action in ACTIONS}
    for name, given in keys.items():
        if name not in names:
            raise ConfigError(f"{path}: keys.{name} is not an action. docs/keys.md lists them.")
        if not isinstance(given, str) or not given.strip(", "):
            raise ConfigError(f'{path}: keys.{name} has to name keys in quotes, such as "f" or "down,j".')
    taken: dict[tuple[str, str], str] = {}
    everywhere = [pane for pane in ALL_PANES if pane not in TYPING]
    for action in ACTIONS:
        for key in keys[action.name].split(",") if action.name in keys else action.keys:
            for pane in everywhere if EVERYWHERE in action.where else action.where:
                other = taken.setdefault((pane, key.strip()), action.name)
                if other != action.name and {other, action.name} & keys.keys():
                    raise ConfigError(f"{path}: '{key}' would mean both {other} and {action.name} in {pane}.")
