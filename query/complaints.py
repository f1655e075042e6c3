"""The parser's refusals, as sentences for the person who typed the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from query import commands
from query.errors import QueryError, chained, did_you_mean, quoted, span_at, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token
    from lark.exceptions import UnexpectedInput

_VALUE = "Expected a value after '{}'."
_CONDITION = "Expected a condition after '{}'."
_TEXT = "Expected a text in quotes or a /pattern/ after '{}'."
_LIST = "Expected a list after '{}', as in [22, 443]."

_NUMBER = "Expected a number after '{}'."
_FIELDS = "Expected a field after '{}'."

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
    "PLUS": _NUMBER,
    "MINUS": _NUMBER,
    "STAR": _NUMBER,
    "DIVIDE": _NUMBER,
    "PERCENT": _NUMBER,
    "POWER": _NUMBER,
    "_PIPE": "Expected a command after '{}'.",
    "_FIELDS": _FIELDS,
    "_DISPLAY": _FIELDS,
    "_FILTER": _CONDITION,
    "_WHERE": _CONDITION,
    "_FILTERINDEX": _CONDITION,
    "_PARSE": "Expected a field or a pattern after '{}', as in parse @message \"user=*\" as user.",
    "_STATS": "Expected what to count after '{}', as in stats count(*) by srcAddr.",
    "_SORT": "Expected a field after '{}', as in sort bytes desc.",
    "_LIMIT": "Expected a number or 'any' after '{}'.",
    "_DEDUP": _FIELDS,
    "_PATTERN": "Expected a field after '{}', as in pattern @message.",
    "_UNNEST": "Expected a list after '{}', as in unnest js.items into item.",
    "_CIDRLOOKUP": "Expected a table after '{}', as in cidrlookup nets srcAddr OUTPUT owner.",
    "_CHART": f"Expected one of {', '.join(commands.CHARTS)} after '{{}}'.",
    "_AS": "Expected a new name after '{}'.",
    "_BY": "Expected a field after '{}', as in by srcAddr, bin(5m).",
    "_INTO": "Expected a new name after '{}'.",
    "_WITH": "Expected a value after '{}', as in with 0 for rejects.",
    "_FOR": "Expected a field after '{}'.",
}

_SIGN = "Expected a number before '{}'."

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
    "PLUS": _SIGN,
    "STAR": _SIGN,
    "DIVIDE": _SIGN,
    "PERCENT": _SIGN,
    "POWER": _SIGN,
    "_PIPE": "Expected a condition or a value before '{}'.",
    "DURATION": "A time such as '{}' stands in a function, as in bin(5m).",
    "COMMA": "A ',' stands in a list or between the values of a function.",
}

# Two tokens side by side that another language has as one operator.
_FOREIGN = {
    ("=", "="): "Write one '=' to compare.",
    ("<", ">"): "Write '!=' for 'is not'.",
    ("=", ">"): "Write '>=' for 'at least'.",
    ("=", "<"): "Write '<=' for 'at most'.",
}

_OPEN_PATTERN = "The pattern that starts here is not closed."
# What other languages call a command.
_ELSEWHERE = {
    "select": "fields",
    "project": "display",
    "table": "display",
    "order": "sort",
    "orderby": "sort",
    "head": "limit",
    "take": "limit",
    "top": "limit",
    "tail": "limit",
    "count": "stats count(*)",
    "group": "stats count(*) by",
    "summarize": "stats",
    "having": "filter",
    "search": "filter",
    "grep": "filter",
    "extend": "fields",
    "eval": "fields",
    "rex": "parse",
    "extract": "parse",
    "uniq": "dedup",
    "distinct": "dedup",
}
# Terminals that the lexer falls back on where none fits; they take any word for one of theirs.
_LOOSE = frozenset({"TABLE", "WORD", "COUNT"})
# What stands in no parentheses, so that those before it were meant to be closed.
_OUTSIDE = frozenset({"_AS", "_BY"})
_BEFORE_PATTERN = frozenset({"LIKE", "NOT_LIKE", "MATCH", "_PARSE"})
_QUOTES = 'Write straight quotes: "…".'

# A character that begins no token, or one that is not finished.
_CHARACTERS = {
    '"': "The string that starts here is not closed.",
    "'": "The string that starts here is not closed.",
    "`": "The name that starts here is not closed.",
    "!": "Write 'not' for '!', or '!=' to compare.",
    "&": "Write 'and' for '&'.",
    "|": "Write 'or' for '||'; a filter ends before a '|'.",
    "\\": "'\\' means nothing here; inside quotes it takes the meaning from a quote.",
    "~": "Write '=~' to match a /pattern/.",
    ":": "Expected a port or a service after ':', as in :22 or :ssh.",
    "\N{LEFT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT DOUBLE QUOTATION MARK}": _QUOTES,
    "\N{LEFT SINGLE QUOTATION MARK}": _QUOTES,
    "\N{RIGHT SINGLE QUOTATION MARK}": _QUOTES,
}


def explain(
    error: UnexpectedInput, text: str, start: str, tokens: Sequence[Token], still_open: Sequence[Token]
) -> QueryError:
    """Say in one sentence what the parser refused.

    Args:
        error: What the parser raised.
        text: The query.
        start: The grammar's start rule, ``query`` or ``filter``.
        tokens: What was read before it.
        still_open: The brackets among them that are not closed.
    """
    from lark.exceptions import UnexpectedToken

    refused = error.token if isinstance(error, UnexpectedToken) else None
    before = [token for token in tokens[-3:] if token is not refused][-2:]
    last = before[-1] if before else None
    if last is not None and last.type == "LPAR" and before[-2:-1] and before[-2].type == "FUNCTION":
        # What is missing there is a value, not a condition.
        last = before[-1] = before[-1].update(type="COMMA")
    at_end = refused is not None and refused.type == "$END"
    if start == "query" and not at_end and (last is None or last.type == "_PIPE"):
        return _command(text, cast("int", error.pos_in_stream))
    if refused is None or (refused.type in _LOOSE and refused[:1].isdigit()):
        return _character(text, cast("int", error.pos_in_stream))
    if refused.type == "_PIPE" and still_open:
        return _end(text, start, last, still_open)
    if refused.type == "_PIPE" and start == "filter":
        return QueryError.at(span_of(refused), _CHARACTERS["|"])
    if still_open and [token.type for token in before] == ["LPAR", "STAR"]:
        return _open(still_open[-1])
    if at_end:
        return _end(text, start, last, still_open)
    return _token(refused, before, still_open)


def _command(text: str, position: int) -> QueryError:
    """Explain what stands where a command should."""
    match = re.compile(r"[A-Za-z_]\w*").match(text, position)
    if text[position - 1 : position + 1] == "||":
        return QueryError.at(span_at(text, position - 1, 2), "Write 'or' for '||'.")
    if match is None:
        message = "Expected a command here."
        return QueryError.at(span_at(text, position), message, 'Begin like filter action = "REJECT".')
    word = match[0]
    place = span_at(text, position, len(word))
    refused = commands.REFUSED.get(word.lower())
    if refused:
        return QueryError.at(place, f"flowtui does not have '{refused[0]}': {refused[1]}")
    known = next((name for name in commands.MEANINGS if name.lower() == word.lower()), None)
    if known:
        return QueryError.at(
            place, f"Expected more after '{known}'.", f"Write it like {commands.MEANINGS[known][0]}."
        )
    meant = _ELSEWHERE.get(word.lower())
    hint = f"Did you mean '{meant}'?" if meant else did_you_mean(word, commands.MEANINGS)
    hint = hint or "To filter, write filter before the condition."
    return QueryError.at(place, f"{quoted(word)} is not a command.", hint)


def _end(text: str, start: str, last: Token | None, still_open: Sequence[Token]) -> QueryError:
    if last is None:
        example = (
            'a condition, as in action = "REJECT"'
            if start == "filter"
            else "one like stats count(*) by action"
        )
        return QueryError(f"The {start} is empty.", hint=f"Write {example}.")
    if last.type in _AFTER:
        return QueryError.at(span_at(text, last.end_pos or 0), _AFTER[last.type].format(_word(last)))
    if still_open:
        return _open(still_open[-1])
    return QueryError.at(span_at(text, last.end_pos or 0), f"The {start} ends too early.")


def _open(opening: Token) -> QueryError:
    what = "list" if opening.type == "LSQB" else "parenthesis"
    return QueryError.at(span_of(opening), f"The {what} that starts here is not closed.")


def _token(refused: Token, before: Sequence[Token], still_open: Sequence[Token]) -> QueryError:
    place = span_of(refused)
    last = before[-1] if before else None
    if refused.type == "DURATION":
        return QueryError.at(place, _MISPLACED["DURATION"].format(_word(refused)))
    if refused.type == "DIVIDE" and any(token.type in _BEFORE_PATTERN for token in before):
        return QueryError.at(place, _OPEN_PATTERN)
    if last is not None:
        foreign = _FOREIGN.get((str(last), str(refused)))
        if foreign and last.end_pos == refused.start_pos:
            return QueryError.at(span_of(last).to(place), foreign)
        if (last.type, refused.type) == ("_SORT", "_BY"):
            return QueryError.at(place, "After 'sort' the field follows at once.", "Leave out 'by'.")
        if last.type in _AFTER:
            return QueryError.at(place, _AFTER[last.type].format(_word(last)))
        if still_open and still_open[-1].type == "LPAR" and refused.type in _OUTSIDE:
            return _open(still_open[-1])
        if refused.type in {"EQUALS", "ORDER", "MATCH"}:
            return chained(place)
        if still_open and still_open[-1].type == "LSQB":
            return QueryError.at(place, f"Expected ',' or ']' before {quoted(str(refused))}.")
    sentence = _MISPLACED.get(refused.type, "'{}' does not fit here.")
    return QueryError.at(place, sentence.format(_word(refused)))


def _character(text: str, position: int) -> QueryError:
    char = text[position]
    if char.isdigit() or (char == "." and text[position + 1 : position + 2].isdigit()):
        return _number(text, position)
    if char == "/":
        return QueryError.at(span_at(text, position), _OPEN_PATTERN)
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
