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
from typing import cast

import polars as pl

from query import arithmetic, functions, tree, values
from query.check_values import check_pattern
from query.environment import Environment
from query.errors import QueryError
from query.functions import Context, Function, Gives, Takes
from query.sharing import shared
from query.values import Comparison, Type, Value

Schema = Mapping[str, pl.DataType]

_ORDER: dict[str, Comparison] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TRUTH = pl.Boolean()
_OPERATORS = _ORDER | {"=": operator.eq, "!=": operator.ne}
# What the body of a function returns, as a type; a ``VALUE`` knows its own.
_GIVEN = {
    Gives.TRUTH: Type.TRUTH,
    Gives.TEXT: Type.TEXT,
    Gives.NUMBER: Type.INTEGER,
    Gives.DECIMAL: Type.DECIMAL,
    Gives.TIME: Type.TIME,
    Gives.JSON: Type.JSON,
}


def predicate(condition: tree.Expr, where: Schema | Environment) -> pl.Expr:
    """The condition as a polars expression.

    Args:
        condition: A tree from ``parse_filter``, or the condition of a command.
        where: What its names mean; of a mapping, the columns that it will meet, with their types.

    Returns:
        A Boolean expression that is never null. It is a literal if no column takes part.

    Raises:
        QueryError: If the tree holds a function that does not exist or cannot stand there, a network that is
            none, or a pattern that is no regular expression.
    """
    env = where if isinstance(where, Environment) else Environment(where)
    match condition:
        case tree.And(terms):
            return _joined(operator.and_, [predicate(term, env) for term in terms])
        case tree.Or(terms):
            return _joined(operator.or_, [predicate(term, env) for term in terms])
        case tree.Not(term):
            return ~predicate(term, env)
        case _:
            return values.settled(_single(condition, env))


def _single(condition: tree.Expr, env: Environment) -> pl.Expr:
    """A condition that joins no others."""
    match condition:
        case tree.Compare(left, sign, right):
            return _compare(left, sign, right, env)
        case tree.Like(operand, pattern, negated):
            found = _like(value_of(operand, env).text(), pattern)
            return (~found if negated else found).fill_null(value=False)
        case tree.In(operand, items, negated):
            test = values.differs if negated else values.equals
            constants = [item.value for item in items.items]
            return shared((value_of(operand, env),), lambda found: test(found[0], constants), _TRUTH)
        case tree.Call(name):
            function = functions.find(name)
            if function is not None and function.gives is not Gives.TRUTH:
                message = f"{name} gives {function.gives.value}, which is not a condition."
                raise QueryError.at(condition.span, message)
            return call(condition, env).expr
        case _:
            raise QueryError.at(condition.span, f"'{tree.to_text(condition)}' is not a condition.")


def value_of(node: tree.Expr, env: Environment, context: Context | None = None) -> Value:
    """The value of any expression.

    Args:
        node: The expression.
        env: What its names mean.
        context: What functions know beside their arguments, if it is more than ``env`` knows.

    Raises:
        QueryError: As ``predicate`` does.
    """
    if node in env.known and not isinstance(node, tree.Field):
        return env.known[node]
    match node:
        case tree.Field():
            return env.look_up(node)
        case tree.Literal(value):
            return values.constant(value)
        case tree.Arithmetic(left, sign, right):
            return arithmetic.combine(value_of(left, env, context), sign, value_of(right, env, context))
        case tree.Negative(term):
            return arithmetic.combine(values.constant(0), "-", value_of(term, env, context))
        case tree.Call():
            return call(node, env, context)
        case tree.Compare() | tree.Like() | tree.In() | tree.Not() | tree.And() | tree.Or():
            return values.computed(predicate(node, env), Type.TRUTH)
        case tree.Duration() | tree.Star() | tree.Regex() | tree.ListLiteral():
            raise QueryError.at(node.span, f"'{tree.to_text(node)}' is not a value.")


