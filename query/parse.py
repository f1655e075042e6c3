"""Text to syntax tree.

One grammar (``grammar.lark``) and one set of callbacks (``query.build``) serve every part of the language;
here the parser is made, once, and run. Whatever the text, the only exception is ``QueryError``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from loaders.fields import FIELDS
from query import commands, complaints, functions, periods, shorthand, tree
from query.build import Build
from query.errors import QueryError, span_at, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lark import Lark, Token

__all__ = ["QueryError", "parse_filter", "parse_query"]

# So deep can parentheses and `not` be nested; ten are plenty for a person, and hundreds exhaust the stack.
DEEPEST = 32

_OPENING = frozenset({"LPAR", "LSQB"})
_CLOSING = frozenset({"RPAR", "RSQB"})
_SIGNS = frozenset({"PLUS", "MINUS", "STAR", "DIVIDE", "PERCENT", "POWER"})
# What a chain of signs ends at, and how many of them weigh as much as a parenthesis.
_ENDS = frozenset({"AND", "_OR", "_PIPE", "COMMA", "NOT"})
_SIGNS_PER_LEVEL = 4
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
    return cast("tree.Expr", _run(text, "filter"))


def parse_query(text: str) -> commands.Query:
    """Read a whole query: commands with pipes between.

    Args:
        text: The query. Comments and newlines are free.

    Returns:
        The query; a column without an alias is called by the text that it was written as.

    Raises:
        QueryError: If the text is empty or wrong; it says what, where, and what to write instead.
    """
    found = cast("commands.Query", _run(text, "query"))
    return commands.Query(tuple(_named(command, text) for command in found.commands), text)


def _named(command: commands.Command, text: str) -> commands.Command:
    """Give its name to every column without an alias."""

    def name(items: tuple[commands.Item, ...]) -> tuple[commands.Item, ...]:
        return tuple(
            item if item.name else replace(item, name=_written(item, text[item.span.start : item.span.end]))
            for item in items
        )

    match command:
        case commands.Fields(items) | commands.Display(items):
            return replace(command, items=name(items))
        case commands.Stats(items, by):
            return replace(command, items=name(items), by=name(by))
    return command


def _written(item: commands.Item, text: str) -> str:
    """What a column is called: a field by its name, another value by its text, on one line."""
    return item.expr.written if isinstance(item.expr, tree.Field) else re.sub(r"\s*\n\s*", " ", text)


def _run(text: str, start: str) -> tree.Expr | commands.Query:
    from lark.exceptions import UnexpectedInput

    _refuse_half_characters(text)
    reading = _Reading()
    try:
        session = _parser().parse_interactive(text, start=start)
        for token in session.iter_parse():
            reading.see(token)
        return cast("tree.Expr", session.feed_eof(reading.last))  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        raise complaints.explain(error, text, start, reading.tokens, reading.open) from None


class _Reading:
    """What has been read so far: the tokens, and the brackets that are still open."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.open: list[Token] = []
        self._depths: list[int] = [0]
        self._nots = 0
        self._chain = 0

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
        # Each sign nests what follows it, or what came before it, one deeper.
        self._chain = self._chain + 1 if token.type in _SIGNS else self._chain * (token.type not in _ENDS)
        depth += self._chain // _SIGNS_PER_LEVEL
        if token.type != "NOT":
            self._nots = 0
        if depth > DEEPEST:
            message = f"Parentheses, signs and 'not' are nested more than {DEEPEST} deep here."
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
    return make_parser(Build())


def make_parser(build: Build | None) -> Lark:
    """The parser of the grammar.

    Args:
        build: What makes nodes of what is read; without it the parser only finds its way.
    """
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar + _terminals(),
        parser="lalr",
        lexer="contextual",
        start=["filter", "query"],
        maybe_placeholders=False,
        transformer=build,
        cache=_tables(),
    )


def _tables() -> str | bool:
    """Where the parser keeps its tables for the next start: to make them takes a tenth of a second."""
    from platformdirs import user_cache_path

    folder = user_cache_path("flowtui", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return str(folder / "grammar")


def _terminals() -> str:
    """The terminals that come from tables."""
    headers = _choice(field.name for field in FIELDS if "-" in field.name)
    known = _choice(function.name for function in functions.FUNCTIONS.values())
    prefixes = _choice(shorthand.RESOURCES)
    units = _choice(sorted(periods.UNITS, key=len, reverse=True))
    return "\n".join(
        (
            "",
            rf"HEADER_NAME.4: /(?:{headers})(?![\w@.-])/i",
            # A space before the parenthesis is only possible where the name can be nothing else.
            rf"FUNCTION.3: /(?:{known})(?=\s*\()|(?!(?:and|or|not|like|in|as|by)\b)[a-z_][a-z0-9_]*(?=\()/i",
            rf"DURATION.5: /[0-9]+\s*(?:{units})(?![\w@.])/i",
            rf"RESOURCE.3: /(?:{prefixes})-[a-z0-9]*(?![\w@.-])/i",
        )
    )
