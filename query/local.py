"""Additions of flowtui that AWS does not know, each with the reason that a query is given back with.

They are never needed: what they say can be said without them. Nothing here imports polars before a query is
planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders.fields import squeeze
from query import functions, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from query.values import Value


@dataclass(frozen=True, slots=True)
class LocalField:
    """A field that flow logs do not hold and flowtui works out.

    Attributes:
        name: As queries write it, in any case.
        meaning: One plain sentence for a person.
        instead: What to write for AWS.
        build: Its value, from what looks up the fields that it is made of.
    """

    name: str
    meaning: str
    instead: str
    build: Callable[[Callable[[tree.Field], Value]], Value]


def find(name: str) -> LocalField | None:
    """The addition of a name in any spelling, or None."""
    return FIELDS.get(squeeze(name))


def _number(look_up: Callable[[tree.Field], Value], name: str) -> pl.Expr:
    return look_up(tree.Field(name)).number()


def _protocol_name(look_up: Callable[[tree.Field], Value]) -> Value:
    import polars as pl

    from query.services import PROTOCOLS
    from query.values import Type, Value

    number = _number(look_up, "protocol").cast(pl.Int64, strict=False)
    return Value(number.replace_strict(PROTOCOLS, default=None, return_dtype=pl.String), Type.TEXT)


def _service(side: str) -> Callable[[Callable[[tree.Field], Value]], Value]:
    def build(look_up: Callable[[tree.Field], Value]) -> Value:
        import polars as pl

        from query.services import SERVICES
        from query.values import Type, Value

        known = {
            protocol * _PORTS + service.port: service.name
            for service in SERVICES
            for protocol in service.protocols
        }
        key = (_number(look_up, "protocol") * _PORTS + _number(look_up, f"{side}port")).cast(
            pl.Int64, strict=False
        )
        return Value(key.replace_strict(known, default=None, return_dtype=pl.String), Type.TEXT)

    return build


def _direction(look_up: Callable[[tree.Field], Value]) -> Value:
    import polars as pl

    from query.values import Type, Value

    logged = look_up(tree.Field("flow_direction")).text()
    is_private = functions.FUNCTIONS["isprivateip"].build
    from_inside, to_inside = (is_private(look_up(tree.Field(name))) for name in ("srcaddr", "dstaddr"))
    guessed = (
        pl.when(from_inside & ~to_inside)
        .then(pl.lit("egress"))
        .when(~from_inside & to_inside)
        .then(pl.lit("ingress"))
    )
    return Value(pl.coalesce(logged, guessed), Type.TEXT)


def _is_reply(look_up: Callable[[tree.Field], Value]) -> Value:
    import polars as pl

    from query.services import SERVICES
    from query.values import Type, Value

    flags = _number(look_up, "tcp_flags").cast(pl.Int64, strict=False)
    known = [service.port for service in SERVICES if service.port >= _WELL_KNOWN]

    def is_service(name: str) -> pl.Expr:
        port = _number(look_up, name).cast(pl.Int64, strict=False)
        return port.is_between(1, _WELL_KNOWN - 1) | port.is_in(known)

    source, destination = is_service("srcport"), is_service("dstport")
    answers = (
        pl.when((flags & _ACK) > 0)
        .then(pl.lit(value=True))
        .when((flags & _SYN) > 0)
        .then(pl.lit(value=False))
    )
    by_port = pl.when(source != destination).then(source)
    return Value(pl.coalesce(answers, by_port), Type.TRUTH)


_PORTS = 65_536
_WELL_KNOWN = 1024
# TCP flags as flow logs add them up; an ACK is only logged together with a SYN.
_SYN, _ACK = 2, 16

FIELDS: dict[str, LocalField] = {
    squeeze(field.name): field
    for field in (
        LocalField(
            "protocolName", "the name of the protocol: tcp, udp, icmp …", "write protocol = 6", _protocol_name
        ),
        LocalField("srcService", "the service of the source port", "write srcPort = 443", _service("src")),
        LocalField(
            "dstService", "the service of the destination port", "write dstPort = 443", _service("dst")
        ),
        LocalField(
            "direction",
            "ingress or egress: as logged, else from which side is private",
            "write flowDirection, which version 5 has",
            _direction,
        ),
        LocalField(
            "isReply",
            "whether the record is of answers: by SYN-ACK, else the source port is a service's",
            "compare srcPort and dstPort with ports of services",
            _is_reply,
        ),
    )
}
"""The fields that flowtui adds, by their squeezed names."""


def names() -> Iterator[str]:
    """The names of the fields that flowtui adds."""
    return (field.name for field in FIELDS.values())
