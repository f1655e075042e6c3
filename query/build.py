"""What the parser does at each rule of the grammar: from tokens to nodes of the tree.

The methods carry the names of the grammar's rules. What cannot be a node yet is a term of ``query.terms``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from query import functions, literals, tree
from query.errors import QueryError, Span, chained, did_you_mean, quoted
from query.terms import Bare, Part, Sized, condition_of, is_condition, value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token


def span_of(token: Token) -> Span:
    """Where a token stands."""
    place = (token.start_pos, token.end_pos, token.line, token.column)
    return Span(*cast("tuple[int, int, int, int]", place))


class Build:
    """The parser's callbacks. It has no state, so that one parser serves all threads."""

    def filter(self, parts: Sequence[Part]) -> tree.Expr:
        """The whole condition."""
        return condition_of(parts[0])

    def any_of(self, parts: Sequence[Part]) -> tree.Expr:
        """Terms joined by ``or``."""
        return tree.Or(tuple(map(condition_of, parts)), span=parts[0].span.to(parts[-1].span))

    def all_of(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """Terms joined by ``and`` or side by side."""
        terms: list[tree.Expr] = []
        previous: Part | Token | None = None
        for part in parts:
            if isinstance(part, Part):
                if isinstance(previous, tree.Compare):
                    _refuse_chain(previous, part)
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

    def call(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """A function with its values."""
        name, *arguments, close = parts
        span = span_of(cast("Token", name)).to(span_of(cast("Token", close)))
        values = tuple(value_of(part, networks=True) for part in arguments if isinstance(part, Part))
        return _called(str(name), values, span)

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
        """A name, in backticks or not."""
        text, span = str(parts[0]), span_of(parts[0])
        if "`" not in text:
            return Bare(text, span, "name")
        name = re.sub("`((?:[^`]|``)+)`", lambda found: found[1].replace("``", "`"), text)
        return tree.Field(name, span=span)

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


def _called(name: str, values: tuple[tree.Expr, ...], span: Span) -> tree.Expr:
    function = functions.find(name)
    if function is None:
        known = (known.name for known in functions.FUNCTIONS.values())
        word = Span(span.start, span.start + len(name), span.line, span.column)
        raise QueryError.at(word, f"{quoted(name)} is not a function.", did_you_mean(name, known))
    if len(values) != len(function.takes):
        count = {1: "one value", 2: "two values"}.get(len(function.takes), f"{len(function.takes)} values")
        message = f"{function.name} takes {count}, not {len(values)}."
        raise QueryError.at(span, message, f"Write it like {function.example}.")
    return tree.Call(function.name, values, span=span)
