"""Additions of flowtui that AWS does not know, each with the reason that a query is given back with.

They are never needed: what they say can be said without them. Nothing here imports polars before a query is
planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loaders.fields import squeeze
from query import commands, functions, tree
from query.errors import QueryError, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

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


def for_aws(query: commands.Query) -> str:
    """The text of a query as AWS takes it: as it was typed, but that short forms are written out.

    Raises:
        QueryError: If the query uses what only flowtui has; it says what to write instead.
    """
    from query.check_commands import in_order, named_by

    changes: dict[Span, str] = {}
    for place, command in enumerate(query.commands):
        if isinstance(command, commands.Chart):
            raise QueryError.at(
                command.span, "AWS has no command 'chart'.", "Leave it out: the console draws by itself."
            )
        _refuse_hyphens(command, query.text)
        given = set(named_by(commands.Query(query.commands[:place]))[0])
        for expr, name in in_order(command):
            _refuse_local(expr, given)
            changes |= _changes(expr, given, query.text)
            given |= {name} - {""}
    text = query.text
    for span, new in sorted(changes.items(), key=lambda change: change[0].start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


def _changes(expr: tree.Expr, given: Collection[str], text: str) -> dict[Span, str]:
    """What AWS has to get for an expression, by the stretches of text that it replaces."""
    if _is_short(expr, text):
        return {expr.span: tree.to_text(expr)}
    return {
        node.span: _spelled(node, given, text)
        for node in tree.walk(expr)
        if isinstance(node, tree.Field) and "-" in node.written and "`" not in _source(node, text)
    }


def _spelled(node: tree.Field, given: Collection[str], text: str) -> str:
    """A field with a hyphen: a name of the query in its backticks, another as Insights has it."""
    quoted = f"`{node.written}`"
    return quoted if node.written in given and quoted in text else tree.field_text(node.name)


def _is_short(expr: tree.Expr, text: str) -> bool:
    """Whether an expression is written in a way that AWS does not know."""
    for node in tree.walk(expr):
        if isinstance(node, tree.Literal):
            source = _source(node, text)
            if isinstance(node.value, str) and source[:1] not in {'"', "'"}:
                return True
            if not isinstance(node.value, str) and not _PLAIN_NUMBER.fullmatch(source):
                return True
        if isinstance(node, tree.And):
            pairs = zip(node.terms, node.terms[1:], strict=False)
            if any("and" not in _between(left, right, text) for left, right in pairs):
                return True
    return False


def _between(left: tree.Expr, right: tree.Expr, text: str) -> str:
    """What stands between two terms, without comments, in small letters."""
    return re.sub(r"#[^\n]*", "", text[left.span.end : right.span.start]).lower()


def _source(node: tree.Expr, text: str) -> str:
    return text[node.span.start : node.span.end]


def _refuse_hyphens(command: commands.Command, text: str) -> None:
    """Refuse a new name that AWS would read as a subtraction."""
    if isinstance(command, (commands.Fields, commands.Display, commands.Stats)):
        for item in (*command.items, *(command.by if isinstance(command, commands.Stats) else ())):
            if item.alias and "-" in item.name and f"`{item.name}`" not in text:
                message = f"AWS reads the '-' in the name {item.name} as minus."
                raise QueryError.at(item.span, message, f"Write as `{item.name}`.")


def _refuse_local(expr: tree.Expr, given: Collection[str]) -> None:
    for node in tree.walk(expr):
        if isinstance(node, tree.Field) and node.written not in given and (ours := find(node.name)):
            raise QueryError.at(
                node.span, f"{ours.name} is an addition of flowtui.", f"For AWS {ours.instead}."
            )
        if isinstance(node, tree.Call) and (function := functions.find(node.name)) and function.local:
            raise QueryError.at(node.span, f"{function.name} is an addition of flowtui.", function.local)


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
    from_inside, to_inside = (is_private(look_up(tree.Field(name)).text()) for name in ("srcaddr", "dstaddr"))
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


_PLAIN_NUMBER = re.compile(r"\(*-?\s*[0-9]*\.?[0-9]+\)*")
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
