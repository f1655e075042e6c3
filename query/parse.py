"""Text to syntax tree.

One grammar (``grammar.lark``) and one set of callbacks (``query.build``) serve every part of the language;
here the parser is made, once, and run. Whatever the text, the only exception is ``QueryError``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from loaders.fields import FIELDS
from query import complaints, functions, shorthand, tree
from query.build import Build, span_of
from query.errors import QueryError, span_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lark import Lark, Token

__all__ = ["QueryError", "parse_filter"]

# So deep can parentheses and `not` be nested; ten are plenty for a person, and hundreds exhaust the stack.
DEEPEST = 32

_OPENING = frozenset({"LPAR", "LSQB"})
_CLOSING = frozenset({"RPAR", "RSQB"})
# Shorthand that becomes `(… or …)`.
_IN_PARENTHESES = frozenset({"PORT", "ADDRESS"})


def parse_filter(text: str) -> tree.Expr:
    """Read the condition of a ``filter`` command, or what is typed into the filter bar.

    Args:
        text: The condition, in QL and shorthand. Comments and newlines are free.

    Returns:
        The tree, which holds QL only: shorthand has become what it stands for.

    Raises:
        QueryError: If the text is empty or wrong; it says what, where, and what to write instead.
    """
    return _run(text, "filter")


def _run(text: str, start: str) -> tree.Expr:
    from lark.exceptions import UnexpectedInput

    _refuse_half_characters(text)
    reading = _Reading()
    try:
        session = _parser().parse_interactive(text, start=start)
        for token in session.iter_parse():
            reading.see(token)
        return cast("tree.Expr", session.feed_eof(reading.last))  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        raise complaints.explain(error, text, reading.tokens, reading.open) from None


class _Reading:
    """What has been read so far: the tokens, and the brackets that are still open."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.open: list[Token] = []
        self._depths: list[int] = [0]
        self._nots = 0

    @property
    def last(self) -> Token | None:
        """The newest token."""
        return self.tokens[-1] if self.tokens else None

    def see(self, token: Token) -> None:
        """Take note of the next token.

        Raises:
            QueryError: If the query is nested so deep that walking its tree could exhaust the stack.
        """
        self.tokens.append(token)
        if token.type == "NOT":
            self._nots += 1
        elif token.type in _OPENING:
            self.open.append(token)
            # `not a = 1` and its canonical text `not (a = 1)` are equally deep.
            self._depths.append(self._depths[-1] + (self._nots or 1))
            self._nots = 0
        elif token.type in _CLOSING and self.open:
            self.open.pop()
            self._depths.pop()
        depth = self._depths[-1] + self._nots + (token.type in _IN_PARENTHESES)
        if token.type != "NOT":
            self._nots = 0
        if depth > DEEPEST:
            message = f"Parentheses and 'not' are nested more than {DEEPEST} deep here."
            raise QueryError.at(span_of(token), message)


def _refuse_half_characters(text: str) -> None:
    """Refuse lone surrogates, which come from damaged input and which no engine can compare with."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError.at(span_at(text, error.start), "This character is damaged.") from None


def _choice(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


@cache
def _parser() -> Lark:
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar + _terminals(),
        parser="lalr",
        lexer="contextual",
        start=["filter"],
        maybe_placeholders=False,
        transformer=Build(),
    )


def _terminals() -> str:
    """The terminals that come from tables."""
    headers = _choice(field.name for field in FIELDS if "-" in field.name)
    known = _choice(function.name for function in functions.FUNCTIONS.values())
    prefixes = _choice(shorthand.RESOURCES)
    return "\n".join(
        (
            "",
            rf"HEADER_NAME.4: /(?:{headers})(?![\w@.-])/i",
            # A space before the parenthesis is only possible where the name can be nothing else.
            rf"FUNCTION.3: /(?:{known})(?=\s*\()|(?!(?:and|or|not|like|in)\b)[a-z_][a-z0-9_]*(?=\()/i",
            rf"RESOURCE.3: /(?:{prefixes})-[a-z0-9]*(?![\w@.-])/i",
        )
    )
