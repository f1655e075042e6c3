"""What can stand at a place of a query that is being typed.

The grammar itself says it: the text before the place is parsed, and the parser is asked which terminals could
come next. Each terminal then stands for words: commands, fields, functions, keywords, values.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from loaders.fields import BY_COLUMN, squeeze
from query import commands, functions, local, names, tree
from query.build_commands import unquoted
from query.check_commands import named_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from lark import Lark, Token

    from loaders.dataset import Dataset
    from loaders.run import Ticket

_WORD = re.compile(r"[A-Za-z0-9_@.`-]*\Z")
# A string that is still open at the end of a text, behind strings, patterns and comments that are closed.
_CLOSED = r"""[^"'\#]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\#[^\n]*\n"""
_OPEN_STRING = re.compile(rf"""(?:{_CLOSED})*("(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*)""", re.DOTALL)
_KEYWORDS = {
    "_AS": "as",
    "_BY": "by",
    "ASC": "asc",
    "DESC": "desc",
    "AND": "and",
    "_OR": "or",
    "NOT": "not",
    "LIKE": "like",
    "NOT_LIKE": "not like",
    "IN": "in",
    "NOT_IN": "not in",
    "_INTO": "into",
    "_WITH": "with",
    "_FOR": "for",
    "ANY": "any",
    "OUTPUT": "OUTPUT",
    "OUTPUTNEW": "OUTPUTNEW",
}
_PERIODS = ("1m", "5m", "10m", "1h", "1d")
_SHIFTS = ("previousDay", "previousWeek", "previousMonth")
_OPTIONS = ("fieldname=", "row=", "col=")
_MOST_VALUES = 50
# Values are looked for in so many records of each part, which takes a few milliseconds.
_SAMPLE = 200_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can stand at the place.

    Attributes:
        text: What it puts there.
        kind: ``command``, ``field``, ``function``, ``keyword`` or ``value``.
        meaning: A few words on it; may be empty.
    """

    text: str
    kind: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Completions:
    """What can stand at a place.

    Attributes:
        start: Where the word begins that a choice replaces, up to the place.
        choices: What fits the word, the likeliest first.
    """

    start: int
    choices: tuple[Choice, ...] = ()


def complete(text: str, offset: int, fields: Collection[str] = (), values: Iterable[str] = ()) -> Completions:
    """What can stand at a place of a query.

    Args:
        text: The query as far as it has been typed.
        offset: The place.
        fields: The columns of the loaded logs, and the fields of their messages.
        values: Values that ``wanted_column`` has in these logs.
    """
    head = text[:offset]
    column = wanted_column(text, offset)
    opened = _OPEN_STRING.fullmatch(head)
    if opened:
        start = opened.start(1)
        return Completions(start, _fitting(head[start + 1 :], _values(column, values)))
    word = _WORD.search(head)
    start = word.start() if word else offset
    tokens, accepted = _read(head[:start])
    if _in_comment(head[:start], tokens):
        return Completions(offset)
    found = [*_values(column, values), *_words(head[:start], tokens, accepted, fields)]
    typed = head[start:]
    if typed.startswith("`"):
        found = [choice for choice in found if choice.kind == "field"]
    elif typed.startswith("@"):
        found = [choice for choice in found if choice.text.startswith("@")]
    return Completions(start, _fitting(typed.replace("`", ""), found))


def wanted_column(text: str, offset: int) -> str | None:
    """The field whose values could stand at a place: one that is compared there; None if there is none."""
    head = text[:offset]
    opened = _OPEN_STRING.fullmatch(head)
    word = _WORD.search(head)
    start = opened.start(1) if opened else word.start() if word else offset
    tokens, _ = _read(head[:start])
    types = [token.type for token in tokens]
    if types[-2:] in (["NAME", "EQUALS"], ["HEADER_NAME", "EQUALS"]):
        return tree.Field(unquoted(str(tokens[-2]))).name
    while types and types[-1] in {"COMMA", "STRING", "NUMBER", "ADDRESS", "RESOURCE"}:
        types.pop()
    if types[-2:] in (["IN", "LSQB"], ["NOT_IN", "LSQB"]) and len(types) > 2:
        return tree.Field(unquoted(str(tokens[len(types) - 3]))).name
    return None


def values_of(dataset: Dataset, column: str, ticket: Ticket | None = None) -> tuple[str, ...]:
    """The most frequent values of a field, as text; of long logs a sample is looked at.

    Args:
        dataset: Where to look.
        column: What ``wanted_column`` gave.
        ticket: Checked between the parts.

    Raises:
        Cancelled: Nobody wants them any more.
    """
    import polars as pl

    from loaders import run
    from query.environment import Environment

    found: Counter[str] = Counter()
    for part in dataset.parts:
        if ticket:
            ticket.check()
        value = Environment(part.schema).look_up(tree.Field(column)).text().alias("value")
        plan = part.lazy().head(_SAMPLE).select(value).drop_nulls().group_by("value").len()
        top = run.collect(plan.sort("len", descending=True).head(_MOST_VALUES).cast({"value": pl.String}))
        found.update(dict(top.iter_rows()))
    return tuple(value for value, _ in found.most_common(_MOST_VALUES))


def _values(column: str | None, values: Iterable[str]) -> Iterator[Choice]:
    if column is None:
        return
    known = BY_COLUMN.get(column)
    if known is not None and known.values:
        yield from (Choice(f'"{code}"', "value", meaning) for code, meaning in known.values.items())
    is_number = known is not None and known.kind.is_number
    for value in values:
        if known is None or not known.values or value not in known.values:
            yield Choice(value if is_number else tree.to_text(tree.Literal(value)), "value")


def _words(
    head: str, tokens: list[Token], accepted: frozenset[str], fields: Collection[str]
) -> Iterator[Choice]:
    """The words that the accepted terminals stand for."""
    if "_FIELDS" in accepted:
        for name, (example, meaning) in commands.MEANINGS.items():
            yield Choice(name, "command", f"{meaning}: {example}")
    calls = _open_calls(tokens)
    if "DURATION" in accepted and calls and _takes_period(*calls[0]):
        yield from (Choice(period, "value") for period in _PERIODS)
        return
    is_value = "FUNCTION" in accepted
    if is_value and _in_stats(tokens) and not any(function.aggregate for function, _ in calls):
        yield from _functions(aggregate=True)
    if "NAME" in accepted and not _is_new_name(tokens):
        yield from _fields(head, fields)
    if is_value:
        yield from _functions(aggregate=False)
    for terminal, texts in (("SHIFT", _SHIFTS), ("CHART", commands.CHARTS), ("OPTION", _OPTIONS)):
        if terminal in accepted:
            yield from (Choice(text, "keyword") for text in texts)
    yield from (Choice(text, "keyword") for terminal, text in _KEYWORDS.items() if terminal in accepted)


def _functions(*, aggregate: bool) -> Iterator[Choice]:
    for function in functions.FUNCTIONS.values():
        if function.aggregate is aggregate:
            yield Choice(f"{function.name}(", "function", f"{function.meaning}: {function.example}")


def _in_comment(head: str, tokens: list[Token]) -> bool:
    """Whether the last line, behind all that is read, has begun a comment."""
    behind = head[tokens[-1].end_pos or 0 :] if tokens else head
    return "#" in behind.rpartition("\n")[2]


def _is_new_name(tokens: list[Token]) -> bool:
    """Whether the place is for a name that the query gives, or for one of a lookup table."""
    types = [token.type for token in tokens]
    command = types[len(types) - types[::-1].index("_PIPE") :] if "_PIPE" in types else types
    if types[-1:] in (["_AS"], ["_INTO"]) or {"OUTPUT", "OUTPUTNEW"} & set(command):
        return True
    return command[:1] == ["_PARSE"] and "_AS" in command


def _open_calls(tokens: list[Token]) -> list[tuple[functions.Function, int]]:
    """The functions whose parentheses are open at the end, the innermost first, and which argument it is."""
    found: list[tuple[functions.Function, int]] = []
    depth = commas = 0
    for place in range(len(tokens) - 1, 0, -1):
        kind = tokens[place].type
        if kind == "_PIPE":
            break
        if kind in {"RPAR", "RSQB"}:
            depth += 1
        elif kind in {"LPAR", "LSQB"} and depth:
            depth -= 1
        elif kind == "LPAR":
            function = functions.find(str(tokens[place - 1]))
            if function is not None and tokens[place - 1].type == "FUNCTION":
                found.append((function, commas))
            commas = 0
        elif kind == "COMMA" and not depth:
            commas += 1
    return found


def _takes_period(function: functions.Function, place: int) -> bool:
    return place < len(function.takes) and function.takes_at(place) is functions.Takes.PERIOD


def _in_stats(tokens: list[Token]) -> bool:
    """Whether the place is where ``stats`` has its aggregates."""
    for token in reversed(tokens):
        if token.type in {"_PIPE", "_BY"}:
            return False
        if token.type == "_STATS":
            return True
    return False


def _fields(head: str, fields: Collection[str]) -> Iterator[Choice]:
    """The fields that can be named: those that the query has made, and those of the logs if they are left."""
    own, grouped = _own_names(head)
    yield from (Choice(_written(name), "field", "of this query") for name in own)
    if grouped:
        return
    seen = {squeeze(name) for name in own}
    for column in dict.fromkeys([*sorted(fields), "message"] if fields else []):
        if column.startswith("_"):
            continue
        known = BY_COLUMN.get(column)
        name = known.insights if known else "@message" if names.is_message(column) else column
        if squeeze(name) not in seen:
            seen.add(squeeze(name))
            yield Choice(_written(name), "field", known.meaning if known else "")
    for ours in local.FIELDS.values():
        yield Choice(ours.name, "field", f"{ours.meaning}; only in flowtui")


def _written(name: str) -> str:
    return tree.field_text(name)


def _own_names(head: str) -> tuple[tuple[str, ...], bool]:
    """The names that the finished commands of a query have made, and whether nothing else is left."""
    from query.parse import QueryError, parse_query

    finished = head.rpartition("|")[0]
    try:
        return named_by(parse_query(finished)) if finished.strip() else ((), False)
    except QueryError:
        return (), False


def _fitting(word: str, choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices that begin with a word, then those that hold it; case and punctuation do not count."""
    wanted = squeeze(word.lstrip("\"'"))
    first: dict[str, Choice] = {}
    second: dict[str, Choice] = {}
    for choice in choices:
        plain = squeeze(choice.text.strip("\"'`("))
        if plain.startswith(wanted):
            first.setdefault(choice.text, choice)
        elif len(wanted) > 1 and wanted in plain:
            second.setdefault(choice.text, choice)
    return tuple((first | second).values())


def _read(head: str) -> tuple[list[Token], frozenset[str]]:
    """The tokens of the beginning of a query and the terminals that could come next; none if it is wrong."""
    from lark.exceptions import UnexpectedInput

    session = _parser().parse_interactive(head, start="query")
    tokens: list[Token] = []
    try:
        tokens.extend(session.iter_parse())
        return tokens, frozenset(session.accepts())  # type: ignore[no-untyped-call]
    except UnexpectedInput:
        return tokens, frozenset()


@cache
def _parser() -> Lark:
    """The parser without what makes nodes of it: only the way through the grammar counts here."""
    from query.parse import make_parser

    return make_parser(None)
