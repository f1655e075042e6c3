"""Terms whose meaning depends on where they stand, and what they mean there.

The parser reads ``reject``, ``10.0.0.1`` and ``:22`` before it knows whether an operator follows: as a
condition they are shorthand, beside an operator they are a field or a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loaders.fields import resolve
from query import functions, names, shorthand, tree
from query.errors import QueryError, Span, did_you_mean, quoted
from query.services import WORDS, port_of

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


@dataclass(frozen=True, slots=True)
class Sized:
    """A condition with a size right behind it (``tcp >1MB``), which looks like a comparison.

    It stays apart until it is known whether a ``not`` stands before the condition, and only before that.
    """

    term: tree.Expr
    size: tree.Expr

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.term.span.to(self.size.span)


Part = tree.Expr | Bare | Sized


def is_condition(part: Part) -> bool:
    """Whether a part beside ``<`` or ``>`` is a condition of its own, with a size behind it."""
    if isinstance(part, Bare):
        return part.kind != "name" or part.text.lower() in WORDS
    return isinstance(part, (Sized, *_CONDITIONS))


def value_of(part: Part, networks: bool = False) -> tree.Expr:
    """A part beside an operator or inside a function: a field, a text, a number or a function's value.

    Args:
        part: The part.
        networks: Whether ``10.0.0.0/8`` can stand there.

    Raises:
        QueryError: If the part can only be a condition, or is no address.
    """
    if isinstance(part, Sized):
        return condition_of(part)
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


def condition_of(part: Part) -> tree.Expr:
    """A part that stands as a condition of its own.

    Raises:
        QueryError: If it is none.
    """
    if isinstance(part, Sized):
        return tree.And((part.term, part.size), span=part.span)
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
    function = functions.find(word)
    if function is not None:
        message = f"{quoted(word)} is a function, which takes its values in parentheses."
        return QueryError.at(part.span, message, f"Write it like {function.example}.")
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
