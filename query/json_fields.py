"""Fields of JSON messages: where in a message the value of a name may stand.

Keys can hold dots themselves, so a name can mean several places: ``log.level`` is the ``level`` of ``log`` or
the key ``log.level``. The first place where a message has a value counts, keys one inside the other before
keys with dots. Only the polars back end imports this.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice, product
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Every way to part a name of so many steps is tried; of a longer one only its beginning is parted.
_MOST_PARTED = 4
# A name with several whole numbers means so many places.
_MOST_STEPS = 8
_INDEX = re.compile(r"[0-9]{1,6}")
# Keys that every JSON writer spells as they are, so that they can be searched for in the text.
_UNESCAPED = re.compile(r"[ !#-.0-\[\]-~]*")


def lookup(names: Sequence[str], message: pl.Expr) -> pl.Expr | None:
    """The value of a field as text: strings as they are, the rest as JSON; null where a message has none.

    Args:
        names: The field's name, and what else it may be called; the first that a message has counts.
        message: The text of a JSON object or list (String).

    Returns:
        A String expression, or None if no JSON path can name the field.
    """
    places = [place for name in names for place in _places(name)]
    if not places:
        return None
    found = [_at(message, path, needles) for path, needles in dict.fromkeys(places)]
    return found[0] if len(found) == 1 else pl.coalesce(found)


def _at(message: pl.Expr, path: str, needles: tuple[str, ...]) -> pl.Expr:
    for needle in needles:
        # To search for a key is much faster than to take a message apart that does not have it.
        message = pl.when(message.str.contains(needle, literal=True)).then(message)
    return message.str.json_path_match(path)


@cache
def _places(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The JSON paths that a name can mean, each with the texts that every message that has it must hold."""
    found = {}
    for keys in _parted(name.split(".")):
        for steps in _steps(keys):
            path = "$" + "".join(
                f"[{step}]" if isinstance(step, int) else f"['{_escaped(step)}']" for step in steps
            )
            words = [step for step in steps if isinstance(step, str)]
            # Places that are tried after others are rare, and so are their keys.
            rare = [word for word in words[:-1] if "." in word or _INDEX.fullmatch(word)]
            needles = tuple(f'"{word}"' for word in (words[-1], *rare) if _UNESCAPED.fullmatch(word))
            if path not in found and _is_path(path):
                found[path] = needles
    return tuple(found.items())


def _steps(keys: list[str]) -> Iterator[tuple[str | int, ...]]:
    """What a whole number in a name can be: the place in a list or, less likely, a key."""
    choices: list[tuple[str | int, ...]] = [
        (int(key), key) if number and _INDEX.fullmatch(key) else (key,) for number, key in enumerate(keys)
    ]
    yield from islice(product(*choices), _MOST_STEPS)


def _parted(steps: list[str]) -> Iterator[list[str]]:
    """The ways to put the steps of a name together to keys, the most keys first."""
    if len(steps) > _MOST_PARTED:
        yield from ([*steps[:end], ".".join(steps[end:])] for end in range(len(steps) - 1, -1, -1))
        return
    for joints in sorted(product(".\0", repeat=len(steps) - 1), key=lambda joints: joints.count(".")):
        text = steps[0] + "".join(joint + step for joint, step in zip(joints, steps[1:], strict=True))
        yield text.split("\0")


def _escaped(key: str) -> str:
    return key.replace("'", "\\'")


def _is_path(path: str) -> bool:
    # In a JSON path a backslash has no spelling of its own.
    if "\\" in path.replace("\\'", ""):
        return False
    try:
        pl.Series(["{}"]).str.json_path_match(path)
    except pl.exceptions.PolarsError:
        return False
    return True
