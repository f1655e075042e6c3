"""Queries that went wrong: valid ones, cut, mixed and spoilt in every way that typing and pasting can."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from tests.query.aws_samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the samples leave out: functions, arithmetic, lists, less common commands, our own additions.
_MORE = (
    "filter dstPort in [22, 3389] and not srcAddr like /^10\\./ | stats count(*) by bin(5m), action",
    'fields if(action = "REJECT", bytes, 0) as lost, -bytes ^ 2 % 7 as x | sort lost desc, x | limit 5',
    'fields case(dstPort = 22, "ssh", dstPort > 1024, "high", "low") as kind | stats sum(bytes) by kind',
    "stats pct(bytes, 95) as p, stddev(bytes), count_distinct(srcAddr) by strlen(srcAddr) | filter p > 10.5",
    'filter isIpInSubnet(srcAddr, "2001:db8::/32") or isPrivateIP(dstAddr) | display srcAddr, dstAddr',
    "fields round(bytes / packets, 2) as size, substr(srcAddr, 0, 3), toupper(action) | dedup size | limit any",
    'fields coalesce(errorCode, "none") as code | stats earliest(@timestamp), latest(code) by code',
    "stats sum(bytes) as b by bin(1h) as t | fillmissing with 0 for b | addtotals",
    "stats topk(3, srcAddr), values(action), rate(bytes, 1s) by bin(1d), @log",
    "fields tolower(trim(replace(concat(srcAddr, ':', dstPort), '.', '_'))) as k | stats count() as n by k",
    "pattern @message | diff previousDay",
    "fields fromMillis(toMillis(@timestamp) + 1000) as later, datefloor(later, 1w), dateceil(@timestamp, 2mo)",
    "where `log-status` = 'OK' # fine\n| stats max(bytes) - min(bytes) as spread, spread / 2 by protocol",
    "parse srcAddr /^(?<net>[0-9]+)\\.(?<rest>.*)$/ | stats count(*) by net | sort net desc",
    "stats sum(bytes) by bin(1h), action | chart stacked",
    "fields protocolName, dstService, direction | filter isReply = 1 | limit 3",
)
CORPUS = (*SAMPLES.values(), *_MORE)

_TOKEN = re.compile(r"\s+|\w+|\W", re.DOTALL)
# Controls, escapes, half a character, letters that change length with their case, wide and right-to-left ones.
_ODD = (
    *("\0", "\x07", "\x1b[31m", "\x7f", "\r", "\r\n", "\t", "\n", "\v", "\x85", "\xa0", "\u2028", "\ufeff"),
    *("\ud800", "\u202e", "\u0301", "é", "ß", "İ", "ﬁ", "漢", "🦊", "“", "−", "\\", "$1", "{}", "%s"),
    *(
        '"',
        "'",
        "`",
        "/",
        "#",
        "|",
        "||",
        "(",
        ")",
        "[",
        "]",
        ",",
        "*",
        "=",
        "!",
        "~",
        "<",
        ">",
        "^",
        "-",
        "@",
        ".",
    ),
)
_NUMBERS = (
    *("0", "-1", "0.5", ".5", "1e3", "1e308", "1e999", "1e-400", "00", "1_000", "0x10", "9" * 19, "9" * 400),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "5kB"),
)  # fmt: skip
_DEPTHS = (3, 20, 33, 40, 3_000)


def _drop(dice: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    start = dice.randrange(len(tokens) + 1)
    return "".join(tokens[:start] + tokens[start + dice.randint(1, 3) :])


def _double(dice: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    place = dice.randrange(len(tokens) + 1)
    return "".join(
        [*tokens[:place], *tokens[place : place + 1] * dice.choice((2, 2, 3, 60)), *tokens[place + 1 :]]
    )


def _swap(dice: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    if tokens:
        one, other = dice.randrange(len(tokens)), dice.randrange(len(tokens))
        tokens[one], tokens[other] = tokens[other], tokens[one]
    return "".join(tokens)


def _borrow(dice: random.Random, text: str) -> str:
    """Put a word of another query in place of one."""
    words = list(re.finditer(r"[\w@.]+", text))
    if not words:
        return text
    word = dice.choice(words)
    return (
        text[: word.start()] + dice.choice(re.findall(r"[\w@.]+", dice.choice(CORPUS))) + text[word.end() :]
    )


def _cut(dice: random.Random, text: str) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] if dice.random() < 0.7 else text[place:]


def _splice(dice: random.Random, text: str) -> str:
    other = dice.choice(CORPUS)
    return text[: dice.randrange(len(text) + 1)] + other[dice.randrange(len(other) + 1) :]


def _shuffle(dice: random.Random, text: str) -> str:
    """Put the commands of two queries together in another order."""
    commands = [*text.split("|"), *dice.choice(CORPUS).split("|")]
    return "|".join(dice.sample(commands, dice.randint(1, len(commands))))


def _insert(dice: random.Random, text: str) -> str:
    place = dice.randrange(len(text) + 1)
    return text[:place] + "".join(dice.choices(_ODD, k=dice.choice((1, 1, 1, 3, 12)))) + text[place:]


def _number(dice: random.Random, text: str) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return f"{text} | limit {dice.choice(_NUMBERS)}"
    number = dice.choice(found)
    return text[: number.start()] + dice.choice(_NUMBERS) + text[number.end() :]


def _nest(dice: random.Random, text: str) -> str:
    """Open something, often enough to be deep, and close it or not."""
    opened, closed = dice.choice(
        (("(", ")"), ("not ", ""), ("abs(", ")"), ("[", "]"), ("-", ""), ("1+", ""), ("2^(", ")"))
    )
    depth = dice.choice(_DEPTHS)
    words = list(re.finditer(r"[\w@.]+", text)) or [re.search("", text)]
    word = dice.choice(words)
    closing = closed * (depth if dice.random() < 0.7 else dice.choice((0, depth - 1, depth + 1)))
    return text[: word.start()] + opened * depth + word.group() + closing + text[word.end() :]


def _repeat(dice: random.Random, text: str) -> str:
    return dice.choice((" | ", " or ", ", ", "", "\n")).join([text] * dice.choice((2, 2, 3, 20)))


_CHANGES = (
    _drop,
    _double,
    _swap,
    _borrow,
    _borrow,
    _cut,
    _splice,
    _shuffle,
    _insert,
    _number,
    _nest,
    _repeat,
)


def mutants(count: int, seed: int) -> Iterator[str]:
    """So many texts, each made of a valid query by one to three changes."""
    dice = random.Random(seed)
    for _ in range(count):
        text = dice.choice(CORPUS)
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            text = dice.choice(_CHANGES)(dice, text)
        yield text
