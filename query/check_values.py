"""What can be wrong with an expression: unknown fields, impossible values, bad patterns."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders.fields import ADDRESSES, BY_COLUMN
from query import functions, local, names, tree
from query.errors import NOWHERE, QueryError, Span, did_you_mean, quoted
from query.literals import NO_VALUE, numeric
from query.services import WORDS, port_of, protocol_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# What flow logs leave out, as the Amazon VPC user guide lists it: all of it is link-local.
_NEVER_LOGGED = ipaddress.IPv4Network("169.254.0.0/16")
_NEVER = "AWS never logs traffic to {}, so this can never match."
_PORTS = frozenset({"srcport", "dstport"})
_TIME = "timestamp"
_PLAIN = (tree.Field, tree.Literal)


@dataclass(frozen=True, slots=True)
class QueryWarning:
    """A filter that has a meaning, but hardly the one that was wanted.

    Attributes:
        message: One plain sentence.
        span: The part of the filter that it is about.
    """

    message: str
    span: Span = NOWHERE


def check_expression(
    node: tree.Expr, columns: Collection[str], *, wants_value: bool | None, strict: bool
) -> Iterator[QueryWarning]:
    """Check an expression and all below it.

    Args:
        node: The expression.
        columns: The columns of the logs and the fields of their messages; with none, nothing is said about
            what they lack.
        wants_value: Whether only a record with a value in a field can match; None if unclear.
        strict: Whether a field that exists nowhere is an error; otherwise it is a warning, as AWS takes it
            for empty.

    Raises:
        QueryError: As ``query.check`` says.
    """
    if isinstance(node, tree.Field):
        yield from _field(node, columns, wants_value, strict=strict)
    if isinstance(node, tree.Call):
        yield from _networks(node, wants_value)
    if isinstance(node, tree.Regex):
        check_pattern(node)
    if isinstance(node, tree.Duration) and node.period.capped != node.period:
        what = f"{tree.to_text(node)} counts as {tree.to_text(tree.Duration(node.period.capped))}, as in AWS."
        yield QueryWarning(f"{what} Write it in a larger unit.", node.span)
    for field, literal, is_equality in _pairs(node):
        in_messages = names.has_messages(columns)
        if in_messages and names.column_of(field.name, columns) is None:
            continue
        try:
            _number(field, literal)
        except QueryError as error:
            # A key of some JSON may be called like a field of flow logs and hold text.
            if not in_messages:
                raise
            yield QueryWarning(error.message, literal.span)
        messages = (
            _never_equal(field, literal) if is_equality and wants_value else None,
            _capitals(field, literal),
        )
        yield from (QueryWarning(message, literal.span) for message in messages if message)
    if isinstance(node, tree.Compare) and isinstance(node.right, tree.Field):
        _unquoted(node.left, node.operator, node.right, columns)
    if isinstance(node, tree.Arithmetic):
        _hyphenated(node, columns)
    below = _wants_value_below(node, wants_value)
    for child in tree.children(node):
        yield from check_expression(child, columns, wants_value=below, strict=strict)


def _wants_value_below(node: tree.Expr, wants_value: bool | None) -> bool | None:
    """What ``wants_value`` is one level down."""
    match node:
        case tree.Not():
            turned = True
        case tree.Call(name):
            turned = name in {"isempty", "isblank"}
        case tree.Compare(left, operator, right):
            if not (isinstance(left, _PLAIN) and isinstance(right, _PLAIN)):
                return None
            turned = operator == "=" and NO_VALUE in {_text(left), _text(right)}
        case tree.In(_, items, negated):
            turned = not negated and NO_VALUE in map(_text, items.items)
        case _:
            turned = False
    if wants_value is None or not turned:
        return wants_value
    return not wants_value


def _text(node: tree.Expr) -> str | None:
    return node.value if isinstance(node, tree.Literal) and isinstance(node.value, str) else None


def _field(
    node: tree.Field, columns: Collection[str], wants_value: bool | None, *, strict: bool
) -> Iterator[QueryWarning]:
    if names.is_seen(node, columns) or names.is_always_there(node.name) or local.find(node.name):
        return
    if any(column.startswith(tuple(f"{name}." for name in names.in_messages(node))) for column in columns):
        # A map or a list, of which only what is inside is listed.
        return
    if not names.is_known(node.name):
        hint = did_you_mean(node.name, names.spellings(columns))
        if names.has_messages(columns) or not strict:
            what = f"{node.written} is not among the fields of these logs, so it counts as empty."
            yield QueryWarning(f"{what} {hint}".rstrip(), node.span)
            return
        raise QueryError.at(node.span, f"{quoted(node.name)} is not a field.", hint)
    if columns:
        effect = "this matches nothing" if wants_value else "it counts as empty"
        yield QueryWarning(f"{BY_COLUMN[node.name].name} is not in these logs, so {effect}.", node.span)


def _unquoted(left: tree.Expr, operator: str, right: tree.Field, columns: Collection[str]) -> None:
    """Explain ``action = REJECT`` and ``protocol = tcp``, where a value stands without quotes."""
    if names.is_known(right.name) or names.column_of(right.name, columns) is not None:
        return
    if names.has_messages(columns) and right.name.lower() not in WORDS:
        return  # one of many messages may have such a field
    word, name = right.name, left.name if isinstance(left, tree.Field) else ""
    column, value = WORDS.get(word.lower(), ("", ""))
    if column != name:
        value = port_of(word) or word if name in _PORTS else word
    meant = tree.to_text(tree.Literal(value))
    message = f"{quoted(word)} is not a field."
    if isinstance(value, int):
        raise QueryError.at(right.span, message, f"Did you mean {tree.to_text(left)} {operator} {meant}?")
    hint = did_you_mean(word, names.spellings(columns)) if column != name else ""
    raise QueryError.at(right.span, message, hint or f"Text stands in quotes: {meant}.")


def _hyphenated(node: tree.Arithmetic, columns: Collection[str]) -> None:
    """Explain ``foo-bar``: QL reads a hyphen as minus, so such a name needs backticks."""
    left, right = node.left, node.right
    if node.sign != "-" or not (isinstance(left, tree.Field) and isinstance(right, tree.Field)):
        return
    touching = left.span.end + 1 == right.span.start
    unknown = not any(names.is_known(side.name) or names.is_seen(side, columns) for side in (left, right))
    if touching and unknown:
        name = f"{left.written}-{right.written}"
        raise QueryError.at(left.span.to(right.span), f"A name with '-' needs backticks: `{name}`.")


def _networks(node: tree.Call, wants_value: bool | None) -> Iterator[QueryWarning]:
    function = functions.find(node.name)
    for argument, takes in zip(node.arguments, function.takes if function else (), strict=False):
        if not takes.is_network:
            continue
        text = _text(argument)
        network = _network(text or "")
        if network is None or (takes.version and network.version != takes.version):
            what = (
                f"{quoted(text)} is not {takes.value}." if text else f"Expected {takes.value} in quotes here."
            )
            raise QueryError.at(argument.span, what, f"Write one like {takes.sample}.")
        if wants_value and _is_never_logged(network):
            yield QueryWarning(_NEVER.format(text), argument.span)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_never_logged(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return isinstance(network, ipaddress.IPv4Network) and network.subnet_of(_NEVER_LOGGED)


def check_pattern(pattern: tree.Regex) -> None:
    """Refuse a pattern that polars, whose expressions are those of RE2 and so of AWS, cannot use.

    Raises:
        QueryError: If it is no regular expression.
    """
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern.pattern)
    except pl.exceptions.PolarsError as error:
        reasons = {
            "look-around": "Look-ahead and look-behind are not available.",
            "backreferences": "References back to a group are not available.",
            "size limit": "It is too large.",
        }
        hint = next((text for sign, text in reasons.items() if sign in str(error)), "")
        raise QueryError.at(pattern.span, "This pattern is not a valid regular expression.", hint) from None


def _pairs(node: tree.Expr) -> Iterator[tuple[tree.Field, tree.Literal, bool]]:
    """The fields that a node compares with constants, and whether it asks that they are equal."""
    match node:
        case tree.Compare(tree.Field() as field, operator, tree.Literal() as literal):
            yield field, literal, operator == "="
        case tree.Compare(tree.Literal() as literal, operator, tree.Field() as field):
            yield field, literal, operator == "="
        case tree.In(tree.Field() as field, items, negated):
            for literal in items.items:
                yield field, literal, not negated


def _number(field: tree.Field, literal: tree.Literal) -> None:
    """Refuse to compare a number field with a text that is no number."""
    known, text = BY_COLUMN.get(field.name), _text(literal)
    if known is None or not known.kind.is_number or text is None:
        return
    if text == NO_VALUE or numeric(text) is not None:
        return
    meant = port_of(text) if field.name in _PORTS else None
    meant = protocol_number(text) if field.name == "protocol" else meant
    hint = "Compare it with milliseconds since 1970." if field.name == _TIME else ""
    hint = hint if meant is None else f"Did you mean {meant}?"
    raise QueryError.at(literal.span, f"{known.insights} is a number, and {quoted(text)} is not.", hint)


def _never_equal(field: tree.Field, literal: tree.Literal) -> str | None:
    """Say so if no record's address can equal this one."""
    text = _text(literal) or ""
    network = _network(text)
    if field.name not in ADDRESSES or network is None:
        return None
    if "/" in text:
        insights = tree.field_text(field.name)
        return f'{insights} holds single addresses: write isIpInSubnet({insights}, "{text}").'
    return _NEVER.format(text) if _is_never_logged(network) else None


def _capitals(field: tree.Field, literal: tree.Literal) -> str | None:
    """Say so if a code is written in the wrong case."""
    known, text = BY_COLUMN.get(field.name), _text(literal)
    if known is None or known.values is None or text is None or text in known.values:
        return None
    meant = next((value for value in known.values if value.lower() == text.lower()), None)
    return f'Case counts: {known.insights} is "{meant}", never "{text}".' if meant else None
