"""Blocks of addresses (CIDR), and which of them are public.

Python's own ``is_global`` and ``is_private`` judge by other lists than a VPC does: documentation networks are
private to them, and shared address space (100.64.0.0/10) is neither.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Block:
    """A block of addresses.

    Attributes:
        version: 4 or 6.
        first: Its first address as a number.
        last: Its last address as a number.
        prefix: How many leading bits its addresses share.
        text: As AWS writes it.
    """

    version: int
    first: int
    last: int
    prefix: int
    text: str

    def __contains__(self, address: Ip) -> bool:
        """Whether an address lies in it; those of the other family never do."""
        return address.version == self.version and self.first <= int(address) <= self.last

    @property
    def is_everything(self) -> bool:
        """Whether every address of the family lies in it."""
        return self.prefix == 0

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return self.last - self.first + 1

    def shared_bits(self, address: Ip) -> int:
        """How many leading bits an address has in common with it; -1 for one of the other family."""
        if address.version != self.version:
            return -1
        width = 32 if self.version == 4 else 128
        return min(self.prefix, width - (self.first ^ int(address)).bit_length())


def block_of(text: str) -> Block:
    """Read a block; bits beyond its prefix are ignored, as AWS ignores them.

    Raises:
        ValueError: It is none.
    """
    network = ipaddress.ip_network(text.strip(), strict=False)
    first = int(network.network_address)
    return Block(network.version, first, first + network.num_addresses - 1, network.prefixlen, str(network))


@lru_cache(maxsize=65_536)
def ip_of(text: str | None) -> Ip | None:
    """Read an address, or ``None`` where the text is none."""
    try:
        return ipaddress.ip_address(text) if text else None
    except ValueError:
        return None


def alone(address: Ip) -> Block:
    """The block of a single address."""
    width = 32 if address.version == 4 else 128
    return Block(address.version, int(address), int(address), width, f"{address}/{width}")


def any_of(blocks: Iterable[Block], address: Ip) -> bool:
    """Whether an address lies in one of some blocks."""
    return any(address in block for block in blocks)


PRIVATE = tuple(
    block_of(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""What nobody on the internet has: RFC 1918, shared address space, link-local, loopback, ULA."""

NOT_ADDRESSES = tuple(block_of(text) for text in ("0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"))
"""Unspecified, multicast, reserved and broadcast: neither private nor anybody's."""


def is_public(address: Ip, own: Iterable[Block] = ()) -> bool:
    """Whether an address is one of the internet's.

    Args:
        address: The address.
        own: Blocks of the VPCs in question: a VPC may use public addresses as its own.
    """
    return not (any_of(PRIVATE, address) or any_of(NOT_ADDRESSES, address) or any_of(own, address))
