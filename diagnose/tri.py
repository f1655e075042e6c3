"""Yes, no, or unknown: what is missing from a snapshot never becomes a no."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tri(Enum):
    """A truth that may not be known."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, holds: bool | None) -> Tri:
        """Turn a Boolean, or ``None`` for what is not known, into one."""
        return cls.UNKNOWN if holds is None else cls.YES if holds else cls.NO


def both(truths: Iterable[Tri]) -> Tri:
    """Whether all hold: a single no decides."""
    found = set(truths)
    return Tri.NO if Tri.NO in found else Tri.UNKNOWN if Tri.UNKNOWN in found else Tri.YES


def either(truths: Iterable[Tri]) -> Tri:
    """Whether any holds: a single yes decides."""
    found = set(truths)
    return Tri.YES if Tri.YES in found else Tri.UNKNOWN if Tri.UNKNOWN in found else Tri.NO
