"""The polars back end: from a tree to one expression. It defines what the language means.

Values of any kind can be compared: a number with numeric text, a condition as 1 or 0, a time as its epoch
milliseconds. A field that is no column is looked up in the JSON of the column ``message``; one that these
logs lack is null everywhere; a comparison with null is false, negated
operators included, so only an outer ``not`` turns it into true. AWS writes ``-`` where there is no value and
the loaders read it as null, so a comparison with ``"-"`` asks for null.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

import polars as pl

from loaders.schema import MESSAGE
from query import functions, json_fields, names, tree, values
from query.check import check_pattern
from query.errors import QueryError
from query.values import Comparison, Type, Value

Schema = Mapping[str, pl.DataType]

_ORDER: dict[str, Comparison] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS = _ORDER | {"=": operator.eq, "!=": operator.ne}


def predicate(condition: tree.Expr, schema: Schema) -> pl.Expr:
    """The condition as a polars expression.

    Args:
        condition: A tree from ``parse_filter``.
        schema: The columns that the expression will meet, with their types.

    Returns:
        A Boolean expression that is never null. It is a literal if no column takes part.

    Raises:
        QueryError: If the tree holds a function that does not exist, a network that is none, or a pattern
            that is no regular expression.
    """
    match condition:
        case tree.And(terms):
            return _joined(operator.and_, [predicate(term, schema) for term in terms])
        case tree.Or(terms):
            return _joined(operator.or_, [predicate(term, schema) for term in terms])
        case tree.Not(term):
            return ~predicate(term, schema)
        case _:
            return values.settled(_single(condition, schema))


def _single(condition: tree.Expr, schema: Schema) -> pl.Expr:
    """A condition that joins no others."""
    match condition:
        case tree.Compare(left, sign, right):
            return _compare(left, sign, right, schema)
        case tree.Like(operand, pattern, negated):
            found = _like(_value(operand, schema).text(), pattern)
            return (~found if negated else found).fill_null(value=False)
        case tree.In(operand, items, negated):
            test = values.differs if negated else values.equals
            return test(_value(operand, schema), [item.value for item in items.items])
        case _:
            value = _value(condition, schema)
            if value.type is not Type.TRUTH:
                raise QueryError.at(condition.span, f"{tree.to_text(condition)} is not a condition.")
            return value.expr.fill_null(value=False)


def _value(node: tree.Expr, schema: Schema) -> Value:
    """A node as something to compare."""
    match node:
        case tree.Field(name):
            column = names.column_of(name, schema)
            if column is None:
                return _in_message(node, schema)
            return values.column(column, schema[column], is_address=name in names.ADDRESSES)
        case tree.Literal(value):
            return values.constant(value)
        case tree.Call():
            return _call(node, schema)
        case tree.Regex() | tree.ListLiteral():
            raise QueryError.at(node.span, "A pattern or a list cannot be compared.")
        case _:
            return values.computed(predicate(node, schema), Type.TRUTH)


def _in_message(node: tree.Field, schema: Schema) -> Value:
    """A field that is no column: what the message holds under its name, if there are messages."""
    found = json_fields.lookup(names.in_messages(node)) if schema.get(MESSAGE) == pl.String else None
    return values.NULL if found is None else Value(found, Type.TEXT, node.name in names.ADDRESSES)


def _call(node: tree.Call, schema: Schema) -> Value:
    function = functions.find(node.name)
    if function is None or len(function.takes) != len(node.arguments):
        raise QueryError.at(node.span, f"'{node.name}' is not a function, or not one with these values.")
    arguments = [
        _argument(argument, takes, schema)
        for argument, takes in zip(node.arguments, function.takes, strict=True)
    ]
    try:
        result = function.build(*arguments)
    except ValueError as error:
        raise QueryError.at(node.span, f"{function.name} cannot use this value.", str(error)) from None
    match function.gives:
        case functions.Gives.TRUTH:
            return values.computed(result.fill_null(value=False), Type.TRUTH)
        case functions.Gives.NUMBER:
            return values.computed(result.cast(pl.Int64), Type.INTEGER)
        case functions.Gives.TEXT:
            return values.computed(result, Type.TEXT)


def _argument(node: tree.Expr, takes: functions.Takes, schema: Schema) -> pl.Expr | str:
    if takes.is_network:
        if not (isinstance(node, tree.Literal) and isinstance(node.value, str)):
            raise QueryError.at(node.span, f"Expected {takes.value} in quotes, such as {takes.sample}.")
        return node.value
    value = _value(node, schema)
    return value.text() if takes is functions.Takes.TEXT else value.expr


def _compare(left: tree.Expr, sign: tree.Operator, right: tree.Expr, schema: Schema) -> pl.Expr:
    first, second = _value(left, schema), _value(right, schema)
    if first.constant is not None:
        first, sign, second = second, tree.FLIPPED[sign], first
    if second.constant is None:
        return values.compared(first, _OPERATORS[sign], second)
    if sign == "=":
        return values.equals(first, [second.constant])
    if sign == "!=":
        return values.differs(first, [second.constant])
    return values.ordered(first, _ORDER[sign], second.constant)


def _like(text: pl.Expr, pattern: tree.Literal | tree.Regex) -> pl.Expr:
    if isinstance(pattern, tree.Regex):
        check_pattern(pattern)
        return text.str.contains(pattern.pattern)
    return text.str.contains(str(pattern.value), literal=True)


def _joined(join: Comparison, parts: Sequence[pl.Expr]) -> pl.Expr:
    """Join conditions pairwise, so that a thousand terms nest ten deep and not a thousand."""
    while len(parts) > 1:
        pairs = [join(first, second) for first, second in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, parts[-1]] if len(parts) % 2 else pairs
    return parts[0]
