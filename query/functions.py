"""The functions of the query language, one declaration each.

To add a function, write one declaration here: the parser, the checks, the back end and the help screens all
read the registry. The body says what the function means, from polars expressions to a polars expression;
polars itself is only imported when a query is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


class Takes(Enum):
    """What an argument of a function must be."""

    ANY = "a value"
    TEXT = "a text"
    NETWORK = "a network"
    NETWORK4 = "an IPv4 network"
    NETWORK6 = "an IPv6 network"

    @property
    def sample(self) -> str:
        """An argument of this kind, as one would type it."""
        return {Takes.ANY: "22", Takes.TEXT: '"10."', Takes.NETWORK6: '"2001:db8::/32"'}.get(
            self, '"10.0.0.0/8"'
        )

    @property
    def version(self) -> int | None:
        """The IP version that a network argument must have; None where either will do."""
        return {Takes.NETWORK4: 4, Takes.NETWORK6: 6}.get(self)

    @property
    def is_network(self) -> bool:
        """Whether the argument is a network in quotes, which the body gets as a Python string."""
        return self in {Takes.NETWORK, Takes.NETWORK4, Takes.NETWORK6}


class Gives(Enum):
    """What a function returns."""

    TRUTH = "a condition"
    TEXT = "a text"
    NUMBER = "a number"


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        name: As AWS spells it; queries may use any case.
        takes: What its arguments must be.
        gives: What it returns. A condition counts as the number 1 or 0 when it is compared.
        meaning: One plain sentence for a person.
        build: The expression, from one ``pl.Expr`` an argument (``Takes.TEXT`` ones are String), or the text
            of the literal for a network.
    """

    name: str
    takes: tuple[Takes, ...]
    gives: Gives
    meaning: str
    build: Callable[..., pl.Expr]

    @property
    def example(self) -> str:
        """A call of the function, as one would type it."""
        _, *rest = self.takes
        return f"{self.name}({', '.join(('srcAddr', *(kind.sample for kind in rest)))})"


FUNCTIONS: dict[str, Function] = {}


def find(name: str) -> Function | None:
    """The function of a name in any case, or None."""
    return FUNCTIONS.get(name.lower())


def _function(
    name: str, takes: tuple[Takes, ...], gives: Gives, meaning: str
) -> Callable[[Callable[..., pl.Expr]], Callable[..., pl.Expr]]:
    """Declare the function that the decorated body computes."""

    def declare(body: Callable[..., pl.Expr]) -> Callable[..., pl.Expr]:
        FUNCTIONS[name.lower()] = Function(name, takes, gives, meaning, body)
        return body

    return declare


@_function("isIpInSubnet", (Takes.TEXT, Takes.NETWORK), Gives.TRUTH, "the address lies in the network")
def _is_ip_in_subnet(text: pl.Expr, network: str) -> pl.Expr:
    from query import addresses

    return addresses.in_network(text, network)


@_function(
    "isIpv4InSubnet", (Takes.TEXT, Takes.NETWORK4), Gives.TRUTH, "the IPv4 address lies in the network"
)
def _is_ipv4_in_subnet(text: pl.Expr, network: str) -> pl.Expr:
    from query import addresses

    return addresses.in_network(text, network)


@_function(
    "isIpv6InSubnet", (Takes.TEXT, Takes.NETWORK6), Gives.TRUTH, "the IPv6 address lies in the network"
)
def _is_ipv6_in_subnet(text: pl.Expr, network: str) -> pl.Expr:
    from query import addresses

    return addresses.in_network(text, network)


@_function("isValidIp", (Takes.TEXT,), Gives.TRUTH, "the text is an IPv4 or IPv6 address")
def _is_valid_ip(text: pl.Expr) -> pl.Expr:
    from query import addresses

    return addresses.is_v4(text) | addresses.is_v6(text)


@_function("isValidIpV4", (Takes.TEXT,), Gives.TRUTH, "the text is an IPv4 address")
def _is_valid_ip_v4(text: pl.Expr) -> pl.Expr:
    from query import addresses

    return addresses.is_v4(text)


@_function("isValidIpV6", (Takes.TEXT,), Gives.TRUTH, "the text is an IPv6 address")
def _is_valid_ip_v6(text: pl.Expr) -> pl.Expr:
    from query import addresses

    return addresses.is_v6(text)


@_function("ispresent", (Takes.ANY,), Gives.TRUTH, "the record has a value there")
def _is_present(value: pl.Expr) -> pl.Expr:
    return value.is_not_null()


@_function("isempty", (Takes.TEXT,), Gives.TRUTH, "the record has no value there, or an empty text")
def _is_empty(text: pl.Expr) -> pl.Expr:
    return text.is_null() | (text == "")


@_function("isblank", (Takes.TEXT,), Gives.TRUTH, "the record has no value there, or only white space")
def _is_blank(text: pl.Expr) -> pl.Expr:
    return text.is_null() | (text.str.strip_chars() == "")


@_function(
    "strcontains", (Takes.TEXT, Takes.TEXT), Gives.TRUTH, "the first text holds the second; case counts"
)
def _contains(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.contains(part, literal=True)


@_function("tolower", (Takes.TEXT,), Gives.TEXT, "the text in small letters")
def _to_lower(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase()


@_function("toupper", (Takes.TEXT,), Gives.TEXT, "the text in capital letters")
def _to_upper(text: pl.Expr) -> pl.Expr:
    return text.str.to_uppercase()


@_function("strlen", (Takes.TEXT,), Gives.NUMBER, "how many characters the text has")
def _length(text: pl.Expr) -> pl.Expr:
    return text.str.len_chars()
