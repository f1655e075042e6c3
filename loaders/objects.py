"""The values of a JSON text one by one, wherever they stand, and what is left of damaged ones.

A file may be one document or many, with or without anything between them. Decoding goes value by value, and
behind a damaged one it goes on with the next: where the brackets of the damaged one close, or else where a
value begins as the others do.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT = "the JSON ends too early: the file is not complete"
INVALID = "not valid JSON"
DEEP = "nested too deeply to be read"
MOST_PROBLEMS = 100_000
"""More of them in a file say nothing new."""

_BLANKS = r" \t\r\n"
_KEY = re.compile(r'(?:\[\s*)?\{\s*"[^"\\]*"\s*:')
_OBJECT = re.compile(r'\{\s*["}]')
# Strings are stepped over as a whole, because brackets in them mean nothing; one that has no end is none.
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|"', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
# What a text ends with that ends within a word or an escape.
_WORD = re.compile(r"[\w\\.+-]*")
_LONGEST_WORD = 12
# Where a quote is missing, what is taken for a string may end in the first quote of the next object.
_OVERLAP = 16
# As far as this brackets are counted, which is slow: so many times slower than decoding.
_LARGEST = 1024**2
_COUNTING = 4
_DEEPEST_INDENT = 200
# Looking at the same text again and again may cost so many times its length, and this besides.
_PATIENCE, _LEAST_PATIENCE = 8, 100_000_000
# To make an error the decoder counts the lines before it, so much faster than it decodes.
_LOCATING = 100
_BITS_64 = range(-(2**63), 2**64)
# Certainly beyond 64 bits; Python refuses to read much longer ones.
_MOST_DIGITS = 100
_SHOWN = 80


class Found(NamedTuple):
    """A value of a text, or a stretch of it that is none.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        value: The value; numbers that no column can hold are text.
        what: Why it is none, or ``None``.
    """

    start: int
    end: int
    value: Any = None
    what: str | None = None


class Values:
    """The values from some place of a text on; what is damaged comes in its place among them.

    Attributes:
        at: Where reading stands.
        cut: Whether the last value is not there because the text ends within it; it is not given.
        lost: Whether what is damaged goes to the end of the text: nothing that could be read was found there.
    """

    def __init__(
        self,
        text: str,
        at: int = 0,
        *,
        between: str = "",
        ends: str = "",
        begins: re.Pattern[str] | None = None,
    ) -> None:
        """Say where to read, and what.

        Args:
            text: The text.
            at: Where the first value begins, or what may stand before it.
            between: What may stand between values besides blanks.
            ends: What ends them.
            begins: How an object begins with which it is certain to go on, within whatever it stands; else it
                is learned from the first one.
        """
        self.at, self.cut, self.lost = at, False, False
        self._text, self._ends = text, ends
        self._between = re.compile(f"[{_BLANKS}{re.escape(between)}]*")
        self._begins, self._is_sure = begins, begins is not None
        self._patience, self._left = _PATIENCE * len(text) + _LEAST_PATIENCE, MOST_PROBLEMS
        self._length = len(text.rstrip())
        self._nowhere: set[str] = set()

    def __iter__(self) -> Iterator[Found]:
        """Yield values and what is damaged, in their order."""
        text = self._text
        while (start := self._skip(self.at)) < len(text) and text[start] != self._ends:
            try:
                value, end = _DECODER.raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                end = self._behind(start, error)
                if self.cut:
                    break
                self.at = end
                yield Found(start, self.at, what=DEEP if isinstance(error, RecursionError) else INVALID)
            else:
                self.at = end
                if self._begins is None and (key := _KEY.match(text, start)):
                    self._begins = re.compile(re.escape(key[0]))
                yield Found(start, end, value)
        self.at = start

    def _skip(self, at: int) -> int:
        found = self._between.match(self._text, at)
        return found.end() if found else at

    def _behind(self, start: int, error: Exception) -> int:
        """Where to go on behind something damaged; at the end, if that is nowhere."""
        reached, is_cut = None, False
        if isinstance(error, json.JSONDecodeError):
            reached, is_cut = error.pos, self._is_end(error)
            self._patience -= reached // _LOCATING
        following = self._search(self._begins, start) if self._is_sure and self._begins else None
        end = None
        if self._text[start] in _CLOSING and self._patience > 0 and not is_cut:
            limit = min(following or len(self._text), start + _LARGEST)
            end = closing(self._text, start, limit)
            self._patience -= _COUNTING * ((end or limit) - start)
            end = end if end is not None and self._may_follow(end) else None
        self._patience -= (reached or end or start + len(self._text) // 10) - start
        self._left -= 1
        if not self._is_sure:
            following = self._below(start)
            if following is None and reached is not None and not is_cut:
                following = self._guess(start, reached, end)
        if end is not None and end <= (following or end):
            return end
        if following is None or self._patience < 0 or self._left < 0:
            self.cut, self.lost = is_cut and following is None, True
            return len(self._text)
        return following

    def _below(self, start: int) -> int | None:
        """Where an object begins a line as this one does."""
        first = max(0, start - _DEEPEST_INDENT)
        line = self._text.rfind("\n", first, start) + 1
        indent = self._text[line or first : start].lstrip("[")
        if (first and not line) or indent.strip() or self._text[start] not in _CLOSING:
            return None
        return self._search(re.compile(rf"(?<=\n){indent}\{self._text[start]}"), start)

    def _guess(self, start: int, reached: int, end: int | None) -> int | None:
        """Where an object begins as others do, or as this one does, behind what could be decoded of it."""
        key = _KEY.match(self._text, start)
        own = re.compile(re.escape(key[0])) if key else _OBJECT
        begins = self._begins if self._begins and key else own
        return self._search(begins, max(start, reached - _OVERLAP), end)

    def _search(self, begins: re.Pattern[str], start: int, end: int | None = None) -> int | None:
        if begins.pattern in self._nowhere:
            return None
        found = begins.search(self._text, start + 1, len(self._text) if end is None else end)
        if found is None and end is None:
            self._nowhere.add(begins.pattern)
        return found.start() if found else None

    def _may_follow(self, at: int) -> bool:
        """Whether what stands here can stand behind a value."""
        following = self._skip(at)
        return (
            following == len(self._text) or self._text[following] in "{[]}" or "," in self._text[at:following]
        )

    def _is_end(self, error: json.JSONDecodeError) -> bool:
        """Whether a value is none because the text ends: within a string, a word or an escape."""
        if error.msg.startswith("Unterminated string"):
            return True
        return self._length - error.pos <= _LONGEST_WORD and bool(
            _WORD.fullmatch(self._text, error.pos, max(error.pos, self._length))
        )


def closing(text: str, at: int, limit: int | None = None, open_: str = "") -> int | None:
    """Find where the brackets that are open have been closed again.

    It is for what cannot be decoded: it neither builds anything nor minds what is between brackets.

    Args:
        text: The text.
        at: Where to begin.
        limit: Where to give up; the end of the text if ``None``.
        open_: The brackets that are open there.

    Returns:
        Where the last one of them ends, or ``None``, also where the wrong one is closed.
    """
    awaited = [_CLOSING[mark] for mark in open_]
    for found in _BRACKETS.finditer(text, at, len(text) if limit is None else limit):
        mark = found[0]
        if mark in _CLOSING:
            awaited.append(_CLOSING[mark])
        elif mark in {"}", "]"}:
            if not awaited or awaited.pop() != mark:
                return None
            if not awaited:
                return found.end()
        elif mark == '"':
            return None
    return None


def as_text(value: object) -> str:
    """Text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


def excerpt(text: str) -> str:
    """The beginning of a text, on one line, for a problem to show."""
    return " ".join(text[:_SHOWN].split())


def integer(digits: str) -> int | str:
    """A number of at most 64 bits; a larger one stays text, digit by digit."""
    if len(digits) > _MOST_DIGITS:
        return digits
    return number if (number := int(digits)) in _BITS_64 else digits


_DECODER = json.JSONDecoder(parse_int=integer, strict=False)
