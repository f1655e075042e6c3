"""A verdict: what became of a record and why, the evidence, what was ruled out, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diagnose.fixes import Fix
    from diagnose.model import Where
    from diagnose.path import Stage

HIGH, MEDIUM, LOW = "high", "medium", "low"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a verdict rests on.

    Attributes:
        text: What it is, in a sentence or a clause.
        record: The file's number and the line of the record that shows it, if one does.
        where: The place in the inventory that shows it, if one does.
    """

    text: str
    record: tuple[int, int] | None = None
    where: Where | None = None
    at: str = ""
    """The file and the line of the record."""

    @property
    def told(self) -> str:
        """The text, with the place that shows it."""
        place = f" [{self.where}]" if self.where is not None else f" ({self.at})" if self.at else ""
        return self.text + place


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a record, or of a packet that no record is of.

    Attributes:
        code: See ``codes.MEANINGS``.
        confidence: ``high``, ``medium`` or ``low``.
        direction: ``ingress`` or ``egress`` at its interface; ``None`` where that is not known.
        initiator: The address of whoever started the conversation, if that is known.
        record: The record's flow (``records.COLUMNS``); empty for a packet that no record is of.
        evidence: What it rests on.
        ruled_out: What it is not, and why.
        fixes: What would let it through; each was tried on the inventory.
        path: The way of the packet, and where it stopped.
        noise: Whether nobody needs to do anything: scans and backscatter from the internet.
    """

    code: str
    confidence: str
    direction: str | None = None
    initiator: str | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    ruled_out: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    path: tuple[Stage, ...] = ()
    noise: bool = False