def call(node: tree.Call, env: Environment, context: Context | None = None) -> Value:
    """The value of a function; an aggregate's is one for all rows.

    Raises:
        QueryError: As ``predicate`` does.
    """
    function = functions.find(node.name)
    given = () if node.arguments and isinstance(node.arguments[0], tree.Star) else node.arguments
    if function is None or not function.accepts(len(given)):
        raise QueryError.at(node.span, f"'{node.name}' is not a function, or not one with these values.")
    if function.aggregate or function.contextual:
        arguments = _arguments(given, function, env, context)
        value = _typed(_built(node, function, arguments, context or env.context()), function)
        return value if function.aggregate else values.computed(value.expr, value.type)
    written = {
        place: _written_out(part, function.takes_at(place), function)
        for place, part in enumerate(given)
        if function.takes_at(place).is_written_out
    }
    operands = {
        place: value_of(part, env, context) for place, part in enumerate(given) if place not in written
    }
    places = list(operands)

    def build(found: Sequence[Value]) -> Value:
        converted = {
            place: _converted(value, function.takes_at(place))
            for place, value in zip(places, found, strict=True)
        }
        arguments = [
            converted[place] if place in converted else written[place] for place in range(len(given))
        ]
        return _typed(_built(node, function, arguments, None), function)

    kind = build(list(operands.values())).type
    expr = shared(list(operands.values()), lambda found: build(found).expr, values.DTYPES[kind])
    return values.computed(expr, kind)


def _built(
    node: tree.Call, function: Function, arguments: Sequence[object], context: Context | None
) -> object:
    """What the body of a function makes of its arguments."""
    more = {"context": context} if function.contextual else {}
    try:
        return function.build(*arguments, **more)
    except ValueError as error:
        raise QueryError.at(node.span, f"{function.name} cannot use this value.", str(error)) from None


def _typed(result: object, function: Function) -> Value:
    """The result of a function's body, with its type."""
    if isinstance(result, Value):
        return result
    expr, kind = cast("pl.Expr", result), _GIVEN[function.gives]
    if kind is Type.TRUTH:
        expr = expr.fill_null(value=False)
    elif kind is Type.INTEGER:
        expr = expr.cast(pl.Int64)
    return Value(expr, kind)


def _arguments(
    given: Sequence[tree.Expr], function: Function, env: Environment, context: Context | None
) -> list[object]:
    """The arguments of a call as the function's body takes them."""
    return [
        _written_out(part, takes, function)
        if (takes := function.takes_at(place)).is_written_out
        else _converted(value_of(part, env, context), takes)
        for place, part in enumerate(given)
    ]


def _converted(value: Value, takes: Takes) -> object:
    match takes:
        case Takes.TEXT:
            return value.text()
        case Takes.NUMBER:
            return value.number()
        case Takes.TIME:
            return value.time()
        case Takes.CONDITION:
            return value.truth()
        case _:
            return value


def _written_out(node: tree.Expr, takes: Takes, function: Function) -> object:
    """A constant that the body of a function gets as a Python object."""
    match takes, node:
        case Takes.PERIOD, tree.Duration(period):
            return period.capped
        case Takes.COUNT, tree.Literal(int() as number):
            return number
        case Takes.CONSTANT, tree.Literal(int() | float() as number):
            return number
        case Takes.PATTERN, tree.Regex(pattern):
            check_pattern(node)
            return pattern
        case Takes.PATTERN, tree.Literal(str() as text):
            check_pattern(tree.Regex(text, span=node.span))
            return text
        case _, tree.Literal(str() as text) if takes.is_network or takes is Takes.QUOTED:
            return text
    what = f"{takes.value} in quotes" if takes.is_network else takes.value
    raise QueryError.at(node.span, f"Expected {what} here.", f"Write it like {function.example}.")


def _compare(left: tree.Expr, sign: tree.Operator, right: tree.Expr, env: Environment) -> pl.Expr:
    first, second = value_of(left, env), value_of(right, env)
    if first.constant is not None:
        first, sign, second = second, tree.FLIPPED[sign], first
    constant = second.constant
    if constant is None:
        return shared(
            (first, second), lambda pair: values.compared(pair[0], _OPERATORS[sign], pair[1]), _TRUTH
        )
    if sign == "=":
        return shared((first,), lambda found: values.equals(found[0], [constant]), _TRUTH)
    if sign == "!=":
        return shared((first,), lambda found: values.differs(found[0], [constant]), _TRUTH)
    return shared((first,), lambda found: values.ordered(found[0], _ORDER[sign], constant), _TRUTH)


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
