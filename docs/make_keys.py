"""Write docs/keys.md from the tables that the program itself reads.

python docs/make_keys.py
"""

from __future__ import annotations

from pathlib import Path

from query.shorthand import SHORTHANDS
from tui.keymap import ACTIONS, ALL_PANES, EVERYWHERE, key_signs

TARGET = Path(__file__).resolve().parent / "keys.md"
_INTRO = """# Keys and filters

Made by `python docs/make_keys.py` from the tables of the program; `?` shows the same inside it.

Every key can be changed in `config.toml` in the user's configuration directory (on Linux
`~/.config/flowtui`), by the name of the action; keys are named as Textual names them, with commas between:

```toml
theme = "light"

[keys]
follow = "F"
line_down = "down,J"
```
"""
_FILTER = """
## Filters

The filter bar takes the `filter` expression of CloudWatch Logs Insights: `field op value` with
`= != < <= > >= like in`, joined by `and`, `or`, `not` and parentheses. Field names are understood in every
spelling (`dstPort`, `dstport`, `dst-port`). A size may carry a unit: `bytes > 1MB`.

Terms without an operator are short forms. Side by side they all have to hold: `reject :22 10.0.0.0/8`.

| type | finds | stands for |
| --- | --- | --- |
"""


def text() -> str:
    """The whole page."""
    parts = [_INTRO]
    for title, where in (*((pane, pane) for pane in ALL_PANES), ("everywhere", EVERYWHERE)):
        parts.append(f"\n## {title.capitalize()}\n\n| key | does | name |\n| --- | --- | --- |\n")
        for action in ACTIONS:
            if where in action.where:
                keys = ", ".join(f"`{sign}`" for sign in key_signs(action, {}))
                parts.append(f"| {keys} | {action.help} | `{action.name}` |\n")
    parts.append(_FILTER)
    parts += [f"| `{short.example}` | {short.meaning} | `{short.ql}` |\n" for short in SHORTHANDS]
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
