"""The parser's refusals, as sentences for the person who typed the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from query.build import span_of
from query.errors import QueryError, chained, quoted, span_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token
    from lark.exceptions import UnexpectedInput

_LONGEST_NAME = 200

_VALUE = "Expected a value after '{}'."
_CONDITION = "Expected a condition after '{}'."
_TEXT = "Expected a text in quotes or a /pattern/ after '{}'."
_LIST = "Expected a list after '{}', as in [22, 443]."

# What must follow a token, by the token's type; {} is the token as written.
_AFTER = {
    "EQUALS": _VALUE,
    "ORDER": _VALUE,
    "LIKE": _TEXT,
    "NOT_LIKE": _TEXT,
    "MATCH": "Expected a /pattern/ after '{}'.",
    "IN": _LIST,
    "NOT_IN": _LIST,
    "AND": _CONDITION,
    "_OR": _CONDITION,
    "NOT": _CONDITION,
    "LPAR": _CONDITION,
    "LSQB": "Expected a text or a number after '{}'.",
    "COMMA": _VALUE,
    "MINUS": "Expected a number after '{}'.",
}

# A token where none of its kind can stand, by its type.
_MISPLACED = {
    "AND": "Expected a condition before '{}'.",
    "_OR": "Expected a condition before '{}'.",
    "EQUALS": "Expected a value before '{}'.",
    "ORDER": "Expected a value before '{}'.",
    "MATCH": "Expected a value before '{}'.",
    "LIKE": "Expected a value before '{}'.",
    "NOT_LIKE": "Expected a value before '{}'.",
    "IN": "Expected a value before '{}'.",
    "NOT_IN": "Expected a value before '{}'.",
    "RPAR": "This '{}' closes nothing.",
    "RSQB": "This '{}' closes nothing.",
    "LSQB": "A list comes after 'in', as in dstPort in [22, 443].",
    "REGEX": "A /pattern/ comes after 'like' or '=~'.",
    "COMMA": "A ',' stands in a list or between the values of a function.",
}

# Two tokens side by side that another language has as one operator.
_FOREIGN = {
    ("=", "="): "Write one '=' to compare.",
    ("<", ">"): "Write '!=' for 'is not'.",
    ("=", ">"): "Write '>=' for 'at least'.",
    ("=", "<"): "Write '<=' for 'at most'.",
}

_ARITHMETIC = "A filter does no arithmetic."
_QUOTES = 'Write straight quotes: "…".'

# A character that begins no token, or one that is not finished.
_CHARACTERS = {
    '"': "The string that starts here is not closed.",
    "'": "The string that starts here is not closed.",
    "`": "The name that starts here is not closed.",
    "!": "Write 'not' for '!', or '!=' to compare.",
    "&": "Write 'and' for '&'.",
    "|": "Write 'or' for '||'; a filter ends before a '|'.",
    "~": "Write '=~' to match a /pattern/.",
    ":": "Expected a port or a service after ':', as in :22 or :ssh.",
    "+": _ARITHMETIC,
    "*": _ARITHMETIC,
    "%": _ARITHMETIC,
    "^": _ARITHMETIC,
    "\N{LEFT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{LEFT SINGLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT SINGLE QUOTATION MARK}": _QUOTES,
}


def explain(
    error: UnexpectedInput, text: str, tokens: Sequence[Token], still_open: Sequence[Token]
) -> QueryError:
    """Say in one sentence what the parser refused.

    Args:
        error: What the parser raised.
        text: The query.
        tokens: What was read before it.
        still_open: The brackets among them that are not closed.
    """
    from lark.exceptions import UnexpectedToken

    if not isinstance(error, UnexpectedToken):
        return _character(text, cast("int", error.pos_in_stream), tokens[-1] if tokens else None)
    refused = error.token
    before = [token for token in tokens[-2:] if token is not refused]
    last = before[-1] if before else None
    if refused.type == "$END":
        return _end(text, last, still_open)
    return _token(text, refused, last, still_open)


def _end(text: str, last: Token | None, still_open: Sequence[Token]) -> QueryError:
    if last is None:
        return QueryError("The filter is empty.", hint='Write a condition, as in action = "REJECT".')
    if last.type in _AFTER:
        return QueryError.at(span_at(text, last.end_pos or 0), _AFTER[last.type].format(_word(last)))
    if still_open:
        opening = still_open[-1]
        what = "list" if opening.type == "LSQB" else "parenthesis"
        return QueryError.at(span_of(opening), f"The {what} that starts here is not closed.")
    return QueryError.at(span_at(text, last.end_pos or 0), "The filter ends too early.")


def _token(text: str, refused: Token, last: Token | None, still_open: Sequence[Token]) -> QueryError:
    place = span_of(refused)
    if last is not None:
        foreign = _FOREIGN.get((str(last), str(refused)))
        if foreign and last.end_pos == refused.start_pos:
            return QueryError.at(span_of(last).to(place), foreign)
        hyphenated = _hyphenated(text, last)
        if hyphenated:
            return hyphenated
        if last.type in _AFTER:
            return QueryError.at(place, _AFTER[last.type].format(_word(last)))
        if refused.type in {"EQUALS", "ORDER", "MATCH"}:
            return chained(place)
        if still_open and still_open[-1].type == "LSQB":
            return QueryError.at(place, f"Expected ',' or ']' before {quoted(str(refused))}.")
    sentence = _MISPLACED.get(refused.type, "'{}' does not fit here.")
    return QueryError.at(place, sentence.format(_word(refused)))


def _hyphenated(text: str, last: Token) -> QueryError | None:
    """Explain ``foo-bar = 1``: QL reads a hyphen as minus, so such a name needs backticks."""
    if last.type != "MINUS":
        return None
    position = cast("int", last.start_pos)
    head = re.search(r"[A-Za-z0-9_@.-]*$", text[max(0, position - _LONGEST_NAME) : position])
    tail = re.compile(r"-[A-Za-z_][A-Za-z0-9_@.-]*").match(text, position)
    if not head or not head[0] or not tail:
        return None
    name = head[0] + tail[0]
    place = span_at(text, position - len(head[0]), len(name))
    return QueryError.at(place, f"A name with '-' needs backticks: `{name}`.")


def _character(text: str, position: int, last: Token | None) -> QueryError:
    char = text[position]
    if char.isdigit() or (char == "." and text[position + 1 : position + 2].isdigit()):
        return _number(text, position)
    if char == "/":
        expected = last is not None and last.type in {"LIKE", "NOT_LIKE", "MATCH"}
        message = "The pattern that starts here is not closed." if expected else _ARITHMETIC
        return QueryError.at(span_at(text, position), message)
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    return QueryError.at(span_at(text, position), _CHARACTERS.get(char, f"'{shown}' means nothing here."))


def _number(text: str, position: int) -> QueryError:
    """Explain ``10tcp``, ``1.2.3`` and ``10.0.0.0/8/9``."""
    match = re.compile(r"[\w.:/@-]+").match(text, position)
    word = match[0] if match else text[position]
    place = span_at(text, position, len(word))
    hint = f'Write srcAddr like "{word}".' if re.fullmatch(r"\d+(?:\.\d*){1,3}", word) else ""
    return QueryError.at(place, f"{quoted(word)} is neither a number nor an address.", hint)


def _word(token: Token) -> str:
    """A token inside a sentence; a keyword of several parts on one line."""
    return quoted(" ".join(token.split()))[1:-1]
