"""Records of several kinds in one table: when, of which kind, and one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.kinds import telling
from tui.kinds.base import RecordColumn, column, in_a_cell, said

if TYPE_CHECKING:
    from collections.abc import Mapping


def _sign(record: Mapping[str, Any]) -> str:
    return telling(record.get("format")).outcome(record).sign


def _sentence(record: Mapping[str, Any]) -> str:
    return in_a_cell(telling(record.get("format")).headline(record))


COLUMNS: tuple[RecordColumn, ...] = (
    column("kind", (8, 17), 2, text=lambda record: said(record, "format")),
    column("", (1, 1), 0, text=_sign, toned=True),
    column("what", (40, 40), 0, "message", text=_sentence, grow=True, tail=0),
)
