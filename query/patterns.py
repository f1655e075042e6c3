"""Messages grouped by their shape, for ``pattern`` and ``diff``.

Only the polars back end imports this. First the masked texts of all messages are counted: they are few where
the messages come from a program. Then those that differ in a few words are merged. Merging is plain Python,
but it looks only at the most frequent masked texts, so its time does not grow with the number of messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from operator import eq
from typing import TYPE_CHECKING

import polars as pl

from loaders.run import collect
from query.masks import TOKEN, masked, numbered, severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NOW = "now"
_BEFORE = "before"
_TEXT = "text"
_SEVERITY = "@severityLabel"

# Limits of merging: how many texts, how many of their words, how many groups a text is compared with.
_MOST_TEXTS = 10_000
_MOST_WORDS = 60
_MOST_GROUPS = 100
# Texts are alike when they share this part of their words.
_ALIKE = 0.6
# Up to so many words in capitals at one place are kinds that people tell apart, as ACCEPT and REJECT are.
_MOST_KINDS = 12

_WORD = re.compile(r"[^\s,;=:\"'()\[\]{}<>|&?]+")
_KIND = re.compile("[A-Z][A-Z_]+")

Words = list[str]


def find_patterns(messages: pl.Series) -> pl.DataFrame:
    """Find the patterns of messages, the most frequent first.

    Args:
        messages: String, or what can be cast to it. Null is left out.

    Returns:
        ``@pattern`` String, with placeholders such as ``<Time-1>``; ``@ratio`` Float64, its share of the
        messages, to four digits; ``@sampleCount`` Int64; ``@severityLabel`` String: Error, Warn, Info, Debug
        or None.
    """
    found = _found(messages, messages.clear())
    return found.select(_shown()).sort("@sampleCount", "@pattern", descending=[True, False])


def compare_patterns(now: pl.Series, before: pl.Series) -> pl.DataFrame:
    """Find the patterns of two sets of messages together, those whose counts differ most first.

    Args:
        now: The messages in question, as for ``find_patterns``.
        before: The messages to compare them with.

    Returns:
        The columns of ``find_patterns``, which are about ``now``; ``@baselineSampleCount`` Int64, how many of
        the messages ``before`` there are; and ``@differenceRatio`` Float64, to four digits, from -1 (gone)
        over 0 (as many as before) to 1 (new).
    """
    ratio = (pl.col(_NOW) - pl.col(_BEFORE)) / pl.max_horizontal(_NOW, _BEFORE)
    baseline = pl.col(_BEFORE).alias("@baselineSampleCount")
    found = _found(now, before).select(*_shown(), baseline, ratio.round(4).alias("@differenceRatio"))
    most = pl.max_horizontal("@sampleCount", "@baselineSampleCount")
    order = [pl.col("@differenceRatio").abs(), most, pl.col("@pattern")]
    return found.sort(order, descending=[True, True, False])


def _shown() -> list[pl.Expr]:
    """The columns of ``pattern``, from those of ``_found``."""
    # Without any message now, the share of each pattern is 0 and not NaN.
    share = (pl.col(_NOW) / pl.col(_NOW).sum()).fill_nan(0.0).round(4)
    return [
        numbered(pl.col(_TEXT)).alias("@pattern"),
        share.alias("@ratio"),
        pl.col(_NOW).alias("@sampleCount"),
        pl.col(_SEVERITY),
    ]


def _found(now: pl.Series, before: pl.Series) -> pl.DataFrame:
    """The patterns of both: ``text`` with marks, ``now`` and ``before`` Int64, and the severity."""
    texts = _counted(now, before)
    frequent = texts.head(_MOST_TEXTS)
    merged = pl.Series(_TEXT, _merged(frequent[_TEXT].to_list(), frequent[_SEVERITY].to_list()), pl.String)
    together = pl.concat([frequent.with_columns(merged), texts.slice(_MOST_TEXTS)])
    counts = [pl.col(_NOW, _BEFORE).sum(), pl.col(_SEVERITY).first()]
    return together.group_by(_TEXT, maintain_order=True).agg(counts)


def _counted(now: pl.Series, before: pl.Series) -> pl.DataFrame:
    """The different masked texts, the most frequent first, with their counts and their severity."""
    messages = [
        pl.LazyFrame({_TEXT: series.cast(pl.String)}).with_columns(is_now=pl.lit(is_now))
        for series, is_now in ((now, True), (before, False))
    ]
    is_now = pl.col("is_now")
    counts = [is_now.sum().cast(pl.Int64).alias(_NOW), (~is_now).sum().cast(pl.Int64).alias(_BEFORE)]
    present = pl.concat(messages).filter(pl.col(_TEXT).is_not_null())
    plan = present.group_by(masked(pl.col(_TEXT))).agg(counts)
    plan = plan.with_columns(severity(pl.col(_TEXT)).alias(_SEVERITY))
    return collect(plan.sort(pl.col(_NOW) + pl.col(_BEFORE), _TEXT, descending=[True, False]))


@dataclass(frozen=True, slots=True)
class _Group:
    """Texts that are alike: the words of the first, which speaks for all, and the members."""

    words: Words
    members: list[tuple[int, Words]]


def _merged(texts: Sequence[str], severities: Sequence[str]) -> list[str]:
    """The texts, with a mark at each place where texts that are alike differ.

    Args:
        texts: Masked texts, the most frequent first.
        severities: Their severities. Texts of different severity are never alike.
    """
    result = list(texts)
    shapes: dict[tuple[str, str], list[_Group]] = {}
    for place, text in enumerate(texts):
        words = _WORD.findall(text)
        if len(words) <= _MOST_WORDS:
            groups = shapes.setdefault((severities[place], _WORD.sub("w", text)), [])
            _join(groups, place, words)
    for group in chain.from_iterable(shapes.values()):
        columns = zip(*(words for _, words in group.members), strict=True)
        variable = [_is_variable(column) for column in columns]
        for place, words in group.members:
            filled = [TOKEN if varies else word for varies, word in zip(variable, words, strict=True)]
            result[place] = _filled(texts[place], filled)
    return result


def _join(groups: list[_Group], place: int, words: Words) -> None:
    """Put a text into the first group that it is like, or into a new one while there is room."""
    enough = _ALIKE * len(words)
    for group in groups:
        if sum(map(eq, group.words, words)) >= enough:
            group.members.append((place, words))
            return
    if len(groups) < _MOST_GROUPS:
        groups.append(_Group(words, [(place, words)]))


def _is_variable(column: Iterable[str]) -> bool:
    """Whether the words at one place of texts that are alike are variable."""
    words = set(column)
    are_kinds = len(words) <= _MOST_KINDS and all(map(_KIND.fullmatch, words))
    return len(words) > 1 and not are_kinds


def _filled(text: str, words: Words) -> str:
    """A text with other words in place of its own."""
    following = iter(words)
    return _WORD.sub(lambda _: next(following), text)
