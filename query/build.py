"""What the parser does at each rule of the grammar: from tokens to nodes of the tree.

The methods carry the names of the grammar's rules. Terms that are not QL yet (``reject``, ``10.0.0.1``) wait
as ``Bare`` until it is known where they stand: as a condition they are shorthand, beside an operator they
are a field or a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from loaders.fields import resolve
from query import functions, literals, names, shorthand, tree
from query.errors import QueryError, Span, did_you_mean, quoted
from query.services import WORDS, port_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lark import Token

# Words that open a command of the full language; people paste them with the condition.
_COMMANDS = frozenset({"fields", "display", "filter", "where", "parse", "stats", "sort", "limit", "dedup"})
_CONDITIONS = (tree.Compare, tree.Like, tree.In, tree.Not, tree.And, tree.Or)


@dataclass(frozen=True, slots=True)
class Bare:
    """A term whose meaning depends on where it stands.

    Attributes:
        text: As written.
        span: Where it stands.
        kind: ``name`` can be a field or a word of the shorthand, ``text`` is an address or a resource id,
            ``term`` is shorthand that can only be a condition (``:22``, ``>1MB``).
    """

    text: str
    span: Span
    kind: Literal["name", "text", "term"]


Part = tree.Expr | Bare


def span_of(token: Token) -> Span:
    """Where a token stands."""
    place = (token.start_pos, token.end_pos, token.line, token.column)
    return Span(*cast("tuple[int, int, int, int]", place))


class Build:
    """The parser's callbacks. It has no state, so that one parser serves all threads."""

    def filter(self, parts: Sequence[Part]) -> tree.Expr:
        """The whole condition."""
        return _condition(parts[0])

    def any_of(self, parts: Sequence[Part]) -> tree.Expr:
        """Terms joined by ``or``."""
        return tree.Or(tuple(map(_condition, parts)), span=parts[0].span.to(parts[-1].span))

    def all_of(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """Terms joined by ``and`` or side by side."""
        terms: list[tree.Expr] = []
        previous: Part | Token | None = None
        for part in parts:
            if isinstance(part, Part):
                if isinstance(previous, tree.Compare):
                    _refuse_chain(previous, part)
                terms.append(_condition(part))
            previous = part
        return tree.And(tuple(terms), span=terms[0].span.to(terms[-1].span))

    def negate(self, parts: tuple[Token, Part]) -> tree.Expr:
        """``not`` and a term."""
        word, part = parts
        term = _condition(part)
        return tree.Not(term, span=span_of(word).to(term.span))

    def compare(self, parts: tuple[Part, Token, Part]) -> tree.Expr:
        """Two parts and an operator."""
        left, operator, right = parts
        value = _value(right)
        # `tcp >1MB` reads like a comparison but means `tcp and bytes > 1MB`.
        if operator.type == "ORDER" and _is_condition(left):
            term = _condition(left)
            size = _compared(tree.Field("bytes", span=span_of(operator)), operator, value)
            return tree.And((term, size), span=left.span.to(value.span))
        return _compared(_value(left), operator, value)

    def like(self, parts: tuple[Part, Token, tree.Literal | tree.Regex]) -> tree.Expr:
        """``like``, ``not like`` and ``=~``."""
        left, operator, pattern = parts
        return tree.Like(_value(left), pattern, operator.type == "NOT_LIKE", span=left.span.to(pattern.span))

    def within(self, parts: tuple[Part, Token, tree.ListLiteral]) -> tree.Expr:
        """``in`` and ``not in``."""
        left, operator, items = parts
        return tree.In(_value(left), items, operator.type == "NOT_IN", span=left.span.to(items.span))

    def term(self, parts: Sequence[Token]) -> Part:
        """Shorthand that has a terminal of its own."""
        return Bare("".join(parts), span_of(parts[0]).to(span_of(parts[-1])), "term")

    def call(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """A function with its values."""
        name, *arguments, close = parts
        span = span_of(cast("Token", name)).to(span_of(cast("Token", close)))
        values = tuple(_value(part, networks=True) for part in arguments if isinstance(part, Part))
        return _called(str(name), values, span)

    def list(self, parts: Sequence[Part | Token]) -> tree.Expr:
        """The list after ``in``."""
        opening, *items, closing = parts
        values = (_value(item) for item in items if isinstance(item, Part))
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


def _is_condition(part: Part) -> bool:
    """Whether a part beside ``<`` or ``>`` is a condition of its own, with a size behind it."""
    if isinstance(part, Bare):
        return part.kind != "name" or part.text.lower() in WORDS
    return isinstance(part, _CONDITIONS)


def _compared(left: tree.Expr, operator: Token, right: tree.Expr) -> tree.Expr:
    sign = cast("tree.Operator", str(operator))
    return tree.Compare(left, sign, right, span=left.span.to(right.span))


def _refuse_chain(previous: tree.Compare, part: Part) -> None:
    """Refuse ``1 < packets < 5``, whose end would else be read as a size in bytes."""
    is_size = isinstance(part, Bare) and part.text.startswith(("<", ">"))
    if is_size and (previous.operator not in {"=", "!="} or not isinstance(previous.right, tree.Literal)):
        raise QueryError.at(
            part.span, "Only two values can be compared at a time.", "Write 'and' between the comparisons."
        )


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


def _value(part: Part, networks: bool = False) -> tree.Expr:
    """A part beside an operator or inside a function: a field, a text, a number or a function's value."""
    if not isinstance(part, Bare):
        return part
    if part.kind == "name":
        return tree.Field(part.text, span=part.span)
    if part.kind == "term":
        raise QueryError.at(part.span, f"{quoted(part.text)} is a condition and cannot be compared.")
    shorthand.expand(part.text, part.span)  # complains about an address that is none
    if "/" in part.text and not networks:
        hint = f'Write isIpInSubnet(srcAddr, "{part.text}").'
        raise QueryError.at(part.span, f"{quoted(part.text)} is a network, not one address.", hint)
    return tree.Literal(part.text.lower(), span=part.span)


def _condition(part: Part) -> tree.Expr:
    """A part that stands as a condition of its own."""
    if isinstance(part, Bare):
        if part.kind != "name" or part.text.lower() in WORDS:
            return shorthand.expand(part.text, part.span)
        raise _unknown_word(part)
    if isinstance(part, tree.Field):
        raise _lone_field(part.span, part.name)
    if isinstance(part, tree.Literal):
        what = "text" if isinstance(part.value, str) else "number"
        raise QueryError.at(
            part.span,
            f"A {what} alone is not a condition.",
            'Compare it with a field, as in action = "REJECT".',
        )
    if isinstance(part, tree.Call):
        function = functions.find(part.name)
        if function is not None and function.gives is not functions.Gives.TRUTH:
            message = f"{function.name} gives {function.gives.value}, which is not a condition."
            raise QueryError.at(part.span, message, "Compare it with something.")
    return part


def _unknown_word(part: Bare) -> QueryError:
    word = part.text
    if resolve(word) is not None:
        return _lone_field(part.span, word)
    if word.lower() in _COMMANDS:
        return QueryError.at(part.span, f"{quoted(word)} is not part of a condition.", "Leave it out.")
    message = f"{quoted(word)} is not a field, a function or a shorthand."
    if port_of(word) is not None:
        return QueryError.at(part.span, message, f"Did you mean ':{word.lower()}'?")
    known = (function.name for function in functions.FUNCTIONS.values())
    return QueryError.at(part.span, message, did_you_mean(word, (*WORDS, *names.spellings(), *known)))


def _lone_field(span: Span, name: str) -> QueryError:
    field = resolve(name)
    if field is None:
        example = f'{tree.field_text(name)} = "…"'
    elif field.kind.is_number:
        example = f"{field.insights} > 0"
    else:
        example = f'{field.insights} = "{next(iter(field.values or {"…": ""}))}"'
    return QueryError.at(span, f"{quoted(name)} needs a comparison, as in {example}.")
