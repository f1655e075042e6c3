"""What a function of the query language is, and how one is declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl

    from query.periods import Period

_Body = TypeVar("_Body", bound="Callable[..., Any]")
_COUNTS = ("no value", "one value", "two values", "three values", "four values")


class Takes(Enum):
    """What an argument of a function must be, and so what the function's body gets for it.

    An expression for each record, as long as the value may differ from record to record:

    - ``VALUE``: a ``query.values.Value``, which knows its type. ``ADDRESS``: one that is looked at as an
      address.
    - ``TEXT``: String. ``NUMBER``: Int64 or Float64. ``TIME``: Datetime in ms, UTC.
    - ``CONDITION``: Boolean, never null.

    A Python object where the query has to write the value out:

    - ``PERIOD``: a ``query.periods.Period``, capped.
    - ``COUNT``: an int. ``CONSTANT``: an int or a float.
    - ``PATTERN``: the source of a valid regular expression. ``QUOTED`` and the networks: a str.
    """

    # The values of members have to differ, or one would be an alias of the other.
    VALUE = "a value"
    TEXT = "a text"
    ADDRESS = "an address"
    NUMBER = "a number"
    TIME = "a time"
    CONDITION = "a condition"
    PERIOD = "a period"
    COUNT = "a whole number"
    CONSTANT = "a number written out"
    PATTERN = "a pattern"
    QUOTED = "a text in quotes"
    NETWORK = "a network"
    NETWORK4 = "an IPv4 network"
    NETWORK6 = "an IPv6 network"

    @property
    def sample(self) -> str:
        """An argument of this kind, as one would type it."""
        return _SAMPLES.get(self, '"10.0.0.0/8"')

    @property
    def field(self) -> str | None:
        """A field that can be such an argument; None where the query has to write the value out."""
        return _FIELDS.get(self)

    @property
    def version(self) -> int | None:
        """The IP version that a network argument must have; None where either will do."""
        return {Takes.NETWORK4: 4, Takes.NETWORK6: 6}.get(self)

    @property
    def is_network(self) -> bool:
        """Whether the argument is a network in quotes, which the body gets as a Python string."""
        return self in {Takes.NETWORK, Takes.NETWORK4, Takes.NETWORK6}

    @property
    def is_written_out(self) -> bool:
        """Whether the body gets a Python object, so that the query must write the value out."""
        return self not in _FIELDS


_FIELDS = {
    Takes.VALUE: "srcAddr",
    Takes.TEXT: "srcAddr",
    Takes.ADDRESS: "srcAddr",
    Takes.NUMBER: "bytes",
    Takes.TIME: "@timestamp",
    Takes.CONDITION: "bytes > 1000",
}
_SAMPLES = {
    Takes.VALUE: "22",
    Takes.TEXT: '"10."',
    Takes.ADDRESS: '"10.0.0.1"',
    Takes.NUMBER: "2",
    Takes.TIME: "@timestamp",
    Takes.CONDITION: "bytes > 1000",
    Takes.PERIOD: "5m",
    Takes.COUNT: "10",
    Takes.CONSTANT: "95",
    Takes.PATTERN: '"[0-9]+"',
    Takes.QUOTED: '"-"',
    Takes.NETWORK6: '"2001:db8::/32"',
}


class Gives(Enum):
    """What a function returns.

    The body of a ``VALUE`` function returns a ``query.values.Value``, for its type depends on the arguments;
    any other body returns an expression: ``TRUTH`` Boolean, ``TEXT`` String, ``NUMBER`` Int64, ``DECIMAL``
    Float64, ``TIME`` Datetime in ms, UTC, ``JSON`` String with the text of a JSON object or array.
    """

    TRUTH = "a condition"
    TEXT = "a text"
    ADDRESS = "an address"
    NUMBER = "a number"
    DECIMAL = "a decimal number"
    TIME = "a time"
    JSON = "a JSON object or list"
    VALUE = "a value"


@dataclass(frozen=True, slots=True)
class Context:
    """What a function can know beside its arguments.

    Attributes:
        time: The records' time, Datetime in ms, UTC.
        bin: The period of the ``bin()`` that the records are grouped by, if they are.
        now: When the query is asked.
        since: Where the queried time begins; None if it is open.
        until: Where it ends; None if it is open.
    """

    time: pl.Expr
    now: datetime
    bin: Period | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    Attributes:
        name: As AWS spells it; queries may use any case.
        takes: What its arguments must be.
        gives: What it returns. A condition counts as the number 1 or 0 when it is compared.
        meaning: One plain sentence for a person.
        build: The body: an argument for each value of the call, as ``Takes`` says, and what ``Gives`` says
            back. A condition may be null, which counts as false. It raises ValueError, with a sentence that
            helps, for a value that it cannot use.
        optional: How many of the last arguments may be left out.
        rest: Whether the last argument may be repeated.
        aggregate: Whether it makes one value of many records, so that it belongs in ``stats``.
        contextual: Whether the body also gets a ``Context``, as the keyword ``context``.
        local: Why AWS has no such function; empty for a function of AWS.
        shown: A call of the function, where the one made from ``takes`` would say little.
    """

    name: str
    takes: tuple[Takes, ...]
    gives: Gives
    meaning: str
    build: Callable[..., Any]
    optional: int = 0
    rest: bool = False
    aggregate: bool = False
    contextual: bool = False
    local: str = ""
    shown: str = ""

    @property
    def example(self) -> str:
        """A call of the function, as one would type it."""
        if self.shown:
            return self.shown
        arguments = [kind.sample for kind in self.takes]
        if self.takes and self.takes[0].field:
            arguments[0] = self.takes[0].field
        return f"{self.name}({', '.join(arguments)})"

    def accepts(self, count: int) -> bool:
        """Whether it can be called with so many values."""
        return self._fewest <= count and (self.rest or count <= len(self.takes))

    def takes_at(self, index: int) -> Takes:
        """What the argument of a call at a place, counted from 0, must be."""
        return self.takes[min(index, len(self.takes) - 1)] if self.rest else self.takes[index]

    @property
    def counts(self) -> str:
        """How many values it takes, in words that fit behind ``takes``."""
        fewest, most = _COUNTS[self._fewest], _COUNTS[len(self.takes)]
        if self.rest:
            return f"at least {fewest}"
        if self.optional:
            joint = "or" if self.optional == 1 else "to"
            return f"{fewest.split()[0]} {joint} {most}"
        return fewest

    @property
    def _fewest(self) -> int:
        return len(self.takes) - self.optional


FUNCTIONS: dict[str, Function] = {}
"""Every function by its name in small letters."""


def declare(
    name: str,
    takes: tuple[Takes, ...],
    gives: Gives,
    meaning: str,
    *,
    optional: int = 0,
    rest: bool = False,
    aggregate: bool = False,
    contextual: bool = False,
    local: str = "",
    shown: str = "",
) -> Callable[[_Body], _Body]:
    """Declare the function whose body is decorated; ``Function`` says what the arguments mean."""

    def register(body: _Body) -> _Body:
        FUNCTIONS[name.lower()] = Function(
            name, takes, gives, meaning, body, optional, rest, aggregate, contextual, local, shown
        )
        return body

    return register
