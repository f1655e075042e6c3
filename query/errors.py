"""Where in a text something stands, and how to say that it is wrong."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from loaders.fields import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lark import Token

_LONGEST_QUOTE = 40
# Shorter words are near to everything, longer ones take long to compare.
_GUESSES = range(3, 65)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the query text.

    Attributes:
        start: Offset of its first character.
        end: Offset after its last character.
        line: Line of its first character, from 1.
        column: Column of its first character, from 1.
    """

    start: int = 0
    end: int = 1
    line: int = 1
    column: int = 1

    @property
    def length(self) -> int:
        """How many characters it covers; at least one, so that a caret has a place."""
        return max(1, self.end - self.start)

    def to(self, last: Span) -> Span:
        """The stretch from here to the end of another one."""
        return Span(self.start, max(self.end, last.end), self.line, self.column)


NOWHERE = Span()


def span_at(text: str, start: int, length: int = 1) -> Span:
    """The span of ``length`` characters from the offset ``start`` of ``text``."""
    line_start = text.rfind("\n", 0, start) + 1
    return Span(start, start + length, text.count("\n", 0, start) + 1, start - line_start + 1)


def span_of(token: Token) -> Span:
    """Where a token stands."""
    place = (token.start_pos, token.end_pos, token.line, token.column)
    return Span(*cast("tuple[int, int, int, int]", place))


class QueryError(ValueError):
    """A query that cannot be understood: what, where, and what to write instead.

    Attributes:
        message: One plain sentence.
        line: Line of the text, from 1.
        column: Column in that line, from 1.
        length: How many characters are meant.
        hint: A second sentence that helps, or nothing.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1, length: int = 1, hint: str = "") -> None:
        # Names in backticks can hold newlines; a sentence stays on one line.
        message, hint = message.replace("\n", " "), hint.replace("\n", " ")
        super().__init__(f"{message} {hint}".rstrip())
        self.message = message
        self.line = line
        self.column = column
        self.length = length
        self.hint = hint

    @classmethod
    def at(cls, span: Span, message: str, hint: str = "") -> QueryError:
        """The error of a span."""
        return cls(message, span.line, span.column, span.length, hint)

    def pretty(self, text: str) -> str:
        """The line of ``text`` that is meant, carets under the place, and what is wrong there."""
        lines = text.split("\n")
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        before, meant = line[: self.column - 1], line[self.column - 1 :][: self.length]
        padding = "".join("\t" if char == "\t" else " " * _cells(char) for char in before)
        return f"{line}\n{padding}{'^' * max(1, sum(map(_cells, meant)))}\n{self}"


def _cells(char: str) -> int:
    """How many terminal cells a character takes, so that the caret stands under the right one."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def quoted(text: str) -> str:
    """Words of the user inside a sentence, shortened if they would drown it."""
    return f"'{text}'" if len(text) <= _LONGEST_QUOTE else f"'{text[:_LONGEST_QUOTE]}…'"


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A sentence that offers the candidate nearest to ``word``, or nothing when none is near.

    Case, ``-`` and ``_`` do not count, as they do not count in field names.
    """
    if len(word) not in _GUESSES:
        return ""
    by_spelling = {squeeze(candidate): candidate for candidate in candidates}
    found = difflib.get_close_matches(squeeze(word), by_spelling, n=1, cutoff=0.65)
    return f"Did you mean '{by_spelling[found[0]]}'?" if found else ""


def chained(span: Span) -> QueryError:
    """The refusal of ``1 < packets < 5``, at its second operator."""
    message = "Only two values can be compared at a time."
    return QueryError.at(span, message, "Write 'and' between the comparisons.")
