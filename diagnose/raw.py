"""What is taken from JSON that may hold anything in any place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from diagnose.blocks import Block, Ip, block_of, ip_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Raw: TypeAlias = dict[str, Any]

_NUMBER = re.compile(r"-?[0-9]{1,10}")
_LARGEST = 2**31 - 1


def items(raw: Raw, key: str) -> Iterator[Raw]:
    """The objects in a list; whatever else is in it, or in its place, is passed over."""
    found = raw.get(key)
    if isinstance(found, list):
        yield from (item for item in found if isinstance(item, dict))


def inner(raw: Raw, key: str) -> Raw:
    """An object, or an empty one."""
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def text_of(raw: Raw, key: str) -> str | None:
    """A text that is not empty."""
    found = raw.get(key)
    return found if isinstance(found, str) and found else None


def number_of(raw: Raw, key: str) -> int | None:
    """A whole number, also one that is written as text; none that EC2 could not mean."""
    found = raw.get(key)
    if isinstance(found, str):
        found = int(found) if _NUMBER.fullmatch(found) else None
    is_one = isinstance(found, int) and not isinstance(found, bool) and abs(found) < _LARGEST
    return found if is_one else None


def truth_of(raw: Raw, key: str) -> bool:
    """Whether something is said to be so."""
    return raw.get(key) is True


def block_in(raw: Raw, key: str) -> Block | None:
    """A block of addresses."""
    text = text_of(raw, key)
    try:
        return block_of(text) if text else None
    except ValueError:
        return None


def address_in(raw: Raw, key: str) -> Ip | None:
    """An address."""
    return ip_of(text_of(raw, key))
