"""The orders in which flow logs have their fields, and which of them lines without a header are in.

CloudWatch writes no header, and neither does ``zcat *.gz | grep …``. AWS offers the fields in the order of
its table, consoles and scripts also sort them by name, and each version of flow logs adds fields. As many
words can stand for several orders, so an order is told by what its words look like.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from loaders.delimited import BOM, COMMENT, LEAST_NAMES, NULL, is_header, wanted
from loaders.fields import DEFAULT_ORDER, FIELDS, resolve
from loaders.schema import column_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    _Look = Callable[[str], re.Match[str] | None]

TGW_VERSION = 6
"""The version of transit gateway flow logs, whose fields no VPC flow log has."""

# An order is believed when this many words of a line look as they should, and at most one in six does not.
_LEAST_WORDS = 4
_ONE_IN = 6
# In another order, the same words look right this much less often.
_CLEARLY = 0.9
# Of so many lines one has to be a record.
_LINES_FOR_ONE = 10
# No record is as long, and a message that is may be a whole document.
_LONGEST = 8192

_ADDRESS = r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*"
_PORT = r"[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_BYTE = r"1?[0-9]{1,2}|2[0-4][0-9]|25[0-5]"
_WORD = r"[A-Za-z][A-Za-z_-]*"
# What the words of a field look like; other numbers are digits, and any text may stand for other fields.
_LOOKS: tuple[tuple[str, str], ...] = (
    (r"[0-9]{1,2}", "version traffic-path encryption-status"),
    # Made unreadable before a sample is given away, as often as not.
    (r"[0-9]{11,12}|unknown|[xX*]+", "account-id tgw-src-vpc-account-id tgw-dst-vpc-account-id"),
    (r"eni-\S+", "interface-id tgw-src-eni tgw-dst-eni next-hop-interface-id"),
    (_ADDRESS, "srcaddr dstaddr pkt-srcaddr pkt-dstaddr"),
    (_PORT, "srcport dstport"),
    (_BYTE, "protocol tcp-flags"),
    (r"[0-9]{9,13}", "start end"),
    (r"ACCEPT|REJECT", "action"),
    (r"OK|NODATA|SKIPDATA", "log-status"),
    (r"vpc-\S+", "vpc-id tgw-src-vpc-id tgw-dst-vpc-id next-hop-vpc-id"),
    (r"subnet-\S+", "subnet-id tgw-src-subnet-id tgw-dst-subnet-id next-hop-subnet-id"),
    (r"i-\S+", "instance-id"),
    (r"IPv4|IPv6|EFA", "type"),
    (r"[a-z]{2,}(-[a-z]+)+-[0-9]+", "region"),
    (r"[a-z]+[0-9]+(-[a-z]+[0-9]*)+", "az-id tgw-src-az-id tgw-dst-az-id next-hop-az-id"),
    (r"ingress|egress", "flow-direction"),
    (r"[A-Z][A-Z0-9_-]*", "pkt-src-aws-service pkt-dst-aws-service reject-reason"),
    (r"arn:\S+", "ecs-cluster-arn ecs-container-instance-arn ecs-task-definition-arn ecs-task-arn"),
    (r"[a-z]+-\S+", "resource-id"),
    (r"tgw-[0-9a-f]\S+", "tgw-id"),
    (r"tgw-attach-\S+", "tgw-attachment-id tgw-pair-attachment-id"),
    (_WORD, "sublocation-type interface-type next-hop-interface-type resource-type"),
)
_LOOK: dict[str, _Look] = {
    field.column: re.compile(r"[0-9]+").fullmatch for field in FIELDS if field.kind.is_number
}
_LOOK |= {
    column: re.compile(pattern).fullmatch
    for pattern, names in _LOOKS
    for column in column_names(names.split())
}


@cache
def known_orders() -> tuple[tuple[str, ...], ...]:
    """The names of the fields in every order that is looked for, the likelier before the less likely."""
    versions = sorted({field.version for field in FIELDS} - {TGW_VERSION})
    vpc = [field for field in FIELDS if field.version != TGW_VERSION]
    orders = [tuple(field.name for field in vpc if field.version <= version) for version in versions]
    orders.append(tgw_order())
    return (*orders, *(tuple(sorted(order)) for order in orders))


def tgw_order() -> tuple[str, ...]:
    """The names of the fields of a default transit gateway flow log, in its order."""
    own = [field.name for field in FIELDS if field.version == TGW_VERSION]
    lost = [name for name in own if name.startswith("packets-lost")]
    resource, *ends = own[: -len(lost)]
    flow = DEFAULT_ORDER[DEFAULT_ORDER.index("srcaddr") : DEFAULT_ORDER.index("action")]
    services = ("pkt-src-aws-service", "pkt-dst-aws-service")
    return (
        *("version", resource, "account-id", *ends, *flow, "log-status", "type", *lost),
        *("tcp-flags", "region", "flow-direction", *services),
    )


@cache
def _candidates() -> dict[int, tuple[tuple[str, ...], ...]]:
    """The columns of the known orders, by how many there are."""
    orders = [column_names(order) for order in known_orders()]
    counts = dict.fromkeys(len(order) for order in orders)
    return {count: tuple(order for order in orders if len(order) == count) for count in counts}


def choose(lines: Sequence[str], told: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Find the order of fields that lines are in.

    Args:
        lines: Some lines of a file or messages of a log group, among them what is no record. If one is a
            header, those before it are looked at, and the header holds if no known order does.
        told: The names that a person gave to the words of a line; they hold if the words can be that.

    Returns:
        The columns, or ``None`` when it is no known order, or cannot be said which.
    """
    rows = _rows(lines)
    if told and can_be(column_names(told), lines):
        return column_names(told)
    header = next((at for at, words in enumerate(rows) if is_names(words)), len(rows))
    enough = max(1, len(rows) // _LINES_FOR_ONE)
    found = _best(rows[:header], enough)
    if found or header == len(rows):
        return found
    columns = column_names(rows[header])
    alone = all(words == rows[header] for words in rows)
    return columns if alone or _score(columns, rows, enough, least=1) else _best(rows, enough)


def can_be(columns: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether enough lines have as many words as there are columns, with numbers where they have to be."""
    rows = _rows(lines)
    numbers = [at for at, column in enumerate(columns) if wanted(column)]
    good = sum(
        len(words) == len(columns) and all(words[at] == NULL or words[at].isdecimal() for at in numbers)
        for words in rows
    )
    return good >= max(1, len(rows) // _LINES_FOR_ONE)


def is_names(words: Sequence[str]) -> bool:
    """Whether words name fields: at least three, as a header among records does."""
    # Nearly all that is asked is no header, and to look at all its words takes time.
    return len(words) >= LEAST_NAMES and any(resolve(word) for word in words[:2]) and is_header(words)


def _rows(lines: Iterable[str]) -> list[list[str]]:
    """The words of each line that is not blank, a comment or too long; words beyond the most are one."""
    most = max(_candidates())
    rows = []
    for line in lines:
        text = line.removeprefix(BOM.decode()).partition(f" {COMMENT}")[0] if len(line) <= _LONGEST else ""
        # As bytes, because bytes and text differ in what is white space.
        words = text.encode("utf-8", "replace").split(None, most)
        if words and not words[0].startswith(COMMENT.encode()):
            rows.append([word.decode() for word in words])
    return rows


def _best(rows: Sequence[Sequence[str]], enough: int) -> tuple[str, ...] | None:
    """The known order that fits best, if it does so clearly."""
    best: tuple[str, ...] | None = None
    highest = 0
    for count, orders in _candidates().items():
        same = [words for words in rows if len(words) == count]
        if not same:
            continue
        scores = sorted(((_score(order, same, enough), order) for order in orders), reverse=True)
        score, order = scores[0]
        clear = len(scores) == 1 or scores[1][0] <= score * _CLEARLY
        if clear and score > highest:
            best, highest = order, score
    return best


def _score(
    columns: Sequence[str], rows: Sequence[Sequence[str]], enough: int, least: int = _LEAST_WORDS
) -> int:
    """Count the words that look like what their columns hold; 0 when the columns are not these.

    A column with more words that do not look like it than do is another one: a wrong order shows in every
    line, a damaged value in one.

    Args:
        columns: The columns.
        rows: The words of lines.
        enough: In so many lines at least the words have to look right.
        least: So many words at least have to look right in each of them.
    """
    looks = [(at, look) for at, column in enumerate(columns) if (look := _LOOK.get(column))]
    balance = [0] * len(columns)
    score = records = 0
    for words in rows:
        fits = _fits(looks, words) if len(words) == len(columns) else {}
        right = sum(fits.values())
        if right < least or (len(fits) - right) * _ONE_IN > len(fits):
            continue
        for at, fit in fits.items():
            balance[at] += 1 if fit else -1
        score += right
        records += 1
    # One odd word is forgiven where most records have none in that column.
    forgiven = 0 if records == 1 else 1
    return score if records >= enough and min(balance) >= -forgiven else 0


def _fits(looks: Sequence[tuple[int, _Look]], words: Sequence[str]) -> dict[int, bool]:
    """Whether the words that are not absent look right, by their column; nothing once too many do not."""
    fits: dict[int, bool] = {}
    wrong = 0
    for at, look in looks:
        if words[at] == NULL:
            continue
        fits[at] = look(words[at]) is not None
        wrong += not fits[at]
        if wrong * _ONE_IN > len(looks):
            return {}
    return fits
