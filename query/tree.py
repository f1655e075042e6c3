"""The syntax tree of a query, and the canonical text of a tree.

Nodes are values: two trees are equal when they mean the same query, wherever it stood in its text. Field
names are kept as column names (``pkt_srcaddr``), so that all spellings of a field make the same tree.
"""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass, field, replace
from decimal import Decimal

from loaders.fields import BY_COLUMN, resolve
from query.errors import NOWHERE, Span
from query.literals import LARGEST
from query.services import WORDS

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from query.periods import Period

Operator = typing.Literal["=", "!=", "<", "<=", ">", ">="]
Sign = typing.Literal["+", "-", "*", "/", "%", "^"]

KEYWORDS = frozenset({"and", "or", "not", "like", "in", "as", "by"})
FLIPPED: dict[Operator, Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class _Node:
    """What all nodes share: the stretch of text that they were read from, which does not count in ``==``."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Field(_Node):
    """The value of a field.

    Attributes:
        name: The column's name if the field is known, else the name as written.
        written: The name as written, which JSON messages may know the field by.
    """

    name: str
    written: str = field(default="", compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if not self.written:
            object.__setattr__(self, "written", self.name)
        known = resolve(self.name)
        # "@" is for what CloudWatch itself adds: "@type" is a field of Lambda, and not that of flow logs.
        if known is not None and (not known.version or not self.name.startswith("@")):
            object.__setattr__(self, "name", known.column)


@dataclass(frozen=True, slots=True)
class Literal(_Node):
    """A text or a number that stands in the query; a whole number is an int, as far as 64 bits go."""

    value: str | int | float

    def __post_init__(self) -> None:
        if isinstance(self.value, float) and self.value.is_integer() and abs(self.value) < LARGEST:
            object.__setattr__(self, "value", int(self.value))


@dataclass(frozen=True, slots=True)
class Regex(_Node):
    """A pattern between slashes; a slash inside it is kept without its backslash."""

    pattern: str

    def __post_init__(self) -> None:
        plain = re.sub(
            r"\\(.)", lambda found: "/" if found[1] == "/" else found[0], self.pattern, flags=re.DOTALL
        )
        object.__setattr__(self, "pattern", plain)


@dataclass(frozen=True, slots=True)
class ListLiteral(_Node):
    """The list after ``in``."""

    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Compare(_Node):
    """Two values compared: ``left operator right``."""

    left: Expr
    operator: Operator
    right: Expr


@dataclass(frozen=True, slots=True)
class Like(_Node):
    """Whether a value holds a text (case counts) or matches a pattern somewhere.

    ``negated`` is ``not like``, which unlike ``not (… like …)`` is false where there is no value.
    """

    value: Expr
    pattern: Literal | Regex
    negated: bool = False


@dataclass(frozen=True, slots=True)
class In(_Node):
    """Whether a value equals an item of a list; ``negated`` as in ``Like``."""

    value: Expr
    items: ListLiteral
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function applied to its arguments.

    Attributes:
        name: The function's name as ``query.functions`` spells it.
        arguments: What it is given.
    """

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Duration(_Node):
    """A stretch of time such as ``5m``, which only functions take."""

    period: Period


@dataclass(frozen=True, slots=True)
class Star(_Node):
    """The ``*`` of ``count(*)``."""


@dataclass(frozen=True, slots=True)
class Arithmetic(_Node):
    """Two numbers put together: ``left sign right``; ``^`` is power."""

    left: Expr
    sign: Sign
    right: Expr


@dataclass(frozen=True, slots=True)
class Negative(_Node):
    """A number with its sign turned round."""

    term: Expr


@dataclass(frozen=True, slots=True)
class Not(_Node):
    """True where the condition is false."""

    term: Expr


@dataclass(frozen=True, slots=True)
class _Joined(_Node):
    terms: tuple[Expr, ...]

    def __post_init__(self) -> None:
        """Take in the terms of a like-named child: ``a and (b and c)`` is ``a and b and c``."""
        kind = type(self)
        flat = tuple(
            leaf for term in self.terms for leaf in (term.terms if isinstance(term, kind) else (term,))
        )
        if len(flat) < 2:
            raise ValueError(f"{kind.__name__} joins at least two terms")
        object.__setattr__(self, "terms", flat)


@dataclass(frozen=True, slots=True)
class And(_Joined):
    """True where all terms are."""


@dataclass(frozen=True, slots=True)
class Or(_Joined):
    """True where any term is."""


Expr = (
    Field
    | Literal
    | Regex
    | ListLiteral
    | Duration
    | Star
    | Arithmetic
    | Negative
    | Compare
    | Like
    | In
    | Call
    | Not
    | And
    | Or
)


def children(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below one."""
    match node:
        case Compare(left, _, right) | Arithmetic(left, _, right):
            return left, right
        case Like(value, pattern):
            return value, pattern
        case In(value, items):
            return value, items
        case Call(_, arguments):
            return arguments
        case Not(term) | Negative(term):
            return (term,)
        case And(terms) | Or(terms):
            return terms
        case ListLiteral(items):
            return items
        case Field() | Literal() | Regex() | Duration() | Star():
            return ()


def with_children(node: Expr, given: tuple[Expr, ...]) -> Expr:
    """The node with other nodes directly below it, as many as ``children`` has."""
    match node:
        case Compare() | Arithmetic():
            return replace(node, left=given[0], right=given[1])
        case Like():
            return replace(node, value=given[0], pattern=typing.cast("Literal | Regex", given[1]))
        case In():
            return replace(node, value=given[0], items=typing.cast("ListLiteral", given[1]))
        case Call():
            return replace(node, arguments=given)
        case Not() | Negative():
            return replace(node, term=given[0])
        case And() | Or():
            return replace(node, terms=given)
        case _:
            return node


def walk(node: Expr) -> Iterator[Expr]:
    """A node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


# How tightly each kind of node holds its parts together; what holds less tightly needs parentheses.
_OR, _AND, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(8)
_BINDING: dict[type, int] = {
    Or: _OR,
    And: _AND,
    Not: _AND,
    Compare: _COMPARISON,
    Like: _COMPARISON,
    In: _COMPARISON,
    Negative: _SIGN,
}
_SIGNS: dict[Sign, int] = {
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
    "^": _POWER,
}


def to_text(node: Expr) -> str:
    """The canonical QL of a tree, which AWS accepts and which parses back to an equal tree.

    Fields are spelled as Insights spells them. ``not`` always gets its parentheses around a comparison,
    because AWS does not document which of the two binds tighter.
    """
    match node:
        case Field(name):
            return field_text(name)
        case Literal(value):
            return _literal_text(value)
        case Regex(pattern):
            escaped = re.sub(
                r"\\.|/", lambda found: r"\/" if found[0] == "/" else found[0], pattern, flags=re.DOTALL
            )
            return f"/{escaped}/"
        case ListLiteral(items):
            return f"[{', '.join(map(to_text, items))}]"
        case Duration(period):
            return f"{period.amount}{period.unit}"
        case Star():
            return "*"
        case Arithmetic(left, sign, right):
            # `a - (b - c)` needs its parentheses, `(a - b) - c` does not; `^` holds the other way round.
            least, tight = _SIGNS[sign], _SIGNS[sign] + 1
            first, second = (tight, _SIGN) if sign == "^" else (least, tight)
            return f"{_inside(left, first)} {sign} {_inside(right, second)}"
        case Negative(term):
            return f"-{_inside(term, _SIGN)}"
        case Compare(left, operator, right):
            return f"{_inside(left, _SUM)} {operator} {_inside(right, _SUM)}"
        case Like(value, pattern, negated):
            return f"{_inside(value, _SUM)} {'not ' * negated}like {to_text(pattern)}"
        case In(value, items, negated):
            return f"{_inside(value, _SUM)} {'not ' * negated}in {to_text(items)}"
        case Call(name, arguments):
            return f"{name}({', '.join(map(to_text, arguments))})"
        case Not(term):
            return f"not {to_text(term) if isinstance(term, Not) else _inside(term, _ATOM)}"
        case And(terms):
            return " and ".join(_inside(term, _AND) for term in terms)
        case Or(terms):
            return " or ".join(_inside(term, _OR) for term in terms)


def _inside(node: Expr, least: int) -> str:
    text = to_text(node)
    return f"({text})" if _binding(node) < least else text


def _binding(node: Expr) -> int:
    if isinstance(node, Arithmetic):
        return _SIGNS[node.sign]
    if isinstance(node, Literal) and not isinstance(node.value, str) and node.value < 0:
        return _SIGN
    return _BINDING.get(type(node), _ATOM)


def field_text(name: str) -> str:
    """A column's name as Insights spells the field, in backticks where QL asks for them."""
    known = BY_COLUMN.get(name)
    spelled = known.insights if known else name
    bare = re.fullmatch(r"[A-Za-z_@][A-Za-z0-9_@.]*", spelled)
    if bare and spelled.lower() not in KEYWORDS and spelled.lower() not in WORDS:
        return spelled
    return "`" + spelled.replace("`", "``") + "`"


def _literal_text(value: str | float) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, int):
        return str(value)
    # Decimal notation without an exponent, which QL does not document.
    return format(Decimal(repr(value)), "f")
