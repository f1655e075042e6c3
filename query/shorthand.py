"""Bare terms of the filter bar (``reject``, ``:22``, ``10.0.0.0/8``), each a name for ordinary QL.

``SHORTHANDS`` is the one table: the parser expands terms by it and the help screens show it. A shorthand is
gone once the text is parsed, so every filter can be copied, saved and sent to AWS as QL.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from query import tree
from query.errors import QueryError, Span, did_you_mean, quoted
from query.literals import NO_VALUE, number
from query.services import WORDS, port_of, service_names

# What a match of a pattern stands for; the span is that of the term, for errors and warnings.
Expand = Callable[[re.Match[str], Span], tree.Expr]

# What the ids of a kind of resource begin with, and the column that holds them.
RESOURCES: dict[str, str] = {
    "eni": "interface_id",
    "vpc": "vpc_id",
    "subnet": "subnet_id",
    "i": "instance_id",
    "tgw": "tgw_id",
    "tgw-attach": "tgw_attachment_id",
}
_HIGHEST_PORT = 65_535
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shorthand:
    """One kind of bare term.

    Attributes:
        pattern: What to type, for people.
        example: A term of this kind.
        meaning: What it finds, in a few plain words.
        matches: The terms of this kind.
        expand: What a term stands for.
    """

    pattern: str
    example: str
    meaning: str
    matches: re.Pattern[str]
    expand: Expand

    @property
    def ql(self) -> str:
        """The QL that the example stands for."""
        return tree.to_text(expand(self.example, Span()))


def expand(term: str, span: Span) -> tree.Expr:
    """The condition that a bare term stands for.

    Raises:
        QueryError: If the term is no shorthand, or one that cannot be (port 70000).
    """
    for shorthand in SHORTHANDS:
        match = shorthand.matches.fullmatch(term)
        if match:
            return shorthand.expand(match, span)
    raise QueryError.at(span, f"{quoted(term)} stands for nothing here.")


def condition(column: str, value: object, *, keep: bool) -> str:
    """The QL that keeps, or leaves out, the records with one value in a column.

    What is left out is exactly what would have been kept: records without any value there stay, which they
    would not with ``!=``.

    Args:
        column: The column's name.
        value: The value as the column holds it; None for records that have none.
        keep: Whether to keep or to leave out.
    """
    field = tree.Field(column)
    if value is None:
        return tree.to_text(tree.Compare(field, "=" if keep else "!=", tree.Literal(NO_VALUE)))
    if isinstance(value, datetime):
        value = (value - _EPOCH) // timedelta(milliseconds=1)
    # A bool is an int, and QL has conditions as 1 and 0.
    literal = tree.Literal(+value if isinstance(value, (int, float)) else str(value))
    kept = tree.Compare(field, "=", literal)
    return tree.to_text(kept if keep else tree.Not(kept))


def _word(match: re.Match[str], span: Span) -> tree.Expr:
    column, value = WORDS[match[0].lower()]
    return _equal(column, value, span)


def _address(match: re.Match[str], span: Span) -> tree.Expr:
    try:
        text = str(ipaddress.ip_address(match[0]))
    except ValueError:
        raise QueryError.at(span, f"{quoted(match[0])} is not an address.") from None
    return _either("srcaddr", "dstaddr", text, span)


def _network(match: re.Match[str], span: Span) -> tree.Expr:
    try:
        ipaddress.ip_network(match[0], strict=False)
    except ValueError:
        raise QueryError.at(
            span, f"{quoted(match[0])} is not a network.", "Write one like 10.0.0.0/8 or 2001:db8::/32."
        ) from None
    network = tree.Literal(match[0].lower(), span=span)
    return tree.Or(
        tuple(
            tree.Call("isIpInSubnet", (tree.Field(column, span=span), network), span=span)
            for column in ("srcaddr", "dstaddr")
        ),
        span=span,
    )


def _port(match: re.Match[str], span: Span) -> tree.Expr:
    name = match[1]
    port = number(name, span) if name.isdigit() else port_of(name)
    if port is None:
        hint = did_you_mean(match[0], (f":{known}" for known in service_names()))
        raise QueryError.at(span, f"{quoted(name)} is not a known service.", hint)
    if port > _HIGHEST_PORT:
        raise QueryError.at(span, f"{quoted(name)} is not a port.", f"Ports go up to {_HIGHEST_PORT}.")
    return _either("srcport", "dstport", port, span)


def _resource(match: re.Match[str], span: Span) -> tree.Expr:
    return _equal(RESOURCES[match[1].lower()], match[0].lower(), span)


def _resource_part(match: re.Match[str], span: Span) -> tree.Expr:
    field = tree.Field(RESOURCES[match[1].lower()], span=span)
    return tree.Like(field, tree.Literal(match[0].lower(), span=span), span=span)


def _size(match: re.Match[str], span: Span) -> tree.Expr:
    operator = cast("tree.Operator", match[1])
    value = tree.Literal(number(match[2], span), span=span)
    return tree.Compare(tree.Field("bytes", span=span), operator, value, span=span)


def _equal(column: str, value: str | float, span: Span) -> tree.Expr:
    return tree.Compare(tree.Field(column, span=span), "=", tree.Literal(value, span=span), span=span)


def _either(source: str, destination: str, value: str | float, span: Span) -> tree.Expr:
    return tree.Or((_equal(source, value, span), _equal(destination, value, span)), span=span)


def _words_of(*columns: str) -> re.Pattern[str]:
    words = sorted((word for word, (column, _) in WORDS.items() if column in columns), key=len, reverse=True)
    return re.compile("|".join(words), re.IGNORECASE)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_PREFIX = f"({'|'.join(sorted(RESOURCES, key=len, reverse=True))})-"
# A complete resource id has 17 hexadecimal digits, or 8 if it was made before 2018.
_COMPLETE = "(?:[0-9a-f]{8}|[0-9a-f]{17})"

SHORTHANDS: tuple[Shorthand, ...] = tuple(
    Shorthand(*row)
    for row in (
        ("accept, reject", "reject", "let through, or refused", _words_of("action"), _word),
        ("ok, nodata, skipdata", "nodata", "how the logging went", _words_of("log_status"), _word),
        ("ingress, egress", "ingress", "direction at the interface", _words_of("flow_direction"), _word),
        ("tcp, udp, icmp, …", "tcp", "IP protocol", _words_of("protocol"), _word),
        (
            "ADDRESS",
            "10.0.1.10",
            "from or to an address",
            _pattern(r"(?=.*(?:\.|:.*:))[0-9a-f:.]+"),
            _address,
        ),
        ("NETWORK", "10.0.0.0/8", "from or to a network", _pattern("[0-9a-f:.]+/[0-9]+"), _network),
        (":PORT", ":22", "from or to a port", _pattern(":([0-9]+)"), _port),
        (":SERVICE", ":ssh", "from or to a service", _pattern(":([a-z0-9][a-z0-9_-]*)"), _port),
        ("eni-ID, vpc-ID, …", "eni-0a4798cd", "of a resource", _pattern(_PREFIX + _COMPLETE), _resource),
        (
            "eni-PART, i-PART, …",
            "eni-0a4",
            "of resources like this",
            _pattern(_PREFIX + "[a-z0-9]*"),
            _resource_part,
        ),
        (">SIZE, <=SIZE, …", ">1MB", "records of this many bytes", _pattern("([<>]=?)(.+)"), _size),
    )
)
