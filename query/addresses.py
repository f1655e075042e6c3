"""IP addresses in text columns, as polars expressions.

Only the polars back end imports this. IPv4 is decided by regular expressions, which run natively at about
15 ns a row and judge validity in the same pass; IPv6, which is rarer and has many spellings, by Python's
``ipaddress``, once for each different value (of a batch; a cache carries over to the next).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from loaders.addresses import V4, V6

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loaders.addresses import Address

# A number from 0 to 255 without leading zeros, as ``ipaddress`` has it.
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


# What can stand in an IPv6 address that is not spelled canonically: capitals, an IPv4 tail, a zone, leading
# zeros, zeros that could be shortened. Canonical ones can match too, which costs time only.
_MAYBE_ODD = "[A-F.%]|(?:^|:)0[0-9a-f]|(?:^|:)0:0(?::|$)|::0(?::|$)|(?:^|:)0::|:ffff:"
_CACHED = 2**15


def is_v4(text: pl.Expr) -> pl.Expr:
    """Whether a text is an IPv4 address. String to Boolean; null gives null."""
    return text.str.contains(_v4_pattern([_OCTET] * 4))


def is_v6(text: pl.Expr) -> pl.Expr:
    """Whether a text is an IPv6 address, in any spelling. String to Boolean; null gives null or False."""
    return _v6_where(text, lambda _: True)


def in_network(text: pl.Expr, cidr: str) -> pl.Expr:
    """Whether a text is an address of a network. String to Boolean; null gives null or False.

    Args:
        text: The text.
        cidr: The network; bits behind the prefix do not count (``10.1.2.3/8`` is ``10.0.0.0/8``).

    Raises:
        ValueError: If ``cidr`` is not a network.
    """
    network = ipaddress.ip_network(cidr, strict=False)
    if isinstance(network, ipaddress.IPv4Network):
        return text.str.contains(_v4_pattern(_octets(network)))
    return _v6_where(text, lambda address: address in network)


def in_network_by_number(address: Address, cidr: str) -> pl.Expr:
    """Whether an address that is kept as numbers is in a network. Boolean, never null.

    Raises:
        ValueError: If ``cidr`` is not a network.
    """
    network = ipaddress.ip_network(cidr, strict=False)
    first, last = int(network.network_address), int(network.broadcast_address)
    if isinstance(network, ipaddress.IPv4Network):
        # An IPv4 address has one spelling, so no other column can hold one.
        return _between(address.v4, first, last)
    found = pl.lit(value=False)
    if address.v6 is not None:
        found = found | _between(address.v6, first, last)
    if address.other is not None:
        found = found | in_network(pl.col(address.other), cidr).fill_null(value=False)
    return found


def _between(column: str, first: int, last: int) -> pl.Expr:
    """Whether a number is there and in a range, in the form that lets polars skip row groups."""
    number, dtype = pl.col(column), V4 if last < 2**32 else V6
    if first == last:
        return number.is_not_null() & (number == pl.lit(first, dtype))
    return number.is_not_null() & (number >= pl.lit(first, dtype)) & (number <= pl.lit(last, dtype))


def is_any(address: Address, texts: Sequence[str]) -> pl.Expr:
    """Whether an address that is kept as numbers is one of some texts, in any spelling. Never null."""
    v4, v6, rest = [], [], []
    for text in map(canonical_text, texts):
        try:
            spelled = ipaddress.ip_address(text)
        except ValueError:
            rest.append(text)
            continue
        if spelled.version == 4:
            v4.append(int(spelled))
            continue
        rest.append(text)
        if "%" not in text:  # an address with a zone is another one, and not kept as a number
            v6.append(int(spelled))
    found = pl.lit(value=False)
    for column, numbers, dtype in ((address.v4, v4, V4), (address.v6, v6, V6)):
        if column is not None and numbers:
            number = pl.col(column)
            hit = (
                number == pl.lit(numbers[0], dtype)
                if len(numbers) == 1
                else number.is_in(pl.Series(numbers, dtype=dtype).implode())
            )
            found = found | (number.is_not_null() & hit)
    if address.other is not None and rest:
        found = found | canonical(pl.col(address.other)).is_in(rest).fill_null(value=False)
    return found


def canonical(text: pl.Expr) -> pl.Expr:
    """Addresses with IPv6 in its one canonical spelling. String to String; other text stays as it is."""

    def spell(values: pl.Series) -> pl.Series:
        respelled = {}
        for value in _odd_v6(values):
            address = _parse_v6(value)
            if address is not None and str(address) != value:
                respelled[value] = str(address)
        return values.replace(respelled) if respelled else values

    return text.map_batches(spell, return_dtype=pl.String, is_elementwise=True)


def canonical_text(text: str) -> str:
    """What ``canonical`` makes of one text."""
    address = _parse_v6(text)
    return text if address is None else str(address)


def _octets(network: ipaddress.IPv4Network) -> list[str]:
    """A pattern for each of the four numbers of the network's addresses."""
    first, last = network.network_address.packed, network.broadcast_address.packed
    return [_numbers(low, high) for low, high in zip(first, last, strict=True)]


def _numbers(low: int, high: int) -> str:
    if (low, high) == (0, 255):
        return _OCTET
    return f"(?:{'|'.join(map(str, range(low, high + 1)))})"


def _v4_pattern(octets: list[str]) -> str:
    return "^" + r"\.".join(octets) + "$"


def _v6_where(text: pl.Expr, test: Callable[[ipaddress.IPv6Address], bool]) -> pl.Expr:
    def run(values: pl.Series) -> pl.Series:
        hits = [
            value
            for value in _having_colons(values).unique()
            if (address := _parse_v6(value)) is not None and test(address)
        ]
        return values.is_in(hits)

    return text.map_batches(run, return_dtype=pl.Boolean, is_elementwise=True)


def _having_colons(values: pl.Series) -> pl.Series:
    """The values that can be IPv6 addresses at all."""
    return values.filter(values.str.contains(":", literal=True))


def _odd_v6(values: pl.Series) -> pl.Series:
    """The different values that can be IPv6 addresses in another than the canonical spelling."""
    texts = _having_colons(values)
    # "::" for a single zero: with seven others there are seven colons or more.
    shortened = texts.str.contains("::", literal=True) & (texts.str.count_matches(":", literal=True) >= 7)
    return texts.filter(texts.str.contains(_MAYBE_ODD) | shortened).unique()


@lru_cache(_CACHED)
def _parse_v6(text: str) -> ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        return None
