"""``stats`` answered from counts by minute, stream and outcome, without a look at the records.

A store keeps such counts of each segment (``loaders.store.rollups``). They serve where a query filters and
groups by nothing else, and adds up nothing but what they hold; of parts that reach out of the queried time,
and of those without such counts, the records are added to them, each as a count of one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from loaders.parts import MILLISECONDS, MINUTE
from loaders.schema import FLOW_LOG, GROUP, STREAM, TIME, TIMESTAMP
from loaders.store.rollups import OUTCOMES, TOTALS
from query import commands, row_commands, tree
from query.check_commands import is_bin
from query.names import spelling
from query.parse import parse_filter
from query.reach import inside
from query.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from loaders.parts import Part
    from query.environment import Environment
    from query.scope import Scope

_KEYS = (GROUP, STREAM, *OUTCOMES)
_RECORDS = "records"
_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(_KEYS, pl.Categorical()),
    TIMESTAMP: TIME,
    **dict.fromkeys(TOTALS, pl.Int64()),
    _RECORDS: pl.Int64(),
}


def is_of_use(query: commands.Query, place: int, scope: Scope, parts: Sequence[Part]) -> bool:
    """Whether counts answer the ``stats`` at a place.

    Args:
        query: The query.
        place: Where its first ``stats`` stands.
        scope: Which of the records it is asked of.
        parts: The parts that hold such records.
    """
    return (
        all(part.kind == FLOW_LOG for part in parts)
        and any(part.rollup is not None and _is_all_in_time(part, scope) for part in parts)
        and can_answer(query, place, scope)
    )


def can_answer(query: commands.Query, place: int, scope: Scope) -> bool:
    """Whether the ``stats`` at a place asks for nothing but what counts hold."""
    before, command = query.commands[:place], query.commands[place]
    conditions = [one.condition for one in before if isinstance(one, commands.Filter)]
    if not isinstance(command, commands.Stats) or len(conditions) < len(before):
        return False
    if scope.filter.strip():
        conditions.append(parse_filter(scope.filter))
    if not all(map(_of_keys, conditions)):
        return False
    return all(_is_key(item.expr) for item in command.by) and all(
        _rewritten(item.expr) is not None for item in command.items
    )


def rows(query: commands.Query, place: int, scope: Scope, parts: Iterable[Part], env: Environment) -> Table:
    """What the ``stats`` at a place is asked of, as ``by_counts`` writes it: counts, where a part has them.

    Args:
        query: The query.
        place: Where its first ``stats`` stands.
        scope: Which of the records it is asked of.
        parts: The parts to look at.
        env: What the query knows beside records.
    """
    plans = [pl.LazyFrame(schema=_SCHEMA)]
    for part in parts:
        rollup = part.rollup if _is_all_in_time(part, scope) else None
        plans.append(_of_records(part, scope) if rollup is None else _of_counts(rollup, scope))
    table = Table(pl.concat(plans), replace(env, schema=_SCHEMA, addresses={}))
    for at, before in enumerate(query.commands[:place]):
        if isinstance(before, commands.Filter):
            table = row_commands.do(before, table, str(at), ())
    return table


def by_counts(command: commands.Stats) -> commands.Stats:
    """A ``stats`` that adds up counts in the place of records."""
    items = tuple(
        replace(item, expr=_rewritten(item.expr) or item.expr, alias=True) for item in command.items
    )
    return replace(command, items=items)


def _of_keys(node: tree.Expr) -> bool:
    """Whether an expression asks of records only what counts are kept by."""
    return all(spelling(part.name) in _KEYS for part in tree.walk(node) if isinstance(part, tree.Field))


def _is_key(node: tree.Expr) -> bool:
    if not is_bin(node):
        return _of_keys(node)
    (argument,) = tree.children(node)
    if not isinstance(argument, tree.Duration):
        return False
    length = argument.period.capped.milliseconds
    return length is None or length % MILLISECONDS == 0


def _rewritten(node: tree.Expr) -> tree.Expr | None:
    """An expression of aggregates that adds up counts; ``None`` if it needs the records themselves."""
    match node:
        case tree.Call("count", (tree.Star() | tree.Literal(),)) | tree.Call("count", ()):
            return tree.Call("coalesce", (tree.Call("sum", (tree.Field(_RECORDS),)), tree.Literal(0)))
        case tree.Call("sum", (tree.Field(),)):
            (field,) = node.arguments
            is_kept = isinstance(field, tree.Field) and spelling(field.name) in TOTALS
            return node if is_kept else None
        case tree.Literal():
            return node
        case tree.Arithmetic() | tree.Negative():
            children = tuple(map(_rewritten, tree.children(node)))
            found = tuple(child for child in children if child is not None)
            return tree.with_children(node, found) if len(found) == len(children) else None
        case _:
            return None


def _is_all_in_time(part: Part, scope: Scope) -> bool:
    """Whether all records of a part are of the queried time, so that its counts are."""
    return bool(inside(part, replace(scope, group=None, stream=None, filter="")))


def _of_counts(rollup: pl.DataFrame, scope: Scope) -> pl.LazyFrame:
    time = (pl.col(MINUTE) * MILLISECONDS).cast(TIME).alias(TIMESTAMP)
    totals = [
        pl.when(pl.col(f"{name}.count") > 0).then(name).alias(name)
        for name in TOTALS
        if name in rollup.columns
    ]
    kept = [name for name in _KEYS if name in rollup.columns]
    plan = _laid_out(rollup.lazy().select(*kept, *totals, time, _RECORDS))
    return plan.filter(replace(scope, since=None, until=None).predicate(_SCHEMA))


def _of_records(part: Part, scope: Scope) -> pl.LazyFrame:
    kept = [name for name in (*_KEYS, *TOTALS, TIMESTAMP) if name in part.schema]
    plan = part.counted_plan().select(*kept, pl.lit(1, pl.Int64()).alias(_RECORDS))
    return _laid_out(plan).filter(scope.predicate(_SCHEMA))


def _laid_out(plan: pl.LazyFrame) -> pl.LazyFrame:
    """A plan with all columns of counts, those that it lacks empty."""
    have = plan.collect_schema()
    return plan.select(_columns(have))


def _columns(have: pl.Schema) -> Iterator[pl.Expr]:
    for name, dtype in _SCHEMA.items():
        if have.get(name) == dtype:
            yield pl.col(name)
        else:
            found = pl.col(name).cast(dtype) if name in have else pl.lit(None, dtype)
            yield found.alias(name)
