"""Functions of IP addresses. What is no address is in no network and of no version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Gives, Takes, declare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from query.values import Value

# RFC 1918 and RFC 4193.
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
# The other addresses of IANA's registries of special purposes that are not to be met on the internet.
_RESERVED = (
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "fe80::/10",
    "ff00::/8",
)


@declare("isIpInSubnet", (Takes.ADDRESS, Takes.NETWORK), Gives.TRUTH, "the address lies in the network")
def _is_ip_in_subnet(address: Value, network: str) -> pl.Expr:
    return _in(address, network)


@declare(
    "isIpv4InSubnet", (Takes.ADDRESS, Takes.NETWORK4), Gives.TRUTH, "the IPv4 address lies in the network"
)
def _is_ipv4_in_subnet(address: Value, network: str) -> pl.Expr:
    return _in(address, network)


@declare(
    "isIpv6InSubnet", (Takes.ADDRESS, Takes.NETWORK6), Gives.TRUTH, "the IPv6 address lies in the network"
)
def _is_ipv6_in_subnet(address: Value, network: str) -> pl.Expr:
    return _in(address, network)


@declare("isValidIp", (Takes.ADDRESS,), Gives.TRUTH, "the text is an IPv4 or IPv6 address")
def _is_valid_ip(address: Value) -> pl.Expr:
    return _is_v4(address) | _is_v6(address)


@declare("isValidIpV4", (Takes.ADDRESS,), Gives.TRUTH, "the text is an IPv4 address")
def _is_valid_ip_v4(address: Value) -> pl.Expr:
    return _is_v4(address)


@declare("isValidIpV6", (Takes.ADDRESS,), Gives.TRUTH, "the text is an IPv6 address")
def _is_valid_ip_v6(address: Value) -> pl.Expr:
    return _is_v6(address)


@declare("isPrivateIP", (Takes.ADDRESS,), Gives.TRUTH, "the address is one for private networks")
def _is_private_ip(address: Value) -> pl.Expr:
    return _in_any(address, _PRIVATE)


@declare(
    "isReservedIP",
    (Takes.ADDRESS,),
    Gives.TRUTH,
    "the address is set aside: loopback, link-local, shared by carriers, documentation, multicast …",
)
def _is_reserved_ip(address: Value) -> pl.Expr:
    return _in_any(address, _RESERVED)


@declare("isPublicIP", (Takes.ADDRESS,), Gives.TRUTH, "the address is neither private nor reserved")
def _is_public_ip(address: Value) -> pl.Expr:
    return _is_valid_ip(address) & ~_in_any(address, (*_PRIVATE, *_RESERVED))


@declare("ipv4ToNumber", (Takes.TEXT,), Gives.NUMBER, "the IPv4 address as a number of 32 bits")
def _ipv4_to_number(text: pl.Expr) -> pl.Expr:
    import polars as pl

    from query import addresses

    octets = pl.when(addresses.is_v4(text)).then(text).str.split(".").list.eval(pl.element().cast(pl.Int64))
    first, second, third, fourth = (octets.list.get(place, null_on_oob=True) for place in range(4))
    return ((first * 256 + second) * 256 + third) * 256 + fourth


def _in_any(address: Value, networks: Sequence[str]) -> pl.Expr:
    import polars as pl

    return pl.any_horizontal(_in(address, network) for network in networks)


def _in(address: Value, network: str) -> pl.Expr:
    from query import addresses

    if address.numbers is None:
        return addresses.in_network(address.text(), network)
    return addresses.in_network_by_number(address.numbers, network)


def _is_v4(address: Value) -> pl.Expr:
    return _in(address, "0.0.0.0/0")


def _is_v6(address: Value) -> pl.Expr:
    return _in(address, "::/0")
