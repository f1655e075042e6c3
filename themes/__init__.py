"""Colour themes as data: a TOML file each, and this module, which loads them.

Nothing else lives here: what a colour is used for is said in the CSS beside each widget.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from textual.theme import Theme

DEFAULT = "dark"
MONOCHROME = "monochrome"

_BASE = ("primary", "accent", "foreground", "background", "surface", "panel", "warning", "error", "success")
# The colours and styles of our own that every theme has to give; CSS knows them as $flow-….
OWN = (
    "accent",
    "accept",
    "reject",
    "reject-style",
    "warn",
    "dim",
    "dim-style",
    "line",
    "header-style",
    "cursor",
    "cursor-text",
    "cursor-style",
    "cursor-blurred",
    "cursor-blurred-style",
    "cell",
    "cell-text",
    "cell-style",
    "bar",
    "bar-text",
    "bar-style",
    "key",
    "key-style",
    *(f"series-{number}" for number in range(1, 7)),
)


class ThemeError(Exception):
    """A theme file is not as it has to be; the message names file and key."""


@cache
def themes() -> dict[str, Theme]:
    """All themes by name, the default first.

    Raises:
        ThemeError: A file misses a colour or has one that nobody asked for.
    """
    found = [_load(path) for path in sorted(Path(__file__).parent.glob("*.toml"))]
    return {theme.name: theme for theme in sorted(found, key=lambda theme: theme.name != DEFAULT)}


def _load(path: Path) -> Theme:
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    colours, own = data.get("colors", {}), data.get("flow", {})
    for wanted, have, table in ((_BASE, colours, "colors"), (OWN, own, "flow")):
        for key in set(wanted) ^ set(have):
            what = "is missing" if key in wanted else "is not known"
            raise ThemeError(f"{path.name}: '{key}' {what} in [{table}]")
    variables = {f"flow-{key}": value for key, value in own.items()}
    # Textual's own widgets (the palette, the text field) follow the same cursor and dim colours.
    variables |= {
        "block-cursor-background": own["cursor"],
        "block-cursor-foreground": own["cursor-text"],
        "block-cursor-text-style": own["cursor-style"],
        "input-cursor-background": own["accent"] if not data.get("ansi") else "ansi_default",
        "input-cursor-text-style": "none" if not data.get("ansi") else "reverse",
        "border-blurred": own["line"],
        # Textual's own CSS names these under its ANSI themes, and makes them up for all the others only.
        **(dict.fromkeys(("ansi-background", "ansi-foreground"), "ansi_default") if data.get("ansi") else {}),
    }
    return Theme(
        name=path.stem,
        dark=data.get("dark", True),
        ansi=data.get("ansi", False),
        variables=variables,
        **colours,
    )
