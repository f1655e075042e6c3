"""Files whose every line is a message of one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loaders import careful, content
from loaders.delimited import BOM
from loaders.formats import OneByOne, Shape
from loaders.kinds import Events, no_problems
from loaders.schema import MESSAGE

if TYPE_CHECKING:
    from loaders.content import Head
    from loaders.kinds import Kind
    from loaders.layouts import Place

# So many lines of a file's beginning show what its lines are.
_SAMPLE = 50


class Lines(OneByOne):
    """A format of text files without any packaging."""

    def __init__(self, name: str, rank: int, kind: Kind, *, about: str, sign: str) -> None:
        """Describe it.

        Args:
            name: What ``check`` prints.
            rank: When it is asked.
            kind: What its lines are.
            about: What such files are, for the manual.
            sign: How they are told from others, for the manual.
        """
        self.name, self.rank, self.about, self.sign = name, rank, about, sign
        self._kind = kind

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Ask the kind about the first lines."""
        lines = first_lines(head)
        detail = self._kind.fit(lines) if lines else None
        return None if detail is None else Shape(self.name, (), detail, self._kind.name)

    def read(self, shape: Shape, path: str) -> Events:
        """Split into lines that are not blank."""
        return read_lines(content.Blocks(path))

    def go_on(self, shape: Shape, blocks: content.Blocks) -> Events:
        """Split more lines."""
        return read_lines(blocks)

    def raw(self, path: str, line: int) -> str | None:
        """Give back a line."""
        return careful.raw_line(path, line)


def read_lines(blocks: content.Blocks) -> Events:
    """Read every line of a file that is not blank as a message; one that is too long is kept in part."""
    parts, problems = [], [no_problems()]
    for block in blocks:
        lines = careful.lines_of(block.data, block.line).rename({"line": MESSAGE})
        lines = lines.filter(pl.col(MESSAGE).str.contains(r"\S"))
        parts.append(lines.with_columns(pl.col(MESSAGE).str.strip_suffix("\r")))
        if block.long:
            problems.append(careful.too_long(block, f"{content.TOO_LONG}: only its beginning was read"))
    return Events(pl.concat(parts), pl.concat(problems), blocks.broken, blocks.unfinished)


def first_lines(head: Head) -> list[str]:
    """The whole lines that a file begins with, without blank ones."""
    lines = head.text.removeprefix(BOM).decode("utf-8", "replace").split("\n")
    if not head.whole and len(lines) > 1:
        lines.pop()
    return [line for line in lines if line.strip()][:_SAMPLE]
