"""Counting each record once where several flow logs cover an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loaders.overlap import Overlap


def counted_once(overlaps: Sequence[Overlap]) -> str:
    """The ``filter`` expression that leaves out what one log group repeats of another.

    It leaves out every record that the repeating log group holds of the interfaces that both cover.
    """
    left_out = []
    for overlap in overlaps:
        interfaces = ", ".join(tree.to_text(tree.Literal(name)) for name in overlap.interfaces)
        group = tree.to_text(tree.Literal(overlap.other))
        left_out.append(f"not (@log = {group} and interfaceId in [{interfaces}])")
    return " and ".join(left_out)
