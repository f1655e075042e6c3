"""The commands of a query, and the query itself: what stands between the pipes.

Expressions are those of ``query.tree``. Like there, nodes are values and a span does not count in ``==``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from query.errors import NOWHERE, Span

if TYPE_CHECKING:
    from query.tree import Expr, Field, Literal, Regex

Shift = OneOf["", "previousDay", "previousWeek", "previousMonth"]

DEFAULT_LIMIT = 10_000
"""How many rows a query without ``limit`` gives."""
LARGEST_LIMIT = 100_000
"""The largest number that AWS takes after ``limit``."""
PATTERN_COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")
"""What ``pattern`` gives."""
DIFF_COLUMNS = ("@baselineSampleCount", "@differenceRatio")
"""What ``diff`` adds to it."""
CHARTS = ("line", "bar", "stacked", "table")


@dataclass(frozen=True, slots=True)
class _Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Item(_Node):
    """A value with the name of its column: the alias or, without one, the text as it was written."""

    expr: Expr
    name: str = ""
    alias: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Fields(_Node):
    """``fields``: more columns, beside those there are."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Display(_Node):
    """``display``: these columns and no others; the last one counts."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Filter(_Node):
    """``filter``, ``where`` and ``filterIndex``: the rows for which a condition holds."""

    condition: Expr


@dataclass(frozen=True, slots=True)
class Parse(_Node):
    """``parse``: columns from the pieces of a text; null where the pattern is not found.

    Attributes:
        source: The text.
        pattern: A text with ``*`` for each piece, or a regular expression with named groups.
        names: What the pieces are called, in their order; for a regular expression the groups' names.
    """

    source: Field
    pattern: Literal | Regex
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats(_Node):
    """``stats``: one row for each group, with aggregates; later commands see nothing else."""

    items: tuple[Item, ...]
    by: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SortKey(_Node):
    """What rows are sorted by."""

    expr: Expr
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Sort(_Node):
    """``sort``."""

    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit(_Node):
    """``limit``: so many rows, or all of them for ``limit any``."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Dedup(_Node):
    """``dedup``: the first row of each combination of values; rows that lack one of them all stay."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Pattern(_Node):
    """``pattern``: what the texts of a field have in common."""

    source: Field


@dataclass(frozen=True, slots=True)
class Diff(_Node):
    """``diff``: the patterns of this time range beside those of an earlier one of the same length."""

    shift: Shift = ""


@dataclass(frozen=True, slots=True)
class Unnest(_Node):
    """``unnest``: a row for each item of a list."""

    source: Field
    name: str


@dataclass(frozen=True, slots=True)
class AddTotals(_Node):
    """``addtotals``: a column with each row's total, or a last row with each column's.

    Attributes:
        fields: The numbers to add up; all there are if none is named.
        title: What the column of the rows' totals is called.
        row: Whether to add that column.
        col: Whether to add the last row.
    """

    fields: tuple[Field, ...] = ()
    title: str = "Total"
    row: bool = True
    col: bool = False


@dataclass(frozen=True, slots=True)
class FillMissing(_Node):
    """``fillmissing``: rows for the empty bins after ``stats … by bin()``, with these values in them."""

    values: tuple[tuple[str | int | float, Field], ...] = ()


@dataclass(frozen=True, slots=True)
class CidrLookup(_Node):
    """``cidrlookup``: columns of the row of a table whose network holds an address.

    Attributes:
        table: The table's name.
        source: The address.
        column: The table's column of networks; the one that holds networks if none is named.
        outputs: Columns of the table, each with the name it gets here.
        only_new: Whether values that are there already stay.
    """

    table: str
    source: Field
    column: str | None
    outputs: tuple[tuple[str, str], ...]
    only_new: bool = False


@dataclass(frozen=True, slots=True)
class Chart(_Node):
    """``chart``: how the result is best drawn. An addition of flowtui, which AWS does not know."""

    kind: str


Command = (
    Fields
    | Display
    | Filter
    | Parse
    | Stats
    | Sort
    | Limit
    | Dedup
    | Pattern
    | Diff
    | Unnest
    | AddTotals
    | FillMissing
    | CidrLookup
    | Chart
)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query.

    Attributes:
        commands: What is done, in order; at least one.
        text: The query as it was typed.
    """

    commands: tuple[Command, ...]
    text: str = field(default="", compare=False, repr=False)


MEANINGS: dict[str, tuple[str, str]] = {
    "fields": ("fields a, b as c", "show these fields, also computed ones"),
    "display": ("display a, b", "show only these; the last one counts"),
    "filter": ('filter action = "REJECT"', "keep the records for which a condition holds"),
    "where": ('where action = "REJECT"', "another name of filter"),
    "filterIndex": ('filterIndex action = "REJECT"', "here the same as filter"),
    "parse": ('parse @message "user=*" as user', "take fields out of a text, by * or by /(?<name>…)/"),
    "stats": ("stats sum(bytes) as b by srcAddr, bin(5m)", "count and add up, group by group"),
    "sort": ("sort b desc", "put rows in order"),
    "limit": ("limit 20", "only so many rows, 10,000 if not said; limit any for all, only in flowtui"),
    "dedup": ("dedup srcAddr", "the first row of each value"),
    "pattern": ("pattern @message", "what messages have in common"),
    "diff": ("diff previousDay", "after pattern: compare with an earlier time"),
    "unnest": ("unnest js.items into item", "a row for each item of a list"),
    "addtotals": ("addtotals col=true", "totals of rows and columns"),
    "fillmissing": ("fillmissing with 0 for b", "rows for empty bins after stats by bin()"),
    "cidrlookup": ("cidrlookup nets srcAddr OUTPUT owner", "look addresses up in a table of networks"),
    "chart": ("chart line", "how to draw the result, which so far is a table; only in flowtui"),
}
"""Every command: how it is written, and what it does, for help and completion."""

_JOINED = "it joins the results of several queries, and flowtui runs one."
_MODEL = "it needs a model that AWS has trained."
_ROWS = "it is one of the newer commands that flowtui does not have."

REFUSED: dict[str, tuple[str, str]] = {
    name.lower(): (name, reason)
    for name, reason in (
        ("join", _JOINED),
        ("appendcols", _JOINED),
        ("anomaly", _MODEL),
        ("outlier", _MODEL),
        ("relevantfields", _MODEL),
        ("unmask", "AWS masks data when it stores them; what is in these logs cannot be unmasked."),
        ("lookup", "for addresses there is cidrlookup."),
        ("SOURCE", "the logs are those that flowtui was opened with; choose a group in the explorer."),
        ("autoregress", _ROWS),
        ("logcompare", _ROWS),
        ("filldown", _ROWS),
        ("accum", _ROWS),
        ("sessionize", _ROWS),
        ("countFrequent", _ROWS),
        ("expand", _ROWS),
        ("estimate", _ROWS),
    )
}
"""Commands of AWS that flowtui does not run: the name as AWS spells it, and why."""


def expressions(command: Command) -> tuple[Expr, ...]:
    """The expressions that a command works out, in the order of the text."""
    match command:
        case Fields(items) | Display(items):
            return tuple(item.expr for item in items)
        case Stats(items, by):
            return tuple(item.expr for item in (*items, *by))
        case Filter(condition):
            return (condition,)
        case Sort(keys):
            return tuple(key.expr for key in keys)
        case Dedup(fields) | AddTotals(fields):
            return fields
        case Parse(source) | Pattern(source) | Unnest(source) | CidrLookup(_, source):
            return (source,)
        case FillMissing(values):
            return tuple(name for _, name in values)
        case Limit() | Diff() | Chart():
            return ()
