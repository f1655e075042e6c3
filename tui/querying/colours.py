"""What each stretch of a query is, for the eye: commands, functions, strings, patterns, numbers, comments.

It only looks: text that is no query yet has colours too. What a query means is the parser's business.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Stretch(NamedTuple):
    """A part of one line.

    Attributes:
        start: Its first character, from 0.
        end: The character behind its last one.
        kind: One of ``KINDS``.
    """

    start: int
    end: int
    kind: str


KINDS = ("command", "function", "value", "comment")

# A slash opens a pattern only behind a word that asks for one; elsewhere it divides.
_TOKENS = re.compile(
    r"""(?P<comment>#.*)"""
    r"""|(?P<value>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?"""
    r"""|(?:(?<=like )|(?<=~ )|(?<=@message ))/(?:\\.|[^/\\])+/?|(?<![\w.])\d[\w.]*)"""
    r"""|(?P<quoted>`[^`]*`?)"""
    r"""|(?P<word>[^\W\d][\w@.]*|@\w+)"""
    r"""|(?P<pipe>\|)""",
    re.IGNORECASE,
)


def stretches(text: str) -> list[list[Stretch]]:
    """Find what has a colour, line by line; what has none is left out.

    Args:
        text: A query, or what is to become one.
    """
    found = []
    due = True  # a command comes first, and behind every pipe
    for line in text.split("\n"):
        here = []
        for token in _TOKENS.finditer(line):
            kind = token.lastgroup or ""
            if kind == "word":
                called = line[token.end() :].lstrip().startswith("(")
                kind = "command" if due else "function" if called else ""
            if kind in KINDS:
                here.append(Stretch(token.start(), token.end(), kind))
            if kind != "comment":
                due = token.lastgroup == "pipe"
        found.append(here)
    return found
