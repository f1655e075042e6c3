"""Functions of JSON. An object or a list is kept as its JSON text, without needless spaces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from query.functions.declaration import Gives, Takes, declare

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from query.values import Constant, Value


@declare(
    "jsonParse",
    (Takes.VALUE,),
    Gives.JSON,
    "the JSON object or list that a text is",
    shown="jsonParse(@message)",
)
def _json_parse(value: Value) -> pl.Expr:
    return _object_or_list(value)


@declare(
    "jsonStringify",
    (Takes.VALUE,),
    Gives.TEXT,
    "the text of a JSON object or list",
    shown="jsonStringify(jsonParse(@message))",
)
def _json_stringify(value: Value) -> pl.Expr:
    return _object_or_list(value)


@declare(
    "jsonArraySize",
    (Takes.VALUE,),
    Gives.NUMBER,
    "how many items a JSON list has",
    shown="jsonArraySize(jsonParse(@message))",
)
def _json_array_size(value: Value) -> pl.Expr:
    import polars as pl

    return _of_lists(value, len, pl.Int64())


@declare(
    "jsonArrayContains",
    (Takes.VALUE, Takes.VALUE),
    Gives.TRUTH,
    "a JSON list has the text or the number as an item",
    shown='jsonArrayContains(jsonParse(@message), "admin")',
)
def _json_array_contains(value: Value, item: Value) -> pl.Expr:
    import polars as pl

    wanted = item.constant
    if wanted is None:
        raise ValueError("Write the item out, as a text or a number.")
    return _of_lists(value, lambda items: any(_is_same(found, wanted) for found in items), pl.Boolean())


def _object_or_list(value: Value) -> pl.Expr:
    """The text where it is a JSON object or list and nothing else, else null."""
    import polars as pl

    from query.values import Type

    if value.type is Type.JSON:
        return value.expr
    text = value.text()
    candidate = pl.when(text.str.contains(r"^\s*[{\[]")).then(text)
    return candidate.str.json_path_match("$")


def _is_same(found: object, wanted: Constant) -> bool:
    # In Python true is 1.
    return not isinstance(found, bool) and found == wanted


def _of_lists(value: Value, test: Callable[[list[object]], int], dtype: pl.DataType) -> pl.Expr:
    """What a test says of JSON lists, asked once for each different text of a batch; else null."""

    def run(texts: pl.Series) -> pl.Series:
        answers = {}
        for found in texts.drop_nulls().unique():
            items = json.loads(found)
            if isinstance(items, list):
                answers[found] = test(items)
        return texts.replace_strict(answers, default=None, return_dtype=dtype)

    return _object_or_list(value).map_batches(run, return_dtype=dtype, is_elementwise=True)
