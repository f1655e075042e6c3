"""Functions of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.functions.declaration import Gives, Takes, declare

if TYPE_CHECKING:
    import polars as pl


@declare("isempty", (Takes.TEXT,), Gives.TRUTH, "the record has no value there, or an empty text")
def _is_empty(text: pl.Expr) -> pl.Expr:
    return text.is_null() | (text == "")


@declare("isblank", (Takes.TEXT,), Gives.TRUTH, "the record has no value there, or only white space")
def _is_blank(text: pl.Expr) -> pl.Expr:
    return text.is_null() | (text.str.strip_chars() == "")


@declare("strcontains", (Takes.TEXT, Takes.TEXT), Gives.TRUTH, "the first text holds the second; case counts")
def _contains(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.contains(part, literal=True)


@declare("tolower", (Takes.TEXT,), Gives.TEXT, "the text in small letters")
def _to_lower(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase()


@declare("toupper", (Takes.TEXT,), Gives.TEXT, "the text in capital letters")
def _to_upper(text: pl.Expr) -> pl.Expr:
    return text.str.to_uppercase()


@declare("strlen", (Takes.TEXT,), Gives.NUMBER, "how many characters the text has")
def _length(text: pl.Expr) -> pl.Expr:
    return text.str.len_chars()


@declare("startsWith", (Takes.TEXT, Takes.TEXT), Gives.TRUTH, "the first text begins with the second")
def _starts_with(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.starts_with(part)


@declare("endsWith", (Takes.TEXT, Takes.TEXT), Gives.TRUTH, "the first text ends with the second")
def _ends_with(text: pl.Expr, part: pl.Expr) -> pl.Expr:
    return text.str.ends_with(part)


@declare(
    "concat",
    (Takes.TEXT,),
    Gives.TEXT,
    "the values one behind the other; what is not there adds nothing",
    rest=True,
    shown='concat(dstAddr, ":", dstPort)',
)
def _concat(*texts: pl.Expr) -> pl.Expr:
    import polars as pl

    return pl.concat_str([text.fill_null("") for text in texts])


@declare(
    "substr",
    (Takes.TEXT, Takes.NUMBER, Takes.NUMBER),
    Gives.TEXT,
    "the text from a place, counted from 0, to its end or so many characters long",
    optional=1,
)
def _substr(text: pl.Expr, start: pl.Expr, length: pl.Expr | None = None) -> pl.Expr:
    import polars as pl

    offset, *rest = (
        number.cast(pl.Int64, strict=False).clip(0) for number in (start, length) if number is not None
    )
    # A place that is not there would be read as the beginning, and a length that is not as no limit.
    found = pl.all_horizontal(number.is_not_null() for number in (offset, *rest))
    return pl.when(found).then(text.str.slice(offset, *rest))


@declare(
    "replace",
    (Takes.TEXT, Takes.TEXT, Takes.TEXT),
    Gives.TEXT,
    "the text with every occurrence of the second text replaced by the third",
    shown='replace(interfaceId, "eni-", "")',
)
def _replace(text: pl.Expr, part: pl.Expr, other: pl.Expr) -> pl.Expr:
    import polars as pl

    if part.meta.is_literal() and pl.select(part).item() is None:
        return pl.lit(None, dtype=pl.String)
    if part.meta.root_names():
        # polars replaces the same part everywhere; but it parts each text where its own part stands.
        replaced = text.str.split(part).list.join(other)
    else:
        replaced = _replaced(text, part, other, literal=True)
    return pl.when(part == "").then(text).otherwise(replaced)


@declare(
    "regexReplace",
    (Takes.TEXT, Takes.PATTERN, Takes.TEXT),
    Gives.TEXT,
    "the text with every match of the pattern replaced; $1 is what its first group matched",
    shown='regexReplace(srcAddr, "[.][0-9]+$", ".0")',
)
def _regex_replace(text: pl.Expr, pattern: str, other: pl.Expr) -> pl.Expr:
    return _replaced(text, pattern, other, literal=False)


@declare(
    "trim",
    (Takes.TEXT, Takes.TEXT),
    Gives.TEXT,
    "the text without white space, or the characters given, at its ends",
    optional=1,
)
def _trim(text: pl.Expr, characters: pl.Expr | None = None) -> pl.Expr:
    return text.str.strip_chars(characters)


@declare(
    "ltrim",
    (Takes.TEXT, Takes.TEXT),
    Gives.TEXT,
    "the text without white space, or the characters given, at its beginning",
    optional=1,
)
def _ltrim(text: pl.Expr, characters: pl.Expr | None = None) -> pl.Expr:
    return text.str.strip_chars_start(characters)


@declare(
    "rtrim",
    (Takes.TEXT, Takes.TEXT),
    Gives.TEXT,
    "the text without white space, or the characters given, at its end",
    optional=1,
)
def _rtrim(text: pl.Expr, characters: pl.Expr | None = None) -> pl.Expr:
    return text.str.strip_chars_end(characters)


def _replaced(text: pl.Expr, part: pl.Expr | str, other: pl.Expr, *, literal: bool) -> pl.Expr:
    import polars as pl

    if not text.meta.root_names():
        # polars replaces no part of a constant by a column, unless the constant is stretched to its length.
        text = pl.when(other.is_not_null()).then(text)
    replaced = text.str.replace_all(part, other.fill_null(""), literal=literal)
    return pl.when(other.is_not_null()).then(replaced)
