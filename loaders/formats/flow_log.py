"""Flow logs as text with a header line: S3 deliveries, default and custom formats, names in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loaders import careful, delimited
from loaders.content import Blocks
from loaders.formats import Shape, register
from loaders.schema import FLOW_LOG, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from loaders.careful import Reading
    from loaders.content import Head
    from loaders.layouts import Place

# The header is not the first line, or not set out as AWS does: only the careful reading can cope.
_UNTIDY = ("untidy",)


class FlowLog:
    """Text whose first line names the fields."""

    name = "flow-log"
    rank = 20
    about = "flow logs as text with a header: S3 deliveries, and whatever was copied from them"
    sign = "the first line names fields of flow logs, in any order and spelling"

    def recognise(self, head: Head, path: str, place: Place) -> Shape | None:
        """Look at the first line that is neither blank nor a comment."""
        lines = head.text.removeprefix(delimited.BOM).split(b"\n")
        first = next((line for line in lines if line.strip() and not line.lstrip().startswith(b"#")), b"")
        # As bytes, because bytes and text differ in what is white space.
        words = first.split()
        names = [word.decode("utf-8", "backslashreplace") for word in words]
        if not delimited.is_header(names):
            return None
        tidy = first is lines[0] and head.strict and first.rstrip(b"\r") == b" ".join(words)
        return Shape(self.name, column_names(names), () if tidy else _UNTIDY, FLOW_LOG)

    def scan(self, shape: Shape, paths: Sequence[str]) -> pl.LazyFrame | None:
        """Plan the strict scan."""
        if shape.detail == _UNTIDY:
            return None
        return delimited.scan(paths, shape.columns, header=True)

    def read(self, shape: Shape, path: str) -> Reading:
        """Read one file carefully."""
        return careful.read(Blocks(path), None)

    def go_on(self, shape: Shape, blocks: Blocks) -> Reading:
        """Read more lines carefully; a header may stand among them, too."""
        return careful.read(blocks, shape.columns)

    def raw(self, path: str, line: int) -> str | None:
        """Give back a line."""
        return careful.raw_line(path, line)


register(FlowLog())
