"""What the parser does at each rule of the grammar: from tokens to nodes of the tree.

The methods carry the names of the grammar's rules. What cannot be a node yet is a term of ``query.terms``.
Those of commands are in ``query.build_commands``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from query import functions, literals, periods, tree
from query.build_commands import BuildCommands, unquoted
from query.errors import QueryError, Span, chained, did_you_mean, quoted, span_of
from query.terms import Bare, Part, Sized, condition_of, is_condition, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token


# A comparison without a field, and without the unit that makes a size of it.
_LONE_ORDER = re.compile(r"[<>]=?-?[0-9.]+")


class Build(BuildCommands):
    """The parser's callbacks. It has no state, so that one parser serves all threads."""

    def filter(self, parts: Sequence[Part]) -> tree.Expr:
        """The whole condition."""
        return condition_of(parts[0])

    def any_of(self, parts: Sequence[Part]) -> tree.Expr:
        """Terms joined by ``or``."""
        for before, part in pairwise(parts):
            _refuse_lone_order(before, part)
        return tree.Or(tuple(map(condition_of, parts)), span=parts[0].span.to(parts[-1].span))

    def all_of(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """Terms joined by ``and`` or side by side."""
        terms: list[tree.Expr] = []
        previous: Part | Token | None = None
        written: Part | None = None
        for part in parts:
            if isinstance(part, Part):
                if isinstance(previous, tree.Compare):
                    _refuse_chain(previous, part)
                if written is not None:
                    _refuse_lone_order(written, part)
                written = part
                terms.append(condition_of(part))
            previous = part
        return tree.And(tuple(terms), span=terms[0].span.to(terms[-1].span))

    def negate(self, parts: tuple[Token, Part]) -> Part:
        """``not`` and a term."""
        word, part = parts
        if isinstance(part, Sized):
            return Sized(tree.Not(part.term, span=span_of(word).to(part.term.span)), part.size)
        term = condition_of(part)
        return tree.Not(term, span=span_of(word).to(term.span))

    def compare(self, parts: tuple[Part, Token, Part]) -> Part:
        """Two parts and an operator."""
        left, operator, right = parts
        value = value_of(right)
        if operator.type == "ORDER" and is_condition(left):
            return Sized(
                condition_of(left), _compared(tree.Field("bytes", span=span_of(operator)), operator, value)
            )
        return _compared(value_of(left), operator, value)

    def like(self, parts: tuple[Part, Token, tree.Literal | tree.Regex]) -> tree.Expr:
        """``like``, ``not like`` and ``=~``."""
        left, operator, pattern = parts
        return tree.Like(
            value_of(left), pattern, operator.type == "NOT_LIKE", span=left.span.to(pattern.span)
        )

    def within(self, parts: tuple[Part, Token, tree.ListLiteral]) -> tree.Expr:
        """``in`` and ``not in``."""
        left, operator, items = parts
        return tree.In(value_of(left), items, operator.type == "NOT_IN", span=left.span.to(items.span))

    def term(self, parts: Sequence[Token]) -> Part:
        """Shorthand that has a terminal of its own."""
        return Bare("".join(parts), span_of(parts[0]).to(span_of(parts[-1])), "term")

    def arithmetic(self, parts: tuple[Part, Token, Part]) -> tree.Expr:
        """Two numbers and a sign."""
        left, sign, right = parts
        first, second = value_of(left), value_of(right)
        return tree.Arithmetic(first, cast("tree.Sign", str(sign)), second, span=left.span.to(right.span))

    def negative(self, parts: tuple[Token, Part]) -> tree.Expr:
        """A number with ``-`` before it; of a literal it is part."""
        sign, part = parts
        term, span = value_of(part), span_of(sign).to(part.span)
        if isinstance(term, tree.Literal) and not isinstance(term.value, str):
            return tree.Literal(-term.value, span=span)
        return tree.Negative(term, span=span)

    def group(self, parts: tuple[Token | Part, ...]) -> Part:
        """What stands in parentheses; they count as part of it."""
        opening, part, closing = cast("tuple[Token, Part, Token]", parts)
        span = span_of(opening).to(span_of(closing))
        if isinstance(part, Sized):
            return replace(condition_of(part), span=span)
        return replace(part, span=span)

    def call(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """A function with its values."""
        name, *arguments, close = parts
        span = span_of(cast("Token", name)).to(span_of(cast("Token", close)))
        values = tuple(value_of(part, networks=True) for part in arguments if isinstance(part, Part))
        return _called(str(name), values, span)

    def duration(self, parts: Sequence[Token]) -> tree.Expr:
        """A stretch of time."""
        span = span_of(parts[0])
        try:
            return tree.Duration(periods.parse(str(parts[0])), span=span)
        except ValueError as error:
            raise QueryError.at(span, str(error)) from None

    def star(self, parts: Sequence[Token]) -> tree.Expr:
        """The ``*`` of ``count(*)``."""
        return tree.Star(span=span_of(parts[0]))

    def list(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """The list after ``in``."""
        opening, *items, closing = parts
        values = (value_of(item) for item in items if isinstance(item, Part))
        literals = tuple(value for value in values if isinstance(value, tree.Literal))
        return tree.ListLiteral(
            literals, span=span_of(cast("Token", opening)).to(span_of(cast("Token", closing)))
        )

    def text(self, parts: Sequence[Token]) -> tree.Expr:
        """A string without its quotes; a backslash takes the meaning from a quote or a backslash."""
        inside = re.sub(r"""\\([\\"'])""", r"\1", parts[0][1:-1])
        return tree.Literal(inside, span=span_of(parts[0]))

    def regex(self, parts: Sequence[Token]) -> tree.Expr:
        """A pattern without its slashes."""
        return tree.Regex(parts[0][1:-1], span=span_of(parts[0]))

    def number(self, parts: Sequence[Token]) -> tree.Expr:
        """A number with its sign and unit."""
        span = span_of(parts[0]).to(span_of(parts[-1]))
        return tree.Literal(literals.number("".join(parts), span), span=span)

    def field(self, parts: Sequence[Token]) -> Part:
        """A name, in backticks or not; the places in its lists become steps of it, as AWS flattens JSON."""
        text, span = str(parts[0]), span_of(parts[0]).to(span_of(parts[-1]))
        text += "".join(
            f".{token}" if token.type == "NUMBER" else str(token)
            for token in parts[1:]
            if token.type in {"NUMBER", "REST"}
        )
        return Bare(text, span, "name") if "`" not in text else tree.Field(unquoted(text), span=span)

    def bare(self, parts: Sequence[Token]) -> Part:
        """An address or a resource id without quotes."""
        return Bare(str(parts[0]), span_of(parts[0]), "text")


def _compared(left: tree.Expr, operator: Token, right: tree.Expr) -> tree.Expr:
    sign = cast("tree.Operator", str(operator))
    return tree.Compare(left, sign, right, span=left.span.to(right.span))


def _refuse_chain(previous: tree.Compare, part: Part) -> None:
    """Refuse ``1 < packets < 5``, whose end would else be read as a size in bytes."""
    is_size = isinstance(part, Bare) and part.text.startswith(("<", ">"))
    if is_size and (previous.operator not in {"=", "!="} or not isinstance(previous.right, tree.Literal)):
        raise chained(part.span)


def _refuse_lone_order(before: Part, part: Part) -> None:
    """Refuse ``packets >= 3 and <= 5``, whose end would else be read as a size in bytes."""
    if not isinstance(before, tree.Compare) or before.operator in {"=", "!="}:
        return
    if isinstance(part, Bare) and _LONE_ORDER.fullmatch(part.text):
        hint = f"Write it again, as in {tree.to_text(before.left)} {part.text}."
        raise QueryError.at(part.span, "Here the field is missing.", hint)


def _called(name: str, values: tuple[tree.Expr, ...], span: Span) -> tree.Expr:
    function = functions.find(name)
    word = Span(span.start, span.start + len(name), span.line, span.column)
    if function is None:
        if name.lower() in functions.REFUSED:
            raise QueryError.at(word, " ".join(functions.REFUSED[name.lower()]))
        known = (known.name for known in functions.FUNCTIONS.values())
        meant = functions.ELSEWHERE.get(name.lower())
        hint = f"Write {meant}." if meant else did_you_mean(name, known)
        raise QueryError.at(word, f"{quoted(name)} is not a function.", hint)
    if values and isinstance(values[0], tree.Star) and not (function.name == "count" and len(values) == 1):
        raise QueryError.at(values[0].span, f"{function.name} takes no '*'.", "Only count(*) does.")
    count = 0 if values and isinstance(values[0], tree.Star) else len(values)
    if not function.accepts(count):
        message = f"{function.name} takes {function.counts}, not {count}."
        raise QueryError.at(span, message, f"Write it like {function.example}.")
    for place, value in enumerate(values):
        fits = function.takes_at(place) is functions.Takes.PERIOD
        if isinstance(value, tree.Duration) != fits and not isinstance(value, tree.Star):
            what = "a time such as 5m" if fits else "a value, not a time,"
            raise QueryError.at(
                value.span, f"{function.name} takes {what} here.", f"Write it like {function.example}."
            )
    return tree.Call(function.name, values, span=span)
