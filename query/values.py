"""What the polars back end compares: columns, constants and results of functions, each with its type.

Only the polars back end imports this. Every condition made here is never null. It says so by
``is_not_null() & …`` and not by ``fill_null``, because polars can prove the first form false for whole
Parquet row groups and skip them, and cannot with the second.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import polars as pl

from query import addresses
from query.literals import NO_VALUE, numeric

if TYPE_CHECKING:
    from loaders.addresses import Address

Constant = str | int | float
Comparison = Callable[[pl.Expr, pl.Expr], pl.Expr]

# How Insights prints a time.
_TIME_TEXT = "%Y-%m-%d %H:%M:%S%.3f"
_MILLISECONDS = pl.Datetime("ms", "UTC")
_NEVER = pl.lit(value=False)
_ORDERS = (operator.lt, operator.le, operator.gt, operator.ge)
# The beginnings of the years 1000 and 9000 in epoch milliseconds.
_WRITABLE = (-30_610_224_000_000, 221_845_305_600_000)


class Type(Enum):
    """What a value holds, as far as comparing goes."""

    INTEGER = "a signed integer of at most 64 bits"
    DECIMAL = "Float64"
    TEXT = "String"
    LABEL = "Categorical, which compares with text for equality as it is"
    TIME = "Datetime in milliseconds, UTC"
    TRUTH = "Boolean"
    JSON = "String, the text of a JSON object or list, which only JSON functions can use"
    ITEM = "String, an item of a JSON list: text like any other, which may be that of an object or a list"
    NOTHING = "null, or a type that nothing can be compared with"


DTYPES: dict[Type, pl.DataType] = {
    Type.INTEGER: pl.Int64(),
    Type.DECIMAL: pl.Float64(),
    Type.TEXT: pl.String(),
    Type.LABEL: pl.Categorical(),
    Type.TIME: _MILLISECONDS,
    Type.TRUTH: pl.Boolean(),
    Type.JSON: pl.String(),
    Type.ITEM: pl.String(),
    Type.NOTHING: pl.String(),
}
"""What a value of each type is kept as in a column."""
_NUMBERS = frozenset({Type.INTEGER, Type.DECIMAL, Type.TIME, Type.TRUTH})
_TEXTS = frozenset({Type.TEXT, Type.LABEL, Type.ITEM})


@dataclass(frozen=True, slots=True)
class Value:
    """An expression and what is known of it.

    Attributes:
        expr: The value, null where the record has none.
        type: What it holds.
        is_address: Whether it is text in which one IPv6 address can have several spellings.
        constant: The value itself, where it is the same for all records.
        numbers: Where an address is kept as numbers, the columns that hold them; ``expr`` is then text made
            of them, which costs more than to compare the numbers.
    """

    expr: pl.Expr
    type: Type
    is_address: bool = False
    constant: Constant | None = None
    numbers: Address | None = None

    @property
    def is_present(self) -> pl.Expr:
        """Whether the record has one. Never null."""
        return self.expr.is_not_null() if self.numbers is None else self.numbers.is_present

    @property
    def is_whole(self) -> bool:
        """Whether it counts as a whole number; so do a time, by its milliseconds, and a condition."""
        return self.type in {Type.INTEGER, Type.TIME, Type.TRUTH}

    def text(self) -> pl.Expr:
        """As String."""
        match self.type:
            case Type.TEXT | Type.ITEM:
                return self.expr
            case Type.TIME:
                return self.expr.dt.strftime(_TIME_TEXT)
            case Type.TRUTH:
                return self.expr.cast(pl.Int8).cast(pl.String)
            case Type.NOTHING | Type.JSON:
                return pl.lit(None, dtype=pl.String)
            case Type.INTEGER | Type.DECIMAL | Type.LABEL:
                return self.expr.cast(pl.String)

    def number(self) -> pl.Expr:
        """As Int64 or Float64; a time as epoch milliseconds; text that is no number becomes null."""
        match self.type:
            case Type.INTEGER | Type.DECIMAL:
                return self.expr
            case Type.TIME:
                return self.expr.dt.epoch("ms")
            case Type.TRUTH:
                return self.expr.cast(pl.Int64)
            case Type.NOTHING | Type.JSON:
                return pl.lit(None, dtype=pl.Float64)
            case Type.TEXT | Type.LABEL | Type.ITEM:
                found = self.text().cast(pl.Float64, strict=False)
                # "nan" and "inf" are words here, not numbers.
                if self.expr.meta.is_column():
                    return pl.when(found.is_finite()).then(found)
                return found.replace([math.inf, -math.inf, math.nan], [None, None, None])

    def time(self) -> pl.Expr:
        """As Datetime in milliseconds, UTC; a number counts as epoch milliseconds, other text is null."""
        return self.expr if self.type is Type.TIME else from_millis(self.number())

    def truth(self) -> pl.Expr:
        """As a condition, never null: a number holds if it is not 0, a text never does."""
        match self.type:
            case Type.TRUTH:
                return self.expr.fill_null(value=False)
            case Type.INTEGER | Type.DECIMAL:
                return (self.expr != 0).fill_null(value=False)
            case _:
                return (self.number() != 0).fill_null(value=False)

    def present(self) -> pl.Expr:
        """The value as it is; maps and lists are none where a single value is asked for."""
        return self.text() if self.type is Type.JSON else self.expr


def from_millis(number: pl.Expr) -> pl.Expr:
    """Epoch milliseconds as Datetime; null before the year 1000 and after 9000, which Python cannot print."""
    return pl.when(number.is_between(*_WRITABLE)).then(number).cast(pl.Int64).cast(_MILLISECONDS)


def column(name: str, dtype: pl.DataType, *, is_address: bool) -> Value:
    """The value of a column; types that QL cannot compare (lists, structs) are present but equal nothing."""
    expr = pl.col(name)
    if dtype in (pl.Int32, pl.Int64):
        return Value(expr, Type.INTEGER)
    if dtype == pl.String:
        return Value(expr, Type.TEXT, is_address)
    if dtype == pl.Categorical:
        return Value(expr, Type.LABEL)
    if dtype == pl.Enum:
        return Value(expr.cast(pl.String), Type.TEXT)
    if dtype == pl.Boolean:
        return Value(expr, Type.TRUTH)
    if isinstance(dtype, pl.Datetime):
        return Value(_in_utc(expr, dtype), Type.TIME)
    if dtype.is_integer():
        return Value(expr.cast(pl.Int64, strict=False), Type.INTEGER)
    if dtype.is_numeric():
        return Value(expr.cast(pl.Float64).fill_nan(None), Type.DECIMAL)
    return Value(expr, Type.NOTHING)


def address(kept: Address) -> Value:
    """The value of a column of addresses that is kept as numbers."""
    return Value(kept.text, Type.TEXT, is_address=True, numbers=kept)


def _in_utc(expr: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    if dtype == _MILLISECONDS:
        return expr
    in_zone = expr.dt.convert_time_zone("UTC") if dtype.time_zone else expr.dt.replace_time_zone("UTC")
    return in_zone.dt.cast_time_unit("ms")


def constant(value: Constant) -> Value:
    """The value of a literal."""
    kind = Type.TEXT if isinstance(value, str) else Type.DECIMAL if isinstance(value, float) else Type.INTEGER
    return Value(pl.lit(value), kind, constant=value)


NULL = Value(pl.lit(None, dtype=pl.String), Type.NOTHING)


def computed(expr: pl.Expr, kind: Type) -> Value:
    """The value of a function or of a condition."""
    if expr.meta.root_names():
        return Value(expr, kind)
    value = pl.select(expr).item()
    if value is None:
        return NULL
    if kind is Type.TIME:
        moment = pl.select(pl.lit(value).dt.epoch("ms")).item()
        return Value(pl.lit(moment).cast(_MILLISECONDS), kind, constant=moment)
    constant = None if kind is Type.JSON else int(value) if kind is Type.TRUTH else value
    return Value(pl.lit(value), kind, constant=constant)


def settled(condition: pl.Expr) -> pl.Expr:
    """A condition, computed at once if it has no columns.

    polars takes the result of a function of a literal for a column of one row, and refuses to stretch it.
    """
    return condition if condition.meta.root_names() else pl.lit(bool(pl.select(condition).item()))


def equals(value: Value, constants: Sequence[Constant]) -> pl.Expr:
    """Whether a value equals one of some constants. Never null; ``"-"`` is equal to null."""
    texts = [item for item in constants if isinstance(item, str)]
    if value.type in _NUMBERS:
        found = _number_in(value, [number for item in constants if (number := numeric(item)) is not None])
    elif value.type in _TEXTS:
        found = _text_in(value, texts)
        numbers = [item for item in constants if not isinstance(item, str)]
        if numbers:
            found = found | _number_in(value, numbers)
    else:
        found = _NEVER
    if NO_VALUE not in texts:
        return found
    return found | (value.expr.is_null() if value.numbers is None else ~value.is_present)


def differs(value: Value, constants: Sequence[Constant]) -> pl.Expr:
    """Whether a value is there and equals none of some constants. Never null."""
    return value.is_present & ~equals(value, constants)


def ordered(value: Value, compare: Comparison, bound: Constant) -> pl.Expr:
    """Whether a value is there and stands before or after a constant. Never null."""
    limit = numeric(bound)
    if value.type in _NUMBERS:
        if limit is None:
            return _NEVER
        if value.type is Type.TIME and isinstance(limit, int):
            return value.expr.is_not_null() & compare(value.expr, pl.lit(limit).cast(_MILLISECONDS))
        return value.expr.is_not_null() & compare(value.number(), pl.lit(limit))
    if value.type not in _TEXTS:
        return _NEVER
    if isinstance(bound, str):
        return _where(value.expr, compare(value.text(), pl.lit(bound)))
    return compare(value.number(), pl.lit(bound)).fill_null(value=False)


def compared(left: Value, compare: Comparison, right: Value) -> pl.Expr:
    """Whether two values, none of them constant, are both there and compare as asked. Never null."""
    if Type.NOTHING in {left.type, right.type}:
        return _NEVER
    if left.type in _NUMBERS or right.type in _NUMBERS:
        found = compare(left.number(), right.number())
    elif compare in _ORDERS:
        found = pl.coalesce(compare(left.number(), right.number()), compare(left.text(), right.text()))
    elif left.is_address or right.is_address:
        found = compare(addresses.canonical(left.text()), addresses.canonical(right.text()))
    else:
        found = compare(left.text(), right.text())
    # A number and a text that is none are different, though they cannot be compared.
    otherwise = left.expr.is_not_null() & right.expr.is_not_null() if compare is operator.ne else _NEVER
    return pl.coalesce(found, otherwise)


def _text_in(value: Value, texts: list[str]) -> pl.Expr:
    """Membership of a text or a label. Never null."""
    if not value.is_address:
        return _member(value.expr, value.expr, texts)
    if value.numbers is not None:
        return addresses.is_any(value.numbers, texts)
    # IPv4 has one spelling; only a search for an IPv6 address has to look at spellings.
    spelled = [addresses.canonical_text(text) for text in texts]
    v6 = [text for text in spelled if ":" in text]
    found = _member(value.expr, value.expr, [text for text in spelled if ":" not in text])
    return found | _member(value.expr, addresses.canonical(value.expr), v6) if v6 else found


def _number_in(value: Value, numbers: list[int | float]) -> pl.Expr:
    """Membership of a number, or of text that spells one. Never null."""
    if value.type in _TEXTS:
        return _member(value.number(), value.number(), [float(number) for number in numbers])
    if value.type is Type.DECIMAL:
        return _member(value.expr, value.expr, [float(number) for number in numbers])
    # An integer never equals a fraction, and polars refuses to look for one among integers.
    return _member(value.expr, value.number(), [number for number in numbers if isinstance(number, int)])


def _member(present: pl.Expr, expr: pl.Expr, items: Sequence[Constant]) -> pl.Expr:
    """Whether an expression equals one of the items, False where ``present`` is null."""
    if not items:
        return _NEVER
    found = expr == pl.lit(items[0]) if len(items) == 1 else expr.is_in(items)
    return _where(present, found)


def _where(present: pl.Expr, found: pl.Expr) -> pl.Expr:
    """Where a comparison holds, False where there is no value, for which it is null."""
    if present.meta.is_column():
        return present.is_not_null() & found
    # A filter works out an expression as often as it is named, and to look into messages takes long.
    return found.fill_null(value=False)
